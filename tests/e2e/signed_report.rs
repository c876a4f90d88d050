//! What stays after the night can be checked by whoever has the file and knows the collector's key: nobody is asked,
//! a changed name is found and its line is told, and what another collector signed is refused.

use std::fs;
use std::path::{Path, PathBuf};

use tidelock_tests::{Answer, Cli, World, WorldOptions};

/// Nobody's agents are needed for a report: people decide in it.
fn world() -> World {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let _ = world.operator.run(&["hold", "--reason", "look at checkout first"]).good();
    world
}

fn filed(cli: &Cli, folder: &Path, form: &str, more: &[&str]) -> PathBuf {
    let file = folder.join(format!("report.{form}"));
    let path = file.display().to_string();
    let _ = cli.run(&[&["report", "-o", form, "--out", &path], more].concat()).good();
    file
}

fn verify(cli: &Cli, file: &Path, more: &[&str]) -> Answer {
    cli.run(&[&["report", "--verify", &file.display().to_string()], more].concat())
}

/// The lines of the file that somebody changed, and where.
fn alter(file: &Path, from: &str, to: &str) -> (PathBuf, usize) {
    let text = fs::read_to_string(file).expect("it was written");
    let line = 1 + text.lines().position(|line| line.contains(from)).expect("it says so");
    let altered = file.with_extension("altered");
    fs::write(&altered, text.replacen(from, to, 1)).expect("it can be written");
    (altered, line)
}

#[test]
fn a_filed_report_is_checked_without_its_collector_and_a_changed_name_is_found() {
    let mut world = world();
    let folder = world.folder.path().to_owned();
    let forms = ["md", "html", "json", "ndjson"];
    let files: Vec<_> = forms.iter().map(|form| filed(&world.operator, &folder, form, &[])).collect();
    let part = folder.join("part");
    fs::create_dir(&part).expect("a folder can be made");
    let part = filed(&world.operator, &part, "json", &["--from", "2020-01-01T00:00"]);
    let piped = folder.join("piped.md");
    fs::write(&piped, world.operator.run(&["report"]).good().out).expect("it can be written");
    let heads = world.collector_folder().join("pki/heads.json").display().to_string();
    world.kill_collector();

    for file in files.iter().chain([&part, &piped]) {
        let good = verify(&world.operator, file, &[]).good();
        assert!(good.out.contains("is what the collector signed of shop"), "{}", good.out);
        assert!(good.err.contains("the one that is remembered of https://"), "{}", good.err);
    }
    let told = verify(&world.operator, &part, &["-o", "json"]).good().json();
    assert_eq!(told["ok"], true);
    assert_eq!(told["migration"], "shop");
    assert_eq!(told["form"], "json");
    assert_eq!(told["part"]["from"], "2020-01-01T00:00");

    for (file, said) in files.iter().zip(["| Ana |", "<td>Ana</td>", "\"Ana\"", "\"Ana\""]) {
        let (altered, line) = alter(file, said, &said.replace("Ana", "Eve"));
        let found = verify(&world.operator, &altered, &[]);
        assert_eq!((found.code, found.out.as_str()), (1, ""), "{}", found.err);
        assert!(found.err.contains(&format!("line {line} differs")), "{}", found.err);
        assert!(found.err.contains("Eve") && found.err.contains("Ana"), "{}", found.err);
        // What was signed is still in it, and is the file as it was.
        let again = folder.join("again");
        let found = verify(&world.operator, &altered, &["--out", &again.display().to_string()]);
        assert_eq!(found.code, 1, "{}", found.err);
        assert_eq!(fs::read(&again).expect("it is printed anew"), fs::read(file).expect("it is there"));
    }
    let (altered, line) = alter(&files[0], "look at checkout first", "all is well");
    let error = verify(&world.operator, &altered, &["-o", "json"]).json()["error"].clone();
    assert_eq!(error["code"], "FAILED");
    assert_eq!(error["exit"], 1);
    assert_eq!(error["place"], format!("{}:{line}", altered.display()));

    // Who never spoke to this collector knows its key, or knows nothing.
    let home = folder.join("stranger");
    fs::create_dir(&home).expect("a folder can be made");
    let stranger = Cli { home, ..world.operator.clone() };
    let unknown = verify(&stranger, &files[0], &[]);
    assert_eq!((unknown.code, unknown.out.as_str()), (6, ""), "{}", unknown.err);
    assert!(
        unknown.err.contains("nobody here knows whose key") && unknown.err.contains("--key"),
        "{}",
        unknown.err
    );
    let _ = verify(&stranger, &files[0], &["--key", &heads]).good();
    let key = told["key"].as_str().expect("it is told");
    let _ = verify(&stranger, &files[0], &["--key", key]).good();
    let absent = verify(&stranger, &folder.join("nowhere.md"), &["--key", key]);
    assert_eq!(absent.code, 2, "{}", absent.err);
}

#[test]
fn a_report_of_another_collector_is_refused() {
    let (ours, theirs) = (world(), world());
    let _ = filed(&ours.operator, ours.folder.path(), "md", &[]);
    let foreign = filed(&theirs.operator, theirs.folder.path(), "md", &[]);
    let refused = verify(&ours.operator, &foreign, &[]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{}", refused.err);
    assert!(refused.err.contains("is signed by another key"), "{}", refused.err);
    let heads = ours.collector_folder().join("pki/heads.json").display().to_string();
    let refused = verify(&theirs.operator, &foreign, &["--key", &heads]);
    assert_eq!(refused.code, 1, "the key that is named counts alone: {}", refused.err);
    assert!(refused.err.contains("than the one that was named"), "{}", refused.err);
    let _ = verify(&theirs.operator, &foreign, &[]).good();
}

/// What could not be written is an error with its place, never a report that is cut and called written.
#[test]
fn a_report_that_does_not_fit_on_the_disk_is_an_error_that_names_the_file() {
    let world = world();
    for form in ["md", "json"] {
        let full = world.operator.run(&["report", "-o", form, "--out", "/dev/full"]);
        assert_ne!(full.code, 0, "{form}: {}{}", full.out, full.err);
        assert!(full.err.contains("write /dev/full"), "{form}: {}", full.err);
        assert!(!full.err.contains("the report is in"), "{form}: {}", full.err);
    }
    assert!(!Path::new("/dev/full").is_file(), "the device is still one");
}
