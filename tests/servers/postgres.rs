//! PostgreSQL 15 for one test, and sessions that stay open in it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;
use tidelock_sandbox::protocol::PostgresGrant;
use tidelock_tests::eventually;

use crate::child::{self, Server, free_port};
use crate::rig::Check;

/// The password of every role here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server with a shop in it.
pub(crate) struct Postgres {
    // Dropped before the folder that it works in.
    server: Server,
    port: u16,
    folder: tempfile::TempDir,
}

/// What a shop's database has: tables, a book of job runs, and roles.
const SHOP: &str = "
    create schema shop; create schema ops;
    create table shop.orders (id bigint primary key generated always as identity, total numeric not null);
    create table shop.stock (sku text primary key, pieces int not null);
    create table ops.job_runs (job text not null, started_at timestamptz not null default now(), host text not null);
    create table ops.changes (what text not null, at timestamptz not null default now(), who text not null);
    create role checker login password 'correct horse battery' in role pg_read_all_stats;
    create role cron login password 'correct horse battery';
    create role reverse_feed login password 'correct horse battery';
    grant usage on schema shop, ops to checker, cron, reverse_feed;
    grant select on all tables in schema shop, ops to checker;
    grant select, insert, update, delete on all tables in schema shop, ops to cron, reverse_feed;";

fn program(name: &str) -> std::path::PathBuf {
    child::installed(&[&format!("/usr/lib/postgresql/15/bin/{name}")])
}

fn hand_over(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").args(["-R", "postgres"]).arg(path).status();
        assert!(owned.unwrap().success(), "chown {}", path.display());
    }
}

impl Postgres {
    /// Starts a server and makes the shop in it.
    pub(crate) fn start() -> Postgres {
        let folder = tempfile::Builder::new().prefix("tidelock-pg-").tempdir().unwrap();
        let word = folder.path().join("word");
        std::fs::write(&word, PASSWORD).unwrap();
        hand_over(folder.path());
        let made = child::command(&program("initdb"), Some("postgres"))
            .args(["--no-sync", "--auth=scram-sha-256", "--username=admin", "--encoding=UTF8", "--no-locale"])
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .arg("--pwfile")
            .arg(&word)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let server = launch(folder.path(), port);
        let mut postgres = Postgres { server, port, folder };
        postgres.wait();
        postgres.tell("create database shop");
        postgres.tell(SHOP);
        postgres
    }

    /// Ends the server without a checkpoint and starts it again: a crash, as far as its statistics go.
    pub(crate) fn crash(&mut self) {
        self.server.stop();
        self.server = launch(self.folder.path(), self.port);
        self.wait();
    }

    fn wait(&mut self) {
        let port = self.port.to_string();
        eventually("PostgreSQL takes connections", || {
            self.server.assert_runs();
            let asked =
                Command::new(program("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
            match asked {
                Ok(status) if status.success() => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }

    fn psql(&self, role: &str, name: &str) -> Command {
        let mut command = child::command(&program("psql"), None);
        command
            .env("PGPASSWORD", PASSWORD)
            .env("PGAPPNAME", name)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", role])
            .args(["-p", &self.port.to_string()]);
        command
    }

    /// Runs statements as the administrator, and gives what they answer.
    pub(crate) fn tell(&self, statements: &str) -> String {
        let database = if statements.starts_with("create database") { "postgres" } else { "shop" };
        self.tell_in(database, statements)
    }

    /// The same in another database.
    pub(crate) fn tell_in(&self, database: &str, statements: &str) -> String {
        let told =
            self.psql("admin", "tidelock-test").args(["-d", database, "-c", statements]).output().unwrap();
        assert!(told.status.success(), "{statements}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How a subscription connects to a database of this server.
    pub(crate) fn connection(&self, database: &str) -> String {
        format!("host=127.0.0.1 port={} dbname={database} user=admin password={PASSWORD:?}", self.port)
            .replace('"', "''")
    }

    /// Runs statements in a session that is gone afterwards.
    pub(crate) fn once(&self, role: &str, name: &str, statements: &str) {
        self.session(role, name).tell(statements);
    }

    /// What a role sees.
    pub(crate) fn session_answer(&self, role: &str, statement: &str) -> String {
        let told = self.psql(role, "tidelock-test").args(["-d", "shop", "-c", statement]).output().unwrap();
        assert!(told.status.success(), "{statement}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).trim().to_owned()
    }

    /// Opens a session that stays.
    pub(crate) fn session(&self, role: &str, name: &str) -> Session {
        let mut child = self
            .psql(role, name)
            .args(["-d", "shop"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let into = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut session = Session { child, into: Some(into), from };
        // The session is there when it has answered.
        session.tell("select 1");
        session
    }

    /// Waits until the server has counted so many rows written to a table.
    pub(crate) fn counted(&self, table: &str, rows: u64) {
        eventually(&format!("the server counts {rows} rows written to {table}"), || {
            let seen = self.count(table);
            if seen == rows { Ok(()) } else { Err(seen.to_string()) }
        });
    }

    /// How many rows the server has counted.
    pub(crate) fn count(&self, table: &str) -> u64 {
        let statement = format!(
            "select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relid = '{table}'::regclass"
        );
        self.tell(&statement).parse().unwrap()
    }

    /// A grant on the shop's database.
    pub(crate) fn grant(&self, role: &str) -> PostgresGrant {
        PostgresGrant {
            address: format!("127.0.0.1:{}/shop", self.port),
            user: role.to_owned(),
            password: Some("password".to_owned()),
            ca: None,
            tls_name: None,
            addresses: vec!["127.0.0.1".to_owned()],
            write: false,
        }
    }

    /// The check `job-writes` on this server; `target` is filled in.
    pub(crate) async fn job_writes(&self, mut settings: Value) -> Check {
        settings["target"] = "t".into();
        Check::of_database("job-writes", settings, self.grant("checker"), PASSWORD).await
    }
}

fn launch(folder: &Path, port: u16) -> Server {
    let mut command = child::command(&program("postgres"), Some("postgres"));
    command
        .arg("-D")
        .arg(folder.join("data"))
        // No fsync: nothing here outlives the test.
        .args(["-F", "-p", &port.to_string(), "-k"])
        .arg(folder)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "autovacuum=off", "-c", "wal_level=logical"]);
    Server::start(&mut command, folder.join("server.log"), Signal::QUIT)
}

/// An open session; it ends with its value.
pub(crate) struct Session {
    child: Child,
    into: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Session {
    /// Runs statements and waits for their end.
    pub(crate) fn tell(&mut self, statements: &str) {
        let into = self.into.as_mut().unwrap();
        writeln!(into, "{statements};\n\\echo told").unwrap();
        into.flush().unwrap();
        let mut line = String::new();
        while line.trim() != "told" {
            line.clear();
            let read = self.from.read_line(&mut line).unwrap();
            assert!(read > 0, "the session ended at: {statements}");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // psql leaves at the end of its input, and the server writes down what the session did.
        self.into = None;
        let _ = self.child.wait();
    }
}
