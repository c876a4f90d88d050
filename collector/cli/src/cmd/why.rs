//! `tidelock why`: what holds the gate, since when, and what to do; or one check in full.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use tidelock_proto::{json, v1};

use super::why_last::{self, Lately};
use super::{Call, duration, get_status, proof_text, why_traces};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Manner};
use crate::words::{ago, clock, hold_sign, loss, loss_lines, pad, state, verdict, when};
use crate::{shown, shown_switch};

#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// One check; all holds of the next gate without it
    check: Option<String>,
    /// Another gate than the next one
    #[arg(long, conflicts_with = "check")]
    gate: Option<String>,
    /// Of what was found only the last while, such as 30m; for one check
    #[arg(long, requires = "check", value_parser = duration, value_name = "SPAN")]
    last: Option<Duration>,
}

pub(crate) async fn run(call: &Call, args: WhyArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let status = get_status(&client).await?;
    if let Some(check) = args.check {
        if let Some(gate) = status.next_gate.as_ref().and_then(|gate| held_by(gate, &status, &check)) {
            if args.last.is_some() {
                let what = format!("{} is no check, so nothing is found of it", clean(&check));
                return Err(Trouble::usage(what).hint("leave --last out"));
            }
            return tell(call, &gate, &status.timezone);
        }
        let migration = status.migration.clone();
        let recent = args.last.map_or(why_last::NEWEST as u32, |_| why_last::MOST);
        let request = v1::ExplainCheckRequest { migration, check, recent };
        let mut answer = client.migrations().explain_check(request).await.map_err(trouble)?.into_inner();
        let lately = args.last.map(|last| why_last::only(&mut answer, last, json::as_of(&status)));
        return explain(call, &status, &answer, lately.as_ref());
    }
    // A status tells of claims, but not of their proofs; one gate's own answer does.
    let proofs = || status.next_gate.as_ref().filter(|_| call.manner.json()).map(|gate| gate.gate.clone());
    let gate = match args.gate.or_else(proofs) {
        Some(gate) => {
            let request = v1::GetGateRequest { migration: status.migration.clone(), gate };
            client.gates().get_gate(request).await.map_err(trouble)?.into_inner().gate
        }
        None => status.next_gate.clone(),
    };
    let Some(gate) = gate else {
        if call.manner.json() {
            let none = json!({
                "schema": "tidelock.why/v1", "migration": status.migration, "phase": status.phase, "gate": null,
            });
            out::print_json(call.manner.format, &none)?;
            return Ok(Exit::Done);
        }
        call.loud(&status)?;
        out::print(&format!("{} is {}: no gate stands before it", status.migration, status.phase))?;
        return Ok(Exit::Done);
    };
    tell(call, &gate, &status.timezone)
}

fn tell(call: &Call, gate: &v1::Gate, zone: &str) -> Result<Exit, Trouble> {
    if call.manner.json() {
        out::print_json(call.manner.format, &json::gate(gate))?;
    } else {
        out::print(&all_holds(call.manner, gate, zone))?;
    }
    Ok(Exit::Done)
}

/// What stands under a name on the screen and is no check: a decision, a manual check, the word of a hold such as
/// `stable`. None for a check, which has more to tell.
fn held_by(gate: &v1::Gate, status: &v1::Status, name: &str) -> Option<v1::Gate> {
    if status.scenarios.iter().any(|scenario| scenario.name == name) {
        return None;
    }
    let shown = |hold: &&v1::Hold| if hold.check.is_empty() { hold.code == name } else { hold.check == name };
    let holds: Vec<v1::Hold> = gate.holds.iter().filter(shown).cloned().collect();
    (!holds.is_empty()).then(|| v1::Gate { holds, ..gate.clone() })
}

fn all_holds(manner: Manner, gate: &v1::Gate, zone: &str) -> String {
    let mut text =
        format!("{}: gate {}   {}\n", verdict(manner, gate.verdict), gate.gate, clean(&gate.summary));
    for line in shown::loud(gate) {
        let _ = writeln!(text, "{}", manner.paint("1;33", &line));
    }
    let _ = writeln!(text, "{}", loss(gate));
    for line in loss_lines(gate) {
        let _ = writeln!(text, "  {line}");
    }
    for view in &gate.overrides {
        let _ = writeln!(text, "{}", manner.paint("1;33", &shown::overridden(view, zone)));
    }
    switch(manner, gate, zone, &mut text);
    if let Some(rollback) = gate.rollback.as_ref().filter(|rollback| rollback.applicable) {
        let _ = writeln!(text, "Rollback {}", shown::way_back(rollback, gate.as_of_time.as_ref(), zone));
        if let Some(line) = shown::one_way(rollback) {
            let _ = writeln!(text, "  {line}");
        }
    }
    if let Some(question) = gate.decision.as_ref().and_then(|asked| shown::question(asked, zone)) {
        let _ = writeln!(text, "{question}");
    }
    text.push('\n');
    for hold in &gate.holds {
        one_hold(manner, hold, gate, zone, &mut text);
    }
    text
}

/// Who runs what, what no step may break, and what could not be taken back.
fn switch(manner: Manner, gate: &v1::Gate, zone: &str, text: &mut String) {
    let Some(switch) = &gate.switch else { return };
    let now = gate.as_of_time.as_ref();
    for undo in &switch.failed_undos {
        let line = shown_switch::failed_undo(undo, zone);
        let _ = writeln!(text, "{}", manner.paint("1;31", &line));
    }
    for (title, lines) in [
        ("Owners", shown_switch::owners(switch, now, true)),
        ("Asserted", shown_switch::assertions(switch, now)),
    ] {
        for (at, line) in lines.iter().enumerate() {
            let _ = writeln!(text, "{} {line}", pad(if at == 0 { title } else { "" }, 9));
        }
    }
}

fn one_hold(manner: Manner, hold: &v1::Hold, gate: &v1::Gate, zone: &str, text: &mut String) {
    let now = gate.as_of_time.as_ref();
    let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
    let sign = hold_sign(manner, hold);
    let side = if hold.side.is_empty() { String::new() } else { format!(" on {}", hold.side) };
    let _ = writeln!(text, "{sign}  {}{side}   {}", manner.bold(name), hold.level);
    let _ = writeln!(text, "    Why      {}", clean(&hold.reason));
    let since = clock(hold.since_time.as_ref(), zone);
    let _ = writeln!(text, "    Since    {since} ({})", ago(hold.since_time.as_ref(), now));
    if hold.seen_time.is_some() {
        let agent = if hold.agent.is_empty() { String::new() } else { format!(" by {}", hold.agent) };
        let _ = writeln!(text, "    Seen     {} ago{agent}", ago(hold.seen_time.as_ref(), now));
    }
    for left in hold.remaining.iter().filter(|left| left.count > 0) {
        let _ = writeln!(text, "    Lost now {} {} {}", left.count, left.unit, clean(&left.what));
    }
    if !hold.next.is_empty() {
        let _ = writeln!(text, "    Next     {}", clean(&hold.next));
    }
    text.push('\n');
}

/// That people passed over it stands wherever it is looked at.
fn overrides_of(status: &v1::Status, check: &str) -> Vec<String> {
    let about = shown::overrides(status).iter().filter(|view| view.checks.iter().any(|name| name == check));
    about.map(|view| shown::overridden(view, &status.timezone)).collect()
}

/// All of it as JSON; `last` stands there only where it was asked for.
fn explained(
    scenario: &v1::ScenarioView,
    answer: &v1::ExplainCheckResponse,
    lately: Option<&Lately>,
    now: Option<&prost_types::Timestamp>,
) -> serde_json::Value {
    let mut value = json!({
        "schema": "tidelock.why/v1",
        "scenario": json::scenario(scenario),
        "holds": answer.holds.iter().map(|hold| json::hold(hold, now)).collect::<serde_json::Value>(),
        "recent": answer.recent.iter().map(json::finding).collect::<serde_json::Value>(),
        "blind_spots": answer.blind_spots,
        "traces": why_traces::json(answer),
    });
    if let Some(lately) = lately {
        value["last"] = lately.json();
    }
    value
}

fn explain(
    call: &Call,
    status: &v1::Status,
    answer: &v1::ExplainCheckResponse,
    lately: Option<&Lately>,
) -> Result<Exit, Trouble> {
    let empty = v1::ScenarioView::default();
    let scenario = answer.scenario.as_ref().unwrap_or(&empty);
    let now = json::as_of(status);
    if call.manner.json() {
        out::print_json(call.manner.format, &explained(scenario, answer, lately, now))?;
        return Ok(Exit::Done);
    }
    call.loud(status)?;
    let manner = call.manner;
    let mut text = format!(
        "{}  {} — {}\n",
        state(manner, scenario.state),
        manner.bold(&scenario.name),
        clean(&scenario.title)
    );
    let gates = if scenario.gates.is_empty() {
        "no gate".to_owned()
    } else {
        format!("gate {}", scenario.gates.join(", "))
    };
    let _ = writeln!(
        text,
        "  {} {}   ({}, needed by {gates})",
        pad("If broken", 12),
        clean(&scenario.if_broken),
        scenario.level
    );
    for line in overrides_of(status, &scenario.name) {
        let _ = writeln!(text, "  {}", manner.paint("1;33", &line));
    }
    claims(manner, status, scenario, &mut text);
    for hold in &answer.holds {
        let since = clock(hold.since_time.as_ref(), &status.timezone);
        let _ = writeln!(text, "  {} {} (since {since})", pad("Holds", 12), clean(&hold.reason));
        // Whoever reads this ran that already.
        if !hold.next.is_empty() && hold.next != format!("tidelock why {}", scenario.name) {
            let _ = writeln!(text, "  {} {}", pad("Next", 12), clean(&hold.next));
        }
    }
    if let Some(lately) = lately {
        let _ = writeln!(text, "  {} {}", pad(&lately.title(), 12), lately.line());
    }
    for recent in why_last::worth_a_line(&answer.recent) {
        let _ = writeln!(text, "  {} {}", pad("Plugin says", 12), said(recent, now, &status.timezone));
    }
    for line in why_traces::lines(answer, now, &status.timezone) {
        let _ = writeln!(text, "  {} {line}", pad("Trace", 12));
    }
    for spot in &answer.blind_spots {
        let _ = writeln!(text, "  {} {}", pad("Cannot see", 12), clean(spot));
    }
    let _ = writeln!(text, "  {} tidelock check show {} --last 20 -o json", pad("Raw", 12), scenario.name);
    out::print(&text)?;
    Ok(Exit::Done)
}

/// What must be on each side and, where this phase asks for it, what is.
fn claims(manner: Manner, status: &v1::Status, scenario: &v1::ScenarioView, text: &mut String) {
    let asked = json::state_word(scenario.state) != "not_now";
    if !asked {
        let _ = writeln!(text, "  {} {}", pad("Not now", 12), not_now(status, scenario));
    }
    for side in &scenario.sides {
        let who = json::side_word(side.side);
        for claim in &side.claims {
            let _ = writeln!(text, "  {} {}", pad(&format!("{who} must"), 12), clean(&claim.must));
            // What an earlier phase found of it is no word about this one.
            if asked {
                let is = state(manner, claim.state);
                let _ = writeln!(text, "  {} {}   {is}", pad("is", 12), clean(&claim.is));
                for (name, line) in proof_text::lines(claim, &status.timezone) {
                    let _ = writeln!(text, "    {} {line}", pad(name, 12));
                }
            }
        }
        let agent = if side.agent.is_empty() { String::new() } else { format!(" by {}", side.agent) };
        let seen = when(side.seen_time.as_ref(), json::as_of(status), &status.timezone);
        let _ = writeln!(text, "  {} {seen}{agent}", pad("seen", 12));
    }
}

/// Why nobody looks at present, and when somebody does.
fn not_now(status: &v1::Status, scenario: &v1::ScenarioView) -> String {
    let phases: Vec<String> = scenario.phases.iter().map(|phase| clean(phase)).collect();
    let runs = match phases.as_slice() {
        [] => "no phase runs it".to_owned(),
        [only] => format!("it runs in {only}"),
        [first @ .., last] => format!("it runs in {} and {last}", first.join(", ")),
    };
    format!("the migration is in {}; {runs}", clean(&status.phase))
}

fn said(recent: &v1::RecentFinding, now: Option<&prost_types::Timestamp>, zone: &str) -> String {
    let agent = recent.agent.clone().unwrap_or_default();
    let finding = recent.finding.clone().unwrap_or_default();
    let cause = if finding.cause.is_empty() { String::new() } else { format!(" ({})", finding.cause) };
    let note = clean(&finding.note).replace('\n', &format!("\n  {} ", pad("", 12)));
    let note = if note.trim().is_empty() { String::new() } else { format!(". {note}") };
    format!(
        "{}, {}/{}: {}{cause}{note}",
        when(recent.received_time.as_ref(), now, zone),
        json::side_word(agent.side),
        agent.name,
        json::outcome_word(finding.outcome),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_screen_that_is_no_check_is_explained_by_its_hold() {
        let hold = |code: &str, check: &str| v1::Hold {
            code: code.to_owned(),
            check: check.to_owned(),
            ..v1::Hold::default()
        };
        let gate = v1::Gate {
            holds: vec![hold("decision", "cutover"), hold("stable", ""), hold("claim_refuted", "login")],
            ..v1::Gate::default()
        };
        let scenario = v1::ScenarioView { name: "login".to_owned(), ..v1::ScenarioView::default() };
        let status = v1::Status { scenarios: vec![scenario], ..v1::Status::default() };
        let found = |name: &str| held_by(&gate, &status, name).map(|gate| gate.holds[0].code.clone());
        assert_eq!(found("cutover").as_deref(), Some("decision"));
        assert_eq!(found("stable").as_deref(), Some("stable"));
        assert_eq!(found("decision"), None, "that is not what stands on the screen");
        assert_eq!(found("login"), None, "a check has more to tell");
        assert_eq!(found("nope"), None);
    }

    #[test]
    fn a_check_that_rests_says_what_must_be_and_nothing_of_what_an_earlier_phase_found() {
        let claim = |state: v1::EvidenceState| v1::ClaimView {
            must: "90 % of it".to_owned(),
            is: "target was down".to_owned(),
            state: state.into(),
            ..v1::ClaimView::default()
        };
        let said = |state: v1::EvidenceState| {
            let seen_time = Some(json::wire_time(60_000));
            let side = v1::SideView { claims: vec![claim(state)], seen_time, ..v1::SideView::default() };
            let scenario =
                v1::ScenarioView { state: state.into(), sides: vec![side], ..v1::ScenarioView::default() };
            let as_of_time = Some(json::wire_time(180_000));
            let status = v1::Status { phase: "committed".to_owned(), as_of_time, ..v1::Status::default() };
            let manner = Manner { format: crate::out::Format::Text, color: false, ask: false, quiet: false };
            let mut text = String::new();
            claims(manner, &status, &scenario, &mut text);
            text
        };
        let rests = said(v1::EvidenceState::NotNow);
        assert!(rests.contains("Not now") && rests.contains("90 % of it"), "{rests}");
        assert!(!rests.contains("target was down") && rests.contains("2 min ago"), "{rests}");
        let asked = said(v1::EvidenceState::Refuted);
        assert!(asked.contains("target was down   ✖ refuted") && !asked.contains("Not now"), "{asked}");
    }

    #[test]
    fn a_check_that_rests_says_where_it_runs() {
        let of = |phases: &[&str]| {
            let phases = phases.iter().map(|phase| (*phase).to_owned()).collect();
            let status = v1::Status { phase: "ready".to_owned(), ..v1::Status::default() };
            not_now(&status, &v1::ScenarioView { phases, ..v1::ScenarioView::default() })
        };
        assert_eq!(of(&["rolling-back"]), "the migration is in ready; it runs in rolling-back");
        let many = of(&["sync", "cutover", "watch"]);
        assert_eq!(many, "the migration is in ready; it runs in sync, cutover and watch");
        assert_eq!(of(&[]), "the migration is in ready; no phase runs it");
    }

    #[test]
    fn an_override_stands_beside_its_check_and_no_other() {
        let over = v1::OverrideView {
            checks: vec!["login".to_owned(), "dip".to_owned()],
            by: vec!["olga".to_owned()],
            complete: true,
            ..v1::OverrideView::default()
        };
        let gate = v1::Gate { overrides: vec![over], ..v1::Gate::default() };
        let status = v1::Status { next_gate: Some(gate), ..v1::Status::default() };
        assert!(overrides_of(&status, "login")[0].contains("overridden: login, dip by olga"));
        assert!(overrides_of(&status, "checkout").is_empty());
    }
}
