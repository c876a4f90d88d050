//! The authority of the API is replaced under agents that go on sending, as docs/OPERATING.md says: nobody is started
//! anew, no finding is lost, and an agent that was not told says what it wants and comes back once it has it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustix::process::Signal;
use tidelock_tests::{Cli, Process, World, WorldOptions, eventually};

use crate::journaled;

/// What an agent says when it takes what was put on its disk.
const TAKEN: &str = "certificate or authority was replaced on disk";
/// What the collector says when it has read everything anew.
const READ: &str = "the configuration was read anew";

/// Another authority: its certificate and its key, PEM.
fn authority() -> (String, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "the next API authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("it signs itself").pem(), key.serialize_pem())
}

fn put(path: PathBuf, content: &str) {
    fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Waits until a process has said this once more than it had when `act` began.
fn says(process: &Process, words: &str, act: impl FnOnce()) {
    let before = process.log().matches(words).count();
    act();
    eventually(words, || {
        let log = process.log();
        if log.matches(words).count() > before { Ok(()) } else { Err(log) }
    });
}

fn process<'a>(world: &'a World, name: &str) -> &'a Process {
    let agent = world.agents.iter().find(|agent| agent.name == name).expect("it joined");
    agent.process.as_ref().expect("it runs")
}

/// Puts authorities into an agent's folder, and waits until it has taken them.
fn tell(world: &World, name: &str, authorities: &str) {
    let agent = world.agents.iter().find(|agent| agent.name == name).expect("it joined");
    says(process(world, name), TAKEN, || put(agent.folder.join("ca.pem"), authorities));
}

/// Gives the collector other authorities, of which the first signs; then SIGHUP.
fn give_collector(world: &World, authorities: &str) {
    let collector = world.collector.as_ref().expect("it runs");
    put(world.collector_folder().join("pki/api-ca.pem"), authorities);
    says(collector, READ, || collector.signal(Signal::HUP));
    assert!(!collector.log().contains("of before stay"), "it was not taken: {}", collector.log());
}

/// Waits until exactly these agents are online.
fn online(world: &World, names: &[&str]) {
    eventually(&format!("online: {names:?}"), || {
        let status = world.status()?;
        let agents = status["agents"].as_array().cloned().unwrap_or_default();
        let on = agents.iter().filter(|agent| agent["state"] == "online");
        let on: BTreeSet<&str> = on.filter_map(|agent| agent["name"].as_str()).collect();
        let wanted: BTreeSet<&str> = names.iter().copied().collect();
        if on == wanted { Ok(()) } else { Err(status["agents"].to_string()) }
    });
}

/// A person with these authorities alone, and how an ask of theirs ends.
fn ask_with(world: &World, authorities: &str) -> (i32, String) {
    let ca = world.folder.path().join("somebodys-ca.pem");
    put(ca.clone(), authorities);
    let answer = Cli { ca, ..world.operator.clone() }.run(&["gate", "ls"]);
    (answer.code, answer.err)
}

#[test]
fn agents_live_through_another_authority_of_the_api_and_lose_no_finding() {
    let mut world = World::start(&WorldOptions::default());
    world.join("target", "target-2");
    let everybody = ["source-1", "target-1", "target-2"];
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    online(&world, &everybody);
    let pki = world.collector_folder().join("pki");
    let old = fs::read_to_string(pki.join("api-ca.pem")).expect("its authority");
    let (new, key) = authority();
    let both = format!("{new}{old}");

    // First the agents and the people; one agent is forgotten.
    tell(&world, "source-1", &both);
    tell(&world, "target-1", &both);
    put(world.operator.ca.clone(), &both);
    // Then the collector. Sessions that are open go on, also of the one that was forgotten.
    put(pki.join("api-ca.key"), &key);
    give_collector(&world, &both);
    assert_eq!(ask_with(&world, &new).0, 0, "new connections are shown the new certificate");
    let (code, said) = ask_with(&world, &old);
    assert!(code == 7 && said.contains("of another authority"), "exit {code}: {said}");
    online(&world, &everybody);
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();

    // Some day every session breaks, and whoever was told comes back.
    world.kill_collector();
    world.start_collector();
    online(&world, &["source-1", "target-1"]);
    let forgotten = world.agents.iter().find(|agent| agent.name == "target-2").expect("it joined");
    let its_ca = forgotten.folder.join("ca.pem").display().to_string();
    eventually("the one that was not told says what it wants", || {
        let log = process(&world, "target-2").log();
        let words = ["no session", its_ca.as_str(), "put that beside the old one into this file"];
        let said = |line: &str| words.iter().all(|word| line.contains(word));
        if log.lines().any(said) { Ok(()) } else { Err(log) }
    });
    // It has no session in which it would look at its files: it reads them for each new one.
    put(forgotten.folder.join("ca.pem"), &both);
    process(&world, "target-2").signal(Signal::HUP);
    online(&world, &everybody);

    // At last the old one goes, everywhere.
    give_collector(&world, &new);
    for name in everybody {
        tell(&world, name, &new);
    }
    put(world.operator.ca.clone(), &new);
    online(&world, &everybody);
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let begun = |name: &str| process(&world, name).log().matches(" begins ").count();
    for name in everybody {
        assert_eq!(begun(name), 1, "{name} was started anew");
    }
    let data = world.collector_folder().join("data");
    journaled::each_finding_is_there_once(&mut world, &data);
}
