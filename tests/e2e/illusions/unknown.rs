//! A plan that trusts a check which nobody runs.

use std::fs;

use tidelock_tests::{DemoWorld, program};

use super::{LOGIN, green};

const GATES: &str = r#"
gates:
  ready: { needs: [all] }
  cutover: { decision: cutover }
rollback: { window: 1h }
"#;

/// A component of the team's own: that of the login, with a digest that no release knows.
fn own_component(demo: &DemoWorld) -> std::path::PathBuf {
    let built = program("tidelock").parent().expect("a folder").with_file_name("plugins/login.wasm");
    let mut bytes = fs::read(built).expect("the plugins are built: make build");
    // A custom section: id, size, and a name of two bytes.
    bytes.extend([0, 3, 2, b'o', b'k']);
    let file = demo.world.folder.path().join("own.wasm");
    fs::write(&file, bytes).expect("a component can be written");
    file
}

fn with_component(pin: &str) -> String {
    format!("scenarios:{}{GATES}", LOGIN.replace("plugin: builtin:login", pin))
}

/// What `plan check` says, and how it ended.
fn check(demo: &DemoWorld, scenarios_and_gates: &str) -> (i32, String) {
    let file = demo.world.folder.path().join("other.yaml");
    fs::write(&file, demo.plan(scenarios_and_gates)).expect("a plan can be written");
    let answer = demo.world.operator.run(&["plan", "check", &file.display().to_string()]);
    (answer.code, answer.out + &answer.err)
}

#[test]
fn a_check_that_nobody_runs_is_refused_or_holds() {
    let mut demo = DemoWorld::without_agents();
    let needs_more = GATES.replace("[all]", "[login, order-parity]");
    let (code, said) = check(&demo, &format!("scenarios:{LOGIN}{needs_more}"));
    assert!(code == 2 && said.contains("E015") && said.contains("order-parity"), "exit {code}: {said}");
    let (code, said) = check(&demo, &with_component("plugin: builtin:row-sameness"));
    assert!(code == 2 && said.contains("row-sameness"), "exit {code}: {said}");

    // A component that is in the plan and nowhere else.
    let file = own_component(&demo);
    let pushed = demo.world.operator.run(&["plugin", "push", &file.display().to_string()]).good();
    let pin = pushed.out.lines().find(|line| line.starts_with("plugin: sha256:")).expect("a pin").to_owned();
    demo.apply(&with_component(&pin));
    let digest = pin.trim_start_matches("plugin: sha256:").trim();
    demo.world.kill_collector();
    let kept = demo.world.collector_folder().join("data/components").join(format!("{digest}.wasm"));
    fs::remove_file(&kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
    demo.world.start_collector();
    demo.join("source");
    demo.join("target");
    for side in ["source", "target"] {
        let hold = demo.world.until_hold(
            "ready",
            |hold| hold["check"] == "login" && hold["side"] == side && hold["state"] == "undecided",
            "no agent has the component",
        );
        let reason = hold["reason"].as_str().expect("a reason");
        let cause = "unknown_plugin: the collector has no component";
        assert!(reason.contains(cause) && reason.contains(&digest[..12]), "{hold}");
    }
    green(&demo, "a component that nobody has");
    assert_ne!(demo.world.operator.run(&["gate", "check", "ready"]).code, 0);

    // Pushed again it counts, without a new plan or a restart.
    let _ = demo.world.operator.run(&["plugin", "push", &file.display().to_string()]).good();
    let _ = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
}
