//! `tidelock-agent try`: one run of one component in the real sandbox, with everything that can be
//! seen of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};
use tidelock_model::{Outcome, Side};
use tidelock_sandbox::protocol::{Limits, RunRequest, RunResult};

use crate::out::Out;
use crate::{chance, connect, local};

mod document;

use document::{document, kind};

/// It did not look.
const EXIT_NOT_RUN: u8 = 6;
/// It could not even be begun.
const EXIT_USAGE: u8 = 2;

/// What the person asks for.
#[derive(Debug, Clone)]
pub struct Try {
    /// `builtin:NAME` or a file.
    pub plugin: String,
    /// `KEY=VALUE`.
    pub with: Vec<String>,
    /// A file with settings.
    pub with_file: Option<PathBuf>,
    /// `NAME=URL`.
    pub targets: Vec<String>,
    /// `NAME=FILE`.
    pub secrets: Vec<String>,
    /// The side that the component is told.
    pub side: Side,
    /// How long it may take.
    pub timeout: Duration,
    /// One JSON document instead of lines.
    pub json: bool,
}

/// Runs it and prints. The exit code is 0 for pass, 1 for fail, 6 for not run.
///
/// # Errors
/// When it could not even be begun. As JSON that is an answer, too.
pub async fn try_one(ask: Try, out: &mut Out<'_>) -> Result<ExitCode> {
    let json = ask.json;
    match tried(ask, out).await {
        Err(error) if json => {
            let message = connect::chain(error.as_ref());
            let error = json!({
                "code": "USAGE", "exit": EXIT_USAGE, "message": message, "place": null, "hint": null,
            });
            // The same object as any trouble of the command `tidelock`.
            out.line(format!("{:#}", json!({ "schema": "tidelock.error/v1", "error": error })))?;
            out.talk(format!("tidelock-agent: {message}"))?;
            Ok(ExitCode::from(EXIT_USAGE))
        }
        other => other,
    }
}

async fn tried(ask: Try, out: &mut Out<'_>) -> Result<ExitCode> {
    let (path, component) = local::component(&ask.plugin)?;
    let settings = settings(&ask)?;
    let mut targets = Vec::new();
    for given in &ask.targets {
        targets.push(local::target(given).await?);
    }
    let secrets = local::reveal(&local::secrets(&ask.secrets, &targets)?)?;
    let runner = local::runner()?;
    if let Err(refusal) = runner.prepare(&path, component).await {
        if ask.json {
            let result = RunResult::not_run(refusal.cause, refusal.detail);
            out.line(format!("{:#}", document(component, None, ask.side, &result)))?;
        } else {
            out.line(format!("not run: {}", refusal.cause))?;
            out.line(format!("  {}", refusal.detail))?;
        }
        return Ok(ExitCode::from(EXIT_NOT_RUN));
    }
    let manifest = runner.describe(component).await.ok();
    if let Some(manifest) = &manifest {
        out.talk(format!("{} {}: {}", manifest.name, manifest.version, manifest.proves))?;
        for blind in &manifest.blind_spots {
            out.talk(format!("  cannot see: {blind}"))?;
        }
    }
    let request = RunRequest {
        component,
        check: "try".to_owned(),
        side: ask.side,
        round: 0,
        nonce: chance::bytes::<32>()?.to_vec(),
        settings: Value::Object(settings).to_string(),
        timeout_ms: u64::try_from(ask.timeout.as_millis()).unwrap_or(u64::MAX),
        limits: Limits::default(),
        targets,
        secrets,
        state: std::collections::BTreeMap::new(),
        trace_id: None,
        parent_span_id: None,
        notes_shown: false,
        revision_header: None,
    };
    let result = runner.run(request).await;
    if ask.json {
        out.line(format!("{:#}", document(component, manifest.as_ref(), ask.side, &result)))?;
    } else {
        print(&result, out)?;
    }
    Ok(match result.outcome {
        Outcome::Pass => ExitCode::SUCCESS,
        Outcome::Fail => ExitCode::FAILURE,
        Outcome::NotRun => ExitCode::from(EXIT_NOT_RUN),
    })
}

fn settings(ask: &Try) -> Result<Map<String, Value>> {
    let mut settings = match &ask.with_file {
        None => Map::new(),
        Some(path) => {
            let Value::Object(settings) = local::yaml(path)? else {
                bail!("{} does not hold settings: write `key: value` lines", path.display());
            };
            settings
        }
    };
    for setting in &ask.with {
        local::set(&mut settings, setting).context("settings")?;
    }
    Ok(settings)
}

fn print(result: &RunResult, out: &mut Out<'_>) -> Result<()> {
    let cause = result.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    out.line(format!("{}{cause}", result.outcome))?;
    for sentence in [&result.report.note, &result.detail].into_iter().filter(|text| !text.is_empty()) {
        out.line(format!("  {sentence}"))?;
    }
    print_report(result, out)?;
    for call in &result.refused_calls {
        out.line(format!("refused  {}: {}", call.target, call.reason))?;
    }
    for line in &result.log {
        out.line(format!("log      {}: {}", line.level.word(), line.message))?;
    }
    if result.log_dropped > 0 {
        out.line(format!("log      {} more lines were dropped", result.log_dropped))?;
    }
    for (key, value) in &result.state_changes {
        let size = value.as_ref().map_or("forgotten".to_owned(), |value| format!("{} bytes", value.len()));
        out.line(format!("state    {key}: {size}"))?;
    }
    out.line(format!(
        "used     {} calls, {:.1} ms, {:.1} ms of processor, {} KiB of memory",
        result.calls,
        result.duration.as_secs_f64() * 1e3,
        result.cpu.as_secs_f64() * 1e3,
        result.memory_bytes / 1024,
    ))?;
    Ok(())
}

fn print_report(result: &RunResult, out: &mut Out<'_>) -> Result<()> {
    let report = &result.report;
    for step in &report.steps {
        let ms = step.duration_us as f64 / 1e3;
        out.line(format!(
            "step     {:<24} {:<8} {ms:>9.1} ms  {}",
            step.name,
            step.outcome.word(),
            step.note
        ))?;
    }
    for measure in &report.measures {
        out.line(format!("measure  {:<24} {} {}", measure.name, measure.value, measure.unit))?;
    }
    for digest in &report.digests {
        out.line(format!("digest   {:<24} {} rows at {}", digest.key, digest.rows, digest.position))?;
    }
    for mark in &report.marks {
        out.line(format!("mark     {:<24} {}", mark.key, kind(mark.kind)))?;
    }
    for left in &report.remaining {
        out.line(format!("remains  {} {}: {}", left.count, left.unit, left.what))?;
    }
    if let Some(counts) = &report.counts {
        out.line(format!("counts   {} of {} ok", counts.ok, counts.total))?;
    }
    Ok(())
}
