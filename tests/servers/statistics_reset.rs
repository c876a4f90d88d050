//! Statistics that began anew say nothing about what was written before.

use serde_json::json;

use crate::postgres::Postgres;
use crate::rig::{measured, not_run, passes};

#[tokio::test]
async fn a_reset_or_a_crash_is_noticed() {
    let mut server = Postgres::start();
    let mut check = server.job_writes(json!({ "watch_schemas": ["shop"] })).await;
    let mut rows = 0;
    let mut write = |server: &Postgres, check: &str| {
        rows += 3;
        server.once("cron", check, "insert into shop.orders (total) values (1), (2), (3)");
        rows
    };
    let counted = write(&server, "before");
    server.counted("shop.orders", counted);
    not_run(&check.run().await, "first look");
    assert_eq!(passes(&check.run().await), "nobody wrote here");

    // Written and reset between two looks: the counters are lower than before, or as high by chance.
    write(&server, "hidden");
    server.tell("select pg_stat_reset()");
    not_run(&check.run().await, "statistics began anew");
    assert_eq!(measured(&check.run().await, "writes"), 0.0);

    // One table alone.
    let _ = write(&server, "seen");
    server.counted("shop.orders", 3);
    assert_eq!(measured(&check.run().await, "writes"), 3.0);
    server.tell("select pg_stat_reset_single_table_counters('shop.orders'::regclass)");
    not_run(&check.run().await, "statistics began anew");

    // A server that crashed starts with empty statistics.
    let _ = check.run().await;
    server.crash();
    not_run(&check.run().await, "statistics began anew");
    assert_eq!(passes(&check.run().await), "nobody wrote here");

    // Where nothing is counted, nothing is said.
    server.tell("alter database shop set track_counts = off");
    not_run(&check.run().await, "track_counts is off");
}
