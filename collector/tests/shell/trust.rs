//! Who gets in at the agents' door: nobody but an agent, and only as what it is.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use tidelock_proto::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use std::time::Duration;

use crate::agent::{Agent, Papers, client, enrol, join, join_token, join_token_for, now_ms, renew};
use crate::support::{Collector, MIGRATION, PLAN, until};

fn uri(side: &str) -> String {
    format!("spiffe://tidelock.internal/tidelock/{MIGRATION}/{side}/agent/a")
}

/// The authority of a side, as somebody has it who stole its key.
fn stolen(collector: &Collector, side: &str) -> Issuer<'static, KeyPair> {
    let read = |name: &str| {
        std::fs::read_to_string(collector.path(&format!("pki/agents/{MIGRATION}/{side}/{name}"))).unwrap()
    };
    Issuer::from_ca_cert_pem(&read("ca.pem"), KeyPair::from_pem(&read("ca.key")).unwrap()).unwrap()
}

fn foreign() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Issuer::new(params, KeyPair::generate().unwrap())
}

fn good(uris: &[String]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names =
        uris.iter().map(|uri| SanType::URI(uri.as_str().try_into().unwrap())).collect();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

fn papers(issuer: &Issuer<'static, KeyPair>, params: &CertificateParams) -> Papers {
    let key = KeyPair::generate().unwrap();
    let certificate_pem = params.signed_by(&key, issuer).unwrap().pem();
    Papers { certificate_pem, key_pem: key.serialize_pem(), name: "a".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_good_certificate_of_the_right_side_gets_in() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    join(&collector, v1::Side::Source, "a").await;
    let (source, target) = (stolen(&collector, "source"), stolen(&collector, "target"));
    let one = [uri("source")];
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = good(&one);
        change(&mut params);
        params
    };
    let expired = with(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let future = with(|params| {
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
        params.not_after = rcgen::date_time_ymd(2091, 1, 1);
    });
    let authority = with(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    });
    let server = with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    let dns = with(|params| params.subject_alt_names.push(SanType::DnsName("a.example".try_into().unwrap())));
    let bad = [
        ("of nobody's authority", papers(&foreign(), &good(&one))),
        ("of the other side's authority", papers(&target, &good(&one))),
        ("for the other side by this side's authority", papers(&source, &good(&[uri("target")]))),
        ("that has ended", papers(&source, &expired)),
        ("that has not begun", papers(&source, &future)),
        ("with two names", papers(&source, &good(&[uri("source"), uri("target")]))),
        ("with a host name beside", papers(&source, &dns)),
        ("without a name", papers(&source, &good(&[]))),
        ("of an authority", papers(&source, &authority)),
        ("for servers", papers(&source, &server)),
        ("of another domain", papers(&source, &good(&[uri("source").replace("internal", "example")]))),
        ("that nobody enrolled", papers(&source, &good(&[uri("source").replace("agent/a", "agent/b")]))),
    ];
    for (what, papers) in bad {
        assert!(Agent::connect(&collector, &papers, 1).await.is_err(), "a certificate {what} got in");
    }
    let fine = papers(&source, &good(&one));
    assert!(Agent::connect(&collector, &fine, 1).await.is_ok());
    let shown = collector.status().await.recent_events;
    assert!(
        shown.iter().any(|event| event.kind == "refused" && event.text.contains("source/a")),
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_session_ends_with_its_certificate_and_says_so() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    join(&collector, v1::Side::Source, "a").await;
    let ends = now_ms() / 1000 + 5;
    let mut params = good(&[uri("source")]);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(ends);
    let papers = papers(&stolen(&collector, "source"), &params);
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!(agent.welcome.session_ends_unix_ms, ends * 1000);
    agent.tell(1, v1::Outcome::Pass).await;
    let told = agent.hear(|_| None::<()>).await.unwrap_err();
    assert!(now_ms() >= ends * 1000, "it ended before its time: {told}");
    assert_eq!(told.code(), tonic::Code::Unauthenticated, "{told}");
    assert_eq!(told.message(), "the certificate of this session has ended; join again");
    assert!(renew(&mut agent.client, &papers).await.is_err(), "nor is another call answered");
    assert!(Agent::connect(&collector, &papers, 1).await.is_err(), "nor does it begin anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_gets_no_answer() {
    let collector = Collector::start().await;
    for port in [collector.agents_port(), collector.api_port()] {
        let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        plain.write_all(b"GET /v1/migrations HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // A TLS alert at most; reset is as good.
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "plain text was answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_token_serves_once_and_its_agent_is_revoked_at_once() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let token = join_token(&collector, v1::Side::Target, "").await;
    let papers = enrol(&collector, &token).await.unwrap();
    assert!(papers.name.starts_with("target-"));
    let again = enrol(&collector, &token).await.map(drop).unwrap_err();
    assert_eq!(again.code(), tonic::Code::PermissionDenied);
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let revoke = v1::RevokeAgentRequest {
        migration: MIGRATION.to_owned(),
        side: v1::Side::Target.into(),
        name: papers.name.clone(),
        reason: "lost".to_owned(),
    };
    collector.accesses(&collector.operator).await.revoke_agent(revoke).await.unwrap();
    let cut = tokio::time::timeout(Duration::from_secs(5), agent.ack()).await;
    assert_eq!(cut.expect("cut within 5 s").unwrap_err().code(), tonic::Code::Aborted);
    let back = Agent::connect(&collector, &papers, 1).await.map(drop).unwrap_err();
    assert_eq!(back.code(), tonic::Code::PermissionDenied);
}

pub(crate) async fn revoke(collector: &Collector, side: v1::Side, name: &str) {
    let revoke = v1::RevokeAgentRequest {
        migration: MIGRATION.to_owned(),
        side: side.into(),
        name: name.to_owned(),
        reason: "looked into it".to_owned(),
    };
    collector.accesses(&collector.operator).await.revoke_agent(revoke).await.unwrap();
}

async fn conflict(collector: &Collector) -> Option<v1::Hold> {
    let gate = collector.gate(&collector.operator, "ready").await;
    gate.holds.into_iter().find(|hold| hold.code == "conflict")
}

/// Goes on beating until its session ends; gives back how it ended.
pub(crate) fn keep_alive(mut agent: Agent) -> tokio::task::JoinHandle<tonic::Code> {
    tokio::spawn(async move {
        let mut beats = tokio::time::interval(Duration::from_millis(300));
        loop {
            tokio::select! {
                _ = beats.tick() => {
                    let beat = v1::Heartbeat { sequence: 1, ..v1::Heartbeat::default() };
                    let beat = v1::session_request::Message::Heartbeat(beat);
                    // A session that has ended is told of below.
                    let _ = agent.said.try_send(v1::SessionRequest { message: Some(beat) });
                }
                heard = agent.heard.message() => match heard {
                    Ok(Some(_)) => {}
                    Ok(None) => return tonic::Code::Ok,
                    Err(status) => return status.code(),
                }
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_live_sessions_of_one_identity_hold_the_migration_until_it_is_revoked() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Target, "a").await;
    let first = keep_alive(Agent::connect(&collector, &papers, 1).await.unwrap());
    let thief = Agent::connect(&collector, &papers, 2).await.map(drop).unwrap_err();
    assert_eq!(thief.code(), tonic::Code::FailedPrecondition, "{thief}");
    assert_eq!(first.await.unwrap(), tonic::Code::Aborted, "both are put out");
    let hold = until("the hold is shown", || conflict(&collector)).await;
    assert!(hold.reason.contains("target/a is suspended: two live sessions of one identity"), "{hold:?}");
    assert_eq!(hold.reason.matches("from 127.0.0.1:").count(), 2, "both addresses: {hold:?}");
    assert!(hold.next.starts_with("tidelock agent revoke a --side target"), "{hold:?}");
    // A start over, a new plan and asking again lift nothing.
    collector.stop().await;
    collector.again().await;
    collector.apply(&PLAN.replace("in_a_row: 2", "in_a_row: 3")).await.unwrap();
    let back = Agent::connect(&collector, &papers, 1).await.map(drop).unwrap_err();
    assert_eq!(back.code(), tonic::Code::PermissionDenied);
    assert!(conflict(&collector).await.is_some());
    revoke(&collector, v1::Side::Target, "a").await;
    until("the hold is gone", || async { conflict(&collector).await.is_none().then_some(()) }).await;
    let anew = join(&collector, v1::Side::Target, "b").await;
    assert!(Agent::connect(&collector, &anew, 3).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sessions_of_one_identity_that_begin_at_once_are_both_put_out_each_time() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    // As whoever has the key would: in at once, and speaking from then on.
    let live = async |papers: &Papers, spool: u8| match Agent::connect(&collector, papers, spool).await {
        Ok(agent) => keep_alive(agent).await.unwrap(),
        Err(status) => status.code(),
    };
    for round in 0..4 {
        let name = format!("a{round}");
        let papers = join(&collector, v1::Side::Target, &name).await;
        let (one, other) = tokio::join!(live(&papers, 1), live(&papers, 2));
        // Whichever had the seat is put out of it, and the other one is not let in.
        let mut ends = [one, other];
        ends.sort_by_key(|code| i32::from(*code));
        assert_eq!(ends, [tonic::Code::FailedPrecondition, tonic::Code::Aborted], "round {round}");
        let hold = until("the hold is shown", || conflict(&collector)).await;
        assert!(hold.reason.contains(&format!("target/{name} is suspended: two live sessions")), "{hold:?}");
        for spool in [1, 2] {
            let back = Agent::connect(&collector, &papers, spool).await.map(drop).unwrap_err();
            assert_eq!(back.code(), tonic::Code::PermissionDenied, "round {round}: {back}");
        }
        revoke(&collector, v1::Side::Target, &name).await;
        until("the hold is gone", || async { conflict(&collector).await.is_none().then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_comes_back_before_its_old_connection_is_gone_is_no_double() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Target, "a").await;
    let mut old = Agent::connect(&collector, &papers, 1).await.unwrap();
    old.heartbeats().await;
    let mut back = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!(old.ack().await.unwrap_err().code(), tonic::Code::Aborted, "its old session is ended");
    back.tell(1, v1::Outcome::Pass).await;
    // After a reboot or with another spool it waits until the old session was silent for long enough.
    let mut rebooted = Agent::connect(&collector, &papers, 2).await.unwrap();
    rebooted.tell(1, v1::Outcome::Pass).await;
    assert!(conflict(&collector).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_that_does_not_answer_its_challenge_is_kept_counts_for_nothing_and_is_named() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    agent.heartbeats().await;
    let other = Agent::connect(&collector, &join(&collector, v1::Side::Source, "b").await, 2).await.unwrap();
    let replayed = agent.finding(v1::Outcome::Pass);
    let held = || async {
        let gate = collector.gate(&collector.operator, "ready").await;
        gate.holds.into_iter().find(|hold| hold.code == "nonce")
    };
    let theirs = |round| tidelock_core::challenge::nonce(&other.assignments.assignments[0].nonce_seed, round);
    let answers: [&dyn Fn(u64) -> Vec<u8>; 4] =
        [&|_| replayed.nonce.clone(), &theirs, &|_| Vec::new(), &|_| vec![0; 32]];
    for (seq, answer) in (1..).step_by(2).zip(answers) {
        let mut finding = agent.finding(v1::Outcome::Pass);
        finding.nonce = answer(finding.round);
        let batch = agent.batch(seq, vec![finding]);
        agent.say(v1::session_request::Message::Batch(batch)).await;
        assert_eq!(agent.ack().await.unwrap(), seq, "it is kept");
        let hold = until("it is held by name", held).await;
        assert!(hold.agent == "a" && hold.reason.contains("challenge"), "{hold:?}");
        agent.tell(seq + 1, v1::Outcome::Pass).await;
        until("a good answer counts again", || async { held().await.is_none().then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lay_in_a_spool_over_an_outage_and_a_new_plan_answers_its_challenge() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    agent.heartbeats().await;
    agent.tell(1, v1::Outcome::Pass).await;
    let seed = agent.assignments.assignments[0].nonce_seed.clone();
    let spooled = [agent.finding(v1::Outcome::Pass), agent.finding(v1::Outcome::Pass)];
    drop(agent);
    collector.stop().await;
    collector.again().await;
    collector.apply(&PLAN.replace("in_a_row: 2", "in_a_row: 3")).await.unwrap();
    let mut back = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!(back.assignments.assignments[0].nonce_seed, seed, "a challenge is never another one");
    back.heartbeats().await;
    let batch = back.batch(2, spooled.to_vec());
    back.say(v1::session_request::Message::Batch(batch)).await;
    assert_eq!(back.ack().await.unwrap(), 3);
    let gate = collector.gate(&collector.operator, "ready").await;
    assert!(gate.holds.iter().all(|hold| hold.code != "nonce"), "{:?}", gate.holds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_renews_for_as_long_as_it_was_given_and_never_too_early() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let path = collector.path("collector.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("pod_certificate_secs = 3600", "pod_certificate_secs = 40")).unwrap();
    collector.again().await;
    collector.apply(PLAN).await.unwrap();
    let token = join_token_for(&collector, v1::Side::Target, "", 2).await;
    let [first, second] =
        [enrol(&collector, &token).await.unwrap(), enrol(&collector, &token).await.unwrap()];
    assert_ne!(first.name, second.name, "a name a pod");
    let mut session = Agent::connect(&collector, &first, 1).await.unwrap();
    let ends = session.welcome.session_ends_unix_ms;
    let early = renew(&mut session.client, &first).await.map(drop).unwrap_err();
    assert_eq!(early.code(), tonic::Code::FailedPrecondition);
    let over = session.client.clone();
    let renewed =
        until("half of its life is over", || async { renew(&mut over.clone(), &first).await.ok() }).await;
    let mut beside = client(&collector, &first).await.unwrap();
    let beside = renew(&mut beside, &first).await.map(drop).unwrap_err();
    assert!(beside.message().contains("live session"), "whoever copied the key renews in silence: {beside}");
    session.tell(1, v1::Outcome::Pass).await;
    let mut again = Agent::connect(&collector, &renewed, 1).await.unwrap();
    let longer = again.welcome.session_ends_unix_ms;
    assert!(ends < longer && longer <= ends + 41_000, "as long as the one before: {ends}, {longer}");
    assert_eq!(again.welcome.durable_seq, 1);
    again.tell(2, v1::Outcome::Pass).await;
    // Whoever was not renewed is not let in any more, and owes nothing.
    until("the other name ends", || async {
        let status = collector.status().await;
        let ended = |agent: &v1::AgentView| agent.name == second.name && agent.state == "expired";
        status.agents.iter().any(ended).then_some(())
    })
    .await;
    assert!(Agent::connect(&collector, &second, 2).await.is_err());
    revoke(&collector, v1::Side::Target, &first.name).await;
    assert!(renew(&mut again.client, &renewed).await.is_err(), "a revoked agent gets no other");
}
