//! A plugin author's day: a new folder, built as it is, signed, pushed, and run by agents that trust the
//! key and no other.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tidelock_tests::{World, WorldOptions, eventually_for, program};

const SCENARIO: &str = "  front: { level: minor, if_broken: Nothing, {pin}, run_on: target, every: 1s, timeout: 900ms, \
    with: { target: shop, path: /healthz, contains: ok }, claims: { passes: { in_a_row: 1 } } }\n";

fn tidelock(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("tidelock"));
    command.args(arguments).current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache"));
    command.output().expect("tidelock starts")
}

#[track_caller]
fn good(folder: &Path, arguments: &[&str]) -> String {
    let done = tidelock(folder, arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], word: &str) {
    let done = tidelock(folder, arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains(word), "{arguments:?}: {word:?} is not in {said}");
}

#[test]
fn a_new_check_is_built_signed_and_run_by_agents_that_trust_its_key() {
    let mut world = World::collector_alone();
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("plugins").join("sdk");
    good(at, &["plugin", "new", "front", "--sdk", &sdk.display().to_string()]);
    refused(at, &["plugin", "new", "front"], "is there already");
    // The same libraries are built for another test; what is built once serves both.
    let example = sdk.join("../../deploy/examples/plugin-20-lines/target");
    fs::create_dir_all(&example).expect("a folder");
    std::os::unix::fs::symlink(fs::canonicalize(&example).expect("it is there"), at.join("front/target"))
        .expect("linked");
    good(at, &["plugin", "build", "front", "--out", "front.wasm"]);
    good(at, &["plugin", "keygen", "team.key"]);
    refused(at, &["plugin", "keygen", "team.key"], "a key is not replaced");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(at.join("team.key")).expect("a key").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    good(at, &["plugin", "sign", "front.wasm", "--key", "team.key"]);
    let verified = good(at, &["plugin", "verify", "front.wasm", "--key", "team.key.pub"]);
    assert!(verified.contains("front 0.1.0, signed by ed25519:"), "{verified}");
    good(at, &["plugin", "keygen", "other.key"]);
    refused(at, &["plugin", "verify", "front.wasm", "--key", "other.key.pub"], "none of the given keys");
    // The signature of another file does not even leave this machine.
    fs::write(at.join("other.wasm"), b"other").expect("written");
    fs::copy(at.join("front.wasm.sig"), at.join("other.wasm.sig")).expect("copied");
    refused(at, &["plugin", "verify", "other.wasm"], "of another file, front 0.1.0");

    let file = at.join("front.wasm").display().to_string();
    let pushed = world.operator.run(&["plugin", "push", &file]).good();
    assert!(!pushed.err.contains("nobody has signed it"), "{}", pushed.err);
    let scenario = SCENARIO.replace("{pin}", pushed.out.trim());
    world.apply(&WorldOptions::default().plan.replace("gates:\n", &format!("{scenario}gates:\n")));
    let public = fs::read_to_string(at.join("team.key.pub")).expect("a public key");
    for (side, name, keys) in
        [("source", "source-1", "[]".to_owned()), ("target", "target-1", "[]".to_owned())]
    {
        let folder = world.enrol(side, name);
        let config = folder.join("agent.toml");
        let text = fs::read_to_string(&config).expect("a configuration");
        let strict = text.replace("allow_unsigned = true", &format!("trusted_keys = {keys}"));
        fs::write(&config, strict).expect("written");
        world.adopt(side, name, folder);
    }
    eventually_for(Duration::from_secs(60), "the check is refused and its key named", || {
        let why = world.operator.run(&["why", "front"]).out;
        if why.contains("unsigned") && why.contains(public.trim()) { Ok(()) } else { Err(why) }
    });
    let status = world.operator.run(&["status"]).out;
    assert!(!status.contains("UNSIGNED"), "{status}");

    let config = world.agents[1].folder.join("agent.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, text.replace("trusted_keys = []", &format!("trusted_keys = [{:?}]", public.trim())))
        .expect("written");
    world.agents[1].process = None;
    world.agents[1].start();
    eventually_for(Duration::from_secs(60), "the check passes", || {
        let shown = world.operator.run(&["check", "show", "front"]).out;
        if shown.contains("pass") { Ok(()) } else { Err(shown) }
    });
}

#[test]
fn an_agent_that_runs_unsigned_components_says_so_on_every_screen() {
    let world = World::start(&WorldOptions::default());
    eventually_for(Duration::from_secs(60), "status, gate and brief tell it", || {
        for words in [&["status"][..], &["gate", "check", "ready"], &["brief"]] {
            let said = world.operator.run(words).out;
            if !said.contains("UNSIGNED") {
                return Err(format!("{words:?}: {said}"));
            }
        }
        Ok(())
    });
}
