//! HOST: is one of the target's hosts dead behind a mean that looks fine?
//!
//! Null rejected, per target agent: it passes at least half of the time. A Shiryaev-Roberts detector on
//! single results, z = fail − 0.5, c = 0.5, alarm at M ≥ 10⁴·agents: one false alarm in 10⁴ results at least,
//! over all agents together. Since z/c is ±1 and M is bounded by the alarm, it is kept as M itself, not as a
//! logarithm. Within a slot failures are taken first, the order that alarms least; an alarm starts the
//! agent's detector anew and lasts until 3 slots in a row in which at most half of its results failed.
//! Beside the detector, each host's failures in the last two slots are known: see `bad_slot`.
//! Source: section 3; arXiv 2203.03532. Unit: results.

use super::constants::{CALM_AFTER, GUARD_FRACTIONS, GUARD_RUN, GUARD_WEIGHT, HOST_FAILURES};
use super::side::HostSlot;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Agents of one side that are watched one by one; more than that share the scenario's guard only.
pub const MAX_HOSTS: usize = 64;

/// The most results of one agent in one slot that are looked at, of each kind.
const MAX_RESULTS: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Host {
    host: u64,
    /// M a component.
    wealth: [f64; 5],
    down: bool,
    /// Calm slots in a row since the alarm.
    calm: u32,
    /// Failures in the last valid slot and in the one before; none where it did not report.
    failed: [u32; 2],
}

impl Host {
    fn new(host: u64) -> Host {
        Host { host, wealth: [0.0; 5], down: false, calm: 0, failed: [0; 2] }
    }

    fn step(&mut self, slot: &HostSlot, alarm: f64) {
        self.failed[0] = self.failed[0].saturating_add(slot.failed);
        for (count, sign) in [(slot.failed, 1.0), (slot.passed, -1.0)] {
            for _ in 0..count.min(MAX_RESULTS) {
                for (wealth, fraction) in self.wealth.iter_mut().zip(GUARD_FRACTIONS) {
                    *wealth = (*wealth + 1.0) * (1.0 + sign * fraction);
                }
                if self.wealth.iter().sum::<f64>() * GUARD_WEIGHT >= alarm {
                    *self = Host { down: true, failed: self.failed, ..Host::new(self.host) };
                }
            }
        }
        if slot.failed > slot.passed {
            self.calm = 0;
        } else if self.down && slot.passed > 0 {
            self.calm += 1;
            self.down = self.calm < CALM_AFTER;
        }
    }
}

/// The target's hosts, one detector each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Hosts {
    hosts: Vec<Host>,
}

impl Hosts {
    /// Takes one valid slot. True where one host failed often in this slot and the one before it together.
    pub(crate) fn step(&mut self, slot: &[HostSlot]) -> bool {
        for seen in slot {
            if let Err(place) = self.hosts.binary_search_by_key(&seen.host, |host| host.host)
                && self.hosts.len() < MAX_HOSTS
            {
                self.hosts.insert(place, Host::new(seen.host));
            }
        }
        for host in &mut self.hosts {
            host.failed = [0, host.failed[0]];
        }
        let alarm = GUARD_RUN * self.hosts.len() as f64;
        for seen in slot {
            if let Ok(place) = self.hosts.binary_search_by_key(&seen.host, |host| host.host) {
                self.hosts[place].step(seen, alarm);
            }
        }
        self.hosts.iter().any(|host| host.failed[0].saturating_add(host.failed[1]) >= HOST_FAILURES)
    }

    /// An agent left the roster.
    pub(crate) fn forget(&mut self, host: u64) {
        self.hosts.retain(|known| known.host != host);
    }

    /// The hosts that are down.
    pub(crate) fn down(&self) -> impl Iterator<Item = u64> + '_ {
        self.hosts.iter().filter(|host| host.down).map(|host| host.host)
    }
}

impl Persist for Hosts {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.hosts.iter(), |host, out| {
            out.number(host.host);
            out.fractions(&host.wealth);
            out.flag(host.down);
            out.number(u64::from(host.calm));
            host.failed.iter().for_each(|failed| out.number(u64::from(*failed)));
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Hosts, BadState> {
        let hosts = from.list(MAX_HOSTS, |from| {
            let (host, wealth, down, calm) = (from.number()?, from.finite()?, from.flag()?, from.small()?);
            Ok(Host { host, wealth, down, calm, failed: [from.small()?, from.small()?] })
        })?;
        if hosts.windows(2).any(|pair| pair[0].host >= pair[1].host) {
            return Err(from.bad("a rising host"));
        }
        Ok(Hosts { hosts })
    }
}
