//! Checks that a person makes: who, until when, and for how long they count.

use tidelock_model::{Name, Timestamp};

use crate::migration::Migration;
use crate::plan::{ManualCheck, Plan};
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::date;

impl Migration {
    /// When a check that was made well has to be made again; the last moment at which it counts.
    pub(crate) fn manual_expires(&self, plan: &Plan, name: &Name) -> Option<Timestamp> {
        let valid_for = plan.manual_checks.get(name)?.valid_for?;
        Some(self.manual.get(name).filter(|done| !done.failed)?.at.plus(valid_for))
    }

    /// It was made, too long before the newest entry of the journal.
    pub(crate) fn manual_expired(&self, name: &Name) -> bool {
        let ends = self.plan().and_then(|plan| self.manual_expires(plan, name));
        ends.is_some_and(|ends| self.clock > ends)
    }

    /// Until when it counts; none where it was not made, failed, or has to be made again.
    pub(crate) fn manual_until(&self, plan: &Plan, name: &Name, now: Timestamp) -> Option<Timestamp> {
        self.manual.get(name).filter(|done| !done.failed)?;
        let ends = self.manual_expires(plan, name).unwrap_or(Timestamp::from_millis(u64::MAX));
        (now <= ends).then_some(ends)
    }

    /// When it must be made, where its phase has begun.
    pub(crate) fn manual_due(&self, check: &ManualCheck) -> Option<Timestamp> {
        let (phase, within) = (check.phase?, check.within?);
        let begun = if phase == self.phase { Some(self.phase_since) } else { self.desk.entered(phase) };
        Some(begun?.plus(within))
    }

    /// Why a manual check holds the gate, with the name of whoever owes it.
    pub(crate) fn manual_hold(&self, plan: &Plan, name: &Name, now: Timestamp) -> Option<Hold> {
        let check = plan.manual_checks.get(name)?;
        let (owner, expires) = (&check.owner, self.manual_expires(plan, name));
        let (since, state, reason) = match (self.manual.get(name), expires) {
            (Some(done), _) if done.failed => {
                (done.at, Some(EvidenceState::Refuted), format!("{owner} reported it as failed"))
            }
            (Some(_), Some(ends)) if now > ends => {
                let reason = format!("expired at {}: {owner} has to make it again", date(ends));
                (ends, Some(EvidenceState::Stale), reason)
            }
            (Some(_), _) => return None,
            (None, _) => {
                let due = self.manual_due(check);
                let told = match due {
                    Some(due) if now > due => format!(", and it is overdue since {}", date(due)),
                    Some(due) => format!(", due by {}", date(due)),
                    None => String::new(),
                };
                let since = due.filter(|due| now > *due).unwrap_or(self.phase_since);
                (since, None, format!("{owner} has not made it yet{told}"))
            }
        };
        let mut hold = Hold::new(HoldCode::Manual, since, reason, format!("tidelock manual done {name}"));
        (hold.check, hold.state) = (Some(name.clone()), state);
        Some(hold)
    }
}
