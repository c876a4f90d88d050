//! What people are told and say beside their decisions: questions with a clock, facts, the master switch, and
//! holds that they override.

use tidelock_model::{Name, Phase, Timestamp};

use crate::ask::{Ask, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::record::{Event, EventKind};
use crate::verdict::{Hold, OverrideStatus};

/// What is remembered of all that.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Desk {}

impl Migration {
    /// Answers an ask that is none about gates, plans, agents or runs.
    pub(crate) fn desk_ask(&self, _now: Timestamp, _ask: &Ask) -> Result<EventKind, Refusal> {
        Err(Refusal::new(RefusalCode::WrongPhase, "not now"))
    }

    /// Takes what was decided there. Gives back whether it fitted.
    pub(crate) fn desk_event(&mut self, _at: Timestamp, _event: &Event) -> bool {
        false
    }

    /// What time and evidence alone have to tell people now.
    pub(crate) fn desk_next(&self, _now: Timestamp) -> Option<(EventKind, Option<Name>)> {
        None
    }

    /// What of it holds the gate.
    pub(crate) fn desk_holds(&self, _gate: Phase, _now: Timestamp) -> Vec<Hold> {
        Vec::new()
    }

    /// The holds that people overrode, the newest last.
    pub fn overrides(&self, _now: Timestamp) -> Vec<OverrideStatus> {
        Vec::new()
    }
}
