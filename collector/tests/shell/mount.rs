//! File systems of the test's own: one that is for reading alone, and one that is really full.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tidelock_collector::config::Config;
use tidelock_collector::journal::{Position, read_findings_offline};
use tidelock_collector::server;

use crate::degraded::{held, is_ready, ready};
use crate::gate::{pair, phase};
use crate::restart::journal;
use crate::support::{Collector, PLAN, until};

/// Room for two segments, the next two, a small ballast and the index.
const MIB: u64 = 160;

/// Whether the kernel lets this process do what the capability of this number stands for (`capabilities(7)`).
fn may(capability: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    u64::from_str_radix(bits, 16).unwrap() >> capability & 1 == 1
}

/// To mount file systems.
const SYS_ADMIN: u32 = 21;
/// To write where the mode of a folder forbids it.
const DAC_OVERRIDE: u32 = 1;

/// A file system in memory over the data folder, with what lay in it; gone in the end.
struct Mount(PathBuf);

fn run(program: &str, args: &[&str]) -> bool {
    let output = Command::new(program).args(args).output();
    output.is_ok_and(|output| output.status.success())
}

impl Mount {
    /// None where nobody lets this process mount: whoever may, must, and then nothing is skipped.
    fn over(collector: &Collector) -> Option<Mount> {
        let (data, kept) = (collector.path("data"), collector.path("kept"));
        // Its size is told anew, below.
        let _ = fs::remove_file(data.join("ballast"));
        let (dir, beside) = (data.to_str().unwrap(), kept.to_str().unwrap());
        assert!(run("cp", &["-a", dir, beside]));
        let size = format!("size={MIB}m");
        if !run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", dir]) {
            assert!(!may(SYS_ADMIN), "a file system in memory cannot be mounted over {dir}");
            return None;
        }
        let mount = Mount(data);
        assert!(run("cp", &["-a", &format!("{beside}/."), mount.dir()]));
        Some(mount)
    }

    fn dir(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn again_as(&self, how: &str) {
        assert!(run("mount", &["-o", &format!("remount,{how}"), self.dir()]), "remount,{how}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if !run("umount", &[self.dir()]) {
            // Somebody is still in it: it goes when they do.
            run("umount", &["-l", self.dir()]);
        }
    }
}

/// Less is kept aside than usual, as the file system is small.
fn small_ballast(collector: &Collector) {
    let path = collector.path("collector.toml");
    let text = fs::read_to_string(&path).unwrap();
    let known = |line: &&str| !line.starts_with("ballast_mib") && !line.starts_with("low_space_mib");
    let mut lines: Vec<&str> = text.lines().filter(known).collect();
    let keys = "ballast_mib = 4\nlow_space_mib = 4";
    match lines.iter().position(|line| line.trim() == "[journal]") {
        Some(at) => lines.insert(at + 1, keys),
        None => lines.extend(["[journal]", keys]),
    }
    fs::write(&path, lines.join("\n")).unwrap();
}

/// Every record of findings that is on the disk.
fn records(data: &Path) -> usize {
    read_findings_offline(data, Position::new(1)).unwrap().filter(Result::is_ok).count()
}

async fn refused(collector: &Collector) -> String {
    let config = Config::read(&collector.path("collector.toml")).unwrap();
    format!("{:#}", server::start(config).await.expect_err("it does not start"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_for_reading_alone_is_named_and_nothing_starts() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    collector.stop().await;
    match Mount::over(&collector) {
        Some(mount) => {
            mount.again_as("ro");
            let told = refused(&collector).await;
            assert!(told.contains("read-only; mount it for writing, or name another data_dir"), "{told}");
            assert!(told.contains(mount.dir()), "{told}");
            mount.again_as("rw");
            // Nothing was hurt by the look.
            small_ballast(&collector);
            collector.again().await;
            assert_eq!(collector.status().await.phase, "sync");
            collector.stop().await;
        }
        // Who may write anywhere cannot be kept out by a mode.
        None if may(DAC_OVERRIDE) => {}
        None => {
            let data = collector.path("data");
            fs::set_permissions(&data, fs::Permissions::from_mode(0o500)).unwrap();
            let told = refused(&collector).await;
            fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
            assert!(told.contains(data.to_str().unwrap()) && told.contains("ermission denied"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_system_that_is_really_full_holds_and_lets_go_by_itself() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let Some(mount) = Mount::over(&collector) else { return };
    small_ballast(&collector);
    collector.again().await;
    collector.apply(PLAN).await.unwrap();
    let agents = pair(&collector).await;
    phase(&collector, "ready").await;
    is_ready(&collector, true).await;

    let filler = mount.0.join("somebody-elses");
    assert!(
        !run("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=64k"]),
        "it was never full"
    );
    is_ready(&collector, false).await;
    let answer = ready(&collector).await;
    assert!(answer.contains("the journal's disk has 0 MiB left"), "{answer}");
    let full = "the collector cannot keep findings: the journal's disk has 0 MiB left";
    until("the gate says why", || async {
        held(&collector).await.iter().any(|reason| reason.starts_with(full)).then_some(())
    })
    .await;
    // The agents still send; nothing of it is taken, and nobody is told that it was.
    let kept = records(&mount.0);
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(records(&mount.0), kept, "a full disk took findings");
    }
    assert!(!ready(&collector).await.starts_with("HTTP/1.1 200"));
    drop(agents);

    fs::remove_file(&filler).unwrap();
    is_ready(&collector, true).await;
    until("the gate lets go", || async {
        (!held(&collector).await.iter().any(|reason| reason.starts_with(full))).then_some(())
    })
    .await;
    assert!(records(&mount.0) > kept, "it takes records again");
    collector.stop().await;
    assert!(journal("verify", &collector) && journal("replay", &collector));
}
