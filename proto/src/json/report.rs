//! What stays after the night: schema `tidelock.report/v1`.

use serde_json::{Value, json};

use super::owners::failed_undo;
use super::{event, hex, manual_check, overridden, rollback, run, state_word, time, word_or_null};
use crate::v1;

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// The whole migration, for the record.
pub fn report(report: &v1::Report) -> Value {
    let now = report.as_of_time.as_ref();
    json!({
        "schema": "tidelock.report/v1",
        "migration": report.migration, "summary": report.summary, "phase": report.phase,
        "source": report.source_title, "target": report.target_title, "timezone": report.timezone,
        "part": report.edition.as_ref().and_then(part),
        "as_of": time(now), "switched": time(report.switched_time.as_ref()),
        "back": time(report.back_time.as_ref()),
        "plan_revisions": report.revisions.iter().map(revision).collect::<Value>(),
        "phases": report.phases.iter().map(phase).collect::<Value>(),
        "decisions": report.decisions.iter().map(decision).collect::<Value>(),
        "decisions_cut": report.decisions_cut, "phases_cut": report.phases_cut,
        "scenarios": report.scenarios.iter().map(|it| scenario(it, !report.findings_dropped)).collect::<Value>(),
        "findings_dropped": report.findings_dropped, "said_cut": report.said_cut,
        "account_cut": report.account_cut, "accounted": time(report.accounted_time.as_ref()),
        "runs": report.runs.iter().map(run).collect::<Value>(),
        "manual_checks": report.manual_checks.iter().map(manual_check).collect::<Value>(),
        "failed_undos": report.failed_undos.iter().map(failed_undo).collect::<Value>(),
        "overrides": report.overrides.iter().map(overridden).collect::<Value>(),
        "rollback": report.rollback.as_ref().map(|view| rollback(view, now)),
        "rollback_ended": time(report.rollback_ended_time.as_ref()),
        "rollback_ended_why": word_or_null(&report.rollback_ended_why),
        "recovered": (!report.findings_dropped).then_some(report.recovery_ms.is_some()),
        "recovery_seconds": report.recovery_ms.map(seconds),
        "agents_lost": report.agents_lost, "blind_spots": report.blind_spots, "loud": report.loud,
        "people": report.people.iter().map(person).collect::<Value>(),
        "head": { "sequence": report.head_sequence, "hash": word_or_null(&hex(&report.head_hash)) },
    })
}

/// What is left out is said; nothing where it is the whole.
fn part(edition: &v1::ReportEdition) -> Option<Value> {
    let part = json!({ "from": word_or_null(&edition.from), "to": word_or_null(&edition.to) });
    (!edition.from.is_empty() || !edition.to.is_empty()).then_some(part)
}

fn person(person: &v1::ReportPerson) -> Value {
    json!({ "name": person.name, "full_name": person.full_name, "role": word_or_null(&person.role) })
}

fn revision(revision: &v1::ReportRevision) -> Value {
    json!({
        "revision": revision.revision, "digest": format!("sha256:{}", hex(&revision.hash)),
        "time": time(revision.time.as_ref()), "by": word_or_null(&revision.by),
        "reason": word_or_null(&revision.reason), "looser": revision.looser,
    })
}

fn phase(phase: &v1::ReportPhase) -> Value {
    json!({
        "phase": phase.phase, "from": time(phase.from_time.as_ref()), "to": time(phase.to_time.as_ref()),
        "took_seconds": super::seconds_since(phase.from_time.as_ref(), phase.to_time.as_ref()),
        "planned_seconds": phase.planned_ms.map(seconds),
    })
}

fn decision(decision: &v1::ReportDecision) -> Value {
    let mut value = event(decision.event.as_ref().unwrap_or(&v1::Event::default()));
    value["holds"] = json!(decision.holds);
    value
}

/// Where its findings were dropped nobody knows how long it was in which state, and no number says so.
fn scenario(scenario: &v1::ReportScenario, known: bool) -> Value {
    let span = |span: &v1::ReportSpan| json!({ "phase": span.phase, "state": word_or_null(state_word(span.state)), "seconds": seconds(span.ms) });
    json!({
        "name": scenario.name, "title": scenario.title, "level": scenario.level,
        "states": known.then(|| scenario.spans.iter().map(span).collect::<Value>()),
        "longest_hold_seconds": known.then(|| seconds(scenario.longest_hold_ms)),
        "may_dip_seconds": scenario.may_dip_ms.map(seconds), "dip_seconds": scenario.dip_ms.map(seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_that_is_not_over_has_no_number() {
        let value = report(&v1::Report::default());
        assert_eq!((&value["recovered"], &value["recovery_seconds"]), (&json!(false), &Value::Null));
        let over = v1::Report { recovery_ms: Some(1500), ..v1::Report::default() };
        assert_eq!(report(&over)["recovery_seconds"], json!(1.5));
    }

    #[test]
    fn what_nobody_knows_any_more_has_no_number() {
        let scenarios =
            vec![v1::ReportScenario { name: "login".to_owned(), ..v1::ReportScenario::default() }];
        let of = |findings_dropped| {
            report(&v1::Report { scenarios: scenarios.clone(), findings_dropped, ..v1::Report::default() })
        };
        let (known, lacking) = (of(false), of(true));
        assert_eq!(known["scenarios"][0]["longest_hold_seconds"], json!(0.0));
        assert_eq!((&known["scenarios"][0]["states"], &known["recovered"]), (&json!([]), &json!(false)));
        for unknown in ["states", "longest_hold_seconds"] {
            assert_eq!(lacking["scenarios"][0][unknown], Value::Null, "{unknown}");
        }
        assert_eq!((&lacking["recovered"], &lacking["findings_dropped"]), (&Value::Null, &json!(true)));
    }

    #[test]
    fn a_part_says_that_it_is_one() {
        let of = |from: &str| v1::ReportEdition { from: from.to_owned(), ..v1::ReportEdition::default() };
        let part =
            |from| report(&v1::Report { edition: Some(of(from)), ..v1::Report::default() })["part"].clone();
        assert_eq!(part("2026-11-22T01:00"), json!({ "from": "2026-11-22T01:00", "to": null }));
        assert_eq!((part(""), &report(&v1::Report::default())["part"]), (Value::Null, &Value::Null));
    }
}
