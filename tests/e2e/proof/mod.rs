//! Success proved slot by slot, with the real binaries and short slots: what opens, what never does, and
//! what is shown of it.

mod agents;
mod failing;
mod outage;
mod pods;
mod silent;
mod twice;

use std::time::Duration;

use serde_json::Value;
use tidelock_tests::{World, WorldOptions, eventually_for};

/// How long a proof of some slots may take on a busy machine.
const PATIENT: Duration = Duration::from_secs(90);
/// A side looks so often in a slot: each agent owes this many results.
const OWED: u64 = 4;

/// Both sides, people and gates; scenarios come at its end. One agent that looks each 500 ms fills slots of
/// 2 s.
const PLAN: &str = r#"
tidelock: plan/v1
name: shop
summary: Move the shop.
rehearsal_scale: true
environments:
  source:
    title: Old
    agents: { at_least: 1 }
    targets: { shop: { url: "{source}", methods: [GET], paths: ["/"], addresses: ["127.0.0.0/8"], rate: 200/s, concurrency: 16 } }
  target:
    title: New
    agents: { at_least: {at-least} }
    targets: { shop: { url: "{target}", methods: [GET], paths: ["/"], addresses: ["127.0.0.0/8"], rate: 200/s, concurrency: 16 } }
people:
  ana: { name: Ana, role: Lead }
  bo: { name: Bo, role: Deputy }
decisions:
  cutover: { who: [ana] }
  rollback: { who: [ana, bo] }
  commit: { who: [bo] }
defaults: { every: 500ms, timeout: 500ms }
evidence: { grace: 1s, observe_at_least: 2s }
gates:
  ready: { needs: [all] }
  cutover: { decision: cutover }
rollback: { window: 1h }
scenarios:
"#;

/// A page that must open on both sides. A proof takes six slots at best.
fn page(name: &str, claim: &str) -> String {
    format!(
        "  {name}:
    title: The page {name} opens
    if_broken: Customers see an error
    level: critical
    plugin: builtin:http-flow
    run_on: both
    with: {{ target: shop, flow: {{ steps: [{{ name: open, request: {{ path: /page/{name} }}, expect: {{ status: 200 }} }}] }} }}
    claims: {{ success: {{ {claim} }} }}
"
    )
}

/// What a proof of six slots says.
const SHORT: &str = "margin: 50%, slo: 51%, outage: 500ms";

/// A plan of one page, and so many agents that must be heard on the target.
fn plan(at_least: u32, pages: &[String]) -> String {
    PLAN.replace("{at-least}", &at_least.to_string()) + &pages.concat()
}

/// One page, one agent a side.
fn world() -> World {
    World::start(&WorldOptions { plan: plan(1, &[page("home", SHORT)]), ..WorldOptions::default() })
}

/// The claim of success of a check, as `why -o json` has it.
fn claim(world: &World, check: &str) -> Result<Value, String> {
    let answer = world.operator.run(&["why", check, "-o", "json"]);
    if answer.code != 0 {
        return Err(answer.err);
    }
    let claims = &answer.json()["scenario"]["sides"]["target"]["claims"];
    claims.get(0).cloned().ok_or(answer.out)
}

/// Waits until the claim of success fits.
fn until_claim(world: &World, check: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    eventually_for(PATIENT, what, || {
        let found = claim(world, check)?;
        if fits(&found) { Ok(found) } else { Err(found.to_string()) }
    })
}

/// Waits until the gate `ready` ends with this code: 0 open, 3 hold, 6 unknown.
fn until_gate(world: &World, code: i32, what: &str) {
    eventually_for(PATIENT, what, || {
        let answer = world.operator.run(&["gate", "check", "ready"]);
        if answer.code == code { Ok(()) } else { Err(format!("exit {}: {}", answer.code, answer.out)) }
    });
}

/// How often the gate `ready` was opened so far.
fn openings(world: &World) -> usize {
    let events = world.operator.run(&["events", "-o", "ndjson"]).good();
    events.out.lines().filter(|line| line.contains("gate ready is open")).count()
}

/// The slots of a check, oldest first.
fn slots(world: &World, check: &str) -> Vec<Value> {
    let shown = world.operator.run(&["evidence", "show", check, "-o", "json"]).good().json();
    shown["slots"].as_array().cloned().expect("a list of slots")
}

/// Everything that a side of a slot counted.
fn counted(side: &Value) -> u64 {
    ["ok", "failed", "not_run", "missing"].iter().filter_map(|of| side[of].as_u64()).sum()
}

/// No agent was counted more often in a slot than it looks.
fn nothing_twice(world: &World, check: &str, agents: [u64; 2]) {
    for slot in slots(world, check) {
        for (side, agents) in ["source", "target"].into_iter().zip(agents) {
            let counted = counted(&slot[side]);
            assert!(counted <= OWED * agents, "{counted} results of {agents} agents on {side}: {slot}");
        }
    }
}
