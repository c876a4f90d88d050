//! Calls to targets, told in the note.

use serde_json::Value;

use crate::bindings::tidelock::check::http::{self, Request};
use crate::bindings::tidelock::check::sql;
use crate::bindings::tidelock::check::types::{Outcome, Report, Trouble};
use crate::{Ask, measure, report};

/// What is told of a body.
const SHOWN_BYTES: usize = 900;

/// `times` calls; the last one is told. `on-failure` chooses what is made of a failure.
pub(crate) fn http(ask: &Ask) -> Result<Report, Trouble> {
    let headers = ask.settings["headers"].as_object();
    let headers = headers.into_iter().flatten();
    let request = Request {
        method: ask.settings["method"].as_str().unwrap_or("GET").to_owned(),
        path: ask.text("path"),
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
            .collect(),
        body: ask.text("body").into_bytes(),
        follow_redirects: ask.flag("follow"),
    };
    let mut told = Err("no call".to_owned());
    for _ in 0..ask.number("times", 1) {
        told = match http::send(&ask.text("target"), &request) {
            Ok(response) => Ok(response),
            Err(failure) => Err(format!("{failure:?}")),
        };
    }
    match told {
        Ok(response) => {
            let body = String::from_utf8_lossy(&response.body);
            let shown: String = body.chars().take(SHOWN_BYTES).collect();
            let all: Vec<String> =
                response.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let note = format!("{} {} [{}] {shown}", response.status, response.final_path, all.join(", "));
            let measures = vec![
                measure("body-bytes", count(response.body.len())),
                measure("connect-us", response.timing.connect_us as f64),
                measure("tls-us", response.timing.tls_us as f64),
                measure("first-byte-us", response.timing.first_byte_us as f64),
                measure("total-us", response.timing.total_us as f64),
            ];
            Ok(Report { measures, ..report(Outcome::Pass, note) })
        }
        Err(failure) => match ask.text("on-failure").as_str() {
            "fail" => Ok(report(Outcome::Fail, failure)),
            "pass" => Ok(report(Outcome::Pass, failure)),
            "not-run" => Ok(report(Outcome::NotRun, failure)),
            _ => Err(Trouble::CouldNotLook(failure)),
        },
    }
}

pub(crate) fn target_of(ask: &Ask) -> Result<Report, Trouble> {
    Ok(report(Outcome::Pass, format!("{:?}", http::target_of(&ask.text("url")))))
}

pub(crate) fn sql(ask: &Ask) -> Result<Report, Trouble> {
    let (target, statement) = (ask.text("target"), ask.text("statement"));
    let params: Vec<sql::Value> =
        ask.settings["params"].as_array().into_iter().flatten().map(param).collect();
    if ask.flag("execute") {
        return Ok(match sql::execute(&target, &statement, &params) {
            Ok(changed) => report(Outcome::Pass, format!("changed {changed}")),
            Err(failure) => report(Outcome::Fail, format!("{failure:?}")),
        });
    }
    let limit = u32::try_from(ask.number("limit", 100)).unwrap_or(100);
    Ok(match sql::query(&target, &statement, &params, ask.number("offset", 0), limit) {
        Ok(rows) => {
            let shown: Vec<String> = rows.rows.iter().take(8).map(|row| format!("{row:?}")).collect();
            let note =
                format!("{:?} {}{}", rows.columns, shown.join(" "), if rows.more { " more" } else { "" });
            Report { measures: vec![measure("rows", count(rows.rows.len()))], ..report(Outcome::Pass, note) }
        }
        Err(failure) => report(Outcome::Fail, format!("{failure:?}")),
    })
}

fn param(value: &Value) -> sql::Value {
    match value {
        Value::Null => sql::Value::Null,
        Value::Bool(value) => sql::Value::Boolean(*value),
        Value::Number(value) => match value.as_i64() {
            Some(integer) => sql::Value::Integer(integer),
            None => sql::Value::Float(value.as_f64().unwrap_or(0.0)),
        },
        Value::String(value) => sql::Value::Text(value.clone()),
        Value::Array(_) | Value::Object(_) => sql::Value::Bytes(value.to_string().into_bytes()),
    }
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::MAX, f64::from)
}
