//! What must hold of slots: order, repetition and lateness change nothing; edges of the specification.

use proptest::prelude::*;
use tidelock_model::{Outcome, Side};

use super::{
    Accepted, Arrival, ClosedSlot, Compared, Lack, RunKey, SlotAssembler, SlotGrid, SlotRoster, Void,
};
use crate::proof::{Persist, StateReader, StateWriter};

const LONG_AFTER: u64 = 1_000_000;

/// Two agents a side, every 5 s, slots of 10 s, grace 7 s, both needed.
fn assembler() -> SlotAssembler {
    let grid = SlotGrid::new(0, 5_000, 10_000, 0, 7_000).expect("a sound grid");
    SlotAssembler::new(grid, [SlotRoster::new(["s1", "s2"], 2), SlotRoster::new(["t1", "t2"], 2)], 4, 0)
}

fn arrival(side: Side, agent: &'static str, round: u64, outcome: Outcome) -> Arrival<'static> {
    let key = RunKey { stream: 7, number: round };
    Arrival { side, agent, key, slot: round / 2, outcome, latency_ms: Some(20.0), traffic: None, version: 1 }
}

/// Every result of `rounds`, all passed.
fn all(rounds: std::ops::Range<u64>) -> Vec<Arrival<'static>> {
    let agents = [(Side::Source, "s1"), (Side::Source, "s2"), (Side::Target, "t1"), (Side::Target, "t2")];
    rounds.flat_map(|round| agents.map(|(side, agent)| arrival(side, agent, round, Outcome::Pass))).collect()
}

fn take_all(slots: &mut SlotAssembler, arrivals: &[Arrival<'static>]) -> Vec<Accepted> {
    arrivals.iter().map(|arrival| slots.take(arrival.slot * 10_000, arrival)).collect()
}

fn reread(slots: &SlotAssembler) -> SlotAssembler {
    let mut out = StateWriter::default();
    slots.write(&mut out);
    let words = out.into_words();
    let mut reader = StateReader::new(&words);
    let again = SlotAssembler::read(&mut reader).expect("what was written can be read");
    reader.end().expect("nothing is left over");
    again
}

fn target(closed: &ClosedSlot) -> (Option<f64>, u64) {
    (closed.target.success(), closed.target.counted())
}

#[test]
fn a_full_slot_is_evidence_once_its_grace_is_over() {
    let mut slots = assembler();
    assert!(take_all(&mut slots, &all(0..2)).iter().all(|accepted| *accepted == Accepted::Ok));
    assert_eq!(slots.close(16_999), []);
    let closed = slots.close(17_000);
    assert_eq!(closed.len(), 1);
    assert!(closed[0].valid(Compared::Both));
    assert_eq!((target(&closed[0]), closed[0].source.success()), ((Some(1.0), 4), Some(1.0)));
    assert_eq!(closed[0].target.latencies, [(20.0, 1); 4]);
    assert_eq!(slots.close(17_000), [], "no slot comes twice");
}

#[test]
fn what_comes_after_the_grace_is_counted_and_not_used() {
    let mut slots = assembler();
    take_all(&mut slots, &all(0..1));
    slots.close(17_000);
    let late = arrival(Side::Target, "t1", 1, Outcome::Fail);
    assert_eq!(slots.take(18_000, &late), Accepted::Late);
    assert_eq!(slots.take(18_000, &late), Accepted::Duplicate, "the same again is no second late one");
    assert_eq!((slots.tally().late, slots.late_share(18_000)), (1, 0.2));
    assert_eq!(slots.late_share(18_000 + 600_000), 0.0, "ten minutes later it is forgotten");
}

#[test]
fn a_replay_of_a_closed_slot_is_a_duplicate_and_not_late() {
    let mut slots = assembler();
    take_all(&mut slots, &all(0..2));
    slots.close(17_000);
    assert_eq!(take_all(&mut slots, &all(0..2)), [Accepted::Duplicate; 8]);
    let other = arrival(Side::Target, "t1", 1, Outcome::Fail);
    assert_eq!(slots.take(18_000, &other), Accepted::Conflict);
    assert_eq!(slots.late_share(18_000), 0.0);
}

#[test]
fn the_first_of_two_contradicting_results_stands() {
    let mut slots = assembler();
    take_all(&mut slots, &all(0..2));
    assert_eq!(slots.take(0, &arrival(Side::Target, "t1", 0, Outcome::Fail)), Accepted::Conflict);
    assert_eq!(target(&slots.close(17_000)[0]), (Some(1.0), 4));
}

#[test]
fn a_living_target_agent_that_hangs_fails_what_it_owes() {
    let mut slots = assembler();
    let arrivals: Vec<_> = all(0..2).into_iter().filter(|arrival| arrival.agent != "t2").collect();
    take_all(&mut slots, &arrivals);
    slots.heard(Side::Target, "t2", 3_000);
    let closed = slots.close(17_000).remove(0);
    assert_eq!((target(&closed), closed.target.missing), ((Some(0.5), 4), 2));
    assert!(closed.valid(Compared::Both));
    assert_eq!(closed.target.seen_success(), Some(1.0), "guard, watch and blame leave it out");
    assert_eq!(closed.seen_void(Compared::Both), Some(Void::Lacks(Side::Target, Lack::Agents)));
}

#[test]
fn a_target_agent_without_a_sign_of_life_is_missing_coverage() {
    let mut slots = assembler();
    let arrivals: Vec<_> = all(0..2).into_iter().filter(|arrival| arrival.agent != "t2").collect();
    take_all(&mut slots, &arrivals);
    let closed = slots.close(17_000).remove(0);
    assert_eq!(closed.target.success(), Some(1.0));
    assert_eq!(closed.void(Compared::Both), Some(Void::Lacks(Side::Target, Lack::Agents)));
}

#[test]
fn a_silent_source_never_leaves_the_target_alone_as_good() {
    let mut slots = assembler();
    let arrivals: Vec<_> = all(0..2).into_iter().filter(|arrival| arrival.side == Side::Target).collect();
    take_all(&mut slots, &arrivals);
    let closed = slots.close(17_000).remove(0);
    assert_eq!(closed.void(Compared::Both), Some(Void::Lacks(Side::Source, Lack::Silent)));
    assert!(closed.valid(Compared::Only(Side::Target)), "an absolute claim may go on");
}

#[test]
fn a_check_that_could_not_run_fails_the_target_and_is_left_out_on_the_source() {
    let mut slots = assembler();
    let mut arrivals = all(0..3);
    arrivals[0].outcome = Outcome::NotRun;
    arrivals[2].outcome = Outcome::NotRun;
    arrivals[8].slot = 0; // a fifth source result, so that four still count
    arrivals.truncate(9);
    take_all(&mut slots, &arrivals);
    let closed = slots.close(17_000).remove(0);
    assert_eq!((closed.source.success(), closed.source.counted()), (Some(1.0), 4));
    assert_eq!((closed.target.success(), closed.target.seen_success()), (Some(0.75), Some(1.0)));
}

#[test]
fn a_latency_that_cannot_be_makes_the_run_one_that_did_not_look() {
    for absurd in [f64::NAN, f64::INFINITY, -1.0, 1e12] {
        let mut slots = assembler();
        let mut arrivals = all(0..2);
        arrivals[2].latency_ms = Some(absurd);
        take_all(&mut slots, &arrivals);
        let closed = slots.close(17_000).remove(0);
        assert_eq!((closed.target.not_run, closed.target.latencies.len()), (1, 3));
    }
}

#[test]
fn different_versions_of_the_check_void_the_slot() {
    let mut slots = assembler();
    let mut arrivals = all(0..2);
    arrivals
        .iter_mut()
        .filter(|arrival| arrival.side == Side::Target)
        .for_each(|arrival| arrival.version = 2);
    take_all(&mut slots, &arrivals);
    assert_eq!(slots.close(17_000)[0].void(Compared::Both), Some(Void::Version));
}

#[test]
fn slots_that_ended_while_nobody_could_receive_are_void_and_their_results_not_late() {
    let mut slots = assembler();
    take_all(&mut slots, &all(0..2));
    slots.void_between(12_000, 41_000);
    let closed = slots.close(41_000);
    let voids: Vec<_> = closed.iter().map(|closed| closed.void(Compared::Both)).collect();
    assert_eq!(voids, [Some(Void::Away); 3], "slot 0 closed in the hole");
    assert_eq!(slots.take(41_500, &arrival(Side::Target, "t1", 4, Outcome::Pass)), Accepted::Away);
    assert_eq!(slots.late_share(41_500), 0.0);
}

#[test]
fn a_gap_voids_the_slots_it_touches() {
    let mut slots = assembler();
    take_all(&mut slots, &all(0..4));
    slots.void_slots(1, 1, Void::Gap);
    let closed = slots.close(27_000);
    assert_eq!(closed.iter().map(|closed| closed.broken).collect::<Vec<_>>(), [None, Some(Void::Gap)]);
}

#[test]
fn strangers_the_quarantined_the_far_future_and_the_past_are_refused() {
    let grid = SlotGrid::new(0, 5_000, 10_000, 0, 7_000).expect("a sound grid");
    let mut slots = SlotAssembler::new(grid, [SlotRoster::default(), SlotRoster::new(["t1", "t2"], 1)], 4, 3);
    slots.quarantine(Side::Target, "t2", true);
    let take = |slots: &mut SlotAssembler, agent, round| {
        slots.take(30_000, &arrival(Side::Target, agent, round, Outcome::Pass))
    };
    assert_eq!(take(&mut slots, "t9", 6), Accepted::Unknown);
    assert_eq!(take(&mut slots, "t2", 6), Accepted::Quarantined);
    assert_eq!(take(&mut slots, "t1", 5), Accepted::Before);
    assert_eq!(take(&mut slots, "t1", 2 * (3 + super::OPEN_SLOTS)), Accepted::Ahead);
    assert_eq!(take(&mut slots, "t1", 6), Accepted::Ok);
}

#[test]
fn a_flood_voids_its_slot() {
    let mut slots = assembler();
    for number in 0..=super::RUNS_PER_AGENT as u64 {
        let mut arrival = arrival(Side::Target, "t1", 0, Outcome::Pass);
        arrival.key.number = number;
        let expected = if number == super::RUNS_PER_AGENT as u64 { Accepted::Full } else { Accepted::Ok };
        assert_eq!(slots.take(0, &arrival), expected);
    }
    assert_eq!(slots.close(17_000)[0].broken, Some(Void::Flooded));
}

#[test]
fn a_long_silence_is_told_as_one() {
    let mut slots = assembler();
    let closed = slots.close(10_000 * 100_000 + 7_000);
    assert_eq!(closed.len(), 65);
    assert_eq!(closed.iter().map(|closed| closed.times).sum::<u64>(), 100_000);
    assert!(closed.iter().all(|closed| closed.void(Compared::Both).is_some()));
    assert_eq!(slots.next(), 100_000);
}

#[test]
fn real_traffic_counts_as_many_results_as_it_is() {
    let mut slots = assembler();
    let mut arrivals = all(0..2);
    let buckets = vec![(10_000, 90), (50_000, 5)];
    arrivals[2].traffic = Some(super::Traffic { ok: 95, total: 100, latency_buckets: buckets });
    take_all(&mut slots, &arrivals);
    let closed = slots.close(17_000).remove(0);
    assert_eq!((closed.target.ok, closed.target.failed), (98, 5));
    assert_eq!(closed.target.latencies, [(10.0, 90), (50.0, 5), (20.0, 1), (20.0, 1), (20.0, 1)]);
}

proptest! {
    #[test]
    fn every_round_is_owed_in_exactly_one_slot(every in 1_u64..40_000, slot in 1_u64..40_000, n in 0_u64..5_000) {
        let grid = SlotGrid::new(1_000, every, slot, every / 2, 500).expect("a sound grid");
        let of = grid.slot_of(n);
        prop_assert!(grid.first_round(of) <= n && n < grid.first_round(of + 1));
        let due = 1_000 + n * every + every / 2;
        prop_assert!(due + every <= grid.ends_at(of), "the last rank is due before the slot's end");
        let closes = grid.closes_at(of);
        prop_assert!(grid.last_closed(closes) >= Some(of));
        prop_assert!(grid.last_closed(closes - 1) < Some(of));
    }

    #[test]
    fn order_and_repetition_change_nothing(
        outcomes in prop::collection::vec(0_u8..4, 24),
        order in Just((0..48_usize).collect::<Vec<_>>()).prop_shuffle(),
        cut in 0..48_usize,
        beats in prop::collection::vec((0..2_usize, 0_u64..30_000), 0..6),
    ) {
        let mut arrivals = all(0..6);
        let latency = |index: usize| Some(index as f64);
        for (index, arrival) in arrivals.iter_mut().enumerate() {
            arrival.outcome = [Outcome::Pass, Outcome::Pass, Outcome::Fail, Outcome::NotRun][usize::from(outcomes[index])];
            arrival.latency_ms = latency(index);
        }
        let heard = |slots: &mut SlotAssembler| {
            beats.iter().for_each(|(agent, at)| slots.heard(Side::Target, ["t1", "t2"][*agent], *at));
        };
        let mut straight = assembler();
        take_all(&mut straight, &arrivals);
        heard(&mut straight);

        let mut shuffled = assembler();
        heard(&mut shuffled);
        for (step, index) in order.into_iter().enumerate() {
            if step == cut {
                shuffled = reread(&shuffled);
            }
            let arrival = &arrivals[index % 24];
            let accepted = shuffled.take(0, arrival);
            prop_assert!(matches!(accepted, Accepted::Ok | Accepted::Duplicate));
        }
        let closed = straight.close(LONG_AFTER);
        prop_assert_eq!(&closed, &shuffled.close(LONG_AFTER));
        let again = reread(&shuffled);
        prop_assert_eq!(again, shuffled);
    }

    #[test]
    fn late_results_never_change_a_closed_slot(kept in prop::collection::vec(any::<bool>(), 24)) {
        let arrivals = all(0..6);
        let (early, late): (Vec<_>, Vec<_>) =
            arrivals.into_iter().zip(kept).partition(|(_, kept)| *kept);
        let (early, late): (Vec<_>, Vec<_>) = (
            early.into_iter().map(|(arrival, _)| arrival).collect(),
            late.into_iter().map(|(arrival, _)| arrival).collect(),
        );
        let mut slots = assembler();
        take_all(&mut slots, &early);
        let mut other = slots.clone();
        let first = slots.close(27_000);
        for arrival in &late {
            let expected = if arrival.slot < 2 { Accepted::Late } else { Accepted::Ok };
            prop_assert_eq!(slots.take(27_000, arrival), expected);
        }
        prop_assert_eq!(first, other.close(27_000));
        prop_assert!(slots.close(37_000).iter().all(|closed| closed.slot == 2));
    }

    #[test]
    fn no_words_make_the_reader_panic(words in prop::collection::vec(0_u64..9, 0..200)) {
        let _ = SlotAssembler::read(&mut StateReader::new(&words));
    }
}
