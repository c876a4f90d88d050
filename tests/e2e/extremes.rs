//! Numbers at the end of their range and texts that would be code somewhere else: taken as what they are,
//! or refused, and never more than that.

use serde_json::Value;
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_tests::{World, WorldOptions};
use tonic::Code;

use crate::raw::{Raw, Shown, batch, now_ms};

const EPOCH: [u8; 16] = [8; 16];
/// What a negative number becomes where only positive ones are known, and where both are.
const NEGATIVE: u64 = u64::MAX;
const LEAST: u64 = 1 << 63;
/// The end of the year 9999, in milliseconds.
const YEAR_9999: u64 = 253_402_300_799_999;

/// A text that is code for a terminal, a page, a database, a shell, a log and a template.
const CODE: &str = "<script>alert(1)</script>' OR 1=1; -- $(reboot) `id` {{7*7}} %s%n \u{202e}txt";

fn world() -> (World, Shown) {
    let world = World::collector_alone();
    world.apply(&WorldOptions::default().plan);
    let folder = world.enrol("target", "raw");
    (world, Shown::of(&folder))
}

fn gate(world: &World) -> Value {
    world.operator.run(&["gate", "check", "ready", "-o", "json"]).json()
}

/// A finding with one field at its end, and whether it is taken.
fn findings(raw: &Raw) -> Vec<(&'static str, v1::Finding, bool)> {
    let good = || raw.good(1);
    let step = |duration_us| v1::Step { duration_us, ..good().steps[0].clone() };
    let measure = |value| v1::Measure { name: "lag".to_owned(), value, unit: "s".to_owned() };
    let counts = |ok, total, buckets: Vec<(u64, u64)>| v1::Counts {
        ok,
        total,
        latency_buckets: buckets
            .into_iter()
            .map(|(upper_us, count)| v1::LatencyBucket { upper_us, count })
            .collect(),
    };
    let mark = |kind: v1::MarkKind, unix_ms| v1::Mark { key: "m".to_owned(), kind: kind.into(), unix_ms };
    let digest = |rows| v1::Digest { key: "k".to_owned(), hash: vec![1], rows, position: "first".to_owned() };
    let remaining =
        |count| v1::Remaining { count, unit: "orders".to_owned(), what: "not drained".to_owned() };
    vec![
        ("a negative duration", v1::Finding { duration_ns: NEGATIVE, ..good() }, true),
        ("the least duration", v1::Finding { duration_ns: LEAST, ..good() }, true),
        ("a negative lateness", v1::Finding { lateness_ns: NEGATIVE, ..good() }, true),
        ("a start at the end", v1::Finding { started_mono_ns: NEGATIVE, ..good() }, true),
        ("the last round", raw.good(NEGATIVE), true),
        ("round 0", raw.good(0), true),
        ("the last plan revision", v1::Finding { plan_revision: NEGATIVE, ..good() }, true),
        ("due in 1970", v1::Finding { due_unix_ms: 1, ..good() }, true),
        ("due in year 0", v1::Finding { due_unix_ms: 0, ..good() }, false),
        ("due in 9999", v1::Finding { due_unix_ms: YEAR_9999, ..good() }, true),
        ("due in 10000", v1::Finding { due_unix_ms: YEAR_9999 + 1, ..good() }, false),
        ("a step without end", v1::Finding { steps: vec![step(NEGATIVE)], ..good() }, true),
        ("the largest measure", v1::Finding { measures: vec![measure(f64::MAX)], ..good() }, true),
        ("the least measure", v1::Finding { measures: vec![measure(f64::MIN)], ..good() }, true),
        ("a measure of -0", v1::Finding { measures: vec![measure(-0.0)], ..good() }, true),
        ("the smallest measure", v1::Finding { measures: vec![measure(f64::from_bits(1))], ..good() }, true),
        ("all rows", v1::Finding { digests: vec![digest(NEGATIVE)], ..good() }, true),
        ("all that remains", v1::Finding { remaining: vec![remaining(NEGATIVE)], ..good() }, true),
        (
            "a mark at the end of time",
            v1::Finding { marks: vec![mark(v1::MarkKind::Seen, NEGATIVE)], ..good() },
            true,
        ),
        ("a mark before time", v1::Finding { marks: vec![mark(v1::MarkKind::Issued, 0)], ..good() }, true),
        ("counts without end", v1::Finding { counts: Some(counts(0, NEGATIVE, vec![])), ..good() }, false),
        (
            "buckets without end",
            v1::Finding { counts: Some(counts(0, 1, vec![(NEGATIVE, NEGATIVE); 2])), ..good() },
            false,
        ),
        (
            "a bucket at the end",
            v1::Finding { counts: Some(counts(1, 1, vec![(NEGATIVE, 1)])), ..good() },
            true,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_at_its_end_is_taken_or_refused_and_opens_nothing() {
    let (mut world, shown) = world();
    let mut raw = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    let mut seq = 1;
    for (name, finding, taken) in findings(&raw) {
        raw.beat().await.expect("a heartbeat is answered");
        match raw.send(batch(EPOCH, seq, vec![finding])).await {
            Ok(acked) => {
                assert!(taken, "{name} was taken");
                assert_eq!(acked, seq, "{name}");
                seq += 1;
            }
            Err(status) => {
                assert!(!taken, "{name} was refused: {status:?}");
                assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status:?}");
                raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
            }
        }
        let ended = world.collector.as_mut().expect("it was started").ended();
        assert!(ended.is_none(), "the collector did not survive {name}");
        assert_eq!(gate(&world)["open"], false, "{name}");
    }
    // What was taken is in the journal for good: a restart folds it again, and answers the same.
    let before = gate(&world)["holds"].clone();
    world.kill_collector();
    world.start_collector();
    assert_eq!(gate(&world)["open"], false);
    assert_eq!(gate(&world)["holds"][0]["code"], before[0]["code"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_from_the_end_of_time_moves_no_clock() {
    let (mut world, shown) = world();
    let ends = [0, 1, LEAST, NEGATIVE - 1, NEGATIVE];
    let mut raw = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    for a in ends {
        for b in ends {
            let beat = v1::Heartbeat {
                sequence: a,
                agent_sent_unix_ms: b,
                last_collector_received_unix_ms: a,
                last_collector_sent_unix_ms: b,
                last_agent_sent_unix_ms: b,
                last_agent_received_unix_ms: a,
                starved_permille: u32::MAX,
                spool_bytes: a,
                spool_findings: b,
                warnings: vec!["\u{1b}[2J".repeat(1000); 100],
            };
            raw.say(Said::Heartbeat(beat)).await;
        }
    }
    // It is still heard, and what it says of its clock counts for itself alone.
    raw.beat().await.expect("it is heard");
    assert!(world.collector.as_mut().expect("it was started").ended().is_none());
    let status = world.status().expect("it answers");
    let shown_at = status["agents"].to_string();
    assert!(shown_at.contains("raw"), "{status}");
    assert_eq!(gate(&world)["open"], false);
    world.kill_collector();
    world.start_collector();
    assert_eq!(gate(&world)["open"], false);
}

/// What an agent says in words comes out as words, wherever it is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_is_code_elsewhere_stays_a_text() {
    let (world, shown) = world();
    let mut raw = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    let good = raw.good(now_ms() / 1000);
    let told = v1::Finding {
        outcome: v1::Outcome::Fail.into(),
        note: CODE.to_owned(),
        target_revision: CODE.to_owned(),
        steps: vec![v1::Step { name: CODE.to_owned(), note: CODE.to_owned(), ..good.steps[0].clone() }],
        measures: vec![v1::Measure { name: CODE.to_owned(), value: 1.0, unit: CODE.to_owned() }],
        remaining: vec![v1::Remaining { count: 1, unit: CODE.to_owned(), what: CODE.to_owned() }],
        refused_calls: vec![v1::RefusedCall { target: CODE.to_owned(), reason: CODE.to_owned() }],
        trace_ids: vec![CODE.to_owned()],
        digests: vec![v1::Digest { key: CODE.to_owned(), hash: vec![1], rows: 1, position: CODE.to_owned() }],
        marks: vec![v1::Mark { key: CODE.to_owned(), kind: v1::MarkKind::Seen.into(), unix_ms: now_ms() }],
        ..good
    };
    raw.beat().await.expect("a heartbeat is answered");
    raw.send(batch(EPOCH, 1, vec![told])).await.expect("they are texts");
    let gap = v1::Gap { from_seq: 2, to_seq: 3, counts: Vec::new(), reason: CODE.to_owned() };
    let lost = v1::FindingBatch { gap: Some(gap), ..batch(EPOCH, 2, Vec::new()) };
    raw.send(lost).await.expect("its reason is a text");
    raw.say(Said::Heartbeat(v1::Heartbeat {
        sequence: u64::MAX,
        warnings: vec![format!("\u{1b}[2J\u{9b}31m{CODE}"); 3],
        ..v1::Heartbeat::default()
    }))
    .await;
    let status = v1::AssignmentStatus {
        assignment_id: CODE.to_owned(),
        check: raw.assignments.assignments[0].check.clone(),
        accepted: true,
        cause: "\u{1b}[2J".to_owned(),
        reason: format!("\u{1b}]0;owned\u{7}{CODE}"),
        blind_spots: vec![format!("\u{9b}31m{CODE}")],
    };
    raw.say(Said::AssignmentStatus(status)).await;
    raw.beat().await.expect("it is still heard");
    let asked: [&[&str]; 10] = [
        &["report"],
        &["brief"],
        &["agent", "ls"],
        &["agent", "ls", "-o", "json"],
        &["status"],
        &["why", "login"],
        &["check", "ls"],
        &["gate", "check", "ready"],
        &["events"],
        &["status", "-o", "json"],
    ];
    for arguments in asked {
        let answer = world.operator.run(arguments);
        let text = format!("{}{}", answer.out, answer.err);
        let code = text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || *c == '\u{202e}');
        assert!(code.is_none(), "{arguments:?} shows {code:?}: {text}");
    }
}

/// What a text of an agent would be in a field of its own, and what of a finding it is that is refused.
fn escapes(raw: &Raw) -> Vec<(&'static str, v1::FindingBatch)> {
    let (good, bad) = (|| raw.good(1), || "a\u{1b}[2Jb".to_owned());
    let one = |finding: v1::Finding| batch(EPOCH, 1, vec![finding]);
    let digest = |key, position| v1::Digest { key, hash: vec![1], rows: 1, position };
    let mark = v1::Mark { key: bad(), kind: v1::MarkKind::Seen.into(), unix_ms: now_ms() };
    let shown = |url, host| v1::Shown { page: "/".to_owned(), url, host, via: v1::Via::Link.into() };
    let shows = |shown| v1::Finding { pages: vec!["/".to_owned()], shown: vec![shown], ..good() };
    let gap = v1::Gap { from_seq: 1, to_seq: 2, counts: Vec::new(), reason: bad() };
    let plain = || "k".to_owned();
    vec![
        ("key", one(v1::Finding { digests: vec![digest(bad(), plain())], ..good() })),
        ("position", one(v1::Finding { digests: vec![digest(plain(), bad())], ..good() })),
        ("key", one(v1::Finding { marks: vec![mark], ..good() })),
        ("pages", one(v1::Finding { pages: vec![bad()], ..good() })),
        ("shown", one(shows(shown(bad(), plain())))),
        ("shown", one(shows(shown("https://k/x".to_owned(), bad())))),
        ("gap.reason", v1::FindingBatch { gap: Some(gap), ..batch(EPOCH, 1, Vec::new()) }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_escape_in_any_field_of_text_is_refused_with_its_place() {
    let (world, shown) = world();
    let first = Raw::begin(&world, &shown, EPOCH).await.expect("it joined");
    let escapes = escapes(&first);
    drop(first);
    for (place, bad) in escapes {
        let mut raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
        let refused = raw.send(bad).await.expect_err(place);
        assert_eq!(refused.code(), Code::InvalidArgument, "{place}: {refused:?}");
        assert!(refused.message().contains(place), "{place}: {refused:?}");
        assert!(refused.message().contains("control character"), "{place}: {refused:?}");
        assert!(!refused.message().contains('\u{1b}'), "{place}: {refused:?}");
    }
    let mut raw = Raw::begin_again(&world, &shown, EPOCH).await.expect("it may come again");
    let good = raw.good(1);
    raw.send(batch(EPOCH, 1, vec![good])).await.expect("the same without it is taken");
}

/// The same from those who have access: a reason is shown to people, so it is text or it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_with_an_escape_reaches_no_screen() {
    let (world, _) = world();
    for reason in ["\u{1b}[2J all good", "a\u{7}b", CODE, "a\rb\u{85}c"] {
        let _ = world.operator.run(&["hold", "--reason", reason]);
        for arguments in [&["status"][..], &["events"], &["events", "-o", "json"]] {
            let answer = world.operator.run(arguments);
            let text = format!("{}{}", answer.out, answer.err);
            let code =
                text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || *c == '\u{202e}');
            assert!(code.is_none(), "{arguments:?} shows {code:?} of {reason:?}: {text}");
        }
    }
}
