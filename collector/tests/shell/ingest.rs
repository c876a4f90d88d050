//! What an agent sends is kept once, whole, and as it was sent.

use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Say;

use crate::agent::{Agent, Papers, client, join};
use crate::pull::{LARGE, push};
use crate::support::{COMPONENT, Collector, MIGRATION, PLAN, component, until};

pub(crate) async fn recent(collector: &Collector) -> usize {
    let request =
        v1::ExplainCheckRequest { migration: MIGRATION.to_owned(), check: "login".to_owned(), recent: 100 };
    let answer = collector.migrations(&collector.operator).await.explain_check(request).await;
    answer.unwrap().into_inner().recent.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_counts_once_over_a_reconnect_and_a_restart() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!((agent.welcome.durable_seq, agent.assignments.assignments.len()), (0, 1));
    let findings: Vec<_> = (0..3).map(|_| agent.finding(v1::Outcome::Pass)).collect();
    agent.say(Say::Batch(agent.batch(1, findings.clone()))).await;
    assert_eq!(agent.ack().await.unwrap(), 3);
    agent.say(Say::Batch(agent.batch(1, findings.clone()))).await;
    assert_eq!(agent.ack().await.unwrap(), 3);
    drop(agent);
    let reconnect = || async { Agent::connect(&collector, &papers, 1).await.ok() };
    let mut agent = until("the seat is free again", reconnect).await;
    assert_eq!(agent.welcome.durable_seq, 3);
    let mut more = findings.clone();
    more.push(agent.finding(v1::Outcome::Pass));
    agent.say(Say::Batch(agent.batch(1, more.clone()))).await;
    assert_eq!(agent.ack().await.unwrap(), 4);
    drop(agent);
    collector.stop().await;
    collector.again().await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!(agent.welcome.durable_seq, 4);
    agent.say(Say::Batch(agent.batch(1, more))).await;
    assert_eq!(agent.ack().await.unwrap(), 4);
    assert_eq!(recent(&collector).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_content_under_a_known_number_suspends_the_agent() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    agent.tell(1, v1::Outcome::Fail).await;
    let other = agent.finding(v1::Outcome::Pass);
    agent.say(Say::Batch(agent.batch(1, vec![other]))).await;
    assert!(agent.ack().await.is_err());
    let status = collector.status().await;
    assert_eq!(status.agents[0].state, "suspended");
    assert!(status.recent_events.iter().any(|event| event.kind == "conflict"));
    let back = Agent::connect(&collector, &papers, 1).await.map(drop).unwrap_err();
    assert_eq!(back.code(), tonic::Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_and_what_does_not_fit_end_the_session_and_leave_nothing() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let connect = || async { Agent::connect(&collector, &papers, 1).await.ok() };
    let mut agent = connect().await.unwrap();
    agent.tell(1, v1::Outcome::Pass).await;
    let finding = agent.finding(v1::Outcome::Pass);
    let mut unnamed = finding.clone();
    unnamed.check = "../etc".to_owned();
    let hole = agent.batch(5, vec![finding.clone()]);
    let bad_name = agent.batch(2, vec![unnamed]);
    let nothing = agent.batch(2, vec![]);
    let short_epoch = v1::FindingBatch { spool_epoch: vec![1; 3], ..agent.batch(2, vec![finding]) };
    for bad in [hole, bad_name, nothing, short_epoch] {
        agent.say(Say::Batch(bad)).await;
        assert!(agent.ack().await.is_err());
        agent = until("the seat is free again", connect).await;
        assert_eq!(agent.welcome.durable_seq, 1);
    }
    assert_eq!(recent(&collector).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_gets_its_own_plans_components_only() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let identity = tonic::transport::Identity::from_pem(&papers.certificate_pem, &papers.key_pem);
    let address = format!("https://localhost:{}", collector.agents_port());
    let endpoint = tonic::transport::Endpoint::from_shared(address).unwrap();
    let channel = endpoint.tls_config(collector.tls().identity(identity)).unwrap().connect().await.unwrap();
    let mut client = v1::agent_service_client::AgentServiceClient::new(channel);
    let sha256 = tidelock_collector::secret::sha256(COMPONENT).as_bytes().to_vec();
    let mut chunks = client
        .fetch_component(v1::FetchComponentRequest { sha256, signatures_only: false })
        .await
        .unwrap()
        .into_inner();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.message().await.unwrap() {
        bytes.extend(chunk.chunk);
    }
    assert_eq!(bytes, COMPONENT);
    let other = client
        .fetch_component(v1::FetchComponentRequest { sha256: vec![7; 32], signatures_only: false })
        .await;
    assert_eq!(other.map(drop).unwrap_err().code(), tonic::Code::PermissionDenied);
}

/// Fetches as an agent, until all of it is there.
async fn fetch(collector: &Collector, papers: &Papers, sha256: &[u8]) -> Result<Vec<u8>, tonic::Status> {
    let ask = v1::FetchComponentRequest { sha256: sha256.to_vec(), signatures_only: false };
    let mut client = client(collector, papers).await?;
    let mut chunks = client.fetch_component(ask).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = chunks.message().await? {
        bytes.extend(part.chunk);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_components_go_to_one_agent_at_once_and_the_next_ask_is_told_to_wait() {
    let collector = Collector::start().await;
    let large = component(&b"7".repeat(LARGE));
    push(&collector, &large, "name: stock\nversion: 0.1.0\n").await;
    let sha256 = tidelock_collector::secret::sha256(&large).as_bytes().to_vec();
    collector.apply_with(PLAN, sha256.clone()).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let other = join(&collector, v1::Side::Source, "b").await;
    let mut under_way = Vec::new();
    for _ in 0..2 {
        // Over connections of their own: it is the agent that counts.
        let mut client = client(&collector, &papers).await.unwrap();
        let ask = v1::FetchComponentRequest { sha256: sha256.clone(), signatures_only: false };
        let mut chunks = client.fetch_component(ask).await.unwrap().into_inner();
        let first = chunks.message().await.unwrap().unwrap();
        assert!(first.signatures.contains("name: stock"), "{first:?}");
        under_way.push((client, chunks));
    }
    for signatures_only in [false, true] {
        let ask = v1::FetchComponentRequest { sha256: sha256.clone(), signatures_only };
        let refused = client(&collector, &papers).await.unwrap().fetch_component(ask).await;
        let refused = refused.map(drop).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused:?}");
        assert!(refused.message().starts_with("2 components are on their way to this agent"), "{refused:?}");
    }
    assert!(fetch(&collector, &other, &sha256).await.unwrap() == large, "another agent gets it whole");
    drop(under_way.pop());
    let again = || async { fetch(&collector, &papers, &sha256).await.ok() };
    assert!(until("there is a place again", again).await == large);
    // One after the other none is refused, over the same connection.
    let mut client = client(&collector, &papers).await.unwrap();
    for _ in 0..3 {
        let ask = v1::FetchComponentRequest { sha256: sha256.clone(), signatures_only: false };
        let mut chunks = client.fetch_component(ask).await.unwrap().into_inner();
        let mut size = 0;
        while let Some(part) = chunks.message().await.unwrap() {
            size += part.chunk.len();
        }
        assert_eq!(size, large.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_is_not_what_its_name_says_comes_to_no_agent_as_a_whole() {
    let collector = Collector::start().await;
    let mut large = component(&b"7".repeat(1 << 20));
    push(&collector, &large, "").await;
    let sha256 = tidelock_collector::secret::sha256(&large);
    collector.apply_with(PLAN, sha256.as_bytes().to_vec()).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    assert!(fetch(&collector, &papers, sha256.as_bytes()).await.unwrap() == large);
    let file = collector.path(&format!("data/components/{sha256}.wasm"));
    large[77] ^= 1;
    for wrong in [large.as_slice(), &large[..99], &[]] {
        std::fs::write(&file, wrong).unwrap();
        let status = fetch(&collector, &papers, sha256.as_bytes()).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::DataLoss, "{status:?}");
        assert!(status.message().contains("remove it and push it again"), "{status:?}");
    }
    std::fs::remove_file(&file).unwrap();
    let status = fetch(&collector, &papers, sha256.as_bytes()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound, "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_noted_on_the_side_that_a_claim_is_about_and_on_no_other() {
    let collector = Collector::start().await;
    let claims = "claims: { passes: { in_a_row: 2 }, no_dependency_on: source }";
    collector.apply(&PLAN.replace("claims: { passes: { in_a_row: 2 } }", claims)).await.unwrap();
    for (side, noted) in [(v1::Side::Source, false), (v1::Side::Target, true)] {
        let papers = join(&collector, side, "a").await;
        let agent = Agent::connect(&collector, &papers, 1).await.unwrap();
        let flags: Vec<bool> = agent.assignments.assignments.iter().map(|one| one.notes_shown).collect();
        assert_eq!(flags, [noted], "{side:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_is_told_its_own_header_of_the_revision() {
    let collector = Collector::start().await;
    let plan = PLAN
        .replace("source: { agents", "source: { revision: { from: declared }, agents")
        .replace("target: { agents", "target: { revision: { from: \"header X-Build\" }, agents");
    collector.apply(&plan).await.unwrap();
    for (side, header) in [(v1::Side::Source, ""), (v1::Side::Target, "X-Build")] {
        let papers = join(&collector, side, "a").await;
        let agent = Agent::connect(&collector, &papers, 1).await.unwrap();
        let headers: Vec<&str> =
            agent.assignments.assignments.iter().map(|one| one.revision_header.as_str()).collect();
        assert_eq!(headers, [header], "{side:?}");
    }
}
