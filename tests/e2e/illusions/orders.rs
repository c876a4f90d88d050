//! Alive is not converged: orders lag, stop, stay in a queue, or die in it. And a queue that cannot be
//! seen is not an empty one.

use tidelock_tests::{DemoWorld, eventually, naive_probe};

use super::{Illusion, green, holds};

const PLAN: &str = r#"
scenarios:
  orders-replicated:
    kind: data
    title: Every order is on the other side within seconds
    if_broken: Orders are missing after the switch
    level: critical
    plugin: builtin:http-flow
    run_on: both
    with: { target: shop, flow: flows/replication.yaml }
    claims: { passes: { in_a_row: 1 } }
  order-queue:
    kind: background
    title: The order queue is worked off as fast as it fills
    if_broken: Orders wait in a queue that is left behind
    level: critical
    plugin: builtin:queue-drain
    run_on: source
    with: { target: rabbit, vhost: shop, queues: [orders], dead_letter_queues: [orders-dlq] }
    claims: { visible: { at_most: 6, for: 2s }, dead_letters: { at_most: 0 } }
gates:
  ready: { needs: [all] }
  cutover: { decision: cutover }
rollback: { window: 1h }
"#;

const LAG: Illusion = Illusion::new("lag", "source", "orders-replicated", &["step replication", "/lag_ms"]);
const FEED: Illusion = Illusion::new("feed", "target", "orders-replicated", &["step replication"]);
const QUEUE: Illusion = Illusion::new("queue", "source", "order-queue", &["visible is", "messages"]);
const BLIND: Illusion = Illusion::new("blind", "source", "order-queue", &["queue-orders", "not there"]);
const DEAD: Illusion = Illusion::new("dead-letter", "source", "order-queue", &["dead_letters is"]);
const DOWN: Illusion = Illusion::new("down", "target", "orders-replicated", &["503"]);

#[test]
fn orders_lag_and_queues_fill_while_the_probe_is_green() {
    let demo = DemoWorld::start(PLAN);
    let gate = demo.world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]);
    assert_eq!(gate.code, 0, "both shops are level: {}", gate.out);
    // Nothing that lags is on one side only: both say that they are apart.
    demo.break_it(LAG.fault, LAG.side);
    let _ = demo.world.until_hold("ready", |hold| LAG.fits(hold, "source"), "orders lag");
    green(&demo, LAG.fault);
    LAG.goes(&demo, "ready");
    let queue = QUEUE.fools_the_probe(&demo, "ready");
    let left = &queue["remaining"][0];
    assert!(left["count"].as_u64().is_some_and(|count| count > 6), "{queue}");
    assert_eq!(left["unit"], "messages", "{queue}");
    let why = demo.world.operator.run(&["why", "order-queue"]).good();
    assert!(why.out.contains("no consumer"), "the cause is told: {}", why.out);
    QUEUE.goes(&demo, "ready");
    // Zero of zero: the account sees no queue, which is not a queue without messages.
    let _ = BLIND.fools_the_probe(&demo, "ready");
    BLIND.goes(&demo, "ready");
    demo.break_it(FEED.fault, FEED.side);
    let _ = demo.world.until_hold("ready", |hold| FEED.fits(hold, "target"), "nothing is brought over");
    green(&demo, FEED.fault);
    FEED.goes(&demo, "ready");
    // The one fault that a naive probe sees as well.
    demo.break_it(DOWN.fault, DOWN.side);
    let _ = demo.world.until_hold("ready", |hold| DOWN.fits(hold, DOWN.side), DOWN.fault);
    assert_eq!((naive_probe(demo.url("source")), naive_probe(demo.url("target"))), (200, 503));
    DOWN.goes(&demo, "ready");
    // What is dead stays dead when its cause is gone: somebody must look at it.
    let _ = DEAD.fools_the_probe(&demo, "ready");
    demo.fix(DEAD.fault, DEAD.side);
    let before = newest_round(&demo);
    eventually("two more looks", || {
        let round = newest_round(&demo);
        if round >= before + 2 { Ok(()) } else { Err(format!("round {round}")) }
    });
    let held = holds(&demo, "ready").expect("the collector answers");
    assert!(held.iter().any(|hold| DEAD.fits(hold, DEAD.side)), "{held:?}");
}

fn newest_round(demo: &DemoWorld) -> u64 {
    let answer =
        demo.world.operator.run(&["check", "show", "order-queue", "--last", "1", "-o", "json"]).good();
    answer.json()[0]["round"].as_u64().expect("a round")
}
