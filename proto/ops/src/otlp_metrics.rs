//! The same numbers by OTLP: one instrument a family, asked when the reader asks.
//!
//! A family `tidelock_check_runs_total` is the instrument `tidelock.check.runs`: unit and `_total` are
//! added again by whoever makes a Prometheus name of it.

use std::sync::{Arc, OnceLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use crate::Ops;
use crate::metrics::{Family, Kind, Value};

/// Where durations go, once somebody wants them.
static TOOK: OnceLock<Histogram<f64>> = OnceLock::new();

fn attributes(labels: &[(&'static str, String)]) -> Vec<KeyValue> {
    (labels.iter())
        .map(|(name, value)| match *name {
            "migration" => KeyValue::new("tidelock.migration.name", value.clone()),
            "scenario" => KeyValue::new("tidelock.scenario.name", value.clone()),
            "side" => KeyValue::new("tidelock.environment.side", value.clone()),
            "result" => KeyValue::new("tidelock.check.result", value.clone()),
            "gate" => KeyValue::new("tidelock.gate.name", value.clone()),
            other => KeyValue::new(format!("tidelock.{other}"), value.clone()),
        })
        .collect()
}

/// The instrument's name and unit.
fn instrument(name: &str) -> (String, &'static str) {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let units = [("_seconds", "s"), ("_bytes", "By")];
    let known = units.iter().find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, *unit)));
    let (name, unit) = known.unwrap_or((name, ""));
    (name.replace('_', "."), unit)
}

/// Counts a duration, where durations are told.
pub(crate) fn took(labels: &[(&'static str, String)], seconds: f64) {
    if let Some(histogram) = TOOK.get() {
        histogram.record(seconds, &attributes(labels));
    }
}

/// Tells all families of a service from now on.
pub(crate) fn export(provider: &SdkMeterProvider, ops: &Arc<dyn Ops>) {
    let meter = provider.meter("tidelock");
    for family in ops.families() {
        match family.kind {
            Kind::Gauge => gauge(&meter, &family, ops.clone()),
            Kind::Counter => counter(&meter, &family, ops.clone()),
            Kind::Histogram => {
                let (name, unit) = instrument(family.name);
                // Set once: a service has one such family, and a second service in one process is a test.
                let _ = TOOK.set(meter.f64_histogram(name).with_unit(unit).build());
            }
        }
    }
}

fn numbers(ops: &Arc<dyn Ops>, name: &'static str) -> Vec<(Vec<KeyValue>, f64)> {
    let families = ops.families();
    let samples = families.into_iter().filter(|family| family.name == name).flat_map(|family| family.samples);
    samples
        .filter_map(|sample| match sample.value {
            Value::Number(number) => Some((attributes(&sample.labels), number)),
            Value::Histogram(_) => None,
        })
        .collect()
}

fn gauge(meter: &Meter, family: &Family, ops: Arc<dyn Ops>) {
    let ((name, unit), prometheus) = (instrument(family.name), family.name);
    let told = meter.f64_observable_gauge(name).with_unit(unit).with_description(family.help);
    told.with_callback(move |observer| {
        for (attributes, number) in numbers(&ops, prometheus) {
            observer.observe(number, &attributes);
        }
    })
    .build();
}

fn counter(meter: &Meter, family: &Family, ops: Arc<dyn Ops>) {
    let ((name, unit), prometheus) = (instrument(family.name), family.name);
    let told = meter.f64_observable_counter(name).with_unit(unit).with_description(family.help);
    told.with_callback(move |observer| {
        for (attributes, number) in numbers(&ops, prometheus) {
            observer.observe(number, &attributes);
        }
    })
    .build();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_neither_unit_nor_total() {
        for (prometheus, name, unit) in [
            ("tidelock_check_runs_total", "tidelock.check.runs", ""),
            ("tidelock_agent_clock_skew_seconds", "tidelock.agent.clock.skew", "s"),
            ("tidelock_agent_spool_bytes", "tidelock.agent.spool", "By"),
            ("tidelock_plugin_cpu_seconds_total", "tidelock.plugin.cpu", "s"),
        ] {
            assert_eq!(instrument(prometheus), (name.to_owned(), unit));
        }
    }
}
