//! One slot as evidence sees it: counts of results a side, or nothing.
//!
//! What Tidelock itself kept from running is neither good nor bad news. A target's `not run` counts as
//! not passed where something is to be opened, and is left out where an alarm would be raised; a source's
//! is left out, so that the target is never measured against what nobody saw.

use super::constants::RESULTS_OF_A_FRACTION;

/// Why numbers are no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSide {
    /// No result was counted: such a slot is void.
    NothingCounted,
    /// More passed and not run than counted.
    MoreThanCounted,
    /// A share outside of 0 to 1, or no number.
    NoShare,
}

impl std::fmt::Display for BadSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BadSide::NothingCounted => "a side of a slot counts no result: make the slot void",
            BadSide::MoreThanCounted => "a side of a slot has more results passed and not run than counted",
            BadSide::NoShare => "a share of passed results is not between 0 and 1",
        })
    }
}

impl std::error::Error for BadSide {}

/// What one side answered in one slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideSlot {
    /// Passed of all that were counted.
    all: f64,
    /// Passed of those that ran; none ran: −1.
    ran: f64,
    counted: u32,
    not_run: u32,
}

impl SideSlot {
    /// From counts: `counted` is passed + failed + not run (owed ones too).
    ///
    /// # Errors
    /// Where nothing was counted, or the parts are more than the whole.
    pub fn counts(ok: u32, counted: u32, not_run: u32) -> Result<SideSlot, BadSide> {
        if counted == 0 {
            return Err(BadSide::NothingCounted);
        }
        if ok.checked_add(not_run).is_none_or(|sum| sum > counted) {
            return Err(BadSide::MoreThanCounted);
        }
        let ran = counted - not_run;
        Ok(SideSlot {
            all: f64::from(ok) / f64::from(counted),
            ran: if ran == 0 { -1.0 } else { f64::from(ok) / f64::from(ran) },
            counted,
            not_run,
        })
    }

    /// From a share of passed results alone; it stands for 20 results.
    ///
    /// # Errors
    /// Where the share is outside of 0 to 1.
    pub fn fraction(passed: f64) -> Result<SideSlot, BadSide> {
        if !(0.0..=1.0).contains(&passed) {
            return Err(BadSide::NoShare);
        }
        Ok(SideSlot { all: passed, ran: passed, counted: RESULTS_OF_A_FRACTION as u32, not_run: 0 })
    }

    /// Share of passed results; what did not run counts as not passed.
    pub fn passed_of_all(&self) -> f64 {
        self.all
    }

    /// Share of passed results among those that ran; none where none ran.
    pub fn passed_of_run(&self) -> Option<f64> {
        (self.ran >= 0.0).then_some(self.ran)
    }

    /// Results counted, those not run too.
    pub fn counted(&self) -> u32 {
        self.counted
    }

    /// Results that ran.
    pub fn ran(&self) -> u32 {
        self.counted - self.not_run
    }
}

/// What one target agent saw in one slot; `not run` is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostSlot {
    /// The agent: a number that stays the same for it.
    pub host: u64,
    /// Results that passed.
    pub passed: u32,
    /// Results that failed.
    pub failed: u32,
}

/// One slot of one scenario. Slots come in their order, each once, void ones too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slot<'a> {
    /// Too little was seen to judge: it changes no evidence, and counts against freshness.
    Void,
    /// What both sides answered. A source is missing only where a scenario is judged by the target alone;
    /// elsewhere such a slot is void.
    Pair {
        /// The target's results.
        target: SideSlot,
        /// The source's results.
        source: Option<SideSlot>,
        /// The target's results once more, by agent.
        hosts: &'a [HostSlot],
    },
}
