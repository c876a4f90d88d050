//! The agent's side of the door: a runner may have been taken over, so its answers are checked too.

use std::time::Duration;

use tidelock_model::{Cause, Outcome, Pages, RefusedCall, Report, Shown, Via};

use crate::protocol::message::RunDone;
use crate::protocol::wire::{WirePages, WireVia};
use crate::protocol::{LogLine, Refusal, RunResult};
use crate::report::{self, clean, printable};

const MAX_LOG_LINES: usize = 4096;
const MAX_REFUSED: usize = 64;
/// As the collector takes them.
pub(crate) const MAX_PAGES: usize = 64;
pub(crate) const MAX_SHOWN: usize = 64;
pub(crate) const MAX_URL_BYTES: usize = 512;
pub(crate) const MAX_REVISION_BYTES: usize = 128;
/// The longest note of a finding, and the part of it that is about the revision.
const MAX_NOTE_BYTES: usize = 4096;
const MAX_REVISION_NOTE_BYTES: usize = 512;
const MAX_STATE_CHANGES: usize = 128;
const MAX_STATE_VALUE_BYTES: usize = 16 << 10;

/// Turns a runner's answer into a result. What contradicts itself is `bad_report`.
pub(crate) fn believe(done: RunDone, report_bytes: u64) -> RunResult {
    let mut result = RunResult {
        outcome: done.outcome,
        cause: done.refusal.as_ref().map(|refusal| refusal.cause),
        detail: clean(done.refusal.as_ref().map_or(&done.detail, |refusal| &refusal.detail), 1024),
        report: Report::default(),
        log: done.log.into_iter().take(MAX_LOG_LINES).map(line).collect(),
        log_dropped: done.log_dropped,
        calls: done.calls,
        refused_calls: done.refused_calls.into_iter().take(MAX_REFUSED).map(refused).collect(),
        state_changes: Vec::new(),
        trace_ids: done.trace_ids.into_iter().take(8).map(|id| clean(&id, 64)).collect(),
        pages: pages(done.pages),
        target_revision: printable(&done.revision.value, MAX_REVISION_BYTES),
        duration: Duration::from_micros(done.duration_us),
        cpu: Duration::from_micros(done.cpu_us),
        memory_bytes: done.memory_bytes,
    };
    let reported = done.report.map(|wire| report::check(wire, report_bytes)).transpose();
    let bad = |why: &str| Refusal::new(Cause::BadReport, why);
    let refusal = match (&reported, done.outcome, result.cause) {
        (Err(refusal), _, _) => Some(refusal.clone()),
        (Ok(_), Outcome::NotRun, None) => Some(bad("the runner gave no cause")),
        (Ok(_), Outcome::Pass | Outcome::Fail, Some(_)) => {
            Some(bad("the runner gave a cause for a run that looked"))
        }
        (Ok(Some((said, _))), Outcome::Pass, None) if *said == Outcome::Pass => None,
        (Ok(_), Outcome::Pass, None) => Some(bad("the runner says pass, the report does not")),
        (Ok(_), Outcome::Fail, None) | (Ok(_), Outcome::NotRun, Some(_)) => None,
    };
    if let Ok(Some((_, report))) = reported {
        result.report = report;
    }
    // People read the note; a failure that the host saw has no other place in a finding.
    if result.report.note.is_empty() {
        result.report.note.clone_from(&result.detail);
    }
    if !done.revision.note.is_empty() {
        let more = clean(&done.revision.note, MAX_REVISION_NOTE_BYTES);
        result.report.note = joined(&result.report.note, &more);
    }
    if let Some(Refusal { cause, detail }) = refusal {
        return RunResult { outcome: Outcome::NotRun, cause: Some(cause), detail, ..result };
    }
    let fits = |change: &crate::protocol::message::StateChange| change.value.len() <= MAX_STATE_VALUE_BYTES;
    let changes = done.state_changes.into_iter().take(MAX_STATE_CHANGES).filter(fits);
    result.state_changes = changes.map(|c| (c.key, if c.forget { None } else { Some(c.value) })).collect();
    result
}

/// Two notes as one; the first gives way where there is no room for both.
fn joined(first: &str, more: &str) -> String {
    if first.is_empty() {
        return more.to_owned();
    }
    format!("{}; {more}", clean(first, MAX_NOTE_BYTES - "; ".len() - more.len()))
}

/// What does not fit is left out and said to be: then nothing can be said to be absent.
fn pages(wire: WirePages) -> Pages {
    let mut pages = Pages { cut: wire.cut, ..Pages::default() };
    for page in wire.seen {
        if pages.seen.len() < MAX_PAGES && is_address(&page) && !pages.seen.contains(&page) {
            pages.seen.push(page);
        } else {
            pages.cut = true;
        }
    }
    for one in wire.shown {
        let via = match one.via {
            WireVia::Link => Via::Link,
            WireVia::Redirect => Via::Redirect,
            WireVia::Alias => Via::Alias,
            WireVia::Address => Via::Address,
        };
        let shown = Shown { page: one.page, url: one.url, host: one.host, via };
        let fits = is_address(&shown.url) && is_address(&shown.host) && pages.seen.contains(&shown.page);
        if pages.shown.len() < MAX_SHOWN && fits {
            pages.shown.push(shown);
        } else {
            pages.cut = true;
        }
    }
    pages
}

fn is_address(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_URL_BYTES && clean(text, MAX_URL_BYTES) == text
}

fn line(line: LogLine) -> LogLine {
    LogLine { level: line.level, message: clean(&line.message, 1024) }
}

fn refused((target, reason): (String, String)) -> RefusedCall {
    RefusedCall { target: clean(&target, 63), reason: clean(&reason, 256) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::wire::{WireMeasure, WireOutcome, WireReport};
    use crate::run::not_begun;

    fn done(outcome: Outcome, cause: Option<Cause>, report: Option<WireReport>) -> RunDone {
        let refusal = cause.map(|cause| Refusal::new(cause, "why"));
        RunDone { outcome, refusal, report, ..not_begun(Refusal::new(Cause::Trap, "")) }
    }

    fn report(outcome: WireOutcome, value: f64) -> Option<WireReport> {
        let measure = WireMeasure { name: "m".to_owned(), value_bits: value.to_bits(), unit: String::new() };
        Some(WireReport { outcome, measures: vec![measure], ..WireReport::default() })
    }

    #[test]
    fn a_runner_that_contradicts_itself_is_not_believed() {
        for (outcome, cause, report) in [
            (Outcome::Pass, None, None),
            (Outcome::Pass, None, report(WireOutcome::Fail, 1.0)),
            (Outcome::Pass, None, report(WireOutcome::Pass, f64::NAN)),
            (Outcome::Pass, Some(Cause::Trap), report(WireOutcome::Pass, 1.0)),
            (Outcome::NotRun, None, report(WireOutcome::Pass, 1.0)),
        ] {
            let result = believe(done(outcome, cause, report), 1 << 18);
            assert_eq!((result.outcome, result.cause), (Outcome::NotRun, Some(Cause::BadReport)));
        }
    }

    #[test]
    fn what_is_said_of_the_revision_fits_whatever_a_runner_says() {
        let mut said = done(Outcome::Pass, None, report(WireOutcome::Pass, 1.0));
        said.report.as_mut().unwrap().note = "n".repeat(4096);
        said.revision.value = "\u{1b}b".repeat(500);
        said.revision.note = "r".repeat(5000);
        let result = believe(said, 1 << 18);
        assert_eq!(result.target_revision, "?b".repeat(64));
        assert_eq!(result.report.note, format!("{}; {}", "n".repeat(3582), "r".repeat(512)));
        let empty = done(Outcome::Pass, None, report(WireOutcome::Pass, 1.0));
        assert_eq!(believe(empty, 1 << 18).report.note, "");
    }

    #[test]
    fn what_is_in_order_is_believed() {
        let pass = believe(done(Outcome::Pass, None, report(WireOutcome::Pass, 1.0)), 1 << 18);
        assert_eq!((pass.outcome, pass.cause), (Outcome::Pass, None));
        let lost = believe(done(Outcome::NotRun, Some(Cause::Cpu), None), 1 << 18);
        assert_eq!((lost.outcome, lost.cause), (Outcome::NotRun, Some(Cause::Cpu)));
    }
}
