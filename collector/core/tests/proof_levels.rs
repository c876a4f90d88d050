//! The promised levels and times, in small: a few seeded runs, so that a broken formula is noticed at once.
//!
//! The full table is the work of `make bench-decision`; here the margins are wide enough for a few runs.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

use tidelock_core::proof::{
    Blame, HostSlot, LatencyGate, LatencySettings, LatencySide, LatencySlot, Level, ScenarioGate,
    ScenarioSettings, ScenarioVerdict, SideSlot, Slot, Watch, WatchSettings, best_case_latency_slots,
    best_case_slots,
};

/// A generator of numbers from 0 to 1 (splitmix64), printed seed and all.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn side(&mut self, results: u32, failing: f64) -> SideSlot {
        let ok = (0..results).filter(|_| self.roll() >= failing).count() as u32;
        SideSlot::counts(ok, results, 0).unwrap()
    }
}

fn pair(target: f64, source: f64) -> Slot<'static> {
    let side = |passed| SideSlot::fraction(passed).unwrap();
    Slot::Pair { target: side(target), source: Some(side(source)), hosts: &[] }
}

/// Runs 4 h of slots with so many results a side; the slot of the first "pass", and whether "worse" was said.
fn run(seed: u64, level: Level, results: u32, target: f64, source: f64) -> (Option<u32>, bool) {
    let mut dice = Dice(seed);
    let mut gate = ScenarioGate::new(ScenarioSettings::of(level, 10.0)).unwrap();
    let (mut first, mut worse) = (None, false);
    for slot in 0..1440 {
        let (target, source) = (dice.side(results, target), dice.side(results, source));
        gate.slot(&Slot::Pair { target, source: Some(source), hosts: &[] });
        match gate.verdict() {
            ScenarioVerdict::Pass => first = first.or(Some(slot)),
            ScenarioVerdict::Worse => worse = true,
            ScenarioVerdict::NoData
            | ScenarioVerdict::Regressed
            | ScenarioVerdict::HostDown
            | ScenarioVerdict::Veto
            | ScenarioVerdict::Undecided => {}
        }
    }
    (first, worse)
}

#[test]
fn a_target_worse_by_the_margin_does_not_pass() {
    let passed = (0..200).filter(|seed| run(*seed, Level::Quick, 4, 0.05, 0.0).0.is_some()).count();
    let worse = (0..200).filter(|seed| run(*seed, Level::Quick, 4, 0.05, 0.0).1).count();
    assert!(passed <= 10, "passed in {passed} of 200 runs");
    assert!(worse <= 4, "called worse in {worse} of 200 runs");
}

#[test]
fn a_target_as_good_as_the_source_passes_within_the_hour() {
    for failing in [0.0, 0.01, 0.02] {
        let passed = (0..60)
            .filter(|seed| run(*seed, Level::Standard, 4, failing, failing).0.is_some_and(|slot| slot < 360))
            .count();
        assert!(passed >= 57, "{failing} failing: passed in {passed} of 60 runs");
    }
}

#[test]
fn the_best_case_is_that_of_the_specification() {
    let minutes =
        |level| best_case_slots(ScenarioSettings::of(level, 10.0)).unwrap().unwrap() as f64 * 10.0 / 60.0;
    assert!((17.0..=18.5).contains(&minutes(Level::Quick)), "{}", minutes(Level::Quick));
    assert!((35.0..=37.0).contains(&minutes(Level::Standard)), "{}", minutes(Level::Standard));
    assert!((70.0..=73.0).contains(&minutes(Level::Strict)), "{}", minutes(Level::Strict));
    // NI alone: ⌈(θ_1 + 0.223)/ln(1 + 0.99·m/(1−m))⌉ at most.
    let latency = best_case_latency_slots(LatencySettings::of(0.95)).unwrap().unwrap();
    assert!((60..=71).contains(&latency), "{latency}");
}

#[test]
fn a_total_outage_shuts_within_one_slot() {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    (0..130).for_each(|_| gate.slot(&pair(1.0, 1.0)));
    assert_eq!((gate.verdict(), gate.course().percent), (ScenarioVerdict::Pass, 100));
    gate.slot(&pair(0.0, 1.0));
    assert_eq!(gate.verdict(), ScenarioVerdict::Veto);
    assert!(gate.course().percent < 100);
}

#[test]
fn the_way_and_the_time_left_are_told() {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    assert_eq!((gate.course().percent, gate.course().eta_slots), (0, None));
    (0..60).for_each(|_| gate.slot(&pair(1.0, 1.0)));
    let course = gate.course();
    assert!((40..=60).contains(&course.percent), "{course:?}");
    assert!(course.eta_slots.is_some_and(|eta| (40.0..=60.0).contains(&eta)), "{course:?}");
    gate.slot(&pair(0.7, 1.0));
    assert_eq!(gate.course().eta_slots, None);
    assert_eq!((gate.course().incidents, gate.course().last_incidents), (1, vec![60]));
}

#[test]
fn random_failures_of_four_logins_are_no_incident() {
    let slot = |ok| Slot::Pair {
        target: SideSlot::counts(ok, 4, 0).unwrap(),
        source: SideSlot::counts(4, 4, 0).ok(),
        hosts: &[],
    };
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    gate.slot(&slot(3));
    gate.slot(&slot(2));
    assert_eq!((gate.course().incidents, gate.verdict()), (0, ScenarioVerdict::Veto));
    gate.slot(&slot(1));
    assert_eq!(gate.course().incidents, 1);
}

/// Takes slots of 2 agents with 2 results each, in order: the failures of each agent of the target. The slots in
/// which incidents were noticed, and the slots that were exposure, which the clock's evidence tells.
fn noticed(slots: &[Option<[u32; 2]>]) -> (Vec<u32>, f64) {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    for slot in slots {
        let Some(failed) = slot else {
            gate.slot(&Slot::Void);
            continue;
        };
        let hosts =
            [0, 1].map(|host| HostSlot { host: host as u64, passed: 2 - failed[host], failed: failed[host] });
        let target = SideSlot::counts(4 - failed[0] - failed[1], 4, 0).unwrap();
        gate.slot(&Slot::Pair { target, source: SideSlot::counts(4, 4, 0).ok(), hosts: &hosts });
    }
    (gate.course().last_incidents, gate.course().ln_e.clock)
}

#[test]
fn three_failures_of_one_host_in_a_row_of_two_slots_are_an_incident() {
    let (none, one, both, other) = (Some([0, 0]), Some([1, 0]), Some([2, 0]), Some([0, 1]));
    // It began before the slot that is low enough, or goes on after it: then the next slot shows it.
    assert_eq!(noticed(&[none, one, both, none]).0, [2]);
    assert_eq!(noticed(&[none, both, one, none]).0, [2]);
    assert_eq!(noticed(&[none, both, both, none]).0, [2]);
    assert_eq!(noticed(&[none, both, None, one]).0, [3], "a void slot changes nothing");
    // Chance: two failures in a slot, and one of another host; or of the same host, a slot later.
    assert!(noticed(&[none, both, other, none]).0.is_empty());
    assert!(noticed(&[other, Some([1, 1]), other, none]).0.is_empty());
    assert!(noticed(&[both, none, one, none]).0.is_empty());
    // One failure too few for a drop of 25 points in either slot.
    assert!(noticed(&[none, one, one, one]).0.is_empty());
    // An incident lasts until three good slots: what goes on is no other one.
    assert_eq!(noticed(&[none, both, both, both, one, none]).0, [2]);
    assert_eq!(noticed(&[both, both, none, none, none, both, both]).0, [1, 6]);
}

#[test]
fn a_slot_that_the_next_one_may_show_to_be_bad_is_no_exposure() {
    let (none, both) = (Some([0, 0]), Some([2, 0]));
    let three = noticed(&[none, none, none]).1;
    assert_eq!(noticed(&[none, both, none, none]).1.to_bits(), three.to_bits());
    assert!(noticed(&[none, none, none, none]).1 > three);
}

#[test]
fn a_host_that_was_not_heard_in_between_did_not_fail_in_a_row() {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    let away = [HostSlot { host: 1, passed: 4, failed: 0 }];
    let failing = [HostSlot { host: 0, passed: 0, failed: 2 }, HostSlot { host: 1, passed: 2, failed: 0 }];
    for (ok, hosts) in [(2, &failing[..]), (4, &away), (2, &failing)] {
        let target = SideSlot::counts(ok, 4, 0).unwrap();
        gate.slot(&Slot::Pair { target, source: SideSlot::counts(4, 4, 0).ok(), hosts });
    }
    assert_eq!(gate.course().incidents, 0);
}

#[test]
fn a_target_worse_by_twice_the_margin_is_called_worse_and_no_longer_than_a_proof_takes_once_it_is_well() {
    let mut said: Vec<u32> =
        (0..60).map(|seed| first_worse(&mut Dice(seed), 0.10).unwrap_or(u32::MAX)).collect();
    said.sort_unstable();
    // The guard calls again and again on the way; 20 minutes are 120 slots.
    assert!(said[30] <= 120, "half of them only after {} slots", said[30]);
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Standard, 10.0)).unwrap();
    (0..360).for_each(|_| gate.slot(&pair(0.6, 1.0)));
    let well = (0..360_u64).find(|_| {
        gate.slot(&pair(1.0, 1.0));
        gate.verdict() == ScenarioVerdict::Undecided
    });
    let proof = best_case_slots(ScenarioSettings::of(Level::Standard, 10.0)).unwrap().unwrap();
    assert!(well.is_some_and(|slots| slots <= proof + 3), "{well:?}");
}

/// The slot within 2 h after which the evidence says "worse", with 20 results a side.
fn first_worse(dice: &mut Dice, failing: f64) -> Option<u32> {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Standard, 10.0)).unwrap();
    (0..720).find(|_| {
        let (target, source) = (dice.side(20, failing), dice.side(20, 0.0));
        gate.slot(&Slot::Pair { target, source: Some(source), hosts: &[] });
        gate.course().ln_e_worse >= gate.course().threshold_worse
    })
}

#[test]
fn what_did_not_run_holds_and_never_alarms() {
    let target = SideSlot::counts(0, 4, 4).unwrap();
    let slot = Slot::Pair { target, source: SideSlot::fraction(1.0).ok(), hosts: &[] };
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    let mut watch = Watch::new(WatchSettings::of(360, 1)).unwrap();
    for _ in 0..50 {
        gate.slot(&slot);
        watch.slot(&[slot]);
    }
    assert_eq!((gate.verdict(), gate.course().attempt), (ScenarioVerdict::Veto, 1));
    assert_eq!((watch.alarm(), watch.blind().collect::<Vec<_>>()), (None, vec![0]));
}

#[test]
fn one_dead_host_of_five_holds_until_it_is_well() {
    let mut gate = ScenarioGate::new(ScenarioSettings::of(Level::Quick, 10.0)).unwrap();
    let mut take = |dead: u32| {
        let hosts: Vec<HostSlot> = (0..5)
            .map(|host| {
                let failed = if host == 2 { dead } else { 0 };
                HostSlot { host, passed: 2 - failed, failed }
            })
            .collect();
        let side = SideSlot::counts(10 - dead, 10, 0).unwrap();
        gate.slot(&Slot::Pair { target: side, source: SideSlot::counts(10, 10, 0).ok(), hosts: &hosts });
        (gate.verdict() == ScenarioVerdict::HostDown, gate.course().hosts_down)
    };
    (0..20).for_each(|_| assert!(!take(0).0));
    let called = (0..60).find(|_| take(2).1 == [2]).unwrap();
    assert!((4..14).contains(&called), "called after {called} slots");
    let well = (0..20).find(|_| take(0).1.is_empty());
    assert_eq!(well, Some(2));
}

/// Slots until a watch alarms, after 60 healthy ones.
fn called_after(scenarios: usize, failing: f64) -> Option<usize> {
    let mut watch = Watch::new(WatchSettings::of(360, scenarios)).unwrap();
    (0..60).for_each(|_| watch.slot(&vec![pair(1.0, 1.0); scenarios]));
    let slots: Vec<Slot<'_>> =
        (0..scenarios).map(|nth| pair(if nth == 0 { 1.0 - failing } else { 1.0 }, 1.0)).collect();
    let after = (1..300).find(|_| {
        watch.slot(&slots);
        watch.alarm().is_some()
    });
    assert!(watch.alarm().is_none_or(|alarm| alarm.blame == Blame::Rollback && alarm.scenario == 0));
    after
}

#[test]
fn the_watch_calls_in_time_and_not_before() {
    for (failing, one, ten) in [(1.0, 4, 5), (0.3, 6, 7), (0.1, 12, 14)] {
        assert!(called_after(1, failing).is_some_and(|slots| slots <= one && slots > 1), "{failing}");
        assert!(called_after(10, failing).is_some_and(|slots| slots <= ten), "{failing} of ten");
    }
    assert_eq!(called_after(1, 0.02), None);
}

#[test]
fn a_watch_tells_a_shared_outage_and_a_silent_source() {
    for (source, blame) in [(Some(0.0), Blame::Incident), (None, Blame::SourceSilent)] {
        let mut watch = Watch::new(WatchSettings::of(360, 1)).unwrap();
        let source = source.map(|passed| SideSlot::fraction(passed).unwrap());
        let target = SideSlot::fraction(0.0).unwrap();
        (0..6).for_each(|_| watch.slot(&[Slot::Pair { target, source, hosts: &[] }]));
        assert_eq!(watch.alarm().map(|alarm| alarm.blame), Some(blame));
        watch.acknowledge();
        assert!(watch.alarm().is_none());
    }
}

#[test]
fn a_target_as_fast_passes_and_one_slower_at_the_margin_does_not() {
    // Exponential latencies: the share above a limit is e^(−limit/mean). At the boundary the target's mean is
    // chosen so that 0.05 fewer of its results lie inside 1.1·x + 5 than of the source's inside x, x = −ln 0.05.
    let boundary = (1.1 * 300.0 + 5.0) / -(0.10_f64.ln());
    for (mean, most) in [(100.0, true), (boundary, false)] {
        let passed = (0..40).filter(|seed| latency_passes(*seed, mean)).count();
        if most { assert!(passed >= 38, "{passed} of 40") } else { assert!(passed <= 3, "{passed} of 40") }
    }
}

fn latency_passes(seed: u64, target_mean: f64) -> bool {
    let mut dice = Dice(seed);
    let mut gate = LatencyGate::new(LatencySettings::of(0.95)).unwrap();
    (0..400).any(|_| {
        let mut side =
            |mean: f64| -> Vec<f64> { (0..20).map(|_| -mean * (1.0 - dice.roll()).ln()).collect() };
        let (target, source) = (side(target_mean), side(100.0));
        let (target, source) = (LatencySide::Each(&target), LatencySide::Each(&source));
        gate.slot(&LatencySlot::Pair { target, source });
        gate.verdict() == ScenarioVerdict::Pass
    })
}
