//! What the demo says on the screen.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::check_list::CheckList;
use super::{Expected, RunOptions};

const RULE: &str = "────────────────────────────────────────────────────────────────────────";

/// The voice of the demo; clones share one screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk {
    /// Lines of two commands never mix.
    turn: Arc<Mutex<()>>,
}

impl Talk {
    pub(crate) fn new() -> Talk {
        Talk::default()
    }

    /// One line as it is.
    pub(crate) fn line(&self, text: &str) -> anyhow::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()?;
        Ok(())
    }

    /// A sentence of the story.
    pub(crate) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.line(&format!("  {text}"))
    }

    /// A sentence about what went wrong; it goes to standard error.
    pub(crate) fn complain(&self, text: &str) -> anyhow::Result<()> {
        let mut out = std::io::stderr().lock();
        writeln!(out, "  {text}")?;
        Ok(())
    }

    /// A command as somebody types it.
    pub(crate) fn typed(&self, who: &str, line: &str) -> anyhow::Result<()> {
        self.line(&format!("    {who}$ {line}"))
    }

    /// One line of what a command answers.
    pub(crate) fn answer(&self, text: &str) -> anyhow::Result<()> {
        self.line(&format!("      {text}"))
    }

    /// A verdict that was expected and came.
    pub(crate) fn seen(&self, verdict: Expected) -> anyhow::Result<()> {
        self.line(&format!("  ✔ {verdict}"))
    }

    /// The head of a scene.
    pub(crate) fn scene(&self, number: u8, title: &str) -> anyhow::Result<()> {
        self.line("")?;
        self.line(&format!("── {number}. {title} {}", rest(title)))
    }

    /// The first words.
    pub(crate) fn title(&self, options: &RunOptions) -> anyhow::Result<()> {
        self.line(RULE)?;
        self.line("Tidelock: two live shops, one move, one gate")?;
        self.line(RULE)?;
        self.say(&format!("Everything lies in {}", options.folder.display()))?;
        for wrong in options.sabotage() {
            self.say(&format!("On purpose: {wrong}. This demo must end badly."))?;
        }
        Ok(())
    }

    /// The list at the end.
    pub(crate) fn list(&self, list: &CheckList, asked: &[Expected]) -> anyhow::Result<()> {
        self.line("")?;
        self.line(RULE)?;
        let mut ended = false;
        for (number, verdict) in asked.iter().enumerate() {
            let mark = match (list.has(*verdict), ended) {
                (true, _) => "✔",
                (false, false) => "✖",
                (false, true) => "·",
            };
            ended |= !list.has(*verdict);
            self.line(&format!("  {mark} {:>2} {verdict}", number + 1))?;
        }
        self.line(RULE)
    }
}

fn rest(title: &str) -> String {
    let used = title.chars().count() + 7;
    RULE.chars().skip(used.min(70)).collect()
}
