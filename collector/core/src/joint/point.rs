//! What is remembered of each slot, to draw the course of a proof and to run it again with other settings.

use std::collections::VecDeque;

use tidelock_model::Timestamp;

use crate::proof::slots::{ClosedSlot, SideSlot, Void};

/// Slots remembered a scenario: two hours of the usual ones, longer than the strictest proof takes at best.
pub(crate) const POINTS: usize = 720;

/// One side of a slot, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SidePoint {
    /// Results that passed.
    pub ok: u64,
    /// Results that failed.
    pub failed: u64,
    /// Results that could not look.
    pub not_run: u64,
    /// Results that a living agent owed and did not give.
    pub missing: u64,
}

/// One closed slot of a scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its number on the migration's grid.
    pub slot: u64,
    /// The end of its due times.
    pub ends: Timestamp,
    /// The source.
    pub source: SidePoint,
    /// The target.
    pub target: SidePoint,
    /// Why it is no evidence.
    pub void: Option<Void>,
    /// How far the scenario's slowest statistical claim had come after it, in percent.
    pub percent: u8,
}

impl Point {
    /// Why it is no evidence, in words.
    pub fn void_reason(&self) -> Option<String> {
        self.void.map(crate::evidence::void)
    }
}

/// The same in less room.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kept {
    slot: u64,
    ends: Timestamp,
    source: [u32; 4],
    target: [u32; 4],
    void: Option<Void>,
    percent: u8,
}

impl Kept {
    fn point(&self) -> Point {
        let side = |[ok, failed, not_run, missing]: [u32; 4]| SidePoint {
            ok: ok.into(),
            failed: failed.into(),
            not_run: not_run.into(),
            missing: missing.into(),
        };
        let (source, target) = (side(self.source), side(self.target));
        Point { slot: self.slot, ends: self.ends, source, target, void: self.void, percent: self.percent }
    }
}

/// Counts of real traffic above what fits are told as the most that does.
fn counts(side: &SideSlot) -> [u32; 4] {
    [side.ok, side.failed, side.not_run, side.missing].map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// The newest points, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Points(VecDeque<Kept>);

impl Points {
    pub(crate) fn push(&mut self, closed: &ClosedSlot, ends: Timestamp, void: Option<Void>, percent: u8) {
        if self.0.len() == POINTS {
            self.0.pop_front();
        }
        let (source, target) = (counts(&closed.source), counts(&closed.target));
        self.0.push_back(Kept { slot: closed.slot, ends, source, target, void, percent });
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Point> + ExactSizeIterator {
        self.0.iter().map(Kept::point)
    }
}
