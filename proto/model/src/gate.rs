//! The words of the gate: phases, verdicts, levels.

use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value there is, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word in the plan, on the wire and on every screen.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                $name::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| {
                    let known: Vec<_> = $name::ALL.iter().map(|value| value.word()).collect();
                    format!("{text:?} is not one of {}", known.join(", "))
                })
            }
        }
    };
}

words! {
    /// Where a migration stands.
    Phase {
        /// The plan is there; agents and people get ready.
        Prepare = "prepare",
        /// Both sides run; evidence is gathered.
        Sync = "sync",
        /// Both sides have converged, as long as the evidence lasts.
        Ready = "ready",
        /// A person decided; the switch is under way.
        Cutover = "cutover",
        /// Traffic is on the target; the way back is kept open.
        Watch = "watch",
        /// The move is complete.
        Committed = "committed",
        /// The old side is quiet and gone.
        Retired = "retired",
        /// Going back was decided and is under way.
        RollingBack = "rolling-back",
        /// Traffic is on the source again, proved.
        RolledBack = "rolled-back",
        /// The migration was given up before the switch.
        Aborted = "aborted",
    }
}

words! {
    /// What a gate answers.
    VerdictWord {
        /// Proved: the gate is open now.
        Open = "open",
        /// Something holds it, and it says what.
        Hold = "hold",
        /// Evidence is missing or stale, so nothing can be said.
        Unknown = "unknown",
        /// Going back is decided, or the migration ended that way.
        Rollback = "rollback",
    }
}

words! {
    /// How much a scenario matters.
    Level {
        /// The move must not go on without it.
        Critical = "critical",
        /// It must be known and shown.
        Important = "important",
        /// Good to know.
        Minor = "minor",
    }
}
