//! Walks through the segments of a set in order: the one way by which a start and `verify` judge it.

use tidelock_model::Sha256;

use super::{
    catalog::Segment,
    chain,
    damage::{Damage, Torn},
    error::ReadError,
    layout::Layout,
    scan::{Scan, Step},
    torn,
    types::{Position, Set, Stored},
    witness::Mark,
};

/// Where a set ends.
pub(crate) struct End {
    /// The last record, and the chain up to it.
    pub(crate) mark: Mark,
    /// Where the next record goes in the last segment.
    pub(crate) offset: u64,
    /// What an unfinished write left behind it.
    pub(crate) torn: Option<Torn>,
    /// How many records were read.
    pub(crate) records: u64,
}

/// What is walked through, and how strictly.
pub(crate) struct Walk<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) set: Set,
    pub(crate) journal: &'a [u8; 16],
    pub(crate) segments: &'a [Segment],
    /// From the first segment on, not only the last one.
    pub(crate) all: bool,
    /// What must be there, if anything vouches for it.
    pub(crate) durable: Option<Mark>,
    /// Whether the journal has been written to since `durable` was read. Its end then moves under the
    /// walk, and can only be judged as far as `durable`.
    pub(crate) moved: &'a dyn Fn() -> bool,
}

/// Says what is wrong with a record beside its own bytes.
pub(crate) type Visit<'a> = dyn FnMut(&Stored) -> Result<(), String> + 'a;

impl Walk<'_> {
    /// Reads every record, and judges the end of the last segment.
    pub(crate) fn run(&self, visit: &mut Visit<'_>) -> Result<End, ReadError> {
        let durable = self.durable.map_or(Position::START, |mark| mark.position);
        let Some((last, sealed)) = self.segments.split_last() else {
            return self.nothing(durable);
        };
        self.check_genesis()?;
        let skipped = if self.all { 0 } else { sealed.len() };
        let mut records = 0;
        for (segment, next) in sealed.iter().zip(&self.segments[1..]).skip(skipped) {
            let mut scan = Scan::open(segment)?;
            self.check_chain(&scan, scan.next_position().before(), scan.chain())?;
            loop {
                let offset = scan.offset();
                match scan.step()? {
                    Step::Record(stored) => self.record(&scan, offset, &stored, visit)?,
                    Step::End => break,
                    Step::Bad(flaw) => return Err(scan.damage(flaw.text()).into()),
                }
                records += 1;
            }
            if next.header.first != scan.next_position() {
                let what =
                    format!("it is not there; the next segment begins at record {}", next.header.first);
                return Err(scan.damage(what).into());
            }
            if next.header.chain != scan.chain() {
                return Err(scan.damage("the next segment stands on another chain").into());
            }
            torn::zeros_behind(&scan)?;
        }
        let mut end = self.last(last, durable, visit)?;
        end.records += records;
        Ok(end)
    }

    fn last(&self, last: &Segment, durable: Position, visit: &mut Visit<'_>) -> Result<End, ReadError> {
        let mut scan = Scan::open(last)?;
        let mut records = 0;
        self.check_chain(&scan, scan.next_position().before(), scan.chain())?;
        let flaw = loop {
            let offset = scan.offset();
            match scan.step()? {
                Step::Record(stored) => self.record(&scan, offset, &stored, visit)?,
                Step::End => break None,
                Step::Bad(flaw) => break Some(flaw),
            }
            records += 1;
        };
        let proved = scan.next_position().before() >= durable;
        let torn = match torn::judge(self.set, &scan, flaw, durable) {
            // The witness of a group is written before the next group is, so what looks like damage
            // behind a moving end shows itself in the witness.
            Err(_) | Ok(Some(_)) if proved && (self.moved)() => None,
            judged => judged?,
        };
        let mark = Mark { position: scan.next_position().before(), chain: scan.chain() };
        Ok(End { mark, offset: scan.offset(), torn, records })
    }

    fn record(
        &self,
        scan: &Scan,
        offset: u64,
        stored: &Stored,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError> {
        self.check_chain(scan, stored.position, stored.chain)?;
        visit(stored)
            .map_err(|what| Damage::new(self.set, &scan.segment().path, offset, stored.position, what).into())
    }

    /// The chain must be the one that was vouched for.
    fn check_chain(&self, scan: &Scan, position: Position, chain: Sha256) -> Result<(), ReadError> {
        match self.durable {
            Some(mark) if mark.position == position && mark.chain != chain => {
                let what = "the chain up to it is another one than when it was last acknowledged";
                Err(Damage::new(self.set, &scan.segment().path, scan.offset(), position, what).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_genesis(&self) -> Result<(), ReadError> {
        match self.segments.first() {
            Some(first) if first.header.number == 1 => {
                if first.header.chain == chain::genesis(self.journal, self.set) {
                    return Ok(());
                }
                let what = "the first segment does not stand on the journal's beginning";
                Err(Damage::new(self.set, &first.path, 0, first.header.first, what).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A set without a segment is a new one, or lost.
    fn nothing(&self, durable: Position) -> Result<End, ReadError> {
        if durable != Position::START {
            let path = self.layout.set(self.set);
            let what = format!("no segment is there, though records up to {durable} were durable");
            return Err(Damage::new(self.set, &path, 0, Position::new(1), what).into());
        }
        let mark = Mark { position: Position::START, chain: chain::genesis(self.journal, self.set) };
        Ok(End { mark, offset: 0, torn: None, records: 0 })
    }
}
