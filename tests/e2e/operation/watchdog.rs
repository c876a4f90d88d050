//! The watchdog's sign of life comes from the loop that does the work: when that stands still there is none, however
//! well the rest of the process is. `/livez` rests on the same signs.

use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;
use tidelock_tests::{AgentHandle, Image, World, WorldOptions, eventually, free_address, get, now_ms};

use super::listener::listens;
use crate::own_disk;

/// What the processes are told to give a sign within; they give two. `/livez` waits ten times as long.
const WITHIN_MS: u64 = 1000;

/// What `/livez` says of a service that lives.
fn alive() -> Result<(u16, String), String> {
    Ok((200, "alive\n".to_owned()))
}

/// What stands in for systemd: it hears one process.
struct Systemd {
    folder: TempDir,
    signs: Arc<AtomicUsize>,
}

impl Systemd {
    fn new() -> Systemd {
        let (folder, signs) = (TempDir::new().expect("a folder"), Arc::new(AtomicUsize::new(0)));
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        let heard = signs.clone();
        // It ends with the test's process. Whoever does not listen all the time makes the process wait.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let told = String::from_utf8_lossy(&buffer[..length]);
                heard.fetch_add(told.matches("WATCHDOG=1").count(), Ordering::Relaxed);
            }
        });
        Systemd { folder, signs }
    }

    fn env(&self) -> Vec<(String, String)> {
        let socket = self.folder.path().join("notify").display().to_string();
        let within = (WITHIN_MS * 1000).to_string();
        vec![("NOTIFY_SOCKET".to_owned(), socket), ("WATCHDOG_USEC".to_owned(), within)]
    }

    fn signs(&self) -> usize {
        self.signs.load(Ordering::Relaxed)
    }

    /// Waits until signs come, again and again.
    fn hears_life(&self, what: &str) {
        let before = self.signs();
        eventually(&format!("signs of life come: {what}"), || {
            let signs = self.signs() - before;
            if signs >= 4 { Ok(()) } else { Err(format!("{signs} signs")) }
        });
    }

    /// Waits until none has come for so long that systemd would have ended the process thrice.
    fn hears_nothing(&self, what: &str) {
        let mut last = (self.signs(), now_ms());
        eventually(&format!("no sign of life comes: {what}"), || {
            let (signs, now) = (self.signs(), now_ms());
            if signs != last.0 {
                last = (signs, now);
            }
            let silent = now.saturating_sub(last.1);
            if silent >= 3 * WITHIN_MS { Ok(()) } else { Err(format!("silent for {silent} ms")) }
        });
    }
}

#[test]
fn a_collector_whose_driver_waits_for_its_disk_gives_no_sign_of_life_and_fails_livez_until_it_goes_on() {
    if !Image::possible() {
        return;
    }
    let (systemd, image) = (Systemd::new(), Image::new(own_disk::BYTES));
    let world = own_disk::world(&image, systemd.env());
    world.apply(&WorldOptions::default().plan);
    systemd.hears_life("the collector does its work");
    let ops = world.address("ops");
    assert_eq!(get(&ops, "/livez"), alive());
    let still = image.stand_still();
    // Something to decide, which must be durable before anything else is done.
    let mut hold = world.operator.command(&["hold", "--reason", "a test"]);
    let mut hold = hold.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tidelock starts");
    systemd.hears_nothing("the driver waits for its disk");
    eventually("/livez names the driver", || match get(&ops, "/livez")? {
        (503, why) if why.starts_with("the driver has stood still for ") => Ok(()),
        (status, body) => Err(format!("{status} {body}")),
    });
    drop(still);
    systemd.hears_life("the disk goes on, and so does the driver");
    assert_eq!(get(&ops, "/livez"), alive());
    let _ = hold.wait();
    eventually("the order was carried out", || {
        let told = world.operator.run(&["events", "--type", "hold"]);
        if told.out.contains("a test") { Ok(()) } else { Err(told.out + &told.err) }
    });
}

#[test]
fn an_agent_that_stands_still_gives_no_sign_of_life_and_no_livez_until_it_goes_on() {
    let systemd = Systemd::new();
    let world = World::start(&WorldOptions { agents: 0, ..WorldOptions::default() });
    let (name, folder) = ("source-1".to_owned(), world.enrol("source", "source-1"));
    let ops = free_address();
    listens(&folder, &ops);
    let mut agent = AgentHandle { side: "source", name, folder, process: None, env: systemd.env() };
    agent.start();
    systemd.hears_life("the agent does its work");
    assert_eq!(get(&ops, "/livez"), alive());
    // It looks at its authority every few seconds. A file whose content never comes makes it wait there, in the one
    // thread that it has.
    let file = |name: &str| agent.folder.join(name);
    let (ca, pipe, link) = (file("ca.pem"), file("pipe"), file("link"));
    let pem = fs::read(&ca).expect("its authority");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    fs::hard_link(&pipe, &link).and_then(|()| fs::rename(&link, &ca)).expect("it takes the place");
    systemd.hears_nothing("the agent waits for a file");
    // Its one thread answers nobody, and a probe takes silence as it takes a 503.
    let address = ops.clone();
    let asked = thread::spawn(move || get(&address, "/livez"));
    systemd.hears_nothing("the agent waits still");
    assert!(!asked.is_finished(), "{:?}", asked.join());
    // The file is put back first: what opens it from now on does not wait.
    fs::write(&link, &pem).and_then(|()| fs::rename(&link, &ca)).expect("it is put back");
    drop(File::options().write(true).open(&pipe).expect("the agent waits for a writer"));
    systemd.hears_life("the agent goes on");
    assert_eq!(get(&ops, "/livez"), alive());
    let log = agent.process.as_ref().expect("it runs").log();
    assert!(!log.contains("panicked"), "{log}");
}
