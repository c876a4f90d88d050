//! `tidelock why CHECK --last 30m`: of what was found, the last while alone, and whether that is all of it.

use std::time::Duration;

use prost_types::Timestamp;
use serde_json::{Value, json};
use tidelock_proto::{json, v1};

use crate::words::span;

/// What the collector gives at most.
pub(super) const MOST: u32 = 100;
/// Findings that have a line whatever they say.
pub(super) const NEWEST: usize = 5;
/// Lines of findings on a screen; `-o json` has all.
const LINES: usize = 20;

/// What was found in the last while.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lately {
    /// The while, in milliseconds.
    while_ms: u64,
    pass: u32,
    fail: u32,
    /// Did not look, or could not.
    not_run: u32,
    /// How long ago the oldest of it was found.
    oldest_ms: Option<u64>,
    /// The collector gave what is older, too; otherwise there may have been more than it gave.
    whole: bool,
}

/// Leaves nothing in the answer that was found before the last while.
pub(super) fn only(answer: &mut v1::ExplainCheckResponse, last: Duration, now: Option<&Timestamp>) -> Lately {
    let now = match now {
        Some(_) => json::unix_ms(now),
        None => u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0),
    };
    let while_ms = u64::try_from(last.as_millis()).unwrap_or(u64::MAX);
    let from = now.saturating_sub(while_ms);
    let given = answer.recent.len();
    answer.recent.retain(|recent| json::unix_ms(recent.received_time.as_ref()) >= from);
    let oldest = answer.recent.iter().map(|recent| json::unix_ms(recent.received_time.as_ref())).min();
    let oldest_ms = oldest.map(|oldest| now.saturating_sub(oldest));
    let whole = answer.recent.len() < given;
    let mut lately = Lately { while_ms, pass: 0, fail: 0, not_run: 0, oldest_ms, whole };
    for recent in &answer.recent {
        let outcome = recent.finding.as_ref().map_or(0, |finding| finding.outcome);
        match v1::Outcome::try_from(outcome) {
            Ok(v1::Outcome::Pass) => lately.pass += 1,
            Ok(v1::Outcome::Fail) => lately.fail += 1,
            Ok(v1::Outcome::NotRun | v1::Outcome::Unspecified) | Err(_) => lately.not_run += 1,
        }
    }
    lately
}

/// What a screen shows of them, newest first: the newest, and behind those what did not pass.
pub(super) fn worth_a_line(recent: &[v1::RecentFinding]) -> impl Iterator<Item = &v1::RecentFinding> {
    let passed = |recent: &v1::RecentFinding| {
        recent.finding.as_ref().is_some_and(|finding| finding.outcome == i32::from(v1::Outcome::Pass))
    };
    let worth = move |(at, recent): &(usize, &v1::RecentFinding)| *at < NEWEST || !passed(recent);
    recent.iter().enumerate().filter(worth).map(|(_, recent)| recent).take(LINES)
}

impl Lately {
    fn found(&self) -> u32 {
        self.pass + self.fail + self.not_run
    }

    /// `Last 30 min`.
    pub(super) fn title(&self) -> String {
        format!("Last {}", span(self.while_ms))
    }

    /// All of it in one line.
    pub(super) fn line(&self) -> String {
        let Lately { pass, fail, not_run, .. } = self;
        let found = self.found();
        let all = format!("{found} found: {pass} pass, {fail} fail, {not_run} did not look");
        match self.oldest_ms.map(span) {
            None if self.whole => "nothing was found".to_owned(),
            None => "nothing was found, and nothing older is kept".to_owned(),
            Some(_) if self.whole => all,
            Some(ago) if found >= MOST => format!("{all}; the newest {MOST} alone, back to {ago} ago"),
            Some(ago) => format!("{all}; the oldest that is kept is from {ago} ago"),
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "seconds": self.while_ms / 1000,
            "pass": self.pass,
            "fail": self.fail,
            "not_run": self.not_run,
            "complete": self.whole,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(found: &[(u64, v1::Outcome)]) -> v1::ExplainCheckResponse {
        let recent = found.iter().map(|(seconds, outcome)| v1::RecentFinding {
            received_time: Some(json::wire_time(seconds * 1000)),
            finding: Some(v1::Finding { outcome: (*outcome).into(), ..v1::Finding::default() }),
            ..v1::RecentFinding::default()
        });
        v1::ExplainCheckResponse { recent: recent.collect(), ..v1::ExplainCheckResponse::default() }
    }

    #[test]
    fn a_screen_shows_the_newest_and_what_did_not_pass() {
        let mut found: Vec<_> = (0..100).map(|at| (9_999 - at, v1::Outcome::Pass)).collect();
        let lines = |found: &[(u64, v1::Outcome)]| -> Vec<u64> {
            let recent = answer(found).recent;
            let at = |it: &v1::RecentFinding| json::unix_ms(it.received_time.as_ref()) / 1000;
            worth_a_line(&recent).map(at).collect()
        };
        assert_eq!(lines(&found), [9_999, 9_998, 9_997, 9_996, 9_995]);
        (found[40].1, found[70].1) = (v1::Outcome::Fail, v1::Outcome::NotRun);
        assert_eq!(lines(&found)[5..], [9_959, 9_929]);
        found.iter_mut().for_each(|found| found.1 = v1::Outcome::Fail);
        assert_eq!(lines(&found).len(), LINES);
    }

    #[test]
    fn only_the_last_while_stays_and_what_may_be_missing_is_said() {
        let now = json::wire_time(10_000_000);
        let last = Duration::from_secs(1800);
        let (pass, fail) = (v1::Outcome::Pass, v1::Outcome::Fail);
        let mut older = answer(&[(9_990, pass), (9_000, fail), (8_200, pass), (8_199, fail)]);
        let lately = only(&mut older, last, Some(&now));
        assert_eq!((older.recent.len(), lately.title().as_str()), (3, "Last 30 min"));
        assert_eq!(lately.line(), "3 found: 2 pass, 1 fail, 0 did not look");
        assert_eq!(lately.json()["complete"], true);

        let lately = only(&mut answer(&[(9_990, pass), (9_400, v1::Outcome::NotRun)]), last, Some(&now));
        let said = "2 found: 1 pass, 0 fail, 1 did not look; the oldest that is kept is from 10 min ago";
        assert_eq!((lately.line().as_str(), &lately.json()["complete"]), (said, &false.into()));

        let many: Vec<_> = (0..100).map(|at| (9_999 - at, pass)).collect();
        let line = only(&mut answer(&many), last, Some(&now)).line();
        assert!(line.ends_with("; the newest 100 alone, back to 1 min 40 s ago"), "{line}");

        let mut silent = answer(&[(100, pass)]);
        assert_eq!(only(&mut silent, last, Some(&now)).line(), "nothing was found");
        assert!(silent.recent.is_empty());
        let never = only(&mut answer(&[]), last, Some(&now));
        assert_eq!(never.line(), "nothing was found, and nothing older is kept");
        assert_eq!(never.json()["complete"], false, "nothing is no word that all is known");
    }
}
