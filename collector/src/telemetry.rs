//! What the collector tells about itself: lines on stderr, and traces where somebody asked for them.
//!
//! Traces go out by the standard `OTEL_*` variables and are off while no endpoint is set. They are
//! queued with a bound and dropped when it is full: telemetry never holds a verdict up.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What must live as long as the process; sends the last traces when it is dropped.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            // The process ends either way.
            let _ = traces.shutdown();
        }
    }
}

/// Starts telling. Call it inside the runtime, once.
///
/// # Errors
/// When an endpoint is set that cannot be used.
pub fn start() -> anyhow::Result<Telemetry> {
    let traces = exporter()?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let spans = traces
        .as_ref()
        .map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer("tidelock-collector")));
    tracing_subscriber::registry().with(filter).with(lines).with(spans).init();
    Ok(Telemetry { traces })
}

fn exporter() -> anyhow::Result<Option<SdkTracerProvider>> {
    let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    if off || !(set("OTEL_EXPORTER_OTLP_ENDPOINT") || set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) {
        return Ok(None);
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().build()?;
    let mut resource = Resource::builder();
    if !set("OTEL_SERVICE_NAME") {
        resource = resource.with_service_name("tidelock-collector");
    }
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let traces = SdkTracerProvider::builder()
        .with_resource(resource.with_attribute(version).build())
        .with_batch_exporter(exporter)
        .build();
    Ok(Some(traces))
}
