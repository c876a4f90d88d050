//! The waits for the disk that the spool's promise rests on, behind a trait, so that a test can break them.

use std::fs::File;
use std::io;

/// What the spool asks of the medium below sled.
pub trait Medium: Send + Sync + 'static {
    /// Returns once what was written to the file is on the medium.
    ///
    /// # Errors
    /// What the system says; the agent stops, and never tries again.
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealMedium;

impl Medium for RealMedium {
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}
