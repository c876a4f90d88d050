//! A fresh instance for every run: store, instance, settings read, report, all dropped again.

use std::time::Duration;

use serde_json::json;

use crate::clock::Watch;
use crate::sandbox::{self, Component, runner};
use crate::table::{Sample, judged, rate, row, time};

const WARM_UP: u64 = 300;
const ROUNDS: u64 = 5_000;
/// Runs in flight where many are.
const AT_ONCE: u64 = 16;
const BAR: Duration = Duration::from_micros(100);

/// Takes the measure.
pub(crate) fn measure() {
    sandbox::runtime().block_on(async {
        let component = Component::load(runner(), "test-guest", &json!({ "act": "pass" }), None).await;
        let [mut whole, mut trip, mut inside] = [(); 3].map(|()| Sample::default());
        for round in 0..WARM_UP + ROUNDS {
            let watch = Watch::start();
            let result = component.run(round).await;
            let of_run = watch.elapsed();
            let watch = Watch::start();
            component.round_trip().await;
            let of_trip = watch.elapsed();
            if round >= WARM_UP {
                whole.push(of_run);
                trip.push(of_trip);
                inside.push(result.duration);
            }
        }
        let more = whole.median().saturating_sub(trip.median());
        let fresh = inside.median();
        row("run that does nothing, through the runner", &time(whole.median()), "median");
        row("there and back without an instance", &time(trip.median()), "median");
        row("the difference", &time(more), "with grants and settings read, and the report checked twice");
        judged("fresh instance, by the runner's clock", &time(fresh), "100 µs", fresh <= BAR);
        let watch = Watch::start();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..AT_ONCE {
            let component = component.clone();
            tasks.spawn(async move {
                for round in 0..ROUNDS / AT_ONCE {
                    component.run(task * ROUNDS + round).await;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("a task of ours does not end early");
        }
        let runs = ROUNDS / AT_ONCE * AT_ONCE;
        row("fresh instances, 16 in flight", &rate(runs, watch.elapsed()), "through one runner");
    });
}
