//! Small file work that several commands need.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::rand::SecureRandom as _;

use crate::exit::{Trouble, While as _};

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let what = format!("write {}", path.display());
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(&draft).while_doing(&what)?;
    file.write_all(bytes).while_doing(&what)?;
    file.sync_all().while_doing(&what)?;
    fs::rename(&draft, path).while_doing(&what)
}

/// A fresh id for an ask, so that a repeated one is recognised.
pub(crate) fn request_id() -> Result<String, Trouble> {
    let mut bytes = [0; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Trouble::failed("the system has no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A program of the same release: beside this one, or in the search path.
pub(crate) fn beside(program: &str) -> PathBuf {
    let here = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join(program)));
    here.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program))
}
