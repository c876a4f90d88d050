//! How much work is still in the queues of this side.
//!
//! A broker that answers is not a queue that is empty. What was taken but not acknowledged comes back, what
//! is delayed comes later, what nobody consumes stays: each is counted on its own, and a queue that cannot
//! be read is not drained.

mod enqueued;
mod rabbitmq;
mod settings;
mod tally;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;

use crate::settings::Settings;

/// The plugin.
pub struct QueueDrain;

impl Check for QueueDrain {
    fn manifest() -> Manifest {
        Manifest::new(
            "queue-drain",
            env!("CARGO_PKG_VERSION"),
            "Every named queue is there and was read: how many messages are visible, in flight and delayed.",
        )
        .blind_spot(
            "The broker's numbers are up to five seconds old; a claim needs a `for:` that is longer than that.",
        )
        .blind_spot("Only the named queues are looked at, not others and not what a producer still holds back.")
        .blind_spot("The age of the oldest message is known only where producers set a timestamp.")
        .blind_spot("Delayed messages are seen only on the exchanges and queues that the settings name.")
        .blind_spot(
            "What was ever put in is what producers publish: a message that the broker itself moves from one queue into another is not counted.",
        )
        .needs_http("target")
        .measure("visible")
        .measure("in_flight")
        .measure("delayed")
        .measure("oldest_age")
        .measure("consumers")
        .measure("dead_letters")
        .measure("enqueued")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| rabbitmq::look(ctx, &settings, run))
    }
}

tidelock_plugin::export!(QueueDrain);
