//! Break-glass: a gate opened over holds that a person names one by one. It needs the plan's quorum for
//! it, and stays on every screen.

use tidelock_model::Name;
use tidelock_proto::{json, v1};

use super::{Call, decide, orders};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out;
use crate::shown;

/// The plan's decision that says who may override.
pub(super) const DECISION: &str = "override";

/// Gives a voice to open the next gate over these holds. Says whether enough voices are together.
pub(super) async fn give(
    call: &Call,
    client: &Client,
    status: &v1::Status,
    (checks, reason): (&[String], &str),
) -> Result<bool, Trouble> {
    // The one that stands next, and no other.
    let gate = decide::next_gate(status)?;
    let request = v1::OverrideHoldsRequest {
        migration: status.migration.clone(),
        gate: gate.gate.clone(),
        checks: checks.to_vec(),
        reason: reason.to_owned(),
        request_id: request_id()?,
    };
    let answer = client.orders().override_holds(request).await.map_err(trouble)?.into_inner();
    let event = orders::recorded(answer.event)?;
    let after = answer.gate.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector gave no gate"))?;
    let voiced = voiced(&after, checks);
    let complete = voiced.is_some_and(|view| view.complete);
    if call.manner.json() {
        let value = serde_json::json!({
            "schema": "tidelock.overridden/v1", "complete": complete, "event": json::event(&event),
            "gate": json::gate(&after),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(complete);
    }
    out::print(&format!("✔ {}, decision {}", clean(&event.text), event.sequence))?;
    if let Some(view) = voiced {
        out::print(&shown::overridden(view, &status.timezone))?;
        if !view.complete {
            out::print(&others(call, view).await)?;
        }
    }
    out::print(&format!("gate {}: {}", after.gate, clean(&after.summary)))?;
    Ok(complete)
}

/// What is about to be overridden, hold by hold. A name that holds nothing is refused by the collector.
pub(super) fn shows(gate: &v1::Gate, checks: &[String]) -> Vec<String> {
    let one = |check: &String| {
        let holds = gate.holds.iter().filter(|hold| hold.check == *check || hold.code == *check);
        let why: Vec<String> = holds.map(|hold| clean(&hold.reason)).collect();
        let why = if why.is_empty() { "nothing holds by that name now".to_owned() } else { why.join("; ") };
        format!("! over {}: {why}", clean(check))
    };
    checks.iter().map(one).collect()
}

/// The newest override of exactly these holds.
fn voiced<'a>(gate: &'a v1::Gate, checks: &[String]) -> Option<&'a v1::OverrideView> {
    let set = |checks: &[String]| checks.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    gate.overrides.iter().rev().find(|view| view.gate == gate.gate && set(&view.checks) == set(checks))
}

/// Who else must agree, as the plan says it.
async fn others(call: &Call, view: &v1::OverrideView) -> String {
    let unknown = "others must agree; who, stands in the plan's decision override".to_owned();
    let Ok((source, _)) = super::plan::present(call).await else { return unknown };
    let Ok(checked) = tidelock_plan::check(&source) else { return unknown };
    let rule = Name::new(DECISION).ok().and_then(|name| checked.plan.decisions.get(&name).cloned());
    let Some(rule) = rule else { return unknown };
    let left: Vec<String> = (rule.who.iter().chain(&rule.deputies).map(Name::to_string))
        .filter(|who| !view.by.contains(who))
        .collect();
    let given = u32::try_from(view.by.len()).unwrap_or(u32::MAX);
    let missing = rule.approvals.saturating_sub(given);
    format!("{missing} more must agree, with the same words: {}", left.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> v1::Gate {
        let view = |checks: &[&str], complete| v1::OverrideView {
            gate: "ready".to_owned(),
            checks: checks.iter().map(|check| (*check).to_owned()).collect(),
            complete,
            ..v1::OverrideView::default()
        };
        let hold = |check: &str, code: &str, reason: &str| v1::Hold {
            check: check.to_owned(),
            code: code.to_owned(),
            reason: reason.to_owned(),
            ..v1::Hold::default()
        };
        v1::Gate {
            gate: "ready".to_owned(),
            holds: vec![hold("login", "claim_refuted", "refused with 401"), hold("", "dip", "too long")],
            overrides: vec![view(&["login"], true), view(&["login", "dip"], false)],
            ..v1::Gate::default()
        }
    }

    #[test]
    fn each_hold_is_shown_before_it_is_overridden() {
        let named = ["login", "dip", "orders"].map(str::to_owned);
        assert_eq!(
            shows(&gate(), &named),
            [
                "! over login: refused with 401",
                "! over dip: too long",
                "! over orders: nothing holds by that name now"
            ]
        );
    }

    #[test]
    fn an_override_of_other_holds_is_not_this_one() {
        let complete = |checks: &[&str]| {
            let checks: Vec<String> = checks.iter().map(|check| (*check).to_owned()).collect();
            voiced(&gate(), &checks).map(|view| view.complete)
        };
        assert_eq!(complete(&["dip", "login"]), Some(false));
        assert_eq!([complete(&["login"]), complete(&["dip"]), complete(&[])], [Some(true), None, None]);
    }
}
