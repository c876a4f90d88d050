//! What can go wrong, told apart by what the caller must do about it.

use std::{fmt, io, path::PathBuf, sync::Arc};

use super::{damage::Damage, types::Position};

/// Why the journal stopped for good. The process must end: a sync that is tried again can report a
/// success that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    text: Arc<str>,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Failure {
        Failure { text: text.into().into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why something was not journaled.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Low on space: findings wait, decisions still pass.
    #[error(
        "journal is full: {free_bytes} bytes are free, {need_bytes} are kept in reserve; make room on its disk"
    )]
    Full {
        /// What the disk has left.
        free_bytes: u64,
        /// What it must have left.
        need_bytes: u64,
    },
    /// A record that the same sender queued before this one was refused.
    #[error("an earlier record of the same sender was refused; send both again, in order")]
    Behind,
    /// The record is larger than a record may be.
    #[error("record of {bytes} bytes is over the limit of {limit_bytes} bytes; send it in smaller batches")]
    TooLarge {
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        limit_bytes: u64,
    },
    /// The decision names findings that are not durable.
    #[error("decision rests on finding {rests_on}, but the findings are durable up to {head} only")]
    RestsOnMissing {
        /// What it names.
        rests_on: Position,
        /// What is there.
        head: Position,
    },
    /// Findings that a replay still needs cannot be dropped.
    #[error("findings before {before} are still needed: {why}")]
    StillNeeded {
        /// The position asked for.
        before: Position,
        /// Who needs them.
        why: String,
    },
    /// The journal was closed.
    #[error("journal is closed")]
    Closed,
    /// A write or sync failed earlier, or now; the process must end.
    #[error("journal has stopped: {0}; end the process and start it again")]
    Failed(Failure),
    /// A file beside the segments could not be written; the journal itself goes on.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether the same call can succeed later without anybody changing the collector.
    #[must_use]
    pub fn passes_by_itself(&self) -> bool {
        match self {
            JournalError::Full { .. } | JournalError::Behind => true,
            JournalError::TooLarge { .. }
            | JournalError::RestsOnMissing { .. }
            | JournalError::StillNeeded { .. }
            | JournalError::Closed
            | JournalError::Failed(_)
            | JournalError::Io { .. } => false,
        }
    }
}

/// Why a journal was not opened. No gate opens without it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something that was durable is not as it was.
    #[error(transparent)]
    Damaged(#[from] Box<Damage>),
    /// Another collector has it.
    #[error("journal {} is open in another process; stop that one first", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
    },
    /// Nothing can be written there.
    #[error(
        "{doing} {}: its file system is read-only; mount it for writing, or name another data_dir",
        path.display()
    )]
    ReadOnly {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
    },
    /// The settings contradict themselves.
    #[error("journal settings: {0}")]
    Settings(String),
    /// The disk refused.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a record could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What lies there is not what was written.
    #[error(transparent)]
    Damaged(#[from] Box<Damage>),
    /// It was dropped after its retention.
    #[error("record {asked} was dropped after its retention; the oldest kept is {floor}")]
    Dropped {
        /// The record asked for.
        asked: Position,
        /// The oldest that is kept.
        floor: Position,
    },
    /// The disk refused.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An I/O error with its place, before it is known which of the above it becomes.
#[derive(Debug)]
pub(crate) struct At {
    pub(crate) doing: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// Adds the place to an I/O result.
pub(crate) trait Place<T> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, At>;
}

impl<T> Place<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, At> {
        self.map_err(|source| At { doing, path: path.to_path_buf(), source })
    }
}

impl From<At> for OpenError {
    fn from(at: At) -> OpenError {
        if at.source.kind() == io::ErrorKind::ReadOnlyFilesystem {
            return OpenError::ReadOnly { doing: at.doing, path: at.path };
        }
        OpenError::Io { doing: at.doing, path: at.path, source: at.source }
    }
}

impl From<At> for ReadError {
    fn from(at: At) -> ReadError {
        ReadError::Io { doing: at.doing, path: at.path, source: at.source }
    }
}

impl From<At> for JournalError {
    fn from(at: At) -> JournalError {
        JournalError::Io { doing: at.doing, path: at.path, source: at.source }
    }
}

impl From<At> for Failure {
    fn from(at: At) -> Failure {
        Failure::new(format!("{} {}: {}", at.doing, at.path.display(), at.source))
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(damage) => OpenError::Damaged(damage),
            ReadError::Io { doing, path, source } => OpenError::Io { doing, path, source },
            // A start reads from the floor on, so this says that a file vanished under it.
            ReadError::Dropped { asked, floor } => OpenError::Settings(format!(
                "record {asked} vanished during the start; the oldest kept is {floor}"
            )),
        }
    }
}
