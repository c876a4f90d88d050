//! What was decided becomes the state. Nothing here can fail: what does not fit is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidelock_model::{AgentKey, Name, Phase, Sha256, Side, Timestamp, mutated};

use super::OperatorHold;
use super::needs::sheets;
use super::people::Ballot;
use super::rule::{live, may_move};
use crate::board::{NotCounted, same_check};
use crate::joint::{AfterSwitch, moved_places};
use crate::migration::{Current, ManualDone, Migration};
use crate::plan::{Plan, Scenario};
use crate::record::{Event, EventKind};
use crate::verdict::DecisionState;

impl Migration {
    pub(crate) fn decided(&mut self, at: Timestamp, event: &Event) {
        self.requests.remember(event.by.as_ref(), &event.request_id, &event.kind);
        let fits = match &event.kind {
            EventKind::PlanApplied { revision, hash, plan, grid_origin } => {
                self.plan_applied(at, *revision, *hash, plan, *grid_origin)
            }
            EventKind::PhaseChanged { from, to } => self.moved(at, *from, *to),
            EventKind::Decided { decision, go, complete, .. } => {
                self.voted(at, event, decision, *go, *complete)
            }
            EventKind::HoldSet => self.held_by(at, event),
            EventKind::HoldReleased { of } => self.released(of.as_ref()),
            EventKind::Degraded { ended: false } => {
                let hold = OperatorHold { at, by: None, reason: event.reason.clone(), reasons: 1 };
                self.gates.new_epoch();
                self.gates.degraded.replace(hold).is_none()
            }
            EventKind::Degraded { ended: true } => self.gates.degraded.take().is_some(),
            EventKind::ManualCheckDone { check, evidence, failed } => {
                self.manual_done_at(at, event, check, evidence, *failed)
            }
            EventKind::LeaseGranted { gate, epoch, valid_until } => {
                let may = self.plan().is_some_and(|plan| live(plan, self.phase).contains(gate));
                may && self.gates.grant(at, *gate, *epoch, *valid_until)
            }
            EventKind::LeaseRevoked { gate, epoch } => {
                self.gates.revoke(*gate, *epoch);
                true
            }
            EventKind::CutoverConfirmed { epoch } => self.confirmed(at, *epoch),
            EventKind::Switched { to } => self.switched(at, *to),
            EventKind::AgentEnrolled { agent, certificate_ends } => {
                self.enrolled(at, agent, *certificate_ends)
            }
            EventKind::AgentRevoked { agent } => {
                // Whoever chooses the witnesses hears them all anew.
                self.board.start_anew(at, agent.side);
                let known = self.roster.revoke(agent);
                self.begin_joints(at, |_, _| true);
                known
            }
            EventKind::ConflictFound { agent, text } => {
                self.board.forget(agent);
                let known = self.roster.suspend(at, agent, text);
                // Nobody knows which of its words were true: what rests on them begins anew.
                self.begin_joints(at, |_, _| true);
                known
            }
            EventKind::RunBegun { .. }
            | EventKind::RunTaken { .. }
            | EventKind::RunLeft { .. }
            | EventKind::StepBegun { .. }
            | EventKind::StepEnded { .. }
            | EventKind::StepProved { .. }
            | EventKind::StepSettled { .. }
            | EventKind::RunTurned { .. }
            | EventKind::NoReturnPassed { .. }
            | EventKind::RunEnded { .. } => {
                let fits = self.run_event(at, event);
                self.open_by(at, event, fits);
                fits
            }
            EventKind::CutoversSet { .. }
            | EventKind::PlanProposed { .. }
            | EventKind::FactSet { .. }
            | EventKind::Overridden { .. }
            | EventKind::Noticed(_) => self.desk_event(at, event),
            EventKind::LeftoverSettled { .. } => self.leftover_event(at, event),
            EventKind::AccessChanged(change) => self.access_changed(at, event, change),
            EventKind::CheckRun { .. } => true,
            EventKind::Filed(filed) => self.filed(at, filed),
            EventKind::RevisionSet { side, revision } => {
                let before = self.builds.insert(*side, revision.clone());
                if before.as_ref() != Some(revision) {
                    self.rebuilt(at, *side);
                }
                self.start_anew(at, &[*side], "the environment is on another revision");
                true
            }
        };
        if !fits {
            self.board.skip(NotCounted::Unfitting, 1);
        }
    }

    fn manual_done_at(
        &mut self,
        at: Timestamp,
        event: &Event,
        check: &Name,
        evidence: &str,
        failed: bool,
    ) -> bool {
        let done = ManualDone { at, by: event.by.clone(), evidence: evidence.to_owned(), failed };
        self.manual.insert(check.clone(), done);
        true
    }

    fn enrolled(&mut self, at: Timestamp, agent: &AgentKey, certificate_ends: Timestamp) -> bool {
        let renews = self.roster.owing(agent.side, at).any(|(key, _)| key == agent);
        if !renews {
            self.young.forget(agent);
        }
        let back = self.roster.enrol(at, agent, certificate_ends);
        let canary = self.plan().and_then(|plan| plan.canary.as_ref()).map(|canary| canary.component);
        if let Some(member) = self.roster.get_mut(agent) {
            member.canary.ask(at, canary);
        }
        if back == Some(true) {
            self.board.forget(agent);
            self.joints.forget(agent);
        }
        back.is_some()
    }

    fn plan_applied(
        &mut self,
        at: Timestamp,
        revision: u64,
        hash: Sha256,
        plan: &Plan,
        origin: Timestamp,
    ) -> bool {
        if revision != self.revision() + 1 {
            return false;
        }
        let old = self.current.take();
        let before = old.as_ref().map(|current| current.plan.clone());
        self.board.replan(before.as_deref(), plan, revision);
        self.hashes.insert(revision, hash);
        self.roster.ask_canary(at, plan.canary.as_ref().map(|canary| canary.component));
        // A manual check that is another one now was not made.
        let same = |name: &Name| {
            before.as_ref().is_some_and(|old| old.manual_checks.get(name) == plan.manual_checks.get(name))
        };
        self.manual.retain(|name, _| same(name));
        if old.is_none() {
            self.phase_since = at;
            self.desk.enter(at, self.phase);
        }
        self.current = Some(Current {
            sheets: Arc::new(sheets(plan)),
            plan: Arc::new(plan.clone()),
            revision,
            hash,
            grid_origin: old.as_ref().map_or(origin, |current| current.grid_origin),
            first_applied: old.as_ref().map_or(at, |current| current.first_applied),
        });
        let moved = before.as_ref().map(|old| moved_places(old, plan)).unwrap_or_default();
        let kept = |name: &Name, scenario: &Scenario| {
            let unchanged =
                |side: &Side| before.as_ref().is_some_and(|old| same_check(old, plan, name, *side));
            let environments = before.as_ref().is_some_and(|old| {
                old.evidence == plan.evidence
                    && Side::BOTH.iter().all(|side| {
                        old.environment(*side).agents_at_least == plan.environment(*side).agents_at_least
                    })
            });
            let asked = before.as_ref().and_then(|old| old.scenarios.get(name));
            let quorum = asked.is_some_and(|old| old.agents_at_least == scenario.agents_at_least);
            let places = scenario.must_not_come_from().all(|side| !moved.contains(&side));
            environments && quorum && places && scenario.sides.iter().all(unchanged)
        };
        self.begin_joints(at, |name, scenario| !kept(name, scenario));
        let phase = self.phase;
        self.begin_lanes(at, |name, _| {
            let known = before.as_ref().and_then(|old| old.scenarios.get(name));
            known.is_some_and(|known| !known.phases.contains(&phase))
        });
        self.watch_by(at, plan);
        self.unsettle(at, "the plan changed");
        true
    }

    /// Tokens, approvals and stability are of what was before.
    fn unsettle(&mut self, at: Timestamp, why: &str) {
        self.void_all(at, why, |_| true);
        self.settle_anew(at);
    }

    /// The same but for what people said.
    fn settle_anew(&mut self, at: Timestamp) {
        self.gates.new_epoch();
        self.gates.steady.clear();
        self.gates.proved_to_retire = None;
        self.desk.unsettle(at);
    }

    /// Begins the evidence epoch of the named scenarios anew.
    fn begin_joints(&mut self, at: Timestamp, which: impl Fn(&Name, &Scenario) -> bool) {
        if let Some(current) = &self.current {
            self.joints.staff(&self.roster, current, at);
            self.joints.begin(at, current, (&self.traffic, self.phase), which);
        }
    }

    /// Begins anew what each agent found of the checks that run now and that `rested` until now.
    fn begin_lanes(&mut self, at: Timestamp, rested: impl Fn(&Name, &Scenario) -> bool) {
        let Some(current) = &self.current else { return };
        for (name, scenario) in &current.plan.scenarios {
            if scenario.phases.contains(&self.phase) && rested(name, scenario) {
                self.board.begin(at, name);
            }
        }
    }

    fn start_anew(&mut self, at: Timestamp, sides: &[Side], why: &str) {
        sides.iter().for_each(|side| self.board.start_anew(at, *side));
        self.begin_joints(at, |_, _| true);
        // Whoever wants to go back wants it of this target, whatever runs there and wherever traffic is.
        self.void_all(at, why, |decision| decision != "rollback");
        self.settle_anew(at);
    }

    /// A side runs another build than before.
    pub(crate) fn rebuilt(&mut self, at: Timestamp, side: Side) {
        let watched = side == Side::Target && matches!(self.phase, Phase::Cutover | Phase::Watch);
        self.after.iter_mut().filter(|_| watched).for_each(|after| after.rebuild(at));
    }

    fn voted(&mut self, at: Timestamp, event: &Event, decision: &Name, go: bool, complete: bool) -> bool {
        let automatic = self.plan().is_some_and(|plan| plan.rollback.automatic) && decision == "rollback";
        let ballot: &mut Ballot = self.gates.ballots.entry(decision.clone()).or_default();
        let Some(by) = &event.by else {
            // Nobody's voice but the plan's, where it says so.
            let takes = automatic && go && complete;
            if takes {
                (ballot.complete, ballot.ended) = (true, None);
                self.gates.new_epoch();
                self.desk.voted(decision, go, complete);
            }
            return takes;
        };
        self.desk.voted(decision, go, complete);
        if go {
            ballot.ended = None;
            ballot.voices.insert(by.clone(), at);
            ballot.complete |= complete;
        } else {
            ballot.end(DecisionState::Refused, at, format!("{by} said no: {}", event.reason));
            if decision == "rollback" {
                // Somebody who decides has seen the alarm, and stays.
                self.after.iter_mut().for_each(AfterSwitch::acknowledge);
            }
        }
        if !go || complete && decision == "rollback" {
            self.gates.new_epoch();
        }
        true
    }

    fn held_by(&mut self, at: Timestamp, event: &Event) -> bool {
        let (by, reason) = (event.by.clone(), event.reason.clone());
        let hold = OperatorHold { at, by: by.clone(), reason: reason.clone(), reasons: 1 };
        // Who holds already holds since then, for the newest reason.
        let again = |hold: &mut OperatorHold| {
            (hold.reason, hold.reasons) = (reason, hold.reasons.saturating_add(1));
        };
        self.gates.operator.entry(by).and_modify(again).or_insert(hold);
        self.gates.new_epoch();
        true
    }

    /// Ends one hold. Records of before holds had names ended every one.
    fn released(&mut self, of: Option<&Name>) -> bool {
        self.gates.new_epoch();
        let held = self.gates.operator.remove(&of.cloned()).is_some();
        if of.is_some() || held {
            return held;
        }
        !std::mem::take(&mut self.gates.operator).is_empty()
    }

    fn confirmed(&mut self, at: Timestamp, epoch: u64) -> bool {
        let current = self.gates.leases.get(&Phase::Cutover).is_some_and(|lease| lease.epoch == epoch);
        if self.phase != Phase::Ready || !current {
            return false;
        }
        self.enter(at, Phase::Cutover);
        self.open_unwalked(at);
        true
    }

    /// Production load is a new situation: what was proved before the switch was proved elsewhere.
    fn switched(&mut self, at: Timestamp, to: Side) -> bool {
        match (to, self.phase, self.traffic.switched, self.traffic.back) {
            (Side::Target, Phase::Cutover, None, None) => {
                self.traffic.switched = Some(at);
                self.traffic.opened.get_or_insert(at);
            }
            (Side::Source, Phase::RollingBack, _, None) => self.traffic.back = Some(at),
            (Side::Target | Side::Source, ..) => return false,
        }
        self.after = match to {
            Side::Target => self.plan().and_then(|plan| AfterSwitch::begin(plan, at)),
            Side::Source => None,
        };
        self.start_anew(at, &Side::BOTH, "traffic was moved");
        true
    }

    fn moved(&mut self, at: Timestamp, from: Phase, to: Phase) -> bool {
        if from != self.phase || !may_move(from, to) {
            return false;
        }
        if from == Phase::Cutover && matches!(to, Phase::Sync | Phase::Aborted) {
            if !self.reversible() {
                return false;
            }
            // Nobody is on the target any more, and whoever said go said it of another moment.
            if self.traffic.switched.take().is_some() {
                self.start_anew(at, &Side::BOTH, "traffic was moved back");
            }
            self.traffic.opened = None;
            self.after = None;
            self.unsettle(at, "the cutover was taken back");
        }
        if matches!(to, Phase::RollingBack | Phase::Aborted) {
            self.unsettle(at, "the migration goes another way");
        }
        if (from, to) == (Phase::Ready, Phase::Sync) && !mutated("a-go-dies-when-ready-shuts") {
            self.void_of_ready(at);
        }
        self.enter(at, to);
        true
    }

    /// What a yes rested on is shown anew before `ready` is entered again, and may be another thing then, also where
    /// the gate that it was given for needed nothing of what broke.
    fn void_of_ready(&mut self, at: Timestamp) {
        let asks = |gate: Phase| self.sheet(gate).and_then(|sheet| sheet.rule.decision.clone());
        let decisions: Vec<Name> = [Phase::Ready, Phase::Cutover].into_iter().filter_map(asks).collect();
        decisions
            .iter()
            .for_each(|it| self.void(at, it, "the migration went back to sync since it was given"));
    }

    fn enter(&mut self, at: Timestamp, phase: Phase) {
        self.spend(at, phase);
        self.gates.leases = BTreeMap::new();
        let before = std::mem::replace(&mut self.phase, phase);
        self.phase_since = at;
        // What did not run until now has nothing to tell of the time before, and what runs no longer owes nothing.
        self.begin_joints(at, |_, _| false);
        self.begin_lanes(at, |_, scenario| !scenario.phases.contains(&before));
        self.desk.enter(at, phase);
    }

    /// A voice is for one gate: another that asks for the same decision asks anew.
    fn spend(&mut self, at: Timestamp, gate: Phase) {
        let asks = |gate: Phase| self.sheet(gate).and_then(|sheet| sheet.rule.decision.clone());
        let Some(decision) = asks(gate) else { return };
        let again = |other: &Phase| *other != gate && asks(*other).as_ref() == Some(&decision);
        if Phase::ALL.iter().any(again) {
            self.void(at, &decision, &format!("it was given for gate {gate}"));
        }
    }
}
