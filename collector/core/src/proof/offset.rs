//! How far an agent's clock is from the collector's, and how sure that is.
//!
//! A heartbeat exchange has four moments: sent (t0, agent), received (t1, collector), answered (t2,
//! collector), received (t3, agent). θ = ((t1−t0)+(t2−t3))/2 is what must be added to agent time, with the
//! error bound ε = ((t3−t0)−(t2−t1))/2: the answer travelled for no less than nothing. Of the last 8
//! exchanges the one with the shortest way is believed. (`docs/DECISION.md`, section 2, as NTP does; limits
//! of the contract; unit: milliseconds.)
//!
//! An agent whose clock is not believed is missing coverage: its results would be put into the wrong slots.

use std::collections::VecDeque;

use tidelock_model::mutated;

use super::state::{BadState, Persist, StateReader, StateWriter};

/// Exchanges remembered; so many must agree after a jump.
const EXCHANGES: usize = 8;
/// From this offset on the agent is warned about.
const WARN_OFFSET_MS: f64 = 2_000.0;
/// From this offset on it is quarantined.
const QUARANTINE_OFFSET_MS: f64 = 30_000.0;

/// An offset and its error bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offset {
    /// θ: collector time less agent time.
    pub theta_ms: f64,
    /// ε: the offset is within θ ± ε.
    pub epsilon_ms: f64,
}

/// How an agent's clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockStanding {
    /// It is believed.
    Good,
    /// It is believed and corrected, and worth a warning.
    Warn,
    /// No exchange yet.
    Unknown,
    /// The offset is known too badly for the slot's length.
    Uncertain,
    /// It jumped by more than half of a slot, and has not been steady since.
    Jumped,
    /// It is off by more than anything that should be corrected.
    Off,
}

impl ClockStanding {
    /// Its agent is missing coverage.
    pub fn quarantined(self) -> bool {
        match self {
            ClockStanding::Good | ClockStanding::Warn => false,
            ClockStanding::Unknown
            | ClockStanding::Uncertain
            | ClockStanding::Jumped
            | ClockStanding::Off => true,
        }
    }
}

/// The offset of one exchange; none where a clock ran backwards in it, or a moment is no number.
pub fn offset_of([t0, t1, t2, t3]: [f64; 4]) -> Option<Offset> {
    let theta_ms = ((t1 - t0) + (t2 - t3)) / 2.0;
    let epsilon_ms = ((t3 - t0) - (t2 - t1)) / 2.0;
    let sound = theta_ms.is_finite() && 0.0 <= epsilon_ms && epsilon_ms.is_finite();
    sound.then_some(Offset { theta_ms, epsilon_ms })
}

/// The clock of one agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentClock {
    exchanges: VecDeque<Offset>,
    /// The largest jump of late, and for how many exchanges it has been steady since.
    jump: Option<(f64, u32)>,
}

impl AgentClock {
    /// Takes an exchange. One that contradicts what was believed takes its place: the clock moved.
    pub fn exchange(&mut self, moments: [f64; 4]) -> Option<Offset> {
        let new = offset_of(moments)?;
        self.note_jump(new);
        if self.exchanges.len() == EXCHANGES {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back(new);
        Some(new)
    }

    /// Takes the best offset of several exchanges, as somebody else chose it: it stands for all before.
    pub fn told(&mut self, new: Offset) {
        self.note_jump(new);
        self.exchanges.clear();
        self.exchanges.push_back(new);
    }

    fn note_jump(&mut self, new: Offset) {
        if let Some((_, steady)) = &mut self.jump {
            *steady += 1;
        }
        self.jump = self.jump.filter(|(_, steady)| (*steady as usize) < EXCHANGES);
        if let Some(old) = self.offset() {
            let moved = (new.theta_ms - old.theta_ms).abs();
            if new.epsilon_ms + old.epsilon_ms < moved {
                let largest = self.jump.map_or(moved, |(before, _)| before.max(moved));
                self.jump = Some((largest, 0));
                self.exchanges.clear();
            }
        }
    }

    /// What is believed: the exchange with the smallest error, of equal ones the latest.
    pub fn offset(&self) -> Option<Offset> {
        self.exchanges
            .iter()
            .rev()
            .copied()
            .reduce(|best, other| if other.epsilon_ms < best.epsilon_ms { other } else { best })
    }

    /// How the clock stands for slots of that length.
    pub fn standing(&self, slot_ms: u64) -> ClockStanding {
        let Some(offset) = self.offset() else { return ClockStanding::Unknown };
        let slot_ms = slot_ms as f64;
        if QUARANTINE_OFFSET_MS < offset.theta_ms.abs() && !mutated("a-clock-that-is-off-is-out") {
            ClockStanding::Off
        } else if self.jump.is_some_and(|(jump, _)| slot_ms / 2.0 < jump) {
            ClockStanding::Jumped
        } else if slot_ms / 4.0 < offset.epsilon_ms {
            ClockStanding::Uncertain
        } else if WARN_OFFSET_MS < offset.theta_ms.abs() {
            ClockStanding::Warn
        } else {
            ClockStanding::Good
        }
    }
}

impl Persist for AgentClock {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.exchanges.iter(), |offset, out| {
            out.fraction(offset.theta_ms);
            out.fraction(offset.epsilon_ms);
        });
        out.option(self.jump.as_ref(), |(jump, steady), out| {
            out.fraction(*jump);
            out.number(u64::from(*steady));
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<AgentClock, BadState> {
        let exchanges = from.list(EXCHANGES, |from| {
            let (theta_ms, epsilon_ms) = (from.fraction()?, from.fraction()?);
            let sound = theta_ms.is_finite() && 0.0 <= epsilon_ms && epsilon_ms.is_finite();
            if sound { Ok(Offset { theta_ms, epsilon_ms }) } else { Err(from.bad("an error bound")) }
        })?;
        let jump = from.option(|from| {
            let jump = from.fraction()?;
            let steady = from.count(EXCHANGES)?;
            Ok((jump, steady as u32))
        })?;
        Ok(AgentClock { exchanges: exchanges.into(), jump })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An exchange of an agent that is `behind` ms behind, over a way of `there` and `back` ms.
    fn exchange(at: f64, behind: f64, there: f64, back: f64) -> [f64; 4] {
        [at, at + behind + there, at + behind + there, at + there + back]
    }

    fn clock(exchanges: &[[f64; 4]]) -> AgentClock {
        let mut clock = AgentClock::default();
        exchanges.iter().for_each(|moments| {
            clock.exchange(*moments);
        });
        clock
    }

    #[test]
    fn the_shortest_way_of_the_last_eight_is_believed() {
        let mut exchanges = vec![exchange(0.0, 100.0, 1.0, 1.0)];
        exchanges.extend((1..8).map(|n| exchange(f64::from(n), 100.0, 40.0, 2.0)));
        assert_eq!(clock(&exchanges).offset(), Some(Offset { theta_ms: 100.0, epsilon_ms: 1.0 }));
        exchanges.push(exchange(9.0, 100.0, 40.0, 2.0));
        assert_eq!(clock(&exchanges).offset(), Some(Offset { theta_ms: 119.0, epsilon_ms: 21.0 }));
    }

    #[test]
    fn a_clock_is_warned_about_and_then_believed_no_more() {
        let standing = |behind, way| clock(&[exchange(0.0, behind, way, way)]).standing(10_000);
        assert_eq!(standing(2_000.0, 1.0), ClockStanding::Good);
        assert_eq!(standing(-2_001.0, 1.0), ClockStanding::Warn);
        assert_eq!(standing(30_001.0, 1.0), ClockStanding::Off);
        assert_eq!(standing(0.0, 2_500.0), ClockStanding::Good);
        assert_eq!(standing(0.0, 2_501.0), ClockStanding::Uncertain);
        assert_eq!(AgentClock::default().standing(10_000), ClockStanding::Unknown);
    }

    #[test]
    fn a_jump_quarantines_until_eight_exchanges_agree() {
        let mut exchanges = vec![exchange(0.0, 0.0, 1.0, 1.0), exchange(1.0, 5_010.0, 1.0, 1.0)];
        assert_eq!(clock(&exchanges).standing(10_000), ClockStanding::Jumped);
        assert_eq!(clock(&exchanges).standing(60_000), ClockStanding::Warn, "small for a long slot");
        exchanges.extend((2..9).map(|n| exchange(f64::from(n), 5_010.0, 1.0, 1.0)));
        assert_eq!(clock(&exchanges).standing(10_000), ClockStanding::Jumped);
        exchanges.push(exchange(9.0, 5_010.0, 1.0, 1.0));
        assert_eq!(clock(&exchanges).standing(10_000), ClockStanding::Warn);
    }

    #[test]
    fn an_exchange_that_cannot_be_is_not_taken() {
        assert_eq!(offset_of([10.0, 5.0, 5.0, 9.0]), None);
        assert_eq!(offset_of([f64::NAN, 0.0, 0.0, 0.0]), None);
        assert_eq!(offset_of([0.0, f64::INFINITY, f64::INFINITY, 0.0]), None);
    }

    proptest! {
        #[test]
        fn the_true_offset_is_within_the_bound(behind in -9e4..9e4_f64, there in 0.0..3e3_f64, back in 0.0..3e3_f64) {
            let offset = offset_of(exchange(1e6, behind, there, back)).expect("sound");
            prop_assert!((offset.theta_ms - behind).abs() <= offset.epsilon_ms + 1e-6);
        }

        #[test]
        fn what_is_written_is_read_back(ways in prop::collection::vec((-9e3..9e3_f64, 0.0..50.0_f64), 0..20)) {
            let exchanges: Vec<_> = ways.iter().map(|(behind, way)| exchange(0.0, *behind, *way, *way)).collect();
            let clock = clock(&exchanges);
            let mut out = StateWriter::default();
            clock.write(&mut out);
            let words = out.into_words();
            prop_assert_eq!(AgentClock::read(&mut StateReader::new(&words)), Ok(clock));
        }
    }
}
