//! The places that a child may still reach, by Landlock.
//!
//! The filter of system calls cannot tell one file from another, and the agent's key belongs to the very user that
//! the child runs as. So the child names the places that it has need of, and the kernel refuses it all others for
//! good: files, the memory of other processes below `/proc`, and the abstract sockets of others.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, LandlockStatus, RestrictionStatus, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};
use tidelock_model::mutated;

/// Libraries that are loaded when a name is looked up for the first time, and what the C library asks of the machine.
const SYSTEM: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/urandom",
    "/sys/devices/system/cpu",
];
/// What the system's resolver reads.
const RESOLVER: &[&str] =
    &["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"];
/// Before this one, of Linux 6.2, a file out of reach can still be cut off by its name.
const CUTS_TOO: ABI = ABI::V3;

/// Files of the resolver that this child could not read from its beginning on.
static SHUT: OnceLock<Vec<&'static str>> = OnceLock::new();

/// What may be done in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Files are read, folders are listed.
    Read,
    /// A file that is there is written.
    Write,
    /// Files are read, written, made and removed.
    Change,
}

impl May {
    fn rights(self) -> BitFlags<AccessFs> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let write = AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
        match self {
            May::Read => read,
            May::Write => AccessFs::WriteFile.into(),
            May::Change => read | write,
        }
    }
}

/// A file, or a folder with all that lies in it.
pub(crate) type Place = (PathBuf, May);

/// What a runner has need of: compiled code, names, and the folders of the databases that its runs are granted.
pub(crate) fn of_runner(cache: &Path, granted: &BTreeSet<PathBuf>) -> Vec<Place> {
    let read = SYSTEM.iter().chain(RESOLVER).map(PathBuf::from);
    let read = read.chain(RESOLVER.iter().filter_map(|file| linked_to(file))).chain([cache.to_path_buf()]);
    let mut places: Vec<Place> = read.map(|path| (path, May::Read)).collect();
    places.push((PathBuf::from("/dev/null"), May::Write));
    // Who only reads a database writes beside it, too: what its readers share lies there.
    places.extend(granted.iter().map(|folder| (folder.clone(), May::Change)));
    places
}

/// What a compiler has need of: one component, and the file that its code goes into.
pub(crate) fn of_compiler(wasm: &Path, output: &Path) -> Vec<Place> {
    vec![(wasm.to_path_buf(), May::Read), (output.to_path_buf(), May::Write)]
}

/// The folder below `/run` that a name of the resolver leads to. Whoever keeps it puts a new file in the place of the
/// old one whenever the network changes.
fn linked_to(file: &str) -> Option<PathBuf> {
    let folder = fs::canonicalize(file).ok()?.parent()?.to_path_buf();
    (folder.starts_with("/run") && folder != Path::new("/run")).then_some(folder)
}

/// Refuses this thread, and all that it starts, every place but these.
pub(super) fn shut_in(places: &[Place]) -> Result<(), String> {
    if mutated("a-child-is-shut-in") {
        return Ok(());
    }
    let status = enforce(places).map_err(|error| error.to_string())?;
    match status.landlock {
        LandlockStatus::NotImplemented | LandlockStatus::NotEnabled => {
            Err("this kernel has no Landlock, or it is not switched on".to_owned())
        }
        LandlockStatus::Available { effective_abi, .. } if effective_abi < CUTS_TOO => {
            Err("this kernel is older than 6.2 and lets it cut off other files, though not read them"
                .to_owned())
        }
        LandlockStatus::Available { .. } => Ok(()),
    }
}

/// As much of it as this kernel knows.
fn enforce(places: &[Place]) -> Result<RestrictionStatus, RulesetError> {
    let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V5))?;
    let mut rules = rules.scope(Scope::from_all(ABI::V6))?.create()?;
    for (path, may) in places {
        // A place that is not there is passed over.
        rules = rules.add_rules(path_beneath_rules([path], may.rights()))?;
    }
    rules.restrict_self()
}

/// Remembers which files of the resolver are out of reach, once the child is shut in.
pub(super) fn note_resolver() {
    // A child is shut in once.
    let _ = SHUT.set(shut(RESOLVER));
}

/// A file of the resolver that somebody has replaced since this child was shut in. The new one is out of its reach, and
/// what a name turns out to be without it may be another machine.
pub(crate) fn replaced() -> Option<&'static str> {
    newly_shut(RESOLVER, SHUT.get()?)
}

/// Ends this runner, because the next one reads what was replaced. The runs in it are not run.
pub(crate) fn end_for(file: &str) -> ! {
    // The agent has the log. Where it does not listen, it starts another one all the same.
    let _ =
        writeln!(io::stderr(), "{file} was replaced; this runner ends, and the next one reads the new file");
    std::process::exit(1)
}

fn newly_shut<'a>(files: &[&'a str], before: &[&str]) -> Option<&'a str> {
    shut(files).into_iter().find(|file| !before.contains(file))
}

fn shut<'a>(files: &[&'a str]) -> Vec<&'a str> {
    let is_shut =
        |file: &&str| File::open(file).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    files.iter().copied().filter(is_shut).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Landlock is a thread's own: what is tried here does not reach the test's other threads.
    #[test]
    fn a_compiler_reads_one_component_and_writes_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["one.wasm", "one.tmp", "two.wasm", "key"] {
            fs::write(at(name), name).unwrap();
        }
        let write = |name: &str| File::options().write(true).open(at(name)).map(drop);
        let refused = |done: io::Result<()>, what: &str| {
            assert_eq!(done.map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied), "{what}");
        };
        thread::scope(|scope| {
            let under = scope.spawn(|| {
                shut_in(&of_compiler(&at("one.wasm"), &at("one.tmp"))).unwrap();
                assert_eq!(fs::read_to_string(at("one.wasm")).unwrap(), "one.wasm");
                assert!(write("one.tmp").is_ok(), "it cannot write what it makes");
                refused(fs::read(at("two.wasm")).map(drop), "it reads another component");
                refused(fs::read(at("key")).map(drop), "it reads the key of the cache");
                refused(write("key"), "it writes the key of the cache");
                refused(File::create(at("new")).map(drop), "it makes files");
                refused(fs::remove_file(at("one.tmp")), "it removes files");
                refused(fs::read("/proc/self/environ").map(drop), "it reads below /proc");
            });
            under.join().unwrap();
        });
    }

    #[test]
    fn a_file_of_the_resolver_that_somebody_replaced_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let (hosts, new, never, none) = (at("hosts"), at("new"), at("never"), at("none"));
        for file in [&hosts, &new, &never] {
            fs::write(file, "127.0.0.1 localhost\n").unwrap();
        }
        let (tell, shut_in_now) = mpsc::channel();
        let (go, replaced_now) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let (hosts, never, none) = (hosts.as_str(), never.as_str(), none.as_str());
            let under = scope.spawn(move || {
                shut_in(&[(PathBuf::from(hosts), May::Read)]).unwrap();
                let files = [hosts, never, none];
                let before = shut(&files);
                assert_eq!(before, [never], "what could never be read, or is not there, is no news");
                assert_eq!(newly_shut(&files, &before), None);
                tell.send(()).unwrap();
                replaced_now.recv().unwrap();
                assert_eq!(newly_shut(&files, &before), Some(hosts));
            });
            if shut_in_now.recv().is_ok() {
                fs::rename(&new, hosts).unwrap();
                go.send(()).unwrap();
            }
            under.join().unwrap();
        });
    }
}
