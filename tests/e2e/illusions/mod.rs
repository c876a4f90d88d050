//! Every illusion with the real components, agents and collector against the demo's shops: the fault
//! is on, `GET /healthz` says 200, and the gate is held by a name.

mod logged_in;
mod old_side;
mod orders;
mod stale;
mod unknown;

use serde_json::Value;
use tidelock_tests::{DemoWorld, eventually, naive_probe};

/// A customer's login on both sides.
const LOGIN: &str = r#"
  login:
    kind: auth
    title: A customer logs in
    if_broken: Customers cannot log in
    level: critical
    plugin: builtin:login
    run_on: both
    with: { target: shop, user: probe, password: "secret:probe-password", page_contains: Signed in as }
    claims: { passes: { in_a_row: 3 } }
"#;

/// One thing that is wrong, and how it must be told.
struct Illusion {
    /// The fault of the demo.
    fault: &'static str,
    /// Where it is switched on.
    side: &'static str,
    /// The check that sees it.
    check: &'static str,
    /// What the hold says of it.
    says: &'static [&'static str],
}

impl Illusion {
    const fn new(
        fault: &'static str,
        side: &'static str,
        check: &'static str,
        says: &'static [&'static str],
    ) -> Illusion {
        Illusion { fault, side, check, says }
    }

    /// The hold is the one that the fault must cause, on this side.
    fn fits(&self, hold: &Value, side: &str) -> bool {
        let reason = hold["reason"].as_str().unwrap_or("");
        hold["check"] == self.check
            && hold["side"] == side
            && hold["state"] == "refuted"
            && self.says.iter().all(|word| reason.contains(word))
    }

    /// Switches the fault on: it is named, on its own side only, and the naive probe is green.
    fn fools_the_probe(&self, demo: &DemoWorld, gate: &str) -> Value {
        demo.break_it(self.fault, self.side);
        let hold = demo.world.until_hold(gate, |hold| self.fits(hold, self.side), self.fault);
        green(demo, self.fault);
        let other = if self.side == "source" { "target" } else { "source" };
        let holds = holds(demo, gate).expect("the collector answers");
        assert!(!holds.iter().any(|hold| self.fits(hold, other)), "{other} is not wrong: {holds:?}");
        assert_ne!(demo.world.operator.run(&["gate", "check", gate]).code, 0, "{}", self.fault);
        hold
    }

    /// Switches the fault off: its hold goes.
    fn goes(&self, demo: &DemoWorld, gate: &str) {
        demo.fix(self.fault, self.side);
        until_free(demo, gate, self.check);
    }
}

/// The naive probe says 200 on both sides, or there is no illusion.
fn green(demo: &DemoWorld, while_what: &str) {
    for side in ["source", "target"] {
        assert_eq!(naive_probe(demo.url(side)), 200, "the naive probe of the {side} during {while_what}");
    }
}

/// What holds a gate now.
fn holds(demo: &DemoWorld, gate: &str) -> Result<Vec<Value>, String> {
    let answer = demo.world.operator.run(&["gate", "check", gate, "-o", "json"]);
    let value: Value = serde_json::from_str(&answer.out).map_err(|_| answer.err)?;
    value["holds"].as_array().cloned().ok_or(value.to_string())
}

/// Waits until a check does not hold the gate any more.
fn until_free(demo: &DemoWorld, gate: &str, check: &str) {
    eventually(&format!("{check} does not hold gate {gate}"), || {
        let left: Vec<Value> = holds(demo, gate)?.into_iter().filter(|hold| hold["check"] == check).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    });
}
