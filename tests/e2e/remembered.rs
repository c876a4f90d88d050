//! A backup that is put back together with the collector's own memory of it: the collector cannot know,
//! but the agents and the command line do. The gates hold, the command line refuses, and a person lifts both.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tidelock_proto::head::Head;
use tidelock_tests::{Cli, World, WorldOptions, eventually};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a file can be copied")),
        }
    }
}

fn stop(world: &mut World) {
    let mut collector = world.collector.take().expect("it runs");
    assert!(collector.terminate(Duration::from_secs(60)).success(), "{}", collector.log());
}

/// A person who never spoke to this collector.
fn stranger(world: &World, name: &str) -> Cli {
    let home = world.folder.path().join(name);
    fs::create_dir_all(&home).expect("a folder can be made");
    Cli { home, ..world.operator.clone() }
}

/// What an agent remembers.
fn remembered(folder: &Path) -> Result<(PathBuf, u64), String> {
    let file = find(folder).ok_or("it remembers nothing yet")?;
    let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
    Ok((file, Head::from_text(&text).map_err(|error| error.to_string())?.decision()))
}

fn find(folder: &Path) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        if entry.path().is_dir() {
            if let Some(found) = find(&entry.path()) {
                return Some(found);
            }
        } else if entry.file_name() == "newest-head" {
            return Some(entry.path());
        }
    }
    None
}

/// Shuts and opens again by hand; the number of the last decision.
fn by_hand(cli: &Cli, why: &str) -> u64 {
    let _ = cli.run(&["hold", "--reason", why]).good();
    let released = cli.run(&["release", "--reason", why, "-o", "json"]).good().json();
    released["sequence"].as_u64().unwrap_or_else(|| panic!("no number in {released}"))
}

fn warnings(status: &Value) -> Vec<String> {
    let agents = status["agents"].as_array().cloned().unwrap_or_default();
    let of = |agent: &Value| agent["warnings"].as_array().cloned().unwrap_or_default();
    let all = agents.iter().flat_map(of).filter_map(|one| one.as_str().map(str::to_owned));
    all.filter(|warning| warning.contains("REFUSES")).collect()
}

fn hold_of(cli: &Cli) -> Option<String> {
    let gate = cli.run(&["gate", "check", "ready", "-o", "json"]).json();
    let holds = gate["holds"].as_array().cloned().unwrap_or_default();
    let by_hand = holds.into_iter().find(|hold| hold["code"] == "operator");
    by_hand.map(|hold| hold["reason"].as_str().unwrap_or_default().to_owned())
}

/// Flips the last digit of what an agent remembers, while it does not run.
fn flip_a_digit(file: &Path) {
    let mut bytes = fs::read(file).expect("it remembers a head");
    let last = bytes.len() - 1;
    bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
    fs::write(file, bytes).expect("the file can be written");
}

#[test]
fn an_agent_whose_remembered_head_is_damaged_holds_by_its_name_until_a_person_releases_it() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "120s"]).good();
    let folder = world.agents[0].folder.clone();
    let (file, _) = eventually("the agent remembers a head", || remembered(&folder));
    world.agents[0].kill9();
    assert_eq!(hold_of(&world.operator), None);
    flip_a_digit(&file);
    world.agents[0].start();
    let why = eventually("its head holds", || hold_of(&world.operator).ok_or("no hold".to_owned()));
    let name = &world.agents[0].name;
    let wanted = format!("agent source/{name}: the head that it remembers cannot be read");
    assert!(why.contains(&wanted), "{why}");
    let warned = |wanted: usize| {
        let warned = warnings(&world.operator.run(&["status", "-o", "json"]).json());
        if warned.len() == wanted { Ok(warned) } else { Err(format!("{warned:?}")) }
    };
    let told = eventually("the agent says what it is about", || warned(1)).remove(0);
    assert!(told.contains("is damaged") && told.contains("newest-head"), "{told}");

    let of = ["release", "--of", "collector", "--reason", "its disk was damaged, the journal is the newest"];
    let _ = world.operator.run(&of).good();
    assert_eq!(hold_of(&world.operator), None);
    // A person has looked at this damage: the same file holds nothing again.
    let log = |world: &World| world.agents[0].process.as_ref().expect("it runs").log();
    let began = log(&world).matches("session begun").count();
    world.agents[0].kill9();
    world.agents[0].start();
    eventually("it has another session", || {
        let log = log(&world);
        if log.matches("session begun").count() > began { Ok(()) } else { Err(log) }
    });
    assert_eq!(hold_of(&world.operator), None);
    fs::remove_file(&file).expect("it can be removed");
    eventually("nobody warns any more", || warned(0));
    eventually("it remembers the newest head", || remembered(&folder));
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "120s"]).good();
}

#[test]
fn a_backup_with_its_own_memory_is_known_by_agents_and_people() {
    let mut world = World::start(&WorldOptions::default());
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "120s"]).good();
    stop(&mut world);
    let (folder, backup) = (world.collector_folder(), world.folder.path().join("backup"));
    copy(&folder.join("data"), &backup.join("data"));
    fs::copy(folder.join("pki/heads.json"), backup.join("heads.json")).expect("the heads are remembered");
    world.start_collector();
    let last = (0..3).map(|round| by_hand(&world.operator, &format!("round {round}"))).max().unwrap_or(0);
    let folders: Vec<PathBuf> = world.agents.iter().map(|agent| agent.folder.clone()).collect();
    for agent in &folders {
        eventually("the agents remember the last decision", || {
            let (_, at) = remembered(agent)?;
            if at >= last { Ok(()) } else { Err(format!("{at}, not yet {last}")) }
        });
    }
    let _ = world.operator.run(&["status"]);
    let early = stranger(&world, "early");
    fs::copy(world.operator.home.join("heads.json"), early.home.join("heads.json")).expect("it remembers");
    let before = early.run(&["gate", "check", "ready"]);
    assert_ne!(before.code, 6, "the same course is no reason to refuse: {}", before.err);

    // Everything that the collector has is put back: the journal and the memory beside the keys.
    stop(&mut world);
    fs::remove_dir_all(folder.join("data")).expect("it can be removed");
    copy(&backup.join("data"), &folder.join("data"));
    fs::copy(backup.join("heads.json"), folder.join("pki/heads.json")).expect("they can be put back");
    world.start_collector();
    let asks: [&[&str]; 4] = [
        &["status", "-o", "json"],
        &["gate", "check", "ready"],
        &["gate", "wait", "ready", "--timeout", "60s"],
        &["why", "login"],
    ];
    for words in asks {
        let refused = world.operator.run(words);
        assert_eq!(refused.code, 6, "{words:?}: {}", refused.err);
        if words.contains(&"json") {
            assert_eq!(
                refused.json()["schema"],
                "tidelock.error/v1",
                "nothing else is said: {}",
                refused.out
            );
        } else {
            assert_eq!(refused.out, "", "{words:?}");
        }
        assert!(refused.err.contains("it is an older copy"), "{}", refused.err);
    }
    // Whoever never saw the later decisions sees what the others told.
    let new = stranger(&world, "new");
    let why = eventually("the gates hold", || hold_of(&new).ok_or("no hold".to_owned()));
    assert!(why.contains("remembers more than the journal has"), "{why}");
    let both = eventually("both agents warn", || {
        let warned = warnings(&new.run(&["status", "-o", "json"]).json());
        if warned.len() == 2 { Ok(warned) } else { Err(format!("{warned:?}")) }
    });
    assert!(both[0].contains("it is an older copy"), "{both:?}");
    // Shutting needs no leave.
    let held = world.operator.run(&["hold", "--reason", "what is this?"]).good();
    assert!(held.err.contains("it is an older copy"), "{}", held.err);

    // A person says that it is the right one.
    let _ = world.operator.run(&["journal", "accept"]).good();
    assert!(hold_of(&world.operator).is_some(), "only a release releases");
    // Each releases one hold: the operator's own, and then the collector's.
    let _ = world.operator.run(&["release", "--reason", "I have seen it"]).good();
    assert!(hold_of(&world.operator).is_some(), "the collector's hold stands by itself");
    let of = ["--of", "collector", "--reason", "the backup is all there is"];
    let _ = world.operator.run(&[&["release"][..], &of].concat()).good();
    for agent in &folders {
        let (file, _) = remembered(agent).expect("what was remembered stays");
        fs::remove_file(file).expect("it can be removed");
    }
    eventually("nobody warns any more", || {
        let warned = warnings(&world.operator.run(&["status", "-o", "json"]).json());
        if warned.is_empty() { Ok(()) } else { Err(format!("{warned:?}")) }
    });
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "120s"]).good();
    stop(&mut world);
    world.start_collector();
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "120s"]).good();
    assert_eq!(hold_of(&world.operator), None, "what was released holds again after a restart");

    // Whoever remembers the first course is not fooled by a longer one, and it holds nothing anew.
    while by_hand(&world.operator, "another course") <= last {}
    let forked = early.run(&["status"]);
    assert_eq!(forked.code, 6, "{}", forked.out);
    assert!(forked.err.contains("took another course"), "{}", forked.err);
    assert_eq!(hold_of(&world.operator), None);

    // Put back to a time before the migration was made, with nothing beside the keys: people alone remember it.
    let status = world.operator.run(&["status", "-o", "json"]).json();
    let migration = status["migration"].as_str().expect("it has a name").to_owned();
    stop(&mut world);
    fs::remove_dir_all(folder.join("data")).expect("it can be removed");
    fs::remove_file(folder.join("pki/heads.json")).expect("it can be removed");
    world.start_collector();
    let shop = ["-m", migration.as_str()];
    let refused = world.operator.run(&[&["gate", "check", "ready"][..], &shop].concat());
    assert_eq!((refused.code, refused.out.as_str()), (6, ""), "{}", refused.err);
    assert!(refused.err.contains("its journal is of a time before it"), "{}", refused.err);
    let unnamed = world.operator.run(&["status"]);
    assert_eq!(unnamed.code, 6, "a plan is not simply applied anew: {}", unnamed.err);
    let _ = world.operator.run(&[&["journal", "accept"][..], &shop].concat()).good();
    let believed = world.operator.run(&[&["status"][..], &shop].concat());
    assert!(believed.code != 6 && believed.err.contains("there is no migration"), "{}", believed.err);
}
