//! The collector's disk is full while real agents are at work: what they find stays in their spools, none of it is
//! acked, and once there is room each finding arrives, once.

use std::fs;
use std::time::Duration;

use tidelock_tests::{Image, World, WorldOptions, eventually, eventually_for, free_address, get};

use crate::{journaled, own_disk};

/// An agent that tells its numbers; gives where.
fn join(world: &mut World, side: &'static str, name: &str) -> String {
    let (folder, address) = (world.enrol(side, name), free_address());
    let config = folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, format!("ops = \"{address}\"\n{text}")).expect("written");
    world.adopt(side, name, folder);
    address
}

/// One of an agent's numbers.
fn number(address: &str, name: &str) -> Result<u64, String> {
    let (_, told) = get(address, "/metrics")?;
    let line = told.lines().find(|line| line.starts_with(&format!("{name}{{")));
    let value = line.and_then(|line| line.rsplit(' ').next()).and_then(|value| value.parse::<f64>().ok());
    value.map(|value| value as u64).ok_or(format!("no {name} in {told}"))
}

/// How many findings wait in the spool of each agent.
fn waiting(agents: &[String; 2]) -> Result<[u64; 2], String> {
    let of = |agent: &String| number(agent, "tidelock_agent_spool_waiting");
    Ok([of(&agents[0])?, of(&agents[1])?])
}

/// Waits until `/readyz` of the collector has this status, and gives its words.
fn until_ready(world: &World, status: u16) -> String {
    let ops = world.address("ops");
    eventually(&format!("the collector is ready: {status}"), || {
        let (now, said) = get(&ops, "/readyz")?;
        if now == status { Ok(said) } else { Err(said) }
    })
}

#[test]
fn while_the_disk_is_full_agents_keep_what_they_find_and_then_each_finding_arrives_once() {
    if !Image::possible() {
        return;
    }
    let image = Image::new(own_disk::BYTES);
    let (mut world, data) = (own_disk::world(&image, Vec::new()), own_disk::data(&image));
    world.apply(&WorldOptions::default().plan);
    let agents = [join(&mut world, "source", "source-1"), join(&mut world, "target", "target-1")];
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    let in_journal = || ["source-1", "target-1"].map(|agent| journaled::numbers(&data, agent));

    let filler = image.fill();
    let said = until_ready(&world, 503);
    // It may have looked while the disk still became full.
    assert!(said.contains("MiB left and needs 4 MiB; make room on it"), "{said}");
    // What was on its way has been acked by the time that two findings wait.
    let mut kept = eventually("findings wait in both spools", || {
        let waiting = waiting(&agents)?;
        if waiting.iter().all(|count| *count >= 2) { Ok(waiting) } else { Err(format!("{waiting:?}")) }
    });
    let before = in_journal();
    let enough = kept.map(|count| count + 6);
    eventually_for(Duration::from_secs(60), "the spools take six more", || {
        let now = waiting(&agents)?;
        assert!(now.iter().zip(&kept).all(|(now, kept)| now >= kept), "acked: {kept:?}, then {now:?}");
        kept = now;
        let all = now.iter().zip(&enough).all(|(now, enough)| now >= enough);
        if all { Ok(()) } else { Err(format!("{now:?}")) }
    });
    assert_eq!(in_journal(), before, "a full disk took findings");
    let gate = world.operator.run(&["gate", "check", "ready", "-o", "json"]).json();
    assert_eq!(gate["open"], false, "{gate}");
    assert!(gate["holds"].to_string().contains("the journal's disk has"), "{gate}");
    for agent in &agents {
        assert_eq!(number(agent, "tidelock_agent_findings_dropped_total"), Ok(0));
    }

    fs::remove_file(filler).expect("it is ours");
    until_ready(&world, 200);
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    for (now, before) in in_journal().iter().zip(&before) {
        assert!(now.len() >= before.len() + 8 && now.starts_with(before), "{before:?}, and then {now:?}");
    }
    journaled::each_finding_is_there_once(&mut world, &data);
}
