//! Which results of closed slots were here before: a replay after a reconnect must not look late.

use std::collections::BTreeMap;

use tidelock_model::Outcome;

use super::{AGENTS_PER_SIDE, RunKey};
use crate::proof::{BadState, Persist, StateReader, StateWriter};

/// Lives of an agent that are remembered, the latest heard last.
const STREAMS_PER_AGENT: usize = 4;
/// Agents remembered: those that left included.
const AGENTS: usize = 2 * AGENTS_PER_SIDE;
/// Numbers below the highest that are remembered: one bit each.
const NUMBERS: u64 = 128;

/// The last [`NUMBERS`] numbers of one stream: was it here, did it pass, did it fail. Bit i is `top − i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    stream: u128,
    top: u64,
    here: u128,
    passed: u128,
    failed: u128,
}

impl Seen {
    fn new(key: RunKey) -> Seen {
        Seen { stream: key.stream, top: key.number, here: 0, passed: 0, failed: 0 }
    }

    fn note(&mut self, number: u64, outcome: Outcome) {
        if let Some(up) = number.checked_sub(self.top).filter(|up| 0 < *up) {
            let shift = |bits: u128| if up < NUMBERS { bits << up } else { 0 };
            (self.here, self.passed, self.failed) =
                (shift(self.here), shift(self.passed), shift(self.failed));
            self.top = number;
        }
        let down = self.top - number;
        if NUMBERS <= down || self.here >> down & 1 == 1 {
            return;
        }
        self.here |= 1 << down;
        self.passed |= u128::from(outcome == Outcome::Pass) << down;
        self.failed |= u128::from(outcome == Outcome::Fail) << down;
    }

    fn said(&self, number: u64) -> Option<Outcome> {
        let down = self.top.checked_sub(number).filter(|down| *down < NUMBERS)?;
        let bit = |bits: u128| bits >> down & 1 == 1;
        match (bit(self.here), bit(self.passed), bit(self.failed)) {
            (false, _, _) => None,
            (true, true, _) => Some(Outcome::Pass),
            (true, false, true) => Some(Outcome::Fail),
            (true, false, false) => Some(Outcome::NotRun),
        }
    }
}

/// The streams of the agents of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SeenStreams {
    agents: BTreeMap<String, Vec<Seen>>,
}

impl SeenStreams {
    /// Remembers a result; the first one of a key stands.
    pub(super) fn note(&mut self, agent: &str, key: RunKey, outcome: Outcome) {
        if !self.agents.contains_key(agent) {
            if self.agents.len() == AGENTS {
                return;
            }
            self.agents.insert(agent.to_owned(), Vec::new());
        }
        let Some(streams) = self.agents.get_mut(agent) else { return };
        if let Some(seen) = streams.iter_mut().find(|seen| seen.stream == key.stream) {
            return seen.note(key.number, outcome);
        }
        if streams.len() == STREAMS_PER_AGENT {
            streams.remove(0);
        }
        let mut seen = Seen::new(key);
        seen.note(key.number, outcome);
        streams.push(seen);
    }

    /// Forgets agents that left, once there are many.
    pub(super) fn keep(&mut self, stays: impl Fn(&str) -> bool) {
        if AGENTS_PER_SIDE < self.agents.len() {
            self.agents.retain(|agent, _| stays(agent));
        }
    }

    /// What the result said, if it is remembered.
    pub(super) fn said(&self, agent: &str, key: RunKey) -> Option<Outcome> {
        self.agents.get(agent)?.iter().find(|seen| seen.stream == key.stream)?.said(key.number)
    }
}

impl Persist for SeenStreams {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.agents.iter(), |(agent, streams), out| {
            out.text(agent);
            out.list(streams.iter(), |seen, out| {
                out.number(seen.top);
                [seen.stream, seen.here, seen.passed, seen.failed].into_iter().for_each(|value| {
                    out.number((value >> 64) as u64);
                    out.number(value as u64);
                });
            });
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<SeenStreams, BadState> {
        let agents = from.map(AGENTS, |from| {
            let agent = from.text()?;
            let streams = from.list(STREAMS_PER_AGENT, |from| {
                let top = from.number()?;
                let [stream, here, passed, failed] = [wide(from)?, wide(from)?, wide(from)?, wide(from)?];
                Ok(Seen { stream, top, here, passed, failed })
            })?;
            Ok((agent, streams))
        })?;
        Ok(SeenStreams { agents })
    }
}

/// A number of 128 bits, the higher word first.
pub(super) fn wide(from: &mut StateReader<'_>) -> Result<u128, BadState> {
    Ok(u128::from(from.number()?) << 64 | u128::from(from.number()?))
}
