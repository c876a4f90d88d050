//! What one agent found of one check: its newest finding, how often it passed in a row, and how long
//! its measures have been inside their bounds.

use std::collections::BTreeMap;

use tidelock_model::{Cause, Finding, Measure, Outcome, Remaining, Sha256, SpoolEpoch, Timestamp, mutated};

use crate::board::{NotCounted, fresh_until};
use crate::evidence::inside;
use crate::plan::{ClaimKind, Scenario};

/// Where a finding was read: when, and under which number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) at: Timestamp,
    pub(crate) spool: SpoolEpoch,
    pub(crate) seq: u64,
}

/// The newest finding that counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Newest {
    pub(crate) place: Place,
    pub(crate) round: u64,
    pub(crate) fresh_until: Timestamp,
    pub(crate) outcome: Outcome,
    pub(crate) cause: Option<Cause>,
    /// It says `pass` and counted nothing.
    pub(crate) empty: bool,
    pub(crate) note: String,
    /// The first step that did not pass.
    pub(crate) step: Option<String>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) remaining: Vec<Remaining>,
}

/// How long a measure has been inside its bounds, from finding to finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dwell {
    /// Inside since then, without a break.
    Inside(Timestamp),
    /// Outside, or not told, since then.
    Outside(Timestamp),
}

/// One agent's findings of one check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lane {
    /// When it was heard of first, or started over.
    pub(crate) since: Timestamp,
    pub(crate) newest: Option<Newest>,
    /// Until when the newest finding is fresh that looked: it passed or failed, and counted something.
    pub(crate) told_until: Option<Timestamp>,
    /// Passes in a row, and when the row began.
    pub(crate) passes: u32,
    pub(crate) row_since: Timestamp,
    /// Since when it has not passed.
    pub(crate) bad_since: Option<Timestamp>,
    /// By the claim's place in the plan.
    pub(crate) dwells: BTreeMap<usize, Dwell>,
    /// Another component than the plan's ran, since then; until a finding counts again.
    pub(crate) wrong: Option<(Timestamp, Sha256)>,
    /// A finding came that does not answer its round's challenge, then; until one counts again.
    pub(crate) unanswered: Option<Timestamp>,
}

impl Lane {
    pub(crate) fn new(at: Timestamp) -> Lane {
        Lane {
            since: at,
            newest: None,
            told_until: None,
            passes: 0,
            row_since: at,
            bad_since: None,
            dwells: BTreeMap::new(),
            wrong: None,
            unanswered: None,
        }
    }

    /// Rows and dwells start over; what was seen last is still known.
    pub(crate) fn break_off(&mut self, at: Timestamp) {
        self.passes = 0;
        self.row_since = at;
        self.dwells.values_mut().for_each(|dwell| {
            if matches!(dwell, Dwell::Inside(_)) {
                *dwell = Dwell::Outside(at);
            }
        });
    }

    /// Findings are lost: what the agent told last is told by nobody any more.
    pub(crate) fn lose(&mut self, at: Timestamp) {
        self.break_off(at);
        self.told_until = None;
    }

    pub(crate) fn wrong_component(&mut self, at: Timestamp, component: Sha256) {
        self.break_off(at);
        self.wrong.get_or_insert((at, component));
    }

    /// Takes a finding that is fresh and of the right check.
    pub(crate) fn count(
        &mut self,
        place: Place,
        scenario: &Scenario,
        finding: &Finding,
    ) -> Result<(), NotCounted> {
        let same_round = self.newest.as_ref().is_some_and(|newest| finding.round <= newest.round);
        if same_round && finding.outcome == Outcome::Pass {
            return Err(NotCounted::SameRound);
        }
        // Silence in between breaks a row: what was not looked at did not pass.
        if self.newest.as_ref().is_some_and(|before| place.at > before.fresh_until) {
            self.break_off(place.at);
        }
        let round = self.newest.as_ref().map_or(finding.round, |newest| newest.round.max(finding.round));
        let kept = self.newest.take().map(|newest| newest.measures).unwrap_or_default();
        let newest = Newest::new(place, scenario, finding, kept);
        let passed = newest.outcome == Outcome::Pass && !newest.empty;
        if passed || newest.outcome == Outcome::Fail {
            self.told_until = self.told_until.max(Some(newest.fresh_until));
        }
        if passed {
            if self.passes == 0 {
                self.row_since = place.at;
            }
            self.passes = self.passes.saturating_add(1);
            self.bad_since = None;
        } else {
            self.passes = 0;
            self.bad_since.get_or_insert(place.at);
        }
        self.dwell(place.at, scenario, finding, passed);
        self.newest = Some(Newest { round, ..newest });
        (self.wrong, self.unanswered) = (None, None);
        Ok(())
    }

    fn dwell(&mut self, at: Timestamp, scenario: &Scenario, finding: &Finding, passed: bool) {
        for (index, claim) in scenario.claims.iter().enumerate() {
            let ClaimKind::Measure { measure, at_most, at_least, .. } = &claim.kind else {
                continue;
            };
            let value = finding.report.measure(measure).map(|measure| measure.value);
            let good = passed && value.is_some_and(|value| inside(value, *at_most, *at_least));
            let dwell = match (self.dwells.get(&index), good) {
                (Some(Dwell::Inside(since)), true) => Dwell::Inside(*since),
                (Some(Dwell::Outside(since)), false) => Dwell::Outside(*since),
                (_, true) => Dwell::Inside(at),
                (_, false) => Dwell::Outside(at),
            };
            self.dwells.insert(index, dwell);
        }
    }
}

impl Newest {
    /// `measures` are those of the one before: their memory is used again, for every finding.
    fn new(place: Place, scenario: &Scenario, finding: &Finding, mut measures: Vec<Measure>) -> Newest {
        let report = &finding.report;
        measures.truncate(report.measures.len());
        for (kept, measure) in measures.iter_mut().zip(&report.measures) {
            kept.name.clone_from(&measure.name);
            kept.value = measure.value;
            kept.unit.clone_from(&measure.unit);
        }
        measures.extend_from_slice(&report.measures[measures.len()..]);
        Newest {
            place,
            round: finding.round,
            fresh_until: fresh_until(place.at, scenario, finding),
            outcome: if finding.outcome == Outcome::NotRun && mutated("not-run-is-never-good") {
                Outcome::Pass
            } else {
                finding.outcome
            },
            cause: finding.cause,
            empty: report.counts.as_ref().is_some_and(|counts| counts.total == 0),
            note: report.note.clone(),
            step: report
                .steps
                .iter()
                .find(|step| step.outcome != Outcome::Pass)
                .map(|step| step.name.clone()),
            measures,
            remaining: report.remaining.clone(),
        }
    }

    pub(crate) fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}
