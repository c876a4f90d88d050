use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::spool::Spool;
use crate::testing::{Collector, Knobs, Pki, until};

struct Bed {
    dir: TempDir,
    collector: Collector,
    spool: SpoolHandle,
    shared: Shared,
    uplink: JoinHandle<Result<(), SpoolError>>,
}

fn open_spool(dir: &Path) -> SpoolHandle {
    let spool = Spool::open(&dir.join("spool"), 64 << 20).unwrap();
    let (handle, items) = SpoolHandle::new(spool);
    tokio::spawn(handle.clone().write_all(items));
    handle
}

fn start(config: Config, spool: &SpoolHandle) -> (Shared, JoinHandle<Result<(), SpoolError>>) {
    let shared = Shared::default();
    let uplink = Uplink::new(Arc::new(config), spool.clone(), Clock::start(), shared.clone());
    (shared, tokio::spawn(uplink.run()))
}

async fn bed(knobs: Knobs) -> Bed {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let collector = Collector::start(pki.mutual_server(&pki), knobs).await;
    let spool = open_spool(dir.path());
    let config = pki.enrol(dir.path(), &pki, &collector.address, "");
    let (shared, uplink) = start(config, &spool);
    Bed { dir, collector, spool, shared, uplink }
}

impl Bed {
    /// Keeps findings one by one, each in a batch of its own.
    async fn keep(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let finding = v1::Finding { check: format!("c{number}"), ..v1::Finding::default() };
            assert!(self.spool.keep(finding, Vec::new()).await);
        }
    }

    async fn until_durable(&self, seq: u64) {
        until("it is durable", || self.collector.see(|memory| memory.durable >= seq)).await;
    }
}

#[tokio::test]
async fn a_broken_connection_neither_loses_nor_doubles_a_finding() {
    let bed = bed(Knobs { break_after: Some(7), ..Knobs::default() }).await;
    bed.keep(0..40).await;
    bed.until_durable(40).await;
    bed.collector.assert_whole(40);
    assert!(bed.collector.see(|memory| memory.sessions) > 1);
    let checks = bed.collector.see(|m| m.findings.values().map(|f| f.check.clone()).collect::<Vec<_>>());
    assert_eq!(checks, (0..40).map(|n| format!("c{n}")).collect::<Vec<_>>());
    assert!(bed.dir.path().join("spool").is_dir());
}

#[tokio::test]
async fn what_is_acked_leaves_the_spool() {
    let bed = bed(Knobs::default()).await;
    bed.keep(0..5).await;
    let mut head = bed.spool.head();
    head.wait_for(|head| head.findings == 0 && head.next_seq == 6).await.unwrap();
    bed.collector.assert_whole(5);
}

#[tokio::test]
async fn findings_kept_without_a_collector_come_when_there_is_one() {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let spool = open_spool(dir.path());
    // A collector that lived and died gives an address that nobody listens on.
    let config = pki.enrol(dir.path(), &pki, "127.0.0.1:1", "");
    let (shared, uplink) = start(config, &spool);
    for _ in 0..3 {
        assert!(spool.keep(v1::Finding::default(), Vec::new()).await);
    }
    shared.leaving.send_replace(Some("test".to_owned()));
    uplink.await.unwrap().unwrap();
    let collector = Collector::start(pki.mutual_server(&pki), Knobs::default()).await;
    let config = crate::testing::agent_config(dir.path(), &collector.address, "");
    let (_shared, _uplink) = start(config, &spool);
    until("they came", || collector.see(|memory| memory.durable == 3)).await;
    collector.assert_whole(3);
}

#[tokio::test]
async fn pressure_bounds_what_is_under_way() {
    let knobs = Knobs { withhold_acks: true, pressure: Some(2), ..Knobs::default() };
    let bed = bed(knobs).await;
    until("the session stands", || bed.shared.offset.borrow().is_some()).await;
    bed.keep(0..10).await;
    bed.until_durable(2).await;
    let unacked = bed.collector.see(|memory| memory.most_unacked);
    assert!((1..=2).contains(&unacked), "{unacked}");
    bed.collector.turn(|knobs| knobs.withhold_acks = false);
    bed.until_durable(10).await;
    bed.collector.assert_whole(10);
    assert!(bed.collector.see(|memory| memory.most_unacked) <= 2);
}

#[tokio::test]
async fn a_collector_under_another_authority_is_refused() {
    let (dir, real, other) = (TempDir::new().unwrap(), Pki::new(), Pki::new());
    let collector = Collector::start(other.mutual_server(&real), Knobs::default()).await;
    let config = real.enrol(dir.path(), &real, &collector.address, "");
    let (_, tls) = identity::load(&config).unwrap();
    let error = connect::connect(&config.collector, "localhost", tls).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let spool = open_spool(dir.path());
    let (shared, uplink) = start(config, &spool);
    assert!(spool.keep(v1::Finding::default(), Vec::new()).await);
    shared.leaving.send_replace(Some("test".to_owned()));
    uplink.await.unwrap().unwrap();
    assert_eq!(collector.see(|memory| memory.sessions), 0);
    assert_eq!(spool.head().borrow().findings, 1);
}

#[tokio::test]
async fn an_authority_that_the_agent_was_not_told_is_named_with_its_file_and_taken_from_there() {
    let (dir, old, new) = (TempDir::new().unwrap(), Pki::new(), Pki::new());
    let collector = Collector::start(new.mutual_server(&old), Knobs::default()).await;
    let config = old.enrol(dir.path(), &old, &collector.address, "");
    let (spool, ca) = (open_spool(dir.path()), dir.path().join("ca.pem"));
    let uplink = Uplink::new(Arc::new(config.clone()), spool.clone(), Clock::start(), Shared::default());
    let told = connect::chain(&uplink.session().await.unwrap_err());
    assert!(told.starts_with(&ca.display().to_string()), "{told}");
    assert!(told.contains("put that beside the old one") && told.contains(&collector.address), "{told}");
    std::fs::write(&ca, format!("{}{}", old.ca_pem, new.ca_pem)).unwrap();
    let (_shared, _uplink) = start(config, &spool);
    assert!(spool.keep(v1::Finding::default(), Vec::new()).await);
    until("it is durable", || collector.see(|memory| memory.durable == 1)).await;
    collector.assert_whole(1);
}

#[tokio::test]
async fn an_agent_under_another_authority_gets_no_session() {
    let (dir, real, other) = (TempDir::new().unwrap(), Pki::new(), Pki::new());
    let collector = Collector::start(real.mutual_server(&real), Knobs::default()).await;
    let config = other.enrol(dir.path(), &real, &collector.address, "");
    let spool = open_spool(dir.path());
    let uplink = Uplink::new(Arc::new(config), spool, Clock::start(), Shared::default());
    assert!(uplink.session().await.is_err());
    assert_eq!(collector.see(|memory| memory.sessions), 0);
}

#[tokio::test]
async fn the_collectors_clock_is_known_after_one_heartbeat() {
    let bed = bed(Knobs { ahead_ms: 5_000, ..Knobs::default() }).await;
    let mut offset = bed.shared.offset.subscribe();
    let offset = offset.wait_for(Option::is_some).await.unwrap().unwrap();
    assert!(offset.ahead_ms.abs_diff(5_000) <= offset.error_ms + 1, "{offset:?}");
}

#[tokio::test]
async fn an_agent_that_leaves_sends_everything_and_signs_off() {
    let bed = bed(Knobs::default()).await;
    bed.keep(0..20).await;
    bed.shared.leaving.send_replace(Some("drained".to_owned()));
    bed.uplink.await.unwrap().unwrap();
    bed.collector.assert_whole(20);
    assert_eq!(bed.collector.see(|memory| memory.signed_off.clone()), Some("drained".to_owned()));
    assert_eq!(bed.spool.head().borrow().findings, 0);
}

#[tokio::test]
async fn an_ack_for_what_was_never_sent_ends_the_session_and_deletes_nothing() {
    let bed = bed(Knobs { ack_too_much: true, ..Knobs::default() }).await;
    bed.keep(0..1).await;
    until("it tried again", || bed.collector.see(|memory| memory.sessions) > 1).await;
    bed.collector.turn(|knobs| knobs.ack_too_much = false);
    bed.keep(1..3).await;
    bed.until_durable(3).await;
    bed.collector.assert_whole(3);
}

/// A bed whose certificate is past two thirds of its life, and ends in `left` seconds.
async fn old_bed(left: u64, signs: bool) -> (Bed, Arc<Pki>) {
    let (dir, pki) = (TempDir::new().unwrap(), Arc::new(Pki::new()));
    let knobs = Knobs { signer: signs.then(|| pki.clone()), ..Knobs::default() };
    let collector = Collector::start(pki.mutual_server(&pki), knobs).await;
    let spool = open_spool(dir.path());
    let config = pki.enrol(dir.path(), &pki, &collector.address, "");
    let now = Clock::start().now().as_millis() / 1000;
    pki.enrol_for(dir.path(), Some((now - 10 * left, now + left)));
    let (shared, uplink) = start(config, &spool);
    (Bed { dir, collector, spool, shared, uplink }, pki)
}

#[tokio::test]
async fn a_certificate_is_renewed_by_itself_and_no_finding_is_lost() {
    let (bed, _pki) = old_bed(600, true).await;
    bed.keep(0..20).await;
    until("the agent came back with another certificate", || bed.collector.see(|m| m.sessions > 1)).await;
    bed.keep(20..40).await;
    bed.until_durable(40).await;
    bed.collector.assert_whole(40);
    assert_eq!(bed.collector.see(|memory| memory.renewals), 1, "the new one lasts");
    let pair = std::fs::read_to_string(bed.dir.path().join("agent.pem")).unwrap();
    assert!(
        pair.contains("BEGIN CERTIFICATE") && pair.contains("PRIVATE KEY"),
        "one file, never half of a pair"
    );
}

#[tokio::test]
async fn a_renewal_that_fails_is_tried_again_and_the_old_certificate_serves_on() {
    let (bed, pki) = old_bed(6, false).await;
    until("it asks again", || bed.collector.see(|memory| memory.renewals > 1)).await;
    bed.keep(0..5).await;
    bed.until_durable(5).await;
    bed.collector.turn(|knobs| knobs.signer = Some(pki.clone()));
    until("it is renewed in the end", || bed.collector.see(|memory| memory.sessions > 1)).await;
    bed.keep(5..10).await;
    bed.until_durable(10).await;
    bed.collector.assert_whole(10);
}

#[tokio::test]
async fn what_is_replaced_on_disk_is_taken_without_a_restart_and_rubbish_is_not() {
    let (bed, pki) = old_bed(600, true).await;
    until("it is renewed", || bed.collector.see(|memory| memory.sessions >= 2)).await;
    std::fs::write(bed.dir.path().join("agent.pem"), "rubbish").unwrap();
    bed.collector.turn(|knobs| knobs.break_after = Some(1));
    bed.keep(0..1).await;
    until("it comes back as it was", || bed.collector.see(|memory| memory.sessions >= 3)).await;
    bed.collector.turn(|knobs| knobs.break_after = None);
    pki.enrol_for(bed.dir.path(), None);
    let before = bed.collector.see(|memory| memory.sessions);
    until("the new files are taken", || bed.collector.see(|memory| memory.sessions > before)).await;
    bed.keep(1..3).await;
    bed.until_durable(3).await;
    bed.collector.assert_whole(3);
}
