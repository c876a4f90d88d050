//! Room for decisions on a full disk.
//!
//! A collector that cannot write cannot say that it holds. So findings are refused while there is
//! still room, and a file of zeros is given up when even a decision needs it.

use std::{fs::File, sync::Arc};

use tokio::sync::watch;

use super::{
    disk::{self, Disk},
    error::{At, Place},
    layout::Layout,
    settings::Settings,
};

/// Whether there is room for findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// There is.
    Enough,
    /// Findings are refused; decisions still pass.
    Low {
        /// What the disk had left when it was last looked at.
        free_bytes: u64,
        /// What it must have.
        need_bytes: u64,
    },
}

/// Watches the space, and holds the ballast.
pub(crate) struct Ballast {
    disk: Arc<dyn Disk>,
    layout: Layout,
    bytes: u64,
    low_bytes: u64,
    held: bool,
    told: watch::Sender<Space>,
}

impl Ballast {
    /// Takes up the ballast if there is room for it.
    pub(crate) fn take_up(
        settings: &Settings,
        layout: &Layout,
    ) -> Result<(Ballast, watch::Receiver<Space>), At> {
        let (told, space) = watch::channel(Space::Enough);
        let path = layout.ballast();
        let held = std::fs::metadata(&path).is_ok_and(|meta| meta.len() == settings.ballast_bytes);
        let mut ballast = Ballast {
            disk: settings.disk.clone(),
            layout: layout.clone(),
            bytes: settings.ballast_bytes,
            low_bytes: settings.low_space_bytes,
            held,
            told,
        };
        let _ = ballast.look()?;
        Ok((ballast, space))
    }

    /// Looks at the disk, and takes up the ballast again once there is room.
    pub(crate) fn look(&mut self) -> Result<Space, At> {
        let free_bytes =
            self.disk.free_bytes(self.layout.dir()).at("look at the space of", self.layout.dir())?;
        // Without its ballast a disk is only wide enough when both fit.
        let need_bytes = if self.held { self.low_bytes } else { self.low_bytes.saturating_add(self.bytes) };
        if free_bytes < need_bytes {
            return Ok(self.tell(Space::Low { free_bytes, need_bytes }));
        }
        if !self.held {
            let path = self.layout.ballast();
            match self.disk.fill(&path, self.bytes).and_then(|_| disk::sync_dir(self.layout.dir())) {
                Ok(()) => self.held = true,
                Err(error) if disk::is_full(&error) => {
                    let _ = std::fs::remove_file(&path);
                    return Ok(self.tell(Space::Low { free_bytes, need_bytes }));
                }
                Err(source) => {
                    return Err(At { doing: "fill", path, source });
                }
            }
        }
        Ok(self.tell(Space::Enough))
    }

    /// Gives the ballast up; `false` when there was none.
    pub(crate) fn release(&mut self) -> Result<bool, At> {
        if !self.held {
            return Ok(false);
        }
        let path = self.layout.ballast();
        // Cut first: a reader that has the file open would keep its blocks.
        File::options().write(true).open(&path).and_then(|file| file.set_len(0)).at("cut", &path)?;
        std::fs::remove_file(&path).at("remove", &path)?;
        disk::sync_dir(self.layout.dir()).at("sync", self.layout.dir())?;
        self.held = false;
        Ok(true)
    }

    /// Says that the disk is full although it did not look so.
    pub(crate) fn full(&mut self) -> Space {
        let free_bytes = self.disk.free_bytes(self.layout.dir()).unwrap_or(0);
        self.tell(Space::Low { free_bytes, need_bytes: self.low_bytes.saturating_add(self.bytes) })
    }

    fn tell(&self, space: Space) -> Space {
        self.told.send_if_modified(|told| std::mem::replace(told, space) != space);
        space
    }
}
