//! Evidence that both sides' agents give together: what the statistical claims, and all claims that
//! compare, are judged on.
//!
//! Each scenario with such a claim has its own evidence epoch. It begins with the plan that made the check
//! what it is, with a new build on either side, with a roster that somebody changed, and with the switch;
//! the way from `sync` to `ready` and back changes nothing. In a phase that does not run the check nobody owes
//! anything: its slots stand still, and it begins anew where a later phase runs it again.

mod after;
mod exact;
mod latency;
mod links;
mod pages;
mod point;
mod quiet;
mod same;
mod slot_claim;
mod slots;
mod staff;
mod stage;
mod young;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Name, Phase, Side, Timestamp};

pub(crate) use after::{AfterSwitch, AlarmSeen};
pub(crate) use exact::Exact;
pub(crate) use pages::moved_places;
pub use point::{Point, SidePoint};
pub(crate) use quiet::QuietStanding;
pub(crate) use slot_claim::SlotClaim;
pub(crate) use slots::SlotEvidence;
pub(crate) use staff::Staff;
pub(crate) use stage::Stage;
pub(crate) use young::exact_claim;

use links::Links;

use crate::board::NotCounted;
use crate::migration::{Current, Traffic};
use crate::plan::{Claim, ClaimKind, Joint, Plan, Scenario};
use crate::proof::StateWriter;
use crate::proof::slots::{ClosedSlot, Void};
use crate::roster::Roster;
use crate::verdict::EvidenceState;

/// A journal without an entry for longer than this had nobody who wrote it: ticks come each second.
const AWAY: Duration = Duration::from_secs(5);

/// An agent that has just been given a check fetches and compiles it: for so long it owes no result, and is
/// missing coverage until its first.
const STARTING: Duration = Duration::from_secs(60);

/// The evidence of one scenario's joint claims.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JointEvidence {
    pub(crate) since: Timestamp,
    /// The present phase runs the check. Otherwise nobody owes a result: no slot takes one, and none closes.
    runs: bool,
    pub(crate) stage: Stage,
    pub(crate) slots: Option<SlotEvidence>,
    /// By the claim's place in the plan.
    pub(crate) exact: BTreeMap<usize, Exact>,
    /// What each of those was on a side after the last finding, and since when.
    noted: BTreeMap<(usize, Side), (EvidenceState, Timestamp)>,
    staff: Arc<Staff>,
    /// How many agents of a side must agree, where the check asks for another number than the side.
    quorum: BTreeMap<Side, u32>,
    /// The build that was seen last on each side, where findings tell one.
    builds: BTreeMap<Side, String>,
}

/// The evidence of every scenario with a joint claim.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Joints {
    by: BTreeMap<Name, JointEvidence>,
    staff: Arc<Staff>,
    /// What the staff was made of: the roster's changes, the plan's revision, and until when time changes nothing.
    staffed: Option<(u64, u64, Timestamp)>,
    /// No slot closes before this.
    next_close: Timestamp,
    /// The lengths of slots in the plan, in milliseconds.
    slot_lengths: BTreeSet<u64>,
    links: Links,
}

impl Joints {
    pub(crate) fn get(&self, name: &Name) -> Option<&JointEvidence> {
        self.by.get(name)
    }

    /// A scenario by which both sides hold data that the other lacks.
    pub(crate) fn conflict(&self, plan: &Plan, now: Timestamp) -> Option<&Name> {
        let of = |(name, evidence): &(&Name, &JointEvidence)| {
            let claims = plan.scenarios.get(*name).map(|scenario| scenario.claims.iter().enumerate());
            claims.into_iter().flatten().any(|(index, claim)| match &claim.kind {
                ClaimKind::Joint(joint) => {
                    Side::BOTH.iter().any(|side| evidence.conflicts((index, joint), *side, now))
                }
                ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => false,
            })
        };
        self.by.iter().find(of).map(|(name, _)| name)
    }

    /// Begins the evidence epoch of each scenario that `which` names anew, and of each that did not run until now:
    /// it has nothing to tell of the time before. Forgets what the plan no longer has.
    pub(crate) fn begin(
        &mut self,
        at: Timestamp,
        current: &Current,
        (traffic, phase): (&Traffic, Phase),
        which: impl Fn(&Name, &Scenario) -> bool,
    ) {
        let plan = &current.plan;
        self.staffed = None;
        self.slot_lengths = plan.scenarios.values().filter_map(|it| Some(millis(it.slot?))).collect();
        self.by.retain(|name, _| plan.scenarios.get(name).is_some_and(has_joint));
        for (name, scenario) in plan.scenarios.iter().filter(|(_, scenario)| has_joint(scenario)) {
            let runs = scenario.phases.contains(&phase);
            let known = self.by.get_mut(name).filter(|known| known.runs || !runs);
            if let Some(known) = known.filter(|_| !which(name, scenario)) {
                known.runs = runs;
                continue;
            }
            let stage = Stage::of(scenario, traffic);
            let times = (current.grid_origin, at);
            let slot_ms = scenario.slot.map_or(0, millis);
            let quorum = quorum(scenario);
            let staff = self.staff.asking(&quorum);
            let rosters = Side::BOTH.map(|side| staff.slots(side, slot_ms));
            let slots = SlotEvidence::new(times, scenario, &plan.evidence, stage, rosters);
            let exact = |(index, claim): (usize, &Claim)| match &claim.kind {
                ClaimKind::Joint(joint) => Some((index, Exact::new(joint, (plan, scenario), traffic)?)),
                ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
            };
            let exact = scenario.claims.iter().enumerate().filter_map(exact).collect();
            let builds = self.by.remove(name).map(|before| before.builds).unwrap_or_default();
            let noted = BTreeMap::new();
            self.by.insert(
                name.clone(),
                JointEvidence { since: at, runs, stage, slots, exact, noted, staff, quorum, builds },
            );
        }
        self.note_next_close();
    }

    /// Takes over who owes findings. Gives back whether that changed.
    pub(crate) fn staff(&mut self, roster: &Roster, current: &Current, at: Timestamp) -> bool {
        let (changes, revision) = (roster.changes(), current.revision);
        let staff = || Staff::of(roster, &current.plan, &self.slot_lengths, at);
        if self.staffed.is_some_and(|(of, by, until)| of == changes && by == revision && at < until) {
            debug_assert_eq!(staff(), *self.staff, "the staff changed, and nobody said so");
            return false;
        }
        self.staffed = Some((changes, revision, roster.next_end(at)));
        let staff = staff();
        if staff == *self.staff {
            return false;
        }
        let before = std::mem::replace(&mut self.staff, Arc::new(staff));
        let left: Vec<&str> = before
            .agents()
            .filter(|agent| !self.staff.has(agent, agent.side))
            .map(|agent| agent.name.as_str())
            .collect();
        for evidence in self.by.values_mut() {
            evidence.staffed(&self.staff);
            let staff = evidence.staff.clone();
            if let Some(slots) = &mut evidence.slots {
                let slot_ms = millis(slots.slot());
                let roster = |side| staff.slots(side, slot_ms);
                Side::BOTH.into_iter().for_each(|side| slots.slots.set_roster(side, roster(side)));
                slots.claims.values_mut().for_each(|claim| claim.forget_hosts(&left));
            }
        }
        true
    }

    /// An agent begins anew: nothing that it saw before counts.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        for exact in self.by.values_mut().flat_map(|evidence| evidence.exact.values_mut()) {
            exact.forget(agent);
        }
    }

    /// Takes a finding that belongs to the plan in force; the board's word tells what kept it from counting.
    /// Gives back whether it tells of another build than before, so that the scenario's evidence is void.
    pub(crate) fn take(
        &mut self,
        at: Timestamp,
        agent: &AgentKey,
        finding: &Finding,
        (counted, offset_ms, build): (Result<(), NotCounted>, i64, &str),
    ) -> bool {
        let looked = match counted {
            Ok(()) | Err(NotCounted::Late | NotCounted::SameRound) => true,
            Err(NotCounted::Starved | NotCounted::BadDigest) => false,
            Err(NotCounted::NoPlan | NotCounted::UnknownAgent | NotCounted::Suspended) => return false,
            Err(NotCounted::UnknownCheck | NotCounted::WrongSide | NotCounted::OtherPlan) => return false,
            Err(NotCounted::Canary) => return false,
            Err(NotCounted::Ahead | NotCounted::Duplicate | NotCounted::Unfitting) => return false,
            Err(NotCounted::Nonce) => return false,
        };
        let Some(evidence) = self.by.get_mut(&finding.check) else { return false };
        if let (true, Some(slots)) = (evidence.runs, &mut evidence.slots) {
            slots.take(at, agent, finding, (looked, self.links.down(agent)));
        }
        evidence.take_exactly(at, agent, finding, (counted, offset_ms));
        counted.is_ok() && evidence.other_build(agent.side, build)
    }

    /// A sign of life: in each scenario the agent owes the results of that moment's slot.
    pub(crate) fn heard(&mut self, at: Timestamp, agent: &AgentKey) {
        let Some(first) = self.links.heard(at, agent) else { return };
        for evidence in self.by.values_mut().filter(|evidence| evidence.runs) {
            let begun = at >= first.max(evidence.since).plus(STARTING);
            if let Some(slots) = evidence.slots.as_mut().filter(|slots| begun || slots.has_run(agent)) {
                slots.slots.heard(agent.side, agent.name.as_str(), at.as_millis());
            }
        }
    }

    /// Findings of an agent are lost: nobody knows what they said of the slots that are open.
    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey, lost: impl Fn(&Name) -> bool) {
        for (_, evidence) in self.by.iter_mut().filter(|(name, _)| lost(name)) {
            evidence.lose(at, agent);
            let Some(slots) = &mut evidence.slots else { continue };
            let now = slots.slots.grid().slot_at(at.as_millis()).unwrap_or(0);
            slots.slots.void_slots(slots.slots.next(), now, Void::Gap);
        }
    }

    /// Time went by from the last entry to this one. Gives back whether a slot closed.
    pub(crate) fn advance(
        &mut self,
        last: Timestamp,
        at: Timestamp,
        closed: &mut dyn FnMut(&Name, &ClosedSlot),
    ) -> bool {
        if at.since(last) > AWAY && last > Timestamp::ZERO {
            for slots in self.by.values_mut().filter_map(|evidence| evidence.slots.as_mut()) {
                slots.slots.void_between(last.as_millis(), at.as_millis());
            }
        }
        if at < self.next_close {
            return false;
        }
        let mut any = false;
        for (name, evidence) in self.by.iter_mut().filter(|(_, evidence)| evidence.runs) {
            if let Some(slots) = &mut evidence.slots {
                any |= slots.close(at, &mut |slot| closed(name, slot));
            }
        }
        self.note_next_close();
        any
    }

    fn note_next_close(&mut self) {
        let running = self.by.values().filter(|evidence| evidence.runs);
        let next = running.filter_map(|evidence| evidence.slots.as_ref());
        let next = next.map(|slots| slots.slots.closes_at()).min().unwrap_or(u64::MAX);
        self.next_close = Timestamp::from_millis(next);
    }
}

impl JointEvidence {
    /// The agents whose findings it rests on: of both sides, where they are compared.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &AgentKey> {
        self.staff.agents().filter(|agent| self.stage.asks(agent.side))
    }

    /// The side runs another build than it did; remembers the new one.
    fn other_build(&mut self, side: Side, build: &str) -> bool {
        if build.is_empty() {
            return false;
        }
        let before = self.builds.insert(side, build.to_owned());
        before.is_some_and(|before| before != build)
    }

    /// Notes since when each exact claim is what it is.
    fn note(&mut self, at: Timestamp) {
        for (index, exact) in &self.exact {
            for side in Side::BOTH {
                let (state, _) = exact.state((self.stage, side), &self.staff, at);
                let noted = self.noted.entry((*index, side)).or_insert((state, at));
                if noted.0 != state {
                    *noted = (state, at);
                }
            }
        }
    }

    /// How a claim about something quiet stands on a side.
    pub(crate) fn quiet(&self, index: usize, side: Side) -> Option<QuietStanding> {
        match self.exact.get(&index)? {
            Exact::Quiet(quiet) => quiet.standing(side, &self.staff),
            Exact::Parity(_) | Exact::Marks(_) | Exact::Pages(_) => None,
        }
    }

    /// Agents of the side whose clocks are not believed: they are missing.
    pub(crate) fn doubted(&self, side: Side) -> Vec<&Name> {
        let slot_ms = self.slots.as_ref().map_or(0, |slots| millis(slots.slot()));
        self.staff.doubted(side, slot_ms).map(|agent| &agent.name).collect()
    }

    /// Since the switch both sides hold data that the other lacks, so that going back may lose some.
    pub(crate) fn conflicts(&self, (index, joint): (usize, &Joint), side: Side, now: Timestamp) -> bool {
        let refuted = || {
            let state = self.exact.get(&index).map(|exact| exact.state((self.stage, side), &self.staff, now));
            state.is_some_and(|(state, _)| state == EvidenceState::Refuted)
        };
        let seen = || self.quiet(index, side).is_none_or(|standing| !standing.failed);
        let about = match joint {
            Joint::Parity(_) => side == self.stage.subject,
            Joint::Silent(_) | Joint::Owner { .. } => side == Side::Source,
            Joint::Success(_) | Joint::Latency(_) | Joint::Gauge(_) | Joint::Drained(_) => false,
            Joint::Marks { .. } | Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => false,
        };
        self.stage.switched && about && refuted() && seen()
    }

    /// How far a claim's proof has come, in percent.
    pub(crate) fn percent(&self, index: usize, side: Side) -> u32 {
        if let Some(standing) = self.quiet(index, side) {
            let part = standing.quiet.as_millis() * 100 / standing.needed.as_millis().max(1);
            return u32::try_from(part.min(99)).unwrap_or(99);
        }
        let claim = self.slots.as_ref().and_then(|slots| slots.claims.get(&index));
        claim.map_or(0, |claim| u32::from(claim.percent()))
    }

    /// Everything that the scenario's joint claims rest on, as words of 64 bits.
    pub(crate) fn words(&self) -> Vec<u64> {
        let mut out = StateWriter::default();
        out.number(self.since.as_millis());
        out.list(self.builds.iter(), |(side, build), out| {
            out.text(side.word());
            out.text(build);
        });
        if let Some(slots) = &self.slots {
            slots.write(&mut out);
        }
        for (index, exact) in &self.exact {
            out.number(*index as u64);
            exact.write(&mut out);
        }
        out.into_words()
    }

    /// Since when a claim is what it is.
    pub(crate) fn state_since(&self, (index, side): (usize, Side), now: Timestamp) -> Timestamp {
        if let Some(exact) = self.exact.get(&index) {
            let (state, until) = exact.state((self.stage, side), &self.staff, now);
            return match self.noted.get(&(index, side)) {
                Some((noted, since)) if *noted == state => *since,
                Some(_) => until.min(now),
                None => self.since,
            };
        }
        self.slots.as_ref().map_or(self.since, |slots| slots.state_since(index, now))
    }

    /// What a joint claim is on a side, and until when if nothing more is heard.
    pub(crate) fn state(
        &self,
        (index, side): (usize, Side),
        gate: Phase,
        now: Timestamp,
    ) -> (EvidenceState, Timestamp) {
        if let Some(exact) = self.exact.get(&index) {
            return exact.state((self.stage, side), &self.staff, now);
        }
        let Some(slots) = self.slots.as_ref().filter(|slots| slots.claims.contains_key(&index)) else {
            return (EvidenceState::Missing, self.since);
        };
        if !self.stage.asks(side) {
            return (EvidenceState::Proved, Timestamp::from_millis(u64::MAX));
        }
        if side != self.stage.subject {
            return match slots.heard_until(side) {
                None => (EvidenceState::Missing, self.since),
                Some(until) if now > until => (EvidenceState::Stale, until),
                Some(until) => (EvidenceState::Proved, until),
            };
        }
        let full = slots.state(index, now);
        match (full_proof(gate), full.0) {
            // A step is proved by what came lately; but nothing that is wrong is good enough.
            (false, EvidenceState::Undecided) if slots.good_lately(side, slots.slo()) => {
                (EvidenceState::Proved, full.1)
            }
            _ => full,
        }
    }
}

/// The gate asks for the whole proof; the others for fresh rounds that were good.
fn full_proof(gate: Phase) -> bool {
    match gate {
        Phase::Ready | Phase::Cutover | Phase::Committed | Phase::Retired => true,
        Phase::Prepare | Phase::Sync | Phase::Watch | Phase::RollingBack => false,
        Phase::RolledBack | Phase::Aborted => false,
    }
}

/// The numbers of agents that the scenario itself asks for.
fn quorum(scenario: &Scenario) -> BTreeMap<Side, u32> {
    Side::BOTH.into_iter().filter_map(|side| Some((side, scenario.quorum(side)?))).collect()
}

/// The scenario claims something that is weighed here.
pub(crate) fn has_joint(scenario: &Scenario) -> bool {
    scenario.claims.iter().any(|claim| matches!(claim.kind, ClaimKind::Joint(_)))
}

/// The scenario claims something that is weighed agent by agent.
pub(crate) fn has_simple(scenario: &Scenario) -> bool {
    scenario.claims.iter().any(|claim| !matches!(claim.kind, ClaimKind::Joint(_)))
}

/// A time as the engine counts it.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where a running digest of bytes begins, and its next value (FNV-1a, 64 bits).
const FNV_BEGIN: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(sum: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(sum, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
