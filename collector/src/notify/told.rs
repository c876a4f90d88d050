//! What an event is to a receiver: its type, the plan's word for it, what it is about, and its facts.

use serde_json::{Value, json};
use tidelock_core::Filed;
use tidelock_core::plan::Plan;
use tidelock_core::record::{EventKind, Notice};
use tidelock_model::Name;

use crate::text::{self, part_of};

/// An event for receivers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// Behind `dev.tidelock.` and before `.v1`.
    pub(super) kind: &'static str,
    /// The word in the plan's `notify`; `all` where only those hear of it who hear of everything.
    pub(super) word: &'static str,
    /// The gate or check that it is about.
    pub(super) subject: Option<String>,
    /// Its facts.
    pub(super) facts: Value,
}

fn told(kind: &'static str, word: &'static str, subject: Option<String>, facts: Value) -> Told {
    Told { kind, word, subject, facts }
}

/// What receivers are told of an event.
pub(super) fn of(kind: &EventKind, plan: Option<&Plan>) -> Told {
    let some = |name: &dyn std::fmt::Display| Some(name.to_string());
    match kind {
        EventKind::PhaseChanged { from, to } => {
            told("phase.changed", "phase", some(to), json!({ "from": from.word(), "to": to.word() }))
        }
        EventKind::Switched { to } => {
            told("traffic.switched", "phase", some(to), json!({ "side": to.word() }))
        }
        EventKind::LeaseGranted { gate, .. } => {
            told("verdict.changed", "verdict", some(gate), json!({ "gate": gate.word(), "open": true }))
        }
        EventKind::LeaseRevoked { gate, .. } => {
            told("verdict.changed", "verdict", some(gate), json!({ "gate": gate.word(), "open": false }))
        }
        EventKind::HoldSet => told("verdict.changed", "verdict", None, json!({ "held_by_hand": true })),
        EventKind::HoldReleased { .. } => {
            told("verdict.changed", "verdict", None, json!({ "held_by_hand": false }))
        }
        EventKind::Degraded { ended } => {
            told("collector.degraded", "verdict", None, json!({ "degraded": !ended }))
        }
        EventKind::Decided { decision, go, complete, .. } => {
            let facts = json!({ "decision": decision.as_str(), "go": go, "complete": complete });
            told("decision.made", "decision", some(decision), facts)
        }
        EventKind::Overridden { gate, checks, complete } => {
            let checks: Vec<&str> = checks.iter().map(Name::as_str).collect();
            let facts = json!({ "gate": gate.word(), "overridden": checks, "complete": complete });
            told("decision.made", "decision", some(gate), facts)
        }
        EventKind::CutoverConfirmed { .. } => {
            told("decision.made", "decision", None, json!({ "confirmed": true }))
        }
        EventKind::CutoversSet { enabled } => {
            told("cutovers.changed", "decision", None, json!({ "enabled": enabled }))
        }
        EventKind::FactSet { fact } => told("rollback.fact.set", "window", None, json!({ "fact": fact })),
        EventKind::Noticed(notice) => of_notice(notice, plan),
        EventKind::PlanProposed { base, hash, looser } => {
            let facts = json!({ "over": base, "hash": hash.to_string(), "looser": looser });
            told("plan.proposed", "decision", None, facts)
        }
        EventKind::PlanApplied { .. }
        | EventKind::ManualCheckDone { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::LeftoverSettled { .. } => of_the_rest(kind),
        EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::StepSettled { .. }
        | EventKind::RunTurned { .. }
        | EventKind::NoReturnPassed { .. }
        | EventKind::RunEnded { .. } => told("run.changed", "run", None, of_run(kind)),
    }
}

fn of_notice(notice: &Notice, plan: Option<&Plan>) -> Told {
    let asked = |decision: &Name, mut facts: Value| {
        let rule = plan.and_then(|plan| plan.decisions.get(decision));
        facts["decision"] = json!(decision.as_str());
        facts["who"] = json!(rule.map(|rule| rule.who.iter().map(Name::as_str).collect::<Vec<_>>()));
        facts["deputies"] =
            json!(rule.map(|rule| rule.deputies.iter().map(Name::as_str).collect::<Vec<_>>()));
        facts
    };
    match notice {
        Notice::Asked { decision, gate } => {
            let facts = json!({ "gate": gate.map(|gate| gate.word()), "turn": "deciders" });
            let subject = gate.map_or_else(|| decision.to_string(), |gate| gate.to_string());
            told("decision.requested", "decision", Some(subject), asked(decision, facts))
        }
        Notice::DeputiesAsked { decision } => {
            let facts = asked(decision, json!({ "turn": "deputies" }));
            told("decision.requested", "decision", Some(decision.to_string()), facts)
        }
        Notice::Unanswered { decision } => {
            let facts = asked(decision, json!({ "turn": "nobody" }));
            told("decision.unanswered", "decision", Some(decision.to_string()), facts)
        }
        Notice::WindowClosing { until } => {
            let until = tidelock_proto::json::time(text::time_to_wire(*until).as_ref());
            told("rollback.window.closing", "window", None, json!({ "until": until }))
        }
        Notice::WindowClosed { why } => told("rollback.window.closed", "window", None, json!({ "why": why })),
        Notice::RollbackRecommended { check } => {
            let facts = json!({ "check": check.as_str() });
            told("rollback.recommended", "window", Some(check.to_string()), facts)
        }
        Notice::AgentLost { agent } | Notice::AgentBack { agent } => {
            let lost = matches!(notice, Notice::AgentLost { .. });
            let facts = json!({ "agent": agent.name.as_str(), "side": agent.side.word(), "lost": lost });
            let kind = if lost { "agent.lost" } else { "agent.back" };
            told(kind, "agent", Some(agent.to_string()), facts)
        }
        Notice::FixForward { check, why } => {
            let facts = json!({ "check": check.as_str(), "why": why });
            told("fix_forward.recommended", "window", Some(check.to_string()), facts)
        }
    }
}

fn of_the_rest(kind: &EventKind) -> Told {
    if let EventKind::PlanApplied { revision, hash, .. } = kind {
        return told("plan.applied", "all", None, json!({ "revision": revision, "hash": hash.to_string() }));
    }
    if let EventKind::ManualCheckDone { check, evidence, failed } = kind {
        let facts = json!({ "check": check.as_str(), "evidence": evidence, "failed": failed });
        return told("manual_check.done", "all", Some(check.to_string()), facts);
    }
    if let EventKind::AgentRevoked { agent } = kind {
        let facts = json!({ "agent": agent.to_string(), "why": "revoked" });
        return told("agent.lost", "agent", Some(agent.to_string()), facts);
    }
    if let EventKind::ConflictFound { agent, text } = kind {
        let facts = json!({ "agent": agent.to_string(), "why": text });
        return told("agent.lost", "agent", Some(agent.to_string()), facts);
    }
    if let EventKind::AgentEnrolled { agent, .. } = kind {
        let facts = json!({ "agent": agent.to_string() });
        return told("agent.enrolled", "all", Some(agent.to_string()), facts);
    }
    if let EventKind::RevisionSet { side, revision } = kind {
        let facts = json!({ "side": side.word(), "revision": revision });
        return told("environment.revision.set", "all", Some(side.to_string()), facts);
    }
    if let EventKind::LeftoverSettled { key, owner, disposition } = kind {
        let facts = json!({ "key": key, "owner": owner.as_str(), "disposition": disposition });
        return told("leftover.settled", "all", None, facts);
    }
    if let EventKind::AccessChanged(change) = kind
        && let Some(joins) = change.joins
    {
        let facts = json!({ "token": change.grant, "side": joins.side.word(), "agents": joins.agents,
            "given": change.ends.is_some() });
        return told("join_token.changed", "all", Some(change.subject.to_string()), facts);
    }
    if let EventKind::AccessChanged(change) = kind {
        let facts = json!({ "access": change.grant, "subject": change.subject.as_str(), "role": change.role.as_str(),
            "gate": change.gate.map(|gate| gate.word()), "everywhere": change.everywhere, "given": change.ends.is_some() });
        return told("access.changed", "all", Some(change.subject.to_string()), facts);
    }
    if let EventKind::CheckRun { check, agents, other_settings } = kind {
        let facts = json!({ "check": check.as_str(), "agents": agents, "other_settings": other_settings });
        return told("check.run", "all", Some(check.to_string()), facts);
    }
    if let EventKind::Filed(filed) = kind {
        return told("report.filed", "all", None, json!({ "ended": matches!(filed, Filed::Account(_)) }));
    }
    told("event", "all", None, json!({}))
}

fn of_run(kind: &EventKind) -> Value {
    let (run, what) = match part_of(kind) {
        Some((run, part)) => (Some(run), json!({ "part": part })),
        None => (None, json!({})),
    };
    let mut facts = what;
    facts["run"] = json!(run);
    if let EventKind::RunBegun { run, direction, rehearsal, .. } = kind {
        facts = json!({ "run": run, "what": "begun", "direction": direction.word(), "rehearsal": rehearsal });
    } else if let EventKind::RunTaken { run, .. } = kind {
        facts = json!({ "run": run, "what": "taken" });
    } else if let EventKind::RunLeft { run, .. } = kind {
        facts = json!({ "run": run, "what": "left" });
    } else if let EventKind::RunTurned { run, why } = kind {
        facts = json!({ "run": run, "what": "turned", "why": why });
    } else if let EventKind::RunEnded { run, outcome, writes_shut } = kind {
        let shut = writes_shut.map(|shut| shut.as_secs_f64());
        facts = json!({ "run": run, "what": outcome.word(), "writes_shut_seconds": shut });
    } else if let EventKind::StepBegun { undo, .. } = kind {
        (facts["what"], facts["undo"]) = (json!("step_begun"), json!(undo));
    } else if let EventKind::StepEnded { undo, outcome, durable, .. } = kind {
        (facts["what"], facts["undo"]) = (json!("step_ended"), json!(undo));
        (facts["outcome"], facts["durable_mutation"]) = (json!(outcome.word()), json!(durable));
    } else if let EventKind::StepProved { .. } = kind {
        facts["what"] = json!("step_proved");
    } else if let EventKind::StepSettled { undo, done, .. } = kind {
        (facts["what"], facts["undo"], facts["done"]) = (json!("step_settled"), json!(undo), json!(done));
    } else if let EventKind::NoReturnPassed { .. } = kind {
        facts["what"] = json!("no_return_passed");
    }
    facts
}

/// People must hear of it at once: it cuts a wait for a failing receiver short.
pub(super) fn is_urgent(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Noticed(_))
}
