//! Logs, traces and numbers of a service.
//!
//! The log goes to stderr, always. Traces, numbers and the log go to an OpenTelemetry receiver as well
//! when the standard `OTEL_*` variables name one, and nowhere otherwise. Telemetry never holds anything
//! up: its queues are bounded, what is too much is dropped and counted, and a receiver that is dead is not
//! waited for.

use std::env;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

pub use crate::dropped::family as dropped;
use crate::otlp::Exporters;
use crate::{Ops, otlp_metrics};

/// What goes out as a log record: what happens, but not what the exporter itself does.
const LOGS: &str = "info,opentelemetry=off,tonic=off,h2=off,hyper=off,hyper_util=off,tower=off";

/// The words of a configuration's `log.level`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Why a text is no level of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLevel {
    text: String,
}

impl std::fmt::Display for BadLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = LEVELS.join(", ");
        write!(
            f,
            "{:?} is no level; it is one of {words}, and RUST_LOG alone takes more than that",
            self.text
        )
    }
}

impl std::error::Error for BadLevel {}

/// Whether a configuration's `log.level` is one word of a level. What else a filter takes has no wrong spelling: a word
/// that is no level would name a part of the program that there is not, and nothing would be told any more.
///
/// # Errors
/// Says what it must be.
pub fn check_level(level: &str) -> Result<(), BadLevel> {
    match LEVELS.iter().any(|word| word.eq_ignore_ascii_case(level)) {
        true => Ok(()),
        false => Err(BadLevel { text: level.to_owned() }),
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which service this is, and how loud.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `tidelock-agent` or `tidelock-collector`.
    pub service: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What becomes a span: a filter.
    pub spans: &'static str,
    /// How loud: `off`, `error`, `warn`, `info`, `debug` or `trace`; `RUST_LOG` wins, and takes whole filters.
    pub level: String,
    /// How the log is written.
    pub format: Format,
}

/// Lives as long as the process, and sends what is left when it is dropped.
pub struct Telemetry {
    exporters: Exporters,
    filter: reload::Handle<EnvFilter, Registry>,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").field("exporters", &self.exporters).finish_non_exhaustive()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.exporters.close();
    }
}

fn filter(level: &str) -> Result<EnvFilter> {
    let variable = env::var_os("RUST_LOG").map(|text| text.to_string_lossy().into_owned());
    filter_of(level, variable.as_deref())
}

fn filter_of(level: &str, variable: Option<&str>) -> Result<EnvFilter> {
    check_level(level).context("log.level")?;
    let rules = variable.unwrap_or_default().split(',').map(str::trim).filter(|rule| !rule.is_empty());
    let rules: Vec<&str> = rules.collect();
    if rules.is_empty() {
        return EnvFilter::try_new(level).with_context(|| format!("log.level {level:?}"));
    }
    if let Some(odd) = rules.iter().find(|rule| is_bare(rule) && rule.parse::<LevelFilter>().is_err()) {
        let words = LEVELS.join(", ");
        bail!(
            "RUST_LOG: {odd:?} is no level; it is one of {words}, and for a part of the program PART=LEVEL"
        );
    }
    let rules = rules.join(",");
    EnvFilter::try_new(&rules).with_context(|| format!("RUST_LOG: {rules:?} is no filter"))
}

/// A word alone. A filter would take one that is no level for a part of the program, and tell nothing of all others.
fn is_bare(rule: &str) -> bool {
    !rule.contains(['=', '[', ']', '{', '}'])
}

/// Begins to log, and to tell the rest where the environment says so. Call it once, inside the runtime.
///
/// # Errors
/// When the level is none, or somebody has begun already.
pub fn begin(settings: &Settings) -> Result<Telemetry> {
    let (filter, handle) = reload::Layer::new(filter(&settings.level)?);
    let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let log = match settings.format {
        Format::Text => text.with_ansi(false).boxed(),
        Format::Json => text.json().flatten_event(true).boxed(),
    };
    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![log.with_filter(filter).boxed()];
    let (exporters, problems) = Exporters::open(settings.service, settings.version);
    if let Some(traces) = &exporters.traces {
        let spans = EnvFilter::try_new(settings.spans).context("the filter of spans")?;
        let tracer = traces.tracer(settings.service);
        layers.push(tracing_opentelemetry::layer().with_tracer(tracer).with_filter(spans).boxed());
    }
    if let Some(logs) = &exporters.logs {
        let what = EnvFilter::try_new(LOGS).context("the filter of logs")?;
        layers.push(OpenTelemetryTracingBridge::new(logs).with_filter(what).boxed());
    }
    tracing_subscriber::registry().with(layers).try_init().context("begin to log")?;
    for problem in problems {
        tracing::warn!("{problem}");
    }
    Ok(Telemetry { exporters, filter: handle })
}

impl Telemetry {
    /// Tells a service's numbers from now on, where somebody wants them.
    pub fn export(&self, ops: &Arc<dyn Ops>) {
        if let Some(metrics) = &self.exporters.metrics {
            otlp_metrics::export(metrics, ops);
        }
    }

    /// Logs as loud as this from now on; `RUST_LOG` still wins.
    ///
    /// # Errors
    /// When it is no level; the one before stays.
    pub fn set_level(&self, level: &str) -> Result<()> {
        self.filter.reload(filter(level)?).context("the log's filter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_word_and_any_other_is_refused_with_those_that_there_are() {
        for good in LEVELS.into_iter().chain(["INFO", "Debug"]) {
            assert_eq!(check_level(good), Ok(()), "{good}");
        }
        for bad in ["debugg", "", " info", "3", "verbose", "tidelock_agent=debug", "info,h2=off", "info\n"] {
            let said = check_level(bad).unwrap_err().to_string();
            assert!(
                said.contains("off, error, warn, info, debug, trace") && said.contains("RUST_LOG"),
                "{said}"
            );
            // Where it would be a filter all the same, it is not taken for one.
            assert!(filter(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_word_of_rust_log_that_is_no_level_is_refused_and_a_filter_is_taken() {
        let of = |variable: Option<&str>| match filter_of("info", variable) {
            Ok(filter) => Ok(filter.to_string().to_lowercase()),
            Err(error) => Err(format!("{error:#}")),
        };
        for unset in [None, Some(""), Some(" ,")] {
            assert_eq!(of(unset), Ok("info".to_owned()), "{unset:?}");
        }
        for good in ["warn", "DEBUG", "3", "tidelock_agent=debug", "h2=off, info", "[run]=trace,error"] {
            assert!(of(Some(good)).is_ok(), "{good:?}: {:?}", of(Some(good)));
        }
        // A blank before a level does not make another word of it.
        assert!(of(Some("h2=off, debug")).is_ok_and(|filter| filter.contains("debug")));
        for (bad, word) in
            [("inof", "inof"), ("h2=off,debugg", "debugg"), ("tidelock_agent", "tidelock_agent")]
        {
            let said = of(Some(bad)).expect_err(bad);
            assert!(said.contains(&format!("RUST_LOG: {word:?} is no level")), "{said}");
            assert!(said.contains("off, error, warn, info, debug, trace"), "{said}");
        }
        let said = of(Some("tidelock_agent=inof")).expect_err("it is no level");
        assert!(said.contains("RUST_LOG"), "{said}");
    }
}
