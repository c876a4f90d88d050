//! Components whose word must not be taken.

use anyhow::Result;

use super::Case;
use crate::Content;
use crate::guest::Guest;
use crate::image::Report;

const PASS: &str = "(i32.const 1024)";

fn says(report: Report) -> Result<Content> {
    Guest::new(PASS).report(report).made()
}

pub(crate) const CASES: &[Case] = &[
    (19, "no-result-at-all", || Guest { runs: false, ..Guest::new("") }.made()),
    (19, "a-result-that-is-nowhere", || Guest::new("(i32.const -8)").made()),
    (20, "a-pass-that-shows-nothing", || says(Report { step: None, ..Report::default() })),
    (21, "nan", || says(Report { measure: Some(f64::NAN), ..Report::default() })),
    (21, "infinity", || says(Report { measure: Some(f64::NEG_INFINITY), ..Report::default() })),
    (21, "more-successes-than-requests", || {
        says(Report { counts: Some((u64::MAX, 1 << 63)), ..Report::default() })
    }),
    (21, "more-requests-than-can-be-counted", || {
        says(Report { counts: Some((u64::MAX, u64::MAX)), ..Report::default() })
    }),
    (22, "a-result-in-anothers-name", || {
        says(Report { step: Some("source/agent-1:login"), ..Report::default() })
    }),
    // Whatever it is asked, all is well. What catches it is a round that must fail.
    (43, "always-passes", || says(Report::default())),
];
