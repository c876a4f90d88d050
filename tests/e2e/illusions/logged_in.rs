//! A shop that lets customers in and takes their orders, says its front page. Each way in which it does
//! not, on one running world.

use tidelock_tests::DemoWorld;

use super::{Illusion, LOGIN};

const CHECKOUT_AND_GATES: &str = r#"
  checkout:
    kind: payment
    title: A customer pays, and the order is really there
    if_broken: Money is taken and no order is kept
    level: critical
    plugin: builtin:checkout
    run_on: both
    every: 2s
    timeout: 2s
    with: { target: shop, user: probe, password: "secret:probe-password", card: "secret:test-card" }
    claims: { passes: { in_a_row: 1 } }
gates:
  ready: { needs: [all] }
  cutover: { decision: cutover }
rollback: { window: 1h }
"#;

const ILLUSIONS: [Illusion; 7] = [
    Illusion::new("session", "target", "login", &["step session", "/account"]),
    Illusion::new("login", "source", "login", &["wrong-password-refused"]),
    Illusion::new("logout", "target", "login", &["step logout"]),
    Illusion::new("checkout", "target", "checkout", &["read-back"]),
    Illusion::new("total", "source", "checkout", &["step total"]),
    Illusion::new("double", "target", "checkout", &["step once"]),
    Illusion::new("payment", "target", "checkout", &["step pay", "500"]),
];

#[test]
fn customers_are_thrown_out_and_orders_lost_while_the_probe_is_green() {
    let demo = DemoWorld::start(&format!("scenarios:{LOGIN}{CHECKOUT_AND_GATES}"));
    let gate = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]);
    assert_eq!(gate.code, 0, "both shops are good: {}", gate.out);
    for illusion in &ILLUSIONS {
        illusion.fools_the_probe(&demo, "ready");
        illusion.goes(&demo, "ready");
    }
    let gate = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "30s"]);
    assert_eq!(gate.code, 0, "all of it is fixed: {}", gate.out);
}
