//! What somebody writes into the access file is in the journal in the end, once and in order, whatever happens to
//! the collector meanwhile.

use std::sync::Arc;

use tidelock_collector::config::Config;
use tidelock_collector::server;
use tidelock_proto::v1;
use tokio::net::TcpStream;
use tonic::Code;

use crate::access::access_events;
use crate::full::Stepped;
use crate::rotate::reload;
use crate::support::{Collector, PLAN, until};

/// A grant that somebody writes by hand.
fn row(subject: &str) -> String {
    let hash = tidelock_collector::secret::sha256(subject.as_bytes());
    format!(
        "\n[[grant]]\nid = \"of-{subject}\"\nsubject = \"{subject}\"\nrole = \"viewer\"\nissued_unix_ms = 1\n\
         expires_unix_ms = 4102444800000\ntoken_sha256 = \"{hash}\"\n"
    )
}

fn read(collector: &Collector) -> String {
    std::fs::read_to_string(collector.path("access.toml")).unwrap()
}

fn write(collector: &Collector, parts: &[&str]) {
    std::fs::write(collector.path("access.toml"), parts.concat()).unwrap();
}

/// A collector with a plan, whose disk stands still from here on until the test says otherwise.
async fn standing_still() -> (Collector, Arc<Stepped>) {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Arc::new(Stepped::default());
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    disk.stepping(true);
    disk.looks(1).await;
    (collector, disk)
}

/// What the journal says of access, as soon as it says so much.
async fn told(collector: &Collector, at_least: usize) -> Vec<v1::Event> {
    let told = || async {
        let told = access_events(collector).await;
        (told.len() >= at_least).then_some(told)
    };
    until("all of it is in the journal", told).await
}

fn given(subject: &str) -> String {
    format!("{subject} gets access as viewer of every migration until ")
}

fn taken(subject: &str) -> String {
    format!("the access of {subject} as viewer of every migration is taken back (of-{subject})")
}

fn begins(event: &v1::Event, begin: &str) -> bool {
    event.text.starts_with(begin)
}

fn assert_begin(told: &[v1::Event], wanted: &[String]) {
    let texts: Vec<&str> = told.iter().map(|event| event.text.as_str()).collect();
    let fit =
        texts.len() == wanted.len() && texts.iter().zip(wanted).all(|(text, begin)| text.starts_with(begin));
    assert!(fit, "{texts:#?} are not {wanted:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_disk_when_the_collector_stops_is_told_at_its_next_start() {
    let (mut collector, disk) = standing_still().await;
    let (before, rows) = (read(&collector), ["eve0", "eve1", "eve2"].map(row));
    for row in &rows {
        write(&collector, &[&before, row]);
        assert_eq!(reload(&collector).await, [""; 0]);
    }
    let port = collector.api_port();
    let stopping = tokio::spawn(collector.running.take().unwrap().stop());
    let gone = || async { TcpStream::connect(("127.0.0.1", port)).await.err().map(drop) };
    until("nobody is let in any more", gone).await;
    disk.stepping(false);
    stopping.await.unwrap().unwrap();

    collector.again().await;
    let wanted = [given("eve0"), taken("eve0"), given("eve1"), taken("eve1"), given("eve2")];
    assert_begin(&told(&collector, 5).await, &wanted);
    // Once: neither by the next start nor by whoever takes it back.
    collector.stop().await;
    collector.again().await;
    let revoke = v1::RevokeAccessRequest { id: "of-eve2".to_owned() };
    collector.accesses(&collector.operator).await.revoke_access(revoke).await.unwrap();
    let told = told(&collector, 6).await;
    assert_begin(&told, &[&wanted[..], &[taken("eve2")]].concat());
    assert_eq!((told[4].by.as_str(), told[5].by.as_str()), ("", "operator"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_wrote_while_the_collector_did_not_run_is_told_at_its_start() {
    let mut collector = Collector::start().await;
    // From before the migration: its journal does not know it, and that is no change.
    collector.issue("vera", "viewer", "").await;
    collector.apply(PLAN).await.unwrap();
    collector.issue("ben", "person", "").await;
    collector.stop().await;
    let file = read(&collector);
    assert_eq!(file.matches("\"person\"").count(), 1, "{file}");
    write(&collector, &[&file.replace("\"person\"", "\"operator\""), &row("eve")]);
    collector.again().await;
    let first = told(&collector, 4).await;
    assert!(begins(&first[0], "ben gets access as person of every migration"), "{first:?}");
    assert!(begins(&first[1], "the access of ben as person of every migration is taken back"), "{first:?}");
    for begin in [given("eve").as_str(), "ben gets access as operator of every migration until "] {
        assert!(first[2..].iter().any(|event| begins(event, begin)), "{begin}: {first:?}");
    }
    assert!(
        first[1..].iter().all(|event| event.by.is_empty() && event.reason.contains("by hand")),
        "{first:?}"
    );
    // Out again, and a start that finds nothing new says nothing.
    for _ in 0..2 {
        collector.stop().await;
        write(&collector, &[&file]);
        collector.again().await;
        let all = told(&collector, 7).await;
        let texts: Vec<&str> = all[4..].iter().map(|event| event.text.as_str()).collect();
        assert_eq!(texts.len(), 3, "{texts:?}");
        assert!(texts.contains(&taken("eve").as_str()), "{texts:?}");
        assert!(texts[2].starts_with("ben gets access as person"), "{texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_by_hand_that_is_revoked_before_it_is_told_is_given_first_and_then_taken() {
    let (collector, disk) = standing_still().await;
    let (mut file, names) = (read(&collector), ["eve0", "eve1", "eve2", "eve3"]);
    for name in names {
        file += &row(name);
        write(&collector, &[&file]);
        assert_eq!(reload(&collector).await, [""; 0]);
    }
    let mut accesses = collector.accesses(&collector.operator).await;
    let revoke = v1::RevokeAccessRequest { id: "of-eve3".to_owned() };
    let revoking = tokio::spawn(async move { accesses.revoke_access(revoke).await });
    // It lets nobody in any more, whatever the journal does.
    until("it is revoked", || async { read(&collector).contains("revoked = true").then_some(()) }).await;
    disk.stepping(false);
    revoking.await.unwrap().unwrap();
    let told = told(&collector, 5).await;
    assert_eq!(told.len(), 5, "{told:?}");
    let of_eve3: Vec<v1::Event> = told.iter().filter(|event| event.text.contains("eve3")).cloned().collect();
    assert_begin(&of_eve3, &[given("eve3"), taken("eve3")]);
    assert_eq!((of_eve3[0].by.as_str(), of_eve3[1].by.as_str()), ("", "operator"));
    for name in &names[..3] {
        assert!(told.iter().any(|event| event.text.starts_with(&given(name))), "{name}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_access_in_the_collectors_own_name_by_hand_or_through_the_api() {
    let mut collector = Collector::start().await;
    let why = "\"collector\" is the name in which the collector itself asks; give this access another one";
    for role in ["operator", "viewer"] {
        let asked = v1::IssueAccessRequest {
            subject: "collector".to_owned(),
            role: role.to_owned(),
            ..Default::default()
        };
        let refused = collector.accesses(&collector.operator).await.issue_access(asked).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::InvalidArgument, format!("subject: {why}").as_str())
        );
    }
    let (before, by_hand) = (read(&collector), row("collector"));
    write(&collector, &[&before, &by_hand]);
    let told = reload(&collector).await;
    assert!(told.len() == 1 && told[0].contains("of-collector") && told[0].contains(why), "{told:?}");
    let grants = collector.accesses(&collector.operator).await.list_access(v1::ListAccessRequest {}).await;
    assert_eq!(grants.unwrap().into_inner().grants.len(), 1, "those of before stay");
    // It lets nobody in where it was taken back: a file of before is put right like this, too.
    write(&collector, &[&before, &by_hand, "revoked = true\n"]);
    assert_eq!(reload(&collector).await, [""; 0]);
    collector.stop().await;
    write(&collector, &[&before, &by_hand]);
    let config = Config::read(&collector.path("collector.toml")).unwrap();
    let Err(error) = server::start(config).await else { panic!("it started with such a file") };
    assert!(format!("{error:#}").contains(why), "{error:#}");
}
