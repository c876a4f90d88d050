//! What others do instead, each rule as its documentation tells it and no worse: they see the same results.
//!
//! Every rule is asked "may it be opened?", and counts as open from its first yes on: that is how a
//! pipeline uses it, which goes on at the first green light.

mod counters;
mod difference;
mod three;

pub(crate) use counters::{ConsecutiveSuccess, FailureLimit, LastOk};
pub(crate) use difference::{MannWhitney, ZTest};
pub(crate) use three::ThreeInARow;

use crate::estimate::{Estimate, Unit};

/// The columns of the table.
pub(crate) const PEERS: [&str; 6] = ["last 20", "Argo succ", "Argo fail", "M-W", "z", "3 in row"];

/// Results of both sides in one minute.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Minute {
    /// Failed and all, on the target.
    pub(crate) target: (u32, u32),
    /// Failed and all, on the source.
    pub(crate) source: (u32, u32),
}

/// The five rules that open, on one world.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    last: LastOk,
    success: ConsecutiveSuccess,
    failures: FailureLimit,
    ranks: MannWhitney,
    z: ZTest,
    minute: Minute,
    opened_s: [Option<f64>; 5],
}

impl Peers {
    /// Takes one result.
    pub(crate) fn result(&mut self, at_s: f64, target: bool, ok: bool) {
        let counts = if target { &mut self.minute.target } else { &mut self.minute.source };
        counts.0 += u32::from(!ok);
        counts.1 += 1;
        if target && self.last.result(ok) {
            self.opened_s[0].get_or_insert(at_s);
        }
    }

    /// Ends a minute.
    pub(crate) fn minute(&mut self, at_s: f64) {
        let minute = std::mem::take(&mut self.minute);
        let said = [
            self.success.minute(minute),
            self.failures.minute(minute),
            self.ranks.minute(minute),
            self.z.minute(minute),
        ];
        for (opened, said) in self.opened_s[1..].iter_mut().zip(said) {
            if said {
                opened.get_or_insert(at_s);
            }
        }
    }

    /// Whether every one has opened: more results change nothing.
    pub(crate) fn all_open(&self) -> bool {
        self.opened_s.iter().all(Option::is_some)
    }

    /// When each of them opened.
    pub(crate) fn opened_s(&self) -> [Option<f64>; 5] {
        self.opened_s
    }
}

/// What the peers did in many worlds.
#[derive(Debug, Default)]
pub(crate) struct Opened(Vec<[Option<f64>; 5]>);

impl Opened {
    /// Takes one world.
    pub(crate) fn push(&mut self, peers: &Peers) {
        self.0.push(peers.opened_s());
    }

    /// The share of worlds in which each opened.
    pub(crate) fn shares(&self) -> Vec<Option<Estimate>> {
        (0..5)
            .map(|peer| {
                let hits = self.0.iter().filter(|world| world[peer].is_some()).count();
                Some(Estimate::share(hits, self.0.len()))
            })
            .collect()
    }

    /// The median time at which each opened.
    pub(crate) fn medians(&self) -> Vec<Option<Estimate>> {
        (0..5)
            .map(|peer| {
                let times = self.0.iter().map(|world| world[peer].unwrap_or(f64::INFINITY)).collect();
                Some(Estimate::median(times, Unit::Minutes))
            })
            .collect()
    }
}
