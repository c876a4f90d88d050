//! Which segments a set has, shared by its writer and its readers.

use std::{
    fs::File,
    io::Read,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tidelock_model::mutated;

use super::{
    damage::Damage,
    error::{Place, ReadError},
    floor::Floor,
    header::{self, Header},
    layout::Layout,
    types::{Position, Set},
};

/// One segment.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
}

/// The segments of a set in order, without a hole.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    segments: Arc<Mutex<Vec<Segment>>>,
}

impl Catalog {
    pub(crate) fn new(segments: Vec<Segment>) -> Catalog {
        Catalog { segments: Arc::new(Mutex::new(segments)) }
    }

    pub(crate) fn all(&self) -> Vec<Segment> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn push(&self, segment: Segment) {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).push(segment);
    }

    /// Forgets the segments before this number and returns them.
    pub(crate) fn drop_before(&self, number: u64) -> Vec<Segment> {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        let kept =
            segments.iter().position(|segment| segment.header.number >= number).unwrap_or(segments.len());
        segments.drain(..kept).collect()
    }
}

/// Lists a set from the disk and checks that its segments follow each other.
pub(crate) fn list(
    layout: &Layout,
    set: Set,
    journal: &[u8; 16],
    floor: Floor,
) -> Result<Vec<Segment>, ReadError> {
    let mut numbers = numbers(layout, set)?;
    numbers.retain(|number| *number >= floor.number);
    let mut segments: Vec<Segment> = Vec::with_capacity(numbers.len());
    for (wanted, number) in (floor.number..).zip(numbers) {
        let first = segments.last().map_or(floor.oldest(), |last| last.header.first.next());
        if number != wanted {
            let path = layout.segment(set, wanted);
            return Err(Damage::new(set, &path, 0, first, "the segment is missing").into());
        }
        let path = layout.segment(set, number);
        let header = read_header(set, &path, first)?;
        let wrong = if &header.journal != journal && !mutated("two-journals-do-not-mix") {
            Some("the segment belongs to another journal".to_string())
        } else if header.number != number {
            Some(format!("the segment says that it is number {}", header.number))
        } else if segments.is_empty() && header.first != floor.oldest() {
            Some(format!("the first segment begins at record {}", header.first))
        } else if segments.last().is_some_and(|last| header.first < last.header.first) {
            Some(format!("the segment begins at record {}, before its predecessor", header.first))
        } else {
            None
        };
        if let Some(what) = wrong {
            return Err(Damage::new(set, &path, 0, first, what).into());
        }
        segments.push(Segment { path, header });
    }
    Ok(segments)
}

/// The numbers of all segment files, in order.
pub(crate) fn numbers(layout: &Layout, set: Set) -> Result<Vec<u64>, ReadError> {
    let dir = layout.set(set);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(&dir).at("list", &dir)? {
        let name = entry.at("list", &dir)?.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".seg")) else {
            continue;
        };
        let number = stem.parse().ok().filter(|number| format!("{number:010}") == stem);
        let Some(number) = number else {
            let path = dir.join(&name);
            return Err(Damage::new(set, &path, 0, Position::START, "a segment has a strange name").into());
        };
        numbers.push(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read_header(set: Set, path: &std::path::Path, position: Position) -> Result<Header, ReadError> {
    let mut bytes = Vec::new();
    let file = File::open(path).at("open", path)?;
    file.take(header::LEN).read_to_end(&mut bytes).at("read", path)?;
    Ok(Header::decode(set, &bytes).map_err(|what| Damage::new(set, path, 0, position, what))?)
}
