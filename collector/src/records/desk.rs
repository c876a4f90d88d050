//! Records of agents, of what people said beside their decisions, and of what people were told.

use tidelock_core::record::{EventKind, Notice};
use tidelock_core::{AccessChange, Joins};
use tidelock_model::{Name, Side, Timestamp};
use tidelock_proto::v1::decision_record::Body;
use tidelock_proto::{side_from_wire, side_to_wire, v1};

use super::decision::{agent, digest, name, phase};
use super::{BadRecord, bad, filed};

/// The body of such an event; none for any other.
pub(super) fn to_wire(kind: &EventKind) -> Option<Body> {
    let side = |side: Side| i32::from(side_to_wire(side));
    let body = match kind {
        EventKind::AgentEnrolled { agent, certificate_ends } => Body::AgentEnrolled(v1::AgentEnrolled {
            side: side(agent.side),
            agent: agent.name.to_string(),
            certificate_ends_unix_ms: certificate_ends.as_millis(),
        }),
        EventKind::AgentRevoked { agent } => {
            Body::AgentRevoked(v1::AgentRevoked { side: side(agent.side), agent: agent.name.to_string() })
        }
        EventKind::ConflictFound { agent, text } => Body::ConflictFound(v1::ConflictFound {
            side: side(agent.side),
            agent: agent.name.to_string(),
            text: text.clone(),
        }),
        EventKind::PlanProposed { base, hash, looser } => Body::PlanProposed(v1::PlanProposed {
            base: *base,
            hash: hash.as_bytes().to_vec(),
            looser: looser.clone(),
        }),
        EventKind::CutoversSet { enabled } => Body::CutoversSet(v1::CutoversSet { enabled: *enabled }),
        EventKind::FactSet { fact } => Body::FactSet(v1::FactSet { fact: fact.clone() }),
        EventKind::Overridden { gate, checks, complete } => Body::Overridden(v1::Overridden {
            gate: gate.word().to_owned(),
            checks: checks.iter().map(Name::to_string).collect(),
            complete: *complete,
        }),
        EventKind::LeftoverSettled { key, owner, disposition } => {
            Body::LeftoverSettled(v1::LeftoverSettled {
                key: key.clone(),
                owner: owner.to_string(),
                disposition: disposition.clone(),
            })
        }
        EventKind::AccessChanged(change) => Body::AccessChanged(access_to_wire(change)),
        EventKind::CheckRun { check, agents, other_settings } => Body::CheckRun(v1::CheckRun {
            check: check.to_string(),
            agents: *agents,
            other_settings: *other_settings,
        }),
        EventKind::Filed(filed) => Body::Filed(filed::to_wire(filed)),
        EventKind::Noticed(notice) => Body::Noticed(notice_to_wire(notice)),
        EventKind::PlanApplied { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased { .. }
        | EventKind::Degraded { .. }
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::StepSettled { .. }
        | EventKind::RunTurned { .. }
        | EventKind::NoReturnPassed { .. }
        | EventKind::RunEnded { .. } => return None,
    };
    Some(body)
}

fn access_to_wire(change: &AccessChange) -> v1::AccessChanged {
    v1::AccessChanged {
        grant: change.grant.clone(),
        subject: change.subject.to_string(),
        role: change.role.to_string(),
        gate: change.gate.map(|gate| gate.word().to_owned()).unwrap_or_default(),
        everywhere: change.everywhere,
        ends_unix_ms: change.ends.map(Timestamp::as_millis),
        joins: change
            .joins
            .map(|joins| v1::Joins { side: i32::from(side_to_wire(joins.side)), agents: joins.agents }),
    }
}

fn joins_from_wire(wire: v1::Joins) -> Result<Joins, BadRecord> {
    let side = side_from_wire(wire.side).or_else(|error| bad("side of a join token", error))?;
    Ok(Joins { side, agents: wire.agents })
}

fn access_from_wire(wire: v1::AccessChanged) -> Result<AccessChange, BadRecord> {
    Ok(AccessChange {
        subject: name("who has access", &wire.subject)?,
        role: name("role", &wire.role)?,
        gate: if wire.gate.is_empty() { None } else { Some(phase(&wire.gate)?) },
        everywhere: wire.everywhere,
        ends: wire.ends_unix_ms.map(Timestamp::from_millis),
        joins: wire.joins.map(joins_from_wire).transpose()?,
        grant: wire.grant,
    })
}

/// The stable word of a notice.
pub(crate) fn notice_word(notice: &Notice) -> &'static str {
    match notice {
        Notice::Asked { .. } => "asked",
        Notice::DeputiesAsked { .. } => "deputies_asked",
        Notice::Unanswered { .. } => "unanswered",
        Notice::WindowClosing { .. } => "window_closing",
        Notice::WindowClosed { .. } => "window_closed",
        Notice::RollbackRecommended { .. } => "rollback_recommended",
        Notice::FixForward { .. } => "fix_forward",
        Notice::AgentLost { .. } => "agent_lost",
        Notice::AgentBack { .. } => "agent_back",
    }
}

fn notice_to_wire(notice: &Notice) -> v1::Noticed {
    let mut wire = v1::Noticed { notice: notice_word(notice).to_owned(), ..v1::Noticed::default() };
    match notice {
        Notice::Asked { decision, gate } => {
            wire.decision = decision.to_string();
            wire.gate = gate.map(|gate| gate.word().to_owned()).unwrap_or_default();
        }
        Notice::DeputiesAsked { decision } | Notice::Unanswered { decision } => {
            wire.decision = decision.to_string();
        }
        Notice::WindowClosing { until } => wire.until_unix_ms = until.as_millis(),
        Notice::WindowClosed { why } => wire.why.clone_from(why),
        Notice::RollbackRecommended { check } => wire.check = check.to_string(),
        Notice::FixForward { check, why } => {
            wire.check = check.to_string();
            wire.why.clone_from(why);
        }
        Notice::AgentLost { agent } | Notice::AgentBack { agent } => {
            wire.side = i32::from(side_to_wire(agent.side));
            wire.agent = agent.name.to_string();
        }
    }
    wire
}

/// Reads the body of such an event.
pub(super) fn from_wire(body: Body) -> Result<EventKind, BadRecord> {
    let kind = match body {
        Body::AgentEnrolled(enrolled) => EventKind::AgentEnrolled {
            agent: agent(enrolled.side, &enrolled.agent)?,
            certificate_ends: Timestamp::from_millis(enrolled.certificate_ends_unix_ms),
        },
        Body::AgentRevoked(v1::AgentRevoked { side, agent: of }) => {
            EventKind::AgentRevoked { agent: agent(side, &of)? }
        }
        Body::ConflictFound(v1::ConflictFound { side, agent: of, text }) => {
            EventKind::ConflictFound { agent: agent(side, &of)?, text }
        }
        Body::PlanProposed(v1::PlanProposed { base, hash, looser }) => {
            EventKind::PlanProposed { base, hash: digest("proposed plan", &hash)?, looser }
        }
        Body::CutoversSet(v1::CutoversSet { enabled }) => EventKind::CutoversSet { enabled },
        Body::FactSet(v1::FactSet { fact }) => EventKind::FactSet { fact },
        Body::Overridden(v1::Overridden { gate, checks, complete }) => {
            let checks = checks.iter().map(|check| name("overridden check", check)).collect::<Result<_, _>>();
            EventKind::Overridden { gate: phase(&gate)?, checks: checks?, complete }
        }
        Body::LeftoverSettled(v1::LeftoverSettled { key, owner, disposition }) => {
            EventKind::LeftoverSettled { key, owner: name("owner", &owner)?, disposition }
        }
        Body::AccessChanged(change) => EventKind::AccessChanged(access_from_wire(change)?),
        Body::CheckRun(v1::CheckRun { check, agents, other_settings }) => {
            EventKind::CheckRun { check: name("check that was run", &check)?, agents, other_settings }
        }
        Body::Filed(filed) => EventKind::Filed(filed::from_wire(filed)?),
        Body::Noticed(notice) => EventKind::Noticed(notice_from_wire(notice)?),
        Body::PlanApplied(_)
        | Body::PhaseChanged(_)
        | Body::Decided(_)
        | Body::HoldSet(_)
        | Body::HoldReleased(_)
        | Body::Degraded(_)
        | Body::ManualCheckDone(_)
        | Body::LeaseGranted(_)
        | Body::LeaseRevoked(_)
        | Body::CutoverConfirmed(_)
        | Body::Switched(_)
        | Body::RevisionSet(_)
        | Body::RunBegun(_)
        | Body::RunTaken(_)
        | Body::RunLeft(_)
        | Body::StepBegun(_)
        | Body::StepEnded(_)
        | Body::StepProved(_)
        | Body::StepSettled(_)
        | Body::RunTurned(_)
        | Body::NoReturnPassed(_)
        | Body::RunEnded(_) => return bad("desk", "the record is about a gate or a run"),
    };
    Ok(kind)
}

fn notice_from_wire(wire: v1::Noticed) -> Result<Notice, BadRecord> {
    let decision = || name("decision", &wire.decision);
    let check = || name("check", &wire.check);
    let notice = match wire.notice.as_str() {
        "asked" => {
            let gate = match wire.gate.as_str() {
                "" => None,
                gate => Some(phase(gate)?),
            };
            Notice::Asked { decision: decision()?, gate }
        }
        "deputies_asked" => Notice::DeputiesAsked { decision: decision()? },
        "unanswered" => Notice::Unanswered { decision: decision()? },
        "window_closing" => Notice::WindowClosing { until: Timestamp::from_millis(wire.until_unix_ms) },
        "window_closed" => Notice::WindowClosed { why: wire.why },
        "rollback_recommended" => Notice::RollbackRecommended { check: check()? },
        "agent_lost" => Notice::AgentLost { agent: agent(wire.side, &wire.agent)? },
        "agent_back" => Notice::AgentBack { agent: agent(wire.side, &wire.agent)? },
        "fix_forward" => Notice::FixForward { check: check()?, why: wire.why },
        other => return bad("notice", format!("is {other:?}, which this collector does not know")),
    };
    Ok(notice)
}

#[cfg(test)]
pub(super) mod tests {
    use tidelock_model::{AgentKey, Phase};

    use super::*;

    /// One of each.
    pub(in crate::records) fn kinds() -> Vec<EventKind> {
        let named = |text: &str| Name::new(text).unwrap();
        let agent = AgentKey { side: Side::Source, name: named("a") };
        let until = Timestamp::from_millis(9);
        let notices = [
            Notice::Asked { decision: named("cutover"), gate: Some(Phase::Cutover) },
            Notice::Asked { decision: named("rollback"), gate: None },
            Notice::DeputiesAsked { decision: named("cutover") },
            Notice::Unanswered { decision: named("cutover") },
            Notice::WindowClosing { until },
            Notice::WindowClosed { why: "the old database is gone".to_owned() },
            Notice::RollbackRecommended { check: named("checkout") },
            Notice::FixForward { check: named("checkout"), why: "orders were paid".to_owned() },
            Notice::AgentLost { agent: agent.clone() },
            Notice::AgentBack { agent: agent.clone() },
        ];
        let checks = vec![named("login"), named("stable")];
        let mut kinds = vec![
            EventKind::AgentEnrolled { agent: agent.clone(), certificate_ends: until },
            EventKind::AgentRevoked { agent: agent.clone() },
            EventKind::ConflictFound { agent, text: "two".to_owned() },
            EventKind::PlanProposed {
                base: 7,
                hash: tidelock_model::Sha256::from_bytes([3; 32]),
                looser: vec!["~ gates.ready.stable_for 10m -> 5m".to_owned()],
            },
            EventKind::CutoversSet { enabled: true },
            EventKind::CutoversSet { enabled: false },
            EventKind::FactSet { fact: "the old database is gone".to_owned() },
            EventKind::Overridden { gate: Phase::Cutover, checks, complete: true },
            EventKind::LeftoverSettled {
                key: "orders/4711".to_owned(),
                owner: named("ana"),
                disposition: "entered again by hand".to_owned(),
            },
        ];
        let access = |gate, ends: Option<Timestamp>| AccessChange {
            grant: "0a1b".to_owned(),
            subject: named("ana"),
            role: named("person"),
            gate,
            everywhere: ends.is_none(),
            ends,
            joins: None,
        };
        kinds.push(EventKind::AccessChanged(access(Some(Phase::Ready), Some(until))));
        kinds.push(EventKind::AccessChanged(access(None, None)));
        let joins = Some(Joins { side: Side::Target, agents: 3 });
        kinds.push(EventKind::AccessChanged(AccessChange { joins, ..access(None, Some(until)) }));
        kinds.push(EventKind::CheckRun { check: named("login"), agents: 2, other_settings: true });
        kinds.extend(notices.into_iter().map(EventKind::Noticed));
        kinds
    }

    #[test]
    fn a_notice_that_nobody_knows_is_refused() {
        let notice = v1::Noticed { notice: "shrug".to_owned(), ..Default::default() };
        assert!(from_wire(Body::Noticed(notice)).unwrap_err().to_string().starts_with("notice: "));
    }
}
