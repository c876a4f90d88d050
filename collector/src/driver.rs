//! Owns every migration: durable first, then believed, then told.
//!
//! One task holds the state. What was seen comes to it in the order of the journal; whoever asks
//! something waits for its answer; and everybody else looks at what it published last. Nothing here
//! knows a connection, a disk or a screen.

mod filing;
mod handle;
mod own;
mod publish;
mod renew;
mod room;
mod task;

pub use handle::{AskError, Asked, CourseSeen, Driver, Explained, Reported};
pub use publish::{PlanInForce, RunSeen, Told, View};

pub(crate) use filing::Said;
pub use renew::Renewal;
pub(crate) use task::{Inbox, Parts, prepare};

/// The name in which the collector itself asks.
pub(crate) fn own_name() -> tidelock_model::Name {
    tidelock_model::Name::new(tidelock_core::COLLECTOR).expect("it is a name")
}
