//! Two databases of one real server: equal rows have equal digests, and what one has alone is named.

use serde_json::{Value, json};

use crate::postgres::{PASSWORD, Postgres};
use crate::rig::{Check, measured, not_run, passes};

async fn digests(
    server: &Postgres,
    database: &str,
    mut settings: Value,
) -> Vec<(String, Vec<u8>, u64, String)> {
    settings["target"] = "t".into();
    let mut grant = server.grant("checker");
    grant.address = format!("127.0.0.1:{}/{database}", server.port());
    let mut check = Check::of_database("row-parity", settings, grant, PASSWORD).await;
    let result = check.run().await;
    passes(&result);
    assert!(measured(&result, "rows") >= 0.0);
    let told = result.report.digests.iter();
    told.map(|it| (it.key.clone(), it.hash.clone(), it.rows, it.position.clone())).collect()
}

const TABLE: &str = "create table orders (id bigint primary key, total numeric, paid boolean, note text, made timestamptz \
    not null default '2026-01-02 03:04:05+00'); grant select on orders to checker; insert into orders (id, total, note) \
    select n, n * 1.5, case when n % 3 = 0 then null else 'order, ' || n end from generate_series(1, 500) n";

#[tokio::test]
async fn rows_of_two_databases_are_compared_by_chunk() {
    let server = Postgres::start();
    server.tell("create database elsewhere");
    for database in ["shop", "elsewhere"] {
        server.tell_in(database, TABLE);
    }
    // Another time zone of the session must not make other digests.
    server.tell_in("elsewhere", "alter database elsewhere set timezone to 'Asia/Tokyo'");
    let settings = json!({ "tables": ["orders"], "key_chunks": 16 });
    let here = digests(&server, "shop", settings.clone()).await;
    assert_eq!(here.len(), 16);
    assert_eq!(here.iter().map(|(_, _, rows, _)| rows).sum::<u64>(), 500);
    assert_eq!(here, digests(&server, "elsewhere", settings.clone()).await);

    // One changed value, one row more: each shows in one chunk. Null is not the text that looks like it.
    for change in [
        "update orders set note = 'order; 7' where id = 7",
        "insert into orders (id) values (501)",
        "update orders set note = 'NULL' where id = 3",
    ] {
        let before = digests(&server, "elsewhere", settings.clone()).await;
        server.tell_in("elsewhere", change);
        let after = digests(&server, "elsewhere", settings.clone()).await;
        let differ = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 1, "{change}");
    }

    // New rows are told by name, with the moment they were made.
    server.tell("insert into orders (id, made) values (900, now())");
    let new_rows = json!({ "table": "orders", "key": "id", "created": "made", "within": "10m" });
    let told = digests(&server, "shop", json!({ "new_rows": new_rows })).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0 == "orders/900" && told[0].3.starts_with("row@"), "{told:?}");
}

#[tokio::test]
async fn what_cannot_be_seen_is_never_an_empty_table() {
    let server = Postgres::start();
    server.tell(TABLE);
    server.tell("create table keyless (a int); grant select on keyless to checker");
    server.tell("create table secret (id int primary key)");
    server.tell(
        "create table hidden (id int primary key); grant select on hidden to checker; \
        alter table hidden enable row level security; insert into hidden values (1)",
    );
    for (table, word) in [
        ("payments", "there is no table payments"),
        ("keyless", "no primary key"),
        ("secret", "permission denied"),
        ("hidden", "row-level security may hide rows of hidden"),
    ] {
        let settings = json!({ "target": "t", "tables": [table] });
        let mut check = Check::of_database("row-parity", settings, server.grant("checker"), PASSWORD).await;
        not_run(&check.run().await, word);
    }
}
