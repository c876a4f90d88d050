//! The physical limit: the same bytes appended to a file that was filled ahead, and synced.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Watch;
use crate::table::Sample;

/// Appends all batches in order with one `fdatasync` for each group of `group`, and gives the time it took.
pub(crate) fn append(folder: &Path, batches: &[(u64, Bytes)], group: usize) -> Duration {
    append_timed(folder, batches, group).0
}

/// The same, and how long each group took.
pub(crate) fn append_timed(folder: &Path, batches: &[(u64, Bytes)], group: usize) -> (Duration, Sample) {
    let whole: usize = batches.iter().map(|(_, batch)| batch.len()).sum();
    let mut file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .open(folder.join("bare"))
        .expect("a file can be made");
    // Zeros ahead: an append to a file that grows costs the file system a commit of its own.
    let zeros = vec![0; 1 << 20];
    for _ in 0..=whole >> 20 {
        file.write_all(&zeros).expect("the disk has room");
    }
    file.sync_all().expect("the disk takes it");
    file.rewind().expect("a file can be rewound");
    let (watch, mut each) = (Watch::start(), Sample::default());
    for batches in batches.chunks(group) {
        let one = Watch::start();
        for (_, batch) in batches {
            file.write_all(batch).expect("the disk has room");
        }
        file.sync_data().expect("the disk takes it");
        each.push(one.elapsed());
    }
    (watch.elapsed(), each)
}
