//! The part of the brief that ages: how the migration stands while the page is made.

use std::fmt::Write as _;

use tidelock_proto::{json, v1};

use super::status::NewestRun;
use crate::client::clean;
use crate::words::{clock_and_zone, loss};
use crate::{shown, shown_switch};

/// The section, as Markdown.
pub(super) fn section(status: &v1::Status, run: &NewestRun) -> String {
    let zone = &status.timezone;
    let gate = status.next_gate.as_ref();
    let now = json::as_of(status);
    let mut text = format!("\n## How it stands at {}\n\n", clock_and_zone(now, zone));
    let mut item = |line: String| {
        // Whatever a person wrote into a reason is one item, and starts no other.
        let _ = writeln!(text, "- {}", line.replace('\n', " "));
    };
    item(format!("Phase {}: {}", clean(&status.phase), clean(&status.summary)));
    if let Some(gate) = gate {
        item(format!("Gate {}: {}", clean(&gate.gate), json::verdict_word(gate.verdict).to_uppercase()));
        item(loss(gate));
        shown::beside_agents(gate).for_each(&mut item);
        gate.overrides.iter().for_each(|view| item(shown::overridden(view, zone)));
        if let Some(question) = gate.decision.as_ref().and_then(|asked| shown::question(asked, zone)) {
            item(format!(
                "The decision {}: {question}",
                clean(&gate.decision.clone().unwrap_or_default().name)
            ));
        }
        if let Some(back) = gate.rollback.as_ref().filter(|back| back.applicable) {
            item(format!("Going back: {}", shown::way_back(back, now, zone)));
            shown::one_way(back).into_iter().for_each(&mut item);
        }
    }
    if let Some(switch) = &status.switch {
        switch.failed_undos.iter().for_each(|undo| item(shown_switch::failed_undo(undo, zone)));
        shown_switch::owners(switch, now, true).into_iter().for_each(&mut item);
        shown_switch::assertions(switch, now).into_iter().for_each(&mut item);
    }
    match run {
        Ok(run) => run.iter().filter_map(shown::run).for_each(&mut item),
        Err(_) => item("Whether a runbook is walked is not known".to_owned()),
    }
    if !status.first_minutes.is_empty() {
        item(clean(&status.first_minutes));
    }
    status.rehearsals.iter().for_each(|line| item(clean(line)));
    let late =
        |check: &&v1::ManualCheckView| matches!(check.state.as_str(), "overdue" | "expired" | "failed");
    for check in status.manual_checks.iter().filter(late) {
        item(format!("{} of {} is {}", clean(&check.name), clean(&check.owner), clean(&check.state)));
    }
    for agent in &status.agents {
        agent.warnings.iter().for_each(|line| item(format!("Agent {}: {}", clean(&agent.name), clean(line))));
    }
    status.failing_receivers.iter().for_each(|line| item(format!("Messages do not arrive: {}", clean(line))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Trouble;

    #[test]
    fn a_migration_that_has_ended_still_has_a_time_at_which_it_stands() {
        let as_of_time = Some(json::wire_time(60_000));
        let status = v1::Status { phase: "committed".to_owned(), as_of_time, ..v1::Status::default() };
        let said = section(&status, &Ok(None));
        assert!(said.starts_with("\n## How it stands at 00:01:00 UTC\n"), "{said}");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let status = v1::Status {
            phase: "sync".to_owned(),
            summary: "not level".to_owned(),
            next_gate: Some(v1::Gate {
                phase: "sync".to_owned(),
                gate: "ready".to_owned(),
                warnings: vec!["agent a: unsigned".to_owned(), "decision cutover: one hand".to_owned()],
                ..v1::Gate::default()
            }),
            ..v1::Status::default()
        };
        let said = section(&status, &Err(Trouble::failed("x")));
        for line in [
            "- Phase sync: not level\n",
            "- Gate ready: UNKNOWN\n",
            "- What switching now would lose: nothing known\n",
            "- Whether a runbook is walked is not known\n",
            "- decision cutover: one hand\n",
        ] {
            assert!(said.contains(line), "no {line:?} in {said}");
        }
        assert!(!said.contains("agent a"), "agents speak for themselves: {said}");
    }
}
