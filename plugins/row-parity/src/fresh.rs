//! New rows, one by one: what one side alone has is listed by name on the day somebody goes back.

use sha2::{Digest as _, Sha256};
use tidelock_plugin::{Database, Stop, quoted};

use crate::digest::{Dialect, Table};
use crate::settings::{Named, NewRows, TableSettings};
use crate::{postgres, sqlite};

/// One new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewRow {
    pub(crate) key: String,
    pub(crate) made_unix_ms: u64,
    pub(crate) hash: Vec<u8>,
}

/// The longest key that is told, in bytes.
const KEY_BYTES: usize = 64;

/// New rows, and since when none of them is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fresh {
    pub(crate) rows: Vec<NewRow>,
    pub(crate) since_unix_ms: u64,
}

/// The rows that were made in the last while, oldest first.
///
/// # Errors
/// They cannot be read, or are more than can be told: a cut list would look like a whole one.
pub(crate) fn rows(db: &Database, dialect: Dialect, wanted: &NewRows) -> Result<Fresh, Stop> {
    let named = Named::Table(TableSettings {
        name: wanted.table.clone(),
        key: vec![wanted.key.clone()],
        without: Vec::new(),
        updated: Some(wanted.created.clone()),
    });
    let table = Table::read(db, dialect, &named)?;
    let name = |name: &str| quoted(name).map_err(Stop::blind);
    let (of, key, created) = (name(&wanted.table)?, name(&wanted.key)?, name(&wanted.created)?);
    let (seconds, most) = (wanted.within.as_secs().max(1), wanted.at_most);
    let statement = match dialect {
        Dialect::Postgres => format!(
            "SELECT CAST({key} AS text) AS row_key, CAST(extract(epoch FROM {created}) * 1000 AS bigint) AS made, {whole} \
             AS whole FROM {of} WHERE {created} > clock_timestamp() - make_interval(secs => {seconds}) ORDER BY 2 LIMIT \
             {limit}",
            whole = postgres::joined(&table.columns),
            limit = u64::from(most) + 1,
        ),
        // A row whose time cannot be read is told as one, not left out: it may be the newest of all.
        Dialect::Sqlite => format!(
            "SELECT row_key, made, whole FROM (SELECT CAST({key} AS text) AS row_key, {made} AS made, {whole} AS whole \
             FROM {of}) WHERE made IS NULL OR made > (strftime('%s', 'now') - {seconds}) * 1000 ORDER BY made \
             LIMIT {limit}",
            made = sqlite::moment(&created),
            whole = sqlite::joined(&table.columns),
            limit = u64::from(most) + 1,
        ),
    };
    let rows = db.query(&statement, &[])?;
    if rows.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Stop::blind(format!(
            "more than {most} rows of {} were made within {seconds} s: raise new_rows.at_most or shorten within",
            wanted.table
        )));
    }
    // Read after the rows: what is younger than this was surely in their list.
    let now = db.query_one(dialect.clock(), &[])?.integer("now_ms")?;
    let now = now.and_then(|now| u64::try_from(now).ok());
    let Some(now) = now else { return Err(Stop::blind("the database does not tell its time")) };
    let rows: Result<Vec<NewRow>, Stop> = rows
        .iter()
        .map(|row| {
            let key = row.text("row_key")?.unwrap_or_default();
            let made = row.integer("made")?.and_then(|made| u64::try_from(made).ok());
            let (true, Some(made_unix_ms)) = (!key.is_empty() && key.len() <= KEY_BYTES, made) else {
                let table = &wanted.table;
                return Err(Stop::blind(format!(
                    "a new row of {table} has no key of 1 to {KEY_BYTES} bytes, or no time"
                )));
            };
            let hash = Sha256::digest(row.text("whole")?.unwrap_or_default().as_bytes()).to_vec();
            Ok(NewRow { key, made_unix_ms, hash })
        })
        .collect();
    Ok(Fresh { rows: rows?, since_unix_ms: now.saturating_sub(seconds.saturating_mul(1_000)) })
}
