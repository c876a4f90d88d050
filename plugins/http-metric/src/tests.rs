//! The check against a made-up Prometheus and a made-up page.

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema, reply};
use tidelock_plugin::{Check, Outcome, Report, Trouble};

use crate::HttpMetric;
use crate::settings::Settings;

fn look(body: Value, settings: &Value) -> Result<Report, Trouble> {
    let host = FakeHost::new().http(move |_, _| Ok(reply(200, &[], &body.to_string())));
    host.rc().run::<HttpMetric>(settings)
}

fn vector(values: &[&str]) -> Value {
    let sample = |value: &&str| json!({ "metric": {}, "value": [1_700_000_000.5, value] });
    json!({ "status": "success", "data": { "resultType": "vector", "result": values.iter().map(sample).collect::<Vec<_>>() } })
}

fn query() -> Value {
    json!({ "target": "prom", "queries": { "errors": "sum(rate(errors[1m]))" } })
}

#[test]
fn one_sample_is_a_measure() {
    let report = look(vector(&["2.5"]), &query()).unwrap();
    assert_eq!((report.outcome, report.measure("errors")), (Outcome::Pass, Some(2.5)));
    let scalar = json!({ "status": "success", "data": { "resultType": "scalar", "result": [1.0, "7"] } });
    assert_eq!(look(scalar, &query()).unwrap().measure("errors"), Some(7.0));
}

#[test]
fn what_answers_nothing_is_never_zero() {
    let refused = json!({ "status": "error", "errorType": "bad_data", "error": "parse error" });
    for (body, word) in [
        (vector(&[]), "no sample, which is not zero"),
        (vector(&["1", "2"]), "2 series"),
        (vector(&["NaN"]), "gives NaN"),
        (vector(&["much"]), "no number"),
        (refused, "parse error"),
        (json!("hello"), "without an answer"),
    ] {
        let trouble = look(body, &query()).unwrap_err();
        assert!(format!("{trouble:?}").contains(word), "{trouble:?}");
    }
}

#[test]
fn real_traffic_is_counted() {
    let counts = json!({ "target": "prom", "counts": { "ok": "ok", "total": "total" } });
    let host = FakeHost::new().http(|_, request| {
        let value = if request.path.ends_with("query=ok") { "97.6" } else { "100.2" };
        Ok(reply(200, &[], &vector(&[value]).to_string()))
    });
    let report = host.rc().run::<HttpMetric>(&counts).unwrap();
    let counted = report.counts.as_ref().unwrap();
    assert_eq!((counted.ok, counted.total, report.measure("ok_percent")), (98, 100, Some(98.0)));
}

#[test]
fn more_that_is_fine_than_there_was_is_no_answer() {
    let counts = json!({ "target": "prom", "counts": { "ok": "ok", "total": "total" } });
    let host = FakeHost::new().http(|_, request| {
        let value = if request.path.ends_with("query=ok") { "9" } else { "5" };
        Ok(reply(200, &[], &vector(&[value]).to_string()))
    });
    assert!(host.rc().run::<HttpMetric>(&counts).is_err());
}

#[test]
fn pointers_lead_to_numbers() {
    let settings = json!({ "target": "app", "path": "/stats", "pointers": { "queue": "/queues/0/depth" } });
    let report = look(json!({ "queues": [{ "depth": 12 }] }), &settings).unwrap();
    assert_eq!(report.measure("queue"), Some(12.0));
    let trouble = look(json!({ "queues": [] }), &settings).unwrap_err();
    assert!(format!("{trouble:?}").contains("/queues/0/depth of /stats leads to no number"), "{trouble:?}");
}

#[test]
fn settings_name_what_is_wrong() {
    for (settings, word) in [
        (json!({ "target": "a" }), "nothing is looked at"),
        (json!({ "target": "a", "queries": { "q": "x" }, "pointers": { "p": "/x" } }), "two checks"),
        (json!({ "target": "a", "pointers": { "p": "x" } }), "no JSON pointer"),
        (json!({ "target": "a", "queries": { "q": "x" }, "path": "x" }), "begin with /"),
    ] {
        let Err(Trouble::BadSettings(why)) = look(json!({}), &settings) else {
            panic!("{settings} is taken")
        };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&HttpMetric::manifest().settings_schema);
}
