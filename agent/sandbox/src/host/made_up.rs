//! The made-up world of a case: answers instead of targets, and a clock that only calls and sleeps move.
//!
//! Grants, limits, secrets and redirects stay the host's own; only the wire and the clock are made up.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::CallError;
use super::net::Resolved;
use crate::bindings::tidelock::check::sql::Value;
use crate::protocol::made_up::{Broken, Cell, HttpFakeAnswer, MadeUp, SqlFakeAnswer, Used};
use crate::report::clean;

/// Calls without an answer that are listed.
const MAX_UNANSWERED: usize = 32;

/// The world, and what was used of it.
pub(crate) struct World {
    made_up: MadeUp,
    used: Used,
    timeout_us: u64,
    /// When calls are given up.
    call_us: u64,
}

/// What a fake says to a request.
pub(crate) struct FakeResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
    pub(crate) resolved: Arc<Resolved>,
}

/// What a fake says to a statement.
pub(crate) enum FakeRows {
    Rows { columns: Vec<String>, rows: Vec<Vec<Value>> },
    Changed(u64),
}

impl World {
    pub(crate) fn new(made_up: MadeUp, timeout: Duration, margin: Duration) -> World {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let used =
            Used { http: vec![0; made_up.http.len()], sql: vec![0; made_up.sql.len()], ..Used::default() };
        let timeout_us = micros(timeout);
        World { made_up, used, timeout_us, call_us: timeout_us.saturating_sub(micros(margin)) }
    }

    pub(crate) fn now_unix_ms(&self) -> u64 {
        self.made_up.now_unix_ms.saturating_add(self.used.passed_us / 1_000)
    }

    pub(crate) fn passed_us(&self) -> u64 {
        self.used.passed_us
    }

    pub(crate) fn is_over(&self) -> bool {
        self.used.passed_us >= self.timeout_us
    }

    pub(crate) fn is_over_for_calls(&self) -> bool {
        self.used.passed_us >= self.call_us
    }

    /// Sleeps without waiting.
    pub(crate) fn sleep(&mut self, ms: u32) {
        let until = self.used.passed_us.saturating_add(u64::from(ms) * 1_000);
        self.used.passed_us = until.min(self.timeout_us);
    }

    /// What the run may use up, where it has an end.
    pub(crate) fn fuel(&self) -> Option<u64> {
        self.made_up.fuel
    }

    /// Takes down what was used of it.
    pub(crate) fn keep_fuel(&mut self, left: u64) {
        self.used.fuel = self.made_up.fuel.map(|given| given.saturating_sub(left));
    }

    pub(crate) fn into_used(self) -> Used {
        self.used
    }

    /// Lets the time of an answer pass; an error where there is not so much left.
    fn pass(&mut self, takes_ms: u64) -> Result<Duration, CallError> {
        let until = self.used.passed_us.saturating_add(takes_ms.saturating_mul(1_000));
        if until >= self.call_us {
            self.used.passed_us = self.call_us;
            return Err(CallError::Timeout("no answer in time".to_owned()));
        }
        self.used.passed_us = until;
        Ok(Duration::from_millis(takes_ms))
    }

    fn broken(&mut self, broken: Broken) -> CallError {
        match broken {
            Broken::Dns => CallError::Dns("the name is not known".to_owned()),
            Broken::Connect => CallError::Connect("connection refused".to_owned()),
            Broken::Tls => CallError::Tls("the certificate is not valid".to_owned()),
            Broken::Silent => {
                self.used.passed_us = self.call_us;
                CallError::Timeout("no answer in time".to_owned())
            }
        }
    }

    fn unanswered(&mut self, call: String) -> CallError {
        let call = clean(&call, 512);
        let error = CallError::Denied(format!("no fake of the case answers {call}"));
        if self.used.unanswered.len() < MAX_UNANSWERED && !self.used.unanswered.contains(&call) {
            self.used.unanswered.push(call);
        }
        error
    }

    /// Answers a request.
    pub(crate) fn http(
        &mut self,
        target: &str,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<FakeResponse, CallError> {
        let body = String::from_utf8_lossy(body);
        let fits = |(at, fake): &(usize, &crate::protocol::made_up::HttpFake)| {
            fake.target == target
                && fake.method == method
                && path_fits(&fake.path, path)
                && fake.body_contains.as_ref().is_none_or(|part| body.contains(part))
                && fake.times.is_none_or(|times| self.used.http[*at] < times)
        };
        let Some((at, fake)) = self.made_up.http.iter().enumerate().find(fits) else {
            return Err(self.unanswered(format!("{method} {path} of target {target}")));
        };
        let fake = fake.clone();
        self.used.http[at] += 1;
        match fake.answer {
            HttpFakeAnswer::Broken(how) => Err(self.broken(how)),
            HttpFakeAnswer::Response { status, headers, body } => {
                let took = self.pass(fake.takes_ms)?;
                let headers = headers.iter().map(|(name, value)| header(name, value));
                let headers = headers.collect::<Result<HeaderMap, _>>()?;
                Ok(FakeResponse { status, headers, body, took, resolved: Arc::default() })
            }
        }
    }

    /// Answers a statement.
    pub(crate) fn sql(
        &mut self,
        target: &str,
        statement: &str,
        params: &[Value],
    ) -> Result<FakeRows, CallError> {
        let said = words(statement);
        let fits = |(at, fake): &(usize, &crate::protocol::made_up::SqlFake)| {
            fake.target == target
                && text_fits(&words(&fake.statement), &said)
                && fake.params.as_ref().is_none_or(|wanted| same(wanted, params))
                && fake.times.is_none_or(|times| self.used.sql[*at] < times)
        };
        let Some((at, fake)) = self.made_up.sql.iter().enumerate().find(fits) else {
            return Err(self.unanswered(format!("{said:?} with {} of target {target}", listed(params))));
        };
        let fake = fake.clone();
        self.used.sql[at] += 1;
        if let SqlFakeAnswer::Broken(how) = fake.answer {
            return Err(self.broken(how));
        }
        self.pass(fake.takes_ms)?;
        match fake.answer {
            SqlFakeAnswer::Rows { columns, rows } => {
                let rows = rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect();
                Ok(FakeRows::Rows { columns, rows })
            }
            SqlFakeAnswer::Changed(changed) => Ok(FakeRows::Changed(changed)),
            SqlFakeAnswer::Error { code, message } => Err(CallError::Statement(code, message)),
            SqlFakeAnswer::Broken(how) => Err(self.broken(how)),
        }
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), CallError> {
    let bad = |what: &str| CallError::Protocol(format!("the fake's header {name:?} {what}"));
    let value = HeaderValue::from_str(value).map_err(|_| bad("has no plain value"))?;
    Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("has no plain name"))?, value))
}

fn path_fits(wanted: &str, path: &str) -> bool {
    let without_query = path.split_once('?').map_or(path, |(before, _)| before);
    text_fits(wanted, path) || !wanted.contains('?') && text_fits(wanted, without_query)
}

fn text_fits(wanted: &str, text: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => text.starts_with(start.trim_end()),
        None => wanted == text,
    }
}

fn words(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(';').to_owned()
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(value) => Value::Boolean(value),
        Cell::Integer(value) => Value::Integer(value),
        Cell::Float(value) => Value::Float(value),
        Cell::Text(value) => Value::Text(value),
    }
}

fn same(wanted: &[Cell], params: &[Value]) -> bool {
    wanted.len() == params.len()
        && wanted.iter().cloned().map(value).zip(params).all(|(one, two)| one == *two)
}

fn listed(params: &[Value]) -> String {
    let one = |param: &Value| match param {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("{} bytes", value.len()),
    };
    format!("[{}]", params.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::made_up::{HttpFake, SqlFake};

    fn page(path: &str, times: Option<u32>, status: u16) -> HttpFake {
        let answer = HttpFakeAnswer::Response { status, headers: Vec::new(), body: Vec::new() };
        let (target, method) = ("shop".to_owned(), "GET".to_owned());
        HttpFake { target, method, path: path.to_owned(), body_contains: None, times, takes_ms: 10, answer }
    }

    fn world(made_up: MadeUp) -> World {
        World::new(made_up, Duration::from_millis(100), Duration::from_millis(10))
    }

    #[test]
    fn fakes_answer_in_their_order_and_so_often_as_they_say() {
        let http = vec![page("/", Some(1), 500), page("/", None, 200), page("/a?x=1", None, 201)];
        let mut world = world(MadeUp { now_unix_ms: 5, http, ..MadeUp::default() });
        let mut get = |path: &str| world.http("shop", "GET", path, b"").map(|answer| answer.status);
        assert_eq!((get("/"), get("/"), get("/?q=1")), (Ok(500), Ok(200), Ok(200)));
        assert_eq!(get("/a?x=1"), Ok(201));
        let missed = get("/a").unwrap_err();
        assert!(matches!(&missed, CallError::Denied(why) if why.contains("GET /a of target shop")));
        assert!(world.http("other", "GET", "/", b"").is_err());
        assert_eq!((world.passed_us(), world.now_unix_ms()), (40_000, 45));
        let used = world.into_used();
        assert_eq!((used.http, used.unanswered.len()), (vec![1, 2, 1], 2));
    }

    #[test]
    fn time_passes_by_answers_and_sleeps_alone_and_is_up_when_it_is_up() {
        let slow = HttpFake { takes_ms: 91, ..page("/slow", None, 200) };
        let silent = HttpFake { answer: HttpFakeAnswer::Broken(Broken::Silent), ..page("/silent", None, 0) };
        let mut world = world(MadeUp { http: vec![slow, silent], ..MadeUp::default() });
        assert!(matches!(world.http("shop", "GET", "/slow", b""), Err(CallError::Timeout(_))));
        assert!(world.is_over_for_calls() && !world.is_over());
        world.sleep(1_000);
        assert_eq!((world.is_over(), world.passed_us()), (true, 100_000));
        assert!(matches!(world.http("shop", "GET", "/silent", b""), Err(CallError::Timeout(_))));
    }

    #[test]
    fn statements_fit_by_their_words_and_parameters() {
        let fake = |statement: &str, params: Option<Vec<Cell>>, changed| SqlFake {
            target: "db".to_owned(),
            statement: statement.to_owned(),
            params,
            times: None,
            takes_ms: 0,
            answer: SqlFakeAnswer::Changed(changed),
        };
        let one = vec![Cell::Integer(1), Cell::Text("a".to_owned())];
        let sql = vec![fake("update t set x = 1", Some(one), 1), fake("update *", None, 2)];
        let mut world = world(MadeUp { sql, ..MadeUp::default() });
        let mut ask = |text: &str, params: &[Value]| match world.sql("db", text, params) {
            Ok(FakeRows::Changed(changed)) => Some(changed),
            Ok(FakeRows::Rows { .. }) | Err(_) => None,
        };
        assert_eq!(ask("update t\n  set x = 1;", &[Value::Integer(1), Value::Text("a".to_owned())]), Some(1));
        assert_eq!(ask("update t set x = 1", &[Value::Integer(2)]), Some(2));
        assert_eq!(ask("delete from t", &[]), None);
        assert_eq!(world.into_used().unanswered, ["\"delete from t\" with [] of target db"]);
    }
}
