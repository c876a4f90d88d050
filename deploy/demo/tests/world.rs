//! The whole world as real processes: rows cross, sessions cross, traffic turns, nothing is left behind.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::Customer;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidelock_demo::Side;
use tidelock_demo::client::{Call, Http};
use tidelock_demo::replicator::Mode;
use tidelock_demo::shop::{Fault, TEST_CARD};
use tidelock_demo::world::{Hands, Map, World, WorldOptions};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tidelock-demo");

async fn world(orders_per_second: f64) -> (TempDir, World) {
    let folder = tempfile::tempdir().unwrap();
    let options = WorldOptions {
        orders_per_second,
        job_every: Duration::from_millis(300),
        ..WorldOptions::new(folder.path(), PROGRAM)
    };
    let world = World::start(&options).await.unwrap();
    (folder, world)
}

/// Asks until `yes`, at most 20 s.
async fn until<F: Future<Output = anyhow::Result<Value>>>(
    ask: impl Fn() -> F,
    yes: impl Fn(&Value) -> bool,
) -> Value {
    let mut last = Value::Null;
    for _ in 0..400 {
        last = ask().await.unwrap_or(Value::Null);
        if yes(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never became so: {last}");
}

async fn order(customer: &mut Customer, key: &str) -> String {
    let cart = customer.cart().await;
    let body = json!({ "cart_id": cart, "card": TEST_CARD, "synthetic": false });
    let call =
        Call::post(format!("{}/api/checkout", customer.base)).json(&body).header("idempotency-key", key);
    let order = customer.send(call).await.good().unwrap().json();
    order["order_id"].as_str().unwrap().to_owned()
}

async fn open_at(hands: &Hands, side: Side, customer: &Customer, path: &str) -> u16 {
    let url = format!("{}{path}", hands.map().shop(side).url);
    customer.http.send(customer.jar.fill(Call::get(url))).await.unwrap().status.as_u16()
}

async fn reach(hands: &Hands, side: Side, customer: &Customer, path: &str, status: u16) {
    until(async || Ok(json!(open_at(hands, side, customer, path).await)), |seen| *seen == json!(status))
        .await;
}

#[tokio::test]
async fn orders_and_sessions_cross_and_go_on_through_the_switch() {
    let (_folder, mut world) = world(0.0).await;
    let hands = world.hands().clone();
    let mut customer = Customer::of(world.map().switch.clone());
    assert_eq!(customer.log_in("probe", "probe-secret").await.status, 303);
    let first = order(&mut customer, "one").await;
    assert!(first.starts_with("S-"));
    let path = format!("/api/orders/{first}");
    reach(&hands, Side::Target, &customer, &path, 200).await;

    hands.fence(true).await.unwrap();
    let shut = customer.post("/api/cart", &json!({ "product": "rope", "quantity": 1 })).await;
    assert_eq!(shut.status, 503);
    assert_eq!(customer.get("/account").await.header("x-backend"), Some("source"));
    hands.direction(Mode::Reverse).await.unwrap();
    hands.switch(Side::Target).await.unwrap();
    hands.fence(false).await.unwrap();

    // The same session, the same key: no second login and no second order.
    let page = customer.get("/account").await;
    assert_eq!((page.status.as_u16(), page.header("x-backend")), (200, Some("target")));
    let cart = customer.cart().await;
    let again = customer.pay(&cart, "one").await;
    assert_eq!((again.status.as_u16(), &again.json()["order_id"]), (200, &json!(first)));
    let second = order(&mut customer, "two").await;
    assert!(second.starts_with("T-"));
    reach(&hands, Side::Source, &customer, &format!("/api/orders/{second}"), 200).await;
    customer.send(Call::post(format!("{}/logout", customer.base))).await;
    world.intact().unwrap();
    world.stop().await.unwrap();
}

#[tokio::test]
async fn lag_holds_rows_back_and_says_how_many() {
    let (_folder, world) = world(0.0).await;
    let hands = world.hands().clone();
    let mut customer = Customer::of(world.map().switch.clone());
    customer.log_in("probe", "probe-secret").await;
    // Before the lag, so that the session is on both sides and only the order is late.
    reach(&hands, Side::Target, &customer, "/account", 200).await;
    hands.lag(60_000).await.unwrap();
    let id = order(&mut customer, "late").await;
    let behind = until(|| hands.replication(), |told| told["pending_rows"].as_i64() > Some(0)).await;
    assert_eq!(behind["held_back_ms"], 60_000);
    assert_eq!(open_at(&hands, Side::Target, &customer, &format!("/api/orders/{id}")).await, 404);
    for side in Side::BOTH {
        let told = until(|| hands.replicated(side), |told| told["lag_ms"].as_i64() > Some(0)).await;
        assert!(told["pending"].as_i64() > Some(0), "{told}");
        assert!(hands.healthz(side).await, "the naive probe stays green");
    }
    hands.lag(0).await.unwrap();
    reach(&hands, Side::Target, &customer, &format!("/api/orders/{id}"), 200).await;
    hands.direction(Mode::Off).await.unwrap();
    // Silence is not "no lag".
    until(|| hands.replicated(Side::Target), |told| told["lag_ms"].is_null()).await;
    world.stop().await.unwrap();
}

#[tokio::test]
async fn customers_keep_buying_across_the_switch() {
    let (folder, world) = world(8.0).await;
    let hands = Hands::new(Map::read(folder.path()).unwrap());
    until(|| hands.stats(Side::Source), |stats| stats["real_orders"].as_i64() >= Some(5)).await;
    hands.fence(true).await.unwrap();
    hands.jobs(Side::Source, None, false).await.unwrap();
    let caught_up = |told: &Value| told["pending"] == 0 && told["sessions_pending"] == 0;
    until(|| hands.replicated(Side::Source), caught_up).await;
    hands.direction(Mode::Reverse).await.unwrap();
    hands.switch(Side::Target).await.unwrap();
    hands.fence(false).await.unwrap();
    hands.jobs(Side::Target, None, true).await.unwrap();
    let moved = until(|| hands.traffic(), |told| told["target"]["forwarded"].as_i64() > Some(20)).await;
    assert_eq!(moved["to"], "target");
    let shoppers = hands.map().shoppers.clone().unwrap();
    let counts = Http::new().send(Call::get(format!("{shoppers}/stats"))).await.unwrap().json();
    assert_eq!(counts["failed"], 0, "{counts}");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn the_hands_work_from_the_command_line() {
    let (folder, world) = world(0.0).await;
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(PROGRAM);
        let out = command.args(arguments).arg("--folder").arg(folder.path()).output().await.unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, out, _) = run(&["break", "checkout", "--side", "source"]).await;
    assert!(code == Some(0) && out.contains("checkout"), "{out}");
    let faults = world.hands().faults(Side::Source).await.unwrap();
    assert_eq!(faults["faults"], json!([Fault::Checkout.as_str()]));
    assert_eq!(run(&["fix", "checkout", "--side", "source"]).await.0, Some(0));
    assert_eq!(run(&["break", "lag"]).await.0, Some(0));
    assert_eq!(world.hands().replication().await.unwrap()["held_back_ms"], 60_000);
    let (code, _, why) = run(&["break", "nothing-like-that"]).await;
    assert!(code == Some(2) && why.contains("no fault is named") && why.contains("checkout"), "{why}");
    world.stop().await.unwrap();
    assert_eq!(run(&["break", "queue"]).await.0, Some(1), "a world that is gone has no map");
}

#[tokio::test]
async fn a_world_whose_owner_is_killed_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = tokio::process::Command::new(PROGRAM)
        .args(["world", "--rate", "0", "--with-parent", "--folder"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let map =
        until(async || Ok(serde_json::to_value(Map::read(folder.path())?)?), |map| map.is_object()).await;
    let shops: Vec<u64> = ["source", "target"].map(|side| map[side]["pid"].as_u64().unwrap()).to_vec();
    assert!(shops.iter().all(|pid| alive(*pid)));
    owner.kill().await.unwrap();
    until(async || Ok(json!(shops.iter().any(|pid| alive(*pid)))), |any| *any == json!(false)).await;
}

/// Whether a process runs; one that ended and waits for its parent does not.
fn alive(pid: u64) -> bool {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}
