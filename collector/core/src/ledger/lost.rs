//! What nobody knows any more of who ran a thing: findings that are lost, and those that told of a run and do not count.
//!
//! A look tells of the time since the agent's last one, so what one told that is lost is told by no later one. It ends
//! as a run on the wrong side does: with the proof that the side is quiet, which begins anew where findings are lost.

use std::time::Duration;

use tidelock_model::{AgentKey, Name, Phase, Timestamp, mutated};

use super::{Book, Ledger, Owned};
use crate::migration::Migration;
use crate::runbook::Heard;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::second;

/// A time of which a side's agent told something that is not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lost {
    /// Its last look that is known began then.
    from: Timestamp,
    /// Then it was known that something is missing.
    to: Timestamp,
    /// Who had told it.
    by: Name,
}

impl Ledger {
    /// Findings of an agent are lost: nobody knows whether they told of a run.
    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey, lost: impl Fn(&Name) -> bool) {
        for book in self.books.values_mut().filter(|book| lost(&book.owned.seen_by)) {
            book.lose(at, agent);
        }
    }

    /// A finding that does not count told of a run, and no later one tells of it again.
    pub(super) fn uncounted(&mut self, heard: &Heard<'_>) {
        // It tells of no time after it looked: what is late may be of the time before the thing changed hands.
        let looked = heard.finding.due.plus(Duration::from_nanos(heard.finding.lateness_ns)).min(heard.at);
        for book in self.books.values_mut().filter(|book| book.owned.seen_by == heard.finding.check) {
            if book.told(heard).is_some_and(|ran| ran > 0.0) {
                book.lose(looked, heard.agent);
            }
        }
    }
}

impl Book {
    /// What was not looked at before is not missed.
    fn lose(&mut self, to: Timestamp, agent: &AgentKey) {
        let Some(from) = self.looks.get(agent).map(|look| look.began) else { return };
        // What was lost last is quiet last, whichever agent had told it.
        let newer = self.lost.get(&agent.side).is_none_or(|known| known.to <= to);
        if newer && !mutated("a-lost-run-is-not-forgotten") {
            self.lost.insert(agent.side, Lost { from: from.min(to), to, by: agent.name.clone() });
        }
    }
}

impl Migration {
    /// It may have run where it must not, and that side was not proved to be quiet since.
    pub(super) fn lost_runs(&self, owned: &Owned<'_>, gate: Phase, now: Timestamp) -> Option<Hold> {
        let other = owned.other();
        let lost = owned.book?.lost.get(&other).filter(|lost| lost.to > self.owned_since(other))?;
        if self.is_quiet(owned, other, now) {
            return None;
        }
        let Owned { name, thing, owner, .. } = owned;
        let reason = format!(
            "what {} told between {} and {} is lost or does not count, and nobody knows whether {} {name} ran on \
             {other} then: {owner} alone owns it {}",
            lost.by,
            second(lost.from),
            second(lost.to),
            thing.kind,
            self.owned_when()
        );
        let mut hold = owned.hold(EvidenceState::Undecided, lost.from, reason);
        (hold.side, hold.seen) = (Some(other), Some(lost.to));
        // Of a dead side that the move leaves nobody will ever know: that is one hold, and people pass over it.
        if self.unseen_side(gate, now) == Some(other) {
            hold.code = HoldCode::Unseen;
        }
        Some(hold)
    }
}
