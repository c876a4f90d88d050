//! What stays of a migration: its phases, how long each scenario was in which state, when it was well again,
//! and what was lost on the way.
//!
//! It is folded while things happen. Findings are not kept for ever, so what they told is filed as a decision once the
//! migration has ended (`filed.rs`): a report says the same before a restart and after it, and for as long as there
//! is a journal. States are looked at with each tick, and less often the more scenarios there are; a state that came
//! and went in between is not in it.

mod course;
mod filed;
mod remember;

use std::time::Duration;

use tidelock_model::{AgentKey, Level, Name, Phase, Sha256, Timestamp};

pub use filed::{About, Account, Filed, Lasted, Remark};
pub(crate) use remember::History;

use crate::migration::Migration;
use crate::plan::Direction;
use crate::runbook::{FailedUndo, RunStatus};
use crate::status::{AgentState, ManualStatus};
use crate::verdict::{EvidenceState, OverrideStatus, RollbackStatus};
use crate::words::span;

/// The whole migration, for the record. The decisions themselves are in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The migration's name.
    pub migration: Name,
    /// What it is about.
    pub summary: String,
    /// What people call the old side.
    pub source_title: String,
    /// What people call the new side.
    pub target_title: String,
    /// The time zone of people's screens.
    pub timezone: String,
    /// Everybody whom the present plan names: the name, the full name and the role.
    pub people: Vec<(Name, String, String)>,
    /// When it was asked for.
    pub as_of: Timestamp,
    /// The present phase.
    pub phase: Phase,
    /// Every plan that was in force.
    pub revisions: Vec<ReportRevision>,
    /// Every visit of a phase, oldest first.
    pub phases: Vec<ReportPhase>,
    /// Older visits that are not kept.
    pub phases_cut: u64,
    /// Every scenario that some plan had.
    pub scenarios: Vec<ReportScenario>,
    /// The newest run of a runbook.
    pub runs: Vec<RunStatus>,
    /// Every manual check of the plan.
    pub manual_checks: Vec<ManualStatus>,
    /// Steps that could not be taken back, over all runs.
    pub failed_undos: Vec<FailedUndo>,
    /// Holds that people overrode.
    pub overrides: Vec<OverrideStatus>,
    /// The way back, as it stands.
    pub rollback: RollbackStatus,
    /// When the way back ended for good, and why.
    pub rollback_ended: Option<(Timestamp, String)>,
    /// From the switch until every claim that the next gate needs was proved again; none while it is not.
    pub recovery: Option<Duration>,
    /// Agents that fell silent, were suspended or revoked.
    pub agents_lost: Vec<AgentLost>,
    /// More of those than are kept.
    pub agents_lost_cut: u64,
    /// When traffic was moved to the target.
    pub switched: Option<Timestamp>,
    /// When it was moved back to the source.
    pub back: Option<Timestamp>,
    /// What agents said of themselves and of what their checks cannot see, each with the moment of the first time.
    pub said: Vec<(Remark, Timestamp)>,
    /// They said more than is kept.
    pub said_cut: bool,
    /// When it was accounted for what findings told; what comes later is no part of it.
    pub filed: Option<Timestamp>,
    /// Scenarios and overrides for which the account had no room.
    pub cut: u64,
    /// Findings were dropped before it was accounted for them: how long a scenario was in which state, which agent
    /// fell silent and when all was proved again is unknown, and is not told.
    pub findings_dropped: bool,
}

/// A plan that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRevision {
    /// Counts from 1.
    pub revision: u64,
    /// Its hash.
    pub hash: Sha256,
    /// Since when.
    pub at: Timestamp,
    /// Who applied it.
    pub by: Option<Name>,
    /// In their words.
    pub reason: String,
}

/// A visit of a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPhase {
    /// The phase.
    pub phase: Phase,
    /// When it began.
    pub from: Timestamp,
    /// When it was left; none for the present one.
    pub to: Option<Timestamp>,
    /// How long its runbook should take, where it has one.
    pub planned: Option<Duration>,
}

/// A scenario, over the whole migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportScenario {
    /// Its name.
    pub name: Name,
    /// For people; empty where the present plan has it no more.
    pub title: String,
    /// How much it matters; none where the present plan has it no more.
    pub level: Option<Level>,
    /// How long it was in which state, by phase; nothing of a time in which it was not asked.
    pub spans: Vec<ReportSpan>,
    /// The longest time that it held a gate without a break.
    pub longest_hold: Duration,
    /// How long it may be away during the switch, where the present plan says so.
    pub may_dip: Option<Duration>,
    /// It is away while writes are shut.
    pub writes: bool,
}

/// How long a scenario was in a state, in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportSpan {
    /// The phase.
    pub phase: Phase,
    /// The state.
    pub state: EvidenceState,
    /// How long, over all visits of the phase.
    pub time: Duration,
}

/// An agent that was not there for a while, or went for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentLost {
    /// Which.
    pub agent: AgentKey,
    /// Silent, suspended or revoked.
    pub what: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// When it was heard again; none where it was not, or went for good.
    pub until: Option<Timestamp>,
    /// What was found, or why it was revoked.
    pub text: String,
}

impl Migration {
    /// The whole migration as it is known at `now`.
    pub fn report(&self, now: Timestamp) -> Report {
        let plan = self.plan();
        let text = |of: fn(&crate::plan::Plan) -> &String| plan.map(of).cloned().unwrap_or_default();
        let history = &self.history;
        Report {
            migration: self.name.clone(),
            summary: text(|plan| &plan.summary),
            source_title: text(|plan| &plan.source.title),
            target_title: text(|plan| &plan.target.title),
            timezone: text(|plan| &plan.timezone),
            people: (plan.into_iter().flat_map(|plan| &plan.people))
                .map(|(name, person)| (name.clone(), person.name.clone(), person.role.clone()))
                .collect(),
            as_of: now,
            phase: self.phase,
            revisions: history.revisions.clone(),
            phases: self.report_phases(),
            phases_cut: history.phases_cut,
            scenarios: self.report_scenarios(now),
            runs: self.run_status(now).into_iter().collect(),
            failed_undos: self.failed_undos().to_vec(),
            manual_checks: self.manual_checks(),
            overrides: self.report_overrides(now),
            rollback: self.rollback_status(now),
            rollback_ended: self.rollback_ended(now),
            recovery: self.recovery(),
            agents_lost: self.report_lost(),
            agents_lost_cut: history.lost_cut,
            switched: self.traffic.switched,
            back: self.traffic.back,
            said: history.said.all(),
            said_cut: history.said.cut,
            filed: history.filed,
            cut: history.cut,
            findings_dropped: history.dropped,
        }
    }

    /// What held a gate when it was overridden, and became worse since, is in no decision but the account.
    fn report_overrides(&self, now: Timestamp) -> Vec<OverrideStatus> {
        if self.history.filed.is_some() {
            return self.history.overrides.clone();
        }
        let mut all = self.overrides(now);
        for over in all.iter_mut().filter(|_| self.history.dropped) {
            (over.was, over.outgrown) = (Vec::new(), None);
        }
        all
    }

    /// Who was suspended or revoked was decided; who fell silent is known of findings alone.
    fn report_lost(&self) -> Vec<AgentLost> {
        let known = |lost: &&AgentLost| !self.history.dropped || lost.what != AgentState::Silent;
        self.history.lost.iter().filter(known).cloned().collect()
    }

    /// From the switch until all that the next gate needs was proved again, for the first time.
    fn recovery(&self) -> Option<Duration> {
        let recovered = self.history.recovered.filter(|_| !self.history.dropped)?;
        Some(recovered.since(self.traffic.switched?))
    }

    fn report_phases(&self) -> Vec<ReportPhase> {
        let planned = |phase: Phase| {
            let direction = match phase {
                Phase::Cutover => Direction::Cutover,
                Phase::RollingBack => Direction::Rollback,
                Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Watch | Phase::Committed => return None,
                Phase::Retired | Phase::RolledBack | Phase::Aborted => return None,
            };
            let runbook = self.plan()?.runbook(direction)?;
            Some(runbook.steps.iter().map(|step| step.planned).sum())
        };
        let visits = &self.history.phases;
        let ends = visits.iter().skip(1).map(|(_, from)| Some(*from)).chain([None]);
        let told = |((phase, from), to): (&(Phase, Timestamp), Option<Timestamp>)| ReportPhase {
            phase: *phase,
            from: *from,
            to,
            planned: planned(*phase),
        };
        visits.iter().zip(ends).map(told).collect()
    }

    fn report_scenarios(&self, now: Timestamp) -> Vec<ReportScenario> {
        let scenario = |name: &Name| self.plan().and_then(|plan| plan.scenarios.get(name));
        let known = !self.history.dropped;
        let told = |(name, course): (&Name, &course::Course)| ReportScenario {
            name: name.clone(),
            title: scenario(name).map(|it| it.title.clone()).unwrap_or_default(),
            level: scenario(name).map(|it| it.level),
            spans: if known { course.spans(now) } else { Vec::new() },
            longest_hold: if known { course.longest_hold(now) } else { Duration::ZERO },
            may_dip: scenario(name).and_then(|it| it.may_dip),
            writes: scenario(name).is_some_and(|it| it.writes),
        };
        self.history.courses.iter().map(told).collect()
    }

    /// The first thing after which nobody could go back any more.
    fn rollback_ended(&self, now: Timestamp) -> Option<(Timestamp, String)> {
        let switched = self.traffic.switched?;
        let left = |(phase, from): &(Phase, Timestamp)| match phase {
            Phase::RollingBack => Some((*from, "it was taken".to_owned())),
            Phase::Committed => Some((*from, "the migration was called complete".to_owned())),
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Watch => None,
            Phase::Retired | Phase::RolledBack | Phase::Aborted => None,
        };
        let visits = self.history.phases.iter().filter(|(_, from)| *from >= switched);
        let left = visits.filter_map(left).next();
        let window = self.plan().and_then(|plan| plan.rollback.window);
        let window =
            window.map(|window| (switched.plus(window), format!("its window of {} was over", span(window))));
        let fact = self.fact().map(|(at, fact)| (at.max(switched), format!("{fact} was stated")));
        let ends = [left, window.filter(|(at, _)| *at < now), fact];
        ends.into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}
