//! Agents that come and go under new names, as pods do, and what they leave behind.

use tidelock_proto::v1;

use crate::agent::{Papers, enrol, join, join_token_for};
use crate::evidence::{evidence, plan, works};
use crate::support::{Collector, until};

const PODS: u32 = 10;

/// When the evidence of `login` began, how much of it counts, and its slots that are evidence.
async fn proof(collector: &Collector) -> Option<(Option<prost_types::Timestamp>, u64, Vec<u64>)> {
    let seen = evidence(collector, &collector.operator, "login", 0).await.unwrap();
    let proof = seen.claims.first()?.claim.as_ref()?.proof.clone()?;
    let slots = seen.slots.iter().filter(|slot| slot.void_reason.is_empty()).map(|slot| slot.slot);
    Some((seen.begun_time, proof.results, slots.collect()))
}

async fn ten(collector: &Collector, token: &str) -> Vec<Papers> {
    let mut pods = Vec::new();
    for _ in 0..PODS {
        pods.push(enrol(collector, token).await.unwrap());
    }
    pods
}

/// Sets how long a pod's certificate lives, and starts the collector over.
async fn pods_live(collector: &mut Collector, secs: u32) {
    collector.stop().await;
    let path = collector.path("collector.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().find(|line| line.starts_with("pod_certificate_secs")).unwrap();
    std::fs::write(&path, text.replace(line, &format!("pod_certificate_secs = {secs}"))).unwrap();
    collector.again().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_agents_killed_and_rejoined_under_new_names_keep_the_evidence() {
    let mut collector = Collector::start().await;
    pods_live(&mut collector, 45).await;
    let more = plan().replace("agents: { at_least: 1, at_most: 3 }", "agents: { at_least: 1, at_most: 20 }");
    collector.apply(&more).await.unwrap();
    let token = join_token_for(&collector, v1::Side::Target, "", 2 * PODS).await;
    let source = works(&collector, &join(&collector, v1::Side::Source, "a").await).await;
    let first = ten(&collector, &token).await;
    let mut alive = Vec::new();
    for pod in &first {
        alive.push(works(&collector, pod).await);
    }
    let (begun, results, slots) = until("some slots are evidence", || async {
        proof(&collector).await.filter(|(_, _, slots)| slots.len() >= 2)
    })
    .await;
    alive.iter().chain([&source]).for_each(|agent| agent.abort());
    pods_live(&mut collector, 3600).await;
    let source = works(&collector, &join(&collector, v1::Side::Source, "b").await).await;
    let second = ten(&collector, &token).await;
    assert!(second.iter().all(|pod| first.iter().all(|old| old.name != pod.name)), "a name a pod");
    assert!(enrol(&collector, &token).await.is_err(), "the token was for so many");
    let mut alive = Vec::new();
    for pod in &second {
        alive.push(works(&collector, pod).await);
    }
    until("the old names end with their certificates", || async {
        let agents = collector.status().await.agents;
        let state =
            |name: &str| agents.iter().find(|agent| agent.name == name).map(|agent| agent.state.clone());
        first.iter().all(|pod| state(&pod.name).as_deref() == Some("expired")).then_some(())
    })
    .await;
    until("they owe nothing any more, and those that came prove on", || async {
        let gate = collector.gate(&collector.operator, "ready").await;
        let owed = gate.holds.iter().any(|hold| first.iter().any(|pod| pod.name == hold.agent));
        let (since, now, kept) = proof(&collector).await?;
        assert_eq!(since, begun, "the evidence began anew");
        assert!(slots.iter().all(|slot| kept.contains(slot)), "{slots:?} were evidence, now {kept:?}");
        (!owed && now > results && kept.len() > slots.len()).then_some(())
    })
    .await;
    alive.iter().chain([&source]).for_each(|agent| agent.abort());
}
