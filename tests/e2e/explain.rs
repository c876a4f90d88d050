//! How a proof came about, asked with the real binaries: in words, drawn, as JSON, and run again.

use std::fs;
use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually_for};

#[test]
fn a_proof_is_explained_drawn_and_replayed() {
    let plan = WorldOptions::default().plan;
    let plan = plan.replace("{ passes: { in_a_row: 2 } }", "{ success: { proof: quick } }");
    let world = World::start(&WorldOptions { plan, ..WorldOptions::default() });
    let operator = &world.operator;
    let recorded = eventually_for(Duration::from_secs(60), "three slots are evidence", || {
        let shown = operator.run(&["evidence", "show", "login", "-o", "json"]);
        let slots = shown.json()["slots"].as_array().cloned().unwrap_or_default();
        let good = slots.iter().filter(|slot| slot["void"].is_null()).count();
        if good >= 3 { Ok(shown) } else { Err(shown.out) }
    });
    assert_eq!(recorded.code, 0, "{}", recorded.err);
    assert_eq!(recorded.json()["schema"], "tidelock.evidence/v1");
    let why = operator.run(&["why", "login"]).good().out;
    for said in [
        "Must refute",
        "outages an hour",
        "Counted",
        "results in",
        "Incidents",
        "source/source-1, target/target-1",
    ] {
        assert!(why.contains(said), "why does not say {said:?}:\n{why}");
    }
    assert!(!why.contains("ln E") && !why.contains("threshold"), "{why}");
    let drawn = operator.run(&["evidence", "show", "login/success", "--last", "5m"]).good().out;
    assert!(drawn.contains('█') && drawn.contains("a character is a slot of"), "{drawn}");
    let plain = operator.run(&["evidence", "show", "login", "--ascii"]).good().out;
    let line = plain.lines().find(|line| line.trim_start().starts_with("target ")).unwrap_or_default();
    assert!(line.contains('#') && line.is_ascii(), "{plain}");
    assert_eq!(operator.run(&["evidence", "show", "login/speed"]).code, 2);
    // The recording goes through the engine again without a collector.
    let file = world.folder.path().join("login.json");
    fs::write(&file, &recorded.out).expect("the recording can be written");
    let file = file.display().to_string();
    let mut alone = operator.clone();
    alone.server = "https://127.0.0.1:9".to_owned();
    let replayed =
        alone.run(&["evidence", "replay", &file, "--proof", "strict", "--margin", "2%"]).good().out;
    assert!(replayed.contains("strict would have said: not proved"), "{replayed}");
    let json = alone.run(&["evidence", "replay", &file, "-o", "json"]).good().json();
    assert_eq!(
        (json["settings"]["proof"].as_str(), json["proved"].as_bool()),
        (Some("quick"), Some(false)),
        "{json}"
    );
    // On a busy machine runs come late, and that is told as an incident.
    assert!(json["incidents"].is_array(), "{json}");
    fs::write(&file, recorded.out.replace("tidelock.evidence/v1", "tidelock.why/v1")).expect("written");
    let refused = alone.run(&["evidence", "replay", &file]);
    assert!(refused.code == 2 && refused.err.contains("schema"), "{}", refused.err);
}
