//! The parts of a run: their words, their marks, how long they took, and how a person names one.

use tidelock_proto::{json, v1};

use crate::client::clean;
use crate::exit::Trouble;
use crate::out::Manner;

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The operator carries a part out, or takes it back.
    Carry { part: u32, undo: bool },
    /// The part's owner confirms it.
    Confirm { part: u32 },
    /// The operator passes the point of no return.
    PassNoReturn { part: u32 },
    /// A postcondition is waited for.
    Wait,
    /// A person says what became of a part.
    Settle { part: u32, undo: bool },
    /// Nothing.
    Over,
    /// A word of a later release, which must not be guessed at.
    Unheard,
}

/// What a run asks for now.
pub(super) fn next(run: &v1::Run) -> Next {
    let (part, undo) = (run.next_part, run.next_undo);
    match run.next.as_str() {
        "carry" => Next::Carry { part, undo: false },
        "undo" => Next::Carry { part, undo: true },
        "confirm" => Next::Confirm { part },
        "pass_no_return" => Next::PassNoReturn { part },
        "wait" => Next::Wait,
        "settle" => Next::Settle { part, undo },
        "over" => Next::Over,
        _ => Next::Unheard,
    }
}

/// The part at a place.
pub(crate) fn at(run: &v1::Run, part: u32) -> Result<&v1::RunPart, Trouble> {
    run.parts.iter().find(|found| found.part == part).ok_or_else(|| {
        Trouble::failed(format!("run {} speaks of part {part}, and has no such part", run.run))
    })
}

/// `traffic@10%`, `fence`.
pub(crate) fn label(part: &v1::RunPart) -> String {
    match part.weight {
        Some(weight) => format!("{}@{weight}%", clean(&part.name)),
        None => clean(&part.name),
    }
}

/// The part's place and label: `4 of 8 traffic@10%`.
pub(crate) fn place(run: &v1::Run, part: &v1::RunPart) -> String {
    let at = run.parts.iter().position(|found| found.part == part.part).map_or(0, |at| at + 1);
    format!("{at} of {} {}", run.parts.len(), label(part))
}

/// The part that is under way, or the next one.
pub(crate) fn present(run: &v1::Run) -> Option<&v1::RunPart> {
    let going = |part: &&v1::RunPart| matches!(part.state.as_str(), "begun" | "acted" | "undoing");
    run.parts.iter().find(going).or_else(|| run.parts.iter().find(|part| part.part == run.next_part))
}

/// Finds the part that a person names: `traffic@10`, `traffic@10%`, a name alone, or the number that holds
/// and the JSON give it. Of a route's parts the one that the run asks about is meant.
pub(super) fn named<'a>(run: &'a v1::Run, word: &str) -> Result<&'a v1::RunPart, Trouble> {
    let (name, weight) = match word.split_once('@') {
        Some((name, weight)) => {
            let number = weight.trim_end_matches('%').parse::<u32>();
            let wrong = |_| Trouble::usage(format!("{word:?} names no step: write it like traffic@10%"));
            (name, Some(number.map_err(wrong)?))
        }
        None => (word, None),
    };
    let number = name.parse::<u32>().ok().filter(|_| weight.is_none());
    let by_name = |part: &&v1::RunPart| part.name == name && (weight.is_none() || part.weight == weight);
    // A step may be called `3`, too: then both are meant, and it is asked which.
    let fits = |part: &&v1::RunPart| by_name(part) || Some(part.part) == number;
    let found: Vec<_> = run.parts.iter().filter(fits).collect();
    let one_step = found.iter().all(by_name);
    let asked = found.iter().find(|part| part.part == run.next_part).filter(|_| one_step);
    match (found.as_slice(), asked) {
        ([one], _) => Ok(one),
        (_, Some(asked)) => Ok(asked),
        ([], None) => Err(Trouble::usage(format!("run {} has no step {word:?}", run.run))
            .hint(format!("its steps: {}", run.parts.iter().map(label).collect::<Vec<_>>().join(", ")))),
        (many, None) => Err(Trouble::usage(format!("{word:?} is more than one step: say which"))
            .hint(many.iter().map(|part| label(part)).collect::<Vec<_>>().join(", "))),
    }
}

/// The sign of a part's state, as `status` has them. A word that is not known is never a good sign.
pub(crate) fn mark(manner: Manner, part: &v1::RunPart) -> String {
    match part.state.as_str() {
        "done" => manner.paint("32", "✔"),
        "failed" | "undo_failed" => manner.paint("31", "✖"),
        "begun" | "acted" | "undoing" => manner.paint("33", "◷"),
        "undone" => manner.paint("35", "◀"),
        "pending" => "·".to_owned(),
        _ => manner.paint("1;33", "?"),
    }
}

/// How long it took, or takes by now.
pub(crate) fn took_ms(part: &v1::RunPart, now: Option<&prost_types::Timestamp>) -> Option<u64> {
    let begun = part.begun_time.as_ref()?;
    let finished = !matches!(part.state.as_str(), "begun" | "acted" | "undoing" | "ambiguous");
    let end = part.done_time.as_ref().or(part.acted_time.as_ref().filter(|_| finished)).or(now)?;
    Some(json::unix_ms(Some(end)).saturating_sub(json::unix_ms(Some(begun))))
}

/// Minutes and seconds, as a clock that counts: `00:31`.
pub(crate) fn counter(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// `writes shut 00:31 of 00:45 (orders)`, `later_ms` after the picture was made; nothing while they are open.
pub(crate) fn writes_shut(run: &v1::Run, later_ms: u64) -> Option<String> {
    let since = run.writes_shut_since_time.as_ref().filter(|_| run.ended_time.is_none())?;
    let now = json::unix_ms(run.as_of_time.as_ref());
    let shut = now.saturating_sub(json::unix_ms(Some(since))).saturating_add(later_ms);
    Some(match run.dip_ms {
        Some(limit) => {
            format!("writes shut {} of {} ({})", counter(shut), counter(limit), clean(&run.dip_check))
        }
        None => format!("writes shut {}, the plan sets no limit", counter(shut)),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of three steps, one of them a route of two weights.
    pub(crate) fn run() -> v1::Run {
        let part = |number, name: &str, weight, kind: &str| v1::RunPart {
            part: number,
            name: name.to_owned(),
            weight,
            kind: kind.to_owned(),
            owner: "ben".to_owned(),
            planned_ms: 15_000,
            state: "pending".to_owned(),
            ..v1::RunPart::default()
        };
        v1::Run {
            run: 3,
            direction: "cutover".to_owned(),
            migration: "shop".to_owned(),
            state: "forward".to_owned(),
            operator: "olga".to_owned(),
            plan_revision: 7,
            parts: vec![
                part(0, "fence", None, "fence"),
                part(1, "traffic", Some(10), "route"),
                part(2, "traffic", Some(100), "route"),
                part(3, "confirm", None, "confirm"),
            ],
            as_of_time: Some(json::wire_time(100_000)),
            begun_time: Some(json::wire_time(60_000)),
            next: "carry".to_owned(),
            ..v1::Run::default()
        }
    }

    #[test]
    fn a_word_of_a_later_release_is_no_leave_to_do_anything() {
        let asked = |word: &str| next(&v1::Run { next: word.to_owned(), next_part: 2, ..run() });
        assert_eq!(asked("carry"), Next::Carry { part: 2, undo: false });
        assert_eq!(asked("undo"), Next::Carry { part: 2, undo: true });
        assert_eq!([asked(""), asked("leap")], [Next::Unheard; 2]);
        let manner =
            crate::out::Manner { format: crate::out::Format::Text, color: false, ask: false, quiet: false };
        let part = v1::RunPart { state: "splendid".to_owned(), ..v1::RunPart::default() };
        assert_eq!(mark(manner, &part), "?");
    }

    #[test]
    fn a_step_is_found_by_name_and_weight_and_never_guessed() {
        let mut run = run();
        let found = |run: &v1::Run, word: &str| named(run, word).map(|part| part.part).ok();
        assert_eq!(found(&run, "fence"), Some(0));
        assert_eq!([found(&run, "traffic@10"), found(&run, "traffic@100%")], [Some(1), Some(2)]);
        assert_eq!([found(&run, "traffic"), found(&run, "traffic@11"), found(&run, "x")], [None; 3]);
        run.next_part = 2;
        assert_eq!(found(&run, "traffic"), Some(2));
        assert!(named(&run, "x").unwrap_err().hints[0].contains("traffic@10%, traffic@100%"));
    }

    #[test]
    fn a_number_is_the_one_that_holds_give_and_never_stands_for_two_steps() {
        let mut run = run();
        let found = |run: &v1::Run, word: &str| named(run, word).map(|part| part.part).ok();
        assert_eq!([found(&run, "0"), found(&run, "2"), found(&run, "3")], [Some(0), Some(2), Some(3)]);
        assert_eq!([found(&run, "4"), found(&run, "-1"), found(&run, "2@10")], [None; 3]);
        run.parts[0].name = "2".to_owned();
        run.next_part = 2;
        assert!(named(&run, "2").unwrap_err().hints[0].contains("2, traffic@100%"));
        run.parts[0].name = "0".to_owned();
        assert_eq!(found(&run, "0"), Some(0));
    }

    #[test]
    fn writes_that_are_shut_are_counted_against_their_limit() {
        let mut run = run();
        assert_eq!(writes_shut(&run, 0), None);
        run.writes_shut_since_time = Some(json::wire_time(70_000));
        assert_eq!(writes_shut(&run, 500).as_deref(), Some("writes shut 00:30, the plan sets no limit"));
        (run.dip_ms, run.dip_check) = (Some(45_000), "orders".to_owned());
        assert_eq!(writes_shut(&run, 1_999).as_deref(), Some("writes shut 00:31 of 00:45 (orders)"));
        assert_eq!([counter(0), counter(3_599_999), counter(3_661_000)], ["00:00", "59:59", "1:01:01"]);
    }
}
