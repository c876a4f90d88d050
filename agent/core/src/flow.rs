//! How much may be under way to the collector, and what its acks mean.
//!
//! An ack is the collector's word that it has everything up to a number on disk. It is the only reason
//! to forget a finding, so an ack for something that was never sent is not believed.

use std::collections::VecDeque;

/// Batches that may be unacked when the collector has not said otherwise.
const DEFAULT_IN_FLIGHT: u32 = 16;
/// More than this is never under way, whatever the collector says.
const MAX_IN_FLIGHT: u32 = 256;

/// The collector acks a number that it cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadAck {
    /// What it acked.
    pub seq: u64,
    /// The last number that was sent.
    pub sent_to: u64,
}

/// The batches under way in one session.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The last number of each batch that is sent and not acked.
    in_flight: VecDeque<u64>,
    sent_to: u64,
    acked_to: u64,
    allowed: u32,
}

impl Flow {
    /// A session whose collector already has everything up to `durable`.
    pub fn new(durable: u64) -> Flow {
        Flow { in_flight: VecDeque::new(), sent_to: durable, acked_to: durable, allowed: DEFAULT_IN_FLIGHT }
    }

    /// Whether one more batch may be sent now.
    pub fn may_send(&self) -> bool {
        self.in_flight.len() < self.allowed as usize
    }

    /// A batch is on its way.
    pub fn sent(&mut self, last_seq: u64) {
        self.sent_to = last_seq;
        self.in_flight.push_back(last_seq);
    }

    /// Takes an ack; `false` when it says nothing new.
    ///
    /// # Errors
    /// When the number was never sent.
    pub fn acked(&mut self, seq: u64) -> Result<bool, BadAck> {
        if seq > self.sent_to {
            return Err(BadAck { seq, sent_to: self.sent_to });
        }
        if seq <= self.acked_to {
            return Ok(false);
        }
        self.acked_to = seq;
        while self.in_flight.front().is_some_and(|last| *last <= seq) {
            self.in_flight.pop_front();
        }
        Ok(true)
    }

    /// The collector says how many batches it takes before it acks; 0 stops the agent.
    pub fn pressure(&mut self, batches: u32) {
        self.allowed = batches.min(MAX_IN_FLIGHT);
    }

    /// The last number that was sent.
    pub fn sent_to(&self) -> u64 {
        self.sent_to
    }

    /// Whether everything that was sent is acked.
    pub fn settled(&self) -> bool {
        self.in_flight.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_under_way_than_is_allowed() {
        let mut flow = Flow::new(0);
        flow.pressure(2);
        flow.sent(10);
        assert!(flow.may_send());
        flow.sent(20);
        assert!(!flow.may_send());
        assert_eq!(flow.acked(15), Ok(true));
        assert!(flow.may_send());
        flow.pressure(0);
        assert!(!flow.may_send());
        assert_eq!(flow.acked(20), Ok(true));
        assert!(flow.settled() && !flow.may_send());
    }

    #[test]
    fn an_ack_for_what_was_never_sent_is_not_believed() {
        let mut flow = Flow::new(5);
        flow.sent(7);
        assert_eq!(flow.acked(8), Err(BadAck { seq: 8, sent_to: 7 }));
        assert_eq!(flow.acked(5), Ok(false));
        assert!(!flow.settled());
    }
}
