//! The fresh rounds of one agent and check since a step was carried out.

use std::time::Duration;

use tidelock_model::{Finding, Outcome, Timestamp};

use crate::evidence::inside;
use crate::plan::{ClaimKind, Scenario};
use crate::proof::StateWriter;
use crate::verdict::{EvidenceState, HoldCode};

/// Rounds in a row that must pass.
pub(crate) const ROUNDS: u32 = 3;

/// Fresh rounds in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// How many passed, since something else was seen.
    pub(crate) passes: u32,
    /// Since when nothing else was seen.
    pub(crate) since: Timestamp,
    /// The newest: its receipt, its round, and until when it is fresh.
    pub(crate) newest: Option<Newest>,
    /// What was seen last that was no pass.
    pub(crate) bad: Option<Bad>,
}

/// The newest fresh finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Newest {
    pub(crate) at: Timestamp,
    pub(crate) round: u64,
    pub(crate) until: Timestamp,
}

/// A round that was no pass.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bad {
    pub(crate) at: Timestamp,
    pub(crate) code: HoldCode,
    pub(crate) state: EvidenceState,
    pub(crate) why: String,
}

impl Row {
    /// Nothing was seen since the step was carried out.
    pub(crate) fn new(since: Timestamp) -> Row {
        Row { passes: 0, since, newest: None, bad: None }
    }

    /// A fresh round was seen.
    pub(crate) fn seen(&mut self, newest: Newest, found: Result<(), Bad>) {
        let repeated = self.newest.is_some_and(|before| newest.round <= before.round);
        // Silence in between breaks a row: what was not looked at did not pass.
        if self.newest.is_some_and(|before| newest.at > before.until) {
            self.broken(newest.at);
        }
        match found {
            Ok(()) if repeated => return,
            Ok(()) => self.passes = self.passes.saturating_add(1),
            Err(bad) => {
                self.broken(bad.at);
                self.bad = Some(bad);
            }
        }
        if self.passes > 0 {
            self.bad = None;
        }
        let round = self.newest.map_or(newest.round, |before| newest.round.max(before.round));
        self.newest = Some(Newest { round, ..newest });
    }

    /// What was building up begins again.
    pub(crate) fn broken(&mut self, at: Timestamp) {
        (self.passes, self.since) = (0, at);
    }

    /// What it rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.number(u64::from(self.passes));
        out.number(self.since.as_millis());
        out.option(self.newest.as_ref(), |newest, out| {
            out.number(newest.at.as_millis());
            out.number(newest.round);
        });
        out.option(self.bad.as_ref(), |bad, out| out.number(bad.at.as_millis()));
    }

    /// For how long nothing but passes was seen.
    pub(crate) fn lasts(&self) -> Duration {
        self.newest.map(|newest| newest.at.since(self.since)).unwrap_or_default()
    }
}

/// What a fresh finding says of the scenario's simple claims.
pub(crate) fn judge(at: Timestamp, scenario: &Scenario, finding: &Finding) -> Result<(), Bad> {
    let bad = |state, why: String| {
        let code = match state {
            EvidenceState::Refuted => HoldCode::ClaimRefuted,
            EvidenceState::Undecided | EvidenceState::Proved => HoldCode::ClaimUndecided,
            EvidenceState::Stale => HoldCode::Stale,
            EvidenceState::Missing => HoldCode::Missing,
        };
        Err(Bad { at, code, state, why })
    };
    let note: String = finding.report.note.chars().take(200).collect();
    let told = |word: String| if note.is_empty() { word } else { format!("{word}: {note}") };
    match finding.outcome {
        Outcome::Fail => {
            let failed = finding.report.steps.iter().find(|step| step.outcome != Outcome::Pass);
            let what = failed.map(|step| format!("fails at {}", step.name));
            return bad(EvidenceState::Refuted, told(what.unwrap_or_else(|| "fails".to_owned())));
        }
        Outcome::NotRun => {
            let cause = finding.cause.map(|cause| cause.word()).unwrap_or("for no cause that was told");
            return bad(EvidenceState::Undecided, told(format!("could not look: {cause}")));
        }
        Outcome::Pass => {}
    }
    if finding.report.counts.as_ref().is_some_and(|counts| counts.total == 0) {
        return bad(EvidenceState::Undecided, "passes and counted nothing".to_owned());
    }
    for claim in &scenario.claims {
        let ClaimKind::Measure { measure, at_most, at_least, .. } = &claim.kind else { continue };
        match finding.report.measure(measure) {
            None => return bad(EvidenceState::Undecided, format!("does not report {measure}")),
            Some(found) if inside(found.value, *at_most, *at_least) => {}
            Some(found) => {
                let most = at_most.map(|limit| format!(", at most {limit} is good"));
                let least = at_least.map(|limit| format!(", at least {limit} is good"));
                let (most, least) = (most.unwrap_or_default(), least.unwrap_or_default());
                return bad(EvidenceState::Refuted, format!("{measure} is {}{most}{least}", found.value));
            }
        }
    }
    Ok(())
}
