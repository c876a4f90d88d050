//! The spool as the tasks of the agent see it: one writer that gathers findings into batches, one
//! reader that sends them, and the disk's waits on threads that may wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message as _;
use tidelock_agent_core::Entry;
use tidelock_model::{Name, SpoolEpoch};
use tidelock_proto::v1;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::{Spool, SpoolError, StateChange};

/// A batch is closed when it has so many findings,
const BATCH_FINDINGS: usize = 256;
/// or so many bytes,
const BATCH_BYTES: usize = 32 << 10;
/// or when its first finding has waited so long,
const BATCH_WAIT: Duration = Duration::from_millis(5);
/// or at once, when the last batch is longer ago than this: nothing else is to be expected then.
const QUIET: Duration = Duration::from_millis(50);
/// Findings that wait for the writer. When there are more, runs wait before they end.
const QUEUE: usize = 64;

/// What the spool holds, for those who wait for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The random name of the spool.
    pub epoch: SpoolEpoch,
    /// The number of the next finding.
    pub next_seq: u64,
    /// Bytes held.
    pub bytes: u64,
    /// Findings held.
    pub findings: u64,
    /// Findings dropped by this process.
    pub dropped: u64,
}

/// A finding to keep, and who waits for it.
#[derive(Debug)]
pub struct Item {
    finding: v1::Finding,
    states: Vec<StateChange>,
    kept: oneshot::Sender<()>,
}

/// The spool, and whether it may still be believed.
#[derive(Debug)]
struct Shared {
    spool: Spool,
    /// Something failed: its memory says more than its disk holds, so nothing of it is told or sent any more.
    broken: bool,
}

/// The spool, shared. Clones are cheap.
#[derive(Debug, Clone)]
pub struct SpoolHandle {
    spool: Arc<Mutex<Shared>>,
    head: watch::Sender<Head>,
    queue: mpsc::Sender<Item>,
}

impl SpoolHandle {
    /// Shares a spool; the receiver is for [`SpoolHandle::write_all`].
    pub fn new(spool: Spool) -> (SpoolHandle, mpsc::Receiver<Item>) {
        let (queue, items) = mpsc::channel(QUEUE);
        let head = watch::Sender::new(head_of(&spool));
        let spool = Arc::new(Mutex::new(Shared { spool, broken: false }));
        (SpoolHandle { spool, head, queue }, items)
    }

    /// Tells when there is more to send.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Keeps one finding and its state. `false` when the writer is gone: the finding is lost, and the
    /// agent stops.
    pub async fn keep(&self, finding: v1::Finding, states: Vec<StateChange>) -> bool {
        let (kept, done) = oneshot::channel();
        match self.queue.send(Item { finding, states, kept }).await {
            Ok(()) => done.await.is_ok(),
            Err(_) => false,
        }
    }

    /// Writes what comes until every handle is gone, batch by batch.
    ///
    /// # Errors
    /// When the disk fails. Nothing may be believed then.
    pub async fn write_all(self, mut items: mpsc::Receiver<Item>) -> Result<(), SpoolError> {
        // The queue must end when the last other handle is gone.
        let SpoolHandle { spool, head, queue } = self;
        drop(queue);
        let mut last_put: Option<Instant> = None;
        while let Some(first) = items.recv().await {
            let quiet = last_put.is_none_or(|at| at.elapsed() > QUIET);
            let gathered = gather(first, &mut items, quiet).await;
            let (mut findings, mut states, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
            for item in gathered {
                findings.push(item.finding);
                states.extend(item.states);
                waiting.push(item.kept);
            }
            on_disk(&spool, &head, move |spool| spool.put(findings, &states)).await?;
            last_put = Some(Instant::now());
            for kept in waiting {
                let _ = kept.send(());
            }
        }
        Ok(())
    }

    /// See [`Spool::take_after`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_after(&self, seq: u64) -> Result<Option<(Entry, v1::FindingBatch)>, SpoolError> {
        if let Some(known) = self.at_once(|spool| spool.take_fresh_after(seq)) {
            return Ok(known);
        }
        on_disk(&self.spool, &self.head, move |spool| spool.take_after(seq)).await
    }

    /// See [`Spool::session_began`].
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn session_began(&self, durable: u64) -> Result<(), SpoolError> {
        on_disk(&self.spool, &self.head, move |spool| spool.session_began(durable)).await
    }

    /// See [`Spool::acked`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn acked(&self, seq: u64) -> Result<(), SpoolError> {
        if self.at_once(|spool| spool.acked_in_memory(seq)).is_some() {
            return Ok(());
        }
        on_disk(&self.spool, &self.head, move |spool| spool.acked(seq)).await
    }

    /// See [`Spool::state_of`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn state_of(&self, check: Name) -> Result<BTreeMap<String, Vec<u8>>, SpoolError> {
        let none = |spool: &mut Spool| (!spool.has_state(&check)).then(BTreeMap::new);
        if let Some(none) = self.at_once(none) {
            return Ok(none);
        }
        on_disk(&self.spool, &self.head, move |spool| spool.state_of(&check)).await
    }

    /// See [`Spool::epoch`].
    pub fn epoch(&self) -> SpoolEpoch {
        self.head.borrow().epoch
    }

    /// Does what needs no disk, if nobody is at the disk right now; `None` when that is not so. A thread
    /// of its own for it would cost more than the work.
    fn at_once<T>(&self, work: impl FnOnce(&mut Spool) -> Option<T>) -> Option<T> {
        let mut shared = self.spool.try_lock().ok().filter(|shared| !shared.broken)?;
        let done = work(&mut shared.spool)?;
        tell(&self.head, &shared.spool);
        Some(done)
    }
}

/// Gathers what belongs into one batch with `first`: what is there already, and unless all is quiet what
/// comes soon.
async fn gather(first: Item, items: &mut mpsc::Receiver<Item>, quiet: bool) -> Vec<Item> {
    let mut bytes = first.finding.encoded_len();
    let mut gathered = vec![first];
    let until = Instant::now() + BATCH_WAIT;
    while gathered.len() < BATCH_FINDINGS && bytes < BATCH_BYTES {
        let next = match items.try_recv() {
            Ok(item) => Some(item),
            Err(_) if quiet => None,
            Err(_) => timeout_at(until, items.recv()).await.ok().flatten(),
        };
        let Some(item) = next else { break };
        bytes += item.finding.encoded_len();
        gathered.push(item);
    }
    gathered
}

/// Works on the spool where waiting for a disk holds up nobody else.
async fn on_disk<T: Send + 'static>(
    spool: &Arc<Mutex<Shared>>,
    head: &watch::Sender<Head>,
    work: impl FnOnce(&mut Spool) -> Result<T, SpoolError> + Send + 'static,
) -> Result<T, SpoolError> {
    let (spool, head) = (spool.clone(), head.clone());
    let worked = tokio::task::spawn_blocking(move || {
        // A panic inside leaves a spool that nobody may believe: the next one to come fails as well.
        let mut shared = spool.lock().ok().filter(|shared| !shared.broken).ok_or_else(broken)?;
        let result = work(&mut shared.spool);
        match &result {
            Ok(_) => tell(&head, &shared.spool),
            Err(_) => shared.broken = true,
        }
        result
    });
    worked.await.unwrap_or_else(|_| Err(broken()))
}

fn tell(head: &watch::Sender<Head>, spool: &Spool) {
    let now = head_of(spool);
    head.send_if_modified(|head| std::mem::replace(head, now) != now);
}

fn broken() -> SpoolError {
    SpoolError::Database { doing: "use", why: "it broke down".to_owned() }
}

fn head_of(spool: &Spool) -> Head {
    let ledger = spool.ledger();
    Head {
        epoch: spool.epoch(),
        next_seq: ledger.next_seq(),
        bytes: ledger.bytes(),
        findings: ledger.findings(),
        dropped: spool.dropped(),
    }
}
