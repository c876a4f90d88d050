//! Marks: synthetic writes made on one side that must be found on the other, in time and without loss.
//!
//! Exact, no error rate: a mark arrived within its time, or late, or it is lost for as long as nobody finds
//! it. The answers of the two sides come over different ways, so a find may be told before the write: the
//! order of telling is of no matter, only the moments are. (`docs/CONTRACT.md`, claim `marks`; own. Unit:
//! milliseconds of collector time.)

use std::collections::BTreeMap;

use tidelock_model::Side;

use super::combine::Standing;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Marks kept, those that arrived included.
pub const MARKS_KEPT: usize = 1_024;

/// What is asked of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkSettings {
    /// The time in which a mark must arrive.
    pub within_ms: u64,
    /// How much later than that its find may be told.
    pub grace_ms: u64,
    /// Marks that may be lost; 0.
    pub lost_at_most: u64,
    /// Marks that must arrive in time, in a row; 3.
    pub arrivals: u32,
    /// How old the last arrival may be.
    pub max_age_ms: u64,
}

/// How marks stand, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkState {
    /// More were lost than may be.
    Lost,
    /// None has arrived yet.
    NoData,
    /// The last arrival is too old.
    Stale,
    /// Too few arrived in time, in a row.
    Dwelling,
    /// They arrive.
    Pass,
}

impl MarkState {
    /// The word, as the specification's other components use it.
    pub fn word(self) -> &'static str {
        match self {
            MarkState::Lost => "VIOLATION",
            MarkState::NoData => "NO_DATA",
            MarkState::Stale => "STALE",
            MarkState::Dwelling => "DWELLING",
            MarkState::Pass => "PASS",
        }
    }
}

impl From<MarkState> for Standing {
    fn from(state: MarkState) -> Standing {
        Standing::of_word(state.word())
    }
}

/// One mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Entry {
    issued: Option<(u64, Side)>,
    /// When it was first found, source first.
    seen: [Option<u64>; 2],
    arrived: bool,
}

impl Entry {
    /// When it was written, and when it was found on the other side.
    fn crossing(&self) -> Option<(u64, u64)> {
        let (issued, side) = self.issued?;
        Some((issued, self.seen[index(side.other())?]?))
    }

    /// The moment by which it is ordered when room is needed.
    fn moment(&self) -> u64 {
        let seen = self.seen.iter().flatten().min().copied();
        self.issued.map(|(at, _)| at).or(seen).unwrap_or(0)
    }
}

fn index(side: Side) -> Option<usize> {
    Side::BOTH.iter().position(|other| *other == side)
}

/// The marks of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    settings: MarkSettings,
    marks: BTreeMap<String, Entry>,
    arrivals_in_row: u32,
    last_ms: Option<u64>,
    arrived: u64,
    late: u64,
    /// Marks that were dropped for room before they were found: lost for good.
    forgotten: u64,
}

impl Marks {
    /// None was written yet.
    pub fn new(settings: MarkSettings) -> Marks {
        let marks = BTreeMap::new();
        Marks { settings, marks, arrivals_in_row: 0, last_ms: None, arrived: 0, late: 0, forgotten: 0 }
    }

    /// A side wrote a mark.
    pub fn issued(&mut self, at_ms: u64, side: Side, key: &str) {
        let entry = self.marks.entry(key.to_owned()).or_default();
        entry.issued.get_or_insert((at_ms, side));
        self.settle(key);
    }

    /// A side found a mark. One found where it was written proves nothing.
    pub fn seen(&mut self, at_ms: u64, side: Side, key: &str) {
        let entry = self.marks.entry(key.to_owned()).or_default();
        if let Some(seen) = index(side).and_then(|side| entry.seen.get_mut(side)) {
            *seen = Some(seen.map_or(at_ms, |first| first.min(at_ms)));
        }
        self.settle(key);
    }

    /// What was told is not all that there was to tell: the arrivals in a row begin again.
    pub fn restart(&mut self) {
        self.arrivals_in_row = 0;
    }

    fn settle(&mut self, key: &str) {
        if let Some(entry) = self.marks.get_mut(key).filter(|entry| !entry.arrived)
            && let Some((issued, seen)) = entry.crossing()
        {
            entry.arrived = true;
            self.arrived += 1;
            let in_time = seen.saturating_sub(issued) <= self.settings.within_ms;
            self.arrivals_in_row = if in_time { self.arrivals_in_row.saturating_add(1) } else { 0 };
            self.late += u64::from(!in_time);
            self.last_ms = self.last_ms.max(Some(seen));
        }
        if MARKS_KEPT < self.marks.len() {
            self.make_room();
        }
    }

    /// Forgets the oldest mark that arrived; where none has, the oldest of all, and that one is lost.
    fn make_room(&mut self) {
        let oldest = self.marks.iter().min_by_key(|(_, entry)| (!entry.arrived, entry.moment()));
        let Some((key, entry)) = oldest.map(|(key, entry)| (key.clone(), *entry)) else { return };
        self.marks.remove(&key);
        self.forgotten += u64::from(entry.issued.is_some() && !entry.arrived);
    }

    /// Marks that should have been found by now, by key and when they were written.
    pub fn lost(&self, now_ms: u64) -> impl Iterator<Item = (&str, u64)> {
        let patience_ms = self.settings.within_ms.saturating_add(self.settings.grace_ms);
        self.marks.iter().filter(|(_, entry)| !entry.arrived).filter_map(move |(key, entry)| {
            let (issued, _) = entry.issued?;
            (patience_ms < now_ms.saturating_sub(issued)).then_some((&**key, issued))
        })
    }

    /// How many arrived, and how many of those late.
    pub fn arrived(&self) -> (u64, u64) {
        (self.arrived, self.late)
    }

    /// Until when they stand well if nothing more is heard, in milliseconds: the last arrival grows old, and
    /// what was not found yet is lost one day. None where none has arrived.
    pub fn good_until(&self) -> Option<u64> {
        let patience = self.settings.within_ms.saturating_add(self.settings.grace_ms);
        let waiting = self.marks.values().filter(|entry| !entry.arrived).filter_map(|entry| entry.issued);
        let lost = waiting.map(|(issued, _)| issued.saturating_add(patience)).min();
        let old = self.last_ms?.saturating_add(self.settings.max_age_ms);
        Some(lost.map_or(old, |lost| lost.min(old)))
    }

    /// How they stand.
    pub fn state(&self, now_ms: u64) -> MarkState {
        let lost = self.forgotten.saturating_add(self.lost(now_ms).count() as u64);
        if self.settings.lost_at_most < lost {
            return MarkState::Lost;
        }
        match self.last_ms {
            None => MarkState::NoData,
            Some(last) if self.settings.max_age_ms < now_ms.saturating_sub(last) => MarkState::Stale,
            Some(_) if self.arrivals_in_row < self.settings.arrivals => MarkState::Dwelling,
            Some(_) => MarkState::Pass,
        }
    }
}

impl Persist for Marks {
    fn write(&self, out: &mut StateWriter) {
        let settings = &self.settings;
        [settings.within_ms, settings.grace_ms, settings.lost_at_most, u64::from(settings.arrivals)]
            .into_iter()
            .chain([
                settings.max_age_ms,
                u64::from(self.arrivals_in_row),
                self.arrived,
                self.late,
                self.forgotten,
            ])
            .for_each(|value| out.number(value));
        out.option(self.last_ms.as_ref(), |ms, out| out.number(*ms));
        out.list(self.marks.iter(), |(key, entry), out| {
            out.text(key);
            out.option(entry.issued.as_ref(), |(at, side), out| {
                out.number(*at);
                out.flag(*side == Side::Target);
            });
            entry.seen.iter().for_each(|seen| out.option(seen.as_ref(), |at, out| out.number(*at)));
            out.flag(entry.arrived);
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Marks, BadState> {
        let small = |from: &mut StateReader<'_>| {
            u32::try_from(from.number()?).map_err(|_| from.bad("a number of arrivals"))
        };
        let (within_ms, grace_ms, lost_at_most) = (from.number()?, from.number()?, from.number()?);
        let (arrivals, max_age_ms) = (small(from)?, from.number()?);
        let settings = MarkSettings { within_ms, grace_ms, lost_at_most, arrivals, max_age_ms };
        let arrivals_in_row = small(from)?;
        let (arrived, late, forgotten) = (from.number()?, from.number()?, from.number()?);
        let last_ms = from.option(|from| from.number())?;
        let marks = from.map(MARKS_KEPT, |from| {
            let key = from.text()?;
            let issued = from.option(|from| {
                let (at, target) = (from.number()?, from.flag()?);
                Ok((at, if target { Side::Target } else { Side::Source }))
            })?;
            let seen = [from.option(|from| from.number())?, from.option(|from| from.number())?];
            Ok((key, Entry { issued, seen, arrived: from.flag()? }))
        })?;
        Ok(Marks { settings, marks, arrivals_in_row, last_ms, arrived, late, forgotten })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidelock_model::Side::{Source, Target};

    use super::*;

    const SETTINGS: MarkSettings =
        MarkSettings { within_ms: 30, grace_ms: 5, lost_at_most: 0, arrivals: 3, max_age_ms: 100 };

    fn marks(crossings: &[(u64, u64)]) -> Marks {
        let mut marks = Marks::new(SETTINGS);
        for (number, (issued, seen)) in crossings.iter().enumerate() {
            marks.issued(*issued, Source, &format!("m{number}"));
            marks.seen(*seen, Target, &format!("m{number}"));
        }
        marks
    }

    #[test]
    fn three_marks_in_time_pass_until_they_are_old() {
        assert_eq!(Marks::new(SETTINGS).state(0), MarkState::NoData);
        assert_eq!(marks(&[(0, 10), (10, 40)]).state(40), MarkState::Dwelling);
        let marks = marks(&[(0, 10), (10, 40), (20, 50)]);
        assert_eq!(marks.state(150), MarkState::Pass);
        assert_eq!(marks.state(151), MarkState::Stale);
    }

    #[test]
    fn a_mark_that_nobody_finds_is_lost_until_it_arrives_late() {
        let mut marks = marks(&[(0, 10), (10, 40), (20, 50)]);
        marks.issued(60, Source, "gone");
        marks.seen(61, Source, "gone");
        assert_eq!(marks.state(95), MarkState::Pass, "its time and the grace are not over");
        assert_eq!(marks.state(96), MarkState::Lost, "found where it was written is not found");
        assert_eq!(marks.lost(96).collect::<Vec<_>>(), [("gone", 60)]);
        marks.seen(97, Target, "gone");
        assert_eq!((marks.state(97), marks.arrived()), (MarkState::Dwelling, (4, 1)));
    }

    #[test]
    fn one_late_mark_starts_the_row_again() {
        assert_eq!(marks(&[(0, 10), (0, 10), (0, 31), (0, 10), (0, 10)]).state(40), MarkState::Dwelling);
        assert_eq!(marks(&[(0, 31), (0, 10), (0, 10), (0, 10)]).state(40), MarkState::Pass);
    }

    #[test]
    fn what_was_lost_starts_the_row_again_and_finds_no_mark() {
        let mut marks = marks(&[(0, 10), (10, 40), (20, 50)]);
        marks.restart();
        assert_eq!(marks.state(50), MarkState::Dwelling);
        (60_u64..63).for_each(|at| {
            marks.issued(at, Source, &format!("n{at}"));
            marks.seen(at + 5, Target, &format!("n{at}"));
        });
        assert_eq!(marks.state(70), MarkState::Pass);
        marks.issued(70, Source, "gone");
        marks.restart();
        assert_eq!(marks.state(106), MarkState::Lost);
    }

    #[test]
    fn what_there_is_no_room_for_is_lost_and_not_forgotten() {
        let mut marks = Marks::new(MarkSettings { within_ms: 1_000_000, ..SETTINGS });
        (0..=MARKS_KEPT as u64).for_each(|at| marks.issued(at, Source, &format!("m{at}")));
        assert_eq!((marks.marks.len(), marks.state(0)), (MARKS_KEPT, MarkState::Lost));
    }

    proptest! {
        #[test]
        fn a_find_told_before_its_write_counts_the_same(
            crossings in prop::collection::vec((0_u64..100, 0_u64..30), 1..20),
            first in prop::collection::vec(any::<bool>(), 20),
        ) {
            let mut told = Marks::new(SETTINGS);
            for (number, (issued, way)) in crossings.iter().enumerate() {
                let key = format!("m{number}");
                if first[number] {
                    told.seen(issued + way, Target, &key);
                }
                told.issued(*issued, Source, &key);
                told.seen(issued + way, Target, &key);
                told.issued(*issued, Source, &key);
            }
            let straight: Vec<_> = crossings.iter().map(|(issued, way)| (*issued, issued + way)).collect();
            prop_assert_eq!(&told, &marks(&straight));
            let mut out = StateWriter::default();
            told.write(&mut out);
            let words = out.into_words();
            prop_assert_eq!(Marks::read(&mut StateReader::new(&words)), Ok(told));
        }
    }
}
