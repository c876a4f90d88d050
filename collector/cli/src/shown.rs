//! What stands on every screen, in the same words: the way back and what it costs, who is asked since
//! when, what was opened over holds, and a runbook that is being walked.

use prost_types::Timestamp;
use tidelock_proto::{json, v1};

use crate::client::clean;
use crate::cmd::cutover::parts::{place, present, writes_shut};
use crate::shown_switch::{deadline, undone};
use crate::words::{clock, grouped, of_count, span};

/// Where the plan's spans are for trying out alone.
pub(crate) const REHEARSAL_SCALE: &str = "‼ rehearsal scale: spans are too short for a real move";

/// The switches that are for development and trying out alone, and what else people must know of agents and voices: a
/// line each, on every screen.
pub(crate) fn loud(gate: &v1::Gate) -> Vec<String> {
    let scale = gate.rehearsal_scale.then(|| REHEARSAL_SCALE.to_owned());
    scale.into_iter().chain(gate.warnings.iter().map(|line| format!("! {}", clean(line)))).collect()
}

/// The same of a migration, also once no gate is left.
pub(crate) fn loud_of(status: &v1::Status) -> Vec<String> {
    if let Some(gate) = &status.next_gate {
        return loud(gate);
    }
    let scale = status.rehearsal_scale.then(|| REHEARSAL_SCALE.to_owned());
    let agents = status.agents.iter().flat_map(|agent| {
        agent.warnings.iter().map(|line| format!("! agent {}: {}", clean(&agent.name), clean(line)))
    });
    scale.into_iter().chain(agents).collect()
}

/// `lossless, possible for 1 h 48 min`, `lossy: 131 orders`, `closed: the window is over, fix forward`.
pub(crate) fn way_back(view: &v1::RollbackView, now: Option<&Timestamp>, zone: &str) -> String {
    let reason = clean(&view.reason);
    if !view.applicable {
        return if reason.is_empty() { "nothing to go back from".to_owned() } else { reason };
    }
    if view.under_way {
        return reason;
    }
    let left = json::unix_ms(view.until_time.as_ref()).saturating_sub(json::unix_ms(now));
    let possible = match (view.possible, &view.until_time) {
        (true, Some(until)) if now.is_none() => format!("possible until {}", clock(Some(until), zone)),
        (true, Some(until)) => format!("possible for {}, until {}", span(left), clock(Some(until), zone)),
        (true, None) => "possible".to_owned(),
        (false, _) => "no longer possible".to_owned(),
    };
    let mut line = match (view.asset.as_str(), view.possible) {
        ("closed", _) => {
            format!("closed: {}, fix forward", if reason.is_empty() { "no longer possible" } else { &reason })
        }
        ("lossless", true) => format!("lossless, {possible}"),
        ("lossy", true) => format!("lossy: {}, {possible}", lost(&view.lost)),
        // A word of a later release, or none, says nothing about what it would cost.
        ("" | "lossless" | "lossy", _) => possible,
        (_, _) => format!("{possible}, at a cost that is not known"),
    };
    if view.asset != "closed" && !reason.is_empty() {
        line = format!("{line}   {reason}");
    }
    let limits: Vec<String> = view.limits.iter().map(limit).collect();
    if !limits.is_empty() {
        line = format!("{line}   {}", limits.join(" · "));
    }
    line
}

/// What going back would lose: `131 orders, an unknown number of mails`.
pub(crate) fn lost(lost: &[v1::Lost]) -> String {
    if lost.is_empty() {
        return "nobody knows what would be lost".to_owned();
    }
    let each = lost.iter().map(|lost| {
        let what = if lost.what.is_empty() { &lost.unit } else { &lost.what };
        match lost.count {
            // `rows that only the target has`: the first word is what is counted.
            Some(count) => {
                let (unit, rest) = what.split_at(what.find(' ').unwrap_or(what.len()));
                format!("{} {}{}", grouped(count), clean(of_count(count, unit)), clean(rest))
            }
            None => format!("an unknown number of {}", clean(what)),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// `db-back.lag 4 of 30 s`; what is not known is said.
fn limit(limit: &v1::BackLimit) -> String {
    let value = limit.value.map_or("?".to_owned(), number);
    format!("{} {value} of {} {}", clean(&limit.name), number(limit.limit), clean(&limit.unit))
        .trim_end()
        .to_owned()
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// What going back would not take back; nothing where there is no such effect.
pub(crate) fn one_way(view: &v1::RollbackView) -> Option<String> {
    (!view.one_way.is_empty()).then(|| format!("Going back does not take back {}", lost(&view.one_way)))
}

/// `asked since 14:02:00: olga; ben from 14:07:00`; nothing where nobody is asked.
pub(crate) fn question(decision: &v1::DecisionView, zone: &str) -> Option<String> {
    if decision.state != "asked" {
        return None;
    }
    let since = match &decision.since_time {
        Some(since) => format!(" since {}", clock(Some(since), zone)),
        None => String::new(),
    };
    let mut line = format!("asked{since}: {}", clean(&decision.who.join(", ")));
    if let (Some(from), false) = (&decision.deputies_time, decision.deputies.is_empty()) {
        line = format!("{line}; {} from {}", clean(&decision.deputies.join(", ")), clock(Some(from), zone));
    }
    Some(line)
}

/// What people must know beside what each agent says of itself, such as voices that may be one person's.
pub(crate) fn beside_agents(gate: &v1::Gate) -> impl Iterator<Item = String> + '_ {
    gate.warnings.iter().filter(|line| !line.starts_with("agent ")).map(|line| clean(line))
}

/// What was overridden: of the gate that stands next, or of the whole migration once none does.
pub(crate) fn overrides(status: &v1::Status) -> &[v1::OverrideView] {
    status.next_gate.as_ref().map_or(&status.overrides, |gate| &gate.overrides)
}

/// `! overridden: login, checkout by olga, ben at 14:02:00: the vendor confirmed (gate ready)`. Whether the gate is open
/// stands elsewhere: something else may hold it.
pub(crate) fn overridden(view: &v1::OverrideView, zone: &str) -> String {
    let (checks, by) = (clean(&view.checks.join(", ")), clean(&view.by.join(", ")));
    let (at, reason) = (clock(view.at_time.as_ref(), zone), clean(&view.reason));
    let gate = clean(&view.gate);
    let until = match &view.until_time {
        Some(until) => format!(", until {}", clock(Some(until), zone)),
        None => String::new(),
    };
    let checks = match view.was.is_empty() {
        true => checks,
        false => format!("{checks} ({})", clean(&view.was.join(", "))),
    };
    if !view.outgrown.is_empty() {
        let worse = clean(&view.outgrown);
        return format!(
            "! the override of {checks} by {by} at {at} counts no longer: {worse} is worse (gate {gate}, ended{})",
            until.trim_start_matches(", until")
        );
    }
    match view.complete {
        true => format!("! overridden: {checks} by {by} at {at}: {reason} (gate {gate}{until})"),
        false => format!(
            "! asked to override {checks} by {by} at {at}: {reason} (gate {gate}, others must agree{until})"
        ),
    }
}

/// `cutover run 3 by olga: step 4 of 8 traffic@10%, writes shut 00:12 of 00:45 (orders)`; nothing where
/// no run is under way.
pub(crate) fn run(run: &v1::Run) -> Option<String> {
    if run.next == "over" || run.ended_time.is_some() {
        return None;
    }
    let way = clean(&run.direction);
    let kind = if run.rehearsal { "rehearsal of the " } else { "" };
    let by = match run.operator.as_str() {
        "" => format!(", nobody walks it (tidelock {way} resume)"),
        operator => format!(" by {}", clean(operator)),
    };
    let step = present(run).map(|part| format!(": step {}", place(run, part))).unwrap_or_default();
    let mut line = format!("{kind}{way} run {}{by}{step}", run.run);
    // Going back nobody waits for a step any more.
    let forward = present(run).filter(|_| run.state != "undoing");
    if let Some(left) = forward.and_then(|part| deadline(part, run.as_of_time.as_ref(), 0)) {
        line = format!("{line}, {left}");
    }
    if let Some(undone) = undone(run) {
        line = format!("{line}, going back: {}, {undone}", clean(&run.why));
    }
    if run.next == "settle" {
        line = format!("{line}, a person must say what became of it (tidelock {way} show)");
    }
    if let Some(stuck) = run.parts.iter().find(|part| part.state == "undo_failed") {
        line = format!("{line}, !! {} could not be taken back", clean(&stuck.name));
    }
    if let Some(shut) = writes_shut(run, 0) {
        line = format!("{line}, {shut}");
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(asset: &str, possible: bool) -> v1::RollbackView {
        v1::RollbackView {
            applicable: true,
            possible,
            asset: asset.to_owned(),
            ..v1::RollbackView::default()
        }
    }

    fn some(what: &str, count: Option<u64>) -> v1::Lost {
        v1::Lost { what: what.to_owned(), count, unit: "rows".to_owned() }
    }

    #[test]
    fn a_switch_for_development_is_told_with_a_gate_and_without() {
        let unsigned = "UNSIGNED components".to_owned();
        let agent = v1::AgentView {
            name: "hz-1".to_owned(),
            warnings: vec![unsigned.clone()],
            ..v1::AgentView::default()
        };
        let gate = v1::Gate {
            rehearsal_scale: true,
            warnings: vec![format!("agent hz-1: {unsigned}")],
            ..v1::Gate::default()
        };
        let status = |next_gate| v1::Status {
            next_gate,
            rehearsal_scale: true,
            agents: vec![agent.clone()],
            ..v1::Status::default()
        };
        let told = [REHEARSAL_SCALE, "! agent hz-1: UNSIGNED components"];
        assert_eq!(loud_of(&status(Some(gate))), told);
        assert_eq!(loud_of(&status(None)), told);
        assert!(loud_of(&v1::Status::default()).is_empty());
    }

    #[test]
    fn the_way_back_says_what_it_costs() {
        let now = json::wire_time(1_000_000);
        let said = |view: &v1::RollbackView| way_back(view, Some(&now), "UTC");
        let until_time = Some(json::wire_time(7_480_000));
        let lossless = v1::RollbackView {
            until_time,
            limits: vec![v1::BackLimit {
                name: "db-back.lag".to_owned(),
                value: Some(4.0),
                limit: 30.0,
                unit: "s".to_owned(),
            }],
            ..view("lossless", true)
        };
        assert_eq!(
            said(&lossless),
            "lossless, possible for 1 h 48 min, until 02:04:40   db-back.lag 4 of 30 s"
        );
        let lost = vec![some("orders", Some(1131)), some("mails", None)];
        let lossy = v1::RollbackView { lost, ..view("lossy", true) };
        assert_eq!(said(&lossy), "lossy: 1,131 orders, an unknown number of mails, possible");
        assert_eq!(
            super::lost(&[some("rows that only the target has", Some(1))]),
            "1 row that only the target has"
        );
        assert_eq!(super::lost(&[some("", Some(1))]), "1 row");
        let closed = v1::RollbackView { reason: "the window is over".to_owned(), ..view("closed", false) };
        assert_eq!(said(&closed), "closed: the window is over, fix forward");
    }

    #[test]
    fn no_word_about_the_way_back_makes_it_look_better_than_it_is() {
        let said = |view: &v1::RollbackView| way_back(view, None, "UTC");
        assert_eq!(said(&view("lossless", false)), "no longer possible");
        assert_eq!(said(&view("splendid", true)), "possible, at a cost that is not known");
        assert_eq!(said(&view("lossy", true)), "lossy: nobody knows what would be lost, possible");
        let mut unknown = view("lossless", true);
        unknown.limits =
            vec![v1::BackLimit { name: "lag".to_owned(), limit: 1.5, ..v1::BackLimit::default() }];
        assert_eq!(said(&unknown), "lossless, possible   lag ? of 1.5");
    }

    #[test]
    fn a_question_has_its_clock_and_an_override_its_names() {
        let mut decision = v1::DecisionView {
            state: "asked".to_owned(),
            who: vec!["olga".to_owned()],
            deputies: vec!["ben".to_owned()],
            since_time: Some(json::wire_time(120_000)),
            deputies_time: Some(json::wire_time(420_000)),
            ..v1::DecisionView::default()
        };
        assert_eq!(
            question(&decision, "UTC").as_deref(),
            Some("asked since 00:02:00: olga; ben from 00:07:00")
        );
        decision.state = "given".to_owned();
        assert_eq!(question(&decision, "UTC"), None);
        let over = v1::OverrideView {
            gate: "ready".to_owned(),
            checks: vec!["login".to_owned()],
            by: vec!["olga".to_owned()],
            reason: "seen by hand".to_owned(),
            at_time: Some(json::wire_time(120_000)),
            complete: true,
            until_time: None,
            was: vec!["login stale on target".to_owned()],
            outgrown: String::new(),
        };
        assert_eq!(
            overridden(&over, "UTC"),
            "! overridden: login (login stale on target) by olga at 00:02:00: seen by hand (gate ready)"
        );
        let worse = v1::OverrideView {
            outgrown: "login refuted on target".to_owned(),
            until_time: Some(json::wire_time(180_000)),
            ..over.clone()
        };
        assert_eq!(
            overridden(&worse, "UTC"),
            "! the override of login (login stale on target) by olga at 00:02:00 counts no longer: login refuted on target \
             is worse (gate ready, ended 00:03:00)"
        );
        let asked = overridden(&v1::OverrideView { complete: false, ..over }, "UTC");
        assert!(asked.starts_with("! asked to override") && asked.contains("others must agree"), "{asked}");
    }

    #[test]
    fn a_run_under_way_is_one_line() {
        let part = |number, state: &str| v1::RunPart {
            part: number,
            name: "traffic".to_owned(),
            weight: Some(10),
            state: state.to_owned(),
            ..v1::RunPart::default()
        };
        let under_way = v1::Run {
            run: 3,
            direction: "cutover".to_owned(),
            operator: "olga".to_owned(),
            parts: vec![part(0, "done"), part(1, "acted")],
            writes_shut_since_time: Some(json::wire_time(88_000)),
            as_of_time: Some(json::wire_time(100_000)),
            dip_ms: Some(45_000),
            dip_check: "orders".to_owned(),
            next: "wait".to_owned(),
            ..v1::Run::default()
        };
        let line = "cutover run 3 by olga: step 2 of 2 traffic@10%, writes shut 00:12 of 00:45 (orders)";
        assert_eq!(run(&under_way).as_deref(), Some(line));
        let mut late = under_way.clone();
        late.parts[1].deadline_time = Some(json::wire_time(93_000));
        assert!(run(&late).is_some_and(|line| line.contains("traffic@10%, PAST ITS DEADLINE by 00:07")));
        (late.state, late.why) = ("undoing".to_owned(), "it took too long".to_owned());
        late.parts[1].state = "undone".to_owned();
        assert!(
            run(&late).is_some_and(|line| line.contains("going back: it took too long, taken back 1 of 2"))
        );
        let left = v1::Run { operator: String::new(), ..under_way.clone() };
        assert!(run(&left).is_some_and(|line| line.contains("nobody walks it (tidelock cutover resume)")));
        assert_eq!(run(&v1::Run { next: "over".to_owned(), ..under_way }), None);
    }
}
