//! What somebody asks for: an event to record, or a refusal that says why. Nothing changes here.

use tidelock_model::{Name, Phase, Sha256, Side, Timestamp, mutated};

use super::OperatorHold;
use super::requests::made;
use super::rule::next;
use crate::ask::{Ask, Asker, AskerKind, Refusal, RefusalCode, RunAsk};
use crate::migration::Migration;
use crate::plan::Direction;
use crate::record::{Event, EventKind};
use crate::verdict::Hold;

impl Migration {
    /// Answers an ask. Nothing in the answer means that the same ask was recorded before, or that what
    /// it wants is so already. What follows from the event comes from [`Migration::weigh`].
    ///
    /// # Errors
    /// Says why it is refused; nothing is to be recorded then.
    pub fn decide(&self, now: Timestamp, ask: &Ask) -> Result<Vec<Event>, Refusal> {
        if let Some((by, id)) = ask.request()
            && let Some(recorded) = self.requests.recorded(&by.name, id)
        {
            return match made(ask, recorded) {
                true => Ok(Vec::new()),
                false => {
                    let message = format!("{id} names another ask of {}: take a new id", by.name);
                    Err(Refusal::new(RefusalCode::Incomplete, message))
                }
            };
        }
        let kind = match ask {
            Ask::Decide { decision, go, by, reason, evidence_sequence, .. } => {
                self.give(now, decision, *go, by, reason, evidence_sequence.filter(|seen| *seen > 0))?
            }
            Ask::Hold { by, reason, .. } => {
                self.may_hold(by, reason)?;
                // Whoever holds already is answered by that hold: what changes nothing is not kept for ever.
                let stands = self.gates.operator.get(&Some(by.name.clone()));
                let stands = stands.is_some_and(|hold| hold.stands(reason));
                if stands && !mutated("a-hold-is-recorded-once") {
                    return Ok(Vec::new());
                }
                EventKind::HoldSet
            }
            Ask::Release { by, of, reason, .. } => {
                self.may_hold(by, reason)?;
                self.release(by, of.as_ref())?
            }
            Ask::Confirm { epoch, by, .. } => self.confirm(now, *epoch, by)?,
            Ask::Switched { to, by, .. } => self.report_switch(*to, by)?,
            Ask::ManualDone { check, by, evidence, failed, .. } => {
                self.manual_done(check, by, evidence, *failed)?
            }
            Ask::Abort { by, reason, .. } => self.abort(by, reason)?,
            Ask::SetRevision { side, revision, by, .. } => self.set_revision(*side, revision, by)?,
            Ask::RevokeAgent { agent, by, .. } => return self.revoke_agent(now, agent, by, ask.reason()),
            Ask::ApplyPlan { .. } => return self.apply_plan(now, ask),
            Ask::Access { change, by, reason } => {
                return Ok(self.access_ask(now, change, by.as_ref(), reason));
            }
            Ask::Run { ask, by, .. } => self.run_ask(now, ask, by)?,
            Ask::SetCutovers { .. } | Ask::SetFact { .. } | Ask::Override { .. } => {
                match self.desk_ask(now, ask)? {
                    Some(kind) => kind,
                    None => return Ok(Vec::new()),
                }
            }
            Ask::SettleLeftover { .. } => self.leftover_ask(now, ask)?,
            Ask::RunCheck { check, agents, other_settings, by } => {
                self.may_run_check(by)?;
                EventKind::CheckRun { check: check.clone(), agents: *agents, other_settings: *other_settings }
            }
            Ask::Enrol { agent, certificate_ends, must_be_new, .. } => {
                self.enrol(now, agent, *certificate_ends, *must_be_new)?
            }
            Ask::ReportConflict { agent, text } => return self.report_conflict(now, agent, text),
            Ask::File { remarks } => match self.file_ask(remarks) {
                Some(kind) => kind,
                None => return Ok(Vec::new()),
            },
            Ask::SetDegraded { degraded, .. } => match self.set_degraded(*degraded) {
                Some(kind) => kind,
                None => return Ok(Vec::new()),
            },
        };
        let (by, id) = ask.request().map_or((None, ""), |(by, id)| (Some(by.name.clone()), id));
        Ok(vec![self.event(now, by, ask.reason(), id, kind)])
    }

    /// An event with the evidence and the holds of this moment.
    pub(crate) fn event(
        &self,
        now: Timestamp,
        by: Option<Name>,
        reason: &str,
        id: &str,
        kind: EventKind,
    ) -> Event {
        let (evidence_hash, holds) = self.evidence_of(&kind, now);
        let (reason, request_id) = (reason.to_owned(), id.to_owned());
        Event { by, reason, request_id, findings_position: self.position, evidence_hash, holds, kind }
    }

    /// The evidence hash and the holds that an event of this kind carries when it is decided at `now`:
    /// a replay asks it of the state before the event, with the event's time, and must get the same.
    pub fn evidence_of(&self, kind: &EventKind, now: Timestamp) -> (Sha256, Vec<String>) {
        let gate = self.gate_of(kind);
        // What proves a step, and lets its point of no return be passed, is not what the gate rests on.
        let of_step = matches!(kind, EventKind::StepProved { .. } | EventKind::NoReturnPassed { .. });
        let hash = if of_step { self.step_hash(gate, now) } else { self.evidence_hash(gate, now) };
        (hash, self.obstacles(gate, now).iter().map(Hold::line).collect())
    }

    /// The gate that an event is about.
    fn gate_of(&self, kind: &EventKind) -> Phase {
        let here = next(self.phase).unwrap_or(self.phase);
        match kind {
            EventKind::PhaseChanged { from: Phase::Ready, to: Phase::Sync } => Phase::Ready,
            EventKind::PhaseChanged { to: Phase::RollingBack | Phase::Aborted, .. } => here,
            EventKind::PhaseChanged { from: Phase::Cutover, to: Phase::Sync } => here,
            EventKind::PhaseChanged { to, .. } => *to,
            EventKind::LeaseGranted { gate, .. } | EventKind::LeaseRevoked { gate, .. } => *gate,
            EventKind::CutoverConfirmed { .. } => Phase::Cutover,
            EventKind::Switched { to: Side::Target } => Phase::Watch,
            EventKind::Switched { to: Side::Source } => Phase::RolledBack,
            EventKind::Decided { decision, .. } => self.gate_asking(decision).unwrap_or(here),
            EventKind::PlanApplied { .. } | EventKind::PlanProposed { .. } => here,
            EventKind::HoldSet | EventKind::HoldReleased { .. } => here,
            EventKind::Degraded { .. } => here,
            EventKind::ManualCheckDone { .. } | EventKind::RevisionSet { .. } => here,
            EventKind::AgentEnrolled { .. } | EventKind::AgentRevoked { .. } => here,
            EventKind::ConflictFound { .. } => here,
            EventKind::Overridden { gate, .. } => *gate,
            EventKind::RunBegun { .. } | EventKind::RunTaken { .. } | EventKind::RunLeft { .. } => here,
            EventKind::StepBegun { .. } | EventKind::StepEnded { .. } | EventKind::StepProved { .. } => here,
            EventKind::StepSettled { .. } | EventKind::RunTurned { .. } => here,
            EventKind::NoReturnPassed { .. } | EventKind::RunEnded { .. } => here,
            EventKind::CutoversSet { .. } | EventKind::FactSet { .. } => here,
            EventKind::LeftoverSettled { .. } | EventKind::Noticed(_) => here,
            EventKind::AccessChanged(_) | EventKind::CheckRun { .. } | EventKind::Filed(_) => here,
        }
    }

    /// Takes the token of the open gate: the one way from ready to cutover.
    fn confirm(&self, now: Timestamp, epoch: u64, by: &Asker) -> Result<EventKind, Refusal> {
        self.may_switch(by)?;
        if self.phase != Phase::Ready {
            let message =
                format!("the migration is in {}; a cutover is confirmed once, in ready", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        let holds = self.obstacles(Phase::Cutover, now);
        if let Some(first) = holds.first() {
            let message = format!("gate cutover is shut: {}", first.line());
            return Err(Refusal { holds, ..Refusal::new(RefusalCode::GateShut, message) });
        }
        match self.gates.leases.get(&Phase::Cutover) {
            Some(lease)
                if (lease.epoch == epoch || mutated("a-token-is-of-one-opening")) && lease.valid(now) =>
            {
                Ok(EventKind::CutoverConfirmed { epoch })
            }
            _ => {
                let message = "the token is of an earlier opening of the gate: wait for the gate and take its new token";
                Err(Refusal::new(RefusalCode::OldToken, message))
            }
        }
    }

    fn report_switch(&self, to: Side, by: &Asker) -> Result<EventKind, Refusal> {
        self.may_switch(by)?;
        let (phase, done) = match to {
            Side::Target => (Phase::Cutover, self.traffic.switched.is_some()),
            Side::Source => (Phase::RollingBack, self.traffic.back.is_some()),
        };
        if self.phase != phase && !mutated("a-way-back-leads-back") {
            let message =
                format!("the migration is in {}; a switch to the {to} is reported in {phase}", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        let direction = match to {
            Side::Target => Direction::Cutover,
            Side::Source => Direction::Rollback,
        };
        if self.walks(direction) {
            let message = format!(
                "the plan has a runbook for the {0}: its routes say where traffic is; walk it with tidelock {0} run",
                direction.word()
            );
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        if done {
            let message = format!("it was reported already that traffic is on the {to}");
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        Ok(EventKind::Switched { to })
    }

    /// Whether they may stand by to go back as soon as that is decided: whoever may not walk the way back would only
    /// look like somebody who will.
    ///
    /// # Errors
    /// They are not of the plan, or the migration is over.
    pub fn may_stand_by(&self, by: &Asker) -> Result<(), Refusal> {
        self.may_switch(by)?;
        if super::ends(self.phase) {
            let message = format!("the migration is {}; there is nothing to stand by for", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        Ok(())
    }

    /// Pipelines and operators switch, and people of the plan.
    pub(crate) fn may_switch(&self, by: &Asker) -> Result<(), Refusal> {
        if by.kind == AskerKind::Person && !self.is_of_plan(by) {
            let message = format!("{} is not in the plan; pipelines and people of the plan switch", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        Ok(())
    }

    /// Anyone in the plan may hold, and whoever runs the collector.
    fn may_hold(&self, by: &Asker, reason: &str) -> Result<(), Refusal> {
        if !self.is_of_plan(by) {
            let message = format!("{} is not in the plan; anyone in the plan may hold and release", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        said(reason, "a hold or release")?;
        if super::ends(self.phase) {
            let message = format!("the migration is {}; nothing is left to hold", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        Ok(())
    }

    /// Anyone in the plan may have a check run, and whoever runs the collector: it is kept for ever that they did.
    fn may_run_check(&self, by: &Asker) -> Result<(), Refusal> {
        if !self.is_of_plan(by) && !mutated("who-has-a-check-run-is-known") {
            let message =
                format!("{} is not in the plan; people of the plan and operators have a check run", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        Ok(())
    }

    /// One hold at a time, and never another's unawares: the one that is named, or one's own, or the only one.
    fn release(&self, by: &Asker, of: Option<&Name>) -> Result<EventKind, Refusal> {
        let holds = &self.gates.operator;
        let known = |name: &Name| holds.contains_key(&Some(name.clone())).then(|| Some(name.clone()));
        let of = match of {
            Some(name) => known(name),
            None => known(&by.name).or((holds.len() == 1).then(|| holds.keys().next().cloned()).flatten()),
        };
        if let Some(of) = of {
            return Ok(EventKind::HoldReleased { of });
        }
        let who: Vec<&str> = holds.values().map(OperatorHold::holder).collect();
        let message = match who.as_slice() {
            [] => "nobody has pressed hold".to_owned(),
            who => format!("name whose hold is released, with --of: {} hold", who.join(", ")),
        };
        Err(Refusal::new(RefusalCode::WrongPhase, message))
    }

    /// Nothing where it is so already, or nothing is left to hold.
    fn set_degraded(&self, degraded: bool) -> Option<EventKind> {
        let changes = degraded != self.gates.degraded.is_some() && !super::ends(self.phase);
        changes.then_some(EventKind::Degraded { ended: !degraded })
    }

    /// A person of the plan, or an operator.
    pub(crate) fn is_of_plan(&self, by: &Asker) -> bool {
        match by.kind {
            AskerKind::Person => self.plan().is_some_and(|plan| plan.people.contains_key(&by.name)),
            AskerKind::Operator => true,
            AskerKind::Pipeline => false,
        }
    }
}

/// What is kept for ever says why.
pub(crate) fn said(reason: &str, what: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::new(RefusalCode::Incomplete, format!("{what} needs a reason")));
    }
    Ok(())
}

impl Ask {
    /// Who asks, and under which id.
    pub fn request(&self) -> Option<(&Asker, &str)> {
        match self {
            Ask::Decide { by, request_id, .. }
            | Ask::Hold { by, request_id, .. }
            | Ask::Release { by, request_id, .. }
            | Ask::Confirm { by, request_id, .. }
            | Ask::Switched { by, request_id, .. }
            | Ask::ManualDone { by, request_id, .. }
            | Ask::Abort { by, request_id, .. }
            | Ask::SetRevision { by, request_id, .. }
            | Ask::Run { by, request_id, .. }
            | Ask::SetCutovers { by, request_id, .. }
            | Ask::SetFact { by, request_id, .. }
            | Ask::Override { by, request_id, .. }
            | Ask::SettleLeftover { by, request_id, .. } => Some((by, request_id)),
            Ask::RevokeAgent { by, .. } | Ask::ApplyPlan { by, .. } | Ask::RunCheck { by, .. } => {
                Some((by, ""))
            }
            Ask::Access { .. } | Ask::File { .. } => None,
            Ask::Enrol { .. } | Ask::ReportConflict { .. } | Ask::SetDegraded { .. } => None,
        }
    }

    /// In the asker's words.
    pub fn reason(&self) -> &str {
        match self {
            Ask::Decide { reason, .. }
            | Ask::Hold { reason, .. }
            | Ask::Release { reason, .. }
            | Ask::Switched { reason, .. }
            | Ask::Abort { reason, .. }
            | Ask::RevokeAgent { reason, .. }
            | Ask::SetCutovers { reason, .. }
            | Ask::SetFact { reason, .. }
            | Ask::Override { reason, .. }
            | Ask::SetDegraded { reason, .. }
            | Ask::Access { reason, .. }
            | Ask::Enrol { reason, .. }
            | Ask::ApplyPlan { reason, .. } => reason,
            Ask::Run { ask, .. } => ask.reason(),
            Ask::SettleLeftover { disposition, .. } => disposition,
            Ask::Confirm { .. } | Ask::ManualDone { .. } | Ask::SetRevision { .. } => "",
            Ask::ReportConflict { .. } | Ask::RunCheck { .. } | Ask::File { .. } => "",
        }
    }
}

impl RunAsk {
    /// In the asker's words; empty where the ask needs none.
    pub fn reason(&self) -> &str {
        match self {
            RunAsk::ConfirmStep { reason, .. }
            | RunAsk::SettleStep { reason, .. }
            | RunAsk::Turn { reason } => reason,
            RunAsk::Begin { .. } | RunAsk::Take | RunAsk::Leave { .. } | RunAsk::BeginStep { .. } => "",
            RunAsk::EndStep { .. } | RunAsk::PassNoReturn { .. } => "",
        }
    }
}
