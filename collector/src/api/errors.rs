//! Refusals as programs read them: a stable reason, and one violation a hold.

use std::collections::HashMap;

use tidelock_core::{Refusal, RefusalCode};
use tidelock_model::Name;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, PreconditionViolation, StatusExt as _};

use crate::driver::AskError;

/// Whose reasons these are.
const DOMAIN: &str = "tidelock.dev";
/// Names in a list of what there is.
const LISTED: usize = 12;
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

/// The same, with those that there are.
pub(super) fn none_of(name: &Name, known: &[&str]) -> Status {
    let what = format!("there is no migration {name}{}", instead(name.as_str(), known));
    with_reason(Code::NotFound, "NO_MIGRATION", what)
}

/// Another one than the access is for: whether it is there is not told.
pub(super) fn not_of_access(name: &Name, bound: &Name) -> Status {
    let what = format!("there is no migration {name} for this access, which is for {bound} alone");
    with_reason(Code::NotFound, "NO_MIGRATION", what)
}

pub(super) fn no_gate(gate: &str) -> Status {
    no_gate_of(gate, &[])
}

/// The same, with those that the plan has.
pub(super) fn no_gate_of(gate: &str, known: &[&str]) -> Status {
    let shown: String = gate.chars().filter(|c| !c.is_control()).take(64).collect();
    let what = format!("the plan has no gate {shown:?}{}", instead(&shown, known));
    with_reason(Code::NotFound, "NO_GATE", what)
}

/// What there is, and which of it was probably meant, for whoever named what is not.
pub(super) fn instead(word: &str, known: &[&str]) -> String {
    let meant = tidelock_plan::meant(word, known.iter().copied());
    let near = meant.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    let (listed, more) = known.split_at(known.len().min(LISTED));
    match more.len() {
        0 if listed.is_empty() => String::new(),
        0 => format!("; {near}there are: {}", listed.join(", ")),
        more => format!("; {near}there are: {} and {more} more", listed.join(", ")),
    }
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
        | RefusalCode::NameTaken
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_what_is_not_is_told_what_there_is() {
        let said = no_gate_of("redy", &["ready", "watch"]);
        assert_eq!(
            said.message(),
            "the plan has no gate \"redy\"; did you mean ready? there are: ready, watch"
        );
        assert_eq!(no_gate("redy").message(), "the plan has no gate \"redy\"");
        let shop = Name::new("shop").unwrap();
        assert_eq!(none_of(&shop, &["bank"]).message(), "there is no migration shop; there are: bank");
        assert_eq!(none_of(&shop, &[]).message(), no_migration(&shop).message());
        let many: Vec<String> = (0..300).map(|n| format!("check-{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = instead("zzz", &many);
        assert!(said.len() < 200 && said.ends_with("check-11 and 288 more"), "{said}");
    }
}
