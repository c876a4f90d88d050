use super::*;
use crate::cmd::report::page::{html, markdown};

fn at(minute: u64) -> Option<prost_types::Timestamp> {
    Some(json::wire_time(1_795_352_400_000 + minute * 60_000))
}

fn report() -> v1::Report {
    let event = v1::Event {
        sequence: 12,
        time: at(4),
        text: "cutover: GO".to_owned(),
        by: "olga".to_owned(),
        findings_position: 417,
        evidence_hash: vec![0xab; 32],
        reason: "all <b>green</b>".to_owned(),
        ..v1::Event::default()
    };
    let span = |phase: &str, state: v1::EvidenceState, ms| v1::ReportSpan {
        phase: phase.to_owned(),
        state: state.into(),
        ms,
    };
    v1::Report {
        migration: "shop".to_owned(),
        summary: "shop moved".to_owned(),
        source_title: "AWS".to_owned(),
        target_title: "Hetzner".to_owned(),
        timezone: "UTC".to_owned(),
        as_of_time: at(60),
        phase: "watch".to_owned(),
        revisions: vec![v1::ReportRevision {
            revision: 8,
            time: at(1),
            by: "ben".to_owned(),
            reason: "too strict".to_owned(),
            looser: vec!["checkout 99.5 % -> 99 %".to_owned()],
            ..v1::ReportRevision::default()
        }],
        phases: vec![
            v1::ReportPhase {
                phase: "sync".to_owned(),
                from_time: at(0),
                to_time: at(10),
                planned_ms: Some(300_000),
            },
            v1::ReportPhase { phase: "watch".to_owned(), from_time: at(10), to_time: None, planned_ms: None },
        ],
        decisions: vec![v1::ReportDecision {
            event: Some(event),
            holds: vec!["stale login: old".to_owned()],
        }],
        scenarios: vec![v1::ReportScenario {
            name: "login".to_owned(),
            title: "Log in".to_owned(),
            level: "critical".to_owned(),
            spans: vec![
                span("sync", v1::EvidenceState::Proved, 540_000),
                span("sync", v1::EvidenceState::Stale, 60_000),
                span("watch", v1::EvidenceState::Proved, 3_000_000),
            ],
            longest_hold_ms: 60_000,
            may_dip_ms: Some(45_000),
            dip_ms: Some(12_000),
        }],
        people: vec![v1::ReportPerson {
            name: "olga".to_owned(),
            full_name: "Olga Berg".to_owned(),
            role: "head of operations".to_owned(),
        }],
        head_sequence: 99,
        head_hash: vec![0xcd; 32],
        runs: vec![crate::cmd::cutover::parts::tests::run()],
        switched_time: at(10),
        decisions_cut: 1204,
        loud: vec!["rehearsal scale: spans are too short for a real move".to_owned()],
        ..v1::Report::default()
    }
}

#[test]
fn what_was_not_fine_and_what_got_looser_stand_in_it() {
    let page = markdown(&blocks(&report(), None));
    for said in [
        "# Report of shop",
        "checkout 99.5 % -\\> 99 %",
        "stale login: old",
        "olga (head of operations)",
        "| 417 abababababab |",
        "12 s of 45 s",
        "| olga | Olga Berg | head of operations |",
        "The newest decision is number 99, the chain up to it cdcdcdcd",
        "all \\<b\\>green\\</b\\>",
        "sync: proved 90 % (9 min), stale 10 % (1 min); watch: proved 100 % (50 min)",
        "50 min, still",
        "- ‼ rehearsal scale: spans are too short",
        "| traffic@10% | ben | pending | 15 s | – |  |",
        "the recovery is not over",
        "1,204 older decisions are left out",
        "## The way back\n\nNothing is known of it.",
    ] {
        assert!(page.contains(said), "no {said:?} in:\n{page}");
    }
    let page = html("shop", &blocks(&report(), None));
    assert!(page.contains("all &lt;b&gt;green&lt;/b&gt;") && !page.contains("<b>"), "{page}");
}

#[test]
fn traffic_that_went_back_stands_beside_the_switch() {
    let said = |report: &v1::Report| markdown(&[switched(report)]);
    assert!(said(&report()).contains("the recovery is not over"));
    let back = v1::Report { back_time: at(20), ..report() };
    let text = said(&back);
    assert!(text.contains("not every needed claim was proved there") && !text.contains("recovery"), "{text}");
    assert!(text.contains("moved back to the source at 2026-11-22"), "{text}");
    let proved = v1::Report { recovery_ms: Some(19_000), ..back };
    assert!(said(&proved).contains("proved again after 19 s. It was moved back"), "{}", said(&proved));
}

#[test]
fn an_empty_report_claims_nothing() {
    let page = markdown(&blocks(&v1::Report::default(), None));
    for said in ["Traffic was not switched", "Nothing was decided", "Nothing is known of it"] {
        assert!(page.contains(said), "no {said:?} in:\n{page}");
    }
    assert!(!page.contains("\n\n\n"), "a gap in place of what is not there:\n{page}");
}

#[test]
fn what_nobody_knows_any_more_has_no_number_on_the_page() {
    let lacking = v1::Report { findings_dropped: true, said_cut: true, account_cut: 3, ..report() };
    let page = markdown(&blocks(&lacking, None));
    for said in [
        "were dropped before it was written down what they told",
        "proved again is unknown: findings were dropped",
        "| critical | unknown: findings were dropped | unknown | unknown |",
        "- which agents fell silent is unknown: findings were dropped",
        "3 scenarios and overrides are not in the record of the end",
        "Agents said more than is kept",
    ] {
        assert!(page.contains(said), "no {said:?} in:\n{page}");
    }
    for number in ["proved 90 %", "12 s of 45 s", "the recovery is not over"] {
        assert!(!page.contains(number), "{number:?} in:\n{page}");
    }
    let whole = markdown(&blocks(&report(), None));
    assert!(!whole.contains("findings were dropped"), "{whole}");
}
