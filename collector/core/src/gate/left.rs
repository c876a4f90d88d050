//! The side that a move leaves, once nobody is there any more who could see it.
//!
//! A dead side proves nothing, and on the worst night it never will: its agents died with it. Were the last gate to
//! wait for them, going back would never be complete. So people who know what became of that side may pass over what
//! cannot be seen there, as one named hold, with the plan's quorum for it. Nothing of it is ever called good, and as
//! soon as one agent is heard there again it is judged by what that one sees.

use tidelock_model::{Name, Phase, Side, Timestamp};

use super::needs::Sheet;
use crate::migration::Migration;
use crate::plan::Plan;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::{count, list};

/// So many names are told; the rest is counted.
const NAMED: usize = 5;

/// The side that the move has left for good behind this gate.
fn left_at(gate: Phase) -> Option<Side> {
    match gate {
        Phase::RolledBack => Some(Side::Target),
        Phase::Committed | Phase::Retired => Some(Side::Source),
        Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Watch => None,
        Phase::RollingBack | Phase::Aborted => None,
    }
}

impl Migration {
    /// The side that is left behind this gate, where no agent of it is online.
    pub(crate) fn unseen_side(&self, gate: Phase, now: Timestamp) -> Option<Side> {
        left_at(gate).filter(|side| !self.roster.owing(*side, now).any(|(_, member)| member.online(now)))
    }

    /// People passed over what cannot be seen of the side at this gate.
    pub(crate) fn passed_over(&self, gate: Phase, side: Side, now: Timestamp) -> bool {
        self.unseen_side(gate, now) == Some(side) && self.in_force(gate, now).covers(HoldCode::Unseen.word())
    }

    /// More than silence holds the scenario on that side: what its agents showed before they fell silent is known.
    pub(crate) fn more_than_unseen(&self, gate: Phase, name: &Name, side: Side, now: Timestamp) -> bool {
        let scenario = self.plan().and_then(|plan| plan.scenarios.get(name));
        scenario.is_none_or(|scenario| {
            let holds = self.scenario_holds((name, scenario), (&[side], gate), now);
            !holds.iter().all(of_silence)
        })
    }

    /// What of the gate's scenarios nobody can see any more, as one hold.
    pub(crate) fn unseen_hold(
        &self,
        plan: &Plan,
        (sheet, gate): (&Sheet, Phase),
        now: Timestamp,
    ) -> Option<Hold> {
        let side = self.unseen_side(gate, now).filter(|side| sheet.sides.contains(side))?;
        let asked = sheet
            .scenarios
            .iter()
            .filter(|(name, on)| on.contains(&side) && !self.more_than_unseen(gate, name, side, now));
        let names: Vec<&str> = asked.map(|(name, _)| name.as_str()).collect();
        let told = match names.len().checked_sub(NAMED).filter(|more| *more > 0) {
            None => list(&names),
            Some(more) => format!("{} and {}", names[..NAMED].join(", "), count(more as u64, "more", "more")),
        };
        let since = self.agents_hold(plan, side, now).map_or(self.phase_since, |hold| hold.since);
        let (may, next) = self.way_over(HoldCode::Unseen);
        let reason = format!(
            "no agent on {side} is online, so nobody sees {told} there; whoever knows what became of {side} {may}"
        );
        let mut hold = Hold::new(HoldCode::Unseen, since, reason, next);
        (hold.side, hold.state) = (Some(side), Some(EvidenceState::Missing));
        Some(hold)
    }
}

/// Nothing but silence is behind it.
pub(crate) fn of_silence(hold: &Hold) -> bool {
    matches!(hold.code, HoldCode::Missing | HoldCode::Stale | HoldCode::ClaimUndecided)
}
