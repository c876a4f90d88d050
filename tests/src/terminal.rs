//! A real terminal: what a command shows on it, the keys of whoever sits before it, and how it is left behind.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::iter::once;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::wait::eventually_for;

/// How long one thing may take on it, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// Ctrl-C.
pub const CTRL_C: &str = "\u{3}";

/// A terminal with a command on it, by `script`.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    folder: TempDir,
}

/// What a command left on its terminal.
#[derive(Debug)]
pub struct Shown {
    /// Its exit, as a shell has it: 130 for one that Ctrl-C ended.
    pub code: i32,
    /// All that was shown, as the terminal got it.
    pub text: String,
}

impl Terminal {
    /// A terminal of so many columns, on which this command is run with its folder and variables.
    ///
    /// # Panics
    /// When `script` is not there.
    pub fn open(command: &Command, columns: u32) -> Terminal {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let words: Vec<String> = once(command.get_program()).chain(command.get_args()).map(quoted).collect();
        let kept = |name: &str| quoted(folder.path().join(name).as_os_str());
        // A Ctrl-C is for the command, and the shell looks at the terminal after it.
        let line = format!(
            "stty cols {columns} rows 24; stty -g > {}; trap : INT; {}; code=$?; stty -g > {}; exit $code",
            kept("before"),
            words.join(" "),
            kept("after")
        );
        let log = File::create(folder.path().join("log")).expect("a log file can be made");
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped());
        script.stderr(log.try_clone().expect("a file handle can be copied")).stdout(log);
        script.env("SHELL", "/bin/sh").env("TERM", "xterm").env_remove("COLUMNS");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            script.current_dir(dir);
        }
        let mut child = script.spawn().expect("script is there");
        let keys = child.stdin.take().expect("piped");
        Terminal { child, keys, folder }
    }

    /// All that was shown so far.
    ///
    /// # Panics
    /// When the log is gone.
    pub fn said(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).expect("the log of the terminal");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until this was said.
    ///
    /// # Panics
    /// When it is not in time.
    pub fn until_said(&self, what: &str) {
        eventually_for(LIMIT, &format!("{what:?} is said"), || {
            let said = self.said();
            if said.contains(what) { Ok(()) } else { Err(said) }
        });
    }

    /// Waits until this was said so often, and not more often.
    ///
    /// # Panics
    /// When it is not in time.
    pub fn until_said_times(&self, what: &str, times: usize) {
        eventually_for(LIMIT, &format!("{what:?} for the {times}. time"), || {
            let said = self.said();
            if said.matches(what).count() == times { Ok(()) } else { Err(said) }
        });
    }

    /// Presses these keys.
    ///
    /// # Panics
    /// When nobody takes them any more.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it is typed");
    }

    /// Waits until the command has ended by itself. The terminal is then as it was before it.
    ///
    /// # Panics
    /// When it does not end in time, or leaves the terminal otherwise.
    pub fn ended(mut self) -> Shown {
        let status =
            eventually_for(LIMIT, "the command on the terminal ends", || match self.child.try_wait() {
                Ok(Some(status)) => Ok(status),
                Ok(None) => Err(self.said()),
                Err(error) => Err(error.to_string()),
            });
        let text = self.said();
        let kept = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        let (before, after) = (kept("before"), kept("after"));
        assert!(!before.is_empty() && before == after, "the terminal is left otherwise: {text:?}");
        let painted = text.rfind("\u{1b}[").map(|at| &text[at..]);
        assert!(!painted.is_some_and(paints), "the terminal is left in a colour: {text:?}");
        Shown { code: status.code().unwrap_or(-1), text }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Best effort: it has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shown {
    /// What stands on the terminal at the end, line by line and without colours: what was drawn over is gone.
    pub fn lines(&self) -> Vec<String> {
        let (mut lines, mut row, mut column): (Vec<Vec<char>>, usize, usize) = (vec![Vec::new()], 0, 0);
        let mut text = self.text.chars();
        while let Some(c) = text.next() {
            match c {
                '\r' => column = 0,
                '\n' => {
                    row += 1;
                    let rows = lines.len().max(row + 1);
                    lines.resize(rows, Vec::new());
                }
                '\u{1b}' => match text.by_ref().find(char::is_ascii_alphabetic) {
                    Some('K') => lines[row].truncate(column),
                    Some('A') => row = row.saturating_sub(1),
                    // It paints.
                    Some(_) | None => {}
                },
                c => {
                    let columns = lines[row].len().max(column + 1);
                    lines[row].resize(columns, ' ');
                    lines[row][column] = c;
                    column += 1;
                }
            }
        }
        lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
    }
}

/// `[1;31m…` begins a colour, `[0m` ends it.
fn paints(sequence: &str) -> bool {
    let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(sequence.len());
    sequence[end..].starts_with('m') && !sequence.starts_with("\u{1b}[0m")
}

/// A word that the shell takes as it is.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"))
}
