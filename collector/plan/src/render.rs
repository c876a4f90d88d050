//! Problems on a terminal: the line, what stands under it, and the way out.
//!
//! The file is somebody's text: nothing of it may move the cursor, and what was taken for a secret
//! is not repeated.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode,
};

use crate::Source;
use crate::excerpt::{Excerpt, Place};
use crate::problem::{Problem, Problems, located};

/// The narrowest terminal that is drawn for.
const LEAST_COLUMNS: usize = 20;

impl Problems {
    /// For a file or a log: each with its whole lines of the plan, its sentences in `width` columns.
    pub fn render(&self, source: &Source, color: bool, width: usize) -> String {
        let handler = handler(color).with_width(width.clamp(40, 200));
        self.each(source, |problem, name, text| {
            let (mark, source) = (mark(problem, text.len()), NamedSource::new(name, text));
            let (label, help) = (problem.label.clone(), problem.help.as_deref());
            let shown = Shown { problem, source, mark, label, help };
            let mut out = String::new();
            handler.render_report(&mut out, &shown).map(|()| out)
        })
    }

    /// For a terminal of so many columns: the lines of the plan are cut around their marks where they do not fit. A
    /// sentence is one line, however long: whoever prints it breaks it between words.
    pub fn drawn(&self, source: &Source, color: bool, columns: usize) -> String {
        let (handler, columns) = (handler(color).with_wrap_lines(false), columns.max(LEAST_COLUMNS));
        self.each(source, |problem, name, text| drawn(&handler, problem, (name, &text), columns))
    }

    /// Each by itself, with the name and the text of its file.
    fn each(
        &self,
        source: &Source,
        one: impl Fn(&Problem, &str, String) -> Result<String, fmt::Error>,
    ) -> String {
        let mut out = String::new();
        for problem in &self.list {
            let (name, text) = located(problem.file.as_deref(), source);
            let text = self.without_secrets(printable(text), problem.file.as_deref());
            let shown = one(problem, name, text);
            out.push_str(&shown.unwrap_or_else(|_| format!("{}: {}\n", problem.code, problem.message)));
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

fn handler(color: bool) -> GraphicalReportHandler {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    GraphicalReportHandler::new_themed(theme).with_links(false).tab_width(4)
}

/// Where it is in a file of so many bytes: an offset and a length.
fn mark(problem: &Problem, bytes: usize) -> (usize, usize) {
    let (offset, length) = problem.span.unwrap_or_default();
    let offset = offset.min(bytes);
    (offset, length.min(bytes - offset))
}

/// One, as a terminal has room for it. What stands under the mark goes below the excerpt where it does not fit there.
fn drawn(
    handler: &GraphicalReportHandler,
    problem: &Problem,
    (name, text): (&str, &str),
    columns: usize,
) -> Result<String, fmt::Error> {
    let (offset, length) = mark(problem, text.len());
    let place = Place {
        mark: offset..offset + length,
        line: problem.line.unwrap_or(1),
        column: problem.column.unwrap_or(1),
    };
    let source = Excerpt::of(name, text, &place, columns);
    let (mark, room) = ((source.mark.start, source.mark.len()), source.label_room);
    let fits = |label: &String| label.chars().count() <= room;
    let below = problem.label.as_ref().filter(|label| problem.span.is_some() && !fits(label));
    let mut shown = Shown { problem, source, mark, label: problem.label.clone().filter(fits), help: None };
    let mut out = String::new();
    handler.render_report(&mut out, &shown)?;
    let excerpt_ends = out.len();
    if let Some(label) = below {
        out.push_str(&format!("  here: {label}\n"));
    }
    // The same once more, and of it only the help that it ends with.
    shown.help = problem.help.as_deref();
    let mut whole = String::new();
    handler.render_report(&mut whole, &shown)?;
    out.push_str(whole.get(excerpt_ends..).unwrap_or_default());
    Ok(out)
}

#[derive(Debug)]
struct Shown<'a, S> {
    problem: &'a Problem,
    source: S,
    /// An offset and a length in the source.
    mark: (usize, usize),
    /// What stands under the mark.
    label: Option<String>,
    help: Option<&'a str>,
}

impl<S> fmt::Display for Shown<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl<S: fmt::Debug> std::error::Error for Shown<'_, S> {}

impl<S: SourceCode + fmt::Debug> Diagnostic for Shown<'_, S> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("tidelock::plan::{}", self.problem.code)))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.problem.is_error() { Severity::Error } else { Severity::Warning })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.map(|help| Box::new(help) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problem.span.is_some().then_some(&self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.problem.span?;
        let (offset, length) = self.mark;
        Some(Box::new(std::iter::once(LabeledSpan::new(self.label.clone(), offset, length))))
    }
}
