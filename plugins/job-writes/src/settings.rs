//! Where to look, and whose writes are expected.

use serde::Deserialize;
use tidelock_plugin::{Context, Trouble, quoted};

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The database.
    pub(crate) target: String,
    /// A table with one row for every run of a job.
    pub(crate) runs_table: Option<String>,
    /// The jobs that are looked at; all when empty.
    #[serde(default)]
    pub(crate) jobs: Vec<String>,
    /// The columns of the table of runs.
    #[serde(default)]
    pub(crate) columns: RunColumns,
    /// A table with one row for every change, which says who made it.
    pub(crate) change_log: Option<ChangeLog>,
    /// PostgreSQL: schemas whose tables are all looked at.
    #[serde(default)]
    pub(crate) watch_schemas: Vec<String>,
    /// Single tables that are looked at.
    #[serde(default)]
    pub(crate) watch_tables: Vec<String>,
    /// Roles, application names, subscriptions or hosts that may write here, such as the reverse feed.
    #[serde(default)]
    pub(crate) allowed_writers: Vec<String>,
    /// Any write by another is a fault, without a claim.
    #[serde(default)]
    pub(crate) must_be_quiet: bool,
}

/// The columns of a table of job runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunColumns {
    /// The job's name.
    pub(crate) job: String,
    /// When it started.
    pub(crate) started_at: String,
    /// Where it ran or who ran it; empty when the table does not say.
    pub(crate) writer: String,
}

impl Default for RunColumns {
    fn default() -> RunColumns {
        RunColumns { job: "job".to_owned(), started_at: "started_at".to_owned(), writer: "host".to_owned() }
    }
}

/// A table of changes and its columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeLog {
    /// The table.
    pub(crate) table: String,
    /// What was changed.
    pub(crate) of: String,
    /// When.
    pub(crate) at: String,
    /// By whom.
    pub(crate) writer: String,
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        let watched = self.watch_schemas.len() + self.watch_tables.len();
        if self.runs_table.is_none() && self.change_log.is_none() && watched == 0 {
            return Err(
                "name runs_table, change_log, watch_schemas or watch_tables: nothing is looked at".to_owned()
            );
        }
        if watched > 64 {
            return Err(format!("watch_schemas, watch_tables: {watched} names; one check looks at 64"));
        }
        if !self.jobs.is_empty() && self.runs_table.is_none() {
            return Err("jobs: they are looked for in runs_table, which is missing".to_owned());
        }
        let columns = &self.columns;
        let named = [("columns.job", &columns.job), ("columns.started_at", &columns.started_at)];
        let mut names: Vec<(&str, &String)> = named.into_iter().collect();
        names.extend(Some(("columns.writer", &columns.writer)).filter(|(_, name)| !name.is_empty()));
        names.extend(self.runs_table.iter().map(|name| ("runs_table", name)));
        names.extend(self.watch_tables.iter().map(|name| ("watch_tables", name)));
        if let Some(log) = &self.change_log {
            let ChangeLog { table, of, at, writer } = log;
            names.extend([
                ("change_log.table", table),
                ("change_log.of", of),
                ("change_log.at", at),
                ("change_log.writer", writer),
            ]);
        }
        names
            .into_iter()
            .try_for_each(|(key, name)| quoted(name).map(drop).map_err(|why| format!("{key}: {why}")))
    }

    /// Whether a writer is one of those that may write here.
    pub(crate) fn allows(&self, writer: &str) -> bool {
        self.allowed_writers.iter().any(|allowed| allowed == writer)
    }

    /// Whether the rows of a table are counted one by one already, with their writers.
    pub(crate) fn has_rows_of(&self, schema: Option<&str>, table: &str) -> bool {
        let is = |name: &str| match (name.split_once('.'), schema) {
            (Some((of, name)), Some(schema)) => of == schema && name == table,
            (Some(_), None) => false,
            (None, Some(schema)) => schema == "public" && name == table,
            (None, None) => name == table,
        };
        self.runs_table.as_deref().is_some_and(is)
            || self.change_log.as_ref().is_some_and(|log| is(&log.table))
    }
}
