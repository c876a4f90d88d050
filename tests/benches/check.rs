//! A whole check, from the agent's ask to its result, against the same GET in native Rust.

use std::time::Duration;

use serde_json::json;

use crate::clock::Watch;
use crate::sandbox::{Component, runner};
use crate::table::{Sample, judged, row, time};
use crate::{native, world};

const WARM_UP: u64 = 300;
const ROUNDS: u64 = 3_000;
/// The bar: twice the native call and this.
const ALLOWANCE: Duration = Duration::from_micros(150);

/// Takes the measure.
pub(crate) fn measure() {
    let port = native::server();
    world::runtime().block_on(async {
        let client = runner();
        let flow = json!({ "target": "shop", "flow": { "steps": [
            { "name": "health", "request": { "path": "/health" }, "expect": { "json": { "/status": "up" } } }] } });
        let flow = Component::load(client.clone(), "http-flow", &flow, Some(port)).await;
        let bare = json!({ "act": "http", "target": "shop", "path": "/health" });
        let bare = Component::load(client, "test-guest", &bare, Some(port)).await;
        let [mut native, mut flows, mut bares, mut inside] = [(); 4].map(|()| Sample::default());
        // In turns, so that a busy moment of the machine meets all of them.
        for round in 0..WARM_UP + ROUNDS {
            let watch = Watch::start();
            native::get(port).await;
            let of_native = watch.elapsed();
            let watch = Watch::start();
            let result = flow.run(round).await;
            let of_flow = watch.elapsed();
            let watch = Watch::start();
            bare.run(round).await;
            let of_bare = watch.elapsed();
            if round >= WARM_UP {
                native.push(of_native);
                flows.push(of_flow);
                bares.push(of_bare);
                inside.push(result.duration);
            }
        }
        let bar = native.median() * 2 + ALLOWANCE;
        let told = format!("2 x native + 150 µs = {}", time(bar));
        let tail = |sample: &mut Sample| format!("p99 {}", time(sample.percentile(0.99)));
        row("native GET, new connection, median", &time(native.median()), &tail(&mut native));
        judged("http-flow with one GET, median", &time(flows.median()), &told, flows.median() <= bar);
        row("", "", &tail(&mut flows));
        row("  of that in the runner, median", &time(inside.median()), &tail(&mut inside));
        judged("bare component with one GET, median", &time(bares.median()), &told, bares.median() <= bar);
        row("", "", &tail(&mut bares));
    });
}
