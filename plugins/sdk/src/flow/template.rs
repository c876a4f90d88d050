//! `{{name}}` in texts and JSON values.

use std::collections::BTreeMap;

use serde_json::Value;

/// The names that a text refers to.
///
/// # Errors
/// A template is not closed.
pub(crate) fn names(text: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let inside = &rest[open + 2..];
        let close = inside.find("}}").ok_or_else(|| format!("`{text}`: `{{{{` without `}}}}`"))?;
        found.push(inside[..close].trim());
        rest = &inside[close + 2..];
    }
    Ok(found)
}

/// The names that any text in a JSON value refers to.
///
/// # Errors
/// A template is not closed.
pub(crate) fn json_names(value: &Value) -> Result<Vec<&str>, String> {
    match value {
        Value::String(text) => names(text),
        Value::Array(items) => gather(items.iter()),
        Value::Object(fields) => gather(fields.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Vec::new()),
    }
}

fn gather<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Vec<&'v str>, String> {
    values.map(json_names).collect::<Result<Vec<_>, _>>().map(|names| names.concat())
}

/// Fills a text in.
///
/// # Errors
/// The name that has no value.
pub fn fill(text: &str, vars: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("{{") {
        let (name, after) = inside.split_once("}}").ok_or_else(|| text.to_owned())?;
        out.push_str(before);
        out.push_str(&plain(value(name, vars)?));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Fills every text in a JSON value in; a text that is one template becomes the value itself.
///
/// # Errors
/// The name that has no value.
pub(crate) fn fill_json(template: &Value, vars: &BTreeMap<String, Value>) -> Result<Value, String> {
    Ok(match template {
        Value::String(text) => match whole(text) {
            Some(name) => value(name, vars)?.clone(),
            None => Value::String(fill(text, vars)?),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_json(item, vars)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), fill_json(value, vars)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    })
}

/// The name when the text is one template and nothing else.
fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{")).then_some(name)
}

fn value<'v>(name: &str, vars: &'v BTreeMap<String, Value>) -> Result<&'v Value, String> {
    vars.get(name.trim()).ok_or_else(|| name.trim().to_owned())
}

/// A value as it stands in a text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vars() -> BTreeMap<String, Value> {
        [("n", json!(7)), ("who", json!("ana")), ("run.side", json!("source"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    #[test]
    fn a_text_is_filled_in() {
        assert_eq!(fill("/o/{{n}}?u={{ who }}&s={{run.side}}", &vars()).unwrap(), "/o/7?u=ana&s=source");
        assert_eq!(fill("{{nobody}}", &vars()), Err("nobody".to_owned()));
    }

    #[test]
    fn a_json_value_keeps_its_type() {
        let filled = fill_json(&json!({"a": "{{n}}", "b": ["{{n}}!", null, 1]}), &vars());
        assert_eq!(filled.unwrap(), json!({"a": 7, "b": ["7!", null, 1]}));
    }

    #[test]
    fn names_are_found_before_anything_is_sent() {
        assert_eq!(json_names(&json!({"a": "{{x}}-{{y}}", "b": ["{{z}}"]})).unwrap(), ["x", "y", "z"]);
        assert!(names("{{open").is_err());
    }
}
