//! Rows that only the target has: keys and hashes as scenarios report them on either side since the target was opened.
//!
//! A digest whose position is `row`, or `row@` and the milliseconds at which the row was made, is one row; its
//! key is `table/key`. A row of the target is left behind until the source reports the same key and hash.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{Digest, Finding, Name, Side, Timestamp};

use super::Leftover;
use crate::proof::StateWriter;

/// Rows that are kept.
const KEPT: usize = 10_000;
/// A longer key is not kept, in bytes.
const KEY_BYTES: usize = 512;
/// So far the clock that dated a row may be behind.
const CLOCKS: Duration = Duration::from_secs(30);

/// The digest is of one row, not of a set of them.
pub(crate) fn is_row(position: &str) -> bool {
    position == "row" || position.starts_with("row@")
}

fn made(position: &str) -> Option<Timestamp> {
    position.strip_prefix("row@")?.parse().ok().map(Timestamp::from_millis)
}

/// One row, as either side reported it last.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    check: Name,
    made: Option<Timestamp>,
    seen: Timestamp,
    target: Option<Vec<u8>>,
    source: Option<Vec<u8>>,
    settled: Option<(Name, String)>,
}

impl Row {
    /// Only the target has it, or has it so.
    fn left(&self) -> bool {
        self.target.is_some() && self.target != self.source
    }
}

/// All rows that were reported since the target was opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rows {
    rows: BTreeMap<String, Row>,
    /// How many are left behind, and how many of those without a disposition.
    left: usize,
    open: usize,
    /// More were reported than are kept.
    cut: bool,
}

impl Rows {
    /// Takes the rows of a finding.
    pub(super) fn take(&mut self, (at, opened): (Timestamp, Timestamp), side: Side, finding: &Finding) {
        for digest in finding.report.digests.iter().filter(|digest| is_row(&digest.position)) {
            let made = made(&digest.position).map(|made| made.min(at));
            let moment = made.map_or(finding.due, |made| made.plus(CLOCKS));
            if side == Side::Target && moment < opened {
                continue;
            }
            self.row((at, made), side, &finding.check, digest);
        }
    }

    fn row(&mut self, (at, made): (Timestamp, Option<Timestamp>), side: Side, check: &Name, digest: &Digest) {
        if !self.rows.contains_key(&digest.key) && !self.room(side, digest) {
            return;
        }
        let new = || Row { check: check.clone(), made, seen: at, target: None, source: None, settled: None };
        let row = self.rows.entry(digest.key.clone()).or_insert_with(new);
        if row.check != *check {
            // Two scenarios hash the same row in their own ways: who told of it first is compared.
            return;
        }
        let before = (row.left(), row.left() && row.settled.is_none());
        row.made = row.made.or(made);
        match side {
            Side::Source => row.source = Some(digest.hash.clone()),
            Side::Target => row.target = Some(digest.hash.clone()),
        }
        let after = (row.left(), row.left() && row.settled.is_none());
        self.recount(before, after);
    }

    /// There is room for one more row: those that both sides have, or the source alone, make way.
    fn room(&mut self, side: Side, digest: &Digest) -> bool {
        if digest.key.len() > KEY_BYTES {
            self.cut |= side == Side::Target;
            return false;
        }
        if self.rows.len() == KEPT {
            self.rows.retain(|_, row| row.left());
        }
        if self.rows.len() == KEPT {
            self.cut |= side == Side::Target;
            return false;
        }
        true
    }

    fn recount(&mut self, before: (bool, bool), after: (bool, bool)) {
        let count = |number: usize, before: bool, after: bool| {
            (number + usize::from(after)).saturating_sub(usize::from(before))
        };
        self.left = count(self.left, before.0, after.0);
        self.open = count(self.open, before.1, after.1);
    }

    /// Somebody answers for it.
    pub(super) fn settle(&mut self, key: &str, owner: &Name, disposition: &str) {
        let Some(row) = self.rows.get_mut(key) else { return };
        let before = (row.left(), row.left() && row.settled.is_none());
        row.settled = Some((owner.clone(), disposition.to_owned()));
        let after = (row.left(), false);
        self.recount(before, after);
    }

    /// The row is listed.
    pub(super) fn has(&self, key: &str) -> bool {
        self.rows.get(key).is_some_and(Row::left)
    }

    /// How many rows only the target has.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// How many of them nobody answers for.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// More rows were reported than are kept.
    pub(super) fn cut(&self) -> bool {
        self.cut
    }

    fn waiting(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.left() && row.settled.is_none())
    }

    /// Since when one waits for an owner.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.waiting().map(|row| row.seen).min()
    }

    /// The scenario that told of one that waits.
    pub(super) fn first_check(&self) -> Option<&Name> {
        self.waiting().map(|row| &row.check).next()
    }

    /// The rows that are left behind, oldest first.
    pub(super) fn list(&self) -> Vec<Leftover> {
        let mut rows: Vec<(&String, &Row)> = self.rows.iter().filter(|(_, row)| row.left()).collect();
        rows.sort_by_key(|(_, row)| row.made.unwrap_or(row.seen));
        let told = |(key, row): (&String, &Row)| Leftover {
            key: key.clone(),
            made: row.made,
            check: row.check.clone(),
            side: Side::Target,
            owner: row.settled.as_ref().map(|(owner, _)| owner.clone()),
            disposition: row.settled.as_ref().map(|(_, disposition)| disposition.clone()),
        };
        rows.into_iter().map(told).collect()
    }

    /// What a gate that asks for dispositions rests on.
    pub(super) fn write(&self, out: &mut StateWriter) {
        out.flag(self.cut);
        out.number(self.left as u64);
        out.number(self.open as u64);
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
