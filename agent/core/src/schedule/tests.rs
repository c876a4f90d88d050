use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn grid(every: u64, phase: u64) -> Grid {
    Grid::new(at(1000), every, phase).unwrap()
}

fn schedule(places: usize, checks: &[(&str, Grid)], now: u64) -> Schedule {
    let mut schedule = Schedule::new(places, Duration::from_millis(50));
    schedule.replace(grids(checks), at(now));
    schedule
}

fn grids(checks: &[(&str, Grid)]) -> BTreeMap<Name, Grid> {
    checks.iter().map(|(check, grid)| (name(check), *grid)).collect()
}

/// What was given out, as `check round` with the cause behind it when it is not to be run.
fn words(due: Vec<Due>) -> Vec<String> {
    let word = |due| match due {
        Due::Run { check, round, .. } => format!("{check} {round}"),
        Due::Skip { check, round, cause, .. } => format!("{check} {round} {cause}"),
    };
    due.into_iter().map(word).collect()
}

#[test]
fn a_grid_without_an_interval_is_none() {
    assert_eq!(Grid::new(at(0), 0, 5), None);
}

#[test]
fn a_round_is_run_at_its_moment_and_once() {
    let mut plan = schedule(4, &[("login", grid(100, 7))], 1150);
    assert_eq!(plan.wake_at(), Some(at(1207)));
    assert!(plan.take_due(at(1206)).is_empty());
    assert_eq!(words(plan.take_due(at(1207))), ["login 2"]);
    assert!(plan.take_due(at(1207)).is_empty());
    plan.finished(&name("login"), 2);
    assert_eq!(words(plan.take_due(at(1310))), ["login 3"]);
}

#[test]
fn what_was_missed_is_not_caught_up() {
    let mut plan = schedule(4, &[("login", grid(100, 0))], 1000);
    assert_eq!(words(plan.take_due(at(61_090))), ["login 600"]);
}

#[test]
fn a_run_that_is_still_going_makes_the_next_round_an_overrun() {
    let mut plan = schedule(4, &[("login", grid(100, 0))], 1000);
    assert_eq!(words(plan.take_due(at(1100))), ["login 1"]);
    assert_eq!(words(plan.take_due(at(1200))), ["login 2 overrun"]);
    plan.finished(&name("login"), 1);
    assert_eq!(words(plan.take_due(at(1300))), ["login 3"]);
}

#[test]
fn a_round_waits_a_little_for_a_place_and_is_then_saturated() {
    let mut plan = schedule(1, &[("a", grid(1000, 0)), ("b", grid(1000, 0))], 1000);
    assert_eq!(words(plan.take_due(at(2000))), ["a 1"]);
    assert_eq!(plan.wake_at(), Some(at(2050)));
    plan.finished(&name("a"), 1);
    assert_eq!(words(plan.take_due(at(2020))), ["b 1"]);
    assert_eq!(words(plan.take_due(at(3000))), ["b 2 overrun"]);
    plan.finished(&name("b"), 1);
    assert_eq!(words(plan.take_due(at(3001))), ["a 2"]);
}

#[test]
fn patience_ends() {
    let mut plan = schedule(1, &[("a", grid(1000, 0)), ("b", grid(1000, 0))], 1000);
    plan.take_due(at(2000));
    assert!(plan.take_due(at(2049)).is_empty());
    assert_eq!(words(plan.take_due(at(2050))), ["b 1 saturated"]);
}

#[test]
fn a_change_of_plan_keeps_the_place_in_an_unchanged_grid_and_knows_what_runs() {
    let (a, b) = (grid(100, 0), grid(200, 0));
    let mut plan = schedule(4, &[("a", a), ("b", a)], 1000);
    assert_eq!(words(plan.take_due(at(1100))), ["a 1", "b 1"]);
    plan.replace(grids(&[("a", a), ("b", b)]), at(1100));
    assert!(plan.take_due(at(1100)).is_empty());
    assert_eq!(words(plan.take_due(at(1200))), ["a 2 overrun", "b 1 overrun"]);
    plan.replace(BTreeMap::new(), at(1200));
    assert_eq!((plan.wake_at(), plan.in_flight()), (None, 2));
}

#[test]
fn a_check_that_moves_inside_its_interval_repeats_no_round() {
    let mut plan = schedule(4, &[("a", grid(100, 0))], 1000);
    assert_eq!(words(plan.take_due(at(1100))), ["a 1"]);
    plan.finished(&name("a"), 1);
    plan.replace(grids(&[("a", grid(100, 50))]), at(1110));
    assert!(plan.take_due(at(1150)).is_empty());
    assert_eq!(words(plan.take_due(at(1250))), ["a 2"]);
    plan.replace(grids(&[("a", grid(100, 0))]), at(1260));
    assert_eq!(plan.wake_at(), Some(at(1300)));
}

#[test]
fn draining_gives_out_nothing() {
    let mut plan = schedule(4, &[("a", grid(100, 0))], 1000);
    plan.drain();
    assert_eq!(plan.wake_at(), None);
    assert!(plan.take_due(at(5000)).is_empty());
}

proptest! {
    #[test]
    fn no_round_twice_no_check_twice_at_once_and_never_too_many(
        places in 1_usize..4,
        every in prop::collection::vec(1_u64..500, 1..6),
        moves in prop::collection::vec((-2000_i64..2000, any::<bool>(), any::<bool>()), 1..200),
    ) {
        let checks: Vec<String> = (0..every.len()).map(|n| format!("c{n}")).collect();
        let set: BTreeMap<Name, Grid> =
            checks.iter().zip(&every).map(|(check, every)| (name(check), grid(*every, 3))).collect();
        let mut plan = Schedule::new(places, Duration::from_millis(50));
        plan.replace(set.clone(), at(1000));
        let (mut now, mut seen, mut flying) = (1000_u64, std::collections::BTreeSet::new(), Vec::new());
        for (step, finish, again) in moves {
            now = now.saturating_add_signed(step).max(1000);
            if finish && !flying.is_empty() {
                let (check, round): (Name, u64) = flying.remove(0);
                plan.finished(&check, round);
            }
            if again {
                plan.replace(set.clone(), at(now));
            }
            for due in plan.take_due(at(now)) {
                let (check, round, runs) = match due {
                    Due::Run { check, round, due } => {
                        prop_assert!(due <= at(now));
                        (check, round, true)
                    }
                    Due::Skip { check, round, .. } => (check, round, false),
                };
                prop_assert!(seen.insert((check.clone(), round)), "{check} {round} came twice");
                if runs {
                    prop_assert!(flying.iter().all(|(other, _)| *other != check));
                    flying.push((check, round));
                }
            }
            prop_assert!(flying.len() <= places);
            prop_assert_eq!(plan.in_flight(), flying.len());
        }
    }

    #[test]
    fn the_newest_round_is_due_and_the_next_is_not(
        origin in 0_u64..1_000_000, every in 1_u64..100_000, phase in 0_u64..200_000, now in 0_u64..10_000_000,
    ) {
        let grid = Grid::new(at(origin), every, phase).unwrap();
        if let Some(round) = grid.newest_at(at(now)) {
            prop_assert!(grid.due(round) <= at(now));
        }
        let next = grid.next_after(at(now));
        prop_assert!(grid.due(next) > at(now));
        prop_assert!(next == 0 || grid.due(next - 1) <= at(now));
    }
}
