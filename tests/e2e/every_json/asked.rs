//! `check run`: each agent looks now; what it finds is told, and no gate and no record ever sees it. Who asked is kept.

use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, eventually_for};

/// How long things may take.
const LIMIT: Duration = Duration::from_secs(60);
/// No round of a grid has such a number.
const NO_ROUND: u64 = 1 << 48;

pub(super) fn what_is_found_now_is_told_and_proves_nothing(world: &mut World) {
    let operator = &world.operator;
    // On a busy machine a run may take too long, and says so.
    let ran = |words: &[&str], code: i32| {
        eventually_for(LIMIT, "the check is run", || {
            let answer = operator.run(&[&["check", "run", "login"][..], words].concat());
            if answer.code == code { Ok(answer) } else { Err(format!("{} {}", answer.out, answer.err)) }
        })
    };
    let told = ran(&[], 0);
    for word in ["source/", "target/", "pass", "2 pass, 0 fail, 0 did not look. No gate counts this run."] {
        assert!(told.out.contains(word), "no {word:?} in {}", told.out);
    }
    let both = ran(&["-o", "json"], 0).json();
    assert_eq!((&both["schema"], &both["counts"]), (&"tidelock.check-run/v1".into(), &false.into()));
    assert_eq!(both["answers"].as_array().map(Vec::len), Some(2), "{both}");
    let round = both["answers"][0]["found"]["round"].as_u64().unwrap_or_default();
    assert!(round >= NO_ROUND, "{both}");
    let one = ran(&["--side", "target", "-o", "json"], 0).json();
    assert_eq!(one["answers"].as_array().map(Vec::len), Some(1), "{one}");
    assert!(one["answers"][0]["agent"].as_str().is_some_and(|agent| agent.starts_with("target/")), "{one}");

    // Other settings are for whoever may put a plan in force, and touch no secret; no round sees them.
    let traced =
        ran(&["--side", "target", "--with", "page_contains=No Such Words", "--trace", "-o", "json"], 1);
    let value = traced.json();
    assert_eq!(
        (&value["fail"], &value["with"][0]),
        (&1.into(), &"page_contains=No Such Words".into()),
        "{value}"
    );
    let id = value["answers"][0]["trace"]["id"].as_str().map(str::len);
    assert_eq!(id, Some(32), "{value}");
    let secret = operator.run(&["check", "run", "login", "--with", "password=guess"]);
    assert_eq!(secret.code, 2, "{}", secret.err);
    assert!(secret.err.contains("password is a secret in the plan"), "{}", secret.err);
    let person = world.person("ana").run(&["check", "run", "login", "--with", "user=bo"]);
    assert_eq!(person.code, 4, "{} {}", person.out, person.err);

    // Who asked is in the journal, and who was refused is not; what they typed stands nowhere.
    let told = operator.run(&["events", "--type", "check_run"]).good().out;
    for words in [
        "login is run once on 2 agents: no evidence",
        "login is run once on 1 agent: no evidence",
        "login is run once on 1 agent, with other settings than the plan's: no evidence",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(
        told.lines().filter(|line| line.contains("check_run")).all(|line| line.contains("operator")),
        "{told}"
    );
    assert!(!told.contains("No Such Words"), "{told}");

    world.target.down(true);
    let value = ran(&["--side", "target", "-o", "json"], 1).json();
    assert_eq!((&value["pass"], &value["fail"]), (&0.into(), &1.into()), "{value}");
    world.target.down(false);
    let shown = world.operator.run(&["check", "show", "login", "--last", "100", "-o", "json"]).good().json();
    let rounds: Vec<u64> =
        shown.as_array().into_iter().flatten().filter_map(|it| it["round"].as_u64()).collect();
    assert!(
        !rounds.is_empty() && rounds.iter().all(|round| *round < NO_ROUND),
        "what was found is journaled nowhere"
    );

    // An agent that is not there did not pass.
    let away = world.agents.iter_mut().find(|agent| agent.side == "source").expect("an agent of the source");
    away.kill9();
    let operator = &world.operator;
    let value: Value = eventually_for(LIMIT, "the agent is seen to be away", || {
        let answer = operator.run(&["check", "run", "login", "-o", "json"]);
        let refused = answer.json()["answers"].to_string();
        if answer.code == 6 && refused.contains("it is not connected") {
            Ok(answer.json())
        } else {
            Err(refused)
        }
    });
    assert_eq!((&value["pass"], &value["unknown"]), (&1.into(), &1.into()), "{value}");
}
