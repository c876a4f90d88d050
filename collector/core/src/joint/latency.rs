//! A claim about latency: as fast as the source, and within a limit of its own where one is given.
//!
//! The limit is judged like any objective: a result succeeds if it passed within the limit, and the share
//! that must succeed is the quantile less its margin (null: the share is at most that). After the switch
//! there is no source to compare with, so the limit alone is left.

use tidelock_model::Side;

use super::stage::Stage;
use crate::plan::LatencyClaim;
use crate::proof::slots::{ClosedSlot, SideSlot, Void};
use crate::proof::{
    LatencyBucket, LatencyGate, LatencySettings, LatencySide, LatencySlot, Objective, ScenarioVerdict,
    Tuning, attempt_threshold,
};
use crate::proof::{Persist, StateWriter};

/// The target's load below this share of the source's proves nothing about that load.
const LOAD_SHARE: f64 = 0.5;

/// The limit that a share of all answers must keep.
#[derive(Debug, Clone, PartialEq)]
struct Limit {
    within_ms: f64,
    share: f64,
    objective: Objective,
    threshold: f64,
}

/// The evidence for one claim about latency.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LatencyEvidence {
    pub(crate) gate: LatencyGate,
    limit: Option<Limit>,
    compared: bool,
    /// Results of valid slots, source and target.
    load: [u64; 2],
}

impl LatencyEvidence {
    pub(crate) fn new(claim: &LatencyClaim, compared: bool) -> Option<LatencyEvidence> {
        let settings = LatencySettings {
            quantile: claim.quantile.share(),
            slack: claim.slack,
            slack_ms: claim.slack_ms,
            margin: claim.quantile.margin(),
            alpha: claim.error_rate,
        };
        let limit = claim.at_most.map(|within| Limit {
            within_ms: within.as_secs_f64() * 1e3,
            share: claim.quantile.share() - claim.quantile.margin(),
            objective: Objective::default(),
            threshold: attempt_threshold(claim.error_rate, 1),
        });
        Some(LatencyEvidence { gate: LatencyGate::new(settings).ok()?, limit, compared, load: [0; 2] })
    }

    pub(crate) fn feed(&mut self, closed: &ClosedSlot, stage: Stage, void: Option<Void>) {
        if void.is_some() {
            self.gate.slot(&LatencySlot::Void);
            return;
        }
        let subject = closed.side(stage.subject);
        if let Some(limit) = &mut self.limit {
            let within = subject.latencies.iter().filter(|(ms, _)| *ms <= limit.within_ms);
            let within = within.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
            let rest = [subject.failed, subject.not_run, subject.missing];
            let all = rest.into_iter().fold(subject.ok, u64::saturating_add);
            if all > 0 {
                let ceiling = limit.threshold + Tuning::default().cap;
                limit.objective.step(within.min(all) as f64 / all as f64, limit.share, ceiling);
            }
        }
        if !self.compared {
            return;
        }
        self.load[0] = self.load[0].saturating_add(closed.source.counted());
        self.load[1] = self.load[1].saturating_add(closed.target.counted());
        let (target, source) = (buckets(&closed.target), buckets(&closed.source));
        self.gate.slot(&LatencySlot::Pair {
            target: LatencySide::Buckets { buckets: &target, failed: small(not_passed(&closed.target)) },
            source: LatencySide::Buckets { buckets: &source, failed: small(closed.source.failed) },
        });
    }

    /// There is nothing to compare with and no limit: only what came lately can speak.
    pub(crate) fn rests_on_nothing(&self) -> bool {
        !self.compared && self.limit.is_none()
    }

    pub(crate) fn verdict(&self) -> ScenarioVerdict {
        let within = self.limit.as_ref().is_none_or(|limit| limit.objective.ln_e() >= limit.threshold);
        match (self.compared, self.gate.verdict()) {
            (true, ScenarioVerdict::Pass) | (false, _) if within => ScenarioVerdict::Pass,
            (true, ScenarioVerdict::Pass) | (false, _) => ScenarioVerdict::Undecided,
            (true, verdict) => verdict,
        }
    }

    pub(crate) fn percent(&self) -> u8 {
        let limit = self
            .limit
            .as_ref()
            .map_or(100.0, |limit| (limit.objective.ln_e().max(0.0) / limit.threshold * 100.0).min(100.0));
        let gate = if self.compared { self.gate.course().percent } else { 100 };
        gate.min(limit as u8)
    }

    /// Everything that the claim rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.gate.write(out);
        out.option(self.limit.as_ref(), |limit, out| {
            out.fraction(limit.within_ms);
            limit.objective.write(out);
        });
        self.load.iter().for_each(|load| out.number(*load));
    }

    /// The target bore far less than the source did.
    pub(crate) fn below_load(&self) -> bool {
        self.compared && (self.load[1] as f64) < self.load[0] as f64 * LOAD_SHARE
    }
}

fn not_passed(side: &SideSlot) -> u64 {
    match side.side {
        Side::Target => side.failed.saturating_add(side.not_run).saturating_add(side.missing),
        Side::Source => side.failed,
    }
}

/// What was measured. A run's latency is a bucket of its own; counted traffic lies between two edges.
fn buckets(side: &SideSlot) -> Vec<LatencyBucket> {
    let mut below = 0.0;
    let bucket = |(ms, count): &(f64, u64)| {
        let above_ms = if *count == 1 { *ms } else { f64::min(below, *ms) };
        below = *ms;
        LatencyBucket { above_ms, up_to_ms: *ms, count: small(*count) }
    };
    side.latencies.iter().map(bucket).collect()
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
