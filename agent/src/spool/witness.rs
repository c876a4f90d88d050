//! How far the spool was on disk the last time somebody was told.
//!
//! sled cuts its log at the first message that it cannot read, and what is left looks like a spool that
//! was never longer. So each commit leaves the next number in a file of its own, after its sync: whatever
//! it names was there. It is not synced itself: after a power cut it may be old or gone, and then it
//! merely vouches for less.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use tidelock_model::SpoolEpoch;

/// Epoch and next number.
const HALF: usize = 16 + 8;

/// The file, open for the life of the spool.
#[derive(Debug)]
pub(super) struct Witness {
    file: File,
}

impl Witness {
    pub(super) fn open(path: &Path) -> io::Result<Witness> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Witness { file: options.open(path)? })
    }

    /// Everything below this number is on disk.
    pub(super) fn tell(&self, epoch: SpoolEpoch, next_seq: u64) -> io::Result<()> {
        let mut bytes = [0; 2 * HALF];
        bytes[..16].copy_from_slice(&epoch.0.to_be_bytes());
        bytes[16..HALF].copy_from_slice(&next_seq.to_be_bytes());
        // Twice: a half that was changed vouches for nothing.
        bytes.copy_within(..HALF, HALF);
        self.file.write_all_at(&bytes, 0)
    }

    /// Says what is wrong with a spool that ends at this number.
    pub(super) fn check(&self, epoch: SpoolEpoch, next_seq: u64) -> Result<(), String> {
        match self.told() {
            Some((known, next)) if known == epoch && next > next_seq => Err(format!(
                "its findings end before number {next_seq}, and they had reached up to {next} before: its \
                 end is lost"
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn told(&self) -> Option<(SpoolEpoch, u64)> {
        let mut bytes = [0; 2 * HALF];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (first, second) = bytes.split_at(HALF);
        let (epoch, next) = first.split_at_checked(16)?;
        let epoch = SpoolEpoch(u128::from_be_bytes(epoch.try_into().ok()?));
        (first == second).then_some((epoch, u64::from_be_bytes(next.try_into().ok()?)))
    }
}
