//! PostgreSQL, a real one: values, pages, rights, silence, TLS.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{Grant, PostgresGrant, RunResult, TargetGrant};
use tokio::time::Instant;

use crate::rig::{Rig, fails, not_run, secret, seen};
use crate::tls::Authority;

const PASSWORD: &str = "correct horse";

/// A server of its own in a folder of its own; it ends with the test.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: std::process::Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> PathBuf {
    let found = std::fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let found = found.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} of PostgreSQL is missing: run `make setup`"))
}

/// The command, as `postgres` where this is root, which the server refuses to be.
fn command(name: &str) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program(name));
    command
}

/// Gives a folder to the user that the server runs as.
fn hand_over(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let given = Command::new("chown").arg("-R").arg("postgres").arg(path).status().unwrap();
        assert!(given.success());
    }
}

/// Gives the server a certificate of the authority for `db.example`.
fn encrypt(server: &mut Command, authority: &Authority, folder: &Path) {
    let (certificate, key) = authority.issue("db.example");
    let (at, key_at) = (folder.join("crt"), folder.join("key"));
    std::fs::write(&at, certificate.pem()).unwrap();
    std::fs::write(&key_at, key.serialize_pem()).unwrap();
    assert!(Command::new("chmod").arg("600").arg(&key_at).status().unwrap().success());
    hand_over(folder);
    server.args(["-c", "ssl=on", "-c"]).arg(format!("ssl_cert_file={}", at.display()));
    server.arg("-c").arg(format!("ssl_key_file={}", key_at.display()));
}

impl Server {
    fn start(authority: Option<&Authority>) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let word = folder.path().join("word");
        std::fs::write(&word, PASSWORD).unwrap();
        hand_over(folder.path());
        let made = command("initdb")
            .args(["--no-sync", "--auth=scram-sha-256", "--username=shop", "--encoding=UTF8", "--no-locale"])
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&word)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = command("postgres");
        server.arg("-D").arg(&data).args(["-F", "-p", &port.to_string(), "-k"]).arg(folder.path());
        server.args(["-c", "listen_addresses=127.0.0.1"]);
        if let Some(authority) = authority {
            encrypt(&mut server, authority, folder.path());
        }
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Server { folder, port, child };
        server.wait();
        server.tell("create table orders (id int primary key, total numeric, at timestamptz, note text)");
        server.tell("insert into orders select n, n * 1.25, '2024-02-29 12:05:05+00', 'note ' || n from generate_series(1, 1500) n");
        server.tell("create role reader login password 'correct horse'; grant select on orders to reader");
        server
    }

    fn wait(&self) {
        let begun = Instant::now();
        while !self.ready() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn ready(&self) -> bool {
        let port = self.port.to_string();
        let asked = Command::new(program("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
        asked.is_ok_and(|status| status.success())
    }

    fn tell(&self, statement: &str) {
        let told = Command::new("psql")
            .env("PGPASSWORD", PASSWORD)
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "shop", "-d", "postgres"])
            .args(["-p", &self.port.to_string(), "-c", statement])
            .output()
            .unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }

    fn grant(&self, user: &str) -> PostgresGrant {
        PostgresGrant {
            address: format!("127.0.0.1:{}/postgres", self.port),
            user: user.to_owned(),
            password: Some("pw".to_owned()),
            ca: None,
            tls_name: None,
            addresses: vec!["127.0.0.1".to_owned()],
            write: false,
        }
    }
}

async fn ask(rig: &Rig, grant: PostgresGrant, settings: serde_json::Value) -> RunResult {
    let mut all = json!({ "act": "sql", "target": "db" });
    for (key, value) in settings.as_object().unwrap() {
        all[key] = value.clone();
    }
    let mut request = rig.request(all);
    request.timeout_ms = 4000;
    request.targets = vec![TargetGrant { name: "db".to_owned(), own: true, grant: Grant::Postgres(grant) }];
    request.secrets = vec![secret("pw", PASSWORD, "127.0.0.1")];
    rig.client.run(request).await
}

#[tokio::test]
async fn rows_come_in_pages_with_their_values() {
    let (rig, server) = (Rig::new().await, Server::start(None));
    let values = "select true, 1::int2, 2, 3::int8, 1.5::float4, 2.5::float8, 12345.6700::numeric, -0.0001::numeric, \
        'text'::varchar, 'name'::name, timestamptz '2024-02-29 12:05:05.25+00', timestamp '1999-12-31 23:59:59', \
        date '2000-03-01', '\\x00ff'::bytea, '00112233-4455-6677-8899-aabbccddeeff'::uuid, 42::oid, \
        '{\"a\":1}'::jsonb, null, 'x'::\"char\", pg_lsn '1/AB00'";
    let note = seen(&ask(&rig, server.grant("reader"), json!({ "statement": values })).await);
    for want in [
        "Boolean(true)",
        "Integer(1)",
        "Integer(2)",
        "Integer(3)",
        "Float(1.5)",
        "Float(2.5)",
        "\"12345.6700\"",
        "\"-0.0001\"",
        "\"text\"",
        "\"name\"",
        "\"2024-02-29T12:05:05.250000Z\"",
        "\"1999-12-31T23:59:59\"",
        "\"2000-03-01\"",
        "Bytes([0, 255])",
        "\"00112233-4455-6677-8899-aabbccddeeff\"",
        "Integer(42)",
    ] {
        assert!(note.contains(want), "no {want} in {note}");
    }
    let page = json!({ "statement": "select id, note from orders where id > $1 order by id", "params": [10],
        "offset": 5, "limit": 2 });
    assert_eq!(seen(&ask(&rig, server.grant("reader"), page).await), {
        r#"["id", "note"] [Value::Integer(16), Value::Text("note 16")] [Value::Integer(17), Value::Text("note 17")] more"#
    });
    let all = ask(&rig, server.grant("reader"), json!({ "statement": "table orders", "limit": 5000 })).await;
    assert_eq!(crate::rig::measured(&all, "rows"), 1000.0);
    let shown = ask(&rig, server.grant("reader"), json!({ "statement": "show application_name" })).await;
    assert!(seen(&shown).contains("tidelock (check trial)"), "{shown:?}");
    let unknown =
        ask(&rig, server.grant("reader"), json!({ "statement": "select interval '1 day' as waits" })).await;
    assert!(unknown.report.steps[0].note.contains("column waits"), "{unknown:?}");
}

#[tokio::test]
async fn only_a_grant_that_says_so_writes() {
    let (rig, server) = (Rig::new().await, Server::start(None));
    let grant = || server.grant("shop");
    let delete =
        || json!({ "statement": "delete from orders where id = $1", "params": [1], "execute": true });
    not_run(&ask(&rig, grant(), delete()).await, Cause::Denied, "does not allow writing");
    for statement in [
        "set default_transaction_read_only = off",
        "commit",
        "copy orders to program 'id'",
        "do $$ begin end $$",
    ] {
        not_run(&ask(&rig, grant(), json!({ "statement": statement })).await, Cause::Denied, "not allowed");
    }
    // What looks like reading but writes is stopped by the transaction.
    for statement in [
        "with gone as (delete from orders returning 1) select count(*) from gone",
        "select nextval(pg_get_serial_sequence('x', 'y'))",
        "select set_config('transaction_read_only', 'off', false)",
        "select 1; delete from orders",
    ] {
        let result = ask(&rig, grant(), json!({ "statement": statement })).await;
        assert!(result.outcome != Outcome::Pass, "{statement}: {result:?}");
    }
    let write = || PostgresGrant { write: true, ..grant() };
    assert_eq!(seen(&ask(&rig, write(), delete()).await), "changed 1");
    let insert = json!({ "statement": "insert into orders values ($1, $2, null, $3) returning id, total is null",
        "params": [9000, null, "new"] });
    assert!(seen(&ask(&rig, write(), insert).await).contains("Integer(9000), Value::Boolean(true)"));
    let count = ask(&rig, grant(), json!({ "statement": "select count(*) from orders" })).await;
    assert_eq!(seen(&count), r#"["count"] [Value::Integer(1500)]"#);
}

#[tokio::test]
async fn a_server_that_says_no_and_one_that_says_nothing_are_told_apart() {
    let (rig, server) = (Rig::new().await, Server::start(None));
    let wrong = ask(&rig, server.grant("reader"), json!({ "statement": "select * from nowhere" })).await;
    assert!(wrong.report.steps[0].note.contains("42P01"), "{wrong:?}");
    let stranger = ask(&rig, server.grant("nobody"), json!({ "statement": "select 1" })).await;
    assert!(stranger.report.steps[0].note.contains("28P01"), "{stranger:?}");
    let slow = ask(&rig, server.grant("reader"), json!({ "statement": "select pg_sleep(60)" })).await;
    assert!(slow.report.steps[0].note.contains("Timeout"), "{slow:?}");
    let mut unlisted = server.grant("reader");
    unlisted.addresses.clear();
    not_run(&ask(&rig, unlisted, json!({ "statement": "select 1" })).await, Cause::Denied, "loopback");
    let silent = PostgresGrant { address: "127.0.0.1:1/postgres".to_owned(), ..server.grant("reader") };
    let silent = ask(&rig, silent, json!({ "statement": "select 1" })).await;
    fails(&silent, "");
    assert!(silent.report.steps[0].note.contains("Connect"), "{silent:?}");
    assert!(server.folder.path().exists());
}

#[tokio::test]
async fn a_server_with_an_authority_is_checked_against_it() {
    let (rig, authority) = (Rig::new().await, Authority::new());
    let server = Server::start(Some(&authority));
    let with = |ca: &Authority, name: &str| PostgresGrant {
        ca: Some(ca.pem()),
        tls_name: Some(name.to_owned()),
        ..server.grant("reader")
    };
    let encrypted = json!({ "statement": "select ssl from pg_stat_ssl where pid = pg_backend_pid()" });
    assert_eq!(seen(&ask(&rig, with(&authority, "db.example"), encrypted.clone()).await), {
        r#"["ssl"] [Value::Boolean(true)]"#
    });
    for grant in [with(&authority, "other.example"), with(&Authority::new(), "db.example")] {
        let result = ask(&rig, grant, encrypted.clone()).await;
        assert_eq!(result.outcome, Outcome::Fail);
        assert!(result.report.steps[0].note.contains("certificate"), "{result:?}");
    }
}
