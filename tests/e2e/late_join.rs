//! In the middle of the night a third agent joins, and a check of the team's own: both count within
//! seconds, and no agent is started anew.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, eventually_for};

const STOCK: &str = r"
  stock:
    title: Nothing is sold that is not there
    if_broken: Customers buy what cannot be delivered
    level: critical
    {pin}
    run_on: both
    with: { target: shop }
    claims: { passes: { in_a_row: 2 } }
";

/// Which agents have told of a passed check.
fn told(world: &World, check: &str) -> Result<Vec<String>, String> {
    let answer = world.operator.run(&["check", "show", check, "--last", "100", "-o", "json"]);
    if answer.code != 0 {
        return Err(answer.err);
    }
    let passed = answer.json().as_array().cloned().unwrap_or_default();
    let passed = passed.iter().filter(|finding| finding["outcome"] == "pass");
    let mut names: Vec<String> =
        passed.filter_map(|finding| finding["agent"].as_str().map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn pids(world: &World) -> Vec<u32> {
    world.agents.iter().map(|agent| agent.process.as_ref().expect("it runs").pid()).collect()
}

#[test]
fn a_third_agent_and_a_check_of_the_teams_own_join_in_mid_run() {
    let mut world = World::start(&WorldOptions::default());
    // Built like a team would, while the migration is under way.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/plugin-20-lines");
    let file = world.folder.path().join("stock.wasm").display().to_string();
    let built = ["plugin", "build", &source.display().to_string(), "--out", &file, "-o", "json"];
    let built = world.operator.run(&built).good().json();
    assert_eq!(built["name"], "stock");
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();

    world.join("target", "target-2");
    let before = pids(&world);
    let all = ["source-1", "target-1", "target-2"];
    eventually_for(Duration::from_secs(30), "the new agent's word counts", || match told(&world, "login")? {
        names if names == all => Ok(()),
        names => Err(format!("{names:?}")),
    });

    let inspected = world.operator.run(&["plugin", "inspect", &file]).good().out;
    assert!(inspected.contains("No product has a negative stock"), "{inspected}");
    let pushed = world.operator.run(&["plugin", "push", &file]).good();
    assert_eq!(pushed.out.trim(), format!("plugin: sha256:{}", built["sha256"].as_str().expect("a digest")));
    let again = world.operator.run(&["plugin", "push", &file]).good();
    assert!(again.err.contains("already"), "{}", again.err);
    let plan = (WorldOptions::default().plan)
        .replace("gates:\n", &format!("{}gates:\n", STOCK.replace("{pin}", pushed.out.trim())))
        .replace("ready: { needs: [login]", "ready: { needs: [login, stock]");
    world.apply(&plan);
    assert_eq!(
        world.operator.run(&["gate", "check", "ready"]).code,
        6,
        "nothing is known of the new check yet"
    );
    eventually_for(Duration::from_secs(60), "the team's check runs everywhere", || {
        match told(&world, "stock")? {
            names if names == all => Ok(()),
            names => Err(format!("{names:?}")),
        }
    });
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    assert_eq!(pids(&world), before, "an agent was started anew");
    let status: Value = world.status().expect("the collector answers");
    let agents = status["agents"].as_array().expect("agents");
    assert!(
        agents.len() == 3 && agents.iter().all(|agent| agent["state"] == "online"),
        "{}",
        status["agents"]
    );
    let used = world.operator.run(&["plugin", "ls"]).good().out;
    assert!(used.lines().any(|line| line.contains("stock")), "{used}");
}
