//! Two sides, counted step by step.

use tidelock_model::{Outcome, Side};
use tidelock_sandbox::protocol::RunResult;

/// Runs that are kept for percentiles; a day at one a second.
const MAX_RUNS: usize = 90_000;
/// The row for whole runs.
const WHOLE: &str = "whole run";

/// What was seen of one step on one side.
#[derive(Debug, Default, Clone)]
struct Seen {
    pass: usize,
    fail: usize,
    not_run: usize,
    took_us: Vec<u64>,
}

impl Seen {
    fn add(&mut self, outcome: Outcome, took_us: u64) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::NotRun => self.not_run += 1,
        }
        if self.took_us.len() < MAX_RUNS {
            self.took_us.push(took_us);
        }
    }

    fn percentile_ms(&self, percent: usize) -> String {
        let mut sorted = self.took_us.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(at).map_or("-".to_owned(), |us| format!("{:.0} ms", *us as f64 / 1e3))
    }

    fn words(&self) -> String {
        let not_run = if self.not_run > 0 { format!("{} not run", self.not_run) } else { String::new() };
        let (p50, p95) = (self.percentile_ms(50), self.percentile_ms(95));
        format!("{:>5} {:>5} {p50:>9} {p95:>9} {not_run:<11}", self.pass, self.fail)
    }
}

/// Every step in the order in which it was first seen, with both sides.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: Vec<(String, [Seen; 2])>,
    first_difference: Option<String>,
    first_trouble: [Option<String>; 2],
}

impl Tally {
    pub(super) fn add(&mut self, round: u64, old: &RunResult, new: &RunResult) {
        for (side, result) in [old, new].into_iter().enumerate() {
            for step in &result.report.steps {
                self.row(&step.name)[side].add(step.outcome, step.duration_us);
            }
            let took = u64::try_from(result.duration.as_micros()).unwrap_or(u64::MAX);
            self.row(WHOLE)[side].add(result.outcome, took);
            if result.outcome != Outcome::Pass && self.first_trouble[side].is_none() {
                self.first_trouble[side] = Some(format!("round {}: {}", round + 1, told(result)));
            }
        }
        if self.first_difference.is_none() {
            self.first_difference = difference(old, new).map(|what| format!("round {}: {what}", round + 1));
        }
    }

    fn row(&mut self, name: &str) -> &mut [Seen; 2] {
        let at = match self.rows.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                self.rows.push((name.to_owned(), Default::default()));
                self.rows.len() - 1
            }
        };
        &mut self.rows[at].1
    }

    /// Whether both sides were looked at and every run passed.
    pub(super) fn all_passed(&self) -> bool {
        let whole = self.rows.iter().find(|(name, _)| name == WHOLE);
        whole.is_some_and(|(_, sides)| {
            sides.iter().all(|seen| seen.pass > 0 && seen.fail == 0 && seen.not_run == 0)
        })
    }

    fn any_passed(&self) -> bool {
        let whole = self.rows.iter().find(|(name, _)| name == WHOLE);
        whole.is_some_and(|(_, sides)| sides.iter().any(|seen| seen.pass > 0))
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let head = format!("{:>5} {:>5} {:>9} {:>9} {:<11}", "pass", "fail", "p50", "p95", "");
        let mut lines = vec![
            format!("{:<24} | {:<43} | {}", "", "old", "new"),
            format!("{:<24} | {head} | {}", "step", head.trim_end()),
        ];
        let (whole, steps): (Vec<_>, Vec<_>) = self.rows.iter().partition(|(name, _)| name == WHOLE);
        for (name, [old, new]) in steps.into_iter().chain(whole) {
            lines.push(format!("{name:<24} | {} | {}", old.words(), new.words().trim_end()));
        }
        lines.push(match &self.first_difference {
            Some(what) => format!("first difference: {what}"),
            // Two sides that fail alike are not alike in anything that counts.
            None if !self.any_passed() => "nothing passed on either side".to_owned(),
            None => "no difference seen".to_owned(),
        });
        for (side, trouble) in Side::BOTH.into_iter().zip(&self.first_trouble) {
            if let Some(what) = trouble {
                let side = if side == Side::Source { "old" } else { "new" };
                lines.push(format!("first trouble on {side}: {what}"));
            }
        }
        lines
    }
}

/// The first step that did not end alike.
fn difference(old: &RunResult, new: &RunResult) -> Option<String> {
    let mut names: Vec<&str> = old.report.steps.iter().map(|step| step.name.as_str()).collect();
    names.extend(new.report.steps.iter().map(|step| step.name.as_str()));
    for name in names {
        let find = |result: &RunResult| {
            let step = result.report.steps.iter().find(|step| step.name == name);
            step.map_or(("not reached", String::new()), |step| (step.outcome.word(), step.note.clone()))
        };
        let ((on_old, note_old), (on_new, note_new)) = (find(old), find(new));
        if on_old != on_new {
            let note = if on_old == "pass" { note_new } else { note_old };
            let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
            return Some(format!("{name}: old {on_old}, new {on_new}{note}"));
        }
    }
    (old.outcome != new.outcome).then(|| format!("old {}, new {}", told(old), told(new)))
}

fn told(result: &RunResult) -> String {
    let cause = result.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    let note = if result.report.note.is_empty() { &result.detail } else { &result.report.note };
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    format!("{}{cause}{note}", result.outcome)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidelock_model::{Cause, Step};

    use super::*;

    fn result(outcome: Outcome, steps: &[(&str, Outcome, u64)]) -> RunResult {
        let mut result = RunResult::not_run(Cause::Trap, "");
        result.outcome = outcome;
        result.cause = None;
        result.duration = Duration::from_millis(20);
        result.report.steps = (steps.iter())
            .map(|(name, outcome, ms)| Step {
                name: (*name).to_owned(),
                outcome: *outcome,
                duration_us: ms * 1000,
                note: if *outcome == Outcome::Fail { "status 500".to_owned() } else { String::new() },
            })
            .collect();
        result
    }

    #[test]
    fn both_sides_stand_beside_each_other_and_the_first_difference_is_named() {
        use Outcome::{Fail, Pass};
        let mut tally = Tally::default();
        let good = result(Pass, &[("open", Pass, 10), ("log-in", Pass, 30)]);
        tally.add(0, &good, &good);
        assert!(tally.all_passed());
        tally.add(1, &good, &result(Fail, &[("open", Pass, 12), ("log-in", Fail, 900)]));
        assert!(!tally.all_passed());
        let lines = tally.lines();
        assert!(lines[3].starts_with("log-in"), "{lines:#?}");
        let numbers: Vec<&str> = lines[3].split_whitespace().collect();
        assert_eq!(numbers.join(" "), "log-in | 2 0 30 ms 30 ms | 1 1 30 ms 900 ms");
        assert_eq!(lines[5], "first difference: round 2: log-in: old pass, new fail (status 500)");
    }

    #[test]
    fn two_sides_that_fail_alike_are_not_called_alike() {
        let mut tally = Tally::default();
        let bad = result(Outcome::Fail, &[("open", Outcome::Fail, 10)]);
        tally.add(0, &bad, &bad);
        let lines = tally.lines().join("\n");
        assert!(lines.contains("nothing passed on either side"), "{lines}");
        assert!(!lines.contains("no difference"), "{lines}");
    }

    #[test]
    fn nothing_looked_at_is_no_pass() {
        assert!(!Tally::default().all_passed());
    }
}
