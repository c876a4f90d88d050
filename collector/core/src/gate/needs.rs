//! What each gate needs, resolved once a plan, and whether all of it is proved at a moment.

use std::collections::BTreeMap;

use tidelock_model::{Name, Phase, Side, Timestamp, mutated};

use super::kept::{Known, Weighed};
use super::lease::MOMENT;
use super::rule::{live, needed, next, rule, sides, unneeded};
use crate::evidence::{lane_state, voices};
use crate::joint::{has_joint, has_simple};
use crate::migration::Migration;
use crate::plan::{ClaimKind, GateRule, ManualCheck, Plan, Scenario};
use crate::roster::ONLINE_FOR;
use crate::verdict::EvidenceState;

/// What one gate needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sheet {
    pub(crate) rule: GateRule,
    /// Scenarios, each with the sides on which it is needed.
    pub(crate) scenarios: Vec<(Name, Vec<Side>)>,
    /// The sides whose agents are needed.
    pub(crate) sides: Vec<Side>,
    pub(crate) manual: Vec<Name>,
    /// Needed, and declared nowhere.
    pub(crate) unknown: Vec<Name>,
    /// Critical, and needed nowhere.
    pub(crate) unneeded: Vec<Name>,
    /// Nothing at all is needed where something must be: zero of zero proves nothing.
    pub(crate) nothing: bool,
}

/// Resolves what every gate of the plan needs.
pub(crate) fn sheets(plan: &Plan) -> BTreeMap<Phase, Sheet> {
    Phase::ALL.iter().filter_map(|gate| Some((*gate, sheet(plan, *gate)?))).collect()
}

/// The gate `cutover` needs what `ready` needs as well.
fn sheet(plan: &Plan, gate: Phase) -> Option<Sheet> {
    let own = rule(plan, gate)?;
    let before = rule(plan, Phase::Ready).filter(|_| gate == Phase::Cutover).map(|rule| (Phase::Ready, rule));
    let rules: Vec<(Phase, GateRule)> = before.into_iter().chain([(gate, own.clone())]).collect();
    let wants = |name: &Name| rules.iter().any(|(_, rule)| rule.needs.contains(name));
    let scenarios: Vec<(Name, Vec<Side>)> = (plan.scenarios.iter())
        .filter(|(name, scenario)| rules.iter().any(|(of, rule)| needed(rule, *of, name, scenario)))
        .map(|(name, scenario)| (name.clone(), sides(gate, scenario)))
        .filter(|(_, sides)| gate != Phase::RolledBack || !sides.is_empty())
        .collect();
    let declared = |name: &Name| plan.scenarios.contains_key(name) || plan.manual_checks.contains_key(name);
    let mut unknown: Vec<Name> =
        rules.iter().flat_map(|(_, rule)| &rule.needs).filter(|name| !declared(name)).cloned().collect();
    unknown.dedup();
    // What is left of the move is removed by hand: synthetic users, replication slots, a restore that was tried.
    let last = |check: &ManualCheck| gate == Phase::Retired && check.phase == Some(Phase::Committed);
    let manual = plan.manual_checks.iter().filter(|(name, check)| wants(name) || last(check));
    let may_be_empty = matches!(gate, Phase::Sync | Phase::Watch);
    let whole = matches!(gate, Phase::Ready | Phase::Cutover);
    Some(Sheet {
        sides: Side::BOTH
            .into_iter()
            .filter(|side| scenarios.iter().any(|(_, on)| on.contains(side)))
            .collect(),
        nothing: scenarios.iter().all(|(_, on)| on.is_empty()) && !may_be_empty,
        scenarios,
        manual: manual.map(|(name, _)| name.clone()).collect(),
        unknown,
        unneeded: if whole { unneeded(plan).cloned().collect() } else { Vec::new() },
        rule: own,
    })
}

impl Migration {
    /// What the gate needs; none where the plan has no such gate.
    pub(crate) fn sheet(&self, gate: Phase) -> Option<&Sheet> {
        self.current.as_ref()?.sheets.get(&gate)
    }

    /// All that the gate needs of evidence is proved at `now`; gives back until when that lasts if
    /// nothing more is heard.
    pub(crate) fn evidence_until(&self, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        let plan = self.plan()?;
        let agents = Side::BOTH.map(|side| self.agents_until(plan, side, now));
        self.needs_until((gate, &agents), now, &mut Known::default())
    }

    /// The agents of a side are as they must be, and until when if none is heard again.
    fn agents_until(&self, plan: &Plan, side: Side, now: Timestamp) -> Option<Timestamp> {
        let until = self.enough_agents_until(plan, side, now)?.min(self.canaries_until(side, now)?);
        self.inventory_fits(plan, side, now).then_some(until)
    }

    /// The same, where the agents of both sides are known, and something of the scenarios.
    fn needs_until(
        &self,
        (gate, agents): (Phase, &[Option<Timestamp>; 2]),
        now: Timestamp,
        known: &mut Known,
    ) -> Option<Timestamp> {
        let (plan, sheet) = (self.plan()?, self.sheet(gate)?);
        // What people overrode is not asked here, for as long as that counts.
        let over = self.in_force(gate, now);
        let asked = |name: &&Name| !over.covers_check(name);
        if sheet.nothing || sheet.unknown.iter().chain(&sheet.unneeded).any(|name| asked(&name)) {
            return None;
        }
        let mut until = over.ends().map_or(Timestamp::from_millis(u64::MAX), |ends| ends.minus(MOMENT));
        for name in sheet.manual.iter().filter(asked) {
            until = until.min(self.manual_until(plan, name, now)?);
        }
        if self.witnesses_gone(gate, sheet, now) {
            return Some(until);
        }
        until = self.calm_until(gate, now).map_or(until, |calm| until.min(calm));
        let passed = match over.names().is_empty() {
            true => [false; 2],
            false => Side::BOTH.map(|side| self.passed_over(gate, side, now)),
        };
        let place = |side: Side| usize::from(side == Side::Target);
        let passed = |side: Side| passed[place(side)];
        for side in sheet.sides.iter().filter(|side| !passed(**side)) {
            until = until.min(agents[place(*side)]?);
        }
        for (place, (name, on)) in sheet.scenarios.iter().enumerate().filter(|(_, (name, _))| asked(&name)) {
            if on.iter().any(|side| passed(*side)) {
                let asked = |side: &&Side| !passed(**side) || self.more_than_unseen(gate, name, **side, now);
                for side in on.iter().filter(asked) {
                    until = until.min(self.side_proved_until(
                        gate,
                        (name, plan.scenarios.get(name)?),
                        *side,
                        now,
                    )?);
                }
                continue;
            }
            until = until.min(known.until(place, now, || self.weigh_scenario(gate, (name, on), now))?);
        }
        Some(until)
    }

    /// Weighs a scenario on all sides that the gate asks.
    fn weigh_scenario(&self, gate: Phase, (name, on): (&Name, &[Side]), now: Timestamp) -> Weighed {
        let Some(scenario) = self.plan().and_then(|plan| plan.scenarios.get(name)) else {
            return Weighed { until: None, may_recover: false };
        };
        let until = on.iter().try_fold(None, |until: Option<Timestamp>, side| {
            let lasts = self.side_proved_until(gate, (name, scenario), *side, now)?;
            Some(Some(until.map_or(lasts, |until| until.min(lasts))))
        });
        // Of several that look at one thing, one that saw it move counts for as long as its look is fresh.
        Weighed { until: until.flatten(), may_recover: has_joint(scenario) }
    }

    fn side_proved_until(
        &self,
        gate: Phase,
        (name, scenario): (&Name, &Scenario),
        side: Side,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut until = match voices(self.seen(), (name, scenario), side, now) {
            None => None,
            Some(voices) => Some(voices.until?),
        };
        let simple = has_simple(scenario);
        for (agent, member) in self.roster.owing(side, now) {
            if member.suspended.is_some() || member.refused.contains_key(name) {
                return None;
            }
            if !simple {
                continue;
            }
            if member.doubted_since.is_some() {
                return None;
            }
            let lane = self.board.lane(name, agent);
            if lane_state(lane, scenario, now) != EvidenceState::Proved {
                return None;
            }
            let stale = lane.and_then(|lane| lane.newest.as_ref())?.fresh_until;
            until = Some(until.map_or(stale, |until: Timestamp| until.min(stale)));
        }
        for (index, claim) in scenario.claims.iter().enumerate() {
            if let ClaimKind::Joint(_) = &claim.kind {
                let (state, lasts) = self.joints.get(name)?.state((index, side), gate, now);
                let lasts = Some(lasts).filter(|_| state == EvidenceState::Proved)?;
                until = Some(until.map_or(lasts, |until: Timestamp| until.min(lasts)));
            }
        }
        until
    }

    /// Enough agents of the side are online, and until when if none is heard again.
    pub(crate) fn enough_agents_until(&self, plan: &Plan, side: Side, now: Timestamp) -> Option<Timestamp> {
        let asked = if mutated("a-side-has-its-least") { 1 } else { plan.environment(side).agents_at_least };
        let least = usize::try_from(asked.max(1)).ok()?;
        let mut ends: Vec<Timestamp> = (self.roster.owing(side, now))
            .filter(|(_, member)| member.online(now))
            .filter_map(|(_, member)| {
                Some(member.heard?.plus(ONLINE_FOR).min(member.certificate_ends.minus(MOMENT)))
            })
            .collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        ends.get(least - 1).copied()
    }

    /// Notes since when each gate's evidence is proved; what breaks it, breaks approvals and leases.
    pub(crate) fn settle(&mut self, at: Timestamp) {
        let Some(plan) = self.current.as_ref().map(|current| current.plan.clone()) else {
            return;
        };
        self.outgrow(at);
        let live = live(&plan, self.phase);
        self.gates.steady.retain(|gate, _| live.contains(gate));
        let position = self.position;
        let agents = Side::BOTH.map(|side| self.agents_until(&plan, side, at));
        let mut kept = std::mem::take(&mut self.gates.kept);
        for gate in live.iter().copied() {
            let until = self.sheet(gate).and_then(|sheet| {
                let known = kept.of(gate, &sheet.scenarios);
                self.needs_until((gate, &agents), at, known)
            });
            debug_assert_eq!(until, self.evidence_until(gate, at), "what was kept of gate {gate} is not so");
            let over = self.in_force(gate, at).ends().is_some();
            let was_over = self.gates.steady.get(&gate).is_some_and(|steady| steady.over);
            // Where an override ends, what it covered has to be proved anew, and for as long as ever.
            if let Some(until) = until.filter(|_| over || !was_over) {
                let steady =
                    self.gates.steady.entry(gate).or_insert(Steady { since: at, until, over, position });
                (steady.until, steady.over) = (until, over);
                self.gates.shorten(gate, until);
                continue;
            }
            self.gates.steady.remove(&gate);
            if let Some(lease) = self.gates.leases.get_mut(&gate) {
                lease.broken = true;
            }
            let asked = self.sheet(gate).and_then(|sheet| sheet.rule.decision.clone());
            if let (true, Some(decision)) = (next(self.phase) == Some(gate), asked) {
                self.void(at, &decision, "the evidence it was given on changed");
            }
            if let Some(until) = until {
                self.gates.steady.insert(gate, Steady { since: at, until, over, position });
            }
        }
        kept.settled(&live);
        self.gates.kept = kept;
        self.note_retire(at);
        self.settle_questions(at);
        self.void_refuted(at);
    }

    /// What time alone did until `at`. Proved evidence lasts until it is stale, and what is not proved
    /// is not made so by waiting, so most of the time there is nothing to do.
    pub(crate) fn settle_before(&mut self, at: Timestamp) {
        if self.gates.steady.values().any(|steady| at > steady.until) || self.may_outgrow(at) {
            self.gates.kept.forget();
            self.settle(at);
        } else if at > self.clock {
            self.void_refuted(at);
        }
    }
}

/// Since when all that a gate needs is proved, and until when if nothing more is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steady {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// People overrode a part of it.
    pub(crate) over: bool,
    /// The finding that made it so, or the last one before: who saw less saw another evidence.
    pub(crate) position: u64,
}
