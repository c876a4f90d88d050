//! Who runs what, what no step may break, and what could not be taken back: in the same words on every screen.

use prost_types::Timestamp;
use tidelock_proto::{json, v1};

use crate::client::clean;
use crate::cmd::cutover::parts::counter;
use crate::words::{ago, clock, cut};

/// Characters of what a command said last.
const SAID: usize = 80;

/// `!! fence of cutover run 1 COULD NOT BE TAKEN BACK at 02:14:00 (no route to host)`. It stays when somebody has
/// taken it back since, and then says who.
pub(crate) fn failed_undo(undo: &v1::FailedUndo, zone: &str) -> String {
    let last = undo.output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let said = if last.is_empty() { String::new() } else { format!(" ({})", cut(&clean(last), SAID)) };
    let (step, way, at) = (clean(&undo.step), clean(&undo.direction), clock(undo.time.as_ref(), zone));
    let head = format!("{step} of {way} run {} COULD NOT BE TAKEN BACK at {at}{said}", undo.run);
    let Some(settled) = &undo.settled_time else {
        return format!("!! {head}: both sides may be half switched");
    };
    let at = clock(Some(settled), zone);
    match undo.settled_by.as_str() {
        "" => format!("! {head}; its undo went through at {at}"),
        by => format!(
            "! {head}; taken back by hand, says {} at {at}: {}",
            clean(by),
            clean(&undo.settled_reason)
        ),
    }
}

/// Owners that are not as they must be, a line each; with `all`, those that are, too.
pub(crate) fn owners(view: &v1::SwitchView, now: Option<&Timestamp>, all: bool) -> Vec<String> {
    let wrong = |owner: &&v1::OwnershipView| all || !matches!(owner.state.as_str(), "owned" | "not_seen_yet");
    let line = |owner: &v1::OwnershipView| {
        let (name, kind) = (clean(&owner.name), clean(&owner.kind));
        let side = json::side_word(owner.owner);
        let ran = match side {
            "source" => &owner.source_ran_time,
            _ => &owner.target_ran_time,
        };
        match owner.state.as_str() {
            "owned" if now.is_none() => format!("✔ {kind} {name}: {side} runs it"),
            "owned" => format!("✔ {kind} {name}: {side} runs it, {} ago", ago(ran.as_ref(), now)),
            "not_seen_yet" => format!("· {kind} {name}: {side} owns it, and was not seen to run it yet"),
            "two_owners" => format!("✖ {kind} {name} has two owners: {}", clean(&owner.reason)),
            "wrong_owner" => format!("✖ {kind} {name} has the wrong owner: {}", clean(&owner.reason)),
            "no_owner" => format!("✖ {kind} {name} has no owner: {}", clean(&owner.reason)),
            // A word of a later release says no more than none.
            _ if owner.reason.is_empty() => format!("? {kind} {name}: nobody knows who runs it"),
            _ => format!("? {kind} {name}: {}", clean(&owner.reason)),
        }
    };
    view.owners.iter().filter(wrong).map(line).collect()
}

/// What no step may break, a line each.
pub(crate) fn assertions(view: &v1::SwitchView, now: Option<&Timestamp>) -> Vec<String> {
    let line = |one: &v1::AssertionView| {
        let rule = clean(&one.rule).replace('_', " ");
        let sign = match one.state.as_str() {
            "kept" => "✔",
            "paused" => "◷",
            "broken" => "✖ BROKEN:",
            _ => "?",
        };
        let left = match (&one.until_time, now) {
            (Some(until), Some(now)) => {
                let ms = json::unix_ms(Some(until)).saturating_sub(json::unix_ms(Some(now)));
                format!(", for {} more at most", counter(ms))
            }
            (Some(_), None) | (None, _) => String::new(),
        };
        let is = if one.is.is_empty() { "nobody knows".to_owned() } else { clean(&one.is) };
        format!("{sign} {rule} ({}): {is}{left}", clean(&one.about))
    };
    view.assertions.iter().map(line).collect()
}

/// `deadline in 02:13`, `PAST ITS DEADLINE by 00:12`; nothing where the part is not waited for.
pub(crate) fn deadline(part: &v1::RunPart, now: Option<&Timestamp>, later_ms: u64) -> Option<String> {
    let waited = matches!(part.state.as_str(), "pending" | "begun" | "acted" | "ambiguous");
    let until = part.deadline_time.as_ref().filter(|_| waited)?;
    let (until, now) = (json::unix_ms(Some(until)), json::unix_ms(now).saturating_add(later_ms));
    Some(match until.checked_sub(now) {
        // Nobody has begun it: another clock runs than that of the step.
        Some(left) if part.state == "pending" => format!("to be begun within {}", counter(left)),
        Some(left) => format!("deadline in {}", counter(left)),
        None => format!("PAST ITS DEADLINE by {}", counter(now - until)),
    })
}

/// `taken back 2 of 4`; nothing while a run goes forward.
pub(crate) fn undone(run: &v1::Run) -> Option<String> {
    if run.state != "undoing" {
        return None;
    }
    let done = run.parts.iter().filter(|part| part.state == "undone").count();
    let left = run.parts.iter().filter(|part| !matches!(part.state.as_str(), "undone" | "pending")).count();
    Some(format!("taken back {done} of {}", done + left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_that_failed_stays_and_says_who_took_it_back() {
        let mut undo = v1::FailedUndo {
            run: 1,
            direction: "cutover".to_owned(),
            step: "fence".to_owned(),
            time: Some(json::wire_time(120_000)),
            output: "trying\nno route to host\n\n".to_owned(),
            ..v1::FailedUndo::default()
        };
        let head = "fence of cutover run 1 COULD NOT BE TAKEN BACK at 00:02:00 (no route to host)";
        assert_eq!(failed_undo(&undo, "UTC"), format!("!! {head}: both sides may be half switched"));
        undo.settled_time = Some(json::wire_time(180_000));
        assert_eq!(failed_undo(&undo, "UTC"), format!("! {head}; its undo went through at 00:03:00"));
        (undo.settled_by, undo.settled_reason) = ("olga".to_owned(), "opened it on the console".to_owned());
        let by = "taken back by hand, says olga at 00:03:00: opened it on the console";
        assert_eq!(failed_undo(&undo, "UTC"), format!("! {head}; {by}"));
    }

    #[test]
    fn owners_that_are_wrong_are_named_and_a_word_that_is_not_known_is_no_good_one() {
        let owner = |state: &str, reason: &str| v1::OwnershipView {
            name: "invoices".to_owned(),
            kind: "job".to_owned(),
            owner: v1::Side::Source.into(),
            state: state.to_owned(),
            reason: reason.to_owned(),
            source_ran_time: Some(json::wire_time(95_000)),
            ..v1::OwnershipView::default()
        };
        let said = |state: &str, all| {
            let view = v1::SwitchView { owners: vec![owner(state, "")], ..v1::SwitchView::default() };
            owners(&view, Some(&json::wire_time(100_000)), all)
        };
        assert_eq!(said("owned", false), [] as [&str; 0]);
        assert_eq!(said("owned", true), ["✔ job invoices: source runs it, 5 s ago"]);
        for state in ["splendid", "", "not_known"] {
            assert_eq!(said(state, false), ["? job invoices: nobody knows who runs it"]);
        }
        let two = vec![owner("two_owners", "it runs on both"), owner("no_owner", "nobody runs it")];
        assert_eq!(
            owners(&v1::SwitchView { owners: two, ..v1::SwitchView::default() }, None, false),
            ["✖ job invoices has two owners: it runs on both", "✖ job invoices has no owner: nobody runs it"]
        );
    }

    #[test]
    fn an_assertion_says_what_is_and_for_how_long_it_may_be() {
        let mut one = v1::AssertionView {
            about: "orders".to_owned(),
            rule: "exactly_one_side_accepts_writes".to_owned(),
            state: "paused".to_owned(),
            is: "nobody accepts writes".to_owned(),
            until_time: Some(json::wire_time(131_000)),
        };
        let said = |one: &v1::AssertionView| {
            let view = v1::SwitchView { assertions: vec![one.clone()], ..v1::SwitchView::default() };
            assertions(&view, Some(&json::wire_time(100_000))).concat()
        };
        assert_eq!(
            said(&one),
            "◷ exactly one side accepts writes (orders): nobody accepts writes, for 00:31 more at most"
        );
        (one.state, one.until_time) = ("broken".to_owned(), None);
        assert!(said(&one).starts_with("✖ BROKEN: exactly one"));
        (one.state, one.is) = (String::new(), String::new());
        assert_eq!(said(&one), "? exactly one side accepts writes (orders): nobody knows");
    }

    #[test]
    fn a_deadline_counts_down_and_then_shouts() {
        let mut part = v1::RunPart {
            state: "acted".to_owned(),
            deadline_time: Some(json::wire_time(131_000)),
            ..v1::RunPart::default()
        };
        let said = |part: &v1::RunPart, ms| deadline(part, Some(&json::wire_time(ms)), 0);
        assert_eq!(said(&part, 100_000).as_deref(), Some("deadline in 00:31"));
        assert_eq!(said(&part, 143_000).as_deref(), Some("PAST ITS DEADLINE by 00:12"));
        part.state = "done".to_owned();
        assert_eq!(said(&part, 100_000), None);
    }
}
