//! Worked cases of the evidence engine, answered by the example `conformance`.
//!
//! Each line of `conformance/*.jsonl` is a case with what was computed for it by other means than this engine.
//! Logarithms agree to 1e−9, everything else exactly.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

#[path = "../examples/conformance/evidence.rs"]
mod evidence;
#[path = "../examples/conformance/fields.rs"]
mod fields;
#[path = "../examples/conformance/line.rs"]
mod line;
#[path = "../examples/conformance/statistics.rs"]
mod statistics;

use serde_json::{Value, json};

/// Whether two results agree: fractions to 1e−9, everything else exactly.
fn agree(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(left, right)| agree(left, right))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, left)| b.get(key).is_some_and(|right| agree(left, right)))
        }
        (left, right) => left == right,
    }
}

fn check(cases: &str) {
    for case in cases.lines() {
        let expect = &serde_json::from_str::<Value>(case).unwrap()["expect"];
        let answer = line::answer(case);
        assert!(agree(&answer["result"], expect), "{case}\n expected {expect}\n answered {answer}");
    }
}

#[test]
fn every_worked_case_of_statistics_is_answered() {
    check(include_str!("conformance/statistics.jsonl"));
}

#[test]
fn every_worked_case_of_counts_and_comparisons_is_answered() {
    check(include_str!("conformance/evidence.jsonl"));
}

#[test]
fn what_is_not_known_is_an_error_of_its_line() {
    for (line, error) in [
        ("{", "not JSON"),
        ("[]", "not an object"),
        (r#"{"id":"a"}"#, "`kind` is missing"),
        (r#"{"id":"a","kind":"slo"}"#, "`input` is missing"),
        (r#"{"id":"a","kind":"slo","input":{},"extra":1}"#, "unknown field `extra`"),
        (r#"{"id":"a","kind":"tarot","input":{}}"#, "unknown kind `tarot`"),
        (r#"{"id":"a","kind":"slo","input":[]}"#, "not an object"),
        (r#"{"id":"a","kind":"slo","input":{"s":0.9}}"#, "`xt` is missing"),
        (r#"{"id":"a","kind":"slo","input":{"s":0.9,"xt":[],"z":1}}"#, "unknown field `z`"),
        (r#"{"id":"a","kind":"slo","input":{"s":1.0,"xt":[]}}"#, "not between 0 and 1"),
        (r#"{"id":"a","kind":"slo","input":{"s":0.9,"xt":[1.5]}}"#, "not from 0 to 1"),
        (r#"{"id":"a","kind":"slo","input":{"s":0.9,"xt":["1"]}}"#, "not a number"),
        (r#"{"id":"a","kind":"slo","input":{"s":0.9,"xt":[1e999]}}"#, "not JSON"),
        (r#"{"id":"a","kind":"blame","input":{"fail_t":[0],"fail_s":[],"p0":0.02}}"#, "not of one length"),
    ] {
        let answer = line::answer(line);
        assert!(answer.get("result").is_none(), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(error), "{line}: {answer}");
    }
    assert_eq!(line::answer(r#"{"id":7,"kind":"x","input":{}}"#)["id"], json!(7));
}
