//! Data: equal at the same place, whatever the lag; different where nothing explains it.

use proptest::prelude::*;

use super::*;

const SETTINGS: DigestSettings = DigestSettings { matches: 3, max_lag: 50, max_age_ms: 60_000 };

fn digests(puts: &[(u64, Side, u64, &str)]) -> Digests {
    let mut digests = Digests::new(["p"], SETTINGS);
    puts.iter()
        .for_each(|(at, side, mark, hash)| digests.put(at * 1_000, "p", *side, *mark, hash.as_bytes()));
    digests
}

fn state(puts: &[(u64, Side, u64, &str)], now_s: u64) -> DigestState {
    digests(puts).state(now_s * 1_000)
}

use Side::{Source as S, Target as T};

#[test]
fn three_matches_pass_and_lag_never_looks_like_a_difference() {
    let puts = [(0, S, 100, "a"), (1, S, 110, "b"), (2, S, 120, "c"), (3, T, 100, "a"), (4, T, 110, "b")];
    assert_eq!(state(&puts[..3], 4), DigestState::NoData);
    assert_eq!(state(&puts, 4), DigestState::Dwelling);
    let mut all = puts.to_vec();
    all.push((5, T, 120, "c"));
    assert_eq!(state(&all, 5), DigestState::Pass);
    assert_eq!(state(&all, 65), DigestState::Pass);
    assert_eq!(state(&all, 66), DigestState::Stale);
    all.push((6, S, 170, "d"));
    assert_eq!(state(&all, 6), DigestState::Pass, "50 behind is allowed");
    all.push((7, S, 171, "e"));
    assert_eq!(state(&all, 7), DigestState::Lagging);
}

#[test]
fn a_difference_stays_until_a_new_data_epoch() {
    let mut puts = vec![(0, S, 1, "a"), (0, T, 1, "x")];
    puts.extend((2..9).flat_map(|mark| [(1, S, mark, "a"), (1, T, mark, "a")]));
    let mut digests = digests(&puts);
    assert_eq!(digests.state(1_000), DigestState::Mismatch);
    digests.new_data_epoch();
    assert_eq!(digests.state(1_000), DigestState::NoData);
}

#[test]
fn a_side_that_contradicts_itself_is_unstable() {
    assert_eq!(state(&[(0, S, 1, "a"), (1, S, 1, "b"), (2, T, 1, "a")], 3), DigestState::Unstable);
    assert_eq!(state(&[(0, S, 1, "a"), (1, S, 1, "a"), (2, T, 1, "a")], 3), DigestState::Dwelling);
}

#[test]
fn the_worst_partition_speaks_for_all_and_none_is_no_data() {
    let mut digests = Digests::new(["p", "q"], SETTINGS);
    for mark in 0..3 {
        Side::BOTH.iter().for_each(|side| digests.put(0, "p", *side, mark, b"a"));
    }
    assert_eq!(digests.state(0), DigestState::NoData);
    assert_eq!(
        digests.partitions(0).collect::<Vec<_>>(),
        [("p", DigestState::Pass), ("q", DigestState::NoData)]
    );
    assert_eq!(Digests::new(Vec::<String>::new(), SETTINGS).state(0), DigestState::NoData);
}

#[test]
fn only_the_last_watermarks_are_kept() {
    let mut puts: Vec<_> = (0..=64).map(|mark| (0, S, mark, "a")).collect();
    puts.push((1, T, 0, "x"));
    assert_eq!(state(&puts, 1), DigestState::NoData, "watermark 0 of the source is gone");
    puts.push((1, T, 1, "x"));
    assert_eq!(state(&puts, 1), DigestState::Mismatch);
}

fn lagging(puts: &[(u64, Side, &str)]) -> LagDigests {
    let settings = LagSettings { lag_ms: 60_000, matches: 3, max_age_ms: 120_000, rows_at_least: 1 };
    let mut digests = LagDigests::new(settings);
    puts.iter().for_each(|(at_s, side, hash)| digests.put(at_s * 1_000, *side, hash.as_bytes(), 5));
    digests
}

#[test]
fn the_target_may_show_what_the_source_showed_a_lag_ago() {
    let puts = [(0, S, "a"), (30, S, "b"), (60, S, "c"), (60, T, "a"), (80, T, "b"), (100, T, "c")];
    assert_eq!(lagging(&puts).state(100_000), DigestState::Pass);
    assert_eq!(lagging(&puts[..5]).state(100_000), DigestState::Dwelling);
    assert_eq!(lagging(&puts).state(220_001), DigestState::Stale);
}

#[test]
fn a_source_that_rested_for_the_lag_and_differs_is_a_mismatch_until_matches_follow() {
    let mut puts = vec![(0, S, "a"), (30, S, "a"), (60, T, "x"), (61, S, "a")];
    assert_eq!(lagging(&puts).state(61_000), DigestState::Mismatch);
    puts.extend([(70, T, "a"), (80, T, "a")]);
    assert_eq!(lagging(&puts).state(80_000), DigestState::Mismatch);
    puts.push((90, T, "a"));
    assert_eq!(lagging(&puts).state(90_000), DigestState::Pass);
}

#[test]
fn what_was_lost_starts_the_matches_again_and_takes_no_difference_back() {
    let mut digests =
        lagging(&[(60, S, "a"), (60, T, "a"), (70, S, "a"), (70, T, "a"), (80, S, "a"), (80, T, "a")]);
    assert_eq!(digests.state(80_000), DigestState::Pass);
    digests.restart();
    assert_eq!(digests.state(80_000), DigestState::Dwelling);
    for at_s in [90, 100, 110] {
        digests.put(at_s * 1_000, S, b"a", 5);
        digests.put(at_s * 1_000, T, b"a", 5);
    }
    assert_eq!(digests.state(110_000), DigestState::Pass);
    let mut differ = lagging(&[(0, S, "a"), (30, S, "a"), (60, T, "x"), (61, S, "a"), (70, T, "a")]);
    differ.restart();
    assert_eq!(differ.state(70_000), DigestState::Mismatch);
}

#[test]
fn a_source_that_never_rests_settles_nothing() {
    let puts = [(0, S, "a"), (30, S, "b"), (60, T, "x"), (61, S, "c")];
    assert_eq!(lagging(&puts).state(61_000), DigestState::NoData);
    assert_eq!(lagging(&[(60, T, "x")]).state(61_000), DigestState::NoData);
}

#[test]
fn nothing_equal_to_nothing_is_no_match() {
    let settings = LagSettings { lag_ms: 1_000, matches: 1, max_age_ms: 60_000, rows_at_least: 1 };
    let mut digests = LagDigests::new(settings);
    digests.put(0, S, b"empty", 0);
    digests.put(0, T, b"empty", 0);
    assert_eq!(digests.state(0), DigestState::NoData);
}

proptest! {
    #[test]
    fn a_target_that_follows_within_any_lag_never_differs(lag in 0_u64..64, steps in 1_u64..200) {
        let mut digests = Digests::new(["p"], DigestSettings { max_lag: 1_000, ..SETTINGS });
        for step in 0..steps {
            digests.put(step, "p", S, step, &step.to_be_bytes());
            if let Some(behind) = step.checked_sub(lag) {
                digests.put(step, "p", T, behind, &behind.to_be_bytes());
            }
        }
        prop_assert!(!matches!(digests.state(steps), DigestState::Mismatch | DigestState::Unstable));
        prop_assert!(steps < lag + 3 || digests.state(steps) == DigestState::Pass);
    }

    #[test]
    fn what_is_written_is_read_back(puts in prop::collection::vec((0_u64..200, any::<bool>(), 0_u64..20, 0_u8..3), 0..80)) {
        let mut exact = Digests::new(["p"], SETTINGS);
        let mut lag = lagging(&[]);
        for (at, source, mark, hash) in puts {
            let side = if source { S } else { T };
            exact.put(at, "p", side, mark, &[hash; 9]);
            lag.put(at * 1_000, side, &[hash; 9], 1);
        }
        let mut out = StateWriter::default();
        exact.write(&mut out);
        lag.write(&mut out);
        let words = out.into_words();
        let mut reader = StateReader::new(&words);
        prop_assert_eq!(Digests::read(&mut reader), Ok(exact));
        prop_assert_eq!(LagDigests::read(&mut reader), Ok(lag));
        prop_assert_eq!(reader.end(), Ok(()));
    }
}
