//! The one thread that writes: takes what waits, commits it as one group, then tells.
//!
//! There is no timer. While one group's sync runs the next one gathers, so a lonely record waits for
//! nobody and a crowd shares one sync.

use std::{fs::File, sync::Arc};

use tidelock_model::{Name, mutated};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::{
    ballast::{Ballast, Space},
    disk::{self, Disk},
    error::{Failure, JournalError, Place},
    files::{Dropped, Shared},
    floor::{self, Floor},
    frame::DecisionPart,
    lane::Lane,
    layout::Layout,
    segments::{SetWriter, Unstaged},
    types::{Answer, DecisionHead, Heads, NewDecision, Position, Record},
    witness::{self, Witness},
};

pub(crate) type Reply<T> = oneshot::Sender<Result<T, JournalError>>;

/// What the handles ask of the writer.
pub(crate) enum Ask {
    Findings {
        record: Record,
        lane: Lane,
        reply: Reply<Position>,
        room: OwnedSemaphorePermit,
    },
    Drop {
        before: Position,
        reply: Reply<Dropped>,
    },
    Close {
        reply: Reply<()>,
    },
    /// Something urgent waits.
    Look,
}

/// A decision. It rests on what is durable already, so it waits for no finding in the queue.
pub(crate) struct Urgent {
    pub(crate) new: Box<NewDecision>,
    pub(crate) reply: Reply<Answer>,
    pub(crate) room: OwnedSemaphorePermit,
}

/// Decisions that wait.
pub(crate) const URGENT: usize = 64;

/// Everything the thread owns.
pub(crate) struct Writer {
    pub(crate) findings: SetWriter,
    pub(crate) decisions: SetWriter,
    pub(crate) urgent: mpsc::Receiver<Urgent>,
    pub(crate) floor: Floor,
    pub(crate) layout: Layout,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) journal: [u8; 16],
    pub(crate) witness: File,
    pub(crate) ballast: Ballast,
    pub(crate) group_records: usize,
    pub(crate) group_bytes: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) heads: watch::Sender<Heads>,
    pub(crate) failed: watch::Sender<Option<Failure>>,
    /// Held until the thread ends.
    pub(crate) lock: File,
}

/// Decisions that are staged, and what to answer once they are durable.
#[derive(Default)]
struct Staged {
    answers: Vec<(Reply<Answer>, Result<Answer, JournalError>)>,
    heads: Vec<(Name, DecisionHead)>,
}

impl Writer {
    /// Runs until it is asked to close or nobody is left to ask.
    pub(crate) fn run(mut self, mut asks: mpsc::Receiver<Ask>) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = asks.blocking_recv() else { break };
            closing = self.group(first, &mut asks);
        }
        asks.close();
        while let Some(ask) = asks.blocking_recv() {
            refuse(ask, || JournalError::Closed);
        }
        self.urgent.close();
        while let Some(Urgent { reply, .. }) = self.urgent.blocking_recv() {
            // Nobody is left to hear it, where it fails.
            let _ = reply.send(Err(JournalError::Closed));
        }
        self.findings.finish();
        self.decisions.finish();
        drop(self.lock);
        if let Some(reply) = closing {
            let _ = reply.send(Ok(()));
        }
    }

    /// Decisions that wait: each is in the next group, whatever else waits and is not `alone` in it.
    fn urgent(&mut self, decisions: &mut Vec<Urgent>, alone: bool) {
        if !alone && mutated("decisions-go-first") {
            return;
        }
        while let Ok(urgent) = self.urgent.try_recv() {
            decisions.push(urgent);
        }
    }

    /// Gathers what waits already, up to a group's bounds, and commits it.
    fn group(&mut self, first: Ask, asks: &mut mpsc::Receiver<Ask>) -> Option<Reply<()>> {
        let (mut findings, mut decisions, mut bytes) = (Vec::new(), Vec::new(), 0);
        self.urgent(&mut decisions, false);
        let mut next = Some(first);
        let mut after = None;
        while let Some(ask) = next.take() {
            match ask {
                Ask::Findings { record, lane, reply, room } => {
                    bytes += record.body.len();
                    findings.push((record, lane, reply, room));
                }
                Ask::Look => {}
                Ask::Drop { .. } | Ask::Close { .. } => {
                    after = Some(ask);
                    break;
                }
            }
            if bytes < self.group_bytes && findings.len() < self.group_records {
                next = asks.try_recv().ok();
            }
        }
        // What came while the queue was full of others.
        self.urgent(&mut decisions, findings.is_empty());
        if !findings.is_empty() || !decisions.is_empty() {
            self.write(findings, decisions);
        }
        match after {
            Some(Ask::Close { reply }) => return Some(reply),
            Some(Ask::Drop { before, reply }) => {
                let _ = reply.send(self.drop_before(before));
            }
            Some(Ask::Findings { .. } | Ask::Look) | None => {}
        }
        None
    }

    fn write(
        &mut self,
        findings: Vec<(Record, Lane, Reply<Position>, OwnedSemaphorePermit)>,
        decisions: Vec<Urgent>,
    ) {
        self.findings.in_group = 0;
        self.decisions.in_group = 0;
        let mut positions = Vec::with_capacity(findings.len());
        let mut rooms = Vec::with_capacity(findings.len() + decisions.len());
        let low = if findings.is_empty() { None } else { self.low() };
        for (record, lane, reply, room) in findings {
            let outcome = lane.turn(|| self.stage_findings(&record, low));
            positions.push((reply, outcome));
            rooms.push(room);
        }
        if let Err(failure) = self.run_or_stop(|writer| writer.findings.commit()) {
            refuse_all(positions, &failure);
            refuse_all(decisions.into_iter().map(|urgent| (urgent.reply, ())), &failure);
            return;
        }
        let mut staged = Staged::default();
        for Urgent { new, reply, room } in decisions {
            let outcome = self.stage_decision(*new, &mut staged);
            staged.answers.push((reply, outcome));
            rooms.push(room);
        }
        let committed = self.run_or_stop(|writer| writer.decisions.commit());
        if let Err(failure) = committed.and_then(|()| self.run_or_stop(Writer::publish_witness)) {
            unknown_all(staged.answers, &failure);
            refuse_all(positions, &failure);
            return;
        }
        self.tell(staged.heads);
        for (reply, outcome) in positions {
            let _ = reply.send(outcome);
        }
        for (reply, outcome) in staged.answers {
            let _ = reply.send(outcome);
        }
    }

    fn low(&mut self) -> Option<(u64, u64)> {
        match self.run_or_stop(|writer| Ok(writer.ballast.look()?)) {
            Ok(Space::Low { free_bytes, need_bytes }) => Some((free_bytes, need_bytes)),
            Ok(Space::Enough) | Err(_) => None,
        }
    }

    fn stage_findings(&mut self, record: &Record, low: Option<(u64, u64)>) -> Result<Position, JournalError> {
        if let Some((free_bytes, need_bytes)) = low {
            return Err(JournalError::Full { free_bytes, need_bytes });
        }
        if let Some(failure) = self.stopped() {
            return Err(JournalError::Failed(failure));
        }
        match self.findings.stage(record, None) {
            Ok((position, _)) => Ok(position),
            Err(Unstaged::Full) => Err(full(self.ballast.full())),
            Err(Unstaged::Failed(failure)) => Err(JournalError::Failed(self.stop(failure))),
        }
    }

    fn stage_decision(&mut self, new: NewDecision, staged: &mut Staged) -> Result<Answer, JournalError> {
        if let Some(failure) = self.stopped() {
            return Err(JournalError::Failed(failure));
        }
        let in_group =
            staged.heads.iter().rev().find(|(name, _)| *name == new.migration).map(|(_, head)| *head);
        let head = in_group.or_else(|| self.shared.decision_head(&new.migration));
        let moved = head.map(|head| head.position) != new.expected;
        if moved && !mutated("a-decision-knows-the-one-before") {
            return Ok(Answer::Conflict { head: head.map(|head| head.position) });
        }
        let findings = self.findings.durable.position;
        if new.rests_on > findings {
            return Err(JournalError::RestsOnMissing { rests_on: new.rests_on, head: findings });
        }
        let part = DecisionPart {
            migration: &new.migration,
            previous: head.as_ref().map(|head| (head.position, &head.link)),
            rests_on: new.rests_on,
        };
        let mut outcome = self.decisions.stage(&new.record, Some(&part));
        if matches!(outcome, Err(Unstaged::Full)) {
            outcome = match self.ballast.release() {
                Ok(true) => self.decisions.stage(&new.record, Some(&part)),
                Ok(false) => Err(Unstaged::Full),
                Err(at) => Err(Unstaged::Failed(at.into())),
            };
        }
        match outcome {
            Ok((position, link)) => {
                let link = link.expect("a decision part always makes a link");
                staged.heads.push((new.migration, DecisionHead { position, link, rests_on: new.rests_on }));
                Ok(Answer::Appended { position, link })
            }
            Err(Unstaged::Full) => Err(full(self.ballast.full())),
            Err(Unstaged::Failed(failure)) => Err(JournalError::Failed(self.stop(failure))),
        }
    }

    fn publish_witness(&mut self) -> Result<(), Failure> {
        let witness = Witness {
            journal: self.journal,
            findings: self.findings.durable,
            decisions: self.decisions.durable,
        };
        witness::update(&*self.disk, &self.witness, &witness).at("write to", &self.layout.witness())?;
        Ok(())
    }

    fn tell(&mut self, heads: Vec<(Name, DecisionHead)>) {
        self.shared.believe(heads);
        let now =
            Heads { findings: self.findings.durable.position, decisions: self.decisions.durable.position };
        self.heads.send_if_modified(|told| std::mem::replace(told, now) != now);
    }

    /// Removes whole segments that end before this position. The floor is durable before the first goes.
    fn drop_before(&mut self, before: Position) -> Result<Dropped, JournalError> {
        let segments = self.findings.catalog.all();
        let Some(oldest) = segments.iter().rev().find(|segment| segment.header.first <= before) else {
            return Ok(Dropped { segments: 0, bytes: 0, oldest: self.floor.oldest() });
        };
        let floor = Floor { number: oldest.header.number, first: oldest.header.first };
        if floor.number <= self.floor.number {
            return Ok(Dropped { segments: 0, bytes: 0, oldest: self.floor.oldest() });
        }
        let path = self.layout.floor();
        let mut written = floor::write(&path, floor);
        if written.as_ref().is_err_and(disk::is_full) && self.ballast.release()? {
            written = floor::write(&path, floor);
        }
        written.at("write", &path)?;
        self.floor = floor;
        self.shared.raise_floor(floor);
        let mut dropped = Dropped { segments: 0, bytes: 0, oldest: floor.oldest() };
        for segment in self.findings.catalog.drop_before(floor.number) {
            dropped.bytes += std::fs::metadata(&segment.path).map_or(0, |meta| meta.len());
            std::fs::remove_file(&segment.path).at("remove", &segment.path)?;
            dropped.segments += 1;
        }
        Ok(dropped)
    }

    fn stopped(&self) -> Option<Failure> {
        self.failed.borrow().clone()
    }

    /// Stops for good: the first failure is the one that is told.
    fn stop(&mut self, failure: Failure) -> Failure {
        if let Some(earlier) = self.stopped() {
            return earlier;
        }
        if !mutated("a-failed-sync-ends-it") {
            self.failed.send_replace(Some(failure.clone()));
        }
        failure
    }

    fn run_or_stop<T>(&mut self, run: impl FnOnce(&mut Writer) -> Result<T, Failure>) -> Result<T, Failure> {
        if let Some(failure) = self.stopped() {
            return Err(failure);
        }
        run(self).map_err(|failure| self.stop(failure))
    }
}

fn full(space: Space) -> JournalError {
    match space {
        Space::Low { free_bytes, need_bytes } => JournalError::Full { free_bytes, need_bytes },
        Space::Enough => JournalError::Full { free_bytes: 0, need_bytes: 0 },
    }
}

fn refuse_all<T, U>(replies: impl IntoIterator<Item = (Reply<T>, U)>, failure: &Failure) {
    for (reply, _) in replies {
        let _ = reply.send(Err(JournalError::Failed(failure.clone())));
    }
}

/// What was staged may be on the disk or not; what was refused stays refused.
fn unknown_all(answers: Vec<(Reply<Answer>, Result<Answer, JournalError>)>, failure: &Failure) {
    for (reply, outcome) in answers {
        let answer = match outcome {
            Ok(Answer::Appended { .. } | Answer::Conflict { .. } | Answer::Unknown { .. }) => {
                Ok(Answer::Unknown { why: failure.to_string() })
            }
            Err(error) => Err(error),
        };
        let _ = reply.send(answer);
    }
}

fn refuse(ask: Ask, error: impl Fn() -> JournalError) {
    match ask {
        Ask::Findings { reply, .. } => drop(reply.send(Err(error()))),
        Ask::Drop { reply, .. } => drop(reply.send(Err(error()))),
        Ask::Close { reply } => drop(reply.send(Ok(()))),
        Ask::Look => {}
    }
}
