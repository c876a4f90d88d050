//! Exit codes: an API of its own. The words are those of the screen; the README has the table.

use std::fmt;
use std::process::ExitCode;

use tidelock_proto::{json, v1};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The gate is open now; for other commands: it worked.
    Done,
    /// A fault of the command itself.
    Failed,
    /// Wrong arguments, or a plan with errors.
    Usage,
    /// The gate is not open, or a decision was refused.
    Hold,
    /// No access, or the wrong one.
    Auth,
    /// Going back is decided, or the migration ended another way: waiting longer cannot help.
    Rollback,
    /// The collector answers, but evidence is missing or stale.
    Unknown,
    /// The collector does not answer.
    Unreachable,
    /// The time to wait is over and the gate is still shut.
    Pending,
    /// A person stopped it, with Ctrl-C.
    Interrupted,
    /// It was told to end.
    Terminated,
}

impl Exit {
    /// The number that the process ends with.
    pub(crate) fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Hold => 3,
            Exit::Auth => 4,
            Exit::Rollback => 5,
            Exit::Unknown => 6,
            Exit::Unreachable => 7,
            Exit::Pending => 8,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The word that stands for it on screens and in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Exit::Done => "DONE",
            Exit::Failed => "FAILED",
            Exit::Usage => "USAGE",
            Exit::Hold => "HOLD",
            Exit::Auth => "AUTH",
            Exit::Rollback => "ROLLBACK",
            Exit::Unknown => "UNKNOWN",
            Exit::Unreachable => "UNREACHABLE",
            Exit::Pending => "PENDING",
            Exit::Interrupted => "INTERRUPTED",
            Exit::Terminated => "TERMINATED",
        }
    }

    /// The exit of a command that asked about a gate and got this word.
    pub(crate) fn of_verdict(word: &str) -> Exit {
        match word {
            "open" => Exit::Done,
            "hold" => Exit::Hold,
            "rollback" => Exit::Rollback,
            // A word of a later release must not be read as anything good.
            _ => Exit::Unknown,
        }
    }

    /// The exit of a command that asked about this gate. One that can never open any more is not waited for.
    pub(crate) fn of_gate(gate: &v1::Gate) -> Exit {
        let exit = Exit::of_verdict(json::verdict_word(gate.verdict));
        if gate.never_opens && exit != Exit::Done { Exit::Rollback } else { exit }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// Why a command did not do what it was asked: what happened, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    /// The word of the reason, where the collector gives one; otherwise that of the exit.
    pub(crate) code: Option<String>,
    /// What it is about: an argument, a field, a line of a file, a check.
    pub(crate) place: Option<String>,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Trouble {
        Trouble { exit, message: message.into(), hints: Vec::new(), code: None, place: None }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Trouble {
        Trouble::new(Exit::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Trouble {
        Trouble::new(Exit::Usage, message)
    }

    pub(crate) fn at(mut self, place: impl Into<String>) -> Trouble {
        self.place = Some(place.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Trouble {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\n  {hint}"))
    }
}

/// Adds what was being done to an error of the system.
pub(crate) trait While<T> {
    /// `what` names the act and its object: "read plan.yaml".
    fn while_doing(self, what: impl fmt::Display) -> Result<T, Trouble>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn while_doing(self, what: impl fmt::Display) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::failed(format!("{what}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_can_never_open_any_more_ends_as_one_that_nobody_needs_to_wait_for() {
        let of = |verdict: v1::Verdict, never_opens| {
            Exit::of_gate(&v1::Gate { verdict: verdict.into(), never_opens, ..v1::Gate::default() }).number()
        };
        use v1::Verdict::{Hold, Open, Rollback, Unknown};
        assert_eq!([Open, Hold, Unknown, Rollback].map(|verdict| of(verdict, false)), [0, 3, 6, 5]);
        assert_eq!([Open, Hold, Unknown, Rollback].map(|verdict| of(verdict, true)), [0, 5, 5, 5]);
    }
}
