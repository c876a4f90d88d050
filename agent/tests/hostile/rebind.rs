//! A name that is the shop when it is asked for, and something inside when it is asked for again.
//!
//! The runner asks the system's resolver. So its name server is one of our own, on a loopback address, in a mount
//! namespace where `/etc/resolv.conf` names it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidelock_hostile::{Server, corpus};
use tidelock_model::{Cause, Outcome};

use crate::load;
use crate::rig::{Rig, digest, target};

/// What the plan grants, and what it does not.
const SHOP: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A name server that says the shop once, and something inside from then on.
struct Names {
    address: Ipv4Addr,
    asked: Arc<AtomicU32>,
}

impl Names {
    fn start() -> Result<Names, String> {
        // A resolver asks at port 53 and at no other, so the address has to be this process's alone.
        let [.., high, low] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 53, high, low);
        let socket = UdpSocket::bind((address, 53)).map_err(|error| format!("listen on port 53: {error}"))?;
        let asked = Arc::new(AtomicU32::new(0));
        let names = Names { address, asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question) {
                if let Some(answer) = answer(&question[..length], &asked) {
                    // Whoever does not hear it asks again.
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Ok(names)
    }
}

/// The answer to a question for an IPv4 address; to any other question, that there is nothing.
fn answer(question: &[u8], asked: &AtomicU32) -> Option<Vec<u8>> {
    let mut at = 12;
    while *question.get(at)? != 0 {
        at += 1 + usize::from(question[at]);
    }
    let kind = question.get(at + 1..at + 3)?;
    let mut told = question.get(..at + 5)?.to_vec();
    // An answer to this one question, and so far nothing in it.
    told[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
    if kind == [0_u8, 1] {
        let address = if asked.fetch_add(1, Ordering::SeqCst) == 0 { SHOP } else { INSIDE };
        told[7] = 1;
        // The name that was asked for, an address of the internet, good for no time, of four bytes.
        told.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        told.extend(address.octets());
    }
    Some(told)
}

/// The agent, started where this name server is the machine's.
fn program(folder: &Path, names: &Names) -> Result<PathBuf, String> {
    let written = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let resolv = written("resolv.conf", format!("nameserver {}\n", names.address));
    let order = written("nsswitch.conf", "hosts: files dns\n".to_owned());
    let script = written(
        "agent.sh",
        format!(
            "#!/bin/sh\nexec unshare --mount --propagation private /bin/sh -c '\n\
             mount --bind \"$0\" /etc/resolv.conf || exit 1\n\
             [ ! -e /etc/nsswitch.conf ] || mount --bind \"$1\" /etc/nsswitch.conf || exit 1\n\
             shift\nexec \"$@\"' \"{}\" \"{}\" \"{}\" \"$@\"\n",
            resolv.display(),
            order.display(),
            env!("CARGO_BIN_EXE_tidelock-agent")
        ),
    );
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let tried = Command::new(&script).arg("--version").output().map_err(|error| error.to_string())?;
    match tried.status.success() {
        true => Ok(script),
        false => Err(format!("no mount namespace: {}", String::from_utf8_lossy(&tried.stderr).trim())),
    }
}

/// To mount, and to listen at a port below 1024.
const SYS_ADMIN: u32 = 21;
const NET_BIND_SERVICE: u32 = 10;

/// Whether the kernel lets this process do what the capability of this number stands for (`capabilities(7)`).
fn may(capability: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    u64::from_str_radix(bits, 16).unwrap() >> capability & 1 == 1
}

#[expect(clippy::print_stdout, reason = "says what this machine lets the test try")]
fn say(how: &str) {
    println!("rebinding: {how}");
}

#[tokio::test]
async fn a_name_that_moves_inside_between_two_calls_is_judged_each_time_and_called_as_it_was_judged() {
    let folder = tempfile::tempdir().unwrap();
    let names = Names::start();
    let possible = names.and_then(|names| Ok((program(folder.path(), &names)?, names)));
    let (program, names) = match possible {
        Ok(possible) => possible,
        // Whoever may do both must: then nothing is skipped.
        Err(why) => {
            assert!(!(may(SYS_ADMIN) && may(NET_BIND_SERVICE)), "the real resolver is not tried: {why}");
            say(&format!("not tried with the real resolver: {why}"));
            return;
        }
    };
    say("the runner asks a name server that changes its answer");
    let shop = Server::start(None).unwrap();
    let port = shop.address.port();
    let inside = Server::at(SocketAddr::from((INSIDE, port)), None).unwrap();
    let moved = target("moved", &format!("http://moved.test:{port}"), &["127.0.0.1"]);
    let rig = Rig::with(&program, folder.path(), &shop, moved).await;
    let hostile = corpus().unwrap().into_iter().find(|one| one.name == "a-name-that-moves-inside").unwrap();
    let path = hostile.write(folder.path()).unwrap();
    let component = digest(&path);
    load(&rig, &path, component).await.unwrap();

    let result = rig.run(component, 0).await;
    assert_eq!((result.outcome, result.cause), (Outcome::NotRun, Some(Cause::Denied)), "{}", result.detail);
    assert!(result.detail.contains("127.0.0.2 is a loopback address"), "{}", result.detail);
    assert_eq!(shop.connections(), 1, "the first call goes to the address that was judged");
    assert_eq!(inside.connections(), 0, "somebody was called whom nobody granted");
    let asked = names.asked.load(Ordering::SeqCst);
    assert_eq!(asked, 2, "each call asks once: nothing comes between the judgment and the connection");
    rig.is_well("after a name has moved").await;
}
