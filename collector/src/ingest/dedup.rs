//! Which findings of an agent are durable, so that what comes twice counts once.
//!
//! An agent that got no ack sends again. The same bytes under the same number are acked again; other
//! bytes under a number that is taken mean that two writers share a name, or that history was
//! rewritten: that is a conflict and never silently either of the two.
//!
//! Numbers rise without holes, so that two of them say all of a spool. Hashes are kept of what came last
//! alone: an older number is known, acked, and nothing of what comes with it is read again.

use std::collections::VecDeque;

use tidelock_model::{SpoolEpoch, mutated};

use crate::records::FindingHash;

/// Hashes that are kept of an agent, 16 KiB of them: two of the largest batches, or a quarter of an hour of an
/// agent that runs a check each second.
const WINDOW: usize = 1_024;
/// Spools of an agent whose last number is kept; an agent with more has a disk that loses its spool.
const SPOOLS: usize = 256;

/// How much of one spool is durable.
#[derive(Debug, Clone, Copy)]
struct Spool {
    name: SpoolEpoch,
    /// The first number that was ever taken.
    first: u64,
    /// The last number that is durable.
    last: u64,
}

/// The hashes of the findings that were taken last, all of one spool and without a break.
#[derive(Debug, Default)]
struct Hashes {
    spool: Option<SpoolEpoch>,
    /// The number of the first one.
    first: u64,
    kept: VecDeque<FindingHash>,
}

impl Hashes {
    fn get(&self, spool: SpoolEpoch, seq: u64) -> Option<&FindingHash> {
        let at = seq.checked_sub(self.first).filter(|_| self.spool == Some(spool))?;
        self.kept.get(usize::try_from(at).ok()?)
    }

    fn take(&mut self, spool: SpoolEpoch, first: u64, new: &[FindingHash]) {
        if self.spool != Some(spool) || self.first + self.kept.len() as u64 != first {
            (self.spool, self.first) = (Some(spool), first);
            self.kept.clear();
        }
        let over = (self.kept.len() + new.len()).saturating_sub(WINDOW);
        let new = new.get(over.saturating_sub(self.kept.len())..).unwrap_or_default();
        self.kept.drain(..over.min(self.kept.len()));
        self.first += over as u64;
        let needs = self.kept.len() + new.len();
        if needs > self.kept.capacity() {
            // Left to itself it doubles, and that is more than the window.
            self.kept.reserve_exact(needs.next_power_of_two().min(WINDOW) - self.kept.len());
        }
        self.kept.extend(new);
    }

    fn rewind(&mut self, spool: SpoolEpoch, last: u64) {
        if self.spool == Some(spool) {
            let kept = last.saturating_add(1).saturating_sub(self.first);
            self.kept.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        }
    }
}

/// One agent's numbers.
#[derive(Debug, Default)]
pub struct Window {
    /// In the order in which they appeared, the latest last.
    spools: Vec<Spool>,
    hashes: Hashes,
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
    /// Where a spool stands; the latest is asked for nearly always.
    fn at(&self, name: SpoolEpoch) -> Option<usize> {
        self.spools.iter().rposition(|spool| spool.name == name)
    }

    fn spool(&self, name: SpoolEpoch) -> Option<&Spool> {
        self.at(name).and_then(|at| self.spools.get(at))
    }

    /// The last durable number of a spool; 0 for none.
    pub fn durable(&self, name: SpoolEpoch) -> u64 {
        self.spool(name).map_or(0, |spool| spool.last)
    }

    /// Judges numbers `first..=last` of a spool; `hashes` has one entry a finding, or none for a gap.
    pub fn judge(&self, name: SpoolEpoch, first: u64, last: u64, hashes: &[FindingHash]) -> Judged {
        let Some(spool) = self.spool(name) else {
            // A spool that this journal has never acked may begin anywhere: nothing of it was promised.
            return Judged::New { known: 0 };
        };
        let next = spool.last.saturating_add(1);
        if first > next && !mutated("a-hole-is-refused") {
            return Judged::Hole { next };
        }
        for (seq, hash) in (first..).zip(hashes) {
            let other = self.hashes.get(name, seq).is_some_and(|kept| kept != hash);
            if other && !mutated("other-content-is-a-conflict") {
                return Judged::Conflict { seq };
            }
        }
        if last <= spool.last {
            return Judged::Known;
        }
        Judged::New { known: usize::try_from(next - first).unwrap_or(usize::MAX) }
    }

    /// Takes back numbers after `last`: the journal refused them.
    pub fn rewind(&mut self, name: SpoolEpoch, last: u64) {
        let Some(at) = self.at(name) else { return };
        if self.spools.get(at).is_some_and(|spool| last < spool.first) {
            // Nothing of it was kept, so nothing of it is known: not even where it begins.
            self.spools.remove(at);
        } else if let Some(spool) = self.spools.get_mut(at) {
            spool.last = spool.last.min(last);
        }
        self.hashes.rewind(name, last);
    }

    /// Takes numbers that are durable, or queued so that they become it unless they are taken back.
    /// Numbers behind a hole are left to come again: what is missing in front of them was never kept,
    /// and to know the last one is to claim all of them.
    pub fn take(&mut self, name: SpoolEpoch, first: u64, last: u64, hashes: &[FindingHash]) {
        match self.at(name).and_then(|at| self.spools.get_mut(at)) {
            Some(spool) if first > spool.last.saturating_add(1) => return,
            Some(spool) => spool.last = spool.last.max(last),
            None => {
                if self.spools.len() >= SPOOLS {
                    self.spools.remove(0);
                }
                self.spools.push(Spool { name, first, last });
            }
        }
        self.hashes.take(name, first, hashes);
    }

    /// Keeps how far each spool is durable, and nothing else: whoever sent it may not speak any more. What comes again
    /// under one of these numbers is known, whoever brings it.
    pub fn rest(&mut self) {
        self.hashes = Hashes::default();
        self.spools.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: SpoolEpoch = SpoolEpoch(1);

    fn hashes(from: u64, n: u64) -> Vec<FindingHash> {
        (from..from + n).map(|seq| u128::from(seq).to_be_bytes()).collect()
    }

    /// So many batches of the largest size, from the first number on.
    fn take_batches(window: &mut Window, spool: SpoolEpoch, batches: u64) {
        for start in 0..batches {
            window.take(spool, start * 512 + 1, (start + 1) * 512, &hashes(start * 512 + 1, 512));
        }
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
        assert_eq!(window.judge(E, 3, 6, &hashes(13, 4)), Judged::New { known: 0 });
        assert_eq!(window.judge(E, 1, 2, &hashes(1, 2)), Judged::Known);
        assert_eq!(window.judge(E, 1, 2, &hashes(3, 2)), Judged::Conflict { seq: 1 });
    }

    #[test]
    fn a_spool_of_which_nothing_was_kept_begins_anywhere() {
        let mut window = Window::default();
        window.take(E, 7, 9, &hashes(7, 3));
        window.rewind(E, 6);
        assert_eq!(window.durable(E), 0);
        assert_eq!(window.judge(E, 1, 9, &hashes(1, 9)), Judged::New { known: 0 });
        assert!(window.spools.is_empty() && window.hashes.kept.is_empty());
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
    fn the_hashes_take_no_more_than_the_window_whatever_the_batches_are() {
        for size in [1, 3, 100, 511, 512, 2_000] {
            let mut window = Window::default();
            let mut last = 0;
            while last < 5_000 {
                window.take(E, last + 1, last + size, &hashes(last + 1, size));
                last += size;
                let held = window.hashes.kept.capacity();
                assert!(held <= WINDOW, "{held} hashes in batches of {size}");
            }
            assert_eq!(window.hashes.kept.len(), WINDOW, "in batches of {size}");
            let oldest = last - WINDOW as u64 + 1;
            assert_eq!(window.judge(E, oldest, last, &hashes(oldest, WINDOW as u64)), Judged::Known);
            let other = window.judge(E, oldest, oldest, &hashes(7, 1));
            assert_eq!(other, Judged::Conflict { seq: oldest }, "in batches of {size}");
            assert_eq!(window.judge(E, last, last, &hashes(7, 1)), Judged::Conflict { seq: last });
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_known_by_its_number() {
        let mut window = Window::default();
        take_batches(&mut window, E, 200);
        assert_eq!(window.judge(E, 1, 512, &hashes(9_000, 512)), Judged::Known);
        let next = 200 * 512 + 1;
        assert_eq!(window.judge(E, next - 1, next, &hashes(next - 1, 2)), Judged::New { known: 1 });
    }

    #[test]
    fn an_agent_with_many_spools_keeps_the_hashes_of_one() {
        let mut window = Window::default();
        for turn in 0..3 {
            for spool in 1..1_000 {
                window.take(SpoolEpoch(spool), turn + 1, turn + 1, &hashes(turn + 1, 1));
            }
        }
        assert_eq!((window.spools.len(), window.hashes.kept.len()), (SPOOLS, 1));
        // Spools that take turns have one window between them, and each of their numbers stays taken.
        for spool in [SpoolEpoch(2_000), SpoolEpoch(2_001), SpoolEpoch(2_000)] {
            take_batches(&mut window, spool, 4);
            assert!(window.hashes.kept.capacity() <= WINDOW);
        }
        assert_eq!(window.judge(SpoolEpoch(2_001), 1, 512, &hashes(1, 512)), Judged::Known);
    }

    #[test]
    fn of_whoever_is_gone_nothing_old_is_new_and_nothing_but_the_numbers_is_kept() {
        let mut window = Window::default();
        take_batches(&mut window, E, 4);
        window.rest();
        assert_eq!((window.hashes.kept.capacity(), window.spools.capacity()), (0, 1));
        assert_eq!(window.durable(E), 2_048);
        assert_eq!(window.judge(E, 2_048, 2_048, &hashes(7, 1)), Judged::Known);
        assert_eq!(window.judge(E, 2_050, 2_050, &hashes(7, 1)), Judged::Hole { next: 2_049 });
        assert_eq!(window.judge(E, 2_048, 2_049, &hashes(2_048, 2)), Judged::New { known: 1 });
        // Whoever comes back under the name is compared again from there on.
        window.take(E, 2_049, 2_049, &hashes(2_049, 1));
        assert_eq!(window.judge(E, 2_049, 2_049, &hashes(7, 1)), Judged::Conflict { seq: 2_049 });
    }
}
