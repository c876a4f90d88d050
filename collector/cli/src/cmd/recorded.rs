//! Reads what `tidelock evidence show -o json` printed, strictly: a file that was cut, edited wrongly or is
//! something else must not be weighed as if it were evidence.
//!
//! Fields that are not known are passed over, for fields are only ever added to the schema.

use std::fmt;

use serde_json::{Map, Value};
use tidelock_core::plan::Strength;

/// What the document must say that it is.
const SCHEMA: &str = "tidelock.evidence/v1";
/// Slots that are read at most.
const MAX_SLOTS: usize = 100_000;
/// The longest slot, in milliseconds.
const MAX_SLOT_MS: u64 = 3_600_000;

/// A place in the document, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    at: String,
    what: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => write!(f, "{}", self.what),
            at => write!(f, "{at} {}", self.what),
        }
    }
}

fn bad<T>(at: &str, what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad { at: at.to_owned(), what: what.into() })
}

/// What a claim of success had to prove when the slots were recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Success {
    pub(crate) strength: Strength,
    pub(crate) margin: f64,
    pub(crate) slo: f64,
    pub(crate) error_rate: f64,
    pub(crate) incidents_per_second: f64,
}

/// One side of a slot, in numbers of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ok: u32,
    pub(crate) failed: u32,
    pub(crate) not_run: u32,
    pub(crate) missing: u32,
}

/// One recorded slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) number: u64,
    pub(crate) ends_ms: u64,
    pub(crate) source: Counts,
    pub(crate) target: Counts,
    pub(crate) void: bool,
}

/// The side that must be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Source,
    Target,
}

/// A recorded course.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) check: String,
    pub(crate) timezone: String,
    pub(crate) begun_ms: u64,
    pub(crate) slot_ms: u64,
    pub(crate) observe_at_least_ms: u64,
    pub(crate) subject: Subject,
    pub(crate) compared: bool,
    /// The claim of success that the plan made, if it made one.
    pub(crate) success: Option<Success>,
    /// In their order; never none.
    pub(crate) slots: Vec<Slot>,
}

/// Reads the text of a file.
pub(crate) fn read(text: &str) -> Result<Recorded, Bad> {
    let value: Value =
        serde_json::from_str(text).or_else(|error| bad("", format!("no JSON document: {error}")))?;
    let document = At { map: object(&value, "the document")?, place: String::new() };
    match document.text("schema") {
        Ok(SCHEMA) => {}
        Ok(other) => return bad("schema", format!("is {other:?}, and only {SCHEMA:?} can be replayed")),
        Err(_) => {
            return bad(
                "",
                format!("no schema {SCHEMA:?}: give what `tidelock evidence show -o json` printed"),
            );
        }
    }
    let slot_ms = document.millis("slot_seconds")?;
    if slot_ms == 0 || slot_ms > MAX_SLOT_MS {
        return bad("slot_seconds", "is no length of a slot; it is above 0 and at most 3600");
    }
    let (subject, compared) = (document.subject()?, document.flag("compared")?);
    Ok(Recorded {
        check: document.text("check")?.to_owned(),
        timezone: document.text("timezone")?.to_owned(),
        begun_ms: document.time("begun")?,
        slot_ms,
        observe_at_least_ms: document.millis("observe_at_least_seconds")?,
        subject,
        compared,
        success: success(&document)?,
        slots: slots(&document, slot_ms, (subject, compared))?,
    })
}

fn success(document: &At<'_>) -> Result<Option<Success>, Bad> {
    for (index, claim) in document.list("claims")?.iter().enumerate() {
        let place = format!("claims[{index}]");
        let map = object(claim, &place)?;
        if map.contains_key("success") {
            return At { map, place }.inner("success")?.settings().map(Some);
        }
    }
    Ok(None)
}

fn slots(document: &At<'_>, slot_ms: u64, sides: (Subject, bool)) -> Result<Vec<Slot>, Bad> {
    let list = document.list("slots")?;
    if list.is_empty() {
        return bad("slots", "is empty: there is nothing to replay");
    }
    if list.len() > MAX_SLOTS {
        return bad("slots", format!("has {} entries, at most {MAX_SLOTS} are read", list.len()));
    }
    let mut slots: Vec<Slot> = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let place = format!("slots[{index}]");
        let slot = At { map: object(value, &place)?, place: place.clone() }.slot()?;
        weighable(&slot, sides, &place)?;
        if let Some(before) = slots.last() {
            if slot.number <= before.number {
                return bad(
                    &format!("{place}.slot"),
                    format!("is {}, not after {}", slot.number, before.number),
                );
            }
            let apart = (slot.number - before.number).checked_mul(slot_ms);
            if slot.ends_ms.checked_sub(before.ends_ms) != apart {
                return bad(&format!("{place}.end"), "does not fit its number and the length of a slot");
            }
        }
        slots.push(slot);
    }
    Ok(slots)
}

/// A slot that is evidence has results on each side that is looked at.
fn weighable(slot: &Slot, (subject, compared): (Subject, bool), place: &str) -> Result<(), Bad> {
    let counted = |side: &str, of: Counts, all: bool| {
        let looked = u64::from(of.ok) + u64::from(of.failed);
        let owed = if all { u64::from(of.not_run) + u64::from(of.missing) } else { 0 };
        match looked + owed {
            0 if !slot.void => bad(&format!("{place}.{side}"), "counts no result, and the slot is not void"),
            total if total > u64::from(u32::MAX) => {
                bad(&format!("{place}.{side}"), "counts too many results")
            }
            _ => Ok(()),
        }
    };
    match subject {
        Subject::Target => counted("target", slot.target, true)?,
        Subject::Source => counted("source", slot.source, true)?,
    }
    if compared { counted("source", slot.source, false) } else { Ok(()) }
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, Bad> {
    value.as_object().map_or_else(|| bad(place, "is no object"), Ok)
}

/// An object, and where it stands.
struct At<'a> {
    map: &'a Map<String, Value>,
    place: String,
}

impl<'a> At<'a> {
    fn path(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    fn get(&self, key: &str) -> Result<&'a Value, Bad> {
        self.map.get(key).map_or_else(|| bad(&self.path(key), "is missing"), Ok)
    }

    /// The value as `wanted` reads it.
    fn read<T>(&self, key: &str, what: &str, wanted: impl Fn(&'a Value) -> Option<T>) -> Result<T, Bad> {
        let value = self.get(key)?;
        let wrong = || {
            let shown: String = value.to_string().chars().filter(|c| !c.is_control()).take(40).collect();
            bad(&self.path(key), format!("is {shown}; it must be {what}"))
        };
        wanted(value).map_or_else(wrong, Ok)
    }

    fn inner(&self, key: &str) -> Result<At<'a>, Bad> {
        Ok(At { map: object(self.get(key)?, &self.path(key))?, place: self.path(key) })
    }

    fn list(&self, key: &str) -> Result<&'a Vec<Value>, Bad> {
        self.read(key, "a list", Value::as_array)
    }

    fn text(&self, key: &str) -> Result<&'a str, Bad> {
        self.read(key, "a text", Value::as_str)
    }

    fn flag(&self, key: &str) -> Result<bool, Bad> {
        self.read(key, "true or false", Value::as_bool)
    }

    fn number(&self, key: &str) -> Result<u64, Bad> {
        self.read(key, "a whole number from 0 on", Value::as_u64)
    }

    fn count(&self, key: &str) -> Result<u32, Bad> {
        let small = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        self.read(key, "a whole number from 0 to 4294967295", small)
    }

    /// Between 0 and 1, and neither of them.
    fn share(&self, key: &str) -> Result<f64, Bad> {
        let share = |value: &Value| value.as_f64().filter(|share| *share > 0.0 && *share < 1.0);
        self.read(key, "a share between 0 and 1", share)
    }

    /// Seconds in the document, milliseconds here.
    fn millis(&self, key: &str) -> Result<u64, Bad> {
        let millis = |value: &Value| {
            let ms = value.as_f64()? * 1000.0;
            ((0.0..1e15).contains(&ms) && ms.fract() == 0.0).then_some(ms as u64)
        };
        self.read(key, "a number of seconds, to the millisecond", millis)
    }

    fn time(&self, key: &str) -> Result<u64, Bad> {
        let time = |value: &Value| {
            let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
            u64::try_from(at.as_millisecond()).ok()
        };
        self.read(key, "a time such as 2026-11-22T13:06:10.000Z", time)
    }

    fn subject(&self) -> Result<Subject, Bad> {
        self.read("subject", "\"source\" or \"target\"", |value| match value.as_str()? {
            "source" => Some(Subject::Source),
            "target" => Some(Subject::Target),
            _ => None,
        })
    }

    fn settings(&self) -> Result<Success, Bad> {
        let strength = |value: &Value| {
            let all = [Strength::Quick, Strength::Standard, Strength::Strict];
            all.into_iter().find(|strength| value.as_str() == Some(strength.word()))
        };
        let rate = |value: &Value| value.as_f64().filter(|rate| *rate > 0.0 && rate.is_finite());
        Ok(Success {
            strength: self.read("proof", "\"quick\", \"standard\" or \"strict\"", strength)?,
            margin: self.share("margin")?,
            slo: self.share("slo")?,
            error_rate: self.share("error_rate")?,
            incidents_per_second: self.read("incidents_per_second", "a number above 0", rate)?,
        })
    }

    fn slot(&self) -> Result<Slot, Bad> {
        let percent = self.number("progress_percent")?;
        if percent > 100 {
            return bad(&self.path("progress_percent"), format!("is {percent}; it must be at most 100"));
        }
        let void = |value: &Value| match value {
            Value::Null => Some(false),
            Value::String(why) => (!why.is_empty()).then_some(true),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Ok(Slot {
            number: self.number("slot")?,
            ends_ms: self.time("end")?,
            source: self.inner("source")?.counts()?,
            target: self.inner("target")?.counts()?,
            void: self.read("void", "null or a reason", void)?,
        })
    }

    fn counts(&self) -> Result<Counts, Bad> {
        Ok(Counts {
            ok: self.count("ok")?,
            failed: self.count("failed")?,
            not_run: self.count("not_run")?,
            missing: self.count("missing")?,
        })
    }
}
