//! One loss after the other: a writer is started, killed in mid-stream, and what it was told is looked for.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tidelock_tests::Image;

use crate::{Chance, losses};

/// The size of the file system that is lost.
pub(crate) const BYTES: u64 = 40 << 20;

/// Where the writer writes; unset in the test's own process.
const DIR: &str = "TIDELOCK_POWER_DIR";
/// Where it says what was acknowledged.
const ACKS: &str = "TIDELOCK_POWER_ACKS";
/// Set for the writer that does not sync.
const UNSYNCED: &str = "TIDELOCK_POWER_UNSYNCED";

/// What a writer is told.
pub(crate) struct Told {
    pub(crate) dir: PathBuf,
    pub(crate) acks: std::fs::File,
    pub(crate) synced: bool,
}

/// What this process is to write, if it is a writer.
pub(crate) fn told() -> Option<Told> {
    let dir = PathBuf::from(std::env::var_os(DIR)?);
    let acks = std::fs::File::options().append(true).create(true).open(std::env::var_os(ACKS)?).unwrap();
    Some(Told { dir, acks, synced: std::env::var_os(UNSYNCED).is_none() })
}

/// Runs the writer, which is the test of this name, until it was told something so many times.
fn write(image: &Image, test: &str, acks: &Path, synced: bool, until: u64) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(DIR, image.mount()).env(ACKS, acks);
    if !synced {
        command.env(UNSYNCED, "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told =
        lines.map_while(Result::ok).filter(|line| line.ends_with("acked")).take(until as usize).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(told as u64, until, "the writer ended by itself");
}

/// Whole lines only: the kill may have cut the last one.
fn lines(acks: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(acks).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}

/// Loses the power again and again under a writer that syncs. `check` says what is missing.
pub(crate) fn nothing_acked_is_lost(test: &str, check: impl Fn(&Path, &[String]) -> Result<(), String>) {
    let mut chance = Chance::new();
    let mut image = Image::new(BYTES);
    let acks = image.beside().join("acks");
    let (mut count, mut acked) = (0, 0);
    // A slow machine loses fewer, but never fewer than it takes to see something.
    while count < losses() {
        write(&image, test, &acks, true, 1 + chance.below(40));
        image.lose();
        let told = lines(&acks);
        assert!(told.len() > acked, "the writer was told nothing");
        acked = told.len();
        check(&image.mount(), &told).unwrap_or_else(|lost| panic!("loss {count}: {lost}"));
        count += 1;
    }
    println!("{count} losses, {acked} acks, nothing lost");
}

/// The harness must see what is lost by a writer that does not sync.
pub(crate) fn without_sync_something_is_lost(
    test: &str,
    check: impl Fn(&Path, &[String]) -> Result<(), String>,
) {
    for _ in 0..3 {
        let mut image = Image::new(BYTES);
        let acks = image.beside().join("acks");
        // What is synced at the beginning is there; what was written since then is not.
        write(&image, test, &acks, false, 25);
        image.lose();
        let told = lines(&acks);
        let seen = check(&image.mount(), &told);
        assert!(seen.is_err(), "a writer that does not sync lost nothing: the harness proves nothing");
    }
}
