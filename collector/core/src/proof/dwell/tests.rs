//! Gauges: hysteresis, longer dwells after each break, holes, and the queue that only looks empty.

use proptest::prelude::*;

use super::*;

fn settings() -> DwellSettings {
    DwellSettings { enter: 10.0, leave: 15.0, first_s: 60.0, max_gap_ms: 25_000, alpha: 0.05 }
}

fn dwell(samples: &[(u64, f64)]) -> Dwell {
    let mut dwell = Dwell::new(settings()).expect("sound settings");
    samples.iter().for_each(|(at_s, value)| dwell.sample(at_s * 1_000, *value));
    dwell
}

fn steady(from_s: u64, to_s: u64, value: f64) -> Vec<(u64, f64)> {
    (from_s / 10..=to_s / 10).map(|step| (step * 10, value)).collect()
}

#[test]
fn it_passes_after_the_dwell_and_goes_stale_after_the_gap() {
    let dwell = dwell(&steady(0, 60, 5.0));
    assert_eq!(dwell.standing(59_999).state, DwellState::Dwelling);
    assert_eq!(dwell.standing(60_000).state, DwellState::Pass);
    assert_eq!(dwell.standing(85_000).state, DwellState::Pass);
    assert_eq!(dwell.standing(85_001).state, DwellState::Stale);
}

#[test]
fn between_the_bounds_a_dwell_goes_on_and_none_begins() {
    assert_eq!(dwell(&[(0, 12.0), (10, 12.0)]).standing(10_000).state, DwellState::Above);
    let standing = dwell(&[(0, 9.0), (10, 15.0)]).standing(10_000);
    assert_eq!((standing.state, standing.dwelt_ms), (DwellState::Dwelling, 10_000));
}

#[test]
fn a_broken_dwell_makes_the_next_one_longer() {
    let mut samples = steady(0, 60, 5.0);
    samples.push((70, 16.0));
    assert_eq!(dwell(&samples).standing(70_000).state, DwellState::Above);
    samples.extend(steady(80, 160, 5.0));
    let standing = dwell(&samples).standing(160_000);
    assert_eq!((standing.state, standing.attempt, standing.dwelt_ms), (DwellState::Dwelling, 2, 80_000));
    assert!((standing.required_s - 87.570).abs() < 1e-3);
    samples.push((170, 5.0));
    assert_eq!(dwell(&samples).standing(170_000).state, DwellState::Pass);
}

#[test]
fn a_hole_restarts_the_dwell_and_spends_no_attempt() {
    let standing = dwell(&[(0, 5.0), (10, 5.0), (36, 5.0), (46, 5.0)]).standing(46_000);
    assert_eq!((standing.state, standing.attempt, standing.dwelt_ms), (DwellState::Dwelling, 1, 10_000));
}

#[test]
fn an_older_report_can_break_and_never_help() {
    assert_eq!(dwell(&[(0, 5.0), (20, 5.0), (10, 99.0)]).standing(20_000).state, DwellState::Above);
    assert_eq!(dwell(&[(20, 99.0), (10, 5.0)]).standing(20_000).state, DwellState::Above);
}

type Look = (u64, f64, f64, Option<(u64, u64)>);

fn queue(looks: &[Look]) -> DwellStanding {
    let settings = DwellSettings { enter: 0.0, leave: 0.0, ..settings() };
    let mut queue = Drained::new(settings).expect("sound settings");
    for (at_s, depth, in_flight, enqueued) in looks {
        queue.look(at_s * 1_000, QueueLook { depth: *depth, in_flight: *in_flight, enqueued: *enqueued });
    }
    queue.standing(looks.last().map_or(0, |look| look.0 * 1_000))
}

#[test]
fn a_drained_queue_is_empty_idle_and_gets_nothing() {
    let look = |at, depth, flight, count| (at, depth, flight, Some((1, count)));
    let empty = |at| look(at, 0.0, 0.0, 7);
    let calm = [empty(0), empty(20), empty(40), empty(60)];
    assert_eq!(queue(&calm).state, DwellState::Pass);
    let fast_worker = [empty(0), empty(20), look(40, 0.0, 0.0, 8), look(60, 0.0, 0.0, 8)];
    assert_eq!((queue(&fast_worker).state, queue(&fast_worker).attempt), (DwellState::Dwelling, 2));
    assert_eq!(queue(&[empty(0), look(20, 0.0, 1.0, 7)]).state, DwellState::Above);
    let restarted = [empty(0), (20, 0.0, 0.0, Some((2, 7)))];
    assert_eq!(queue(&restarted).attempt, 2);
    let uncounted = [(0, 0.0, 0.0, None), (20, 0.0, 0.0, None), (40, 0.0, 0.0, None), (60, 0.0, 0.0, None)];
    assert_eq!(queue(&uncounted).state, DwellState::NoData);
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    assert!(Dwell::new(DwellSettings { leave: 9.0, ..settings() }).is_none());
    assert!(Dwell::new(DwellSettings { alpha: 0.0, ..settings() }).is_none());
    assert!(Dwell::new(DwellSettings { enter: f64::NAN, ..settings() }).is_none());
    assert!(Dwell::new(DwellSettings { first_s: f64::INFINITY, ..settings() }).is_none());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(samples in prop::collection::vec((0_u64..200, 0.0..30.0_f64), 0..40)) {
        let dwell = dwell(&samples);
        let mut out = StateWriter::default();
        dwell.write(&mut out);
        let words = out.into_words();
        prop_assert_eq!(Dwell::read(&mut StateReader::new(&words)), Ok(dwell));
    }

    #[test]
    fn no_pass_while_a_value_was_above_within_the_dwell(values in prop::collection::vec(0.0..16.0_f64, 1..60)) {
        let samples: Vec<_> = values.iter().enumerate().map(|(step, value)| (step as u64 * 10, *value)).collect();
        let standing = dwell(&samples).standing(samples.last().map_or(0, |last| last.0 * 1_000));
        let recent = values.iter().rev().take(7).all(|value| *value <= 15.0);
        prop_assert!(standing.state != DwellState::Pass || (recent && 7 <= values.len()));
    }
}
