//! What changed between two readings.
//!
//! A reading is kept over runs. Where it cannot be compared, the difference is unknown, never zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The rows of one name and writer in a table of runs or changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// How many rows there are.
    pub(crate) rows: u64,
    /// The latest time in them, as the database writes it.
    pub(crate) latest: String,
}

/// Groups by name and writer.
pub(crate) type Groups = BTreeMap<String, BTreeMap<String, Group>>;

/// New rows of one name by one writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// The job or the thing changed.
    pub(crate) name: String,
    /// Who; empty when it is not known.
    pub(crate) writer: String,
    /// How many rows, at least.
    pub(crate) rows: u64,
}

/// Rows that came between two readings of a table.
pub(crate) fn news(before: &Groups, now: &Groups) -> Vec<News> {
    let mut news = Vec::new();
    for (name, writers) in now {
        for (writer, group) in writers {
            let rows = match before.get(name).and_then(|writers| writers.get(writer)) {
                None => group.rows,
                Some(old) if group.rows > old.rows => group.rows - old.rows,
                // Old rows were cleaned away and a new one came, or one was replaced: at least one is new.
                Some(old) if group.latest != old.latest => 1,
                Some(_) => 0,
            };
            if rows > 0 {
                news.push(News { name: name.clone(), writer: writer.clone(), rows });
            }
        }
    }
    news
}

/// The counters of one table, which only grow while they can be compared.
pub(crate) type Counters = BTreeMap<String, Vec<u64>>;

/// The rows written in each table; nothing when a counter went back, because then it began anew.
pub(crate) fn grown(before: &Counters, now: &Counters) -> Option<Vec<(String, u64)>> {
    let mut grown = Vec::new();
    for (table, counters) in now {
        let old = before.get(table).cloned().unwrap_or_else(|| vec![0; counters.len()]);
        if old.len() != counters.len() {
            return None;
        }
        let mut rows = 0u64;
        for (old, now) in old.iter().zip(counters) {
            rows = rows.saturating_add(now.checked_sub(*old)?);
        }
        if rows > 0 {
            grown.push((table.clone(), rows));
        }
    }
    Some(grown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: &[(&str, &str, u64, &str)]) -> Groups {
        let mut groups = Groups::new();
        for (name, writer, rows, latest) in rows {
            let group = Group { rows: *rows, latest: (*latest).to_owned() };
            groups.entry((*name).to_owned()).or_default().insert((*writer).to_owned(), group);
        }
        groups
    }

    fn told(before: &[(&str, &str, u64, &str)], now: &[(&str, &str, u64, &str)]) -> Vec<(String, u64)> {
        news(&groups(before), &groups(now)).into_iter().map(|news| (news.name, news.rows)).collect()
    }

    #[test]
    fn new_rows_new_writers_and_replaced_rows_are_news() {
        assert_eq!(told(&[("a", "h", 3, "t1")], &[("a", "h", 5, "t2")]), [("a".to_owned(), 2)]);
        assert_eq!(
            told(&[("a", "h", 3, "t1")], &[("a", "h", 3, "t1"), ("a", "g", 1, "t0")]),
            [("a".to_owned(), 1)]
        );
        assert_eq!(told(&[("a", "h", 3, "t1")], &[("a", "h", 1, "t2")]), [("a".to_owned(), 1)]);
    }

    #[test]
    fn rows_that_were_cleaned_away_are_no_news() {
        assert!(told(&[("a", "h", 3, "t1"), ("b", "h", 1, "t1")], &[("a", "h", 1, "t1")]).is_empty());
    }

    #[test]
    fn a_counter_that_went_back_cannot_be_compared() {
        let counters = |values: &[u64]| Counters::from([("orders".to_owned(), values.to_vec())]);
        assert_eq!(grown(&counters(&[1, 2]), &counters(&[3, 2])), Some(vec![("orders".to_owned(), 2)]));
        assert_eq!(grown(&counters(&[1, 2]), &counters(&[5, 1])), None);
        assert_eq!(grown(&Counters::new(), &counters(&[5, 1])), Some(vec![("orders".to_owned(), 6)]));
    }
}
