//! The team's own operations: what the runbook of the switch tests runs, each in a process of its own.
//!
//! Each writes down when it begins and ends, so that a test can count what was carried out and how often. A test
//! can make the next one of a name wait, and so kill whoever ordered it in the middle of it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::clock::now_ms;
use crate::process::program;
use crate::proxy::Runtime;

/// How often something is looked for.
const LOOK: Duration = Duration::from_millis(20);
/// How long writes that are under way may take to end behind a shut door.
const WRITES_END: Duration = Duration::from_secs(30);
/// How long a test may make an operation wait.
const STALL: Duration = Duration::from_secs(240);

/// One line of the log of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// It began; otherwise it ended well.
    pub begun: bool,
    /// Its words, such as `fence on`.
    pub words: String,
}

/// The operations on the rig in this folder.
#[derive(Debug, Clone)]
pub struct Ops {
    folder: PathBuf,
    proxy: Runtime,
}

impl Ops {
    /// Of the rig whose files lie in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Ops {
        let folder = folder.into();
        Ops { proxy: Runtime::new(Ops::proxy_folder(&folder)), folder }
    }

    /// Where the shops' files lie.
    pub fn shops_folder(folder: &Path) -> PathBuf {
        folder.join("harbour")
    }

    /// Where the proxy's files lie.
    pub fn proxy_folder(folder: &Path) -> PathBuf {
        folder.join("proxy")
    }

    /// The runtime socket of the proxy.
    pub fn proxy(&self) -> &Runtime {
        &self.proxy
    }

    /// Carries one operation out, and writes down that it began and ended.
    ///
    /// # Errors
    /// What went wrong. Nothing is written down as ended then.
    pub fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        fs::write(self.worker_file(), std::process::id().to_string())?;
        self.note("begun", words)?;
        self.stall(words)?;
        self.carry_out(words)?;
        self.note("ended", words)
    }

    /// Does by hand what an operation that was killed would have done; the log knows nothing of it.
    ///
    /// # Panics
    /// When it fails.
    pub fn by_hand(&self, words: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        self.carry_out(&words).unwrap_or_else(|error| panic!("{words:?}: {error:#}"));
    }

    /// Whether the operation that was begun last has a process still.
    ///
    /// # Panics
    /// When none was ever begun.
    pub fn works(&self) -> bool {
        let number = fs::read_to_string(self.worker_file()).expect("an operation was begun");
        let stat = fs::read_to_string(Path::new("/proc").join(number).join("stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    }

    fn worker_file(&self) -> PathBuf {
        self.folder.join("ops.worker")
    }

    fn carry_out(&self, words: &[&str]) -> anyhow::Result<()> {
        match words {
            // The feed back takes its position before anything is written on the target for customers.
            ["reverse", "prepare"] => self.keep_position(),
            ["reverse", "drop"] => Ok(fs::remove_file(self.position_file())?),
            ["jobs", "off"] => self.shops(&["no-jobs"]),
            ["jobs", side] => self.shops(&["jobs", side]),
            ["fence", "on"] => {
                self.proxy.door(false)?;
                self.quiet()
            }
            ["fence", "off"] => self.proxy.door(true),
            ["open", "target"] => {
                ensure!(self.position_file().is_file(), "the feed back has no position: nobody prepared it");
                self.shops(&["reverse"])?;
                self.shops(&["jobs", "target"])?;
                self.proxy.writes("target")?;
                self.proxy.door(true)
            }
            ["open", "source"] => {
                self.shops(&["forward"])?;
                self.shops(&["jobs", "source"])?;
                self.proxy.writes("source")?;
                self.proxy.door(true)
            }
            ["traffic-is", share] => {
                let (asked, found) =
                    (share.parse::<u32>().context("a share in percent")?, self.proxy.share()?);
                ensure!(
                    asked == found,
                    "the proxy sends {found} % of the reads to the target, not {asked} %"
                );
                Ok(())
            }
            ["weight", share] => self.proxy.reads(share.parse().context("a share in percent")?),
            _ => bail!("no operation is named {:?}", words.join(" ")),
        }
    }

    /// Waits until no write is under way. Two looks: a write that was at the door is past it by the second.
    fn quiet(&self) -> anyhow::Result<()> {
        let (mut none, mut looks) = (0, WRITES_END.as_millis() / LOOK.as_millis());
        while none < 2 {
            ensure!(looks > 0, "writes are still under way after {WRITES_END:?}");
            none = if self.proxy.writes_under_way()? == 0 { none + 1 } else { 0 };
            looks -= 1;
            sleep(LOOK);
        }
        Ok(())
    }

    fn position_file(&self) -> PathBuf {
        self.folder.join("feed-back.position")
    }

    fn keep_position(&self) -> anyhow::Result<()> {
        let told = self.told(&["show"])?;
        Ok(fs::write(self.position_file(), told)?)
    }

    fn shops(&self, words: &[&str]) -> anyhow::Result<()> {
        self.told(words).map(drop)
    }

    fn told(&self, words: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = Command::new(program("tidelock-demo"))
            .args(["do", "--folder"])
            .arg(Ops::shops_folder(&self.folder))
            .args(words)
            .output()
            .context("start tidelock-demo")?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }

    fn note(&self, what: &str, words: &[&str]) -> anyhow::Result<()> {
        let mut log = File::options().create(true).append(true).open(self.folder.join("ops.log"))?;
        // One write a line: operations of two processes never share one.
        let line = format!("{} {what} {}\n", now_ms(), words.join(" "));
        Ok(log.write_all(line.as_bytes())?)
    }

    /// What was carried out so far, in order.
    ///
    /// # Panics
    /// When the log is unreadable.
    pub fn log(&self) -> Vec<Operation> {
        let text = fs::read_to_string(self.folder.join("ops.log")).unwrap_or_default();
        let line = |line: &str| {
            let (at_ms, rest) = line.split_once(' ')?;
            let (what, words) = rest.split_once(' ')?;
            Some(Operation { at_ms: at_ms.parse().ok()?, begun: what == "begun", words: words.to_owned() })
        };
        text.lines().map(|text| line(text).unwrap_or_else(|| panic!("an unreadable line: {text}"))).collect()
    }

    /// How often an operation was begun.
    pub fn begun(&self, words: &str) -> usize {
        self.log().iter().filter(|one| one.begun && one.words == words).count()
    }

    /// Makes operations of these words wait after they were written down, before they do anything.
    ///
    /// # Panics
    /// When the folder is gone.
    pub fn stall_at(&self, words: &str) {
        fs::write(self.stall_file(), words).expect("the rig's folder can be written");
    }

    /// Lets whatever waits go on.
    ///
    /// # Panics
    /// When nothing was made to wait.
    pub fn go_on(&self) {
        fs::remove_file(self.stall_file()).expect("something was made to wait");
    }

    fn stall_file(&self) -> PathBuf {
        self.folder.join("ops.stall")
    }

    fn stall(&self, words: &[&str]) -> anyhow::Result<()> {
        let words = words.join(" ");
        let mut looks = STALL.as_millis() / LOOK.as_millis();
        while fs::read_to_string(self.stall_file()).is_ok_and(|stalled| stalled == words) {
            ensure!(looks > 0, "{words} was made to wait and never let go");
            looks -= 1;
            sleep(LOOK);
        }
        Ok(())
    }
}
