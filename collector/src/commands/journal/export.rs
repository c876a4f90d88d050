//! `journal export`: every record as a line of JSON, for whoever keeps or searches it with other tools.
//!
//! It is for reading: what is signed and chained are the segments, and each line names its chain.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};
use tidelock_core::record::Observation;
use tidelock_model::{FindingBatch, Outcome};

use super::super::Only;
use super::data_dir;
use crate::journal::{Position, Stored, read_decisions_offline, read_findings_offline, verify as prove};
use crate::records::{decision_from_bytes, seen_from_bytes};
use crate::text;

pub(in crate::commands) fn export(dir: &Path, only: Option<Only>) -> anyhow::Result<ExitCode> {
    let dir = data_dir(dir);
    let report = prove(&dir).with_context(|| format!("verify {}", dir.display()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut write = |line: Value| match writeln!(out, "{line}") {
        Ok(()) => Ok(true),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    };
    if only != Some(Only::Findings) {
        for stored in read_decisions_offline(&dir, Position::new(1))? {
            if !write(decision(&stored?)?).context("write to stdout")? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if only != Some(Only::Decisions) {
        for stored in read_findings_offline(&dir, report.findings.oldest)? {
            if !write(finding(&stored?)?).context("write to stdout")? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("write to stdout"),
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

fn decision(stored: &Stored) -> anyhow::Result<Value> {
    let decision = decision_from_bytes(&stored.record.body)
        .with_context(|| format!("record {} of decisions", stored.position))?;
    let event = &decision.event;
    Ok(json!({
        "set": "decisions",
        "record": stored.position.number(),
        "at_unix_ms": stored.record.at_unix_ms,
        "migration": decision.migration.as_str(),
        "kind": text::event_kind(&event.kind),
        "text": text::event(&event.kind),
        "by": event.by.as_ref().map(|name| name.as_str()),
        "reason": event.reason,
        "request_id": event.request_id,
        "findings": event.findings_position,
        "evidence_hash": event.evidence_hash.to_string(),
        "holds": event.holds,
        "migration_chain": stored.decision.as_ref().map(|frame| frame.link.to_string()),
        "chain": stored.chain.to_string(),
    }))
}

fn finding(stored: &Stored) -> anyhow::Result<Value> {
    let seen = seen_from_bytes(&stored.record.body)
        .with_context(|| format!("record {} of findings", stored.position))?;
    let (kind, about) = match &seen.observation {
        Observation::Findings(batch) => ("findings", batch_json(batch)),
        Observation::Agent(agent) => ("agent", json!({ "agent": agent.agent.to_string() })),
        Observation::SignedOff(agent) => ("signed_off", json!({ "agent": agent.to_string() })),
        Observation::Refused(agent, refusal) => {
            let (check, refused) = (refusal.check.as_str(), refusal.refused);
            (
                "refused",
                json!({ "agent": agent.to_string(), "check": check, "refused": refused,
                "cause": refusal.cause, "reason": refusal.reason }),
            )
        }
        Observation::Tick => ("tick", Value::Null),
        Observation::LeaseRenewed { gate, epoch, valid_until } => {
            let until = valid_until.as_millis();
            ("lease_renewed", json!({ "gate": gate.word(), "epoch": epoch, "valid_until_unix_ms": until }))
        }
        Observation::RunRenewed { run, lease, until } => {
            ("run_renewed", json!({ "run": run, "lease": lease, "until_unix_ms": until.as_millis() }))
        }
    };
    Ok(json!({
        "set": "findings",
        "record": stored.position.number(),
        "at_unix_ms": stored.record.at_unix_ms,
        "migration": seen.migration.as_ref().map(|name| name.as_str()),
        "kind": kind,
        "seen": about,
        "chain": stored.chain.to_string(),
    }))
}

fn batch_json(batch: &FindingBatch) -> Value {
    let findings = batch.findings.iter().map(|finding| {
        let outcome = match finding.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NotRun => "not_run",
        };
        json!({
            "check": finding.check.as_str(),
            "round": finding.round,
            "due_unix_ms": finding.due.as_millis(),
            "outcome": outcome,
            "cause": finding.cause.map(|cause| cause.word()),
            "duration_ns": finding.duration_ns,
            "note": finding.report.note,
        })
    });
    json!({
        "agent": batch.agent.to_string(),
        "spool_epoch": batch.spool_epoch.to_string(),
        "first_seq": batch.first_seq,
        "last_seq": batch.last_seq(),
        "findings": findings.collect::<Vec<_>>(),
        "gap": batch.gap.as_ref().map(|gap| json!({ "from": gap.from, "to": gap.to, "reason": gap.reason })),
    })
}
