//! The asks that change what a migration is made of: its plan and its agents.

use tidelock_model::{AgentKey, Name, Phase, Timestamp, mutated};

use super::ends;
use super::second::Agreed;
use crate::ask::{Ask, Asker, AskerKind, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::plan::{Direction, Plan};
use crate::proof::AGENTS_PER_SIDE;
use crate::record::{Event, EventKind};
use crate::roster::AgentStanding;

impl Migration {
    pub(crate) fn apply_plan(&self, now: Timestamp, ask: &Ask) -> Result<Vec<Event>, Refusal> {
        let Ask::ApplyPlan { plan, hash, by, reason, if_revision, grid_origin, looser, confirm } = ask else {
            return Ok(Vec::new());
        };
        if by.kind == AskerKind::Pipeline || self.current.is_some() && !self.is_of_plan(by) {
            let message = format!("{} may not change the plan", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        if plan.name != self.name {
            let message = format!("the plan is of {}, this is {}", plan.name, self.name);
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        if let Some(wanted) = if_revision.filter(|wanted| *wanted != self.revision()) {
            let message =
                format!("the plan is at revision {}, not {wanted}: look at what changed", self.revision());
            return Err(Refusal::new(RefusalCode::Revision, message));
        }
        if self.plan_hash() == Some(*hash) {
            return Ok(Vec::new());
        }
        if ends(self.phase) {
            let message = format!("the migration is {}; its plan is history", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        if let Some(run) = self.run_under_way().filter(|run| !run.rehearsal) {
            let message = format!(
                "run {} of the {} is under way: the plan is changed before it or after it",
                run.number,
                run.direction.word()
            );
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        self.same_way(plan)?;
        let agreed = match self.agreed(now, (*hash, looser), (by, reason), *confirm)? {
            Agreed::Alone => reason.clone(),
            Agreed::With(proposer) => {
                let gave = self.handed.gave(&proposer, &by.name, now);
                let gave = if gave {
                    format!(", who gave {} access since the plan is in force", by.name)
                } else {
                    String::new()
                };
                format!("{reason} (proposed by {proposer}{gave})")
            }
            Agreed::NotYet(proposed) => {
                return Ok(vec![self.event(now, Some(by.name.clone()), reason, "", proposed)]);
            }
        };
        let grid_origin = self.grid_origin().unwrap_or(*grid_origin);
        let revision = self.revision() + 1;
        let kind = EventKind::PlanApplied { revision, hash: *hash, plan: plan.clone(), grid_origin };
        Ok(vec![self.event(now, Some(by.name.clone()), &agreed, "", kind)])
    }

    /// Whether a way is walked is settled when it begins: a runbook that comes or goes in the middle of it would
    /// say another thing of where traffic is, and of whether all can still be taken back.
    fn same_way(&self, plan: &Plan) -> Result<(), Refusal> {
        let direction = match self.phase {
            Phase::Cutover => Direction::Cutover,
            Phase::RollingBack => Direction::Rollback,
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Watch | Phase::Committed => return Ok(()),
            Phase::Retired | Phase::RolledBack | Phase::Aborted => return Ok(()),
        };
        let walks = plan.runbook(direction).is_some();
        if walks == self.walks(direction) {
            return Ok(());
        }
        let way = direction.word();
        let message = match walks {
            true => format!("the {way} is under way without a runbook: it gets none before it is over"),
            false => format!("the {way} is under way by its runbook: that stays until it is over"),
        };
        Err(Refusal::new(RefusalCode::WrongPhase, message))
    }

    pub(crate) fn enrol(
        &self,
        now: Timestamp,
        agent: &AgentKey,
        ends: Timestamp,
        must_be_new: bool,
    ) -> Result<EventKind, Refusal> {
        let plan = self.must_have_plan()?;
        // Here and nowhere before: of two that ask for one name at once, the second finds it taken.
        let taken = self.expects(agent) != AgentStanding::Unknown;
        if must_be_new && taken && !mutated("a-name-is-given-once") {
            let message = format!(
                "there is an agent {agent} already; join under another name, or with a token for this name"
            );
            return Err(Refusal::new(RefusalCode::NameTaken, message));
        }
        if self.expects(agent) == AgentStanding::Revoked {
            let message = format!("{agent} was revoked: join under another name");
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        let named = &plan.environment(agent.side).agents_named;
        if !named.is_empty() && !named.contains(&agent.name) {
            let named: Vec<&str> = named.iter().map(Name::as_str).collect();
            let message = format!(
                "the plan names the agents of {}: {}; {} is not among them",
                agent.side,
                named.join(", "),
                agent.name
            );
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        // Of no more than these the proof would hear.
        let most = plan.environment(agent.side).agents_at_most.min(AGENTS_PER_SIDE as u32);
        // Whoever is counted already stays: only a renewal.
        let renews = self.roster.owing(agent.side, now).any(|(key, _)| key == agent);
        let others = self.roster.owing(agent.side, now).filter(|(key, _)| *key != agent).count();
        if !renews && others >= usize::try_from(most).unwrap_or(usize::MAX) {
            let message = format!("{} has {others} agents and may have {most}: revoke one first", agent.side);
            return Err(Refusal::new(RefusalCode::TooManyAgents, message));
        }
        Ok(EventKind::AgentEnrolled { agent: agent.clone(), certificate_ends: ends })
    }

    pub(crate) fn revoke_agent(
        &self,
        now: Timestamp,
        agent: &AgentKey,
        by: &Asker,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.is_of_plan(by) {
            return Err(Refusal::new(RefusalCode::NotYours, format!("{} may not revoke an agent", by.name)));
        }
        match self.expects(agent) {
            AgentStanding::Unknown => {
                Err(Refusal::new(RefusalCode::UnknownAgent, format!("no agent {agent} was ever enrolled")))
            }
            AgentStanding::Revoked => Ok(Vec::new()),
            AgentStanding::Enrolled | AgentStanding::Suspended => {
                let kind = EventKind::AgentRevoked { agent: agent.clone() };
                Ok(vec![self.event(now, Some(by.name.clone()), reason, "", kind)])
            }
        }
    }

    pub(crate) fn report_conflict(
        &self,
        now: Timestamp,
        agent: &AgentKey,
        text: &str,
    ) -> Result<Vec<Event>, Refusal> {
        match self.expects(agent) {
            AgentStanding::Enrolled => {
                let kind = EventKind::ConflictFound { agent: agent.clone(), text: text.to_owned() };
                Ok(vec![self.event(now, Some(agent.name.clone()), text, "", kind)])
            }
            AgentStanding::Suspended | AgentStanding::Revoked => Ok(Vec::new()),
            AgentStanding::Unknown => {
                Err(Refusal::new(RefusalCode::UnknownAgent, format!("no agent {agent} was ever enrolled")))
            }
        }
    }
}
