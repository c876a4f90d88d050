//! A table as digests of chunks of its keys.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use tidelock_plugin::{Database, Stop};

use crate::settings::{Named, Settings, TableSettings};
use crate::{postgres, sqlite};

/// The databases whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    Sqlite,
}

impl Dialect {
    pub(crate) fn of(word: &str) -> Result<Dialect, Stop> {
        match word {
            "postgres" => Ok(Dialect::Postgres),
            "sqlite" => Ok(Dialect::Sqlite),
            other => Err(Stop::blind(format!("rows of {other} are not yet compared"))),
        }
    }

    /// Asks the database's own clock.
    pub(crate) fn clock(self) -> &'static str {
        match self {
            Dialect::Postgres => {
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS now_ms"
            }
            Dialect::Sqlite => "SELECT strftime('%s', 'now') * 1000 AS now_ms",
        }
    }
}

/// One chunk: all rows whose key falls into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) hash: Vec<u8>,
    pub(crate) rows: u64,
}

/// A table with what is compared of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) settings: TableNames,
    /// All columns that are compared, sorted by name, each as an expression that gives text.
    pub(crate) columns: Vec<String>,
    /// The columns that name a row, as such expressions.
    pub(crate) key: Vec<String>,
}

/// The names that a table was given by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableNames {
    pub(crate) name: String,
    pub(crate) updated: Option<String>,
}

/// A column as the database tells it.
pub(crate) struct Column {
    pub(crate) name: String,
    /// As an expression that gives text, the same on both sides whatever a session is set to.
    pub(crate) text: String,
    pub(crate) of_key: bool,
}

impl Table {
    /// Reads which columns there are and which of them name a row.
    ///
    /// # Errors
    /// The table is not there, rows of it may be hidden from the account, or nothing names a row.
    pub(crate) fn read(db: &Database, dialect: Dialect, named: &Named) -> Result<Table, Stop> {
        let wanted = named.in_full();
        let mut found = match dialect {
            Dialect::Postgres => postgres::columns(db, &wanted.name)?,
            Dialect::Sqlite => sqlite::columns(db, &wanted.name)?,
        };
        if found.is_empty() {
            return Err(Stop::blind(format!("there is no table {}", wanted.name)));
        }
        for column in wanted.key.iter().chain(&wanted.without).chain(&wanted.updated) {
            if !found.iter().any(|known| known.name == *column) {
                return Err(Stop::blind(format!("the table {} has no column {column}", wanted.name)));
            }
        }
        if !wanted.key.is_empty() {
            found.iter_mut().for_each(|column| column.of_key = wanted.key.contains(&column.name));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let key: Vec<String> =
            found.iter().filter(|column| column.of_key).map(|column| column.text.clone()).collect();
        if key.is_empty() {
            return Err(Stop::blind(format!("the table {} has no primary key: name its `key`", wanted.name)));
        }
        let TableSettings { name, without, updated, .. } = wanted;
        found.retain(|column| !without.contains(&column.name));
        let columns = found.into_iter().map(|column| column.text).collect();
        Ok(Table { settings: TableNames { name, updated }, columns, key })
    }
}

/// Every chunk of a table, the empty ones as well: what one side has and the other has not must show.
pub(crate) fn chunks(
    db: &Database,
    dialect: Dialect,
    table: &Table,
    settings: &Settings,
    number: u32,
) -> Result<Vec<Chunk>, Stop> {
    let found: BTreeMap<u32, Chunk> = match dialect {
        Dialect::Postgres => postgres::chunks(db, table, settings.settle, number)?,
        Dialect::Sqlite => sqlite::chunks(db, table, settings.settle, number)?,
    };
    let empty = || Chunk { hash: Sha256::digest(b"no rows").to_vec(), rows: 0 };
    Ok((0..number).map(|chunk| found.get(&chunk).cloned().unwrap_or_else(empty)).collect())
}
