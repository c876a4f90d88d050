//! PostgreSQL: its own statistics of writes, and the sessions that may have written.

use serde::{Deserialize, Serialize};
use tidelock_plugin::{Database, Row, SqlValue, Stop};

use crate::diff::Counters;
use crate::settings::Settings;

/// More tables than this do not fit into what a check keeps.
const MAX_TABLES: usize = 200;
/// Statistics are handed in late: a session that was quiet for a little longer than the time between two
/// looks may still be the writer.
const LATE_S: i64 = 15;

/// One reading of the server's statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// Changes when the statistics begin anew: by a restart or a reset.
    pub(crate) since: String,
    /// Rows inserted, updated and deleted, by table.
    pub(crate) tables: Counters,
    /// When it was read, in milliseconds since 1970.
    pub(crate) at_unix_ms: u64,
    /// The server's next transaction number: it moves with every transaction that wrote, and at once.
    #[serde(default)]
    pub(crate) next_transaction: i64,
    /// When that number was last seen to have moved, in milliseconds since 1970.
    #[serde(default)]
    pub(crate) moved_at_unix_ms: Option<u64>,
}

impl Reading {
    /// Takes over from the reading before when a writing transaction was last seen to end.
    pub(crate) fn follow(&mut self, before: &Reading) {
        self.moved_at_unix_ms = if self.next_transaction == before.next_transaction {
            before.moved_at_unix_ms
        } else {
            Some(self.at_unix_ms)
        };
    }

    /// Whether writes may have been committed that are in no counter yet.
    pub(crate) fn may_be_late(&self) -> bool {
        let late_ms = LATE_S.unsigned_abs() * 1000;
        let fresh = |at: u64| self.at_unix_ms.saturating_sub(at) <= late_ms;
        self.moved_at_unix_ms.is_some_and(fresh)
    }
}

/// A session that is open now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) role: String,
    pub(crate) application: String,
    /// It has written in a transaction that is still open.
    pub(crate) writing: bool,
    /// How long it has been quiet, where the account may know it.
    pub(crate) quiet_s: Option<i64>,
}

impl Session {
    /// The session's name for people.
    pub(crate) fn name(&self) -> String {
        match (self.application.as_str(), self.role.as_str()) {
            ("", "") => "an unnamed session".to_owned(),
            ("", role) => role.to_owned(),
            (application, "") => application.to_owned(),
            (application, role) => format!("{application} ({role})"),
        }
    }

    /// Whether it may have written, and not yet told the server's statistics so.
    pub(crate) fn may_be_late(&self) -> bool {
        self.may_have_written(0)
    }

    /// Whether it may have written since the last look.
    pub(crate) fn may_have_written(&self, since_last_look_s: i64) -> bool {
        let active = self.quiet_s.is_none_or(|quiet| quiet <= since_last_look_s + LATE_S);
        self.writing || (active && !self.application.starts_with("tidelock"))
    }
}

/// Reads the statistics of all watched tables.
///
/// # Errors
/// This server does not count writes, or a watched table is not there.
pub(crate) fn read(db: &Database, settings: &Settings, at_unix_ms: u64) -> Result<Reading, Stop> {
    let server = db.query_one(
        "SELECT pg_is_in_recovery() AS standby, current_setting('track_counts') AS counting, \
         CAST(pg_postmaster_start_time() AS text) AS started, txid_snapshot_xmax(txid_current_snapshot()) AS \
         next_transaction, (SELECT CAST(stats_reset AS text) FROM \
         pg_stat_database WHERE datname = current_database()) AS reset",
        &[],
    )?;
    if server.boolean("standby")? {
        return Err(Stop::blind("this server is a standby, which counts no writes: name the primary"));
    }
    if server.text("counting")?.as_deref() != Some("on") {
        return Err(Stop::blind("this server counts no writes: track_counts is off"));
    }
    let since = format!(
        "{} / {}",
        server.text("started")?.unwrap_or_default(),
        server.text("reset")?.unwrap_or_else(|| "never".to_owned())
    );
    let next_transaction = server.integer("next_transaction")?.unwrap_or_default();
    let mut tables = Counters::new();
    for schema in &settings.watch_schemas {
        let found = of_schema(db, schema)?;
        if found.is_empty() {
            return Err(Stop::blind(format!(
                "the schema {schema} has no tables: nothing would be looked at"
            )));
        }
        tables.extend(
            found
                .into_iter()
                .filter(|(table, _)| !settings.has_rows_of(Some(schema), table))
                .map(|(table, counters)| (format!("{schema}.{table}"), counters)),
        );
    }
    for name in &settings.watch_tables {
        let (schema, table) = name.split_once('.').unwrap_or(("public", name));
        let found = of_schema(db, schema)?.into_iter().find(|(found, _)| found == table);
        let (_, counters) =
            found.ok_or_else(|| Stop::blind(format!("there is no table {schema}.{table}")))?;
        tables.insert(format!("{schema}.{table}"), counters);
    }
    if tables.len() > MAX_TABLES {
        return Err(Stop::blind(format!("{} tables; one check looks at {MAX_TABLES}", tables.len())));
    }
    Ok(Reading { since, tables, at_unix_ms, next_transaction, moved_at_unix_ms: None })
}

fn of_schema(db: &Database, schema: &str) -> Result<Vec<(String, Vec<u64>)>, Stop> {
    let rows = db.query(
        "SELECT CAST(relname AS text) AS name, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted \
         FROM pg_stat_user_tables WHERE schemaname = CAST($1 AS text) ORDER BY 1",
        &[SqlValue::Text(schema.to_owned())],
    )?;
    let counter = |row: &Row, column: &str| -> Result<u64, Stop> {
        let value = row.integer(column)?.and_then(|value| u64::try_from(value).ok());
        value.ok_or_else(|| Stop::blind(format!("{column} of a table in {schema} is not known")))
    };
    rows.iter()
        .map(|row| {
            let counters = ["inserted", "updated", "deleted"].map(|column| counter(row, column));
            let [inserted, updated, deleted] = counters;
            Ok((row.text("name")?.unwrap_or_default(), vec![inserted?, updated?, deleted?]))
        })
        .collect()
}

/// The sessions of this database that are open now, and the workers that apply a subscription.
///
/// # Errors
/// They cannot be read.
pub(crate) fn sessions(db: &Database) -> Result<Vec<Session>, Stop> {
    let rows = db.query(
        "SELECT CAST(a.usename AS text) AS role, coalesce(CAST(s.subname AS text), a.application_name, '') AS \
         application, a.backend_xid IS NOT NULL AS writing, CAST(extract(epoch FROM clock_timestamp() - \
         a.state_change) AS bigint) AS quiet_s FROM pg_stat_activity a LEFT JOIN pg_stat_subscription s ON s.pid = \
         a.pid WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND (a.usename IS NOT NULL OR \
         s.pid IS NOT NULL) ORDER BY 2, 1",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Session {
                role: row.text("role")?.unwrap_or_default(),
                application: row.text("application")?.unwrap_or_default(),
                writing: row.boolean("writing")?,
                quiet_s: row.integer("quiet_s")?,
            })
        })
        .collect()
}
