//! Prometheus' query API: one query, one number.

use serde::Deserialize;
use tidelock_plugin::{Stop, Target, percent};

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Sample {
    value: (f64, String),
}

/// The value of a query now.
///
/// # Errors
/// There is none, or more than one, or it is no number.
pub(crate) fn ask(target: &Target, path: &str, query: &str) -> Result<f64, Stop> {
    let reply = target.get(&format!("{path}?query={}", percent(query))).send()?;
    let answer: Answer = serde_json::from_slice(&reply.body)
        .map_err(|_| Stop::blind(format!("{path} answered {} without an answer to a query", reply.status)))?;
    if answer.status != "success" {
        return Err(Stop::blind(format!("Prometheus refuses the query: {}", answer.error)));
    }
    let data = answer.data.ok_or_else(|| Stop::blind("Prometheus answered without data"))?;
    let text = match data.result_type.as_str() {
        "scalar" => read::<(f64, String)>(data.result)?.1,
        "vector" => one(read::<Vec<Sample>>(data.result)?, query)?,
        other => return Err(Stop::blind(format!("the query gives a {other}, not one number: sum it"))),
    };
    let value: f64 = text.parse().map_err(|_| Stop::blind(format!("`{text}` is no number")))?;
    // A quotient of nothing by nothing is no answer.
    match value.is_finite() {
        true => Ok(value),
        false => Err(Stop::blind(format!("the query gives {value}: {query}"))),
    }
}

fn one(samples: Vec<Sample>, query: &str) -> Result<String, Stop> {
    let count = samples.len();
    match (samples.into_iter().next(), count) {
        (Some(sample), 1) => Ok(sample.value.1),
        (None, _) => Err(Stop::blind(format!("the query has no sample, which is not zero: {query}"))),
        (Some(_), count) => {
            Err(Stop::blind(format!("the query gives {count} series, not one number: sum it: {query}")))
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Stop> {
    serde_json::from_value(value).map_err(|error| Stop::blind(format!("Prometheus answered oddly: {error}")))
}
