//! Whether a fence holds: two readings of every writer and position on the side that was shut.
//!
//! A command that ended without an error says that somebody meant to shut writes. That they are shut is shown by
//! whoever would see one: each agent of the side reads every declared writer twice, at least the hold time apart,
//! both times after the fence. What moved in between is named, and undoes the fence; what could not be read is
//! never taken for silence.
//!
//! # Invariants
//! - A reading counts if its run surely began after the fence was carried out.
//! - Whoever writes in an open transaction has not ended: that is no first reading.
//! - What moved once has moved: a third reading that stands still does not take it back.
//! - Where readings were lost, what comes next is compared with the last one before; what only they could have told
//!   is known by nobody, and proves no fence.
//! - What stands until traffic moves is watched until then, not only while its step waits.

mod moved;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Outcome, Phase, Side, Timestamp};

use super::young::{Heard, shown_by};
use crate::board::{NotCounted, fresh_until};
use crate::migration::Migration;
use crate::plan::{Claim, ClaimKind, Direction, Joint, Plan, Scenario, Step, StepKind};
use crate::proof::StateWriter;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::{second, span};
use moved::Moved;
use reading::Reading;

/// Movements that are named; there may be more.
const NAMED: usize = 16;

/// What a declared scenario tells of the fenced side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tells {
    /// Who writes, or what is put in: read twice in any case.
    Writers,
    /// How far something came: read twice where the fence's own time allows it, and named if it moves.
    Position,
}

/// One scenario, as its agents read it.
#[derive(Debug, Clone, PartialEq)]
struct Declared {
    tells: Tells,
    /// Two readings of it can be there before the fence is given up.
    in_time: bool,
    /// Rows younger than this are in no digest yet, so they come in for so long after the fence.
    settles: Duration,
    agents: BTreeMap<AgentKey, Readings>,
}

/// What one agent read.
#[derive(Debug, Clone, PartialEq)]
struct Readings {
    first: Option<Reading>,
    newest: Option<Reading>,
    until: Timestamp,
    /// Why the newest finding is no reading.
    unread: Option<String>,
    /// Readings after this one were lost, and none has come since.
    lost: Option<Timestamp>,
    /// What was written between these two is not known.
    unknown: Option<(Timestamp, Timestamp)>,
}

/// The watch of a fence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FenceWatch {
    pub(crate) step: Name,
    /// The time between the two readings.
    hold: Duration,
    /// When the fence is given up, counted from its beginning; none waits without a bound of its own.
    deadline: Option<Duration>,
    pub(crate) side: Side,
    since: Timestamp,
    /// The feed of the way back runs.
    reversed: bool,
    declared: BTreeMap<Name, Declared>,
    moved: Vec<Moved>,
}

/// What of a scenario's claims a fence rests on; none where it tells nothing of writers or positions.
pub(crate) fn tells(scenario: &Scenario) -> Option<Tells> {
    let of = |kind: &ClaimKind| match kind {
        ClaimKind::Joint(Joint::Silent(_) | Joint::Drained(_) | Joint::Owner { .. }) => Some(Tells::Writers),
        ClaimKind::Joint(Joint::Marks { .. } | Joint::Parity(_)) => Some(Tells::Position),
        ClaimKind::Joint(Joint::Gauge(gauge)) if gauge.measure.starts_with("lag") => Some(Tells::Position),
        ClaimKind::Joint(Joint::Gauge(_) | Joint::Success(_) | Joint::Latency(_)) => None,
        ClaimKind::Joint(Joint::SameResponse { .. } | Joint::NoDependencyOn(_)) => None,
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
    };
    let told: Vec<Tells> = scenario.claims.iter().filter_map(|claim| of(&claim.kind)).collect();
    match told.contains(&Tells::Writers) {
        true => Some(Tells::Writers),
        false => told.first().copied(),
    }
}

/// It tells how far a feed came, and nothing of who writes or what rows there are: another feed moves it.
pub(crate) fn of_a_feed(scenario: &Scenario) -> bool {
    tells(scenario) == Some(Tells::Position) && !compares_rows(scenario)
}

/// How long rows are left alone before they are compared.
fn settles(scenario: &Scenario) -> Duration {
    let of = |kind: &ClaimKind| match kind {
        ClaimKind::Joint(Joint::Parity(parity)) => Some(parity.tolerate_lag),
        ClaimKind::Joint(_) | ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
    };
    scenario.claims.iter().filter_map(|claim| of(&claim.kind)).max().unwrap_or_default()
}

/// Its rows are compared, so another write shows.
fn compares_rows(scenario: &Scenario) -> bool {
    let rows = |claim: &Claim| matches!(claim.kind, ClaimKind::Joint(Joint::Parity(_)));
    scenario.claims.iter().any(rows)
}

impl FenceWatch {
    /// The fence was carried out.
    pub(crate) fn begin(at: Timestamp, step: &Step, side: Side, (plan, phase): (&Plan, Phase)) -> FenceWatch {
        let hold = match step.kind {
            StepKind::Fence { two_readings } => two_readings,
            StepKind::Drain | StepKind::CatchUp | StepKind::PointOfNoReturn | StepKind::Open => {
                Duration::ZERO
            }
            StepKind::Route { .. } | StepKind::Confirm | StepKind::Reverse => Duration::ZERO,
            StepKind::Manual | StepKind::Command => Duration::ZERO,
        };
        let mut watch = FenceWatch {
            step: step.name.clone(),
            hold,
            deadline: step.deadline,
            side,
            since: at,
            reversed: false,
            declared: BTreeMap::new(),
            moved: Vec::new(),
        };
        watch.anew(at, plan, phase);
        watch
    }

    /// What was read until now was read of something else. What moved stays.
    pub(crate) fn anew(&mut self, at: Timestamp, plan: &Plan, phase: Phase) {
        // Nobody waits for a reading that comes after writes had to be opened again.
        let dips = plan.scenarios.values().filter(|it| it.writes).filter_map(|it| it.may_dip);
        let limit = dips.chain(self.deadline).min();
        let declared = |(name, scenario): (&Name, &Scenario)| {
            let runs = scenario.sides.contains(&self.side) && scenario.phases.contains(&phase);
            let (tells, settles) = (tells(scenario).filter(|_| runs)?, settles(scenario));
            let takes = settles + scenario.every.max(self.hold) + scenario.every + scenario.timeout;
            let in_time = limit.is_none_or(|limit| takes <= limit);
            Some((name.clone(), Declared { tells, in_time, settles, agents: BTreeMap::new() }))
        };
        (self.since, self.declared) = (at, plan.scenarios.iter().filter_map(declared).collect());
        if self.reversed {
            self.reversed(plan);
        }
    }

    /// The feed of the way back begins: how far something came moves with it, who writes and what rows there are
    /// does not.
    pub(crate) fn reversed(&mut self, plan: &Plan) {
        self.reversed = true;
        let stays = |name: &Name, declared: &Declared| {
            declared.tells == Tells::Writers || plan.scenarios.get(name).is_some_and(compares_rows)
        };
        self.declared.retain(|name, declared| stays(name, declared));
    }

    pub(crate) fn gap(&mut self, agent: &AgentKey, lost: &impl Fn(&Name) -> bool) {
        for (_, declared) in self.declared.iter_mut().filter(|(name, _)| lost(name)) {
            let Some(readings) = declared.agents.get_mut(agent) else { continue };
            // What was not read before is not missed; what was is what the next reading is compared with.
            let Some(newest) = &readings.newest else {
                declared.agents.remove(agent);
                continue;
            };
            readings.lost.get_or_insert(newest.began);
            readings.first = None;
        }
    }

    pub(crate) fn take(&mut self, heard: &Heard<'_>, scenario: &Scenario) {
        let name = &heard.finding.check;
        let Some(declared) = self.declared.get_mut(name).filter(|_| heard.agent.side == self.side) else {
            return;
        };
        if heard.began <= self.since.plus(declared.settles) {
            return;
        }
        let until = fresh_until(heard.at, scenario, heard.finding);
        let readings = declared.agents.entry(heard.agent.clone()).or_insert(Readings {
            first: None,
            newest: None,
            until,
            unread: None,
            lost: None,
            unknown: None,
        });
        match heard.counted {
            Ok(()) => {}
            // A late reading proves nothing, and tells of a write all the same.
            Err(NotCounted::Late | NotCounted::SameRound) => {
                let moved =
                    Reading::of(heard).and_then(|it| it.since(readings.newest.as_ref()?, name, heard));
                return self.moved(moved);
            }
            Err(_) => {
                readings.unread = Some("its finding does not count".to_owned());
                return;
            }
        }
        let note: String = heard.finding.report.note.chars().take(200).collect();
        let why =
            |what: &str| Some(if note.is_empty() { what.to_owned() } else { format!("{what}: {note}") });
        let reading = Reading::of(heard);
        let lacks =
            reading.as_ref().map_or(Some("it counts nothing that could move"), |it| it.lacks(scenario));
        let (Some(reading), None) = (reading, lacks) else {
            readings.unread = match heard.finding.outcome {
                Outcome::Fail => why("it fails"),
                Outcome::NotRun => why("it could not look"),
                Outcome::Pass => lacks.and_then(why),
            };
            return;
        };
        let moved = readings.newest.as_ref().and_then(|before| reading.since(before, name, heard));
        (readings.until, readings.unread) = (until, None);
        if readings.first.is_none() && reading.open_writers > 0 {
            readings.unread = why("somebody still writes in an open transaction");
            return;
        }
        if let Some(from) = readings.lost.take().filter(|_| reading.tells_since_last()) {
            readings.unknown.get_or_insert((from, reading.began));
        }
        readings.first.get_or_insert_with(|| reading.clone());
        readings.newest = Some(reading);
        self.moved(moved);
    }

    /// What it rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.text(self.step.as_str());
        out.number(self.since.as_millis());
        out.number(self.moved.len() as u64);
        for (name, declared) in &self.declared {
            out.text(name.as_str());
            for (agent, readings) in &declared.agents {
                out.text(&agent.to_string());
                out.flag(readings.unread.is_some());
                out.flag(readings.lost.is_some() || readings.unknown.is_some());
                out.option(readings.first.as_ref(), |reading, out| reading.write(out));
                out.option(readings.newest.as_ref(), |reading, out| reading.write(out));
            }
        }
    }

    fn moved(&mut self, moved: Option<Moved>) {
        let Some(moved) = moved else { return };
        let known = self.moved.iter().any(|known| known.is_like(&moved));
        if !known && self.moved.len() < NAMED {
            self.moved.push(moved);
        }
    }
}

impl Readings {
    /// Two readings that stand as far apart as they must.
    fn apart(&self, hold: Duration) -> bool {
        let both = self.first.as_ref().zip(self.newest.as_ref());
        both.is_some_and(|(first, newest)| {
            newest.began > first.began && newest.began.since(first.began) >= hold
        })
    }
}

impl Migration {
    /// What moved behind the fence that stands, in words; none where nothing did.
    pub(crate) fn fence_moved(&self) -> Option<String> {
        let fence = self.young.fence.as_ref()?;
        let first = fence.moved.first()?;
        let more = fence.moved.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        Some(format!("fence moved: {}{more}", first.words()))
    }

    /// What the fence of a step waits for.
    pub(crate) fn fence_holds(
        &self,
        direction: Direction,
        step: &Step,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<Hold> {
        let hold = |code, state, since, reason: String| {
            let mut hold = Hold::new(code, since, reason, shown_by(direction));
            hold.state = Some(state);
            hold
        };
        let fence = self.young.fence.as_ref().filter(|it| it.step == step.name && it.since >= since);
        let (Some(fence), Some(plan)) = (fence, self.plan()) else {
            let reason = format!("nothing was read since {} was carried out", step.name);
            return vec![hold(HoldCode::Run, EvidenceState::Missing, since, reason)];
        };
        let mut holds = Vec::new();
        for moved in &fence.moved {
            let mut found = hold(HoldCode::Run, EvidenceState::Refuted, moved.at, moved.words());
            (found.check, found.side) = (Some(moved.check.clone()), Some(fence.side));
            found.agent = Some(moved.agent.clone());
            holds.push(found);
        }
        let must = |it: &Declared| it.in_time || it.tells == Tells::Writers;
        // A lag or a mark that stands still shows that nothing arrived, not that nobody wrote.
        let sees = |(name, it): (&Name, &Declared)| {
            it.tells == Tells::Writers || it.in_time && plan.scenarios.get(name).is_some_and(compares_rows)
        };
        if !fence.declared.iter().any(sees) {
            let reason = format!(
                "nothing that the plan declares reads who writes on {} in time, so nobody can prove the fence",
                fence.side
            );
            holds.push(hold(HoldCode::Unchecked, EvidenceState::Missing, fence.since, reason));
        }
        for (name, declared) in fence.declared.iter().filter(|(_, it)| must(it)) {
            let Some(scenario) = plan.scenarios.get(name) else { continue };
            holds.extend(self.unread(fence, (name, scenario, declared), now));
        }
        holds
    }

    /// The agents of the fenced side that have not read a scenario twice.
    fn unread(
        &self,
        fence: &FenceWatch,
        (name, scenario, declared): (&Name, &Scenario, &Declared),
        now: Timestamp,
    ) -> Vec<Hold> {
        let hold = |state, since, reason: String| {
            let mut hold = Hold::new(HoldCode::Run, since, reason, format!("tidelock why {name}"));
            (hold.check, hold.level) = (Some(name.clone()), Some(scenario.level));
            (hold.side, hold.state) = (Some(fence.side), Some(state));
            hold
        };
        let mut holds = Vec::new();
        let mut owing = 0;
        for (agent, _) in self.roster.owing(fence.side, now) {
            owing += 1;
            let (who, since) = (&agent.name, fence.since);
            let readings = declared.agents.get(agent);
            let (state, since, reason) = match readings {
                None => (EvidenceState::Missing, since, format!("{who} has not read it since the fence")),
                Some(Readings { unknown: Some((from, to)), .. }) => {
                    let reason = format!(
                        "readings by {who} were lost between {} and {}, and nobody knows what was written then: fence \
                         once more",
                        second(*from),
                        second(*to)
                    );
                    (EvidenceState::Undecided, *from, reason)
                }
                Some(Readings { unread: Some(why), .. }) => {
                    (EvidenceState::Undecided, since, format!("{who} could not read it: {why}"))
                }
                Some(Readings { lost: Some(from), .. }) => {
                    let reason =
                        format!("{who} has not read it since readings after {} were lost", second(*from));
                    (EvidenceState::Missing, *from, reason)
                }
                Some(it) if now > it.until => {
                    let limit = span(scenario.fresh_for);
                    (EvidenceState::Stale, it.until, format!("{who} has not read it for more than {limit}"))
                }
                Some(it) if it.apart(fence.hold) => continue,
                Some(Readings { first: None, .. }) => {
                    (EvidenceState::Missing, since, format!("{who} has not read it since the fence"))
                }
                Some(_) => {
                    let reason = format!("1 of 2 readings by {who}, {} apart", span(fence.hold));
                    (EvidenceState::Undecided, since, reason)
                }
            };
            let mut found = hold(state, since, reason);
            found.agent = Some(who.clone());
            holds.push(found);
        }
        if owing == 0 {
            let reason = format!("no agent on {} reads it", fence.side);
            holds.push(hold(EvidenceState::Missing, fence.since, reason));
        }
        holds
    }
}
