//! The check against a made-up SQLite; PostgreSQL's part is tried against a real one.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema};
use tidelock_plugin::{Check, Outcome, Report, Rows, SqlFailure, SqlValue, Trouble};

use crate::RowParity;
use crate::settings::Settings;

type Orders = Rc<RefCell<Vec<(i64, &'static str)>>>;

fn rows(columns: &[&str], rows: Vec<Vec<SqlValue>>) -> Rows {
    Rows { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows, more: false }
}

fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.to_owned())
}

fn answer(orders: &Orders, statement: &str, params: &[SqlValue]) -> Result<Rows, SqlFailure> {
    if statement.contains("pragma_table_info") {
        let one = |name: &str, key: bool| vec![text(name), SqlValue::Integer(i64::from(key))];
        let known = params == [text("orders")];
        let columns = if known { vec![one("id", true), one("state", false)] } else { Vec::new() };
        return Ok(rows(&["name", "of_key"], columns));
    }
    if statement.contains("now_ms") {
        return Ok(rows(&["now_ms"], vec![vec![SqlValue::Integer(1_700_000_900_000)]]));
    }
    assert!(statement.contains("FROM \"orders\""), "{statement}");
    let orders = orders.borrow();
    if statement.contains("AS made") {
        let row = |(id, state): &(i64, &str)| {
            vec![text(&id.to_string()), SqlValue::Integer(1_700_000_000_000 + id), text(state)]
        };
        return Ok(rows(&["row_key", "made", "whole"], orders.iter().map(row).collect()));
    }
    let row = |(id, state): &(i64, &str)| vec![text(&id.to_string()), text(&format!("{id},'{state}'"))];
    Ok(rows(&["row_key", "whole"], orders.iter().map(row).collect()))
}

fn look(held: &[(i64, &'static str)], settings: &Value) -> Result<Report, Trouble> {
    let orders: Orders = Rc::new(RefCell::new(held.to_vec()));
    let host =
        FakeHost::new().sql("sqlite", move |_, statement, params| answer(&orders, statement, params)).rc();
    host.run::<RowParity>(settings)
}

fn digests(held: &[(i64, &'static str)]) -> Vec<(String, Vec<u8>, u64)> {
    let report = look(held, &json!({ "target": "db", "tables": ["orders"], "key_chunks": 4 })).unwrap();
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    report.digests.into_iter().map(|digest| (digest.key, digest.hash, digest.rows)).collect()
}

#[test]
fn equal_rows_have_equal_digests_and_every_chunk_is_told() {
    let here = digests(&[(1, "paid"), (2, "open")]);
    assert_eq!(here, digests(&[(1, "paid"), (2, "open")]));
    assert_eq!(here.len(), 4);
    assert_eq!(here.iter().map(|(_, _, rows)| rows).sum::<u64>(), 2);
    // A table without rows is told as well, chunk by chunk.
    assert_eq!(digests(&[]).iter().map(|(_, _, rows)| rows).sum::<u64>(), 0);
}

#[test]
fn a_changed_a_missing_and_a_doubled_row_show_in_its_chunk_alone() {
    let here = digests(&[(1, "paid"), (2, "open")]);
    for other in [
        &[(1, "paid"), (2, "paid")][..],
        &[(1, "paid")],
        &[(1, "paid"), (2, "open"), (2, "open"), (2, "open")],
    ] {
        let there = digests(other);
        let differ = here.iter().zip(&there).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 1, "{other:?}");
    }
}

#[test]
fn new_rows_are_told_one_by_one_with_when_they_were_made() {
    let new_rows = json!({ "table": "orders", "key": "id", "created": "state", "within": "10m" });
    let report = look(&[(7, "paid")], &json!({ "target": "db", "new_rows": new_rows })).unwrap();
    let row = &report.digests[0];
    assert_eq!((row.key.as_str(), row.position.as_str(), row.rows), ("orders/7", "row@1700000000007", 1));
    assert_eq!(report.measure("new_rows"), Some(1.0));
    assert_eq!(report.measure("new_rows_since"), Some(1_700_000_300_000.0), "the list is whole since then");
}

#[test]
fn a_cut_list_is_no_list() {
    let new_rows =
        json!({ "table": "orders", "key": "id", "created": "state", "within": "10m", "at_most": 1 });
    let trouble =
        look(&[(7, "paid"), (8, "paid")], &json!({ "target": "db", "new_rows": new_rows })).unwrap_err();
    assert!(format!("{trouble:?}").contains("more than 1 rows"), "{trouble:?}");
}

#[test]
fn what_is_not_there_is_never_empty() {
    for (settings, word) in [
        (json!({ "target": "db", "tables": ["payments"] }), "there is no table payments"),
        (json!({ "target": "db", "tables": [{ "name": "orders", "key": ["nr"] }] }), "has no column nr"),
        (json!({ "target": "db", "tables": [{ "name": "orders", "updated": "at" }] }), "has no column at"),
    ] {
        let trouble = look(&[], &settings).unwrap_err();
        assert!(format!("{trouble:?}").contains(word), "{trouble:?}");
    }
}

#[test]
fn settings_that_promise_too_much_are_refused() {
    for (settings, word) in [
        (json!({ "target": "db" }), "nothing is looked at"),
        (json!({ "target": "db", "tables": ["a", "a"] }), "named twice"),
        (json!({ "target": "db", "tables": ["a"], "key_chunks": 513 }), "513 chunks"),
        (json!({ "target": "db", "tables": ["a; drop"] }), "is no name of a table"),
        (json!({ "target": "db", "tables": ["a"], "settle": "60" }), "no duration"),
    ] {
        let Err(Trouble::BadSettings(why)) = look(&[], &settings) else { panic!("{settings} is taken") };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn the_schema_is_the_settings() {
    assert_schema::<Settings>(&RowParity::manifest().settings_schema);
}
