//! From what each component says to the one word of a gate.
//!
//! First that applies: anything known to be bad is NOT_READY; nothing known, or not known any more, is
//! BLIND; anything not proved is WAIT; an operator's hold is HOLD; else READY. All must pass, so the chance
//! that the gate opens while any one null holds is no larger than that component's own level, and no
//! correction for many is needed (intersection-union, Berger 1982). (`docs/DECISION.md`, section 9.)

use super::digests::DigestState;
use super::dwell::DwellState;
use super::ownership::OwnershipState;
use super::scenario::ScenarioVerdict;

/// What a component's word means for a gate, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Known to be bad.
    Bad,
    /// Not known, or not any more.
    Blind,
    /// Neither bad nor proved.
    Unproved,
    /// Proved, and fresh.
    Proved,
}

/// The word inside, before it is told outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateWord {
    /// Something is known to be bad.
    NotReady,
    /// Something is not known.
    Blind,
    /// Something is not proved yet.
    Wait,
    /// A person holds it.
    Hold,
    /// Everything is proved.
    Ready,
}

impl GateWord {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            GateWord::NotReady => "NOT_READY",
            GateWord::Blind => "BLIND",
            GateWord::Wait => "WAIT",
            GateWord::Hold => "HOLD",
            GateWord::Ready => "READY",
        }
    }
}

/// The gate's word for its components; of none it is blind.
pub fn combine(components: impl IntoIterator<Item = Standing>, operator_hold: bool) -> GateWord {
    match components.into_iter().min() {
        Some(Standing::Bad) => GateWord::NotReady,
        None | Some(Standing::Blind) => GateWord::Blind,
        Some(Standing::Unproved) => GateWord::Wait,
        Some(Standing::Proved) if operator_hold => GateWord::Hold,
        Some(Standing::Proved) => GateWord::Ready,
    }
}

impl Standing {
    /// What a component's word of the specification means; a word that it does not know is not proved.
    pub fn of_word(word: &str) -> Standing {
        match word {
            "REGRESSED" | "WORSE" | "HOST_DOWN" | "VETO" | "MISMATCH" | "UNSTABLE" | "VIOLATION" => {
                Standing::Bad
            }
            "NO_DATA" | "STALE" => Standing::Blind,
            "PASS" => Standing::Proved,
            _ => Standing::Unproved,
        }
    }
}

impl From<ScenarioVerdict> for Standing {
    fn from(verdict: ScenarioVerdict) -> Standing {
        match verdict {
            ScenarioVerdict::Regressed
            | ScenarioVerdict::HostDown
            | ScenarioVerdict::Veto
            | ScenarioVerdict::Worse => Standing::Bad,
            ScenarioVerdict::NoData => Standing::Blind,
            ScenarioVerdict::Undecided => Standing::Unproved,
            ScenarioVerdict::Pass => Standing::Proved,
        }
    }
}

impl From<DwellState> for Standing {
    fn from(state: DwellState) -> Standing {
        match state {
            DwellState::NoData | DwellState::Stale => Standing::Blind,
            DwellState::Above | DwellState::Dwelling => Standing::Unproved,
            DwellState::Pass => Standing::Proved,
        }
    }
}

impl From<OwnershipState> for Standing {
    fn from(state: OwnershipState) -> Standing {
        match state {
            OwnershipState::Violation => Standing::Bad,
            OwnershipState::NoData | OwnershipState::Stale => Standing::Blind,
            OwnershipState::Dwelling => Standing::Unproved,
            OwnershipState::Pass => Standing::Proved,
        }
    }
}

impl From<DigestState> for Standing {
    fn from(state: DigestState) -> Standing {
        match state {
            DigestState::Mismatch | DigestState::Unstable => Standing::Bad,
            DigestState::NoData | DigestState::Stale => Standing::Blind,
            DigestState::Lagging | DigestState::Dwelling => Standing::Unproved,
            DigestState::Pass => Standing::Proved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(words: &[&str], hold: bool) -> &'static str {
        combine(words.iter().map(|word| Standing::of_word(word)), hold).word()
    }

    #[test]
    fn the_first_that_applies_is_the_word() {
        assert_eq!(gate(&["PASS", "PASS"], false), "READY");
        assert_eq!(gate(&["PASS", "PASS"], true), "HOLD");
        assert_eq!(gate(&["PASS", "UNDECIDED"], true), "WAIT");
        assert_eq!(gate(&["LAGGING", "STALE"], true), "BLIND");
        assert_eq!(gate(&["NO_DATA", "VIOLATION", "PASS"], true), "NOT_READY");
        assert_eq!(gate(&[], true), "BLIND");
        assert_eq!(gate(&["pass"], false), "WAIT", "a word that nobody defined opens nothing");
    }

    #[test]
    fn every_state_means_what_its_word_means() {
        let verdicts = [
            ScenarioVerdict::NoData,
            ScenarioVerdict::Regressed,
            ScenarioVerdict::HostDown,
            ScenarioVerdict::Veto,
            ScenarioVerdict::Worse,
            ScenarioVerdict::Pass,
            ScenarioVerdict::Undecided,
        ];
        verdicts.iter().for_each(|v| assert_eq!(Standing::from(*v), Standing::of_word(v.word())));
        let gauges = [
            DwellState::NoData,
            DwellState::Stale,
            DwellState::Above,
            DwellState::Dwelling,
            DwellState::Pass,
        ];
        gauges.iter().for_each(|v| assert_eq!(Standing::from(*v), Standing::of_word(v.word())));
        let owners = [
            OwnershipState::Violation,
            OwnershipState::NoData,
            OwnershipState::Stale,
            OwnershipState::Dwelling,
            OwnershipState::Pass,
        ];
        owners.iter().for_each(|v| assert_eq!(Standing::from(*v), Standing::of_word(v.word())));
        let data = [
            DigestState::Mismatch,
            DigestState::Unstable,
            DigestState::NoData,
            DigestState::Stale,
            DigestState::Lagging,
            DigestState::Dwelling,
            DigestState::Pass,
        ];
        data.iter().for_each(|v| assert_eq!(Standing::from(*v), Standing::of_word(v.word())));
    }
}
