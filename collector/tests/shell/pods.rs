//! Agents that come and go under new names, as pods do, and what they leave behind.

use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Say;

use crate::agent::{Agent, Papers, enrol, join, join_token, join_token_for};
use crate::evidence::{evidence, plan, works};
use crate::ingest::recent;
use crate::support::{Collector, PLAN, until};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_pod_that_is_gone_the_numbers_are_kept_alone_and_nothing_old_is_new() {
    let mut collector = Collector::start().await;
    pods_live(&mut collector, 10).await;
    collector.apply(PLAN).await.unwrap();
    let token = join_token_for(&collector, v1::Side::Source, "", 2).await;
    let pod = enrol(&collector, &token).await.unwrap();
    let mut agent = Agent::connect(&collector, &pod, 1).await.unwrap();
    let findings = (0..3).map(|_| agent.finding(v1::Outcome::Pass)).collect();
    agent.say(Say::Batch(agent.batch(1, findings))).await;
    assert_eq!(agent.ack().await.unwrap(), 3);
    drop(agent);
    let ended = until("its certificate has ended", || async {
        let status = collector.status().await;
        let ended = status.agents.iter().any(|agent| agent.name == pod.name && agent.state == "expired");
        status.as_of_time.filter(|_| ended)
    })
    .await;
    until("the collector looked at its seats", || async {
        let now = collector.status().await.as_of_time?;
        (now.seconds > ended.seconds + 2).then_some(())
    })
    .await;
    let token = join_token(&collector, v1::Side::Source, &pod.name).await;
    let back = enrol(&collector, &token).await.unwrap();
    let mut agent = Agent::connect(&collector, &back, 1).await.unwrap();
    assert_eq!(agent.welcome.durable_seq, 3);
    // What is so old is compared with nothing any more, and taken for new by nobody.
    let other = (0..3).map(|_| agent.finding(v1::Outcome::Fail)).collect();
    agent.say(Say::Batch(agent.batch(1, other))).await;
    assert_eq!(agent.ack().await.unwrap(), 3);
    agent.tell(4, v1::Outcome::Pass).await;
    assert_eq!(recent(&collector).await, 4);
    let other = agent.finding(v1::Outcome::Fail);
    agent.say(Say::Batch(agent.batch(4, vec![other]))).await;
    assert!(agent.ack().await.is_err(), "and what it brings now is compared again");
}
