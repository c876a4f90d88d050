//! A page cut into blocks, each with a name that does not depend on what stands before it.
//!
//! A block begins at an element with an id, or at one that begins something by its nature, and goes on until
//! the next one begins. Hidden fields and meta tags are blocks of their own, because that is where pages keep
//! what changes with every answer. Space, comments and the order of attributes are no difference.

use std::collections::BTreeMap;

use super::fields::squeeze;
use crate::html::{attributes, unescape};

/// Elements that begin a block.
const BEGIN: [&str; 25] = [
    "title", "body", "header", "nav", "main", "section", "article", "aside", "footer", "form", "fieldset",
    "table", "tr", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "p", "script", "style",
];
/// Elements that are a block by themselves when they have a name.
const ALONE: [&str; 2] = ["input", "meta"];

/// The blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<(String, String)> {
    let mut cut =
        Cut { done: Vec::new(), name: "top".to_owned(), text: String::new(), seen: BTreeMap::new() };
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        cut.say(&squeeze(&unescape(&rest[..at])));
        rest = match tag(&rest[at..], &mut cut) {
            Some(after) => after,
            // Broken from here on: what is left is one text.
            None => {
                cut.say(&squeeze(&rest[at..]));
                ""
            }
        };
    }
    cut.say(&squeeze(&unescape(rest)));
    cut.begin(String::new());
    cut.done
}

/// Takes what begins with `<`, and gives what stands behind it.
fn tag<'p>(rest: &'p str, cut: &mut Cut) -> Option<&'p str> {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.split_once("-->").map(|(_, after)| after);
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return rest.split_once('>').map(|(_, after)| after);
    }
    if let Some(end) = rest.strip_prefix("</") {
        let (name, after) = end.split_once('>')?;
        cut.say(&format!("</{}>", name.trim().to_ascii_lowercase()));
        return Some(after);
    }
    let inside = &rest[1..];
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        cut.say("<");
        return Some(inside);
    }
    let name_end = inside.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(inside.len());
    let name = inside[..name_end].to_ascii_lowercase();
    let (mut found, end) = attributes(inside, name_end)?;
    // A nonce is another one every time by what it is for.
    found.retain(|(key, _)| key != "nonce");
    found.sort();
    let after = &inside[end..];
    let value = |key: &str| found.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let told: String = found.iter().map(|(key, value)| format!(" {key}={:?}", squeeze(value))).collect();
    let told = format!("<{name}{told}>");
    let alone = ALONE.contains(&name.as_str()).then(|| value("name").or(value("property"))).flatten();
    if let Some(of) = alone {
        cut.alone(format!("{name}.{}", part(of)), told);
        return Some(after);
    }
    match value("id") {
        Some(id) if !id.is_empty() => cut.begin(format!("#{}", part(id))),
        _ if BEGIN.contains(&name.as_str()) => cut.begin(name.clone()),
        _ => {}
    }
    cut.say(&told);
    if !matches!(name.as_str(), "script" | "style") {
        return Some(after);
    }
    let close = format!("</{name}");
    let until = after.to_ascii_lowercase().find(&close)?;
    cut.say(&squeeze(&after[..until]));
    Some(&after[until..])
}

/// A name as one part of a field's path.
fn part(name: &str) -> String {
    name.replace('/', "~1")
}

struct Cut {
    done: Vec<(String, String)>,
    name: String,
    text: String,
    /// How often a name was given.
    seen: BTreeMap<String, usize>,
}

impl Cut {
    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(text);
        }
    }

    /// Ends the block, and begins the next one.
    fn begin(&mut self, name: String) {
        let text = std::mem::take(&mut self.text);
        let name = std::mem::replace(&mut self.name, name);
        if !text.is_empty() {
            self.alone(name, text);
        }
    }

    fn alone(&mut self, name: String, text: String) {
        let count = self.seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name}-{count}") };
        self.done.push((name, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(page: &str) -> Vec<String> {
        blocks(page).into_iter().map(|(name, _)| name).collect()
    }

    const PAGE: &str = r#"<!doctype html><html><head><title>Shop</title>
        <meta name="csrf" content="1"></head><body class=a>
        <h1>Tea &amp; more</h1><p>one</p><p>two</p>
        <form action="/x" method="post"><input name="token" value="7"><input type=submit></form>
        <div id="cart"><p>empty</p></div><script nonce="5">var a = '<p>';</script></body></html>"#;

    #[test]
    fn a_page_has_blocks_with_names() {
        let found = names(PAGE);
        let want = [
            "top",
            "title",
            "meta.csrf",
            "body",
            "h1",
            "p",
            "p-2",
            "input.token",
            "form",
            "#cart",
            "p-3",
            "script",
        ];
        for name in want {
            assert!(found.iter().any(|known| known == name), "{name}: {found:?}");
        }
        assert_eq!(found.len(), want.len(), "{found:?}");
    }

    #[test]
    fn a_change_changes_its_own_block_alone() {
        let changed = |from: &str, to: &str| {
            let (one, other) = (blocks(PAGE), blocks(&PAGE.replace(from, to)));
            assert_eq!(one.len(), other.len());
            let differ = one.into_iter().zip(other).filter(|(a, b)| a != b);
            differ.map(|((name, _), _)| name).collect::<Vec<_>>()
        };
        assert_eq!(changed("value=\"7\"", "value=\"8\""), ["input.token"]);
        assert_eq!(changed("two", "three"), ["p-2"]);
        assert_eq!(changed("empty", "one tea"), ["p-3"]);
        assert_eq!(changed("var a", "var b"), ["script"]);
        for (from, to) in [
            ("nonce=\"5\"", "nonce=\"6\""),
            ("<p>two", "<!-- hi -->\n <p> two"),
            ("action=\"/x\" method=\"post\"", "method='post'  action=/x"),
            ("<h1>", "<H1>"),
        ] {
            assert_eq!(changed(from, to), Vec::<String>::new(), "{from}");
        }
    }

    #[test]
    fn broken_pages_end() {
        for page in ["<", "<a", "<a b='", "<!--", "<script>", "</", "<é", "a < b", "<p", "<!x", "<a ==>"] {
            let _ = blocks(page);
        }
        assert_eq!(blocks(""), []);
    }
}
