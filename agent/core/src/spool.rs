//! What the spool holds, and what it gives up when it is full.
//!
//! A full spool must neither stop the checks nor lose anything silently. Whole batches go, oldest
//! first, and one gap stands in their place. What has been handed to the collector in this session
//! stays: it may already be durable there under its numbers, and a number never means two things.

use std::collections::{BTreeMap, VecDeque};

use tidelock_model::{Gap, Name};

/// One batch, or one gap, in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its first number.
    pub first: u64,
    /// Its last number.
    pub last: u64,
    /// Its size on disk.
    pub bytes: u64,
    /// How many findings it holds; none when it is a gap.
    pub findings: u64,
}

/// The table of contents of a spool.
///
/// # Invariants
/// - Entries follow each other without a hole and without overlap, up to `next_seq`.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: VecDeque<Entry>,
    bytes: u64,
    findings: u64,
    limit_bytes: u64,
    next_seq: u64,
}

impl Ledger {
    /// An empty spool whose next finding has the number `next_seq`.
    pub fn new(limit_bytes: u64, next_seq: u64) -> Ledger {
        Ledger { entries: VecDeque::new(), bytes: 0, findings: 0, limit_bytes, next_seq: next_seq.max(1) }
    }

    /// Adds an entry that was found on disk, in order. `false` when it does not follow on the one
    /// before: the folder is damaged.
    #[must_use]
    pub fn restore(&mut self, entry: Entry) -> bool {
        let follows = self.entries.back().is_none_or(|last| last.last.checked_add(1) == Some(entry.first));
        let sound = entry.first >= 1 && entry.first <= entry.last && entry.last < self.next_seq;
        if follows && sound {
            self.insert(entry);
        }
        follows && sound
    }

    /// Whether the entries reach up to the next number.
    pub fn complete(&self) -> bool {
        self.entries.back().is_none_or(|last| last.last + 1 == self.next_seq)
    }

    /// What must go so that `more_bytes` fit: consecutive entries, oldest first, none of them with a
    /// number up to `sent_to`. A gap among or before them is in it, so that gaps never pile up.
    pub fn make_room(&self, more_bytes: u64, sent_to: u64) -> Vec<Entry> {
        let mut over = (self.bytes.saturating_add(more_bytes)).saturating_sub(self.limit_bytes);
        let mut victims = Vec::new();
        for entry in self.entries.iter().skip_while(|entry| entry.first <= sent_to) {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(entry.bytes);
            victims.push(*entry);
        }
        match victims.as_slice() {
            // Replacing a gap by itself frees nothing.
            [only] if only.findings == 0 => Vec::new(),
            _ => victims,
        }
    }

    /// Puts one gap in the place of the entries that `make_room` named.
    pub fn replaced(&mut self, victims: &[Entry], gap_bytes: u64) {
        let (Some(first), Some(last)) = (victims.first(), victims.last()) else { return };
        let place = self.entries.iter().position(|entry| entry.first == first.first);
        let Some(place) = place else { return };
        for victim in self.entries.drain(place..place + victims.len()) {
            self.bytes -= victim.bytes;
            self.findings -= victim.findings;
        }
        let gap = Entry { first: first.first, last: last.last, bytes: gap_bytes, findings: 0 };
        self.bytes += gap_bytes;
        self.entries.insert(place, gap);
    }

    /// Adds a batch of `findings` at the end, or a gap of one number when there are none.
    pub fn push(&mut self, findings: u64, bytes: u64) -> Entry {
        let first = self.next_seq;
        let last = first + findings.max(1) - 1;
        let entry = Entry { first, last, bytes, findings };
        self.next_seq = last + 1;
        self.insert(entry);
        entry
    }

    /// Everything up to `seq` is durable elsewhere: gives the entries that can go. One that `seq` cuts
    /// through stays whole.
    pub fn acked(&mut self, seq: u64) -> Vec<Entry> {
        let mut gone = Vec::new();
        while self.entries.front().is_some_and(|entry| entry.last <= seq) {
            let Some(entry) = self.entries.pop_front() else { break };
            self.bytes -= entry.bytes;
            self.findings -= entry.findings;
            gone.push(entry);
        }
        gone
    }

    /// The entry that `seq` cuts through: its beginning is durable elsewhere, its end is not.
    pub fn cut_by(&self, seq: u64) -> Option<Entry> {
        self.entries.front().copied().filter(|entry| entry.first <= seq && seq < entry.last)
    }

    /// Puts a gap before everything, for numbers that were acked and are forgotten elsewhere.
    pub fn push_front(&mut self, gap: Entry) {
        self.bytes += gap.bytes;
        self.entries.push_front(gap);
    }

    /// The first number that is held, or the next one.
    pub fn first_seq(&self) -> u64 {
        self.entries.front().map_or(self.next_seq, |entry| entry.first)
    }

    /// The first entry has become shorter at its beginning.
    pub fn shorten_first(&mut self, entry: Entry) {
        if let Some(front) = self.entries.pop_front() {
            self.bytes -= front.bytes;
            self.findings -= front.findings;
            self.bytes += entry.bytes;
            self.findings += entry.findings;
            self.entries.push_front(entry);
        }
    }

    /// The first entry with a number above `seq`.
    pub fn after(&self, seq: u64) -> Option<Entry> {
        let place = self.entries.partition_point(|entry| entry.first <= seq);
        self.entries.get(place).copied()
    }

    /// Every entry, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The number of the next finding.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The most bytes that it may hold.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Findings held.
    pub fn findings(&self) -> u64 {
        self.findings
    }

    fn insert(&mut self, entry: Entry) {
        self.bytes += entry.bytes;
        self.findings += entry.findings;
        self.entries.push_back(entry);
    }
}

/// One gap for two neighbours, the earlier first.
#[must_use]
pub fn join_gap(earlier: Gap, later: Gap) -> Gap {
    let mut counts = earlier.counts;
    for (check, count) in later.counts {
        let sum: &mut u64 = counts.entry(check).or_default();
        *sum = sum.saturating_add(count);
    }
    Gap { from: earlier.from, to: later.to, counts, reason: later.reason }
}

/// The rest of a gap whose numbers up to `seq` are durable elsewhere; `None` when nothing is left.
/// Which finding of it was which is not known any more, so each count stays as high as it can be.
#[must_use]
pub fn trim_gap(gap: Gap, seq: u64) -> Option<Gap> {
    if seq < gap.from {
        return Some(gap);
    }
    if seq >= gap.to {
        return None;
    }
    let width = gap.to - seq;
    let counts: BTreeMap<Name, u64> =
        gap.counts.into_iter().map(|(check, count)| (check, count.min(width))).collect();
    Some(Gap { from: seq + 1, to: gap.to, counts, reason: gap.reason })
}

#[cfg(test)]
mod tests;
