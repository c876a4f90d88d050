//! What an answer must be, and the sentence when it is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::extract::{pointer_is_well, regex};
use super::shape::Expect;
use super::template::{fill, fill_json, plain};
use crate::log::clip_to;
use crate::{Reply, Stop};

type Vars = BTreeMap<String, Value>;

/// Statuses that are taken: ranges with both ends.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Statuses(Vec<(u16, u16)>);

/// What one value must be. A plain value means `equals`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct Match {
    equals: Option<Value>,
    exists: Option<bool>,
    contains: Option<String>,
    matches: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchShape {
    #[serde(default, deserialize_with = "even_null")]
    equals: Option<Value>,
    exists: Option<bool>,
    contains: Option<String>,
    matches: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

/// `equals: null` asks for null; it does not mean that nothing is asked.
fn even_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl TryFrom<Value> for Statuses {
    type Error = String;

    fn try_from(value: Value) -> Result<Statuses, String> {
        let one = |value: &Value| -> Result<(u16, u16), String> {
            let text = plain(value);
            let (from, to) = text.split_once('-').unwrap_or((&text, &text));
            let status = |text: &str| text.trim().parse().ok().filter(|status| (100..600).contains(status));
            match (status(from), status(to)) {
                (Some(from), Some(to)) if from <= to => Ok((from, to)),
                _ => Err(format!("{value} is no status: give 200, \"200-299\" or a list of them")),
            }
        };
        match value.as_array() {
            Some(items) if !items.is_empty() => items.iter().map(one).collect::<Result<_, _>>().map(Statuses),
            Some(_) | None => Ok(Statuses(vec![one(&value)?])),
        }
    }
}

impl Statuses {
    /// Ranges with both ends.
    pub fn ranges(ranges: &[(u16, u16)]) -> Statuses {
        Statuses(ranges.to_vec())
    }

    fn take(&self, status: u16) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&status))
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self
            .0
            .iter()
            .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
            .collect();
        f.write_str(&words.join(" or "))
    }
}

impl TryFrom<Value> for Match {
    type Error = String;

    fn try_from(value: Value) -> Result<Match, String> {
        if !value.is_object() {
            return Ok(Match { equals: Some(value), ..Match::default() });
        }
        let shape: MatchShape = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let MatchShape { equals, exists, contains, matches, at_least, at_most } = shape;
        let asked = Match { equals, exists, contains, matches, at_least, at_most };
        if let Some(pattern) = &asked.matches {
            regex(pattern)?;
        }
        if asked.asks_nothing() {
            return Err("ask for equals, exists, contains, matches, at_least or at_most".to_owned());
        }
        Ok(asked)
    }
}

impl Match {
    /// The value itself; templates in it are filled in.
    pub fn equals(value: Value) -> Match {
        Match { equals: Some(value), ..Match::default() }
    }

    fn asks_nothing(&self) -> bool {
        self.equals.is_none()
            && self.exists.is_none()
            && self.contains.is_none()
            && self.matches.is_none()
            && self.at_least.is_none()
            && self.at_most.is_none()
    }

    /// The texts in it that may hold templates.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Value> {
        let contains = self.contains.clone().map(Value::String);
        self.equals.clone().into_iter().chain(contains)
    }

    fn hold(&self, found: Option<&Value>, vars: &Vars) -> Result<(), String> {
        if let Some(wanted) = self.exists
            && wanted != found.is_some()
        {
            return Err(if wanted { "is missing" } else { "is there" }.to_owned());
        }
        if self.exists == Some(false) {
            return Ok(());
        }
        let found = found.ok_or("is missing")?;
        let shown = || clip_to(&found.to_string(), 120);
        if let Some(wanted) = &self.equals {
            let wanted = fill_json(wanted, vars).map_err(|name| format!("has no {name} to compare with"))?;
            if !same(found, &wanted) {
                return Err(format!("is {}, not {wanted}", shown()));
            }
        }
        if let Some(wanted) = &self.contains {
            let wanted = fill(wanted, vars).map_err(|name| format!("has no {name} to compare with"))?;
            if !plain(found).contains(&wanted) {
                return Err(format!("is {}, without {wanted:?}", shown()));
            }
        }
        if let Some(pattern) = &self.matches
            && !regex(pattern)?.is_match(&plain(found))
        {
            return Err(format!("is {}, which does not match /{pattern}/", shown()));
        }
        self.bounds(found).map_err(|bound| format!("is {}, {bound}", shown()))
    }

    fn bounds(&self, found: &Value) -> Result<(), String> {
        if self.at_least.is_none() && self.at_most.is_none() {
            return Ok(());
        }
        let number = found.as_f64().or_else(|| found.as_str().and_then(|text| text.trim().parse().ok()));
        let number: f64 = number.ok_or("which is no number")?;
        match (self.at_least, self.at_most) {
            (Some(least), _) if number < least => Err(format!("less than {least}")),
            (_, Some(most)) if number > most => Err(format!("more than {most}")),
            _ => Ok(()),
        }
    }
}

/// Equal, and numbers equal by value: 1 and 1.0 are one number.
fn same(found: &Value, wanted: &Value) -> bool {
    found == wanted || matches!((found.as_f64(), wanted.as_f64()), (Some(a), Some(b)) if a == b)
}

impl Expect {
    /// Checks what can be checked before the first call.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.json.keys().try_for_each(|pointer| pointer_is_well(pointer))
    }

    /// Holds an answer against all that is expected; the first that is wrong counts.
    ///
    /// # Errors
    /// [`Stop::Wrong`] with what was found and what was expected.
    pub(crate) fn hold(&self, reply: &Reply, vars: &Vars) -> Result<(), Stop> {
        self.hold_all(reply, vars).map_err(Stop::Wrong)
    }

    fn hold_all(&self, reply: &Reply, vars: &Vars) -> Result<(), String> {
        let usual = Statuses::ranges(&[(200, 399)]);
        let statuses = self.status.as_ref().unwrap_or(&usual);
        if !statuses.take(reply.status) {
            return Err(format!("{} answered {}, expected {statuses}", reply.path, reply.status));
        }
        let unknown = |name: String| format!("has no {name} to compare with");
        if let Some(path) = &self.path {
            let path = fill(path, vars).map_err(unknown)?;
            if reply.path != path {
                return Err(format!("{} answered, expected {path}", reply.path));
            }
        }
        for (name, wanted) in &self.header {
            let found = reply.header(name).map(Value::from);
            wanted.hold(found.as_ref(), vars).map_err(|why| format!("the header {name} {why}"))?;
        }
        let text = reply.text();
        for (words, wanted) in [(&self.contains, true), (&self.not_contains, false)] {
            for word in &words.0 {
                let word = fill(word, vars).map_err(unknown)?;
                if text.contains(&word) != wanted {
                    let has = if wanted { "does not contain" } else { "contains" };
                    return Err(format!("{} answered {} and {has} {word:?}", reply.path, reply.status));
                }
            }
        }
        self.hold_json(reply, vars)?;
        let took_ms = reply.total_us.div_ceil(1000);
        match self.max_ms {
            Some(max_ms) if took_ms > max_ms => {
                Err(format!("the answer took {took_ms} ms, at most {max_ms} ms"))
            }
            _ => Ok(()),
        }
    }

    fn hold_json(&self, reply: &Reply, vars: &Vars) -> Result<(), String> {
        if self.json.is_empty() {
            return Ok(());
        }
        let body = reply.json().map_err(|stop| stop.to_string())?;
        self.json.iter().try_for_each(|(pointer, wanted)| {
            let place = if pointer.is_empty() { "the answer" } else { pointer };
            wanted.hold(body.pointer(pointer), vars).map_err(|why| format!("{place} {why}"))
        })
    }
}
