//! The check against made-up databases, over several runs.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema};
use tidelock_plugin::{Check, Outcome, Report, Rows, SqlFailure, SqlValue, Trouble};

use crate::JobWrites;
use crate::settings::Settings;

/// What the made-up server holds.
#[derive(Clone, Default)]
struct Server {
    /// Job, host, runs, latest.
    runs: Vec<(&'static str, &'static str, i64, &'static str)>,
    /// Table of the schema `shop`, and its inserted rows.
    tables: Vec<(&'static str, i64)>,
    /// Role, application, writing, quiet seconds.
    sessions: Vec<(&'static str, &'static str, bool, i64)>,
    since: &'static str,
    next_transaction: i64,
    hidden: bool,
    standby: bool,
}

fn rows(columns: &[&str], rows: Vec<Vec<SqlValue>>) -> Rows {
    Rows { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows, more: false }
}

fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.to_owned())
}

impl Server {
    fn answer(&self, statement: &str, params: &[SqlValue]) -> Result<Rows, SqlFailure> {
        if statement.contains("row_security_active") {
            return Ok(rows(&["hidden"], vec![vec![SqlValue::Boolean(self.hidden)]]));
        }
        if statement.contains("pg_is_in_recovery") {
            let server = vec![
                SqlValue::Boolean(self.standby),
                text("on"),
                text("t0"),
                SqlValue::Integer(self.next_transaction),
                text(self.since),
            ];
            let columns = ["standby", "counting", "started", "next_transaction", "reset"];
            return Ok(rows(&columns, vec![server]));
        }
        if statement.contains("pg_stat_user_tables") {
            let zero = SqlValue::Integer(0);
            let table = |(name, count): &(&str, i64)| {
                vec![text(name), SqlValue::Integer(*count), zero.clone(), zero.clone()]
            };
            let seen =
                if params == [text("shop")] { self.tables.iter().map(table).collect() } else { Vec::new() };
            return Ok(rows(&["name", "inserted", "updated", "deleted"], seen));
        }
        if statement.contains("pg_stat_activity") {
            let session = |(role, application, writing, quiet): &(&str, &str, bool, i64)| {
                vec![text(role), text(application), SqlValue::Boolean(*writing), SqlValue::Integer(*quiet)]
            };
            let sessions = self.sessions.iter().map(session).collect();
            return Ok(rows(&["role", "application", "writing", "quiet_s"], sessions));
        }
        if statement.contains("max(rowid)") {
            let count =
                |table: &(&str, i64)| statement.contains(&format!("\"{}\"", table.0)).then_some(table.1);
            let Some(count) = self.tables.iter().find_map(count) else {
                return Err(SqlFailure::Statement((String::new(), "no such table".to_owned())));
            };
            let size = vec![SqlValue::Integer(count), SqlValue::Integer(count)];
            return Ok(rows(&["row_count", "newest"], vec![size]));
        }
        assert!(
            statement.contains("CAST(\"host\" AS text)") || statement.contains("FROM \"log\""),
            "{statement}"
        );
        let group = |(job, host, runs, latest): &(&str, &str, i64, &str)| {
            vec![text(job), text(host), SqlValue::Integer(*runs), text(latest)]
        };
        Ok(rows(&["name", "writer", "row_count", "latest"], self.runs.iter().map(group).collect()))
    }
}

/// A check that runs again and again on a server that changes.
struct Night {
    server: Rc<RefCell<Server>>,
    host: Rc<FakeHost>,
    settings: Value,
}

impl Night {
    fn new(dialect: &str, server: Server, settings: Value) -> Night {
        let server = Rc::new(RefCell::new(server));
        let seen = server.clone();
        let host = FakeHost::new().sql(dialect, move |target, statement, params| {
            assert_eq!(target, "db");
            seen.borrow().answer(statement, params)
        });
        Night { server, host: host.rc(), settings }
    }

    fn run(&self) -> Result<Report, Trouble> {
        self.host.pass_ms(10_000);
        self.host.run::<JobWrites>(&self.settings)
    }

    fn report(&self) -> Report {
        self.run().unwrap()
    }
}

fn jobs(extra: Value) -> Night {
    let mut settings =
        json!({ "target": "db", "runs_table": "job_runs", "columns": { "started_at": "started_at_ms" } });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let server = Server { runs: vec![("invoice", "old-1", 4, "100")], ..Server::default() };
    Night::new("sqlite", server, settings)
}

fn schema(sessions: Vec<(&'static str, &'static str, bool, i64)>, extra: Value) -> Night {
    let mut settings = json!({ "target": "db", "watch_schemas": ["shop"] });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let server =
        Server { tables: vec![("orders", 10), ("carts", 5)], sessions, since: "s0", ..Server::default() };
    Night::new("postgres", server, settings)
}

#[test]
fn the_first_look_is_no_silence() {
    let night = jobs(json!({}));
    let report = night.report();
    assert_eq!(
        (report.outcome, report.note.as_str()),
        (Outcome::NotRun, "first look, nothing to compare with")
    );
    assert_eq!(report.measure("writes"), None);
    let report = night.report();
    assert_eq!((report.outcome, report.measure("writes")), (Outcome::Pass, Some(0.0)));
    assert_eq!(report.note, "nobody wrote here");
}

#[test]
fn the_forgotten_job_is_named_with_its_host() {
    let night = jobs(json!({ "jobs": ["invoice", "stock"] }));
    night.report();
    night.server.borrow_mut().runs = vec![("invoice", "old-1", 6, "300"), ("other", "old-1", 9, "300")];
    let report = night.report();
    assert_eq!(report.outcome, Outcome::Pass, "a claim judges it");
    assert_eq!(report.note, "job invoice ran 2 times by old-1");
    for (name, value) in [("writes", 2.0), ("runs", 2.0), ("runs.invoice", 2.0), ("runs.stock", 0.0)] {
        assert_eq!(report.measure(name), Some(value), "{name}");
    }
    assert_eq!((report.remaining[0].count, report.remaining[0].unit.as_str()), (2, "rows"));
}

#[test]
fn a_write_is_a_fault_where_it_must_be_quiet() {
    let night = jobs(json!({ "must_be_quiet": true }));
    night.report();
    assert_eq!(night.report().outcome, Outcome::Pass);
    night.server.borrow_mut().runs = vec![("invoice", "old-1", 5, "200")];
    let report = night.report();
    assert_eq!(
        (report.outcome, report.note.as_str()),
        (Outcome::Fail, "quiet: job invoice ran once by old-1")
    );
    assert_eq!(night.report().outcome, Outcome::Pass, "the reading was kept with the fault");
}

#[test]
fn an_allowed_writer_is_not_counted_and_another_one_is() {
    let night = jobs(json!({ "allowed_writers": ["old-1"] }));
    night.report();
    night.server.borrow_mut().runs = vec![("invoice", "old-1", 5, "200")];
    let report = night.report();
    assert_eq!((report.measure("writes"), report.measure("runs.invoice")), (Some(0.0), Some(1.0)));
    night.server.borrow_mut().runs.push(("invoice", "old-2", 1, "200"));
    assert_eq!(night.report().measure("writes"), Some(1.0));
}

#[test]
fn row_level_security_is_no_silence() {
    let night = schema(Vec::new(), json!({ "runs_table": "ops.job_runs" }));
    night.server.borrow_mut().hidden = true;
    let Err(Trouble::CouldNotLook(why)) = night.run() else { panic!("it looked") };
    assert!(why.contains("row-level security may hide rows of ops.job_runs"), "{why}");
}

#[test]
fn a_writer_is_named_by_its_application_name() {
    let night =
        schema(vec![("billing", "invoice-cron", false, 4), ("tidelock_ro", "tidelock", false, 1)], json!({}));
    night.report();
    night.server.borrow_mut().tables = vec![("orders", 13), ("carts", 5)];
    let report = night.report();
    assert_eq!(report.note, "shop.orders: 3 rows by invoice-cron (billing)");
    assert_eq!(report.measure("writes"), Some(3.0));
    assert_eq!(night.report().measure("writes"), Some(0.0));
}

#[test]
fn an_open_transaction_that_wrote_is_seen_before_it_is_counted() {
    let night = schema(vec![("billing", "invoice-cron", true, 0)], json!({}));
    night.report();
    let report = night.report();
    assert_eq!((report.measure("writes"), report.measure("open_writers")), (Some(1.0), Some(1.0)));
    assert_eq!(report.note, "invoice-cron (billing) is writing in an open transaction");
}

#[test]
fn counters_that_may_be_late_are_no_silence() {
    let night = schema(vec![("billing", "invoice-cron", false, 3)], json!({}));
    night.report();
    assert_eq!(night.report().outcome, Outcome::Pass, "no transaction has written");
    // It moves at once, the counters do not; the second look is ten seconds later.
    night.server.borrow_mut().next_transaction = 8;
    for _ in 0..2 {
        let report = night.report();
        assert_eq!((report.outcome, report.measure("writes")), (Outcome::NotRun, None));
        assert!(report.note.contains("invoice-cron (billing)"), "{}", report.note);
    }
    let report = night.report();
    assert_eq!(report.note, "nobody wrote here", "it was another table of the server");
    // A session that has been quiet for long has handed everything in.
    night.server.borrow_mut().next_transaction = 9;
    night.server.borrow_mut().sessions[0].3 = 60;
    assert_eq!(night.report().outcome, Outcome::Pass);
}

#[test]
fn a_writer_that_has_gone_is_counted_without_a_name() {
    let night = schema(vec![("web", "reports", false, 900)], json!({}));
    night.report();
    night.server.borrow_mut().tables[0].1 = 11;
    assert_eq!(night.report().note, "shop.orders: 1 rows by a writer that has gone");
}

#[test]
fn statistics_that_began_anew_are_no_silence() {
    let night = schema(Vec::new(), json!({}));
    night.report();
    night.server.borrow_mut().since = "s1";
    assert_eq!(night.report().outcome, Outcome::NotRun);
    assert_eq!(night.report().outcome, Outcome::Pass);
    night.server.borrow_mut().tables[0].1 = 2;
    assert_eq!(night.report().outcome, Outcome::NotRun, "a counter went back");
}

#[test]
fn the_feed_is_not_told_from_a_job() {
    let feed = json!({ "allowed_writers": ["reverse_feed"] });
    let night = schema(vec![("repl", "reverse_feed", false, 1)], feed.clone());
    night.report();
    assert_eq!(night.report().measure("writes"), Some(0.0), "nothing was written");
    night.server.borrow_mut().tables[0].1 = 11;
    let report = night.report();
    assert_eq!((report.outcome, report.measure("writes")), (Outcome::NotRun, None));
    assert!(
        report.note.starts_with("cannot tell the feed from a job: 1 rows were written to shop.orders"),
        "{}",
        report.note
    );
    // A job that is caught in the act is a job, feed or not.
    night.server.borrow_mut().sessions.push(("billing", "invoice-cron", true, 0));
    assert_eq!(night.report().measure("writes"), Some(1.0));
}

#[test]
fn what_cannot_be_counted_is_not_looked_at() {
    let standby = schema(Vec::new(), json!({}));
    standby.server.borrow_mut().standby = true;
    let empty = schema(Vec::new(), json!({ "watch_schemas": ["nothing"] }));
    let missing = schema(Vec::new(), json!({ "watch_tables": ["shop.nothing"] }));
    let sqlite =
        Night::new("sqlite", Server::default(), json!({ "target": "db", "watch_schemas": ["main"] }));
    for (night, word) in
        [(standby, "standby"), (empty, "no tables"), (missing, "no table"), (sqlite, "watch_tables")]
    {
        let Err(Trouble::CouldNotLook(why)) = night.run() else { panic!("it looked: {word}") };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn sqlite_tables_are_counted_themselves() {
    let settings = json!({ "target": "db", "watch_tables": ["orders"] });
    let night = Night::new("sqlite", Server { tables: vec![("orders", 3)], ..Server::default() }, settings);
    night.report();
    night.server.borrow_mut().tables[0].1 = 5;
    assert_eq!(night.report().note, "orders: 2 rows by an unnamed writer");
}

#[test]
fn a_change_log_tells_the_feed_from_a_job() {
    let log = json!({ "table": "log", "of": "stream", "at": "at_ms", "writer": "writer" });
    let settings = json!({ "target": "db", "change_log": log, "allowed_writers": ["feed"] });
    let server = Server { runs: vec![("orders", "feed", 10, "1")], ..Server::default() };
    let night = Night::new("sqlite", server, settings);
    night.report();
    night.server.borrow_mut().runs = vec![("orders", "feed", 20, "2"), ("orders", "cron", 1, "2")];
    let report = night.report();
    assert_eq!((report.note.as_str(), report.measure("writes")), ("orders: 1 rows by cron", Some(1.0)));
}

#[test]
fn settings_that_look_at_nothing_or_are_no_names_are_refused() {
    for settings in [
        json!({ "target": "db" }),
        json!({ "target": "db", "runs_table": "a; DROP TABLE b" }),
        json!({ "target": "db", "runs_table": "a\"b" }),
        json!({ "target": "db", "watch_tables": ["a.b.c"] }),
        json!({ "target": "db", "jobs": ["a"], "watch_tables": ["a"] }),
        json!({ "target": "db", "runs_table": "a", "columns": { "name": "x" } }),
    ] {
        let night = Night::new("sqlite", Server::default(), settings.clone());
        assert!(matches!(night.run(), Err(Trouble::BadSettings(_))), "{settings}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&JobWrites::manifest().settings_schema);
}
