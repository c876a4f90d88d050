//! A migration that has ended has no way back, whichever way it ended, and no answer about it or order to
//! it reads as something good.

use serde_json::Value;
use tidelock_tests::{Cli, World, WorldOptions, eventually, get};

const NO_INPUT: [&str; 3] = ["--confirm", "shop", "--no-input"];
/// What the alarms about the verdict look at.
const VERDICT: &str = "tidelock_verdict{";

/// Gives a decision as soon as nothing else holds its gate.
fn decide(person: &Cli, decision: &str) {
    let words = ["decide", decision, "--go", "--reason", "a test"];
    let words = [&words[..], &NO_INPUT].concat();
    eventually(&format!("{decision} can be decided"), || match person.run(&words) {
        answer if answer.code == 0 => Ok(()),
        answer if answer.code == 3 => Err(answer.err),
        answer => panic!("exit {}: {}", answer.code, answer.err),
    });
}

fn switched(plan: String) -> World {
    let world = World::start(&WorldOptions { plan, ..WorldOptions::default() });
    switch(&world);
    world
}

/// Traffic is put on the target: the phase `watch`.
pub(crate) fn switch(world: &World) {
    world.until_phase("ready");
    decide(&world.person("ana"), "cutover");
    let waited =
        world.operator.run(&["gate", "wait", "cutover", "--timeout", "30s", "-o", "json"]).good().json();
    let token = waited["token"].as_str().expect("a token");
    let _ = world.operator.run(&["gate", "confirm", "cutover", "--token", token]).good();
    world.until_phase("cutover");
    let _ = world.operator.run(&["switched", "--to", "target"]).good();
    world.until_phase("watch");
}

fn numbers(world: &World) -> String {
    get(&world.address("ops"), "/metrics").expect("its numbers").1
}

/// What `rollback` and the orders say after the end.
fn nothing_is_left(world: &World, phase: &str) {
    let said = world.operator.run(&["rollback"]);
    assert_eq!(said.code, 5, "{} {}", said.out, said.err);
    let words = match phase {
        "rolled-back" => "it went back: traffic is on the source again".to_owned(),
        _ => format!("going back is not possible: the migration is {phase}"),
    };
    // What stands on every screen stands before it.
    assert_eq!(said.out.lines().last(), Some(words.as_str()));
    let json = world.operator.run(&["rollback", "-o", "json"]);
    let value = json.json();
    assert_eq!((json.code, &value["applicable"], &value["possible"]), (5, &false.into(), &false.into()));
    assert!(value["reason"].as_str().is_some_and(|reason| reason.contains(phase)), "{value}");
    let (ana, bo) = (world.person("ana"), world.person("bo"));
    let events = || world.operator.run(&["events", "-o", "ndjson"]).good().out;
    let before = events();
    let holds = [&["hold", "--reason", "too late"][..], &["release", "--reason", "too late"]];
    // The gate that is still before a committed migration can be held like any other.
    let holds = holds.into_iter().filter(|_| phase != "committed");
    let orders = [
        &["abort", "--reason", "too late"][..],
        &["switched", "--to", "target"],
        &["switched", "--to", "source"],
        &["decide", "cutover", "--go", "--reason", "x", "--confirm", "shop", "--no-input"],
        &["decide", "rollback", "--go", "--reason", "x", "--confirm", "shop", "--no-input"],
        &["decide", "commit", "--go", "--reason", "x", "--confirm", "shop", "--no-input"],
        &["manual", "done", "no-such-check"],
    ];
    for words in holds.chain(orders) {
        for who in [&world.operator, &ana, &bo] {
            let answer = who.run(words);
            assert!([2, 3, 4].contains(&answer.code), "{words:?}: {} {}", answer.code, answer.out);
            assert_eq!(answer.out, "", "{words:?} is refused, and says it on the other stream");
            assert!(!answer.err.contains('✔'), "{words:?}: {}", answer.err);
        }
    }
    assert_eq!(events(), before, "a refused order was recorded");
    if phase != "committed" {
        a_decision_is_told_of_the_end(&ana, phase);
        let numbers = numbers(world);
        assert!(numbers.contains("tidelock_ready"), "{numbers}");
        assert!(!numbers.contains(VERDICT), "an alarm about it would never end: {numbers}");
    }
}

/// No empty gate, no question, and the words of the end: on the screen, as JSON, and from the collector itself, which
/// alone knows whether an id was recorded before.
fn a_decision_is_told_of_the_end(ana: &Cli, phase: &str) {
    let end = format!("shop has ended: it is {phase}, and no gate stands before it");
    let asked = ["decide", "cutover", "--go"];
    let said = ana.run(&asked);
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    assert!(said.err.contains(&end) && !said.err.contains("gate  "), "{}", said.err);
    let json = ana.run(&[&asked[..], &["-o", "json"]].concat());
    let told = json.json();
    let error = &told["error"];
    assert_eq!((json.code, &error["code"], &error["exit"]), (3, &"WRONG_PHASE".into(), &3.into()), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.starts_with(&end)), "{error}");

    let again = [&asked[..], &["--reason", "x", "--request-id", "of-before"], &NO_INPUT].concat();
    let said = ana.run(&again);
    let own = format!("the migration is {phase}: it has ended, and nothing is left to decide");
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    assert!(said.err.contains(&end) && said.err.contains(&own), "{}", said.err);
}

#[test]
fn a_migration_that_was_given_up_has_no_way_back() {
    let world = World::collector_alone();
    let who = "  commit: { who: [bo] }\n";
    let plan = WorldOptions::default().plan;
    assert!(plan.contains(who), "{plan}");
    world.apply(&plan.replace(who, &format!("{who}  override: {{ who: [ana] }}\n")));
    let early = world.operator.run(&["rollback"]);
    assert_eq!((early.code, early.out.contains("possible")), (0, false), "{}", early.out);
    assert_eq!(early.out.matches("traffic was not").count(), 1, "it is said once: {}", early.out);
    world.until_phase("sync");
    let words = ["decide", "override", "--go", "--override", "login", "--reason", "known"];
    let _ = world.person("ana").run(&[&words[..], &NO_INPUT].concat()).good();
    let _ = world.person("ana").run(&["abort", "--reason", "not this year"]).good();
    let end = world.until_phase("aborted");
    // What was overridden stays on every later screen, also where no gate is left.
    assert_eq!(
        (&end["next_gate"], &end["overrides"][0]["checks"][0]),
        (&Value::Null, &"login".into()),
        "{end}"
    );
    let shown = world.operator.run(&["status"]).good().out;
    assert!(shown.contains("! overridden: login") && shown.contains("by ana"), "{shown}");
    let why = world.operator.run(&["why", "-o", "json"]).good().json();
    let told = (&why["schema"], &why["phase"], why.get("gate"));
    assert_eq!(told, (&"tidelock.why/v1".into(), &"aborted".into(), Some(&Value::Null)), "{why}");
    nothing_is_left(&world, "aborted");
}

/// With the gate `retired` still before it: a gate stands, and there is no way back all the same.
#[test]
fn a_committed_migration_has_no_way_back() {
    let plan = WorldOptions::default().plan;
    let retired = "  retired: { needs: [login], stable_for: 1h }\n  rolled-back:";
    let world = switched(plan.replace("  rolled-back:", retired));
    decide(&world.person("bo"), "commit");
    let end = world.until_phase("committed");
    assert_eq!(end["next_gate"]["gate"], "retired", "{end}");
    nothing_is_left(&world, "committed");
}

/// Nothing runs any more, so nothing is asked, nobody is called, and whoever waits for another gate is told at once.
#[test]
fn a_committed_migration_asks_for_nothing_and_lets_nobody_wait_in_vain() {
    let world = switched(WorldOptions::default().plan);
    decide(&world.person("bo"), "commit");
    let end = world.until_phase("committed");
    let run = |words: &[&str]| world.operator.run(words);
    let scenario = &end["scenarios"][0];
    assert_eq!((&end["next_gate"], &scenario["state"]), (&Value::Null, &"not_now".into()), "{end}");
    assert!(end["as_of"].is_string(), "a screen without a gate has its time, too: {end}");

    for gate in ["rolled-back", "cutover", "ready"] {
        let waited = run(&["gate", "wait", gate, "--timeout", "60s"]);
        assert_eq!(waited.code, 5, "{gate}: {} {}", waited.out, waited.err);
        let never = format!("the migration is committed: gate {gate} can never open any more");
        assert!(waited.out.contains("ENDED") && waited.out.contains(&never), "{}", waited.out);
        let asked = run(&["gate", "check", gate, "-o", "json"]);
        let told = asked.json();
        assert_eq!((asked.code, &told["verdict"], &told["never_opens"]), (5, &"hold".into(), &true.into()));
    }
    let passed = run(&["gate", "wait", "committed", "--timeout", "60s", "-o", "json"]).good().json();
    assert_eq!(passed["never_opens"], false, "{passed}");
    assert_eq!(run(&["status", "--fail"]).code, 0);

    let why = run(&["why", "login"]).good().out;
    let runs = "the migration is in committed; it runs in sync, ready, cutover, watch and rolling-back";
    assert!(why.contains("· not now") && why.contains(runs), "{why}");
    assert!(!why.contains("Holds") && !why.contains("✖"), "{why}");
    let report = run(&["report", "-o", "json"]).good().json();
    let spans = report["scenarios"][0]["states"].as_array().cloned().unwrap_or_default();
    let phases: Vec<&str> = spans.iter().filter_map(|span| span["phase"].as_str()).collect();
    assert!(phases.contains(&"watch") && !phases.contains(&"committed"), "{report}");
    let brief = run(&["brief"]).good().out;
    assert!(brief.contains("## How it stands at ") && !brief.contains("stands at –"), "{brief}");

    let numbers = numbers(&world);
    assert!(numbers.contains("tidelock_gate_open{"), "{numbers}");
    for series in [VERDICT, "tidelock_scenario_state{", "tidelock_scenario_last_result"] {
        let told = numbers.lines().find(|line| line.starts_with(series));
        assert_eq!(told, None, "somebody is called for what nobody asks");
    }
}

#[test]
fn a_migration_that_went_back_has_no_way_back_again() {
    let world = switched(WorldOptions::default().plan);
    decide(&world.person("ana"), "rollback");
    world.until_phase("rolling-back");
    let under_way = world.operator.run(&["rollback"]);
    assert_eq!((under_way.code, under_way.out.contains("under way")), (5, true), "{}", under_way.out);
    eventually("the alarm hears that it goes back", || {
        let numbers = numbers(&world);
        let wanted = format!("{VERDICT}migration=\"shop\",verdict=\"rollback\"}} 1");
        if numbers.lines().any(|line| line.starts_with(&wanted)) { Ok(()) } else { Err(numbers) }
    });
    let _ = world.operator.run(&["switched", "--to", "source"]).good();
    world.until_phase("rolled-back");
    nothing_is_left(&world, "rolled-back");
}
