//! The newest runs of one metric: as many as say what is usual, and no more.

use std::collections::VecDeque;

/// Runs that are kept.
const KEPT: usize = 128;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    /// None where it did not pass.
    pub(super) took_ns: Option<u64>,
    pub(super) ok: u64,
    pub(super) all: u64,
}

/// The newest runs, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Runs(VecDeque<Run>);

impl Runs {
    pub(super) fn push(&mut self, run: Run) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(run);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The median duration; one that did not pass took longer than any. None where most did not, or there
    /// is none.
    pub(super) fn median_ns(&self) -> Option<u64> {
        let mut took: Vec<u64> = self.0.iter().map(|run| run.took_ns.unwrap_or(u64::MAX)).collect();
        took.sort_unstable();
        took.get(took.len() / 2).copied().filter(|took| *took < u64::MAX)
    }

    /// None of the newest so many passed.
    pub(super) fn newest_fail(&self, many: usize) -> bool {
        let mut newest = self.0.iter().rev().take(many);
        self.0.len() >= many && newest.all(|run| run.took_ns.is_none() && run.ok == 0)
    }

    /// The share that passed; none where nothing was counted.
    pub(super) fn share(&self) -> Option<f64> {
        let sum = |of: fn(&Run) -> u64| self.0.iter().map(of).fold(0_u64, u64::saturating_add);
        let (ok, all) = (sum(|run| run.ok), sum(|run| run.all));
        (all > 0).then(|| ok as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(took: &[Option<u64>]) -> Runs {
        let mut runs = Runs::default();
        took.iter().for_each(|took| runs.push(Run { took_ns: *took, ok: u64::from(took.is_some()), all: 1 }));
        runs
    }

    #[test]
    fn what_did_not_pass_took_longer_than_any() {
        assert_eq!(runs(&[]).median_ns(), None);
        assert_eq!(runs(&[Some(3), Some(1), Some(2)]).median_ns(), Some(2));
        assert_eq!(runs(&[Some(1), None, Some(2)]).median_ns(), Some(2));
        assert_eq!(runs(&[Some(1), None, None]).median_ns(), None);
        assert_eq!(runs(&[Some(1), None, None, Some(1)]).share(), Some(0.5));
        assert!(runs(&[Some(1), None, None]).newest_fail(2) && !runs(&[None, Some(1)]).newest_fail(2));
        assert!(!runs(&[None]).newest_fail(2), "too few");
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut long = runs(&[Some(9); KEPT]);
        (0..KEPT).for_each(|_| long.push(Run { took_ns: Some(1), ok: 1, all: 1 }));
        assert_eq!((long.len(), long.median_ns()), (KEPT, Some(1)));
    }
}
