//! The way back as an asset that decays: what it would cost now, until when it is there, and what is left behind
//! on the target when somebody takes it.

use tidelock_model::{Name, Side, Timestamp};

use crate::ask::{Ask, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::record::{Event, EventKind};

/// A row that only the target has, since the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its key, as the scenario reports it: `orders/4711`.
    pub key: String,
    /// When it was made, as far as that is known.
    pub made: Option<Timestamp>,
    /// The scenario that saw it.
    pub check: Name,
    /// The side that has it: the target, but for a row that the source alone should have lost.
    pub side: Side,
    /// Who answers for it.
    pub owner: Option<Name>,
    /// What becomes of it.
    pub disposition: Option<String>,
}

impl Migration {
    /// Rows that only the target has since the switch, oldest first, and whether more are there than are kept.
    pub fn leftovers(&self, _now: Timestamp) -> (Vec<Leftover>, bool) {
        (Vec::new(), false)
    }

    pub(crate) fn leftover_ask(&self, _now: Timestamp, _ask: &Ask) -> Result<EventKind, Refusal> {
        Err(Refusal::new(RefusalCode::UnknownLeftover, "no such row is listed"))
    }

    pub(crate) fn leftover_event(&mut self, _at: Timestamp, _event: &Event) -> bool {
        false
    }
}
