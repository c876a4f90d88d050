//! Finds one element in a page, as far as CSRF tokens need it.
//!
//! An honest subset: one compound selector (`input[name="csrf_token"]`, `meta#token`, `form.login`,
//! `[data-id=7]`). No combinators, lists or pseudo-classes: these are refused, not guessed. Comments,
//! scripts and styles are skipped, so that a token in dead markup is not taken for a live one.

use crate::settings::suggestion;

/// A compound selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selector {
    tag: Option<String>,
    conditions: Vec<(String, Condition)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Present,
    Is(String),
    /// One of the words of the attribute.
    Has(String),
}

/// A start tag with its attributes, and where its content begins.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    content: usize,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// Says what is not taken.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let text = text.trim();
        let word_end = |from: &str| from.find(['.', '#', '[', ']']).unwrap_or(from.len());
        let first = word_end(text);
        let mut selector = Selector::default();
        if first > 0 && &text[..first] != "*" {
            selector.tag = Some(word(&text[..first])?.to_ascii_lowercase());
        }
        let mut rest = &text[first..];
        while let Some(mark) = rest.chars().next() {
            rest = &rest[1..];
            let condition = if mark == '[' {
                let end = rest.find(']').ok_or_else(|| format!("`{text}`: `[` without `]`"))?;
                let inside = &rest[..end];
                rest = &rest[end + 1..];
                attribute(inside)?
            } else {
                let end = word_end(rest);
                let value = word(&rest[..end])?.to_owned();
                rest = &rest[end..];
                match mark {
                    '#' => ("id".to_owned(), Condition::Is(value)),
                    '.' => ("class".to_owned(), Condition::Has(value)),
                    other => return Err(format!("`{text}`: `{other}` is not taken")),
                }
            };
            selector.conditions.push(condition);
        }
        if selector == Selector::default() && text != "*" {
            return Err("an empty selector finds nothing".to_owned());
        }
        Ok(selector)
    }

    /// An attribute of the first element that fits and has it.
    pub fn attribute(&self, page: &str, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        self.tags(page)
            .find_map(|tag| tag.attributes.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value))
    }

    /// The text of the first element that fits, without markup.
    pub fn text(&self, page: &str) -> Option<String> {
        let tag = self.tags(page).next()?;
        let rest = &page[tag.content..];
        let (open, close) = (format!("<{}", tag.name), format!("</{}", tag.name));
        let lower = rest.to_ascii_lowercase();
        let (mut depth, mut at) = (1usize, 0usize);
        while let Some(found) = lower[at..].find('<').map(|found| at + found) {
            if lower[found..].starts_with(&close) {
                depth -= 1;
            } else if lower[found..].starts_with(&open) {
                depth += 1;
            }
            if depth == 0 {
                return Some(strip(&rest[..found]));
            }
            at = found + 1;
        }
        None
    }

    fn tags<'p>(&'p self, page: &'p str) -> impl Iterator<Item = Tag> + 'p {
        let mut at = 0;
        std::iter::from_fn(move || next_tag(page, &mut at)).filter(|tag| self.fits(tag))
    }

    fn fits(&self, tag: &Tag) -> bool {
        let value_of =
            |name: &str| tag.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        self.tag.as_ref().is_none_or(|name| *name == tag.name)
            && self.conditions.iter().all(|(name, condition)| match (condition, value_of(name)) {
                (_, None) => false,
                (Condition::Present, Some(_)) => true,
                (Condition::Is(wanted), Some(value)) => wanted == value,
                (Condition::Has(wanted), Some(value)) => {
                    value.split_ascii_whitespace().any(|word| word == wanted)
                }
            })
    }
}

fn word(text: &str) -> Result<&str, String> {
    let taken = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(taken) {
        return Ok(text);
    }
    Err(format!("`{text}` is not one tag, `#id`, `.class` or `[attribute=value]`: use `regex` for more"))
}

fn attribute(inside: &str) -> Result<(String, Condition), String> {
    let Some((name, value)) = inside.split_once('=') else {
        return Ok((word(inside.trim())?.to_ascii_lowercase(), Condition::Present));
    };
    let value = value.trim().trim_matches(['"', '\'']).to_owned();
    Ok((word(name.trim())?.to_ascii_lowercase(), Condition::Is(value)))
}

/// The next start tag of the page; moves `at` behind it.
fn next_tag(page: &str, at: &mut usize) -> Option<Tag> {
    loop {
        let open = *at + page.get(*at..)?.find('<')?;
        let rest = &page[open + 1..];
        if rest.starts_with("!--") {
            *at = open + 1 + rest.find("-->")? + 3;
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name_end =
                rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(rest.len());
            let name = rest[..name_end].to_ascii_lowercase();
            let (attributes, end) = attributes(rest, name_end)?;
            let content = open + 1 + end;
            *at = content;
            if matches!(name.as_str(), "script" | "style" | "template") {
                let close = format!("</{name}");
                *at = content + page[content..].to_ascii_lowercase().find(&close)?;
            }
            return Some(Tag { name, attributes, content });
        } else {
            *at = open + 1;
        }
    }
}

/// The attributes of a tag from `from` on, and the place behind its `>`.
pub(crate) fn attributes(tag: &str, from: usize) -> Option<(Vec<(String, String)>, usize)> {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        at += tag.get(at..)?.find(|c: char| !c.is_whitespace() && c != '/')?;
        if tag[at..].starts_with('>') {
            return Some((found, at + 1));
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
        // A name may begin with `=`: the page is broken, but it must not hold us up.
        let first = tag[at..].chars().next().map_or(1, char::len_utf8);
        let name_end = tag[at + first..].find(ends).map(|end| at + first + end)?;
        let name = tag[at..name_end].to_ascii_lowercase();
        at = name_end + tag[name_end..].find(|c: char| !c.is_whitespace())?;
        let mut value = String::new();
        if tag[at..].starts_with('=') {
            at += 1;
            at += tag[at..].find(|c: char| !c.is_whitespace())?;
            let quote = tag[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
            let (begin, end) = match quote {
                Some(quote) => (at + 1, at + 1 + tag[at + 1..].find(quote)?),
                None => (at, at + tag[at..].find(|c: char| c.is_whitespace() || c == '>')?),
            };
            value = unescape(&tag[begin..end]);
            at = end + usize::from(quote.is_some());
        }
        found.push((name, value));
    }
}

/// The text of a piece of markup.
fn strip(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    unescape(text.trim())
}

/// Replaces the five entities of XML and numbers.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').filter(|end| *end <= 10).map(|end| (&rest[1..end], end));
        let replaced = entity.and_then(|(name, end)| Some((entity_char(name)?, end)));
        let (c, used) = replaced.map_or(('&', 1), |(c, end)| (c, end + 1));
        out.push(c);
        rest = &rest[used..];
    }
    out.push_str(rest);
    out
}

fn entity_char(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}

/// A sentence about what a selector did not find, with the inputs that the page has.
pub(crate) fn missing(page: &str, selector: &str) -> String {
    let inputs = Selector { tag: Some("input".to_owned()), conditions: Vec::new() };
    let names: Vec<String> = inputs
        .tags(page)
        .filter_map(|tag| tag.attributes.into_iter().find(|(key, _)| key == "name").map(|(_, value)| value))
        .take(8)
        .collect();
    let wanted = selector.split('=').nth(1).unwrap_or(selector).trim_matches(['"', '\'', ']']);
    let hint = if names.is_empty() { String::new() } else { suggestion(wanted, &names) };
    format!("the page has no element `{selector}`{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<html><!-- <input name="csrf_token" value="dead"> -->
        <script>var x = '<input name="csrf_token" value="script">';</script>
        <meta name=csrf content='m&amp;1'><form class="big login" action="/x">
        <input type="hidden" name="csrf_token" value="a&#43;b&quot;"/>
        <input disabled name='user'></form><p id="who">Signed in as <b>Ana</b></p></html>"#;

    fn value(selector: &str, attribute: &str) -> Option<String> {
        Selector::parse(selector).unwrap().attribute(PAGE, attribute)
    }

    #[test]
    fn the_live_token_is_found() {
        assert_eq!(value("input[name=csrf_token]", "value").as_deref(), Some("a+b\""));
        assert_eq!(value("input[type=hidden][name=\"csrf_token\"]", "value").as_deref(), Some("a+b\""));
        assert_eq!(value("meta[name='csrf']", "content").as_deref(), Some("m&1"));
    }

    #[test]
    fn classes_ids_and_bare_attributes_are_known() {
        assert_eq!(value("form.login", "action").as_deref(), Some("/x"));
        assert_eq!(value("[disabled]", "name").as_deref(), Some("user"));
        assert_eq!(Selector::parse("#who").unwrap().text(PAGE).as_deref(), Some("Signed in as Ana"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(value("input[name=token]", "value"), None);
        assert_eq!(
            missing(PAGE, "input[name=csrf_tokn]"),
            "the page has no element `input[name=csrf_tokn]`, did you mean `csrf_token`?"
        );
    }

    #[test]
    fn what_is_not_taken_is_refused() {
        for text in ["", "form input", "a > b", "a, b", "a:hover", "[x", "a[b~=c]", "#"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn broken_pages_end() {
        for page in
            ["<", "<a", "<a b", "<a b=", "<a b='", "<!--", "<script>", "<a ==>", "<é <a x=1", "<a x=&#x;>&"]
        {
            let _ = Selector::parse("*").unwrap().attribute(page, "x");
            let _ = Selector::parse("a").unwrap().text(page);
        }
    }
}
