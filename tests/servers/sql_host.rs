//! What a component gets from a database: parameters, pages, and rights only where the grant says so.

use std::time::Duration;

use serde_json::{Value, json};
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{Grant, PostgresGrant, RunResult};
use tidelock_tests::eventually;

use crate::postgres::{PASSWORD, Postgres};
use crate::rig::{Check, measured, not_run_for, says};

async fn asker(grant: PostgresGrant) -> Check {
    Check::of_database("test-guest", json!({}), grant, PASSWORD).await
}

/// Lets the component make one call.
async fn ask(check: &mut Check, more: Value) -> RunResult {
    let mut settings = json!({ "act": "sql", "target": "t" });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    check.settings = settings;
    check.run().await
}

#[tokio::test]
async fn rows_come_by_parameter_and_in_pages() {
    let server = Postgres::start();
    server.tell("insert into shop.orders (total) select n from generate_series(1, 2345) n");
    let mut check = asker(server.grant("checker")).await;

    // Three pages are the whole: none is lost between two of them, and the last one says so.
    let mut pages = Vec::new();
    for offset in [0, 1000, 2000] {
        let statement = "select id from shop.orders order by id";
        let page = ask(&mut check, json!({ "statement": statement, "offset": offset, "limit": 1000 })).await;
        says(&page, &format!("Value::Integer({})", offset + 1));
        let more = page.report.steps[0].note.ends_with(" more");
        pages.push((measured(&page, "rows"), more));
    }
    assert_eq!(pages, [(1000.0, true), (1000.0, true), (345.0, false)]);

    // A parameter is a value, whatever is in it.
    let evil = "x'; drop table shop.orders; --";
    let echoed = ask(&mut check, json!({ "statement": "select $1::text as said", "params": [evil] })).await;
    says(&echoed, evil);
    let sum = "select count(*) as n from shop.orders where total > $1::bigint and total <= $2::bigint";
    let counted = ask(&mut check, json!({ "statement": sum, "params": [100, 110] })).await;
    says(&counted, "Value::Integer(10)");
}

#[tokio::test]
async fn nothing_is_written_unless_the_grant_says_so() {
    let server = Postgres::start();
    let mut reader = asker(server.grant("cron")).await;
    let insert = "insert into shop.orders (total) values ($1::bigint)";
    let refused = ask(&mut reader, json!({ "statement": insert, "params": [5], "execute": true })).await;
    not_run_for(&refused, Cause::Denied, "does not allow writing");

    // What only looks like a question is refused by the server: the transaction is read-only.
    server.tell(
        "create function shop.order_one() returns bigint language sql as \
         'insert into shop.orders (total) values (1) returning id'",
    );
    let sly = ask(&mut reader, json!({ "statement": "select shop.order_one()" })).await;
    says(&sly, "25006");
    says(&sly, "read-only transaction");
    assert_eq!(server.tell("select count(*) from shop.orders"), "0");

    let mut writer = asker(PostgresGrant { write: true, ..server.grant("cron") }).await;
    let done = ask(&mut writer, json!({ "statement": insert, "params": [5], "execute": true })).await;
    says(&done, "changed 1");
    assert_eq!(server.tell("select count(*) from shop.orders"), "1");
    // The grant does not lift the role above its own rights.
    writer.grant(Grant::Postgres(PostgresGrant { write: true, ..server.grant("checker") }));
    let done = ask(&mut writer, json!({ "statement": insert, "params": [5], "execute": true })).await;
    says(&done, "42501");
}

#[tokio::test]
async fn a_statement_ends_with_the_run_on_the_server_too() {
    let server = Postgres::start();
    let mut check = asker(server.grant("checker")).await;
    check.timeout = Duration::from_millis(1500);
    let slow = ask(&mut check, json!({ "statement": "select pg_sleep(120) as forgotten" })).await;
    assert_ne!(slow.outcome, Outcome::Pass, "{slow:?}");
    says(&slow, "Timeout");
    eventually("the statement is gone from the server", || {
        let left = server.tell(
            "select count(*) from pg_stat_activity where query like '%forgotten%' and usename = 'checker'",
        );
        if left == "0" { Ok(()) } else { Err(left) }
    });
}
