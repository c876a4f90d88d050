//! The status screen: five seconds must be enough for a tired operator.

use std::fmt::Write as _;

use prost_types::Timestamp;
use tidelock_proto::{json, v1};

use super::status::NewestRun;
use crate::client::clean;
use crate::exit::Exit;
use crate::out::Manner;
use crate::words::{ago, clock, cut, hold_mark, hold_sign, loss, pad, span, state, verdict};
use crate::{shown, shown_switch};

/// Characters of a reason; all of it stands in `tidelock why`.
const WHY: usize = 64;
/// Characters of a side's value.
const VALUE: usize = 40;

/// The whole screen; of a status that is cut down to one side, with that side's column alone.
pub(super) fn long(
    manner: Manner,
    status: &v1::Status,
    run: &NewestRun,
    all: bool,
    side: Option<&str>,
) -> String {
    let mut text = String::new();
    head(manner, status, &mut text);
    notes(manner, status, run, &mut text);
    if let Some(gate) = &status.next_gate {
        facts(gate, status, &mut text);
        holds(manner, gate, &mut text);
    }
    scenarios(manner, status, all, side, &mut text);
    people_and_agents(status, side, &mut text);
    if let Some(next) = next(status) {
        let _ = write!(text, "\nNext: {next}\n");
    }
    text
}

fn head(manner: Manner, status: &v1::Status, text: &mut String) {
    let gate = status.next_gate.as_ref();
    let plan = gate.and_then(|g| g.plan.as_ref());
    let revision = plan.map(|plan| format!(" · plan rev {}", plan.revision)).unwrap_or_default();
    let word = match gate {
        Some(gate) => format!("{}: gate {}", verdict(manner, gate.verdict), gate.gate),
        None => manner.bold(&format!("■ {}", status.phase.to_uppercase())),
    };
    let place = format!("{} · phase {}{revision}", status.migration, status.phase);
    let _ = writeln!(text, "{} {place}", pad(&word, 46));
    let _ = writeln!(text, "{}", clean(&status.summary));
    for line in shown::loud_of(status) {
        let _ = writeln!(text, "{}", manner.paint("1;33", &line));
    }
    text.push('\n');
}

/// What must be seen whatever else there is: a run, overrides, the first minutes, messages that do not arrive.
fn notes(manner: Manner, status: &v1::Status, run: &NewestRun, text: &mut String) {
    let before = text.len();
    match run {
        Ok(run) => {
            for line in run.iter().filter_map(shown::run) {
                let _ = writeln!(text, "  {}", manner.bold(&line));
            }
        }
        Err(trouble) => {
            let _ = writeln!(text, "  ? whether a runbook is walked is not known: {}", trouble.message);
        }
    }
    for undo in status.switch.iter().flat_map(|switch| &switch.failed_undos) {
        let line = shown_switch::failed_undo(undo, &status.timezone);
        let _ = writeln!(text, "  {}", manner.paint("1;31", &line));
    }
    for view in shown::overrides(status) {
        let _ = writeln!(text, "  {}", manner.paint("1;33", &shown::overridden(view, &status.timezone)));
    }
    if !status.first_minutes.is_empty() {
        let _ = writeln!(text, "  {}", clean(&status.first_minutes));
    }
    for rehearsal in &status.rehearsals {
        let _ = writeln!(text, "  {}", clean(rehearsal));
    }
    for failing in &status.failing_receivers {
        let _ = writeln!(text, "  ! messages do not arrive: {}", clean(failing));
    }
    if text.len() > before {
        text.push('\n');
    }
}

fn facts(gate: &v1::Gate, status: &v1::Status, text: &mut String) {
    let now = gate.as_of_time.as_ref();
    let _ = writeln!(text, "  {}", loss(gate));
    let mut fact = |name: &str, value: String| {
        let _ = writeln!(text, "  {} {value}", pad(name, 14));
    };
    if let Some(rollback) = gate.rollback.as_ref().filter(|rollback| rollback.applicable) {
        let advice = if rollback.recommended { "RECOMMENDED   " } else { "" };
        fact("Rollback", format!("{advice}{}", shown::way_back(rollback, now, &status.timezone)));
        if let Some(line) = shown::one_way(rollback) {
            fact("", line);
        }
    }
    if let Some(decision) = &gate.decision {
        let who = [decision.who.join(", "), decision.deputies.join(", ")];
        let deputies = if who[1].is_empty() { String::new() } else { format!(", deputies {}", who[1]) };
        let voices = format!("{} of {} given", decision.given, decision.needed);
        fact("Decides", format!("{}{deputies}   {}: {voices}", who[0], decision.name));
        if let Some(question) = shown::question(decision, &status.timezone) {
            fact("", question);
        }
    }
    if let Some(switch) = &status.switch {
        owned(switch, now, &mut fact);
        for (at, line) in shown_switch::assertions(switch, now).into_iter().enumerate() {
            fact(if at == 0 { "Asserted" } else { "" }, line);
        }
    }
    if gate.stable_needed_ms > 0 {
        fact("Stable", format!("{} of {}", span(gate.stable_for_ms), span(gate.stable_needed_ms)));
    }
    text.push('\n');
}

/// How many have the owner that they must have, and each that has not.
fn owned(switch: &v1::SwitchView, now: Option<&Timestamp>, fact: &mut impl FnMut(&str, String)) {
    if switch.owners.is_empty() {
        return;
    }
    let owned = switch.owners.iter().filter(|owner| owner.state == "owned").count();
    fact("Owners", format!("{owned} of {} seen with their owner alone", switch.owners.len()));
    shown_switch::owners(switch, now, false).into_iter().for_each(|line| fact("", line));
}

fn holds(manner: Manner, gate: &v1::Gate, text: &mut String) {
    if gate.holds.is_empty() {
        return;
    }
    let now = gate.as_of_time.as_ref();
    let _ = writeln!(
        text,
        "  {} {} {} {} SEEN",
        pad("HOLDS", 12),
        pad("CHECK", 20),
        pad("WHY", WHY),
        pad("SINCE", 9)
    );
    for hold in &gate.holds {
        let sign = hold_sign(manner, hold);
        let side = if hold.side.is_empty() { String::new() } else { format!("{}: ", hold.side) };
        let why = cut(&format!("{side}{}", clean(&hold.reason)), WHY);
        let check = if hold.check.is_empty() { &hold.code } else { &hold.check };
        let since = ago(hold.since_time.as_ref(), now);
        let seen = ago(hold.seen_time.as_ref(), now);
        let _ = writeln!(
            text,
            "  {} {} {} {} {seen}",
            pad(&sign, 12),
            pad(check, 20),
            pad(&why, WHY),
            pad(&since, 9)
        );
    }
}

fn scenarios(manner: Manner, status: &v1::Status, all: bool, side: Option<&str>, text: &mut String) {
    let shows = |column: &&str| side.is_none_or(|side| side == *column);
    let columns: Vec<&str> = ["source", "target"].into_iter().filter(shows).collect();
    // The last column is as long as its words.
    let cells = |cell: &dyn Fn(&str) -> String| -> Vec<String> {
        let width = |at: usize| if at + 1 < columns.len() { VALUE } else { 0 };
        columns.iter().enumerate().map(|(at, column)| pad(&cell(column), width(at))).collect()
    };
    let held = |name: &str| status.next_gate.iter().flat_map(|g| &g.holds).any(|hold| hold.check == name);
    let (shown, folded): (Vec<_>, Vec<_>) = (status.scenarios.iter())
        .partition(|s| all || held(&s.name) || s.active && json::state_word(s.state) != "proved");
    if !shown.is_empty() {
        let head = cells(&|column: &str| column.to_uppercase()).join(" ");
        let _ = writeln!(text, "\n  {} {} {head}", pad("STATE", 12), pad("SCENARIO", 20));
    }
    for scenario in shown {
        let value = |side: &str| {
            let view = scenario.sides.iter().find(|view| json::side_word(view.side) == side);
            view.map_or_else(|| "–".to_owned(), |view| cut(&clean(&view.value), VALUE))
        };
        let sign = state(manner, scenario.state);
        let values = cells(&value).join(" ");
        let _ = writeln!(text, "  {} {} {values}", pad(&sign, 12), pad(&scenario.name, 20));
    }
    let proved = folded.iter().filter(|s| s.active).count();
    if proved > 0 {
        let _ = writeln!(text, "  … {proved} more proved (tidelock status --all)");
    }
}

fn people_and_agents(status: &v1::Status, side: Option<&str>, text: &mut String) {
    let checks: Vec<String> = (status.manual_checks.iter())
        .map(|check| {
            let sign = match check.state.as_str() {
                "done" => "✔",
                "failed" => "✖",
                "overdue" | "expired" => "!",
                _ => "◷",
            };
            let by = match check.state.as_str() {
                "done" | "failed" if !check.done_by.is_empty() => &check.done_by,
                _ => &check.owner,
            };
            format!("{sign} {} {by}", check.name)
        })
        .collect();
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    for check in &status.manual_checks {
        let (what, since) = match check.state.as_str() {
            "overdue" => ("overdue since", &check.due_time),
            "expired" => ("expired at", &check.expires_time),
            _ => continue,
        };
        let since = clock(since.as_ref(), &status.timezone);
        let _ = writeln!(text, "  ! {} of {} is {what} {since}", clean(&check.name), clean(&check.owner));
    }
    if !checks.is_empty() {
        let _ = writeln!(text, "  People     {}", checks.join(" · "));
    }
    let online = status.agents.iter().filter(|agent| agent.state == "online").count();
    let worst = status.agents.iter().map(|agent| agent.clock_offset_ms.unsigned_abs()).max().unwrap_or(0);
    let place = side.map(|side| format!(" on {side}")).unwrap_or_default();
    let _ = writeln!(
        text,
        "  Agents     {online} of {} online{place}, worst clock difference {worst} ms",
        status.agents.len()
    );
    for agent in status.agents.iter().filter(|agent| agent.state != "online") {
        let _ =
            writeln!(text, "             ? {}/{} {}", json::side_word(agent.side), agent.name, agent.state);
    }
}

fn next(status: &v1::Status) -> Option<String> {
    let ended = matches!(status.phase.as_str(), "rolled-back" | "aborted" | "committed" | "retired");
    let Some(gate) = &status.next_gate else {
        return ended.then(|| "tidelock report -o html --out report.html".to_owned());
    };
    // Whoever reads this has just looked.
    let next = |hold: &&v1::Hold| !hold.next.is_empty() && hold.next != "tidelock status";
    // What the runbook waits for it says itself, and until it is walked its checks only say that it is not.
    if let Some(run) = gate.holds.iter().filter(next).find(|hold| hold.code == "run") {
        return Some(clean(&run.next));
    }
    if let Some(first) = gate.holds.iter().find(next) {
        // Where nothing is reported, the agents that are not there come before what they would report.
        let unseen = matches!(json::state_word(first.state), "missing" | "stale");
        let agents = gate.holds.iter().filter(next).find(|hold| unseen && hold.code == "agents");
        return Some(clean(&agents.unwrap_or(first).next));
    }
    // The lease's end is no end of the gate's being open: it is renewed as long as the evidence lasts.
    let switches = gate.gate == "cutover" && json::verdict_word(gate.verdict) == "open";
    let walked = gate.switch.is_some() || status.switch.is_some();
    switches.then(|| match walked {
        true => "tidelock cutover run".to_owned(),
        false => "tidelock gate exec cutover -- YOUR-SWITCH".to_owned(),
    })
}

/// Two or three lines for a chat.
pub(super) fn short(status: &v1::Status, run: &NewestRun) -> String {
    let Some(gate) = &status.next_gate else {
        let (phase, summary) = (status.phase.to_uppercase(), clean(&status.summary));
        let mut text = format!("{phase} {}: {summary}", status.migration);
        also(status, &mut text);
        for view in shown::overrides(status) {
            let _ = write!(text, "\n{}", shown::overridden(view, &status.timezone));
        }
        return text;
    };
    let now = gate.as_of_time.as_ref();
    let revision = gate.plan.as_ref().map_or(0, |plan| plan.revision);
    let word = json::verdict_word(gate.verdict).to_uppercase();
    let mut text = format!(
        "{word} {} {}, gate {}, rev {revision}, {}\n",
        status.migration,
        status.phase,
        gate.gate,
        crate::words::clock_and_zone(now, &status.timezone)
    );
    let holds: Vec<String> = (gate.holds.iter().take(6))
        .map(|hold| {
            let sign = hold_mark(hold);
            let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
            format!("{sign} {name} {} ({})", clean(&hold.reason), ago(hold.since_time.as_ref(), now))
        })
        .collect();
    if !holds.is_empty() {
        let _ = writeln!(text, "{}", holds.join("  "));
    }
    let _ = write!(text, "{}", loss(gate));
    also(status, &mut text);
    for undo in status.switch.iter().flat_map(|switch| &switch.failed_undos) {
        let _ = write!(text, "\n{}", shown_switch::failed_undo(undo, &status.timezone));
    }
    for view in &gate.overrides {
        let _ = write!(text, "\n{}", shown::overridden(view, &status.timezone));
    }
    match run {
        Ok(run) => run.iter().filter_map(shown::run).for_each(|line| {
            let _ = write!(text, "\n{line}");
        }),
        Err(_) => text.push_str("\n? whether a runbook is walked is not known"),
    }
    if let Some(rollback) = gate.rollback.as_ref().filter(|rollback| rollback.applicable) {
        let _ = write!(text, "\nrollback {}", shown::way_back(rollback, now, &status.timezone));
    }
    text
}

fn also(status: &v1::Status, text: &mut String) {
    for line in shown::loud_of(status) {
        let _ = write!(text, "\n{line}");
    }
}

/// One line and the exit code of a Nagios check.
pub(crate) fn nagios(status: &v1::Status) -> (String, Exit) {
    let Some(gate) = &status.next_gate else {
        // An end is good news only where the move is complete; a migration that went back, was given up
        // or is in a phase without a gate is no OK on anybody's wall.
        let (word, exit) = match status.phase.as_str() {
            "committed" | "retired" => ("OK", Exit::Done),
            "rolled-back" | "aborted" => ("CRITICAL", Exit::Usage),
            _ => ("UNKNOWN", Exit::Hold),
        };
        let also = shown::loud_of(status);
        return (nagios_line(word, &format!("{} is {}", status.migration, status.phase), &also), exit);
    };
    gate_nagios(gate)
}

/// The same for one gate. Nagios knows 0 to 3: ok, warning, critical, unknown.
pub(crate) fn gate_nagios(gate: &v1::Gate) -> (String, Exit) {
    let (word, exit) = match json::verdict_word(gate.verdict) {
        "open" => ("OK", Exit::Done),
        "hold" => ("WARNING", Exit::Failed),
        "rollback" => ("CRITICAL", Exit::Usage),
        _ => ("UNKNOWN", Exit::Hold),
    };
    let line =
        nagios_line(word, &format!("gate {}: {}", gate.gate, clean(&gate.summary)), &shown::loud(gate));
    (format!("{line} | holds={}", gate.holds.len()), exit)
}

/// What stands behind a bar would be read as numbers.
pub(crate) fn nagios_line(word: &str, about: &str, also: &[String]) -> String {
    let also: String = also.iter().map(|line| format!("; {line}")).collect();
    format!("TIDELOCK {word} - {about}{also}").replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_gate_says_how_to_go_on_and_names_no_end_of_its_lease() {
        let gate = v1::Gate {
            gate: "cutover".to_owned(),
            verdict: v1::Verdict::Open.into(),
            valid_until_time: Some(json::wire_time(1_800_000_000_000)),
            ..v1::Gate::default()
        };
        let status = |switch| v1::Status { next_gate: Some(gate.clone()), switch, ..v1::Status::default() };
        assert_eq!(next(&status(None)).as_deref(), Some("tidelock gate exec cutover -- YOUR-SWITCH"));
        assert_eq!(next(&status(Some(v1::SwitchView::default()))).as_deref(), Some("tidelock cutover run"));
        let mut text = String::new();
        facts(&gate, &status(None), &mut text);
        assert!(!text.contains("until"), "{text}");
    }

    #[test]
    fn agents_that_are_not_there_come_before_what_they_would_report() {
        let hold = |code: &str, state: v1::EvidenceState, next: &str| v1::Hold {
            code: code.to_owned(),
            state: state.into(),
            next: next.to_owned(),
            ..v1::Hold::default()
        };
        let token = "tidelock agent token --side source";
        let status = |first: v1::EvidenceState| {
            let agents = hold("agents", v1::EvidenceState::Missing, token);
            let holds = vec![hold("evidence", first, "tidelock why login"), agents];
            v1::Status { next_gate: Some(v1::Gate { holds, ..v1::Gate::default() }), ..v1::Status::default() }
        };
        assert_eq!(next(&status(v1::EvidenceState::Missing)).as_deref(), Some(token));
        assert_eq!(next(&status(v1::EvidenceState::Refuted)).as_deref(), Some("tidelock why login"));
    }

    #[test]
    fn nagios_reads_an_end_as_good_only_where_the_move_is_complete() {
        let said = ["committed", "retired", "rolled-back", "aborted", "a-later-word", ""].map(|phase| {
            let status = v1::Status { phase: phase.to_owned(), ..v1::Status::default() };
            nagios(&status).1.number()
        });
        assert_eq!(said, [0, 0, 2, 2, 3, 3]);
    }
    #[test]
    fn what_was_overridden_stays_once_no_gate_is_left() {
        let over =
            v1::OverrideView { checks: vec!["login".to_owned()], complete: true, ..Default::default() };
        let summary = "the migration is retired".to_owned();
        let phase = "retired".to_owned();
        let ended = v1::Status { phase, summary, overrides: vec![over], ..Default::default() };
        let manner = Manner { format: crate::out::Format::Text, color: false, ask: false, quiet: false };
        for screen in [long(manner, &ended, &Ok(None), false, None), short(&ended, &Ok(None))] {
            assert!(screen.contains("! overridden: login"), "{screen}");
            assert!(!screen.contains("\n\n\n"), "{screen}");
        }
    }

    #[test]
    fn what_comes_next_is_the_runbook_while_it_is_walked_and_never_what_was_just_done() {
        let hold = |code: &str, next: &str| v1::Hold {
            code: code.to_owned(),
            next: next.to_owned(),
            ..v1::Hold::default()
        };
        let of = |phase: &str, holds: Option<Vec<v1::Hold>>| {
            let next_gate = holds.map(|holds| v1::Gate { holds, ..v1::Gate::default() });
            next(&v1::Status { phase: phase.to_owned(), next_gate, ..v1::Status::default() })
        };
        let walked = vec![hold("missing", "tidelock why a"), hold("run", "tidelock rollback run")];
        assert_eq!(of("rolling-back", Some(walked)).as_deref(), Some("tidelock rollback run"));
        let watch = vec![hold("watch", "tidelock status"), hold("decision", "tidelock decide commit --go")];
        assert_eq!(of("watch", Some(watch)).as_deref(), Some("tidelock decide commit --go"));
        assert_eq!(of("watch", Some(vec![hold("watch", "tidelock status")])), None);
        assert!(of("rolled-back", None).is_some_and(|next| next.starts_with("tidelock report")));
    }
}
