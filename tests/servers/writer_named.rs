//! The forgotten cron job is named: by `application_name`, with the table and the rows.

use serde_json::json;

use crate::postgres::Postgres;
use crate::rig::{fails, measured, not_run, passes};

#[tokio::test]
async fn a_writer_is_named_with_the_table_and_the_rows() {
    let server = Postgres::start();
    let mut check = server.job_writes(json!({ "watch_schemas": ["shop"] })).await;
    not_run(&check.run().await, "first look");
    assert_eq!(passes(&check.run().await), "nobody wrote here");

    let mut cron = server.session("cron", "nightly-billing");
    cron.tell("insert into shop.orders (total) values (1), (2), (3)");
    server.counted("shop.orders", 3);
    let result = check.run().await;
    assert_eq!(passes(&result), "shop.orders: 3 rows by nightly-billing (cron)");
    assert_eq!(measured(&result, "writes"), 3.0);
    assert_eq!(measured(&result, "open_writers"), 0.0);
    assert_eq!(result.report.remaining[0].count, 3);

    // Counted once: what was told is not told again.
    drop(cron);
    assert_eq!(measured(&check.run().await, "writes"), 0.0);
}

#[tokio::test]
async fn a_side_that_must_be_quiet_fails_at_the_first_write() {
    let server = Postgres::start();
    let settings = json!({ "watch_tables": ["shop.orders"], "must_be_quiet": true });
    let mut check = server.job_writes(settings).await;
    not_run(&check.run().await, "first look");

    // A transaction that is still open is in no statistics: the session itself gives it away.
    let mut cron = server.session("cron", "nightly-billing");
    cron.tell("begin; insert into shop.orders (total) values (1)");
    assert_eq!(server.count("shop.orders"), 0);
    let result = check.run().await;
    fails(&result, "nightly-billing (cron) is writing in an open transaction");
    assert_eq!(measured(&result, "open_writers"), 1.0);
    cron.tell("commit");
    server.counted("shop.orders", 1);
    fails(&check.run().await, "shop.orders: 1 rows by nightly-billing (cron)");

    // One that comes, writes and goes between two looks has no name any more, and is counted all the same.
    drop(cron);
    server.once("cron", "hourly-mail", "delete from shop.orders");
    server.counted("shop.orders", 2);
    fails(&check.run().await, "shop.orders: 1 rows by a writer that has gone");

    // A table that is not watched is not looked at, and a table that is not there is not quiet.
    server.once("cron", "hourly-mail", "insert into shop.stock values ('a', 1)");
    server.counted("shop.stock", 1);
    assert_eq!(passes(&check.run().await), "nobody wrote here");
    check.settings["watch_tables"] = json!(["shop.order"]);
    not_run(&check.run().await, "there is no table shop.order");
}

#[tokio::test]
async fn a_job_is_named_by_its_book() {
    let server = Postgres::start();
    let settings = json!({ "runs_table": "ops.job_runs", "watch_schemas": ["ops"] });
    let mut check = server.job_writes(settings).await;
    let run = "insert into ops.job_runs (job, host) values ('invoices', 'old-worker-3')";
    server.once("cron", "cron", run);
    not_run(&check.run().await, "first look");
    assert_eq!(passes(&check.run().await), "nobody wrote here");
    server.once("cron", "cron", &format!("{run}; {run}"));
    let result = check.run().await;
    assert_eq!(passes(&result), "job invoices ran 2 times by old-worker-3");
    assert_eq!(measured(&result, "runs.invoices"), 2.0);
}
