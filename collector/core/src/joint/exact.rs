//! Claims that are counted and compared exactly: gauges, drained queues, silent writers, equal rows, marks.
//!
//! Each moves with the findings themselves, so a failure shuts a gate as soon as it arrives. A finding that
//! did not pass has not looked: where it failed, what was building up starts over.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, MarkKind, Outcome, Side, Timestamp};

use super::quiet::{Kind, Quiet};
use super::stage::Stage;
use crate::board::GRACE;
use crate::migration::Traffic;
use crate::plan::{Joint, Parity, Scenario};
use crate::proof::{
    DigestState, LagDigests, LagSettings, MarkSettings, MarkState, Marks, Persist, StateWriter,
};
use crate::verdict::EvidenceState;

/// Marks that must arrive in time, in a row.
const ARRIVALS: u32 = 3;
/// Partitions whose digests are kept.
const PARTITIONS: usize = 4_096;

/// One claim that is judged exactly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Exact {
    /// On one side, as each of its agents sees it.
    Quiet(Quiet),
    /// By partition.
    Parity(ParityEvidence),
    Marks(Box<Marks>),
}

/// The digests of both sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParityEvidence {
    settings: LagSettings,
    partitions: BTreeMap<String, LagDigests>,
    rows: BTreeMap<String, u64>,
    rows_at_least: u64,
    overflown: bool,
}

impl Exact {
    /// None where the claim is weighed slot by slot.
    pub(crate) fn new(joint: &Joint, scenario: &Scenario, traffic: &Traffic) -> Option<Exact> {
        let max_gap = (scenario.every * 5 / 2).max(scenario.fresh_for);
        let settles = traffic.back.or(traffic.switched).map(|moved| moved.plus(scenario.every));
        let quiet = |kind, sides: Vec<Side>| Some(Exact::Quiet(Quiet::new(kind, sides, max_gap, settles)));
        let all: Vec<Side> = scenario.sides.iter().copied().collect();
        match joint {
            Joint::Gauge(gauge) => quiet(Kind::Gauge(gauge.clone()), all),
            Joint::Drained(silence) => quiet(Kind::Drained(*silence), all),
            Joint::Silent(silence) => quiet(Kind::Silent(*silence), all),
            Joint::Owner { until_switch, then, quiet: silence } => {
                let owner =
                    if traffic.switched.is_some() && traffic.back.is_none() { then } else { until_switch };
                quiet(Kind::Silent(*silence), all.into_iter().filter(|side| side != owner).collect())
            }
            Joint::Parity(parity) => Some(Exact::Parity(ParityEvidence::new(parity, max_gap))),
            Joint::Marks { within, lost } => Some(Exact::Marks(Box::new(Marks::new(MarkSettings {
                within_ms: millis(*within),
                grace_ms: millis(scenario.every + scenario.timeout + GRACE),
                lost_at_most: *lost,
                arrivals: ARRIVALS,
                max_age_ms: millis(max_gap + *within),
            })))),
            Joint::Success(_) | Joint::Latency(_) | Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => {
                None
            }
        }
    }

    /// Takes a finding that counts; `offset_ms` leads from the agent's clock to the collector's.
    pub(crate) fn take(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding, offset_ms: i64) {
        match self {
            Exact::Quiet(quiet) => quiet.take(at, agent, finding),
            Exact::Parity(parity) if finding.outcome != Outcome::NotRun => {
                parity.take(at, agent.side, finding)
            }
            Exact::Parity(_) => {}
            Exact::Marks(marks) => {
                for mark in &finding.report.marks {
                    let at_ms = mark.unix_ms.saturating_add_signed(offset_ms);
                    match mark.kind {
                        MarkKind::Issued => marks.issued(at_ms, agent.side, &mark.key),
                        MarkKind::Seen => marks.seen(at_ms, agent.side, &mark.key),
                    }
                }
            }
        }
    }

    /// Findings of an agent are lost.
    pub(crate) fn gap(&mut self, agent: &AgentKey) {
        match self {
            Exact::Quiet(quiet) => quiet.forget(agent),
            // What is missing shows by itself: a partition grows old, a mark stays lost.
            Exact::Parity(_) | Exact::Marks(_) => {}
        }
    }

    /// What the claim is on a side, and until when if nothing more is heard.
    pub(crate) fn state(
        &self,
        (stage, side): (Stage, Side),
        staff: &super::Staff,
        now: Timestamp,
    ) -> (EvidenceState, Timestamp) {
        let ms = now.as_millis();
        match self {
            Exact::Quiet(quiet) => quiet.state(side, staff, now),
            // Both sides are in one comparison: it is told where the target is.
            Exact::Parity(_) | Exact::Marks(_) if side != stage.subject => asked_elsewhere(),
            Exact::Parity(parity) => parity.state(now),
            Exact::Marks(marks) => match marks.state(ms) {
                MarkState::Lost => (EvidenceState::Refuted, now),
                MarkState::NoData => (EvidenceState::Missing, now),
                MarkState::Stale => (EvidenceState::Stale, now),
                MarkState::Dwelling => (EvidenceState::Undecided, now),
                MarkState::Pass => (EvidenceState::Proved, marks_until(marks, now)),
            },
        }
    }

    /// Everything that the claim rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        match self {
            Exact::Quiet(quiet) => quiet.write(out),
            Exact::Parity(parity) => {
                out.flag(parity.overflown);
                for (name, digests) in &parity.partitions {
                    out.text(name);
                    out.number(parity.rows.get(name).copied().unwrap_or(0));
                    digests.write(out);
                }
            }
            Exact::Marks(marks) => marks.write(out),
        }
    }
}

/// A word for the side of a comparison that the other one tells.
pub(crate) fn asked_elsewhere() -> (EvidenceState, Timestamp) {
    (EvidenceState::Proved, Timestamp::from_millis(u64::MAX))
}

impl ParityEvidence {
    fn new(parity: &Parity, max_gap: Duration) -> ParityEvidence {
        let settings = LagSettings {
            lag_ms: millis(parity.tolerate_lag),
            matches: parity.matches,
            max_age_ms: millis(max_gap + parity.tolerate_lag),
            rows_at_least: 0,
        };
        ParityEvidence {
            settings,
            partitions: BTreeMap::new(),
            rows: BTreeMap::new(),
            rows_at_least: parity.rows_at_least,
            overflown: false,
        }
    }

    fn take(&mut self, at: Timestamp, side: Side, finding: &Finding) {
        for digest in &finding.report.digests {
            if !self.partitions.contains_key(&digest.key) && self.partitions.len() == PARTITIONS {
                self.overflown = true;
                return;
            }
            let settings = self.settings;
            let partition =
                self.partitions.entry(digest.key.clone()).or_insert_with(|| LagDigests::new(settings));
            partition.put(at.as_millis(), side, &digest.hash, digest.rows);
            if side == Side::Target {
                self.rows.insert(digest.key.clone(), digest.rows);
            }
        }
    }

    fn state(&self, now: Timestamp) -> (EvidenceState, Timestamp) {
        let worst = self.partitions.values().map(|partition| partition.state(now.as_millis())).min();
        let rows = self.rows.values().fold(0_u64, |sum, rows| sum.saturating_add(*rows));
        let state = match worst {
            None => EvidenceState::Missing,
            Some(_) if self.overflown => EvidenceState::Missing,
            Some(DigestState::Mismatch | DigestState::Unstable) => EvidenceState::Refuted,
            Some(DigestState::NoData) => EvidenceState::Missing,
            Some(DigestState::Stale) => EvidenceState::Stale,
            Some(DigestState::Lagging | DigestState::Dwelling) => EvidenceState::Undecided,
            Some(DigestState::Pass) if rows < self.rows_at_least => EvidenceState::Undecided,
            Some(DigestState::Pass) => EvidenceState::Proved,
        };
        let until = self.partitions.values().filter_map(LagDigests::good_until).min();
        (state, until.map_or(now, Timestamp::from_millis))
    }

    /// The partitions that are worst, and how they stand.
    pub(crate) fn worst(&self, now: Timestamp) -> Option<(DigestState, Vec<&str>)> {
        let state = |partition: &LagDigests| partition.state(now.as_millis());
        let worst = self.partitions.values().map(state).min()?;
        let names = self.partitions.iter().filter(|(_, partition)| state(partition) == worst);
        Some((worst, names.map(|(name, _)| name.as_str()).collect()))
    }

    /// Rows that the target's digests cover, and how many they must.
    pub(crate) fn rows(&self) -> (u64, u64) {
        (self.rows.values().fold(0, |sum, rows| sum.saturating_add(*rows)), self.rows_at_least)
    }
}

fn marks_until(marks: &Marks, now: Timestamp) -> Timestamp {
    marks.good_until().map_or(now, Timestamp::from_millis)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
