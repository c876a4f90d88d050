//! What an override was given over, and when what it is about became worse than that.
//!
//! Whoever passes over a check that is stale has not passed over the same check once it is shown to be wrong. So an
//! override remembers what held the gate when its last voice came. As soon as anything of it is worse, or is held
//! where nothing was, it counts no longer: for good, as an approval whose evidence changed.

use tidelock_model::{Name, Phase, Side, Timestamp, mutated};

use super::overrides::{Override, key, names_check};
use crate::gate::left::of_silence;
use crate::migration::Migration;
use crate::verdict::{EvidenceState, Hold, HoldCode};

/// One hold as it was when people passed over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    key: Name,
    /// What exactly it was about, where its name in the override says less.
    check: Option<Name>,
    side: Option<Side>,
    /// What else tells it from another hold of that name.
    told: String,
    grade: Grade,
    /// Rows that were left without an owner.
    left: u64,
    /// `login stale on target`.
    words: String,
}

/// How bad it is. Evidence that comes and goes is one grade: nobody is asked again for each step on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// It is no evidence that is missing.
    Other,
    /// Not shown, or no longer.
    NotShown,
    /// Shown to be wrong, or not the word of whom it should be.
    Wrong,
}

fn grade(hold: &Hold) -> Grade {
    match (hold.code, hold.state) {
        (HoldCode::BadDigest | HoldCode::Nonce | HoldCode::Conflict, _) => Grade::Wrong,
        (_, Some(EvidenceState::Refuted)) => Grade::Wrong,
        (_, Some(EvidenceState::Undecided | EvidenceState::Stale | EvidenceState::Missing)) => {
            Grade::NotShown
        }
        (_, Some(EvidenceState::Proved) | None) => Grade::Other,
    }
}

impl Passed {
    fn of(hold: &Hold) -> Option<Passed> {
        let key = key(hold)?;
        let rows = matches!(hold.code, HoldCode::Leftovers | HoldCode::NotRemoved);
        let left = if rows { hold.remaining.iter().map(|left| left.count).sum() } else { 0 };
        let state = hold.state.filter(|_| hold.check.as_ref() == Some(&key));
        let what = state.map_or(hold.code.word(), EvidenceState::word);
        let on = hold.side.map(|side| format!(" on {side}")).unwrap_or_default();
        let words = match hold.check.as_ref() {
            Some(check) => format!("{check} {what}{on}"),
            None => format!("{what}{on}"),
        };
        // Which job has two owners, and for how long writes would be shut, stands nowhere else; and a watch that is
        // not over is not a target that runs another build.
        let told = match matches!(hold.code, HoldCode::Ownership | HoldCode::Dip) {
            true => hold.reason.clone(),
            false if hold.code == HoldCode::Watch => hold.next.clone(),
            false => String::new(),
        };
        let check = hold.check.clone();
        Some(Passed { key, check, side: hold.side, told, grade: grade(hold), left, words })
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// Another hold is no worse than this one.
    fn bears(&self, other: &Passed) -> bool {
        let same = (&self.key, &self.check, self.side) == (&other.key, &other.check, other.side);
        let same = same && (self.told == other.told || other.grade < self.grade);
        same && other.grade <= self.grade && other.left <= self.left
    }
}

/// Nothing of what holds now is worse than what was passed over; else what is, in words.
fn outgrown(was: &[Passed], now: &[Passed]) -> Option<String> {
    let worse = now.iter().find(|now| !was.iter().any(|was| was.bears(now)))?;
    Some(worse.words.clone())
}

impl Migration {
    /// What holds the gate now by these names, whoever passed over it.
    pub(super) fn held_by_name(&self, gate: Phase, names: &[Name], now: Timestamp) -> Vec<Passed> {
        let (Some(plan), Some(sheet)) = (self.plan(), self.sheet(gate)) else { return Vec::new() };
        let mut holds = Vec::new();
        let unseen = self.unseen_side(gate, now);
        for (name, on) in sheet.scenarios.iter().filter(|(name, _)| names.contains(name)) {
            let Some(scenario) = plan.scenarios.get(name) else { continue };
            let found = self.scenario_holds((name, scenario), (on, gate), now);
            // What nobody can see of a dead side is one hold of another name.
            holds.extend(
                found.into_iter().filter(|it| it.side.is_none() || it.side != unseen || !of_silence(it)),
            );
        }
        let manual = sheet.manual.iter().filter(|name| names.contains(name));
        holds.extend(manual.filter_map(|name| self.manual_hold(plan, name, now)));
        if names.iter().any(|name| !names_check(name)) {
            holds.extend(self.watch_hold(gate, now));
            holds.extend(self.rebuilt_hold(gate));
            holds.extend(self.after_holds(gate, now));
            holds.extend(self.run_holds(gate, now));
            holds.extend(self.ledger_holds(gate, now));
            holds.extend(self.unseen_hold(plan, (sheet, gate), now));
        }
        holds.iter().filter_map(Passed::of).filter(|it| names.contains(&it.key)).collect()
    }

    /// What became worse since people passed over it ends what they said.
    pub(crate) fn outgrow(&mut self, at: Timestamp) {
        if mutated("an-override-is-of-a-state") {
            return;
        }
        let worse: Vec<(usize, String)> = (self.desk.overrides.iter().enumerate())
            .filter(|(_, over)| over.lives(self.phase, at))
            .filter_map(|(place, over)| {
                let now = self.held_by_name(over.gate, &over.checks, at);
                Some((place, outgrown(&over.was, &now)?))
            })
            .collect();
        for (place, why) in worse {
            if let Some(over) = self.desk.overrides.get_mut(place) {
                over.outgrown(at, why);
            }
        }
    }

    /// An override counts that could be outgrown by time alone.
    pub(crate) fn may_outgrow(&self, at: Timestamp) -> bool {
        self.desk.overrides.iter().any(|over| over.lives(self.phase, at))
    }

    /// Says with each hold that people passed over it once, and why that counts no longer.
    pub(crate) fn name_outgrown(&self, gate: Phase, holds: &mut [Hold]) {
        let given = |over: &&Override| over.gate == gate && over.is_of(self.phase) && over.complete;
        for hold in holds {
            let Some(key) = key(hold) else { continue };
            let about = |over: &&Override| over.checks.contains(&key);
            let newest = self.desk.overrides.iter().rev().filter(given).find(about);
            let Some((over, why)) = newest.and_then(|over| Some((over, over.outgrown.as_ref()?))) else {
                continue;
            };
            let by: Vec<&str> = over.voices.keys().map(Name::as_str).collect();
            let was: Vec<&str> = over.was.iter().map(Passed::words).collect();
            hold.reason = format!(
                "{}; {} overrode {}, which counts no longer since {why} is worse",
                hold.reason,
                by.join(" and "),
                was.join(", ")
            );
        }
    }
}
