//! The side that publishes: how far its slot is behind, and the marks it writes.

use tidelock_plugin::{Context, Database, Scenario, SqlValue, Stop};

use crate::marks;
use crate::settings::Settings;

/// A server writes a little to its log even when nobody writes to it; less than this behind is nothing.
const IDLE_BYTES: i64 = 1 << 20;

pub(crate) fn look(
    ctx: &Context,
    db: &Database,
    settings: &Settings,
    run: &mut Scenario,
) -> Result<(), Stop> {
    let slot = &settings.slot;
    let row = run.step("slot", |_| {
        db.query_one(
            "SELECT s.active AS active, CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn) AS bigint) AS \
             behind, CAST(extract(epoch FROM r.replay_lag) * 1000 AS bigint) AS lag_ms, coalesce(CAST(s.wal_status AS \
             text), '') AS kept FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid \
             WHERE s.slot_name = CAST($1 AS text)",
            &[SqlValue::Text(slot.clone())],
        )
    })?;
    let behind = row.integer("behind")?;
    if let Some(bytes) = behind {
        run.measure("lag_bytes", bytes.max(0) as f64, "bytes");
    }
    run.step("active", |_| match (row.boolean("active")?, row.text("kept")?.as_deref()) {
        (_, Some("lost")) => Err(Stop::Wrong(format!(
            "the server has thrown away what slot {slot} still needs: begin the feed anew"
        ))),
        (false, _) => {
            Err(Stop::Wrong(format!("nobody reads from slot {slot}, it is {} behind", bytes(behind))))
        }
        (true, _) => Ok(()),
    })?;
    match (row.integer("lag_ms")?, behind) {
        (Some(lag_ms), _) => run.measure("lag", lag_ms.max(0) as f64 / 1000.0, "s"),
        // The server tells a time only while something is on its way.
        (None, Some(behind)) if behind <= IDLE_BYTES => run.measure("lag", 0.0, "s"),
        (None, _) => run.no_answer(format!(
            "slot {slot} is {} behind, and the server does not say since when",
            bytes(behind)
        )),
    }
    if let Some(table) = &settings.marks {
        run.step("mark", |_| Ok(()))?;
        let key = marks::write(ctx, db, table)?;
        run.mark(&key, tidelock_plugin::MarkKind::Issued);
    }
    run.note(format!("slot {slot} is {} behind", bytes(behind)));
    Ok(())
}

fn bytes(behind: Option<i64>) -> String {
    behind.map_or_else(|| "an unknown way".to_owned(), |bytes| format!("{} bytes", bytes.max(0)))
}
