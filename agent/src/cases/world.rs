//! From a case as written to a run and its world: what contradicts itself is refused before anything runs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::Value;
use tidelock_model::{Cause, Name, Outcome, Sha256, Side, read_span};
use tidelock_sandbox::protocol::made_up::{
    Broken, Cell, HttpFake, HttpFakeAnswer, MadeUp, SqlFake, SqlFakeAnswer,
};
use tidelock_sandbox::protocol::{
    Grant, HttpGrant, Limits, PostgresGrant, RunRequest, Secret, SecretText, SqliteGrant, TargetGrant,
};

use super::file::{Expect as Written, File, HttpAnswer, SqlAnswer, Target};

/// What a case's clock says where it does not.
const NOW: &str = "2026-01-01T00:00:00Z";
/// How long an answer takes where a case does not say.
const TAKES_MS: u64 = 1;
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The longest run of a case on its own clock.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);

/// A case that can be played.
pub(super) struct Case {
    pub(super) about: String,
    pub(super) request: RunRequest,
    pub(super) made_up: MadeUp,
    pub(super) expect: Expect,
}

/// What a case expects, in the model's words.
pub(super) struct Expect {
    pub(super) outcome: Outcome,
    pub(super) cause: Option<Cause>,
    pub(super) written: Written,
    pub(super) steps: BTreeMap<String, Outcome>,
}

impl Case {
    pub(super) fn new(file: File, component: Sha256) -> Result<Case> {
        let now = file.now.as_deref().unwrap_or(NOW);
        let now: jiff::Timestamp =
            now.parse().map_err(|_| anyhow!("now: {now:?} is no time such as {NOW}"))?;
        let timeout = span(file.timeout.as_deref().unwrap_or("10s")).context("timeout")?;
        ensure!(!timeout.is_zero() && timeout <= MAX_TIMEOUT, "timeout: it is between 1ms and 10m");
        let side: Side = (file.side.as_deref().unwrap_or("source").parse())
            .map_err(|why: String| anyhow!("side: {why}"))?;
        let mut made_up = MadeUp {
            now_unix_ms: u64::try_from(now.as_millisecond()).context("now is before 1970")?,
            ..MadeUp::default()
        };
        let mut grants = Vec::new();
        for (name, target) in file.targets {
            let grant = grant(&name, &target).with_context(|| format!("targets.{name}"))?;
            fakes(&name, target, &mut made_up).with_context(|| format!("targets.{name}"))?;
            let name = Name::new(&name).with_context(|| format!("targets.{name}"))?.to_string();
            grants.push(TargetGrant { own: name != "other", name, grant });
        }
        let hosts = vec!["*.example".to_owned()];
        let secret = |(name, value): (String, String)| Secret {
            name,
            value: SecretText::new(value),
            hosts: hosts.clone(),
        };
        let request = RunRequest {
            component,
            check: "case".to_owned(),
            side,
            round: file.round.unwrap_or(1),
            nonce: vec![0; 32],
            settings: Value::Object(file.settings).to_string(),
            timeout_ms: u64::try_from(timeout.as_millis()).context("timeout")?,
            limits: Limits::default(),
            targets: grants,
            secrets: file.secrets.into_iter().map(secret).collect(),
            state: file.state.into_iter().map(|(key, value)| (key, value.into_bytes())).collect(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        };
        Ok(Case { about: file.about, request, made_up, expect: expect(file.expect).context("expect")? })
    }
}

/// What a case expects, once its words are known ones.
pub(super) fn expect(written: Written) -> Result<Expect> {
    let outcome = outcome(&written.outcome).context("outcome")?;
    let cause = written.cause.as_deref().map(|word| {
        let known = || Cause::ALL.iter().map(|cause| cause.word()).collect::<Vec<_>>().join(", ");
        let found = Cause::ALL.iter().find(|cause| cause.word() == word).copied();
        found.ok_or_else(|| anyhow!("cause: {word:?} is none of {}", known()))
    });
    let cause = cause.transpose()?;
    ensure!(cause.is_none() || outcome == Outcome::NotRun, "cause: only what did not run has one");
    let steps = written.steps.iter().map(|(step, word)| Ok((step.clone(), self::outcome(word)?)));
    let steps = steps.collect::<Result<_>>().context("steps")?;
    Ok(Expect { outcome, cause, steps, written })
}

fn outcome(word: &str) -> Result<Outcome> {
    let all = [Outcome::Pass, Outcome::Fail, Outcome::NotRun];
    all.into_iter()
        .find(|it| it.word() == word)
        .ok_or_else(|| anyhow!("{word:?} is not pass, fail or not run"))
}

fn span(text: &str) -> Result<Duration> {
    read_span(text).map_err(|why| anyhow!("{text:?}: {why}"))
}

fn grant(name: &str, target: &Target) -> Result<Grant> {
    match (&target.http, target.sql.as_deref()) {
        (Some(_), None) => {
            ensure!(target.answers.is_none() && !target.write, "`answers` and `write` are those of sql");
            let list = |given: &Option<Vec<String>>, all: &[&str]| {
                given.clone().unwrap_or_else(|| all.iter().map(|word| (*word).to_owned()).collect())
            };
            Ok(Grant::Http(HttpGrant {
                methods: list(&target.methods, &METHODS),
                paths: list(&target.paths, &["/"]),
                ..HttpGrant::closed(target.url.clone().unwrap_or_else(|| format!("https://{name}.example")))
            }))
        }
        (None, Some(dialect)) => {
            ensure!(target.answers.is_some(), "a database needs `answers`");
            let http = target.url.is_some() || target.methods.is_some() || target.paths.is_some();
            ensure!(!http, "`url`, `methods` and `paths` are those of http");
            match dialect {
                "postgres" => Ok(Grant::Postgres(PostgresGrant {
                    address: format!("{name}.example:5432/made-up"),
                    user: "made-up".to_owned(),
                    password: None,
                    ca: None,
                    tls_name: None,
                    addresses: Vec::new(),
                    write: target.write,
                })),
                "sqlite" => {
                    Ok(Grant::Sqlite(SqliteGrant { path: "/made-up".to_owned(), write: target.write }))
                }
                other => bail!("sql: {other:?} is neither postgres nor sqlite"),
            }
        }
        (Some(_), Some(_)) | (None, None) => bail!("a target has either `http` or `sql`"),
    }
}

fn fakes(name: &str, target: Target, made_up: &mut MadeUp) -> Result<()> {
    for (at, answer) in target.http.into_iter().flatten().enumerate() {
        made_up.http.push(http(name, answer).with_context(|| format!("http, answer {}", at + 1))?);
    }
    for (at, answer) in target.answers.into_iter().flatten().enumerate() {
        made_up.sql.push(sql(name, answer).with_context(|| format!("answer {}", at + 1))?);
    }
    Ok(())
}

fn takes(text: Option<&str>) -> Result<u64> {
    let Some(text) = text else { return Ok(TAKES_MS) };
    u64::try_from(span(text).context("takes")?.as_millis()).context("takes")
}

fn broken(word: &str) -> Result<Broken> {
    match word {
        "dns" => Ok(Broken::Dns),
        "connect" => Ok(Broken::Connect),
        "tls" => Ok(Broken::Tls),
        "silent" => Ok(Broken::Silent),
        other => bail!("broken: {other:?} is none of dns, connect, tls, silent"),
    }
}

fn http(target: &str, answer: HttpAnswer) -> Result<HttpFake> {
    ensure!(answer.times != Some(0), "times: an answer that is never given");
    let (method, path) = (answer.request.split_once(' '))
        .filter(|(method, path)| METHODS.contains(method) && path.starts_with('/'))
        .ok_or_else(|| anyhow!("request: {:?} is not METHOD /path", answer.request))?;
    let bare = answer.status.is_none() && answer.body.is_none() && answer.json.is_none();
    let given = match answer.broken.as_deref() {
        Some(word) => {
            ensure!(bare && answer.headers.is_empty(), "what is broken has no status, headers or body");
            HttpFakeAnswer::Broken(broken(word)?)
        }
        None => {
            ensure!(!bare, "it needs a status, a body, json or `broken`");
            let status = answer.status.unwrap_or(200);
            ensure!((100..=599).contains(&status), "status: {status} is none");
            let mut headers: Vec<(String, String)> = answer.headers.into_iter().collect();
            let body = match (answer.body, answer.json) {
                (Some(_), Some(_)) => bail!("it has both a body and json"),
                (Some(body), None) => body,
                (None, Some(json)) => {
                    headers.push(("content-type".to_owned(), "application/json".to_owned()));
                    json.to_string()
                }
                (None, None) => String::new(),
            };
            HttpFakeAnswer::Response { status, headers, body: body.into_bytes() }
        }
    };
    Ok(HttpFake {
        target: target.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        body_contains: answer.body_contains,
        times: answer.times,
        takes_ms: takes(answer.takes.as_deref())?,
        answer: given,
    })
}

fn sql(target: &str, answer: SqlAnswer) -> Result<SqlFake> {
    ensure!(answer.times != Some(0), "times: an answer that is never given");
    let SqlAnswer { statement, params, times, takes: time, columns, rows, changed, error, broken: how } =
        answer;
    let given = match (rows, changed, error, how) {
        (Some(rows), None, None, None) => {
            let columns = columns.context("rows need `columns`")?;
            if let Some(row) = rows.iter().find(|row| row.len() != columns.len()) {
                bail!("a row has {} cells and there are {} columns", row.len(), columns.len());
            }
            let rows = rows.into_iter().map(cells).collect::<Result<_>>()?;
            SqlFakeAnswer::Rows { columns, rows }
        }
        (None, Some(changed), None, None) => SqlFakeAnswer::Changed(changed),
        (None, None, Some(error), None) => SqlFakeAnswer::Error { code: error.code, message: error.message },
        (None, None, None, Some(word)) => SqlFakeAnswer::Broken(broken(&word)?),
        (_, _, _, _) => bail!("it needs one of rows, changed, error and broken"),
    };
    let params = params.map(cells).transpose()?;
    Ok(SqlFake {
        target: target.to_owned(),
        statement,
        params,
        times,
        takes_ms: takes(time.as_deref())?,
        answer: given,
    })
}

fn cells(values: Vec<Value>) -> Result<Vec<Cell>> {
    values.into_iter().map(cell).collect()
}

fn cell(value: Value) -> Result<Cell> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Boolean(value),
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(float)) => Cell::Float(float),
            (None, None) => bail!("{number} is no number that a database has"),
        },
        Value::Array(_) | Value::Object(_) => bail!("a cell is null, true, false, a number or a text"),
    })
}
