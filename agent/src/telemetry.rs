//! Logs and traces.
//!
//! The log goes to stderr. Traces go to an OpenTelemetry collector when the standard `OTEL_*` variables
//! name one, and nowhere otherwise; either way a run has a trace id, so that people find its requests
//! in their own systems. Telemetry never holds up a run: its queue is bounded, and what is too much is
//! dropped.

use std::env;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{
    WithTonicConfig as _,
    tonic_types::transport::{Certificate, ClientTlsConfig, Identity},
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tidelock_model::{Name, Side};
use tidelock_sandbox::protocol::RunResult;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::chance;
use crate::config::LogFormat;

/// Sends what is left when it is dropped.
#[derive(Debug, Default)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.provider.take() {
            let _ = provider.shutdown();
        }
    }
}

/// Begins to log, and to trace where the environment says so. Call it inside a tokio runtime.
///
/// # Errors
/// When a variable cannot be used, or somebody has begun already.
pub fn begin(level: &str, format: LogFormat) -> Result<Telemetry> {
    let level = env::var("RUST_LOG").ok().filter(|text| !text.is_empty()).unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&level).with_context(|| format!("log level {level:?}"))?;
    let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let log = match format {
        LogFormat::Text => text.with_ansi(false).boxed(),
        LogFormat::Json => text.json().flatten_event(true).boxed(),
    };
    let provider = if wanted() { Some(provider()?) } else { None };
    let traces = provider.as_ref().map(|provider| {
        let tracer = provider.tracer("tidelock-agent");
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new("tidelock_agent=info"))
    });
    tracing_subscriber::registry()
        .with(log.with_filter(filter))
        .with(traces)
        .try_init()
        .context("begin to log")?;
    Ok(Telemetry { provider })
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// The variable of this signal, or the one for all signals.
fn otlp(name: &str) -> Option<String> {
    set(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}")).or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{name}")))
}

fn wanted() -> bool {
    let off = set("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let none = set("OTEL_TRACES_EXPORTER").is_some_and(|text| text == "none");
    !off && !none && otlp("ENDPOINT").is_some()
}

fn provider() -> Result<SdkTracerProvider> {
    let mut exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic();
    if otlp("ENDPOINT").is_some_and(|endpoint| endpoint.starts_with("https://")) {
        exporter = exporter.with_tls_config(exporter_tls()?);
    }
    let exporter = exporter.build().context("the exporter of traces (OTEL_EXPORTER_OTLP_*)")?;
    let resource = Resource::builder()
        .with_service_name(set("OTEL_SERVICE_NAME").unwrap_or_else(|| "tidelock-agent".to_owned()))
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// The exporter itself does not read these three variables.
fn exporter_tls() -> Result<ClientTlsConfig> {
    let read = |name: &str| -> Result<Option<Vec<u8>>> {
        let Some(path) = otlp(name) else { return Ok(None) };
        std::fs::read(&path).map(Some).with_context(|| format!("OTEL_EXPORTER_OTLP_{name}: read {path}"))
    };
    let mut tls = ClientTlsConfig::new();
    if let Some(ca) = read("CERTIFICATE")? {
        tls = tls.ca_certificate(Certificate::from_pem(ca));
    }
    if let (Some(certificate), Some(key)) = (read("CLIENT_CERTIFICATE")?, read("CLIENT_KEY")?) {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    Ok(tls)
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

/// The trace that a span belongs to; one made up where nothing is traced.
pub fn trace_id(span: &Span) -> String {
    let context = span.context();
    let traced = context.span().span_context().clone();
    if traced.is_valid() {
        return traced.trace_id().to_string();
    }
    let bytes = chance::bytes::<16>().unwrap_or_default();
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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
