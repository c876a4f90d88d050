//! Tables that keep book: one row for every run of a job, or for every change.

use tidelock_plugin::{Database, SqlValue, Stop, quoted};

use crate::diff::{Group, Groups};
use crate::settings::Settings;

/// A table with more names and writers than this is not what the settings take it for.
const MAX_GROUPS: usize = 200;

/// A table that keeps book, and its columns.
pub(crate) struct Book<'s> {
    table: &'s str,
    name: &'s str,
    at: &'s str,
    writer: &'s str,
}

impl<'s> Book<'s> {
    /// The table of job runs.
    pub(crate) fn of_runs(settings: &'s Settings) -> Option<Book<'s>> {
        let columns = &settings.columns;
        let (name, at, writer) = (&columns.job, &columns.started_at, &columns.writer);
        settings.runs_table.as_deref().map(|table| Book { table, name, at, writer })
    }

    /// The table of changes.
    pub(crate) fn of_changes(settings: &'s Settings) -> Option<Book<'s>> {
        let log = settings.change_log.as_ref()?;
        Some(Book { table: &log.table, name: &log.of, at: &log.at, writer: &log.writer })
    }

    /// Reads the table as it is now.
    ///
    /// # Errors
    /// It cannot be read in full.
    pub(crate) fn read(&self, db: &Database, dialect: &str) -> Result<Groups, Stop> {
        let table = quoted(self.table).map_err(Stop::blind)?;
        if dialect == "postgres" {
            self.all_rows_are_seen(db, &table)?;
        }
        let column = |name: &str| quoted(name).map_err(Stop::blind);
        let writer = if self.writer.is_empty() { "''".to_owned() } else { column(self.writer)? };
        let statement = format!(
            "SELECT CAST({name} AS text) AS name, CAST({writer} AS text) AS writer, count(*) AS row_count, \
             CAST(max({at}) AS text) AS latest FROM {table} GROUP BY 1, 2 ORDER BY 1, 2",
            name = column(self.name)?,
            at = column(self.at)?,
        );
        let rows = db.query(&statement, &[])?;
        if rows.len() > MAX_GROUPS {
            return Err(Stop::blind(format!("{}: more than {MAX_GROUPS} names and writers", self.table)));
        }
        let mut groups = Groups::new();
        for row in rows {
            let group = Group {
                rows: row.integer("row_count")?.and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default(),
                latest: row.text("latest")?.unwrap_or_default(),
            };
            let name = row.text("name")?.unwrap_or_else(|| "unnamed".to_owned());
            groups.entry(name).or_default().insert(row.text("writer")?.unwrap_or_default(), group);
        }
        Ok(groups)
    }

    /// Row-level security hides rows without a word: no row would look like silence.
    fn all_rows_are_seen(&self, db: &Database, table: &str) -> Result<(), Stop> {
        let statement = "SELECT row_security_active(CAST($1 AS text)) AS hidden";
        let row = db.query_one(statement, &[SqlValue::Text(table.to_owned())])?;
        if row.boolean("hidden")? {
            return Err(Stop::blind(format!(
                "row-level security may hide rows of {} from this account: no row would look like silence; give \
                 the account BYPASSRLS",
                self.table
            )));
        }
        Ok(())
    }
}
