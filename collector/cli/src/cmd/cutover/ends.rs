//! How a walk ends, in words and as an exit: completed, undone, or where a person has to go on.

use tidelock_proto::v1;

use super::parts::label;
use crate::client::clean;
use crate::exit::{Exit, Trouble};

/// What a person has to look at, and the words to say what is so.
pub(super) fn settle_words(run: &v1::Run, part: &v1::RunPart, undo: bool) -> Trouble {
    let (name, way) = (label(part), clean(&run.direction));
    let more = if undo { " --undo" } else { "" };
    let say = |word: &str| format!("tidelock {way} settle {name} --{word}{more} --reason TEXT");
    let (why, done, not_done) = match (part.state.as_str(), undo) {
        ("failed", false) => (
            format!(
                "{name} failed, and past the point of no return nothing is undone: put it right, then say"
            ),
            "it is so now:",
            Some("do it again:"),
        ),
        ("undo_failed", _) => (
            format!("{name} could not be taken back: put it right, then say"),
            "it is so now:",
            Some("try it again:"),
        ),
        ("ambiguous", _) => (
            format!("nobody can know whether {name} was carried out: look at it, then say"),
            "it was:",
            Some("it was not:"),
        ),
        ("undo_ambiguous", _) => (
            format!("nobody can know whether {name} was taken back: look at it, then say"),
            "it was:",
            Some("it was not:"),
        ),
        (_, true) => (
            format!("{name} has no command that takes it back: do it by hand, then say"),
            "it is done:",
            None,
        ),
        (_, false) => {
            (format!("{name} waits for a person: look at it, then say"), "it was:", Some("it was not:"))
        }
    };
    let mut trouble = Trouble::new(Exit::Hold, why).hint(format!("{done:<14}{}", say("done")));
    if let Some(not_done) = not_done {
        trouble = trouble.hint(format!("{not_done:<14}{}", say("not-done")));
    }
    trouble.hint(format!("{:<14}tidelock {way} resume", "then:"))
}

/// The exit of a run that is over: only a completed one worked.
pub(super) fn over_exit(run: &v1::Run) -> Exit {
    match run.state.as_str() {
        "completed" => Exit::Done,
        "undone" => Exit::Hold,
        "abandoned" => Exit::Rollback,
        _ => Exit::Failed,
    }
}

/// What it came to, in a sentence.
pub(super) fn ending(run: &v1::Run) -> String {
    let what = if run.rehearsal { "rehearsal" } else { run.direction.as_str() };
    match run.state.as_str() {
        "completed" => format!("✔ {what} completed"),
        "undone" => format!("◀ {what} undone: {}; everything is as it was before", clean(&run.why)),
        "abandoned" => {
            format!(
                "◀ {what} abandoned past its point of no return: going back is decided; tidelock rollback run"
            )
        }
        other => format!("? {what} is over, and the collector says {:?} of it", clean(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::run;
    use super::*;

    #[test]
    fn a_person_is_told_what_to_look_at_and_what_to_say() {
        let said = |state: &str, undo| {
            let part = v1::RunPart { state: state.to_owned(), ..run().parts[0].clone() };
            settle_words(&run(), &part, undo).to_string()
        };
        assert_eq!(
            said("undo_ambiguous", true),
            "nobody can know whether fence was taken back: look at it, then say\n  \
             it was:       tidelock cutover settle fence --done --undo --reason TEXT\n  \
             it was not:   tidelock cutover settle fence --not-done --undo --reason TEXT\n  \
             then:         tidelock cutover resume"
        );
        assert!(
            said("failed", false).contains("do it again:  tidelock cutover settle fence --not-done --reason")
        );
        let by_hand = said("done", true);
        assert!(by_hand.contains("by hand") && !by_hand.contains("not-done"), "{by_hand}");
    }

    #[test]
    fn only_a_completed_run_worked() {
        let ended = |state: &str| v1::Run { state: state.to_owned(), why: "hold".to_owned(), ..run() };
        let exits = ["completed", "undone", "abandoned", "forward", "undoing", "", "splendid"]
            .map(|state| over_exit(&ended(state)).number());
        assert_eq!(exits, [0, 3, 5, 1, 1, 1, 1]);
        assert_eq!(ending(&ended("completed")), "✔ cutover completed");
        assert_eq!(ending(&ended("undone")), "◀ cutover undone: hold; everything is as it was before");
        let rehearsed = v1::Run { rehearsal: true, ..ended("completed") };
        assert_eq!(ending(&rehearsed), "✔ rehearsal completed");
    }
}
