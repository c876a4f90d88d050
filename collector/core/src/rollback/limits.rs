//! What limits the way back beside time, measured. A limit that is passed closes it. One of which nothing is known
//! does not: on the night on which the target dies, nobody measures anything there, and going back is what is left.
//! Then it costs an unknown amount, and a person weighs that.

use tidelock_model::{AgentKey, Measure, Name, Outcome, Timestamp};

use crate::board::Newest;
use crate::migration::Migration;
use crate::plan::{BackLimit, ClaimKind, Scenario};
use crate::roster::Member;
use crate::verdict::{BackLimitStatus, EvidenceState};
use crate::words::span;

/// What a limit makes of the way back.
pub(super) enum Met {
    /// It is kept.
    Kept,
    /// So much would be lost.
    Lost(u64),
    /// It is passed: there is no way back as long as that lasts.
    No(String),
    /// Nobody knows, and why: never lossless.
    Unknown(String),
}

/// A limit as it stands.
pub(super) struct Limit {
    pub(super) status: BackLimitStatus,
    pub(super) met: Met,
    /// It counts what is lost; otherwise it says how good the feed is.
    pub(super) counts_loss: bool,
}

/// A count that is told in whole things: what is begun counts.
pub(super) fn whole(value: f64) -> u64 {
    value.max(0.0).ceil() as u64
}

impl Migration {
    /// Every limit of the plan, as it stands.
    pub(super) fn back_limits(&self, now: Timestamp) -> Vec<Limit> {
        let limits = self.plan().map(|plan| plan.rollback.possible_while.as_slice()).unwrap_or_default();
        limits.iter().map(|limit| self.back_limit(limit, now)).collect()
    }

    fn back_limit(&self, limit: &BackLimit, now: Timestamp) -> Limit {
        let found = self.measured(limit, now);
        let unit = if limit.unit.is_empty() { String::new() } else { format!(" {}", limit.unit) };
        let (name, most) = (&limit.name, limit.at_most);
        let met = match &found {
            Err(why) => Met::Unknown(format!("nothing is known of {name}: {why}")),
            Ok(value) if *value <= most && !limit.counts_loss => Met::Kept,
            Ok(value) if *value <= 0.0 && limit.counts_loss => Met::Kept,
            Ok(value) if *value <= most => Met::Lost(whole(*value)),
            Ok(value) => Met::No(format!("{name} is {value}{unit}, must be at most {most}{unit}")),
        };
        let status = BackLimitStatus {
            name: limit.name.clone(),
            value: found.ok(),
            limit: most,
            unit: limit.unit.clone(),
        };
        Limit { status, met, counts_loss: limit.counts_loss }
    }

    /// The worst that any agent measured, where all that owe findings were heard just now; else why not.
    fn measured(&self, limit: &BackLimit, now: Timestamp) -> Result<f64, String> {
        let from = &limit.from;
        let scenario = self.plan().and_then(|plan| plan.scenarios.get(from));
        let scenario = scenario.ok_or_else(|| format!("the plan does not declare {from}"))?;
        self.refuted(from, scenario, now)?;
        let mut worst: Option<f64> = None;
        for side in &scenario.sides {
            let mut of_side: Option<f64> = None;
            let mut any = false;
            for (agent, member) in self.roster.owing(*side, now) {
                any = true;
                let newest = self.read(from, (agent, member), now)?;
                let value = match limit.measure.as_str() {
                    "" => left(newest),
                    measure => newest.measure(measure).map(|it| scaled(it, &limit.unit)).transpose()?,
                };
                of_side = value.map(|value| of_side.map_or(value, |worst| worst.max(value))).or(of_side);
            }
            if !any {
                return Err(format!("no agent on {side} reports {from}"));
            }
            worst = match (worst, of_side) {
                // What is left on one side is not on the other: it is added up.
                (Some(worst), Some(found)) if limit.measure.is_empty() => Some(worst + found),
                (Some(worst), Some(found)) => Some(worst.max(found)),
                (worst, found) => worst.or(found),
            };
        }
        let what = if limit.measure.is_empty() { "what is left" } else { &limit.measure };
        let sound = |value: &f64| value.is_finite() && (0.0 <= *value || !limit.counts_loss);
        worst.filter(sound).ok_or_else(|| format!("{from} does not tell {what}"))
    }

    /// A claim about the feed that is shown to be wrong: whatever it measures, it is not healthy.
    fn refuted(&self, from: &Name, scenario: &Scenario, now: Timestamp) -> Result<(), String> {
        for (index, claim) in scenario.claims.iter().enumerate() {
            let ClaimKind::Joint(_) = &claim.kind else { continue };
            let state = |side| Some(self.joints.get(from)?.state((index, side), self.phase, now).0);
            let sides = scenario.sides.iter().filter(|side| state(**side) == Some(EvidenceState::Refuted));
            if let Some(side) = sides.into_iter().next() {
                return Err(format!("{from} fails on {side}: {}", claim.name));
            }
        }
        Ok(())
    }

    /// What an agent found of a check just now, where it passed; else why that is not known.
    pub(super) fn read(
        &self,
        check: &Name,
        (agent, member): (&AgentKey, &Member),
        now: Timestamp,
    ) -> Result<&Newest, String> {
        let fresh_for = self.plan().and_then(|plan| plan.scenarios.get(check)).map(|it| it.fresh_for);
        if member.suspended.is_some() || member.refused.contains_key(check) {
            return Err(format!("{agent} does not carry {check} out"));
        }
        if let Some((_, why)) = member.not_believed(agent, now) {
            return Err(why);
        }
        let lane = self.board.lane(check, agent).filter(|lane| lane.wrong.is_none());
        let newest = lane.and_then(|lane| lane.newest.as_ref());
        let newest = newest.ok_or_else(|| format!("{agent} has not reported {check}"))?;
        if now > newest.fresh_until {
            let limit = span(fresh_for.unwrap_or_default());
            return Err(format!("{agent} has not reported {check} for more than {limit}"));
        }
        match newest.outcome {
            Outcome::Pass if !newest.empty => Ok(newest),
            Outcome::Pass => Err(format!("{check} counted 0 of 0 on {agent}")),
            Outcome::Fail | Outcome::NotRun => Err(format!("{check} does not pass on {agent}")),
        }
    }
}

/// The value in the unit of the limit: a number of another one says nothing of it.
fn scaled(measure: &Measure, unit: &str) -> Result<f64, String> {
    match (measure.unit.as_str(), unit) {
        (told, wanted) if told == wanted || told.is_empty() || wanted.is_empty() => Ok(measure.value),
        ("ms", "s") => Ok(measure.value / 1_000.0),
        ("us", "s") => Ok(measure.value / 1_000_000.0),
        (told, wanted) => Err(format!("{} is told in {told}, and limited in {wanted}", measure.name)),
    }
}

/// What is left, as one run counted it; none where it counted nothing.
fn left(newest: &Newest) -> Option<f64> {
    let counts = newest.remaining.iter().map(|left| left.count);
    let sum = counts.fold(0_u64, u64::saturating_add);
    (!newest.remaining.is_empty()).then_some(sum as f64)
}
