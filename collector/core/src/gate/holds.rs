//! Every reason why a gate is shut, in words, with what to do about it.

use tidelock_model::{AgentKey, Level, Name, Phase, Side, Timestamp, mutated};

use super::OperatorHold;
use super::left::of_silence;
use super::needs::Sheet;
use super::rule::next;
use crate::evidence::{Seen, SideEvidence, side_evidence};
use crate::migration::Migration;
use crate::plan::{Direction, Plan, Scenario, before};
use crate::record::Refusal;
use crate::roster::{Member, ONLINE_FOR};
use crate::verdict::{DecisionState, DecisionStatus, EvidenceState, Hold, HoldCode};
use crate::words::{count, span};

impl Migration {
    /// Everything that stands between the gate and an open lease, sorted.
    pub(crate) fn obstacles(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        self.obstacles_where(gate, now, || self.evidence_until(gate, now).is_some())
    }

    /// The same for a caller that has weighed the evidence already: that is the dear part.
    pub(crate) fn obstacles_where(
        &self,
        gate: Phase,
        now: Timestamp,
        proved: impl FnOnce() -> bool,
    ) -> Vec<Hold> {
        let (mut holds, next) = self.but_for_people(gate, now, proved);
        if let Some(sheet) = self.sheet(gate).filter(|_| next && before(gate) == Some(self.phase)) {
            let clear = holds.is_empty();
            holds.extend(self.decision_hold(gate, clear, now));
            if let Some(hold) = self.deadline_hold(gate, sheet, now).filter(|_| !holds.is_empty()) {
                holds.push(hold);
            }
        }
        if next {
            holds.sort_by_key(Hold::order);
        }
        holds
    }

    /// Nothing but people stands between the gate and an open lease; `proved` as above.
    pub(crate) fn waits_for_people_alone(
        &self,
        gate: Phase,
        now: Timestamp,
        proved: impl FnOnce() -> bool,
    ) -> bool {
        self.but_for_people(gate, now, proved).0.is_empty()
    }

    /// What holds the gate whoever says yes, and whether people are asked at all.
    fn but_for_people(
        &self,
        gate: Phase,
        now: Timestamp,
        proved: impl FnOnce() -> bool,
    ) -> (Vec<Hold>, bool) {
        let Some(plan) = self.plan() else {
            let reason = "no plan was applied yet";
            let hold = Hold::new(HoldCode::Plan, self.phase_since, reason, "tidelock plan apply FILE");
            return (vec![hold], false);
        };
        let mut holds = Vec::new();
        if let Some(hold) = self.wrong_phase(gate) {
            holds.push(hold);
            let ahead = (self.phase, gate) == (Phase::Sync, Phase::Cutover);
            if !ahead {
                return (holds, false);
            }
        }
        // Before its own gate a phase may have none, and waits for traffic alone.
        holds.extend(self.switch_hold(gate));
        holds.extend(self.operator_holds(gate));
        holds.extend(self.degraded_hold(gate));
        holds.extend(self.suspended_holds(gate));
        holds.extend(self.alarm_hold(gate, now));
        holds.extend(self.watch_hold(gate, now));
        holds.extend(self.after_holds(gate, now));
        holds.extend(self.run_holds(gate, now));
        holds.extend(self.ledger_holds(gate, now));
        holds.extend(self.desk_holds(gate, now));
        holds.extend(self.unready_holds(gate, now));
        let Some(sheet) = self.sheet(gate) else {
            return (holds, false);
        };
        let proved = proved();
        match proved {
            true => holds.extend(self.stable_hold(gate, sheet, now)),
            false => {
                holds.extend(self.rebuilt_hold(gate));
                holds.extend(self.evidence_holds(plan, (sheet, gate), now));
            }
        }
        self.name_owners(gate, &mut holds);
        let over = self.in_force(gate, now);
        holds.retain(|hold| !over.takes(hold));
        self.name_outgrown(gate, &mut holds);
        if holds.is_empty() && !proved {
            // Never open for want of words.
            let reason = "what it needs is not proved";
            holds.push(Hold::new(HoldCode::ClaimUndecided, self.phase_since, reason, "tidelock status"));
        }
        (holds, true)
    }

    /// The gate is not one that can be open in this phase.
    fn wrong_phase(&self, gate: Phase) -> Option<Hold> {
        let own = matches!(gate, Phase::Sync | Phase::Ready | Phase::Watch) && gate == self.phase;
        let reason = match self.sheet(gate) {
            Some(_) if own || next(self.phase) == Some(gate) => return None,
            Some(_) if self.never_opens(gate) => {
                format!("the migration is {}: gate {gate} can never open any more", self.phase)
            }
            Some(_) => format!("the migration is in {}; gate {gate} does not stand next", self.phase),
            None if next(self.phase) == Some(gate) && gate != Phase::Retired => return None,
            None => format!("the plan has no gate {gate}"),
        };
        Some(Hold::new(HoldCode::Phase, self.phase_since, reason, "tidelock status"))
    }

    /// What evidence does not show, by the plan: silence holds as surely as a failure.
    pub(crate) fn evidence_holds(
        &self,
        plan: &Plan,
        (sheet, gate): (&Sheet, Phase),
        now: Timestamp,
    ) -> Vec<Hold> {
        let mut holds = Vec::new();
        if sheet.nothing && !mutated("zero-of-zero-holds") {
            let reason = "no scenario is needed: zero of zero proves nothing";
            holds.push(Hold::new(HoldCode::Unchecked, self.phase_since, reason, "tidelock plan show"));
        }
        for name in &sheet.unknown {
            let reason = format!("the gate needs {name}, which the plan does not declare");
            let mut hold =
                Hold::new(HoldCode::UnknownCheck, self.phase_since, reason, "tidelock plan check FILE");
            (hold.check, hold.state) = (Some(name.clone()), Some(EvidenceState::Missing));
            holds.push(hold);
        }
        for name in &sheet.unneeded {
            let reason = format!("{name} is critical and no gate needs it");
            let mut hold =
                Hold::new(HoldCode::Unchecked, self.phase_since, reason, "tidelock plan check FILE");
            hold.check = Some(name.clone());
            holds.push(hold);
        }
        // A dead side that the move leaves is one hold: what nobody sees there has no words of its own.
        let unseen = self.unseen_side(gate, now);
        let agents = sheet.sides.iter().filter(|side| Some(**side) != unseen);
        for side in agents {
            holds.extend(self.agents_hold(plan, *side, now));
            holds.extend(self.inventory_holds(plan, *side, now));
            holds.extend(self.canary_holds(*side, now));
        }
        holds.extend(self.unseen_hold(plan, (sheet, gate), now));
        for (name, on) in &sheet.scenarios {
            let Some(scenario) = plan.scenarios.get(name) else {
                continue;
            };
            let found = self.scenario_holds((name, scenario), (on, gate), now);
            // A suspended agent is a hold of its own, whatever it was to check; so is one that is not believed.
            let other = found.into_iter().filter(|it| {
                it.code != HoldCode::Canary && (it.code != HoldCode::Conflict || gate == Phase::RolledBack)
            });
            holds.extend(other.filter(|it| it.side.is_none() || it.side != unseen || !of_silence(it)));
        }
        holds.extend(sheet.manual.iter().filter_map(|name| self.manual_hold(plan, name, now)));
        holds
    }

    /// What a scenario does not show, a hold for each of the sides.
    pub(crate) fn scenario_holds(
        &self,
        (name, scenario): (&Name, &Scenario),
        (on, gate): (&[Side], Phase),
        now: Timestamp,
    ) -> Vec<Hold> {
        let next = format!("tidelock why {name}");
        if on.is_empty() {
            let reason = format!("{name} runs on no side, so nothing proves it");
            let mut hold = Hold::new(HoldCode::Unchecked, self.phase_since, reason, next);
            (hold.check, hold.level) = (Some(name.clone()), Some(scenario.level));
            return vec![hold];
        }
        let begun = self.evidence_begun();
        let found =
            on.iter().map(|side| side_evidence(self.seen(), (name, scenario), (*side, gate), begun, now));
        found.filter_map(|found| side_hold(name, scenario.level, found, &next)).collect()
    }

    pub(crate) fn seen(&self) -> Seen<'_> {
        let least = |side| self.plan().map_or(1, |plan| plan.environment(side).agents_at_least);
        let least = Side::BOTH.map(least);
        Seen { roster: &self.roster, board: &self.board, joints: &self.joints, least }
    }

    /// When evidence could first be given at all.
    pub(crate) fn evidence_begun(&self) -> Timestamp {
        self.current.as_ref().map_or(self.phase_since, |current| current.first_applied)
    }

    pub(crate) fn agents_hold(&self, plan: &Plan, side: Side, now: Timestamp) -> Option<Hold> {
        if self.enough_agents_until(plan, side, now).is_some() {
            return None;
        }
        let least = plan.environment(side).agents_at_least.max(1);
        let online = self.roster.owing(side, now).filter(|(_, member)| member.online(now)).count();
        let reason =
            format!("{online} of at least {} on {side} online", count(u64::from(least), "agent", "agents"));
        // Enough were there until the last of them fell silent that could be spared.
        let mut heard: Vec<Timestamp> = self
            .roster
            .owing(side, now)
            .filter_map(|(_, member)| Some(member.heard?.plus(ONLINE_FOR)))
            .collect();
        heard.sort_unstable_by(|a, b| b.cmp(a));
        let since = usize::try_from(least).ok().and_then(|least| heard.get(least - 1).copied());
        // Those that are enrolled and silent have to be looked at; those that never joined need a token.
        let enrolled = u32::try_from(self.roster.owing(side, now).count()).unwrap_or(u32::MAX);
        let next = match enrolled < least {
            true => format!("tidelock agent token --side {side}"),
            false => "tidelock agent ls".to_owned(),
        };
        let mut hold = Hold::new(HoldCode::Agents, since.unwrap_or(self.phase_since), reason, next);
        (hold.side, hold.state) = (Some(side), Some(EvidenceState::Missing));
        Some(hold)
    }

    /// Somebody pressed hold. It never stands in the way back.
    pub(crate) fn operator_holds(&self, gate: Phase) -> Vec<Hold> {
        let several = self.gates.operator.len() > 1;
        let holds = self.gates.operator.values().filter(|_| gate != Phase::RolledBack);
        let shown = |hold: &OperatorHold| {
            let next = match several {
                true => format!("tidelock release --of {} --reason TEXT", hold.holder()),
                false => "tidelock release --reason TEXT".to_owned(),
            };
            Hold::new(HoldCode::Operator, hold.at, hold.line(), next)
        };
        holds.map(shown).collect()
    }

    /// Agents that contradicted themselves, or whose name two speak in: they hold the migration, not one check, until
    /// a person has looked. The way back goes by its evidence alone.
    pub(crate) fn suspended_holds(&self, gate: Phase) -> Vec<Hold> {
        let suspended = self.roster.iter().filter(|(_, member)| !member.revoked && gate != Phase::RolledBack);
        let hold = |(agent, member): (&AgentKey, &Member)| {
            let (since, text) = member.suspended.as_ref()?;
            let reason =
                format!("{agent} is suspended: {text}; revoke it, and let it join under another name");
            let (name, side) = (&agent.name, agent.side);
            let next = format!("tidelock agent revoke {name} --side {side} --reason TEXT");
            let mut hold = Hold::new(HoldCode::Conflict, *since, reason, next);
            (hold.side, hold.agent) = (Some(agent.side), Some(agent.name.clone()));
            Some(hold)
        };
        suspended.filter_map(hold).collect()
    }

    /// A check of the switch that an agent says it cannot carry out: it would be noticed when writes are shut. What
    /// runs already is held as evidence.
    fn unready_holds(&self, gate: Phase, now: Timestamp) -> Vec<Hold> {
        let Some(plan) = self.plan().filter(|_| gate == Phase::Cutover) else { return Vec::new() };
        let during = |scenario: &Scenario| {
            let runs = |phase: Phase| scenario.phases.contains(&phase);
            !runs(self.phase) && (runs(Phase::Cutover) || runs(Phase::Watch))
        };
        let mut holds = Vec::new();
        for (agent, member) in Side::BOTH.into_iter().flat_map(|side| self.roster.owing(side, now)) {
            let wanted = |check: &Name| {
                let scenario = plan.scenarios.get(check);
                scenario.is_some_and(|it| it.sides.contains(&agent.side) && during(it))
            };
            for (check, (since, refusal)) in member.refused.iter().filter(|(check, _)| wanted(check)) {
                let Refusal { cause, reason, .. } = refusal;
                let reason = format!("{agent} cannot carry it out during the switch: {cause}: {reason}");
                let next = format!("tidelock check show {check}");
                let mut hold = Hold::new(HoldCode::Refused, *since, reason, next);
                (hold.check, hold.side) = (Some(check.clone()), Some(agent.side));
                hold.agent = Some(agent.name.clone());
                holds.push(hold);
            }
        }
        holds
    }

    /// What is found now is not kept, so what is proved would be the past. It never stands in the way back.
    pub(crate) fn degraded_hold(&self, gate: Phase) -> Option<Hold> {
        let hold = self.gates.degraded.as_ref().filter(|_| gate != Phase::RolledBack)?;
        let reason = format!("the collector cannot keep findings: {}", hold.reason);
        Some(Hold::new(HoldCode::Degraded, hold.at, reason, "tidelock status"))
    }

    fn switch_hold(&self, gate: Phase) -> Option<Hold> {
        let (moved, side) = match gate {
            // With a runbook its own holds say what is missing.
            Phase::Watch if self.walks(Direction::Cutover) => return None,
            Phase::RolledBack if self.walks(Direction::Rollback) => return None,
            Phase::Watch => (self.traffic.switched, "target"),
            Phase::RolledBack => (self.traffic.back, "source"),
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Committed => return None,
            Phase::Retired | Phase::RollingBack | Phase::Aborted => return None,
        };
        let reason = format!("nobody has reported yet that traffic is on the {side}");
        let hold = Hold::new(HoldCode::Switch, self.phase_since, reason, "tidelock switched");
        moved.is_none().then_some(hold)
    }

    fn stable_hold(&self, gate: Phase, sheet: &Sheet, now: Timestamp) -> Option<Hold> {
        let needed = sheet.rule.stable_for;
        let since = self.gates.steady.get(&gate).map(|steady| steady.since);
        let witnessed = self.witnesses_gone(gate, sheet, now);
        if witnessed || now.since(since.unwrap_or(now)) >= needed {
            return None;
        }
        let proved = match self.passed_by(gate, now) {
            None => "all that it needs is proved".to_owned(),
            Some(passed) => format!("{passed}, all else that it needs is proved"),
        };
        let reason = format!("{proved}; waiting for {} without a break", span(needed));
        Some(Hold::new(HoldCode::Stable, since.unwrap_or(now), reason, format!("tidelock gate wait {gate}")))
    }

    fn decision_hold(&self, gate: Phase, clear: bool, now: Timestamp) -> Option<Hold> {
        let status = self.decision_status(gate, now)?;
        let (name, needed) = (&status.name, count(u64::from(status.needed), "voice", "voices"));
        let ended = self.gates.ballots.get(name).and_then(|ballot| ballot.ended.as_ref());
        // Once nothing else holds the gate people are asked again, also where they spoke before.
        let whom = if clear { self.waits_for(&status, gate) } else { asked(&status) };
        // Somebody who said no is asked again only once something changed.
        let asks = status.state != DecisionState::Refused || self.asked_since(name, gate).is_some();
        let again = if clear && asks { format!("; it waits for {whom} again") } else { String::new() };
        let reason = match status.state {
            DecisionState::Given => return None,
            _ if status.who.is_empty() => format!("the plan names nobody who decides {name}"),
            DecisionState::Refused | DecisionState::Void => {
                let why = ended.map(|(_, _, why)| why.as_str()).unwrap_or_default();
                format!("{name} is {}: {why}{again}", status.state.word())
            }
            DecisionState::Expired => {
                format!("{name} was given too long ago: ask {whom} again")
            }
            DecisionState::NotAsked | DecisionState::Asked if clear => {
                format!("waits for {whom} to decide {name}: {} of {needed}", status.given)
            }
            DecisionState::NotAsked | DecisionState::Asked => {
                format!("{name} is not given by {whom}: {} of {needed}", status.given)
            }
        };
        let mut hold =
            Hold::new(HoldCode::Decision, status.since, reason, format!("tidelock decide {name} --go"));
        hold.check = Some(status.name);
        Some(hold)
    }

    /// A deadline opens nothing and shuts nothing: it says that people must decide how to go on.
    fn deadline_hold(&self, gate: Phase, sheet: &Sheet, now: Timestamp) -> Option<Hold> {
        let deadline = self.phase_since.plus(sheet.rule.deadline?);
        let limit = span(sheet.rule.deadline?);
        let reason =
            format!("gate {gate} should have opened within {limit}: decide whether to go on or back");
        (now > deadline).then(|| Hold::new(HoldCode::Deadline, deadline, reason, "tidelock status"))
    }
}

/// The people who decide, and who may in their place: nobody should have to look that up at night.
fn asked(status: &DecisionStatus) -> String {
    let names = |names: &[Name]| names.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ");
    match status.deputies.is_empty() {
        true => names(&status.who),
        false => format!("{} (or {})", names(&status.who), names(&status.deputies)),
    }
}

fn side_hold(name: &Name, level: Level, found: SideEvidence, next: &str) -> Option<Hold> {
    let status = found.status;
    if status.state == EvidenceState::Proved {
        return None;
    }
    Some(Hold {
        check: Some(name.clone()),
        level: Some(level),
        side: Some(status.side),
        state: Some(status.state),
        seen: status.seen,
        agent: status.agent,
        remaining: status.remaining,
        ..Hold::new(found.code, found.since, status.value, next)
    })
}
