//! The settings of a check that is a flow and nothing else.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::check::check_all;
use super::play::Vars;
use super::shape::Flow;
use crate::Trouble;
use crate::settings::{parse, suggestion};

/// A target, a flow, and the values that the plan gives to the flow's templates.
///
/// Every other key of the settings is such a value, and must be used: a key that no step uses is a mistake
/// in spelling more often than not.
#[derive(Debug, Clone)]
pub struct FlowSettings {
    /// The target of steps that name none.
    pub target: String,
    /// The flow.
    pub flow: Flow,
    /// The values given, by name.
    pub given: Vars,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    target: String,
    flow: Flow,
}

impl FlowSettings {
    /// Reads settings and checks the flow in them.
    ///
    /// # Errors
    /// [`Trouble::BadSettings`] names the place and what to do.
    pub fn parse(text: &str) -> Result<FlowSettings, Trouble> {
        let all: Map<String, Value> = parse(text)?;
        let (own, given): (Map<_, _>, Map<_, _>) =
            all.into_iter().partition(|(key, _)| matches!(key.as_str(), "target" | "flow"));
        let Shape { target, flow } = parse(&Value::Object(own).to_string())?;
        let given: Vars = given.into_iter().collect();
        if let Some((key, _)) = given.iter().find(|(_, value)| value.is_object() || value.is_array()) {
            return Err(Trouble::BadSettings(format!("{key}: a list or an object does not fit a template")));
        }
        let used = check_all(&flow, given.keys().map(String::as_str)).map_err(Trouble::BadSettings)?;
        if let Some(key) = given.keys().find(|key| !used.contains(*key)) {
            let mut known: Vec<String> = vec!["target".to_owned(), "flow".to_owned()];
            known.extend(used.into_iter().filter(|name| !name.starts_with("run.")));
            return Err(Trouble::BadSettings(format!("{key}: no step uses it{}", suggestion(key, &known))));
        }
        Ok(FlowSettings { target, flow, given })
    }
}
