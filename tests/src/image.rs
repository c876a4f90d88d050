//! A file system of a test's own, in a loop device: it can be copied as it is on the medium at this moment, be
//! full, and stand still.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where the kernel gives loop devices.
const CONTROL: &str = "/dev/loop-control";

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

fn must(program: &str, args: &[&str]) {
    run(program, args).unwrap_or_else(|error| panic!("{error}"));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

/// A mounted image; unmounted and removed in the end, also of a test that fails.
#[derive(Debug)]
pub struct Image {
    home: TempDir,
    number: usize,
    /// It lies in memory that can be taken away.
    breakable: bool,
}

impl Image {
    /// Whether this machine has loop devices for us. Root has them wherever the kernel does, and must get one then:
    /// only who is not root, or has no such kernel, goes without.
    ///
    /// # Panics
    /// When there should be one, and `losetup` finds none: with its words.
    #[expect(clippy::print_stdout, reason = "what was not tried is told")]
    pub fn possible() -> bool {
        let root = rustix::process::geteuid().is_root();
        let control = Path::new(CONTROL).exists();
        let how = match (root, control) {
            (true, true) => "a file system in a loop device",
            (false, _) => "none: not root",
            (true, false) => "none: there is no /dev/loop-control",
        };
        println!("file system of its own: {how}");
        if root && control {
            run("losetup", &["-f"]).unwrap_or_else(|error| panic!("root, {CONTROL}, and yet {error}"));
        }
        root && control
    }

    /// One of this size.
    ///
    /// # Panics
    /// When it cannot be made or mounted.
    pub fn new(bytes: u64) -> Image {
        Image::made(bytes, false)
    }

    /// One of this size whose medium can break.
    ///
    /// # Panics
    /// When it cannot be made or mounted.
    pub fn breakable(bytes: u64) -> Image {
        Image::made(bytes, true)
    }

    fn made(bytes: u64, breakable: bool) -> Image {
        let image = Image { home: TempDir::new().expect("a temporary folder"), number: 0, breakable };
        if breakable {
            fs::create_dir(image.medium()).expect("a folder can be made");
            let size = format!("size={}", bytes + (16 << 20));
            must("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", text(&image.medium())]);
        }
        let file = File::create(image.file()).expect("a file can be made");
        file.set_len(bytes).expect("a file of holes");
        must("mkfs.ext4", &["-q", "-F", "-m", "0", text(&image.file())]);
        fs::create_dir(image.mount()).expect("a folder can be made");
        image.attach();
        image
    }

    fn file(&self) -> PathBuf {
        let name = format!("image-{}", self.number);
        if self.breakable { self.medium().join(name) } else { self.home.path().join(name) }
    }

    /// What a breakable one lies in.
    fn medium(&self) -> PathBuf {
        self.home.path().join("medium")
    }

    /// Where it is mounted.
    pub fn mount(&self) -> PathBuf {
        self.home.path().join("mount")
    }

    /// A folder on another file system, which is not lost.
    pub fn beside(&self) -> &Path {
        self.home.path()
    }

    fn attach(&self) {
        // A breakable one is not written to by itself, so that whoever waits for a sync is the first to meet the break.
        let how = if self.breakable { "loop,commit=300" } else { "loop" };
        must("mount", &["-o", how, text(&self.file()), text(&self.mount())]);
    }

    /// Mounts it anew for reading alone.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn shut(&self) {
        must("mount", &["-o", "remount,ro", text(&self.mount())]);
    }

    /// The medium takes nothing any more: what is written from now on is in the page cache alone, and a sync of it
    /// fails. What was on it is gone, too.
    ///
    /// # Panics
    /// When it is not breakable, or the kernel refuses.
    pub fn break_medium(&self) {
        assert!(self.breakable, "this image cannot break");
        let file = File::options().write(true).open(self.file()).expect("a file of ours can be opened");
        let mut shrunk = Err(String::new());
        // What is written in this moment takes memory again.
        for _ in 0..20 {
            file.set_len(0).expect("it lets its memory go");
            shrunk = run("mount", &["-o", "remount,size=4k", text(&self.medium())]);
            if shrunk.is_ok() {
                break;
            }
        }
        shrunk.unwrap_or_else(|error| panic!("{error}"));
        // The page that is left; the image may have taken it already.
        let _ = fs::write(self.medium().join("rest"), "x");
    }

    /// The power goes away now: what has not reached the image is gone. Mounts what is left.
    ///
    /// # Panics
    /// When it cannot be copied or mounted.
    pub fn lose(&mut self) {
        let old = self.file();
        self.number += 1;
        must("cp", &["--sparse=always", text(&old), text(&self.file())]);
        must("umount", &[text(&self.mount())]);
        fs::remove_file(old).expect("a file of ours can be removed");
        self.attach();
    }

    /// Fills it to the last block with a file that is somebody else's; gives its path.
    ///
    /// # Panics
    /// When it does not become full.
    pub fn fill(&self) -> PathBuf {
        let path = self.mount().join("somebody-elses");
        let mut file = File::create(&path).expect("a file can be made");
        loop {
            if let Err(error) = file.write_all(&[7; 64 * 1024]) {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
                return path;
            }
        }
    }

    /// From now on whoever writes to it waits, until the answer of this is dropped.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn stand_still(&self) -> Still {
        // A test that is killed drops nothing, and whoever waits for this disk cannot be killed either: a process
        // of its own lets it go once its input ends, and that ends with the test in any case.
        let let_go = "cat; fsfreeze -u \"$0\"";
        let rescue = Command::new("setsid")
            .args(["sh", "-c", let_go, text(&self.mount())])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let still = Still { rescue: rescue.expect("a shell starts") };
        must("fsfreeze", &["-f", text(&self.mount())]);
        still
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let medium = self.breakable.then(|| self.medium());
        for mount in [self.mount()].into_iter().chain(medium) {
            if run("umount", &[text(&mount)]).is_err() {
                // Somebody is still in it: it goes when they do.
                let _ = run("umount", &["-l", text(&mount)]);
            }
        }
    }
}

/// A file system that stands still; it goes on when this is dropped.
#[derive(Debug)]
pub struct Still {
    rescue: Child,
}

impl Drop for Still {
    fn drop(&mut self) {
        drop(self.rescue.stdin.take());
        // It goes on by the time that its rescue has ended.
        let _ = self.rescue.wait();
    }
}
