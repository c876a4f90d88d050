//! A plan that makes a gate easier to open takes two people, once the migration was ready: whoever proposed it
//! cannot let it pass alone.

use std::fs;

use tidelock_tests::{Cli, World};

fn revision(cli: &Cli) -> u64 {
    let shown = cli.run(&["plan", "show", "-o", "json"]).good().json();
    shown["plan"]["revision"].as_u64().unwrap_or_else(|| panic!("no revision in {shown}"))
}

pub(super) fn a_looser_plan_takes_another_person(world: &World) {
    let strict = fs::read_to_string(world.folder.path().join("plan.yaml")).expect("the plan of this world");
    assert!(strict.contains("in_a_row: 2"), "{strict}");
    let file = world.folder.path().join("looser.yaml");
    fs::write(&file, strict.replace("in_a_row: 2", "in_a_row: 1")).expect("written");
    let file = file.display().to_string();
    let (ana, bo) = (world.access("ana", "operator"), world.person("bo"));
    let before = revision(&ana);

    let diff = ana.run(&["plan", "diff", &file]).good();
    assert!(diff.out.contains("LOOSER"), "{}", diff.out);
    let without = ana.run(&["plan", "apply", &file, "--yes"]);
    assert!(without.code == 3 && without.err.contains("needs a reason"), "{}{}", without.out, without.err);
    let asked = ["plan", "apply", &file, "--yes", "--reason", "two were too strict"];
    let proposed = ana.run(&asked);
    assert_eq!(proposed.code, 3, "a proposal is not in force: {}{}", proposed.out, proposed.err);
    let name = proposed.out.split("proposed as ").nth(1).and_then(|rest| rest.split(',').next());
    let name = name.unwrap_or_else(|| panic!("nothing was proposed: {}", proposed.out)).to_owned();
    assert_eq!(revision(&ana), before, "a proposal is not in force");

    let confirm = |cli: &Cli, name: &str| {
        cli.run(&["plan", "apply", &file, "--confirm", name, "--reason", "I looked at it"])
    };
    let alone = confirm(&ana, &name);
    assert!(alone.code != 0 && alone.err.contains("another"), "{}{}", alone.out, alone.err);
    let wrong = confirm(&bo, "0123456789ab");
    assert_ne!(wrong.code, 0, "there is no such proposal: {}", wrong.out);
    assert_eq!(revision(&ana), before, "neither was enough");

    let second = confirm(&bo, &name).good();
    assert!(second.out.contains("LOOSER"), "the second person sees what gets looser: {}", second.out);
    assert_eq!(revision(&ana), before + 1);
    let events = ana.run(&["events"]).good().out;
    for word in ["by ana", "by bo", "two were too strict", "I looked at it"] {
        assert!(events.contains(word), "no {word:?} in {events}");
    }
    let again = confirm(&bo, &name);
    assert_eq!(revision(&ana), before + 1, "a proposal is confirmed once: {}{}", again.out, again.err);
}
