//! An enrolled agent that lies or stammers: what makes no sense is refused with its place, what does not
//! belong is kept and not counted, and who contradicts itself is suspended. None of it costs the collector more
//! than 100 times its sender's work.

use serde_json::Value;
use tidelock_proto::v1;
use tidelock_tests::{World, WorldOptions};
use tonic::Code;

use crate::costs::Costs;
use crate::raw::{Raw, Shown, batch, now_ms};

const EPOCH: [u8; 16] = [3; 16];
/// What all of a test may add to the collector's memory, for good and for a moment.
const MAY_GROW: [u64; 2] = [64 << 20, 128 << 20];

/// A world in which a stand-in is the only agent of the target.
fn world() -> (World, Shown) {
    let mut world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    world.join("source", "source-1");
    let folder = world.enrol("target", "raw");
    (world, Shown::of(&folder))
}

fn gate(world: &World) -> Value {
    world.operator.run(&["gate", "check", "ready", "-o", "json"]).json()
}

/// The gate's hold on the target's side.
fn hold(world: &World) -> Value {
    let gate = gate(world);
    let holds = gate["holds"].as_array().cloned().unwrap_or_default();
    holds.into_iter().find(|hold| hold["side"] == "target").unwrap_or_else(|| panic!("it is open: {gate}"))
}

/// Good findings, one a second, until the gate opens.
async fn opens(world: &World, raw: &mut Raw, mut seq: u64) {
    for round in 0..40 {
        raw.beat().await.expect("a heartbeat is answered");
        let good = raw.good(now_ms() / 1000 + round);
        seq = raw.send(batch(EPOCH, seq, vec![good])).await.expect("a good finding is taken") + 1;
        if gate(world)["open"] == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("good findings do not open the gate: {}", gate(world));
}

/// Batches that no honest agent sends, and the words of their refusal.
fn senseless(raw: &Raw) -> Vec<(v1::FindingBatch, &'static str)> {
    let good = || raw.good(1);
    let one = |finding: v1::Finding| batch(EPOCH, 1, vec![finding]);
    let measure = |value: f64| {
        let measure = v1::Measure { name: "lag".to_owned(), value, unit: "s".to_owned() };
        one(v1::Finding { measures: vec![measure], ..good() })
    };
    let gap = v1::Gap { from_seq: 1, to_seq: 5, counts: Vec::new(), reason: "full".to_owned() };
    vec![
        (batch(EPOCH, 1, Vec::new()), "at least one finding"),
        (batch(EPOCH, 0, vec![good()]), "first_seq"),
        (batch(EPOCH, u64::MAX, vec![good()]), "first_seq"),
        (batch(EPOCH, 1, vec![good(); 513]), "at most 512"),
        (v1::FindingBatch { spool_epoch: vec![1; 15], ..one(good()) }, "spool_epoch"),
        (v1::FindingBatch { gap: Some(gap.clone()), ..one(good()) }, "not both"),
        (
            v1::FindingBatch { gap: Some(v1::Gap { to_seq: 0, ..gap }), ..batch(EPOCH, 1, Vec::new()) },
            "gap.to_seq",
        ),
        (measure(f64::NAN), "no number to judge by"),
        (measure(f64::INFINITY), "no number to judge by"),
        (one(v1::Finding { outcome: 0, ..good() }), "outcome"),
        (one(v1::Finding { outcome: 77, ..good() }), "outcome"),
        (one(v1::Finding { cause: "trap".to_owned(), ..good() }), "cause"),
        (one(v1::Finding { outcome: v1::Outcome::NotRun.into(), ..good() }), "cause"),
        (one(v1::Finding { due_unix_ms: 0, ..good() }), "due_unix_ms"),
        (one(v1::Finding { due_unix_ms: u64::MAX, ..good() }), "due_unix_ms"),
        (one(v1::Finding { check: "../login".to_owned(), ..good() }), "check"),
        (one(v1::Finding { plan_hash: vec![1; 31], ..good() }), "plan_hash"),
        (one(v1::Finding { note: "\u{1b}[2Jall good".to_owned(), ..good() }), "control character"),
        (one(v1::Finding { note: "x".repeat(5000), ..good() }), "note"),
        (one(v1::Finding { steps: vec![v1::Step::default(); 2], ..good() }), "steps"),
        (
            one(v1::Finding {
                counts: Some(v1::Counts { ok: 2, total: 1, ..v1::Counts::default() }),
                ..good()
            }),
            "more than all",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_with_its_place_and_leaves_no_trace() {
    let (mut world, shown) = world();
    let first = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    let senseless = senseless(&first);
    drop(first);
    let costs = Costs::of(&world, MAY_GROW);
    for (bad, words) in senseless {
        let said = async || {
            let mut raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
            assert_eq!(raw.durable, 0, "something of it was kept");
            let refused = raw.send(bad.clone()).await.expect_err(words);
            assert_eq!(refused.code(), Code::InvalidArgument, "{words}: {refused:?}");
            assert!(refused.message().contains(words), "{words}: {refused:?}");
        };
        costs.weigh(words, said).await;
        costs.is_well(&mut world, words);
    }
    assert_eq!(hold(&world)["state"], "missing", "{}", hold(&world));
    // Five numbers that never came: refused, until a gap record stands for them.
    let mut raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
    let good = raw.good(1);
    assert_eq!(raw.send(batch(EPOCH, 1, vec![good.clone()])).await.expect("a good one"), 1);
    let refused = raw.send(batch(EPOCH, 7, vec![good.clone()])).await.expect_err("a hole");
    assert!(refused.code() == Code::OutOfRange && refused.message().contains("2 to 6"), "{refused:?}");
    let mut raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
    assert_eq!(raw.durable, 1);
    let gap = v1::Gap { from_seq: 2, to_seq: 6, counts: Vec::new(), reason: "the disk was full".to_owned() };
    let stands = v1::FindingBatch { gap: Some(gap), ..batch(EPOCH, 2, Vec::new()) };
    raw.send(stands).await.expect("a gap is told, not hidden");
    opens(&world, &mut raw, 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_belong_is_kept_and_not_counted() {
    let (mut world, shown) = world();
    let costs = Costs::of(&world, MAY_GROW);
    let mut raw = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    let mut seq = 1;
    for round in 1..=4_u64 {
        raw.beat().await.expect("a heartbeat is answered");
        let good = raw.good(now_ms() / 1000 + round);
        let strays = vec![
            v1::Finding { check: "no-such-check".to_owned(), ..good.clone() },
            v1::Finding { due_unix_ms: now_ms() + 3_600_000, ..good.clone() },
            v1::Finding { due_unix_ms: now_ms() - 3_600_000, ..good.clone() },
            v1::Finding { plan_revision: 0, ..good.clone() },
            v1::Finding { plan_revision: 99, ..good.clone() },
            v1::Finding { starved: true, ..good.clone() },
        ];
        let count = strays.len() as u64;
        let acked = raw.send(batch(EPOCH, seq, strays)).await.expect("they are well formed");
        seq += count;
        assert_eq!(acked + 1, seq, "they are durable all the same");
        assert_eq!(hold(&world)["state"], "missing", "round {round}: {}", hold(&world));
    }
    // Another component than the plan's is not only left out: it is named.
    let other = v1::Finding { component_sha256: vec![9; 32], ..raw.good(now_ms() / 1000) };
    seq = raw.send(batch(EPOCH, seq, vec![other])).await.expect("well formed") + 1;
    let held = hold(&world);
    assert_eq!(held["code"], "bad_digest", "{held}");
    // The same round again and again is one finding, however often it is sent.
    let same = raw.good(now_ms() / 1000 + 10);
    seq = raw.send(batch(EPOCH, seq, vec![same; 5])).await.expect("well formed") + 1;
    assert_eq!(gate(&world)["open"], false, "one round passed five times");
    costs.is_well(&mut world, "what does not belong");
    opens(&world, &mut raw, seq).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tells_one_finding_in_two_ways_is_suspended_and_holds() {
    let (mut world, shown) = world();
    let costs = Costs::of(&world, MAY_GROW);
    let mut raw = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    opens(&world, &mut raw, 1).await;
    drop(raw);
    let mut raw = Raw::begin_again(&world, &shown, [4; 16]).await.expect("it may begin a new spool");
    let told = raw.good(now_ms() / 1000 + 100);
    raw.send(batch([4; 16], 1, vec![told.clone()])).await.expect("the first time");
    raw.send(batch([4; 16], 1, vec![told.clone()])).await.expect("the same bytes again are acked again");
    let otherwise = v1::Finding { note: "on second thoughts".to_owned(), ..told };
    let refused = raw.send(batch([4; 16], 1, vec![otherwise])).await.expect_err("other bytes");
    assert!(refused.message().contains("the agent is suspended"), "{refused:?}");
    let held = hold(&world);
    assert!(held["code"] == "conflict" && held["agent"] == "raw", "{held}");
    let listed = world.operator.run(&["agent", "ls"]).good();
    let shown_so = listed.out.lines().any(|line| line.contains("raw") && line.contains("suspended"));
    assert!(shown_so, "{}", listed.out);
    costs.is_well(&mut world, "one finding in two ways");
    for restart in [false, true] {
        if restart {
            world.kill_collector();
            world.start_collector();
        }
        let back = Raw::begin_again(&world, &shown, EPOCH).await.err().expect("it may not come back");
        assert_eq!(back.code(), Code::PermissionDenied, "{back:?}");
        assert_eq!(hold(&world)["code"], "conflict", "restart: {restart}");
    }
}
