//! The reverse feed must not look like a forgotten job, nor hide one.

use serde_json::json;
use tidelock_tests::eventually;

use crate::postgres::Postgres;
use crate::rig::{fails, measured, not_run, passes};

#[tokio::test]
async fn the_feed_is_let_pass_and_hides_nobody() {
    let server = Postgres::start();
    let log = json!({ "table": "ops.changes", "of": "what", "at": "at", "writer": "who" });
    let settings = json!({ "change_log": log, "runs_table": "ops.job_runs", "must_be_quiet": true,
        "allowed_writers": ["reverse_feed", "feed-host"] });
    let mut named = server.job_writes(settings).await;
    let settings = json!({ "watch_tables": ["shop.orders"], "allowed_writers": ["reverse_feed"], "must_be_quiet": true });
    let mut counted = server.job_writes(settings).await;
    for check in [&mut named, &mut counted] {
        not_run(&check.run().await, "first look");
    }

    // The feed writes, and where every row has a writer it is let pass.
    let mut feed = server.session("reverse_feed", "replicator");
    feed.tell("insert into ops.changes (what, who) values ('orders', 'reverse_feed')");
    feed.tell("insert into ops.job_runs (job, host) values ('feed', 'feed-host')");
    let result = named.run().await;
    assert_eq!(passes(&result), "nobody wrote here");
    assert_eq!((measured(&result, "writes"), measured(&result, "runs")), (0.0, 0.0));

    // A job beside it is named.
    server.once("cron", "nightly-billing", "insert into ops.changes (what, who) values ('orders', 'cron')");
    fails(&named.run().await, "orders: 1 rows by cron");

    // Where the server says only how many, nobody can tell the feed from a job, and nobody pretends to.
    let write = "insert into shop.orders (total) values (1)";
    server.once("reverse_feed", "replicator", write);
    server.counted("shop.orders", 1);
    not_run(
        &counted.run().await,
        "cannot tell the feed from a job: 1 rows were written to shop.orders while replicator (reverse_feed)",
    );

    // An open transaction of the feed is nobody's fault; one of a job is, feed or no feed.
    feed.tell("begin; insert into shop.orders (total) values (2)");
    assert_eq!(measured(&counted.run().await, "open_writers"), 0.0);
    let mut cron = server.session("cron", "nightly-billing");
    cron.tell("begin; insert into shop.orders (total) values (3)");
    fails(&counted.run().await, "nightly-billing (cron) is writing in an open transaction");
}

#[tokio::test]
async fn a_subscription_is_known_by_its_name() {
    let server = Postgres::start();
    // The new side, and a subscription that brings its orders back to the old one.
    server.tell("create database new_side");
    let table =
        "create schema shop; create table shop.orders (id bigint primary key, total numeric not null)";
    server.tell_in("new_side", &format!("{table}; create publication back for table shop.orders"));
    server.tell_in("new_side", "select pg_create_logical_replication_slot('back', 'pgoutput')");
    let from = server.connection("new_side");
    server.tell(&format!(
        "create subscription reverse_feed connection '{from}' publication back with (create_slot = false, slot_name = 'back')"
    ));
    eventually("the feed runs", || {
        match server.tell("select count(pid) from pg_stat_subscription").as_str() {
            "1" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    let settings = json!({ "watch_tables": ["shop.orders"], "allowed_writers": ["reverse_feed"], "must_be_quiet": true });
    let mut check = server.job_writes(settings).await;
    not_run(&check.run().await, "first look");

    server.tell_in("new_side", "insert into shop.orders values (1001, 5)");
    server.counted("shop.orders", 1);
    not_run(
        &check.run().await,
        "cannot tell the feed from a job: 1 rows were written to shop.orders while reverse_feed",
    );

    // The same feed, not allowed: it is a writer like any other, by its name.
    check.settings["allowed_writers"] = json!([]);
    server.tell_in("new_side", "insert into shop.orders values (1002, 5)");
    server.counted("shop.orders", 2);
    fails(&check.run().await, "reverse_feed (admin)");
    server.tell("alter subscription reverse_feed disable");
}
