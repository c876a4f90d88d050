//! A scenario's statistical claims, slot by slot.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Outcome, Side, Timestamp};

use super::links::Stretch;
use super::millis;
use super::point::Points;
use super::slot_claim::SlotClaim;
use super::stage::Stage;
use crate::plan::{ClaimKind, EvidenceRule, Scenario};
use crate::proof::slots::{
    Accepted, Arrival, ClosedSlot, LATE_SHARE_LIMIT, RunKey, SlotAssembler, SlotGrid, SlotRoster, Traffic,
    Void,
};
use crate::proof::{Persist, StateWriter};
use crate::verdict::EvidenceState;

/// Results that a slot needs of each side.
const RESULTS_AT_LEAST: u64 = 4;
/// Where no claim says how often the target must succeed.
const USUAL_SLO: f64 = 0.95;
/// Incidents whose beginning is remembered.
const INCIDENTS: usize = 8;
/// Evidence is fresh for so many slots.
const FRESH_SLOTS: u64 = 3;

/// Everything that is weighed slot by slot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SlotEvidence {
    pub(crate) stage: Stage,
    pub(crate) slots: SlotAssembler,
    /// By the claim's place in the plan.
    pub(crate) claims: BTreeMap<usize, SlotClaim>,
    pub(crate) points: Points,
    /// The agents that have run the check in this epoch.
    begun: BTreeSet<AgentKey>,
    /// Slots that were evidence.
    valid: u64,
    /// The newest slot that was evidence.
    last_valid: Option<u64>,
    /// The slots that were none, by reason.
    pub(crate) voids: BTreeMap<Void, u64>,
    /// The last slots in which each side was heard enough: its share of passes.
    recent: [Vec<(u64, f64)>; 2],
    /// When the last incidents began.
    incidents: Vec<Timestamp>,
    mostly_late: bool,
    /// How many agents of each side reported in the newest slot that closed.
    reported: [u32; 2],
    /// A proof takes at least this long.
    observe_at_least: Duration,
    since: Timestamp,
    cut_off: u64,
    /// What each claim was after the last slot, and since when.
    states: BTreeMap<usize, (EvidenceState, Timestamp)>,
}

impl SlotEvidence {
    /// Begins with the first whole slot after `since`. None where no claim is weighed by slots.
    pub(crate) fn new(
        (origin, since): (Timestamp, Timestamp),
        scenario: &Scenario,
        rule: &EvidenceRule,
        stage: Stage,
        rosters: [SlotRoster; 2],
    ) -> Option<SlotEvidence> {
        let slot = scenario.slot?;
        let grace = rule.grace.unwrap_or(scenario.timeout + crate::board::GRACE);
        let grid = SlotGrid::new(origin.as_millis(), millis(scenario.every), millis(slot), 0, millis(grace))?;
        let first = grid.slot_at(since.as_millis()).map_or(0, |slot| slot + 1);
        let claims: BTreeMap<usize, SlotClaim> = (scenario.claims.iter().enumerate())
            .filter_map(|(index, claim)| match &claim.kind {
                ClaimKind::Joint(joint) => Some((index, SlotClaim::new(joint, stage, slot.as_secs_f64())?)),
                ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
            })
            .collect();
        let slots = SlotAssembler::new(grid, rosters, RESULTS_AT_LEAST, first);
        (!claims.is_empty()).then_some(SlotEvidence {
            stage,
            slots,
            claims,
            points: Points::default(),
            begun: BTreeSet::new(),
            valid: 0,
            last_valid: None,
            voids: BTreeMap::new(),
            recent: [Vec::new(), Vec::new()],
            incidents: Vec::new(),
            mostly_late: false,
            reported: [0; 2],
            observe_at_least: rule.observe_at_least,
            since,
            cut_off: 0,
            states: BTreeMap::new(),
        })
    }

    /// Takes a finding; `looked` says whether its outcome is to be believed, `down` when its agent had no
    /// link: what belongs to slots that closed then was kept from coming, and is not late.
    pub(crate) fn take(
        &mut self,
        at: Timestamp,
        agent: &AgentKey,
        finding: &Finding,
        (looked, down): (bool, &[Stretch]),
    ) {
        let counts = finding.report.counts.as_ref();
        let outcome = if looked { finding.outcome } else { Outcome::NotRun };
        let arrival = Arrival {
            side: agent.side,
            agent: agent.name.as_str(),
            // A round is run once; whoever runs it again in a new spool says nothing new.
            key: RunKey { stream: 0, number: finding.round },
            slot: self.slots.grid().slot_of(finding.round),
            outcome,
            latency_ms: (outcome == Outcome::Pass).then_some(finding.duration_ns as f64 / 1e6),
            traffic: counts.filter(|_| looked).map(|counts| Traffic {
                ok: counts.ok,
                total: counts.total,
                latency_buckets: counts.latency_buckets.clone(),
            }),
            version: version(finding),
        };
        if arrival.slot < self.slots.next() && self.was_down(arrival.slot, down) {
            self.cut_off = self.cut_off.saturating_add(1);
            return;
        }
        let accepted = self.slots.take(at.as_millis(), &arrival);
        if accepted == Accepted::Ok && !self.begun.contains(agent) {
            self.begun.insert(agent.clone());
        }
        if accepted == Accepted::Ok && looked {
            for claim in self.claims.values_mut() {
                if let SlotClaim::Same(same) = claim {
                    same.take(arrival.slot, agent, finding);
                }
            }
        }
    }

    fn was_down(&self, slot: u64, down: &[Stretch]) -> bool {
        let ended = |(from, to): &Stretch| self.slots.grid().ended_between(from.as_millis(), to.as_millis());
        down.iter().filter_map(ended).any(|(first, last)| (first..=last).contains(&slot))
    }

    /// Results that came after their slot because their agent had no link.
    pub(crate) fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// The agent has run the check in this epoch.
    pub(crate) fn has_run(&self, agent: &AgentKey) -> bool {
        self.begun.contains(agent)
    }

    /// Closes what is due. Gives back whether a slot closed.
    pub(crate) fn close(&mut self, at: Timestamp, watch: &mut dyn FnMut(&ClosedSlot)) -> bool {
        let closed = self.slots.close(at.as_millis());
        for slot in &closed {
            self.weigh(slot);
            watch(slot);
        }
        if !closed.is_empty() {
            self.mostly_late = self.slots.late_share(at.as_millis()) > LATE_SHARE_LIMIT;
        }
        let states: Vec<_> = self.claims.iter().map(|(index, claim)| (*index, self.judged(claim))).collect();
        for (index, state) in states {
            let known = self.states.entry(index).or_insert((state, at));
            if known.0 != state {
                *known = (state, at);
            }
        }
        !closed.is_empty()
    }

    fn weigh(&mut self, closed: &ClosedSlot) {
        let void = closed.void(self.stage.reads());
        match void {
            Some(why) => *self.voids.entry(why).or_default() += closed.times,
            None => (self.valid, self.last_valid) = (self.valid.saturating_add(1), Some(closed.slot)),
        }
        for side in Side::BOTH {
            self.reported[place(side)] = closed.side(side).agents;
            let heard = closed.broken.is_none() && closed.side(side).lack.is_none();
            let recent = &mut self.recent[place(side)];
            if let (true, Some(success)) = (heard, closed.side(side).success()) {
                recent.push((closed.slot, success));
            }
            if recent.len() > FRESH_SLOTS as usize {
                recent.remove(0);
            }
        }
        let incidents = self.incidents_so_far();
        for claim in self.claims.values_mut() {
            for _ in 0..closed.times.min(FRESH_SLOTS) {
                claim.feed(closed, self.stage, void);
            }
        }
        let percent = self.claims.values().map(SlotClaim::percent).min().unwrap_or(0);
        let ends = Timestamp::from_millis(self.slots.grid().ends_at(closed.slot));
        if self.incidents_so_far() > incidents {
            self.incidents.push(ends.minus(Duration::from_millis(self.slots.grid().slot_ms())));
            let spare = self.incidents.len().saturating_sub(INCIDENTS);
            self.incidents.drain(..spare);
        }
        self.points.push(closed, ends, void, percent);
    }

    fn incidents_so_far(&self) -> u32 {
        let of = |gate: &SlotClaim| match gate {
            SlotClaim::Success(gate) => gate.course().incidents,
            SlotClaim::Latency(_) | SlotClaim::Same(_) => 0,
        };
        self.claims.values().map(of).sum()
    }

    /// When the last incidents began.
    pub(crate) fn incidents(&self) -> &[Timestamp] {
        &self.incidents
    }

    /// Until when the evidence is fresh: so many slots after the newest that was evidence.
    pub(crate) fn fresh_until(&self) -> Option<Timestamp> {
        let last = self.last_valid?;
        Some(Timestamp::from_millis(self.slots.grid().closes_at(last.saturating_add(FRESH_SLOTS))))
    }

    /// The side was heard in one of the last slots; until when that is so.
    pub(crate) fn heard_until(&self, side: Side) -> Option<Timestamp> {
        let (last, _) = self.recent[place(side)].last()?;
        Some(Timestamp::from_millis(self.slots.grid().closes_at(last.saturating_add(FRESH_SLOTS))))
    }

    /// The last slots of the side were all heard and each passed by that share.
    pub(crate) fn good_lately(&self, side: Side, share: f64) -> bool {
        let recent = &self.recent[place(side)];
        let (Some((first, _)), Some((last, _))) = (recent.first(), recent.last()) else { return false };
        recent.len() as u64 == FRESH_SLOTS
            && last - first < FRESH_SLOTS
            && recent.iter().all(|(_, success)| *success >= share)
    }

    /// More results came too late than a proof can bear, when the last slot closed.
    pub(crate) fn mostly_late(&self) -> bool {
        self.mostly_late
    }

    /// What the claim is at `now`, and until when if nothing more is heard.
    pub(crate) fn state(&self, index: usize, now: Timestamp) -> (EvidenceState, Timestamp) {
        let Some(claim) = self.claims.get(&index) else {
            return (EvidenceState::Missing, self.since);
        };
        let state = self.judged(claim);
        match (state, self.fresh_until()) {
            (_, None) => (EvidenceState::Missing, self.since),
            (EvidenceState::Refuted, Some(until)) => (state, until),
            (_, Some(until)) if now > until || self.mostly_late => (EvidenceState::Stale, until),
            (_, Some(until)) => (state, until),
        }
    }

    /// What a claim is after the last slot, were it fresh. Where there is nothing to compare with any more,
    /// the side that carries the traffic must at least have been good in the last slots.
    fn judged(&self, claim: &SlotClaim) -> EvidenceState {
        let state = claim.state(self.observed() >= self.observe_at_least);
        let alone = state == EvidenceState::Proved && claim.rests_on_nothing();
        match alone && !self.good_lately(self.stage.subject, self.slo()) {
            true => EvidenceState::Undecided,
            false => state,
        }
    }

    /// Since when the claim is what it is.
    pub(crate) fn state_since(&self, index: usize, now: Timestamp) -> Timestamp {
        let known = self.states.get(&index).map_or(self.since, |(_, since)| *since);
        match self.state(index, now) {
            (EvidenceState::Stale, until) if now > until => until,
            _ => known,
        }
    }

    /// The share of passes that a slot must have where the whole proof is not asked for.
    pub(crate) fn slo(&self) -> f64 {
        let slo = |gate: &SlotClaim| match gate {
            SlotClaim::Success(gate) => Some(gate.settings().slo),
            SlotClaim::Latency(_) | SlotClaim::Same(_) => None,
        };
        self.claims.values().find_map(slo).unwrap_or(USUAL_SLO)
    }

    /// Everything that the claims rest on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.slots.write(out);
        out.number(self.since.as_millis());
        out.number(self.valid);
        out.option(self.last_valid.as_ref(), |slot, out| out.number(*slot));
        for (index, claim) in &self.claims {
            out.number(*index as u64);
            claim.write(out);
        }
    }

    /// The length of a slot.
    pub(crate) fn slot(&self) -> Duration {
        Duration::from_millis(self.slots.grid().slot_ms())
    }

    /// The evidence epoch's beginning.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// How much of the evidence epoch was seen: slots that were evidence.
    pub(crate) fn observed(&self) -> Duration {
        self.slot().saturating_mul(u32::try_from(self.valid).unwrap_or(u32::MAX))
    }

    /// How many agents of the side reported in the newest slot that closed, and how many must.
    pub(crate) fn reported(&self, side: Side) -> (u32, u32) {
        (self.reported[place(side)], self.slots.roster(side).at_least())
    }

    /// How long a proof takes at least.
    pub(crate) fn observe_at_least(&self) -> Duration {
        self.observe_at_least
    }
}

/// Which component ran: both sides must have run the same.
fn version(finding: &Finding) -> u64 {
    let bytes = finding.component.as_bytes();
    bytes.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn place(side: Side) -> usize {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}
