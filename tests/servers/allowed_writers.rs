//! The reverse feed must not look like a forgotten job, nor hide one.

use serde_json::json;

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
