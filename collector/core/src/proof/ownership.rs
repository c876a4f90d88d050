//! Who writes: counters of every writer that must not move, on the side that must be silent.
//!
//! Null: a writer that is still active writes at a rate of at least r. Its monotone counter is a witness
//! between two looks, so an unmoved counter over W = ln(1/α)/r rejects that at level α; each violation makes
//! the writer's own next window longer, W_j = W·θ_j/θ₁, which bounds all attempts together. A counter that
//! moved is a violation at once: it is a fact, not a statistic. A job that runs rarely needs a window of its
//! period, or its schedule disabled as evidence. (`docs/DECISION.md`, section 6; unit: milliseconds.)
//!
//! Before the cutover it looks at the target, which must not write yet; after it the caller gives the
//! source's reports instead.

use std::collections::BTreeMap;

use super::dwell::dwell_required;
use super::numbers::ln;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Writers kept; one more than these makes the answer blind for good.
pub const WRITERS: usize = 256;

/// How writers stand, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnershipState {
    /// A counter moved.
    Violation,
    /// A writer that is expected was never heard, or there is none to listen to.
    NoData,
    /// A writer's last report is too old.
    Stale,
    /// No counter moved, but not for long enough.
    Dwelling,
    /// Every writer was silent over its window.
    Pass,
}

impl OwnershipState {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            OwnershipState::Violation => "VIOLATION",
            OwnershipState::NoData => "NO_DATA",
            OwnershipState::Stale => "STALE",
            OwnershipState::Dwelling => "DWELLING",
            OwnershipState::Pass => "PASS",
        }
    }
}

/// How the writers stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipStanding {
    /// The worst of all.
    pub state: OwnershipState,
    /// The writers that stand so; nobody where all pass.
    pub who: Vec<String>,
    /// When the last of them would pass if nothing moves, in milliseconds from now; none where that needs
    /// a report first.
    pub left_ms: Option<u64>,
}

/// W in seconds: the zero-event window that excludes writes at `rate_per_s`, at least one period and jitter
/// of the slowest scheduled job.
pub fn ownership_window(alpha: f64, rate_per_s: f64, longest_job_s: f64) -> f64 {
    (-ln(alpha) / rate_per_s).max(longest_job_s)
}

/// What is known of one writer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Writer {
    boot: String,
    counter: u64,
    since_ms: u64,
    /// None: expected, and not heard of yet.
    last_ms: Option<u64>,
    violations: u32,
    moved: bool,
}

/// The counters of all writers of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Ownership {
    window_s: f64,
    max_gap_ms: u64,
    alpha: f64,
    writers: BTreeMap<String, Writer>,
    overflown: bool,
}

impl Ownership {
    /// The writers that are expected, from discovery and from the operator.
    pub fn new<W: Into<String>>(
        expected: impl IntoIterator<Item = W>,
        window_s: f64,
        max_gap_ms: u64,
        alpha: f64,
    ) -> Option<Ownership> {
        let sound = window_s.is_finite() && 0.0 <= window_s && (f64::MIN_POSITIVE..1.0).contains(&alpha);
        let writers: BTreeMap<_, _> =
            expected.into_iter().map(|name| (name.into(), Writer::default())).take(WRITERS + 1).collect();
        let overflown = WRITERS < writers.len();
        sound.then_some(Ownership { window_s, max_gap_ms, alpha, writers, overflown })
    }

    /// Takes a writer's counter. True where it moved, or a new life of the writer began by writing: that is
    /// a violation. A writer that nobody expected is listened to from now on.
    pub fn report(&mut self, at_ms: u64, writer: &str, boot: &str, counter: u64) -> bool {
        if !self.writers.contains_key(writer) {
            if self.writers.len() == WRITERS {
                self.overflown = true;
                return false;
            }
            self.writers.insert(writer.to_owned(), Writer::default());
        }
        let Some(known) = self.writers.get_mut(writer) else { return false };
        let first = known.last_ms.is_none();
        if known.last_ms.is_some_and(|last| at_ms < last) {
            return false;
        }
        let reboot = !first && known.boot != boot;
        known.moved = !first && if reboot { 0 < counter } else { known.counter != counter };
        if first || reboot || known.moved {
            known.since_ms = at_ms;
            boot.clone_into(&mut known.boot);
            known.counter = counter;
        }
        known.violations = known.violations.saturating_add(u32::from(known.moved));
        known.last_ms = Some(at_ms);
        known.moved
    }

    /// What was written in between is not known: every window begins again, and no violation is counted.
    pub fn restart(&mut self, at_ms: u64) {
        self.writers.values_mut().for_each(|writer| writer.since_ms = writer.since_ms.max(at_ms));
    }

    /// How often each writer's counter moved.
    pub fn violations(&self) -> impl Iterator<Item = (&str, u32)> {
        self.writers.iter().map(|(name, writer)| (&**name, writer.violations))
    }

    /// How the writers stand.
    pub fn standing(&self, now_ms: u64) -> OwnershipStanding {
        let mut standing =
            OwnershipStanding { state: OwnershipState::Pass, who: Vec::new(), left_ms: Some(0) };
        if self.writers.is_empty() || self.overflown {
            standing.state = OwnershipState::NoData;
            standing.left_ms = None;
        }
        for (name, writer) in &self.writers {
            let (state, left_ms) = self.of(writer, now_ms);
            standing.left_ms = standing.left_ms.zip(left_ms).map(|(all, one)| all.max(one));
            if state < standing.state {
                standing.state = state;
                standing.who.clear();
            }
            if state == standing.state && state != OwnershipState::Pass {
                standing.who.push(name.clone());
            }
        }
        standing
    }

    fn of(&self, writer: &Writer, now_ms: u64) -> (OwnershipState, Option<u64>) {
        let required_s = dwell_required(self.window_s, self.alpha, writer.violations.saturating_add(1));
        let silent_s = now_ms.saturating_sub(writer.since_ms) as f64 / 1_000.0;
        let left_ms = Some(((required_s - silent_s).max(0.0) * 1_000.0).ceil() as u64);
        match writer.last_ms {
            None => (OwnershipState::NoData, None),
            Some(_) if writer.moved => (OwnershipState::Violation, left_ms),
            Some(last) if self.max_gap_ms < now_ms.saturating_sub(last) => (OwnershipState::Stale, None),
            Some(_) if silent_s < required_s => (OwnershipState::Dwelling, left_ms),
            Some(_) => (OwnershipState::Pass, left_ms),
        }
    }
}

impl Persist for Ownership {
    fn write(&self, out: &mut StateWriter) {
        out.fraction(self.window_s);
        out.number(self.max_gap_ms);
        out.fraction(self.alpha);
        out.flag(self.overflown);
        out.list(self.writers.iter(), |(name, writer), out| {
            out.text(name);
            out.text(&writer.boot);
            [writer.counter, writer.since_ms, u64::from(writer.violations)]
                .into_iter()
                .for_each(|value| out.number(value));
            out.option(writer.last_ms.as_ref(), |ms, out| out.number(*ms));
            out.flag(writer.moved);
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Ownership, BadState> {
        let (window_s, max_gap_ms, alpha) = (from.fraction()?, from.number()?, from.fraction()?);
        let overflown = from.flag()?;
        let writers = from.map(WRITERS + 1, |from| {
            let (name, boot) = (from.text()?, from.text()?);
            let (counter, since_ms) = (from.number()?, from.number()?);
            let violations = u32::try_from(from.number()?).map_err(|_| from.bad("a count of violations"))?;
            let last_ms = from.option(|from| from.number())?;
            Ok((name, Writer { boot, counter, since_ms, last_ms, violations, moved: from.flag()? }))
        })?;
        let empty = Ownership::new(Vec::<String>::new(), window_s, max_gap_ms, alpha);
        let empty = empty.ok_or_else(|| from.bad("the settings of ownership"))?;
        Ok(Ownership { writers, overflown, ..empty })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn play(reports: &[(u64, &str, &str, u64)], now_s: u64) -> (OwnershipState, Vec<String>, Vec<u32>) {
        let mut owner = Ownership::new(["w1", "w2"], 60.0, 30_000, 0.05).expect("sound settings");
        for (at_s, writer, boot, counter) in reports {
            owner.report(at_s * 1_000, writer, boot, *counter);
        }
        let standing = owner.standing(now_s * 1_000);
        (standing.state, standing.who, owner.violations().map(|(_, many)| many).collect())
    }

    fn who(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    const QUIET: [(u64, &str, &str, u64); 4] =
        [(0, "w1", "b", 7), (0, "w2", "b", 0), (40, "w1", "b", 7), (40, "w2", "b", 0)];

    #[test]
    fn silence_over_the_window_passes_and_a_hole_does_not_break_it() {
        assert_eq!(play(&QUIET, 59).0, OwnershipState::Dwelling);
        assert_eq!(play(&QUIET, 60), (OwnershipState::Pass, vec![], vec![0, 0]));
        assert_eq!(play(&QUIET, 71), (OwnershipState::Stale, who(&["w1", "w2"]), vec![0, 0]));
    }

    #[test]
    fn an_expected_writer_that_nobody_heard_is_no_data() {
        assert_eq!(play(&QUIET[..1], 10), (OwnershipState::NoData, who(&["w2"]), vec![0, 0]));
        assert_eq!(
            Ownership::new(Vec::<String>::new(), 60.0, 1, 0.05).expect("sound").standing(0).state,
            OwnershipState::NoData
        );
    }

    #[test]
    fn a_counter_that_moved_blocks_at_once_and_asks_for_a_longer_window() {
        let mut reports = QUIET.to_vec();
        reports.push((60, "w2", "b", 1));
        assert_eq!(play(&reports, 60), (OwnershipState::Violation, who(&["w2"]), vec![0, 1]));
        reports.extend([(120, "w1", "b", 7), (120, "w2", "b", 1)]);
        assert_eq!(play(&reports, 120), (OwnershipState::Dwelling, who(&["w2"]), vec![0, 1]));
        assert_eq!(play(&reports, 148).0, OwnershipState::Pass, "60 + 87.6 s");
    }

    #[test]
    fn a_reboot_restarts_the_window_and_one_that_begins_by_writing_violates() {
        let mut reports = QUIET.to_vec();
        reports.push((50, "w1", "c", 0));
        assert_eq!(play(&reports, 60), (OwnershipState::Dwelling, who(&["w1"]), vec![0, 0]));
        reports.push((55, "w1", "d", 3));
        assert_eq!(play(&reports, 60), (OwnershipState::Violation, who(&["w1"]), vec![1, 0]));
    }

    #[test]
    fn a_writer_that_nobody_expected_has_to_dwell() {
        let mut reports = QUIET.to_vec();
        reports.push((50, "w9", "b", 12));
        assert_eq!(play(&reports, 60), (OwnershipState::Dwelling, who(&["w9"]), vec![0, 0, 0]));
    }

    #[test]
    fn too_many_writers_are_never_silent() {
        let mut owner = Ownership::new(Vec::<String>::new(), 0.0, 1_000, 0.05).expect("sound");
        (0..=WRITERS).for_each(|writer| {
            owner.report(0, &format!("w{writer}"), "b", 0);
        });
        assert_eq!(owner.standing(0).state, OwnershipState::NoData);
    }

    #[test]
    fn the_window_is_as_long_as_the_rarest_write() {
        assert!((ownership_window(0.05, 1.0 / 600.0, 0.0) - 1797.439).abs() < 1e-3);
        assert_eq!(ownership_window(0.05, 1.0, 86_400.0), 86_400.0);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(reports in prop::collection::vec((0_u64..100, 0..4_u8, 0..2_u8, 0..3_u64), 0..40)) {
            let mut owner = Ownership::new(["w1"], 60.0, 30_000, 0.05).expect("sound settings");
            for (at, writer, boot, counter) in reports {
                owner.report(at * 1_000, &format!("w{writer}"), &format!("b{boot}"), counter);
            }
            let mut out = StateWriter::default();
            owner.write(&mut out);
            let words = out.into_words();
            prop_assert_eq!(Ownership::read(&mut StateReader::new(&words)), Ok(owner));
        }
    }
}
