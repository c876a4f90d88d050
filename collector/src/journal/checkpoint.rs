//! Folded states, kept so that a start need not fold everything again.
//!
//! A checkpoint is a cache: one that cannot be read is passed over and told. But it also vouches for
//! the journal, which must reach at least as far as what was once folded.

use std::{io, path::PathBuf};

use tidelock_model::Name;

use super::{
    damage::Damage,
    disk,
    error::{JournalError, OpenError, Place},
    layout::Layout,
    types::{Heads, Position, Set},
};

const MAGIC: &[u8; 4] = b"TLC1";
/// Magic, journal, decision, findings.
const HEAD: usize = 4 + 16 + 8 + 8;
/// The largest folded state.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A folded state of one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose state it is.
    pub migration: Name,
    /// What it holds: everything up to these positions.
    pub at: Heads,
    /// The state, in the caller's encoding.
    pub state: Vec<u8>,
}

/// The newest checkpoint that could be read.
#[derive(Debug, Default)]
pub struct FoundCheckpoint {
    /// It, if there is one.
    pub checkpoint: Option<Checkpoint>,
    /// Newer ones that are damaged; to be told, and then removed by hand.
    pub damaged: Vec<PathBuf>,
}

/// The checkpoints of a journal.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    layout: Layout,
    journal: [u8; 16],
    kept: usize,
}

impl Checkpoints {
    pub(crate) fn new(layout: Layout, journal: [u8; 16], kept: usize) -> Checkpoints {
        Checkpoints { layout, journal, kept }
    }

    pub(crate) fn write(&self, checkpoint: &Checkpoint, durable: Heads) -> Result<(), JournalError> {
        let at = checkpoint.at;
        if at.findings > durable.findings {
            return Err(JournalError::RestsOnMissing { rests_on: at.findings, head: durable.findings });
        }
        if at.decisions > durable.decisions {
            return Err(JournalError::RestsOnMissing { rests_on: at.decisions, head: durable.decisions });
        }
        let bytes = checkpoint.state.len() as u64;
        if bytes > MAX_BYTES {
            return Err(JournalError::TooLarge { bytes, limit_bytes: MAX_BYTES });
        }
        let dir = self.layout.checkpoints_of(&checkpoint.migration);
        if !dir.exists() {
            std::fs::create_dir_all(&dir).at("make", &dir)?;
            let parent = self.layout.checkpoints();
            disk::sync_dir(&parent).and_then(|()| disk::sync_dir(self.layout.dir())).at("sync", &parent)?;
        }
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&self.journal);
        head.extend_from_slice(&at.decisions.number().to_le_bytes());
        head.extend_from_slice(&at.findings.number().to_le_bytes());
        let crc = crc32c::crc32c_append(sum(&checkpoint.migration, &head), &checkpoint.state).to_le_bytes();
        let path = dir.join(format!("{:020}-{:020}.ckpt", at.decisions.number(), at.findings.number()));
        disk::write_whole(&path, &[&head, &checkpoint.state, &crc]).at("write", &path)?;
        self.thin_out(&checkpoint.migration)
    }

    /// Removes the oldest over the number that is kept; damaged ones count for nothing.
    fn thin_out(&self, migration: &Name) -> Result<(), JournalError> {
        let mut kept = 0;
        for path in self.newest_first(migration)? {
            if kept >= self.kept {
                std::fs::remove_file(&path).at("remove", &path)?;
            } else if self.read(migration, &path)?.is_some() {
                kept += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn latest(&self, migration: &Name) -> Result<FoundCheckpoint, JournalError> {
        let mut found = FoundCheckpoint::default();
        for path in self.newest_first(migration)? {
            match self.read(migration, &path)? {
                Some(checkpoint) => {
                    found.checkpoint = Some(checkpoint);
                    return Ok(found);
                }
                None => found.damaged.push(path),
            }
        }
        Ok(found)
    }

    /// Whether every migration can be replayed without the findings before this position.
    pub(crate) fn allow_drop<'a>(
        &self,
        before: Position,
        migrations: impl Iterator<Item = &'a Name>,
    ) -> Result<(), JournalError> {
        let needed = |why| Err(JournalError::StillNeeded { before, why });
        let mut any = false;
        for migration in migrations {
            any = true;
            let mut oldest = None;
            for path in self.newest_first(migration)? {
                if let Some(checkpoint) = self.read(migration, &path)? {
                    oldest = Some(checkpoint.at.findings);
                }
            }
            match oldest {
                None => return needed(format!("migration {migration} has no checkpoint")),
                Some(findings) if findings.next() < before => {
                    return needed(format!(
                        "the oldest checkpoint of {migration} holds them up to {findings} only"
                    ));
                }
                Some(_) => {}
            }
        }
        if any { Ok(()) } else { needed("there is no checkpoint at all".to_string()) }
    }

    /// Damage when a checkpoint holds more than the journal: then the journal lost its end.
    pub(crate) fn none_beyond(&self, durable: Heads) -> Result<(), OpenError> {
        let dir = self.layout.checkpoints();
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.at("list", &dir)?,
        };
        for entry in entries {
            let name = entry.at("list", &dir)?.file_name();
            let Some(migration) = name.to_str().and_then(|name| Name::new(name).ok()) else {
                continue;
            };
            let found = self.latest(&migration).map_err(|error| OpenError::Settings(error.to_string()))?;
            let Some(at) = found.checkpoint.map(|checkpoint| checkpoint.at) else {
                continue;
            };
            for set in Set::BOTH {
                if at.of(set) > durable.of(set) {
                    let (head, of) = (durable.of(set), at.of(set));
                    let what = format!(
                        "the set ends at {head}, but a checkpoint of {migration} holds it up to {of}"
                    );
                    return Err(Damage::new(set, &self.layout.set(set), 0, head.next(), what).into());
                }
            }
        }
        Ok(())
    }

    fn newest_first(&self, migration: &Name) -> Result<Vec<PathBuf>, JournalError> {
        let dir = self.layout.checkpoints_of(migration);
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.at("list", &dir)?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.at("list", &dir)?.path();
            if path.extension().is_some_and(|extension| extension == "ckpt") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.reverse();
        Ok(paths)
    }

    /// A whole checkpoint of this journal, or `None`.
    fn read(&self, migration: &Name, path: &std::path::Path) -> Result<Option<Checkpoint>, JournalError> {
        if std::fs::metadata(path).at("look at", path)?.len() > MAX_BYTES + HEAD as u64 + 4 {
            return Ok(None);
        }
        let bytes = std::fs::read(path).at("read", path)?;
        let Some((body, crc)) = bytes.split_last_chunk::<4>() else {
            return Ok(None);
        };
        let Some((head, state)) = body.split_at_checked(HEAD) else {
            return Ok(None);
        };
        if &head[..4] != MAGIC || head[4..20] != self.journal || *crc != sum(migration, body).to_le_bytes() {
            return Ok(None);
        }
        let position =
            |from: usize| Position::new(u64::from_le_bytes(std::array::from_fn(|i| head[from + i])));
        let at = Heads { decisions: position(20), findings: position(28) };
        Ok(Some(Checkpoint { migration: migration.clone(), at, state: state.to_vec() }))
    }
}

/// The checksum covers the name, so that one migration's state is never taken for another's.
fn sum(migration: &Name, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(migration.as_str().as_bytes()), bytes)
}
