//! Statements on granted databases.
//!
//! One statement a call, parameterised, in a transaction of its own that is read-only unless the
//! grant says `write`, with the run's time as the statement's. The database's own rights are the
//! last line: give a check a role that may read what it counts and nothing else.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::bindings::tidelock::check::sql::{Failure, Host, Rows, Value};
use crate::grants::{Kind, PostgresTarget, Target};
use crate::host::{CallError, FakeRows, RunState};

mod bridge;
mod pg_value;
mod postgres;
mod sqlite;
mod statement;

use statement::{Dialect, Statement};

/// The most rows of one answer.
const MAX_ROWS: u32 = 1000;
/// The most parameters of one statement.
const MAX_PARAMS: usize = 256;
/// The longest statement.
const MAX_STATEMENT_BYTES: usize = 64 << 10;

/// An open database of one run.
pub(crate) enum Database {
    Postgres(Box<postgres::Postgres>),
    Sqlite(Box<sqlite::Sqlite>),
}

/// The part of an answer that is asked for.
#[derive(Debug, Clone, Copy)]
struct Page {
    offset: u64,
    limit: u32,
    /// Bytes that its cells may have together.
    budget: u64,
}

/// Rows as they are collected, with their bound.
#[derive(Default)]
struct Collected {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    bytes: u64,
    more: bool,
}

impl Collected {
    /// Takes a row in; false when the page is full and this row is beyond it.
    fn take(&mut self, row: Vec<Value>, page: &Page) -> Result<bool, CallError> {
        if self.rows.len() >= usize::try_from(page.limit).unwrap_or(usize::MAX) {
            self.more = true;
            return Ok(false);
        }
        let bytes: usize = row.iter().map(size).sum();
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.bytes > page.budget {
            return Err(CallError::TooLarge(format!("the rows have more than {} bytes", page.budget)));
        }
        self.rows.push(row);
        Ok(true)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) => 1,
        Value::Integer(_) | Value::Float(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

impl Host for RunState {
    async fn query(
        &mut self,
        target: String,
        statement: String,
        params: Vec<Value>,
        offset: u64,
        limit: u32,
    ) -> wasmtime::Result<Result<Rows, Failure>> {
        self.check_call_time()?;
        let page = Page { offset, limit: limit.min(MAX_ROWS), budget: self.body_budget() };
        let answered = self.ask(&target, &statement, params, Some(page)).await;
        let answered = answered.map(|(collected, _)| collected);
        if let Ok(collected) = &answered {
            self.facts.body_bytes += collected.bytes;
        }
        let ended = answered.as_ref().map(|_| ()).map_err(CallError::clone);
        self.note_sql(&target, &ended);
        Ok(match answered {
            Ok(collected) => Ok(self.clean_rows(collected)),
            Err(error) => Err(self.sql_failure(error)),
        })
    }

    async fn execute(
        &mut self,
        target: String,
        statement: String,
        params: Vec<Value>,
    ) -> wasmtime::Result<Result<u64, Failure>> {
        self.check_call_time()?;
        let answered = self.ask(&target, &statement, params, None).await;
        let ended = answered.as_ref().map(|_| ()).map_err(CallError::clone);
        self.note_sql(&target, &ended);
        Ok(answered.map(|(_, changed)| changed).map_err(|error| self.sql_failure(error)))
    }

    async fn dialect(&mut self, target: String) -> wasmtime::Result<Option<String>> {
        let dialect = |kind: &Kind| match kind {
            Kind::Postgres(_) => Some("postgres".to_owned()),
            Kind::Sqlite(_) => Some("sqlite".to_owned()),
            Kind::Http(_) => None,
        };
        Ok(self.targets.get(&target).and_then(|target| dialect(&target.kind)))
    }
}

impl RunState {
    /// One statement: a page of its rows, or with no page the number of rows it changed.
    async fn ask(
        &mut self,
        name: &str,
        text: &str,
        params: Vec<Value>,
        page: Option<Page>,
    ) -> Result<(Collected, u64), CallError> {
        let target = self.target(name)?;
        let (dialect, write) = match &target.kind {
            Kind::Postgres(postgres) => (Dialect::Postgres, postgres.write),
            Kind::Sqlite(sqlite) => (Dialect::Sqlite, sqlite.write),
            Kind::Http(_) => {
                return Err(CallError::Denied("it is an HTTP target, not a database".to_owned()));
            }
        };
        if text.len() > MAX_STATEMENT_BYTES || params.len() > MAX_PARAMS {
            return Err(CallError::Denied(format!(
                "a statement has at most {MAX_STATEMENT_BYTES} bytes and {MAX_PARAMS} parameters"
            )));
        }
        let statement = Statement::check(text, dialect).map_err(CallError::Denied)?;
        if !write && (statement.writes || page.is_none()) {
            return Err(CallError::Denied("the grant does not allow writing".to_owned()));
        }
        self.count_call()?;
        if self.world.is_some() {
            return self.made_up_rows(&target, &statement, &params, page);
        }
        let mut database = match self.databases.remove(name) {
            Some(database) => database,
            None => self.open(&target).await?,
        };
        self.await_answer(&target);
        let deadline = self.call_deadline;
        let work = async {
            match &mut database {
                Database::Postgres(postgres) => postgres.run(&statement, params, page, deadline).await,
                Database::Sqlite(sqlite) => sqlite.run(&statement, params, page, deadline).await,
            }
        };
        let done = timeout_at(deadline, work).await;
        let done = done.unwrap_or_else(|_| Err(CallError::Timeout("no answer in time".to_owned())));
        // After anything but the database's own refusal nobody knows what the connection is doing.
        if matches!(done, Ok(_) | Err(CallError::Statement(..))) {
            self.databases.insert(name.to_owned(), database);
        }
        done
    }

    /// The answer of a case's fake instead of the database's.
    fn made_up_rows(
        &mut self,
        target: &Target,
        statement: &Statement,
        params: &[Value],
        page: Option<Page>,
    ) -> Result<(Collected, u64), CallError> {
        self.await_answer(target);
        let world = self.world.as_mut().ok_or_else(|| CallError::Denied("nothing is made up".to_owned()))?;
        match (world.sql(&target.name, &statement.text, params)?, page) {
            (FakeRows::Rows { columns, rows }, Some(page)) => {
                let mut collected = Collected { columns, ..Collected::default() };
                for row in rows.into_iter().skip(usize::try_from(page.offset).unwrap_or(usize::MAX)) {
                    if !collected.take(row, &page)? {
                        break;
                    }
                }
                Ok((collected, 0))
            }
            (FakeRows::Changed(changed), None) => Ok((Collected::default(), changed)),
            (FakeRows::Rows { .. }, None) => Err(CallError::Denied(
                "the case's fake has rows, and the plugin executes: give `changed`".to_owned(),
            )),
            (FakeRows::Changed(_), Some(_)) => Err(CallError::Denied(
                "the case's fake has `changed`, and the plugin asks for rows".to_owned(),
            )),
        }
    }

    async fn open(&mut self, target: &Target) -> Result<Database, CallError> {
        match &target.kind {
            Kind::Postgres(postgres) => {
                let address = postgres::resolve(postgres, self.call_deadline).await?;
                self.await_answer(target);
                let password = self.password(postgres)?;
                let open =
                    postgres::Postgres::open(postgres, address, password, &self.check, self.call_deadline);
                let opened = timeout_at(self.call_deadline, open).await;
                let opened =
                    opened.unwrap_or_else(|_| Err(CallError::Timeout("no login in time".to_owned())))?;
                Ok(Database::Postgres(Box::new(opened)))
            }
            Kind::Sqlite(sqlite) => {
                let opened = timeout_at(self.call_deadline, sqlite::Sqlite::open(sqlite)).await;
                let late = |_| Err(CallError::Timeout("the file does not open in time".to_owned()));
                Ok(Database::Sqlite(Box::new(opened.unwrap_or_else(late)?)))
            }
            Kind::Http(_) => Err(CallError::Denied("it is no database".to_owned())),
        }
    }

    fn password<'a>(&'a self, postgres: &'a PostgresTarget) -> Result<Option<&'a str>, CallError> {
        let fill = crate::secret::Fill { secrets: &self.secrets, host: &postgres.host, port: postgres.port };
        match postgres.password.as_deref() {
            Some(name) => fill.value(name).map(Some).map_err(CallError::Denied),
            None => Ok(None),
        }
    }

    fn note_sql(&mut self, name: &str, ended: &Result<(), CallError>) {
        let own = self.targets.get(name).is_some_and(|target| target.own);
        self.note_end(name, own, ended);
    }

    fn clean_rows(&self, collected: Collected) -> Rows {
        let clean = |value: Value| match value {
            Value::Text(text) => Value::Text(self.scrubber.text(text)),
            Value::Bytes(bytes) => Value::Bytes(self.scrubber.bytes(bytes)),
            plain @ (Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_)) => plain,
        };
        let rows = collected.rows.into_iter().map(|row| row.into_iter().map(clean).collect()).collect();
        Rows { columns: collected.columns, rows, more: collected.more }
    }

    fn sql_failure(&self, error: CallError) -> Failure {
        let clean = |why: String| self.scrubber.text(why);
        match error {
            CallError::Denied(why) => Failure::Denied(clean(why)),
            CallError::Timeout(why) => Failure::Timeout(clean(why)),
            CallError::Budget(why) | CallError::TooLarge(why) => Failure::Budget(clean(why)),
            CallError::Dns(why)
            | CallError::Connect(why)
            | CallError::Tls(why)
            | CallError::Protocol(why) => Failure::Connect(clean(why)),
            CallError::Statement(code, why) if is_login(&code) => {
                Failure::Connect(clean(format!("{code}: {why}")))
            }
            CallError::Statement(code, why) => Failure::Statement((code, clean(why))),
        }
    }
}

/// SQLSTATEs with which a server turns a login away: it answers, but it does not let anybody in.
fn is_login(code: &str) -> bool {
    ["28", "3D", "53", "57P"].iter().any(|class| code.starts_with(class))
}

/// The time that is left, for a server that keeps its own clock.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// What an error of the database library says about the target.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list of errors is open")]
fn broken(error: sqlx::Error) -> CallError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().map(|code| code.into_owned()).unwrap_or_default();
            match code.as_str() {
                "57014" => CallError::Timeout("the statement did not end in time".to_owned()),
                _ => CallError::Statement(code, error.message().to_owned()),
            }
        }
        sqlx::Error::Io(error) => CallError::Connect(error.to_string()),
        sqlx::Error::Tls(error) => CallError::Tls(error.to_string()),
        sqlx::Error::Protocol(why) => CallError::Protocol(why),
        other => CallError::Statement(String::new(), other.to_string()),
    }
}
