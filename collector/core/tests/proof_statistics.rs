//! What no worked case can ask of the statistical engine: any slots in any order.
//!
//! A failure prints the seed and the smallest sequence that still fails.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

use proptest::prelude::*;
use tidelock_core::proof::{
    HostSlot, LatencyBucket, LatencyGate, LatencySettings, LatencySide, LatencySlot, Level, Persist,
    ScenarioGate, ScenarioSettings, SideSlot, Slot, StateReader, StateWriter, Watch, WatchSettings,
};

/// One slot, as counts: passed, failed, not run; of the target and of the source.
#[derive(Debug, Clone)]
enum Step {
    Void,
    Pair([u32; 3], [u32; 3]),
}

fn step() -> impl Strategy<Value = Step> {
    let counts =
        || prop_oneof![6 => Just([4, 0, 0]), 1 => Just([0, 4, 0]), 2 => prop::array::uniform3(0..4_u32)];
    prop_oneof![1 => Just(Step::Void), 6 => (counts(), counts()).prop_map(|(target, source)| Step::Pair(target, source))]
}

fn side([ok, failed, not_run]: [u32; 3]) -> Option<SideSlot> {
    SideSlot::counts(ok, ok + failed + not_run, not_run).ok()
}

fn with_slot<R>(step: &Step, then: impl FnOnce(&Slot<'_>) -> R) -> R {
    match step {
        Step::Void => then(&Slot::Void),
        Step::Pair(target, source) => {
            let hosts = [
                HostSlot { host: 3, passed: target[0] / 2, failed: target[1] / 2 },
                HostSlot { host: 1, passed: target[0] - target[0] / 2, failed: target[1] - target[1] / 2 },
            ];
            match side(*target) {
                Some(target) => then(&Slot::Pair { target, source: side(*source), hosts: &hosts }),
                None => then(&Slot::Void),
            }
        }
    }
}

fn latencies(step: &Step) -> Option<(Vec<f64>, Vec<f64>)> {
    let of = |[ok, failed, strange]: [u32; 3]| {
        let mut each: Vec<f64> = (0..ok * 9).map(|nth| 80.0 + f64::from(nth * 7 % 40)).collect();
        each.extend((0..failed).map(|_| f64::INFINITY));
        each.extend((0..strange).map(|nth| [f64::NAN, -1.0, f64::NEG_INFINITY][nth as usize % 3]));
        each
    };
    match step {
        Step::Void => None,
        Step::Pair(target, source) => Some((of(*target), of(*source))),
    }
}

fn slot_latency(gate: &mut LatencyGate, step: &Step) {
    match &latencies(step) {
        None => gate.slot(&LatencySlot::Void),
        Some((target, source)) => {
            let (target, source) = (LatencySide::Each(target), LatencySide::Each(source));
            gate.slot(&LatencySlot::Pair { target, source });
        }
    }
}

fn words<T: Persist>(state: &T) -> Vec<u64> {
    let mut out = StateWriter::default();
    state.write(&mut out);
    out.into_words()
}

fn read<T: Persist>(words: &[u64]) -> Result<T, tidelock_core::proof::BadState> {
    let mut from = StateReader::new(words);
    let state = T::read(&mut from)?;
    from.end()?;
    Ok(state)
}

fn gate() -> ScenarioGate {
    ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap()
}

fn latency_gate() -> LatencyGate {
    LatencyGate::new(LatencySettings::of(0.95)).unwrap()
}

fn watch() -> Watch {
    Watch::new(WatchSettings::of(360, 2)).unwrap()
}

fn watch_slot(watch: &mut Watch, step: &Step) {
    with_slot(step, |slot| watch.slot(&[*slot, Slot::Void]));
}

/// Reads a state back half way, goes on with both, and wants the same bits in the end.
fn resumes<T: Persist + PartialEq + std::fmt::Debug>(
    mut state: T,
    steps: &[Step],
    at: usize,
    take: impl Fn(&mut T, &Step),
) {
    let at = at.min(steps.len());
    steps[..at].iter().for_each(|step| take(&mut state, step));
    let mut again: T = read(&words(&state)).unwrap();
    assert_eq!(again, state);
    for step in &steps[at..] {
        take(&mut state, step);
        take(&mut again, step);
    }
    assert_eq!(words(&again), words(&state));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_the_rest_are_the_whole(steps in prop::collection::vec(step(), 0..200), at in 0..200_usize) {
        resumes(gate(), &steps, at, |gate, step| with_slot(step, |slot| gate.slot(slot)));
        resumes(latency_gate(), &steps, at, slot_latency);
        resumes(watch(), &steps, at, watch_slot);
    }

    #[test]
    fn a_void_slot_moves_no_evidence(steps in prop::collection::vec(step(), 0..200)) {
        let (mut gate, mut latency) = (gate(), latency_gate());
        for step in &steps {
            with_slot(step, |slot| gate.slot(slot));
            slot_latency(&mut latency, step);
            let (before, latency_before) = (gate.course(), latency.course());
            gate.slot(&Slot::Void);
            latency.slot(&LatencySlot::Void);
            let after = gate.course();
            prop_assert_eq!(before.ln_e, after.ln_e);
            prop_assert_eq!(before.ln_e_worse.to_bits(), after.ln_e_worse.to_bits());
            prop_assert_eq!((before.slots, before.results, before.attempt), (after.slots, after.results, after.attempt));
            prop_assert_eq!(before.void_slots + 1, after.void_slots);
            prop_assert_eq!(latency_before.ln_e.to_bits(), latency.course().ln_e.to_bits());
        }
    }

    #[test]
    fn nothing_but_numbers_is_ever_kept(steps in prop::collection::vec(step(), 0..200)) {
        let (mut gate, mut latency) = (gate(), latency_gate());
        for step in &steps {
            with_slot(step, |slot| gate.slot(slot));
            slot_latency(&mut latency, step);
        }
        let course = gate.course();
        prop_assert!(course.ln_e.ni.unwrap().is_finite() && course.ln_e.slo.is_finite());
        prop_assert!(course.ln_e.clock.is_finite() && course.ln_e_worse.is_finite());
        prop_assert!(course.percent <= 100 && course.eta_slots.is_none_or(|eta| eta >= 0.0 && eta.is_finite()));
        prop_assert!(latency.course().ln_e.is_finite());
    }

    #[test]
    fn the_order_of_hosts_does_not_matter(
        slots in prop::collection::vec(prop::array::uniform3((0..3_u32, 0..3_u32)), 0..60),
    ) {
        let (mut one, mut other) = (gate(), gate());
        let source = SideSlot::fraction(1.0).ok();
        for slot in &slots {
            let mut hosts = Vec::new();
            for (host, (passed, failed)) in slot.iter().enumerate() {
                hosts.push(HostSlot { host: host as u64, passed: *passed, failed: *failed });
            }
            let (passed, failed) = slot.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
            let Ok(target) = SideSlot::counts(passed, passed + failed, 0) else { continue };
            one.slot(&Slot::Pair { target, source, hosts: &hosts });
            hosts.reverse();
            other.slot(&Slot::Pair { target, source, hosts: &hosts });
        }
        prop_assert_eq!(words(&one), words(&other));
    }

    #[test]
    fn a_broken_state_is_an_error_or_a_state(
        steps in prop::collection::vec(step(), 0..20),
        at in 0..400_usize,
        word in prop_oneof![any::<u64>(), Just(f64::NAN.to_bits()), Just(f64::INFINITY.to_bits()), 0..10_u64],
    ) {
        let (mut gate, mut latency, mut watch) = (gate(), latency_gate(), watch());
        for step in &steps {
            with_slot(step, |slot| gate.slot(slot));
            slot_latency(&mut latency, step);
            watch_slot(&mut watch, step);
        }
        broken(&gate, at, word);
        broken(&latency, at, word);
        broken(&watch, at, word);
    }
}

fn broken<T: Persist>(state: &T, at: usize, word: u64) {
    let mut words = words(state);
    let at = at % words.len();
    assert!(read::<T>(&words[..at]).is_err(), "cut at {at}");
    words[at] = word;
    let _ = read::<T>(&words);
}

#[test]
fn what_is_no_share_is_refused() {
    for absurd in [f64::NAN, f64::INFINITY, -0.01, 1.01] {
        assert!(SideSlot::fraction(absurd).is_err());
        let settings = ScenarioSettings::of(Level::Quick, 10.0);
        assert!(ScenarioGate::new(ScenarioSettings { margin: absurd, ..settings }).is_err());
        assert!(ScenarioGate::new(ScenarioSettings { slo: absurd, ..settings }).is_err());
        assert!(ScenarioGate::new(ScenarioSettings { alpha: absurd, ..settings }).is_err());
        assert!(LatencyGate::new(LatencySettings { quantile: absurd, ..LatencySettings::of(0.5) }).is_err());
    }
    assert!(SideSlot::counts(0, 0, 0).is_err());
    assert!(SideSlot::counts(3, 4, 2).is_err());
    assert!(SideSlot::counts(u32::MAX, 4, u32::MAX).is_err());
    assert!(Watch::new(WatchSettings::of(0, 1)).is_err());
}

#[test]
fn buckets_are_read_against_the_target() {
    let mut gate = latency_gate();
    assert!(gate.freeze_at(100.0));
    let buckets = [
        LatencyBucket { above_ms: 0.0, up_to_ms: 95.0, count: 90 },
        LatencyBucket { above_ms: 95.0, up_to_ms: 120.0, count: 10 },
    ];
    let side = LatencySide::Buckets { buckets: &buckets, failed: 0 };
    gate.slot(&LatencySlot::Pair { target: side, source: side });
    assert_eq!(gate.course().last_shares, Some((0.9, 1.0)));
}
