//! Records of runs: what an operator was about to do, and what became of it.

use std::time::Duration;

use tidelock_core::plan::Direction;
use tidelock_core::record::{EventKind, RunOutcome, StepOutcome};
use tidelock_model::Timestamp;
use tidelock_proto::v1;
use tidelock_proto::v1::decision_record::Body;

use super::{BadRecord, bad};

/// The body of an event of a run; none for any other.
pub(super) fn to_wire(kind: &EventKind) -> Option<Body> {
    let body = match kind {
        EventKind::RunBegun { run, direction, rehearsal, lease, until } => Body::RunBegun(v1::RunBegun {
            run: *run,
            direction: direction.word().to_owned(),
            rehearsal: *rehearsal,
            lease: *lease,
            until_unix_ms: until.as_millis(),
        }),
        EventKind::RunTaken { run, lease, until } => {
            Body::RunTaken(v1::RunTaken { run: *run, lease: *lease, until_unix_ms: until.as_millis() })
        }
        EventKind::RunLeft { run, lease } => Body::RunLeft(v1::RunLeft { run: *run, lease: *lease }),
        EventKind::StepBegun { run, lease, part, undo } => {
            Body::StepBegun(v1::StepBegun { run: *run, lease: *lease, part: *part, undo: *undo })
        }
        EventKind::StepEnded { .. } => return ended_to_wire(kind),
        EventKind::StepProved { run, part } => Body::StepProved(v1::StepProved { run: *run, part: *part }),
        EventKind::StepSettled { run, part, undo, done } => {
            Body::StepSettled(v1::StepSettled { run: *run, part: *part, undo: *undo, done: *done })
        }
        EventKind::RunTurned { run, why } => Body::RunTurned(v1::RunTurned { run: *run, why: why.clone() }),
        EventKind::NoReturnPassed { run, lease, part } => {
            Body::NoReturnPassed(v1::NoReturnPassed { run: *run, lease: *lease, part: *part })
        }
        EventKind::RunEnded { run, outcome, writes_shut } => Body::RunEnded(v1::RunEnded {
            run: *run,
            outcome: outcome.word().to_owned(),
            writes_shut_ms: writes_shut.map(|shut| u64::try_from(shut.as_millis()).unwrap_or(u64::MAX)),
        }),
        EventKind::PlanApplied { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased { .. }
        | EventKind::Degraded { .. }
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::PlanProposed { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::Noticed(_) => return None,
    };
    Some(body)
}

fn ended_to_wire(kind: &EventKind) -> Option<Body> {
    let EventKind::StepEnded { run, lease, part, undo, outcome, durable, output } = kind else { return None };
    Some(Body::StepEnded(v1::StepEnded {
        run: *run,
        lease: *lease,
        part: *part,
        undo: *undo,
        outcome: outcome.word().to_owned(),
        durable: *durable,
        output: output.clone(),
    }))
}

/// Reads the body of an event of a run.
pub(super) fn from_wire(body: Body) -> Result<EventKind, BadRecord> {
    let kind = match body {
        Body::RunBegun(v1::RunBegun { run, direction: way, rehearsal, lease, until_unix_ms }) => {
            let until = Timestamp::from_millis(until_unix_ms);
            EventKind::RunBegun { run, direction: direction(&way)?, rehearsal, lease, until }
        }
        Body::RunTaken(v1::RunTaken { run, lease, until_unix_ms }) => {
            EventKind::RunTaken { run, lease, until: Timestamp::from_millis(until_unix_ms) }
        }
        Body::RunLeft(v1::RunLeft { run, lease }) => EventKind::RunLeft { run, lease },
        Body::StepBegun(v1::StepBegun { run, lease, part, undo }) => {
            EventKind::StepBegun { run, lease, part, undo }
        }
        Body::StepEnded(v1::StepEnded { run, lease, part, undo, outcome: word, durable, output }) => {
            EventKind::StepEnded { run, lease, part, undo, outcome: outcome(&word)?, durable, output }
        }
        Body::StepProved(v1::StepProved { run, part }) => EventKind::StepProved { run, part },
        Body::StepSettled(v1::StepSettled { run, part, undo, done }) => {
            EventKind::StepSettled { run, part, undo, done }
        }
        Body::RunTurned(v1::RunTurned { run, why }) => EventKind::RunTurned { run, why },
        Body::NoReturnPassed(v1::NoReturnPassed { run, lease, part }) => {
            EventKind::NoReturnPassed { run, lease, part }
        }
        Body::RunEnded(v1::RunEnded { run, outcome: word, writes_shut_ms }) => EventKind::RunEnded {
            run,
            outcome: run_outcome(&word)?,
            writes_shut: writes_shut_ms.map(Duration::from_millis),
        },
        Body::PlanApplied(_)
        | Body::PhaseChanged(_)
        | Body::Decided(_)
        | Body::HoldSet(_)
        | Body::HoldReleased(_)
        | Body::Degraded(_)
        | Body::ManualCheckDone(_)
        | Body::LeaseGranted(_)
        | Body::LeaseRevoked(_)
        | Body::CutoverConfirmed(_)
        | Body::Switched(_)
        | Body::AgentEnrolled(_)
        | Body::AgentRevoked(_)
        | Body::ConflictFound(_)
        | Body::RevisionSet(_)
        | Body::PlanProposed(_)
        | Body::CutoversSet(_)
        | Body::FactSet(_)
        | Body::Overridden(_)
        | Body::LeftoverSettled(_)
        | Body::AccessChanged(_)
        | Body::CheckRun(_)
        | Body::Filed(_)
        | Body::Noticed(_) => return bad("run", "the record is about no run"),
    };
    Ok(kind)
}

/// A direction by its word.
pub(crate) fn direction(word: &str) -> Result<Direction, BadRecord> {
    let known = [Direction::Cutover, Direction::Rollback].into_iter().find(|one| one.word() == word);
    known.map_or_else(|| bad("direction", format!("is {word:?}, not cutover or rollback")), Ok)
}

/// A step's outcome by its word.
pub(crate) fn outcome(word: &str) -> Result<StepOutcome, BadRecord> {
    let all = [StepOutcome::Done, StepOutcome::Failed, StepOutcome::Unknown];
    let known = all.into_iter().find(|one| one.word() == word);
    known.map_or_else(|| bad("outcome", format!("is {word:?}, not done, failed or unknown")), Ok)
}

fn run_outcome(word: &str) -> Result<RunOutcome, BadRecord> {
    let all = [RunOutcome::Completed, RunOutcome::Undone, RunOutcome::Abandoned];
    let known = all.into_iter().find(|one| one.word() == word);
    known.map_or_else(|| bad("outcome", format!("is {word:?}, not completed, undone or abandoned")), Ok)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of each.
    pub(in crate::records) fn kinds() -> Vec<EventKind> {
        let until = Timestamp::from_millis(9);
        let ended = |outcome, undo, durable| EventKind::StepEnded {
            run: 1,
            lease: 4,
            part: 2,
            undo,
            outcome,
            durable,
            output: "feed is at 0 s\n".to_owned(),
        };
        vec![
            EventKind::RunBegun { run: 1, direction: Direction::Cutover, rehearsal: true, lease: 3, until },
            EventKind::RunBegun { run: 2, direction: Direction::Rollback, rehearsal: false, lease: 5, until },
            EventKind::RunTaken { run: 1, lease: 4, until },
            EventKind::RunLeft { run: 1, lease: 4 },
            EventKind::StepBegun { run: 1, lease: 4, part: 2, undo: true },
            ended(StepOutcome::Done, false, true),
            ended(StepOutcome::Failed, true, true),
            ended(StepOutcome::Unknown, false, false),
            EventKind::StepProved { run: 1, part: 2 },
            EventKind::StepSettled { run: 1, part: 2, undo: true, done: false },
            EventKind::StepSettled { run: 1, part: 2, undo: false, done: true },
            EventKind::RunTurned { run: 1, why: "the fence leaks".to_owned() },
            EventKind::NoReturnPassed { run: 1, lease: 4, part: 3 },
            EventKind::RunEnded { run: 1, outcome: RunOutcome::Undone, writes_shut: None },
            EventKind::RunEnded {
                run: 1,
                outcome: RunOutcome::Completed,
                writes_shut: Some(Duration::from_millis(812)),
            },
        ]
    }

    #[test]
    fn a_word_that_nobody_knows_is_refused() {
        let unknown = |body| from_wire(body).unwrap_err().to_string();
        let way = v1::RunBegun { direction: "sideways".to_owned(), ..Default::default() };
        assert!(unknown(Body::RunBegun(way)).starts_with("direction: "));
        let how = v1::StepEnded { outcome: "half".to_owned(), ..Default::default() };
        assert!(unknown(Body::StepEnded(how)).starts_with("outcome: "));
        let end = v1::RunEnded { outcome: String::new(), ..Default::default() };
        assert!(unknown(Body::RunEnded(end)).starts_with("outcome: "));
    }
}
