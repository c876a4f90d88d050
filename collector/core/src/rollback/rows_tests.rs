use tidelock_model::Digest;

use super::*;

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn digest(key: &str, hash: u8) -> Digest {
    Digest { key: key.to_owned(), hash: vec![hash], rows: 1, position: "row".to_owned() }
}

fn put(rows: &mut Rows, side: Side, key: &str, hash: u8) {
    rows.row((Timestamp::from_millis(1), None), side, &name("rows"), &digest(key, hash));
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
    put(&mut rows, Side::Target, "orders/newer", 1);
    assert!(rows.cut() && rows.open() == KEPT);
}

#[test]
fn a_position_says_when_a_row_was_made() {
    assert!(is_row("row") && is_row("row@17") && !is_row("rows") && !is_row("again"));
    assert_eq!(made("row@17"), Some(Timestamp::from_millis(17)));
    assert_eq!((made("row"), made("row@soon")), (None, None));
}
