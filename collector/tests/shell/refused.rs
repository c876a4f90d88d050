//! Whoever asks for what they may not have is told so, remembered, and in nobody's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tidelock_proto::v1;
use tidelock_proto::v1::enrol_service_client::EnrolServiceClient;
use tidelock_proto::v1::session_request::Message as Say;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tonic::Code;

use crate::agent::{Agent, client, enrol, join, renew};
use crate::support::{Collector, MIGRATION, PLAN};
use crate::trust::{keep_alive, revoke};

fn hold(reason: &str) -> v1::HoldRequest {
    v1::HoldRequest { migration: MIGRATION.to_owned(), reason: reason.to_owned(), request_id: String::new() }
}

fn gate(gate: &str) -> v1::GetGateRequest {
    v1::GetGateRequest { migration: MIGRATION.to_owned(), gate: gate.to_owned() }
}

/// What an operator is told of refused asks.
pub(crate) async fn refused(
    collector: &Collector,
    token: &str,
) -> Result<v1::ListRefusedAsksResponse, tonic::Status> {
    let request = v1::ListRefusedAsksRequest { limit: 0 };
    Ok(collector.accesses(token).await.list_refused_asks(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refused_ask_is_told_with_who_what_and_why_and_outlives_a_restart() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let viewer = collector.issue("vera", "viewer", MIGRATION).await;
    let stranger = collector.issue("zoe", "person", "").await;
    let pipeline = collector.issue_for("ci", "pipeline", (MIGRATION, "cutover")).await;
    for _ in 0..3 {
        assert!(collector.orders(&viewer).await.hold(hold("stop")).await.is_err());
    }
    assert!(collector.orders(&stranger).await.hold(hold("stop")).await.is_err(), "the core refuses her");
    assert!(collector.gates(&pipeline).await.get_gate(gate("ready")).await.is_err());
    assert!(collector.gates("tlk1.wrong").await.get_gate(gate("ready")).await.is_err());
    assert!(enrol(&collector, "tlj1.wrong").await.is_err(), "nobody joins with a made-up token");
    let told = |asks: &[v1::RefusedAsk], subject: &str, what: &str, why: &str, times: u64| {
        let found = asks.iter().find(|ask| ask.subject == subject && ask.what == what);
        let found = found.unwrap_or_else(|| panic!("{subject} {what}: {asks:?}"));
        assert!(found.why.contains(why) && found.times == times, "{found:?}");
        assert_eq!(found.address, "127.0.0.1");
        assert!(found.time.is_some());
    };
    for run in 0..2 {
        let asks = refused(&collector, &collector.operator).await.unwrap().asks;
        // The files know of the first, the tenth, the hundredth …
        told(&asks, "vera", "OrderService/Hold", "a viewer may not do this", if run == 0 { 3 } else { 1 });
        told(&asks, "zoe", "OrderService/Hold", "zoe", 1);
        told(&asks, "ci", "GateService/GetGate", "may ask for the gate cutover, and not for ready", 1);
        told(&asks, "", "sign in", "no or wrong token", 1);
        told(&asks, "", "EnrolService/Enrol", "the join token is not valid", 1);
        if run == 0 {
            collector.stop().await;
            collector.again().await;
        }
    }
    // Who is no operator sees nothing of it, and an operator of one migration sees that one's alone.
    assert_eq!(refused(&collector, &viewer).await.unwrap_err().code(), Code::PermissionDenied);
    let bound = collector.issue("omar", "operator", MIGRATION).await;
    let asks = refused(&collector, &bound).await.unwrap().asks;
    assert!(asks.iter().all(|ask| ask.migration == MIGRATION) && asks.len() >= 2, "{asks:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_agent_is_told_as_a_person_is_and_its_loop_is_one_line() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let early = renew(&mut agent.client, &papers).await.map(drop).unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition, "its certificate is new: {early}");
    let stolen = join(&collector, v1::Side::Target, "a").await;
    let owner = keep_alive(Agent::connect(&collector, &stolen, 1).await.unwrap());
    let thief = Agent::connect(&collector, &stolen, 2).await.map(drop).unwrap_err();
    assert_eq!(thief.code(), Code::FailedPrecondition, "{thief}");
    assert_eq!(owner.await.unwrap(), Code::Aborted, "both are put out");
    revoke(&collector, v1::Side::Source, "a").await;
    assert_eq!(agent.ack().await.unwrap_err().code(), Code::Aborted);
    for _ in 0..5 {
        let back = Agent::connect(&collector, &papers, 1).await.map(drop).unwrap_err();
        assert_eq!(back.code(), Code::PermissionDenied, "{back}");
    }
    let mut caller = client(&collector, &papers).await.unwrap();
    assert!(renew(&mut caller, &papers).await.is_err(), "nor does it get another certificate");
    let told = |asks: &[v1::RefusedAsk], (subject, what, why): (&str, &str, &str), times: u64| {
        let fits =
            |ask: &&v1::RefusedAsk| ask.subject == subject && ask.what == what && ask.why.contains(why);
        let found: Vec<_> = asks.iter().filter(fits).collect();
        assert!(found.len() == 1 && found[0].times == times, "{subject} {what} {why}: {asks:?}");
        let of = (found[0].role.as_str(), found[0].migration.as_str(), found[0].address.as_str());
        assert_eq!(of, ("agent", MIGRATION, "127.0.0.1"));
    };
    for run in 0..2 {
        let bound = collector.issue("omar", "operator", MIGRATION).await;
        let asks = refused(&collector, &bound).await.unwrap().asks;
        // The files know of the first, the tenth, the hundredth …
        let loops = if run == 0 { 5 } else { 1 };
        told(&asks, ("source/a", "AgentService/Session", "source/a is revoked"), loops);
        told(&asks, ("source/a", "AgentService/Renew", "source/a is revoked"), 1);
        told(&asks, ("source/a", "AgentService/Renew", "not past half of its life"), 1);
        told(&asks, ("target/a", "AgentService/Session", "two live sessions of one identity"), 1);
        if run == 0 {
            collector.stop().await;
            collector.again().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_one_gate_asks_that_gate_and_nothing_else() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let token = collector.issue_for("ci", "pipeline", (MIGRATION, "ready")).await;
    assert!(collector.gates(&token).await.get_gate(gate("ready")).await.is_ok());
    let denied = |status: tonic::Status| assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    denied(collector.gates(&token).await.get_gate(gate("cutover")).await.unwrap_err());
    let confirm = v1::ConfirmCutoverRequest { migration: MIGRATION.to_owned(), ..Default::default() };
    denied(collector.gates(&token).await.confirm_cutover(confirm).await.unwrap_err());
    let list = v1::ListGatesRequest { migration: MIGRATION.to_owned() };
    denied(collector.gates(&token).await.list_gates(list).await.unwrap_err());
    let look = v1::GetStatusRequest { migration: MIGRATION.to_owned() };
    denied(collector.migrations(&token).await.get_status(look).await.unwrap_err());
    let to = v1::ReportSwitchedRequest { migration: MIGRATION.to_owned(), ..Default::default() };
    denied(collector.orders(&token).await.report_switched(to).await.unwrap_err());
    for (role, migration) in [("operator", MIGRATION), ("person", MIGRATION), ("viewer", "")] {
        let wanted = v1::IssueAccessRequest {
            subject: "eve".to_owned(),
            role: role.to_owned(),
            migration: migration.to_owned(),
            ttl_duration: None,
            gate: "ready".to_owned(),
        };
        let status = collector.accesses(&collector.operator).await.issue_access(wanted).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{role} of {migration:?}");
    }
    let grants = collector.accesses(&collector.operator).await.list_access(v1::ListAccessRequest {}).await;
    let grants = grants.unwrap().into_inner().grants;
    assert!(grants.iter().any(|grant| grant.subject == "ci" && grant.gate == "ready"), "{grants:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tokens_of_one_address_are_few_and_a_right_one_is_always_let_in() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let mut guesser = collector.gates("tlk1.a-guess").await;
    let mut codes = Vec::new();
    for _ in 0..200 {
        codes.push(guesser.get_gate(gate("ready")).await.unwrap_err().code());
    }
    assert_eq!(codes[0], Code::Unauthenticated);
    assert_eq!(codes.last(), Some(&Code::ResourceExhausted));
    let olga = collector.issue("olga", "person", "").await;
    assert!(collector.orders(&olga).await.hold(hold("somebody guesses")).await.is_ok());
    let asks = refused(&collector, &collector.operator).await.unwrap().asks;
    let guesses: Vec<_> = asks.iter().filter(|ask| ask.what == "sign in").collect();
    assert!(guesses.len() <= 3, "{guesses:?}");
    assert_eq!(guesses.iter().map(|ask| ask.times).sum::<u64>(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_join_tokens_of_one_address_are_few_and_a_right_one_always_lets_in() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let mut guesser = EnrolServiceClient::new(collector.channel().await);
    let mut codes = Vec::new();
    for token in ["tlj1.e30".to_owned(), "a".repeat(3000)].iter().cycle().take(100) {
        let guess = v1::EnrolRequest { token: token.clone(), ..v1::EnrolRequest::default() };
        codes.push(guesser.enrol(guess).await.unwrap_err().code());
    }
    assert_eq!(codes[0], Code::PermissionDenied);
    assert_eq!(codes.last(), Some(&Code::ResourceExhausted));
    let looked_up = codes.iter().filter(|code| **code == Code::PermissionDenied).count();
    assert!((20..40).contains(&looked_up), "20 at once, and then one in 3 s: {looked_up}");
    // They are the same 20 as those of people: whoever guesses does not begin anew at the next door.
    let mut people = collector.gates("tlk1.a-guess").await;
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(people.get_gate(gate("ready")).await.unwrap_err().code());
    }
    assert!(codes.contains(&Code::ResourceExhausted), "{codes:?}");
    join(&collector, v1::Side::Source, "a").await;
    let asks = refused(&collector, &collector.operator).await.unwrap().asks;
    let guesses: Vec<_> = asks.iter().filter(|ask| ask.what == "EnrolService/Enrol").collect();
    assert!(guesses.len() <= 3, "{guesses:?}");
    assert_eq!(guesses.iter().map(|ask| ask.times).sum::<u64>(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_answered_while_an_agent_sends_as_fast_as_it_can() {
    // As long as `tidelock` waits for an answer: whoever presses hold later than that was not answered.
    let soon = Duration::from_secs(10);
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let (over, acked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let swarm = tokio::spawn({
        let (over, acked) = (over.clone(), acked.clone());
        async move {
            let (mut seq, mut in_flight) = (1_u64, 0_usize);
            while !over.load(Ordering::Relaxed) {
                let findings: Vec<_> = (0..256).map(|_| agent.finding(v1::Outcome::Pass)).collect();
                let batch = agent.batch(seq, findings);
                seq += 256;
                agent.say(Say::Batch(batch)).await;
                in_flight += 1;
                if in_flight > 16 {
                    acked.store(agent.ack().await.unwrap(), Ordering::Relaxed);
                    in_flight -= 1;
                }
            }
        }
    });
    let limit = Duration::from_secs(60);
    let began = tokio::time::timeout(limit, async {
        while acked.load(Ordering::Relaxed) < 256 * 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    began.await.expect("the swarm has begun");
    let olga = collector.issue("olga", "person", "").await;
    let mut orders = collector.orders(&olga).await;
    for round in 0..5 {
        let before = acked.load(Ordering::Relaxed);
        let ordered = tokio::time::timeout(soon, orders.hold(hold(&format!("round {round}")))).await;
        ordered.expect("an order is not behind the swarm").unwrap();
        let shown =
            tokio::time::timeout(soon, collector.gate(&olga, "ready")).await.expect("a gate is shown");
        assert!(shown.holds.iter().any(|hold| hold.code == "operator"), "{shown:?}");
        let release = v1::ReleaseRequest {
            migration: MIGRATION.to_owned(),
            reason: "go on".to_owned(),
            request_id: String::new(),
            of: String::new(),
        };
        tokio::time::timeout(soon, orders.release(release)).await.expect("nor is the next one").unwrap();
        assert!(!swarm.is_finished(), "the swarm went on all the time");
        let more = tokio::time::timeout(limit, async {
            while acked.load(Ordering::Relaxed) <= before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        more.await.expect("the swarm is not starved either");
    }
    // Nothing is proved, so these are refused, or are the end of it: what counts is that each is answered.
    let decided =
        tokio::time::timeout(soon, orders.decide(crate::gate::decide("cutover", "in the swarm"))).await;
    assert_eq!(decided.expect("a decision is answered").unwrap_err().code(), Code::FailedPrecondition);
    let mut gates = collector.gates(&olga).await;
    let confirm = v1::ConfirmCutoverRequest { migration: MIGRATION.to_owned(), ..Default::default() };
    let confirmed = tokio::time::timeout(soon, gates.confirm_cutover(confirm)).await;
    assert_ne!(confirmed.expect("so is a confirmation").unwrap_err().code(), Code::Unavailable);
    let abort = v1::AbortRequest {
        migration: MIGRATION.to_owned(),
        reason: "not tonight".to_owned(),
        ..v1::AbortRequest::default()
    };
    let aborted = tokio::time::timeout(soon, orders.abort(abort)).await;
    aborted.expect("and so is giving it up").unwrap();
    // What is found of a migration that is over is history.
    let before = acked.load(Ordering::Relaxed);
    let more = tokio::time::timeout(limit, async {
        while acked.load(Ordering::Relaxed) <= before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    more.await.expect("it is taken");
    assert_eq!(collector.status().await.phase, "aborted");
    assert!(!swarm.is_finished(), "the swarm went on all the time");
    over.store(true, Ordering::Relaxed);
    swarm.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_is_refused_by_its_length() {
    let collector = Collector::start().await;
    let long = enrol(&collector, &"a".repeat(65 * 1024)).await.map(drop).unwrap_err();
    assert_eq!(long.code(), Code::OutOfRange, "nobody looks whether it is a token: {long}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_end_a_handshake_is_let_go() {
    let collector = Collector::start().await;
    let end = async |port: u16| {
        let mut silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut buffer = [0; 64];
        let end = tokio::time::timeout(Duration::from_secs(9), silent.read(&mut buffer)).await;
        end.map(|read| read.unwrap_or(0))
    };
    let ends = tokio::join!(end(collector.api_port()), end(collector.agents_port()));
    assert_eq!(ends, (Ok(0), Ok(0)), "it is still being waited for");
}
