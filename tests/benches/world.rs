//! A collector with a plan of so many checks, and what the measures need of it.

use std::path::PathBuf;
use std::time::Duration;

use tidelock_agent::join::{Join, join};
use tidelock_agent::out::Out;
use tidelock_tests::{SHOPS_PLAN, World};

/// A runtime for a measure: the collector and the runner want a core as well.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A plan of `checks` one-step flows, each every `every`, that claim one pass.
pub(crate) fn plan(checks: usize, every: &str) -> String {
    let mut plan = format!("{SHOPS_PLAN}scenarios:\n");
    for number in 0..checks {
        let check = CHECK.replace("{number}", &number.to_string()).replace("{every}", every);
        plan.push_str(&check);
    }
    plan.push_str(TAIL);
    plan
}

/// The same with checks of one GET each.
pub(crate) fn plan_of_gets(checks: usize, every: &str) -> String {
    let login = plan(checks, every);
    let (plugin, with) = (line(&login, "plugin:"), line(&login, "with:"));
    let flow = "with: { target: shop, flow: { steps: [{ name: health, request: { path: /health } }] } }";
    login.replace(plugin, "plugin: builtin:http-flow").replace(with, flow)
}

/// The first line of a text that begins so.
fn line<'a>(text: &'a str, begins: &str) -> &'a str {
    text.lines().map(str::trim).find(|line| line.starts_with(begins)).unwrap_or_default()
}

/// The folders of so many agents on each side of a migration, joined with a token a side.
pub(crate) async fn joined(world: &World, migration: &str, each: usize) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for side in ["source", "target"] {
        let count = each.to_string();
        let ask = ["agent", "token", "--migration", migration, "--side", side, "--count", &count];
        let token = world.operator.run(&ask).good();
        for number in 0..each {
            let dir = world.folder.path().join(format!("{migration}-{side}-{number}"));
            let ask = Join {
                url: world.operator.server.clone(),
                token: token.out.trim().to_owned(),
                name: None,
                dir: dir.clone(),
                if_missing: false,
                again: false,
                starts: false,
                ca_file: None,
            };
            let (mut data, mut talk) = (std::io::sink(), std::io::sink());
            join(ask, &mut Out::new(&mut data, &mut talk)).await.expect("it joins");
            folders.push(dir);
        }
    }
    folders
}

/// The check's name.
pub(crate) fn check_name(number: usize) -> String {
    format!("check-{number}")
}

const CHECK: &str = r#"
  check-{number}:
    kind: auth
    title: A customer logs in
    if_broken: Customers cannot log in
    level: critical
    plugin: builtin:login
    run_on: both
    every: {every}
    timeout: 1s
    with: { target: shop, user: probe, password: "secret:probe-password" }
    claims: { passes: { in_a_row: 1 } }
"#;

const TAIL: &str = r#"
gates:
  ready: { needs: [all], stable_for: 2s }
  cutover: { decision: cutover, valid_for: 10m }
  watch: { needs: [all] }
  committed: { needs: [all], stable_for: 2s, decision: commit }
  rolled-back: { needs: [all] }
rollback: { window: 1h }
"#;

/// A collector with that plan, and agents that are enrolled and not started: the folder of each.
pub(crate) fn enrolled(plan: &str, agents: &[(&'static str, &str)]) -> (World, Vec<PathBuf>) {
    let world = World::collector_alone();
    world.apply(plan);
    let folders = agents.iter().map(|(side, name)| world.enrol(side, name)).collect();
    (world, folders)
}

/// How long anything may take that should come soon.
pub(crate) const SOON: Duration = Duration::from_secs(20);
