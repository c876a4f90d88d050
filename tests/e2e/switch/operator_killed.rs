//! The operator is killed with `kill -9` in every step. Whoever resumes goes on; no step is carried out twice; and
//! of a command that nobody saw end a person is asked.

use tidelock_tests::eventually;

use super::rig::{Operator, Rig};

const RESUME: [&str; 4] = ["cutover", "resume", "--yes", "--no-input"];

/// Kills whoever carries this operation out in the middle of it: it dies with them, and a person does it by hand and
/// says so.
pub(super) fn killed_in(rig: &Rig, mut operator: Operator, words: &str, step: &str) {
    rig.until_begun(words, 1);
    operator.kill9();
    // Its command dies with it, and does not come to its effect after somebody was asked what became of it.
    eventually(&format!("{words} dies with its operator"), || {
        if rig.ops.works() { Err(format!("{:?}", rig.ops.log())) } else { Ok(()) }
    });
    rig.ops.go_on();
    let asks = rig.bo.run(&RESUME);
    assert_eq!(asks.code, 3, "{step}: nobody can know, so a person is asked: {}{}", asks.out, asks.err);
    assert!(asks.err.contains("nobody can know") && asks.err.contains(step), "{step}: {}", asks.err);
    assert_eq!(rig.ops.begun(words), 1, "{words} is not carried out again by itself");
    let ended = rig.ops.log().iter().any(|it| !it.begun && it.words == words);
    assert!(!ended, "{words} went on without its operator");
    rig.ops.by_hand(words);
    let reason = ["--done", "--reason", "it was killed, and is done by hand now"];
    let _ = rig.bo.run(&[&["cutover", "settle", step][..], &reason].concat()).good();
}

/// Resumes, up to the operation that comes next.
pub(super) fn resumed_up_to(rig: &Rig, words: &str) -> Operator {
    rig.ops.stall_at(words);
    let operator = rig.operator(&rig.bo, &RESUME);
    rig.until_begun(words, 1);
    operator
}

/// Kills the operator while evidence is waited for; what was carried out stays carried out.
fn killed_while_waiting(rig: &Rig, operator: &mut Operator, step: &str) {
    rig.until_run("cutover", &format!("{step} waits"), |run| {
        let parts = run["parts"].as_array().map_or(&[][..], Vec::as_slice);
        parts.iter().any(|part| part["name"] == step && part["state"] == "acted")
    });
    operator.kill9();
    *operator = rig.operator(&rig.bo, &RESUME);
    eventually(&format!("{step} is walked again"), || {
        let run = rig.run("cutover")?;
        if run["operator"] == "bo" { Ok(()) } else { Err(run.to_string()) }
    });
}

/// Leaves the run one answer before the point of no return, with nobody at work.
pub(super) fn up_to_the_point_of_no_return(rig: &Rig) {
    rig.ops.stall_at("reverse prepare");
    let first = rig.operator(&rig.bo, &["cutover", "run", "--yes", "--no-input"]);
    killed_in(rig, first, "reverse prepare", "feed-back");
    killed_in(rig, resumed_up_to(rig, "jobs off"), "jobs off", "jobs-off");
    let fencing = resumed_up_to(rig, "fence on");
    // What waits behind the fence waits until it is let go: nobody works the queue off, and nothing is copied.
    rig.hand("break", "queue", "source");
    rig.hand("break", "feed", "source");
    killed_in(rig, fencing, "fence on", "fence");
    let mut operator = rig.operator(&rig.bo, &RESUME);
    killed_while_waiting(rig, &mut operator, "drain");
    rig.hand("fix", "queue", "source");
    killed_while_waiting(rig, &mut operator, "catch-up");
    // Asleep, so that it is killed exactly at the point of no return.
    operator.stop();
    rig.hand("fix", "feed", "source");
    rig.until_run("cutover", "the point of no return is next", |run| {
        run["next"]["action"] == "pass_no_return"
    });
    operator.kill9();
    rig.load.nobody_turned_away("the way to the point of no return");
}

/// Walks the rest, from half of the traffic on.
pub(super) fn after_the_point_of_no_return(rig: &Rig) {
    let steps = [("weight 50", "traffic@50%"), ("weight 100", "traffic@100%"), ("traffic-is 100", "confirm")];
    for (words, step) in steps {
        killed_in(rig, resumed_up_to(rig, words), words, step);
    }
    let (code, said) = rig.walked(&rig.bo, &RESUME);
    assert!(code == 0 && said.contains("completed"), "exit {code}: {said}");
    let log = rig.ops.log();
    let twice: Vec<_> = log.iter().filter(|it| it.begun && rig.ops.begun(&it.words) != 1).collect();
    assert!(twice.is_empty(), "carried out more than once: {twice:?}");
    rig.world.until_phase("watch");
    rig.load.nobody_turned_away("a cutover that died in every step");
}
