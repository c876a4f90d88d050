//! What the door takes and what it refuses.

use tidelock_model::{Cause, Outcome};

use super::check;
use crate::protocol::wire::{
    WireCounts, WireDigest, WireMark, WireMeasure, WireOutcome, WireReport, WireStep,
};

fn step(name: &str, outcome: WireOutcome) -> WireStep {
    WireStep { name: name.to_owned(), outcome, duration_us: 1, note: String::new() }
}

fn measure(name: &str, value: f64) -> WireMeasure {
    WireMeasure { name: name.to_owned(), value_bits: value.to_bits(), unit: "ms".to_owned() }
}

fn digest(key: &str, hash: usize, position: &str) -> WireDigest {
    WireDigest { key: key.to_owned(), hash: vec![7; hash], rows: 1, position: position.to_owned() }
}

fn good() -> WireReport {
    WireReport {
        outcome: WireOutcome::Pass,
        steps: vec![step("open", WireOutcome::Pass)],
        measures: vec![measure("visible", 0.0)],
        digests: vec![digest("orders", 32, "17")],
        ..WireReport::default()
    }
}

#[test]
fn a_good_report_comes_through_as_it_is() {
    let (outcome, report) = check(good(), 1 << 18).unwrap();
    assert_eq!(outcome, Outcome::Pass);
    assert_eq!(report.measure("visible").unwrap().value, 0.0);
    assert_eq!(report.steps[0].name, "open");
}

type Change = fn(&mut WireReport);

#[test]
fn garbage_is_a_bad_report() {
    let cases: Vec<(&str, Change)> = vec![
        ("no number", |r| r.measures = vec![measure("m", f64::NAN)]),
        ("no number", |r| r.measures = vec![measure("m", f64::INFINITY)]),
        ("two of measure", |r| r.measures = vec![measure("m", 1.0), measure("m", 2.0)]),
        ("two of step", |r| r.steps.push(step("open", WireOutcome::Pass))),
        ("its step pay says fail", |r| r.steps.push(step("pay", WireOutcome::Fail))),
        ("its step pay says not run", |r| r.steps.push(step("pay", WireOutcome::NotRun))),
        ("lower-case", |r| r.steps.push(step("Open\u{1b}[2J", WireOutcome::Pass))),
        ("name is missing", |r| r.steps.push(step("", WireOutcome::Pass))),
        ("at most 256 steps", |r| {
            r.steps = (0..257).map(|n| step(&format!("s{n}"), WireOutcome::Pass)).collect();
        }),
        ("hash of digest", |r| r.digests.push(digest("x", 0, ""))),
        ("hash of digest", |r| r.digests.push(digest("x", 65, ""))),
        ("two of digest", |r| r.digests.push(digest("orders", 32, "17"))),
        ("has a key", |r| r.digests.push(digest("x\ny", 32, ""))),
        ("position of digest", |r| r.digests.push(digest("x", 32, "\u{202e}"))),
    ];
    all_bad(&cases);
}

#[test]
fn counts_that_contradict_themselves_are_a_bad_report() {
    let cases: Vec<(&str, Change)> = vec![
        ("two of mark", |r| {
            let mark = WireMark { key: "k".to_owned(), issued: true, unix_ms: 1 };
            r.marks = vec![mark.clone(), mark];
        }),
        ("a unit is", |r| r.measures[0].unit = "m".repeat(33)),
        ("2 of 1 requests", |r| {
            r.counts = Some(WireCounts { ok: 2, total: 1, latency_buckets: vec![] });
        }),
        ("do not rise", |r| {
            r.counts = Some(WireCounts { ok: 1, total: 9, latency_buckets: vec![(5, 1), (5, 1)] });
        }),
        ("hold 18446744073709551615 of", |r| {
            let latency_buckets = vec![(5, u64::MAX), (6, u64::MAX)];
            r.counts = Some(WireCounts { ok: 1, total: 9, latency_buckets });
        }),
        ("shows nothing", |r| {
            r.steps.clear();
            r.measures.clear();
            r.digests.clear();
        }),
    ];
    all_bad(&cases);
}

fn all_bad(cases: &[(&str, Change)]) {
    for (want, change) in cases {
        let mut report = good();
        change(&mut report);
        let refusal = check(report, 1 << 18).unwrap_err();
        assert_eq!(refusal.cause, Cause::BadReport, "{want}: {refusal}");
        assert!(refusal.detail.contains(want), "{want}: {refusal}");
        assert!(!refusal.detail.chars().any(char::is_control), "{refusal:?}");
    }
}

#[test]
fn a_report_that_is_too_large_is_output() {
    let report = WireReport { note: "x".repeat((256 << 10) + 1), ..good() };
    assert_eq!(check(report, 256 << 10).unwrap_err().cause, Cause::Output);
}

#[test]
fn a_failed_step_and_an_empty_report_are_fine_when_they_do_not_say_pass() {
    let fail = WireReport { outcome: WireOutcome::Fail, ..WireReport::default() };
    assert_eq!(check(fail, 1 << 18).unwrap().0, Outcome::Fail);
    let steps = vec![step("open", WireOutcome::Fail)];
    let fail = WireReport { outcome: WireOutcome::NotRun, steps, ..WireReport::default() };
    assert_eq!(check(fail, 1 << 18).unwrap().0, Outcome::NotRun);
}

#[test]
fn texts_for_people_are_cleaned_and_cut() {
    let mut report = good();
    report.note = format!("two\nlines \u{1b}[31mred\u{202e}{}", "é".repeat(5000));
    report.steps[0].note = "a".repeat(2000);
    let (_, report) = check(report, 1 << 18).unwrap();
    assert!(report.note.starts_with("two lines [31mredé"), "{}", &report.note[..40]);
    assert!(report.note.len() <= 4096 && report.steps[0].note.len() == 1024);
}
