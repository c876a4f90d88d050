//! Components that take what they can get.

use super::Case;
use crate::guest::Guest;
use crate::image::Report;

const PASS: &str = "(i32.const 1024)";

pub(crate) const CASES: &[Case] = &[
    (4, "memory-to-the-maximum", || {
        Guest::new(&format!("(drop (memory.grow (i32.const 60000))) {PASS}")).made()
    }),
    (5, "memory-page-by-page", || {
        let run = "(local $at i32)
            (loop $again
              (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
              (i32.store (local.get $at) (i32.const 1))
              (br $again))
            (unreachable)";
        Guest::new(run).made()
    }),
    (6, "table-to-the-maximum", || {
        let run = format!("(drop (table.grow $t (ref.null func) (i32.const 10000000))) {PASS}");
        Guest { more: "(table $t 1 funcref)", ..Guest::new(&run) }.made()
    }),
    (8, "two-gibibytes-to-a-call", || {
        let run = format!("(call $log (i32.const 1) (i32.const 0) (i32.const 0x7fffffff)) {PASS}");
        Guest::new(&run).made()
    }),
    (23, "a-result-of-64-mib", || {
        let note = (0, 64 << 20);
        Guest::new(PASS).report(Report { note, ..Report::default() }).made()
    }),
    (23, "a-result-of-8-mib-that-is-there", || {
        let run = format!("(drop (memory.grow (i32.const 160))) {PASS}");
        Guest::new(&run).report(Report { note: (0, 8 << 20), ..Report::default() }).made()
    }),
];
