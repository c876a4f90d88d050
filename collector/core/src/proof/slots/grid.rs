//! Where rounds lie in time and which slot they belong to: integers, never recomputed from clocks.

use crate::proof::{BadState, Persist, StateReader, StateWriter};

/// The rounds of one check on the migration's grid, and the slots over them. All in milliseconds of
/// collector time.
///
/// Round n is due at origin + n·every + offset + rank·every/agents and belongs to slot ⌊n·every/L⌋.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotGrid {
    origin_ms: u64,
    every_ms: u64,
    slot_ms: u64,
    offset_ms: u64,
    grace_ms: u64,
}

impl SlotGrid {
    /// A grid; none where the interval or the slot is nothing, or the offset is not below the interval.
    pub fn new(
        origin_ms: u64,
        every_ms: u64,
        slot_ms: u64,
        offset_ms: u64,
        grace_ms: u64,
    ) -> Option<SlotGrid> {
        let sound = 0 < every_ms && 0 < slot_ms && offset_ms < every_ms;
        sound.then_some(SlotGrid { origin_ms, every_ms, slot_ms, offset_ms, grace_ms })
    }

    /// The slot's length L.
    pub fn slot_ms(&self) -> u64 {
        self.slot_ms
    }

    /// The time from one round to the next.
    pub fn every_ms(&self) -> u64 {
        self.every_ms
    }

    /// The slot of a round.
    pub fn slot_of(&self, round: u64) -> u64 {
        whole(u128::from(round) * u128::from(self.every_ms) / u128::from(self.slot_ms))
    }

    /// The first round that belongs to the slot or to a later one.
    pub fn first_round(&self, slot: u64) -> u64 {
        whole((u128::from(slot) * u128::from(self.slot_ms)).div_ceil(u128::from(self.every_ms)))
    }

    /// The results that one agent owes for the slot.
    pub fn owed(&self, slot: u64) -> u64 {
        self.first_round(slot.saturating_add(1)).saturating_sub(self.first_round(slot))
    }

    /// The slot in whose span of due times the moment lies; none before the first.
    pub fn slot_at(&self, at_ms: u64) -> Option<u64> {
        Some(at_ms.checked_sub(self.begin_ms())? / self.slot_ms)
    }

    /// The end of the slot's due times: no rank's last round is due after it.
    pub fn ends_at(&self, slot: u64) -> u64 {
        let rounds = self.first_round(slot.saturating_add(1));
        self.begin_ms().saturating_add(rounds.saturating_mul(self.every_ms))
    }

    /// The moment from which the slot is closed.
    pub fn closes_at(&self, slot: u64) -> u64 {
        self.ends_at(slot).saturating_add(self.grace_ms)
    }

    /// The last slot that is closed at that moment.
    pub fn last_closed(&self, now_ms: u64) -> Option<u64> {
        let past = now_ms.checked_sub(self.begin_ms())?.checked_sub(self.grace_ms)?;
        // A slot ends at or after its own length; by how much, depends on an interval that does not divide it.
        let highest = (past / self.slot_ms).checked_sub(1)?;
        let back = self.every_ms.div_ceil(self.slot_ms);
        (highest.saturating_sub(back)..=highest).rev().find(|slot| self.closes_at(*slot) <= now_ms)
    }

    /// The first and last slot that closed after `from_ms` and ended by `to_ms`.
    pub fn ended_between(&self, from_ms: u64, to_ms: u64) -> Option<(u64, u64)> {
        let first = self.last_closed(from_ms).map_or(0, |slot| slot.saturating_add(1));
        let last = SlotGrid { grace_ms: 0, ..*self }.last_closed(to_ms)?;
        (from_ms < to_ms && first <= last).then_some((first, last))
    }

    fn begin_ms(&self) -> u64 {
        self.origin_ms.saturating_add(self.offset_ms)
    }
}

fn whole(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

impl Persist for SlotGrid {
    fn write(&self, out: &mut StateWriter) {
        [self.origin_ms, self.every_ms, self.slot_ms, self.offset_ms, self.grace_ms]
            .into_iter()
            .for_each(|value| out.number(value));
    }

    fn read(from: &mut StateReader<'_>) -> Result<SlotGrid, BadState> {
        let [origin, every, slot, offset, grace] =
            [from.number()?, from.number()?, from.number()?, from.number()?, from.number()?];
        SlotGrid::new(origin, every, slot, offset, grace).ok_or_else(|| from.bad("the end of a grid"))
    }
}
