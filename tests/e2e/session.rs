//! The illusion "login works but the session does not": a naive probe stays green, the gate does not open.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tidelock_tests::{World, WorldOptions};

/// What most monitoring asks: does it answer 200?
fn naive_probe(url: &str) -> bool {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the shop is up");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n").expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer.starts_with("HTTP/1.1 200")
}

#[test]
fn a_lost_session_holds_the_gate_while_the_naive_probe_is_green() {
    let world = World::collector_alone();
    world.target.lose_sessions(true);
    world.apply(&WorldOptions::default().plan);
    let mut world = world;
    world.join("source", "source-1");
    world.join("target", "target-1");
    let hold = world.until_hold("ready", |hold| hold["state"] == "refuted", "the session is lost");
    assert!(naive_probe(&world.target.url), "the naive probe must be green for this to be an illusion");
    assert_eq!((hold["check"].as_str(), hold["side"].as_str()), (Some("login"), Some("target")), "{hold}");
    assert_eq!(world.operator.run(&["gate", "check", "ready"]).code, 3);
    let why = world.operator.run(&["why", "login"]).good();
    assert!(why.out.contains("target"), "{}", why.out);
}
