//! PostgreSQL computes the digests itself: no row leaves it.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_plugin::{Database, SqlValue, Stop, quoted};

use crate::digest::{Chunk, Column, Table};

/// The columns of a table, and those of its primary key.
///
/// # Errors
/// They cannot be read, or row-level security may hide rows: then an empty answer would look like no rows.
pub(crate) fn columns(db: &Database, table: &str) -> Result<Vec<Column>, Stop> {
    let name = SqlValue::Text(quoted(table).map_err(Stop::blind)?);
    let seen = db.query_one(
        "SELECT to_regclass(CAST($1 AS text)) IS NOT NULL AS there, coalesce(row_security_active(CAST(to_regclass(CAST($1 \
         AS text)) AS oid)), false) AS hidden",
        std::slice::from_ref(&name),
    )?;
    if !seen.boolean("there")? {
        return Ok(Vec::new());
    }
    if seen.boolean("hidden")? {
        return Err(Stop::blind(format!(
            "row-level security may hide rows of {table} from this account: give it BYPASSRLS, or another account"
        )));
    }
    let rows = db.query(
        "SELECT CAST(a.attname AS text) AS name, CAST(format_type(a.atttypid, a.atttypmod) AS text) AS type, \
         coalesce(a.attnum = ANY (i.indkey), false) AS of_key FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = \
         a.attrelid AND i.indisprimary WHERE a.attrelid = CAST(to_regclass(CAST($1 AS text)) AS oid) AND a.attnum > 0 \
         AND NOT a.attisdropped ORDER BY 1",
        &[name],
    )?;
    rows.iter()
        .map(|row| {
            let name = row.text("name")?.unwrap_or_default();
            let kind = row.text("type")?.unwrap_or_default();
            Ok(Column { text: as_text(&name, &kind)?, of_key: row.boolean("of_key")?, name })
        })
        .collect()
}

/// A moment is written in UTC, whatever time zone the session has.
fn as_text(name: &str, kind: &str) -> Result<String, Stop> {
    let column = quoted(name).map_err(Stop::blind)?;
    let value = if kind.starts_with("timestamp") && kind.ends_with("with time zone") {
        format!("CAST({column} AT TIME ZONE 'UTC' AS text)")
    } else {
        format!("CAST({column} AS text)")
    };
    Ok(format!("quote_nullable({value})"))
}

/// The chunks that hold rows.
///
/// # Errors
/// The database refuses.
pub(crate) fn chunks(
    db: &Database,
    table: &Table,
    settle: Duration,
    number: u32,
) -> Result<BTreeMap<u32, Chunk>, Stop> {
    let (key, whole) = (joined(&table.key), joined(&table.columns));
    let name = quoted(&table.settings.name).map_err(Stop::blind)?;
    let statement = format!(
        "SELECT chunk, count(*) AS row_count, md5(string_agg(row_hash, '' ORDER BY row_key COLLATE \"C\", row_hash)) AS \
         digest FROM (SELECT row_key, md5(whole) AS row_hash, mod(CAST(CAST('x' || substr(md5(row_key), 1, 7) AS \
         bit(28)) AS integer), {number}) AS chunk FROM (SELECT {key} AS row_key, {whole} AS whole FROM {name}{settled}) \
         rows) hashed GROUP BY chunk ORDER BY chunk",
        settled = settled(table, settle)?,
    );
    let rows = db.query(&statement, &[])?;
    rows.iter()
        .map(|row| {
            let number = |column| -> Result<u64, Stop> {
                let value = row.integer(column)?.and_then(|value| u64::try_from(value).ok());
                value.ok_or_else(|| Stop::blind(format!("{column} of a chunk is no count")))
            };
            let digest = row.text("digest")?.unwrap_or_default();
            let chunk = u32::try_from(number("chunk")?).unwrap_or(u32::MAX);
            Ok((chunk, Chunk { hash: digest.into_bytes(), rows: number("row_count")? }))
        })
        .collect()
}

/// Leaves out what was changed a moment ago, by the database's own clock.
fn settled(table: &Table, settle: Duration) -> Result<String, Stop> {
    match (&table.settings.updated, settle.as_secs()) {
        (Some(updated), seconds) if seconds > 0 => {
            let updated = quoted(updated).map_err(Stop::blind)?;
            Ok(format!(" WHERE {updated} < clock_timestamp() - make_interval(secs => {seconds})"))
        }
        _ => Ok(String::new()),
    }
}

/// Values as one text in which none can look like two.
pub(crate) fn joined(expressions: &[String]) -> String {
    format!("concat_ws(',', {})", expressions.join(", "))
}
