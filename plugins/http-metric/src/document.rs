//! A JSON document: numbers by pointer (RFC 6901).

use std::collections::BTreeMap;

use serde_json::Value;
use tidelock_plugin::{Stop, Target};

/// The numbers that the pointers lead to.
///
/// # Errors
/// The document is not there, or a pointer leads to no number.
pub(crate) fn read(
    target: &Target,
    path: &str,
    pointers: &BTreeMap<String, String>,
) -> Result<Vec<(String, f64)>, Stop> {
    let document = target.get(path).send()?.ok()?.json()?;
    pointers
        .iter()
        .map(|(name, pointer)| {
            let found = document.pointer(pointer);
            let value = match found {
                Some(Value::Number(number)) => number.as_f64(),
                Some(Value::String(text)) => text.trim().parse().ok(),
                Some(Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_)) | None => None,
            };
            let value = value.filter(|value| value.is_finite());
            let value =
                value.ok_or_else(|| Stop::blind(format!("{pointer} of {path} leads to no number")))?;
            Ok((name.clone(), value))
        })
        .collect()
}
