//! Settings as a type, with errors that name the key.
//!
//! The person who reads the error has a plan open, not this plugin: the message gives the key's path in
//! the settings, what is wrong there, and the nearest right word.

use serde::de::DeserializeOwned;

use crate::Trouble;

/// Reads one JSON object as a type.
///
/// # Errors
/// [`Trouble::BadSettings`] names the key that is wrong and what to do.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Trouble> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        Trouble::BadSettings(explain(&path, &error.into_inner().to_string()))
    })?;
    reader.end().map_err(|error| Trouble::BadSettings(format!("settings: {error}")))?;
    Ok(value)
}

/// Turns serde's words into a sentence for the author of a plan.
fn explain(path: &str, message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    let place = if path == "." { String::new() } else { format!("{path}: ") };
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((key, known)) = rest.split_once('`')
    {
        return format!("{place}unknown key `{key}`{}", suggestion(key, &quoted(known)));
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        return format!("{place}the key `{}` is missing", rest.trim_end_matches('`'));
    }
    format!("{place}{message}")
}

/// Everything between backticks.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `, did you mean X?` when one of the known words is near, else the list of them.
pub(crate) fn suggestion(word: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= 1 + word.chars().count() / 4)
        .min();
    match near {
        Some((_, candidate)) => format!(", did you mean `{candidate}`?"),
        None if known.is_empty() => ": none is taken here".to_owned(),
        None => format!("; known here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Outer {
        target: String,
        #[serde(default)]
        steps: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Inner {
        path: String,
        method: Option<String>,
    }

    fn refused(text: &str) -> String {
        match parse::<Outer>(text) {
            Err(Trouble::BadSettings(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_word() {
        let why = refused(r#"{"target":"shop","steps":[{"path":"/"},{"pth":"/"}]}"#);
        assert_eq!(why, "steps[1].pth: unknown key `pth`, did you mean `path`?");
        assert_eq!(refused(r#"{"colour":1}"#), "colour: unknown key `colour`; known here: target, steps");
    }

    #[test]
    fn a_missing_key_and_a_wrong_type_are_named() {
        assert_eq!(refused("{}"), "the key `target` is missing");
        assert_eq!(refused(""), "the key `target` is missing");
        assert_eq!(refused(r#"{"target":7}"#), "target: invalid type: integer `7`, expected a string");
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        assert!(refused(r#"{"target":"shop"} x"#).starts_with("settings: "));
    }
}
