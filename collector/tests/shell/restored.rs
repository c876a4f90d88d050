//! A backup that was put back knows nothing of what came after it: it holds until a person has looked.

use std::path::Path;

use tidelock_proto::v1;

use crate::agent::{Agent, join};
use crate::restart::journal;
use crate::support::{Collector, MIGRATION, PLAN, until};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Puts a copy of the data folder in its place.
fn put_back(collector: &Collector, backup: &Path) {
    std::fs::remove_dir_all(collector.path("data")).unwrap();
    copy(backup, &collector.path("data"));
}

async fn hold(collector: &Collector, reason: &str) {
    let request = v1::HoldRequest {
        migration: MIGRATION.to_owned(),
        reason: reason.to_owned(),
        request_id: format!("hold {reason}"),
    };
    collector.orders(&collector.operator).await.hold(request).await.unwrap();
}

async fn release(collector: &Collector, reason: &str) {
    let request = v1::ReleaseRequest {
        migration: MIGRATION.to_owned(),
        reason: reason.to_owned(),
        request_id: format!("release {reason}"),
        of: String::new(),
    };
    collector.orders(&collector.operator).await.release(request).await.unwrap();
}

/// Why the next gate is held by hand.
async fn held(collector: &Collector) -> Option<String> {
    let gate = collector.gate(&collector.operator, "ready").await;
    gate.holds.iter().find(|hold| hold.code == "operator").map(|hold| hold.reason.clone())
}

/// Stops once the heads are remembered.
async fn stop(collector: &mut Collector) {
    collector.stop().await;
    assert!(collector.path("pki/heads.json").is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_holds_until_a_person_releases_it_and_a_fork_is_refused() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    stop(&mut collector).await;
    let backup = collector.path("backup");
    copy(&collector.path("data"), &backup);
    collector.again().await;
    assert_eq!(held(&collector).await, None, "a plain restart holds nothing");
    for round in 0..3 {
        hold(&collector, &format!("look at it, {round}")).await;
        release(&collector, &format!("it is well, {round}")).await;
    }
    stop(&mut collector).await;
    let (heads, kept) = (collector.path("pki/heads.json"), collector.path("heads-of-the-first.json"));
    std::fs::copy(&heads, &kept).unwrap();
    let journal_with_heads = |collector: &Collector| {
        use clap::Parser as _;
        let arguments = ["tidelock-collector", "journal", "verify", "--heads"].map(std::ffi::OsString::from);
        let paths = [kept.clone().into_os_string(), collector.path("data").into_os_string()];
        let cli = tidelock_collector::commands::Cli::parse_from(arguments.into_iter().chain(paths));
        format!("{:?}", tidelock_collector::commands::main(cli))
    };
    let success = format!("{:?}", std::process::ExitCode::SUCCESS);
    assert_eq!(journal_with_heads(&collector), success);

    put_back(&collector, &backup);
    assert_ne!(journal_with_heads(&collector), success, "an older copy was taken for the whole");
    collector.again().await;
    let why = until("it is held", || held(&collector)).await;
    assert!(why.starts_with("collector pressed hold: the journal ends at decision"), "{why}");
    assert!(why.contains("it is an older copy, such as a restored backup"), "{why}");
    // It stays so over a restart, and until somebody says otherwise.
    stop(&mut collector).await;
    collector.again().await;
    assert!(held(&collector).await.is_some());
    release(&collector, "I know what came after").await;
    assert_eq!(held(&collector).await, None);
    for round in 0..5 {
        hold(&collector, &format!("another course, {round}")).await;
        release(&collector, &format!("another course, {round}")).await;
    }
    stop(&mut collector).await;
    assert!(journal("replay", &collector));
    assert!(journal("export", &collector));

    // What was remembered of the first course does not fit on this one any more.
    assert_ne!(journal_with_heads(&collector), success, "a fork was taken for the whole");
    std::fs::copy(&kept, &heads).unwrap();
    let config = tidelock_collector::config::Config::read(&collector.path("collector.toml")).unwrap();
    let refused = tidelock_collector::server::start(config).await.err().unwrap();
    let told = format!("{refused:#}");
    assert!(told.contains("the journal is another course of shop-moves: at decision"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_lost_every_decision_is_held_when_it_is_made_anew() {
    let mut collector = Collector::start().await;
    stop(&mut collector).await;
    let backup = collector.path("backup");
    copy(&collector.path("data"), &backup);
    collector.again().await;
    collector.apply(PLAN).await.unwrap();
    assert_eq!(held(&collector).await, None, "the first decision of a new migration holds nothing");
    hold(&collector, "look at it").await;
    release(&collector, "it is well").await;
    stop(&mut collector).await;
    put_back(&collector, &backup);
    // However often it starts, with whatever else is decided, the loss stays known.
    for _ in 0..2 {
        collector.again().await;
        stop(&mut collector).await;
        let heads = std::fs::read_to_string(collector.path("pki/heads.json")).unwrap();
        assert!(heads.contains("\"lost\"") && heads.contains(MIGRATION), "{heads}");
    }
    collector.again().await;
    collector.apply(PLAN).await.unwrap();
    // It does not even leave `prepare`.
    let held_first = async |collector: &Collector| {
        let status = collector.status().await;
        assert_eq!(status.phase, "prepare");
        let holds = status.next_gate.unwrap().holds;
        holds.into_iter().find(|hold| hold.code == "operator").map(|hold| hold.reason)
    };
    let why = held_first(&collector).await.expect("it is held before anybody is answered");
    assert!(why.contains("the journal has lost all its decisions, up to"), "{why}");
    stop(&mut collector).await;
    collector.again().await;
    assert!(held_first(&collector).await.is_some(), "a restart lifted it");
    release(&collector, "a new migration of the same name").await;
    stop(&mut collector).await;
    collector.again().await;
    assert_eq!(held(&collector).await, None, "what a person released holds no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_without_remembered_heads_holds_until_a_person_releases_it() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    // Also right after the first decision, as at a power cut, the file is there.
    assert!(collector.path("pki/heads.json").is_file());
    stop(&mut collector).await;
    std::fs::remove_file(collector.path("pki/heads.json")).unwrap();
    collector.again().await;
    let why = held(&collector).await.expect("it is held");
    assert!(why.contains("there is no heads.json beside the keys"), "{why}");
    stop(&mut collector).await;
    collector.again().await;
    assert!(held(&collector).await.is_some(), "a restart lifted it");
    release(&collector, "it is the newest").await;
    stop(&mut collector).await;
    collector.again().await;
    assert_eq!(held(&collector).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_nobody_can_read_holds_by_the_agents_name_and_by_nobody_elses() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let head = agent.welcome.head.clone().expect("it is shown the newest head");
    drop(agent);
    let mut flipped = head.clone();
    flipped.chain[0] ^= 1;
    // Whoever may only look, and makes one up, holds nothing.
    let request = v1::GetHeadRequest { migration: MIGRATION.to_owned(), remembered: Some(flipped.clone()) };
    let viewer = collector.issue("vera", "viewer", "").await;
    let status = collector.migrations(&viewer).await.get_head(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
    assert_eq!(held(&collector).await, None);
    let _agent = Agent::connect_with(&collector, &papers, 1, Some(flipped.clone())).await.unwrap();
    let why = until("it is held", || held(&collector)).await;
    let wanted = "agent source/a: the head that it remembers cannot be read (the head of the \
                  decisions cannot be believed: its signature does not fit)";
    assert!(why.contains(wanted), "{why}");
    release(&collector, "its disk was damaged").await;
    drop(_agent);
    let again = Agent::connect_with(&collector, &papers, 1, Some(flipped)).await.unwrap();
    assert!(again.welcome.head.is_some(), "it is shown the newest one, which it remembers from here on");
    assert_eq!(held(&collector).await, None, "a person has looked at it");
}
