//! What the postcondition of a step waits for, in words.

use tidelock_model::{AgentKey, Name, Phase, Side, Timestamp};

use super::asked;
use super::row::{ROUNDS, Row};
use super::watch::Young;
use crate::evidence::{exact_word, too_few};
use crate::joint::{Exact, JointEvidence, exact_claim};
use crate::migration::Migration;
use crate::plan::{Direction, Scenario, Step, StepKind};
use crate::roster::Member;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::span;

/// Exact claims are weighed as for a gate that does not ask for whole proofs.
const STEP: Phase = Phase::Watch;

/// A scenario of the postcondition on one side, with what was seen of it.
pub(super) struct Asked<'a> {
    pub(super) name: &'a Name,
    pub(super) scenario: &'a Scenario,
    pub(super) side: Side,
    pub(super) young: &'a Young,
    pub(super) step: &'a Step,
}

impl Migration {
    /// What the postcondition of a part waits for; empty where it is proved at step strength.
    pub(crate) fn part_holds(
        &self,
        direction: Direction,
        step: &Step,
        begun: Timestamp,
        acted: Timestamp,
        now: Timestamp,
    ) -> Vec<Hold> {
        let since = begun.max(acted);
        let watch = self.young.watch.as_ref().filter(|it| it.step == *step && it.since >= since);
        let (Some(plan), Some(watch)) = (self.plan(), watch) else {
            let reason = format!("nothing was watched since {} was carried out", step.name);
            let mut hold = Hold::new(HoldCode::Run, since, reason, shown_by(direction));
            hold.state = Some(EvidenceState::Missing);
            return vec![hold];
        };
        let mut holds: Vec<Hold> = self.alarm_hold(STEP, now).into_iter().collect();
        let mut sides = Vec::new();
        for name in &step.after {
            let found = plan.scenarios.get(name).zip(watch.checks.get(name));
            let Some((scenario, young)) = found else {
                holds.push(undeclared(name, since));
                continue;
            };
            // A rehearsal is before the cutover: what runs only later is not asked.
            if self.young.rehearses() && !scenario.phases.contains(&self.phase) {
                continue;
            }
            for side in asked(plan, direction, step, scenario) {
                sides.push(side);
                let asked = Asked { name, scenario, side, young, step };
                holds.extend(self.asked_holds(&asked, watch.since, now));
            }
        }
        if matches!(step.kind, StepKind::Fence { .. }) && !self.young.rehearses() {
            holds.extend(self.fence_holds(direction, step, since, now));
            sides.push(direction.from());
        }
        sides.sort_unstable();
        sides.dedup();
        holds.extend(sides.into_iter().filter_map(|side| self.agents_hold(plan, side, now)));
        if holds.is_empty() && step.after.is_empty() && now.since(watch.since) < step.bake {
            let reason = format!("waits for {} without an alarm", span(step.bake));
            holds.push(Hold::new(HoldCode::Stable, watch.since, reason, shown_by(direction)));
        }
        holds.sort_by_key(Hold::order);
        holds
    }

    /// What one scenario does not show on a side: by agent, then by claim.
    pub(super) fn asked_holds(&self, asked: &Asked<'_>, since: Timestamp, now: Timestamp) -> Vec<Hold> {
        let mut holds = Vec::new();
        let mut newest = None;
        let (mut owing, mut told) = (0, 0_u64);
        for (agent, member) in self.roster.owing(asked.side, now) {
            owing += 1;
            let row = asked.young.rows.get(agent);
            let last = row.and_then(|row| row.newest);
            newest = newest.max(last.map(|newest| newest.at));
            told += u64::from(last.is_some_and(|newest| now <= newest.until));
            let wait = since.max(member.enrolled);
            holds.extend(kept(asked, agent, member, now).or_else(|| asked.row(agent, row, wait, now)));
        }
        if owing == 0 {
            let reason = format!("no agent on {} reports it", asked.side);
            holds.push(asked.hold(HoldCode::Missing, EvidenceState::Missing, since, reason));
        }
        // Each agent that is there was asked above; the check may ask for more of them.
        let needed = asked.scenario.quorum(asked.side).map_or(0, u64::from);
        if holds.is_empty() && told < needed {
            let reason = too_few((told, needed), asked.name, asked.side);
            holds.push(asked.hold(HoldCode::Missing, EvidenceState::Missing, since, reason));
        }
        if !asked.scenario.phases.contains(&self.phase) {
            let reason = format!("it does not run in the phase {}", self.phase);
            holds.push(asked.hold(HoldCode::UnknownCheck, EvidenceState::Missing, since, reason));
        }
        if let Some(exact) = &asked.young.exact {
            holds.extend(asked.exact(exact, newest.unwrap_or(since), now));
        }
        holds
    }
}

impl Asked<'_> {
    fn hold(&self, code: HoldCode, state: EvidenceState, since: Timestamp, reason: String) -> Hold {
        let mut hold = Hold::new(code, since, reason, format!("tidelock why {}", self.name));
        (hold.check, hold.level) = (Some(self.name.clone()), Some(self.scenario.level));
        (hold.side, hold.state) = (Some(self.side), Some(state));
        hold
    }

    /// What an agent's fresh rounds do not show yet.
    fn row(&self, agent: &AgentKey, row: Option<&Row>, since: Timestamp, now: Timestamp) -> Option<Hold> {
        let by = |code, state, since, reason: String, seen| {
            let mut hold = self.hold(code, state, since, reason);
            (hold.agent, hold.seen) = (Some(agent.name.clone()), seen);
            Some(hold)
        };
        let who = &agent.name;
        let Some((row, newest)) = row.and_then(|row| Some((row, row.newest?))) else {
            let reason = format!("0 of {ROUNDS} fresh rounds from {who}");
            return by(HoldCode::Missing, EvidenceState::Missing, since, reason, None);
        };
        let seen = Some(newest.at);
        if now > newest.until {
            let reason = format!("{who} has not reported it for more than {}", span(self.scenario.fresh_for));
            return by(HoldCode::Stale, EvidenceState::Stale, newest.until, reason, seen);
        }
        if let Some(bad) = &row.bad {
            return by(bad.code, bad.state, bad.at, format!("{who} {}", bad.why), seen);
        }
        if row.passes < ROUNDS {
            let reason = format!("{} of {ROUNDS} fresh rounds from {who}", row.passes);
            return by(HoldCode::ClaimUndecided, EvidenceState::Undecided, row.since, reason, seen);
        }
        if row.lasts() < self.step.bake {
            let reason = format!(
                "every fresh round from {who} passed, {} without a break is asked",
                span(self.step.bake)
            );
            return by(HoldCode::Stable, EvidenceState::Undecided, row.since, reason, seen);
        }
        None
    }

    /// What the claims that are counted or compared exactly do not show, on fresh findings.
    fn exact(&self, exact: &JointEvidence, newest: Timestamp, now: Timestamp) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (index, claim) in self.scenario.claims.iter().enumerate() {
            let Some(joint) = exact_claim(claim) else { continue };
            let word = exact_word(exact, (index, claim, joint), (self.side, STEP), now);
            let status = word.status;
            if status.state != EvidenceState::Proved {
                let mut reason = status.is;
                if status.state == EvidenceState::Missing {
                    reason = format!("{}: {reason} since the step", claim.name);
                }
                holds.push(self.hold(word.code, status.state, status.since, reason));
                continue;
            }
            // What must be quiet has a time of its own; the others must stay as they are.
            let dwells = matches!(exact.exact.get(&index), Some(Exact::Quiet(_)));
            if !dwells && newest.since(status.since) < self.step.bake {
                let reason =
                    format!("{} holds, {} without a break is asked", claim.name, span(self.step.bake));
                let undecided = EvidenceState::Undecided;
                holds.push(self.hold(HoldCode::Stable, undecided, status.since, reason));
            }
        }
        holds
    }
}

/// The command that shows the run, step by step.
pub(crate) fn shown_by(direction: Direction) -> String {
    format!("tidelock {} show", direction.word())
}

/// An agent whose findings are not asked at all.
fn kept(asked: &Asked<'_>, agent: &AgentKey, member: &Member, now: Timestamp) -> Option<Hold> {
    if let Some((since, reason)) = member.not_believed(agent, now) {
        let mut hold = asked.hold(HoldCode::Canary, EvidenceState::Undecided, since, reason);
        hold.agent = Some(agent.name.clone());
        return Some(hold);
    }
    let (code, since, reason) = match (&member.suspended, member.refused.get(asked.name)) {
        (Some((since, text)), _) => (HoldCode::Conflict, *since, format!("{agent} is suspended: {text}")),
        (None, Some((since, refusal))) => {
            let (cause, reason) = (&refusal.cause, &refusal.reason);
            (HoldCode::Refused, *since, format!("{agent} does not carry it out: {cause}: {reason}"))
        }
        (None, None) => return None,
    };
    let mut hold = asked.hold(code, EvidenceState::Undecided, since, reason);
    hold.agent = Some(agent.name.clone());
    Some(hold)
}

fn undeclared(name: &Name, since: Timestamp) -> Hold {
    let reason = format!("the step asks for {name}, which the plan does not declare");
    let mut hold = Hold::new(HoldCode::UnknownCheck, since, reason, "tidelock plan check FILE");
    (hold.check, hold.state) = (Some(name.clone()), Some(EvidenceState::Missing));
    hold
}
