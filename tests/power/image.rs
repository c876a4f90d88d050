//! A file system in a file, which can be copied as it is on the medium at this moment.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const BYTES: u64 = 40 << 20;

/// Whether this machine can lose a file system. Root with loop devices must: then nothing is skipped.
pub(crate) fn possible() -> bool {
    let found = rustix::process::geteuid().is_root() && run("losetup", &["-f"]).is_ok();
    let how = if found { "a file system in a loop device is lost" } else { "no root or no loop device" };
    println!("power loss: {how}");
    found
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

fn must(program: &str, args: &[&str]) {
    run(program, args).unwrap();
}

/// A mounted image; unmounted and removed in the end, also of a test that fails.
pub(crate) struct Image {
    home: TempDir,
    number: usize,
}

impl Image {
    pub(crate) fn new() -> Image {
        let image = Image { home: TempDir::new().unwrap(), number: 0 };
        std::fs::File::create(image.file()).unwrap().set_len(BYTES).unwrap();
        must("mkfs.ext4", &["-q", "-F", "-m", "0", image.file().to_str().unwrap()]);
        std::fs::create_dir(image.mount()).unwrap();
        image.attach();
        image
    }

    fn file(&self) -> PathBuf {
        self.home.path().join(format!("image-{}", self.number))
    }

    /// Where it is mounted.
    pub(crate) fn mount(&self) -> PathBuf {
        self.home.path().join("mount")
    }

    /// A folder on another file system, which is not lost.
    pub(crate) fn beside(&self) -> &Path {
        self.home.path()
    }

    fn attach(&self) {
        let (file, mount) = (self.file(), self.mount());
        must("mount", &["-o", "loop", file.to_str().unwrap(), mount.to_str().unwrap()]);
    }

    /// Mounts it anew for reading alone.
    pub(crate) fn shut(&self) {
        must("mount", &["-o", "remount,ro", self.mount().to_str().unwrap()]);
    }

    /// The power goes away now: what has not reached the image is gone. Mounts what is left.
    pub(crate) fn lose(&mut self) {
        let old = self.file();
        self.number += 1;
        must("cp", &["--sparse=always", old.to_str().unwrap(), self.file().to_str().unwrap()]);
        must("umount", &[self.mount().to_str().unwrap()]);
        std::fs::remove_file(old).unwrap();
        self.attach();
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let mount = self.mount();
        let mount = mount.to_str().unwrap();
        if run("umount", &[mount]).is_err() {
            // Somebody is still in it: it goes when they do.
            let _ = run("umount", &["-l", mount]);
        }
    }
}
