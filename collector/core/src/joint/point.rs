//! What is remembered of each slot, to draw the course of a proof and to run it again with other settings.

use std::collections::VecDeque;

use tidelock_model::Timestamp;

use crate::proof::slots::{ClosedSlot, SideSlot, Void};

/// Slots remembered a scenario: an hour of the usual ones.
pub(crate) const POINTS: usize = 360;

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

impl SidePoint {
    fn of(side: &SideSlot) -> SidePoint {
        SidePoint { ok: side.ok, failed: side.failed, not_run: side.not_run, missing: side.missing }
    }
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

/// The newest points, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Points(VecDeque<Point>);

impl Points {
    pub(crate) fn push(&mut self, closed: &ClosedSlot, ends: Timestamp, void: Option<Void>, percent: u8) {
        if self.0.len() == POINTS {
            self.0.pop_front();
        }
        let (source, target) = (SidePoint::of(&closed.source), SidePoint::of(&closed.target));
        self.0.push_back(Point { slot: closed.slot, ends, source, target, void, percent });
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.0.iter()
    }
}
