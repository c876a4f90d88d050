//! What is wrong with a plan, with its place, its code and the way out.
//!
//! A person who corrects a plan in the night before a cutover must not play one mistake at a time:
//! readers put everything they find into a [`Sink`], and it is shown together, in the file's order.

use std::fmt;

use serde_json::{Value, json};

use crate::Source;
use crate::tree::Span;

/// The most problems that are kept; a file with more is no plan.
const MAX_PROBLEMS: usize = 300;
/// The longest piece of a file that a message repeats, in characters.
const MAX_QUOTE_CHARS: usize = 60;

/// One thing that is wrong (`E…`) or looks wrong (`W…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `E015`, `W003`: `tidelock plan explain CODE` says more.
    pub code: &'static str,
    /// What is wrong and where, in one sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The named file that it is in, when it is not the plan itself.
    pub file: Option<String>,
    /// Byte offset and length in that file.
    pub span: Option<(usize, usize)>,
    /// Counted from 1.
    pub line: Option<usize>,
    /// Counted from 1, in characters.
    pub column: Option<usize>,
    /// What stands under the line.
    pub label: Option<String>,
    earlier: Option<usize>,
}

impl Problem {
    /// It refuses the plan; a warning does so only when checked strictly.
    pub fn is_error(&self) -> bool {
        self.code.starts_with('E')
    }

    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Problem {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn label(&mut self, label: impl Into<String>) -> &mut Problem {
        self.label = Some(label.into());
        self
    }

    /// Names the line of an earlier place in the message.
    pub(crate) fn earlier(&mut self, at: usize) -> &mut Problem {
        self.earlier = Some(at);
        self
    }
}

/// Everything that was found, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    pub(crate) list: Vec<Problem>,
}

impl Problems {
    pub(crate) fn new(list: Vec<Problem>) -> Problems {
        Problems { list }
    }

    /// All of them, warnings too.
    pub fn problems(&self) -> &[Problem] {
        &self.list
    }

    /// For programs.
    pub fn to_json(&self, source: &Source) -> Value {
        let list: Vec<Value> = (self.list.iter())
            .map(|p| {
                json!({
                    "code": p.code,
                    "severity": if p.is_error() { "error" } else { "warning" },
                    "message": p.message,
                    "help": p.help,
                    "label": p.label,
                    "file": p.file.as_deref().unwrap_or(&source.path),
                    "line": p.line,
                    "column": p.column,
                    "span": p.span.map(|(offset, length)| json!({ "offset": offset, "length": length })),
                })
            })
            .collect();
        let errors = self.list.iter().filter(|p| p.is_error()).count();
        json!({
            "schema": "tidelock.plan-problems/v1",
            "file": source.path,
            "errors": errors,
            "warnings": self.list.len() - errors,
            "problems": list,
        })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.list.iter().filter(|p| p.is_error()).count();
        write!(f, "the plan has {errors} errors and {} warnings", self.list.len() - errors)?;
        match self.list.iter().find(|p| p.is_error()) {
            Some(first) => {
                write!(f, ", first {}", first.code)?;
                if let Some(line) = first.line {
                    write!(f, " on line {line}")?;
                }
                write!(f, ": {}", first.message)
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problems {}

/// Where the readers put what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    list: Vec<Problem>,
    beyond: Option<Problem>,
    /// The named file that is being read, when it is not the plan itself.
    pub(crate) file: Option<String>,
}

impl Sink {
    /// Keeps one problem; the caller may add a help and a label.
    pub(crate) fn say(
        &mut self,
        code: &'static str,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> &mut Problem {
        let problem = Problem {
            code,
            message: message.into(),
            help: None,
            file: self.file.clone(),
            span: span.into(),
            line: None,
            column: None,
            label: None,
            earlier: None,
        };
        if self.list.len() >= MAX_PROBLEMS {
            return self.beyond.insert(problem);
        }
        self.list.push(problem);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// The problem that was said last.
    pub(crate) fn last(&mut self) -> Option<&mut Problem> {
        self.beyond.as_mut().or(self.list.last_mut())
    }

    /// Gives the problems their lines and their order.
    pub(crate) fn finish(mut self, source: &Source) -> Vec<Problem> {
        for problem in &mut self.list {
            let file = problem.file.clone();
            let (_, text) = located(file.as_deref(), source);
            if let Some((offset, _)) = problem.span {
                let (line, column) = place(text, offset);
                problem.line = Some(line);
                problem.column = Some(column);
            }
            if let Some(at) = problem.earlier.take() {
                problem.message = format!("{}, first on line {}", problem.message, place(text, at).0);
            }
        }
        self.list
            .sort_by_key(|p| (p.file.is_some(), p.file.clone(), p.span.map_or(usize::MAX, |s| s.0), p.code));
        self.list.dedup();
        if self.beyond.is_some() {
            let message = format!("more than {MAX_PROBLEMS} problems: the rest is not shown");
            let mut last = Sink::default();
            last.say("E002", None, message);
            self.list.append(&mut last.list);
        }
        self.list
    }
}

/// The file that a problem is in: its name and its text.
pub(crate) fn located<'a>(file: Option<&'a str>, source: &'a Source) -> (&'a str, &'a str) {
    match file {
        Some(file) => (file, source.files.get(file).map_or("", String::as_str)),
        None => (&source.path, &source.yaml),
    }
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[line_start..].trim_start_matches('\u{feff}').chars().count();
    (before.matches('\n').count() + 1, column + 1)
}

/// A piece of the file in quotes, shortened and without control characters.
pub(crate) fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTE_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// "a, b and c".
pub(crate) fn listed<T: fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|w| w.to_string()).collect();
    match words.split_last() {
        None => "nothing".into(),
        Some((only, [])) => only.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// The known word that was most likely meant.
pub(crate) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = &word[..word.floor_char_boundary(80)];
    (known.into_iter())
        .map(|k| (strsim::jaro_winkler(&word.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// "did you mean …?" and the list of what there is.
pub(crate) fn choices(word: &str, known: &[&str]) -> String {
    match meant(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}? there are: {}", known.join(", ")),
        None => format!("there are: {}", known.join(", ")),
    }
}
