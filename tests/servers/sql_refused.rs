//! Addresses that are not granted, logins that are refused, and secrets that come back.

use serde_json::json;
use tidelock_model::Cause;
use tidelock_sandbox::protocol::{Grant, PostgresGrant};

use crate::postgres::{PASSWORD, Postgres};
use crate::rig::{Check, fails, not_run_for, says};

#[tokio::test]
async fn the_loopback_is_reached_by_a_literal_grant_alone() {
    let server = Postgres::start();
    let settings = json!({ "act": "sql", "target": "t", "statement": "select 1 as one" });
    let mut check = Check::of_database("test-guest", settings, server.grant("checker"), PASSWORD).await;
    says(&check.run().await, "Value::Integer(1)");
    for addresses in [vec![], vec!["127.0.0.2".to_owned()], vec!["10.0.0.0/8".to_owned()]] {
        check.grant(Grant::Postgres(PostgresGrant { addresses, ..server.grant("checker") }));
        not_run_for(&check.run().await, Cause::Denied, "loopback");
    }
    // By name as well: what counts is the address that it stands for.
    let by_name = server.grant("checker").address.replace("127.0.0.1", "localhost");
    check.grant(Grant::Postgres(PostgresGrant {
        address: by_name,
        addresses: Vec::new(),
        ..server.grant("checker")
    }));
    not_run_for(&check.run().await, Cause::Denied, "loopback");
}

#[tokio::test]
async fn a_refused_login_is_the_targets_fault_and_no_secret_is_told() {
    let server = Postgres::start();
    let settings = json!({ "watch_schemas": ["shop"] });
    let mut check = server.job_writes(settings).await;

    // A database that lets nobody in is a fault of that side; nothing was compared.
    check.secrets = vec![("password".to_owned(), "wrong horse battery".to_owned())];
    fails(&check.run().await, "28P01");
    check.grant(Grant::Postgres(PostgresGrant {
        address: server.grant("checker").address.replace("/shop", "/shops"),
        ..server.grant("checker")
    }));
    check.secrets = vec![("password".to_owned(), PASSWORD.to_owned())];
    fails(&check.run().await, "3D000");

    // A secret that may not go to this host stays here, and the run did not look.
    let mut elsewhere = server.job_writes(json!({ "watch_schemas": ["shop"] })).await;
    elsewhere.secrets.clear();
    let result = elsewhere.run().await;
    assert!(result.cause.is_some(), "a run without its secret looked: {result:?}");

    // What the server says back is scrubbed, also where it quotes the secret in an error.
    // `Check::run` looks through everything that comes out.
    for statement in [
        format!("select 'the word is {PASSWORD}' as said"),
        format!("select cast('{PASSWORD}' as int)"),
        format!("select * from \"{PASSWORD}\""),
    ] {
        let settings = json!({ "act": "sql", "target": "t", "statement": statement });
        let mut echo = Check::of_database("test-guest", settings, server.grant("checker"), PASSWORD).await;
        let _ = echo.run().await;
    }
}
