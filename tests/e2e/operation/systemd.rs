//! The word to systemd, SIGHUP, and the units.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tidelock_tests::{Process, World, WorldOptions, eventually, eventually_for};

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

/// Sends SIGHUP, and waits until the log says so once more.
fn hang_up(process: &Process, done: &str) {
    let before = process.log().matches(done).count();
    process.signal(Signal::HUP);
    eventually(done, || {
        let log = process.log();
        if log.matches(done).count() > before { Ok(()) } else { Err(log) }
    });
}

/// A chat that takes every message: where it listens, and the path of each message that came.
fn chat() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let (told, paths) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up in the middle of a message comes again with it.
            let Ok(path) = take(stream) else { continue };
            if told.send(path).is_err() {
                return;
            }
        }
    });
    (address, paths)
}

/// Takes one message; gives its path.
fn take(stream: TcpStream) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0_usize);
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0_u8; length])?;
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")?;
    Ok(path)
}

/// Variables without a level of the log, so that the one of the configuration counts.
fn by_the_file() -> Vec<(String, String)> {
    vec![("RUST_LOG".to_owned(), String::new())]
}

#[test]
fn sighup_takes_another_secret_without_a_restart() {
    let (address, paths) = chat();
    let notify = "notify:\n  - { slack: \"secret:chat\" }\n";
    let plan = WorldOptions::default().plan + notify;
    let world = World::start(&WorldOptions { agents: 0, plan, ..WorldOptions::default() });
    let (collector, dir) = (world.collector.as_ref().expect("it runs"), world.collector_folder());
    for name in ["one", "two"] {
        // The address is the secret.
        std::fs::write(dir.join(name), format!("http://{address}/{name}\n")).expect("it can be written");
    }
    let config = dir.join("collector.toml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    eventually("status tells that there is no such secret", || {
        let told = world.operator.run(&["status"]).out;
        if told.contains("the collector has no secret chat") { Ok(()) } else { Err(told) }
    });
    for name in ["one", "two"] {
        let secret = format!("{text}\n[secrets.chat]\nfile = \"{name}\"\n");
        std::fs::write(&config, secret).expect("it can be written");
        hang_up(collector, "the configuration was read anew");
        // Something to tell, whatever was told already.
        for order in ["hold", "release"] {
            let _ = world.operator.run(&[order, "--reason", name]).good();
        }
        let path = format!("/{name}");
        let mut came: Vec<String> = Vec::new();
        eventually(&format!("messages come to {path}"), || {
            came.extend(paths.try_iter());
            if came.contains(&path) { Ok(()) } else { Err(format!("{came:?}")) }
        });
    }
}

#[test]
fn sighup_takes_the_logs_level_and_keeps_it_when_the_next_is_none() {
    let world = World::start(&WorldOptions { agents: 0, env: by_the_file(), ..WorldOptions::default() });
    let (collector, api) = (world.collector.as_ref().expect("it runs"), world.address("api"));
    let config = world.collector_folder().join("collector.toml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    let level = |level: &str, text: &str| {
        let text = format!("{text}\n[log]\nlevel = \"{level}\"\n");
        std::fs::write(&config, text).expect("it can be written");
    };
    let count = |words: &str| collector.log().matches(words).count();
    assert_eq!(count(" DEBUG "), 0, "{}", collector.log());
    level("debug", &text);
    let done = "the configuration was read anew";
    hang_up(collector, done);
    eventually("what is seldom of use is told", || {
        // Whoever connects and says nothing is no news to anybody else.
        drop(TcpStream::connect(&api));
        if count(" DEBUG ") > 0 { Ok(()) } else { Err(collector.log()) }
    });
    // What is no news is silent now; a key that needs a restart is a warning.
    level("warn", &text.replace("session_idle_secs = 30", "session_idle_secs = 31"));
    let before = count(done);
    let warning = "agents.session_idle_secs has changed: restart the collector to take it";
    for _ in 0..2 {
        hang_up(collector, warning);
    }
    assert_eq!(count(done), before, "{}", collector.log());
    level("tidelock_collector=loud", &text.replace("session_idle_secs = 30", "session_idle_secs = 31"));
    hang_up(collector, "the configuration was not read anew");
    level("debugg", &text);
    hang_up(
        collector,
        "log.level: \"debugg\" is no level; it is one of off, error, warn, info, debug, trace",
    );
    assert_eq!(count(done), before, "{}", collector.log());
    // It still tells what it told before.
    level("info", &text);
    hang_up(collector, done);
}

#[test]
fn sighup_takes_an_agents_plugins_and_the_logs_level_and_keeps_what_is_good() {
    let mut world = World::start(&WorldOptions { agents: 0, env: by_the_file(), ..WorldOptions::default() });
    world.join("source", "source-1");
    let agent = world.agents.last().expect("it joined");
    let (config, agent) = (agent.folder.join("agent.toml"), agent.process.as_ref().expect("it runs"));
    let screen = |unsigned: bool| {
        eventually(&format!("status tells of unsigned components: {unsigned}"), || {
            let told = world.operator.run(&["status"]).out;
            if told.contains("UNSIGNED") == unsigned { Ok(()) } else { Err(told) }
        });
    };
    screen(true);
    assert!(!agent.log().contains(" DEBUG "), "{}", agent.log());
    let text = std::fs::read_to_string(&config).expect("it is there");
    let strict = text.replace("allow_unsigned = true", "trusted_keys = []");
    assert_ne!(strict, text);
    std::fs::write(&config, format!("{strict}\n[log]\nlevel = \"debug\"\n")).expect("it can be written");
    hang_up(agent, "plugins_changed=true");
    screen(false);
    eventually("what is seldom of use is told", || {
        let log = agent.log();
        if log.contains(" DEBUG ") { Ok(()) } else { Err(log) }
    });
    // A slip of the pen, and a level that is none: neither lets in what was shut out.
    let [loud, typo] =
        ["tidelock_agent=loud", "debugg"].map(|level| format!("{text}\n[log]\nlevel = \"{level}\"\n"));
    for wrong in ["no = [", &loud, &typo] {
        std::fs::write(&config, wrong).expect("it can be written");
        hang_up(agent, "the configuration was not read anew");
    }
    assert_eq!(agent.log().matches("plugins_changed=true").count(), 1, "{}", agent.log());
    // Without `[log]` it is as loud as at first.
    std::fs::write(&config, &text).expect("it can be written");
    hang_up(agent, "plugins_changed=true");
    screen(true);
}

#[test]
fn sighup_takes_grants_and_keeps_what_is_good() {
    let world = World::start(&WorldOptions { agents: 0, ..WorldOptions::default() });
    let (dir, viewer) = (world.collector_folder(), world.access("vera", "viewer"));
    let _ = viewer.run(&["status"]).good();
    let hang_up = |done: &str| hang_up(world.collector.as_ref().expect("it runs"), done);
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
            .output()
            .expect("systemd-analyze is there: make setup");
        let said = [judged.stdout, judged.stderr].concat();
        assert!(
            judged.status.success(),
            "{name}: exposure above 1.5, or nothing was judged\n{}",
            String::from_utf8_lossy(&said)
        );
    }
}
