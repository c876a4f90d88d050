//! A collector whose journal lies on a file system of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tidelock_tests::{Image, World};

/// Room for two segments, the next two, a small ballast and the index.
pub(crate) const BYTES: u64 = 192 << 20;

/// Where its journal lies.
pub(crate) fn data(image: &Image) -> PathBuf {
    image.mount().join("data")
}

/// A collector without a plan, its journal on this file system, with less kept aside than usual.
pub(crate) fn world(image: &Image, env: Vec<(String, String)>) -> World {
    let mut world = World::collector_in(env);
    let mut collector = world.collector.take().expect("it runs");
    assert!(collector.terminate(Duration::from_secs(60)).success(), "{}", collector.log());
    let (before, data) = (world.collector_folder().join("data"), data(image));
    // It is as large as half of the file system, and made anew in the size that is named below.
    let _ = fs::remove_file(before.join("ballast"));
    let copied = Command::new("cp").arg("-a").args([&before, &data]).status().expect("cp starts");
    assert!(copied.success(), "{} cannot be copied", before.display());
    let path = world.collector_folder().join("collector.toml");
    let text = fs::read_to_string(&path).expect("a configuration");
    let moved = text.replace("data_dir = \"data\"", &format!("data_dir = {:?}", data.display().to_string()));
    assert_ne!(moved, text, "the configuration names no data folder");
    assert!(!moved.contains("[journal]"), "{moved}");
    let moved = format!("{moved}\n[journal]\nballast_mib = 4\nlow_space_mib = 4\n");
    fs::write(&path, moved).expect("the configuration can be written");
    world.start_collector();
    world
}
