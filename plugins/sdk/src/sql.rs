//! A granted database, with every page of an answer and typed cells.

use std::rc::Rc;

use crate::host::SqlHost;
use crate::{SqlValue, Stop};

/// Rows asked for at a time: the host's limit.
const PAGE_ROWS: u32 = 1000;
/// An answer with more rows than this is not read.
const MAX_ROWS: usize = 20_000;

/// A granted database.
#[derive(Clone)]
pub struct Database {
    host: Rc<dyn SqlHost>,
    target: String,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Rc<[String]>,
    cells: Vec<SqlValue>,
}

impl Database {
    pub(crate) fn new(host: Rc<dyn SqlHost>, target: &str) -> Database {
        Database { host, target: target.to_owned() }
    }

    /// `postgres` or `sqlite`.
    ///
    /// # Errors
    /// The target is no granted database.
    pub fn dialect(&self) -> Result<String, Stop> {
        self.host
            .dialect(&self.target)
            .ok_or_else(|| Stop::blind(format!("{} is no granted database of this side", self.target)))
    }

    /// All rows of one statement.
    ///
    /// # Errors
    /// Says why there are none, or that there are too many.
    pub fn query(&self, statement: &str, params: &[SqlValue]) -> Result<Vec<Row>, Stop> {
        let mut rows = Vec::new();
        loop {
            let page = self.host.query(&self.target, statement, params, rows.len() as u64, PAGE_ROWS)?;
            let columns: Rc<[String]> = page.columns.into();
            let came = page.rows.len();
            rows.extend(page.rows.into_iter().map(|cells| Row { columns: columns.clone(), cells }));
            if !page.more {
                return Ok(rows);
            }
            if came == 0 || rows.len() > MAX_ROWS {
                return Err(Stop::blind(format!(
                    "the answer has more than {MAX_ROWS} rows: narrow the settings"
                )));
            }
        }
    }

    /// The only row of one statement.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn query_one(&self, statement: &str, params: &[SqlValue]) -> Result<Row, Stop> {
        let mut rows = self.query(statement, params)?;
        match (rows.pop(), rows.len()) {
            (Some(row), 0) => Ok(row),
            (row, others) => {
                let count = others + usize::from(row.is_some());
                Err(Stop::blind(format!("one row was asked for, {count} came")))
            }
        }
    }

    /// Runs one statement that changes data, where the grant says `write`; gives the rows changed.
    ///
    /// # Errors
    /// Says why nothing was changed.
    pub fn execute(&self, statement: &str, params: &[SqlValue]) -> Result<u64, Stop> {
        Ok(self.host.execute(&self.target, statement, params)?)
    }
}

impl Row {
    fn cell(&self, column: &str) -> Result<&SqlValue, Stop> {
        let at = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        at.and_then(|at| self.cells.get(at))
            .ok_or_else(|| Stop::blind(format!("the answer has no column {column}")))
    }

    /// A whole number; nothing for null.
    ///
    /// # Errors
    /// The column is missing or holds something else.
    pub fn integer(&self, column: &str) -> Result<Option<i64>, Stop> {
        match self.cell(column)? {
            SqlValue::Null => Ok(None),
            SqlValue::Integer(number) => Ok(Some(*number)),
            SqlValue::Boolean(truth) => Ok(Some(i64::from(*truth))),
            SqlValue::Text(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| Stop::blind(format!("{column} is no whole number: {text}"))),
            SqlValue::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
                Ok(Some(*number as i64))
            }
            SqlValue::Float(_) | SqlValue::Bytes(_) => {
                Err(Stop::blind(format!("{column} is no whole number")))
            }
        }
    }

    /// A text; numbers are written out, null is nothing.
    ///
    /// # Errors
    /// The column is missing or holds bytes.
    pub fn text(&self, column: &str) -> Result<Option<String>, Stop> {
        match self.cell(column)? {
            SqlValue::Null => Ok(None),
            SqlValue::Boolean(truth) => Ok(Some(truth.to_string())),
            SqlValue::Integer(number) => Ok(Some(number.to_string())),
            SqlValue::Float(number) => Ok(Some(number.to_string())),
            SqlValue::Text(text) => Ok(Some(text.clone())),
            SqlValue::Bytes(_) => Err(Stop::blind(format!("{column} holds bytes, not text"))),
        }
    }

    /// A truth; SQLite's 0 and 1 are taken too.
    ///
    /// # Errors
    /// The column is missing or holds something else.
    pub fn boolean(&self, column: &str) -> Result<bool, Stop> {
        match self.cell(column)? {
            SqlValue::Boolean(truth) => Ok(*truth),
            SqlValue::Integer(number @ (0 | 1)) => Ok(*number == 1),
            SqlValue::Null
            | SqlValue::Integer(_)
            | SqlValue::Float(_)
            | SqlValue::Text(_)
            | SqlValue::Bytes(_) => Err(Stop::blind(format!("{column} is no truth value"))),
        }
    }
}

/// The name of a table or column as SQL wants it: each part in quotes, and nothing in them that could end them.
///
/// # Errors
/// It has other characters than letters, digits, `_`, `$` and `-`, or more than one dot.
pub fn quoted(name: &str) -> Result<String, String> {
    let parts: Vec<&str> = name.split('.').collect();
    let well = |part: &&str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '-'))
    };
    if parts.len() > 2 || !parts.iter().all(well) {
        return Err(format!(
            "`{name}` is no name of a table or column: letters, digits and `_`, with at most one dot"
        ));
    }
    Ok(parts.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join("."))
}
