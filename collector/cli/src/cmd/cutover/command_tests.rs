use std::collections::BTreeMap;

use super::*;

fn order(argv: &[&str], timeout: Duration) -> Order {
    Order {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        // The program of a unit test keeps nothing; `tests/keep.rs` has the real one.
        keeper: Vec::new(),
        dir: PathBuf::from("/"),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        timeout,
    }
}

/// Runs it, and gives how it ended and the lines that were shown.
async fn ended(order: Order) -> (Ended, Vec<String>) {
    let (said, mut shown) = mpsc::channel(256);
    let (_kill, killed) = oneshot::channel();
    let ended = run(order, said, killed).await;
    let mut lines = Vec::new();
    while let Some(line) = shown.recv().await {
        lines.push(line);
    }
    (ended, lines)
}

async fn shell(script: &str) -> (Ended, Vec<String>) {
    ended(order(&["sh", "-c", script], Duration::from_secs(20))).await
}

#[tokio::test]
async fn the_status_is_the_outcome_and_durable_only_what_says_so() {
    for (script, outcome, durable) in [
        ("true", "done", false),
        ("exit 1", "failed", false),
        ("exit 75", "failed", false),
        ("echo 'tidelock: durable'; exit 1", "failed", true),
        ("echo 'tidelock: durable' >&2", "done", true),
        ("echo 'not tidelock: durable'; exit 9", "failed", false),
        ("kill -9 $$", "unknown", false),
    ] {
        let (ended, _) = shell(script).await;
        assert_eq!((ended.outcome, ended.durable), (outcome, durable), "{script}: {ended:?}");
        assert_eq!(ended.why.is_empty(), outcome == "done", "{script}: {ended:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_failed_and_changed_nothing() {
    for argv in [&[][..], &["./no-such-file"], &["no-such-program-of-ours"], &["/etc"]] {
        let (ended, _) = ended(order(argv, Duration::from_secs(5))).await;
        assert_eq!((ended.outcome, ended.durable), ("failed", false), "{argv:?}");
        assert!(ended.output.starts_with("tidelock: "), "{ended:?}");
    }
}

#[tokio::test]
async fn both_pipes_are_heard_and_the_end_is_kept() {
    let (ended, lines) = shell("echo out; echo err >&2; printf half").await;
    let mut said = lines.clone();
    said.sort();
    assert_eq!(said, ["err", "half", "out"]);
    assert!(["out\n", "err\n", "half\n"].iter().all(|line| ended.output.contains(line)), "{ended:?}");
    let (long, _) = shell("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done").await;
    assert_eq!(long.outcome, "done", "a screen that takes nothing held it up");
    assert!(long.output.len() <= super::super::output::KEPT_BYTES && long.output.ends_with("line 2999\n"));
}

#[tokio::test]
async fn its_time_ends_the_whole_group_and_the_outcome_is_unknown() {
    let folder = std::env::temp_dir().join(format!("tidelock-group-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mark = folder.join("still-there");
    // A child of the child, and both are deaf to being asked.
    let script =
        format!("trap '' TERM; (trap '' TERM; sleep 4; touch {}) & echo started; sleep 60", mark.display());
    let begun = Instant::now();
    let (ended, lines) = ended(order(&["sh", "-c", &script], Duration::from_millis(300))).await;
    let took = begun.elapsed();
    assert_eq!((ended.outcome, lines.first().map(String::as_str)), ("unknown", Some("started")), "{ended:?}");
    assert!(ended.output.contains("took longer than"), "{ended:?}");
    assert!(took >= GRACE && took < Duration::from_secs(8), "{took:?}");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!mark.exists(), "a child of the command lives on");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[tokio::test]
async fn a_group_that_obeys_is_gone_at_once_and_a_person_may_end_it() {
    let (said, _shown) = mpsc::channel(256);
    let (kill, killed) = oneshot::channel();
    let begun = Instant::now();
    let running = tokio::spawn(run(order(&["sleep", "60"], Duration::from_secs(60)), said, killed));
    kill.send(()).expect("it listens");
    let ended = running.await.expect("it ends");
    assert_eq!((ended.outcome, ended.durable), ("unknown", false));
    assert!(ended.why.contains("operator"), "{ended:?}");
    assert!(begun.elapsed() < GRACE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_it_leaves_behind_is_not_waited_for() {
    let begun = Instant::now();
    let (ended, _) = shell("sleep 30 & echo away").await;
    assert_eq!(ended.outcome, "done");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn the_environment_is_what_the_plan_names_and_nothing_else() {
    let run = v1::Run {
        run: 3,
        migration: "shop".to_owned(),
        direction: "cutover".to_owned(),
        ..v1::Run::default()
    };
    let named = ["KEY", "TIDELOCK_RUN", "UNSET"].map(str::to_owned);
    let own = |name: &str| match name {
        "UNSET" => None,
        "SECRET" => Some(OsString::from("no")),
        name => Some(OsString::from(format!("own {name}"))),
    };
    let env: BTreeMap<String, String> = (environment(&run, ("traffic", Some(10)), &named, own).into_iter())
        .map(|(name, value)| (name.into_string().unwrap(), value.into_string().unwrap()))
        .collect();
    let wanted = [
        ("HOME", "own HOME"),
        ("KEY", "own KEY"),
        ("PATH", "own PATH"),
        ("TIDELOCK_DIRECTION", "cutover"),
        ("TIDELOCK_MIGRATION", "shop"),
        ("TIDELOCK_REHEARSAL", "false"),
        ("TIDELOCK_RUN", "3"),
        ("TIDELOCK_STEP", "traffic"),
        ("TIDELOCK_WEIGHT", "10"),
    ];
    assert_eq!(env, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn the_command_sees_its_environment_and_its_folder() {
    let mut order = order(&["sh", "-c", "env | sort; pwd"], Duration::from_secs(20));
    order.env.push(("TIDELOCK_STEP".into(), "fence".into()));
    order.dir = PathBuf::from("/usr");
    let (_, lines) = ended(order).await;
    assert!(lines.contains(&"TIDELOCK_STEP=fence".to_owned()), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("/usr"));
    let ours: Vec<_> =
        lines.iter().filter(|line| line.starts_with("CARGO") || line.starts_with("HOME")).collect();
    assert!(ours.is_empty(), "the operator's own environment went in: {ours:?}");
}

#[test]
fn a_weight_is_taken_back_to_the_one_before_it() {
    let mut run = super::super::parts::tests::run();
    let before = |run: &v1::Run| run.parts.iter().map(|part| weight_before(run, part)).collect::<Vec<_>>();
    assert_eq!(before(&run), [None, Some(0), Some(10), None]);
    run.direction = "rollback".to_owned();
    assert_eq!(before(&run), [None, Some(100), Some(10), None]);
}
