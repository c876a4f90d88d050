//! Whose fault is it: would going back help?
//!
//! Episode: the slots since the running sum s ← max(0, s + fail_T − p0) was last 0. "Rollback" iff
//! mean fail_T − mean fail_S ≥ max(p0, mean fail_T/2), else "incident": both sides suffer, and going back does
//! not help. Where the source was silent for most of the episode nobody can tell, and a person must.
//! Source: section 8. Unit: slots.

use super::state::{BadState, Persist, StateReader, StateWriter};

/// Whose fault an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The target alone: going back helps.
    Rollback,
    /// Both sides, or nobody: going back does not help.
    Incident,
    /// The source did not answer: going back is for a person to decide.
    SourceSilent,
}

impl Blame {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            Blame::Rollback => "ROLLBACK",
            Blame::Incident => "INCIDENT",
            Blame::SourceSilent => "SOURCE_SILENT",
        }
    }
}

/// What happened since the target was last well.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Episode {
    running: f64,
    target_failed: f64,
    source_failed: f64,
    slots: u32,
    source_slots: u32,
}

impl Episode {
    /// Takes the shares of failures of one slot, each in [0, 1]; the source's where it answered.
    pub fn step(&mut self, target_failed: f64, source_failed: Option<f64>, healthy: f64) {
        let running = (self.running + target_failed - healthy).max(0.0);
        if running == 0.0 {
            *self = Episode::default();
            return;
        }
        self.running = running;
        self.target_failed += target_failed;
        self.slots = self.slots.saturating_add(1);
        if let Some(failed) = source_failed {
            self.source_failed += failed;
            self.source_slots = self.source_slots.saturating_add(1);
        }
    }

    /// Slots of the episode; 0 while all is well.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Mean shares of failures in the episode, target and source.
    pub fn means(&self) -> (f64, Option<f64>) {
        let mean = |sum: f64, count: u32| if count == 0 { 0.0 } else { sum / f64::from(count) };
        let source = (self.source_slots > 0).then(|| mean(self.source_failed, self.source_slots));
        (mean(self.target_failed, self.slots), source)
    }

    /// Whose fault it is.
    pub fn blame(&self, healthy: f64) -> Blame {
        let (target, source) = self.means();
        if self.slots == 0 {
            return Blame::Incident;
        }
        match source {
            Some(source) if self.source_slots.saturating_mul(2) >= self.slots => {
                let alone = target - source >= healthy.max(target / 2.0);
                if alone { Blame::Rollback } else { Blame::Incident }
            }
            Some(_) | None => Blame::SourceSilent,
        }
    }
}

impl Persist for Episode {
    fn write(&self, out: &mut StateWriter) {
        out.fractions(&[self.running, self.target_failed, self.source_failed]);
        out.number(u64::from(self.slots));
        out.number(u64::from(self.source_slots));
    }

    fn read(from: &mut StateReader<'_>) -> Result<Episode, BadState> {
        let [running, target_failed, source_failed] = from.finite()?;
        let (slots, source_slots) = (from.small()?, from.small()?);
        Ok(Episode { running, target_failed, source_failed, slots, source_slots })
    }
}
