//! Logs and traces of the agent; the way of it is the same for every service, in `tidelock-ops`.
//!
//! Traces go out when the standard `OTEL_*` variables name a receiver, and nowhere otherwise; either way a
//! run has a trace id, so that people find its requests in their own systems. The runner has no network of
//! its own to tell traces by: what it says of a run is told here, as a span in its name.

use std::fmt::Write as _;

use anyhow::Result;
use tidelock_model::{Name, Side};
use tidelock_ops::telemetry::{Format, Settings};
use tidelock_ops::{Telemetry, trace};
use tidelock_sandbox::protocol::RunResult;
use tracing::Span;

use crate::chance;
use crate::config::LogFormat;

/// Begins to log, and to tell the rest where the environment says so. Call it inside a tokio runtime.
///
/// # Errors
/// When the level is none, or somebody has begun already.
pub fn begin(level: &str, format: LogFormat) -> Result<Telemetry> {
    tidelock_ops::telemetry::begin(&Settings {
        service: "tidelock-agent",
        version: env!("CARGO_PKG_VERSION"),
        spans: "tidelock_agent=info",
        level: level.to_owned(),
        format: match format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        },
    })
}

/// The span of one run.
pub fn run_span(check: &Name, side: Side, round: u64) -> Span {
    tracing::info_span!(
        parent: None,
        "check.run",
        tidelock.scenario.name = %check,
        tidelock.environment.side = side.word(),
        tidelock.round = round,
        tidelock.check.result = tracing::field::Empty,
        error.type = tracing::field::Empty,
    )
}

/// The span of the runner's part of it, below the present one.
pub fn runner_span() -> Span {
    tracing::info_span!(
        "runner.run",
        user_agent.synthetic.type = "test",
        tidelock.runner.duration_us = tracing::field::Empty,
        tidelock.runner.cpu_us = tracing::field::Empty,
        tidelock.runner.calls = tracing::field::Empty,
        tidelock.runner.memory_bytes = tracing::field::Empty,
    )
}

/// Says in the runner's span what it told of the run.
pub fn record_runner(span: &Span, result: &RunResult) {
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    span.record("tidelock.runner.duration_us", micros(result.duration));
    span.record("tidelock.runner.cpu_us", micros(result.cpu));
    span.record("tidelock.runner.calls", result.calls);
    span.record("tidelock.runner.memory_bytes", result.memory_bytes);
}

/// The trace that a run belongs to; one made up where nothing is traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTrace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The run's span, 16 hexadecimal digits; empty where nobody is told of it.
    pub span_id: String,
}

/// The trace of a run's span.
pub fn run_trace(span: &Span) -> RunTrace {
    if let Some(ids) = trace::ids(span) {
        return RunTrace { trace_id: ids.trace, span_id: ids.span };
    }
    let bytes = chance::bytes::<16>().unwrap_or_default();
    let trace_id = bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    RunTrace { trace_id, span_id: String::new() }
}

/// Says in the present span and in the log what became of a run.
pub fn record(result: &RunResult) {
    let span = Span::current();
    span.record("tidelock.check.result", result.outcome.word());
    if let Some(cause) = result.cause {
        span.record("error.type", cause.word());
    }
    tracing::debug!(outcome = result.outcome.word(), detail = result.detail, "run");
    for line in &result.log {
        tracing::debug!(level = ?line.level, "plugin: {}", line.message);
    }
}
