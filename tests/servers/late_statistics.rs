//! PostgreSQL counts a write late: a session hands its counts in once a second, or when it has been idle
//! for ten. Late must not read as silence, and the name must not be lost on the way.

use serde_json::json;

use crate::postgres::Postgres;
use crate::rig::{measured, not_run, passes};

#[tokio::test]
async fn a_write_that_is_counted_late_is_not_silence_and_keeps_its_name() {
    let server = Postgres::start();
    let mut check = server.job_writes(json!({ "watch_schemas": ["shop"] })).await;
    let mut cron = server.session("cron", "nightly-billing");
    not_run(&check.run().await, "first look");
    assert_eq!(passes(&check.run().await), "nobody wrote here");

    // A session that has just handed its counts in keeps the next write back.
    let named = "shop.orders: 1 rows by nightly-billing (cron)";
    let mut counted = 0;
    for _ in 0..5 {
        cron.tell("insert into shop.orders (total) values (1)");
        if server.count("shop.orders") == counted {
            break;
        }
        counted += 1;
        assert_eq!(passes(&check.run().await), named);
    }

    // Committed, and in no statistics yet: twice, for the second look has nothing new to go by.
    for _ in 0..2 {
        assert_eq!(server.count("shop.orders"), counted, "the write was not late");
        let early = check.run().await;
        not_run(&early, "what nightly-billing (cron) wrote may not be counted yet");
        assert!(early.report.measure("writes").is_none(), "late was taken for silence: {early:?}");
    }

    // Ten seconds later the server has counted it, and the session that did it is still named.
    server.counted("shop.orders", counted + 1);
    let late = check.run().await;
    assert_eq!(passes(&late), named);
    assert_eq!(measured(&late, "writes"), 1.0);
    drop(cron);
    assert_eq!(passes(&check.run().await), "nobody wrote here");
}
