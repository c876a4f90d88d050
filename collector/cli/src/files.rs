//! Small file work that several commands need.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::digest;
use ring::rand::SecureRandom as _;

use crate::client::clean;
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

/// How a file gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In place of what is there.
    Over,
    /// Only where nothing is there.
    New,
}

/// Writes a file whole or not at all: on a full disk what was there before stays as it was.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], place: Place) -> Result<(), Trouble> {
    let what = format!("write {}", path.display());
    if place == Place::Over && path.exists() && !path.is_file() {
        // A pipe or a device keeps its place.
        return fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .while_doing(what);
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let written = fs::File::create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| match place {
        Place::Over => fs::rename(&draft, path),
        // A link fails where the name is taken; a rename would not.
        Place::New => fs::hard_link(&draft, path).and_then(|()| fs::remove_file(&draft)),
    });
    if placed.is_err() {
        // What is left of it helps nobody.
        let _ = fs::remove_file(&draft);
    }
    placed.while_doing(what)
}

/// A fresh id for an ask, so that a repeated one is recognised.
pub(crate) fn request_id() -> Result<String, Trouble> {
    let mut bytes = [0; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Trouble::failed("the system has no randomness"))?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is recorded of a file that shows something: `sha256:<hex> <file name>`.
pub(crate) fn evidence(path: &Path) -> Result<String, Trouble> {
    let what = format!("read {}", path.display());
    let mut file = fs::File::open(path).while_doing(&what)?;
    // A pipe would never end, and nobody could look at it again.
    if !file.metadata().while_doing(&what)?.is_file() {
        return Err(Trouble::usage(format!("{} is not a file: give one that can be kept", path.display())));
    }
    let mut sum = digest::Context::new(&digest::SHA256);
    let mut bytes = [0; 64 << 10];
    let mut empty = true;
    loop {
        match file.read(&mut bytes).while_doing(&what)? {
            0 if empty => {
                return Err(Trouble::usage(format!("{} is empty: it shows nothing", path.display())));
            }
            0 => break,
            length => sum.update(&bytes[..length]),
        }
        empty = false;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("sha256:{} {}", hex(sum.finish().as_ref()), clean(&name)))
}

/// A program of the same release: beside this one, or in the search path.
pub(crate) fn beside(program: &str) -> PathBuf {
    let here = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join(program)));
    here.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_what_was_there_stays() {
        let dir = std::env::temp_dir().join(format!("tidelock-whole-{}", request_id().unwrap()));
        fs::create_dir(&dir).unwrap();
        let file = dir.join("report.md");
        write_whole(&file, b"one", Place::New).unwrap();
        assert!(write_whole(&file, b"two", Place::New).is_err(), "it is there already");
        write_whole(&file, b"three", Place::Over).unwrap();
        // Nothing can be drafted, as on a disk that is full.
        fs::create_dir(dir.join("report.md.new")).unwrap();
        assert!(write_whole(&file, b"four", Place::Over).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "three");
        let full = write_whole(Path::new("/dev/full"), b"five", Place::Over).unwrap_err();
        assert!(full.message.starts_with("write /dev/full: "), "{full}");
        assert!(!Path::new("/dev/full").is_file(), "the device is still one");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_file_is_recorded_by_its_sum_and_its_name() {
        let dir = std::env::temp_dir().join(format!("tidelock-evidence-{}", request_id().unwrap()));
        fs::create_dir(&dir).unwrap();
        let file = dir.join("refund 1.png");
        fs::write(&file, "abc").unwrap();
        assert_eq!(
            evidence(&file).unwrap(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad refund 1.png"
        );
        fs::write(&file, "").unwrap();
        assert!(evidence(&file).unwrap_err().to_string().contains("is empty"));
        assert!(evidence(&dir).unwrap_err().to_string().contains("not a file"));
        assert!(evidence(&dir.join("none")).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
