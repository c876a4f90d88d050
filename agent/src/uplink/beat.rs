//! Heartbeats: that the agent lives, and what its clock and its processor are like.

use tidelock_agent_core::{ClockOffset, Exchange, Offset};
use tidelock_model::Timestamp;
use tidelock_proto::v1;

/// The heartbeats of one session.
#[derive(Debug, Default)]
pub(super) struct Beat {
    sequence: u64,
    sent: Timestamp,
    last: Option<Exchange>,
    clock: ClockOffset,
}

impl Beat {
    /// The next heartbeat.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        starved_permille: u32,
        bytes: u64,
        findings: u64,
    ) -> v1::Heartbeat {
        self.sequence += 1;
        self.sent = now;
        let last = |of: fn(Exchange) -> Timestamp| self.last.map_or(0, |last| of(last).as_millis());
        v1::Heartbeat {
            sequence: self.sequence,
            agent_sent_unix_ms: now.as_millis(),
            last_collector_received_unix_ms: last(|l| l.collector_received),
            last_collector_sent_unix_ms: last(|l| l.collector_sent),
            last_agent_sent_unix_ms: last(|l| l.agent_sent),
            last_agent_received_unix_ms: last(|l| l.agent_received),
            starved_permille,
            spool_bytes: bytes,
            spool_findings: findings,
            warnings: Vec::new(),
        }
    }

    /// Takes the answer to the last heartbeat; an answer to an older one says nothing any more.
    pub(super) fn reply(&mut self, reply: &v1::HeartbeatReply, now: Timestamp) -> Option<Offset> {
        if reply.sequence != self.sequence || reply.agent_sent_unix_ms != self.sent.as_millis() {
            return None;
        }
        let exchange = Exchange {
            agent_sent: self.sent,
            collector_received: Timestamp::from_millis(reply.collector_received_unix_ms),
            collector_sent: Timestamp::from_millis(reply.collector_sent_unix_ms),
            agent_received: now,
        };
        self.last = Some(exchange);
        self.clock.observe(exchange);
        self.clock.offset()
    }
}
