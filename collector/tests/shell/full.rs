//! A disk that is full for a moment loses nothing and turns nothing around.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tidelock_collector::journal::{Disk, Position, RealDisk, read_findings_offline};
use tidelock_collector::records::seen_from_bytes;
use tidelock_core::record::Observation;
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Say;
use tidelock_proto::v1::session_response::Message as Hear;

use crate::access::access_events;
use crate::agent::{Agent, join};
use crate::ingest::recent;
use crate::rotate::reload;
use crate::support::{Collector, PLAN, until};

/// A disk whose space is told group by group, each when the test says so.
#[derive(Default)]
pub(crate) struct Stepped {
    steps: Mutex<Steps>,
    changed: Condvar,
}

#[derive(Default)]
struct Steps {
    stepping: bool,
    /// Groups of the writer that asked since the steps began.
    looks: usize,
    free_bytes: VecDeque<u64>,
}

impl Stepped {
    pub(crate) fn stepping(&self, stepping: bool) {
        self.steps.lock().unwrap().stepping = stepping;
        self.changed.notify_all();
    }

    fn answer(&self, free_bytes: u64) {
        self.steps.lock().unwrap().free_bytes.push_back(free_bytes);
        self.changed.notify_all();
    }

    pub(crate) async fn looks(&self, looks: usize) {
        until("the writer has a group", || async {
            (self.steps.lock().unwrap().looks >= looks).then_some(())
        })
        .await;
    }
}

impl Disk for Stepped {
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let mut steps = self.steps.lock().unwrap();
        steps.looks += usize::from(steps.stepping);
        let waits = |steps: &mut Steps| steps.stepping && steps.free_bytes.is_empty();
        let mut steps = self.changed.wait_while(steps, waits).unwrap();
        Ok(steps.free_bytes.pop_front().unwrap_or(u64::MAX))
    }

    fn fill(&self, path: &Path, bytes: u64) -> io::Result<File> {
        RealDisk.fill(path, bytes)
    }
}

/// The first number of each batch in the journal, and how many findings it brought.
fn batches(collector: &Collector) -> Vec<(u64, usize)> {
    let records = read_findings_offline(&collector.path("data"), Position::new(1)).unwrap();
    let seen = records.map(|stored| seen_from_bytes(&stored.unwrap().record.body).unwrap());
    let batch = |observation| match observation {
        Observation::Findings(batch) => Some((batch.first_seq, batch.findings.len())),
        Observation::Agent(_)
        | Observation::SignedOff(_)
        | Observation::Refused(..)
        | Observation::Tick
        | Observation::LeaseRenewed { .. }
        | Observation::RunRenewed { .. } => None,
    };
    seen.filter_map(|seen| batch(seen.observation)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_refused_batch_is_refused_and_both_come_again_in_order() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Arc::new(Stepped::default());
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    let [first, second] = [(); 2].map(|()| agent.finding(v1::Outcome::Pass));

    // The writer holds a group of ticks, then one with the first batch; the second waits behind it.
    disk.stepping(true);
    disk.looks(1).await;
    agent.say(Say::Batch(agent.batch(1, vec![first.clone()]))).await;
    agent.beat().await;
    disk.answer(u64::MAX);
    disk.looks(2).await;
    agent.say(Say::Batch(agent.batch(2, vec![second.clone()]))).await;
    agent.beat().await;
    // No room for the first, and room again for the second.
    disk.answer(0);
    disk.stepping(false);
    let refused = agent.ack().await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused}");

    let reconnect = || async { Agent::connect(&collector, &papers, 1).await.ok() };
    let mut agent = until("the seat is free again", reconnect).await;
    assert_eq!(agent.welcome.durable_seq, 0);
    for (seq, finding) in [(1, first), (2, second)] {
        agent.say(Say::Batch(agent.batch(seq, vec![finding]))).await;
    }
    assert_eq!((agent.ack().await.unwrap(), agent.ack().await.unwrap()), (1, 2));
    assert_eq!(recent(&collector).await, 2);
    drop(agent);
    collector.stop().await;
    assert_eq!(batches(&collector), [(1, 1), (2, 1)]);
    collector.again().await;
    let agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    assert_eq!(agent.welcome.durable_seq, 2);
    assert_eq!(recent(&collector).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_agent_sixteen_batches_wait_for_the_disk_and_the_next_one_waits_in_the_stream() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Arc::new(Stepped::default());
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let papers = join(&collector, v1::Side::Source, "a").await;
    let mut agent = Agent::connect(&collector, &papers, 1).await.unwrap();
    disk.stepping(true);
    disk.looks(1).await;
    // While the disk stands still fifteen are taken, and so is what comes behind them.
    for seq in 1..=17 {
        let finding = agent.finding(v1::Outcome::Pass);
        agent.say(Say::Batch(agent.batch(seq, vec![finding]))).await;
        if seq == 15 {
            agent.beat().await;
        }
    }
    // With the sixteenth nothing more is: what comes behind it is neither refused nor answered.
    agent.say(Say::Heartbeat(v1::Heartbeat { sequence: 2, ..v1::Heartbeat::default() })).await;
    let answer = |message| match message {
        Hear::Ack(ack) => Some(Some(ack.seq)),
        Hear::HeartbeatReply(_) => Some(None),
        Hear::Welcome(_) | Hear::Assignments(_) | Hear::Pressure(_) | Hear::RunNow(_) => None,
    };
    let heard = tokio::time::timeout(Duration::from_millis(500), agent.hear(answer)).await;
    assert!(heard.is_err(), "{heard:?}");

    disk.stepping(false);
    assert_eq!(agent.hear(answer).await.unwrap(), Some(1), "one has to be durable before more is taken");
    for seq in 2..=17 {
        assert_eq!(agent.ack().await.unwrap(), seq);
    }
    agent.beat().await;
    assert_eq!(recent(&collector).await, 17);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_of_the_access_file_is_missing_however_many_wait_for_the_disk() {
    let mut collector = Collector::start().await;
    collector.stop().await;
    let disk = Arc::new(Stepped::default());
    collector.again_on(disk.clone()).await;
    collector.apply(PLAN).await.unwrap();
    let file = collector.path("access.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    disk.stepping(true);
    disk.looks(1).await;
    // While the disk stands still somebody lets one after the other in, and the one before out.
    for round in 0..8 {
        let hash = format!("{round:064}");
        let row = format!(
            "\n[[grant]]\nid = \"by-hand-{round}\"\nsubject = \"eve{round}\"\nrole = \"viewer\"\nissued_unix_ms = 1\n\
             expires_unix_ms = 4102444800000\ntoken_sha256 = \"{hash}\"\n"
        );
        std::fs::write(&file, [before.as_str(), &row].concat()).unwrap();
        assert_eq!(reload(&collector).await, [""; 0], "round {round}");
    }
    disk.stepping(false);
    let told = until("all of it is in the journal", || async {
        let told = access_events(&collector).await;
        (told.len() >= 15).then_some(told)
    })
    .await;
    let texts: Vec<&str> = told.iter().map(|event| event.text.as_str()).collect();
    let wanted = (0..8).flat_map(|round| {
        let given = format!("eve{round} gets access as viewer of every migration until ");
        let taken =
            format!("the access of eve{round} as viewer of every migration is taken back (by-hand-{round})");
        [given, taken]
    });
    let wanted: Vec<String> = wanted.take(15).collect();
    assert_eq!(texts.len(), 15, "{texts:?}");
    for (text, begins) in texts.iter().zip(&wanted) {
        assert!(text.starts_with(begins), "{text:?} is not {begins:?}");
    }
}
