//! What evidence and time alone decide: leases that begin or end, and phases that need nobody's word.
//!
//! A decision and what follows from it are two records; this finds the second from the first, so that
//! a crash between them loses nothing.

use std::time::Duration;

use tidelock_model::{Name, Phase, Timestamp};

use super::rule::live;
use crate::migration::Migration;
use crate::plan::Direction;
use crate::record::{Entry, Event, EventKind, Record};
use crate::report::Filed;
use crate::verdict::HoldCode;

/// How long after its confirmation the runbook of a cutover must be begun.
const CONFIRMED_FOR: Duration = Duration::from_secs(60);

/// More than this cannot follow from one moment.
const MAX_STEPS: usize = 8;

impl Migration {
    /// Everything that is to be recorded now, in order. Each event's evidence is that of the moment
    /// before it; append and apply them with `now` as their time.
    pub fn weigh(&self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        let mut after: Option<Migration> = None;
        while events.len() < MAX_STEPS {
            let state = after.as_ref().unwrap_or(self);
            let Some(event) = state.next_event(now) else { break };
            let mut next = state.clone();
            next.apply(&Entry { at: now, record: Record::Decided(Box::new(event.clone())) });
            events.push(event);
            after = Some(next);
        }
        events
    }

    /// The next thing that evidence and time decide: ends first, then moves, then beginnings.
    fn next_event(&self, now: Timestamp) -> Option<Event> {
        let plan = self.plan()?;
        let ended =
            self.gates.leases.iter().find(|(gate, lease)| !lease.valid(now) || !self.clean(**gate, now));
        if let Some((gate, lease)) = ended {
            let kind = EventKind::LeaseRevoked { gate: *gate, epoch: lease.epoch };
            return Some(self.event(now, None, "", "", kind));
        }
        // Going back that is decided comes first: what a run still has to prove must not take it away.
        let back =
            matches!(self.phase, Phase::Cutover | Phase::Watch) && self.going_back() && !self.reversible();
        if !back && let Some((kind, by)) = self.run_next(now).or_else(|| self.desk_next(now)) {
            return Some(self.event(now, by, "", "", kind));
        }
        if let Some((to, by)) = self.moves(now) {
            let kind = EventKind::PhaseChanged { from: self.phase, to };
            return Some(self.event(now, by, "", "", kind));
        }
        let shut = live(plan, self.phase).into_iter().filter(|gate| !self.gates.leases.contains_key(gate));
        let opens = shut
            .filter(|gate| self.clean(*gate, now))
            .find_map(|gate| Some((gate, self.opens_until(gate, now)?)));
        let kind = match opens {
            Some((gate, valid_until)) => {
                EventKind::LeaseGranted { gate, epoch: self.gates.epoch + 1, valid_until }
            }
            // News of agents waits for nothing and nobody, and nothing waits for it.
            None => match self.agent_notice(now) {
                Some(notice) => EventKind::Noticed(notice),
                None => EventKind::Filed(Filed::Account(Box::new(self.account(now)?))),
            },
        };
        Some(self.event(now, None, "", "", kind))
    }

    /// The phase that follows by itself, and in whose name.
    pub(crate) fn moves(&self, now: Timestamp) -> Option<(Phase, Option<Name>)> {
        let gate = |to: Phase| self.clean(to, now).then_some((to, None));
        let free = |to: Phase| match self.sheet(to) {
            Some(_) => gate(to),
            None => Some((to, None)),
        };
        match self.phase {
            Phase::Prepare if !self.gates.operator.is_empty() || self.gates.degraded.is_some() => None,
            Phase::Prepare => free(Phase::Sync),
            // Evidence alone opens and shuts `ready`.
            Phase::Sync => gate(Phase::Ready),
            Phase::Ready => self.broken(Phase::Ready, now).then_some((Phase::Sync, None)),
            // Before the point of no return a runbook takes all back, whoever decided it.
            Phase::Cutover if self.reversible() => self.taken_back(now),
            // Going back was decided by people: it waits for no evidence.
            Phase::Cutover | Phase::Watch if self.going_back() => {
                Some((Phase::RollingBack, self.last_voice("rollback")))
            }
            Phase::Cutover if self.traffic.switched.is_some() && self.may_watch() => free(Phase::Watch),
            Phase::Watch => gate(Phase::Committed).map(|(to, _)| (to, self.last_voice("commit"))),
            Phase::Committed => gate(Phase::Retired),
            Phase::RollingBack => gate(Phase::RolledBack),
            Phase::Cutover | Phase::Retired | Phase::RolledBack | Phase::Aborted => None,
        }
    }

    /// Where a runbook goes that was taken back whole, or that nobody began.
    fn taken_back(&self, now: Timestamp) -> Option<(Phase, Option<Name>)> {
        let to = match self.real_run(Direction::Cutover) {
            Some(run) if run.under_way() => return None,
            Some(run) if run.given_up => Phase::Aborted,
            Some(_) => Phase::Sync,
            None if self.going_back() || now >= self.confirmed_until() => Phase::Sync,
            None => return None,
        };
        Some((to, None))
    }

    /// A cutover that is confirmed must begin by then: evidence and approval are of the moment of the token.
    pub(crate) fn confirmed_until(&self) -> Timestamp {
        self.phase_since.plus(CONFIRMED_FOR)
    }

    /// The runbook was walked to its end, where there is one.
    fn may_watch(&self) -> bool {
        !self.walks(Direction::Cutover) || self.walked(Direction::Cutover)
    }

    /// Nothing stands between the gate and an open lease.
    pub(crate) fn clean(&self, gate: Phase, now: Timestamp) -> bool {
        self.evidence_until(gate, now).is_some() && self.obstacles_where(gate, now, || true).is_empty()
    }

    /// What the gate rests on is not proved, or not for long enough any more.
    fn broken(&self, gate: Phase, now: Timestamp) -> bool {
        let Some(sheet) = self.sheet(gate) else {
            return true;
        };
        let steady = self.gates.steady.get(&gate).map_or(now, |steady| steady.since);
        let stable = now.since(steady) >= sheet.rule.stable_for
            || self.in_force(gate, now).covers(HoldCode::Stable.word());
        self.evidence_until(gate, now).is_none() || !stable
    }

    /// Enough people said that the migration goes back.
    pub(crate) fn going_back(&self) -> bool {
        self.gates.ballots.get("rollback").is_some_and(|ballot| ballot.complete)
    }

    fn last_voice(&self, decision: &str) -> Option<Name> {
        let ballot = self.gates.ballots.get(decision)?;
        ballot.voices.iter().max_by_key(|(_, at)| **at).map(|(person, _)| person.clone())
    }
}
