//! PostgreSQL: a connection of this run alone, a transaction for each statement.
//!
//! TLS is required and the certificate is checked, against `ca` or the public roots. Only over the
//! loopback, where nobody is in between, a server without `ca` is spoken to in the clear.

use std::net::SocketAddr;

use futures::TryStreamExt as _;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgConnectOptions, PgConnection, PgRow, PgSslMode, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Encode, Executor as _, Row as _, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::bridge::{self, Bridge};
use super::statement::Statement;
use super::{Collected, Page, broken, left, pg_value};
use crate::bindings::tidelock::check::sql::Value;
use crate::grants::PostgresTarget;
use crate::grants::address::is_loopback;
use crate::host::{CallError, net, tls};

/// What a client says to ask for TLS: length and code, as the protocol has it.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An open connection.
pub(crate) struct Postgres {
    connection: PgConnection,
    write: bool,
    /// Cursors opened so far. Each has a name of its own: a prepared statement keeps the shape of the
    /// cursor that it was prepared for.
    cursors: u32,
    _bridge: Bridge,
}

/// Finds and judges the server's address.
pub(super) async fn resolve(target: &PostgresTarget, deadline: Instant) -> Result<SocketAddr, CallError> {
    net::resolve(&target.host, target.port, &target.addresses, deadline).await
}

impl Postgres {
    /// Connects to the judged address and logs in.
    pub(super) async fn open(
        target: &PostgresTarget,
        address: SocketAddr,
        password: Option<&str>,
        check: &str,
        deadline: Instant,
    ) -> Result<Postgres, CallError> {
        let (stream, _) = net::dial(address, deadline).await?;
        let bridge = if target.ca.is_none() && is_loopback(address.ip()) {
            Bridge::open(stream)
        } else {
            let stream = ask_for_tls(stream).await?;
            let connector = tls::connector(target.ca.as_deref(), &[]).map_err(CallError::Denied)?;
            let (stream, _) = tls::shake(&connector, &target.tls_name, stream, deadline).await?;
            Bridge::open(stream)
        };
        let bridge = bridge.map_err(|error| CallError::Connect(format!("bridge: {error}")))?;
        let mut options = PgConnectOptions::new_without_pgpass()
            .socket(bridge.folder())
            .port(bridge::PORT)
            .username(&target.user)
            .database(&target.database)
            .application_name(&format!("tidelock (check {check})"))
            .ssl_mode(PgSslMode::Disable)
            .statement_cache_capacity(16)
            // Connection poolers turn clients away that send parameters they do not know.
            .extra_float_digits(None)
            .disable_statement_logging();
        if let Some(password) = password {
            options = options.password(password);
        }
        let connection = options.connect().await.map_err(broken)?;
        Ok(Postgres { connection, write: target.write, cursors: 0, _bridge: bridge })
    }

    /// Runs one statement in a transaction of its own.
    pub(super) async fn run(
        &mut self,
        statement: &Statement,
        params: Vec<Value>,
        page: Option<Page>,
        deadline: Instant,
    ) -> Result<(Collected, u64), CallError> {
        let mode = if self.write { "READ WRITE" } else { "READ ONLY" };
        let millis = left(deadline).as_millis();
        let begin = format!("BEGIN {mode}; SET LOCAL statement_timeout = {millis}");
        self.simple(begin).await?;
        let done = match page {
            None => self.change(statement, params).await.map(|changed| (Collected::default(), changed)),
            Some(page) if statement.cursor && !self.write => {
                self.page(statement, params, page).await.map(|rows| (rows, 0))
            }
            Some(page) => self.stream(statement, params, page).await.map(|rows| (rows, 0)),
        };
        let end = if done.is_ok() && self.write { "COMMIT" } else { "ROLLBACK" };
        self.simple(end.to_owned()).await?;
        done
    }

    async fn simple(&mut self, text: String) -> Result<(), CallError> {
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map_err(broken)?;
        Ok(())
    }

    async fn change(&mut self, statement: &Statement, params: Vec<Value>) -> Result<u64, CallError> {
        let query = bind(statement.text.clone(), params);
        Ok(query.execute(&mut self.connection).await.map_err(broken)?.rows_affected())
    }

    /// Takes a page from a cursor, so that the server sends no more than that.
    async fn page(
        &mut self,
        statement: &Statement,
        params: Vec<Value>,
        page: Page,
    ) -> Result<Collected, CallError> {
        self.cursors = self.cursors.wrapping_add(1);
        let name = format!("tidelock_{}", self.cursors);
        let declare = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", statement.text);
        bind(declare, params).execute(&mut self.connection).await.map_err(broken)?;
        if page.offset > 0 {
            self.simple(format!("MOVE FORWARD {} IN {name}", page.offset.min(i32::MAX as u64))).await?;
        }
        let fetch = format!("FETCH FORWARD {} FROM {name}", u64::from(page.limit) + 1);
        self.collect(bind(fetch, Vec::new()), 0, page).await
    }

    /// Takes a page from the stream of rows, where no cursor can be had.
    async fn stream(
        &mut self,
        statement: &Statement,
        params: Vec<Value>,
        page: Page,
    ) -> Result<Collected, CallError> {
        self.collect(bind(statement.text.clone(), params), page.offset, page).await
    }

    async fn collect(&mut self, query: PgQuery, skip: u64, page: Page) -> Result<Collected, CallError> {
        let mut collected = Collected::default();
        let mut rows = query.fetch(&mut self.connection);
        let mut skipped = 0;
        while let Some(row) = rows.try_next().await.map_err(broken)? {
            if collected.columns.is_empty() {
                collected.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            if skipped < skip {
                skipped += 1;
            } else if !collected.take(values(&row)?, &page)? {
                break;
            }
        }
        Ok(collected)
    }
}

async fn ask_for_tls(stream: TcpStream) -> Result<TcpStream, CallError> {
    let broken = |error: std::io::Error| CallError::Connect(error.to_string());
    let mut stream = stream;
    stream.write_all(&SSL_REQUEST).await.map_err(broken)?;
    match stream.read_u8().await.map_err(broken)? {
        b'S' => Ok(stream),
        b'N' => {
            Err(CallError::Tls("the server offers no TLS, which is required off the loopback".to_owned()))
        }
        _ => Err(CallError::Protocol("the server is no PostgreSQL".to_owned())),
    }
}

type PgQuery = Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// A statement with its parameters.
fn bind(text: String, params: Vec<Value>) -> PgQuery {
    let mut query = sqlx::query(AssertSqlSafe(text));
    for param in params {
        query = match param {
            Value::Null => query.bind(Untyped),
            Value::Boolean(value) => query.bind(value),
            Value::Integer(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        };
    }
    query
}

/// A null whose type the server finds out.
struct Untyped;

impl Type<sqlx::Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, sqlx::Postgres> for Untyped {
    fn encode_by_ref(
        &self,
        _buffer: &mut PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        Ok(sqlx::encode::IsNull::Yes)
    }
}

fn values(row: &PgRow) -> Result<Vec<Value>, CallError> {
    let cell = |column: &sqlx::postgres::PgColumn| {
        let raw = row.try_get_raw(column.ordinal()).map_err(broken)?;
        pg_value::read(raw, column.type_info())
            .map_err(|why| CallError::Statement(String::new(), format!("column {}: {why}", column.name())))
    };
    row.columns().iter().map(cell).collect()
}
