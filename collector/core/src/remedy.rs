//! What a person does about a hold of one check. Among the holds of a gate it says to ask why; the answer to that must
//! lead on, where it is an agent that is missing, silent or not believed.

use tidelock_model::{AgentKey, Name, Side, Timestamp};

use crate::migration::Migration;
use crate::plan::Scenario;
use crate::verdict::{Hold, HoldCode};
use crate::words::{count, list};

/// Agents that one line names at most.
const NAMED: usize = 5;

impl Migration {
    /// The hold as it is explained to whoever asks about this very check.
    pub(crate) fn with_remedy(&self, check: (&Name, &Scenario), hold: Hold, now: Timestamp) -> Hold {
        match self.remedy(check, &hold, now) {
            Some(next) => Hold { next, ..hold },
            None => hold,
        }
    }

    fn remedy(&self, check: (&Name, &Scenario), hold: &Hold, now: Timestamp) -> Option<String> {
        let side = hold.side?;
        if matches!(hold.code, HoldCode::Missing | HoldCode::Stale) {
            return self.unheard(check, side, now);
        }
        let agent = hold.agent.as_ref()?;
        let revoke = format!("tidelock agent revoke {agent} --side {side} --reason TEXT");
        if hold.code == HoldCode::Canary {
            return Some(format!(
                "look at what runs as {side}/{agent}; if it is not to be trusted: {revoke}"
            ));
        }
        (hold.code == HoldCode::Conflict).then_some(revoke)
    }

    /// Whom to bring, or to look at, where too few agents of a side tell of a check; none where all of them do.
    fn unheard(&self, (name, scenario): (&Name, &Scenario), side: Side, now: Timestamp) -> Option<String> {
        let needed = self.plan()?.quorum(scenario, side);
        let enrolled = u32::try_from(self.roster.owing(side, now).count()).unwrap_or(u32::MAX);
        if enrolled < needed {
            let more = count(u64::from(needed - enrolled), "more agent", "more agents");
            return Some(format!("bring {more} to {side}: tidelock agent token --side {side}"));
        }
        let away = self.roster.owing(side, now).filter(|(_, member)| !member.online(now));
        if let Some(away) = named(away.map(|(agent, _)| agent)) {
            return Some(format!("silent: {away}; see: tidelock agent ls"));
        }
        let told = |agent: &AgentKey| self.board.lane(name, agent).and_then(|lane| lane.told_until);
        let untold = self.roster.owing(side, now).map(|(agent, _)| agent);
        let untold = named(untold.filter(|agent| told(agent).is_none_or(|until| until < now)))?;
        Some(format!("no word of it from {untold}; ask now: tidelock check run {name} --side {side}"))
    }
}

/// The agents in a line; none for none.
fn named<'a>(agents: impl Iterator<Item = &'a AgentKey>) -> Option<String> {
    let names: Vec<String> = agents.take(NAMED).map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| list(&names))
}
