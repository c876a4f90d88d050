//! Asks that were recorded, by their ids, so that the same one is recorded once.

use std::collections::BTreeMap;

use tidelock_model::{Name, Phase};

use super::desk::set_of;
use crate::ask::Ask;
use crate::record::EventKind;

/// How many request ids are remembered, with what each recorded.
pub const MAX_REQUESTS: usize = 4096;

/// What was recorded under which id, and in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Requests {
    known: BTreeMap<(Option<Name>, String), (u64, EventKind)>,
    next: u64,
}

impl Requests {
    /// What this asker's ask of this id recorded.
    pub(crate) fn recorded(&self, by: &Name, id: &str) -> Option<&EventKind> {
        if id.is_empty() {
            return None;
        }
        self.known.get(&(Some(by.clone()), id.to_owned())).map(|(_, kind)| kind)
    }

    pub(crate) fn remember(&mut self, by: Option<&Name>, id: &str, kind: &EventKind) {
        if id.is_empty() {
            return;
        }
        self.known.insert((by.cloned(), id.to_owned()), (self.next, kind.clone()));
        self.next += 1;
        if self.known.len() > MAX_REQUESTS {
            let oldest = self.known.iter().min_by_key(|(_, (order, _))| *order).map(|(key, _)| key.clone());
            oldest.map(|key| self.known.remove(&key));
        }
    }
}

/// The ask is the one that recorded this. An id that was used for another ask must not make this one
/// look done.
pub(crate) fn made(ask: &Ask, recorded: &EventKind) -> bool {
    match (ask, recorded) {
        (Ask::Decide { decision, go, .. }, EventKind::Decided { decision: d, go: g, .. }) => {
            (decision, go) == (d, g)
        }
        (Ask::Hold { .. }, EventKind::HoldSet) => true,
        (Ask::Release { of, .. }, EventKind::HoldReleased { of: o }) => of.is_none() || of == o,
        (Ask::Confirm { epoch, .. }, EventKind::CutoverConfirmed { epoch: e }) => epoch == e,
        (Ask::Switched { to, .. }, EventKind::Switched { to: t }) => to == t,
        (Ask::ManualDone { check, failed, .. }, EventKind::ManualCheckDone { check: c, failed: f, .. }) => {
            (check, failed) == (c, f)
        }
        (Ask::Abort { .. }, EventKind::PhaseChanged { to, .. }) => *to == Phase::Aborted,
        (Ask::Abort { .. }, EventKind::RunTurned { why, .. }) => why == crate::runbook::GIVEN_UP,
        (Ask::SetRevision { side, revision, .. }, EventKind::RevisionSet { side: s, revision: r }) => {
            (side, revision) == (s, r)
        }
        (Ask::Run { ask, .. }, recorded) => crate::runbook::made(ask, recorded),
        (Ask::SetCutovers { enabled, .. }, EventKind::CutoversSet { enabled: e }) => enabled == e,
        (Ask::SetFact { fact, .. }, EventKind::FactSet { fact: f }) => fact == f,
        (Ask::Override { gate, checks, .. }, EventKind::Overridden { gate: g, checks: c, .. }) => {
            (gate, &set_of(checks)) == (g, c)
        }
        (
            Ask::SettleLeftover { key, owner, disposition, .. },
            EventKind::LeftoverSettled { key: k, owner: o, disposition: d },
        ) => (key, owner, disposition) == (k, o, d),
        (
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
            | Ask::Enrol { .. }
            | Ask::SetCutovers { .. }
            | Ask::SetFact { .. }
            | Ask::Override { .. }
            | Ask::SettleLeftover { .. }
            | Ask::RunCheck { .. }
            | Ask::File { .. }
            | Ask::SetDegraded { .. }
            | Ask::ReportConflict { .. },
            _,
        ) => false,
    }
}
