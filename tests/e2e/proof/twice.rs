//! One identity used twice, and batches that are sent again: each result is counted once.

use std::fs;
use std::path::Path;

use tidelock_tests::{World, eventually_for};

use super::{PATIENT, nothing_twice, slots, until_gate, world};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    // The agent takes no folder that others may enter.
    let own = fs::metadata(from).expect("a folder is there").permissions();
    fs::set_permissions(to, own).expect("a folder of ours takes permissions");
    for entry in fs::read_dir(from).expect("a folder can be read").flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a file can be copied");
        }
    }
}

/// The newest slot that was evidence.
fn newest(world: &World) -> u64 {
    let good = slots(world, "home").into_iter().rev().find(|slot| slot["void"].is_null());
    good.and_then(|slot| slot["slot"].as_u64()).unwrap_or(0)
}

#[test]
fn an_identity_used_twice_is_believed_in_neither_place_and_what_is_sent_again_counts_once() {
    let mut world = world();
    until_gate(&world, 0, "the gate opens");

    // Killed again and again between a batch and its ack: it sends again what it does not know to be kept.
    for _ in 0..4 {
        world.agents[1].kill9();
        world.agents[1].start();
        let before = newest(&world);
        eventually_for(PATIENT, "another slot is evidence", || {
            let now = newest(&world);
            if now > before { Ok(()) } else { Err(format!("slot {now}")) }
        });
    }
    nothing_twice(&world, "home", [1, 1]);
    until_gate(&world, 0, "the gate is open again");

    // A copy of the agent's folder, key and spool and all, on another machine.
    world.agents[1].kill9();
    let (folder, twin) = (world.agents[1].folder.clone(), world.folder.path().join("agent-twin"));
    copy(&folder, &twin);
    // Its owner goes on, and uses numbers that the copy will take for its own.
    let before = newest(&world);
    world.agents[1].start();
    eventually_for(PATIENT, "the agent is back", || {
        let now = newest(&world);
        if now >= before + 2 { Ok(()) } else { Err(format!("slot {now}")) }
    });
    world.agents[1].kill9();
    let config = twin.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let (own, its) = (folder.display().to_string(), twin.display().to_string());
    fs::write(&config, text.replace(&own, &its)).expect("the configuration can be written");
    let _ = world.adopt("target", "twin", twin);
    // The copy speaks alone. Its next numbers are taken: it must see that, and begin anew.
    let before = newest(&world);
    eventually_for(PATIENT, "the copy gives its old numbers up", || {
        let log = world.agents[2].process.as_ref().expect("it was started").log();
        if log.contains("it is an old copy") { Ok(()) } else { Err(log) }
    });
    eventually_for(PATIENT, "what the copy sees counts under numbers of its own", || {
        let now = newest(&world);
        if now >= before + 3 { Ok(()) } else { Err(format!("slot {now}")) }
    });
    nothing_twice(&world, "home", [1, 1]);

    // The first one comes back beside it: nobody can know which of the two is the agent.
    world.agents[1].start();
    eventually_for(PATIENT, "neither is believed, and the gate is held by name", || {
        let shown = world.status()?["next_gate"]["holds"].to_string();
        let told = shown.contains("two live sessions of one identity") && shown.contains("target-1");
        if told { Ok(()) } else { Err(shown) }
    });
    let status = world.operator.run(&["agent", "ls"]).good();
    assert!(status.out.contains("suspended"), "{}", status.out);
    nothing_twice(&world, "home", [1, 1]);
}
