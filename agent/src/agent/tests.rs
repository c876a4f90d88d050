use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{RunRequest, RunResult};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::components::digest;
use crate::testing::{Collector, Knobs, Pki, until};

const WASM: &[u8] = b"not really a component";

/// Passes at once, except for `slow`, which takes longer than its interval, and `counts`, which counts
/// its runs in its state.
#[derive(Clone, Default)]
struct Instant {
    prepared: Arc<std::sync::Mutex<Vec<Sha256>>>,
}

impl Sandbox for Instant {
    async fn prepare(&self, wasm: &Path, component: Sha256) -> Result<crate::runs::Described, Refusal> {
        assert_eq!(digest(&std::fs::read(wasm).unwrap()), component);
        self.prepared.lock().unwrap().push(component);
        let blind_spots = vec!["the weather".to_owned()];
        Ok(crate::runs::Described { name: "stock".into(), version: "0.1.0".into(), blind_spots })
    }

    async fn run(&self, request: RunRequest) -> RunResult {
        let mut result = RunResult::not_run(Cause::Trap, "");
        (result.outcome, result.cause) = (Outcome::Pass, None);
        match request.check.as_str() {
            "slow" => sleep(Duration::from_millis(300)).await,
            "counts" => {
                let before = request.state.get("n").map_or(0, |bytes| bytes[0]);
                result.report.note = before.to_string();
                result.state_changes = vec![("n".to_owned(), Some(vec![before + 1]))];
            }
            _ => {}
        }
        result
    }
}

fn assignment(check: &str, every_ms: u64) -> v1::Assignment {
    v1::Assignment {
        id: format!("{check}-1"),
        check: check.to_owned(),
        component_sha256: digest(WASM).as_bytes().to_vec(),
        settings: "{}".to_owned(),
        every_ms,
        timeout_ms: 1_000,
        grid_origin_unix_ms: 1_000,
        nonce_seed: b"seed".to_vec(),
        ..v1::Assignment::default()
    }
}

fn assignments(revision: u64, assignments: Vec<v1::Assignment>) -> v1::Assignments {
    let hash = u8::try_from(revision).unwrap();
    v1::Assignments { plan_revision: revision, plan_hash: vec![hash; 32], assignments, later: Vec::new() }
}

struct Bed {
    _dir: TempDir,
    collector: Collector,
    sandbox: Instant,
    stop: Option<oneshot::Sender<()>>,
    keys: watch::Sender<Keys>,
    agent: JoinHandle<Result<()>>,
}

async fn bed(first: v1::Assignments) -> Bed {
    bed_with(first, "[allow]\nhosts = [\"shop.example\"]\n[plugins]\nallow_unsigned = true\n", "").await
}

async fn bed_with(first: v1::Assignments, more: &str, signatures: &str) -> Bed {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let components = BTreeMap::from([(digest(WASM).as_bytes().to_vec(), WASM.to_vec())]);
    let signatures = signatures.to_owned();
    let knobs = Knobs { assignments: Some(first), components, signatures, ..Knobs::default() };
    let collector = Collector::start(pki.mutual_server(&pki), knobs).await;
    let config = pki.enrol(dir.path(), &pki, &collector.address, more);
    let sandbox = Instant::default();
    let (stop, stopped) = oneshot::channel();
    let (give, keys) = oneshot::channel();
    let stopped = async move {
        let _ = stopped.await;
    };
    let beside = move |_, keys, _| {
        let _ = give.send(keys);
        std::future::pending()
    };
    let agent = tokio::spawn(run_beside(config, sandbox.clone(), stopped, beside));
    let keys = keys.await.unwrap();
    Bed { _dir: dir, collector, sandbox, stop: Some(stop), keys, agent }
}

impl Bed {
    fn findings(&self, check: &str) -> Vec<v1::Finding> {
        self.collector.see(|m| m.findings.values().filter(|f| f.check == check).cloned().collect())
    }

    async fn until_findings(&self, check: &str, count: usize) -> Vec<v1::Finding> {
        until("there are findings", || self.findings(check).len() >= count).await;
        self.findings(check)
    }

    async fn leave(mut self) -> Collector {
        let _ = self.stop.take().unwrap().send(());
        self.agent.await.unwrap().unwrap();
        self.collector.clone()
    }
}

#[tokio::test]
async fn a_component_runs_once_somebody_trusted_vouches_for_it_and_the_screen_is_told_of_the_switch() {
    let (key, _) = tidelock_components::SigningKey::make().unwrap();
    let plugins = format!("[plugins]\ntrusted_keys = [\"{}\"]\n", key.public());
    let bed = bed_with(assignments(1, vec![assignment("login", 50)]), &plugins, "").await;
    let cause = || bed.collector.see(|memory| memory.statuses.get("login").map(|told| told.cause.clone()));
    until("it is refused", || cause().as_deref() == Some("unsigned")).await;
    let told = bed.collector.see(|memory| memory.statuses["login"].reason.clone());
    assert!(told.contains("nobody has signed it"), "{told}");
    assert!(bed.sandbox.prepared.lock().unwrap().is_empty(), "it was compiled before it was judged");
    let signature = key.sign("stock", "0.1.0", &digest(WASM).to_string()).unwrap();
    bed.collector.knobs.send_modify(|knobs| knobs.signatures = signature.to_string());
    let passes = || bed.findings("login").iter().any(|finding| finding.outcome() == v1::Outcome::Pass);
    until("it runs", passes).await;
    assert!(bed.collector.see(|memory| memory.warnings.is_empty()));
    let _ = bed.leave().await;

    let loud =
        bed_with(assignments(1, vec![assignment("login", 50)]), "[plugins]\nallow_unsigned = true\n", "")
            .await;
    until("the switch is told", || {
        loud.collector.see(|memory| memory.warnings.iter().any(|warning| warning.contains("UNSIGNED")))
    })
    .await;
    let _ = loud.leave().await;
}

#[tokio::test]
async fn a_busy_collector_is_asked_again_for_one_component_after_the_other_and_no_round_is_lost() {
    let bed = bed(assignments(1, vec![assignment("login", 50)])).await;
    bed.until_findings("login", 1).await;
    let wasm: Vec<Vec<u8>> = (0..4_u8).map(|number| [WASM, &[number]].concat()).collect();
    let check = |number: usize| format!("check-{number}");
    let wanted = wasm.iter().enumerate().map(|(number, wasm)| v1::Assignment {
        component_sha256: digest(wasm).as_bytes().to_vec(),
        ..assignment(&check(number), 50)
    });
    let wanted = assignments(2, wanted.collect());
    let before = bed.collector.see(|memory| memory.fetches);
    bed.collector.turn(|knobs| {
        knobs.components = wasm.iter().map(|wasm| (digest(wasm).as_bytes().to_vec(), wasm.clone())).collect();
        (knobs.busy_fetches, knobs.fetch_takes) = (before + 2, Duration::from_millis(20));
        knobs.assignments = Some(wanted);
    });
    for number in 0..wasm.len() {
        let findings = bed.until_findings(&check(number), 1).await;
        // Beside other tests the agent may have had too little time for what it saw to count.
        let starved = findings[0].cause == "starved" && findings[0].note.contains("it saw pass");
        assert!(starved || findings[0].outcome() == v1::Outcome::Pass, "{:?}", findings[0]);
    }
    let seen = bed.collector.see(|memory| (memory.fetches - before, memory.most_fetching));
    assert_eq!(seen, (wasm.len() + 2, 1), "how often it was asked, and for how many at once");
    let _ = bed.leave().await;
}

#[tokio::test]
async fn what_a_later_phase_needs_is_made_ready_ahead_and_not_run() {
    let mut first = assignments(1, vec![assignment("login", 50)]);
    let unknown = v1::Assignment { component_sha256: vec![9; 32], ..assignment("fence", 50) };
    first.later = vec![assignment("copied", 50), unknown];
    let bed = bed(first).await;
    let told = |check: &str| bed.collector.see(|memory| memory.statuses.get(check).cloned());
    until("both are told", || told("copied").is_some() && told("fence").is_some()).await;
    assert!(told("copied").unwrap().accepted, "its component is there");
    assert_eq!(told("fence").unwrap().cause, "unknown_plugin");
    let _ = bed.until_findings("login", 3).await;
    assert!(bed.findings("copied").is_empty() && bed.findings("fence").is_empty());
    let _ = bed.leave().await;
}

#[tokio::test]
async fn from_an_assignment_to_findings_and_a_good_leave() {
    let bed = bed(assignments(1, vec![assignment("login", 50)])).await;
    let findings = bed.until_findings("login", 5).await;
    assert_eq!(bed.sandbox.prepared.lock().unwrap().as_slice(), [digest(WASM)]);
    let rounds: Vec<u64> = findings.iter().map(|finding| finding.round).collect();
    assert!(rounds.windows(2).all(|pair| pair[0] < pair[1]), "{rounds:?}");
    let one = &findings[0];
    assert_eq!((one.outcome(), one.due_unix_ms), (v1::Outcome::Pass, 1_000 + one.round * 50));
    assert_eq!((one.plan_revision, one.assignment_id.as_str(), one.nonce.len()), (1, "login-1", 32));
    assert_eq!(one.trace_ids[0].len(), 32);
    let collector = bed.leave().await;
    let last = collector.see(|memory| memory.durable);
    collector.assert_whole(last);
    assert_eq!(collector.see(|memory| memory.signed_off.clone()), Some("drained".to_owned()));
}

#[tokio::test]
async fn a_change_of_plan_loses_no_finding_and_needs_no_restart() {
    let bed = bed(assignments(1, vec![assignment("login", 50), assignment("slow", 400)])).await;
    bed.until_findings("slow", 1).await;
    bed.collector.turn(|knobs| {
        knobs.assignments = Some(assignments(2, vec![assignment("login", 50), assignment("stock", 50)]));
    });
    bed.until_findings("stock", 2).await;
    let revisions: Vec<u64> = bed.findings("login").iter().map(|finding| finding.plan_revision).collect();
    assert!(revisions.contains(&1) && revisions.is_sorted(), "{revisions:?}");
    let rounds: Vec<u64> = bed.findings("login").iter().map(|finding| finding.round).collect();
    assert!(rounds.windows(2).all(|pair| pair[0] < pair[1]), "{rounds:?}");
    let collector = bed.leave().await;
    collector.assert_whole(collector.see(|memory| memory.durable));
}

#[tokio::test]
async fn an_older_plan_is_refused_and_told() {
    let bed = bed(assignments(5, vec![assignment("login", 50)])).await;
    bed.until_findings("login", 1).await;
    bed.collector.turn(|knobs| knobs.assignments = Some(assignments(4, vec![assignment("old", 50)])));
    until("it is told", || bed.collector.see(|memory| memory.statuses.contains_key("old"))).await;
    let status = bed.collector.see(|memory| memory.statuses["old"].clone());
    assert!(!status.accepted && status.reason.contains("older than 5"), "{status:?}");
    let before = bed.findings("login").len();
    bed.until_findings("login", before + 2).await;
    assert!(bed.findings("old").is_empty());
}

#[tokio::test]
async fn what_cannot_be_run_says_so_every_round() {
    let mut high = assignment("high", 50);
    let http = v1::HttpGrant { url: "https://elsewhere.example".to_owned(), ..v1::HttpGrant::default() };
    high.grants = vec![v1::Grant { target: "shop".to_owned(), kind: Some(v1::grant::Kind::Http(http)) }];
    let mut unknown = assignment("unknown", 50);
    unknown.component_sha256 = vec![9; 32];
    let bed = bed(assignments(1, vec![high, unknown, assignment("login", 50)])).await;
    for (check, cause) in [("high", "above_ceiling"), ("unknown", "unknown_plugin")] {
        let findings = bed.until_findings(check, 2).await;
        assert_eq!((findings[0].outcome(), findings[0].cause.as_str()), (v1::Outcome::NotRun, cause));
        until("it is told", || {
            bed.collector.see(|m| m.statuses.get(check).is_some_and(|s| !s.accepted && s.cause == cause))
        })
        .await;
    }
    assert_eq!(bed.until_findings("login", 1).await[0].outcome(), v1::Outcome::Pass);
}

#[tokio::test]
async fn a_slow_check_overruns_itself_and_delays_no_other() {
    let bed = bed(assignments(1, vec![assignment("slow", 100), assignment("login", 50)])).await;
    let slow = bed.until_findings("slow", 6).await;
    let overruns = slow.iter().filter(|finding| finding.cause == "overrun").count();
    assert!(overruns >= 3, "{overruns} of {}", slow.len());
    // On a busy machine some of these overrun themselves, too; all the while the others have their turn.
    let other = bed.until_findings("login", slow.len().max(20)).await;
    let ran = other.iter().filter(|finding| finding.cause.is_empty()).count();
    assert!(ran >= 3, "{other:?}");
}

#[tokio::test]
async fn state_goes_from_run_to_run() {
    let bed = bed(assignments(1, vec![assignment("counts", 30)])).await;
    let findings = bed.until_findings("counts", 8).await;
    // On a busy machine a round may come before the one before it has ended; it is skipped, and keeps nothing.
    let ran = findings.iter().filter(|finding| finding.cause.is_empty());
    let notes: Vec<String> = ran.map(|finding| finding.note.clone()).collect();
    let want: Vec<String> = (0..notes.len()).map(|run| run.to_string()).collect();
    assert!(notes == want && notes.len() > 2, "{findings:?}");
}

#[tokio::test]
async fn the_canary_runs_at_once_and_waits_for_no_round() {
    let hour = 3_600_000;
    let mut canary = assignment("tidelock-canary", hour);
    canary.at_once = true;
    let bed =
        bed(assignments(1, vec![canary.clone(), assignment("rare", hour), assignment("login", 50)])).await;
    let first = bed.until_findings("tidelock-canary", 1).await;
    let due = first[0].due_unix_ms - 1_000;
    assert_ne!(due % hour, 0, "it was due when it began, not at a round");
    // The same one goes on over a change of the plan.
    bed.collector.turn(|knobs| {
        knobs.assignments = Some(assignments(2, vec![canary.clone(), assignment("stock", 50)]));
    });
    bed.until_findings("stock", 2).await;
    assert_eq!(bed.findings("tidelock-canary").len(), 1);
    assert!(bed.findings("rare").is_empty(), "only what is to run at once does");
    let _ = bed.leave().await;
}

#[tokio::test]
async fn keys_that_are_read_anew_end_and_begin_what_they_vouch_for_without_a_restart() {
    let (key, _) = tidelock_components::SigningKey::make().unwrap();
    let signature = key.sign("stock", "0.1.0", &digest(WASM).to_string()).unwrap().to_string();
    let bed = bed_with(assignments(1, vec![assignment("login", 50)]), "", &signature).await;
    let cause = || bed.collector.see(|memory| memory.statuses.get("login").map(|told| told.cause.clone()));
    let passes = || {
        let passed = |finding: &&v1::Finding| finding.outcome() == v1::Outcome::Pass;
        bed.findings("login").iter().filter(passed).count()
    };
    until("nobody is trusted yet", || cause().as_deref() == Some("unsigned")).await;
    let trusted = Keys { trusted: [key.public()].into(), ..Keys::default() };
    bed.keys.send_replace(trusted.clone());
    until("it runs", || passes() > 0).await;
    bed.keys.send_replace(Keys { revoked: [key.public()].into(), ..trusted });
    until("it is refused", || cause().as_deref() == Some("unsigned")).await;
    let (before, all) = (passes(), bed.findings("login").len());
    until("rounds go by", || bed.findings("login").len() > all + 3).await;
    assert!(passes() <= before + 1, "one may have been on its way; no new one is begun");
    let told = bed.collector.see(|memory| memory.statuses["login"].reason.clone());
    assert!(told.contains("revoked_keys"), "{told}");
    let _ = bed.leave().await;
}

#[tokio::test]
async fn a_run_that_somebody_asks_for_is_answered_and_leaves_no_trace() {
    let bed = bed(assignments(1, vec![assignment("counts", 100)])).await;
    bed.until_findings("counts", 3).await;
    let ask = |number, check: &str, plan_revision| {
        let asked = v1::RunNow { number, check: check.to_owned(), plan_revision, ..v1::RunNow::default() };
        bed.collector.turn(move |knobs| knobs.ask = Some(asked));
    };
    let answers = || bed.collector.see(|m| m.answers.clone());
    let number = (1 << 48) + 7;
    ask(number, "counts", 1);
    until("it is answered", || answers().len() == 1).await;
    let finding = answers()[0].finding.clone().expect("it was run");
    assert_eq!((finding.round, finding.check.as_str()), (number, "counts"));
    // On a busy machine an agent says before it that it had too little time.
    let number_in = |note: &str| note.rsplit(' ').next().and_then(|word| word.parse::<u64>().ok());
    let seen = number_in(&finding.note).expect("the state of a check");
    // What it wanted to remember is dropped: the rounds count on as if nobody had looked.
    let later = bed.until_findings("counts", usize::try_from(seen).unwrap() + 4).await;
    let counted: Vec<u64> = later.iter().filter_map(|finding| number_in(&finding.note)).collect();
    let expected: Vec<u64> = (0..counted.len() as u64).collect();
    assert_eq!(counted, expected);
    assert!(later.iter().all(|finding| finding.round < 1 << 48), "it is no round");
    for (check, number, revision, why) in [
        ("nope", number + 1, 1, "no check nope"),
        ("counts", 5, 1, "rounds are not run for asking"),
        ("counts", number + 2, 2, "plan revision 1 still"),
        ("Not A Name", number + 3, 1, "check: "),
    ] {
        let before = answers().len();
        ask(number, check, revision);
        until("it is refused", || answers().len() > before).await;
        let answer = answers().pop().expect("an answer");
        assert!(answer.finding.is_none() && answer.refused.contains(why), "{answer:?}");
    }
    bed.leave().await;
}
