//! The findings that count, by check and agent: everything the claims are judged on.
//!
//! What does not count is counted, by reason, so that nothing disappears silently.

mod lane;

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Gap, Name, Outcome, Side, Timestamp};

pub(crate) use lane::{Dwell, Lane, Newest, Place};

use crate::plan::{Plan, RevisionFrom, Scenario};

/// What the collector allows a finding for its way, beside the run itself.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// A run that is due later than this from now was dated by a wrong clock.
const AHEAD: Duration = Duration::from_secs(5);

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        /// Why a finding does not count.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NotCounted { $($(#[$doc])* $variant,)+ }

        impl NotCounted {
            /// The word in metrics and on every screen.
            pub fn word(self) -> &'static str {
                match self { $(NotCounted::$variant => $word),+ }
            }
        }
    };
}

reasons! {
    /// There is no plan to count it for.
    NoPlan = "no_plan",
    /// The agent is none of ours, or no longer.
    UnknownAgent = "unknown_agent",
    /// The agent contradicted itself.
    Suspended = "suspended",
    /// The agent's canary passed or did not come.
    Canary = "canary",
    /// The plan has no such check.
    UnknownCheck = "unknown_check",
    /// The check does not run on the agent's side.
    WrongSide = "wrong_side",
    /// It belongs to a plan in which the check was another one, or to no plan of ours.
    OtherPlan = "other_plan",
    /// Another component ran than the plan names.
    BadDigest = "bad_digest",
    /// It does not answer the challenge of its round.
    Nonce = "nonce",
    /// The agent had no processor time.
    Starved = "starved",
    /// It came too long after it was due to prove anything.
    Late = "late",
    /// It is dated in the future.
    Ahead = "ahead",
    /// It is of a round that was counted.
    SameRound = "same_round",
    /// It was read before.
    Duplicate = "duplicate",
    /// A journal record does not fit the state it meets.
    Unfitting = "unfitting",
}

/// All lanes of one migration.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Board {
    lanes: BTreeMap<Name, BTreeMap<AgentKey, Lane>>,
    /// The plan revision since which the check is what it is on this side.
    defined: BTreeMap<(Name, Side), u64>,
    /// Only runs due after this prove anything about the side.
    anew: BTreeMap<Side, Timestamp>,
    /// The same of a check that rested in the phase before.
    begun: BTreeMap<Name, Timestamp>,
    /// The build that the check saw last on this side, where findings tell one.
    builds: BTreeMap<(Name, Side), String>,
    pub(crate) not_counted: BTreeMap<NotCounted, u64>,
}

impl Board {
    pub(crate) fn lane(&self, check: &Name, agent: &AgentKey) -> Option<&Lane> {
        self.lanes.get(check)?.get(agent)
    }

    /// Since when evidence of the side counts, where it was started anew.
    pub(crate) fn anew(&self, side: Side) -> Option<Timestamp> {
        self.anew.get(&side).copied()
    }

    /// Since when findings of the check on the side count, where either was started anew.
    pub(crate) fn counts_from(&self, check: &Name, side: Side) -> Option<Timestamp> {
        self.anew(side).max(self.begun.get(check).copied())
    }

    pub(crate) fn skip(&mut self, reason: NotCounted, number: u64) {
        if number == 0 {
            return;
        }
        let counter = self.not_counted.entry(reason).or_default();
        *counter = counter.saturating_add(number);
    }

    /// Starts the evidence of a side anew: only runs due from now on count.
    pub(crate) fn start_anew(&mut self, at: Timestamp, side: Side) {
        self.anew.insert(side, at);
        for lanes in self.lanes.values_mut() {
            lanes.retain(|agent, _| agent.side != side);
        }
        self.builds.retain(|(_, of), _| *of != side);
    }

    /// The check runs again: only runs due from now on count.
    pub(crate) fn begin(&mut self, at: Timestamp, check: &Name) {
        self.begun.insert(check.clone(), at);
        self.lanes.remove(check);
        self.builds.retain(|(of, _), _| of != check);
    }

    /// Forgets what an agent found.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        for lanes in self.lanes.values_mut() {
            lanes.remove(agent);
        }
    }

    /// A new plan revision: checks that are the same keep their evidence, others start over.
    pub(crate) fn replan(&mut self, old: Option<&Plan>, new: &Plan, revision: u64) {
        let mut defined = BTreeMap::new();
        for (name, scenario) in &new.scenarios {
            for side in &scenario.sides {
                let key = (name.clone(), *side);
                let before = self.defined.get(&key).copied();
                let kept = before.filter(|_| old.is_some_and(|old| same_check(old, new, name, *side)));
                if kept.is_none() {
                    if let Some(lanes) = self.lanes.get_mut(name) {
                        lanes.retain(|agent, _| agent.side != *side);
                    }
                    self.builds.remove(&key);
                }
                defined.insert(key, kept.unwrap_or(revision));
            }
        }
        self.lanes.retain(|name, _| new.scenarios.contains_key(name));
        self.begun.retain(|name, _| new.scenarios.contains_key(name));
        for (name, lanes) in &mut self.lanes {
            lanes.retain(|agent, _| defined.contains_key(&(name.clone(), agent.side)));
        }
        self.builds.retain(|key, _| defined.contains_key(key));
        self.defined = defined;
    }

    /// A hole in what an agent tells: what it was building up starts over. Where nobody knows of which
    /// checks findings are missing, they may be of any.
    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey, lost: Option<&Gap>) {
        let named = lost.map(|gap| &gap.counts).filter(|counts| !counts.is_empty());
        (self.lanes.iter_mut())
            .filter(|(check, _)| named.is_none_or(|named| named.contains_key(*check)))
            .filter_map(|(_, lanes)| lanes.get_mut(agent))
            .for_each(|lane| lane.lose(at));
    }

    /// The plan asks this of that side.
    pub(crate) fn asks(&self, side: Side, check: &Name) -> bool {
        self.defined.contains_key(&(check.clone(), side))
    }

    /// A finding that does not answer its round's challenge: history, and what it breaks off is told by name.
    pub(crate) fn unanswered(&mut self, at: Timestamp, agent: &AgentKey, check: &Name) -> NotCounted {
        let lanes = self.lanes.entry(check.clone()).or_default();
        let lane = lanes.entry(agent.clone()).or_insert_with(|| Lane::new(at));
        lane.break_off(at);
        lane.unanswered.get_or_insert(at);
        NotCounted::Nonce
    }

    /// Takes one finding. Gives back whether it counts.
    pub(crate) fn take(
        &mut self,
        place: Place,
        plan: &Plan,
        revision: u64,
        agent: &AgentKey,
        finding: &Finding,
    ) -> Result<(), NotCounted> {
        let scenario = plan.scenarios.get(&finding.check).ok_or(NotCounted::UnknownCheck)?;
        let key = (finding.check.clone(), agent.side);
        let defined = *self.defined.get(&key).ok_or(NotCounted::WrongSide)?;
        if finding.plan_revision < defined || finding.plan_revision > revision {
            return Err(NotCounted::OtherPlan);
        }
        if finding.starved || finding.cause == Some(tidelock_model::Cause::Starved) {
            return Err(NotCounted::Starved);
        }
        let timely = timely(place.at, scenario, finding, self.counts_from(&key.0, agent.side));
        let new_build = timely.is_ok() && self.other_build(&key, build_of(plan, agent.side, finding));
        let lanes = self.lanes.entry(finding.check.clone()).or_default();
        if new_build {
            lanes
                .iter_mut()
                .filter(|(key, _)| key.side == agent.side)
                .for_each(|(_, lane)| lane.break_off(place.at));
        }
        let lane = lanes.entry(agent.clone()).or_insert_with(|| Lane::new(place.at));
        if finding.component != scenario.component {
            lane.wrong_component(place.at, finding.component);
            return Err(NotCounted::BadDigest);
        }
        match (timely, finding.outcome) {
            (Ok(()), _) => lane.count(place, scenario, finding),
            (Err(reason), Outcome::Fail | Outcome::NotRun) => {
                // What is late or misdated cannot help; it can still hurt.
                lane.break_off(place.at);
                Err(reason)
            }
            (Err(reason), Outcome::Pass) => Err(reason),
        }
    }

    /// The check sees another build than it did; remembers the new one.
    fn other_build(&mut self, key: &(Name, Side), build: &str) -> bool {
        if build.is_empty() {
            return false;
        }
        let before = self.builds.insert(key.clone(), build.to_owned());
        before.is_some_and(|before| before != build)
    }
}

/// What a run that passed stands for where the plan names a header for the build and no answer had it.
const NO_HEADER: &str = "(no header)";

/// The build that the finding saw; empty where it says nothing of one. A header that is gone is another
/// build: silence about it is no sign that nothing changed.
pub(crate) fn build_of<'a>(plan: &Plan, side: Side, finding: &'a Finding) -> &'a str {
    let named = matches!(plan.environment(side).revision, Some(RevisionFrom::Header(_)));
    match finding.target_revision.as_str() {
        "" if named && finding.outcome == Outcome::Pass => NO_HEADER,
        build => build,
    }
}

/// Freshness is judged by when a finding was received; a backlog that was replayed must not look fresh.
fn timely(
    at: Timestamp,
    scenario: &Scenario,
    finding: &Finding,
    anew: Option<Timestamp>,
) -> Result<(), NotCounted> {
    if finding.due > at.plus(AHEAD) {
        return Err(NotCounted::Ahead);
    }
    if at > fresh_until(at, scenario, finding) || anew.is_some_and(|anew| finding.due < anew) {
        return Err(NotCounted::Late);
    }
    Ok(())
}

/// Until when a finding is fresh: counted from its receipt, but never later than it should have come.
pub(crate) fn fresh_until(at: Timestamp, scenario: &Scenario, finding: &Finding) -> Timestamp {
    at.min(finding.due.plus(scenario.timeout + GRACE)).plus(scenario.fresh_for)
}

/// The check is the same on this side in both revisions: same component, settings, claims, times and
/// targets. How much it matters and what it is called may differ.
pub(crate) fn same_check(old: &Plan, new: &Plan, name: &Name, side: Side) -> bool {
    let (Some(a), Some(b)) = (old.scenarios.get(name), new.scenarios.get(name)) else {
        return false;
    };
    let targets = |plan: &Plan, scenario: &Scenario| -> Vec<_> {
        let targets = &plan.environment(side).targets;
        scenario.targets.iter().map(|target| (target.clone(), targets.get(target).cloned())).collect()
    };
    a.component == b.component
        && a.settings == b.settings
        && a.claims == b.claims
        && a.slot == b.slot
        && a.sides == b.sides
        && (a.every, a.timeout, a.fresh_for) == (b.every, b.timeout, b.fresh_for)
        && a.secrets == b.secrets
        && targets(old, a) == targets(new, b)
}
