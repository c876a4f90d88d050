//! Times, spans and signs as people read them.

use jiff::tz::TimeZone;
use prost_types::Timestamp;
use tidelock_proto::json;
use tidelock_proto::v1;

use crate::lines::seen;
use crate::out::Manner;

/// A span in the two largest units that matter: `8 min`, `1 h 48 min`, `6 s`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", seconds),
        (0, 0, minutes) if minutes < 5 && !seconds.is_multiple_of(60) => {
            format!("{minutes} min {} s", seconds % 60)
        }
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// How long before `now` something was; a dash when it never was, or where nobody says what time it is.
pub(crate) fn ago(then: Option<&Timestamp>, now: Option<&Timestamp>) -> String {
    match (then, now) {
        (Some(_), Some(_)) => span(json::unix_ms(now).saturating_sub(json::unix_ms(then))),
        (Some(_), None) | (None, _) => "–".to_owned(),
    }
}

/// `6 s ago`; the time itself where nobody says what time it is, and a dash when it never was.
pub(crate) fn when(then: Option<&Timestamp>, now: Option<&Timestamp>, zone: &str) -> String {
    match (then, now) {
        (Some(_), Some(_)) => format!("{} ago", ago(then, now)),
        (Some(_), None) => format!("at {}", clock(then, zone)),
        (None, _) => "–".to_owned(),
    }
}

/// The clock time in the plan's zone, or UTC when the zone is not known.
pub(crate) fn clock(time: Option<&Timestamp>, zone: &str) -> String {
    let at = time.and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    let Some(at) = at else { return "–".to_owned() };
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%H:%M:%S").to_string()
}

/// The clock time with its zone's name.
pub(crate) fn clock_and_zone(time: Option<&Timestamp>, zone: &str) -> String {
    let at = time.and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    let Some(at) = at else { return "–".to_owned() };
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%H:%M:%S %Z").to_string()
}

/// Sign and word of a verdict, in the colour of it.
pub(crate) fn verdict(manner: Manner, verdict: i32) -> String {
    match json::verdict_word(verdict) {
        "open" => manner.paint("1;32", "✔ OPEN"),
        "hold" => manner.paint("1;31", "▲ HOLD"),
        "rollback" => manner.paint("1;35", "◀ ROLLBACK"),
        _ => manner.paint("1;33", "? UNKNOWN"),
    }
}

/// Sign and word of a state of evidence.
pub(crate) fn state(manner: Manner, state: i32) -> String {
    let (color, words) = state_words(state);
    manner.paint(color, words)
}

fn state_words(state: i32) -> (&'static str, &'static str) {
    match json::state_word(state) {
        "proved" => ("32", "✔ proved"),
        "refuted" => ("31", "✖ refuted"),
        "undecided" => ("33", "◷ undecided"),
        "stale" => ("33", "? stale"),
        "missing" => ("33", "? missing"),
        "not_now" => ("", "· not now"),
        _ => ("", "· not asked"),
    }
}

/// The sign and word of a hold: what its evidence is, or whom or what it waits for where it is about none.
pub(crate) fn hold_sign(manner: Manner, hold: &v1::Hold) -> String {
    let (color, words) = hold_words(hold);
    manner.paint(color, words)
}

/// The sign alone, for a chat.
pub(crate) fn hold_mark(hold: &v1::Hold) -> &'static str {
    hold_words(hold).1.split(' ').next().unwrap_or_default()
}

fn hold_words(hold: &v1::Hold) -> (&'static str, &'static str) {
    if !json::state_word(hold.state).is_empty() {
        return state_words(hold.state);
    }
    match hold.code.as_str() {
        // Nobody has to do anything: these go by themselves.
        "stable" | "watch" | "lease" => ("33", "◷ time"),
        "phase" => ("33", "◷ phase"),
        "degraded" => ("31", "✖ collector"),
        // Also what a later release knows: somebody has to look.
        _ => ("33", "! people"),
    }
}

/// What switching now would lose, summed, as a sentence. Not known is said, never shown as zero.
pub(crate) fn loss(gate: &v1::Gate) -> String {
    let ahead = switch_is_ahead(gate);
    if !gate.losses.is_empty() {
        return loss_by_scenario(gate, ahead);
    }
    if !gate.loss_known {
        let what = if ahead { "What switching now would lose" } else { "What is not across yet" };
        return format!("{what}: nothing known");
    }
    let left: Vec<String> = (gate.remaining.iter()).filter(|left| left.count > 0).map(left_behind).collect();
    match (ahead, left.is_empty()) {
        (true, true) => "Switching now loses nothing that the checks can see".to_owned(),
        (true, false) => format!("Switching now loses {}", left.join(", ")),
        (false, true) => "Not across yet: nothing that the checks can see".to_owned(),
        (false, false) => format!("Not across yet: {}", left.join(", ")),
    }
}

/// Once traffic has moved nobody asks what a switch would lose, but what is still on the other side. The window of the
/// way back begins with it, also while the cutover's own steps go on.
fn switch_is_ahead(gate: &v1::Gate) -> bool {
    let moved = gate.rollback.as_ref().is_some_and(|back| back.until_time.is_some());
    matches!(gate.phase.as_str(), "prepare" | "sync" | "ready" | "cutover") && !moved
}

/// `Switching now loses 1,204 orders, 14 messages in flight; nothing known of db-parity`.
fn loss_by_scenario(gate: &v1::Gate, ahead: bool) -> String {
    let known = gate.losses.iter().filter(|loss| loss.known).flat_map(|loss| &loss.remaining);
    let left: Vec<String> = known.filter(|left| left.count > 0).map(left_behind).collect();
    let unknown: Vec<&str> = gate.losses.iter().filter(|loss| !loss.known).map(|loss| &*loss.check).collect();
    let mut line = match (ahead, left.is_empty(), unknown.len() == gate.losses.len()) {
        (true, true, true) => return "What switching now would lose: nothing known".to_owned(),
        (false, true, true) => return "What is not across yet: nothing known".to_owned(),
        (true, true, false) if unknown.is_empty() => {
            "Switching now loses nothing that the checks can see".to_owned()
        }
        (false, true, false) if unknown.is_empty() => {
            "Not across yet: nothing that the checks can see".to_owned()
        }
        (true, true, false) => "Switching now loses nothing of what is known".to_owned(),
        (false, true, false) => "Not across yet: nothing of what is known".to_owned(),
        (true, false, _) => format!("Switching now loses {}", left.join(", ")),
        (false, false, _) => format!("Not across yet: {}", left.join(", ")),
    };
    if !unknown.is_empty() {
        line = format!("{line}; nothing known of {}", crate::client::clean(&unknown.join(", ")));
    }
    line
}

/// The losses of each scenario, a line each: for who wants to know which one says so.
pub(crate) fn loss_lines(gate: &v1::Gate) -> Vec<String> {
    let line = |loss: &v1::Loss| {
        let left: Vec<String> =
            loss.remaining.iter().filter(|left| left.count > 0).map(left_behind).collect();
        let said = match (loss.known, left.is_empty()) {
            (false, _) => "nothing known".to_owned(),
            (true, true) => "nothing".to_owned(),
            (true, false) => left.join(", "),
        };
        format!("{}: {said}", crate::client::clean(&loss.check))
    };
    gate.losses.iter().map(line).collect()
}

/// `14 messages on queue orders`; `4 rows (invoice by job:nightly)`.
fn left_behind(left: &v1::Remaining) -> String {
    let (count, unit) = (grouped(left.count), left.unit.as_str());
    let one = of_count(left.count, unit);
    match (left.what.strip_prefix(unit), left.what.is_empty()) {
        (_, true) => format!("{count} {one}"),
        (Some(rest), false) if !unit.is_empty() => format!("{count} {one}{rest}"),
        (Some(_) | None, false) => format!("{count} {one} ({})", left.what),
    }
}

/// A unit is said in the plural, and `1 messages` would be read twice: `message`.
pub(crate) fn of_count(count: u64, unit: &str) -> &str {
    match unit.strip_suffix('s').filter(|one| count == 1 && one.len() > 2) {
        Some(one) if !one.ends_with('s') => one,
        Some(_) | None => unit,
    }
}

/// At most so many characters, with a sign where something was cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A number with its thousands apart: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Pads by what the eye sees, leaving colour codes out of the count.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(seen(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_units_that_matter() {
        let said: Vec<String> =
            [0, 999, 6_000, 65_000, 480_000, 6_480_000, 7_200_000, 90_000_000].map(span).into();
        assert_eq!(said, ["0 s", "0 s", "6 s", "1 min 5 s", "8 min", "1 h 48 min", "2 h", "1 d 1 h"]);
    }

    #[test]
    fn what_time_it_is_is_never_made_up() {
        let (then, now) = (json::wire_time(60_000), json::wire_time(66_000));
        assert_eq!(when(Some(&then), Some(&now), "UTC"), "6 s ago");
        assert_eq!(when(Some(&then), None, "UTC"), "at 00:01:00");
        assert_eq!([when(None, Some(&now), "UTC"), when(None, None, "UTC")], ["–", "–"]);
        assert_eq!([ago(Some(&then), Some(&now)), ago(Some(&then), None)], ["6 s", "–"]);
    }

    #[test]
    fn a_hold_says_whom_or_what_it_waits_for() {
        let said = |code: &str, state: v1::EvidenceState| {
            let hold = v1::Hold { code: code.to_owned(), state: state.into(), ..v1::Hold::default() };
            (hold_words(&hold).1, hold_mark(&hold))
        };
        use v1::EvidenceState::{Refuted, Stale, Undecided, Unspecified};
        assert_eq!(said("stable", Unspecified), ("◷ time", "◷"), "nobody can hurry it");
        assert_eq!(said("watch", Unspecified), ("◷ time", "◷"));
        assert_eq!(said("watch", Stale), ("? stale", "?"), "a watch that is blind waits for evidence");
        assert_eq!(said("stable", Undecided), ("◷ undecided", "◷"));
        assert_eq!(said("degraded", Unspecified), ("✖ collector", "✖"));
        assert_eq!(said("phase", Unspecified), ("◷ phase", "◷"));
        for code in ["decision", "operator", "manual", "run", "a_later_word"] {
            assert_eq!(said(code, Unspecified), ("! people", "!"), "{code}");
        }
        assert_eq!(said("claim_refuted", Refuted), ("✖ refuted", "✖"));
    }

    #[test]
    fn what_is_lost_is_a_sentence_and_never_zero_for_unknown() {
        let gate = |phase: &str, loss_known, count| v1::Gate {
            phase: phase.to_owned(),
            loss_known,
            remaining: vec![v1::Remaining {
                count,
                unit: "messages".into(),
                what: "messages on queue orders".into(),
            }],
            ..v1::Gate::default()
        };
        assert_eq!(loss(&gate("sync", false, 0)), "What switching now would lose: nothing known");
        assert_eq!(loss(&gate("sync", true, 0)), "Switching now loses nothing that the checks can see");
        assert_eq!(loss(&gate("ready", true, 1204)), "Switching now loses 1,204 messages on queue orders");
        assert_eq!(loss(&gate("watch", true, 3)), "Not across yet: 3 messages on queue orders");
        assert_eq!(loss(&gate("ready", true, 1)), "Switching now loses 1 message on queue orders");
        let mut moved = gate("cutover", true, 3);
        assert_eq!(loss(&moved), "Switching now loses 3 messages on queue orders");
        let until_time = Some(json::wire_time(1_000));
        moved.rollback = Some(v1::RollbackView { until_time, ..v1::RollbackView::default() });
        assert_eq!(loss(&moved), "Not across yet: 3 messages on queue orders", "traffic is over already");
    }

    #[test]
    fn one_of_a_thing_is_said_as_one() {
        let said = |count, unit: &str, what: &str| {
            left_behind(&v1::Remaining { count, unit: unit.to_owned(), what: what.to_owned() })
        };
        assert_eq!(said(1, "rows", "invoice by job:nightly"), "1 row (invoice by job:nightly)");
        assert_eq!(said(2, "rows", ""), "2 rows");
        assert_eq!(said(1, "ms", ""), "1 ms");
        assert_eq!(said(1, "process", ""), "1 process");
    }

    #[test]
    fn losses_are_summed_by_scenario_and_what_nobody_knows_is_named() {
        let left =
            |count, unit: &str, what: &str| v1::Remaining { count, unit: unit.into(), what: what.into() };
        let of = |check: &str, remaining: Option<v1::Remaining>| v1::Loss {
            check: check.into(),
            known: remaining.is_some(),
            remaining: remaining.into_iter().collect(),
        };
        let gate = |losses: Vec<v1::Loss>| v1::Gate { phase: "ready".into(), losses, ..v1::Gate::default() };
        let orders = of("orders", Some(left(1204, "orders", "orders not yet on the target")));
        let queue = of("queue", Some(left(14, "messages", "messages in flight")));
        let all = gate(vec![orders.clone(), queue, of("db-parity", None)]);
        assert_eq!(
            loss(&all),
            "Switching now loses 1,204 orders not yet on the target, 14 messages in flight; \
             nothing known of db-parity"
        );
        assert_eq!(loss_lines(&all)[2], "db-parity: nothing known");
        assert_eq!(loss(&gate(vec![of("a", None)])), "What switching now would lose: nothing known");
        let none = of("a", Some(left(0, "rows", "")));
        assert_eq!(loss(&gate(vec![none.clone()])), "Switching now loses nothing that the checks can see");
        let some = loss(&gate(vec![none, of("b", None)]));
        assert_eq!(some, "Switching now loses nothing of what is known; nothing known of b");
    }

    #[test]
    fn a_cut_is_shown() {
        assert_eq!([cut("abc", 3), cut("abcd", 3), cut("é", 1)], ["abc", "ab…", "é"]);
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1204, 1_000_000].map(grouped), ["0", "999", "1,204", "1,000,000"]);
    }

    #[test]
    fn colour_does_not_count_as_width() {
        assert_eq!(pad("\u{1b}[31mab\u{1b}[0m", 4).len(), "\u{1b}[31mab\u{1b}[0m".len() + 2);
    }
}
