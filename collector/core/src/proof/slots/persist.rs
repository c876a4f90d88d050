//! The assembler written down and read back.

use tidelock_model::Outcome;

use super::late::Minutes;
use super::open::{AGENTS, AgentOpen, Open, Run};
use super::seen::{SeenStreams, wide};
use super::voids::Voids;
use super::{AGENTS_PER_SIDE, RECORDED_SLOTS, RUNS_PER_AGENT, RunKey, SlotAssembler, SlotGrid, SlotRoster};
use super::{TRAFFIC_BUCKETS, Tally, Traffic};
use crate::proof::{BadState, Persist, StateReader, StateWriter};

impl Persist for SlotAssembler {
    fn write(&self, out: &mut StateWriter) {
        self.grid.write(out);
        out.number(self.results_at_least);
        out.number(self.reach);
        self.rosters.iter().for_each(|roster| roster.write(out));
        out.number(self.first);
        out.number(self.next);
        out.list(self.open.iter(), |(slot, open), out| {
            out.number(*slot);
            open.write(out);
        });
        self.seen.iter().for_each(|seen| seen.write(out));
        self.voids.write(out);
        self.minutes.write(out);
        let tally = self.tally;
        [tally.taken, tally.duplicates, tally.conflicts, tally.late, tally.unknown, tally.unused]
            .into_iter()
            .for_each(|value| out.number(value));
    }

    fn read(from: &mut StateReader<'_>) -> Result<SlotAssembler, BadState> {
        let grid = SlotGrid::read(from)?;
        let results_at_least = from.number()?;
        let slots = from.count(RECORDED_SLOTS as usize)?;
        let reach = slots as u64;
        let rosters = [SlotRoster::read(from)?, SlotRoster::read(from)?];
        let (first, next) = (from.number()?, from.number()?);
        let open = from.map(slots, |from| Ok((from.number()?, Open::read(from)?)))?;
        let reached = next..next.saturating_add(reach);
        if next < first || !open.keys().all(|slot| reached.contains(slot)) {
            return Err(from.bad("an open slot"));
        }
        Ok(SlotAssembler {
            grid,
            results_at_least,
            reach,
            rosters,
            first,
            next,
            open,
            seen: [SeenStreams::read(from)?, SeenStreams::read(from)?],
            voids: Voids::read(from)?,
            minutes: Minutes::read(from)?,
            tally: Tally {
                taken: from.number()?,
                duplicates: from.number()?,
                conflicts: from.number()?,
                late: from.number()?,
                unknown: from.number()?,
                unused: from.number()?,
            },
        })
    }
}

impl Persist for SlotRoster {
    fn write(&self, out: &mut StateWriter) {
        out.number(u64::from(self.at_least));
        out.list(self.agents.iter(), |(agent, quarantined), out| {
            out.text(agent);
            out.flag(*quarantined);
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<SlotRoster, BadState> {
        let at_least = u32::try_from(from.number()?).map_err(|_| from.bad("a number of agents"))?;
        let agents = from.map(AGENTS_PER_SIDE, |from| Ok((from.text()?, from.flag()?)))?;
        Ok(SlotRoster { agents, at_least })
    }
}

impl Persist for Open {
    fn write(&self, out: &mut StateWriter) {
        for agents in &self.sides {
            out.list(agents.iter(), |(name, agent), out| {
                out.text(name);
                out.list(agent.runs.iter(), |(key, run), out| {
                    out.number((key.stream >> 64) as u64);
                    out.number(key.stream as u64);
                    out.number(key.number);
                    run.write(out);
                });
            });
        }
        out.option(self.version.as_ref(), |version, out| out.number(*version));
        out.flag(self.mixed);
        out.flag(self.flooded);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Open, BadState> {
        let mut open = Open::default();
        for agents in &mut open.sides {
            *agents = from.map(AGENTS, |from| {
                let name = from.text()?;
                let runs = from.map(RUNS_PER_AGENT, |from| {
                    Ok((RunKey { stream: wide(from)?, number: from.number()? }, Run::read(from)?))
                })?;
                Ok((name, AgentOpen { runs: runs.into_iter().collect() }))
            })?;
        }
        open.version = from.option(|from| from.number())?;
        (open.mixed, open.flooded) = (from.flag()?, from.flag()?);
        Ok(open)
    }
}

impl Persist for Run {
    fn write(&self, out: &mut StateWriter) {
        out.number(match self.outcome {
            Outcome::Pass => 0,
            Outcome::Fail => 1,
            Outcome::NotRun => 2,
        });
        out.option(self.latency_ms.as_ref(), |ms, out| out.fraction(*ms));
        out.option(self.traffic.as_deref(), |traffic, out| {
            out.number(traffic.ok);
            out.number(traffic.total);
            out.list(traffic.latency_buckets.iter(), |(us, many), out| {
                out.number(*us);
                out.number(*many);
            });
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Run, BadState> {
        let outcome = match from.number()? {
            0 => Outcome::Pass,
            1 => Outcome::Fail,
            2 => Outcome::NotRun,
            _ => return Err(from.bad("an outcome")),
        };
        let latency_ms = from.option(|from| from.fraction())?;
        let traffic = from.option(|from| {
            let (ok, total) = (from.number()?, from.number()?);
            let latency_buckets = from.list(TRAFFIC_BUCKETS, |from| Ok((from.number()?, from.number()?)))?;
            Ok(Box::new(Traffic { ok, total, latency_buckets }))
        })?;
        Ok(Run { outcome, latency_ms, traffic })
    }
}
