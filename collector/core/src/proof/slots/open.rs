//! A slot that still takes results, and what it becomes when it closes.

use std::collections::BTreeMap;

use tidelock_model::{Outcome, Side};

use super::{AGENTS_PER_SIDE, Arrival, HostSlot, LATENCY_CEILING_MS, Lack, RUNS_PER_AGENT, RunKey};
use super::{SideSlot, SlotRoster, TRAFFIC_BUCKETS, Traffic, Void};

/// Agents of one side of a slot: a roster that changes within it included.
pub(super) const AGENTS: usize = 2 * AGENTS_PER_SIDE;

/// One result, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) outcome: Outcome,
    pub(super) latency_ms: Option<f64>,
    pub(super) traffic: Option<Box<Traffic>>,
}

impl Run {
    /// A pass whose latency is no number, negative or absurd did not measure what it says: it did not run.
    pub(super) fn of(arrival: &Arrival<'_>) -> Run {
        let sound = arrival.latency_ms.is_none_or(|ms| (0.0..=LATENCY_CEILING_MS).contains(&ms));
        let buckets = arrival.traffic.as_ref().map_or(0, |traffic| traffic.latency_buckets.len());
        if !sound || TRAFFIC_BUCKETS < buckets {
            return Run { outcome: Outcome::NotRun, latency_ms: None, traffic: None };
        }
        let traffic = arrival.traffic.clone().map(Box::new);
        Run { outcome: arrival.outcome, latency_ms: arrival.latency_ms, traffic }
    }
}

/// What one agent gave so far; `runs` rise by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AgentOpen {
    pub(super) runs: Vec<(RunKey, Run)>,
}

/// Both sides, source first. An agent is in it once it gave a sign of life or a result.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Open {
    pub(super) sides: [BTreeMap<String, AgentOpen>; 2],
    pub(super) version: Option<u64>,
    pub(super) mixed: bool,
    pub(super) flooded: bool,
}

impl Open {
    /// Takes a result that is new; false where the agent has given too many.
    pub(super) fn take(&mut self, side: usize, agent: &str, key: RunKey, version: u64, run: Run) -> bool {
        self.mixed |= *self.version.get_or_insert(version) != version;
        let Some(agent) = self.alive(side, agent).filter(|agent| agent.runs.len() < RUNS_PER_AGENT) else {
            self.flooded = true;
            return false;
        };
        let at = agent.runs.partition_point(|(other, _)| *other < key);
        agent.runs.insert(at, (key, run));
        true
    }

    /// The agent lives in this slot; none where there is no room for one more.
    pub(super) fn alive(&mut self, side: usize, agent: &str) -> Option<&mut AgentOpen> {
        let agents = &mut self.sides[side];
        if !agents.contains_key(agent) && agents.len() < AGENTS {
            agents.insert(agent.to_owned(), AgentOpen::default());
        }
        agents.get_mut(agent)
    }

    /// What the result of that key said.
    pub(super) fn said(&self, side: usize, agent: &str, key: RunKey) -> Option<Outcome> {
        let runs = &self.sides[side].get(agent)?.runs;
        let at = runs.binary_search_by(|(other, _)| other.cmp(&key)).ok()?;
        Some(runs[at].1.outcome)
    }

    /// The results of a side, by agent and key.
    pub(super) fn runs(&self, side: usize) -> impl Iterator<Item = (&str, RunKey, Outcome)> {
        self.sides[side]
            .iter()
            .flat_map(|(name, agent)| agent.runs.iter().map(|(key, run)| (&**name, *key, run.outcome)))
    }

    /// Why the slot is void, whatever its counts.
    pub(super) fn broken(&self) -> Option<Void> {
        let version = self.mixed.then_some(Void::Version);
        version.or_else(|| self.flooded.then_some(Void::Flooded))
    }

    /// One side as it closes: `owed` results of each living agent of the roster.
    pub(super) fn fold(&self, side: Side, roster: &SlotRoster, owed: u64, results_at_least: u64) -> SideSlot {
        let mut slot = SideSlot {
            side,
            ok: 0,
            failed: 0,
            not_run: 0,
            missing: 0,
            agents: 0,
            lack: None,
            seen_lack: None,
            hosts: Vec::new(),
            latencies: Vec::new(),
        };
        let mut seeing = 0;
        let mut answered = false;
        for (name, agent) in &self.sides[super::index(side)] {
            let owes = if roster.counts(name) { owed } else { 0 };
            let host = count(name, agent, owes, &mut slot);
            answered |= !agent.runs.is_empty();
            let reports = side == Side::Target || !agent.runs.is_empty();
            slot.agents += u32::from(roster.counts(name) && reports);
            let looked = agent.runs.iter().any(|(_, run)| run.outcome != Outcome::NotRun);
            seeing += u32::from(roster.counts(name) && looked);
            slot.hosts.push(host);
        }
        let lack = |agents: u32, results: u64| {
            if agents == 0 || !answered && results == 0 {
                Some(Lack::Silent)
            } else if agents < roster.at_least() {
                Some(Lack::Agents)
            } else {
                (results < results_at_least).then_some(Lack::Results)
            }
        };
        (slot.lack, slot.seen_lack) = (lack(slot.agents, slot.counted()), lack(seeing, slot.seen()));
        slot
    }
}

/// Adds one agent's results to its side.
fn count(name: &str, agent: &AgentOpen, owed: u64, slot: &mut SideSlot) -> HostSlot {
    let missing = owed.saturating_sub(agent.runs.len() as u64);
    let mut host = HostSlot { agent: name.to_owned(), alive: true, results: Vec::new(), not_run: 0, missing };
    slot.missing += missing;
    for (_, run) in &agent.runs {
        if let Some(traffic) = run.traffic.as_deref().filter(|_| run.outcome != Outcome::NotRun) {
            let total = traffic.total.max(traffic.ok);
            let failed = total - traffic.ok;
            if run.outcome == Outcome::Fail {
                // It says that something is wrong: what went well beside that is no evidence.
                slot.failed = slot.failed.saturating_add(failed.max(1));
                host.results.push(false);
                continue;
            }
            slot.ok = slot.ok.saturating_add(traffic.ok);
            slot.failed = slot.failed.saturating_add(failed);
            let milliseconds = |(us, many): &(u64, u64)| (*us as f64 / 1_000.0, *many);
            slot.latencies.extend(traffic.latency_buckets.iter().map(milliseconds));
            continue;
        }
        match run.outcome {
            Outcome::Pass => {
                slot.ok = slot.ok.saturating_add(1);
                slot.latencies.extend(run.latency_ms.map(|ms| (ms, 1)));
                host.results.push(true);
            }
            Outcome::Fail => {
                slot.failed = slot.failed.saturating_add(1);
                host.results.push(false);
            }
            Outcome::NotRun => {
                slot.not_run += 1;
                host.not_run += 1;
            }
        }
    }
    host
}
