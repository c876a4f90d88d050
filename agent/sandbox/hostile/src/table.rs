//! What must become of each hostile component.

use tidelock_model::Cause;

/// How a component ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It is not even loaded: cause, and a word of the reason.
    Refused(Cause, &'static str),
    /// Its run is worth nothing: cause, and a word of the reason.
    NotRun(Cause, &'static str),
    /// The same, also where as many of its runs as there may be go on at once.
    Crowd(Cause, &'static str),
    /// It did not get what it was after and says so itself: a word of what is told of it.
    Fails(&'static str),
    /// It passes five rounds, and then ends like this.
    Turns(Cause, &'static str),
    /// The sandbox has nothing against it; whoever asks who vouches for it has: a word of the reason.
    Unvouched(&'static str),
    /// The sandbox has nothing against it; where it is the check that must fail, its agent is not believed: a word
    /// of the reason.
    Canary(&'static str),
    /// Nobody has anything against it: why it is out of scope.
    Passes(&'static str),
}

impl Ends {
    /// The cause that is told, where there is one, and a word that must stand beside it.
    pub fn told(self) -> (Option<Cause>, &'static str) {
        match self {
            Ends::Refused(cause, word)
            | Ends::NotRun(cause, word)
            | Ends::Crowd(cause, word)
            | Ends::Turns(cause, word) => (Some(cause), word),
            Ends::Unvouched(word) => (Some(Cause::Unsigned), word),
            Ends::Fails(word) | Ends::Canary(word) | Ends::Passes(word) => (None, word),
        }
    }
}

use Ends::{Canary, Crowd, Fails, NotRun, Passes, Refused, Turns, Unvouched};

/// By number and name, as the corpus has them.
pub const TABLE: &[(u8, &str, Ends)] = &[
    (1, "endless-loop", NotRun(Cause::Cpu, "processor time")),
    (2, "loop-in-the-return-of-a-call", NotRun(Cause::Cpu, "processor time")),
    (3, "deep-recursion", NotRun(Cause::Trap, "call stack exhausted")),
    (4, "memory-to-the-maximum", NotRun(Cause::Memory, "are allowed")),
    (5, "memory-page-by-page", NotRun(Cause::Memory, "are allowed")),
    (6, "table-to-the-maximum", NotRun(Cause::Memory, "table elements")),
    (7, "handles-without-end", Refused(Cause::Interface, "resources of its own")),
    (8, "two-gibibytes-to-a-call", NotRun(Cause::Trap, "out of bounds")),
    (9, "32769-headers", NotRun(Cause::Denied, "at most 64 headers")),
    (10, "a-string-that-is-no-utf8", NotRun(Cause::Trap, "utf-8")),
    (10, "utf16-at-an-odd-address", Refused(Cause::Trap, "aligned")),
    // The contract has no flags; an enum is what it has of undefined bits.
    (11, "a-case-that-an-enum-does-not-have", NotRun(Cause::Trap, "discriminant")),
    (12, "sleeps-for-ever", NotRun(Cause::Timeout, "time is up")),
    (13, "sleeps-past-its-deadline-and-passes", NotRun(Cause::Timeout, "time is up")),
    (14, "busy-and-yields-each-tick", NotRun(Cause::Timeout, "time is up")),
    (15, "100000-log-lines", NotRun(Cause::Output, "log lines")),
    (16, "log-lines-that-paint", NotRun(Cause::CouldNotLook, "PASS")),
    (17, "a-result-twice", Refused(Cause::Interface, "TaskReturn")),
    (18, "a-result-before-a-trap", NotRun(Cause::Trap, "unreachable")),
    (19, "no-result-at-all", Refused(Cause::Interface, "run")),
    (19, "a-result-that-is-nowhere", NotRun(Cause::Trap, "out of bounds")),
    (20, "a-pass-that-shows-nothing", NotRun(Cause::BadReport, "shows nothing")),
    (21, "nan", NotRun(Cause::BadReport, "NaN")),
    (21, "infinity", NotRun(Cause::BadReport, "inf")),
    (21, "more-successes-than-requests", NotRun(Cause::BadReport, "were successful")),
    (21, "more-requests-than-can-be-counted", NotRun(Cause::BadReport, "than one run can count")),
    // A report has no field for who reports; what is left is a name that is none.
    (22, "a-result-in-anothers-name", NotRun(Cause::BadReport, "source/agent-1:login")),
    (23, "a-result-of-64-mib", NotRun(Cause::Trap, "out of bounds")),
    (23, "a-result-of-8-mib-that-is-there", NotRun(Cause::Output, "in one call")),
    (24, "calls-the-metadata-address", NotRun(Cause::Denied, "metadata address")),
    (24, "calls-a-loopback-address", NotRun(Cause::Denied, "loopback address")),
    (24, "calls-what-is-not-granted", NotRun(Cause::Denied, "not granted")),
    (25, "follows-a-redirect-away", Fails("leaves the target")),
    (26, "a-name-that-moves-inside", NotRun(Cause::Denied, "loopback address")),
    (27, "a-body-that-never-ends", NotRun(Cause::Calls, "more than")),
    (27, "a-body-of-100-gigabytes-announced", NotRun(Cause::Calls, "more than")),
    (27, "a-body-a-byte-at-a-time", Fails("no whole answer in time")),
    (27, "a-compression-bomb", Fails("compressed, which was not asked for")),
    (28, "10000-connections", Crowd(Cause::Calls, "256 calls")),
    (29, "an-import-that-is-not-granted", Refused(Cause::Interface, "no WASI")),
    (30, "a-newer-contract", Refused(Cause::Interface, "built for tidelock:check@2.0.0")),
    (30, "an-older-contract", Refused(Cause::Interface, "this agent speaks tidelock:check@1.0")),
    (31, "a-core-module", Refused(Cause::Interface, "core module, not a component")),
    (31, "cut-short", Refused(Cause::Interface, "no component")),
    (31, "noise", Refused(Cause::Interface, "no component")),
    (31, "100-mebibytes", Refused(Cause::Interface, "more than 67108864 bytes")),
    (31, "a-million-functions", Refused(Cause::Interface, "functions")),
    (31, "a-compile-bomb", Refused(Cause::UnknownPlugin, "the compiler ended without an answer")),
    (32, "nested-1000-deep", Refused(Cause::Interface, "components one in another")),
    (33, "start-that-traps", Refused(Cause::Trap, "unreachable")),
    (33, "start-that-loops", Refused(Cause::Cpu, "processor time")),
    (34, "behaves-for-five-rounds", Turns(Cause::Cpu, "processor time")),
    (35, "answers-from-what-it-kept", Fails("nothing-was-kept")),
    (36, "reads-the-environment", Refused(Cause::Interface, "no WASI")),
    (36, "reads-its-arguments", Refused(Cause::Interface, "no WASI")),
    (37, "same-name-and-version", Unvouched("was another component on this agent")),
    (38, "of-a-revoked-key", Unvouched("revoked_keys of agent.toml names")),
    (39, "with-the-signature-of-another", Unvouched("the signature beside it is of another file")),
    (40, "spends-its-time-inside-calls", NotRun(Cause::Cpu, "processor time")),
    (41, "shared-memory", Refused(Cause::Interface, "threads")),
    (42, "calls-back-while-it-is-called", NotRun(Cause::Trap, "cannot leave component instance")),
    (43, "always-passes", Canary("passed, and it must fail")),
    (44, "times-its-own-work", Passes("a plugin may learn how long its own work takes")),
];
