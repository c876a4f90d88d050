//! A flow as it is written. Unknown keys are refused everywhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Extract, Match, SameResponse, Statuses};

/// Ordered HTTP steps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Values for templates.
    #[serde(default)]
    pub vars: BTreeMap<String, Value>,
    /// The steps, in order.
    pub steps: Vec<FlowStep>,
}

/// One request, what is taken from its answer, and what the answer must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowStep {
    /// Lower-case words with dashes, unique within the flow.
    pub name: String,
    /// The target; the check's own when left out.
    pub target: Option<String>,
    /// What is sent.
    pub request: Request,
    /// What is taken from the answer, by the name of the variable.
    #[serde(default)]
    pub extract: BTreeMap<String, Extract>,
    /// What the answer must be.
    #[serde(default)]
    pub expect: Expect,
    /// Asks again until the answer is as expected.
    pub retry: Option<Retry>,
    /// Taken even after a step that failed: for cleaning up.
    #[serde(default)]
    pub always: bool,
    /// Asks twice, and reports one digest a field of the answer, to be compared with the other side's.
    pub same_response: Option<SameResponse>,
}

/// What a step sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// GET, or POST when there is a body, when left out.
    pub method: Option<String>,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Fields added to the query.
    #[serde(default)]
    pub query: BTreeMap<String, Value>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// A form's fields.
    pub form: Option<BTreeMap<String, Value>>,
    /// A JSON body.
    pub json: Option<Value>,
    /// A body as it is.
    pub body: Option<String>,
    /// Name and password for HTTP basic authentication.
    pub basic: Option<Basic>,
    /// Follows redirects into granted targets.
    #[serde(default)]
    pub follow: bool,
    /// Sends and keeps cookies unless this says `false`.
    pub cookies: Option<bool>,
}

/// HTTP basic authentication.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The name.
    pub user: String,
    /// The password, or a secret's handle.
    pub password: String,
}

/// What an answer must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// One status, a range such as `200-299`, or a list of both; 200 to 399 when left out.
    pub status: Option<Statuses>,
    /// The path that answers last.
    pub path: Option<String>,
    /// Headers and what they must be.
    #[serde(default)]
    pub header: BTreeMap<String, Match>,
    /// Texts that the body must have.
    #[serde(default)]
    pub contains: Words,
    /// Texts that the body must not have.
    #[serde(default)]
    pub not_contains: Words,
    /// JSON pointers (`/items/0/price`) and what they must be.
    #[serde(default)]
    pub json: BTreeMap<String, Match>,
    /// The answer must have come within this many milliseconds, redirects included.
    pub max_ms: Option<u64>,
}

/// One text or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct Words(pub Vec<String>);

impl TryFrom<Value> for Words {
    type Error = String;

    fn try_from(value: Value) -> Result<Words, String> {
        let words = match &value {
            Value::String(word) => vec![word.clone()],
            Value::Array(words) => words
                .iter()
                .map(|word| word.as_str().map(str::to_owned).ok_or_else(|| format!("{word} is no text")))
                .collect::<Result<_, _>>()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(format!("{value} is neither a text nor a list of texts"));
            }
        };
        if words.iter().any(String::is_empty) {
            return Err("an empty text is in every page".to_owned());
        }
        Ok(Words(words))
    }
}

/// How often a step is tried again, for what appears a little later.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How often it is tried at most, the first time included; 2 to 20.
    pub attempts: u32,
    /// The pause between two tries, at most 5000 milliseconds.
    pub wait_ms: u32,
}

impl Request {
    /// The method that is sent.
    pub fn method(&self) -> &str {
        let has_body = self.form.is_some() || self.json.is_some() || self.body.is_some();
        self.method.as_deref().unwrap_or(if has_body { "POST" } else { "GET" })
    }
}
