//! A check that somebody wants to see run now: each of its agents is asked, and what they find goes back to
//! whoever asked.
//!
//! It is no evidence, and cannot become any: an agent that is asked at a good moment would otherwise open a gate.
//! A check that writes is not run in a phase in which the plan does not run it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tidelock_core::AgentStanding;
use tidelock_core::plan::Scenario;
use tidelock_model::{AgentKey, Name, Phase, Side};
use tidelock_proto::{side_from_wire, side_to_wire, v1};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::caller::{Action, Caller};
use super::gate::migration;
use super::migration::{no_check, recent};
use super::{Api, errors, order};
use crate::driver::Told;
use crate::fold::RecentFinding;
use crate::ingest::{Answer, Asked, Awaited, NotAsked};

/// How long an answer may take beside the run itself: the sandbox's own grace, and both ways.
const BESIDE: Duration = Duration::from_secs(20);

/// The largest settings in place of the plan's.
const MAX_SETTINGS_BYTES: usize = 16 << 10;

/// An agent's place among the runs that are going, or why it has none.
type Place = Result<Awaited, String>;

/// What is asked, as far as the plan in force lets it be asked.
struct Ask {
    check: Name,
    plan_revision: u64,
    timeout: Duration,
    agents: Vec<AgentKey>,
}

/// Asks the agents, and gives their answers as they come. That somebody asks is in the journal first, and only where
/// an agent is asked: each has a place among the runs that are going before anything is recorded.
pub(super) async fn run(
    api: &Arc<Api>,
    who: &Caller,
    wanted: v1::RunCheckRequest,
) -> Result<ReceiverStream<Result<v1::RunCheckResponse, Status>>, Status> {
    let name = migration(&wanted.migration)?;
    let view = api.view(who, Action::RunCheck, &name)?;
    if !wanted.settings_json.is_empty() {
        api.view(who, Action::RunCheckWith, &name)?;
    }
    let told = api.driver.told(&name).ok_or_else(|| errors::no_migration(&name))?.borrow().clone();
    let ask = asked(&name, &told, &wanted)?;
    api.limits.run_check(who)?;
    let of = u32::try_from(ask.agents.len()).unwrap_or(u32::MAX);
    let other_settings = !wanted.settings_json.is_empty();
    let (check, by) = (ask.check.clone(), order::asker(who, &view));
    let places: Vec<(Asked, Place)> = (ask.agents.into_iter())
        .map(|agent| Asked { migration: name.clone(), agent, check: check.clone(), other_settings })
        .map(|asked| (asked.clone(), api.runs_now.ask(asked)))
        .collect();
    let agents = places.iter().filter(|(_, place)| place.is_ok()).count();
    let agents = u32::try_from(agents).unwrap_or(u32::MAX);
    let recorded = tidelock_core::Ask::RunCheck { check: check.clone(), agents, other_settings, by };
    let asked = match agents {
        // Nobody is asked: it is told why, to whom that may be told.
        0 => api.driver.dry_run(&name, recorded).await,
        _ => api.driver.ask(&name, recorded).await,
    };
    asked.map_err(errors::asked)?;
    tracing::info!(migration = %name, %check, who = %who.subject(), agents, settings = ?wanted.settings_json, "a check is run now");
    let (send, answers) = mpsc::channel(places.len().max(1));
    for (asked, place) in places {
        let (api, send) = (api.clone(), send.clone());
        let (revision, patience) = (ask.plan_revision, ask.timeout + BESIDE);
        let settings = wanted.settings_json.clone();
        tokio::spawn(async move {
            let answer = tokio::select! {
                answer = one(&api, (&asked, place), (revision, settings), patience) => answer,
                () = send.closed() => return,
                () = api.stop.cancelled() => return,
            };
            // There is room for every agent's answer; whoever asked may have gone.
            let _ = send.send(Ok(told_of(&api, asked.agent, answer, of))).await;
        });
    }
    Ok(ReceiverStream::new(answers))
}

/// What the plan lets be asked.
fn asked(name: &Name, told: &Told, wanted: &v1::RunCheckRequest) -> Result<Ask, Status> {
    let Some(force) = &told.plan else {
        return Err(errors::precondition("NO_PLAN", format!("{name} has no plan in force")));
    };
    let check = Name::new(&wanted.check).map_err(|error| errors::invalid("check", error))?;
    let scenario =
        force.plan.scenarios.get(&check).ok_or_else(|| no_check(name, &check, Some(&force.plan)))?;
    let side = match wanted.side {
        0 => None,
        side => Some(side_from_wire(side).map_err(|error| errors::invalid("side", error.what))?),
    };
    if let Some(side) = side.filter(|side| !scenario.sides.contains(side)) {
        return Err(errors::invalid("side", format!("{check} does not run on the {side}")));
    }
    may_run(&check, scenario, told.phase)?;
    other_settings(&scenario.settings, &wanted.settings_json)
        .map_err(|why| errors::invalid("settings", why))?;
    let agents = agents(told, scenario, (side, &wanted.agent));
    if agents.is_empty() {
        let which = if wanted.agent.is_empty() {
            "no agent".to_owned()
        } else {
            format!("no agent {:?}", wanted.agent)
        };
        return Err(errors::precondition(
            "NO_AGENT",
            format!("{which} of {check} is enrolled; see: tidelock agent ls"),
        ));
    }
    Ok(Ask { check, plan_revision: force.revision, timeout: scenario.timeout, agents })
}

/// What writes is left to the phases that the plan names.
fn may_run(check: &Name, scenario: &Scenario, phase: Phase) -> Result<(), Status> {
    if scenario.writes && !scenario.phases.contains(&phase) {
        let why = format!("{check} writes, and the plan does not run it in phase {phase}");
        return Err(errors::precondition("WRITES", why));
    }
    Ok(())
}

/// What stands in place of the plan's settings reaches no other secret and puts none elsewhere: those come from the
/// plan alone. Targets, limits and grants stay the check's own.
fn other_settings(own: &str, wanted: &str) -> Result<(), String> {
    if wanted.is_empty() {
        return Ok(());
    }
    if wanted.len() > MAX_SETTINGS_BYTES {
        return Err(format!("they have more than {MAX_SETTINGS_BYTES} bytes"));
    }
    let Ok(Value::Object(wanted)) = serde_json::from_str(wanted) else {
        return Err("they are not one JSON object".to_owned());
    };
    let own: Value = serde_json::from_str(own).unwrap_or_default();
    for (key, value) in &wanted {
        if own.get(key).is_some_and(names_secret) {
            return Err(format!("{key} is a secret in the plan, and stays it"));
        }
        if names_secret(value) {
            return Err(format!("{key} names a secret: only the plan gives secrets"));
        }
    }
    Ok(())
}

fn names_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("secret:"),
        Value::Array(values) => values.iter().any(names_secret),
        Value::Object(values) => values.values().any(names_secret),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn agents(told: &Told, scenario: &Scenario, (side, name): (Option<Side>, &str)) -> Vec<AgentKey> {
    let wanted = |agent: &&AgentKey| {
        scenario.sides.contains(&agent.side)
            && side.is_none_or(|side| side == agent.side)
            && (name.is_empty() || agent.name.as_str() == name)
            && told.standing.get(agent) == Some(&AgentStanding::Enrolled)
    };
    told.roster.iter().filter(wanted).cloned().collect()
}

/// Asks one agent.
async fn one(
    api: &Api,
    (asked, place): (&Asked, Place),
    (plan_revision, settings_json): (u64, String),
    patience: Duration,
) -> Answer {
    let mut awaited = place?;
    let check = asked.check.to_string();
    let ask = v1::RunNow { number: awaited.number, check, plan_revision, settings_json };
    api.sessions.run_now(&asked.migration, &asked.agent, ask).map_err(|not| match not {
        NotAsked::Away => "it is not connected".to_owned(),
        NotAsked::Busy => "it does not take what it was asked before".to_owned(),
    })?;
    match timeout(patience, awaited.answer()).await {
        Ok(Some(answer)) => answer,
        Ok(None) => Err("the ask was lost".to_owned()),
        Err(_) => Err(format!("it did not answer within {} s", patience.as_secs())),
    }
}

fn told_of(api: &Api, agent: AgentKey, answer: Answer, of: u32) -> v1::RunCheckResponse {
    let named = v1::AgentRef { side: side_to_wire(agent.side).into(), name: agent.name.to_string() };
    let (found, refused) = match answer {
        Ok(finding) => {
            let found = RecentFinding { agent, finding: *finding, received: api.clock.now() };
            (Some(recent(&found)), String::new())
        }
        Err(why) => (None, why),
    };
    v1::RunCheckResponse { agent: Some(named), found, refused, of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_are_one_object_of_a_bounded_size_without_a_secret() {
        let own = r#"{"password":"secret:probe","target":"shop","steps":[{"header":"secret:key"}]}"#;
        assert_eq!(other_settings(own, ""), Ok(()), "the plan's own");
        assert_eq!(other_settings(own, r#"{"user":"ana","tries":3}"#), Ok(()));
        let large = format!(r#"{{"user":"{}"}}"#, "x".repeat(MAX_SETTINGS_BYTES));
        for (wanted, why) in [
            ("[]", "not one JSON object"),
            ("{", "not one JSON object"),
            (r#"{"password":"guess"}"#, "password is a secret in the plan"),
            (r#"{"steps":[]}"#, "steps is a secret in the plan"),
            (r#"{"user":"secret:probe"}"#, "user names a secret"),
            (r#"{"user":{"name":["secret:other"]}}"#, "user names a secret"),
            (&large, "more than 16384 bytes"),
        ] {
            let told = other_settings(own, wanted).unwrap_err();
            assert!(told.contains(why), "{told}, not {why}");
        }
    }
}
