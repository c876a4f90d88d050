use tidelock_model::{Digest, Measure, Report};

use super::*;
use crate::runbook::stand;

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn digest(key: &str, hash: u8) -> Digest {
    Digest { key: key.to_owned(), hash: vec![hash], rows: 1, position: "row".to_owned() }
}

fn put(rows: &mut Rows, side: Side, key: &str, hash: u8) {
    rows.row((Timestamp::from_millis(1), None), side, &name("rows"), &digest(key, hash));
}

/// A look that was received then, began then, and is whole since then.
fn look(rows: &mut Rows, (at, began): (u64, u64), side: Side, digests: Vec<Digest>, since: Option<u64>) {
    let (at, began) = (Timestamp::from_millis(at), Timestamp::from_millis(began));
    let measure =
        |since| Measure { name: WHOLE_SINCE.to_owned(), value: since as f64, unit: "ms".to_owned() };
    let measures = since.map(measure).into_iter().collect();
    let report = Report { digests, measures, ..Report::default() };
    let any = stand::Stand::new(stand::plan(Vec::new(), Vec::new()), &[]).made("rows", &stand::passes());
    let finding = Finding { report, ..any };
    let opened = Timestamp::from_millis(0);
    rows.take(opened, &Look { at, began, whole: true, side, finding: &finding });
}

fn made_at(key: &str, ms: u64) -> Digest {
    Digest { position: format!("row@{ms}"), ..digest(key, 1) }
}

#[test]
fn a_row_that_the_target_no_longer_has_is_left_behind_no_more() {
    let mut rows = Rows::default();
    let (probe, customer) = (made_at("orders/probe", 100), made_at("orders/1", 110));
    look(&mut rows, (200, 150), Side::Target, vec![probe.clone(), customer.clone()], Some(50));
    assert_eq!((rows.left(), rows.open()), (2, 2));
    // A look that began before the row was told last says nothing of what came after it.
    look(&mut rows, (210, 190), Side::Target, vec![customer.clone()], Some(50));
    assert_eq!(rows.left(), 2);
    // One whose list begins after the row was made does not, either; nor does one that does not say since when.
    look(&mut rows, (260, 250), Side::Target, vec![customer.clone()], Some(105));
    look(&mut rows, (270, 261), Side::Target, vec![customer.clone()], None);
    assert_eq!(rows.left(), 2);
    look(&mut rows, (300, 290), Side::Target, vec![customer], Some(60));
    assert_eq!((rows.left(), rows.open(), rows.has("orders/probe")), (1, 1, false));
    look(&mut rows, (400, 390), Side::Target, Vec::new(), Some(70));
    assert_eq!((rows.left(), rows.list().len()), (0, 0));
    look(&mut rows, (500, 490), Side::Target, vec![probe], Some(80));
    assert_eq!(rows.left(), 1, "it is there again");
}

#[test]
fn what_is_not_listed_is_answered_for_as_one() {
    let mut rows = Rows::default();
    let long = |number: usize| digest(&format!("orders/{number:0>600}"), 1);
    look(&mut rows, (200, 150), Side::Target, vec![long(1), long(2), digest("orders/3", 1)], None);
    assert_eq!((rows.left(), rows.open(), rows.rest_open(), rows.has(REST)), (1, 1, 2, true));
    rows.settle(REST, &name("ben"), "the export of the night");
    assert_eq!((rows.rest_open(), rows.cut(), rows.list().len()), (0, true, 2));
    look(&mut rows, (300, 250), Side::Target, vec![long(1), long(2)], None);
    assert_eq!(rows.rest_open(), 0, "as many as ben answers for");
    look(&mut rows, (400, 350), Side::Target, vec![long(1), long(2), digest(REST, 1)], None);
    assert_eq!(rows.rest_open(), 3, "a row of that name is not taken for the rest");
}

#[test]
fn a_row_that_the_source_has_too_is_none() {
    let mut rows = Rows::default();
    put(&mut rows, Side::Target, "orders/1", 1);
    put(&mut rows, Side::Target, "orders/2", 1);
    put(&mut rows, Side::Source, "orders/1", 1);
    assert_eq!((rows.left(), rows.open(), rows.list().len()), (1, 1, 1));
    // Another hash is another row.
    put(&mut rows, Side::Source, "orders/2", 2);
    assert_eq!(rows.left(), 1);
    rows.settle("orders/2", &name("ben"), "typed in by hand");
    assert_eq!((rows.left(), rows.open()), (1, 0));
    put(&mut rows, Side::Target, "orders/1", 3);
    assert_eq!((rows.left(), rows.open()), (2, 1));
}

#[test]
fn what_does_not_fit_is_said() {
    let mut rows = Rows::default();
    (0..KEPT).for_each(|key| put(&mut rows, Side::Target, &format!("orders/{key}"), 1));
    assert!(!rows.cut() && rows.left() == KEPT);
    // Rows that came over make way.
    put(&mut rows, Side::Source, "orders/7", 1);
    put(&mut rows, Side::Target, "orders/new", 1);
    assert!(!rows.cut() && rows.left() == KEPT && !rows.has("orders/7"));
    look(&mut rows, (9, 8), Side::Target, vec![digest("orders/newer", 1)], None);
    assert!(rows.cut() && (rows.open(), rows.rest_open()) == (KEPT, 1));
}

#[test]
fn a_position_says_when_a_row_was_made() {
    assert!(is_row("row") && is_row("row@17") && !is_row("rows") && !is_row("again"));
    assert_eq!(made("row@17"), Some(Timestamp::from_millis(17)));
    assert_eq!((made("row"), made("row@soon")), (None, None));
}
