//! How far a replication is behind, and whether what is written on one side arrives on the other.
//!
//! A follower that receives nothing may call itself up to date for ever. So the side that publishes says how far
//! its slot is behind, and where marks are written the follower knows when the next one is overdue: an idle
//! source and a broken link look different.

mod follow;
mod marks;
mod publish;
mod settings;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;
use tidelock_plugin::{Database, Scenario, SqlValue};

use crate::settings::Settings;

/// The plugin.
pub struct ReplicationLag;

impl Check for ReplicationLag {
    fn manifest() -> Manifest {
        Manifest::new(
            "replication-lag",
            env!("CARGO_PKG_VERSION"),
            "How far PostgreSQL's logical replication is behind, and whether marks that are written on one side \
             arrive on the other.",
        )
        .blind_spot("Only what the publication holds is replicated: sequences, DDL and other tables are not.")
        .blind_spot("Without marks the lag is what the servers say of themselves.")
        .blind_spot("A mark shows that its own table is replicated, not that every table is.")
        .needs_sql("target")
        .measure("lag")
        .measure("lag_bytes")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| look(ctx, &settings, run))
    }
}

/// Which end of the replication this side is.
enum End {
    Publishes,
    Follows,
}

fn look(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    let db = ctx.sql(&settings.target);
    let dialect = run.step("connect", |_| db.dialect())?;
    if dialect != "postgres" {
        return Err(Stop::blind(format!("replication of {dialect} is not yet looked at")));
    }
    match run.step("end", |_| end(&db, &settings.slot))? {
        End::Publishes => publish::look(ctx, &db, settings, run),
        End::Follows => follow::look(ctx, &db, settings, run),
    }
}

/// The side that has the slot publishes, the one that has the subscription follows.
fn end(db: &Database, slot: &str) -> Result<End, Stop> {
    let row = db.query_one(
        "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = CAST($1 AS text) AND database = \
         current_database()) AS publishes, EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
         WHERE d.datname = current_database() AND CAST(s.subname AS text) = CAST($1 AS text)) AS follows",
        &[SqlValue::Text(slot.to_owned())],
    )?;
    match (row.boolean("publishes")?, row.boolean("follows")?) {
        (true, false) => Ok(End::Publishes),
        (false, true) => Ok(End::Follows),
        (false, false) => Err(Stop::Wrong(format!(
            "this side has neither a replication slot nor a subscription {slot}: nothing is replicated"
        ))),
        (true, true) => Err(Stop::Wrong(format!(
            "this side has both a replication slot and a subscription {slot}: what is written here would come back"
        ))),
    }
}

tidelock_plugin::export!(ReplicationLag);
