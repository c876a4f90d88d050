//! The writing end of one set: stages records, commits them with one sync, moves on to the next segment.

use std::{fs::File, io, path::PathBuf, sync::Arc, thread::JoinHandle};

use tidelock_model::{Sha256, mutated};

use super::{
    catalog::{Catalog, Segment},
    disk::{self, Disk},
    error::{At, Failure, Place},
    frame::{self, DecisionPart},
    header::{self, Header},
    layout::Layout,
    types::{Position, Record, Set},
    witness::Mark,
};

/// Why a record was not staged.
pub(crate) enum Unstaged {
    /// The disk has no room for another segment; nothing was written.
    Full,
    /// The journal must stop.
    Failed(Failure),
}

impl From<At> for Unstaged {
    fn from(at: At) -> Unstaged {
        if disk::is_full(&at.source) { Unstaged::Full } else { Unstaged::Failed(at.into()) }
    }
}

/// The segment that is being written.
pub(crate) struct Active {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    /// Where the next committed byte goes.
    pub(crate) offset: u64,
    /// Where the zeros end.
    pub(crate) end: u64,
}

/// The writing end of one set.
pub(crate) struct SetWriter {
    pub(crate) set: Set,
    pub(crate) layout: Layout,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) journal: [u8; 16],
    pub(crate) segment_bytes: u64,
    pub(crate) catalog: Catalog,
    /// `None` until the first record of a new journal.
    pub(crate) active: Option<Active>,
    /// How far it is durable.
    pub(crate) durable: Mark,
    /// How far it is staged.
    pub(crate) staged: Mark,
    pub(crate) buffer: Vec<u8>,
    pub(crate) in_group: u16,
    pub(crate) spare: Option<JoinHandle<io::Result<File>>>,
}

impl SetWriter {
    /// Stages one record behind those staged before; nothing is durable until `commit`.
    pub(crate) fn stage(
        &mut self,
        record: &Record,
        part: Option<&DecisionPart<'_>>,
    ) -> Result<(Position, Option<Sha256>), Unstaged> {
        let need = frame::len(record, part);
        let room = self
            .active
            .as_ref()
            .map_or(0, |active| active.end.saturating_sub(active.offset + self.buffer.len() as u64));
        if need > room {
            self.move_on()?;
        }
        let position = self.staged.position.next();
        let (chain, link) =
            frame::encode(&mut self.buffer, &self.staged.chain, position, self.in_group, record, part);
        self.staged = Mark { position, chain };
        self.in_group = self.in_group.saturating_add(1);
        Ok((position, link))
    }

    /// Writes and syncs what is staged. After an error nothing may be written any more.
    pub(crate) fn commit(&mut self) -> Result<(), Failure> {
        let Some(active) = self.active.as_mut().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        let written = self.disk.write_at(&active.file, &self.buffer, active.offset);
        if !mutated("a-failed-write-ends-it") {
            written.at("write to", &active.path)?;
        }
        if !mutated("what-is-acked-is-synced") {
            self.disk.sync(&active.file).at("sync", &active.path)?;
        }
        active.offset += self.buffer.len() as u64;
        self.buffer.clear();
        self.durable = self.staged;
        let half_full = active.offset > active.end / 2;
        if half_full && self.spare.is_none() {
            self.spare = Some(self.prepare()?);
        }
        Ok(())
    }

    /// Zeros for the next segment, written while this one still has room.
    fn prepare(&self) -> Result<JoinHandle<io::Result<File>>, Failure> {
        let (disk, path, bytes) = (self.disk.clone(), self.layout.spare(self.set), self.segment_bytes);
        std::thread::Builder::new()
            .name("journal-spare".to_string())
            .spawn(move || disk.fill(&path, bytes))
            .map_err(|error| Failure::new(format!("start a thread: {error}")))
    }

    /// Commits, seals the segment and makes the next one.
    fn move_on(&mut self) -> Result<(), Unstaged> {
        self.commit().map_err(Unstaged::Failed)?;
        let spare = self.layout.spare(self.set);
        let filled = match self.spare.take() {
            Some(thread) => thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread ended early"))),
            None => self.disk.fill(&spare, self.segment_bytes),
        };
        let file = filled.at("fill", &spare).inspect_err(|_| {
            // A part of a segment is of no use, and a full disk needs its room.
            let _ = std::fs::remove_file(&spare);
        })?;
        let number = self.catalog.all().last().map_or(1, |last| last.header.number + 1);
        let path = self.layout.segment(self.set, number);
        let header = Header {
            set: self.set,
            journal: self.journal,
            number,
            first: self.staged.position.next(),
            chain: self.staged.chain,
        };
        self.disk.write_at(&file, &header.encode(), 0).at("write to", &spare)?;
        self.disk.sync(&file).at("sync", &spare).map_err(|at| Unstaged::Failed(at.into()))?;
        std::fs::rename(&spare, &path).at("rename to", &path)?;
        disk::sync_dir(&self.layout.set(self.set))
            .at("sync the folder of", &path)
            .map_err(|at| Unstaged::Failed(at.into()))?;
        let end = file.metadata().at("look at", &path)?.len();
        if let Some(sealed) = &self.active {
            self.disk.let_go(&sealed.file);
        }
        self.active = Some(Active { file, path: path.clone(), offset: header::LEN, end });
        self.catalog.push(Segment { path, header });
        Ok(())
    }

    /// Waits for the thread that fills the spare.
    pub(crate) fn finish(&mut self) {
        if let Some(thread) = self.spare.take() {
            // Its outcome does not matter any more: the next start makes its own spare.
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(self.layout.spare(self.set));
    }
}
