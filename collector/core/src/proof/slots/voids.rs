//! Stretches of slots that are known to be void, whatever was heard in them.

use super::Void;
use crate::proof::{BadState, Persist, StateReader, StateWriter};

/// Stretches kept; what is more is merged into the newest, which voids too much rather than too little.
const STRETCHES: usize = 32;

/// First and last slot, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Voids {
    stretches: Vec<(u64, u64, Void)>,
}

impl Voids {
    /// Adds a stretch; past ones are forgotten first where there is no room.
    pub(super) fn add(&mut self, first: u64, last: u64, why: Void, next: u64) {
        if last < first || self.stretches.contains(&(first, last, why)) {
            return;
        }
        if let Some(old) = self
            .stretches
            .iter_mut()
            .find(|old| old.2 == why && first <= old.1.saturating_add(1) && old.0 <= last.saturating_add(1))
        {
            (old.0, old.1) = (old.0.min(first), old.1.max(last));
            return;
        }
        if self.stretches.len() == STRETCHES {
            let oldest = self.stretches.iter().position(|old| old.1 < next);
            oldest.map(|oldest| self.stretches.remove(oldest));
        }
        let full = self.stretches.len() == STRETCHES;
        match self.stretches.last_mut().filter(|_| full) {
            Some(newest) => (newest.0, newest.1) = (newest.0.min(first), newest.1.max(last)),
            None => self.stretches.push((first, last, why)),
        }
    }

    /// Why the slot is void, if it is known to be: being away explains most, so it is named first.
    pub(super) fn why(&self, slot: u64) -> Option<Void> {
        let of_slot = self.stretches.iter().filter(|(first, last, _)| (*first..=*last).contains(&slot));
        of_slot.map(|(_, _, why)| *why).min()
    }
}

impl Persist for Voids {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.stretches.iter(), |(first, last, why), out| {
            [*first, *last, why.number()].into_iter().for_each(|value| out.number(value));
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Voids, BadState> {
        let stretches = from.list(STRETCHES, |from| {
            let (first, last, why) = (from.number()?, from.number()?, from.number()?);
            let why = Void::from_number(why).filter(|_| first <= last);
            Ok((first, last, why.ok_or_else(|| from.bad("a stretch of void slots"))?))
        })?;
        Ok(Voids { stretches })
    }
}
