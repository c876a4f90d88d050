//! How cases are told: to a person in lines, to a program as JSON.

use anyhow::Result;
use serde_json::{Value, json};
use tidelock_sandbox::protocol::{LogLine, Manifest, NeedKind, RunResult};

use super::{Played, Written};
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

/// One case, with all that differs and all that was written.
pub(super) fn case(played: &Played, out: &mut Out<'_>) -> Result<()> {
    let sign = match (played.written(), played.differences.is_empty()) {
        (Some(_), _) => '~',
        (None, true) => '✔',
        (None, false) => '✖',
    };
    let about = if played.about.is_empty() { String::new() } else { format!("  {}", played.about) };
    let Some((result, used)) = &played.seen else {
        out.line(format!("  {sign} case {}", played.name))?;
        return told(&played.differences, out);
    };
    let how = match (played.written(), played.differences.is_empty()) {
        (Some(_), _) => ", written",
        (None, true) => " as expected",
        (None, false) => "",
    };
    let fuel = used.fuel.map(|fuel| format!(", {fuel} fuel")).unwrap_or_default();
    out.line(format!(
        "  {sign} case {:<24} {}{how}  {} calls, {} ms on its clock, {:.1} ms of processor{fuel}{about}",
        played.name,
        result.outcome,
        result.calls,
        used.passed_us / 1_000,
        result.cpu.as_secs_f64() * 1e3,
    ))?;
    if let Some(written) = played.written() {
        told(&written.diff, out)?;
        for why in &written.looser {
            out.line(format!("      ! LOOSER: {why}"))?;
        }
        return Ok(());
    }
    if played.differences.is_empty() {
        return Ok(());
    }
    told(&played.differences, out)?;
    if let Some(Err(why)) = &played.update {
        out.line(format!("      not written: {why}"))?;
    }
    for line in last(result) {
        out.line(format!("      log: [{}] {}", line.level.word(), line.message))?;
    }
    Ok(())
}

/// How many hold, how many were written, and which of those need a person's eyes.
pub(super) fn end(played: &[Played], failed: usize, out: &mut Out<'_>) -> Result<()> {
    out.line(match failed {
        0 => format!("{} of {} cases hold.", played.len(), played.len()),
        _ => format!("{failed} of {} cases failed. Exit 1.", played.len()),
    })?;
    let written = played.iter().filter(|case| case.written().is_some()).count();
    if written > 0 {
        out.line(format!("{written} of them hold because --update wrote what the plugin gives now."))?;
    }
    let looser = |case: &&Played| case.written().is_some_and(|written| !written.looser.is_empty());
    let looser: Vec<&str> = played.iter().filter(looser).map(|case| case.name.as_str()).collect();
    if !looser.is_empty() {
        let names = looser.join(", ");
        out.line(format!(
            "! LOOSER: read these before you keep them, they refuse less than before: {names}"
        ))?;
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

/// One case for programs.
pub(super) fn json(played: &Played) -> Value {
    let mut value = json!({
        "case": played.name,
        "about": played.about,
        "passed": played.differences.is_empty(),
        "differences": played.differences,
    });
    match &played.update {
        Some(Ok(Written { was, diff, looser })) => {
            value["written"] = json!({ "was": was, "diff": diff, "looser": looser });
        }
        Some(Err(why)) => value["not_written"] = json!(why),
        None => {}
    }
    if let Some((result, used)) = &played.seen {
        let log: Vec<Value> = last(result)
            .iter()
            .map(|line| json!({ "level": line.level.word(), "message": line.message }))
            .collect();
        value["outcome"] = json!(result.outcome.word());
        value["cause"] = json!(result.cause.map(|cause| cause.word()));
        value["note"] = json!(result.report.note);
        value["calls"] = json!(result.calls);
        value["clock_ms"] = json!(used.passed_us / 1_000);
        value["cpu_us"] = json!(u64::try_from(result.cpu.as_micros()).unwrap_or(u64::MAX));
        value["memory_bytes"] = json!(result.memory_bytes);
        value["fuel"] = json!(used.fuel);
        value["log"] = json!(log);
    }
    value
}
