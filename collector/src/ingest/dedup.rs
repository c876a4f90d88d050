//! Which findings of an agent are durable, so that what comes twice counts once.
//!
//! An agent that got no ack sends again. The same bytes under the same number are acked again; other
//! bytes under a number that is taken mean that two writers share a name, or that history was
//! rewritten: that is a conflict and never silently either of the two.

use std::collections::{BTreeMap, VecDeque};

use tidelock_model::{SpoolEpoch, mutated};

use crate::records::FindingHash;

/// Numbers whose hashes are kept for a spool.
const WINDOW: usize = 65_536;
/// Spools of an agent whose hashes are kept.
const HASHED: usize = 2;
/// Spools of an agent whose last number is kept; an agent with more has a disk that loses its spool.
const EPOCHS: usize = 256;

#[derive(Debug, Default)]
struct Epoch {
    /// The first number that was ever taken.
    first: u64,
    /// The last number that is durable.
    last: u64,
    /// The number of the first hash kept.
    first_hash: u64,
    hashes: VecDeque<FindingHash>,
}

/// One agent's numbers.
#[derive(Debug, Default)]
pub struct Window {
    epochs: BTreeMap<SpoolEpoch, Epoch>,
    /// The order in which spools appeared, the latest last.
    order: VecDeque<SpoolEpoch>,
}

/// What to do with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// The first so many findings are known; the rest is new.
    New {
        /// How many are known.
        known: usize,
    },
    /// All of it is durable already.
    Known,
    /// This number is taken by something else.
    Conflict {
        /// The number.
        seq: u64,
    },
    /// Numbers before the batch are missing, and no gap record stands for them.
    Hole {
        /// The number that must come next.
        next: u64,
    },
}

impl Window {
    /// The last durable number of a spool; 0 for none.
    pub fn durable(&self, epoch: SpoolEpoch) -> u64 {
        self.epochs.get(&epoch).map_or(0, |epoch| epoch.last)
    }

    /// Judges numbers `first..=last` of a spool; `hashes` has one entry a finding, or none for a gap.
    pub fn judge(&self, epoch: SpoolEpoch, first: u64, last: u64, hashes: &[FindingHash]) -> Judged {
        let Some(epoch) = self.epochs.get(&epoch) else {
            // A spool that this journal has never acked may begin anywhere: nothing of it was promised.
            return Judged::New { known: 0 };
        };
        let next = epoch.last.saturating_add(1);
        if first > next && !mutated("a-hole-is-refused") {
            return Judged::Hole { next };
        }
        for (seq, hash) in (first..).zip(hashes) {
            let kept =
                seq.checked_sub(epoch.first_hash).and_then(|at| epoch.hashes.get(usize::try_from(at).ok()?));
            if kept.is_some_and(|kept| kept != hash) && !mutated("other-content-is-a-conflict") {
                return Judged::Conflict { seq };
            }
        }
        if last <= epoch.last {
            return Judged::Known;
        }
        Judged::New { known: usize::try_from(next - first).unwrap_or(usize::MAX) }
    }

    /// Takes back numbers after `last`: the journal refused them.
    pub fn rewind(&mut self, name: SpoolEpoch, last: u64) {
        if self.epochs.get(&name).is_some_and(|epoch| last < epoch.first) {
            // Nothing of it was kept, so nothing of it is known: not even where it begins.
            self.epochs.remove(&name);
            self.order.retain(|known| *known != name);
        }
        if let Some(epoch) = self.epochs.get_mut(&name) {
            epoch.last = epoch.last.min(last);
            let kept = last.saturating_add(1).saturating_sub(epoch.first_hash);
            epoch.hashes.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        }
    }

    /// Takes numbers that are durable, or queued so that they become it unless they are taken back.
    /// Numbers behind a hole are left to come again: what is missing in front of them was never kept,
    /// and to know the last one is to claim all of them.
    pub fn take(&mut self, name: SpoolEpoch, first: u64, last: u64, hashes: &[FindingHash]) {
        if let Some(epoch) = self.epochs.get(&name) {
            if first > epoch.last.saturating_add(1) {
                return;
            }
        } else {
            self.order.push_back(name);
            if self.order.len() > EPOCHS
                && let Some(oldest) = self.order.pop_front()
            {
                self.epochs.remove(&oldest);
            }
            let old = self.order.len().checked_sub(HASHED + 1).and_then(|at| self.order.get(at));
            if let Some(epoch) = old.and_then(|old| self.epochs.get_mut(old)) {
                epoch.hashes = VecDeque::new();
            }
        }
        let epoch = self.epochs.entry(name).or_insert_with(|| Epoch { first, ..Epoch::default() });
        let unbroken = epoch.first_hash + epoch.hashes.len() as u64 == first && !hashes.is_empty();
        if !unbroken {
            epoch.hashes.clear();
            epoch.first_hash = first;
        }
        epoch.hashes.extend(hashes);
        let over = epoch.hashes.len().saturating_sub(WINDOW);
        epoch.hashes.drain(..over);
        epoch.first_hash += over as u64;
        epoch.last = epoch.last.max(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: SpoolEpoch = SpoolEpoch(1);

    fn hashes(from: u64, n: u64) -> Vec<FindingHash> {
        (from..from + n).map(|seq| u128::from(seq).to_be_bytes()).collect()
    }

    #[test]
    fn again_is_known_other_is_a_conflict_and_a_hole_is_told() {
        let mut window = Window::default();
        assert_eq!(window.judge(E, 1, 3, &hashes(1, 3)), Judged::New { known: 0 });
        window.take(E, 1, 3, &hashes(1, 3));
        assert_eq!(window.judge(E, 1, 3, &hashes(1, 3)), Judged::Known);
        assert_eq!(window.judge(E, 2, 5, &hashes(2, 4)), Judged::New { known: 2 });
        assert_eq!(window.judge(E, 2, 3, &hashes(9, 2)), Judged::Conflict { seq: 2 });
        assert_eq!(window.judge(E, 5, 6, &hashes(5, 2)), Judged::Hole { next: 4 });
        assert_eq!(window.durable(E), 3);
    }

    #[test]
    fn a_gap_counts_as_taken_and_a_new_spool_begins_anywhere() {
        let mut window = Window::default();
        window.take(E, 1, 10, &[]);
        assert_eq!(window.judge(E, 11, 12, &hashes(11, 2)), Judged::New { known: 0 });
        window.take(E, 11, 12, &hashes(11, 2));
        assert_eq!(window.judge(E, 12, 12, &hashes(1, 1)), Judged::Conflict { seq: 12 });
        assert_eq!(window.judge(SpoolEpoch(2), 7, 8, &hashes(7, 2)), Judged::New { known: 0 });
    }

    #[test]
    fn what_the_journal_refused_is_new_again() {
        let mut window = Window::default();
        window.take(E, 1, 6, &hashes(1, 6));
        window.rewind(E, 2);
        assert_eq!(window.durable(E), 2);
        assert_eq!(window.judge(E, 3, 6, &hashes(3, 4)), Judged::New { known: 0 });
        assert_eq!(window.judge(E, 1, 2, &hashes(1, 2)), Judged::Known);
    }

    #[test]
    fn a_spool_of_which_nothing_was_kept_begins_anywhere() {
        let mut window = Window::default();
        window.take(E, 7, 9, &hashes(7, 3));
        window.rewind(E, 6);
        assert_eq!(window.durable(E), 0);
        assert_eq!(window.judge(E, 1, 9, &hashes(1, 9)), Judged::New { known: 0 });
        assert!(window.order.is_empty());
    }

    #[test]
    fn what_lies_behind_a_hole_is_not_known() {
        let mut window = Window::default();
        window.take(E, 1, 2, &hashes(1, 2));
        window.take(E, 5, 6, &hashes(5, 2));
        assert_eq!(window.durable(E), 2);
        window.take(E, 3, 4, &hashes(3, 2));
        assert_eq!(window.durable(E), 4);
        assert_eq!(window.judge(E, 5, 6, &hashes(5, 2)), Judged::New { known: 0 });
        // A gap record stands for what is missing.
        window.take(E, 5, 9, &[]);
        window.take(E, 10, 10, &hashes(10, 1));
        assert_eq!(window.durable(E), 10);
    }

    #[test]
    fn memory_stays_bounded() {
        let mut window = Window::default();
        for start in 0..200 {
            window.take(E, start * 512 + 1, (start + 1) * 512, &hashes(start * 512 + 1, 512));
        }
        assert_eq!(window.epochs[&E].hashes.len(), WINDOW);
        assert_eq!(window.judge(E, 1, 1, &hashes(1, 1)), Judged::Known);
        for epoch in 2..1000 {
            window.take(SpoolEpoch(epoch), 1, 1, &hashes(1, 1));
        }
        assert!(window.epochs.len() <= EPOCHS);
        assert!(window.epochs.values().filter(|epoch| !epoch.hashes.is_empty()).count() <= HASHED + 1);
    }
}
