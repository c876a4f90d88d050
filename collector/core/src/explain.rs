//! What people look at, drawn from the folded state.

use tidelock_model::{AgentKey, Name, Phase, Side, Timestamp};

use crate::evidence::side_evidence;
use crate::gate::gates_of;
use crate::migration::Migration;
use crate::plan::Scenario;
use crate::roster::Member;
use crate::status::{
    AgentState, AgentStatus, Explanation, ManualState, ManualStatus, RehearsalStatus, ScenarioStatus,
    SideStatus, SlotCourse,
};
use crate::verdict::{EvidenceState, HoldCode};

impl Migration {
    /// Every scenario of the plan, in the order of their names.
    pub fn scenarios(&self, now: Timestamp) -> Vec<ScenarioStatus> {
        let scenarios = self.plan().map(|plan| &plan.scenarios);
        scenarios.into_iter().flatten().map(|(name, scenario)| self.scenario(name, scenario, now)).collect()
    }

    /// The present phase runs the scenario, or the next gate waits for it.
    fn asks(&self, name: &Name, scenario: &Scenario) -> bool {
        let waits = || {
            let sheet = self.next_gate().and_then(|gate| self.sheet(gate));
            sheet.is_some_and(|sheet| sheet.scenarios.binary_search_by(|(of, _)| of.cmp(name)).is_ok())
        };
        scenario.phases.contains(&self.phase) || waits()
    }

    fn scenario(&self, name: &Name, scenario: &Scenario, now: Timestamp) -> ScenarioStatus {
        let asked = self.asks(name, scenario);
        let begun = self.evidence_begun();
        let found: Vec<_> = (Side::BOTH.into_iter().filter(|side| scenario.sides.contains(side)))
            .map(|side| side_evidence(self.seen(), (name, scenario), (side, Phase::Ready), begun, now))
            .collect();
        let worst = found.iter().min_by_key(|side| (side.status.state.rank(), side.since));
        let (state, since) =
            worst.map_or((EvidenceState::Missing, begun), |side| (side.status.state, side.since));
        let since = if asked { since } else { self.phase_since };
        let mut sides: Vec<SideStatus> = found.into_iter().map(|side| side.status).collect();
        // What was found in an earlier phase is no word about this one.
        for side in sides.iter_mut().filter(|_| !asked) {
            side.value = format!("not asked in phase {}", self.phase);
            side.claims.iter_mut().for_each(|claim| claim.is.clone_from(&side.value));
        }
        ScenarioStatus {
            name: name.clone(),
            title: scenario.title.clone(),
            level: scenario.level,
            if_broken: scenario.if_broken.clone(),
            state,
            since,
            sides,
            gates: self.plan().map(|plan| gates_of(plan, name, scenario)).unwrap_or_default(),
            phases: scenario.phases.iter().copied().collect(),
            active: scenario.phases.contains(&self.phase),
            asked,
        }
    }

    /// Every agent that ever had a certificate.
    pub fn agents(&self, now: Timestamp) -> Vec<AgentStatus> {
        self.roster.iter().map(|(agent, member)| agent_status(agent, member, now)).collect()
    }

    /// The newest rehearsal of each way.
    pub fn rehearsals(&self) -> Vec<RehearsalStatus> {
        let told =
            |(direction, found): (&crate::plan::Direction, &crate::runbook::Rehearsal)| RehearsalStatus {
                direction: *direction,
                at: found.at,
                revision: found.revision,
                succeeded: found.succeeded,
            };
        self.runs.rehearsals.iter().map(told).collect()
    }

    /// Every manual check of the plan.
    pub fn manual_checks(&self) -> Vec<ManualStatus> {
        let checks = self.plan().map(|plan| &plan.manual_checks);
        let told = |(name, check): (&Name, &crate::plan::ManualCheck)| {
            let done = self.manual.get(name);
            ManualStatus {
                name: name.clone(),
                title: check.title.clone(),
                owner: check.owner.clone(),
                state: match done.map(|done| done.failed) {
                    Some(true) => ManualState::Failed,
                    Some(false) if self.manual_expired(name) => ManualState::Expired,
                    Some(false) => ManualState::Done,
                    None if self.manual_due(check).is_some_and(|due| self.clock > due) => {
                        ManualState::Overdue
                    }
                    None => ManualState::Open,
                },
                done_by: done.and_then(|done| done.by.clone()),
                evidence: done.map(|done| done.evidence.clone()).unwrap_or_default(),
                done: done.map(|done| done.at),
                phase: check.phase,
                due: self.manual_due(check),
                expires: self.plan().and_then(|plan| self.manual_expires(plan, name)),
            }
        };
        checks.into_iter().flatten().map(told).collect()
    }

    /// The slots that a check's statistical claims were weighed on, the newest last; none where it has no
    /// such claim.
    pub fn course(&self, check: &Name) -> Option<SlotCourse> {
        let scenario = self.plan()?.scenarios.get(check)?;
        let evidence = self.joints.get(check)?;
        let slots = evidence.slots.as_ref()?;
        let claims = scenario.claims.iter().enumerate();
        Some(SlotCourse {
            begun: evidence.since,
            slot: slots.slot(),
            observe_at_least: slots.observe_at_least(),
            subject: evidence.stage.subject,
            compared: evidence.stage.compared,
            claims: claims
                .filter(|(index, _)| slots.claims.contains_key(index))
                .map(|(_, claim)| claim.clone())
                .collect(),
            points: slots.points.iter().collect(),
        })
    }

    /// One check in full; none where the plan has no such scenario.
    pub fn explain(&self, check: &Name, now: Timestamp) -> Option<Explanation> {
        let scenario = self.plan()?.scenarios.get(check)?;
        let sides: Vec<Side> = scenario.sides.iter().copied().collect();
        let gate = self.next_gate().unwrap_or(Phase::Ready);
        // Of a check that is not asked only that somebody could not carry it out is of interest already.
        let asked = self.asks(check, scenario);
        let holds = self.scenario_holds((check, scenario), (&sides, gate), now).into_iter();
        let holds = holds.filter(|hold| asked || hold.code == HoldCode::Refused);
        let holds = holds.map(|hold| self.with_remedy((check, scenario), hold, now)).collect();
        Some(Explanation { scenario: self.scenario(check, scenario, now), holds })
    }
}

fn agent_status(agent: &AgentKey, member: &Member, now: Timestamp) -> AgentStatus {
    let seen = member.seen.as_ref();
    let state = match member {
        Member { revoked: true, .. } => AgentState::Revoked,
        Member { suspended: Some(_), .. } => AgentState::Suspended,
        _ if now >= member.certificate_ends => AgentState::Expired,
        Member { signed_off: true, .. } => AgentState::SignedOff,
        Member { heard: None, .. } => AgentState::NeverSeen,
        _ if member.online(now) => AgentState::Online,
        _ => AgentState::Silent,
    };
    AgentStatus {
        agent: agent.clone(),
        state,
        seen: member.heard,
        certificate_ends: member.certificate_ends,
        renewal_overdue: member.renewal_overdue(now),
        offset_ms: seen.map_or(0, |seen| seen.offset_ms),
        error_ms: seen.map_or(0, |seen| seen.error_ms),
        version: seen.map(|seen| seen.version.clone()).unwrap_or_default(),
        spool_findings: seen.map_or(0, |seen| seen.spool_findings),
        starved_permille: seen.map_or(0, |seen| seen.starved_permille),
        refused: member.refused.values().map(|(_, refusal)| refusal.clone()).collect(),
    }
}
