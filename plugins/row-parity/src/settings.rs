//! Which tables, in how many chunks, and which new rows.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use tidelock_plugin::{Context, Trouble, quoted};

/// Digests that one report takes.
const MOST_DIGESTS: u32 = 512;

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The database.
    pub(crate) target: String,
    /// The tables that are compared.
    #[serde(default)]
    pub(crate) tables: Vec<Named>,
    /// Rows that were changed in this time are left out, where their table says when that was.
    #[serde(default, deserialize_with = "span")]
    pub(crate) settle: Duration,
    /// The number of digests, shared by the tables.
    #[serde(default = "usual_chunks")]
    pub(crate) key_chunks: u32,
    /// Rows that are told one by one, so that those which one side alone has can be listed.
    pub(crate) new_rows: Option<NewRows>,
}

/// A table: its name alone, or with what it does not say itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Named {
    /// The name; the key is its primary key.
    Name(String),
    /// In full.
    Table(TableSettings),
}

/// A table in full.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableSettings {
    /// The name, with its schema where it is not `public`.
    pub(crate) name: String,
    /// The columns that name a row; its primary key where none are given.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// Columns that are not compared, such as one that each side fills in itself.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// The column that says when a row was changed last.
    pub(crate) updated: Option<String>,
}

/// Rows that are told one by one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRows {
    /// The table.
    pub(crate) table: String,
    /// The column that names a row.
    pub(crate) key: String,
    /// The column that says when it was made.
    pub(crate) created: String,
    /// How far back they are told.
    #[serde(deserialize_with = "span")]
    pub(crate) within: Duration,
    /// More than this in that time cannot be told.
    #[serde(default = "usual_rows")]
    pub(crate) at_most: u32,
}

fn usual_chunks() -> u32 {
    64
}

fn usual_rows() -> u32 {
    200
}

impl Named {
    pub(crate) fn name(&self) -> &str {
        match self {
            Named::Name(name) => name,
            Named::Table(table) => &table.name,
        }
    }

    pub(crate) fn in_full(&self) -> TableSettings {
        match self {
            Named::Table(table) => table.clone(),
            Named::Name(name) => {
                TableSettings { name: name.clone(), key: Vec::new(), without: Vec::new(), updated: None }
            }
        }
    }
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        Ok(settings)
    }

    /// How many digests each table gets.
    pub(crate) fn chunks_per_table(&self) -> u32 {
        let tables = u32::try_from(self.tables.len()).unwrap_or(u32::MAX).max(1);
        (self.key_chunks / tables).max(1)
    }

    fn check(&self) -> Result<(), String> {
        if self.tables.is_empty() && self.new_rows.is_none() {
            return Err("name tables, or new_rows: nothing is looked at".to_owned());
        }
        let told = self.new_rows.as_ref().map_or(0, |rows| rows.at_most);
        let chunks =
            self.chunks_per_table().saturating_mul(u32::try_from(self.tables.len()).unwrap_or(u32::MAX));
        if chunks.saturating_add(told) > MOST_DIGESTS || self.key_chunks == 0 {
            return Err(format!(
                "key_chunks, new_rows.at_most: {chunks} chunks and {told} rows; a report takes 1 to {MOST_DIGESTS} \
                 digests"
            ));
        }
        let mut names: Vec<(&str, &String)> = Vec::new();
        let full: Vec<TableSettings> = self.tables.iter().map(Named::in_full).collect();
        for table in &full {
            names.push(("tables.name", &table.name));
            names.extend(table.key.iter().map(|column| ("tables.key", column)));
            names.extend(table.without.iter().map(|column| ("tables.without", column)));
            names.extend(table.updated.iter().map(|column| ("tables.updated", column)));
        }
        if let Some(rows) = &self.new_rows {
            names.extend([
                ("new_rows.table", &rows.table),
                ("new_rows.key", &rows.key),
                ("new_rows.created", &rows.created),
            ]);
            if rows.within.is_zero() {
                return Err("new_rows.within: no row is younger than nothing; write 10m".to_owned());
            }
        }
        if let Some(doubled) =
            full.iter().enumerate().find(|(at, table)| full[..*at].iter().any(|t| t.name == table.name))
        {
            return Err(format!("tables: {} is named twice", doubled.1.name));
        }
        names
            .into_iter()
            .try_for_each(|(key, name)| quoted(name).map(drop).map_err(|why| format!("{key}: {why}")))
    }
}

/// `60s`, `10m`, `1h`: a whole number and one unit.
fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 =
        number.parse().map_err(|_| D::Error::custom(format!("`{text}` is no duration: write 60s")))?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(D::Error::custom(format!("`{text}` is no duration: write 60s, 10m or 1h"))),
    };
    Ok(Duration::from_millis(number.saturating_mul(unit_ms)))
}
