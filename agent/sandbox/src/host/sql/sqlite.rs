//! SQLite: one file, opened for reading unless the grant says `write`.
//!
//! The file's owner writes to it at the same time, so a lock is waited for as long as the run may, and
//! a statement that runs away is interrupted from inside.

use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};
use tokio::time::Instant;

use super::statement::Statement;
use super::{Collected, Page, broken};
use crate::bindings::tidelock::check::sql::Value;
use crate::grants::SqliteTarget;
use crate::host::CallError;

/// Steps of the virtual machine between two looks at the clock.
const STEPS: i32 = 10_000;
/// Memory that SQLite may take in this process, for all runs.
const HEAP_BYTES: &str = "134217728";
/// How long a lock of the owner is waited for at a time; the run's end is looked at as well.
const BUSY: Duration = Duration::from_secs(2);

/// An open file.
pub(crate) struct Sqlite {
    connection: SqliteConnection,
}

impl Sqlite {
    /// Opens the file. It is never made.
    pub(super) async fn open(target: &SqliteTarget) -> Result<Sqlite, CallError> {
        let options = SqliteConnectOptions::new()
            .filename(&target.path)
            .create_if_missing(false)
            .read_only(!target.write)
            .busy_timeout(BUSY)
            .pragma("trusted_schema", "OFF")
            .pragma("hard_heap_limit", HEAP_BYTES)
            // The folders of temporary files are out of this process's reach.
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let opened = options.connect().await;
        let connection =
            opened.map_err(|error| CallError::Connect(format!("{}: {error}", target.path.display())))?;
        Ok(Sqlite { connection })
    }

    /// Runs one statement.
    pub(super) async fn run(
        &mut self,
        statement: &Statement,
        params: Vec<Value>,
        page: Option<Page>,
        deadline: Instant,
    ) -> Result<(Collected, u64), CallError> {
        {
            let mut handle = self.connection.lock_handle().await.map_err(broken)?;
            handle.set_progress_handler(STEPS, move || Instant::now() < deadline);
        }
        let done = match page {
            Some(page) => self.collect(bind(statement, params), page).await.map(|rows| (rows, 0)),
            None => {
                let done = bind(statement, params).execute(&mut self.connection).await;
                done.map(|done| (Collected::default(), done.rows_affected())).map_err(broken)
            }
        };
        match done {
            Err(CallError::Statement(..)) if Instant::now() >= deadline => {
                Err(CallError::Timeout("the statement did not end in time".to_owned()))
            }
            done => done,
        }
    }

    async fn collect(&mut self, query: SqliteQuery, page: Page) -> Result<Collected, CallError> {
        let mut collected = Collected::default();
        let mut rows = query.fetch(&mut self.connection);
        let mut skipped = 0;
        while let Some(row) = rows.try_next().await.map_err(broken)? {
            if collected.columns.is_empty() {
                collected.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            if skipped < page.offset {
                skipped += 1;
            } else if !collected.take(values(&row)?, &page)? {
                break;
            }
        }
        Ok(collected)
    }
}

type SqliteQuery = Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind(statement: &Statement, params: Vec<Value>) -> SqliteQuery {
    let mut query = sqlx::query(AssertSqlSafe(statement.text.clone()));
    for param in params {
        query = match param {
            Value::Null => query.bind(None::<i64>),
            Value::Boolean(value) => query.bind(value),
            Value::Integer(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        };
    }
    query
}

/// SQLite's values have types, its columns only wishes: the value's type counts.
fn values(row: &SqliteRow) -> Result<Vec<Value>, CallError> {
    let cell = |at: usize| -> Result<Value, sqlx::Error> {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        Ok(match kind.as_str() {
            "INTEGER" => Value::Integer(row.try_get_unchecked(at)?),
            "REAL" => Value::Float(row.try_get_unchecked(at)?),
            "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
            _ => Value::Text(row.try_get_unchecked(at)?),
        })
    };
    (0..row.columns().len()).map(|at| cell(at).map_err(broken)).collect()
}
