//! What is wrong with a plan, with its place, its code and the way out.
//!
//! A person who corrects a plan in the night before a cutover must not play one mistake at a time:
//! readers put everything they find into a [`Sink`], and it is shown together, in the file's order.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::Source;
use crate::tree::Span;

/// The most problems that are kept; a file with more is no plan.
const MAX_PROBLEMS: usize = 300;
/// The longest piece of a file that a message repeats, in characters.
const MAX_QUOTE_CHARS: usize = 60;
/// Problems that a refusal in few words has, and characters of each: it travels in the head of an answer.
const MAX_BRIEF: usize = 20;
const MAX_BRIEF_CHARS: usize = 160;

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

    /// How many they are, what refuses the plan apart from what only looks wrong: "2 mistakes and 3 warnings".
    pub fn counted(&self) -> String {
        let many = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let errors = self.list.iter().filter(|p| p.is_error()).count();
        match (errors, self.list.len() - errors) {
            (errors, 0) => many(errors, "mistake"),
            (0, warnings) => many(warnings, "warning"),
            (errors, warnings) => format!("{} and {}", many(errors, "mistake"), many(warnings, "warning")),
        }
    }

    /// In few words, however large the file and however many they are: the errors first, a line each.
    pub fn brief(&self) -> String {
        let (errors, warnings): (Vec<&Problem>, Vec<&Problem>) = self.list.iter().partition(|p| p.is_error());
        let mut out = format!("the plan has {}", self.counted());
        for problem in errors.into_iter().chain(warnings).take(MAX_BRIEF) {
            let file = problem.file.as_ref().map(|file| format!("{file} ")).unwrap_or_default();
            let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let text = format!("{file}{line}{}: {}", problem.code, problem.message);
            out.push('\n');
            out.extend(text.chars().filter(|c| !c.is_control()).take(MAX_BRIEF_CHARS));
        }
        let more = self.list.len().saturating_sub(MAX_BRIEF);
        if more > 0 {
            out.push_str(&format!("\nand {more} more: `tidelock plan check` shows all of them"));
        }
        out
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
        write!(f, "the plan has {}", self.counted())?;
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

    /// More were found than are kept: whoever reads on finds nothing that would be told.
    pub(crate) fn full(&self) -> bool {
        self.beyond.is_some()
    }

    /// The problem that was said last.
    pub(crate) fn last(&mut self) -> Option<&mut Problem> {
        self.beyond.as_mut().or(self.list.last_mut())
    }

    /// Gives the problems their lines and their order.
    pub(crate) fn finish(mut self, source: &Source) -> Vec<Problem> {
        let mut files: BTreeMap<Option<String>, Lines<'_>> = BTreeMap::new();
        for problem in &mut self.list {
            let file = problem.file.clone();
            let text = text_of(file.as_deref(), source);
            let lines = files.entry(file).or_insert_with(|| Lines::of(text));
            if let Some((offset, _)) = problem.span {
                let (line, column) = lines.place(offset);
                problem.line = Some(line);
                problem.column = Some(column);
            }
            if let Some(at) = problem.earlier.take() {
                problem.message = format!("{}, first on line {}", problem.message, lines.place(at).0);
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
    (file.unwrap_or(&source.path), text_of(file, source))
}

fn text_of<'a>(file: Option<&str>, source: &'a Source) -> &'a str {
    match file {
        Some(file) => source.files.get(file).map_or("", String::as_str),
        None => &source.yaml,
    }
}

/// A text, and where its lines begin: looked for once, not for each problem.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Lines<'a> {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(behind).collect() }
    }

    /// The line and the column of an offset, both counted from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let end = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let line = self.starts.partition_point(|start| *start <= end);
        let before = self.starts.get(line - 1).and_then(|start| self.text.get(*start..end));
        let column = before.unwrap_or_default().trim_start_matches('\u{feff}').chars().count();
        (line, column + 1)
    }
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
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_and_warnings_are_counted_apart() {
        let rows: [(&[&'static str], &str); 5] = [
            (&[], "0 mistakes"),
            (&["E001"], "1 mistake"),
            (&["W003"], "1 warning"),
            (&["E001", "W003"], "1 mistake and 1 warning"),
            (&["W003", "E001", "W016", "E015", "W017"], "2 mistakes and 3 warnings"),
        ];
        for (codes, said) in rows {
            let mut sink = Sink::default();
            for code in codes {
                sink.say(code, None, *code);
            }
            let problems = Problems::new(sink.list);
            assert_eq!(problems.counted(), said);
            assert_eq!(problems.brief().lines().next(), Some(&*format!("the plan has {said}")));
            assert_eq!(problems.to_string().split(',').next(), Some(&*format!("the plan has {said}")));
        }
    }
}
