//! A plan that makes a gate easier to open needs a reason, and from the first time that the migration was ready on
//! a second person.
//!
//! Loosening a limit at night, alone, is the quiet way to a false "converged". Before the migration was ever ready
//! the plan is still being written, and a reason is enough; a check that took it back to sync since then changes
//! nothing about that.

use std::time::Duration;

use tidelock_model::{Name, Phase, Sha256, Timestamp, mutated};

use super::decide::said;
use crate::ask::{Asker, AskerKind, Looser, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::record::{Event, EventKind};

/// How long a proposal waits for its second person.
const PROPOSED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The newest plan that waits for a second person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proposal {
    base: u64,
    hash: Sha256,
    by: Option<Name>,
    at: Timestamp,
}

/// Whether a plan may come into force.
pub(crate) enum Agreed {
    /// Whoever applies it is enough.
    Alone,
    /// This one proposed it, and another confirms it.
    With(Name),
    /// It is proposed by this.
    NotYet(EventKind),
}

impl Migration {
    pub(crate) fn agreed(
        &self,
        now: Timestamp,
        (hash, looser): (Sha256, &Looser),
        (by, reason): (&Asker, &str),
        confirm: bool,
    ) -> Result<Agreed, Refusal> {
        if looser.against != self.plan_hash() {
            let message = "another revision came into force meanwhile: look at what changes once more";
            return Err(Refusal::new(RefusalCode::Revision, message));
        }
        if looser.lines.is_empty() {
            if confirm {
                let message = "nothing in it is looser, so nobody has to confirm it: apply it";
                return Err(Refusal::new(RefusalCode::Incomplete, message));
            }
            return Ok(Agreed::Alone);
        }
        said(reason, "a plan that makes a gate easier to open")?;
        let young = self.current.is_none() || self.desk.entered(Phase::Ready).is_none();
        if young || mutated("a-looser-plan-needs-two") {
            return Ok(Agreed::Alone);
        }
        if confirm {
            return self.confirmed_by(now, hash, by).map(Agreed::With);
        }
        let looser = looser.lines.clone();
        Ok(Agreed::NotYet(EventKind::PlanProposed { base: self.revision(), hash, looser }))
    }

    /// The proposer of what this person confirms.
    fn confirmed_by(&self, now: Timestamp, hash: Sha256, by: &Asker) -> Result<Name, Refusal> {
        let waits = |found: &&Proposal| found.base == self.revision() && now < found.at.plus(PROPOSED_FOR);
        let Some(proposal) = self.desk.proposal.as_ref().filter(waits) else {
            let message =
                "no plan waits to be confirmed: it was proposed for another revision, or over 24 h ago";
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        };
        if proposal.hash != hash {
            let message = format!("the plan that waits is {}, not {}", proposal.hash.short(), hash.short());
            return Err(Refusal::new(RefusalCode::Revision, message));
        }
        if by.kind != AskerKind::Person {
            let message = format!("{} is not in the plan; a person of the plan confirms it", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        match &proposal.by {
            Some(proposer) if *proposer != by.name || mutated("nobody-is-their-own-second") => {
                Ok(proposer.clone())
            }
            Some(_) | None => {
                let message = format!("{} proposed it: another person of the plan confirms it", by.name);
                Err(Refusal::new(RefusalCode::NotYours, message))
            }
        }
    }

    /// Takes a proposal; the newest one takes the place of the one before.
    pub(crate) fn proposed(&mut self, at: Timestamp, event: &Event) -> bool {
        let EventKind::PlanProposed { base, hash, .. } = &event.kind else { return false };
        let fits = *base == self.revision();
        if fits {
            self.desk.proposal = Some(Proposal { base: *base, hash: *hash, by: event.by.clone(), at });
        }
        fits
    }
}
