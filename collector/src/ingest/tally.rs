//! Counts what agents bring, for those who watch the collector, and continues their traces.
//!
//! Only what is durable is counted, and only checks that the plan has: an agent can make no series.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidelock_model::{AgentKey, FindingBatch, Name};
use tidelock_ops::{Family, RunTally, trace};
use tidelock_proto::v1;
use tracing::Span;

use crate::driver::Told;
use crate::pki::AgentId;

/// Agents whose losses are counted.
const MAX_AGENTS: usize = 4_096;

/// The counts of a collector. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    runs: RunTally,
    dropped: Arc<Mutex<BTreeMap<(Name, AgentKey), u64>>>,
}

/// What one batch adds once it is durable. Its spans end with it.
#[derive(Debug, Default)]
pub(super) struct Brought {
    runs: Vec<(Name, &'static str, Option<Duration>)>,
    dropped: u64,
    _spans: Vec<Span>,
}

impl Brought {
    /// What a batch brings, and a span for each of its findings whose agent traces it.
    pub(super) fn of(told: &Told, batch: &FindingBatch, spans: Vec<Span>) -> Brought {
        let plan = told.plan.as_ref().map(|force| &force.plan);
        let known = |check: &Name| plan.is_some_and(|plan| plan.scenarios.contains_key(check));
        let runs = (batch.findings.iter())
            .filter(|finding| known(&finding.check))
            .map(|finding| {
                let took = Duration::from_nanos(finding.duration_ns);
                (finding.check.clone(), finding.outcome.word(), finding.cause.is_none().then_some(took))
            })
            .collect();
        let dropped = batch.gap.as_ref().map_or(0, |gap| {
            let named = gap.counts.values().sum();
            if named == 0 { gap.to.saturating_sub(gap.from).saturating_add(1) } else { named }
        });
        Brought { runs, dropped, _spans: spans }
    }
}

/// A span for each finding that was traced by its agent, as a part of that trace: from its arrival until it
/// is durable, with the fold below it. Nothing is made where nothing is told.
pub(super) fn spans(who: &AgentId, wire: &v1::FindingBatch) -> Vec<Span> {
    let traced = wire.findings.iter().filter(|finding| !finding.span_id.is_empty());
    let made = traced.filter_map(|finding| {
        let ids = trace::Ids { trace: finding.trace_ids.first()?.clone(), span: finding.span_id.clone() };
        let span = tracing::info_span!(
            parent: None,
            "finding.journal",
            tidelock.migration.name = %who.migration,
            tidelock.scenario.name = finding.check,
            tidelock.environment.side = who.agent.side.word(),
            tidelock.agent.name = %who.agent.name,
            tidelock.round = finding.round,
        );
        (!span.is_disabled() && trace::follow(&span, &ids)).then_some(span)
    });
    made.collect()
}

impl Tally {
    /// Counts what has become durable.
    pub(super) fn count(&self, who: &AgentId, brought: &Brought) {
        for (check, result, took) in &brought.runs {
            let labels = vec![
                ("migration", who.migration.to_string()),
                ("scenario", check.to_string()),
                ("side", who.agent.side.word().to_owned()),
            ];
            self.runs.count(&labels, result, *took);
        }
        if brought.dropped > 0 {
            let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (who.migration.clone(), who.agent.clone());
            if dropped.len() < MAX_AGENTS || dropped.contains_key(&key) {
                *dropped.entry(key).or_default() += brought.dropped;
            }
        }
    }

    /// Its families. Each of these agents has a series from the first: a counter that begins at 7 has not
    /// grown, and nobody would be told of a first loss.
    pub(crate) fn families(&self, watched: &[(&Name, &AgentKey)]) -> Vec<Family> {
        let help = "Findings that an agent had to drop before the collector had them.";
        let mut lost = Family::counter("tidelock_findings_dropped_total", help);
        let dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        let none = watched.iter().map(|(migration, agent)| (((*migration).clone(), (*agent).clone()), 0));
        let mut counts: BTreeMap<(Name, AgentKey), u64> = none.collect();
        counts.extend(dropped.iter().map(|(who, count)| (who.clone(), *count)));
        for ((migration, agent), count) in &counts {
            let labels = [
                ("migration", migration.as_str()),
                ("side", agent.side.word()),
                ("agent", agent.name.as_str()),
            ];
            #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
            lost.push(&labels, *count as f64);
        }
        let [runs, took] = self.runs.families("tidelock_check_runs_total", "tidelock_check_duration_seconds");
        vec![runs, took, lost]
    }
}
