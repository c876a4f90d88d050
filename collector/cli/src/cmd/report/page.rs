//! The report's pages: the same blocks as Markdown, or as one HTML page that needs nothing else and
//! runs nothing. Whatever anybody wrote into a reason stays text.

use std::fmt::Write as _;

use crate::client::clean;

/// What a report is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Title(String),
    Heading(String),
    Text(String),
    List(Vec<String>),
    Table(Vec<&'static str>, Vec<Vec<String>>),
}

pub(super) fn markdown(blocks: &[Block]) -> String {
    let mut page = String::new();
    for block in blocks {
        match block {
            Block::Title(text) => page.push_str(&format!("# {}\n\n", marked(text))),
            Block::Heading(text) => page.push_str(&format!("## {}\n\n", marked(text))),
            Block::Text(text) => page.push_str(&format!("{}\n\n", marked(text))),
            Block::List(items) => {
                for item in items {
                    page.push_str(&format!("- {}\n", marked(item)));
                }
                page.push('\n');
            }
            Block::Table(head, rows) => {
                page.push_str(&format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len())));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(|cell| marked(cell)).collect();
                    page.push_str(&format!("| {} |\n", cells.join(" | ")));
                }
                page.push('\n');
            }
        }
    }
    page
}

/// Text that stays text in Markdown.
fn marked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '\n' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}\
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}th{background:#eee}\
h2{margin-top:2rem}@media print{body{margin:0;max-width:none}}";

/// One page: no script, nothing fetched.
pub(super) fn html(title: &str, blocks: &[Block]) -> String {
    let mut body = String::new();
    for block in blocks {
        // Writing to a string never fails.
        let _ = match block {
            Block::Title(text) => writeln!(body, "<h1>{}</h1>", escaped(text)),
            Block::Heading(text) => writeln!(body, "<h2>{}</h2>", escaped(text)),
            Block::Text(text) => writeln!(body, "<p>{}</p>", escaped(text)),
            Block::List(items) => {
                let items: String =
                    items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
                writeln!(body, "<ul>\n{items}</ul>")
            }
            Block::Table(head, rows) => {
                let head: String =
                    head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escaped(cell))).collect();
                let rows: String = rows.iter().map(|row| html_row(row)).collect();
                writeln!(body, "<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>")
            }
        };
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

fn html_row(row: &[String]) -> String {
    let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr>{cells}</tr>\n")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_stays_text() {
        let evil = "<script>alert('x')</script> & \"y\" | **z** \u{1b}[2J";
        let blocks = [
            Block::Title(evil.to_owned()),
            Block::List(vec![evil.to_owned()]),
            Block::Table(vec!["a"], vec![vec![evil.to_owned()]]),
        ];
        let page = html(evil, &blocks);
        assert!(!page.contains("<script") && !page.contains("alert('") && !page.contains('\u{1b}'), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 4, "{page}");
        let page = markdown(&blocks);
        assert!(page.contains("\\<script\\>") && page.contains("\\|") && page.contains("\\*\\*z"), "{page}");
        // One line a row, whatever is in it.
        let rows = markdown(&[Block::Table(vec!["a", "b"], vec![vec!["1\n2".to_owned(), "3".to_owned()]])]);
        assert_eq!(rows, "| a | b |\n|---|---|\n| 1 2 | 3 |\n\n");
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = html("shop", &[Block::Text("x".to_owned())]);
        for foreign in ["<script", "http://", "https://", "src=", "<link", "@import", "url("] {
            assert!(!page.contains(foreign), "the page has {foreign}: {page}");
        }
    }
}
