//! Rows that only the target has: keys and hashes as scenarios report them on either side since the target was opened.
//!
//! A digest whose position is `row`, or `row@` and the milliseconds at which the row was made, is one row; its
//! key is `table/key`. A row of the target is left behind until the source reports the same key and hash, or until
//! the target itself no longer has it: a look that tells since when its list is whole, and leaves the row out.
//!
//! What is more than is kept, or has a key that is too long, has one key together, [`REST`]: it is counted as far as
//! one look counts it, and somebody answers for all of it, until a look finds more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{Digest, Finding, Name, Side, Timestamp};

use super::Leftover;
use crate::proof::StateWriter;

/// Rows that are kept.
const KEPT: usize = 10_000;
/// A longer key is not kept, in bytes.
const KEY_BYTES: usize = 512;
/// The key of all rows together that are not listed one by one.
pub(crate) const REST: &str = "rest";
/// The measure of a look that lists every row that was made after this, in milliseconds.
const WHOLE_SINCE: &str = "new_rows_since";
/// Above this a moment is none.
const MOMENT_CEILING: f64 = 9_007_199_254_740_992.0;
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
    /// When it was told first, and when the target told of it last.
    first: Timestamp,
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
    /// Rows that are not listed, as many as one look told of at most; none where all are.
    rest: Option<Rest>,
}

/// Rows that are not listed one by one.
#[derive(Debug, Clone, PartialEq)]
struct Rest {
    check: Name,
    since: Timestamp,
    /// As many as one look told of at most.
    number: usize,
    settled: Option<(Name, String)>,
}

/// One look at rows.
pub(super) struct Look<'a> {
    /// When it was received.
    pub(super) at: Timestamp,
    /// Its run surely began after this.
    pub(super) began: Timestamp,
    /// It is believed in what it leaves out, too.
    pub(super) whole: bool,
    pub(super) side: Side,
    pub(super) finding: &'a Finding,
}

impl Rows {
    /// Takes the rows of a finding.
    pub(super) fn take(&mut self, opened: Timestamp, look: &Look<'_>) {
        let Look { at, side, finding, .. } = *look;
        let mut unlisted = 0;
        for digest in finding.report.digests.iter().filter(|digest| is_row(&digest.position)) {
            let made = made(&digest.position).map(|made| made.min(at));
            let moment = made.map_or(finding.due, |made| made.plus(CLOCKS));
            if side == Side::Target && moment < opened {
                continue;
            }
            let listed = self.row((at, made), side, &finding.check, digest);
            unlisted += usize::from(!listed && side == Side::Target);
        }
        self.unlisted(at, &finding.check, unlisted);
        if look.whole && side == Side::Target {
            self.gone(look);
        }
    }

    /// So many rows of one look are not listed. More than somebody answered for, nobody answers for.
    fn unlisted(&mut self, at: Timestamp, check: &Name, number: usize) {
        let rest = match &mut self.rest {
            _ if number == 0 => return,
            Some(rest) if rest.number >= number => return,
            Some(rest) => rest,
            None => self.rest.insert(Rest { check: check.clone(), since: at, number: 0, settled: None }),
        };
        (rest.number, rest.settled) = (number, None);
    }

    /// Rows that were there at an earlier look, and that a later one, whose list is whole, leaves out: a probe made
    /// them and took them away again.
    fn gone(&mut self, look: &Look<'_>) {
        let report = &look.finding.report;
        let since = report.measure(WHOLE_SINCE).map(|measure| measure.value);
        let Some(since) = since.filter(|since| (0.0..=MOMENT_CEILING).contains(since)) else { return };
        let since = Timestamp::from_millis(since as u64);
        let told: BTreeSet<&str> = report.digests.iter().map(|digest| digest.key.as_str()).collect();
        let mut after = Vec::new();
        for (key, row) in &mut self.rows {
            let covered = row.check == look.finding.check && row.made.is_some_and(|made| made > since);
            if !covered || row.target.is_none() || row.seen >= look.began || told.contains(key.as_str()) {
                continue;
            }
            let before = (row.left(), row.left() && row.settled.is_none());
            row.target = None;
            after.push(before);
        }
        after.into_iter().for_each(|before| self.recount(before, (false, false)));
    }

    /// Gives back whether it is listed, or need not be.
    fn row(
        &mut self,
        (at, made): (Timestamp, Option<Timestamp>),
        side: Side,
        check: &Name,
        digest: &Digest,
    ) -> bool {
        if !self.rows.contains_key(&digest.key) && !self.room(digest) {
            return false;
        }
        let new = || Row {
            check: check.clone(),
            made,
            first: at,
            seen: at,
            target: None,
            source: None,
            settled: None,
        };
        let row = self.rows.entry(digest.key.clone()).or_insert_with(new);
        if row.check != *check {
            // Two scenarios hash the same row in their own ways: who told of it first is compared.
            return true;
        }
        let before = (row.left(), row.left() && row.settled.is_none());
        row.made = row.made.or(made);
        match side {
            Side::Source => row.source = Some(digest.hash.clone()),
            Side::Target => (row.target, row.seen) = (Some(digest.hash.clone()), at),
        }
        let after = (row.left(), row.left() && row.settled.is_none());
        self.recount(before, after);
        true
    }

    /// There is room for one more row: those that both sides have, or the source alone, make way.
    fn room(&mut self, digest: &Digest) -> bool {
        if digest.key.len() > KEY_BYTES || digest.key == REST {
            return false;
        }
        if self.rows.len() == KEPT {
            self.rows.retain(|_, row| row.left());
        }
        self.rows.len() < KEPT
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
        if let (REST, Some(rest)) = (key, &mut self.rest) {
            rest.settled = Some((owner.clone(), disposition.to_owned()));
            return;
        }
        let Some(row) = self.rows.get_mut(key) else { return };
        let before = (row.left(), row.left() && row.settled.is_none());
        row.settled = Some((owner.clone(), disposition.to_owned()));
        let after = (row.left(), false);
        self.recount(before, after);
    }

    /// The row is listed.
    pub(super) fn has(&self, key: &str) -> bool {
        match key {
            REST => self.rest.is_some(),
            _ => self.rows.get(key).is_some_and(Row::left),
        }
    }

    /// Some row was told of.
    pub(super) fn any(&self) -> bool {
        !self.rows.is_empty()
    }

    /// How many rows only the target has.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// How many of them nobody answers for.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// More rows were reported than are listed.
    pub(super) fn cut(&self) -> bool {
        self.rest.is_some()
    }

    /// How many rows at least are not listed, where nobody answers for them; 0 where somebody does.
    pub(super) fn rest_open(&self) -> usize {
        self.rest.as_ref().filter(|rest| rest.settled.is_none()).map_or(0, |rest| rest.number)
    }

    fn waiting(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.left() && row.settled.is_none())
    }

    fn rest_waiting(&self) -> Option<&Rest> {
        self.rest.as_ref().filter(|rest| rest.settled.is_none())
    }

    /// Since when one waits for an owner.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.waiting().map(|row| row.first).chain(self.rest_waiting().map(|rest| rest.since)).min()
    }

    /// The scenario that told of one that waits.
    pub(super) fn first_check(&self) -> Option<&Name> {
        self.waiting().map(|row| &row.check).chain(self.rest_waiting().map(|rest| &rest.check)).next()
    }

    /// The rows that are left behind, oldest first.
    pub(super) fn list(&self) -> Vec<Leftover> {
        let mut rows: Vec<(&String, &Row)> = self.rows.iter().filter(|(_, row)| row.left()).collect();
        rows.sort_by_key(|(_, row)| row.made.unwrap_or(row.first));
        let told = |(key, row): (&String, &Row)| Leftover {
            key: key.clone(),
            made: row.made,
            check: row.check.clone(),
            side: Side::Target,
            owner: row.settled.as_ref().map(|(owner, _)| owner.clone()),
            disposition: row.settled.as_ref().map(|(_, disposition)| disposition.clone()),
        };
        let rest = self.rest.as_ref().map(|rest| Leftover {
            key: REST.to_owned(),
            made: None,
            check: rest.check.clone(),
            side: Side::Target,
            owner: rest.settled.as_ref().map(|(owner, _)| owner.clone()),
            disposition: rest.settled.as_ref().map(|(_, disposition)| disposition.clone()),
        });
        rows.into_iter().map(told).chain(rest).collect()
    }

    /// What a gate that asks for dispositions rests on.
    pub(super) fn write(&self, out: &mut StateWriter) {
        out.option(self.rest.as_ref(), |rest, out| {
            out.number(rest.number as u64);
            out.flag(rest.settled.is_some());
        });
        out.number(self.left as u64);
        out.number(self.open as u64);
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
