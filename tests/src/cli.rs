//! The `tidelock` command as a person or pipeline runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::program;

/// A caller: one collector, one access.
#[derive(Debug, Clone)]
pub struct Cli {
    /// The collector's URL.
    pub server: String,
    /// The collector's authority.
    pub ca: PathBuf,
    /// The file with the caller's token.
    pub token: PathBuf,
    /// A folder for the context file, so that a person's own is never read.
    pub home: PathBuf,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.out, self.err))
    }

    /// The answer, when the command ended well.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn good(self) -> Answer {
        assert_eq!(self.code, 0, "exit {}\n{}\n{}", self.code, self.out, self.err);
        self
    }
}

impl Cli {
    /// The command, ready to be started.
    ///
    /// # Panics
    /// When the CLI is not built.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("tidelock"));
        command
            .args(arguments)
            .stdin(Stdio::null())
            .env("TIDELOCK_SERVER", &self.server)
            .env("TIDELOCK_CA_FILE", &self.ca)
            .env("TIDELOCK_TOKEN_FILE", &self.token)
            .env("TIDELOCK_CONFIG", self.home.join("contexts.toml"))
            .env_remove("TIDELOCK_MIGRATION")
            .env_remove("GITHUB_ACTIONS");
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it does not start.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        let output = self.command(arguments).output().expect("tidelock starts");
        Answer {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same collector, asked with another access.
    #[must_use]
    pub fn with_token(&self, token: &Path) -> Cli {
        Cli { token: token.to_owned(), ..self.clone() }
    }
}
