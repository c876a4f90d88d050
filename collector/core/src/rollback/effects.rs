//! Effects that going back does not take back: mails that were sent, payments that were made. Counted from
//! counters that only grow, each agent's for itself, since the target was opened.

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Finding, Name, Outcome, Side, Timestamp};

use crate::migration::Migration;
use crate::plan::OneWay;

/// A counter, as one agent reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counter {
    last: f64,
    /// By how much it grew since the target was opened.
    grown: f64,
}

/// The counters of all effects that the plan names.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Effects {
    /// By scenario and measure.
    by: BTreeMap<(Name, String), BTreeMap<AgentKey, Counter>>,
}

impl Effects {
    /// Takes a finding that counts. What was read before that is where counting begins; a counter that
    /// was not read before it began at zero.
    pub(super) fn take(
        &mut self,
        effects: &[OneWay],
        opened: Option<Timestamp>,
        agent: &AgentKey,
        finding: &Finding,
    ) {
        let since = opened.is_some_and(|opened| finding.due >= opened);
        for effect in effects.iter().filter(|effect| effect.from == finding.check) {
            let Some(value) = finding.report.measure(&effect.measure).map(|measure| measure.value) else {
                continue;
            };
            if finding.outcome != Outcome::Pass || value < 0.0 {
                continue;
            }
            let agents = self.by.entry((effect.from.clone(), effect.measure.clone())).or_default();
            // Agents of a side read the same counter: one that comes later takes over what others counted.
            let others = agents.iter().filter(|(other, _)| other.side == agent.side);
            let known = others.map(|(_, counter)| counter.grown).reduce(f64::max);
            let begin = known.unwrap_or(if since { value } else { 0.0 });
            match agents.get_mut(agent) {
                None => {
                    agents.insert(agent.clone(), Counter { last: value, grown: begin });
                }
                // A counter that fell was begun anew: all that it shows was added since.
                Some(counter) => {
                    let grown = if value < counter.last { value } else { value - counter.last };
                    counter.grown += if since { grown } else { 0.0 };
                    counter.last = value;
                }
            }
        }
    }

    fn grown(&self, effect: &OneWay, agent: &AgentKey) -> Option<f64> {
        let agents =
            self.by.iter().find(|((from, measure), _)| (from, measure) == (&effect.from, &effect.measure));
        agents?.1.get(agent).map(|counter| counter.grown)
    }
}

impl Migration {
    /// How many of each effect there were since the target was opened; none where nobody knows.
    pub(super) fn one_way(&self, now: Timestamp) -> Vec<(String, Option<u64>)> {
        let effects = self.plan().map(|plan| plan.rollback.one_way.as_slice()).unwrap_or_default();
        effects.iter().map(|effect| (effect.what.clone(), self.effect(effect, now))).collect()
    }

    fn effect(&self, effect: &OneWay, now: Timestamp) -> Option<u64> {
        let scenario = self.plan()?.scenarios.get(&effect.from)?;
        // What the source does is not taken back by going back to it either, and was never the target's.
        let side = if scenario.sides.contains(&Side::Target) { Side::Target } else { Side::Source };
        let mut most: Option<f64> = None;
        for (agent, member) in self.roster.owing(side, now) {
            self.read(&effect.from, (agent, member), now).ok()?.measure(&effect.measure)?;
            let grown = self.back.effects.grown(effect, agent)?;
            most = Some(most.map_or(grown, |most| most.max(grown)));
        }
        most.map(super::limits::whole)
    }
}
