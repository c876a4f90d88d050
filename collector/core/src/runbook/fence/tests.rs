use tidelock_model::Side::{Source, Target};

use super::*;
use crate::plan::{ClaimKind, Parity, Silence};
use crate::record::EventKind;
use crate::runbook::stand::*;

fn silence() -> Silence {
    Silence { held_for: secs(600), error_rate: 0.05, more_than_per_hour: 0.0 }
}

fn fence() -> Step {
    step("fence", StepKind::Fence { two_readings: secs(5) }, &[], 0)
}

fn fenced(claims: Vec<(&'static str, Joint)>) -> Stand {
    let declared =
        claims.into_iter().map(|(check, joint)| (check, scenario(&[Source], vec![ClaimKind::Joint(joint)])));
    let scenarios = declared.chain([("login", scenario(&[Target], vec![ClaimKind::Passes { in_a_row: 1 }]))]);
    let open = step("open", StepKind::Open, &[], 0);
    Stand::new(plan(scenarios.collect(), vec![fence(), open]), &["s1", "s2", "t1"])
}

fn jobs() -> Stand {
    fenced(vec![("jobs", Joint::Silent(silence()))])
}

fn quiet() -> Says {
    counts(&[("writes", 0.0), ("runs", 0.0), ("open_writers", 0.0)])
}

fn both(says: &Says) -> Vec<(&'static str, &'static str, Says)> {
    vec![("s1", "jobs", says.clone()), ("s2", "jobs", says.clone())]
}

#[test]
fn two_readings_of_each_agent_prove_a_fence() {
    let mut stand = jobs();
    stand.rounds(3, &both(&quiet()));
    stand.acts(0);
    let acted = stand.now;
    assert_eq!(stand.lines(0, acted)[0], "run jobs on source by s1: s1 has not read it since the fence");
    // What was written before the fence is told by the first look after it.
    stand.rounds(1, &both(&counts(&[("writes", 7.0)])));
    assert_eq!(stand.lines(0, acted)[1], "run jobs on source by s2: 1 of 2 readings by s2, 5 s apart");
    stand.rounds(1, &both(&quiet()));
    assert_eq!((stand.holds(0, acted), stand.migration.fence_moved()), (Vec::new(), None));
    assert!(stand.replays());
}

#[test]
fn a_writer_that_goes_on_is_named() {
    let mut stand = jobs();
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(1, &both(&quiet()));
    let wrote = Says {
        remaining: vec!["invoices: 3 rows by cron"],
        note: "invoices: 3 rows by cron",
        ..counts(&[("writes", 3.0)])
    };
    stand.rounds(1, &[("s1", "jobs", wrote), ("s2", "jobs", quiet())]);
    let moved = stand.migration.fence_moved().unwrap();
    assert_eq!(
        moved,
        "fence moved: invoices: 3 rows by cron: 0 -> 3 within 5 s, 36 a minute, seen by jobs of s1"
    );
    stand.rounds(2, &both(&quiet()));
    let hold = &stand.holds(0, acted)[0];
    assert_eq!((hold.code, hold.state), (HoldCode::Run, Some(EvidenceState::Refuted)), "it moved once");
    stand.decide(EventKind::StepBegun { run: 1, lease: 1, part: 0, undo: true });
    assert_eq!(stand.migration.fence_moved(), None, "it is taken back");
}

#[test]
fn a_reading_that_failed_is_no_reading() {
    let mut stand = jobs();
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(1, &both(&quiet()));
    stand.rounds(1, &[("s1", "jobs", quiet()), ("s2", "jobs", fails("permission denied"))]);
    assert_eq!(
        stand.lines(0, acted),
        ["run jobs on source by s2: s2 could not read it: it fails: permission denied"]
    );
    stand.rounds(1, &[("s1", "jobs", quiet()), ("s2", "jobs", passes())]);
    assert!(stand.lines(0, acted)[0].ends_with("s2 could not read it: it counts nothing that could move"));
    stand.rounds(1, &both(&quiet()));
    assert_eq!(stand.holds(0, acted), []);
}

#[test]
fn what_only_lost_readings_told_proves_no_fence() {
    let mut stand = jobs();
    stand.acts(0);
    let acted = stand.now;
    stand.loses("s2");
    stand.rounds(2, &both(&quiet()));
    assert_eq!(stand.holds(0, acted), [], "nothing was read before, so nothing that was read is missing");
    stand.loses("s2");
    let line = &stand.lines(0, acted)[0];
    assert!(
        line.contains("by s2: s2 has not read it since readings after ") && line.ends_with("were lost"),
        "{line}"
    );
    stand.rounds(3, &both(&quiet()));
    let hold = &stand.holds(0, acted)[0];
    assert_eq!(
        hold.state,
        Some(EvidenceState::Undecided),
        "two readings that stand still are of another time"
    );
    assert!(
        hold.reason.contains("readings by s2 were lost between ") && hold.reason.contains("fence once more")
    );
    assert_eq!(stand.migration.fence_moved(), None, "nobody knows, either way");
    assert!(stand.replays());
}

#[test]
fn what_moved_while_readings_were_lost_is_seen_by_the_next_one() {
    let put_in = |number: f64| {
        let told = counts(&[("visible", 2.0), ("in_flight", 0.0), ("enqueued", number)]);
        [
            ("s1", "queue", counts(&[("visible", 2.0), ("in_flight", 0.0), ("enqueued", 104.0)])),
            ("s2", "queue", told),
        ]
    };
    let begin = || {
        let mut stand = fenced(vec![("queue", Joint::Drained(silence()))]);
        stand.acts(0);
        stand.rounds(2, &put_in(104.0));
        stand.loses("s2");
        stand
    };
    let mut still = begin();
    let acted = still.now;
    still.rounds(1, &put_in(104.0));
    assert_eq!(still.holds(0, acted.minus(secs(10))).len(), 1, "it has to be read twice again");
    still.rounds(1, &put_in(104.0));
    assert_eq!(
        still.holds(0, acted.minus(secs(10))),
        [],
        "a position that stood still all the time stood still"
    );
    let mut moved = begin();
    moved.rounds(1, &put_in(107.0));
    let told = moved.migration.fence_moved().unwrap();
    assert!(told.starts_with("fence moved: enqueued: 104 -> 107 within 5 s"), "{told}");
}

#[test]
fn an_open_transaction_is_no_first_reading() {
    let mut stand = jobs();
    stand.acts(0);
    let acted = stand.now;
    let open = Says { note: "cron is writing", ..counts(&[("writes", 1.0), ("open_writers", 1.0)]) };
    stand.rounds(2, &both(&open));
    assert!(stand.lines(0, acted)[0].contains("still writes in an open transaction: cron is writing"));
    assert_eq!(stand.migration.fence_moved(), None, "it began before the fence");
    stand.rounds(1, &both(&quiet()));
    assert_eq!(stand.holds(0, acted).len(), 2, "the position is read after in-flight writes ended");
    stand.rounds(1, &both(&open));
    assert!(stand.migration.fence_moved().is_some(), "a transaction that writes now began behind the fence");
}

#[test]
fn every_declared_writer_is_read_and_not_the_first_alone() {
    let mut stand = fenced(vec![("jobs", Joint::Silent(silence())), ("queue", Joint::Drained(silence()))]);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(2, &both(&quiet()));
    assert_eq!(stand.holds(0, acted).len(), 2, "nobody read the queue");
    let depth = |put_in: f64| {
        let told = counts(&[
            ("visible", 2.0),
            ("in_flight", 0.0),
            ("enqueued", put_in),
            ("enqueued.orders", put_in),
        ]);
        [
            ("s1", "queue", told.clone()),
            ("s2", "queue", told),
            ("s1", "jobs", quiet()),
            ("s2", "jobs", quiet()),
        ]
    };
    stand.rounds(1, &depth(104.0));
    stand.rounds(1, &depth(107.0));
    let moved = stand.migration.fence_moved().unwrap();
    assert_eq!(
        moved,
        "fence moved: enqueued.orders: 104 -> 107 within 5 s, 36 a minute, seen by queue of s1"
    );
}

#[test]
fn a_queue_may_drain_behind_a_fence_and_must_not_fill() {
    let mut stand = fenced(vec![("queue", Joint::Drained(silence()))]);
    stand.acts(0);
    let acted = stand.now;
    for waits in [9.0, 4.0, 0.0] {
        let told =
            counts(&[("visible", waits), ("in_flight", 1.0), ("visible.mail", waits), ("enqueued", 9.0)]);
        stand.rounds(1, &[("s1", "queue", told.clone()), ("s2", "queue", told)]);
    }
    assert_eq!((stand.holds(0, acted), stand.migration.fence_moved()), (Vec::new(), None));
    let told = counts(&[("visible", 2.0), ("in_flight", 1.0), ("visible.mail", 2.0), ("enqueued", 9.0)]);
    stand.rounds(1, &[("s1", "queue", told)]);
    assert!(stand.migration.fence_moved().unwrap().contains("visible.mail: 1 -> 3"));
    stand.decide(EventKind::StepBegun { run: 1, lease: 1, part: 1, undo: false });
    assert_eq!(stand.migration.fence_moved(), None, "from here on the other side is open");
}

#[test]
fn an_empty_queue_that_counts_nothing_put_in_proves_no_fence() {
    let mut stand = fenced(vec![("queue", Joint::Drained(silence()))]);
    stand.acts(0);
    let acted = stand.now;
    let empty = counts(&[("visible", 0.0), ("in_flight", 0.0)]);
    stand.rounds(4, &[("s1", "queue", empty.clone()), ("s2", "queue", empty)]);
    let lines = stand.lines(0, acted);
    assert!(lines[0].contains("what waits and not what is put in (enqueued)"), "{lines:?}");
    let counted = counts(&[("visible", 0.0), ("in_flight", 0.0), ("enqueued", 12.0)]);
    stand.rounds(2, &[("s1", "queue", counted.clone()), ("s2", "queue", counted)]);
    assert_eq!((stand.holds(0, acted), stand.migration.fence_moved()), (Vec::new(), None));
}

#[test]
fn rows_that_change_are_a_write() {
    let parity = Parity { tolerate_lag: secs(5), matches: 3, rows_at_least: 1 };
    let mut stand = fenced(vec![("rows", Joint::Parity(parity))]);
    stand.acts(0);
    let acted = stand.now;
    let shows = |hash, rows| {
        let says = Says { digests: vec![("orders/1", hash, rows)], ..passes() };
        [("s1", "rows", says.clone()), ("s2", "rows", says)]
    };
    stand.rounds(1, &shows("young", 10));
    stand.rounds(2, &shows("a", 10));
    assert_eq!((stand.holds(0, acted), stand.migration.fence_moved()), (Vec::new(), None));
    stand.rounds(1, &shows("b", 10));
    assert!(stand.migration.fence_moved().unwrap().starts_with("fence moved: orders/1: 10 rows -> 10 rows"));
}

#[test]
fn a_fence_that_nobody_can_see_is_not_proved() {
    let mut stand = fenced(Vec::new());
    stand.acts(0);
    let holds = stand.holds(0, stand.now);
    assert_eq!(holds[0].code, HoldCode::Unchecked);
    assert!(holds[0].reason.starts_with("nothing that the plan declares reads who writes on source"));
    assert_eq!(holds[0].next, "tidelock cutover show");
}

#[test]
fn the_hash_behind_a_proved_step_names_what_proved_it() {
    let mut stand = jobs();
    stand.acts(0);
    stand.rounds(2, &both(&quiet()));
    let hash = |migration: &Migration, kind| migration.evidence_of(&kind, stand.now).0;
    let proved = || EventKind::StepProved { run: 1, part: 0 };
    let mut unwatched = stand.migration.clone();
    unwatched.young = crate::runbook::Young::default();
    assert_ne!(hash(&stand.migration, proved()), hash(&unwatched, proved()), "the readings are in it");
    assert_eq!(hash(&stand.migration, EventKind::HoldSet), hash(&unwatched, EventKind::HoldSet));
}
