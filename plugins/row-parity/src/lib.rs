//! Whether the rows of a table are the same on both sides, and which rows are new here.
//!
//! Nothing passes between the sides: each tells a digest for every chunk of a table's keys, and the collector
//! compares them. A digest covers whole rows and their number, in the order of their keys, so that neither two
//! equal rows nor two changes can cancel each other out. What the account may not see is never an empty table.

mod digest;
mod fresh;
mod postgres;
mod settings;
mod sqlite;

#[cfg(test)]
mod tests;

use tidelock_plugin::Scenario;
use tidelock_plugin::prelude::*;

use crate::digest::{Chunk, Dialect, Table};
use crate::settings::Settings;

/// The plugin.
pub struct RowParity;

impl Check for RowParity {
    fn manifest() -> Manifest {
        Manifest::new(
            "row-parity",
            env!("CARGO_PKG_VERSION"),
            "The rows of the named tables, as digests of chunks of their keys; the collector compares both sides.",
        )
        .blind_spot("Only the named tables are compared; sequences, indexes, triggers and rights are not.")
        .blind_spot("Both sides must be the same kind of database: values are compared as that database writes them.")
        .blind_spot("With `settle` and `updated`, rows younger than that are left out, and deletes are seen at once.")
        .blind_spot("Every run reads the named tables whole: choose `every` and the tables with that in mind.")
        .needs_sql("target")
        .measure("rows")
        .measure("new_rows")
        .measure("new_rows_since")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| look(ctx, &settings, run))
    }
}

fn look(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    let db = ctx.sql(&settings.target);
    let dialect = run.step("connect", |_| db.dialect().and_then(|word| Dialect::of(&word)))?;
    let mut all = 0_u64;
    let chunks = settings.chunks_per_table();
    for named in &settings.tables {
        let found = run.step(&format!("table {}", named.name()), |step| {
            let table = Table::read(&db, dialect, named)?;
            let found = digest::chunks(&db, dialect, &table, settings, chunks)?;
            let rows: u64 = found.iter().map(|chunk| chunk.rows).sum();
            step.note(format!("{rows} rows in {chunks} chunks"));
            Ok(found)
        })?;
        for (number, Chunk { hash, rows }) in found.into_iter().enumerate() {
            all = all.saturating_add(rows);
            run.digest(&format!("{}#{number}", named.name()), &hash, rows, "whole");
        }
    }
    run.measure("rows", all as f64, "rows");
    if let Some(wanted) = &settings.new_rows {
        let fresh = run.step("new-rows", |_| fresh::rows(&db, dialect, wanted))?;
        run.measure("new_rows", fresh.rows.len() as f64, "rows");
        run.measure("new_rows_since", fresh.since_unix_ms as f64, "ms");
        for row in &fresh.rows {
            run.digest(
                &format!("{}/{}", wanted.table, row.key),
                &row.hash,
                1,
                &format!("row@{}", row.made_unix_ms),
            );
        }
    }
    Ok(())
}

tidelock_plugin::export!(RowParity);
