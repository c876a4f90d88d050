//! `open` is a lease, never a latch: it ends by itself when nobody renews it.

use std::time::Duration;

use tidelock_model::{Phase, Timestamp, mutated};

use super::Gates;
use crate::migration::Migration;
use crate::record::Observation;

/// How long `open` may be believed.
const TTL: Duration = Duration::from_secs(10);

/// How often a lease is renewed.
pub const RENEW_AFTER: Duration = Duration::from_secs(3);

/// A renewal that gains less is not worth a record.
const WORTH: Duration = Duration::from_secs(1);

/// An opening that would last shorter is none: nobody could use it, and it would void the token before it.
const OPEN_AT_LEAST: Duration = Duration::from_millis(100);

/// A lease ends just after the last moment at which its evidence is good.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// An open gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lease {
    pub(crate) epoch: u64,
    pub(crate) granted: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// The evidence behind it broke: it is never open again.
    pub(crate) broken: bool,
}

impl Lease {
    pub(crate) fn valid(&self, now: Timestamp) -> bool {
        !self.broken && (now < self.valid_until || mutated("a-lease-ends"))
    }
}

impl Gates {
    pub(crate) fn grant(&mut self, at: Timestamp, gate: Phase, epoch: u64, valid_until: Timestamp) -> bool {
        if epoch <= self.epoch {
            return false;
        }
        self.epoch = epoch;
        self.leases.insert(gate, Lease { epoch, granted: at, valid_until, broken: false });
        true
    }

    /// An ended lease is not renewed: the gate must open anew.
    fn renew(&mut self, at: Timestamp, gate: Phase, epoch: u64, valid_until: Timestamp) {
        if let Some(lease) = self.leases.get_mut(&gate)
            && lease.epoch == epoch
            && lease.valid(at)
        {
            lease.valid_until = lease.valid_until.max(valid_until);
        }
    }

    /// A lease never outlives its evidence: an agent that comes back may bring some that ends sooner.
    pub(crate) fn shorten(&mut self, gate: Phase, evidence: Timestamp) {
        if let Some(lease) = self.leases.get_mut(&gate) {
            lease.valid_until = lease.valid_until.min(evidence.plus(MOMENT));
        }
    }

    pub(crate) fn revoke(&mut self, gate: Phase, epoch: u64) {
        if self.leases.get(&gate).is_some_and(|lease| lease.epoch == epoch) {
            self.leases.remove(&gate);
        }
    }
}

impl Migration {
    /// Until when `open` could be believed if the gate's lease were written now: never longer than the
    /// evidence and the approval behind it last.
    pub(crate) fn lease_until(&self, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        let evidence = self.evidence_until(gate, now)?;
        let approval = self.approved_until(gate, now).unwrap_or(evidence.plus(MOMENT));
        let last = evidence.min(approval.minus(MOMENT));
        Some(now.plus(TTL).min(last.plus(MOMENT))).filter(|until| *until > now)
    }

    /// The same for a gate that is shut.
    pub(crate) fn opens_until(&self, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        self.lease_until(gate, now).filter(|until| *until >= now.plus(OPEN_AT_LEAST))
    }

    /// A renewal was asked for a moment ago: it holds as far as the evidence of now reaches.
    pub(crate) fn renewed(&mut self, at: Timestamp, gate: Phase, epoch: u64, valid_until: Timestamp) {
        if let Some(evidence) = self.evidence_until(gate, at) {
            self.gates.renew(at, gate, epoch, valid_until.min(evidence.plus(MOMENT)));
        }
    }

    /// The renewals that are due.
    pub fn renewals(&self, now: Timestamp) -> Vec<Observation> {
        let due = |(gate, lease): (&Phase, &Lease)| {
            let soon = lease.valid_until.since(now) <= TTL - RENEW_AFTER;
            if !soon || !lease.valid(now) || !self.obstacles(*gate, now).is_empty() {
                return None;
            }
            let valid_until = self.lease_until(*gate, now)?;
            let worth = valid_until >= lease.valid_until.plus(WORTH);
            worth.then_some(Observation::LeaseRenewed { gate: *gate, epoch: lease.epoch, valid_until })
        };
        self.gates.leases.iter().filter_map(due).collect()
    }

    /// When the next renewal should be looked for.
    pub(crate) fn renewal_at(&self) -> Option<Timestamp> {
        self.gates.leases.values().map(|lease| lease.valid_until.minus(TTL - RENEW_AFTER)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_that_nobody_renews_ends_by_itself() {
        let until = Timestamp::from_millis(10_000);
        let lease = Lease { epoch: 1, granted: Timestamp::ZERO, valid_until: until, broken: false };
        assert!(lease.valid(until.minus(MOMENT)));
        assert!(!lease.valid(until));
        assert!(!Lease { broken: true, ..lease }.valid(Timestamp::ZERO));
    }
}
