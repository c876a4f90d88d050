//! When each check runs.
//!
//! Round n of a check is due at a fixed moment of the migration's grid, the same on both sides. What is
//! missed is missed: nothing is ever caught up, because a run at the wrong moment proves nothing about
//! the right one, and because the catching up of a thousand checks is an outage of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{Cause, Name, Timestamp};

mod grid;

pub use grid::Grid;

/// What is to be done about a round that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Run it now. Whoever takes this calls [`Schedule::finished`] once.
    Run {
        /// The check.
        check: Name,
        /// Its round.
        round: u64,
        /// When it was due, in collector time.
        due: Timestamp,
    },
    /// Do not run it, and say why.
    Skip {
        /// The check.
        check: Name,
        /// Its round.
        round: u64,
        /// When it was due, in collector time.
        due: Timestamp,
        /// `overrun` or `saturated`.
        cause: Cause,
    },
}

#[derive(Debug)]
struct Planned {
    grid: Grid,
    /// The next round that has not been looked at.
    next: u64,
    /// A round that waits for a free place.
    waiting: Option<u64>,
}

/// Every check's next round, and the runs in flight.
///
/// # Invariants
/// - A round of a check is given out at most once, whatever the clock does.
/// - A check has at most one run in flight, also over a change of the plan.
/// - At most `places` runs are in flight.
#[derive(Debug)]
pub struct Schedule {
    checks: BTreeMap<Name, Planned>,
    /// The round of each check that is running.
    running: BTreeMap<Name, u64>,
    places: usize,
    patience: Duration,
    draining: bool,
}

impl Schedule {
    /// At most `places` runs at once; a round that finds none free waits for `patience` and is then
    /// skipped as `saturated`.
    pub fn new(places: usize, patience: Duration) -> Schedule {
        Schedule { checks: BTreeMap::new(), running: BTreeMap::new(), places, patience, draining: false }
    }

    /// Takes the grids of a new set of assignments. Checks that keep their grid keep their place in it;
    /// new ones begin with the first round that is due after `now`. A check that only moves inside its
    /// interval, because agents share it anew, does not repeat the round that it has just had.
    pub fn replace(&mut self, grids: BTreeMap<Name, Grid>, now: Timestamp) {
        let mut before = std::mem::take(&mut self.checks);
        self.checks = (grids.into_iter())
            .map(|(check, grid)| {
                let next = grid.next_after(now);
                let planned = match before.remove(&check) {
                    Some(kept) if kept.grid == grid => kept,
                    Some(old) if old.grid.counts_like(&grid) && old.next == next + 1 => {
                        Planned { next: old.next, grid, waiting: None }
                    }
                    Some(_) | None => Planned { next, grid, waiting: None },
                };
                (check, planned)
            })
            .collect();
    }

    /// When to look again, in collector time.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.draining {
            return None;
        }
        (self.checks.values())
            .flat_map(|planned| {
                let gives_up = planned.waiting.map(|round| planned.grid.due(round).plus(self.patience));
                [Some(planned.grid.due(planned.next)), gives_up]
            })
            .flatten()
            .min()
    }

    /// Takes every round that is due at `now`. Rounds that have passed unseen, after a suspend or a
    /// jump of the clock, are left out: only the newest one is still worth a run.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Due> {
        let mut taken = Vec::new();
        if self.draining {
            return taken;
        }
        for (check, planned) in &mut self.checks {
            let newest = planned.grid.newest_at(now).filter(|newest| *newest >= planned.next);
            if let Some(round) = newest {
                planned.next = round + 1;
                // Its own next round overtakes a round that waits.
                if let Some(old) = planned.waiting.replace(round) {
                    taken.push(skip(check, old, &planned.grid, Cause::Saturated));
                }
            }
            let Some(round) = planned.waiting else { continue };
            let due = planned.grid.due(round);
            if now < due {
                // The clock went back while it waited.
                continue;
            }
            if self.running.contains_key(check) {
                taken.push(skip(check, round, &planned.grid, Cause::Overrun));
            } else if self.running.len() < self.places {
                self.running.insert(check.clone(), round);
                taken.push(Due::Run { check: check.clone(), round, due });
            } else if now.since(due) >= self.patience {
                taken.push(skip(check, round, &planned.grid, Cause::Saturated));
            } else {
                continue;
            }
            planned.waiting = None;
        }
        taken
    }

    /// A run has ended. Rounds that wait for its place can be taken now.
    pub fn finished(&mut self, check: &Name, round: u64) {
        if self.running.get(check) == Some(&round) {
            self.running.remove(check);
        }
    }

    /// Gives out nothing any more.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Runs in flight.
    pub fn in_flight(&self) -> usize {
        self.running.len()
    }
}

fn skip(check: &Name, round: u64, grid: &Grid, cause: Cause) -> Due {
    Due::Skip { check: check.clone(), round, due: grid.due(round), cause }
}

#[cfg(test)]
mod tests;
