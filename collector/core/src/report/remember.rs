//! What is remembered for the report while things happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Phase, Side, Timestamp};

use super::course::{Course, Look};
use super::filed::Said;
use super::{AgentLost, ReportRevision};
use crate::evidence::{lane_state, voices};
use crate::joint::has_simple;
use crate::migration::{Current, Migration};
use crate::plan::{ClaimKind, Scenario};
use crate::record::{Event, EventKind};
use crate::roster::{Member, ONLINE_FOR};
use crate::status::AgentState;
use crate::verdict::{EvidenceState, OverrideStatus};

/// Visits of phases that are kept; the oldest go first.
const VISITS: usize = 1_000;
/// Losses of agents that are kept; what comes later is counted.
const LOST: usize = 1_000;
/// Letters of what was found of one of them, or why it was revoked.
const LETTERS: usize = 500;
/// Scenarios whose time is kept; what no plan has any more may be among them.
const COURSES: usize = 8_192;
/// For each scenario of the plan, states are looked at by so much less often.
const PACE: Duration = Duration::from_millis(10);

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct History {
    pub(super) revisions: Vec<ReportRevision>,
    /// Each with its beginning.
    pub(super) phases: Vec<(Phase, Timestamp)>,
    pub(super) phases_cut: u64,
    pub(super) courses: BTreeMap<Name, Course>,
    pub(super) lost: Vec<AgentLost>,
    pub(super) lost_cut: u64,
    /// Agents that are silent, each with its place among the lost.
    pub(super) silent: BTreeMap<AgentKey, Option<usize>>,
    /// When all that the gate after the switch needs was proved for the first time.
    pub(super) recovered: Option<Timestamp>,
    looked: Timestamp,
    /// What agents said.
    pub(super) said: Said,
    /// When it was accounted for what findings told; nothing of them is noted any more.
    pub(super) filed: Option<Timestamp>,
    /// The overrides as they are filed.
    pub(super) overrides: Vec<OverrideStatus>,
    /// Entries of the account for which there was no room.
    pub(super) cut: u64,
    /// Findings were dropped before it was accounted for them.
    pub(super) dropped: bool,
}

impl History {
    fn lose(&mut self, mut lost: AgentLost) -> Option<usize> {
        lost.text = lost.text.chars().take(LETTERS).collect();
        if self.lost.len() == LOST {
            self.lost_cut += 1;
            return None;
        }
        self.lost.push(lost);
        Some(self.lost.len() - 1)
    }

    fn visit(&mut self, phase: Phase, at: Timestamp) {
        if self.phases.len() == VISITS {
            self.phases.remove(0);
            self.phases_cut += 1;
        }
        self.phases.push((phase, at));
    }

    fn course(&mut self, at: Timestamp, name: &Name, look: Look) {
        if let Some(course) = self.courses.get_mut(name) {
            course.note(at, look);
        } else if self.courses.len() < COURSES {
            self.courses.insert(name.clone(), Course::new(at, look));
        }
    }
}

impl Migration {
    /// An event was taken: what of it belongs into the report.
    pub(crate) fn remember(&mut self, at: Timestamp, event: &Event) {
        let Some(current) = self.current.clone() else { return };
        if self.remember_event(at, event) {
            self.look(at, &current);
        }
    }

    /// Time went by: the report looks at the evidence now and then.
    pub(crate) fn remember_tick(&mut self, at: Timestamp) {
        let Some(current) = self.current.clone() else { return };
        let pace = PACE * u32::try_from(current.plan.scenarios.len()).unwrap_or(u32::MAX);
        if at >= self.history.looked.plus(pace) {
            self.look(at, &current);
        }
    }

    /// Gives back whether a phase or a plan began.
    fn remember_event(&mut self, at: Timestamp, event: &Event) -> bool {
        let lost = |agent: &AgentKey, what, text: &str| AgentLost {
            agent: agent.clone(),
            what,
            since: at,
            until: None,
            text: text.to_owned(),
        };
        match &event.kind {
            EventKind::PlanApplied { revision, hash, .. } => {
                let known = self.history.revisions.last().map_or(0, |last| last.revision);
                if *revision <= known || *revision != self.revision() {
                    return false;
                }
                let (revision, hash, by) = (*revision, *hash, event.by.clone());
                let reason = event.reason.clone();
                let history = Arc::make_mut(&mut self.history);
                history.revisions.push(ReportRevision { revision, hash, at, by, reason });
            }
            EventKind::AgentRevoked { agent } => {
                Arc::make_mut(&mut self.history).lose(lost(agent, AgentState::Revoked, &event.reason));
                return false;
            }
            EventKind::ConflictFound { agent, text } => {
                Arc::make_mut(&mut self.history).lose(lost(agent, AgentState::Suspended, text));
                return false;
            }
            EventKind::PhaseChanged { .. } | EventKind::CutoverConfirmed { .. } => {}
            EventKind::Decided { .. }
            | EventKind::HoldSet
            | EventKind::HoldReleased { .. }
            | EventKind::Degraded { .. }
            | EventKind::ManualCheckDone { .. }
            | EventKind::LeaseGranted { .. }
            | EventKind::LeaseRevoked { .. }
            | EventKind::Switched { .. }
            | EventKind::AgentEnrolled { .. }
            | EventKind::RevisionSet { .. }
            | EventKind::RunBegun { .. }
            | EventKind::RunTaken { .. }
            | EventKind::RunLeft { .. }
            | EventKind::StepBegun { .. }
            | EventKind::StepEnded { .. }
            | EventKind::StepProved { .. }
            | EventKind::StepSettled { .. }
            | EventKind::RunTurned { .. }
            | EventKind::NoReturnPassed { .. }
            | EventKind::RunEnded { .. }
            | EventKind::PlanProposed { .. }
            | EventKind::CutoversSet { .. }
            | EventKind::FactSet { .. }
            | EventKind::Overridden { .. }
            | EventKind::LeftoverSettled { .. }
            | EventKind::AccessChanged(_)
            | EventKind::CheckRun { .. }
            | EventKind::Filed(_)
            | EventKind::Noticed(_) => return false,
        }
        true
    }

    /// Looks at every scenario and agent.
    fn look(&mut self, at: Timestamp, current: &Current) {
        if self.history.filed.is_some() {
            return;
        }
        let gate = self.next_gate();
        let sheet = gate.and_then(|gate| current.sheets.get(&gate));
        let agents = Side::BOTH.map(|side| self.roster.owing(side, at).collect::<Vec<_>>());
        let mut needed = sheet.map(|sheet| sheet.scenarios.as_slice()).unwrap_or_default();
        let (any, mut all_proved) = (!needed.is_empty(), true);
        let judged = gate.unwrap_or(Phase::Ready);
        let mut looks = Vec::with_capacity(current.plan.scenarios.len());
        for (name, scenario) in &current.plan.scenarios {
            // Both lists are in the order of names.
            let on = needed.split_first().filter(|((first, _), _)| first == name);
            // What this phase does not run and no gate waits for is not asked, so it is in no state.
            if on.is_none() && !scenario.phases.contains(&self.phase) {
                looks.push(Look { phase: self.phase, state: None, holds: false });
                continue;
            }
            let sides: Vec<Side> = scenario.sides.iter().copied().collect();
            let state = self.state_of((name, scenario), &sides, (judged, &agents), at);
            let holds = on.is_some_and(|((_, on), rest)| {
                needed = rest;
                let whole = on.len() == sides.len();
                let state =
                    if whole { state } else { self.state_of((name, scenario), on, (judged, &agents), at) };
                state != EvidenceState::Proved
            });
            all_proved &= !holds;
            looks.push(Look { phase: self.phase, state: Some(state), holds });
        }
        let after = match self.phase {
            Phase::Watch => true,
            Phase::RollingBack => self.traffic.back.is_some(),
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Committed => false,
            Phase::Retired | Phase::RolledBack | Phase::Aborted => false,
        };
        let silent: Vec<(AgentKey, Option<Timestamp>)> = self.silent(at);
        let history = Arc::make_mut(&mut self.history);
        history.looked = at;
        if history.phases.last().map(|(phase, _)| *phase) != Some(self.phase) {
            history.visit(self.phase, at);
        }
        if after && any && all_proved {
            history.recovered.get_or_insert(at);
        }
        let named = current.plan.scenarios.keys().zip(looks);
        named.for_each(|(name, look)| history.course(at, name, look));
        let gone = |name: &Name| !current.plan.scenarios.contains_key(name);
        history.courses.iter_mut().filter(|(name, _)| gone(name)).for_each(|(_, course)| course.end(at));
        note_silent(history, at, silent);
    }

    /// Agents that owe findings and are not heard, each since when.
    fn silent(&self, at: Timestamp) -> Vec<(AgentKey, Option<Timestamp>)> {
        let silent = |(agent, member): (&AgentKey, &Member)| {
            let quiet = member.owes(at) && member.heard.is_some() && !member.online(at);
            quiet.then(|| (agent.clone(), member.heard.map(|heard| heard.plus(ONLINE_FOR))))
        };
        self.roster.iter().filter_map(silent).collect()
    }

    /// What findings prove about a scenario on these sides: the worst of its agents and claims.
    fn state_of(
        &self,
        (name, scenario): (&Name, &Scenario),
        sides: &[Side],
        (gate, agents): (Phase, &[Vec<(&AgentKey, &Member)>; 2]),
        now: Timestamp,
    ) -> EvidenceState {
        let (simple, joint) = (has_simple(scenario), self.joints.get(name));
        let mut worst: Option<EvidenceState> = None;
        let mut take = |state: EvidenceState| {
            worst = Some(worst.map_or(state, |worst| worst.worse(state)));
        };
        for side in sides {
            let owing = &agents[usize::from(*side == Side::Target)];
            if owing.is_empty() {
                take(EvidenceState::Missing);
            }
            for (agent, member) in owing {
                let kept = member.suspended.is_some() || member.refused.contains_key(name);
                if kept || member.not_believed(agent, now).is_some() {
                    take(EvidenceState::Undecided);
                } else if simple {
                    take(lane_state(self.board.lane(name, agent), scenario, now));
                }
            }
            if voices(self.seen(), (name, scenario), *side, now).is_some_and(|voices| voices.until.is_none())
            {
                take(EvidenceState::Missing);
            }
            for (index, claim) in scenario.claims.iter().enumerate() {
                if let ClaimKind::Joint(_) = &claim.kind {
                    let state = joint.map(|joint| joint.state((index, *side), gate, now).0);
                    take(state.unwrap_or(EvidenceState::Missing));
                }
            }
        }
        worst.unwrap_or(EvidenceState::Missing)
    }
}

/// Agents that fell silent, and those that are heard again.
fn note_silent(history: &mut History, at: Timestamp, silent: Vec<(AgentKey, Option<Timestamp>)>) {
    let before = std::mem::take(&mut history.silent);
    for (agent, since) in silent {
        let place = match before.get(&agent) {
            Some(place) => *place,
            None => {
                let since = since.unwrap_or(at);
                let (what, text) = (AgentState::Silent, String::new());
                history.lose(AgentLost { agent: agent.clone(), what, since, until: None, text })
            }
        };
        history.silent.insert(agent, place);
    }
    for (_, place) in before.iter().filter(|(agent, _)| !history.silent.contains_key(*agent)) {
        if let Some(lost) = place.and_then(|place| history.lost.get_mut(place)) {
            lost.until = Some(at);
        }
    }
}
