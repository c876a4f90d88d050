//! How a spool is opened: what it says of itself is read, compared, and set aside where it cannot be believed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tidelock_agent_core::Ledger;
use tidelock_model::SpoolEpoch;
use tidelock_proto::v1;

use super::disk::{self, Disk};
use super::{Medium, RealMedium, Spool, SpoolError, entry_of};
use crate::chance;

impl Spool {
    /// The same, where the database is waited for so long.
    pub(super) fn open_within(
        dir: &Path,
        limit_bytes: u64,
        medium: Arc<dyn Medium>,
        patience: Duration,
    ) -> Result<Spool, SpoolError> {
        if let Err(why) = disk::forget_copy(dir) {
            tracing::warn!(%why, dir = %dir.display(), "what is left of an earlier copy of the spool takes room");
        }
        let restored = match Disk::open(dir, medium.clone(), patience)? {
            Ok(disk) => Spool::restore_unshaken(disk, limit_bytes),
            Err(why) => Err(why),
        };
        let slim = match restored {
            Ok(spool) if spool.disk.bloated().unwrap_or(false) => {
                spool.slimmed(dir, medium.clone(), patience)?
            }
            restored => restored,
        };
        let why = match slim {
            Ok(spool) => return Ok(spool),
            Err(why) => why,
        };
        let aside = disk::set_aside(dir, "damaged")?;
        tracing::error!(why, aside = %aside.display(), "the spool is damaged and was set aside; its findings are lost");
        let disk = Disk::open(dir, medium, patience)?;
        let disk = disk.map_err(|why| SpoolError::Database { doing: "begin", why })?;
        let mut spool =
            Spool::restore(disk, limit_bytes).map_err(|why| SpoolError::Database { doing: "begin", why })?;
        spool.push_gap(BTreeMap::new(), format!("the spool was damaged and set aside: {why}"))?;
        Ok(spool)
    }

    /// Writes the folder anew, where it takes much more room than what is in it. Where that cannot be, it is used as
    /// it is. The inner error says why nothing of it can be believed.
    fn slimmed(
        self,
        dir: &Path,
        medium: Arc<dyn Medium>,
        patience: Duration,
    ) -> Result<Result<Spool, String>, SpoolError> {
        let (limit, head) = (self.ledger.limit_bytes(), (self.epoch, self.ledger.next_seq()));
        if let Err(why) = self.disk.copy(dir, head, medium.clone(), patience) {
            tracing::warn!(why, "the spool takes more room than it needs, and cannot be written anew");
            return Ok(Ok(self));
        }
        drop(self);
        if let Err(why) = disk::take_place(dir) {
            tracing::warn!(%why, "the spool takes more room than it needs, and cannot be written anew");
        }
        Ok(match Disk::open(dir, medium, patience)? {
            Ok(disk) => Spool::restore_unshaken(disk, limit),
            Err(why) => Err(why),
        })
    }

    /// Whether nobody has the spool open: an error where an agent does.
    ///
    /// # Errors
    /// When an agent uses it, or it cannot be looked at.
    pub(crate) fn unused(dir: &Path) -> Result<(), SpoolError> {
        if dir.exists() {
            // What is damaged is used by nobody, either.
            drop(Disk::open(dir, Arc::new(RealMedium), disk::OPEN_FOR)?);
        }
        Ok(())
    }

    /// Puts aside what an agent of another name left: its findings answer what that one was asked.
    ///
    /// # Errors
    /// When an agent uses it, or it cannot be moved.
    pub(crate) fn leave(dir: &Path) -> Result<Option<PathBuf>, SpoolError> {
        Spool::unused(dir)?;
        if dir.exists() { disk::set_aside(dir, "of-before").map(Some) } else { Ok(None) }
    }

    /// sled reads its pages when they are asked for, and may panic on one that is damaged.
    fn restore_unshaken(disk: Disk, limit_bytes: u64) -> Result<Spool, String> {
        catch_unwind(AssertUnwindSafe(|| Spool::restore(disk, limit_bytes)))
            .unwrap_or_else(|_| Err("the database broke down when it was read".to_owned()))
    }

    /// Reads the table of contents. Whatever does not fit together makes the whole folder unbelievable.
    fn restore(disk: Disk, limit_bytes: u64) -> Result<Spool, String> {
        let (epoch, next_seq) = match disk.head()? {
            Some(head) => head,
            None => {
                let epoch = chance::bytes::<16>().map_err(|error| error.to_string())?;
                let epoch = SpoolEpoch(u128::from_be_bytes(epoch));
                disk.begin(epoch).map_err(|error| error.to_string())?;
                (epoch, 1)
            }
        };
        let mut ledger = Ledger::new(limit_bytes, next_seq);
        disk.each_batch(|first, value| {
            let batch = v1::FindingBatch::decode(value).map_err(|error| format!("batch {first}: {error}"))?;
            let entry = entry_of(&batch, value.len());
            let ours = batch.spool_epoch == epoch.0.to_be_bytes() && entry.first == first;
            if !ours || !ledger.restore(entry) {
                return Err(format!("batch {first} does not follow on the one before it"));
            }
            Ok(())
        })?;
        if !ledger.complete() {
            return Err("its last findings are missing".to_owned());
        }
        let stateful = disk.stateful()?;
        Ok(Spool { disk, epoch, ledger, sent_to: 0, gone: Vec::new(), fresh: None, stateful, dropped: 0 })
    }
}
