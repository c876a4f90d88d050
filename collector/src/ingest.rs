//! The agents' door: who they are, what they are to do, and what they found.
//!
//! Everything that comes in here was sent by a machine in one of the two environments. Who it is
//! comes from its certificate, never from a message; what it says is converted, compared with what
//! was said before, journaled, and only then acknowledged.

mod assign;
mod batch;
mod dedup;
mod fetch;
mod fetches;
mod now;
mod offset;
mod pieces;
mod refused;
mod renew;
mod seat;
mod service;
mod session;
mod sessions;
mod tally;
mod verifier;
mod wire;

pub use assign::assignments;
pub use dedup::{Judged, Window};
pub use now::{Answer, Asked, Awaited, RunsNow};
pub use refused::{Refused, RefusedLine};
pub use service::AgentDoor;
pub use sessions::{Entered, Instance, NotAsked, NotEntered, Sessions};
pub use verifier::AgentVerifier;

pub(crate) use fetches::Fetches;
pub(crate) use service::Door;
pub(crate) use tally::Tally;
pub(crate) use wire::AgentFace;
