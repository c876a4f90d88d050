//! The side that follows: whether it has what it received, and when the next mark is overdue.

use tidelock_plugin::{Context, Database, MarkKind, Scenario, SqlValue, Stop};

use crate::marks;
use crate::settings::Settings;

/// A server that has nothing to send says so at least this often: half of PostgreSQL's usual
/// `wal_sender_timeout`, and once more.
const SILENT_MS: i64 = 60_000;

pub(crate) fn look(
    ctx: &Context,
    db: &Database,
    settings: &Settings,
    run: &mut Scenario,
) -> Result<(), Stop> {
    let name = &settings.slot;
    let row = run.step("subscription", |_| {
        db.query_one(
            "SELECT bool_or(pid IS NOT NULL) AS runs, coalesce(bool_or(received_lsn > latest_end_lsn), false) AS pending, \
             CAST(extract(epoch FROM clock_timestamp() - max(latest_end_time)) * 1000 AS bigint) AS done_ms, \
             CAST(extract(epoch FROM clock_timestamp() - max(last_msg_receipt_time)) * 1000 AS bigint) AS heard_ms FROM \
             pg_stat_subscription t JOIN pg_subscription s ON s.oid = t.subid JOIN pg_database d ON d.oid = s.subdbid \
             WHERE d.datname = current_database() AND CAST(t.subname AS text) = CAST($1 AS text) AND relid IS NULL",
            &[SqlValue::Text(name.clone())],
        )
    })?;
    run.step("runs", |_| match row.boolean("runs")? {
        true => Ok(()),
        false => Err(Stop::Wrong(format!("subscription {name} has no worker: it takes nothing"))),
    })?;
    let heard_ms = row.integer("heard_ms")?;
    let self_reported = match (heard_ms, row.integer("done_ms")?) {
        (Some(heard), _) if heard > SILENT_MS => Some(heard),
        (Some(_), Some(done)) if row.boolean("pending")? => Some(done),
        (Some(_), _) => Some(0),
        (None, _) => None,
    };
    let lag_ms = match &settings.marks {
        None => self_reported,
        Some(table) => {
            let seen = run.step("marks", |_| marks::read(ctx, db, table))?;
            for key in &seen.new {
                run.mark(key, MarkKind::Seen);
            }
            // The worst of both: marks may come while the rest waits, and the rest may lie.
            seen.overdue_ms.zip(self_reported).map(|(overdue, told)| overdue.max(told))
        }
    };
    match lag_ms {
        Some(lag_ms) => {
            run.measure("lag", lag_ms.max(0) as f64 / 1000.0, "s");
            let how = if settings.marks.is_some() { "by marks" } else { "self-reported" };
            run.note(format!("subscription {name} is {:.1} s behind, {how}", lag_ms.max(0) as f64 / 1000.0));
        }
        None if settings.marks.is_some() => {
            run.no_answer("fewer than two marks have arrived: when the next one is due is not known yet");
        }
        None => run.no_answer(format!("subscription {name} has not heard of its publisher yet")),
    }
    Ok(())
}
