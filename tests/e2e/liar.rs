//! An agent that looks at nothing and says pass to everything, with a token of ours, a certificate of its own and the
//! right answer to every challenge. The target is broken all the while.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tidelock_core::CANARY_CHECK;
use tidelock_proto::v1;
use tidelock_tests::{World, WorldOptions, eventually};

use crate::raw::{Raw, Shown, batch, now_ms};

const EPOCH: [u8; 16] = [6; 16];
/// How often it says something: more often than any check is due.
const PAUSE: Duration = Duration::from_millis(200);

/// A session that goes on by itself.
struct Liar {
    /// It says pass to its canary as well.
    to_its_canary: Arc<AtomicBool>,
    /// The last number that is durable on the other side.
    told: Arc<AtomicU64>,
}

impl Liar {
    /// Begins to lie, but for its canary.
    async fn begin(world: &World, folder: &Path) -> Liar {
        let raw = Raw::begin(world, &Shown::of(folder), EPOCH).await.expect("it joined with a token");
        let liar = Liar { to_its_canary: Arc::default(), told: Arc::default() };
        tokio::spawn(lie(raw, liar.to_its_canary.clone(), liar.told.clone()));
        liar
    }

    /// Waits until it has said some more, and was believed to be there.
    fn goes_on(&self) {
        let enough = self.told.load(Ordering::SeqCst) + 20;
        eventually("the liar goes on", || {
            let told = self.told.load(Ordering::SeqCst);
            if told >= enough { Ok(()) } else { Err(format!("{told} of {enough}")) }
        });
    }
}

/// Until the collector ends it.
async fn lie(mut raw: Raw, to_its_canary: Arc<AtomicBool>, told: Arc<AtomicU64>) {
    while raw.beat().await.is_ok() {
        let findings: Vec<v1::Finding> = (raw.assignments.assignments.iter())
            .map(|job| {
                let round = now_ms().saturating_sub(job.grid_origin_unix_ms) / job.every_ms.max(1);
                let passed = raw.passed(job, round);
                let honest = job.check == CANARY_CHECK && !to_its_canary.load(Ordering::SeqCst);
                let outcome = if honest { v1::Outcome::Fail } else { v1::Outcome::Pass };
                v1::Finding { outcome: outcome.into(), ..passed }
            })
            .collect();
        if !findings.is_empty() {
            let next = told.load(Ordering::SeqCst) + 1;
            let Ok(acked) = raw.send(batch(EPOCH, next, findings)).await else { return };
            told.store(acked, Ordering::SeqCst);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The usual plan with what is to catch a liar, a broken target, and an honest agent on the source.
fn world(plan: &str) -> (World, PathBuf) {
    let mut world = World::collector_alone();
    world.target.lose_sessions(true);
    world.apply(plan);
    world.join("source", "source-1");
    let folder = world.enrol("target", "liar");
    (world, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_says_pass_to_everything_is_caught_by_its_canary_and_named() {
    let plan = [WorldOptions::default().plan, "canary: { plugin: builtin:canary }\n".to_owned()].concat();
    let (world, folder) = world(&plan);
    let liar = Liar::begin(&world, &folder).await;
    // Without a lie about its canary nothing tells it from an honest one: all else that it says is taken.
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();

    liar.to_its_canary.store(true, Ordering::SeqCst);
    let hold = world.until_hold("ready", |hold| hold["code"] == "canary", "the canary passed");
    assert_eq!((hold["side"].as_str(), hold["agent"].as_str()), (Some("target"), Some("liar")), "{hold}");
    let reason = hold["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("the canary of target/liar passed, and it must fail"), "{hold}");
    let status = world.until_phase("sync");
    assert!(status.to_string().contains("the canary of target/liar passed"), "{status}");
    let why = world.operator.run(&["why", "login"]).good().out;
    let look = "look at what runs as target/liar; if it is not to be trusted: tidelock agent revoke liar --side target";
    assert!(why.contains(look), "{why}");
    liar.goes_on();
    for gate in ["ready", "cutover"] {
        let answer = world.operator.run(&["gate", "check", gate, "-o", "json"]);
        assert_eq!((answer.code, answer.json()["open"].as_bool()), (3, Some(false)), "{}", answer.out);
    }
    // A person who looks into it and sends it away is rid of the hold, and of its word.
    let revoke = ["agent", "revoke", "target/liar", "--reason", "it says pass to everything"];
    let _ = world.operator.run(&revoke).good();
    let hold = world.until_hold("ready", |hold| hold["check"] == "login", "nobody is left who lies");
    assert_eq!((hold["side"].as_str(), hold["state"].as_str()), (Some("target"), Some("missing")), "{hold}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liar_that_knows_its_canary_is_too_few_for_a_check_with_a_quorum() {
    let level = "    level: critical\n";
    let quorum = format!("{level}    agents: {{ target: 2 }}\n");
    let plan = WorldOptions::default().plan;
    assert!(plan.contains(level), "{plan}");
    let (mut world, folder) = world(&plan.replacen(level, &quorum, 1));
    let liar = Liar::begin(&world, &folder).await;
    let too_few = "1 of at least 2 agents on target told of login";
    let hold = world.until_hold("ready", |hold| hold["reason"] == too_few, "one is too few");
    assert_eq!((hold["check"].as_str(), hold["side"].as_str()), (Some("login"), Some("target")), "{hold}");
    liar.goes_on();
    let answer = world.operator.run(&["gate", "check", "ready"]);
    assert_eq!(answer.code, 6, "nothing is known: {} {}", answer.out, answer.err);
    assert!([answer.out, answer.err].concat().contains(too_few));
    let why = world.operator.run(&["why", "login"]).good().out;
    assert!(why.contains(too_few), "{why}");
    let bring = "Next         bring 1 more agent to target: tidelock agent token --side target";
    assert!(why.contains(bring), "{why}");

    // The second one is honest, and tells what the first one hid.
    world.join("target", "honest");
    let hold = world.until_hold("ready", |hold| hold["state"] == "refuted", "somebody looked");
    assert_eq!((hold["check"].as_str(), hold["agent"].as_str()), (Some("login"), Some("honest")), "{hold}");
}
