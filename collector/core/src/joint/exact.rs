//! Claims that are counted and compared exactly: gauges, drained queues, silent writers, equal rows, marks.
//!
//! Each moves with the findings themselves, so a failure shuts a gate as soon as it arrives. A finding that
//! did not pass has not looked: where it failed, what was building up starts over.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Digest, Finding, MarkKind, Outcome, Side, Timestamp, mutated};

use super::pages::PagesEvidence;
use super::quiet::{Kind, Quiet};
use super::stage::Stage;
use super::{FNV_BEGIN, fnv, millis};
use crate::board::GRACE;
use crate::migration::Traffic;
use crate::plan::{Joint, Parity, Plan, Scenario};
use crate::proof::{
    DigestState, LagDigests, LagSettings, MarkSettings, MarkState, Marks, Persist, StateWriter,
};
use crate::rollback::is_row;
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
    /// Of the side that must not depend on the other.
    Pages(Box<PagesEvidence>),
}

/// The digests of both sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParityEvidence {
    settings: LagSettings,
    partitions: BTreeMap<String, LagDigests>,
    rows: BTreeMap<String, u64>,
    rows_at_least: u64,
    overflown: bool,
    /// The side that writes; the other follows it with a lag.
    leads: Side,
    /// A digest of everything that was put in, in its order (FNV-1a, 64 bits).
    trail: u64,
}

impl Exact {
    /// None where the claim is weighed slot by slot.
    pub(crate) fn new(
        joint: &Joint,
        (plan, scenario): (&Plan, &Scenario),
        traffic: &Traffic,
    ) -> Option<Exact> {
        let settles = traffic.back.or(traffic.switched).map(|moved| moved.plus(scenario.every));
        Exact::settling(joint, (plan, scenario), traffic, settles)
    }

    /// The same; the first look of an agent that was due before `settles` also counts what came earlier.
    pub(crate) fn settling(
        joint: &Joint,
        (plan, scenario): (&Plan, &Scenario),
        traffic: &Traffic,
        settles: Option<Timestamp>,
    ) -> Option<Exact> {
        let max_gap = (scenario.every * 5 / 2).max(scenario.fresh_for);
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
            Joint::Parity(parity) => {
                let leads = if traffic.switched.is_some() && traffic.back.is_none() {
                    Side::Target
                } else {
                    Side::Source
                };
                Some(Exact::Parity(ParityEvidence::new(parity, max_gap, leads)))
            }
            Joint::Marks { within, lost } => Some(Exact::Marks(Box::new(Marks::new(MarkSettings {
                within_ms: millis(*within),
                grace_ms: millis(scenario.every + scenario.timeout + GRACE),
                lost_at_most: *lost,
                arrivals: ARRIVALS,
                max_age_ms: millis(max_gap + *within),
            })))),
            Joint::NoDependencyOn(other) => {
                Some(Exact::Pages(Box::new(PagesEvidence::new(*other, plan, max_gap))))
            }
            Joint::Success(_) | Joint::Latency(_) | Joint::SameResponse { .. } => None,
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
            Exact::Pages(pages) => pages.take(at, agent, finding),
            Exact::Marks(marks) => {
                for mark in &finding.report.marks {
                    // Nothing was written or found later than it was told.
                    let at_ms = mark.unix_ms.saturating_add_signed(offset_ms).min(at.as_millis());
                    match mark.kind {
                        MarkKind::Issued => marks.issued(at_ms, agent.side, &mark.key),
                        MarkKind::Seen => marks.seen(at_ms, agent.side, &mark.key),
                    }
                }
            }
        }
    }

    /// Takes a finding that came too late, or did not look: it cannot help, and it can still hurt. Marks
    /// carry their own moments, so they count whenever they come.
    pub(crate) fn take_late(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding, offset_ms: i64) {
        match self {
            Exact::Quiet(quiet) => quiet.take_late(at, agent, finding),
            Exact::Marks(_) => self.take(at, agent, finding, offset_ms),
            Exact::Parity(_) | Exact::Pages(_) => {}
        }
    }

    /// What the agent saw before counts no more.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        match self {
            Exact::Quiet(quiet) => quiet.forget(agent),
            Exact::Pages(pages) => pages.forget(agent),
            Exact::Parity(_) | Exact::Marks(_) => {}
        }
    }

    /// Findings of an agent are lost: what was building up starts over. What others tell does not stand for what it
    /// saw: a mark that nobody knows was written is missed by nobody, and a page or rows may have been another thing.
    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey) {
        if mutated("what-is-lost-is-shown-anew") && !matches!(self, Exact::Quiet(_)) {
            return;
        }
        match self {
            Exact::Quiet(quiet) => quiet.restart(at, agent),
            Exact::Parity(parity) => parity.restart(),
            Exact::Marks(marks) => marks.restart(),
            Exact::Pages(pages) => pages.lose(agent),
        }
    }

    /// Takes over who owes findings: nobody waits for what an agent that is gone would look at.
    pub(crate) fn staffed(&mut self, staff: &super::Staff) {
        match self {
            Exact::Pages(pages) => pages.staffed(staff),
            Exact::Quiet(_) | Exact::Parity(_) | Exact::Marks(_) => {}
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
            Exact::Pages(pages) if side != pages.side() => asked_elsewhere(),
            Exact::Pages(pages) => pages.state(staff, now),
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
                out.number(parity.trail);
                for (name, digests) in &parity.partitions {
                    out.text(name);
                    out.number(parity.rows.get(name).copied().unwrap_or(0));
                    out.number(u64::from(digests.matches()));
                }
            }
            Exact::Marks(marks) => marks.write(out),
            Exact::Pages(pages) => pages.write(out),
        }
    }
}

/// A word for the side of a comparison that the other one tells.
pub(crate) fn asked_elsewhere() -> (EvidenceState, Timestamp) {
    (EvidenceState::Proved, Timestamp::from_millis(u64::MAX))
}

impl ParityEvidence {
    fn new(parity: &Parity, max_gap: Duration, leads: Side) -> ParityEvidence {
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
            leads,
            trail: FNV_BEGIN,
        }
    }

    fn take(&mut self, at: Timestamp, side: Side, finding: &Finding) {
        // Rows that are told one by one are a list, not a comparison: each side has its own.
        for digest in finding.report.digests.iter().filter(|digest| !is_row(&digest.position)) {
            if !self.partitions.contains_key(&digest.key) && self.partitions.len() == PARTITIONS {
                self.overflown = true;
                return;
            }
            let settings = self.settings;
            let partition =
                self.partitions.entry(digest.key.clone()).or_insert_with(|| LagDigests::new(settings));
            // Compared by when it was looked at, not by when it came; the engine's "source" is who leads.
            let looked = finding.due.min(at).as_millis();
            let place = if side == self.leads { Side::Source } else { Side::Target };
            partition.put(looked, place, &with_rows(digest), digest.rows);
            let told = digest.key.bytes().chain(digest.hash.iter().copied());
            let told = told.chain(looked.to_be_bytes()).chain([u8::from(place == Side::Target)]);
            self.trail = fnv(self.trail, told);
            if side == Side::Target {
                self.rows.insert(digest.key.clone(), digest.rows);
            }
        }
    }

    /// The matches that are asked for in a row begin again, of every partition.
    fn restart(&mut self) {
        self.partitions.values_mut().for_each(LagDigests::restart);
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

/// Equal digests of different numbers of rows are different: what cancels itself out in a digest still counts.
fn with_rows(digest: &Digest) -> Vec<u8> {
    // The rest of a digest this long tells nothing more.
    digest.rows.to_be_bytes().into_iter().chain(digest.hash.iter().copied()).take(64).collect()
}

fn marks_until(marks: &Marks, now: Timestamp) -> Timestamp {
    marks.good_until().map_or(now, Timestamp::from_millis)
}
