//! The check that must fail: who says pass to it says pass to everything.
//!
//! Every agent runs it each minute, in the same sandbox and over the same way as any other check. An agent
//! whose canary passes, or does not come, is named in a hold, and what it finds does not count for as long.
//! Until its first canary has come every gate that rests on it is shut.

use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Name, Outcome, Sha256, Side, Timestamp, mutated};

use crate::board::GRACE;
use crate::migration::{Current, Migration};
use crate::roster::Member;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::span;

/// The name that its findings carry; no scenario may be called so.
pub const CANARY_CHECK: &str = "tidelock-canary";
/// Once in this time.
pub const CANARY_EVERY: Duration = Duration::from_secs(60);
/// How long one run may take.
pub const CANARY_TIMEOUT: Duration = Duration::from_secs(5);
/// One may be lost on its way; two may not.
const OVERDUE: Duration =
    Duration::from_secs(2 * CANARY_EVERY.as_secs() + CANARY_TIMEOUT.as_secs() + GRACE.as_secs());
/// A run that is due later than this from now was dated by a wrong clock.
const AHEAD: Duration = Duration::from_secs(5);
/// How much of what an agent says is repeated.
const NOTE_CHARS: usize = 100;

/// What one agent's canary did.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Canary {
    /// The component that is asked for, and since when it is.
    asked: Option<(Sha256, Timestamp)>,
    /// When it failed last, as it must.
    failed: Option<Timestamp>,
    /// It did something else, since then.
    wrong: Option<(Timestamp, String)>,
    /// Why the newest one did not run.
    not_run: Option<String>,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CanaryState {
    /// It fails as it must, or the plan asks for none; until when that is believed.
    Good(Timestamp),
    /// The first one has not come yet, since then.
    Awaited(Timestamp),
    /// What the agent finds does not count: since when, and why.
    Bad(Timestamp, String),
}

impl Canary {
    /// The plan asks for this one, or for none. The same one goes on.
    pub(crate) fn ask(&mut self, at: Timestamp, component: Option<Sha256>) {
        if self.asked.map(|(asked, _)| asked) != component {
            *self = Canary { asked: component.map(|component| (component, at)), ..Canary::default() };
        }
    }

    /// The agent begins anew: what its canary did before says nothing of it.
    pub(crate) fn begin(&mut self, at: Timestamp) {
        *self = Canary { asked: self.asked.map(|(component, _)| (component, at)), ..Canary::default() };
    }

    /// Takes a finding of the canary. Gives back whether the agent was caught by it just now.
    fn take(&mut self, at: Timestamp, finding: &Finding) -> bool {
        let Some((component, _)) = self.asked else { return false };
        let why = match finding.outcome {
            Outcome::Pass => "passed, and it must fail".to_owned(),
            Outcome::Fail | Outcome::NotRun if finding.component != component => {
                format!("ran component {}, not the plan's", finding.component.short())
            }
            Outcome::Fail if finding.due <= at.plus(AHEAD) => {
                // A backlog that was replayed is no sign of life.
                let came = at.min(finding.due.plus(CANARY_TIMEOUT + GRACE));
                self.failed = Some(self.failed.map_or(came, |before| before.max(came)));
                (self.wrong, self.not_run) = (None, None);
                return false;
            }
            Outcome::Fail => return false,
            Outcome::NotRun => {
                let note: String = finding.report.note.chars().take(NOTE_CHARS).collect();
                let cause = finding.cause.map_or("no cause given", |cause| cause.word());
                self.not_run = Some(if note.is_empty() { cause.into() } else { format!("{cause}: {note}") });
                return false;
            }
        };
        let caught = self.wrong.is_none();
        self.wrong.get_or_insert((at, why));
        caught
    }

    /// What it says of the agent at `now`.
    pub(crate) fn state(&self, now: Timestamp) -> CanaryState {
        let Some((_, asked)) = self.asked else {
            return CanaryState::Good(Timestamp::from_millis(u64::MAX));
        };
        if let Some((since, why)) = self.wrong.as_ref().filter(|_| !mutated("a-canary-must-fail")) {
            return CanaryState::Bad(*since, why.clone());
        }
        let until = self.failed.unwrap_or(asked).plus(OVERDUE);
        match self.failed {
            Some(_) if now <= until || mutated("a-canary-must-come") => CanaryState::Good(until),
            None if now <= until => CanaryState::Awaited(asked),
            Some(_) | None => {
                let ran = self.not_run.as_ref().map(|why| format!(" (did not run: {why})"));
                let text = format!("has not come for more than {}{}", span(OVERDUE), ran.unwrap_or_default());
                CanaryState::Bad(until, text)
            }
        }
    }
}

impl Member {
    /// Why what it finds does not count, and since when.
    pub(crate) fn not_believed(&self, agent: &AgentKey, now: Timestamp) -> Option<(Timestamp, String)> {
        match self.canary.state(now) {
            CanaryState::Bad(since, why) => Some((since, format!("the canary of {agent} {why}"))),
            CanaryState::Good(_) | CanaryState::Awaited(_) => None,
        }
    }
}

impl Migration {
    /// Takes a finding of the canary. What an agent that is caught was building up starts over.
    pub(crate) fn canary(&mut self, at: Timestamp, current: &Current, agent: &AgentKey, finding: &Finding) {
        let known = self.hashes.get(&finding.plan_revision) == Some(&finding.plan_hash);
        let asked = current.plan.canary.is_some() && known;
        // What was recorded for another round is no canary of this one; a pass is one too many from wherever.
        if finding.outcome == Outcome::Fail && !self.challenge.answered_by(agent, finding) {
            return;
        }
        let Some(member) = self.roster.get_mut(agent).filter(|_| asked) else { return };
        if member.canary.take(at, finding) {
            self.board.gap(at, agent, None);
            self.joints.gap(at, agent, |_| true);
            self.young.gap(at, agent, |_| true);
            self.ledger.gap(at, agent, |_| true);
        }
    }

    /// The canaries of a side are as they must be, and until when if none comes again.
    pub(crate) fn canaries_until(&self, side: Side, now: Timestamp) -> Option<Timestamp> {
        let mut until = Timestamp::from_millis(u64::MAX);
        for (_, member) in self.roster.owing(side, now) {
            match member.canary.state(now) {
                CanaryState::Good(good) => until = until.min(good),
                CanaryState::Awaited(_) | CanaryState::Bad(..) => return None,
            }
        }
        Some(until)
    }

    /// The agents of a side that their canaries caught, or whose first one is awaited.
    pub(crate) fn canary_holds(&self, side: Side, now: Timestamp) -> Vec<Hold> {
        let hold = |(agent, member): (&AgentKey, &Member)| {
            let (since, state, reason, next) = match member.canary.state(now) {
                CanaryState::Good(_) => return None,
                CanaryState::Awaited(since) => {
                    let reason = format!("the first canary of {agent} has not come yet");
                    (since, EvidenceState::Missing, reason, "tidelock agent ls".to_owned())
                }
                CanaryState::Bad(since, why) => {
                    let reason = format!("the canary of {agent} {why}; what this agent finds does not count");
                    let next = format!("tidelock agent revoke {} --side {side} --reason TEXT", agent.name);
                    (since, EvidenceState::Undecided, reason, next)
                }
            };
            let mut hold = Hold::new(HoldCode::Canary, since, reason, next);
            (hold.side, hold.agent, hold.state) = (Some(side), Some(agent.name.clone()), Some(state));
            Some(hold)
        };
        self.roster.owing(side, now).filter_map(hold).collect()
    }
}

/// The finding is one of the canary.
pub(crate) fn is_canary(check: &Name) -> bool {
    check.as_str() == CANARY_CHECK
}
