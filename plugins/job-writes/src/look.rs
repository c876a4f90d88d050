//! Two readings compared: this run's and the last one's.

use tidelock_plugin::{Context, Database, Scenario, Stop};

use crate::book::Book;
use crate::diff::{Groups, News, grown, news};
use crate::settings::Settings;
use crate::{postgres, sqlite};

const FIRST: &str = "first look, nothing to compare with";

/// What was found so far.
#[derive(Default)]
struct Found {
    /// Rows written by those who may not, at least.
    writes: u64,
    runs: u64,
    open_writers: u64,
    /// What was written, in words.
    told: Vec<String>,
    /// Why a part has no answer.
    no_answer: Option<String>,
}

impl Found {
    fn no_answer(&mut self, why: impl Into<String>) {
        self.no_answer.get_or_insert(why.into());
    }

    fn wrote(&mut self, run: &mut Scenario, rows: u64, what: String) {
        self.writes = self.writes.saturating_add(rows);
        run.remaining(rows, "rows", what.clone());
        self.told.push(what);
    }
}

/// Takes all readings, compares them and reports.
pub(crate) fn look(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    let db = ctx.sql(&settings.target);
    let dialect = run.step("connect", |_| db.dialect())?;
    let mut found = Found::default();
    if let Some(book) = Book::of_runs(settings) {
        let groups = run.step("runs", |_| book.read(&db, &dialect))?;
        runs(ctx, settings, run, &mut found, groups)?;
    }
    if let Some(book) = Book::of_changes(settings) {
        let groups = run.step("changes", |_| book.read(&db, &dialect))?;
        match remember(ctx, "changes", &groups)? {
            None => found.no_answer(FIRST),
            Some(before) => {
                for News { name, writer, rows } in news(&before, &groups) {
                    if !settings.allows(&writer) {
                        found.wrote(run, rows, format!("{name}: {rows} rows by {}", named(&writer)));
                    }
                }
            }
        }
    }
    if !settings.watch_schemas.is_empty() || !settings.watch_tables.is_empty() {
        match dialect.as_str() {
            "postgres" => postgres_tables(ctx, &db, settings, run, &mut found)?,
            "sqlite" => sqlite_tables(ctx, &db, settings, run, &mut found)?,
            other => return Err(Stop::blind(format!("writes to {other} are not yet looked at"))),
        }
    }
    tell(settings, run, found)
}

/// Reports what was found. A reading without an answer is not silence; a write that was seen is a write all
/// the same.
fn tell(settings: &Settings, run: &mut Scenario, found: Found) -> Result<(), Stop> {
    let told = if found.told.is_empty() { "nobody wrote here".to_owned() } else { found.told.join("; ") };
    if found.no_answer.is_none() || found.writes > 0 {
        run.measure("writes", found.writes as f64, "rows");
        run.note(&told);
    }
    if found.no_answer.is_none() {
        run.measure("open_writers", found.open_writers as f64, "");
        if settings.runs_table.is_some() {
            run.measure("runs", found.runs as f64, "");
        }
    }
    if settings.must_be_quiet && found.writes > 0 {
        run.step("quiet", |_| -> Result<(), Stop> { Err(Stop::Wrong(told)) })?;
    }
    if let Some(why) = found.no_answer {
        run.no_answer(why);
    }
    Ok(())
}

fn runs(
    ctx: &Context,
    settings: &Settings,
    run: &mut Scenario,
    found: &mut Found,
    mut groups: Groups,
) -> Result<(), Stop> {
    if !settings.jobs.is_empty() {
        groups.retain(|job, _| settings.jobs.contains(job));
    }
    // What is looked at is part of the reading: other jobs than last time cannot be compared.
    let reading = (settings.jobs.clone(), groups);
    let before: Option<(Vec<String>, Groups)> = remember(ctx, "runs", &reading)?;
    let Some((_, before)) = before.filter(|(jobs, _)| *jobs == settings.jobs) else {
        found.no_answer(FIRST);
        return Ok(());
    };
    for job in &settings.jobs {
        run.measure(&format!("runs.{job}"), 0.0, "");
    }
    let mut by_job = std::collections::BTreeMap::<String, u64>::new();
    for News { name, writer, rows } in news(&before, &reading.1) {
        let of_job = by_job.entry(name.clone()).or_default();
        *of_job += rows;
        run.measure(&format!("runs.{name}"), *of_job as f64, "");
        if !settings.allows(&writer) {
            found.runs += rows;
            let times = if rows == 1 { "once".to_owned() } else { format!("{rows} times") };
            found.wrote(run, rows, format!("job {name} ran {times} by {}", named(&writer)));
        }
    }
    Ok(())
}

fn postgres_tables(
    ctx: &Context,
    db: &Database,
    settings: &Settings,
    run: &mut Scenario,
    found: &mut Found,
) -> Result<(), Stop> {
    // Sessions first: a writer that is still open now is seen although nothing of it is counted yet.
    let sessions = run.step("writers", |_| postgres::sessions(db))?;
    let mut now = run.step("tables", |_| postgres::read(db, settings, ctx.now_unix_ms()))?;
    if let Some(before) = ctx.state().get::<postgres::Reading>("tables")? {
        now.follow(&before);
    }
    let may =
        |session: &postgres::Session| settings.allows(&session.role) || settings.allows(&session.application);
    let (allowed, others): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|session| may(session));
    for writer in others.iter().filter(|session| session.writing) {
        found.open_writers += 1;
        found.wrote(run, 1, format!("{} is writing in an open transaction", writer.name()));
    }
    let before: Option<postgres::Reading> = remember(ctx, "tables", &now)?;
    let Some(before) = before else {
        found.no_answer(FIRST);
        return Ok(());
    };
    let grown = grown(&before.tables, &now.tables).filter(|_| before.since == now.since);
    let Some(grown) = grown else {
        found.no_answer("the server's statistics began anew since the last look: nothing to compare with");
        return Ok(());
    };
    let since_s = i64::try_from(now.at_unix_ms.saturating_sub(before.at_unix_ms) / 1000).unwrap_or(i64::MAX);
    let suspects: Vec<_> = others
        .iter()
        .filter(|session| session.may_have_written(since_s))
        .map(postgres::Session::name)
        .collect();
    for (table, rows) in grown {
        if let Some(feed) = allowed.first() {
            found.no_answer(format!(
                "cannot tell the feed from a job: {rows} rows were written to {table} while {} is connected; give \
                 change_log, or watch tables that the feed does not write",
                feed.name()
            ));
        } else {
            found.wrote(run, rows, format!("{table}: {rows} rows by {}", one_of(&suspects)));
        }
    }
    if found.writes == 0 && allowed.is_empty() {
        late(&now, &others, found);
    }
    Ok(())
}

/// A session hands its counts in up to ten seconds after it wrote. Where a transaction wrote and a session is
/// open that may have been it, counters that stand still are no silence yet. Beside a feed, which writes all
/// the time, this would never end: there the write is found one look later.
fn late(now: &postgres::Reading, others: &[postgres::Session], found: &mut Found) {
    let suspect = others.iter().find(|session| session.may_be_late());
    if let Some(session) = suspect.filter(|_| now.may_be_late()) {
        found.no_answer(format!(
            "a transaction wrote on this server, and what {} wrote may not be counted yet",
            session.name()
        ));
    }
}

fn sqlite_tables(
    ctx: &Context,
    db: &Database,
    settings: &Settings,
    run: &mut Scenario,
    found: &mut Found,
) -> Result<(), Stop> {
    let now = run.step("tables", |_| sqlite::read(db, settings))?;
    let before: Option<sqlite::Sizes> = remember(ctx, "sizes", &now)?;
    let Some(before) = before.filter(|before| now.keys().all(|table| before.contains_key(table))) else {
        found.no_answer(FIRST);
        return Ok(());
    };
    for (table, rows) in sqlite::changed(&before, &now) {
        if settings.has_rows_of(None, &table) {
            continue;
        }
        if settings.allowed_writers.is_empty() {
            found.wrote(run, rows, format!("{table}: {rows} rows by an unnamed writer"));
        } else {
            found.no_answer(format!(
                "cannot tell the feed from a job: {rows} rows were written to {table}, and SQLite does not say by \
                 whom; give change_log, or watch tables that the feed does not write"
            ));
        }
    }
    Ok(())
}

/// Gives the last reading and keeps this one. It is kept only if the run ends with a report.
fn remember<T: serde::Serialize + serde::de::DeserializeOwned>(
    ctx: &Context,
    key: &str,
    now: &T,
) -> Result<Option<T>, Stop> {
    let state = ctx.state();
    let before = state.get(key)?;
    state.set(key, now)?;
    Ok(before)
}

fn named(writer: &str) -> &str {
    if writer.is_empty() { "an unnamed writer" } else { writer }
}

fn one_of(suspects: &[String]) -> String {
    match suspects {
        [] => "a writer that has gone".to_owned(),
        [writer] => writer.clone(),
        writers => {
            let shown: Vec<_> = writers.iter().take(5).map(String::as_str).collect();
            format!("one of {}", shown.join(", "))
        }
    }
}
