//! When the answer may change though nothing more is heard. The shell sleeps until then.

use std::time::Duration;

use tidelock_model::Timestamp;

use super::rule::live;
use crate::migration::Migration;
use crate::roster::ONLINE_FOR;

/// A limit is passed one step after its last good moment.
const STEP: Duration = Duration::from_millis(1);

impl Migration {
    /// The next moment after `now` at which time alone may change an answer.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let plan = self.plan()?;
        let mut moments = Vec::new();
        for gate in live(plan, self.phase) {
            moments.extend(self.evidence_until(gate, now));
            let Some(sheet) = self.sheet(gate) else { continue };
            let steady = self.gates.steady.get(&gate);
            moments.extend(steady.map(|steady| steady.since.plus(sheet.rule.stable_for).minus(STEP)));
            moments.extend(sheet.rule.deadline.map(|limit| self.phase_since.plus(limit)));
            moments.extend(self.approved_until(gate, now).map(|until| until.minus(STEP)));
        }
        moments.extend(self.renewal_at().map(|at| at.minus(STEP)));
        moments.extend(self.gates.leases.values().map(|lease| lease.valid_until.minus(STEP)));
        let rollback = self.rollback_status(now);
        let warn = plan.rollback.warn_before.unwrap_or_default();
        moments.extend(rollback.until);
        moments.extend(rollback.until.map(|until| until.minus(warn).minus(STEP)));
        for (_, member) in self.roster.iter() {
            moments.push(member.certificate_ends.minus(STEP));
            moments.extend(member.heard.map(|heard| heard.plus(ONLINE_FOR)));
        }
        moments.extend(self.agents_told_at().map(|at| at.minus(STEP)));
        moments.extend(self.settles_at());
        moments.extend(self.questions_move_at().into_iter().map(|at| at.minus(STEP)));
        moments.extend(self.automatic_at().map(|at| at.minus(STEP)));
        moments.extend(self.overrides_end_at().map(|at| at.minus(STEP)));
        let made = plan.manual_checks.keys().filter_map(|name| self.manual_expires(plan, name));
        moments.extend(made);
        moments.extend(plan.manual_checks.values().filter_map(|check| self.manual_due(check)));
        moments.extend(self.run_moments(now));
        moments.into_iter().map(|moment| moment.plus(STEP)).filter(|moment| *moment > now).min()
    }
}
