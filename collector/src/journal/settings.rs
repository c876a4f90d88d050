//! Sizes and bounds of a journal, with the defaults of a released collector.

use std::{path::PathBuf, sync::Arc};

use super::{
    disk::{Disk, RealDisk},
    error::OpenError,
    frame, header,
};

/// How a journal is opened.
#[derive(Clone)]
pub struct Settings {
    /// The data folder; made when missing.
    pub dir: PathBuf,
    /// How large a segment is; filled with zeros ahead.
    pub segment_bytes: u64,
    /// The largest body of one record.
    pub max_body_bytes: u64,
    /// How many appends may wait.
    pub queue_records: usize,
    /// How many bytes of bodies may wait.
    pub queue_bytes: u32,
    /// How many records one `fdatasync` covers at most.
    pub group_records: u16,
    /// How many bytes one `fdatasync` covers at most, but for a single larger record.
    pub group_bytes: usize,
    /// Kept aside, so that decisions can still be written on a full disk.
    pub ballast_bytes: u64,
    /// Findings are refused when the disk has less than this left.
    pub low_space_bytes: u64,
    /// The disk, or what a test puts in its place.
    pub disk: Arc<dyn Disk>,
}

const MIB: u64 = 1024 * 1024;

impl Settings {
    /// The defaults, in this folder.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Settings {
        Settings {
            dir: dir.into(),
            segment_bytes: 16 * MIB,
            max_body_bytes: 5 * MIB,
            queue_records: 4096,
            queue_bytes: 16 * 1024 * 1024,
            group_records: 512,
            group_bytes: 1024 * 1024,
            ballast_bytes: 64 * MIB,
            low_space_bytes: 64 * MIB,
            disk: Arc::new(RealDisk),
        }
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let wrong = |what: String| Err(OpenError::Settings(what));
        let room = self.segment_bytes.saturating_sub(header::LEN + frame::MAX_OVERHEAD);
        if self.max_body_bytes > room {
            return wrong(format!(
                "a record of {} bytes does not fit into a segment of {}; make segments larger",
                self.max_body_bytes, self.segment_bytes
            ));
        }
        if self.segment_bytes > frame::MAX_FRAME {
            return wrong(format!("segments are at most {} bytes", frame::MAX_FRAME));
        }
        if u64::from(self.queue_bytes) < self.max_body_bytes {
            return wrong(format!("a queue of {} bytes cannot take the largest record", self.queue_bytes));
        }
        if self.queue_records == 0 || self.group_records == 0 {
            return wrong("queue and group must be at least 1".to_string());
        }
        Ok(())
    }
}
