//! How a demo is asked for.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::Expected;

/// A fault that is left unfixed, to see that the demo then ends badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The full queue of scene 2.
    Queue,
    /// The forgotten job of scene 5.
    Cron,
    /// The broken checkout of scene 8, on the old side too: going back would not help.
    Checkout,
}

impl Left {
    /// All of them.
    pub const ALL: [Left; 3] = [Left::Queue, Left::Cron, Left::Checkout];
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Left::Queue => "queue",
            Left::Cron => "cron",
            Left::Checkout => "checkout",
        })
    }
}

impl FromStr for Left {
    type Err = String;

    fn from_str(word: &str) -> Result<Left, String> {
        let known = Left::ALL.into_iter().find(|left| left.to_string() == word);
        known.ok_or_else(|| format!("{word:?} cannot be left unfixed: it is queue, cron or checkout"))
    }
}

/// How a demo is played.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Everything that the demo writes lies here.
    pub folder: PathBuf,
    /// The binary `tidelock-demo`; the others lie beside it.
    pub program: PathBuf,
    /// Leave it to the visitor after scene 2.
    pub interactive: bool,
    /// How long an interactive demo stays; until Ctrl-C without it.
    pub stay: Option<Duration>,
    /// The time to read after each verdict; no check rests on it.
    pub pace: Duration,
    /// Wait no longer than this for the verdict that will be missing on purpose; without a purpose, for any.
    pub limit: Option<Duration>,
    /// A fault that is not fixed.
    pub left: Option<Left>,
    /// A check that is taken out of the plan.
    pub without: Option<String>,
    /// One agent is stopped before scene 2.
    pub stop_agent: bool,
}

impl RunOptions {
    /// The verdicts that this demo asks for.
    pub(crate) fn asked(&self) -> &'static [Expected] {
        if self.interactive { &Expected::FIRST } else { &Expected::ALL }
    }

    /// How long a verdict may take.
    pub(crate) fn limit_of(&self, verdict: Expected) -> Duration {
        let hurried = self.missing().is_none_or(|missing| missing == verdict);
        self.limit.filter(|_| hurried).map_or(verdict.limit(), |limit| limit.min(verdict.limit()))
    }

    /// The verdict that cannot be seen after what is done wrong on purpose, where that is known.
    fn missing(&self) -> Option<Expected> {
        let of_left = self.left.map(|left| match left {
            Left::Queue => Expected::ReadyOpens,
            Left::Cron => Expected::JobHoldGoes,
            Left::Checkout => Expected::BackRecommended,
        });
        let of_agent = self.stop_agent.then_some(Expected::LoginProved);
        let of_check = self.without.as_ref().filter(|check| *check == "old-side-quiet");
        of_left.or(of_agent).or(of_check.map(|_| Expected::JobNamed))
    }

    /// What is done wrong on purpose, in words.
    pub(crate) fn sabotage(&self) -> Vec<String> {
        let mut told = Vec::new();
        if let Some(left) = self.left {
            told.push(format!("the fault {left} is left unfixed"));
        }
        if let Some(check) = &self.without {
            told.push(format!("the check {check} is taken out of the plan"));
        }
        if self.stop_agent {
            told.push("one agent of the source is stopped".to_owned());
        }
        told
    }
}
