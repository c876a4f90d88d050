//! The word to systemd, SIGHUP, and the units.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tidelock_tests::{World, WorldOptions, eventually, eventually_for};

/// What was told to systemd so far, a state a line.
fn told(socket: &UnixDatagram) -> String {
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    while let Ok(length) = socket.recv(&mut buffer) {
        all.push_str(&String::from_utf8_lossy(&buffer[..length]));
        all.push('\n');
    }
    all
}

#[test]
fn systemd_hears_ready_life_reload_and_the_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_nonblocking(true).expect("a socket that does not wait");
    let env = vec![
        ("NOTIFY_SOCKET".to_owned(), path.display().to_string()),
        ("WATCHDOG_USEC".to_owned(), "1000000".to_owned()),
    ];
    let mut world = World::start(&WorldOptions { agents: 0, env: env.clone(), ..WorldOptions::default() });
    let mut all = String::new();
    let mut until = |what: &str, fits: &dyn Fn(&str) -> bool| {
        eventually_for(Duration::from_secs(60), what, || {
            all.push_str(&told(&socket));
            if fits(&all) { Ok(()) } else { Err(all.clone()) }
        });
        all.clear();
    };
    until("the collector is ready and lives", &|all| {
        all.contains("READY=1") && all.matches("WATCHDOG=1").count() >= 3
    });
    let collector = world.collector.as_ref().expect("it runs");
    collector.signal(Signal::HUP);
    until("it tells that it reads anew, and that it is done", &|all| {
        let at = |word: &str| all.find(word);
        all.contains("MONOTONIC_USEC=")
            && at("RELOADING=1").is_some_and(|from| all[from..].contains("READY=1"))
    });
    assert!(world.collector.as_mut().expect("it runs").terminate(Duration::from_secs(60)).success());
    until("it tells its end", &|all| all.contains("STOPPING=1"));
    world.start_collector();
    until("it is ready again", &|all| all.contains("READY=1"));
    let mut pid = world.join("source", "source-1").process.take().expect("it runs");
    // The collector gives signs of life, too: this is the agent's own word.
    until("the agent is ready", &|all| all.contains("STATUS=runs checks"));
    assert!(pid.terminate(Duration::from_secs(60)).success());
}

#[test]
fn sighup_takes_grants_secrets_and_the_logs_level_and_keeps_what_is_good() {
    let world = World::start(&WorldOptions { agents: 0, ..WorldOptions::default() });
    let (dir, viewer) = (world.collector_folder(), world.access("vera", "viewer"));
    let _ = viewer.run(&["status"]).good();
    let hang_up = |done: &str| {
        let before = world.collector.as_ref().expect("it runs").log().matches(done).count();
        world.collector.as_ref().expect("it runs").signal(Signal::HUP);
        eventually(done, || {
            let log = world.collector.as_ref().expect("it runs").log();
            if log.matches(done).count() > before { Ok(()) } else { Err(log) }
        });
    };
    let access = dir.join("access.toml");
    let good = std::fs::read_to_string(&access).expect("it is there");
    // Somebody takes the viewer out by hand.
    let without: String =
        (good.split_inclusive("[[grant]]").filter(|part| !part.contains("\"vera\""))).collect::<String>();
    let without = without.trim_end().trim_end_matches("[[grant]]").to_owned();
    std::fs::write(&access, &without).expect("it can be written");
    let _ = viewer.run(&["status"]).good();
    hang_up("the configuration was read anew");
    assert_eq!(viewer.run(&["status"]).code, 4, "the grant is gone");
    eventually("the journal says who lost it", || {
        let told = world.operator.run(&["events", "--type", "access"]).good().out;
        let wanted = "the access of vera as viewer is taken back";
        if told.contains(wanted) && told.contains("by hand") { Ok(()) } else { Err(told) }
    });
    // A slip of the pen locks nobody out.
    std::fs::write(&access, "[[grant").expect("it can be written");
    hang_up("the grants of before stay");
    let _ = world.operator.run(&["status"]).good();
    std::fs::write(&access, &good).expect("it can be written");
    let config = dir.join("collector.toml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    std::fs::write(&config, text.replace("session_idle_secs = 30", "session_idle_secs = 31"))
        .expect("written");
    hang_up("agents.session_idle_secs has changed: restart the collector to take it");
    let _ = viewer.run(&["status"]).good();
    std::fs::write(&config, "no = [").expect("it can be written");
    hang_up("the configuration was not read anew");
    let _ = viewer.run(&["status"]).good();
}

#[test]
fn the_units_are_shut_tight() {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project").join("deploy/systemd");
    for name in ["tidelock-agent.service", "tidelock-collector.service"] {
        let unit = units.join(name);
        let text = std::fs::read_to_string(&unit).expect("the unit is there");
        for line in [
            "Type=notify",
            "WatchdogSec=30s",
            "DynamicUser=yes",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "CapabilityBoundingSet=",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "Restart=always",
        ] {
            assert!(text.lines().any(|is| is == line), "{name} does not say {line}");
        }
        let judged = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=15", "--no-pager"])
            .arg(&unit)
            .output();
        match judged {
            Ok(judged) => {
                let said = String::from_utf8_lossy(&judged.stdout).into_owned();
                assert!(judged.status.success(), "{name}: exposure above 1.5\n{said}");
            }
            // A system without systemd: the lines above are what is left to look at.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
        }
    }
}
