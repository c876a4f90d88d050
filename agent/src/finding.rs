//! What became of a round, as a finding.

use std::time::Duration;

use tidelock_model::{AgentKey, Cause, Finding, FindingBatch, Outcome, Pages, Report, SpoolEpoch, Timestamp};
use tidelock_proto::{Limits, batch_to_wire, v1};
use tidelock_sandbox::protocol::RunResult;

use crate::broken;
use crate::job::Job;

/// What the agent itself saw of a run.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The round.
    pub round: u64,
    /// When it was due, in collector time.
    pub due: Timestamp,
    /// The agent's boot clock when it began.
    pub started: Duration,
    /// How long it took.
    pub duration: Duration,
    /// How much later than due it began.
    pub lateness: Duration,
    /// The agent stood still meanwhile.
    pub starved: bool,
    /// The trace that it belongs to.
    pub trace_id: String,
    /// The span of the run in it; empty where nobody is told of it.
    pub span_id: String,
    /// This boot of the machine.
    pub boot_id: String,
}

/// The finding of a run. What a starved agent saw counts neither way, so it did not look.
pub fn of_run(job: &Job, seen: Seen, mut result: RunResult, plugin: &str) -> v1::Finding {
    let mut report = std::mem::take(&mut result.report);
    if result.cause == Some(Cause::Trap) {
        report.note = tidy(&broken::told(plugin, &result));
    } else if report.note.is_empty() {
        report.note = tidy(&result.detail);
    }
    let (mut outcome, mut cause) = (result.outcome, result.cause);
    if seen.starved && outcome != Outcome::NotRun {
        report.note =
            tidy(&format!("the agent had too little processor time; it saw {outcome}: {}", report.note));
        (outcome, cause) = (Outcome::NotRun, Some(Cause::Starved));
    }
    let mut trace_ids = result.trace_ids;
    if !seen.trace_id.is_empty() && !trace_ids.contains(&seen.trace_id) {
        trace_ids.insert(0, seen.trace_id.clone());
    }
    trace_ids.truncate(Limits::CALLS);
    let mut refused_calls = result.refused_calls;
    refused_calls.truncate(Limits::CALLS);
    let span_id = seen.span_id.clone();
    for call in &mut refused_calls {
        call.target = tidy(&call.target).chars().take(60).collect();
        call.reason = tidy(&call.reason);
    }
    let wire = to_wire(Finding {
        outcome,
        // A run that did not look always says why.
        cause: match outcome {
            Outcome::NotRun => Some(cause.unwrap_or(Cause::BadReport)),
            Outcome::Pass | Outcome::Fail => None,
        },
        report,
        refused_calls,
        trace_ids,
        pages: result.pages,
        target_revision: revision(&result.target_revision),
        ..blank(job, seen)
    });
    // No evidence, and so no word of the model: whoever takes the finding continues the trace with it.
    v1::Finding { span_id, ..wire }
}

/// The finding of a round that was not run.
pub fn not_run(job: &Job, seen: Seen, cause: Cause, detail: &str) -> v1::Finding {
    let report = Report { note: tidy(detail), ..Report::default() };
    to_wire(Finding { cause: Some(cause), report, ..blank(job, seen) })
}

fn blank(job: &Job, seen: Seen) -> Finding {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Finding {
        check: job.check.clone(),
        plan_revision: job.plan_revision,
        plan_hash: job.plan_hash,
        assignment_id: job.id.clone(),
        component: job.component,
        boot_id: seen.boot_id,
        round: seen.round,
        due: seen.due,
        started_mono_ns: nanos(seen.started),
        duration_ns: nanos(seen.duration),
        lateness_ns: nanos(seen.lateness),
        starved: seen.starved,
        nonce: job.nonce(seen.round),
        target_revision: String::new(),
        outcome: Outcome::NotRun,
        cause: None,
        report: Report::default(),
        refused_calls: Vec::new(),
        trace_ids: Vec::new(),
        pages: Pages::default(),
    }
}

/// Through the one door between model and wire; the batch around it is not used.
fn to_wire(finding: Finding) -> v1::Finding {
    let name = finding.check.clone();
    let agent = AgentKey { side: tidelock_model::Side::Source, name };
    let findings = vec![finding];
    let batch = FindingBatch { agent, spool_epoch: SpoolEpoch(0), first_seq: 1, findings, gap: None };
    batch_to_wire(batch).findings.pop().expect("one finding went in")
}

/// A revision that every door takes.
fn revision(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
    text.chars().filter(plain).take(Limits::NAME_BYTES).collect()
}

/// A sentence that every door takes.
fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for c in text.chars() {
        let c = if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c };
        if tidy.len() + c.len_utf8() > Limits::TEXT_BYTES {
            break;
        }
        tidy.push(c);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tidelock_model::{Sha256, Side};

    use super::*;
    use crate::config::Config;

    fn job() -> Job {
        let text = "collector = \"c:1\"\nca = \"c\"\ncertificate = \"c\"\nkey = \"k\"\n";
        let config = Config::parse(Path::new("agent.toml"), text).unwrap();
        let wire = v1::Assignment {
            check: "login".to_owned(),
            component_sha256: vec![7; 32],
            settings: "{}".to_owned(),
            every_ms: 1,
            timeout_ms: 1,
            ..v1::Assignment::default()
        };
        Job::from_wire(&config, (1, Sha256::from_bytes([1; 32])), &wire).unwrap()
    }

    fn seen() -> Seen {
        Seen { due: Timestamp::from_millis(1), trace_id: "t".repeat(32), ..Seen::default() }
    }

    fn taken(finding: v1::Finding) -> Finding {
        let name = tidelock_model::Name::new("hz-1").unwrap();
        let wire =
            v1::FindingBatch { spool_epoch: vec![1; 16], first_seq: 1, findings: vec![finding], gap: None };
        let batch = tidelock_proto::batch_from_wire(AgentKey { side: Side::Target, name }, wire);
        batch.unwrap().findings.remove(0)
    }

    #[test]
    fn what_a_starved_agent_saw_counts_neither_way() {
        for outcome in [Outcome::Pass, Outcome::Fail] {
            let result = RunResult { outcome, cause: None, ..RunResult::not_run(Cause::Trap, "late") };
            let finding = taken(of_run(&job(), Seen { starved: true, ..seen() }, result, "login"));
            assert_eq!((finding.outcome, finding.cause), (Outcome::NotRun, Some(Cause::Starved)));
            assert!(finding.starved && finding.report.note.contains(outcome.word()), "{finding:?}");
        }
    }

    #[test]
    fn whatever_the_sandbox_says_passes_the_collectors_door() {
        let mut result = RunResult::not_run(Cause::Trap, "\u{1b}[31m".repeat(5000));
        result.trace_ids = vec!["x".to_owned(); 5000];
        result.refused_calls =
            vec![tidelock_model::RefusedCall { target: "ü\0".repeat(100), reason: "\r".repeat(9000) }; 300];
        let shown = tidelock_model::Shown {
            page: "https://shop.example/".to_owned(),
            url: "https://old.example/a".to_owned(),
            host: "old.example".to_owned(),
            via: tidelock_model::Via::Redirect,
        };
        result.pages = Pages { seen: vec![shown.page.clone()], shown: vec![shown], cut: true };
        let pages = result.pages.clone();
        result.target_revision = format!("build\u{1b}7{}", "ü8".repeat(500));
        let finding = taken(of_run(&job(), seen(), result, "login"));
        assert_eq!((finding.outcome, finding.cause), (Outcome::NotRun, Some(Cause::Trap)));
        assert_eq!(finding.pages, pages);
        assert_eq!(finding.target_revision, format!("build7{}", "8".repeat(122)));
        assert_eq!(finding.trace_ids[0], "t".repeat(32));
        assert!(taken(not_run(&job(), seen(), Cause::Overrun, "late")).cause == Some(Cause::Overrun));
    }
}
