//! Who runs what: every job, worker, scheduler and consumer of the plan has one owner at a time.
//!
//! A job that runs on both sides sends each invoice twice; one that runs on none sends none, and nothing fails.
//! So the sides' own findings are asked who ran it since it changed hands.
//!
//! # Invariants
//! - A look tells of the time since the agent's last one, so a run counts for an owner only where that last look
//!   began after the thing changed hands.
//! - Silence is no run, and no proof that there was none: who does not tell holds as surely as who ran it.
//! - What was told and is lost, or does not count, is known by nobody: it holds until the side is proved to be quiet.

mod lost;
mod status;
#[cfg(test)]
mod tests;

pub use status::{OwnershipState, OwnershipStatus};

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Outcome, Phase, Side, Timestamp};

use crate::board::fresh_until;
use crate::migration::Migration;
use crate::plan::{Claim, ClaimKind, Joint, OwnedThing, Plan, Scenario};
use crate::runbook::Heard;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::span;
use lost::Lost;

/// A thing that was seen to run regularly is missed after so many of its longest pauses.
const PAUSES: u32 = 2;

/// What was seen of one thing.
#[derive(Debug, Clone, PartialEq)]
struct Book {
    /// As the plan says it; another plan begins another book.
    owned: OwnedThing,
    looks: BTreeMap<AgentKey, Look>,
    runs: BTreeMap<Side, Runs>,
    /// What nobody knows of a side any more: the newest only, for it ends with those before it.
    lost: BTreeMap<Side, Lost>,
}

/// The newest look of one agent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    began: Timestamp,
    until: Timestamp,
    /// It told whether the thing ran.
    told: bool,
}

/// The runs of a thing on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Runs {
    /// The newest was after this.
    after: Timestamp,
    /// When it was told.
    at: Timestamp,
    /// The longest time between two that were told.
    pause: Option<Duration>,
}

/// What was seen of everything that the plan gives an owner.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ledger {
    books: BTreeMap<Name, Book>,
}

impl Ledger {
    /// Takes a finding of a scenario that may see things run.
    pub(crate) fn take(&mut self, plan: &Plan, scenario: &Scenario, heard: &Heard<'_>) {
        let owners = &plan.switch.owners;
        if owners.is_empty() && self.books.is_empty() {
            return;
        }
        self.books.retain(|name, book| owners.get(name) == Some(&book.owned));
        if heard.finding.outcome == Outcome::NotRun {
            return;
        }
        if heard.counted.is_err() {
            return self.uncounted(heard);
        }
        for (name, owned) in owners.iter().filter(|(_, owned)| owned.seen_by == heard.finding.check) {
            let book = self.books.entry(name.clone()).or_insert_with(|| Book {
                owned: owned.clone(),
                looks: BTreeMap::new(),
                runs: BTreeMap::new(),
                lost: BTreeMap::new(),
            });
            book.look(heard, fresh_until(heard.at, scenario, heard.finding));
        }
    }
}

impl Book {
    fn look(&mut self, heard: &Heard<'_>, until: Timestamp) {
        let ran = self.told(heard);
        let look = Look { began: heard.began, until, told: ran.is_some() };
        let Some(ran) = ran else {
            // What was missed shows at the next look that tells: the one before it stays where it was.
            let known = self.looks.entry(heard.agent.clone()).or_insert(look);
            (known.until, known.told) = (until, false);
            return;
        };
        let before = self.looks.insert(heard.agent.clone(), look);
        let Some(before) = before.filter(|_| ran > 0.0) else { return };
        let side = heard.agent.side;
        let runs = Runs { after: before.began, at: heard.at, pause: None };
        let known = self.runs.get(&side).copied();
        let pause = known.map(|known| heard.at.since(known.at)).max(known.and_then(|known| known.pause));
        let after = known.map_or(runs.after, |known| known.after.max(runs.after));
        self.runs.insert(side, Runs { after, pause, ..runs });
    }

    /// How often it ran since the agent's last look, where the finding says so.
    fn told(&self, heard: &Heard<'_>) -> Option<f64> {
        let value = heard.finding.report.measure(&self.owned.measure).map(|measure| measure.value);
        value.filter(|value| value.is_finite() && *value >= 0.0)
    }

    /// It ran on the side since then.
    fn ran_since(&self, side: Side, since: Timestamp) -> Option<Runs> {
        self.runs.get(&side).copied().filter(|runs| runs.after >= since)
    }
}

/// One thing, its owner, and since when that is so.
struct Owned<'a> {
    name: &'a Name,
    thing: &'a OwnedThing,
    scenario: &'a Scenario,
    owner: Side,
    book: Option<&'a Book>,
}

impl Migration {
    /// Things that two sides run, or none, or the one that must not.
    pub(crate) fn ledger_holds(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let asked = matches!(
            gate,
            Phase::Ready
                | Phase::Cutover
                | Phase::Watch
                | Phase::Committed
                | Phase::Retired
                | Phase::RolledBack
        );
        let Some(plan) = self.plan().filter(|_| asked) else { return Vec::new() };
        let mut holds = Vec::new();
        for (name, thing) in &plan.switch.owners {
            let Some(scenario) = plan.scenarios.get(&thing.seen_by) else {
                let reason =
                    format!("{} is seen by {}, which the plan does not declare", name, thing.seen_by);
                let mut hold =
                    Hold::new(HoldCode::UnknownCheck, self.phase_since, reason, "tidelock plan check");
                hold.state = Some(EvidenceState::Missing);
                holds.push(hold);
                continue;
            };
            let owned = self.owned(name, thing, scenario);
            let other = self.two_owners(&owned, now);
            // Whoever runs it where it must not is stopped first; then its owner has to run it.
            let (nobody, lost) = match other {
                Some(_) => (None, None),
                None => (self.no_owner(&owned, gate, now), self.lost_runs(&owned, gate, now)),
            };
            holds.extend(other.into_iter().chain(nobody).chain(lost));
            holds.extend(self.untold(&owned, gate, now));
        }
        holds
    }

    /// A thing with its owner of now.
    fn owned<'a>(&'a self, name: &'a Name, thing: &'a OwnedThing, scenario: &'a Scenario) -> Owned<'a> {
        let moved = self.traffic.switched.is_some() && self.traffic.back.is_none();
        let owner = if moved { thing.then } else { thing.until_switch };
        let book = self.ledger.books.get(name).filter(|book| book.owned == *thing);
        Owned { name, thing, scenario, owner, book }
    }

    /// Since when runs on the side count for the owner of now.
    fn owned_since(&self, side: Side) -> Timestamp {
        let moved = self.traffic.back.or(self.traffic.switched).unwrap_or_default();
        moved.max(self.board.anew(side).unwrap_or_default())
    }

    /// It ran where it must not, and that side was not proved to be quiet since.
    fn two_owners(&self, owned: &Owned<'_>, now: Timestamp) -> Option<Hold> {
        let (owner, book, other) = (owned.owner, owned.book?, owned.other());
        let ran = book.ran_since(other, self.owned_since(other))?;
        if self.is_quiet(owned, other, now) {
            return None;
        }
        let both = book.ran_since(owner, self.owned_since(owner)).is_some();
        let when = self.owned_when();
        let Owned { name, thing, .. } = owned;
        let reason = match both {
            true => {
                format!("{} {name} runs on {owner} and on {other}: {owner} alone owns it {when}", thing.kind)
            }
            false => format!("{} {name} runs on {other}, and {owner} owns it {when}", thing.kind),
        };
        let mut hold = owned.hold(EvidenceState::Refuted, ran.after, reason);
        (hold.side, hold.seen) = (Some(other), Some(ran.at));
        Some(hold)
    }

    /// Which part of the move the owner of now is of, in words.
    fn owned_when(&self) -> &'static str {
        match (self.traffic.back, self.traffic.switched) {
            (Some(_), _) => "after going back",
            (None, Some(_)) => "after the switch",
            (None, None) => "until the switch",
        }
    }

    /// The scenario that sees it proves that the side is quiet now.
    fn is_quiet(&self, owned: &Owned<'_>, side: Side, now: Timestamp) -> bool {
        let quiet =
            |claim: &Claim| matches!(claim.kind, ClaimKind::Joint(Joint::Owner { .. } | Joint::Silent(_)));
        let Some(evidence) = self.joints.get(&owned.thing.seen_by) else { return false };
        let claims = owned.scenario.claims.iter().enumerate().filter(|(_, claim)| quiet(claim));
        let mut states = claims.map(|(index, _)| evidence.state((index, side), Phase::Ready, now).0);
        states.any(|state| state == EvidenceState::Proved)
    }

    /// Nobody ran it since traffic moved. One that is known to pause is not missed before it is due; who calls it
    /// a success, or goes back for good, has to have seen it run.
    fn no_owner(&self, owned: &Owned<'_>, gate: Phase, now: Timestamp) -> Option<Hold> {
        let Some(moved) = self.traffic.back.or(self.traffic.switched) else {
            let asked = matches!(gate, Phase::Ready | Phase::Cutover);
            let before = matches!(self.phase, Phase::Prepare | Phase::Sync | Phase::Ready);
            // The cutover stops it: from there on it is its next owner's to run.
            return if asked && before { self.stopped(owned, Timestamp::default(), now) } else { None };
        };
        let missed = match gate {
            Phase::Watch | Phase::Committed => true,
            // Until traffic is back, the target owns it: that it is gone is why somebody goes back.
            Phase::RolledBack => self.traffic.back.is_some(),
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover => false,
            Phase::Retired | Phase::RollingBack | Phase::Aborted => false,
        };
        let book = owned.book.filter(|_| missed)?;
        // A run on the other side, which is quiet again, is none of the owner's.
        let since = self.owned_since(owned.owner);
        if book.ran_since(owned.owner, since).is_some() {
            return self.stopped(owned, since, now);
        }
        let pause = book.runs.values().filter_map(|runs| runs.pause).max();
        let due = pause.map(|pause| moved.plus(pause.saturating_mul(PAUSES)));
        if gate == Phase::Watch && due.is_none_or(|due| now <= due) {
            return None;
        }
        let Owned { name, thing, owner, .. } = owned;
        let since = if self.traffic.back.is_some() { "going back" } else { "the switch" };
        let reason = format!("nobody runs {} {name} since {since}: {owner} owns it", thing.kind);
        let mut hold = owned.hold(EvidenceState::Undecided, moved, reason);
        hold.side = Some(*owner);
        Some(hold)
    }

    /// It ran regularly with this owner, and does not any more: it was switched off, or died.
    fn stopped(&self, owned: &Owned<'_>, since: Timestamp, now: Timestamp) -> Option<Hold> {
        let book = owned.book.filter(|_| owned.scenario.phases.contains(&self.phase))?;
        let last = book.ran_since(owned.owner, since)?;
        let pause = book.runs.values().filter_map(|runs| runs.pause).max()?;
        if now <= last.at.plus(pause.saturating_mul(PAUSES).max(owned.scenario.fresh_for)) {
            return None;
        }
        let Owned { name, thing, owner, .. } = owned;
        let reason = format!(
            "nobody runs {} {name} any more, which paused for {} at most: {owner} owns it",
            thing.kind,
            span(pause)
        );
        let mut hold = owned.hold(EvidenceState::Undecided, last.at, reason);
        (hold.side, hold.seen) = (Some(*owner), Some(last.at));
        Some(hold)
    }

    /// Sides of which nobody tells whether it runs there.
    fn untold(&self, owned: &Owned<'_>, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let scenario = owned.scenario;
        let runs = scenario.phases.contains(&self.phase) && gate != Phase::Retired;
        let sides = scenario.sides.iter().filter(|side| gate != Phase::RolledBack || **side == Side::Source);
        let told = |side: &Side| {
            let look = |agent: &AgentKey| owned.book.and_then(|book| book.looks.get(agent));
            let mut owing = self.roster.owing(*side, now).map(|(agent, _)| look(agent));
            owing.any(|look| look.is_some_and(|look| look.told && now <= look.until))
        };
        let unseen = self.unseen_side(gate, now);
        let hold = |side: &Side| {
            let Owned { name, thing, .. } = owned;
            let reason =
                format!("{} does not tell by {} whether {name} runs on {side}", thing.seen_by, thing.measure);
            let mut hold = owned.hold(EvidenceState::Missing, self.phase_since, reason);
            hold.side = Some(*side);
            if unseen == Some(*side) {
                hold.code = HoldCode::Unseen;
            }
            hold
        };
        sides.filter(|side| runs && !told(side)).map(hold).collect()
    }
}

impl Owned<'_> {
    /// The side that must not run it.
    fn other(&self) -> Side {
        if self.owner == Side::Source { Side::Target } else { Side::Source }
    }

    fn hold(&self, state: EvidenceState, since: Timestamp, reason: String) -> Hold {
        let next = format!("tidelock why {}", self.thing.seen_by);
        let mut hold = Hold::new(HoldCode::Ownership, since, reason, next);
        (hold.check, hold.level) = (Some(self.thing.seen_by.clone()), Some(self.scenario.level));
        hold.state = Some(state);
        hold
    }
}
