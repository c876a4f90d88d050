//! The proxy alone, without a runbook: writes that come while the door is shut wait, and go to the new shop.

use tidelock_tests::{Ops, Proxy, eventually};

use super::load::{Load, missing_of};
use super::rig::Shops;

#[test]
fn a_write_behind_a_shut_door_waits_and_nobody_is_turned_away() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let shops = Shops::open(folder);
    let proxy = Proxy::start(&Ops::proxy_folder(folder), shops.url("source"), shops.url("target"));
    let mut load = Load::start(&proxy.url, "customer");
    let ops = Ops::new(folder);
    let run = |words: &[&str]| ops.run(words).unwrap_or_else(|error| panic!("{words:?}: {error:#}"));
    let orders = |at_least: usize| {
        eventually("orders come", || {
            let orders = load.orders();
            if orders >= at_least { Ok(()) } else { Err(format!("{orders}")) }
        });
    };
    orders(10);
    run(&["reverse", "prepare"]);
    run(&["jobs", "off"]);
    run(&["fence", "on"]);
    let shut_at = load.orders();
    let reads = load.reads_of("source");
    eventually("reads go on", || {
        let now = load.reads_of("source");
        if now > reads + 20 { Ok(()) } else { Err(format!("{now}")) }
    });
    assert_eq!(load.orders(), shut_at, "nothing is written behind a shut door");
    run(&["open", "target"]);
    for weight in ["1", "50", "100"] {
        run(&["weight", weight]);
        run(&["traffic-is", weight]);
        orders(load.orders() + 10);
    }
    assert!(ops.run(&["traffic-is", "0"]).is_err(), "the proxy is really asked");
    assert!(load.reads_of("target") > 0, "reads go to the new shop");
    load.nobody_turned_away("the switch by hand");
    assert!(load.longest_write_ms() > 400, "somebody waited at the door");
    let acknowledged = load.end();
    let (old, new): (Vec<_>, Vec<_>) = acknowledged.into_iter().partition(|order| order.starts_with('S'));
    assert!(!old.is_empty() && !new.is_empty(), "{} old orders, {} new ones", old.len(), new.len());
    assert_eq!(missing_of(shops.url("source"), &old), Vec::<String>::new());
    assert_eq!(missing_of(shops.url("target"), &new), Vec::<String>::new());
    let ended = ops.log().iter().filter(|one| !one.begun).count();
    assert_eq!((ops.begun("weight 50"), ended), (1, 10), "what was carried out is counted: {:?}", ops.log());
}
