//! What was pushed comes back as it was, and a file is there whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use tidelock_tests::{Answer, Cli, World, target_folder};

const NOBODYS: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn pull(cli: &Cli, what: &str, file: &Path, more: &[&str]) -> Answer {
    let file = text(file);
    cli.run(&[&["plugin", "pull", what, "--out", file.as_str()][..], more].concat())
}

/// Pushes a file, and gives what a plan pins it by.
fn push(world: &World, file: &Path) -> String {
    let pushed = world.operator.run(&["plugin", "push", &text(file)]).good();
    pushed.out.trim().strip_prefix("plugin: ").expect("it prints the pin").to_owned()
}

/// A file of so many bytes that begin as a component does, and are no pattern.
fn noise(file: &Path, size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(next).take(size).collect();
    bytes[..8].copy_from_slice(b"\0asm\x0d\0\x01\0");
    fs::write(file, &bytes).expect("written");
    bytes
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A component of this release, signed with a new key.
fn signed(world: &World, at: &Path) -> PathBuf {
    let file = at.join("login.wasm");
    let built = target_folder().with_file_name("plugins").join("login.wasm");
    fs::copy(&built, &file).expect("make plugins has built it");
    let key = text(&at.join("team.key"));
    let _ = world.operator.run(&["plugin", "keygen", &key]).good();
    let _ = world.operator.run(&["plugin", "sign", &text(&file), "--key", &key]).good();
    file
}

#[test]
fn what_was_pushed_is_pulled_byte_for_byte_with_its_signature() {
    let world = World::collector_alone();
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    // Of several messages, and the last one not full.
    let plain = at.join("plain.wasm");
    let bytes = noise(&plain, (3 << 18) + 12_345);
    let pin = push(&world, &plain);
    let (file, person) = (at.join("again.wasm"), world.access("olga", "person"));
    let pulled = pull(&person, &pin, &file, &[]).good();
    assert_eq!(pulled.out.trim(), format!("plugin: {pin}"));
    assert!(pulled.err.contains("nobody has signed it"), "{}", pulled.err);
    assert!(fs::read(&file).expect("it is there") == bytes, "other bytes came back");
    assert!(!at.join("again.wasm.sig").exists());

    let login = signed(&world, at);
    let pin = push(&world, &login);
    let said = world.operator.run(&["plugin", "verify", &text(&login), "-o", "json"]).good().json();
    let word = |key: &str| said[key].as_str().expect("a text").to_owned();
    let named = format!("{}@{}", word("name"), word("version"));
    let signature = fs::read(at.join("login.wasm.sig")).expect("it is signed");
    for (number, what) in [pin.as_str(), &named].into_iter().enumerate() {
        let file = at.join(format!("pulled-{number}.wasm"));
        let told = pull(&world.operator, what, &file, &["-o", "json"]).good().json();
        assert_eq!(told["schema"], "tidelock.plugin-pull/v1", "{told}");
        assert_eq!(format!("sha256:{}", told["sha256"].as_str().unwrap_or_default()), pin);
        assert_eq!(told["signed"][0]["key"].as_str(), said["key"].as_str(), "{told}");
        assert!(fs::read(&file).expect("it is there") == fs::read(&login).expect("it is there"), "{what}");
        let beside = fs::read(at.join(format!("pulled-{number}.wasm.sig"))).expect("it is there");
        assert!(beside == signature, "{what}: another signature came back");
        let verified = world.operator.run(&["plugin", "verify", &text(&file)]).good();
        assert!(verified.out.contains("signed by ed25519:"), "{}", verified.out);
    }

    // A second team vouches for it, too: both come back, and each is enough.
    let key = text(&at.join("other.key"));
    let _ = world.operator.run(&["plugin", "keygen", &key]).good();
    let _ = world.operator.run(&["plugin", "sign", &text(&login), "--key", &key]).good();
    let _ = push(&world, &login);
    let both = at.join("both.wasm");
    let _ = pull(&world.operator, &named, &both, &[]).good();
    for key in ["team.key.pub", "other.key.pub"] {
        let key = text(&at.join(key));
        let verified = world.operator.run(&["plugin", "verify", &text(&both), "--key", &key]).good();
        assert!(verified.out.contains("and as "), "{}", verified.out);
    }
}

#[test]
fn what_is_not_there_or_in_the_way_leaves_every_file_as_it_was() {
    let world = World::collector_alone();
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    let plain = at.join("plain.wasm");
    let bytes = noise(&plain, 300_000);
    let pin = push(&world, &plain);
    let file = at.join("x.wasm");
    let refused = |what: &str, code: i32, word: &str| {
        let answer = pull(&world.operator, what, &file, &[]);
        assert!(
            answer.code == code && answer.err.contains(word),
            "{what} (exit {}): {}",
            answer.code,
            answer.err
        );
    };
    refused(NOBODYS, 2, "is not here");
    refused("stock@9.9.9", 2, "no component here is signed as stock 9.9.9");
    refused("stock", 2, "neither sha256: with 64 digits nor NAME@VERSION");
    let error = pull(&world.operator, NOBODYS, &file, &["-o", "json"]).json()["error"].clone();
    assert_eq!((&error["code"], &error["exit"]), (&"NOT_FOUND".into(), &2.into()), "{error}");
    for role in ["viewer", "pipeline"] {
        let answer = pull(&world.access(role, role), &pin, &file, &[]);
        assert!(answer.code == 4 && answer.err.contains("may not do this"), "{}", answer.err);
    }
    let asks = world.operator.run(&["access", "refused"]).good().out;
    assert!(asks.contains("PullComponent"), "{asks}");
    // Nothing can be drafted, as on a disk that is full.
    fs::create_dir(at.join("x.wasm.new")).expect("a folder");
    refused(&pin, 1, "x.wasm");
    fs::remove_dir(at.join("x.wasm.new")).expect("it is empty");
    // What lies at the collector under this digest is another thing by now.
    let kept = world.collector_folder().join("data/components");
    let kept = kept.join(format!("{}.wasm", pin.trim_start_matches("sha256:")));
    fs::write(&kept, b"other").expect("it is there");
    refused(&pin, 1, "its log says why");
    assert_eq!(names(at), ["plain.wasm"], "something was left behind");

    fs::write(&kept, &bytes).expect("it is there");
    fs::write(&file, b"mine").expect("written");
    refused(&pin, 2, "is there already");
    assert_eq!(fs::read(&file).expect("it is there"), b"mine");
    let _ = pull(&world.operator, &pin, &file, &["--force"]).good();
    assert!(fs::read(&file).expect("it is there") == bytes, "it was not written over");
    assert_eq!(names(at), ["plain.wasm", "x.wasm"]);
}
