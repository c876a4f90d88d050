//! A plugin asks the agent's own ops listener and the collector, at the very addresses where they listen: by a name
//! that the plan grants and that turns out to be this machine, and by a redirect of a target that is granted.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tidelock_hostile::Server;
use tidelock_tests::{World, WorldOptions, eventually_for, free_address, get};

use super::{findings, guest};

/// Whose address each check is after.
const AFTER: [&str; 3] = ["ops", "api", "agents"];

/// For each address two checks on the target: one calls it under the name `localhost`, granted as a private network;
/// the other one follows a redirect of a granted target to it.
fn plan(pin: &str, addresses: [(&str, &str, &str); 3]) -> String {
    let (mut targets, mut scenarios) = (String::new(), String::new());
    for (name, address, lure) in addresses {
        let port = address.rsplit(':').next().expect("an address has a port");
        targets += &format!(
            "{name}: {{ url: \"http://localhost:{port}\", addresses: [10.0.0.0/8] }}, \
             {name}-lure: {{ url: \"http://{lure}\", methods: [GET], paths: [\"/\"], addresses: [127.0.0.1/32] }}, "
        );
        for (check, with) in [
            (format!("{name}-called"), format!("target: {name}, path: /livez")),
            (format!("{name}-lured"), format!("target: {name}-lure, path: /away, follow: true")),
        ] {
            scenarios += &format!(
                "  {check}: {{ level: minor, if_broken: Nothing, {pin}, run_on: target, every: 2s, timeout: 1s, \
                 with: {{ act: http, {with} }}, claims: {{ passes: {{ in_a_row: 1 }} }} }}\n"
            );
        }
    }
    (WorldOptions::default().plan)
        .replace("gates:\n", &format!("{scenarios}gates:\n"))
        .replace("{ shop: { url: \"{target}\"", &format!("{{ {targets}shop: {{ url: \"{{target}}\""))
}

/// The newest finding of a check of which this is true.
fn until_found(world: &World, check: &str, fits: impl Fn(&Value) -> bool) {
    eventually_for(Duration::from_secs(60), &format!("what becomes of {check}"), || {
        let found = findings(world, check);
        match found.iter().any(&fits) {
            true => Ok(()),
            false => Err(format!("{found:?}")),
        }
    });
}

#[test]
fn a_plugin_reaches_neither_its_agents_own_port_nor_the_collector_by_a_granted_name_or_a_redirect() {
    let mut world = World::collector_alone();
    let (ops, api, agents) = (free_address(), world.address("api"), world.address("agents"));
    let lures = [&ops, &api, &agents].map(|address| {
        let address = address.parse().expect("an address");
        Server::start(Some(address)).expect("a port is free")
    });
    let [to_ops, to_api, to_agents] = lures.each_ref().map(|lure| lure.address.to_string());
    let addresses = [("ops", &ops, &to_ops), ("api", &api, &to_api), ("agents", &agents, &to_agents)];
    let addresses = addresses.map(|(name, address, lure)| (name, address.as_str(), lure.as_str()));
    world.apply(&plan(&guest(&world), addresses));
    let folder = world.enrol("target", "target-1");
    let config = folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, format!("ops = \"{ops}\"\n{text}")).expect("written");
    world.adopt("target", "target-1", folder);

    for name in AFTER {
        until_found(&world, &format!("{name}-called"), |one| {
            assert_ne!(one["outcome"], "pass", "it was answered: {one}");
            one["cause"] == "denied" && one.to_string().contains("is a loopback address")
        });
        until_found(&world, &format!("{name}-lured"), |one| {
            one["refused_calls"].to_string().contains("leaves the target")
        });
    }
    // Each of them listens: whoever is not kept from it gets there.
    assert_eq!(get(&ops, "/livez"), Ok((200, "alive\n".to_owned())));
    for address in [&api, &agents] {
        assert!(std::net::TcpStream::connect(address).is_ok(), "{address} takes connections");
    }
    assert!(lures.iter().all(|lure| lure.connections() > 0), "a redirect was never asked for");
}
