//! A real reverse proxy in front of two shops: Debian's HAProxy, turned by its runtime socket.
//!
//! Reads follow weights. Writes go to one shop, through a door: while it is shut they wait inside the proxy and
//! are let through when it opens, to whichever shop takes writes then. So nobody who writes is turned away.
//!
//! The door is a few lines of Lua over a map, for a frontend with `maxconn 0`, which would do the same, makes
//! HAProxy 2.6 spin once it is raised again.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::wait::eventually;

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/sbin/haproxy";
/// How often another port is tried when somebody was quicker.
const TRIES: usize = 5;
/// A runtime command that is not answered by then never is.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a write waits at the door before it is turned away: longer than any fence of the tests.
const DOOR_MS: u32 = 240_000;

/// A running HAProxy; it ends with this value, and with the test's process.
#[derive(Debug)]
pub struct Proxy {
    /// Where customers come in.
    pub url: String,
    child: Child,
    log: PathBuf,
}

impl Proxy {
    /// Starts it before two shops; the source has all traffic. Its files lie in `folder`.
    ///
    /// # Panics
    /// When HAProxy is not installed or does not come up.
    pub fn start(folder: &Path, source: &str, target: &str) -> Proxy {
        assert!(Path::new(PROGRAM).is_file(), "{PROGRAM} is missing: run `make setup`");
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(folder.join("door.map"), "writes open\n").expect("a map can be written");
        fs::write(folder.join("door.lua"), door(folder)).expect("a script can be written");
        (0..TRIES)
            .find_map(|_| Proxy::try_start(folder, source, target))
            .unwrap_or_else(|| panic!("HAProxy does not come up: {}", read(&folder.join("haproxy.log"))))
    }

    fn try_start(folder: &Path, source: &str, target: &str) -> Option<Proxy> {
        // HAProxy cannot say which port it was given: one that was free a moment ago is tried.
        let free = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = free.local_addr().expect("a listener has an address");
        drop(free);
        let config = folder.join("haproxy.cfg");
        let text = config_of(folder, &address.to_string(), plain(source), plain(target));
        fs::write(&config, text).expect("a configuration can be written");
        let log = folder.join("haproxy.log");
        let out = File::options().create(true).append(true).open(&log).expect("a log file can be made");
        let errors = out.try_clone().expect("a file handle can be copied");
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", PROGRAM, "-db", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .expect("setpriv of util-linux starts");
        let up = eventually("HAProxy listens, or ends", || {
            if child.try_wait().expect("a child can be waited for").is_some() {
                return Ok(false);
            }
            TcpStream::connect(address).map(|_| true).map_err(|error| error.to_string())
        });
        up.then(|| Proxy { url: format!("http://{address}"), child, log })
    }
}

#[expect(clippy::print_stderr, reason = "a failing test shows what its processes said")]
impl Drop for Proxy {
    fn drop(&mut self) {
        // Best effort: the test has its result already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- haproxy ---\n{}", read(&self.log));
        }
    }
}

/// The hands on a running HAProxy, by its runtime socket.
#[derive(Debug, Clone)]
pub struct Runtime {
    folder: PathBuf,
}

impl Runtime {
    /// Of the HAProxy whose files lie in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Runtime {
        Runtime { folder: folder.into() }
    }

    /// Sends so many percent of the reads to the target.
    ///
    /// # Errors
    /// What HAProxy says.
    pub fn reads(&self, target: u32) -> anyhow::Result<()> {
        ensure!(target <= 100, "{target} % is no share: 0 to 100");
        let mut shares = [("target", target), ("source", 100 - target)];
        // The larger share first: between the two commands somebody must be there to be asked.
        shares.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
        shares
            .iter()
            .try_for_each(|(side, share)| self.ask(&format!("set server reads/{side} weight {share}")))
    }

    /// How many percent of the reads the target gets.
    ///
    /// # Errors
    /// What HAProxy says.
    pub fn share(&self) -> anyhow::Result<u32> {
        let said = self.say("get weight reads/target")?;
        let share = said.split_whitespace().next().and_then(|word| word.parse().ok());
        share.with_context(|| format!("no weight: {}", said.trim()))
    }

    /// Sends every write to one side.
    ///
    /// # Errors
    /// What HAProxy says.
    pub fn writes(&self, side: &str) -> anyhow::Result<()> {
        let other = match side {
            "source" => "target",
            "target" => "source",
            _ => anyhow::bail!("no side is named {side:?}"),
        };
        self.ask(&format!("set server writes/{side} weight 100"))?;
        self.ask(&format!("set server writes/{other} weight 0"))
    }

    /// Opens or shuts the door for writes.
    ///
    /// # Errors
    /// What HAProxy says.
    pub fn door(&self, open: bool) -> anyhow::Result<()> {
        let word = if open { "open" } else { "shut" };
        self.ask(&format!("set map {} writes {word}", self.folder.join("door.map").display()))
    }

    /// Writes that are past the door and not answered yet.
    ///
    /// # Errors
    /// What HAProxy says.
    pub fn writes_under_way(&self) -> anyhow::Result<u64> {
        // Of the proxy `writes`, backends alone.
        let table = self.say("show stat writes 2 -1")?;
        let mut lines = table.lines();
        let names = lines.next().context("a table has a first line")?.trim_start_matches("# ");
        let at = names.split(',').position(|name| name == "scur").context("no column scur")?;
        let row = lines.find(|line| line.starts_with("writes,")).context("no backend writes")?;
        Ok(row.split(',').nth(at).context("a short row")?.parse()?)
    }

    /// A command that is answered with nothing where it worked.
    fn ask(&self, command: &str) -> anyhow::Result<()> {
        let said = self.say(command)?;
        ensure!(said.trim().is_empty(), "{command}: {}", said.trim());
        Ok(())
    }

    fn say(&self, command: &str) -> anyhow::Result<String> {
        let path = self.folder.join("haproxy.sock");
        let mut socket = UnixStream::connect(&path).with_context(|| format!("connect {}", path.display()))?;
        socket.set_read_timeout(Some(ANSWER))?;
        writeln!(socket, "{command}")?;
        socket.shutdown(Shutdown::Write)?;
        let mut said = String::new();
        socket.read_to_string(&mut said).with_context(|| format!("no answer to {command:?}"))?;
        Ok(said)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn plain(url: &str) -> &str {
    url.trim_start_matches("http://")
}

fn door(folder: &Path) -> String {
    let map = folder.join("door.map");
    format!(
        r#"local door
core.register_init(function() door = Map.new("{map}", Map._str) end)
core.register_action("at_the_door", {{ "http-req" }}, function(txn)
    local waited = 0
    while door:lookup("writes") ~= "open" do
        if waited >= {DOOR_MS} then
            txn:set_var("txn.late", true)
            return
        end
        core.msleep(10)
        waited = waited + 10
    end
end)
"#,
        map = map.display()
    )
}

/// One thread: nothing runs between a look at the door and the choice of a shop.
fn config_of(folder: &Path, listen: &str, source: &str, target: &str) -> String {
    let folder = folder.display();
    format!(
        r#"global
    nbthread 1
    maxconn 2000
    lua-load {folder}/door.lua
    stats socket {folder}/haproxy.sock mode 600 level admin
    stats timeout 1m
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
frontend public
    bind {listen}
    acl writes method POST PUT PATCH DELETE
    http-request lua.at_the_door if writes
    http-request deny deny_status 503 if writes {{ var(txn.late) -m bool }}
    use_backend writes if writes
    default_backend reads
backend reads
    server source {source} weight 100
    server target {target} weight 0
backend writes
    server source {source} weight 100
    server target {target} weight 0
"#
    )
}
