//! Whether the benchmark's own arithmetic is right: chance, intervals, and the peers' rules.

#[expect(dead_code, reason = "the benchmark uses the rest")]
mod estimate;
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod peers;
mod random;

use estimate::{Estimate, Unit};
use peers::{ConsecutiveSuccess, FailureLimit, LastOk, MannWhitney, Minute, ThreeInARow, ZTest};
use random::Random;

fn near(left: f64, right: f64, by: f64) {
    assert!((left - right).abs() <= by, "{left} is not {right}");
}

/// Minutes of the target with so many failures of 100, the source without.
fn minutes(rule: impl Fn(Minute) -> bool, failed: &[u32]) -> Vec<bool> {
    failed.iter().map(|failed| rule(Minute { target: (*failed, 100), source: (0, 100) })).collect()
}

#[test]
fn chance_is_the_published_one() {
    let mut chance = Random::from_state([1, 2, 3, 4]);
    let drawn: [u64; 4] = std::array::from_fn(|_| chance.bits());
    assert_eq!(drawn, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_run_another_one() {
    let draw = |seed, row, run| Random::of(seed, row, run).bits();
    assert_eq!(draw(1, "row", 2), draw(1, "row", 2));
    assert_ne!(draw(1, "row", 2), draw(1, "row", 3));
    assert_ne!(draw(1, "row", 2), draw(1, "other", 2));
    assert_ne!(draw(1, "row", 2), draw(2, "row", 2));
    let mut chance = Random::of(1, "row", 2);
    assert_ne!(chance.branch().bits(), chance.branch().bits());
}

#[test]
fn draws_have_the_mean_they_should() {
    let mut chance = Random::of(7, "means", 0);
    let many = 200_000;
    let share = (0..many).filter(|_| chance.happens(0.05)).count() as f64 / f64::from(many);
    near(share, 0.05, 0.002);
    let normal: f64 = (0..many).map(|_| chance.normal().powi(2)).sum();
    near(normal / f64::from(many), 1.0, 0.02);
    near(chance.moments(0.1, 1_000_000.0).len() as f64, 100_000.0, 1_500.0);
}

#[test]
fn shares_have_wilsons_interval() {
    let none = Estimate::share(0, 1000);
    near(none.low, 0.0, 1e-9);
    near(none.high, 0.382_7, 1e-3);
    let half = Estimate::share(50, 100);
    near(half.low, 40.383, 1e-2);
    near(half.high, 59.617, 1e-2);
}

#[test]
fn a_median_counts_what_never_came_as_the_longest() {
    let median = Estimate::median(vec![f64::INFINITY, 60.0, 120.0], Unit::Minutes);
    near(median.value, 2.0, 1e-12);
    assert_eq!(Estimate::median(vec![60.0, f64::INFINITY, f64::INFINITY], Unit::Minutes).short(), "never");
    let many = Estimate::median((1..=100).map(f64::from).collect(), Unit::Seconds);
    assert_eq!((many.value, many.low, many.high), (50.0, 41.0, 61.0));
}

#[test]
fn counters_count_in_a_row() {
    let mut last = LastOk::default();
    assert!(!(0..19).any(|_| last.result(true)));
    assert!(last.result(true) && !last.result(false));
    let mut three = ThreeInARow::default();
    let fired: Vec<bool> = [false, false, true, false, false, false].map(|ok| three.result(ok)).to_vec();
    assert_eq!(fired, [false, false, false, false, false, true]);
    let argo = std::cell::RefCell::new(ConsecutiveSuccess::default());
    let said = minutes(|minute| argo.borrow_mut().minute(minute), &[0, 5, 6, 0, 0, 5, 5]);
    assert_eq!(said, [false, false, false, false, false, false, true]);
}

#[test]
fn a_failure_limit_is_tried_again_until_it_is_green() {
    let argo = std::cell::RefCell::new(FailureLimit::default());
    let said =
        minutes(|minute| argo.borrow_mut().minute(minute), &[9, 9, 9, 9, 0, 0, 0, 9, 9, 9, 0, 0, 0, 0]);
    assert_eq!(said.iter().position(|open| *open), Some(13));
}

#[test]
fn the_tests_find_a_difference_that_is_there_and_none_that_is_not() {
    near(MannWhitney::z(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0]), 4.0 / 5.25_f64.sqrt(), 1e-12);
    near(MannWhitney::z(&[1.0, 1.0], &[1.0, 1.0]), 0.0, 0.0);
    near(ZTest::z((10, 100), (0, 100)), 3.244, 1e-3);
    let ranks = std::cell::RefCell::new(MannWhitney::default());
    assert_eq!(minutes(|minute| ranks.borrow_mut().minute(minute), &[9; 5]), [false; 5]);
    let ranks = std::cell::RefCell::new(MannWhitney::default());
    let said = minutes(|minute| ranks.borrow_mut().minute(minute), &[0; 5]);
    assert_eq!(said, [false, false, false, false, true], "it is looked at every five minutes");
    let z = std::cell::RefCell::new(ZTest::default());
    assert_eq!(minutes(|minute| z.borrow_mut().minute(minute), &[9, 0]), [false, false]);
}
