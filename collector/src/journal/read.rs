//! Reads records back, each proved against its segment's chain, up to a head known to be durable.

use std::{collections::VecDeque, path::Path};

use super::{
    catalog::{self, Segment},
    damage::Damage,
    error::{OpenError, Place, ReadError},
    identity,
    layout::Layout,
    recover,
    scan::{Scan, Step},
    types::{Position, Set, Stored},
    walk::Walk,
    witness,
};

/// An iterator over records; after its first error it is over.
pub struct Reader {
    source: Source,
}

enum Source {
    Memory(VecDeque<Stored>),
    Refused(Option<ReadError>),
    Files { segments: VecDeque<Segment>, scan: Option<Box<Scan>>, from: Position, head: Position },
    Over,
}

impl Reader {
    /// Reads `from..=head` from these segments.
    pub(crate) fn new(segments: Vec<Segment>, from: Position, head: Position) -> Reader {
        let from = from.max(Position::new(1));
        if from > head {
            return Reader { source: Source::Over };
        }
        let oldest = segments.first().map_or(head.next(), |segment| segment.header.first);
        if from < oldest {
            return Reader::refused(ReadError::Dropped { asked: from, floor: oldest });
        }
        let mut segments = VecDeque::from(segments);
        while segments.get(1).is_some_and(|next| next.header.first <= from) {
            segments.pop_front();
        }
        Reader { source: Source::Files { segments, scan: None, from, head } }
    }

    pub(crate) fn memory(records: impl IntoIterator<Item = Stored>) -> Reader {
        Reader { source: Source::Memory(records.into_iter().collect()) }
    }

    pub(crate) fn refused(error: ReadError) -> Reader {
        Reader { source: Source::Refused(Some(error)) }
    }

    fn next_in_files(&mut self) -> Result<Option<Stored>, ReadError> {
        let Source::Files { segments, scan, from, head } = &mut self.source else {
            return Ok(None);
        };
        loop {
            if scan.is_none() {
                let Some(segment) = segments.pop_front() else {
                    return Ok(None);
                };
                let opened = Scan::open(&segment);
                *scan = Some(Box::new(opened.map_err(|error| dropped_meanwhile(error, *from, &segment))?));
            }
            let Some(open) = scan.as_mut() else {
                return Ok(None);
            };
            if open.next_position() > *head {
                return Ok(None);
            }
            match open.step()? {
                Step::Record(stored) if stored.position < *from => {}
                Step::Record(stored) => {
                    *from = stored.position.next();
                    return Ok(Some(stored));
                }
                Step::Bad(flaw) => return Err(open.damage(flaw.text()).into()),
                Step::End => {
                    follows(open, segments.front(), *head)?;
                    *scan = None;
                }
            }
        }
    }
}

/// A durable record must come next: in this segment's successor, on the same chain.
fn follows(scan: &Scan, next: Option<&Segment>, head: Position) -> Result<(), ReadError> {
    match next {
        Some(next) if next.header.first == scan.next_position() && next.header.chain == scan.chain() => {
            Ok(())
        }
        Some(_) => Err(scan.damage("the next segment does not follow").into()),
        None => Err(scan.damage(format!("it is not there, though records up to {head} were durable")).into()),
    }
}

/// Retention may take a segment away while it is waited for.
fn dropped_meanwhile(error: ReadError, asked: Position, segment: &Segment) -> ReadError {
    match error {
        ReadError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            ReadError::Dropped { asked, floor: segment.header.first.next() }
        }
        other @ (ReadError::Io { .. } | ReadError::Damaged(_) | ReadError::Dropped { .. }) => other,
    }
}

impl Iterator for Reader {
    type Item = Result<Stored, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Memory(records) => records.pop_front().map(Ok),
            Source::Refused(error) => error.take().map(Err),
            Source::Over => None,
            Source::Files { .. } => match self.next_in_files() {
                Ok(Some(stored)) => Some(Ok(stored)),
                Ok(None) => {
                    self.source = Source::Over;
                    None
                }
                Err(error) => {
                    self.source = Source::Over;
                    Some(Err(error))
                }
            },
        }
    }
}

/// Reads the findings of a folder without a collector, a lock or sled.
///
/// # Errors
/// The set's end cannot be judged, or is damaged.
pub fn read_findings_offline(dir: &Path, from: Position) -> Result<Reader, OpenError> {
    offline(dir, Set::Findings, from)
}

/// Reads the decisions of a folder without a collector, a lock or sled.
///
/// # Errors
/// The set's end cannot be judged, or is damaged.
pub fn read_decisions_offline(dir: &Path, from: Position) -> Result<Reader, OpenError> {
    offline(dir, Set::Decisions, from)
}

fn offline(dir: &Path, set: Set, from: Position) -> Result<Reader, OpenError> {
    let layout = Layout::new(dir);
    let journal = known_identity(&layout)?;
    // The witness first: what it vouches for was durable before the segments are looked at.
    let witness = witness::read(&layout.witness()).at("read", &layout.witness())?.ok();
    let segments = listed(&layout, set, &journal)?;
    let durable = witness.map(|witness| witness.of(set));
    let moved = || witness::moved(&layout.witness(), witness);
    let walk = Walk {
        layout: &layout,
        set,
        journal: &journal,
        segments: &segments,
        all: false,
        durable,
        moved: &moved,
    };
    let head = walk.run(&mut |_| Ok(()))?.mark.position;
    Ok(Reader::new(segments, from, head))
}

/// The identity of a journal that must exist.
pub(crate) fn known_identity(layout: &Layout) -> Result<[u8; 16], OpenError> {
    let path = layout.identity();
    match identity::read(&path).at("read", &path)? {
        Some(Ok(journal)) => Ok(journal),
        Some(Err(())) | None => {
            let what = "the journal's identity is missing or cannot be read";
            Err(Damage::new(Set::Decisions, &path, 0, Position::START, what).into())
        }
    }
}

/// Lists a set, whose floor may rise while it is listed.
pub(crate) fn listed(layout: &Layout, set: Set, journal: &[u8; 16]) -> Result<Vec<Segment>, OpenError> {
    loop {
        let floor = match set {
            Set::Findings => recover::read_floor(layout)?,
            Set::Decisions => super::floor::Floor::BEGINNING,
        };
        let listed = catalog::list(layout, set, journal, floor);
        match listed {
            Err(_) if set == Set::Findings && recover::read_floor(layout)? != floor => {}
            Err(error) => return Err(error.into()),
            Ok(segments) => return Ok(segments),
        }
    }
}
