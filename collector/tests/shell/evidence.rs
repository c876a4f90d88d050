//! The course of a proof over the wire: slot by slot, for whoever may look, and nowhere else.

use std::time::Duration;

use tidelock_proto::v1::session_request::Message as Say;
use tidelock_proto::{json, v1};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::agent::{Agent, Papers, join, now_ms};
use crate::support::{Collector, MIGRATION, PLAN, until, with_front};

/// The usual plan with a proof, and beside it a check that claims none.
pub(crate) fn plan() -> String {
    let proof = PLAN.replace("claims: { passes: { in_a_row: 2 } }", "claims: { success: { proof: quick } }");
    with_front(&proof)
}

async fn agent(collector: &Collector, side: v1::Side, name: &str) -> JoinHandle<()> {
    works(collector, &join(collector, side, name).await).await
}

/// An agent that finds `login` well in each round, when it is due, for as long as its session lasts.
pub(crate) async fn works(collector: &Collector, papers: &Papers) -> JoinHandle<()> {
    let mut agent = Agent::connect(collector, papers, 1).await.unwrap();
    tokio::spawn(async move {
        let find = |one: &&v1::Assignment| one.check == "login";
        let login = agent.assignments.assignments.iter().find(find).cloned().unwrap();
        for seq in 1.. {
            agent.heartbeats().await;
            let due = login.grid_origin_unix_ms + login.phase_ms;
            let round = now_ms().saturating_sub(due) / login.every_ms;
            let finding = v1::Finding {
                check: login.check.clone(),
                assignment_id: login.id.clone(),
                round,
                nonce: tidelock_core::challenge::nonce(&login.nonce_seed, round),
                due_unix_ms: due + round * login.every_ms,
                ..agent.finding(v1::Outcome::Pass)
            };
            agent.say(Say::Batch(agent.batch(seq, vec![finding]))).await;
            agent.ack().await.unwrap();
            let next = due + (round + 1) * login.every_ms;
            tokio::time::sleep(Duration::from_millis(next.saturating_sub(now_ms()))).await;
        }
    })
}

pub(crate) async fn evidence(
    collector: &Collector,
    token: &str,
    check: &str,
    last_ms: u64,
) -> Result<v1::Evidence, Status> {
    let request =
        v1::GetEvidenceRequest { migration: MIGRATION.to_owned(), check: check.to_owned(), last_ms };
    let answer = collector.migrations(token).await.get_evidence(request).await?;
    Ok(answer.into_inner().evidence.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_look_sees_how_a_proof_came_about() {
    let collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    let viewer = collector.issue("vera", "viewer", MIGRATION).await;
    let early = evidence(&collector, &viewer, "login", 0).await.unwrap();
    assert!(early.compared && early.subject == i32::from(v1::Side::Target), "{early:?}");
    let pair =
        [agent(&collector, v1::Side::Source, "a").await, agent(&collector, v1::Side::Target, "b").await];
    let seen = until("a slot is evidence", || async {
        let seen = evidence(&collector, &viewer, "login", 0).await.unwrap();
        seen.slots.iter().any(|slot| slot.void_reason.is_empty()).then_some(seen)
    })
    .await;
    assert!(seen.slots.windows(2).all(|two| two[0].slot < two[1].slot), "{:?}", seen.slots);
    let [weighed] = &seen.claims[..] else { panic!("one claim is weighed: {:?}", seen.claims) };
    assert_eq!(weighed.success.as_ref().map(|success| success.proof.as_str()), Some("quick"));
    let proof = weighed.claim.as_ref().and_then(|claim| claim.proof.clone()).unwrap();
    assert!(!proof.null_hypothesis.is_empty() && proof.threshold > 3.0, "{proof:?}");
    assert_eq!((proof.parts.len(), proof.attempt), (3, 1), "{proof:?}");
    assert!(proof.results >= 8 && proof.slots >= 1, "{proof:?}");
    let recent = evidence(&collector, &viewer, "login", 1).await.unwrap();
    assert!(recent.slots.is_empty(), "a millisecond holds no slot: {:?}", recent.slots);
    // One gate's own answer has the proof, for programs; a status has not.
    let gate = json::gate(&collector.gate(&viewer, "ready").await);
    let claim = &gate["scenarios"][0]["sides"]["target"]["claims"][0];
    assert!(claim["proof"]["ln_e"]["often enough"].is_number(), "{gate}");
    let status = collector.status().await;
    let claims = status.scenarios.iter().flat_map(|one| &one.sides).flat_map(|side| &side.claims);
    assert!(claims.into_iter().all(|claim| claim.proof.is_none()), "a status tells of each proof");
    let request =
        v1::ExplainCheckRequest { migration: MIGRATION.to_owned(), check: "login".to_owned(), recent: 1 };
    let why = collector.migrations(&viewer).await.explain_check(request).await.unwrap().into_inner();
    let sides = why.scenario.unwrap().sides;
    assert!(sides.iter().flat_map(|side| &side.claims).any(|claim| claim.proof.is_some()), "{sides:?}");
    pair.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_without_a_proof_and_a_stranger_get_no_course() {
    let collector = Collector::start().await;
    collector.apply(&plan()).await.unwrap();
    let elsewhere = collector.issue("eve", "viewer", "another-move").await;
    let operator = collector.operator.clone();
    for (token, check, code) in [
        (&operator, "front", Code::NotFound),
        (&operator, "no-such-check", Code::NotFound),
        (&operator, "No Name", Code::InvalidArgument),
        (&elsewhere, "login", Code::NotFound),
        (&String::new(), "login", Code::Unauthenticated),
    ] {
        let refused = evidence(&collector, token, check, 0).await.unwrap_err();
        assert_eq!(refused.code(), code, "{check}: {refused}");
    }
    let plain = evidence(&collector, &operator, "front", 0).await.unwrap_err();
    assert!(plain.message().contains("tidelock why front"), "{plain}");
}
