//! The components that plans name, each under its own digest.
//!
//! A file is there whole before a revision that names it is journaled, and its digest is computed
//! again whenever it is read: what an agent runs is what was pinned.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sha2::{Digest, Sha256 as Hasher};
use tidelock_model::{Sha256, mutated};

use super::{
    disk,
    error::{At, Place},
};

/// Signatures of one component; above it the oldest goes.
const MAX_SIGNATURES: usize = 8;
/// The largest component that is taken.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why a component is not there.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Nobody has pushed it.
    #[error("component {sha256} is not here; push it with `tidelock plugin push`")]
    Missing {
        /// Its digest.
        sha256: Sha256,
    },
    /// The file is not what its name says.
    #[error("component file {} has another content than its name says; remove it and push it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than a component may be.
    #[error("component of {bytes} bytes is over the limit of {MAX_BYTES} bytes")]
    TooLarge {
        /// How large it is.
        bytes: u64,
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

impl From<At> for ComponentError {
    fn from(at: At) -> ComponentError {
        ComponentError::Io { doing: at.doing, path: at.path, source: at.source }
    }
}

/// The folder of components. Its calls block.
#[derive(Debug, Clone)]
pub struct Components {
    dir: PathBuf,
}

impl Components {
    pub(crate) fn open(dir: &Path) -> Result<Components, At> {
        std::fs::create_dir_all(dir).at("make", dir)?;
        Ok(Components { dir: dir.to_path_buf() })
    }

    /// Keeps a component; returns once it is durable. The same bytes twice are one file.
    ///
    /// # Errors
    /// It is too large, or the disk refused.
    pub fn put(&self, bytes: &[u8]) -> Result<Sha256, ComponentError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ComponentError::TooLarge { bytes: bytes.len() as u64 });
        }
        let sha256 = digest(bytes);
        let path = self.path(&sha256);
        if self.get(&sha256).is_ok() {
            disk::sync_dir(&self.dir).at("sync", &self.dir)?;
            return Ok(sha256);
        }
        // Two pushes of one component must not write into one file.
        let temporary = self.dir.join(format!("{sha256}.{}.tmp", NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut file = std::fs::File::create(&temporary).at("create", &temporary)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).at("write", &temporary)?;
        std::fs::rename(&temporary, &path).at("rename to", &path)?;
        disk::sync_dir(&self.dir).at("sync", &self.dir)?;
        Ok(sha256)
    }

    /// Reads a component and proves its digest.
    ///
    /// # Errors
    /// It is missing, or not what its name says.
    pub fn get(&self, sha256: &Sha256) -> Result<Vec<u8>, ComponentError> {
        let (path, _) = self.find(sha256)?;
        let bytes = std::fs::read(&path).at("read", &path)?;
        let same = digest(&bytes) == *sha256 || mutated("a-component-is-what-it-is-called");
        if same { Ok(bytes) } else { Err(ComponentError::Changed { path }) }
    }

    /// Opens a component to be read piece by piece, so that it never lies in memory as a whole.
    ///
    /// # Errors
    /// It is missing, or larger than a component may be.
    pub fn open_one(&self, sha256: &Sha256) -> Result<ComponentReader, ComponentError> {
        let (path, left) = self.find(sha256)?;
        let file = File::open(&path).at("open", &path)?;
        Ok(ComponentReader { file, path, wanted: *sha256, hasher: Hasher::new(), left })
    }

    /// Where a component lies, and its size.
    fn find(&self, sha256: &Sha256) -> Result<(PathBuf, u64), ComponentError> {
        let path = self.path(sha256);
        let meta = match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ComponentError::Missing { sha256: *sha256 });
            }
            other => other.at("look at", &path)?,
        };
        if meta.len() > MAX_BYTES {
            return Err(ComponentError::Changed { path });
        }
        Ok((path, meta.len()))
    }

    /// Keeps a signature beside its component. The same text twice is one; what it says is for agents to
    /// judge, who alone know whom they trust.
    ///
    /// # Errors
    /// The disk refused.
    pub fn sign(&self, sha256: &Sha256, signature: &str) -> Result<(), ComponentError> {
        let mut all: Vec<String> =
            self.signatures(sha256)?.split_inclusive("\n\n").map(str::to_owned).collect();
        let one = format!("{}\n\n", signature.trim());
        if all.contains(&one) {
            return Ok(());
        }
        let over = (all.len() + 1).saturating_sub(MAX_SIGNATURES);
        all.drain(..over);
        all.push(one);
        let path = self.dir.join(format!("{sha256}.sig"));
        let temporary = self.dir.join(format!("{sha256}.sig.tmp"));
        let mut file = std::fs::File::create(&temporary).at("create", &temporary)?;
        file.write_all(all.concat().as_bytes()).and_then(|()| file.sync_all()).at("write", &temporary)?;
        std::fs::rename(&temporary, &path).at("rename to", &path)?;
        disk::sync_dir(&self.dir).at("sync", &self.dir)?;
        Ok(())
    }

    /// The signatures of a component, one after the other; empty where there is none.
    ///
    /// # Errors
    /// The disk refused.
    pub fn signatures(&self, sha256: &Sha256) -> Result<String, ComponentError> {
        let path = self.dir.join(format!("{sha256}.sig"));
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            other => Ok(other.at("read", &path)?),
        }
    }

    /// The components that a signature calls by this name and version. Whether the signature is good is for
    /// whoever asks to judge.
    ///
    /// # Errors
    /// The disk refused.
    pub fn signed_as(&self, name: &str, version: &str) -> Result<Vec<Sha256>, ComponentError> {
        let wanted = [format!("name: {name}"), format!("version: {version}")];
        let says = |block: &str| wanted.iter().all(|line| block.lines().any(|said| said == line));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.dir).at("list", &self.dir)? {
            let file = entry.at("list", &self.dir)?.file_name();
            let hex = file.to_str().and_then(|file| file.strip_suffix(".sig"));
            let Some(sha256) = hex.and_then(|hex| hex.parse::<Sha256>().ok()) else { continue };
            if self.contains(&sha256) && self.signatures(&sha256)?.split("\n\n").any(says) {
                found.push(sha256);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Whether a component is here, without proving it.
    #[must_use]
    pub fn contains(&self, sha256: &Sha256) -> bool {
        self.path(sha256).is_file()
    }

    fn path(&self, sha256: &Sha256) -> PathBuf {
        self.dir.join(format!("{sha256}.wasm"))
    }
}

/// A component that is read piece by piece. Its calls block.
#[derive(Debug)]
pub struct ComponentReader {
    file: File,
    path: PathBuf,
    wanted: Sha256,
    hasher: Hasher,
    left: u64,
}

impl ComponentReader {
    /// The next piece, of at most so many bytes, and an empty one at the end. The last one is given only where all of
    /// them are what the component's name says.
    ///
    /// # Errors
    /// The disk refused, or it is not what its name says.
    pub fn piece(&mut self, most: usize) -> Result<Vec<u8>, ComponentError> {
        let size = usize::try_from(self.left).map_or(most, |left| left.min(most));
        let mut piece = vec![0; size];
        self.file.read_exact(&mut piece).at("read", &self.path)?;
        self.hasher.update(&piece);
        self.left -= size as u64;
        let read = || Sha256::from_bytes(self.hasher.clone().finalize().into());
        if self.left == 0 && read() != self.wanted {
            return Err(ComponentError::Changed { path: self.path.clone() });
        }
        Ok(piece)
    }

    /// Nothing is left to read.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(Hasher::digest(bytes).into())
}
