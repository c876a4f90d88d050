//! The hands on a running world: break, fix, delay, fence, switch. One method a movement.

use http::Method;
use serde_json::{Value, json};

use crate::Side;
use crate::client::{Call, Http};
use crate::replicator::{Change, Mode};
use crate::shop::Fault;
use crate::world::Map;

/// Reaches a world by its map.
#[derive(Clone, Debug)]
pub struct Hands {
    map: Map,
    http: Http,
}

impl Hands {
    /// Hands for the world of this map.
    pub fn new(map: Map) -> Hands {
        Hands { map, http: Http::new() }
    }

    /// The map.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Switches a fault of one shop on.
    pub async fn break_it(&self, side: Side, fault: Fault) -> anyhow::Result<Value> {
        self.call(Call::post(format!("{}/_demo/faults/{fault}", self.map.shop(side).url))).await
    }

    /// Switches a fault of one shop off.
    pub async fn fix(&self, side: Side, fault: Fault) -> anyhow::Result<Value> {
        let url = format!("{}/_demo/faults/{fault}", self.map.shop(side).url);
        self.call(Call::new(Method::DELETE, url)).await
    }

    /// Switches every fault of one shop off.
    pub async fn fix_all(&self, side: Side) -> anyhow::Result<Value> {
        let url = format!("{}/_demo/faults/all", self.map.shop(side).url);
        self.call(Call::new(Method::DELETE, url)).await
    }

    /// The faults of one shop that are on.
    pub async fn faults(&self, side: Side) -> anyhow::Result<Value> {
        self.call(Call::get(format!("{}/_demo/faults", self.map.shop(side).url))).await
    }

    /// Lets one job, or all, run on a side, or not.
    pub async fn jobs(&self, side: Side, job: Option<&str>, enabled: bool) -> anyhow::Result<Value> {
        let url = format!("{}/_demo/jobs", self.map.shop(side).url);
        self.call(Call::post(url).json(&json!({ "job": job, "enabled": enabled }))).await
    }

    /// Holds each change back for so long.
    pub async fn lag(&self, lag_ms: u32) -> anyhow::Result<Value> {
        self.feed(Change { lag_ms: Some(lag_ms), ..Change::default() }).await
    }

    /// Stops the replication, or lets it go on.
    pub async fn pause(&self, paused: bool) -> anyhow::Result<Value> {
        self.feed(Change { paused: Some(paused), ..Change::default() }).await
    }

    /// Turns the replication round.
    pub async fn direction(&self, mode: Mode) -> anyhow::Result<Value> {
        self.feed(Change { mode: Some(mode), ..Change::default() }).await
    }

    /// How far the replication is behind.
    pub async fn replication(&self) -> anyhow::Result<Value> {
        self.call(Call::get(format!("{}/lag", self.map.replicator))).await
    }

    /// The same as one shop sees it; `pending` of the sending side is counted at this moment.
    pub async fn replicated(&self, side: Side) -> anyhow::Result<Value> {
        self.call(Call::get(format!("{}/api/replication", self.map.shop(side).url))).await
    }

    /// Gives the traffic to a side.
    pub async fn switch(&self, to: Side) -> anyhow::Result<Value> {
        self.call(Call::post(format!("{}/_switch", self.map.switch)).json(&json!({ "to": to }))).await
    }

    /// Shuts writes, or opens them again.
    pub async fn fence(&self, on: bool) -> anyhow::Result<Value> {
        let word = if on { "on" } else { "off" };
        self.call(Call::post(format!("{}/_fence/{word}", self.map.switch))).await
    }

    /// Who has the traffic, and what passed.
    pub async fn traffic(&self) -> anyhow::Result<Value> {
        self.call(Call::get(format!("{}/_switch", self.map.switch))).await
    }

    /// The rows of one shop, counted.
    pub async fn stats(&self, side: Side) -> anyhow::Result<Value> {
        self.call(Call::get(format!("{}/api/stats", self.map.shop(side).url))).await
    }

    /// The naive probe beside all of it: whether `/healthz` says 200.
    pub async fn healthz(&self, side: Side) -> bool {
        let call = Call::get(format!("{}/healthz", self.map.shop(side).url));
        matches!(self.http.send(call).await, Ok(answer) if answer.status.is_success())
    }

    async fn feed(&self, change: Change) -> anyhow::Result<Value> {
        self.call(Call::post(format!("{}/control", self.map.replicator)).json(&change)).await
    }

    async fn call(&self, call: Call) -> anyhow::Result<Value> {
        Ok(self.http.send(call.header(crate::TOKEN_HEADER, &self.map.token)).await?.good()?.json())
    }
}
