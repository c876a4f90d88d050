//! What the two kinds of children give up before they look at anything that a stranger wrote.
//!
//! A guest that breaks out of the engine is native code in such a child. It finds no descriptor of the
//! agent's, starts no program, reaches no file but those that it has need of, and can touch neither other
//! processes nor the machine.
//! Where the kernel does not allow a child to give something up, it says so and goes on: the engine is
//! the first wall, and people must know that the second one is not there.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use rustix::process::{getpid, set_dumpable_behavior, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};
use tidelock_model::mutated;

mod files;

pub(crate) use files::{Place, end_for, of_compiler, of_runner, replaced};

/// Descriptors that a runner may have open: connections and databases of its runs, and the engine's own.
const MAX_RUNNER_FILES: u64 = 1024;

/// Which child it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Child {
    /// It calls targets.
    Runner,
    /// It calls nobody.
    Compiler,
}

/// Closes everything that was inherited but the socket on standard input and the two standard outputs.
/// Must be the first thing that a child does: nothing of its own may be open yet.
pub(crate) fn close_inherited() -> Result<(), String> {
    if mutated("no-file-is-inherited") {
        return Ok(());
    }
    let entries = fs::read_dir("/proc/self/fd").map_err(|error| format!("read /proc/self/fd: {error}"))?;
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one of the listing is closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}

/// Gives up what the child has no need of, every place but these among it; gives what could not be given up, a
/// sentence each.
pub(crate) fn give_up(child: Child, places: &[Place]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut keep = |what: &str, done: Result<(), String>| {
        if let Err(why) = done {
            kept.push(format!("{what}: {why}"));
        }
    };
    let limit = |bound: u64| Rlimit { current: Some(bound), maximum: Some(bound) };
    keep("its end with the agent's", plain(set_parent_process_death_signal(Some(Signal::KILL))));
    keep("no image of its memory", plain(set_dumpable_behavior(DumpableBehavior::NotDumpable)));
    keep("no core file", plain(setrlimit(Resource::Core, limit(0))));
    keep("a bound on the places that it reaches", files::shut_in(places));
    if child == Child::Runner {
        keep("a bound on open files", plain(setrlimit(Resource::Nofile, limit(MAX_RUNNER_FILES))));
        files::note_resolver();
    }
    keep("the filter of system calls", filter(child));
    kept
}

fn plain(done: rustix::io::Result<()>) -> Result<(), String> {
    done.map_err(|error| error.to_string())
}

/// Lets the kernel refuse what no run needs. Threads that are started from here on have it too.
fn filter(child: Child) -> Result<(), String> {
    if mutated("system-calls-are-filtered") {
        return Ok(());
    }
    let refuse = |rules, errno: i32| -> Result<(), seccompiler::Error> {
        let errno = errno.unsigned_abs();
        let arch = TargetArch::try_from(std::env::consts::ARCH)?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), arch)?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter(&program)
    };
    let rules = rules(child).map_err(|error| error.to_string())?;
    refuse(rules, libc::EPERM).map_err(|error| error.to_string())?;
    // The library then starts threads in the way whose flags a filter can read.
    refuse(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS).map_err(|error| error.to_string())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn rules(child: Child) -> Result<Rules, seccompiler::Error> {
    let mut rules: Rules = NEVER.iter().chain(OLD).map(|call| (*call, Vec::new())).collect();
    let when = |at: u8, how: SeccompCmpOp, value: u64| {
        SeccompCondition::new(at, SeccompCmpArgLen::Dword, how, value).map_err(seccompiler::Error::from)
    };
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let process = SeccompRule::new(vec![when(0, SeccompCmpOp::MaskedEq(thread), 0)?])?;
    rules.insert(libc::SYS_clone, vec![process]);
    // It may end itself.
    let me = u64::from(getpid().as_raw_nonzero().get().unsigned_abs());
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![when(0, SeccompCmpOp::Ne, me)?])?]);
    let foreign = match child {
        Child::Compiler => Vec::new(),
        Child::Runner => {
            let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
            let other = |family: &libc::c_int| when(0, SeccompCmpOp::Ne, u64::from(family.unsigned_abs()));
            vec![SeccompRule::new(families.iter().map(other).collect::<Result<_, _>>()?)?]
        }
    };
    rules.insert(libc::SYS_socket, foreign);
    Ok(rules)
}

/// Programs, other processes, the machine, ways around names and limits.
const NEVER: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_prlimit64,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_mknodat,
    libc::SYS_symlinkat,
    libc::SYS_linkat,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_personality,
];

/// The same by their older names.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_mknod,
    libc::SYS_symlink,
    libc::SYS_link,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::io::{self, ErrorKind};
    use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    /// Names the folder of the test whose child this process is.
    const FOLDER: &str = "TIDELOCK_TEST_OF_A_RUNNER";

    /// A filter is a thread's own: what is tried here does not reach the test's other threads.
    fn tried<T: Send>(child: Child, what: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let under = scope.spawn(|| {
                filter(child).unwrap();
                what()
            });
            under.join().unwrap()
        })
    }

    #[test]
    fn a_runner_starts_no_program_and_reaches_no_process_but_calls_and_computes() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        // A name that nothing has: or a link that is there already would pass for one that is refused.
        let link = std::env::temp_dir().join(format!("tidelock-link-{}", std::process::id()));
        tried(Child::Runner, move || {
            assert!(Command::new("true").status().is_err(), "it started a program");
            let linked = std::os::unix::fs::symlink("/etc/passwd", &link);
            assert_eq!(linked.map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied), "it links");
            let parent = rustix::process::getppid().unwrap();
            assert!(rustix::process::test_kill_process(parent).is_err(), "it reaches another process");
            assert!(TcpStream::connect(address).is_ok(), "it cannot call");
            assert!(std::thread::spawn(|| 1).join().is_ok(), "it has no threads");
        });
    }

    /// The child of the test below. It gives up what a runner does, and then tries what an escape would.
    #[test]
    fn runner_that_was_escaped_from() {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
        let (key, cache, shop) = (folder.join("agent.key"), folder.join("cache"), folder.join("shop"));
        assert_eq!(fs::read_to_string(&key).unwrap(), "the agent's key", "its user may read it");
        let places = of_runner(&cache, &BTreeSet::from([shop.clone()]));
        let kept = give_up(Child::Runner, &places);
        assert_eq!(kept, Vec::<String>::new(), "this kernel does not confine a runner");
        let refused = |what: &str, done: io::Result<()>| {
            assert_eq!(done.map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied), "{what}");
        };
        let write = |path: PathBuf| File::options().write(true).open(path).map(drop);
        refused("it reads the key", File::open(&key).map(drop));
        refused("it writes the key", write(key.clone()));
        refused("it removes the key", fs::remove_file(&key));
        refused("it looks around", fs::read_dir(&folder).map(drop));
        let agent = rustix::process::getppid().unwrap().as_raw_nonzero();
        for file in ["mem", "environ", "maps"] {
            refused(file, File::open(format!("/proc/{agent}/{file}")).map(drop));
        }
        refused("it writes beside its cache", File::create(folder.join("beside")).map(drop));
        refused("it makes compiled code", File::create(cache.join("two.cwasm")).map(drop));
        refused("it changes compiled code", write(cache.join("one.cwasm")));
        let thread = std::thread::spawn(move || File::open(key).map(drop));
        refused("a thread of it reads the key", thread.join().unwrap());
        // What its runs have need of.
        assert_eq!(fs::read_to_string(cache.join("one.cwasm")).unwrap(), "code");
        assert!(("localhost", 80).to_socket_addrs().is_ok(), "it finds no name");
        fs::write(shop.join("shop.db-wal"), "rows").unwrap();
        fs::remove_file(shop.join("shop.db-wal")).unwrap();
        assert_eq!(replaced(), None);
    }

    #[test]
    fn a_runner_reaches_no_key_and_no_memory_of_its_agent_and_writes_nothing_beside_its_cache() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["cache", "shop"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("agent.key"), "the agent's key").unwrap();
        fs::write(dir.path().join("cache/one.cwasm"), "code").unwrap();
        let mut runner = Command::new(std::env::current_exe().unwrap());
        runner.args(["--exact", "confine::tests::runner_that_was_escaped_from", "--nocapture"]);
        let output = runner.env(FOLDER, dir.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn a_compiler_calls_nobody() {
        tried(Child::Compiler, || {
            assert!(UdpSocket::bind("127.0.0.1:0").is_err(), "it has a socket");
            assert!(fs::read("/proc/self/status").is_ok(), "it cannot read");
        });
    }
}
