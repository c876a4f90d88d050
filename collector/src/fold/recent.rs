//! The latest findings of a migration, whole, for whoever asks why.
//!
//! They are kept as they were received, and decoded for whoever asks: seldom, and then a few of one
//! check. To keep each of them ready would cost more than everything that decides.

use std::collections::VecDeque;

use prost::Message as _;
use tidelock_model::{AgentKey, Finding, Name, Timestamp};
use tidelock_proto::{batch_from_wire, v1};

use crate::journal::Position;
use crate::records::{Received, names};

/// Findings kept.
const KEPT: usize = 20_000;
/// How many bytes they may take.
const KEPT_BYTES: usize = 16 << 20;

/// A finding, and when and from whom it came.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentFinding {
    /// Who found it.
    pub agent: AgentKey,
    /// When it was received.
    pub received: Timestamp,
    /// What.
    pub finding: Finding,
}

#[derive(Debug)]
struct Kept {
    position: Position,
    at: Timestamp,
    agent: AgentKey,
    batch: Received,
}

/// The latest findings, in the order of the journal.
#[derive(Debug, Default)]
pub struct Recent {
    batches: VecDeque<Kept>,
    findings: usize,
    bytes: usize,
}

impl Recent {
    pub(super) fn take(&mut self, position: Position, at: Timestamp, agent: AgentKey, batch: Received) {
        self.findings += batch.hashes().len();
        self.bytes += weight(&batch);
        self.batches.push_back(Kept { position, at, agent, batch });
        while self.findings > KEPT || self.bytes > KEPT_BYTES {
            let Some(Kept { batch, .. }) = self.batches.pop_front() else {
                break;
            };
            self.findings -= batch.hashes().len();
            self.bytes -= weight(&batch);
        }
    }

    /// Where what is kept begins.
    pub fn first(&self) -> Position {
        self.batches.front().map_or(Position::new(u64::MAX), |kept| kept.position)
    }

    /// The latest findings of a check, newest first.
    pub fn of(&self, check: &Name, at_most: usize) -> Vec<RecentFinding> {
        let mut found = Vec::new();
        for kept in self.batches.iter().rev() {
            let mut of_check: Vec<&[u8]> =
                kept.batch.findings().filter(|finding| names(finding, check.as_str())).collect();
            while let Some(bytes) = of_check.pop() {
                if found.len() == at_most {
                    return found;
                }
                let finding = decoded(&kept.agent, bytes).filter(|finding| finding.check == *check);
                found.extend(finding.map(|finding| RecentFinding {
                    agent: kept.agent.clone(),
                    received: kept.at,
                    finding,
                }));
            }
        }
        found
    }
}

/// What a batch takes in memory, about.
fn weight(batch: &Received) -> usize {
    size_of::<Kept>() + batch.bytes().len() + size_of_val(batch.hashes())
}

/// The finding again; it came in through the same door.
fn decoded(agent: &AgentKey, bytes: &[u8]) -> Option<Finding> {
    let findings = vec![v1::Finding::decode(bytes).ok()?];
    let wire = v1::FindingBatch { spool_epoch: vec![0; 16], first_seq: 1, findings, gap: None };
    batch_from_wire(agent.clone(), wire).ok()?.findings.pop()
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    fn batch(check: &str, rounds: std::ops::Range<u64>) -> Received {
        let finding = |round| v1::Finding {
            check: if round % 2 == 0 { check } else { "other" }.to_owned(),
            plan_hash: vec![1; 32],
            component_sha256: vec![2; 32],
            round,
            due_unix_ms: 5,
            outcome: v1::Outcome::Pass.into(),
            ..v1::Finding::default()
        };
        let findings = rounds.map(finding).collect();
        let wire = v1::FindingBatch { spool_epoch: vec![0; 16], first_seq: 1, findings, gap: None };
        Received::new(wire.encode_to_vec().into()).unwrap()
    }

    #[test]
    fn the_latest_of_a_check_come_first_and_the_oldest_go() {
        let agent = AgentKey { side: Side::Source, name: Name::new("a").unwrap() };
        let check = Name::new("login").unwrap();
        let rounds = |recent: &Recent, at_most| -> Vec<u64> {
            recent.of(&check, at_most).iter().map(|found| found.finding.round).collect()
        };
        let mut recent = Recent::default();
        for from in [0, 10] {
            recent.take(Position::new(from), Timestamp::ZERO, agent.clone(), batch("login", from..from + 10));
        }
        assert_eq!(rounds(&recent, 7), [18, 16, 14, 12, 10, 8, 6]);
        assert_eq!(recent.of(&check, 100).len(), 10);
        for _ in 0..KEPT / 10 {
            recent.take(Position::new(99), Timestamp::ZERO, agent.clone(), batch("log", 1..11));
        }
        assert_eq!((rounds(&recent, 1), recent.findings), (Vec::new(), KEPT));
        assert_eq!(recent.first(), Position::new(99));
    }
}
