//! Marks: small rows that are written on one side and looked for on the other.

use serde::{Deserialize, Serialize};
use tidelock_plugin::{Context, Database, SqlValue, Stop, quoted};

/// Marks older than this are taken away by whoever writes new ones.
const KEEP_MS: i64 = 3_600_000;
/// Marks that are looked at.
const NEWEST: usize = 64;

/// What was found.
pub(crate) struct Seen {
    /// Marks that were not told before.
    pub(crate) new: Vec<String>,
    /// How long the next mark is overdue; none before two have come.
    pub(crate) overdue_ms: Option<i64>,
}

/// The newest marks that were told already.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    keys: Vec<String>,
}

/// Writes one mark, and takes old ones away.
///
/// # Errors
/// The table cannot be written.
pub(crate) fn write(ctx: &Context, db: &Database, table: &str) -> Result<String, Stop> {
    let table = quoted(table).map_err(Stop::blind)?;
    let key = format!("{}-{}-{}", ctx.check(), ctx.round(), ctx.random_hex(8));
    let now = i64::try_from(ctx.now_unix_ms()).unwrap_or(i64::MAX);
    let row = [SqlValue::Text(key.clone()), SqlValue::Integer(now)];
    db.execute(
        &format!("INSERT INTO {table} (key, at_ms) VALUES (CAST($1 AS text), CAST($2 AS bigint))"),
        &row,
    )?;
    let old = [SqlValue::Integer(now.saturating_sub(KEEP_MS))];
    db.execute(&format!("DELETE FROM {table} WHERE at_ms < CAST($1 AS bigint)"), &old)?;
    Ok(key)
}

/// Looks for marks.
///
/// # Errors
/// The table cannot be read.
pub(crate) fn read(ctx: &Context, db: &Database, table: &str) -> Result<Seen, Stop> {
    let table = quoted(table).map_err(Stop::blind)?;
    let rows =
        db.query(&format!("SELECT key, at_ms FROM {table} ORDER BY at_ms DESC, key LIMIT {NEWEST}"), &[])?;
    let mut marks = Vec::new();
    for row in &rows {
        let at = row.integer("at_ms")?.ok_or_else(|| Stop::blind("a mark has no time"))?;
        marks.push((row.text("key")?.unwrap_or_default(), at));
    }
    let state = ctx.state();
    let told: Told = state.get("marks")?.unwrap_or_default();
    let new = marks.iter().filter(|(key, _)| !told.keys.contains(key)).map(|(key, _)| key.clone()).collect();
    state.set("marks", &Told { keys: marks.iter().map(|(key, _)| key.clone()).collect() })?;
    let now = i64::try_from(ctx.now_unix_ms()).unwrap_or(i64::MAX);
    Ok(Seen { new, overdue_ms: overdue(&marks.iter().map(|(_, at)| *at).collect::<Vec<_>>(), now) })
}

/// How long the next mark is overdue: marks come at the largest of their latest distances.
fn overdue(newest_first: &[i64], now_ms: i64) -> Option<i64> {
    let newest = newest_first.first()?;
    let usual = newest_first.windows(2).take(8).filter_map(|two| two[0].checked_sub(two[1])).max()?;
    Some(now_ms.saturating_sub(*newest).saturating_sub(usual).max(0))
}

#[cfg(test)]
mod tests {
    use super::overdue;

    #[test]
    fn a_mark_is_overdue_once_its_usual_distance_is_over() {
        assert_eq!(overdue(&[], 100), None);
        assert_eq!(overdue(&[50], 100), None);
        assert_eq!(overdue(&[50_000, 40_000], 55_000), Some(0));
        assert_eq!(overdue(&[50_000, 40_000], 75_000), Some(15_000));
        // Nothing comes any more: it grows, and is never read as nothing to do.
        assert_eq!(overdue(&[50_000, 40_000], 950_000), Some(890_000));
    }
}
