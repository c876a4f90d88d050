//! What goes to standard output, and in which form. Data goes to stdout, talk to stderr.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::exit::{Trouble, While as _};
use crate::lines;

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// One JSON document a line
    Ndjson,
    /// Two or three lines, for a chat
    Short,
    /// One line and the exit codes of Nagios (status, gate check, doctor)
    Nagios,
    /// A line a row, for a spreadsheet (rollback leftovers)
    Csv,
    /// Markdown (report)
    Md,
    /// One page of HTML (report)
    Html,
}

impl Format {
    /// The only commands that have this form, where it is one that few have.
    pub(crate) fn only_for(self) -> Option<&'static str> {
        match self {
            Format::Csv => Some("rollback leftovers"),
            Format::Md | Format::Html => Some("report"),
            Format::Nagios => Some("status, gate check and doctor"),
            Format::Text | Format::Json | Format::Ndjson | Format::Short => None,
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to speak: form, colour, and whether a person can be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) format: Format,
    pub(crate) color: bool,
    pub(crate) ask: bool,
    pub(crate) quiet: bool,
}

impl Manner {
    pub(crate) fn new(format: Format, color: Color, no_input: bool, quiet: bool) -> Manner {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = match color {
            Color::Auto => io::stdout().is_terminal() && !plain,
            Color::Always => true,
            Color::Never => false,
        };
        let ask = !no_input && io::stdin().is_terminal() && io::stderr().is_terminal();
        Manner { format, color, ask, quiet }
    }

    /// Text in a colour of the terminal, where colour is wanted. Never the only sign of anything.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn json(self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }
}

/// The characters of a line of a drawing: as the terminal says, within reason.
pub(crate) fn width() -> usize {
    lines::columns(&io::stdout()).or_else(lines::said).unwrap_or(100).clamp(lines::LEAST, 160)
}

/// The text as it fits the terminal that standard output is.
pub(crate) fn fitted(text: &str) -> Cow<'_, str> {
    match lines::columns(&io::stdout()) {
        Some(columns) => Cow::Owned(lines::wrapped(text, columns)),
        None => Cow::Borrowed(text),
    }
}

/// The same for what is said beside the data.
fn fitted_beside(text: &str) -> Cow<'_, str> {
    match lines::columns(&io::stderr()) {
        Some(columns) => Cow::Owned(lines::wrapped(text, columns)),
        None => Cow::Borrowed(text),
    }
}

/// The locale does not say that it knows only plain characters.
pub(crate) fn unicode() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Writes text for people to standard output, in lines that fit its terminal. A closed pipe is the reader's wish, not
/// an error.
pub(crate) fn print(text: &str) -> Result<(), Trouble> {
    raw(&fitted(text))
}

/// Writes what a program reads, or somebody copies as a whole, however wide it is.
pub(crate) fn raw(text: &str) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| match text.ends_with('\n') {
        true => Ok(()),
        false => out.write_all(b"\n"),
    });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            LEFT.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other.while_doing("write to standard output"),
    }
}

/// Whether the reader of standard output has left.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Whether the reader was seen to have left: whoever only tells what comes has nothing more to do.
pub(crate) fn reader_left() -> bool {
    LEFT.load(Ordering::Relaxed)
}

/// Whether a JSON document was written.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Whether this process has given its answer in JSON.
pub(crate) fn answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

/// Another program gave it.
pub(crate) fn answered_elsewhere() {
    ANSWERED.store(true, Ordering::Relaxed);
}

/// Writes a JSON value: indented, or on one line.
pub(crate) fn print_json(format: Format, value: &Value) -> Result<(), Trouble> {
    ANSWERED.store(true, Ordering::Relaxed);
    match format {
        Format::Ndjson => raw(&value.to_string()),
        Format::Text | Format::Json | Format::Short | Format::Nagios => raw(&format!("{value:#}")),
        Format::Csv | Format::Md | Format::Html => raw(&format!("{value:#}")),
    }
}

/// Writes progress to standard output as it is; `fitted` makes it fit. What nobody can be shown is no reason to stop.
pub(crate) fn tell(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a question, without waiting for its answer.
pub(crate) fn prompt(question: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(fitted_beside(question).as_bytes()).and_then(|()| err.flush());
}

/// Says something to the person beside the data.
pub(crate) fn say(text: &str) {
    // Nobody is left to be told when stderr is gone.
    let _ = writeln!(io::stderr().lock(), "{}", fitted_beside(text));
}

/// Asks the person a question and gives the answer's line.
pub(crate) fn ask(question: &str) -> Result<String, Trouble> {
    let mut err = io::stderr().lock();
    let question = fitted_beside(question);
    write!(err, "{question}").and_then(|()| err.flush()).while_doing("ask on the terminal")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).while_doing("read the answer")?;
    Ok(line.trim().to_owned())
}
