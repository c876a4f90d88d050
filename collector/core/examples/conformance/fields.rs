//! The fields of one case: each is known, and of its kind, or the case is an error.

use serde_json::{Map, Value};

/// An object whose fields are all known.
pub(crate) struct Fields<'a> {
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Reads an object; a field that is not `known` is an error.
    pub(crate) fn of(value: &'a Value, known: &[&str]) -> Result<Fields<'a>, String> {
        let fields = value.as_object().ok_or("the input is not an object")?;
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(unknown) => Err(format!("unknown field `{unknown}`, known: {}", known.join(", "))),
            None => Ok(Fields { fields }),
        }
    }

    /// The field, where it stands.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name)
    }

    fn need(&self, name: &str) -> Result<&'a Value, String> {
        self.get(name).ok_or_else(|| format!("field `{name}` is missing"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<f64, String> {
        number(self.need(name)?).map_err(|error| format!("field `{name}`: {error}"))
    }

    /// A number, or the value it has where it does not stand.
    pub(crate) fn number_or(&self, name: &str, otherwise: f64) -> Result<f64, String> {
        if self.get(name).is_some() { self.number(name) } else { Ok(otherwise) }
    }

    /// A number above 0.
    pub(crate) fn positive(&self, name: &str) -> Result<f64, String> {
        let value = self.number(name)?;
        if value > 0.0 { Ok(value) } else { Err(format!("field `{name}` is not above 0")) }
    }

    /// A number between 0 and 1.
    pub(crate) fn between(&self, name: &str) -> Result<f64, String> {
        let value = self.number(name)?;
        if value > 0.0 && value < 1.0 {
            Ok(value)
        } else {
            Err(format!("field `{name}` is not between 0 and 1"))
        }
    }

    /// A whole number from 0, or the value it has where it does not stand.
    pub(crate) fn whole_or(&self, name: &str, otherwise: u32) -> Result<u32, String> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(value) => whole(value).map_err(|error| format!("field `{name}`: {error}")),
        }
    }

    /// Yes or no; no where it does not stand.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| format!("field `{name}` is not true or false")),
        }
    }

    /// A list, each entry read by `read`.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        entries(self.need(name)?, read).map_err(|error| format!("field `{name}`: {error}"))
    }
}

/// A finite number.
pub(crate) fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| format!("{value} is not a number"))
}

/// A whole number from 0.
pub(crate) fn whole(value: &Value) -> Result<u32, String> {
    let number = number(value)?;
    let fits = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
    if fits { Ok(number as u32) } else { Err(format!("{value} is not a whole number")) }
}

/// A number from 0 to 1.
pub(crate) fn share(value: &Value) -> Result<f64, String> {
    let share = number(value)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(format!("{value} is not from 0 to 1")) }
}

/// A value that may be `null`.
pub(crate) fn maybe<'a, T>(
    read: impl Fn(&'a Value) -> Result<T, String>,
) -> impl Fn(&'a Value) -> Result<Option<T>, String> {
    move |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// A list, each entry read by `read`.
pub(crate) fn entries<'a, T>(
    value: &'a Value,
    read: impl Fn(&'a Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    value.as_array().ok_or_else(|| format!("{value} is not a list"))?.iter().map(read).collect()
}

/// A list of two.
pub(crate) fn pair<'a, T>(
    value: &'a Value,
    read: impl Fn(&'a Value) -> Result<T, String>,
) -> Result<(T, T), String> {
    let read = entries(value, read)?;
    let [first, second]: [T; 2] = read.try_into().map_err(|_| format!("{value} is not a list of two"))?;
    Ok((first, second))
}
