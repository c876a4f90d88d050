//! How many agents of a side told of a check just now, and how many must have: one alone may lie.
//!
//! Slots and what must be quiet count their own agents, by the same number. Here are counted those whose findings
//! are believed one by one, or compared as they come.

use tidelock_model::{AgentKey, Name, Side, Timestamp};

use super::Seen;
use crate::board::Lane;
use crate::gate::MOMENT;
use crate::plan::{ClaimKind, Joint, Scenario};
use crate::roster::Member;
use crate::words::count;

/// The agents of a side that told of a check.
pub(crate) struct Voices {
    told: u64,
    needed: u64,
    /// Until when enough of them told, if nothing more is heard; none where too few did.
    pub(crate) until: Option<Timestamp>,
    /// When they became too few, where they once were enough.
    pub(crate) since: Option<Timestamp>,
}

impl Voices {
    /// Such as `1 of at least 2 agents on target told of login`.
    pub(crate) fn words(&self, name: &Name, side: Side) -> String {
        too_few((self.told, self.needed), name, side)
    }
}

/// The same for a caller that counted them itself.
pub(crate) fn too_few((told, needed): (u64, u64), name: &Name, side: Side) -> String {
    format!("{told} of at least {} on {side} told of {name}", count(needed, "agent", "agents"))
}

/// Counts the agents of the side that looked and whose word is fresh. None where what the claims say is all that
/// there is to count.
pub(crate) fn voices(
    seen: Seen<'_>,
    (name, scenario): (&Name, &Scenario),
    side: Side,
    now: Timestamp,
) -> Option<Voices> {
    let own = scenario.quorum(side);
    let least = own.unwrap_or(seen.least[usize::from(side == Side::Target)]);
    if least < 2 || !counted_here(scenario, side, own.is_some()) {
        return None;
    }
    let of_member = |(agent, member): (&AgentKey, &Member)| {
        told_until(seen.board.lane(name, agent)?, (agent, member), name, now)
    };
    let mut ends: Vec<Timestamp> = seen.roster.owing(side, now).filter_map(of_member).collect();
    ends.sort_unstable_by(|a, b| b.cmp(a));
    let told = ends.iter().filter(|end| now <= **end).count();
    let last = usize::try_from(least - 1).ok().and_then(|last| ends.get(last)).copied();
    Some(Voices {
        told: told as u64,
        needed: u64::from(least),
        until: last.filter(|end| now <= *end),
        since: last,
    })
}

/// Until when the agent's word of the check counts; none where it has none that is believed.
fn told_until(
    lane: &Lane,
    (agent, member): (&AgentKey, &Member),
    name: &Name,
    now: Timestamp,
) -> Option<Timestamp> {
    let ends = lane.told_until.filter(|_| lane.wrong.is_none() && lane.unanswered.is_none())?;
    let kept = member.suspended.is_some() || member.doubted_since.is_some();
    let kept = kept || member.refused.contains_key(name) || member.not_believed(agent, now).is_some();
    (!kept).then(|| ends.min(member.certificate_ends.minus(MOMENT)))
}

/// Something of the check rests on what agents of the side tell one by one. A simple claim asks each agent that
/// owes findings already, so it is counted only where the check has a number of its own.
fn counted_here(scenario: &Scenario, side: Side, own: bool) -> bool {
    let joint = |joint: &Joint| match joint {
        Joint::Parity(_) | Joint::Marks { .. } => true,
        Joint::NoDependencyOn(other) => *other != side,
        Joint::Success(_) | Joint::Latency(_) | Joint::SameResponse { .. } => false,
        Joint::Gauge(_) | Joint::Drained(_) | Joint::Silent(_) | Joint::Owner { .. } => false,
    };
    scenario.claims.iter().any(|claim| match &claim.kind {
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => own,
        ClaimKind::Joint(claim) => joint(claim),
    })
}
