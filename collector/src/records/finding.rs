//! Records of the set `findings`: what was seen or heard, for one migration or, for a tick, for all.

use prost::Message as _;
use tidelock_core::record::{AgentSeen, Observation, Refusal};
use tidelock_model::{AgentKey, Name, Phase, Timestamp};
use tidelock_proto::v1::finding_record::Body;
use tidelock_proto::{batch_from_wire, batch_to_wire, side_from_wire, side_to_wire, v1};

use super::{BadRecord, Received, bad};

/// Something seen, and by which migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The migration; none for a tick, which is for all.
    pub migration: Option<Name>,
    /// What was seen.
    pub observation: Observation,
    /// The boot of the agent's machine, where the agent told it.
    pub boot_id: String,
}

/// The record's bytes.
pub fn seen_to_bytes(seen: &Seen) -> Vec<u8> {
    let mut record = v1::FindingRecord {
        migration: seen.migration.as_ref().map(Name::to_string).unwrap_or_default(),
        ..v1::FindingRecord::default()
    };
    let (agent, body) = match &seen.observation {
        Observation::Findings(batch) => (Some(&batch.agent), Body::Batch(batch_to_wire(batch.clone()))),
        Observation::Agent(told) => (Some(&told.agent), Body::Seen(agent_to_wire(told, &seen.boot_id))),
        Observation::SignedOff(agent) => (Some(agent), Body::SignedOff(v1::SignedOff::default())),
        Observation::Refused(agent, refusal) => {
            let refusal = refusal.clone();
            let body = v1::AssignmentRefused {
                check: refusal.check.to_string(),
                cause: refusal.cause,
                reason: refusal.reason,
                refused: refusal.refused,
            };
            (Some(agent), Body::AssignmentRefused(body))
        }
        Observation::Tick => (None, Body::Tick(v1::Tick {})),
        Observation::LeaseRenewed { gate, epoch, valid_until } => {
            let body = v1::LeaseRenewed {
                gate: gate.word().to_owned(),
                epoch: *epoch,
                valid_until_unix_ms: valid_until.as_millis(),
            };
            (None, Body::LeaseRenewed(body))
        }
        Observation::RunRenewed { run, lease, until } => {
            let body = v1::RunRenewed { run: *run, lease: *lease, until_unix_ms: until.as_millis() };
            (None, Body::RunRenewed(body))
        }
    };
    if let Some(agent) = agent {
        record.side = side_to_wire(agent.side).into();
        record.agent = agent.name.to_string();
    }
    record.body = Some(body);
    record.encode_to_vec()
}

fn agent_to_wire(told: &AgentSeen, boot_id: &str) -> v1::AgentSeen {
    v1::AgentSeen {
        boot_id: boot_id.to_owned(),
        version: told.version.clone(),
        offset_ms: told.offset_ms,
        error_ms: told.error_ms,
        starved_permille: told.starved_permille,
        spool_findings: told.spool_findings,
    }
}

/// The bytes of a record that holds a batch as it was received.
pub(crate) fn batch_to_bytes(migration: &Name, agent: &AgentKey, batch: &Received) -> Vec<u8> {
    let record = v1::FindingRecord {
        migration: migration.to_string(),
        side: side_to_wire(agent.side).into(),
        agent: agent.name.to_string(),
        body: None,
    };
    // Fields stand in the order of their numbers, and the body's are the last.
    let mut bytes = record.encode_to_vec();
    batch.put_into_record(&mut bytes);
    bytes
}

/// Reads a record back.
///
/// # Errors
/// Names the place that is wrong.
pub fn seen_from_bytes(bytes: &[u8]) -> Result<Seen, BadRecord> {
    let record = v1::FindingRecord::decode(bytes).or_else(|error| bad("finding record", error))?;
    seen_from_record(record)
}

/// Reads a record back, and a batch as it was received as well.
///
/// # Errors
/// Names the place that is wrong.
pub(crate) fn seen_and_received(bytes: &[u8]) -> Result<(Seen, Option<Received>), BadRecord> {
    let seen = seen_from_bytes(bytes)?;
    let received = match seen.observation {
        Observation::Findings(_) => Received::of_record(bytes).or_else(|error| bad("batch", error))?,
        Observation::Agent(_)
        | Observation::SignedOff(_)
        | Observation::Refused(..)
        | Observation::Tick
        | Observation::LeaseRenewed { .. }
        | Observation::RunRenewed { .. } => None,
    };
    Ok((seen, received))
}

fn seen_from_record(record: v1::FindingRecord) -> Result<Seen, BadRecord> {
    let migration = match record.migration.as_str() {
        "" => None,
        name => Some(Name::new(name).or_else(|error| bad("migration", error))?),
    };
    let agent = || -> Result<AgentKey, BadRecord> {
        let side = side_from_wire(record.side).or_else(|error| bad("side", error))?;
        Ok(AgentKey { side, name: Name::new(&record.agent).or_else(|error| bad("agent", error))? })
    };
    let mut boot_id = String::new();
    let observation = match record.body {
        Some(Body::Batch(batch)) => {
            Observation::Findings(batch_from_wire(agent()?, batch).or_else(|error| bad("batch", error))?)
        }
        Some(Body::Seen(told)) => {
            boot_id = told.boot_id;
            Observation::Agent(AgentSeen {
                agent: agent()?,
                offset_ms: told.offset_ms,
                error_ms: told.error_ms,
                starved_permille: told.starved_permille,
                spool_findings: told.spool_findings,
                version: told.version,
            })
        }
        Some(Body::Tick(v1::Tick {})) => Observation::Tick,
        Some(Body::LeaseRenewed(lease)) => Observation::LeaseRenewed {
            gate: lease.gate.parse::<Phase>().or_else(|error| bad("gate", error))?,
            epoch: lease.epoch,
            valid_until: Timestamp::from_millis(lease.valid_until_unix_ms),
        },
        Some(Body::RunRenewed(v1::RunRenewed { run, lease, until_unix_ms })) => {
            Observation::RunRenewed { run, lease, until: Timestamp::from_millis(until_unix_ms) }
        }
        Some(Body::AssignmentRefused(refusal)) => {
            let check = Name::new(&refusal.check).or_else(|error| bad("check", error))?;
            let refusal =
                Refusal { check, cause: refusal.cause, reason: refusal.reason, refused: refusal.refused };
            Observation::Refused(agent()?, refusal)
        }
        Some(Body::SignedOff(_)) => Observation::SignedOff(agent()?),
        None => return bad("finding record", "has no body that this collector knows"),
    };
    Ok(Seen { migration, observation, boot_id })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tidelock_model::{FindingBatch, Gap, Side, SpoolEpoch};

    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn whatever_is_seen_reads_back() {
        let agent = AgentKey { side: Side::Target, name: name("a") };
        let gap =
            Gap { from: 7, to: 9, counts: BTreeMap::from([(name("login"), 3)]), reason: "full".to_owned() };
        let batch = FindingBatch {
            agent: agent.clone(),
            spool_epoch: SpoolEpoch(5),
            first_seq: 7,
            findings: Vec::new(),
            gap: Some(gap),
        };
        let told = AgentSeen {
            agent: agent.clone(),
            offset_ms: -40,
            error_ms: 3,
            starved_permille: 10,
            spool_findings: 2,
            version: "0.1.0".to_owned(),
        };
        let refusal = Refusal {
            check: name("login"),
            cause: "bad_digest".to_owned(),
            reason: "another one".to_owned(),
            refused: true,
        };
        let valid_until = Timestamp::from_millis(99);
        for observation in [
            Observation::Findings(batch),
            Observation::Agent(told),
            Observation::SignedOff(agent.clone()),
            Observation::Refused(agent, refusal),
            Observation::Tick,
            Observation::LeaseRenewed { gate: Phase::Ready, epoch: 4, valid_until },
            Observation::RunRenewed { run: 2, lease: 7, until: valid_until },
        ] {
            let boot_id = match &observation {
                Observation::Agent(_) => "boot".to_owned(),
                Observation::Findings(_)
                | Observation::SignedOff(_)
                | Observation::Refused(..)
                | Observation::Tick
                | Observation::LeaseRenewed { .. }
                | Observation::RunRenewed { .. } => String::new(),
            };
            let seen = Seen { migration: Some(name("shop")), observation, boot_id };
            let bytes = seen_to_bytes(&seen);
            assert_eq!(seen_from_bytes(&bytes).unwrap(), seen);
            assert_eq!(seen_to_bytes(&seen), bytes, "the bytes are the same every time");
        }
    }

    #[test]
    fn a_batch_as_received_is_the_record_that_its_model_makes() {
        let agent = AgentKey { side: Side::Source, name: name("a") };
        let wire = v1::FindingBatch {
            spool_epoch: vec![3; 16],
            first_seq: 2,
            findings: Vec::new(),
            gap: Some(v1::Gap { from_seq: 2, to_seq: 2, counts: Vec::new(), reason: String::new() }),
        };
        let received = Received::new(wire.encode_to_vec().into()).unwrap();
        let bytes = batch_to_bytes(&name("shop"), &agent, &received);
        let batch = batch_from_wire(agent, wire).unwrap();
        let seen = Seen {
            migration: Some(name("shop")),
            observation: Observation::Findings(batch),
            boot_id: String::new(),
        };
        assert_eq!(bytes, seen_to_bytes(&seen));
        assert_eq!(seen_and_received(&bytes).unwrap(), (seen, Some(received)));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bad in [&b""[..], b"\xff", b"\x0a\x04shop", b"\x0a\x02A!\x32\x00"] {
            assert!(seen_from_bytes(bad).is_err(), "{bad:?} was taken");
        }
    }
}
