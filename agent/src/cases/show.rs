//! How cases are told: to a person in lines, to a program as JSON.

use anyhow::Result;
use serde_json::{Value, json};
use tidelock_sandbox::protocol::{LogLevel, LogLine, Manifest, NeedKind, RunResult};

use super::Played;
use crate::out::Out;

/// Log lines that are told of a case that failed, the last ones.
const LOG_LINES: usize = 20;

/// The plugin, in a line.
pub(super) fn head(manifest: &Manifest, size: u64, out: &mut Out<'_>) -> Result<()> {
    let need = |kind: NeedKind| match kind {
        NeedKind::Http => "http",
        NeedKind::Sql => "sql",
    };
    let wants: Vec<String> =
        manifest.needs.iter().map(|it| format!("{} named by {}", need(it.kind), it.setting)).collect();
    let wants = if wants.is_empty() { "nothing".to_owned() } else { wants.join(", ") };
    let size = size.div_ceil(1024);
    out.line(format!("{} {}, {size} KiB, wants: {wants}", manifest.name, manifest.version))?;
    Ok(())
}

/// One case, with all that differs.
pub(super) fn case(played: &Played, out: &mut Out<'_>) -> Result<()> {
    let sign = if played.differences.is_empty() { '✔' } else { '✖' };
    let about = if played.about.is_empty() { String::new() } else { format!("  {}", played.about) };
    let Some((result, used)) = &played.seen else {
        out.line(format!("  {sign} case {}", played.name))?;
        return told(&played.differences, out);
    };
    let how = if played.differences.is_empty() { " as expected" } else { "" };
    out.line(format!(
        "  {sign} case {:<24} {}{how}  {} calls, {} ms on its clock, {:.1} ms of processor{about}",
        played.name,
        result.outcome,
        result.calls,
        used.passed_us / 1_000,
        result.cpu.as_secs_f64() * 1e3,
    ))?;
    if played.differences.is_empty() {
        return Ok(());
    }
    told(&played.differences, out)?;
    for line in last(result) {
        out.line(format!("      log: [{}] {}", level(line.level), line.message))?;
    }
    Ok(())
}

fn told(differences: &[String], out: &mut Out<'_>) -> Result<()> {
    for difference in differences {
        out.line(format!("      {difference}"))?;
    }
    Ok(())
}

fn last(result: &RunResult) -> &[LogLine] {
    &result.log[result.log.len().saturating_sub(LOG_LINES)..]
}

pub(super) fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// One case for programs.
pub(super) fn json(played: &Played) -> Value {
    let mut value = json!({
        "case": played.name,
        "about": played.about,
        "passed": played.differences.is_empty(),
        "differences": played.differences,
    });
    if let Some((result, used)) = &played.seen {
        let log: Vec<Value> = last(result)
            .iter()
            .map(|line| json!({ "level": level(line.level), "message": line.message }))
            .collect();
        value["outcome"] = json!(result.outcome.word());
        value["cause"] = json!(result.cause.map(|cause| cause.word()));
        value["note"] = json!(result.report.note);
        value["calls"] = json!(result.calls);
        value["clock_ms"] = json!(used.passed_us / 1_000);
        value["cpu_us"] = json!(u64::try_from(result.cpu.as_micros()).unwrap_or(u64::MAX));
        value["memory_bytes"] = json!(result.memory_bytes);
        value["log"] = json!(log);
    }
    value
}
