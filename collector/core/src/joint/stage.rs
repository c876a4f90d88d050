//! Which side a scenario is judged by at present, and whether it is compared with the other.
//!
//! Before the switch the target must be as good as the source. After it production load is on one side:
//! that side must be good by itself, and the other, perhaps fenced by then, is nothing to compare with.

use tidelock_model::Side;

use crate::migration::Traffic;
use crate::plan::Scenario;
use crate::proof::slots::Compared;

/// How a scenario's slots are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stage {
    /// The side that must be good.
    pub(crate) subject: Side,
    /// The source is what it is compared with.
    pub(crate) compared: bool,
    /// Production load is on the target.
    pub(crate) switched: bool,
}

impl Stage {
    pub(crate) fn of(scenario: &Scenario, traffic: &Traffic) -> Stage {
        let moved = traffic.switched.is_some() || traffic.back.is_some();
        let wanted = if traffic.back.is_some() { Side::Source } else { Side::Target };
        let other = match wanted {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        };
        let subject = if scenario.sides.contains(&wanted) { wanted } else { other };
        Stage {
            subject,
            compared: !moved && scenario.sides.len() == Side::BOTH.len(),
            switched: traffic.switched.is_some() && traffic.back.is_none(),
        }
    }

    pub(crate) fn reads(self) -> Compared {
        if self.compared { Compared::Both } else { Compared::Only(self.subject) }
    }

    /// A word of that side is asked for at all.
    pub(crate) fn asks(self, side: Side) -> bool {
        self.compared || side == self.subject
    }
}
