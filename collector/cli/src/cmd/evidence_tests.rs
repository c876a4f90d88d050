//! The course of a proof from end to end of the CLI: drawn, printed as JSON, read again and replayed.

use std::fmt::Write as _;

use expect_test::expect;
use tidelock_core::plan::Strength;
use tidelock_core::proof::{Level, ScenarioSettings, best_case_slots};
use tidelock_proto::{json, v1};

use super::evidence_draw::{Sheet, draw};
use super::replay::{Other, Replayed, replay};
use super::sparkline::Ink;
use super::{recorded, replay_text};
use crate::out::{Color, Format, Manner};

const SLOT_MS: u64 = 10_000;
const BEGUN_MS: u64 = 1_795_352_400_000;

fn manner() -> Manner {
    Manner::new(Format::Text, Color::Never, true, false)
}

fn sheet(ascii: bool) -> Sheet {
    Sheet { ink: Ink::new(ascii), width: 66 }
}

fn side(ok: u64, failed: u64) -> Option<v1::SlotSide> {
    Some(v1::SlotSide { ok, failed, ..v1::SlotSide::default() })
}

/// A course of so many slots, in which `target` failed of 8 results.
fn course(slots: u64, target: impl Fn(u64) -> Option<u64>) -> v1::Evidence {
    let slot = |number: u64| {
        let failed = target(number);
        v1::EvidenceSlot {
            slot: 500 + number,
            end_time: Some(json::wire_time(BEGUN_MS + (number + 1) * SLOT_MS)),
            source: side(8, 0),
            target: failed.map_or(side(0, 0), |failed| side(8 - failed, failed)),
            void_reason: if failed.is_none() { "nothing was heard of target".into() } else { String::new() },
            progress_percent: u32::try_from(number * 100 / slots.max(1)).unwrap_or(0),
        }
    };
    let proof = v1::ProofView {
        incidents: 1,
        last_incident_times: vec![json::wire_time(BEGUN_MS + 20 * SLOT_MS)],
        ..v1::ProofView::default()
    };
    let claim = v1::ClaimView {
        name: "success".into(),
        is: "37 % of the way, about 22 min left if nothing fails".into(),
        state: v1::EvidenceState::Undecided.into(),
        proof: Some(proof),
        ..v1::ClaimView::default()
    };
    let success = v1::SuccessSettings {
        proof: "standard".into(),
        margin: 0.05,
        slo: 0.95,
        error_rate: 0.05,
        incidents_per_second: 0.05 / 30.0,
    };
    v1::Evidence {
        migration: "shop".into(),
        check: "login".into(),
        as_of_time: Some(json::wire_time(BEGUN_MS + slots * SLOT_MS)),
        begun_time: Some(json::wire_time(BEGUN_MS)),
        slot_ms: SLOT_MS,
        observe_at_least_ms: 60_000,
        subject: v1::Side::Target.into(),
        compared: true,
        claims: vec![v1::EvidenceClaim { claim: Some(claim), success: Some(success) }],
        slots: (0..slots).map(slot).collect(),
        timezone: "Europe/Berlin".into(),
    }
}

/// Down for two slots, and nothing heard of it for two more.
fn troubled(number: u64) -> Option<u64> {
    match number {
        20 | 21 => Some(4),
        30 | 31 => None,
        _ => Some(0),
    }
}

fn again(evidence: &v1::Evidence, other: Other) -> (recorded::Recorded, Replayed) {
    let recorded = recorded::read(&json::evidence(evidence).to_string()).expect("what is printed is read");
    let settings = other.over(recorded.success);
    let replayed = replay(&recorded, settings).expect("the settings can be worked with");
    (recorded, replayed)
}

#[test]
fn a_course_is_drawn_with_its_holes_and_incidents() {
    let evidence = course(36, troubled);
    let claims: Vec<_> = evidence.claims.iter().collect();
    let mut drawn = draw(manner(), sheet(false), &evidence, &claims);
    drawn += &draw(manner(), sheet(true), &evidence, &claims);
    // More slots than characters: the worst of each few is shown.
    drawn += &draw(manner(), sheet(false), &course(200, troubled), &claims);
    let none = v1::Evidence { slots: Vec::new(), ..evidence };
    drawn += &draw(manner(), sheet(false), &none, &[]);
    expect![[r#"
        login  slot by slot
          success      37 % of the way, about 22 min left if nothing fails   ◷ undecided
          target       ████████████████████▄▄████████  ████  97 %
          source       ████████████████████████████████████  100 %
          way          ▁▁▁▁▁▁▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▅▅▅▅▅▆▆▆▆▆▇▇▇▇▇  97 %
          marks                            !         ××
                       14:00:00                14:06:00 CET
                       a character is a slot of 10 s, 36 slots closed
          ×            no evidence: nothing was heard of target (2)
          !            incidents 1: 14:03:20
        login  slot by slot
          success      37 % of the way, about 22 min left if nothing fails   ◷ undecided
          target       ####################--########  ####  97 %
          source       ####################################  100 %
          way          ______.....:::::-----=====+++++*****  97 %
          marks                            !         xx
                       14:00:00                14:06:00 CET
                       a character is a slot of 10 s, 36 slots closed
          x            no evidence: nothing was heard of target (2)
          !            incidents 1: 14:03:20
        login  slot by slot
          success      37 % of the way, about 22 min left if nothing fails   ◷ undecided
          target       ████▄███████████████████████████████████  99.4 %
          source       ████████████████████████████████████████  100 %
          way          ▁▁▁▁▁▁▂▂▂▂▂▃▃▃▃▃▃▄▄▄▄▄▄▅▅▅▅▅▆▆▆▆▆▆▇▇▇▇▇▇  99 %
          marks            ! ×
                       14:00:00                    14:33:20 CET
                       a character is the worst of 5 slots of 10 s, 200 slots closed
          ×            no evidence: nothing was heard of target (2)
          !            incidents 1: 14:03:20
        login  slot by slot
          no slot has closed in that time
    "#]]
    .assert_eq(&drawn);
}

#[test]
fn on_a_narrow_terminal_a_drawing_has_a_line_of_its_own() {
    let evidence = course(36, troubled);
    let claims: Vec<_> = evidence.claims.iter().collect();
    let narrow = Sheet { ink: Ink::new(true), width: 20 };
    let drawn = draw(manner(), narrow, &evidence, &claims);
    // Two slots a character, and what nobody heard of stays where it was.
    let target = "  target 97 %\n  ##########-#### ##\n";
    for drawn in [&drawn, &crate::lines::wrapped(&drawn, narrow.width)] {
        assert!(drawn.contains(target) && drawn.contains("\n  marks\n            !    x\n"), "{drawn}");
    }
}

#[test]
fn a_silence_of_many_slots_keeps_its_place_in_the_drawing() {
    let mut evidence = course(10, |number| (number < 4).then_some(0));
    // One slot tells of thirty.
    evidence.slots.truncate(5);
    let mut after = evidence.slots[0].clone();
    after.slot = 534;
    after.end_time = Some(json::wire_time(BEGUN_MS + 35 * SLOT_MS));
    evidence.slots.push(after);
    let drawn = draw(manner(), sheet(true), &evidence, &[]);
    let marks = drawn.lines().find(|line| line.contains("marks")).expect("marks");
    assert!(marks.ends_with(&"x".repeat(30)), "{drawn}");
}

#[test]
fn what_was_printed_replays_to_what_the_engine_says() {
    let slots =
        best_case_slots(ScenarioSettings::of(Level::Standard, 10.0)).expect("good").expect("provable");
    let (_, replayed) = again(&course(slots + 5, |_| Some(0)), Other::default());
    assert_eq!(replayed.proved_ms, Some(BEGUN_MS + slots * SLOT_MS));
    assert_eq!(replay_text::summary(&replayed), "standard would have said: proved after 35 min, no incident");
    let strict = Other { strength: Some(Strength::Strict), ..Other::default() };
    let (_, replayed) = again(&course(slots + 5, |_| Some(0)), strict);
    assert!(replay_text::summary(&replayed).starts_with("strict would have said: not proved, "));
    let slots = best_case_slots(ScenarioSettings::of(Level::Strict, 10.0)).expect("good").expect("provable");
    let (_, replayed) = again(&course(slots, |_| Some(0)), strict);
    assert_eq!(replayed.state(), "proved");
}

#[test]
fn nothing_is_proved_before_its_time_of_observation_or_on_silence() {
    let quick = Other { strength: Some(Strength::Quick), ..Other::default() };
    let mut evidence = course(120, |_| Some(0));
    evidence.observe_at_least_ms = 3_600_000;
    let (_, replayed) = again(&evidence, quick);
    assert_eq!((replayed.state(), replayed.proved_ms), ("undecided", None));
    assert!(replay_text::summary(&replayed).contains("not the time of observation"));
    assert!(replayed.steps.iter().all(|step| step.percent < 100));
    // Proved, and then silent: it is not proved any more.
    let (_, replayed) = again(&course(130, |number| (number < 120).then_some(0)), quick);
    assert_eq!(replayed.state(), "stale");
    assert!(replayed.proved_ms.is_some());
    assert!(replay_text::summary(&replayed).contains("but not any more at the end"));
    let (_, replayed) = again(&course(50, |_| None), quick);
    assert_eq!((replayed.state(), replayed.proved_ms), ("missing", None));
}

#[test]
fn a_replay_says_what_it_rests_on() {
    let (recorded, replayed) = again(&course(100, troubled), Other::default());
    let mut text = replay_text::text(manner(), sheet(false), &recorded, &replayed);
    // The first minutes are not in the file, and the source was not compared.
    let mut late = course(100, troubled);
    late.slots.drain(..30);
    late.compared = false;
    let harder = Other { margin: Some(0.02), slo: Some(0.99), error_rate: Some(0.01), ..Other::default() };
    let (recorded, replayed) = again(&late, harder);
    text += &replay_text::text(manner(), sheet(true), &recorded, &replayed);
    expect![[r#"
        login  standard would have said: not proved, 0 % of the way, 1 incident
          Settings     standard: margin 5 %, success above 95 %, wrong in at most 5 % of migrations, rules out 6 outages an hour or more
          Replayed     100 slots of 10 s, 14:00:00 to 14:16:40 CET
          Way          ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  0 %
          Left         about 1 h 2 min at the last pace
          Counted      1,568 results in 98 slots
          Left out     2 slots without evidence
          Incidents    1: 14:03:20
          Note         only success is replayed; a single agent that fails is not told apart
        login  standard would have said: not proved, 8 % of the way, no incident
          Settings     standard: margin 2 %, success above 99 %, wrong in at most 1 % of migrations, rules out 2.4 outages an hour or more
          Replayed     70 slots of 10 s, 14:05:00 to 14:16:40 CET
          Way          ___________________________________  8 %
          Left         about 2 h 2 min at the last pace
          Counted      544 results in 68 slots
          Left out     2 slots without evidence
          Incidents    none
          Note         the file begins 5 min after the evidence did; what was before it is not weighed
          Note         absolute only: nothing was compared with the source
          Note         only success is replayed; a single agent that fails is not told apart
    "#]].assert_eq(&text);
    let value = replay_text::json(&recorded, &replayed);
    assert_eq!(value["schema"], "tidelock.evidence-replay/v1");
    assert_eq!((value["proved"].as_bool(), value["proved_at"].is_null()), (Some(false), true));
    assert!(value["threshold"].as_f64().is_some_and(|threshold| threshold > 4.0), "{value}");
    assert_eq!(value["ln_e"]["no worse than the source"], serde_json::Value::Null, "absolute only");
    assert_eq!(value["slots"].as_array().map(Vec::len), Some(70));
}

#[test]
fn other_settings_take_the_place_of_the_recorded_ones() {
    let recorded = Some(recorded::Success {
        strength: Strength::Standard,
        margin: 0.05,
        slo: 0.9,
        error_rate: 0.01,
        incidents_per_second: 0.05 / 20.0,
    });
    let rate = |other: Other| other.over(recorded).incidents_per_second;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(near(rate(Other::default()), 0.05 / 20.0));
    assert!(near(rate(Other { margin: Some(0.1), ..Other::default() }), 0.1 / 20.0));
    assert!(near(rate(Other { strength: Some(Strength::Strict), ..Other::default() }), 0.05 / 60.0));
    assert!(near(rate(Other { strength: Some(Strength::Quick), ..Other::default() }), 12.0 / 3600.0));
    let outage = Other { strength: Some(Strength::Strict), outage_seconds: Some(5.0), ..Other::default() };
    assert!(near(rate(outage), 0.05 / 5.0));
    assert!(near(Other::default().over(recorded).slo, 0.9) && near(Other::default().over(None).slo, 0.95));
}

#[test]
fn a_bad_file_is_refused_with_the_place() {
    let good = json::evidence(&course(5, |_| Some(0))).to_string();
    let mut said = String::new();
    for (was, is) in [
        ("tidelock.evidence/v1", "tidelock.evidence/v2"),
        ("\"schema\":", "\"scheme\":"),
        ("\"slot_seconds\":10.0", "\"slot_seconds\":0.0"),
        ("\"slot_seconds\":10.0", "\"slot_seconds\":\"10\""),
        ("\"begun\":\"2026-", "\"begun\":\"26-"),
        ("\"compared\":true,", ""),
        ("\"subject\":\"target\"", "\"subject\":\"left\""),
        ("\"margin\":0.05", "\"margin\":1.0"),
        ("\"proof\":\"standard\"", "\"proof\":\"certain\""),
        ("\"slot\":502", "\"slot\":500"),
        ("\"slot\":502", "\"slot\":503"),
        ("\"slot\":502", "\"slot\":-1"),
        ("\"progress_percent\":40", "\"progress_percent\":101"),
        ("\"ok\":8", "\"ok\":0"),
        ("\"ok\":8", "\"ok\":8.5"),
        ("\"ok\":8", "\"ok\":99999999999"),
        ("\"void\":null", "\"void\":\"\""),
        ("\"void\":null", "\"void\":false"),
    ] {
        assert!(good.contains(was), "{was} is not in {good}");
        let wrong = recorded::read(&good.replacen(was, is, 1)).expect_err("it was taken");
        let _ = writeln!(said, "{wrong}");
    }
    let _ = writeln!(said, "{}", recorded::read(&good[..100]).expect_err("half a file was taken"));
    let _ = writeln!(said, "{}", recorded::read("[]").expect_err("a list was taken"));
    let none = v1::Evidence { slots: Vec::new(), ..course(1, |_| Some(0)) };
    let none = json::evidence(&none).to_string();
    let _ = writeln!(said, "{}", recorded::read(&none).expect_err("no slot was taken"));
    expect![[r#"
        schema is "tidelock.evidence/v2", and only "tidelock.evidence/v1" can be replayed
        no schema "tidelock.evidence/v1": give what `tidelock evidence show -o json` printed
        slot_seconds is no length of a slot; it is above 0 and at most 3600
        slot_seconds is "10"; it must be a number of seconds, to the millisecond
        begun is "26-11-22T13:00:00.000Z"; it must be a time such as 2026-11-22T13:06:10.000Z
        compared is missing
        subject is "left"; it must be "source" or "target"
        claims[0].success.margin is 1.0; it must be a share between 0 and 1
        claims[0].success.proof is "certain"; it must be "quick", "standard" or "strict"
        slots[2].slot is 500, not after 501
        slots[2].end does not fit its number and the length of a slot
        slots[2].slot is -1; it must be a whole number from 0 on
        slots[2].progress_percent is 101; it must be at most 100
        slots[0].source counts no result, and the slot is not void
        slots[0].source.ok is 8.5; it must be a whole number from 0 to 4294967295
        slots[0].source.ok is 99999999999; it must be a whole number from 0 to 4294967295
        slots[0].void is ""; it must be null or a reason
        slots[0].void is false; it must be null or a reason
        no JSON document: EOF while parsing a string at line 1 column 100
        the document is no object
        slots is empty: there is nothing to replay
    "#]]
    .assert_eq(&said);
}
