//! Counts runs of checks, and how long they took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::metrics::{Family, Histogram, Kind, Sample, Value};
use crate::otlp_metrics;

/// Scenarios and sides that are counted; a plan has far fewer.
const MAX_KEYS: usize = 4_096;
/// Bounds of the buckets, in seconds.
const BOUNDS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, f64::INFINITY];

/// The labels of one scenario on one side.
pub type Labels = Vec<(&'static str, String)>;

#[derive(Debug, Clone, Default)]
struct Tally {
    results: BTreeMap<&'static str, u64>,
    buckets: [u64; BOUNDS.len()],
    sum: f64,
}

/// Runs by scenario and side. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct RunTally {
    tallies: Arc<Mutex<BTreeMap<Labels, Tally>>>,
}

impl RunTally {
    /// Counts a run. A run that never began has no duration.
    pub fn count(&self, labels: &Labels, result: &'static str, duration: Option<Duration>) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if tallies.len() >= MAX_KEYS && !tallies.contains_key(labels) {
            return;
        }
        let tally = tallies.entry(labels.clone()).or_default();
        *tally.results.entry(result).or_default() += 1;
        if let Some(duration) = duration {
            let seconds = duration.as_secs_f64();
            let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len() - 1);
            tally.buckets[bucket] += 1;
            tally.sum += seconds;
            otlp_metrics::took(labels, seconds);
        }
    }

    /// Both families under these names: how many runs, and how long they took.
    pub fn families(&self, runs: &'static str, took: &'static str) -> [Family; 2] {
        let mut runs = Family::counter(runs, "Runs of a check, by what became of them.");
        let mut took =
            Family { kind: Kind::Histogram, ..Family::gauge(took, "How long runs of a check took.") };
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (labels, tally) in tallies.iter() {
            for (result, count) in &tally.results {
                let mut labels = labels.clone();
                labels.push(("result", (*result).to_owned()));
                #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
                runs.samples.push(Sample { labels, value: Value::Number(*count as f64) });
            }
            let buckets = BOUNDS.into_iter().zip(tally.buckets).collect();
            let value = Value::Histogram(Histogram { buckets, sum: tally.sum });
            took.samples.push(Sample { labels: labels.clone(), value });
        }
        [runs, took]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lands_in_its_bucket_and_strangers_make_no_series() {
        let tally = RunTally::default();
        let login: Labels = vec![("scenario", "login".to_owned()), ("side", "source".to_owned())];
        tally.count(&login, "pass", Some(Duration::from_millis(300)));
        tally.count(&login, "fail", Some(Duration::from_secs(600)));
        tally.count(&login, "not run", None);
        let [runs, took] = tally.families("runs_total", "took_seconds");
        assert_eq!(runs.samples.len(), 3);
        let Value::Histogram(histogram) = &took.samples[0].value else { panic!("no histogram") };
        let counts: Vec<u64> = histogram.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        for number in 0..MAX_KEYS * 2 {
            tally.count(&vec![("scenario", number.to_string())], "pass", None);
        }
        assert_eq!(tally.families("runs_total", "took_seconds")[1].samples.len(), MAX_KEYS);
    }
}
