//! From results to slots: the unit of evidence, so that a short outage is one event and not twenty.
//!
//! One assembler serves one scenario on both sides. A result belongs to the slot of its *round*, an
//! integer of the migration's grid, never of a clock that was read later. A slot closes once, at its last
//! due time plus the grace, and is never reopened: what comes after is counted and not used. So evidence
//! that was told never changes under the one who read it, and the order of arrival inside the grace is of
//! no matter. (`docs/DECISION.md`, section 2; units: milliseconds, slots counted from the grid's origin.)
//!
//! Both sides are read in the cautious direction. On the target, what was owed by an agent that lives and
//! was not answered is not passed, and neither is a check that could not run; on the source both are left
//! out. An agent without a sign of life is missing coverage, which can only make a slot void.

mod closed;
mod grid;
mod late;
mod open;
mod persist;
mod seen;
#[cfg(test)]
mod tests;
mod voids;

use std::collections::BTreeMap;

use tidelock_model::{Outcome, Side, mutated};

pub use closed::{ClosedSlot, Compared, HostSlot, Lack, SideSlot, Void};
pub use grid::SlotGrid;
pub use late::LATE_SHARE_LIMIT;
use late::Minutes;
use open::{Open, Run};
use seen::SeenStreams;
use voids::Voids;

/// Slots that may be open at once; a result of a later slot than these is refused.
pub const OPEN_SLOTS: u64 = 64;
/// Slots that may be open at once where recorded findings are read.
pub const RECORDED_SLOTS: u64 = 1 << 20;
/// Agents of a side; the rest of a longer roster is not taken.
pub const AGENTS_PER_SIDE: usize = 64;
/// Results of one agent in one slot.
pub const RUNS_PER_AGENT: usize = 256;
/// Latency buckets of one count of traffic.
pub const TRAFFIC_BUCKETS: usize = 1_024;
/// A latency above this is no measurement, in milliseconds.
pub const LATENCY_CEILING_MS: f64 = 3_600_000.0;

/// What names one result of an agent: sent twice, it counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKey {
    /// The life of the agent, or of its spool, within which numbers are given once.
    pub stream: u128,
    /// The number within it: a round, or a sequence number.
    pub number: u64,
}

/// Real traffic counted by something else, in place of the one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that succeeded.
    pub ok: u64,
    /// All requests; what is below `ok` is read as `ok`.
    pub total: u64,
    /// Upper edge in microseconds, and how many successful requests fell into the bucket.
    pub latency_buckets: Vec<(u64, u64)>,
}

/// One result as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival<'a> {
    /// The side of the agent that sends it.
    pub side: Side,
    /// The agent.
    pub agent: &'a str,
    /// What makes it this result and no other.
    pub key: RunKey,
    /// The slot that its round belongs to: see [`SlotGrid::slot_of`].
    pub slot: u64,
    /// What the run found.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Counted traffic that speaks instead of the single run.
    pub traffic: Option<Traffic>,
    /// Which version of the check ran: both sides must agree within a slot.
    pub version: u64,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It counts.
    Ok,
    /// It was here before, and said the same.
    Duplicate,
    /// It was here before, and said something else; the first stands.
    Conflict,
    /// Its slot has closed.
    Late,
    /// Its slot closed while nobody could receive it: kept, and neither counted nor late.
    Away,
    /// Its slot is before the first one of this evidence.
    Before,
    /// Its slot is too far in the future to be true.
    Ahead,
    /// No approved agent of that side.
    Unknown,
    /// The agent's clock is not believed at present.
    Quarantined,
    /// The agent has sent more results for the slot than can be; the slot is void.
    Full,
}

/// How many results met each fate, since the evidence began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Counted in a slot.
    pub taken: u64,
    /// Repeated.
    pub duplicates: u64,
    /// Repeated with another outcome.
    pub conflicts: u64,
    /// After their slot closed.
    pub late: u64,
    /// From agents that are not of the roster, or are quarantined.
    pub unknown: u64,
    /// Of a slot too early, too far ahead, too full, or closed while nobody could receive.
    pub unused: u64,
}

/// The agents that a side promises.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SlotRoster {
    agents: BTreeMap<String, bool>,
    at_least: u32,
}

impl SlotRoster {
    /// A roster of which `at_least` must report in a slot.
    pub fn new<N: Into<String>>(agents: impl IntoIterator<Item = N>, at_least: u32) -> SlotRoster {
        let agents = agents.into_iter().map(|agent| (agent.into(), false)).take(AGENTS_PER_SIDE).collect();
        SlotRoster { agents, at_least: at_least.max(1) }
    }

    /// Believes an agent's clock no more, or again: a quarantined agent is missing coverage.
    pub fn quarantine(&mut self, agent: &str, quarantined: bool) {
        if let Some(standing) = self.agents.get_mut(agent) {
            *standing = quarantined;
        }
    }

    /// The agents that must report in a slot.
    pub fn at_least(&self) -> u32 {
        self.at_least
    }

    fn quarantined(&self, agent: &str) -> Option<bool> {
        self.agents.get(agent).copied()
    }

    fn counts(&self, agent: &str) -> bool {
        self.quarantined(agent) == Some(false)
    }
}

/// Puts the results of one scenario into slots and closes them in order.
///
/// # Invariants
/// - Slots below `next` are closed and out of reach; slots come out once each, in order.
/// - At most [`OPEN_SLOTS`] slots (unless told to reach further), [`AGENTS_PER_SIDE`] agents and [`RUNS_PER_AGENT`] results are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotAssembler {
    grid: SlotGrid,
    results_at_least: u64,
    reach: u64,
    rosters: [SlotRoster; 2],
    first: u64,
    next: u64,
    open: BTreeMap<u64, Open>,
    seen: [SeenStreams; 2],
    voids: Voids,
    minutes: Minutes,
    tally: Tally,
}

impl SlotAssembler {
    /// Begins with the slot `first`; a slot needs `results_at_least` results of each side.
    pub fn new(grid: SlotGrid, rosters: [SlotRoster; 2], results_at_least: u64, first: u64) -> SlotAssembler {
        SlotAssembler {
            grid,
            results_at_least: results_at_least.max(1),
            reach: OPEN_SLOTS,
            rosters,
            first,
            next: first,
            open: BTreeMap::new(),
            seen: [SeenStreams::default(), SeenStreams::default()],
            voids: Voids::default(),
            minutes: Minutes::default(),
            tally: Tally::default(),
        }
    }

    /// Takes results up to so many slots ahead instead, for findings that were recorded and are all there.
    #[must_use]
    pub fn reaching(mut self, slots: u64) -> SlotAssembler {
        self.reach = slots.clamp(1, RECORDED_SLOTS);
        self
    }

    /// The grid that rounds are placed on.
    pub fn grid(&self) -> &SlotGrid {
        &self.grid
    }

    /// The first slot that has not closed.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What became of the results so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The agents of a side, as they stand.
    pub fn roster(&self, side: Side) -> &SlotRoster {
        &self.rosters[index(side)]
    }

    /// Replaces the roster of a side; slots that close from now on are measured by it.
    pub fn set_roster(&mut self, side: Side, roster: SlotRoster) {
        self.seen[index(side)].keep(|agent| roster.agents.contains_key(agent));
        self.rosters[index(side)] = roster;
    }

    /// Quarantines an agent of a side, or believes its clock again.
    pub fn quarantine(&mut self, side: Side, agent: &str, quarantined: bool) {
        self.rosters[index(side)].quarantine(agent, quarantined);
    }

    /// Takes a result that arrived at `at_ms`.
    pub fn take(&mut self, at_ms: u64, arrival: &Arrival<'_>) -> Accepted {
        let accepted = self.place(arrival);
        match accepted {
            Accepted::Ok => {
                self.tally.taken += 1;
                self.minutes.count(at_ms, false);
            }
            Accepted::Late => {
                self.tally.late += 1;
                self.minutes.count(at_ms, true);
            }
            Accepted::Duplicate => self.tally.duplicates += 1,
            Accepted::Conflict => self.tally.conflicts += 1,
            Accepted::Unknown | Accepted::Quarantined => self.tally.unknown += 1,
            Accepted::Away | Accepted::Before | Accepted::Ahead | Accepted::Full => self.tally.unused += 1,
        }
        accepted
    }

    fn place(&mut self, arrival: &Arrival<'_>) -> Accepted {
        let side = index(arrival.side);
        match self.rosters[side].quarantined(arrival.agent) {
            None => return Accepted::Unknown,
            Some(true) => return Accepted::Quarantined,
            Some(false) => {}
        }
        let run = Run::of(arrival);
        if let Some(first) = self.before(side, arrival) {
            return if first == run.outcome { Accepted::Duplicate } else { Accepted::Conflict };
        }
        if arrival.slot < self.first {
            return Accepted::Before;
        }
        let late = arrival.slot < self.next;
        if late && !mutated("late-is-not-counted") {
            self.seen[side].note(arrival.agent, arrival.key, run.outcome);
            let away = self.voids.why(arrival.slot) == Some(Void::Away);
            return if away { Accepted::Away } else { Accepted::Late };
        }
        // What is late has left above.
        let slot = arrival.slot.max(self.next);
        if self.reach <= slot - self.next {
            return Accepted::Ahead;
        }
        let open = self.open.entry(slot).or_default();
        if open.take(side, arrival.agent, arrival.key, arrival.version, run) {
            Accepted::Ok
        } else {
            Accepted::Full
        }
    }

    /// What the same result said when it was here before.
    fn before(&self, side: usize, arrival: &Arrival<'_>) -> Option<Outcome> {
        let open = self.open.values().find_map(|open| open.said(side, arrival.agent, arrival.key));
        open.or_else(|| self.seen[side].said(arrival.agent, arrival.key))
    }

    /// The agent gave a sign of life within that slot, so it owes the slot's results.
    pub fn alive(&mut self, side: Side, agent: &str, slot: u64) {
        let side = index(side);
        let reach = (self.next..self.next.saturating_add(self.reach)).contains(&slot);
        if reach && self.rosters[side].counts(agent) {
            self.open.entry(slot).or_default().alive(side, agent);
        }
    }

    /// A heartbeat of the agent at a moment in collector time.
    pub fn heard(&mut self, side: Side, agent: &str, at_ms: u64) {
        if let Some(slot) = self.grid.slot_at(at_ms) {
            self.alive(side, agent, slot);
        }
    }

    /// Nobody could receive between the two moments: the slots that ended then are void, and what comes
    /// of them later is not late.
    pub fn void_between(&mut self, from_ms: u64, to_ms: u64) {
        if let Some((first, last)) = self.grid.ended_between(from_ms, to_ms) {
            self.void_slots(first, last, Void::Away);
        }
    }

    /// Slots that are void whatever is heard in them, such as those of which an agent had to drop results.
    pub fn void_slots(&mut self, first: u64, last: u64, why: Void) {
        // What closed before it was known stays as it is; only what was away must be told from late.
        let first = if why == Void::Away { first } else { first.max(self.next) };
        self.voids.add(first, last, why.stretch(), self.next);
    }

    /// When the next slot closes, in collector time.
    pub fn closes_at(&self) -> u64 {
        self.grid.closes_at(self.next)
    }

    /// The share of late results in the ten minutes before `at_ms`.
    pub fn late_share(&self, at_ms: u64) -> f64 {
        self.minutes.late_share(at_ms)
    }

    /// Closes the slots whose time has come, in order. A long stretch of which nothing at all was heard
    /// comes as one void slot that stands for many.
    pub fn close(&mut self, now_ms: u64) -> Vec<ClosedSlot> {
        let mut closed = Vec::new();
        let Some(last) = self.grid.last_closed(now_ms) else { return closed };
        while self.next <= last {
            let times = self.silent_stretch(last);
            closed.push(self.close_next(times));
            self.next += times;
        }
        closed
    }

    /// How many slots from `next` on may be told as one.
    fn silent_stretch(&self, last: u64) -> u64 {
        let heard = self.open.keys().next().copied().unwrap_or(u64::MAX);
        let silent = heard.min(last.saturating_add(1)).saturating_sub(self.next);
        if silent <= OPEN_SLOTS { 1 } else { silent - OPEN_SLOTS }
    }

    fn close_next(&mut self, times: u64) -> ClosedSlot {
        let open = self.open.remove(&self.next).unwrap_or_default();
        for (side, seen) in self.seen.iter_mut().enumerate() {
            open.runs(side).for_each(|(agent, key, outcome)| seen.note(agent, key, outcome));
        }
        let owed = self.grid.owed(self.next);
        let side = |side| open.fold(side, &self.rosters[index(side)], owed, self.results_at_least);
        ClosedSlot {
            slot: self.next,
            times,
            broken: self.voids.why(self.next).or_else(|| open.broken()),
            source: side(Side::Source),
            target: side(Side::Target),
        }
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Source => 0,
        Side::Target => 1,
    }
}
