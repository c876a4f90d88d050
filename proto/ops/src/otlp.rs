//! The standard `OTEL_*` variables, where the exporter leaves something of them to us: whether a signal
//! is wanted at all, and the three of TLS.

use std::env;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::WithTonicConfig;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::resource::{EnvResourceDetector, ResourceDetector as _};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::dropped::{self, Numbers, Records, Spans};

/// How long the last of each signal may take when the process ends.
pub(crate) const LAST: Duration = Duration::from_secs(2);
/// What waits for a receiver where nobody says how much may, and what may wait at most.
const ROOM: [usize; 2] = [2_048, 65_536];

/// One kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    fn word(self) -> &'static str {
        match self {
            Signal::Traces => "TRACES",
            Signal::Metrics => "METRICS",
            Signal::Logs => "LOGS",
        }
    }

    /// The variable of this signal, or the one for all signals.
    fn otlp(self, name: &str) -> Option<String> {
        set(&format!("OTEL_EXPORTER_OTLP_{}_{name}", self.word()))
            .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{name}")))
    }

    /// Somebody set an endpoint, and nobody switched it off.
    fn wanted(self) -> bool {
        let off = set("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let none = set(&format!("OTEL_{}_EXPORTER", self.word())).is_some_and(|text| text == "none");
        !off && !none && self.otlp("ENDPOINT").is_some()
    }

    /// A compression that is asked for and cannot be had, though the signal goes out all the same.
    fn other_compression(self) -> Option<String> {
        let known = |word: &str| ["none", "gzip"].iter().any(|known| word.eq_ignore_ascii_case(known));
        let asked = self.otlp("COMPRESSION").filter(|word| !known(word))?;
        self.wanted().then(|| {
            format!(
                "OTEL_EXPORTER_OTLP_COMPRESSION={asked}: Tidelock knows gzip and none, so {} go out without it; \
                 set one of the two",
                self.word().to_lowercase()
            )
        })
    }

    /// The exporter as the variables ask for it.
    fn prepare<B: WithTonicConfig>(self, builder: B) -> Result<B> {
        if let Some(protocol) = self.otlp("PROTOCOL").filter(|protocol| protocol != "grpc") {
            bail!("OTEL_EXPORTER_OTLP_PROTOCOL={protocol}: Tidelock speaks grpc");
        }
        match self.otlp("ENDPOINT") {
            Some(endpoint) if endpoint.starts_with("https://") => Ok(builder.with_tls_config(self.tls()?)),
            Some(_) | None => Ok(builder),
        }
    }

    /// The exporter itself does not read these three variables.
    fn tls(self) -> Result<ClientTlsConfig> {
        let read = |name: &str| -> Result<Option<Vec<u8>>> {
            let Some(path) = self.otlp(name) else { return Ok(None) };
            std::fs::read(&path).map(Some).with_context(|| format!("OTEL_EXPORTER_OTLP_{name}: read {path}"))
        };
        let mut tls = ClientTlsConfig::new();
        tls = match read("CERTIFICATE")? {
            Some(ca) => tls.ca_certificate(Certificate::from_pem(ca)),
            None => tls.with_enabled_roots(),
        };
        match (read("CLIENT_CERTIFICATE")?, read("CLIENT_KEY")?) {
            (Some(certificate), Some(key)) => Ok(tls.identity(Identity::from_pem(certificate, key))),
            (None, None) => Ok(tls),
            (Some(_), None) => {
                bail!("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE needs OTEL_EXPORTER_OTLP_CLIENT_KEY")
            }
            (None, Some(_)) => {
                bail!("OTEL_EXPORTER_OTLP_CLIENT_KEY needs OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")
            }
        }
    }
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// How many may wait, as the variable says it; never without a bound.
fn room(variable: &str) -> usize {
    let [usual, most] = ROOM;
    set(variable).and_then(|text| text.parse().ok()).unwrap_or(usual).clamp(1, most)
}

/// Who tells it. `OTEL_SERVICE_NAME` stands before the name among `OTEL_RESOURCE_ATTRIBUTES`, and both before ours.
fn resource(service: &'static str, version: &'static str) -> Resource {
    let among = EnvResourceDetector::new().detect().get(&Key::from_static_str("service.name"));
    let among = among.map(|name| name.to_string()).filter(|name| !name.is_empty());
    let name = set("OTEL_SERVICE_NAME").or(among).unwrap_or_else(|| service.to_owned());
    let version = KeyValue::new("service.version", version);
    Resource::builder().with_service_name(name).with_attribute(version).build()
}

/// What goes out; each is off where nobody asked for it.
#[derive(Debug, Default)]
pub(crate) struct Exporters {
    pub(crate) traces: Option<SdkTracerProvider>,
    pub(crate) metrics: Option<SdkMeterProvider>,
    pub(crate) logs: Option<SdkLoggerProvider>,
}

impl Exporters {
    /// Makes what is wanted, and gives what cannot be made: telemetry that is set up badly is told and
    /// left out, it never keeps a service from its work. Every queue is bounded
    /// (`OTEL_BSP_MAX_QUEUE_SIZE` and its like); what is too much is dropped, and counted.
    pub(crate) fn open(service: &'static str, version: &'static str) -> (Exporters, Vec<String>) {
        let (mut open, mut problems) = (Exporters::default(), Vec::new());
        let about = resource(service, version);
        let mut told = |signal: Signal, error: anyhow::Error| {
            problems.push(format!("no {} by OTLP: {error:#}", signal.word().to_lowercase()));
        };
        match traces(&about) {
            Ok(traces) => open.traces = traces,
            Err(error) => told(Signal::Traces, error),
        }
        match metrics(&about) {
            Ok(metrics) => open.metrics = metrics,
            Err(error) => told(Signal::Metrics, error),
        }
        match logs(&about) {
            Ok(logs) => open.logs = logs,
            Err(error) => told(Signal::Logs, error),
        }
        problems.extend(
            [Signal::Traces, Signal::Metrics, Signal::Logs].into_iter().filter_map(Signal::other_compression),
        );
        (open, problems)
    }

    /// Sends what is left, for a bounded time each.
    pub(crate) fn close(&mut self) {
        // The process ends either way.
        if let Some(traces) = self.traces.take() {
            let _ = traces.shutdown_with_timeout(LAST);
        }
        if let Some(metrics) = self.metrics.take() {
            let _ = metrics.shutdown_with_timeout(LAST);
        }
        if let Some(logs) = self.logs.take() {
            let _ = logs.shutdown_with_timeout(LAST);
        }
    }
}

fn traces(about: &Resource) -> Result<Option<SdkTracerProvider>> {
    if !Signal::Traces.wanted() {
        return Ok(None);
    }
    let exporter =
        Signal::Traces.prepare(opentelemetry_otlp::SpanExporter::builder().with_tonic())?.build()?;
    let spans = Spans::new(exporter, &dropped::TRACES, room("OTEL_BSP_MAX_QUEUE_SIZE"));
    Ok(Some(SdkTracerProvider::builder().with_resource(about.clone()).with_span_processor(spans).build()))
}

fn metrics(about: &Resource) -> Result<Option<SdkMeterProvider>> {
    if !Signal::Metrics.wanted() {
        return Ok(None);
    }
    let exporter =
        Signal::Metrics.prepare(opentelemetry_otlp::MetricExporter::builder().with_tonic())?.build()?;
    let numbers = Numbers::new(exporter, &dropped::METRICS);
    Ok(Some(SdkMeterProvider::builder().with_resource(about.clone()).with_periodic_exporter(numbers).build()))
}

fn logs(about: &Resource) -> Result<Option<SdkLoggerProvider>> {
    if !Signal::Logs.wanted() {
        return Ok(None);
    }
    let exporter = Signal::Logs.prepare(opentelemetry_otlp::LogExporter::builder().with_tonic())?.build()?;
    let records = Records::new(exporter, &dropped::LOGS, room("OTEL_BLRP_MAX_QUEUE_SIZE"));
    Ok(Some(SdkLoggerProvider::builder().with_resource(about.clone()).with_log_processor(records).build()))
}
