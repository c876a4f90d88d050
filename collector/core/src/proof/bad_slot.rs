//! Is a slot bad? An outage must be told from failures that come one by one, which every system has.
//!
//! A slot is *suspect* where x_T − x_S ≤ −0.25 and the target has at least 2 failures more than the source's share
//! would give; by the target alone, where x_T ≤ 0.75. With four results, chance does that every few minutes. A
//! suspect slot is *bad* where there are at least 3 failures more, or where one host failed at least 3 times in it
//! and a neighbour: chance spreads failures over the hosts, an outage of one host does not. Neighbours are valid
//! slots in a row in which the host reported.
//!
//! What only the next slot shows is counted in the next slot, which is then bad itself: nothing is taken back, and
//! each sum that the clock has ever shown stands. For that, a suspect slot is no exposure, whatever the next one
//! shows: leaving out time that was seen without an incident can only make the evidence smaller.
//! Source: section 3, and ADR 7 where it differs. Unit: slots.

use super::constants::SUSPECT_FAILURES;
use super::settings::Tuning;
use super::side::SideSlot;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// What the incident clock is told of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SlotHealth {
    /// Exposure, or a step towards the end of an incident.
    #[default]
    Good,
    /// Neither good nor bad, and the next slot may still show that it was bad.
    Suspect,
    /// An incident begins or lasts.
    Bad,
}

impl SlotHealth {
    /// The health of the slot after this one. `one_host`: one host of the target failed often in the two together.
    pub(crate) fn then(
        self,
        target: &SideSlot,
        source: Option<f64>,
        one_host: bool,
        tuning: &Tuning,
    ) -> SlotHealth {
        let drop = source.unwrap_or(1.0) - target.passed_of_all();
        // One part in a billion is below any count, and above what dividing counts loses.
        let failures_above = f64::from(target.counted()) * drop + 1e-9;
        let low = drop >= tuning.bad_drop;
        let suspect = low && failures_above >= SUSPECT_FAILURES;
        if (low && failures_above >= tuning.bad_failures)
            || (one_host && (suspect || self == SlotHealth::Suspect))
        {
            SlotHealth::Bad
        } else if suspect {
            SlotHealth::Suspect
        } else {
            SlotHealth::Good
        }
    }
}

impl Persist for SlotHealth {
    fn write(&self, out: &mut StateWriter) {
        out.number(match self {
            SlotHealth::Good => 0,
            SlotHealth::Suspect => 1,
            SlotHealth::Bad => 2,
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<SlotHealth, BadState> {
        match from.number()? {
            0 => Ok(SlotHealth::Good),
            1 => Ok(SlotHealth::Suspect),
            2 => Ok(SlotHealth::Bad),
            _ => Err(from.bad("a slot's health")),
        }
    }
}
