//! What a run found, and why a run that found nothing did not look.

use std::fmt;
use std::str::FromStr;

/// What a run, or one of its steps, found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It looked, and all is as it must be.
    Pass,
    /// It looked, and something is wrong; or the scenario's own target did not answer.
    Fail,
    /// It did not look. Never good, never `fail`.
    NotRun,
}

impl Outcome {
    /// The word on every screen.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NotRun => "not run",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        /// Why a run did not look. Each limit of the sandbox has its own word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $($(#[$doc])* $variant,)+ }

        impl Cause {
            /// Every cause there is.
            pub const ALL: &'static [Cause] = &[$(Cause::$variant),+];

            /// The word in journals, on the wire and on every screen.
            pub fn word(self) -> &'static str {
                match self { $(Cause::$variant => $word),+ }
            }
        }
    };
}

causes! {
    /// The run's time was up while the plugin itself was busy.
    Timeout = "timeout",
    /// The plugin used up its processor time.
    Cpu = "cpu",
    /// The plugin asked for more memory than it may have, or there was not enough to compile it.
    Memory = "memory",
    /// The report or log was larger than it may be.
    Output = "output",
    /// The plugin made more calls than it may.
    Calls = "calls",
    /// The plugin broke down.
    Trap = "trap",
    /// The plugin asked for something that is not granted.
    Denied = "denied",
    /// The report makes no sense.
    BadReport = "bad_report",
    /// The process that ran it is gone.
    RunnerLost = "runner_lost",
    /// The agent has no such component.
    UnknownPlugin = "unknown_plugin",
    /// The component is not the one that the plan names.
    BadDigest = "bad_digest",
    /// Nobody whom the agent trusts vouches for the component.
    Unsigned = "unsigned",
    /// The previous run of the same check is still going.
    Overrun = "overrun",
    /// The component is built for another contract version.
    Interface = "interface",
    /// The settings are wrong.
    BadSettings = "bad_settings",
    /// The plugin says that it was not able to look.
    CouldNotLook = "could_not_look",
    /// A secret that the check names is not there.
    SecretMissing = "secret_missing",
    /// The agent itself had no processor time, so what it measured means nothing.
    Starved = "starved",
    /// More runs were asked for at once than the agent may have in flight.
    Saturated = "saturated",
    /// The grant is above what the agent's own configuration allows.
    AboveCeiling = "above_ceiling",
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Cause, String> {
        Cause::ALL
            .iter()
            .copied()
            .find(|cause| cause.word() == text)
            .ok_or_else(|| format!("{text:?} is not a cause"))
    }
}
