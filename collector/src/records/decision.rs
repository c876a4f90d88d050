//! Records of the set `decisions`: what was decided, for ever, with the plan as it was written.

use prost::Message as _;
use tidelock_core::record::{Event, EventKind};
use tidelock_model::{AgentKey, Name, Phase, Sha256, Side, Timestamp};
use tidelock_proto::v1::decision_record::Body;
use tidelock_proto::{side_from_wire, side_to_wire, v1};

use super::{BadRecord, bad, desk, run};
use crate::plans;

/// What a plan record carries beside what the core needs.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanExtras {
    /// The plan as it was written.
    pub source: v1::PlanSource,
    /// What the rounds' nonces are derived from.
    pub nonce_seed: Vec<u8>,
}

/// One decision as it is journaled.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Whose.
    pub migration: Name,
    /// When, in collector time.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// Beside a plan revision only.
    pub extras: Option<PlanExtras>,
}

/// The record's bytes.
pub fn decision_to_bytes(decision: &Decision) -> Vec<u8> {
    let event = &decision.event;
    let record = v1::DecisionRecord {
        migration: decision.migration.to_string(),
        at_unix_ms: decision.at.as_millis(),
        findings_position: event.findings_position,
        evidence_hash: event.evidence_hash.as_bytes().to_vec(),
        holds: event.holds.clone(),
        by: event.by.as_ref().map(Name::to_string).unwrap_or_default(),
        reason: event.reason.clone(),
        request_id: event.request_id.clone(),
        body: body_to_wire(&event.kind, decision.extras.as_ref()),
    };
    record.encode_to_vec()
}

fn body_to_wire(kind: &EventKind, extras: Option<&PlanExtras>) -> Option<Body> {
    let side = |side: Side| i32::from(side_to_wire(side));
    let body = match kind {
        EventKind::PlanApplied { revision, hash, plan: _, grid_origin } => {
            Body::PlanApplied(v1::PlanApplied {
                revision: *revision,
                hash: hash.as_bytes().to_vec(),
                source: extras.map(|extras| extras.source.clone()),
                grid_origin_unix_ms: grid_origin.as_millis(),
                nonce_seed: extras.map(|extras| extras.nonce_seed.clone()).unwrap_or_default(),
            })
        }
        EventKind::PhaseChanged { from, to } => {
            Body::PhaseChanged(v1::PhaseChanged { from: from.word().to_owned(), to: to.word().to_owned() })
        }
        EventKind::Decided { decision, go, evidence_sequence, complete } => Body::Decided(v1::Decided {
            decision: decision.to_string(),
            go: *go,
            evidence_sequence: *evidence_sequence,
            complete: *complete,
        }),
        EventKind::HoldSet => Body::HoldSet(v1::HoldSet {}),
        EventKind::HoldReleased { of } => Body::HoldReleased(v1::HoldReleased {
            of: of.as_ref().map(ToString::to_string).unwrap_or_default(),
        }),
        EventKind::Degraded { ended } => Body::Degraded(v1::Degraded { ended: *ended }),
        EventKind::ManualCheckDone { check, evidence, failed } => {
            let (check, evidence) = (check.to_string(), evidence.clone());
            Body::ManualCheckDone(v1::ManualCheckDone { check, evidence, failed: *failed })
        }
        EventKind::LeaseGranted { gate, epoch, valid_until } => Body::LeaseGranted(v1::LeaseGranted {
            gate: gate.word().to_owned(),
            epoch: *epoch,
            valid_until_unix_ms: valid_until.as_millis(),
        }),
        EventKind::LeaseRevoked { gate, epoch } => {
            Body::LeaseRevoked(v1::LeaseRevoked { gate: gate.word().to_owned(), epoch: *epoch })
        }
        EventKind::CutoverConfirmed { epoch } => {
            Body::CutoverConfirmed(v1::CutoverConfirmed { epoch: *epoch })
        }
        EventKind::Switched { to } => Body::Switched(v1::Switched { to: side(*to) }),
        EventKind::RevisionSet { side: of, revision } => {
            Body::RevisionSet(v1::RevisionSet { side: side(*of), revision: revision.clone() })
        }
        EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::StepSettled { .. }
        | EventKind::RunTurned { .. }
        | EventKind::NoReturnPassed { .. }
        | EventKind::RunEnded { .. }
        | EventKind::PlanProposed { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::Noticed(_) => return run::to_wire(kind).or_else(|| desk::to_wire(kind)),
    };
    Some(body)
}

/// Reads a record back, with its plan checked again from what was written.
///
/// # Errors
/// Names the place that is wrong.
pub fn decision_from_bytes(bytes: &[u8]) -> Result<Decision, BadRecord> {
    let record = v1::DecisionRecord::decode(bytes).or_else(|error| bad("decision record", error))?;
    let by = match record.by.as_str() {
        "" => None,
        by => Some(name("by", by)?),
    };
    let Some(body) = record.body else {
        return bad("decision record", "has no body that this collector knows");
    };
    let (kind, extras) = body_from_wire(body)?;
    let event = Event {
        by,
        reason: record.reason,
        request_id: record.request_id,
        findings_position: record.findings_position,
        evidence_hash: digest("evidence hash", &record.evidence_hash)?,
        holds: record.holds,
        kind,
    };
    let at = Timestamp::from_millis(record.at_unix_ms);
    Ok(Decision { migration: name("migration", &record.migration)?, at, event, extras })
}

fn body_from_wire(body: Body) -> Result<(EventKind, Option<PlanExtras>), BadRecord> {
    let kind = match body {
        Body::PlanApplied(plan) => return plan_from_wire(plan),
        Body::PhaseChanged(v1::PhaseChanged { from, to }) => {
            EventKind::PhaseChanged { from: phase(&from)?, to: phase(&to)? }
        }
        Body::Decided(v1::Decided { decision, go, evidence_sequence, complete }) => {
            EventKind::Decided { decision: name("decision", &decision)?, go, evidence_sequence, complete }
        }
        Body::HoldSet(v1::HoldSet {}) => EventKind::HoldSet,
        Body::HoldReleased(v1::HoldReleased { of }) => {
            EventKind::HoldReleased { of: if of.is_empty() { None } else { Some(name("whose hold", &of)?) } }
        }
        Body::Degraded(v1::Degraded { ended }) => EventKind::Degraded { ended },
        Body::ManualCheckDone(v1::ManualCheckDone { check, evidence, failed }) => {
            EventKind::ManualCheckDone { check: name("check", &check)?, evidence, failed }
        }
        Body::LeaseGranted(v1::LeaseGranted { gate, epoch, valid_until_unix_ms }) => {
            EventKind::LeaseGranted {
                gate: phase(&gate)?,
                epoch,
                valid_until: Timestamp::from_millis(valid_until_unix_ms),
            }
        }
        Body::LeaseRevoked(v1::LeaseRevoked { gate, epoch }) => {
            EventKind::LeaseRevoked { gate: phase(&gate)?, epoch }
        }
        Body::CutoverConfirmed(v1::CutoverConfirmed { epoch }) => EventKind::CutoverConfirmed { epoch },
        Body::Switched(v1::Switched { to }) => EventKind::Switched { to: side(to)? },
        Body::RevisionSet(v1::RevisionSet { side: of, revision }) => {
            EventKind::RevisionSet { side: side(of)?, revision }
        }
        Body::RunBegun(_)
        | Body::RunTaken(_)
        | Body::RunLeft(_)
        | Body::StepBegun(_)
        | Body::StepEnded(_)
        | Body::StepProved(_)
        | Body::StepSettled(_)
        | Body::RunTurned(_)
        | Body::NoReturnPassed(_)
        | Body::RunEnded(_) => run::from_wire(body)?,
        Body::AgentEnrolled(_)
        | Body::AgentRevoked(_)
        | Body::ConflictFound(_)
        | Body::PlanProposed(_)
        | Body::CutoversSet(_)
        | Body::FactSet(_)
        | Body::Overridden(_)
        | Body::LeftoverSettled(_)
        | Body::AccessChanged(_)
        | Body::CheckRun(_)
        | Body::Filed(_)
        | Body::Noticed(_) => desk::from_wire(body)?,
    };
    Ok((kind, None))
}

fn plan_from_wire(applied: v1::PlanApplied) -> Result<(EventKind, Option<PlanExtras>), BadRecord> {
    let Some(source) = applied.source else {
        return bad("plan", "the revision has no source");
    };
    let hash = digest("plan hash", &applied.hash)?;
    let checked = plans::check(&source).or_else(|error| bad("plan", error))?;
    if checked.hash != hash {
        return bad("plan", format!("it hashes to {}, the record says {hash}", checked.hash));
    }
    let kind = EventKind::PlanApplied {
        revision: applied.revision,
        hash,
        plan: Box::new(checked.plan),
        grid_origin: Timestamp::from_millis(applied.grid_origin_unix_ms),
    };
    Ok((kind, Some(PlanExtras { source, nonce_seed: applied.nonce_seed })))
}

pub(super) fn name(what: &'static str, text: &str) -> Result<Name, BadRecord> {
    Name::new(text).or_else(|error| bad(what, error))
}

pub(super) fn digest(what: &'static str, bytes: &[u8]) -> Result<Sha256, BadRecord> {
    Sha256::try_from(bytes).or_else(|error| bad(what, error))
}

pub(super) fn phase(text: &str) -> Result<Phase, BadRecord> {
    text.parse().or_else(|error: String| bad("phase", error))
}

fn side(value: i32) -> Result<Side, BadRecord> {
    side_from_wire(value).or_else(|error| bad("side", error))
}

pub(super) fn agent(of: i32, text: &str) -> Result<AgentKey, BadRecord> {
    Ok(AgentKey { side: side(of)?, name: name("agent", text)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::filed;

    fn decision(kind: EventKind) -> Decision {
        let event = Event {
            by: Some(Name::new("olga").unwrap()),
            reason: "all green".to_owned(),
            request_id: "one".to_owned(),
            findings_position: 12,
            evidence_hash: Sha256::from_bytes([7; 32]),
            holds: vec!["stale login: nothing for 10 s".to_owned()],
            kind,
        };
        let migration = Name::new("shop").unwrap();
        Decision { migration, at: Timestamp::from_millis(5), event, extras: None }
    }

    #[test]
    fn whatever_is_decided_reads_back() {
        let valid_until = Timestamp::from_millis(9);
        let cutover = Name::new("cutover").unwrap();
        for kind in [
            EventKind::PhaseChanged { from: Phase::Sync, to: Phase::Ready },
            EventKind::Decided { decision: cutover.clone(), go: true, evidence_sequence: 3, complete: true },
            EventKind::HoldSet,
            EventKind::HoldReleased { of: None },
            EventKind::HoldReleased { of: Some(name("name", "ana").expect("a name")) },
            EventKind::Degraded { ended: false },
            EventKind::Degraded { ended: true },
            EventKind::ManualCheckDone { check: cutover, evidence: "seen".to_owned(), failed: false },
            EventKind::LeaseGranted { gate: Phase::Cutover, epoch: 2, valid_until },
            EventKind::LeaseRevoked { gate: Phase::Cutover, epoch: 2 },
            EventKind::CutoverConfirmed { epoch: 2 },
            EventKind::Switched { to: Side::Target },
            EventKind::RevisionSet { side: Side::Target, revision: "v2".to_owned() },
        ]
        .into_iter()
        .chain(desk::tests::kinds())
        .chain(filed::tests::kinds())
        .chain(run::tests::kinds())
        {
            let wanted = decision(kind);
            let bytes = decision_to_bytes(&wanted);
            assert_eq!(decision_from_bytes(&bytes).unwrap(), wanted);
        }
    }

    #[test]
    fn a_plan_that_is_not_what_was_hashed_is_refused() {
        let source = v1::PlanSource { yaml: "name: [".to_owned(), ..v1::PlanSource::default() };
        let body =
            v1::PlanApplied { revision: 1, hash: vec![1; 32], source: Some(source), ..Default::default() };
        assert!(plan_from_wire(body).is_err());
        assert!(decision_from_bytes(b"").is_err());
    }
}
