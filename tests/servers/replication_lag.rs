//! A real replication: marks arrive, a stopped follower is late and is said to be, a lost slot is a fault.

use serde_json::json;
use tidelock_model::{MarkKind, Outcome};
use tidelock_tests::eventually;

use crate::postgres::{PASSWORD, Postgres};
use crate::rig::{Check, fails, measured, not_run, passes};

const MARKS: &str = "create table marks (key text primary key, at_ms bigint not null); grant select, insert, delete on \
    marks to checker; grant pg_monitor to checker";

async fn check(server: &Postgres, database: &str, write: bool) -> Check {
    let mut grant = server.grant("checker");
    grant.address = format!("127.0.0.1:{}/{database}", server.port());
    grant.write = write;
    let settings = json!({ "target": "t", "slot": "feed", "marks": "marks" });
    Check::of_database("replication-lag", settings, grant, PASSWORD).await
}

#[tokio::test]
async fn a_feed_is_followed_from_both_ends() {
    let server = Postgres::start();
    server.tell("create database elsewhere");
    server.tell(MARKS);
    server.tell_in("elsewhere", MARKS);
    let (mut here, mut there) =
        (check(&server, "shop", true).await, check(&server, "elsewhere", false).await);
    fails(&here.run().await, "neither a replication slot nor a subscription feed");

    server.tell("create publication feed for table marks");
    server.tell("select pg_create_logical_replication_slot('feed', 'pgoutput')");
    fails(&here.run().await, "nobody reads from slot feed");
    let from = server.connection("shop");
    server.tell_in(
        "elsewhere",
        &format!("create subscription feed connection '{from}' publication feed with (create_slot = false)"),
    );
    eventually("the feed runs", || match server.tell("select active from pg_replication_slots").as_str() {
        "t" => Ok(()),
        other => Err(other.to_owned()),
    });

    // One mark says nothing of when the next one is due.
    let first = here.run().await;
    passes(&first);
    assert!(measured(&first, "lag") < 5.0 && measured(&first, "lag_bytes") >= 0.0);
    let arrived = |number: &str| {
        eventually("the mark arrives", || match server.tell_in("elsewhere", "select count(*) from marks") {
            count if count == number => Ok(()),
            other => Err(other),
        });
    };
    arrived("1");
    not_run(&there.run().await, "fewer than two marks");
    let second = here.run().await;
    arrived("2");
    let seen = there.run().await;
    passes(&seen);
    let keys = |marks: &[tidelock_model::Mark], kind| -> Vec<String> {
        marks.iter().filter(|mark| mark.kind == kind).map(|mark| mark.key.clone()).collect()
    };
    let issued = keys(&second.report.marks, MarkKind::Issued);
    assert!(keys(&seen.report.marks, MarkKind::Seen).contains(&issued[0]), "{seen:?}");
    assert!(measured(&seen, "lag") < 5.0);

    // Nobody follows any more: each end says so in its own words, and neither passes.
    server.tell_in("elsewhere", "alter subscription feed disable");
    eventually("the feed has stopped", || {
        match server.tell("select active from pg_replication_slots").as_str() {
            "f" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    fails(&here.run().await, "nobody reads from slot feed");
    let stopped = there.run().await;
    assert_ne!(stopped.outcome, Outcome::Pass, "{stopped:?}");
}
