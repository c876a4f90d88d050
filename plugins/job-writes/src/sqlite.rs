//! SQLite: no statistics and no sessions, so the tables themselves are counted.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidelock_plugin::{Database, Stop, quoted};

use crate::settings::Settings;

/// One table at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    rows: u64,
    newest: u64,
}

/// All watched tables at one time.
pub(crate) type Sizes = BTreeMap<String, Size>;

/// Counts the watched tables.
///
/// # Errors
/// A table cannot be read, or the settings ask for what SQLite does not have.
pub(crate) fn read(db: &Database, settings: &Settings) -> Result<Sizes, Stop> {
    if !settings.watch_schemas.is_empty() {
        return Err(Stop::blind(
            "SQLite keeps no statistics of writes: name watch_tables, not watch_schemas",
        ));
    }
    let mut sizes = Sizes::new();
    for table in &settings.watch_tables {
        let name = quoted(table).map_err(Stop::blind)?;
        let statement =
            format!("SELECT count(*) AS row_count, coalesce(max(rowid), 0) AS newest FROM {name}");
        let row = db.query_one(&statement, &[]).map_err(|stop| stop.at(table))?;
        let number = |column: &str| -> Result<u64, Stop> {
            let value = row.integer(column)?.and_then(|value| u64::try_from(value).ok());
            value.ok_or_else(|| Stop::blind(format!("{table}: {column} is not known")))
        };
        sizes.insert(table.clone(), Size { rows: number("row_count")?, newest: number("newest")? });
    }
    Ok(sizes)
}

/// The rows that changed, at least, in each table that was read before too.
pub(crate) fn changed(before: &Sizes, now: &Sizes) -> Vec<(String, u64)> {
    let changed = |(table, size): (&String, &Size)| {
        let rows = match before.get(table) {
            None => size.rows,
            Some(old) => {
                let added = size.newest.saturating_sub(old.newest);
                let rows = size.rows.abs_diff(old.rows);
                added.max(rows).max(u64::from(size != old))
            }
        };
        (rows > 0).then(|| (table.clone(), rows))
    };
    now.iter().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(before: (u64, u64), now: (u64, u64)) -> u64 {
        let sizes = |(rows, newest): (u64, u64)| Sizes::from([("orders".to_owned(), Size { rows, newest })]);
        changed(&sizes(before), &sizes(now)).first().map_or(0, |(_, rows)| *rows)
    }

    #[test]
    fn added_and_deleted_rows_are_counted() {
        assert_eq!(rows((5, 5), (5, 5)), 0);
        assert_eq!(rows((5, 5), (7, 7)), 2);
        assert_eq!(rows((5, 5), (3, 5)), 2);
        assert_eq!(rows((5, 5), (5, 8)), 3, "three came and three went");
        assert_eq!(rows((5, 5), (4, 4)), 1);
    }
}
