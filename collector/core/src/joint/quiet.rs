//! Something that must have stopped on a side, as each of its agents sees it: a queue, writes, a lag.
//!
//! All agents of a side look at the same thing. So one that sees it move refutes the claim for all, and as
//! many as the plan asks for must have seen it quiet for long enough.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Outcome, Side, Timestamp};

use super::{Staff, millis};
use crate::plan::{Gauge, Silence};
use crate::proof::{
    Drained, Dwell, DwellSettings, DwellState, Ownership, OwnershipState, Persist, QueueLook, StateWriter,
};
use crate::verdict::EvidenceState;

/// Above this a count is none: fractions no longer tell one from the next.
const COUNT_CEILING: f64 = 9_007_199_254_740_992.0;

/// What must be quiet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Gauge(Gauge),
    Drained(Silence),
    Silent(Silence),
}

/// What one agent saw.
#[derive(Debug, Clone, PartialEq)]
enum Look {
    Gauge(Dwell),
    Drained(Drained),
    /// With all writes counted so far.
    Silent(Ownership, u64),
}

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    look: Look,
    last: Timestamp,
    /// It did not pass: nobody knows how the thing stands.
    failed: bool,
    /// What the plugin said last, when it moved.
    note: String,
}

/// One claim, over all agents that see its sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quiet {
    pub(crate) kind: Kind,
    sides: Vec<Side>,
    max_gap: Duration,
    /// The first look of an agent that was due before this also counts what was written before traffic moved.
    settles: Option<Timestamp>,
    agents: BTreeMap<AgentKey, Seen>,
}

/// How a side stands, for words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QuietStanding {
    /// The agent that is worst.
    pub(crate) agent: AgentKey,
    /// How long it has been quiet, as that agent saw it.
    pub(crate) quiet: Duration,
    /// How long it must be.
    pub(crate) needed: Duration,
    /// The attempt.
    pub(crate) attempt: u32,
    pub(crate) failed: bool,
    pub(crate) note: String,
}

impl Quiet {
    pub(crate) fn new(kind: Kind, sides: Vec<Side>, max_gap: Duration, settles: Option<Timestamp>) -> Quiet {
        Quiet { kind, sides, max_gap, settles, agents: BTreeMap::new() }
    }

    /// The claim is made about that side.
    pub(crate) fn is_about(&self, side: Side) -> bool {
        self.sides.contains(&side)
    }

    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        self.agents.remove(agent);
    }

    /// What was building up begins again; how often it broke is still known.
    pub(crate) fn restart(&mut self, at: Timestamp, agent: &AgentKey) {
        if let Some(seen) = self.agents.get_mut(agent) {
            match &mut seen.look {
                Look::Gauge(dwell) => dwell.restart(),
                Look::Drained(drained) => drained.restart(),
                Look::Silent(ownership, _) => ownership.restart(at.as_millis()),
            }
        }
    }

    /// Takes a finding that came too late, or did not look: only what speaks against the claim counts.
    pub(crate) fn take_late(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding) {
        let told = |name: &str| finding.report.measure(name).map_or(0.0, |measure| measure.value);
        let Some(seen) = self.agents.get_mut(agent).filter(|_| self.sides.contains(&agent.side)) else {
            return;
        };
        let moved = match (&mut seen.look, &self.kind) {
            (Look::Gauge(dwell), Kind::Gauge(gauge)) => {
                let above = told(&gauge.measure) > gauge.leave || finding.outcome == Outcome::Fail;
                if above {
                    dwell.broken();
                }
                above
            }
            (Look::Drained(drained), _) => {
                let waits = ["visible", "delayed", "in_flight"].iter().any(|name| told(name) > 0.0);
                if waits || finding.outcome == Outcome::Fail {
                    drained.broken();
                }
                waits
            }
            (Look::Silent(ownership, sum), _) => {
                let new = told("writes").max(told("runs")).clamp(0.0, COUNT_CEILING);
                *sum = sum.saturating_add(new as u64);
                let last = seen.last.max(at).as_millis();
                new >= 1.0 && ownership.report(last, WRITERS, "", *sum)
            }
            (Look::Gauge(_), Kind::Drained(_) | Kind::Silent(_)) => false,
        };
        if moved {
            seen.note = finding.report.note.chars().take(200).collect();
        }
    }

    pub(crate) fn take(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding) {
        if finding.outcome == Outcome::NotRun || !self.is_about(agent.side) {
            return;
        }
        let Some(fresh) = self.look() else { return };
        let fresh = Seen { look: fresh, last: at, failed: false, note: String::new() };
        let seen = self.agents.entry(agent.clone()).or_insert(fresh);
        let told = |name: &str| finding.report.measure(name).map(|measure| measure.value);
        // What is no count is not taken for nothing.
        let count = |name: &str| told(name).filter(|value| (0.0..=COUNT_CEILING).contains(value));
        let unsound = |name: &str| told(name).is_some() && count(name).is_none();
        let ms = at.as_millis();
        seen.failed = finding.outcome == Outcome::Fail;
        let moved = match &mut seen.look {
            Look::Gauge(dwell) => {
                let measure = match &self.kind {
                    Kind::Gauge(gauge) => told(&gauge.measure),
                    Kind::Drained(_) | Kind::Silent(_) => None,
                };
                // A look that failed spends the dwell that was under way, and begins none.
                if seen.failed {
                    dwell.broken();
                }
                match measure.filter(|measure| measure.is_finite()) {
                    Some(measure) => dwell.sample(ms, measure),
                    None if seen.failed => {}
                    None => return,
                }
                if seen.failed {
                    dwell.restart();
                }
                dwell.standing(ms).state == DwellState::Above
            }
            Look::Drained(drained) => {
                if seen.failed {
                    drained.broken();
                }
                // What is in a dead letter queue is another claim's.
                let delayed = count("delayed").or_else(|| (!unsound("delayed")).then_some(0.0));
                let depth = count("visible").zip(delayed).map(|(visible, delayed)| visible + delayed);
                let enqueued = count("enqueued").map(|count| (0, count as u64));
                let (Some(depth), Some(in_flight)) = (depth, count("in_flight")) else {
                    if seen.failed {
                        seen.last = at;
                    }
                    return;
                };
                drained.look(ms, QueueLook { depth, in_flight, enqueued });
                if seen.failed {
                    drained.restart();
                }
                drained.standing(ms).state == DwellState::Above
            }
            Look::Silent(ownership, sum) => {
                if seen.failed {
                    ownership.restart(ms);
                }
                let counts = [count("writes"), count("runs")];
                if counts.iter().all(Option::is_none) || unsound("writes") || unsound("runs") {
                    return;
                }
                let first = ownership.standing(ms).state == OwnershipState::NoData;
                let settling = first && self.settles.is_some_and(|until| finding.due < until);
                let new = counts
                    .iter()
                    .flatten()
                    .filter(|_| !settling)
                    .fold(0.0, |most: f64, count| most.max(*count));
                *sum = sum.saturating_add(new as u64);
                // The first look already tells of the time since the plugin's own first one.
                if first && new > 0.0 {
                    ownership.report(ms, WRITERS, "", 0);
                }
                ownership.report(ms, WRITERS, "", *sum)
            }
        };
        seen.last = at;
        if moved || seen.failed {
            seen.note = finding.report.note.chars().take(200).collect();
        }
    }

    fn look(&self) -> Option<Look> {
        let dwell = |enter, leave, silence: (Duration, f64)| DwellSettings {
            enter,
            leave,
            first_s: silence.0.as_secs_f64(),
            max_gap_ms: millis(self.max_gap),
            alpha: silence.1,
        };
        match &self.kind {
            Kind::Gauge(gauge) => {
                let settings = dwell(gauge.enter, gauge.leave, (gauge.held_for, gauge.error_rate));
                Dwell::new(settings).map(Look::Gauge)
            }
            Kind::Drained(silence) => {
                Drained::new(dwell(0.0, 0.0, (silence.held_for, silence.error_rate))).map(Look::Drained)
            }
            Kind::Silent(silence) => {
                let window = silence.held_for.as_secs_f64();
                let gap = millis(self.max_gap);
                Ownership::new([WRITERS], window, gap, silence.error_rate).map(|it| Look::Silent(it, 0))
            }
        }
    }

    pub(crate) fn state(&self, side: Side, staff: &Staff, now: Timestamp) -> (EvidenceState, Timestamp) {
        if !self.is_about(side) {
            return super::exact::asked_elsewhere();
        }
        let of_side = || self.agents.iter().filter(|(agent, _)| staff.has(agent, side));
        let mut proved: Vec<Timestamp> = Vec::new();
        let (mut stale, mut undecided, mut missing) = (None, None, None);
        let mut recovering = false;
        for (_, seen) in of_side() {
            let until = seen.last.plus(self.max_gap);
            match seen.state() {
                _ if now > until => stale = stale.max(Some(until)),
                EvidenceState::Refuted => return (EvidenceState::Refuted, until),
                EvidenceState::Proved => proved.push(until),
                EvidenceState::Missing => missing = missing.max(Some(until)),
                EvidenceState::Undecided | EvidenceState::Stale => {
                    undecided = undecided.max(Some(until));
                    recovering |= seen.broke();
                }
            }
        }
        proved.sort_unstable_by(|a, b| b.cmp(a));
        let enough = staff.at_least(side).checked_sub(1).and_then(|last| proved.get(last));
        match (enough, undecided.or(missing), stale) {
            // All look at one thing: what one of them saw move must be quiet for that one too.
            (Some(_), Some(until), _) if recovering => (EvidenceState::Undecided, until),
            (Some(until), _, _) => (EvidenceState::Proved, *until),
            (None, Some(until), _) if undecided.is_some() => (EvidenceState::Undecided, until),
            (None, Some(until), _) => (EvidenceState::Missing, until),
            (None, None, Some(until)) => (EvidenceState::Stale, until),
            (None, None, None) => (EvidenceState::Missing, now),
        }
    }

    /// The agent of a side that has the most to say about why the claim is not proved.
    pub(crate) fn standing(&self, side: Side, staff: &Staff) -> Option<QuietStanding> {
        let of_side = self.agents.iter().filter(|(agent, _)| staff.has(agent, side));
        let (agent, seen) = of_side.min_by_key(|(_, seen)| seen.state().rank())?;
        let at = seen.last.as_millis();
        let (quiet, needed, attempt) = match &seen.look {
            Look::Gauge(dwell) => dwelt(dwell.standing(at)),
            Look::Drained(drained) => dwelt(drained.standing(at)),
            Look::Silent(ownership, _) => {
                let attempt = ownership.violations().map(|(_, count)| count).max().unwrap_or(0) + 1;
                let left = Duration::from_millis(ownership.standing(at).left_ms.unwrap_or(0));
                let (first, alpha) = match &self.kind {
                    Kind::Silent(silence) => (silence.held_for.as_secs_f64(), silence.error_rate),
                    Kind::Gauge(_) | Kind::Drained(_) => (0.0, 0.5),
                };
                let needed = Duration::from_secs_f64(crate::proof::dwell_required(first, alpha, attempt));
                (needed.saturating_sub(left), needed, attempt)
            }
        };
        let (failed, note) = (seen.failed, seen.note.clone());
        Some(QuietStanding { agent: agent.clone(), quiet, needed, attempt, failed, note })
    }

    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.list(self.agents.iter(), |(agent, seen), out| {
            out.text(agent.side.word());
            out.text(agent.name.as_str());
            out.number(seen.last.as_millis());
            out.flag(seen.failed);
            match &seen.look {
                Look::Gauge(dwell) => dwell.write(out),
                Look::Drained(drained) => drained.write(out),
                Look::Silent(ownership, sum) => {
                    out.number(*sum);
                    ownership.write(out);
                }
            }
        });
    }
}

/// All that write on a side are one writer: which of them it was, the plugin's note says.
const WRITERS: &str = "writers";

impl Seen {
    /// It saw the thing move, since it began to look.
    fn broke(&self) -> bool {
        let at = self.last.as_millis();
        match &self.look {
            Look::Gauge(dwell) => dwell.standing(at).attempt > 1,
            Look::Drained(drained) => drained.standing(at).attempt > 1,
            Look::Silent(ownership, _) => ownership.violations().any(|(_, count)| count > 0),
        }
    }

    /// As it was at the last look: waiting alone makes nothing better.
    fn state(&self) -> EvidenceState {
        let at = self.last.as_millis();
        let dwell = |state: DwellState| match state {
            DwellState::Above => EvidenceState::Refuted,
            DwellState::Pass => EvidenceState::Proved,
            DwellState::Dwelling => EvidenceState::Undecided,
            DwellState::NoData => EvidenceState::Missing,
            DwellState::Stale => EvidenceState::Stale,
        };
        if self.failed {
            return EvidenceState::Refuted;
        }
        match &self.look {
            Look::Gauge(it) => dwell(it.standing(at).state),
            Look::Drained(it) => dwell(it.standing(at).state),
            Look::Silent(it, _) => match it.standing(at).state {
                OwnershipState::Violation => EvidenceState::Refuted,
                OwnershipState::NoData => EvidenceState::Missing,
                OwnershipState::Stale => EvidenceState::Stale,
                OwnershipState::Dwelling => EvidenceState::Undecided,
                OwnershipState::Pass => EvidenceState::Proved,
            },
        }
    }
}

fn dwelt(standing: crate::proof::DwellStanding) -> (Duration, Duration, u32) {
    let needed = Duration::from_secs_f64(standing.required_s.max(0.0));
    (Duration::from_millis(standing.dwelt_ms), needed, standing.attempt)
}
