//! Every file of the index, damaged place by place: it is harmless, or the index is set aside, named and built again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tidelock_collector::journal::{Journal, Store as _};

use crate::damage::runner;
use crate::index::{answers, journal, open_index};

/// What is done to a file of so many bytes.
type Spoil = fn(&File, u64);

/// Flips one bit.
fn flip(file: &File, at: u64) {
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

/// The last byte that is not a zero: files are filled ahead.
fn last_used(file: &File, bytes: u64) -> u64 {
    let mut all = vec![0; usize::try_from(bytes).unwrap()];
    file.read_exact_at(&mut all, 0).unwrap();
    all.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64
}

const TABLE: [(&str, Spoil); 16] = [
    ("the first byte flipped", |file, _| flip(file, 0)),
    ("the length of the first record flipped", |file, _| flip(file, 5)),
    ("the eighth byte flipped", |file, _| flip(file, 8)),
    ("the head flipped at 16", |file, _| flip(file, 16)),
    ("the head flipped at 25", |file, _| flip(file, 25)),
    ("an eighth of what is used flipped", |file, bytes| flip(file, last_used(file, bytes) / 8)),
    ("a quarter of what is used flipped", |file, bytes| flip(file, last_used(file, bytes) / 4)),
    ("the middle of what is used flipped", |file, bytes| flip(file, last_used(file, bytes) / 2)),
    ("three quarters of what is used flipped", |file, bytes| flip(file, last_used(file, bytes) * 3 / 4)),
    ("the last used byte flipped", |file, bytes| flip(file, last_used(file, bytes))),
    ("a byte cut off what is used", |file, bytes| file.set_len(last_used(file, bytes)).unwrap()),
    ("half of what is used cut off", |file, bytes| file.set_len(last_used(file, bytes) / 2).unwrap()),
    ("cut to its head", |file, _| file.set_len(16).unwrap()),
    ("cut to nothing", |file, _| file.set_len(0).unwrap()),
    ("zeros for all that is used", |file, bytes| {
        let used = last_used(file, bytes);
        file.write_all_at(&vec![0; usize::try_from(used + 1).unwrap()], 0).unwrap();
    }),
    ("garbage for all that is used", |file, bytes| {
        let used = last_used(file, bytes);
        file.write_all_at(&vec![0x5a; usize::try_from(used + 1).unwrap()], 0).unwrap();
    }),
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// What became of a spoilt index: whether it was set aside. It never answers wrongly.
fn outcome(journal: &Journal, wanted: &impl PartialEq<Answers>, what: &str) -> bool {
    let named = |why: &str| assert!(!why.trim().is_empty(), "{what}: nobody says why");
    let (index, start) = open_index(journal);
    start.set_aside.as_deref().iter().for_each(|why| named(why));
    let asked = catch_unwind(AssertUnwindSafe(|| answers(&index)));
    assert_eq!(tidelock_collector::journal::Index::reflects(&index), journal.heads(), "{what}");
    drop(index);
    match asked {
        Ok(answers) => assert!(*wanted == answers, "{what}: it answers wrongly, and nobody was told"),
        Err(_) => {
            // What breaks only when it is read is set aside by the next start.
            let (index, start) = open_index(journal);
            named(&start.set_aside.unwrap_or_else(|| panic!("{what}: it broke and was forgotten")));
            assert!(*wanted == answers(&index), "{what}: built again and wrong");
            return true;
        }
    }
    if let Some(aside) = start.set_aside_to {
        assert!(aside.is_dir(), "{what}: the old one is not kept");
        assert_eq!((start.findings, start.decisions), (5, 5), "{what}: not built from the journal");
    }
    start.set_aside.is_some()
}

type Answers = (
    Vec<tidelock_collector::journal::HistoryLine>,
    Vec<tidelock_collector::journal::Event>,
    Vec<tidelock_collector::journal::Cursor>,
    Vec<tidelock_collector::journal::Seen>,
);

#[tokio::test]
async fn every_place_of_every_file_is_harmless_or_set_aside_and_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let wanted = answers(&index);
    drop(index);
    let (folder, whole) = (journal.index_dir(), dir.path().join("whole"));
    copy(&folder, &whole);
    let names: Vec<PathBuf> =
        files(&whole).iter().map(|path| path.strip_prefix(&whole).unwrap().to_owned()).collect();
    assert!(names.len() >= 2, "{names:?}");
    let fresh = || {
        fs::remove_dir_all(&folder).unwrap();
        copy(&whole, &folder);
    };
    let (mut aside, mut harmless) = (Vec::new(), Vec::new());
    for name in &names {
        for (what, spoil) in TABLE {
            fresh();
            let path = folder.join(name);
            let bytes = fs::metadata(&path).unwrap().len();
            if bytes < 32 {
                // Nothing there to damage by place; its loss is below.
                continue;
            }
            spoil(&File::options().read(true).write(true).open(&path).unwrap(), bytes);
            let what = format!("{}: {what}", name.display());
            match outcome(&journal, &wanted, &what) {
                true => aside.push(what),
                false => harmless.push(what),
            }
        }
        fresh();
        fs::remove_file(folder.join(name)).unwrap();
        let what = format!("{}: removed", name.display());
        match outcome(&journal, &wanted, &what) {
            true => aside.push(what),
            false => harmless.push(what),
        }
    }
    println!("set aside: {aside:#?}\nharmless: {harmless:#?}");
    for must in ["db: cut to its head", "db: garbage for all that is used", "db: zeros for all that is used"]
    {
        assert!(aside.iter().any(|what| what == must), "{must} was believed");
    }
}

/// The table knows where it looks; this does not.
#[tokio::test]
async fn any_bit_or_end_of_any_file_is_harmless_or_set_aside_and_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(dir.path(), 5).await;
    let (index, _) = open_index(&journal);
    let wanted = answers(&index);
    drop(index);
    let (folder, whole) = (journal.index_dir(), dir.path().join("whole"));
    copy(&folder, &whole);
    let used = |path: &PathBuf| {
        let file = File::open(path).unwrap();
        last_used(&file, file.metadata().unwrap().len())
    };
    let names: Vec<(PathBuf, u64)> = (files(&whole).iter())
        .map(|path| (path.strip_prefix(&whole).unwrap().to_owned(), used(path)))
        .filter(|(_, used)| *used > 0)
        .collect();
    assert!(!names.is_empty());
    let (aside, harmless) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let change = (0..names.len(), any::<prop::sample::Index>(), 0..8_u32, 0..6_u32);
    runner(120)
        .run(&change, |(file, at, bit, cut)| {
            let (name, used) = &names[file];
            fs::remove_dir_all(&folder).unwrap();
            copy(&whole, &folder);
            let at = at.index(usize::try_from(*used + 1).unwrap()) as u64;
            let file = File::options().read(true).write(true).open(folder.join(name)).unwrap();
            // One in six loses its end there.
            let what = if cut == 0 {
                file.set_len(at).unwrap();
                format!("{}: cut at {at} of {used}", name.display())
            } else {
                let mut byte = [0];
                file.read_exact_at(&mut byte, at).unwrap();
                file.write_all_at(&[byte[0] ^ (1 << bit)], at).unwrap();
                format!("{}: bit {bit} of byte {at} of {used}", name.display())
            };
            drop(file);
            let told = if outcome(&journal, &wanted, &what) { &aside } else { &harmless };
            told.set(told.get() + 1);
            Ok(())
        })
        .unwrap();
    println!("set aside: {}, harmless: {}", aside.get(), harmless.get());
    assert!(aside.get() > 0, "nothing of all that was seen");
}
