//! SQLite has no digests of its own: the rows are read and hashed here.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tidelock_plugin::{Database, SqlValue, Stop, quoted};

use crate::digest::{Chunk, Column, Table};

/// The columns of a table, and those of its primary key.
///
/// # Errors
/// They cannot be read.
pub(crate) fn columns(db: &Database, table: &str) -> Result<Vec<Column>, Stop> {
    let rows = db.query(
        "SELECT name, pk > 0 AS of_key FROM pragma_table_info(CAST($1 AS text)) ORDER BY name",
        &[SqlValue::Text(table.to_owned())],
    )?;
    rows.iter()
        .map(|row| {
            let name = row.text("name")?.unwrap_or_default();
            let text = format!("quote({})", quoted(&name).map_err(Stop::blind)?);
            Ok(Column { text, of_key: row.boolean("of_key")?, name })
        })
        .collect()
}

/// The chunks that hold rows.
///
/// # Errors
/// The database refuses, or has more rows than one run reads.
pub(crate) fn chunks(
    db: &Database,
    table: &Table,
    settle: Duration,
    number: u32,
) -> Result<BTreeMap<u32, Chunk>, Stop> {
    let (key, whole) = (joined(&table.key), joined(&table.columns));
    let name = quoted(&table.settings.name).map_err(Stop::blind)?;
    let settled = match (&table.settings.updated, settle.as_secs()) {
        (Some(updated), seconds) if seconds > 0 => {
            let updated = quoted(updated).map_err(Stop::blind)?;
            let moment = moment(&updated);
            // A row whose time cannot be read is compared: left out, nobody would ever see it differ.
            format!(" WHERE {moment} IS NULL OR {moment} < (strftime('%s', 'now') - {seconds}) * 1000")
        }
        _ => String::new(),
    };
    let rows = db.query(
        &format!("SELECT {key} AS row_key, {whole} AS whole FROM {name}{settled} ORDER BY 1, 2"),
        &[],
    )?;
    let mut chunks: BTreeMap<u32, (Sha256, u64)> = BTreeMap::new();
    for row in &rows {
        let key = row.text("row_key")?.unwrap_or_default();
        let whole = row.text("whole")?.unwrap_or_default();
        let place = Sha256::digest(key.as_bytes());
        let place =
            place.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)) % number.max(1);
        let (hash, count) = chunks.entry(place).or_default();
        hash.update(Sha256::digest(whole.as_bytes()));
        *count += 1;
    }
    let told =
        |(chunk, (hash, rows)): (u32, (Sha256, u64))| (chunk, Chunk { hash: hash.finalize().to_vec(), rows });
    Ok(chunks.into_iter().map(told).collect())
}

/// Values as one text in which none can look like two: `quote` writes each as a literal.
pub(crate) fn joined(expressions: &[String]) -> String {
    expressions.join(" || ',' || ")
}

/// A moment in milliseconds: SQLite has no type for one, so a whole number is a Unix time in seconds or
/// milliseconds, and anything else what its own date functions read.
pub(crate) fn moment(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) <> 'integer' THEN CAST(strftime('%s', {column}) AS integer) * 1000 \
         WHEN {column} < 100000000000 THEN {column} * 1000 ELSE {column} END"
    )
}
