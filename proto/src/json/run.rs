//! A run of a runbook: schema `tidelock.run/v1`.

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{hold, seconds_since, seconds_until, time, word_or_null};
use crate::v1;

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// One run with its parts.
pub fn run(run: &v1::Run) -> Value {
    let now = run.as_of_time.as_ref();
    json!({
        "schema": "tidelock.run/v1",
        "migration": run.migration, "run": run.run, "direction": run.direction, "rehearsal": run.rehearsal,
        "plan_revision": run.plan_revision, "state": run.state, "why": word_or_null(&run.why),
        "operator": word_or_null(&run.operator), "lease": run.lease,
        "lease_until": time(run.lease_until_time.as_ref()), "begun": time(run.begun_time.as_ref()),
        "ended": time(run.ended_time.as_ref()), "no_return": time(run.no_return_time.as_ref()),
        "writes_shut": {
            "since": time(run.writes_shut_since_time.as_ref()), "seconds": run.writes_shut_ms.map(seconds),
            "limit_seconds": run.dip_ms.map(seconds), "check": word_or_null(&run.dip_check),
        },
        "next": { "action": run.next, "part": run.next_part, "undo": run.next_undo },
        "undo": undo(run),
        "parts": run.parts.iter().map(|found| part(found, now)).collect::<Value>(),
        "as_of": time(now),
    })
}

fn part(part: &v1::RunPart, now: Option<&Timestamp>) -> Value {
    json!({
        "part": part.part, "name": part.name, "weight": part.weight, "kind": part.kind, "owner": part.owner,
        "planned_seconds": seconds(part.planned_ms), "took_seconds": took(part, now),
        "deadline": time(part.deadline_time.as_ref()), "deadline_left_seconds": left(part, now), "state": part.state,
        "begun": time(part.begun_time.as_ref()), "acted": time(part.acted_time.as_ref()),
        "done": time(part.done_time.as_ref()), "outcome": word_or_null(&part.outcome),
        "durable_mutation": part.durable_mutation, "output": part.output,
        "holds": part.holds.iter().map(|found| hold(found, now)).collect::<Value>(),
        "command": part.command.as_ref().map(run_command), "undo": part.undo.as_ref().map(run_command),
    })
}

/// How long it took, or takes by now.
fn took(part: &v1::RunPart, now: Option<&Timestamp>) -> Value {
    let waits = matches!(part.state.as_str(), "begun" | "acted" | "undoing" | "ambiguous" | "undo_ambiguous");
    let acted = part.acted_time.as_ref().filter(|_| !waits);
    let ended = part.done_time.as_ref().or(acted).or(now.filter(|_| waits));
    seconds_since(part.begun_time.as_ref(), ended)
}

/// Until the deadline of a part that is waited for; less than 0 once it is over.
fn left(part: &v1::RunPart, now: Option<&Timestamp>) -> Value {
    let waited = matches!(part.state.as_str(), "pending" | "begun" | "acted" | "ambiguous");
    seconds_until(now, part.deadline_time.as_ref().filter(|_| waited))
}

/// How far a run that goes back has come: null while it goes forward.
fn undo(run: &v1::Run) -> Value {
    let named = |states: &[&str]| -> Vec<&str> {
        let found = run.parts.iter().filter(|part| states.contains(&part.state.as_str()));
        found.map(|part| part.name.as_str()).collect()
    };
    let (done, failed) = (named(&["undone"]), named(&["undo_failed"]));
    if run.state != "undoing" && done.is_empty() && failed.is_empty() {
        return Value::Null;
    }
    json!({
        "running": named(&["undoing"]), "done": done, "failed": failed,
        "not_known": named(&["undo_ambiguous"]),
        "left": named(&["begun", "acted", "done", "failed", "ambiguous"]),
    })
}

/// A command that an operator runs.
pub fn run_command(command: &v1::RunCommand) -> Value {
    json!({ "argv": command.argv, "env": command.env, "timeout_seconds": seconds(command.timeout_ms) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::wire_time;

    #[test]
    fn a_part_tells_how_long_it_took_or_takes() {
        let at = |ms| Some(wire_time(ms));
        let mut of = v1::RunPart { state: "pending".into(), ..v1::RunPart::default() };
        assert_eq!(took(&of, at(9000).as_ref()), Value::Null);
        (of.state, of.begun_time) = ("begun".into(), at(1000));
        assert_eq!(took(&of, at(9000).as_ref()), json!(8.0));
        (of.state, of.acted_time, of.done_time) = ("done".into(), at(3000), at(4500));
        assert_eq!(took(&of, at(9000).as_ref()), json!(3.5));
    }

    #[test]
    fn a_deadline_tells_what_is_left_and_an_undo_how_far_it_came() {
        let at = |ms| Some(wire_time(ms));
        let part = |name: &str, state: &str| {
            let (name, state) = (name.to_owned(), state.to_owned());
            v1::RunPart { name, state, deadline_time: at(20_000), ..v1::RunPart::default() }
        };
        assert_eq!(left(&part("fence", "acted"), at(12_500).as_ref()), json!(7.5));
        assert_eq!(left(&part("fence", "acted"), at(21_000).as_ref()), json!(-1.0), "it is over");
        assert_eq!(left(&part("fence", "done"), at(21_000).as_ref()), Value::Null);
        let mut run = v1::Run { state: "forward".into(), ..v1::Run::default() };
        run.parts = vec![part("feed", "done"), part("fence", "acted")];
        assert_eq!(undo(&run), Value::Null);
        run.state = "undoing".into();
        run.parts[1].state = "undo_failed".into();
        let told = undo(&run);
        assert_eq!((&told["failed"], &told["left"]), (&json!(["fence"]), &json!(["feed"])));
    }

    #[test]
    fn what_there_is_not_is_null() {
        let value = run(&v1::Run::default());
        assert_eq!(
            (&value["operator"], &value["writes_shut"]["limit_seconds"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(value["next"], json!({ "action": "", "part": 0, "undo": false }));
    }
}
