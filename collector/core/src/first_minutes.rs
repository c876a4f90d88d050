//! The first minutes after the switch: how much turbulence is normal, until when, and since when it is more.
//!
//! A cold cache and a full pool make the first runs slow, and nobody should go back for that. What the plan
//! calls normal is told as such; what goes beyond it holds, and what nobody sees is not calm but unknown.

mod runs;

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Finding, Level, Name, Outcome, Phase, Side, Timestamp};

use runs::{Run, Runs};

use crate::board::NotCounted;
use crate::evidence::side_evidence;
use crate::migration::{Current, Migration};
use crate::plan::{FirstMinutes, Turbulence};
use crate::proof::StateWriter;
use crate::verdict::{EvidenceState, Hold, HoldCode};

/// Fewer runs since the switch say nothing.
const RUNS_AT_LEAST: usize = 3;

/// The first minutes as they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstMinutesStatus {
    /// Whether turbulence is as large as expected.
    pub state: FirstMinutesState,
    /// When things should have settled.
    pub until: Timestamp,
    /// Each metric of the plan.
    pub metrics: Vec<MetricStatus>,
}

/// Whether turbulence after the switch is as large as expected.
#[derive(Debug, Clone, PartialEq)]
pub enum FirstMinutesState {
    /// It is.
    Inside {
        /// Until when it is expected at all.
        until: Timestamp,
    },
    /// It is larger, or nobody saw anything until things should have settled.
    Outside {
        /// Since when.
        since: Timestamp,
        /// The scenario.
        which: Name,
        /// What it is; none where most runs do not pass, or nothing is known.
        value: Option<f64>,
        /// What the plan calls normal.
        limit: f64,
    },
    /// Something fails on every run, or a critical scenario is shown to be wrong: however turbulent it may be, this is
    /// no turbulence.
    Broken {
        /// Since when.
        since: Timestamp,
        /// The scenario.
        which: Name,
    },
    /// The time is over, and all was inside at its end or came back since.
    Over,
}

/// One metric of the first minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricStatus {
    /// The scenario.
    pub check: Name,
    /// What is normal.
    pub normal: Turbulence,
    /// What is: the share of the usual duration, or of runs that pass. None where nothing is known, there is
    /// nothing to compare with, or most runs do not pass.
    pub value: Option<f64>,
    /// Since when it is outside.
    pub outside: Option<Timestamp>,
    /// None of its newest runs passed.
    pub down: bool,
    /// Runs since the switch that it rests on.
    pub runs: usize,
}

/// What is remembered of the plan's metrics.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Minutes {
    metrics: BTreeMap<Name, Metric>,
}

/// The newest runs of one metric.
#[derive(Debug, Clone, PartialEq, Default)]
struct Metric {
    /// Before the switch: on the source, on the target.
    before: [Runs; 2],
    /// On the target, since the switch.
    since: Runs,
    outside: Option<Timestamp>,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    /// Too few runs.
    Unheard,
    /// Nothing to compare with.
    Incomparable,
    Inside(f64),
    /// None where most runs do not pass.
    Outside(Option<f64>),
    /// None of the newest runs passed, however many did before.
    Down,
}

impl Metric {
    fn word(&self, normal: Turbulence) -> Word {
        if self.since.len() < RUNS_AT_LEAST {
            return Word::Unheard;
        }
        if self.since.newest_fail(RUNS_AT_LEAST) {
            return Word::Down;
        }
        match normal {
            Turbulence::AtLeast(least) => match self.since.share() {
                None => Word::Unheard,
                Some(share) if share >= least => Word::Inside(share),
                Some(share) => Word::Outside(Some(share)),
            },
            Turbulence::Within(most) => {
                let [source, target] = &self.before;
                let usual = [target, source].into_iter().find(|runs| runs.len() >= RUNS_AT_LEAST);
                let usual = usual.and_then(Runs::median_ns).filter(|usual| *usual > 0);
                match (self.since.median_ns(), usual) {
                    (None, _) => Word::Outside(None),
                    (Some(_), None) => Word::Incomparable,
                    (Some(now), Some(usual)) => {
                        let share = now as f64 / usual as f64;
                        if share <= most { Word::Inside(share) } else { Word::Outside(Some(share)) }
                    }
                }
            }
        }
    }
}

impl Migration {
    /// The first minutes after the switch; none before it, where the plan does not name any, and on the way
    /// back.
    pub fn first_minutes(&self, now: Timestamp) -> Option<FirstMinutesStatus> {
        let mut status = self.turbulence(now)?;
        // Nobody is told that all is as expected while a scenario is shown to be wrong that must not be.
        if let (FirstMinutesState::Inside { .. }, Some((since, which))) =
            (&status.state, self.critical_wrong(now))
        {
            status.state = FirstMinutesState::Broken { since, which };
        }
        Some(status)
    }

    /// A critical scenario that is no metric, and is shown to be wrong on the target; the one that is longest.
    fn critical_wrong(&self, now: Timestamp) -> Option<(Timestamp, Name)> {
        let plan = self.plan()?;
        let metrics = &plan.switch.first_minutes.as_ref()?.metrics;
        let asked = plan.scenarios.iter().filter(|(name, scenario)| {
            scenario.level == Level::Critical
                && scenario.phases.contains(&self.phase)
                && scenario.sides.contains(&Side::Target)
                && !metrics.contains_key(*name)
        });
        let begun = self.evidence_begun();
        let found = asked.filter_map(|(name, scenario)| {
            let found =
                side_evidence(self.seen(), (name, scenario), (Side::Target, Phase::Watch), begun, now);
            (found.status.state == EvidenceState::Refuted).then(|| (found.since, name.clone()))
        });
        found.min()
    }

    /// What the metrics alone say.
    fn turbulence(&self, now: Timestamp) -> Option<FirstMinutesStatus> {
        let (rule, until) = self.settling()?;
        let metrics: Vec<MetricStatus> =
            rule.metrics.iter().map(|(name, normal)| self.metric((name, *normal), until, now)).collect();
        let outside = metrics.iter().filter_map(|metric| Some((metric.outside?, metric)));
        let state = match outside.min_by_key(|(since, metric)| (!metric.down, *since)) {
            Some((since, metric)) if metric.down => {
                FirstMinutesState::Broken { since, which: metric.check.clone() }
            }
            Some((since, metric)) => FirstMinutesState::Outside {
                since,
                which: metric.check.clone(),
                value: metric.value,
                limit: limit(metric.normal),
            },
            None if now <= until => FirstMinutesState::Inside { until },
            None => FirstMinutesState::Over,
        };
        Some(FirstMinutesStatus { state, until, metrics })
    }

    /// What the plan says of them, and when they end.
    fn settling(&self) -> Option<(&FirstMinutes, Timestamp)> {
        let rule = self.plan()?.switch.first_minutes.as_ref()?;
        let switched = self.traffic.switched.filter(|_| self.traffic.back.is_none())?;
        let going = matches!(self.phase, Phase::Cutover | Phase::Watch | Phase::Committed);
        going.then(|| (rule, switched.plus(rule.settling)))
    }

    fn metric(&self, (name, normal): (&Name, Turbulence), until: Timestamp, now: Timestamp) -> MetricStatus {
        let metric = self.minutes.metrics.get(name);
        let word = metric.map_or(Word::Unheard, |metric| metric.word(normal));
        let (value, outside) = match word {
            Word::Unheard => (None, (now > until).then_some(until)),
            Word::Incomparable => (None, None),
            Word::Inside(value) => (Some(value), None),
            Word::Outside(value) => (value, metric.and_then(|metric| metric.outside)),
            Word::Down => (None, metric.and_then(|metric| metric.outside)),
        };
        let (runs, down) = (metric.map_or(0, |metric| metric.since.len()), word == Word::Down);
        MetricStatus { check: name.clone(), normal, value, outside, down, runs }
    }

    /// Takes a finding of a scenario whose turbulence is watched.
    pub(crate) fn minutes_seen(
        &mut self,
        at: Timestamp,
        current: &Current,
        agent: &AgentKey,
        (finding, counted): (&Finding, Result<(), NotCounted>),
    ) {
        let rule = current.plan.switch.first_minutes.as_ref();
        let Some(normal) = rule.and_then(|rule| rule.metrics.get(&finding.check)) else { return };
        let believed = match (counted, finding.outcome) {
            (Ok(()), Outcome::Pass | Outcome::Fail) | (Err(NotCounted::Late), Outcome::Fail) => true,
            (Ok(()) | Err(_), _) => false,
        };
        if !believed || self.traffic.back.is_some() || self.settled(at) {
            return;
        }
        let switched = self.traffic.switched;
        let metric =
            std::sync::Arc::make_mut(&mut self.minutes).metrics.entry(finding.check.clone()).or_default();
        match (switched.filter(|switched| finding.due >= *switched), agent.side) {
            (None, side) if switched.is_none() => {
                metric.before[usize::from(side == Side::Target)].push(run(finding))
            }
            // A run that began before the switch tells of neither time.
            (None, _) | (Some(_), Side::Source) => {}
            (Some(_), Side::Target) => {
                metric.since.push(run(finding));
                metric.outside = match metric.word(*normal) {
                    Word::Outside(_) | Word::Down => Some(metric.outside.unwrap_or(at)),
                    Word::Unheard | Word::Incomparable | Word::Inside(_) => None,
                };
            }
        }
    }

    /// The first minutes are over, and all was seen and inside: what comes later is not about them.
    fn settled(&self, at: Timestamp) -> bool {
        let until = self.settling().map(|(_, until)| until).filter(|until| at > *until);
        until.is_some() && self.turbulence(at).is_some_and(|it| it.state == FirstMinutesState::Over)
    }

    /// Turbulence is larger than normal, or nobody saw how large it is.
    pub(crate) fn turbulence_hold(&self, gate: Phase, now: Timestamp) -> Option<Hold> {
        let status = self.turbulence(now).filter(|_| matches!(gate, Phase::Watch | Phase::Committed))?;
        let (since, which) = match status.state {
            FirstMinutesState::Outside { since, which, .. } | FirstMinutesState::Broken { since, which } => {
                (since, which)
            }
            FirstMinutesState::Inside { .. } | FirstMinutesState::Over => return None,
        };
        let metric = status.metrics.iter().find(|metric| metric.check == which)?;
        let unheard = metric.runs < RUNS_AT_LEAST;
        let percent = limit(metric.normal) * 100.0;
        let reason = match metric.normal {
            _ if unheard => {
                "too little was seen of it since the switch to say how turbulent it is".to_owned()
            }
            _ if metric.down => {
                format!("none of its last {RUNS_AT_LEAST} runs passed: this is no turbulence")
            }
            Turbulence::Within(_) => {
                format!(
                    "outside its expected turbulence: it takes more than {percent:.0} % of its usual time"
                )
            }
            Turbulence::AtLeast(_) => {
                format!("outside its expected turbulence: less than {percent:.0} % of it pass")
            }
        };
        let mut hold = Hold::new(HoldCode::Turbulence, since, reason, format!("tidelock why {which}"));
        hold.level = self.plan().and_then(|plan| plan.scenarios.get(&which)).map(|it| it.level);
        hold.state = Some(if unheard { EvidenceState::Missing } else { EvidenceState::Refuted });
        (hold.check, hold.side) = (Some(which), Some(Side::Target));
        Some(hold)
    }

    /// Until when no time alone makes turbulence of what is not seen; none where nothing does.
    pub(crate) fn calm_until(&self, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        let (rule, until) = self
            .settling()
            .filter(|(_, until)| now <= *until && matches!(gate, Phase::Watch | Phase::Committed))?;
        let heard = |name: &Name| self.minutes.metrics.get(name).map_or(0, |metric| metric.since.len());
        rule.metrics.keys().any(|name| heard(name) < RUNS_AT_LEAST).then_some(until)
    }

    /// When the first minutes are over.
    pub(crate) fn settles_at(&self) -> Option<Timestamp> {
        self.settling().map(|(_, until)| until)
    }

    /// What a gate rests on of them.
    pub(crate) fn minutes_words(&self, gate: Phase, out: &mut StateWriter) {
        let asked = self.settling().filter(|_| matches!(gate, Phase::Watch | Phase::Committed));
        for name in asked.into_iter().flat_map(|(rule, _)| rule.metrics.keys()) {
            let Some(metric) = self.minutes.metrics.get(name) else { continue };
            out.text(name.as_str());
            out.number(metric.since.len() as u64);
            out.option(metric.outside.as_ref(), |at, out| out.number(at.as_millis()));
        }
    }
}

fn limit(normal: Turbulence) -> f64 {
    match normal {
        Turbulence::Within(limit) | Turbulence::AtLeast(limit) => limit,
    }
}

fn run(finding: &Finding) -> Run {
    let passed = finding.outcome == Outcome::Pass;
    let counts = finding.report.counts.as_ref();
    Run {
        took_ns: passed.then_some(finding.duration_ns),
        // Real traffic says more of itself than that somebody counted it.
        ok: counts.map_or(u64::from(passed), |counts| counts.ok),
        all: counts.map_or(1, |counts| counts.total),
    }
}
