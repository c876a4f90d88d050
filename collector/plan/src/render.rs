//! Problems on a terminal: the line, what stands under it, and the way out.
//!
//! The file is somebody's text: nothing of it may move the cursor, and what was taken for a secret
//! is not repeated.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity};

use crate::Source;
use crate::problem::{Problem, Problems, located};

impl Problems {
    /// For people: each with its lines of the file, as `width` columns allow.
    pub fn render(&self, source: &Source, color: bool, width: usize) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width.clamp(40, 200))
            .with_links(false)
            .tab_width(4);
        let mut out = String::new();
        for problem in &self.list {
            let (name, text) = located(problem.file.as_deref(), source);
            let shown = Shown {
                problem,
                source: NamedSource::new(
                    name,
                    self.without_secrets(printable(text), problem.file.as_deref()),
                ),
                length: text.len(),
            };
            if handler.render_report(&mut out, &shown).is_err() {
                out.push_str(&format!("{}: {}\n", problem.code, problem.message));
            }
            out.push('\n');
        }
        out
    }

    /// What was taken for a secret must not reach a terminal or a pipeline's log.
    fn without_secrets(&self, mut text: String, file: Option<&str>) -> String {
        for (offset, length) in (self.list.iter())
            .filter(|p| p.code == "E024" && p.file.as_deref() == file)
            .filter_map(|p| p.span)
        {
            if let Some(found) = text.get(offset..offset + length) {
                let hidden: String = found.bytes().map(|b| if b == b'\n' { '\n' } else { '*' }).collect();
                text.replace_range(offset..offset + length, &hidden);
            }
        }
        text
    }
}

/// The text without anything that could move a terminal's cursor, byte for byte as long.
fn printable(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' | '\t' => c,
        '\r' => ' ',
        c if c.is_control() && c.len_utf8() == 1 => '?',
        c if c.is_control() => '\u{b7}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c => c,
    };
    text.chars().map(safe).collect()
}

#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: NamedSource<String>,
    length: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("tidelock::plan::{}", self.problem.code)))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.problem.is_error() { Severity::Error } else { Severity::Warning })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.problem.span.is_some().then_some(&self.source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (offset, length) = self.problem.span?;
        let offset = offset.min(self.length);
        let length = length.min(self.length - offset);
        Some(Box::new(std::iter::once(LabeledSpan::new(self.problem.label.clone(), offset, length))))
    }
}
