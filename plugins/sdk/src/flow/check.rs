//! Everything about a flow that can be wrong before the first call.

use std::collections::BTreeSet;

use serde_json::Value;

use super::play::RUN_NAMES;
use super::shape::{Flow, FlowStep};
use super::template::{json_names, names};
use crate::settings::suggestion;

const MAX_STEPS: usize = 64;
const MAX_ATTEMPTS: u32 = 20;
const MAX_WAIT_MS: u32 = 5000;

/// The names that a flow's templates refer to.
pub type Used = BTreeSet<String>;

/// Checks a flow, given the names that its settings bring. Gives the names that it uses.
///
/// # Errors
/// The place in the flow, what is wrong there and what to do.
pub fn check<'n>(flow: &Flow, given: impl IntoIterator<Item = &'n str>) -> Result<Used, String> {
    if let Some(step) = flow.steps.iter().find(|step| step.same_response.is_some()) {
        return Err(format!(
            "flow step {}: same_response: this check does not compare answers; http-flow does",
            step.name
        ));
    }
    check_all(flow, given)
}

/// The same for a check that compares answers.
pub(crate) fn check_all<'n>(flow: &Flow, given: impl IntoIterator<Item = &'n str>) -> Result<Used, String> {
    if flow.steps.is_empty() || flow.steps.len() > MAX_STEPS {
        return Err(format!("flow.steps: {} steps; a flow has 1 to {MAX_STEPS}", flow.steps.len()));
    }
    let mut known: BTreeSet<String> = given.into_iter().map(str::to_owned).collect();
    known.extend(RUN_NAMES.map(str::to_owned));
    let mut used = Used::new();
    for (name, value) in &flow.vars {
        plain_name(name).map_err(|why| format!("flow.vars.{name}: {why}"))?;
        let place = format!("flow.vars.{name}");
        refer(&place, json_names(value).map_err(|why| format!("{place}: {why}"))?, &known, &mut used)?;
    }
    known.extend(flow.vars.keys().cloned());
    let mut seen = BTreeSet::new();
    for (at, step) in flow.steps.iter().enumerate() {
        let place = format!("flow.steps[{at}] ({})", step.name);
        if !seen.insert(step.name.as_str()) {
            return Err(format!("{place}: two steps have this name"));
        }
        check_step(step).map_err(|why| format!("{place}: {why}"))?;
        for text in texts(&step.request_texts()) {
            refer(&place, names(&text).map_err(|why| format!("{place}: {why}"))?, &known, &mut used)?;
        }
        known.extend(step.extract.keys().cloned());
        for text in texts(&step.expect_texts()) {
            refer(&place, names(&text).map_err(|why| format!("{place}: {why}"))?, &known, &mut used)?;
        }
    }
    Ok(used)
}

fn refer(place: &str, names: Vec<&str>, known: &BTreeSet<String>, used: &mut Used) -> Result<(), String> {
    for name in names {
        if !known.contains(name) {
            let known: Vec<_> = known.iter().cloned().collect();
            return Err(format!(
                "{place}: nothing gives `{{{{{name}}}}}` its value{}",
                suggestion(name, &known)
            ));
        }
        used.insert(name.to_owned());
    }
    Ok(())
}

fn check_step(step: &FlowStep) -> Result<(), String> {
    let tidy = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if step.name.is_empty() || step.name.len() > 60 || !step.name.chars().all(tidy) {
        return Err("a step's name is lower-case words with dashes, at most 60 bytes".to_owned());
    }
    let request = &step.request;
    let bodies = [request.form.is_some(), request.json.is_some(), request.body.is_some()];
    if bodies.iter().filter(|is| **is).count() > 1 {
        return Err("request: give at most one of form, json, body".to_owned());
    }
    if !request.path.starts_with('/') && !request.path.starts_with("{{") {
        return Err(format!(
            "request.path: `{}` does not begin with `/`; the target holds the host",
            request.path
        ));
    }
    for (key, fields) in [
        ("query", Some(&request.query)),
        ("headers", Some(&request.headers)),
        ("form", request.form.as_ref()),
    ] {
        for (name, value) in fields.into_iter().flatten() {
            if value.is_array() || value.is_object() {
                return Err(format!("request.{key}.{name}: a list or an object does not fit here"));
            }
        }
    }
    for (name, extract) in &step.extract {
        plain_name(name).and_then(|()| extract.check()).map_err(|why| format!("extract.{name}: {why}"))?;
    }
    step.expect.check().map_err(|why| format!("expect.json: {why}"))?;
    if let Some(same) = &step.same_response {
        same.check().map_err(|why| format!("same_response: {why}"))?;
        let has_body = bodies.iter().any(|is| *is);
        if has_body || !matches!(request.method().to_ascii_uppercase().as_str(), "GET" | "HEAD") {
            return Err("same_response: the request is made twice, so it must be a GET or a HEAD".to_owned());
        }
    }
    match step.retry {
        Some(retry) if !(2..=MAX_ATTEMPTS).contains(&retry.attempts) || retry.wait_ms > MAX_WAIT_MS => {
            Err(format!("retry: 2 to {MAX_ATTEMPTS} attempts, at most {MAX_WAIT_MS} ms between them"))
        }
        _ => Ok(()),
    }
}

fn plain_name(name: &str) -> Result<(), String> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Ok(());
    }
    Err("a variable's name has letters, digits, `_` and `-`".to_owned())
}

/// Every text inside the values.
fn texts(values: &[Value]) -> Vec<String> {
    let mut out = Vec::new();
    let mut open: Vec<&Value> = values.iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => out.push(text.clone()),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    out
}

impl FlowStep {
    /// Everything in the request that may hold templates.
    fn request_texts(&self) -> Vec<Value> {
        let request = &self.request;
        let mut texts = vec![Value::from(request.path.as_str())];
        texts.extend(request.query.values().chain(request.headers.values()).cloned());
        texts.extend(request.form.iter().flat_map(|form| form.values()).cloned());
        texts.extend(request.json.clone());
        texts.extend(request.body.as_deref().map(Value::from));
        texts.extend(self.target.as_deref().map(Value::from));
        if let Some(basic) = &request.basic {
            texts.extend([Value::from(basic.user.as_str()), Value::from(basic.password.as_str())]);
        }
        texts
    }

    /// Everything in the expectations that may hold templates.
    fn expect_texts(&self) -> Vec<Value> {
        let expect = &self.expect;
        let mut texts: Vec<Value> = expect.path.as_deref().map(Value::from).into_iter().collect();
        texts.extend(
            expect.contains.0.iter().chain(&expect.not_contains.0).map(|word| Value::from(word.as_str())),
        );
        texts.extend(expect.header.values().chain(expect.json.values()).flat_map(|wanted| wanted.texts()));
        texts
    }

    /// Whether the request takes the value of that name.
    pub fn sends(&self, name: &str) -> bool {
        texts(&self.request_texts()).iter().any(|text| names(text).is_ok_and(|names| names.contains(&name)))
    }
}
