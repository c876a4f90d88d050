//! One line of cases in, one line of results out; nothing that a line says can stop the rest.

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{evidence, statistics};

/// The fields of a case; those after `input` are told apart, and not read.
const KNOWN: [&str; 6] = ["id", "kind", "input", "name", "note", "expect"];

/// Answers a line: its result, or what is wrong with it.
pub(crate) fn answer(line: &str) -> Value {
    let case: Value = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return json!({ "id": null, "error": format!("the line is not JSON: {error}") }),
    };
    let id = case.get("id").cloned().unwrap_or(Value::Null);
    match result(&case) {
        Ok(result) => json!({ "id": id, "result": result }),
        Err(error) => json!({ "id": id, "error": error }),
    }
}

fn result(case: &Value) -> Result<Value, String> {
    let fields = Fields::of(case, &KNOWN)?;
    let kind = fields.get("kind").and_then(Value::as_str).ok_or("field `kind` is missing, or no text")?;
    let input = fields.get("input").ok_or("field `input` is missing")?;
    statistics::evaluate(kind, input)
        .or_else(|| evidence::evaluate(kind, input))
        .unwrap_or_else(|| Err(format!("unknown kind `{kind}`")))
}
