//! An agent that connects from elsewhere: it was moved, or somebody else has its key.

use std::net::IpAddr;

use tidelock_proto::v1;

use crate::agent::{Agent, join};
use crate::support::{Collector, PLAN};

async fn told_of_a(collector: &Collector) -> Vec<String> {
    let status = collector.status().await;
    let agent = status.agents.into_iter().find(|agent| agent.name == "a").unwrap();
    agent.warnings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_connects_from_elsewhere_is_told_on_every_screen() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    for _ in 0..2 {
        let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
        agent.heartbeats().await;
        assert_eq!(told_of_a(&collector).await, [""; 0], "it comes from where it came from before");
    }
    let elsewhere = IpAddr::from([127, 0, 0, 2]);
    let mut agent = Agent::connect_from(&collector, &papers, 1, elsewhere).await.unwrap();
    // What it says of itself takes nothing away from what was seen of it.
    agent.heartbeats().await;
    let words = "it connects from 127.0.0.2, and came from 127.0.0.1 before";
    let told = told_of_a(&collector).await;
    assert!(matches!(&told[..], [one] if one.starts_with(words)), "{told:?}");
    let gate = collector.gate(&collector.operator, "cutover").await;
    assert!(gate.warnings.iter().any(|line| line.starts_with(&format!("agent a: {words}"))), "{gate:?}");
}
