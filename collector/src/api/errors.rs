//! Refusals as programs read them: a stable reason, and one violation a hold.

use std::collections::HashMap;

use tidelock_core::{Refusal, RefusalCode};
use tidelock_model::Name;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt as _};

use crate::driver::AskError;

/// Whose reasons these are.
const DOMAIN: &str = "tidelock.dev";
/// When to ask again while the collector cannot answer.
pub(super) const RETRY_SECS: u64 = 2;

fn with_reason(code: Code, reason: &str, message: impl Into<String>) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    Status::with_error_details(code, message, details)
}

pub(super) fn not_signed_in() -> Status {
    with_reason(Code::Unauthenticated, "NOT_SIGNED_IN", "no or wrong token; ask an operator for access")
}

pub(super) fn denied(why: &str) -> Status {
    with_reason(Code::PermissionDenied, "DENIED", why)
}

pub(super) fn too_many(why: &str) -> Status {
    with_reason(Code::ResourceExhausted, "TOO_MANY", why)
}

pub(super) fn no_migration(name: &Name) -> Status {
    with_reason(Code::NotFound, "NO_MIGRATION", format!("there is no migration {name}"))
}

pub(super) fn no_gate(gate: &str) -> Status {
    let shown: String = gate.chars().filter(|c| !c.is_control()).take(64).collect();
    with_reason(Code::NotFound, "NO_GATE", format!("the plan has no gate {shown:?}"))
}

pub(super) fn not_found(what: impl Into<String>) -> Status {
    with_reason(Code::NotFound, "NOT_FOUND", what)
}

pub(super) fn invalid(field: &str, why: impl std::fmt::Display) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("INVALID", DOMAIN, HashMap::new());
    details.add_bad_request_violation(field, why.to_string());
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {why}"), details)
}

pub(super) fn unavailable(why: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("UNAVAILABLE", DOMAIN, HashMap::new());
    details.set_retry_info(Some(std::time::Duration::from_secs(RETRY_SECS)));
    Status::with_error_details(Code::Unavailable, why, details)
}

pub(super) fn internal(error: &dyn std::fmt::Display) -> Status {
    tracing::error!(%error, "a call failed");
    with_reason(Code::Internal, "INTERNAL", "the collector failed; its log says why")
}

pub(super) fn asked(error: AskError) -> Status {
    match error {
        AskError::Refused(refusal) => refused(&refusal),
        AskError::NoMigration(name) => no_migration(&name),
        AskError::Unavailable(why) => unavailable(&format!("the collector cannot answer now: {why}")),
    }
}

fn refused(refusal: &Refusal) -> Status {
    let code = match refusal.code {
        RefusalCode::NotYours => Code::PermissionDenied,
        RefusalCode::UnknownDecision
        | RefusalCode::UnknownCheck
        | RefusalCode::UnknownAgent
        | RefusalCode::NoRunbook
        | RefusalCode::UnknownFact
        | RefusalCode::UnknownLeftover => Code::NotFound,
        RefusalCode::Incomplete | RefusalCode::NeedsEvidence => Code::InvalidArgument,
        RefusalCode::Revision | RefusalCode::OldLease => Code::Aborted,
        RefusalCode::TooManyAgents => Code::ResourceExhausted,
        RefusalCode::WrongPhase
        | RefusalCode::EvidenceChanged
        | RefusalCode::GateShut
        | RefusalCode::OldToken
        | RefusalCode::NoPlan
        | RefusalCode::NotDecided
        | RefusalCode::TooLate
        | RefusalCode::Leased
        | RefusalCode::NotNext
        | RefusalCode::Assertion
        | RefusalCode::Disabled => Code::FailedPrecondition,
    };
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.code.word(), DOMAIN, HashMap::new());
    let holds = refusal.holds.iter().map(|hold| {
        let subject = hold.check.as_ref().map(Name::to_string).unwrap_or_default();
        PreconditionViolation::new(hold.code.word(), subject, hold.reason.clone())
    });
    details.set_precondition_failure(holds.collect::<Vec<_>>());
    Status::with_error_details(code, refusal.message.clone(), details)
}

pub(super) fn precondition(reason: &str, message: impl Into<String>) -> Status {
    with_reason(Code::FailedPrecondition, reason, message)
}
