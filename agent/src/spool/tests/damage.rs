//! Whatever changes under the spool is seen: nothing of it is lost, or it is set aside and a gap says so.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use super::*;

/// What is done to a file, and its name in a message.
type Change = (String, Box<dyn Fn(&File)>);

/// How many findings the whole spool holds.
const WHOLE: u64 = 24;

/// A closed spool of several small batches and one that sled keeps in a file of its own.
fn whole(dir: &TempDir) -> (SpoolEpoch, Vec<(u64, String)>) {
    let mut spool = open(dir);
    for n in 0..WHOLE / 2 {
        let bytes = if n == 3 { 90_000 } else { 300 };
        spool.put(vec![finding("a", bytes), finding("b", 10)], &[set("a", "rows", &[7])]).unwrap();
    }
    let kept = content(&mut spool);
    assert_eq!(kept.len() as u64, WHOLE);
    (spool.epoch(), kept)
}

fn content(spool: &mut Spool) -> Vec<(u64, String)> {
    let (mut seq, mut found) = (0, Vec::new());
    while let Some((entry, batch)) = spool.take_after(seq).unwrap() {
        for (at, finding) in (entry.first..).zip(&batch.findings) {
            found.push((at, format!("{} {}", finding.check, finding.note)));
        }
        if let Some(gap) = batch.gap {
            found.push((entry.first, format!("gap: {}", gap.reason)));
        }
        seq = entry.last;
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Every file of the folder, from its top.
fn files(dir: &Path, below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => files(dir, &path, found),
            false => found.push(path),
        }
    }
    found.sort();
}

/// The spool as it was, or a new one that begins with a gap and a reason, the old one beside it.
fn whole_or_told(path: &Path, known: &(SpoolEpoch, Vec<(u64, String)>), what: &str) -> bool {
    let mut spool = Spool::open(path, LIMIT).unwrap();
    let found = content(&mut spool);
    let aside = path.with_file_name("spool.damaged-1");
    if spool.epoch() == known.0 {
        assert_eq!(found, known.1, "{what} made the spool another one, and nobody was told");
        assert!(!aside.exists(), "{what}");
        return true;
    }
    assert!(aside.is_dir(), "{what}: the old one is not kept");
    assert!(found[0].1.starts_with("gap: the spool was damaged and set aside: "), "{what}: {found:?}");
    assert_eq!(found.len(), 1, "{what}");
    assert_eq!(spool.put(vec![finding("a", 1)], &[]).unwrap().first, 2, "{what}: it takes no findings");
    false
}

fn each(change: impl Fn(&Path, u64) -> Vec<Change>) -> (usize, usize) {
    let dir = TempDir::new().unwrap();
    let known = whole(&dir);
    let path = dir.path().join("spool");
    let mut names = Vec::new();
    files(&path, Path::new(""), &mut names);
    let (mut same, mut told) = (0, 0);
    for name in names {
        let bytes = fs::metadata(path.join(&name)).unwrap().len();
        for (what, change) in change(&name, bytes) {
            let broken = TempDir::new().unwrap();
            let copied = broken.path().join("spool");
            copy(&path, &copied);
            change(&File::options().read(true).write(true).open(copied.join(&name)).unwrap());
            match whole_or_told(&copied, &known, &format!("{} {what}", name.display())) {
                true => same += 1,
                false => told += 1,
            }
        }
    }
    (same, told)
}

#[test]
fn a_flipped_bit_is_harmless_or_told() {
    let (same, told) = each(|_, bytes| {
        // The head of a file closely, the rest in steps that never fall into the same place of a page.
        let places = (0..bytes.min(64)).step_by(3).chain((64..bytes).step_by(11_003));
        let flip = |at: u64| -> Change {
            let flip = move |file: &File| {
                let mut byte = [0];
                file.read_exact_at(&mut byte, at).unwrap();
                file.write_all_at(&[byte[0] ^ (1 << (at % 8))], at).unwrap();
            };
            (format!("byte {at}"), Box::new(flip))
        };
        places.map(flip).collect()
    });
    assert!(same > 0 && told > 0, "{same} were harmless and {told} told");
}

/// The steps above know where they look; these places come by chance, the same again for the same seed.
struct Places(u64);

impl Places {
    fn new() -> Places {
        let seed = std::env::var("TIDELOCK_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("TIDELOCK_SEED={seed}");
        Places(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

#[test]
fn any_bit_flipped_or_end_cut_is_harmless_or_told() {
    let places = std::cell::RefCell::new(Places::new());
    let (same, told) = each(|_, bytes| {
        let mut places = places.borrow_mut();
        let flip = |at: u64, bit: u64| -> Change {
            let flip = move |file: &File| {
                let mut byte = [0];
                file.read_exact_at(&mut byte, at).unwrap();
                file.write_all_at(&[byte[0] ^ (1 << bit)], at).unwrap();
            };
            (format!("bit {bit} of byte {at}"), Box::new(flip))
        };
        let cut = |to: u64| -> Change {
            (format!("cut at {to}"), Box::new(move |file: &File| file.set_len(to).unwrap()))
        };
        if bytes == 0 {
            return Vec::new();
        }
        let mut changes: Vec<Change> = (0..16).map(|_| flip(places.below(bytes), places.below(8))).collect();
        changes.extend((0..4).map(|_| cut(places.below(bytes))));
        changes
    });
    assert!(same + told >= 60, "only {same} harmless and {told} told");
}

#[test]
fn a_tail_that_is_cut_is_harmless_or_told() {
    let (_, told) = each(|_, bytes| {
        let cut = |to: u64| -> Change {
            (format!("cut at {to}"), Box::new(move |file: &File| file.set_len(to).unwrap()))
        };
        (0..16).map(|part| bytes * part / 16).map(cut).collect()
    });
    assert!(told > 0);
}

#[test]
fn zeros_in_the_place_of_a_page_are_harmless_or_told() {
    let (_, told) = each(|_, bytes| {
        let zero = |at: u64| -> Change {
            let zero = move |file: &File| {
                file.write_all_at(&vec![0; usize::try_from((bytes - at).min(512)).unwrap()], at).unwrap();
            };
            (format!("zeros at {at}"), Box::new(zero))
        };
        (0..bytes).step_by(24 * 512).map(zero).collect()
    });
    assert!(told > 0);
}

/// sled reads an older copy of itself without a word; the witness beside it does not.
#[test]
fn an_older_end_is_not_taken_for_the_end() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("spool");
    drop({
        let mut spool = open(&dir);
        spool.put(vec![finding("a", 1)], &[]).unwrap();
        spool
    });
    let (older, witness) = (dir.path().join("older"), "spool-witness");
    copy(&path, &older);
    let mut spool = open(&dir);
    let epoch = spool.epoch();
    spool.put(vec![finding("a", 1)], &[]).unwrap();
    drop(spool);
    fs::copy(path.join(witness), older.join(witness)).unwrap();
    fs::remove_dir_all(&path).unwrap();
    fs::rename(&older, &path).unwrap();
    let mut spool = open(&dir);
    assert_ne!(spool.epoch(), epoch);
    let (_, reason) = content(&mut spool).remove(0);
    assert!(reason.contains("its end is lost"), "{reason}");
}

/// sled may never come back from a damaged folder. Here it waits for somebody to write into its settings.
#[test]
fn a_database_that_does_not_open_in_time_is_set_aside_and_told() {
    let dir = TempDir::new().unwrap();
    let (epoch, _) = whole(&dir);
    let path = dir.path().join("spool");
    fs::remove_file(path.join("conf")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(path.join("conf")).status().unwrap();
    assert!(pipe.success(), "no pipe can be made");
    // The new one must open within it, too.
    let patience = Duration::from_secs(3);
    let mut spool = Spool::open_within(&path, LIMIT, Arc::new(RealMedium), patience).unwrap();
    assert_ne!(spool.epoch(), epoch);
    let told = content(&mut spool).remove(0).1;
    assert!(told.starts_with("gap: the spool was damaged and set aside: "), "{told}");
    assert!(told.contains("did not open within"), "{told}");
    assert!(dir.path().join("spool.damaged-1/conf").exists(), "the old one is not kept");
    assert_eq!(spool.put(vec![finding("a", 1)], &[]).unwrap().first, 2, "it takes no findings");
}

struct Broken;

impl Medium for Broken {
    fn sync(&self, _: &File) -> std::io::Result<()> {
        Err(std::io::Error::from_raw_os_error(5))
    }
}

#[test]
fn a_failed_sync_is_an_error_and_nothing_is_believed() {
    let dir = TempDir::new().unwrap();
    drop(open(&dir));
    let mut spool = Spool::open_on(&dir.path().join("spool"), LIMIT, Arc::new(Broken)).unwrap();
    let error = spool.put(vec![finding("a", 1)], &[]).unwrap_err();
    assert!(error.to_string().starts_with("sync the spool: "), "{error}");
    assert!(error.to_string().contains("nput/output error"), "{error}");
}

#[tokio::test]
async fn what_is_not_on_disk_is_told_and_sent_to_nobody() {
    let dir = TempDir::new().unwrap();
    drop(open(&dir));
    let spool = Spool::open_on(&dir.path().join("spool"), LIMIT, Arc::new(Broken)).unwrap();
    let (handle, items) = SpoolHandle::new(spool);
    let head = handle.head();
    let writer = tokio::spawn(handle.clone().write_all(items));
    assert!(!handle.keep(finding("a", 1), Vec::new()).await, "it was not kept");
    writer.await.unwrap().unwrap_err();
    assert_eq!(head.borrow().next_seq, 1, "nobody hears of a number that a restart does not know");
    assert!(handle.take_after(0).await.is_err(), "the collector would know more than the spool");
}
