//! The words of Tidelock as plain checked types.
//!
//! Everything that crosses a process boundary becomes one of these at a door (`convert.rs` for the
//! wire, `sandbox/report.rs` for a plugin) and is not validated again behind it. Nothing here does
//! I/O, reads a clock or knows a wire format, so cores and shells can share it.

mod agent;
mod component;
mod digest;
mod finding;
mod gate;
mod mutate;
mod name;
mod outcome;
mod report;
mod shown;
mod side;
mod span;
mod text;
mod time;

pub use agent::{AgentKey, Gap, SpoolEpoch};
pub use component::{NoComponent, begins_as_component};
pub use digest::{DigestError, Sha256};
pub use finding::{Finding, FindingBatch, RefusedCall};
pub use gate::{Level, Phase, VerdictWord};
pub use mutate::{mutated, told_to_children};
pub use name::{Name, NameError};
pub use outcome::{Cause, Outcome};
pub use report::{Counts, Digest, Mark, MarkKind, Measure, Remaining, Report, Step};
pub use shown::{Pages, Shown, Via};
pub use side::Side;
pub use span::{read_span, span_in_words, write_span};
pub use text::{fit, is_unfit};
pub use time::Timestamp;
