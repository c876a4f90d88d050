//! The few disk calls that the promise rests on, behind a trait, so that a test can break them.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

/// What the writer asks of a disk.
pub trait Disk: Send + Sync + 'static {
    /// Writes all bytes at this offset.
    ///
    /// # Errors
    /// What the system says; the journal stops.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Returns once what was written is on the medium.
    ///
    /// # Errors
    /// What the system says; the journal stops, and never tries again.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// How many bytes an ordinary user can still write in this folder.
    ///
    /// # Errors
    /// What the system says; the journal stops.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;

    /// Makes a new file of this size, its blocks really there.
    ///
    /// # Errors
    /// `StorageFull` counts as a full disk, anything else stops the journal.
    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File>;

    /// Nobody reads this file soon: the memory that holds a copy of it may go.
    fn let_go(&self, _file: &File) {}
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(dir)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Zeros are written, not reserved: an append into blocks that exist costs no commit of the file
    /// system's own journal. A part at a time, so that a group in between does not wait for all of it.
    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        const PART: u64 = 1024 * 1024;
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let zeros = vec![0; usize::try_from(bytes.min(PART)).unwrap_or(PART as usize)];
        let mut offset = 0;
        while offset < bytes {
            let part = usize::try_from(bytes - offset).unwrap_or(usize::MAX).min(zeros.len());
            file.write_all_at(&zeros[..part], offset)?;
            file.sync_data()?;
            offset += part as u64;
        }
        file.sync_all()?;
        Ok(file)
    }

    /// The next segment takes this memory again; memory that nobody had before costs a virtual machine
    /// several times as much.
    fn let_go(&self, file: &File) {
        // Advice: where it is not taken, nothing else changes.
        let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether this error only says that the disk is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes a small file so that it is there whole or not at all, also after a power cut.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let dir = path.parent().unwrap_or(Path::new("."));
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_dir(dir)
}
