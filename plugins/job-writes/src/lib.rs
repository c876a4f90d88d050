//! Which jobs ran on this side, and who writes here.
//!
//! After a switch the forgotten cron job is the writer that nobody thinks of: traffic has moved, every
//! check is green, and the old database still changes. This check compares two readings and names the
//! job, the table, the rows and the writer. It never takes "cannot see" for "nobody writes".

mod book;
mod diff;
mod look;
mod postgres;
mod settings;
mod sqlite;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;

use crate::settings::Settings;

/// The plugin.
pub struct JobWrites;

impl Check for JobWrites {
    fn manifest() -> Manifest {
        Manifest::new(
            "job-writes",
            env!("CARGO_PKG_VERSION"),
            "Since the last run of this check: which jobs ran on this side, how many rows were written, and by whom.",
        )
        .blind_spot("Only the named tables and schemas are looked at.")
        .blind_spot("PostgreSQL counts a write up to a minute after it was committed, and TRUNCATE not at all.")
        .blind_spot("In SQLite an update that adds no row is not seen, and a writer has no name.")
        .blind_spot("A writer that has disconnected before the look is counted, but not named.")
        .needs_sql("target")
        .measure("writes")
        .measure("runs")
        .measure("open_writers")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| look::look(ctx, &settings, run))
    }
}

tidelock_plugin::export!(JobWrites);
