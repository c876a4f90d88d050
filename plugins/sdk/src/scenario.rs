//! A scenario's steps, timed and named, and the report that they make.
//!
//! The outcome is never said by hand: it follows from the steps. A fault that was seen is not hidden by
//! trouble that came after it, and a scenario that looked at nothing is no pass.

use std::rc::Rc;

use crate::host::BaseHost;
use crate::log::clip_to;
use crate::{Counts, Digest, Mark, MarkKind, Measure, Outcome, Remaining, Report, Step, Stop, Trouble};

/// The longest name of a step or a measure, in bytes.
const NAME_BYTES: usize = 63;
/// The longest note, in bytes.
const NOTE_BYTES: usize = 512;
/// More steps than this are not reported.
const MAX_STEPS: usize = 256;

/// The scenario under way.
pub struct Scenario {
    host: Rc<dyn BaseHost>,
    report: Report,
    /// Trouble that no step carries, such as a measure that is not a number.
    trouble: Option<Trouble>,
    /// Why what was seen answers nothing yet.
    no_answer: Option<String>,
}

/// What a step adds for people.
#[derive(Default)]
pub struct StepNote(String);

impl StepNote {
    /// What was seen.
    pub fn note(&mut self, note: impl Into<String>) {
        self.0 = note.into();
    }
}

impl Scenario {
    pub(crate) fn new(host: Rc<dyn BaseHost>) -> Scenario {
        Scenario { host, report: Report::new(Outcome::Pass), trouble: None, no_answer: None }
    }

    /// Takes one step and records what it found and how long it took.
    ///
    /// # Errors
    /// Passes on why the step ended early; whoever goes on all the same does not undo the record.
    pub fn step<T>(
        &mut self,
        name: &str,
        take: impl FnOnce(&mut StepNote) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let began_us = self.host.monotonic_us();
        let mut note = StepNote::default();
        let taken = take(&mut note);
        let duration_us = self.host.monotonic_us().saturating_sub(began_us);
        let (outcome, note) = match &taken {
            Ok(_) => (Outcome::Pass, note.0),
            Err(Stop::Wrong(why)) => (Outcome::Fail, why.clone()),
            Err(stop @ Stop::Trouble(_)) => (Outcome::NotRun, stop.to_string()),
        };
        self.record(name, outcome, duration_us, &note);
        taken.map_err(|stop| stop.at(name))
    }

    /// Records a step that was timed elsewhere.
    pub fn record(&mut self, name: &str, outcome: Outcome, duration_us: u64, note: &str) {
        if self.report.steps.len() == MAX_STEPS {
            self.trouble.get_or_insert(Trouble::CouldNotLook(format!("more than {MAX_STEPS} steps")));
            return;
        }
        let name = self.free_name(name);
        self.report.steps.push(Step { name, outcome, duration_us, note: clip_to(note, NOTE_BYTES) });
    }

    /// One number that a claim of the plan can be made about. Said twice, the later one counts.
    pub fn measure(&mut self, name: &str, value: f64, unit: &str) {
        if !value.is_finite() {
            self.trouble.get_or_insert(Trouble::CouldNotLook(format!("the measure {name} is not a number")));
            return;
        }
        let name = tidy_name(name);
        match self.report.measure_mut(&name) {
            Some(measure) => measure.value = value,
            None => self.report.measures.push(Measure { name, value, unit: unit.to_owned() }),
        }
    }

    /// What would be lost if traffic were switched now. Nothing is recorded for zero.
    pub fn remaining(&mut self, count: u64, unit: &str, what: impl Into<String>) {
        if count > 0 {
            self.report.remaining.push(Remaining { count, unit: unit.to_owned(), what: what.into() });
        }
    }

    /// The hash of a set of rows at a position.
    pub fn digest(&mut self, key: &str, hash: &[u8], rows: u64, position: &str) {
        let (key, position) = (key.to_owned(), position.to_owned());
        self.report.digests.push(Digest { key, hash: hash.to_vec(), rows, position });
    }

    /// A synthetic write that was made here or found here, now.
    pub fn mark(&mut self, key: &str, kind: MarkKind) {
        let unix_ms = self.host.now_unix_ms();
        self.report.marks.push(Mark { key: key.to_owned(), kind, unix_ms });
    }

    /// Real traffic that something else counted.
    pub fn counts(&mut self, counts: Counts) {
        self.report.counts = Some(counts);
    }

    /// One sentence for people about the whole run.
    pub fn note(&mut self, note: impl Into<String>) {
        self.report.note = clip_to(&note.into(), NOTE_BYTES);
    }

    /// The run looked, but what it saw answers nothing yet, such as the first of two readings: the report says
    /// *not run* with this reason. Unlike trouble it is a report, so what went into the state is kept.
    pub fn no_answer(&mut self, why: impl Into<String>) {
        self.no_answer.get_or_insert(why.into());
    }

    /// Whether a step has found a fault so far.
    pub fn failed(&self) -> bool {
        self.report.steps.iter().any(|step| step.outcome == Outcome::Fail)
    }

    /// Makes the report; see the module's rules.
    pub(crate) fn finish(mut self, ended: Result<(), Stop>) -> Result<Report, Trouble> {
        match ended {
            Err(Stop::Wrong(why)) => {
                self.note(why);
                self.report.outcome = Outcome::Fail;
                return Ok(self.report);
            }
            Err(Stop::Trouble(trouble)) => self.trouble = self.trouble.or(Some(trouble)),
            Ok(()) => {}
        }
        if let Some(step) = self.report.steps.iter().find(|step| step.outcome == Outcome::Fail) {
            let why = format!("{}: {}", step.name, step.note);
            self.report.outcome = Outcome::Fail;
            self.note(why);
            return Ok(self.report);
        }
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        if let Some(why) = self.no_answer.take() {
            self.report.outcome = Outcome::NotRun;
            self.note(why);
            return Ok(self.report);
        }
        if let Some(step) = self.report.steps.iter().find(|step| step.outcome == Outcome::NotRun) {
            return Err(Trouble::CouldNotLook(format!("{}: {}", step.name, step.note)));
        }
        if self.report.steps.is_empty() && self.report.measures.is_empty() {
            return Err(Trouble::CouldNotLook("the check took no step and measured nothing".to_owned()));
        }
        Ok(self.report)
    }

    /// The name as the contract wants it, with a number behind it when it is taken.
    fn free_name(&self, name: &str) -> String {
        let tidy = tidy_name(name);
        if self.report.step(&tidy).is_none() {
            return tidy;
        }
        let stem = &tidy[..tidy.len().min(NAME_BYTES - 4)];
        (2..=MAX_STEPS + 1)
            .map(|count| format!("{stem}-{count}"))
            .find(|name| self.report.step(name).is_none())
            .unwrap_or(tidy)
    }
}

/// Lower-case words with dashes, dots or underscores, at most 63 bytes.
fn tidy_name(name: &str) -> String {
    let mut tidy = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        if tidy.len() < NAME_BYTES {
            tidy.push(c);
        }
    }
    let tidy = tidy.trim_matches(['-', '_', '.']);
    if tidy.is_empty() { "unnamed".to_owned() } else { tidy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    fn scenario(take: impl FnOnce(&mut Scenario) -> Result<(), Stop>) -> Result<Report, Trouble> {
        FakeHost::new().context("{}").scenario(take)
    }

    #[test]
    fn all_steps_well_is_a_pass() {
        let report = scenario(|run| {
            run.step("one", |step| {
                step.note("fine");
                Ok(())
            })
        });
        let report = report.unwrap();
        assert_eq!((report.outcome, report.steps[0].note.as_str()), (Outcome::Pass, "fine"));
    }

    #[test]
    fn a_fault_is_not_hidden_by_later_trouble() {
        let report = scenario(|run| {
            let _ = run.step::<()>("one", |_| Err(Stop::Wrong("bad".to_owned())));
            run.step("two", |_| Err(Stop::blind("denied")))
        });
        let report = report.unwrap();
        assert_eq!((report.outcome, report.note.as_str()), (Outcome::Fail, "one: bad"));
    }

    #[test]
    fn swallowed_trouble_is_still_not_run() {
        let report = scenario(|run| {
            let _ = run.step::<()>("two", |_| Err(Stop::blind("denied")));
            Ok(())
        });
        assert_eq!(report, Err(Trouble::CouldNotLook("two: denied".to_owned())));
    }

    #[test]
    fn a_reading_without_an_answer_is_a_report_that_says_not_run() {
        let report = scenario(|run| {
            run.no_answer("first look");
            run.step("one", |_| Ok(()))
        });
        let report = report.unwrap();
        assert_eq!((report.outcome, report.note.as_str()), (Outcome::NotRun, "first look"));
    }

    #[test]
    fn looking_at_nothing_is_no_pass() {
        assert!(scenario(|_| Ok(())).is_err());
    }

    #[test]
    fn a_measure_that_is_no_number_is_no_pass() {
        let report = scenario(|run| {
            run.measure("visible", f64::NAN, "messages");
            run.step("one", |_| Ok(()))
        });
        assert!(report.is_err());
    }

    #[test]
    fn names_are_made_tidy_and_unique() {
        let report = scenario(|run| {
            run.step("Get Page", |_| Ok(()))?;
            run.step("get page", |_| Ok(()))
        });
        let names: Vec<_> = report.unwrap().steps.into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["get-page", "get-page-2"]);
    }
}
