//! The journal in files: the handle that everybody holds, and how it is opened and closed.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tidelock_model::Name;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::{
    ballast::{Ballast, Space},
    catalog::Catalog,
    components::Components,
    decisions::DecisionHeads,
    error::{Failure, JournalError, OpenError, Place},
    floor::Floor,
    lane::Lane,
    layout::Layout,
    read::Reader,
    recover::{Recovered, Recovery, recover},
    settings::Settings,
    store::{Pending, Store},
    types::{Answer, DecisionHead, Heads, NewDecision, Position, Record, Set},
    witness,
    writer::{Ask, URGENT, Urgent, Writer},
};

/// What both the writer and the handles see.
pub(crate) struct Shared {
    state: Mutex<State>,
}

struct State {
    heads: DecisionHeads,
    floor: Floor,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn decision_head(&self, migration: &Name) -> Option<DecisionHead> {
        self.lock().heads.get(migration)
    }

    pub(crate) fn believe(&self, heads: Vec<(Name, DecisionHead)>) {
        let mut state = self.lock();
        for (migration, head) in heads {
            state.heads.set(migration, head);
        }
    }

    pub(crate) fn raise_floor(&self, floor: Floor) {
        self.lock().floor = floor;
    }

    fn all_heads(&self) -> BTreeMap<Name, DecisionHead> {
        self.lock().heads.all().clone()
    }

    fn begins(&self) -> BTreeMap<Name, Position> {
        self.lock().heads.begins().clone()
    }

    fn floor(&self) -> Floor {
        self.lock().floor
    }
}

/// What a drop of old findings did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How many segments went.
    pub segments: u64,
    /// How many bytes that freed.
    pub bytes: u64,
    /// The oldest position that is kept.
    pub oldest: Position,
}

/// A journal in files. Clones are cheap and write through the same thread; the folder is free again
/// when it was closed, or the last clone is gone and the thread has ended.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    layout: Layout,
    identity: [u8; 16],
    max_body_bytes: u64,
    findings: Catalog,
    decisions: Catalog,
    shared: Arc<Shared>,
    asks: mpsc::Sender<Ask>,
    room: Arc<Semaphore>,
    /// Decisions have a queue and room of their own: no crowd of findings is in front of an order.
    urgent: mpsc::Sender<Urgent>,
    urgent_room: Arc<Semaphore>,
    heads: watch::Receiver<Heads>,
    failed: watch::Receiver<Option<Failure>>,
    space: watch::Receiver<Space>,
    components: Components,
}

impl Journal {
    /// Opens the journal of a folder, or makes a new one. This reads all decisions and blocks.
    ///
    /// # Errors
    /// Anything that was durable and cannot be proved; no gate may open then.
    pub fn open(settings: &Settings) -> Result<(Journal, Recovery), OpenError> {
        settings.check()?;
        let layout = Layout::new(&settings.dir);
        let Recovered { lock, floor, findings, decisions, heads, report } = recover(settings, &layout)?;
        let identity = findings.journal;
        let durable = Heads { findings: findings.durable.position, decisions: decisions.durable.position };
        let components = Components::open(&layout.components())?;
        let (ballast, space) = Ballast::take_up(settings, &layout)?;
        let witness_path = layout.witness();
        let witness = witness::open(&witness_path).at("open", &witness_path)?;
        let (asks, queue) = mpsc::channel(settings.queue_records);
        let (urgent, first) = mpsc::channel(URGENT);
        let (heads_told, heads_seen) = watch::channel(durable);
        let (failed_told, failed_seen) = watch::channel(None);
        let shared = Arc::new(Shared { state: Mutex::new(State { heads, floor }) });
        let journal = Journal {
            inner: Arc::new(Inner {
                layout: layout.clone(),
                identity,
                max_body_bytes: settings.max_body_bytes,
                findings: findings.catalog.clone(),
                decisions: decisions.catalog.clone(),
                shared: shared.clone(),
                asks,
                room: Arc::new(Semaphore::new(settings.queue_bytes as usize)),
                urgent,
                urgent_room: Arc::new(Semaphore::new(settings.queue_bytes as usize)),
                heads: heads_seen,
                failed: failed_seen,
                space,
                components,
            }),
        };
        let writer = Writer {
            findings,
            decisions,
            urgent: first,
            floor,
            layout,
            disk: settings.disk.clone(),
            journal: identity,
            witness,
            ballast,
            group_records: usize::from(settings.group_records),
            group_bytes: settings.group_bytes,
            shared,
            heads: heads_told,
            failed: failed_told,
            lock,
        };
        start(writer, queue, &settings.dir)?;
        Ok((journal, report))
    }

    /// Refuses new records, writes those that wait, and gives the folder back.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        // Either way it is closed: the thread says so, or has gone before.
        if self.inner.asks.send(Ask::Close { reply }).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Whether there is room for findings.
    #[must_use]
    pub fn space(&self) -> watch::Receiver<Space> {
        self.inner.space.clone()
    }

    /// Where the index of this journal lies.
    #[must_use]
    pub fn index_dir(&self) -> PathBuf {
        self.inner.layout.index()
    }

    /// The components that plans name.
    #[must_use]
    pub fn components(&self) -> Components {
        self.inner.components.clone()
    }

    /// The last finding before the first decision of each migration; nothing up to it concerns the migration.
    #[must_use]
    pub fn begins(&self) -> BTreeMap<Name, Position> {
        self.inner.shared.begins()
    }

    /// Removes whole segments of findings before this position, for the sake of migrations that are
    /// over: every other one must have begun behind it. What is decided stays for ever.
    ///
    /// # Errors
    /// A migration that is not over needs them, or the disk refuses.
    pub async fn drop_findings_of(
        &self,
        over: &BTreeSet<Name>,
        before: Position,
    ) -> Result<Dropped, JournalError> {
        for (name, begin) in self.begins() {
            if begin.next() < before && !over.contains(&name) {
                let why = format!("migration {name} is not over, and began behind finding {begin}");
                return Err(JournalError::StillNeeded { before, why });
            }
        }
        let (reply, dropped) = oneshot::channel();
        self.inner.asks.send(Ask::Drop { before, reply }).await.map_err(|_| self.gone())?;
        dropped.await.map_err(|_| self.gone())?
    }

    async fn room_for(
        &self,
        record: &Record,
        room: &Arc<Semaphore>,
    ) -> Result<OwnedSemaphorePermit, JournalError> {
        if let Some(failure) = self.inner.failed.borrow().clone() {
            return Err(JournalError::Failed(failure));
        }
        let bytes = record.body.len() as u64;
        let limit_bytes = self.inner.max_body_bytes;
        let over = JournalError::TooLarge { bytes, limit_bytes };
        let wanted = u32::try_from(bytes.max(1)).ok().filter(|_| bytes <= limit_bytes).ok_or(over)?;
        room.clone().acquire_many_owned(wanted).await.map_err(|_| JournalError::Closed)
    }

    fn gone(&self) -> JournalError {
        self.inner.failed.borrow().clone().map_or(JournalError::Closed, JournalError::Failed)
    }

    fn reader(&self, set: Set, from: Position) -> Reader {
        let head = self.heads().of(set);
        match set {
            Set::Findings => Reader::new(self.inner.findings.all(), from, head),
            Set::Decisions => Reader::new(self.inner.decisions.all(), from, head),
        }
    }
}

impl Store for Journal {
    fn submit_in_lane(&self, lane: Lane, record: Record) -> BoxFuture<'_, Result<Pending, JournalError>> {
        Box::pin(async move {
            let room = self.room_for(&record, &self.inner.room).await?;
            let (reply, pending) = oneshot::channel();
            self.inner
                .asks
                .send(Ask::Findings { record, lane, reply, room })
                .await
                .map_err(|_| self.gone())?;
            Ok(Pending { reply: pending })
        })
    }

    fn append_decision(&self, new: NewDecision) -> BoxFuture<'_, Result<Answer, JournalError>> {
        Box::pin(async move {
            let room = self.room_for(&new.record, &self.inner.urgent_room).await?;
            let (reply, answer) = oneshot::channel();
            let urgent = Urgent { new: Box::new(new), reply, room };
            self.inner.urgent.send(urgent).await.map_err(|_| self.gone())?;
            // A writer that has no room for this is awake, and looks at what is urgent before it waits again.
            let _ = self.inner.asks.try_send(Ask::Look);
            answer.await.unwrap_or_else(|_| {
                Ok(Answer::Unknown { why: "the writer ended without an answer".to_string() })
            })
        })
    }

    fn read_findings(&self, from: Position) -> Reader {
        self.reader(Set::Findings, from)
    }

    fn read_decisions(&self, from: Position) -> Reader {
        self.reader(Set::Decisions, from)
    }

    fn heads(&self) -> Heads {
        *self.inner.heads.borrow()
    }

    fn oldest_findings(&self) -> Position {
        self.inner.shared.floor().oldest()
    }

    fn decision_head(&self, migration: &Name) -> Option<DecisionHead> {
        self.inner.shared.decision_head(migration)
    }

    fn migrations(&self) -> Vec<Name> {
        self.inner.shared.all_heads().into_keys().collect()
    }

    fn subscribe(&self) -> watch::Receiver<Heads> {
        self.inner.heads.clone()
    }

    fn failed(&self) -> watch::Receiver<Option<Failure>> {
        self.inner.failed.clone()
    }

    fn identity(&self) -> [u8; 16] {
        self.inner.identity
    }
}

/// Starts the thread; a panic in it stops the journal as a failed sync does.
fn start(writer: Writer, queue: mpsc::Receiver<Ask>, dir: &std::path::Path) -> Result<(), OpenError> {
    let failed = writer.failed.clone();
    std::thread::Builder::new()
        .name("journal".to_string())
        .spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| writer.run(queue))).is_err() {
                failed.send_if_modified(|told| {
                    let first = told.is_none();
                    told.get_or_insert_with(|| Failure::new("the writer panicked"));
                    first
                });
            }
        })
        .map(drop)
        .map_err(|source| OpenError::Io { doing: "start the writer of", path: dir.to_path_buf(), source })
}
