//! Walks through one segment and believes nothing that does not fit on the chain.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
};

use tidelock_model::{Sha256, mutated};

use super::{
    catalog::Segment,
    chain,
    damage::Damage,
    error::{Place, ReadError},
    frame, header,
    types::{Position, Set, Stored},
};

/// What lies at the place a scan has come to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The next record.
    Record(Stored),
    /// Zeros, or the end of the file.
    End,
    /// Something that is not the next record.
    Bad(Flaw),
}

/// Why it is not the next record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is not as any writer left it: unfinished, or changed.
    Broken(&'static str),
    /// It is whole, but stands in the wrong place; no unfinished write looks like that.
    Misplaced(&'static str),
}

impl Flaw {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Flaw::Broken(text) | Flaw::Misplaced(text) => text,
        }
    }
}

/// A scan of one segment.
pub(crate) struct Scan {
    set: Set,
    segment: Segment,
    reader: BufReader<File>,
    file_bytes: u64,
    offset: u64,
    next: Position,
    chain: Sha256,
}

impl Scan {
    /// Starts behind the segment's header.
    pub(crate) fn open(segment: &Segment) -> Result<Scan, ReadError> {
        let mut file = File::open(&segment.path).at("open", &segment.path)?;
        let file_bytes = file.metadata().at("look at", &segment.path)?.len();
        file.seek(SeekFrom::Start(header::LEN)).at("seek in", &segment.path)?;
        Ok(Scan {
            set: segment.header.set,
            segment: segment.clone(),
            reader: BufReader::with_capacity(128 * 1024, file),
            file_bytes,
            offset: header::LEN,
            next: segment.header.first,
            chain: segment.header.chain,
        })
    }

    /// Where the scan stands: behind the last record that it returned.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The record that must come next.
    pub(crate) fn next_position(&self) -> Position {
        self.next
    }

    /// The chain up to the last record that it returned.
    pub(crate) fn chain(&self) -> Sha256 {
        self.chain
    }

    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Reads the next record. After `End` or `Bad` the scan is over.
    pub(crate) fn step(&mut self) -> Result<Step, ReadError> {
        let path = self.segment.path.clone();
        let mut head = [0; 4];
        if self.offset + 4 > self.file_bytes {
            return Ok(Step::End);
        }
        self.reader.read_exact(&mut head).at("read", &path)?;
        let len = frame::claimed_len(head);
        if len == 0 {
            return Ok(Step::End);
        }
        if len < frame::MIN_FRAME || self.offset + len as u64 > self.file_bytes {
            return Ok(Step::Bad(Flaw::Broken("its length cannot be")));
        }
        let mut bytes = vec![0; len];
        bytes[..4].copy_from_slice(&head);
        match self.reader.read_exact(&mut bytes[4..]) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Step::Bad(Flaw::Broken("the file ends in it")));
            }
            Err(source) => {
                return Err(ReadError::Io { doing: "read", path, source });
            }
        }
        let stored = match frame::decode(self.set, &bytes) {
            Ok(stored) => stored,
            Err(what) => return Ok(Step::Bad(Flaw::Broken(what))),
        };
        if stored.position != self.next {
            return Ok(Step::Bad(Flaw::Misplaced("it has another number")));
        }
        let fits = stored.chain == chain::extend(&self.chain, frame::chained(&bytes));
        if !fits && !mutated("a-record-fits-its-chain") {
            return Ok(Step::Bad(Flaw::Misplaced("it does not fit on the chain")));
        }
        self.offset += len as u64;
        self.next = self.next.next();
        self.chain = stored.chain;
        Ok(Step::Record(stored))
    }

    /// Damage at the place where the scan stands.
    pub(crate) fn damage(&self, what: impl Into<String>) -> Box<Damage> {
        Damage::new(self.set, &self.segment.path, self.offset, self.next, what)
    }
}
