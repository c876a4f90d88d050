//! Components that do not come back, or come back too late.

use super::Case;
use crate::guest::Guest;
use crate::image::Report;

/// Gives what is at 1024: a pass, unless something else is said.
const PASS: &str = "(i32.const 1024)";
const FOR_EVER: &str = "(loop $for_ever (br $for_ever)) (unreachable)";

pub(crate) const CASES: &[Case] = &[
    (1, "endless-loop", || Guest::new(FOR_EVER).made()),
    (2, "loop-in-the-return-of-a-call", || {
        // The host asks for memory to put the random bytes into, and waits.
        let run = format!(
            "(global.set $armed (i32.const 1)) (call $random (i32.const 16) (i32.const 8192)) {PASS}"
        );
        let realloc = "(loop $for_ever (br_if $for_ever (global.get $armed))) (call $alloc (local.get 3))";
        Guest { realloc, ..Guest::new(&run) }.made()
    }),
    (3, "deep-recursion", || {
        let more = "(func $deep (param i32) (result i32) \
            (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))";
        Guest { more, ..Guest::new(&format!("(drop (call $deep (i32.const 0))) {PASS}")) }.made()
    }),
    (12, "sleeps-for-ever", || {
        Guest::new("(loop $again (call $sleep (i32.const -1)) (br $again)) (unreachable)").made()
    }),
    (13, "sleeps-past-its-deadline-and-passes", || {
        Guest::new(&format!("(call $sleep (i32.const 3600000)) {PASS}")).made()
    }),
    (14, "busy-and-yields-each-tick", || {
        Guest::new("(loop $again (call $sleep (i32.const 1)) (br $again)) (unreachable)").made()
    }),
    (33, "start-that-traps", || {
        Guest { more: "(func $begin (unreachable)) (start $begin)", ..Guest::new(PASS) }.made()
    }),
    (33, "start-that-loops", || {
        let more = "(func $begin (loop $for_ever (br $for_ever))) (start $begin)";
        Guest { more, ..Guest::new(PASS) }.made()
    }),
    (34, "behaves-for-five-rounds", || {
        let run =
            format!("(if (i64.lt_u (local.get $round) (i64.const 5)) (then (return {PASS}))) {FOR_EVER}");
        Guest::new(&run).made()
    }),
    (35, "answers-from-what-it-kept", || {
        // A second run in the same instance would pass; there is none.
        let run = format!(
            "(if (global.get $armed) (then (i32.store8 (i32.const 1032) (i32.const 0)) \
             (i32.store8 (i32.const 1160) (i32.const 0)))) (global.set $armed (i32.const 1)) {PASS}"
        );
        let report = Report { outcome: 1, step: Some("nothing-was-kept"), ..Report::default() };
        Guest::new(&run).report(report).made()
    }),
    (40, "spends-its-time-inside-calls", || {
        let run = "(loop $again (global.set $next (i32.const 65536)) \
            (call $random (i32.const 1024) (i32.const 8192)) (br $again)) (unreachable)";
        Guest::new(run).made()
    }),
    (44, "times-its-own-work", || {
        // It learns how long something takes, and tells it as its number.
        let run = format!(
            "(local $turns i32) (local.set $turns (i32.const 10000))
             (loop $again (local.set $turns (i32.sub (local.get $turns) (i32.const 1))) (br_if $again (local.get $turns)))
             (f64.store (i32.const 1224) (f64.convert_i64_u (call $clock))) {PASS}"
        );
        Guest::new(&run).report(Report { measure: Some(0.0), ..Report::default() }).made()
    }),
];
