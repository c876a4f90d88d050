//! What `docs/OPERATING.md` lets people type at the API by hand is answered, by a real client and by reflection alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use tidelock_tests::{World, WorldOptions};

use super::checked::checker;
use super::names::file;

/// The commands of the section, each in one line.
fn commands() -> Vec<String> {
    let page = file("docs/OPERATING.md").replace("\\\n", " ");
    let section = page.split_once("## By hand, over gRPC").expect("the section").1;
    let block = section.split_once("```sh\n").and_then(|(_, rest)| rest.split_once("```"));
    block.expect("a block").0.lines().map(str::to_owned).collect()
}

/// What a shell in the world's folder says to it; the client is the one of `make setup`.
fn typed(world: &World, line: &str) -> String {
    let programs = checker("buf").parent().expect("a folder").display().to_string();
    let output = Command::new("sh")
        .args(["-c", &line.replace("gate.example:7480", &world.address("api"))])
        .current_dir(world.folder.path())
        .env("PATH", format!("{programs}:/usr/bin:/bin"))
        .env("BUF_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("buf"))
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{line}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn what_the_page_types_at_the_api_by_hand_is_answered() {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    for (from, to) in [(&world.operator.ca, "ca.pem"), (&world.operator.token, "you.token")] {
        fs::copy(from, world.folder.path().join(to)).expect("it can be copied");
    }
    let lines = commands();
    let of = |client: &str| lines.iter().filter(|line| line.starts_with(client)).collect::<Vec<_>>();
    let (buf, grpcurl) = (of("buf curl "), of("grpcurl "));
    assert_eq!((buf.len(), grpcurl.len()), (2, 2), "{lines:?}");
    let methods = typed(&world, buf[0]);
    assert!(methods.lines().any(|line| line == "tidelock.v1.OrderService/Hold"), "{methods}");
    let gate = typed(&world, buf[1]).replace(' ', "");
    assert!(gate.contains("\"gate\":\"ready\"") && gate.contains("\"VERDICT_UNKNOWN\""), "{gate}");
    // The other client is in no registry of ours: it asks for what reflection lists, with the same words.
    let named: Vec<&str> = grpcurl.iter().filter_map(|line| line.rsplit_once(' ')).map(|it| it.1).collect();
    assert_eq!(named[0], "list", "{grpcurl:?}");
    assert!(methods.lines().any(|line| line == named[1]), "{named:?} is none of {methods}");
    assert!(buf[1].ends_with(&format!("/{}", named[1])), "{buf:?}");
}
