//! What people are told and say beside their decisions: questions with a clock, facts, the master switch, and
//! holds that they override.
//!
//! # Invariants
//! - What people were told is in the journal: a replay tells it to nobody again.
//! - Silence answers no question: it only moves it on, and at last says that nobody answered.
//! - A fact after which there is no way back is never taken back, and no plan makes it untrue.

mod outgrown;
mod overrides;
mod question;
mod tell;

use std::collections::{BTreeMap, BTreeSet};

use tidelock_model::{Name, Phase, Timestamp};

use super::decide::said;
use super::ends;
use super::second::Proposal;
use crate::ask::{Ask, Asker, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::record::{Event, EventKind, Notice};
use crate::verdict::{Hold, HoldCode};

use overrides::Override;
pub(crate) use overrides::set_of;
use question::Question;
pub use question::QuestionStatus;
pub(crate) use question::of_people;
use tell::Told;

/// What is remembered of all that.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Desk {
    off: Option<Off>,
    /// Facts after which there is no way back, and since when.
    facts: BTreeMap<String, Timestamp>,
    /// The newest question of each decision.
    questions: BTreeMap<Name, Question>,
    /// For ever: what was opened over a hold stays visible.
    overrides: Vec<Override>,
    told: Told,
    /// Checks whose findings once counted what is left.
    counting: BTreeSet<Name>,
    /// When each phase was entered last.
    entered: BTreeMap<Phase, Timestamp>,
    /// A looser plan that waits for a second person.
    pub(crate) proposal: Option<Proposal>,
}

/// Cutovers are switched off.
#[derive(Debug, Clone, PartialEq)]
struct Off {
    since: Timestamp,
    by: Option<Name>,
    reason: String,
}

impl Desk {
    /// The first fact that became true after which there is no way back.
    pub(crate) fn fact_true(&self) -> Option<(Timestamp, &str)> {
        self.facts.iter().map(|(fact, at)| (*at, fact.as_str())).min()
    }

    /// A check's finding counted what is left.
    pub(crate) fn counted(&mut self, check: &Name) {
        if !self.counting.contains(check) {
            self.counting.insert(check.clone());
        }
    }

    /// It did so once: no count of it is no zero.
    pub(crate) fn counts(&self, check: &Name) -> bool {
        self.counting.contains(check)
    }

    /// When a phase was entered last.
    pub(crate) fn entered(&self, phase: Phase) -> Option<Timestamp> {
        self.entered.get(&phase).copied()
    }

    /// The migration is in another phase.
    pub(crate) fn enter(&mut self, at: Timestamp, phase: Phase) {
        self.entered.insert(phase, at);
        self.leave_overrides(at, |over| !over.is_of(phase));
    }

    /// What people said is about another plan, or about evidence that began anew.
    pub(crate) fn unsettle(&mut self, at: Timestamp) {
        self.leave_overrides(at, |_| true);
    }

    /// Somebody decided: the question is over.
    pub(crate) fn voted(&mut self, decision: &Name, go: bool, complete: bool) {
        if let Some(question) = self.questions.get_mut(decision) {
            question.voted(go, complete);
        }
    }
}

impl Migration {
    /// The fact that closed the way back, and since when.
    pub(crate) fn fact(&self) -> Option<(Timestamp, &str)> {
        self.desk.fact_true()
    }

    /// The master switch is on.
    pub(crate) fn cutovers_enabled(&self) -> bool {
        self.desk.off.is_none()
    }

    /// Answers an ask that is none about gates, plans, agents or runs. Nothing where it is so already.
    pub(crate) fn desk_ask(&self, now: Timestamp, ask: &Ask) -> Result<Option<EventKind>, Refusal> {
        match ask {
            Ask::SetCutovers { enabled, by, reason, .. } => self.set_cutovers(*enabled, by, reason),
            Ask::SetFact { fact, by, reason, .. } => self.set_fact(fact, by, reason),
            Ask::Override { gate, checks, by, reason, .. } => {
                self.override_ask(now, *gate, checks, (by, reason)).map(Some)
            }
            Ask::Decide { .. }
            | Ask::Hold { .. }
            | Ask::Release { .. }
            | Ask::Confirm { .. }
            | Ask::Switched { .. }
            | Ask::ManualDone { .. }
            | Ask::Abort { .. }
            | Ask::SetRevision { .. }
            | Ask::RevokeAgent { .. }
            | Ask::ApplyPlan { .. }
            | Ask::Access { .. }
            | Ask::Run { .. }
            | Ask::Enrol { .. }
            | Ask::SettleLeftover { .. }
            | Ask::RunCheck { .. }
            | Ask::File { .. }
            | Ask::SetDegraded { .. }
            | Ask::ReportConflict { .. } => Ok(None),
        }
    }

    fn set_cutovers(&self, enabled: bool, by: &Asker, reason: &str) -> Result<Option<EventKind>, Refusal> {
        if !self.is_of_plan(by) {
            let message = format!("{} is not in the plan; anyone in the plan switches cutovers", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        said(reason, "switching cutovers on or off")?;
        if ends(self.phase) {
            return Err(Refusal::new(RefusalCode::WrongPhase, format!("the migration is {}", self.phase)));
        }
        Ok((enabled != self.cutovers_enabled()).then_some(EventKind::CutoversSet { enabled }))
    }

    fn set_fact(&self, fact: &str, by: &Asker, reason: &str) -> Result<Option<EventKind>, Refusal> {
        let known = &self.must_have_plan()?.rollback.no_return;
        if !self.is_of_plan(by) {
            let message = format!("{} is not in the plan; anyone in the plan may state a fact", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        if !known.iter().any(|it| it == fact) {
            let message = match known.is_empty() {
                true => "the plan has no facts under rollback.no_return".to_owned(),
                false => format!("the plan has no fact {fact:?}; it has {}", quoted(known)),
            };
            return Err(Refusal::new(RefusalCode::UnknownFact, message));
        }
        said(reason, "a fact")?;
        if ends(self.phase) {
            return Err(Refusal::new(RefusalCode::WrongPhase, format!("the migration is {}", self.phase)));
        }
        let fact = fact.to_owned();
        Ok((!self.desk.facts.contains_key(&fact)).then_some(EventKind::FactSet { fact }))
    }

    /// Takes what was decided there. Gives back whether it fitted.
    pub(crate) fn desk_event(&mut self, at: Timestamp, event: &Event) -> bool {
        match &event.kind {
            EventKind::CutoversSet { enabled } => {
                let off = Off { since: at, by: event.by.clone(), reason: event.reason.clone() };
                self.desk.off = (!enabled).then_some(off);
                self.gates.new_epoch();
                true
            }
            EventKind::FactSet { fact } => {
                self.desk.facts.entry(fact.clone()).or_insert(at);
                true
            }
            EventKind::Overridden { gate, checks, complete } => {
                self.overridden_by(at, event, (*gate, checks, *complete))
            }
            EventKind::Noticed(notice) => self.noticed(at, notice),
            EventKind::PlanProposed { .. } => self.proposed(at, event),
            EventKind::PlanApplied { .. }
            | EventKind::PhaseChanged { .. }
            | EventKind::Decided { .. }
            | EventKind::HoldSet
            | EventKind::HoldReleased { .. }
            | EventKind::Degraded { .. }
            | EventKind::ManualCheckDone { .. }
            | EventKind::LeaseGranted { .. }
            | EventKind::LeaseRevoked { .. }
            | EventKind::CutoverConfirmed { .. }
            | EventKind::Switched { .. }
            | EventKind::AgentEnrolled { .. }
            | EventKind::AgentRevoked { .. }
            | EventKind::ConflictFound { .. }
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
            | EventKind::AccessChanged(_)
            | EventKind::CheckRun { .. }
            | EventKind::Filed(_)
            | EventKind::LeftoverSettled { .. } => false,
        }
    }

    fn noticed(&mut self, at: Timestamp, notice: &Notice) -> bool {
        match notice {
            Notice::Asked { decision, gate } => {
                self.desk.questions.insert(decision.clone(), Question::asked(at, *gate));
                true
            }
            Notice::DeputiesAsked { decision } => self.desk.moved_on(decision, |it| it.deputies_asked(at)),
            Notice::Unanswered { decision } => self.desk.moved_on(decision, |it| it.unanswered(at)),
            Notice::AgentLost { agent } => {
                self.desk.told.take_agent(at, agent, true);
                true
            }
            Notice::AgentBack { agent } => {
                self.desk.told.take_agent(at, agent, false);
                true
            }
            Notice::WindowClosing { .. }
            | Notice::WindowClosed { .. }
            | Notice::RollbackRecommended { .. }
            | Notice::FixForward { .. } => {
                let alarm = self.alarm().map(|alarm| alarm.since);
                self.desk.told.take(notice, alarm, self.traffic.switched);
                true
            }
        }
    }

    /// What time and evidence alone have to tell people now, and what the plan decides by itself.
    pub(crate) fn desk_next(&self, now: Timestamp) -> Option<(EventKind, Option<Name>)> {
        let notice = self.window_notice(now).or_else(|| self.alarm_notice(now));
        let kind = notice.map(EventKind::Noticed).or_else(|| self.automatic_rollback(now));
        kind.or_else(|| self.question_notice(now).map(EventKind::Noticed)).map(|kind| (kind, None))
    }

    /// What of it holds the gate.
    pub(crate) fn desk_holds(&self, gate: Phase, _now: Timestamp) -> Vec<Hold> {
        let off = self.desk.off.as_ref().filter(|_| gate == Phase::Cutover);
        let hold = |off: &Off| {
            let by = off.by.as_ref().map_or("somebody", Name::as_str);
            let reason = format!("{by} switched cutovers off: {}", off.reason);
            Hold::new(HoldCode::Disabled, off.since, reason, "tidelock cutovers on --reason TEXT")
        };
        off.map(hold).into_iter().collect()
    }
}

impl Desk {
    fn moved_on(&mut self, decision: &Name, step: impl FnOnce(&mut Question)) -> bool {
        self.questions.get_mut(decision).map(step).is_some()
    }
}

fn quoted(facts: &[String]) -> String {
    facts.iter().map(|fact| format!("{fact:?}")).collect::<Vec<_>>().join(", ")
}
