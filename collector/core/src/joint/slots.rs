//! A scenario's statistical claims, slot by slot.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Outcome, Side, Timestamp};

use super::latency::LatencyEvidence;
use super::links::Stretch;
use super::point::Points;
use super::same::Same;
use super::stage::Stage;
use crate::plan::{ClaimKind, EvidenceRule, Joint, Scenario, SuccessClaim};
use crate::proof::slots::{
    Accepted, Arrival, ClosedSlot, LATE_SHARE_LIMIT, RunKey, SlotAssembler, SlotGrid, SlotRoster, Traffic,
    Void,
};
use crate::proof::{HostSlot, ScenarioGate, ScenarioSettings, ScenarioVerdict, SideSlot, Slot, Tuning};
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

/// One statistical claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Gate {
    Success(Box<ScenarioGate>),
    Latency(Box<LatencyEvidence>),
    Same(Box<Same>),
}

/// Everything that is weighed slot by slot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SlotEvidence {
    pub(crate) stage: Stage,
    pub(crate) slots: SlotAssembler,
    /// By the claim's place in the plan.
    pub(crate) gates: BTreeMap<usize, Gate>,
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
        let gates: BTreeMap<usize, Gate> = (scenario.claims.iter().enumerate())
            .filter_map(|(index, claim)| match &claim.kind {
                ClaimKind::Joint(joint) => Some((index, gate(joint, stage, slot.as_secs_f64())?)),
                ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
            })
            .collect();
        let slots = SlotAssembler::new(grid, rosters, RESULTS_AT_LEAST, first);
        (!gates.is_empty()).then_some(SlotEvidence {
            stage,
            slots,
            gates,
            points: Points::default(),
            begun: BTreeSet::new(),
            valid: 0,
            last_valid: None,
            voids: BTreeMap::new(),
            recent: [Vec::new(), Vec::new()],
            incidents: Vec::new(),
            mostly_late: false,
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
            for gate in self.gates.values_mut() {
                if let Gate::Same(same) = gate {
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
        let states: Vec<_> = self.gates.iter().map(|(index, gate)| (*index, self.judged(gate))).collect();
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
        for gate in self.gates.values_mut() {
            for _ in 0..closed.times.min(FRESH_SLOTS) {
                feed(gate, closed, self.stage, void);
            }
        }
        let percent = self.gates.values().map(Gate::percent).min().unwrap_or(0);
        let ends = Timestamp::from_millis(self.slots.grid().ends_at(closed.slot));
        if self.incidents_so_far() > incidents {
            self.incidents.push(ends.minus(Duration::from_millis(self.slots.grid().slot_ms())));
            let spare = self.incidents.len().saturating_sub(INCIDENTS);
            self.incidents.drain(..spare);
        }
        self.points.push(closed, ends, void, percent);
    }

    fn incidents_so_far(&self) -> u32 {
        let of = |gate: &Gate| match gate {
            Gate::Success(gate) => gate.course().incidents,
            Gate::Latency(_) | Gate::Same(_) => 0,
        };
        self.gates.values().map(of).sum()
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
        let Some(gate) = self.gates.get(&index) else {
            return (EvidenceState::Missing, self.since);
        };
        let state = self.judged(gate);
        match (state, self.fresh_until()) {
            (_, None) => (EvidenceState::Missing, self.since),
            (EvidenceState::Refuted, Some(until)) => (state, until),
            (_, Some(until)) if now > until || self.mostly_late => (EvidenceState::Stale, until),
            (_, Some(until)) => (state, until),
        }
    }

    /// What a claim is after the last slot, were it fresh. Where there is nothing to compare with any more,
    /// the side that carries the traffic must at least have been good in the last slots.
    fn judged(&self, gate: &Gate) -> EvidenceState {
        let state = gate.state(self.observed() >= self.observe_at_least);
        let alone = state == EvidenceState::Proved && gate.rests_on_nothing();
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
        let slo = |gate: &Gate| match gate {
            Gate::Success(gate) => Some(gate.settings().slo),
            Gate::Latency(_) | Gate::Same(_) => None,
        };
        self.gates.values().find_map(slo).unwrap_or(USUAL_SLO)
    }

    /// Everything that the claims rest on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.slots.write(out);
        out.number(self.since.as_millis());
        out.number(self.valid);
        out.option(self.last_valid.as_ref(), |slot, out| out.number(*slot));
        for (index, gate) in &self.gates {
            out.number(*index as u64);
            match gate {
                Gate::Success(gate) => gate.write(out),
                Gate::Latency(latency) => latency.write(out),
                Gate::Same(same) => same.write(out),
            }
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

    /// How long a proof takes at least.
    pub(crate) fn observe_at_least(&self) -> Duration {
        self.observe_at_least
    }
}

impl Gate {
    /// What the claim is after the last slot, were it fresh.
    fn state(&self, observed: bool) -> EvidenceState {
        match self.verdict() {
            ScenarioVerdict::Pass if observed => EvidenceState::Proved,
            ScenarioVerdict::Pass | ScenarioVerdict::Undecided => EvidenceState::Undecided,
            ScenarioVerdict::NoData => EvidenceState::Stale,
            ScenarioVerdict::Regressed | ScenarioVerdict::HostDown => EvidenceState::Refuted,
            ScenarioVerdict::Veto | ScenarioVerdict::Worse => EvidenceState::Refuted,
        }
    }

    /// There is nothing to compare with, and no limit of its own.
    pub(crate) fn rests_on_nothing(&self) -> bool {
        match self {
            Gate::Success(_) => false,
            Gate::Latency(latency) => latency.rests_on_nothing(),
            Gate::Same(same) => same.rests_on_nothing(),
        }
    }

    /// Agents left the roster: what was held against their hosts goes with them.
    pub(crate) fn forget_hosts(&mut self, agents: &[&str]) {
        if let Gate::Success(gate) = self {
            agents.iter().for_each(|agent| gate.forget_host(host_number(agent)));
        }
    }

    /// The attempt that is under way.
    pub(crate) fn attempt(&self) -> u32 {
        match self {
            Gate::Success(gate) => gate.course().attempt,
            Gate::Latency(latency) => latency.gate.course().attempt,
            Gate::Same(_) => 1,
        }
    }

    /// Slots still needed at the present pace; none where it does not come closer.
    pub(crate) fn eta_slots(&self) -> Option<f64> {
        match self {
            Gate::Success(gate) => gate.course().eta_slots,
            Gate::Latency(latency) => latency.gate.course().eta_slots,
            Gate::Same(same) => same.eta_slots(),
        }
    }

    pub(crate) fn verdict(&self) -> ScenarioVerdict {
        match self {
            Gate::Success(gate) => gate.verdict(),
            Gate::Latency(latency) => latency.verdict(),
            Gate::Same(same) => same.verdict(),
        }
    }

    pub(crate) fn percent(&self) -> u8 {
        match self {
            Gate::Success(gate) => gate.course().percent,
            Gate::Latency(latency) => latency.percent(),
            Gate::Same(same) => same.percent(),
        }
    }
}

fn gate(joint: &Joint, stage: Stage, slot_seconds: f64) -> Option<Gate> {
    match joint {
        Joint::Success(claim) => {
            let gate = ScenarioGate::new(settings(claim, stage.compared, slot_seconds)).ok()?;
            Some(Gate::Success(Box::new(gate)))
        }
        Joint::Latency(claim) => Some(Gate::Latency(Box::new(LatencyEvidence::new(claim, stage.compared)?))),
        Joint::Gauge(_) | Joint::Drained(_) | Joint::Silent(_) | Joint::Owner { .. } => None,
        Joint::SameResponse { margin, error_rate } => {
            Some(Gate::Same(Box::new(Same::new(*margin, *error_rate, stage.compared)?)))
        }
        Joint::Parity(_) | Joint::Marks { .. } | Joint::NoDependencyOn(_) => None,
    }
}

/// What a claim of success has to prove.
pub(crate) fn settings(claim: &SuccessClaim, compared: bool, slot_seconds: f64) -> ScenarioSettings {
    ScenarioSettings {
        margin: claim.margin,
        slo: claim.slo,
        alpha: claim.error_rate,
        incidents_per_second: claim.incidents_per_second,
        slot_seconds,
        absolute_only: !compared,
        tuning: Tuning::default(),
    }
}

fn feed(gate: &mut Gate, closed: &ClosedSlot, stage: Stage, void: Option<Void>) {
    match gate {
        Gate::Success(gate) => {
            let subject = closed.side(stage.subject);
            let hosts: Vec<HostSlot> = subject.hosts.iter().map(host).collect();
            let target =
                engine_side(subject.ok, subject.failed, subject.not_run.saturating_add(subject.missing));
            let source = &closed.source;
            let source = stage.compared.then(|| engine_side(source.ok, source.failed, 0)).flatten();
            match (void, target) {
                (None, Some(target)) => gate.slot(&Slot::Pair { target, source, hosts: &hosts }),
                (Some(_), _) | (_, None) => gate.slot(&Slot::Void),
            }
        }
        Gate::Latency(latency) => latency.feed(closed, stage, void),
        Gate::Same(same) => same.close(closed.slot, void.is_some()),
    }
}

fn engine_side(ok: u64, failed: u64, not_run: u64) -> Option<SideSlot> {
    let count = |value: u64| u32::try_from(value).ok();
    SideSlot::counts(count(ok)?, count(ok.checked_add(failed)?.checked_add(not_run)?)?, count(not_run)?).ok()
}

fn host(host: &crate::proof::slots::HostSlot) -> HostSlot {
    let passed = host.results.iter().filter(|passed| **passed).count() as u32;
    HostSlot { host: host_number(&host.agent), passed, failed: host.results.len() as u32 - passed }
}

/// A number that stays the same for an agent's name (FNV-1a, 64 bits).
pub(crate) fn host_number(agent: &str) -> u64 {
    agent.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Which component ran: both sides must have run the same.
fn version(finding: &Finding) -> u64 {
    let bytes = finding.component.as_bytes();
    bytes.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn place(side: Side) -> usize {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}
