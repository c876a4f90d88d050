//! SQLite: one file, read unless the grant says write, and never another one.

use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{Grant, RunResult, SqliteGrant, TargetGrant};

use crate::lost::children;
use crate::rig::{Rig, config, fails, not_run, seen};

async fn database(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("shop.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    for statement in [
        "create table orders (id integer primary key, total real, note text, raw blob)",
        "insert into orders values (1, 9.5, 'first', x'00ff'), (2, null, 'second', null)",
        "insert into orders (id) select value from (with recursive c(value) as
            (select 3 union all select value + 1 from c where value < 1500) select value from c)",
    ] {
        connection.execute(statement).await.unwrap();
    }
    connection.close().await.unwrap();
    path.to_str().unwrap().to_owned()
}

async fn ask(rig: &Rig, path: &str, write: bool, settings: serde_json::Value) -> RunResult {
    let mut all = json!({ "act": "sql", "target": "db" });
    for (key, value) in settings.as_object().unwrap() {
        all[key] = value.clone();
    }
    let mut request = rig.request(all);
    request.timeout_ms = 1500;
    let grant = Grant::Sqlite(SqliteGrant { path: path.to_owned(), write });
    request.targets = vec![TargetGrant { name: "db".to_owned(), own: true, grant }];
    rig.client.run(request).await
}

#[tokio::test]
async fn rows_come_in_pages_with_their_values() {
    let (rig, folder) = (Rig::new().await, tempfile::tempdir().unwrap());
    let path = database(&folder).await;
    let result =
        ask(&rig, &path, false, json!({ "statement": "select * from orders where id <= ?1", "params": [2] }))
            .await;
    let note = seen(&result);
    for want in [
        r#"["id", "total", "note", "raw"]"#,
        "Integer(1)",
        "Float(9.5)",
        r#"Text("first")"#,
        "Bytes([0, 255])",
        "Null",
    ] {
        assert!(note.contains(want), "no {want} in {note}");
    }
    let page = json!({ "statement": "select id from orders order by id;", "offset": 2, "limit": 2 });
    assert_eq!(
        seen(&ask(&rig, &path, false, page).await),
        r#"["id"] [Value::Integer(3)] [Value::Integer(4)] more"#
    );
    let all = ask(&rig, &path, false, json!({ "statement": "select id from orders", "limit": 5000 })).await;
    assert_eq!(crate::rig::measured(&all, "rows"), 1000.0);
}

#[tokio::test]
async fn a_run_in_flight_outlives_the_runner_that_makes_room_for_one_with_another_folder() {
    let (rig, folder) = (Rig::new().await, tempfile::tempdir().unwrap());
    rig.is_well().await;
    let before = children();
    let (client, request) = (rig.client.clone(), rig.request(json!({ "act": "sleep", "ms": 1000 })));
    let running = tokio::spawn(async move { client.run(request).await });
    let one = database(&folder).await;
    let count = || json!({ "statement": "select count(*) from orders" });
    assert_eq!(seen(&ask(&rig, &one, false, count()).await), r#"["count(*)"] [Value::Integer(1500)]"#);
    let result = running.await.unwrap();
    assert_eq!((result.outcome, result.cause), (Outcome::Pass, None), "{}", result.detail);
    let let_in = children();
    assert!(let_in != before && let_in.len() == 1, "{before:?} became {let_in:?}");
    // It reaches that folder from here on.
    assert!(seen(&ask(&rig, &one, false, count()).await).contains("1500"));
    rig.is_well().await;
    assert_eq!(children(), let_in);
}

#[tokio::test]
async fn a_database_beside_a_key_is_opened_by_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(&folder).await;
    let mut config = config();
    config.keep_out = vec![folder.path().join("agent.key")];
    std::fs::write(&config.keep_out[0], "key").unwrap();
    let rig = Rig::with(config).await;
    let result = ask(&rig, &path, false, json!({ "statement": "select 1" })).await;
    not_run(&result, Cause::Denied, "agent.key");
    rig.is_well().await;
}

#[tokio::test]
async fn only_a_grant_that_says_so_writes() {
    let (rig, folder) = (Rig::new().await, tempfile::tempdir().unwrap());
    let path = database(&folder).await;
    let delete = || json!({ "statement": "delete from orders where id = ?", "params": [1], "execute": true });
    not_run(&ask(&rig, &path, false, delete()).await, Cause::Denied, "does not allow writing");
    for statement in [
        "attach database '/tmp/x.db' as y",
        "select 1; attach database '/tmp/x.db' as y",
        "pragma query_only = off",
        "vacuum into '/tmp/x.db'",
        "delete from orders",
    ] {
        let result = ask(&rig, &path, false, json!({ "statement": statement })).await;
        not_run(&result, Cause::Denied, "");
    }
    assert_eq!(seen(&ask(&rig, &path, true, delete()).await), "changed 1");
    assert_eq!(
        seen(&ask(&rig, &path, false, json!({ "statement": "select count(*) from orders" })).await),
        { r#"["count(*)"] [Value::Integer(1499)]"# }
    );
}

#[tokio::test]
async fn a_statement_that_runs_away_is_ended_and_one_that_is_wrong_says_why() {
    let (rig, folder) = (Rig::new().await, tempfile::tempdir().unwrap());
    let path = database(&folder).await;
    let wrong = ask(&rig, &path, false, json!({ "statement": "select x from nowhere" })).await;
    assert_eq!(wrong.outcome, Outcome::Fail);
    assert!(wrong.report.steps[0].note.contains("no such table"), "{:?}", wrong.report);
    let endless = json!({ "statement":
        "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c" });
    let endless = ask(&rig, &path, false, endless).await;
    assert_eq!(endless.outcome, Outcome::Fail);
    assert!(endless.report.steps[0].note.contains("Timeout"), "{:?}", endless.report);
    let large = ask(&rig, &path, false, json!({ "statement": "select zeroblob(900000000)" })).await;
    assert!(large.outcome != Outcome::Pass, "{large:?}");
    rig.is_well().await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let (rig, folder) = (Rig::new().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("none.db");
    let result = ask(&rig, path.to_str().unwrap(), true, json!({ "statement": "select 1" })).await;
    fails(&result, "");
    assert!(!path.exists());
}
