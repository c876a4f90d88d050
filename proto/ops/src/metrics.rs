//! Numbers as Prometheus reads them.
//!
//! Numbers are asked for and not kept: a scrape sees the state of that moment, and a scenario that has
//! left the plan leaves no series behind. Labels are words of the plan and of ours, never of a peer, so
//! that nobody outside can make series.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// A family with more series than this is cut: a scrape has a bound.
pub const MAX_SERIES: usize = 20_000;
/// A label's value is cut here, in bytes.
const MAX_LABEL_BYTES: usize = 200;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up, until the process begins anew. Its name ends in `_total`.
    Counter,
    /// How many were how large.
    Histogram,
}

/// One number, or one histogram.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A histogram.
    Histogram(Histogram),
}

/// How many were how large.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Each bucket's upper bound, with how many lie in it and in no lower one; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// All of them added up.
    pub sum: f64,
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: Value,
}

/// All series of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The name, as Prometheus has it.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// What kind of number.
    pub kind: Kind,
    /// Its series.
    pub samples: Vec<Sample>,
}

impl Family {
    /// A family of gauges.
    pub fn gauge(name: &'static str, help: &'static str) -> Family {
        Family { name, help, kind: Kind::Gauge, samples: Vec::new() }
    }

    /// A family of counters; the name ends in `_total`.
    pub fn counter(name: &'static str, help: &'static str) -> Family {
        Family { name, help, kind: Kind::Counter, samples: Vec::new() }
    }

    /// Adds a series.
    pub fn push(&mut self, labels: &[(&'static str, &str)], value: f64) {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { labels, value: Value::Number(value) });
    }

    /// The family with one series more.
    #[must_use]
    pub fn with(mut self, labels: &[(&'static str, &str)], value: f64) -> Family {
        self.push(labels, value);
        self
    }
}

/// Says which program this is: the first family of every service.
pub fn build_info(version: &str) -> Family {
    let revision = option_env!("TIDELOCK_REVISION").unwrap_or("unknown");
    Family::gauge("tidelock_build_info", "Which build this is; always 1.")
        .with(&[("version", version), ("revision", revision)], 1.0)
}

/// A label's value without what would end it.
fn clean(text: &str) -> String {
    let mut clean: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
    clean.truncate(clean.floor_char_boundary(MAX_LABEL_BYTES));
    clean
}

#[derive(Debug)]
struct Scrape(Vec<Family>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let kind = match family.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for sample in family.samples.iter().take(MAX_SERIES) {
                let labels: Vec<(&str, String)> =
                    sample.labels.iter().map(|(name, value)| (*name, clean(value))).collect();
                let mut series = metric.encode_family(&labels)?;
                match &sample.value {
                    // A counter is written as its full name has it: this is the format 0.0.4, in which the
                    // type belongs to the name that ends in `_total`.
                    Value::Number(value) => series.encode_gauge(value)?,
                    Value::Histogram(histogram) => {
                        let count = histogram.buckets.iter().map(|(_, count)| count).sum();
                        series.encode_histogram::<NoLabelSet>(
                            histogram.sum,
                            count,
                            &histogram.buckets,
                            None,
                        )?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The type of what [`render`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text that a scrape reads.
pub fn render(families: Vec<Family>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(families)));
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = encode_registry(&mut text, &registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_text_that_prometheus_reads() {
        let buckets = vec![(0.5, 2), (f64::INFINITY, 1)];
        let families = vec![
            Family::gauge("tidelock_gate_open", "The gate is open.")
                .with(&[("migration", "shop"), ("gate", "ready")], 1.0),
            Family::counter("tidelock_check_runs_total", "Runs.").with(&[("result", "pass")], 3.0),
            Family::gauge("tidelock_agent_up", "Nobody is there."),
            Family {
                kind: Kind::Histogram,
                samples: vec![Sample {
                    labels: vec![],
                    value: Value::Histogram(Histogram { buckets, sum: 9.5 }),
                }],
                ..Family::gauge("tidelock_check_duration_seconds", "How long.")
            },
        ];
        let expected = "# HELP tidelock_gate_open The gate is open.\n# TYPE tidelock_gate_open gauge\n\
            tidelock_gate_open{migration=\"shop\",gate=\"ready\"} 1.0\n\
            # HELP tidelock_check_runs_total Runs.\n# TYPE tidelock_check_runs_total counter\n\
            tidelock_check_runs_total{result=\"pass\"} 3.0\n\
            # HELP tidelock_check_duration_seconds How long.\n# TYPE tidelock_check_duration_seconds histogram\n\
            tidelock_check_duration_seconds_sum{} 9.5\ntidelock_check_duration_seconds_count{} 3\n\
            tidelock_check_duration_seconds_bucket{le=\"0.5\"} 2\n\
            tidelock_check_duration_seconds_bucket{le=\"+Inf\"} 3\n";
        assert_eq!(render(families), expected);
    }

    #[test]
    fn no_label_can_end_its_line_and_no_family_is_endless() {
        let mut family = Family::gauge("a", "A.").with(&[("x", "a\"} 1\nb \\")], 1.0);
        assert!(render(vec![family.clone()]).ends_with("a{x=\"a} 1b \"} 1.0\n"));
        for number in 0..MAX_SERIES {
            family.push(&[("x", &number.to_string())], 0.0);
        }
        assert_eq!(render(vec![family]).lines().count(), 2 + MAX_SERIES);
    }
}
