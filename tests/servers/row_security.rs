//! Row-level security hides rows without a word: zero rows is not silence.

use serde_json::json;

use crate::postgres::Postgres;
use crate::rig::{measured, not_run, passes};

#[tokio::test]
async fn hidden_rows_are_not_taken_for_silence() {
    let server = Postgres::start();
    server.tell("alter table ops.job_runs enable row level security; alter table ops.changes enable row level security; \
        create policy own on ops.job_runs for all to cron using (true); create policy own on ops.changes for all to cron using (true)");
    server.once("cron", "cron", "insert into ops.job_runs (job, host) values ('invoices', 'old-worker-3')");

    // The account sees a table without rows, and no error.
    let seen = server.session_answer("checker", "select count(*) from ops.job_runs");
    assert_eq!(seen, "0");
    let book = json!({ "runs_table": "ops.job_runs" });
    let mut check = server.job_writes(book.clone()).await;
    not_run(&check.run().await, "row-level security may hide rows of ops.job_runs");
    let log = json!({ "change_log": { "table": "ops.changes", "of": "what", "at": "at", "writer": "who" } });
    let mut changes = server.job_writes(log).await;
    not_run(&changes.run().await, "row-level security may hide rows of ops.changes");
    // Not the second look either: there is nothing to compare with.
    not_run(&check.run().await, "row-level security");

    // The server's own counters are not rows: they are seen in full.
    let mut tables = server.job_writes(json!({ "watch_tables": ["ops.job_runs"] })).await;
    not_run(&tables.run().await, "first look");
    server.once("cron", "cron", "insert into ops.job_runs (job, host) values ('invoices', 'old-worker-3')");
    server.counted("ops.job_runs", 2);
    assert_eq!(measured(&tables.run().await, "writes"), 1.0);

    // An account that nothing is hidden from looks as usual.
    server.tell("alter role checker bypassrls");
    not_run(&check.run().await, "first look");
    server.once("cron", "cron", "insert into ops.job_runs (job, host) values ('mail', 'old-worker-3')");
    assert_eq!(passes(&check.run().await), "job mail ran once by old-worker-3");
}
