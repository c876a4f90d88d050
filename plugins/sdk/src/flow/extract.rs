//! What is taken from an answer for later steps.

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::{Browser, Reply, Selector, Stop, html};

/// Where a value is found: exactly one of the five places.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// A JSON pointer into the body.
    pub json: Option<String>,
    /// A selector: one element, see [`Selector`].
    pub css: Option<String>,
    /// The attribute of the element; its text when left out.
    pub attr: Option<String>,
    /// A regular expression over the body.
    pub regex: Option<String>,
    /// Which group of the expression; 1 when left out and there is one, else the whole match.
    pub group: Option<usize>,
    /// A header.
    pub header: Option<String>,
    /// A cookie that the target has set by now.
    pub cookie: Option<String>,
}

impl Extract {
    /// Checks that the place can be looked at.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let places = [&self.json, &self.css, &self.regex, &self.header, &self.cookie];
        if places.iter().filter(|place| place.is_some()).count() != 1 {
            return Err("give exactly one of json, css, regex, header, cookie".to_owned());
        }
        if self.attr.is_some() && self.css.is_none() {
            return Err("`attr` goes with `css`".to_owned());
        }
        if self.group.is_some() && self.regex.is_none() {
            return Err("`group` goes with `regex`".to_owned());
        }
        if let Some(pointer) = &self.json {
            pointer_is_well(pointer)?;
        }
        if let Some(selector) = &self.css {
            Selector::parse(selector)?;
        }
        if let Some(pattern) = &self.regex {
            let groups = regex(pattern)?.captures_len();
            if self.group.is_some_and(|group| group >= groups) {
                return Err(format!("the expression has {} groups", groups - 1));
            }
        }
        Ok(())
    }

    /// Takes the value.
    ///
    /// # Errors
    /// [`Stop::Wrong`] when it is not there.
    pub(crate) fn take(&self, reply: &Reply, browser: &Browser) -> Result<Value, Stop> {
        if let Some(pointer) = &self.json {
            let found = reply.json()?.pointer(pointer).cloned();
            return found.ok_or_else(|| Stop::Wrong(format!("the answer has no {pointer}")));
        }
        let text = if let Some(selector) = &self.css {
            self.in_page(reply, selector)
        } else if let Some(pattern) = &self.regex {
            self.by_match(reply, pattern)
        } else if let Some(name) = &self.header {
            reply.header(name).map(str::to_owned).ok_or_else(|| format!("the answer has no header {name}"))
        } else {
            let name = self.cookie.as_deref().unwrap_or_default();
            let jar = browser.jar(&reply.target);
            jar.get(name).map(str::to_owned).ok_or_else(|| format!("no cookie {name} was set"))
        };
        text.map(Value::String).map_err(Stop::Wrong)
    }

    fn in_page(&self, reply: &Reply, selector: &str) -> Result<String, String> {
        let (page, wanted) = (reply.text(), Selector::parse(selector)?);
        let found = match &self.attr {
            Some(attr) => wanted.attribute(&page, attr),
            None => wanted.text(&page),
        };
        found.ok_or_else(|| html::missing(&page, selector))
    }

    fn by_match(&self, reply: &Reply, pattern: &str) -> Result<String, String> {
        let page = reply.text();
        let captures =
            regex(pattern)?.captures(&page).ok_or_else(|| format!("nothing matches /{pattern}/"))?;
        let group = self.group.unwrap_or(usize::from(captures.len() > 1));
        captures
            .get(group)
            .map(|found| found.as_str().to_owned())
            .ok_or_else(|| format!("group {group} is empty"))
    }
}

/// Reads a regular expression.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("/{pattern}/ is no regular expression: {error}"))
}

/// Whether a text is a JSON pointer.
pub(crate) fn pointer_is_well(pointer: &str) -> Result<(), String> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(());
    }
    Err(format!("`{pointer}` is no JSON pointer: it begins with `/`, as in /items/0/price"))
}
