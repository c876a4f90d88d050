//! A journal that is kept in memory: for stories and simulations, with the answers that a disk in
//! the same machine never gives but a network does.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tidelock_model::{Name, Sha256};
use tokio::sync::{oneshot, watch};

use super::{
    chain,
    decisions::DecisionHeads,
    error::{Failure, JournalError, ReadError},
    frame::{self, DecisionPart},
    lane::Lane,
    read::Reader,
    store::{Pending, Store},
    types::{Answer, DecisionFrame, DecisionHead, Heads, NewDecision, Position, Record, Set, Stored},
};

/// What the next decision meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryFault {
    /// It is appended, but the caller is told that nobody knows.
    UnknownCommitted,
    /// It is not appended, and the caller is told that nobody knows.
    UnknownAbsent,
    /// The journal stops, as after a failed sync.
    Stop,
}

/// A journal in memory.
pub struct MemoryJournal {
    identity: [u8; 16],
    state: Mutex<State>,
    heads: watch::Sender<Heads>,
    failed: watch::Sender<Option<Failure>>,
}

struct State {
    findings: Vec<Stored>,
    oldest: Position,
    decisions: Vec<Stored>,
    heads: DecisionHeads,
    faults: VecDeque<MemoryFault>,
    full: bool,
}

impl MemoryJournal {
    /// An empty journal with this identity.
    #[must_use]
    pub fn new(identity: [u8; 16]) -> MemoryJournal {
        MemoryJournal {
            identity,
            state: Mutex::new(State {
                findings: Vec::new(),
                oldest: Position::new(1),
                decisions: Vec::new(),
                heads: DecisionHeads::default(),
                faults: VecDeque::new(),
                full: false,
            }),
            heads: watch::channel(Heads::default()).0,
            failed: watch::channel(None).0,
        }
    }

    /// Lets the next decision that has no fault yet meet this one.
    pub fn fault(&self, fault: MemoryFault) {
        self.lock().faults.push_back(fault);
    }

    /// Refuses findings from now on, as a full disk does, or takes them again.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// Forgets the findings before this position.
    pub fn drop_findings_before(&self, before: Position) {
        let mut state = self.lock();
        state.findings.retain(|stored| stored.position >= before);
        state.oldest = state.oldest.max(before);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Result<(), JournalError> {
        self.failed.borrow().clone().map_or(Ok(()), |failure| Err(JournalError::Failed(failure)))
    }

    fn finding(&self, lane: &Lane, record: Record) -> Result<Position, JournalError> {
        self.running()?;
        let mut state = self.lock();
        lane.turn(|| match state.full {
            true => Err(JournalError::Full { free_bytes: 0, need_bytes: 0 }),
            false => Ok(()),
        })?;
        let position = self.heads.borrow().findings.next();
        let chain =
            last_chain(&state.findings).unwrap_or_else(|| chain::genesis(&self.identity, Set::Findings));
        let (chain, _) = frame::encode(&mut Vec::new(), &chain, position, 0, &record, None);
        state.findings.push(Stored { position, in_group: 0, record, decision: None, chain });
        self.heads.send_modify(|heads| heads.findings = position);
        Ok(position)
    }

    fn decide(&self, new: NewDecision) -> Result<Answer, JournalError> {
        self.running()?;
        let mut state = self.lock();
        let fault = state.faults.pop_front();
        let why = "a fault was asked for".to_string();
        match fault {
            Some(MemoryFault::UnknownAbsent) => return Ok(Answer::Unknown { why }),
            Some(MemoryFault::Stop) => {
                self.failed.send_replace(Some(Failure::new(why.clone())));
                return Ok(Answer::Unknown { why });
            }
            Some(MemoryFault::UnknownCommitted) | None => {}
        }
        let head = state.heads.get(&new.migration);
        let heads = *self.heads.borrow();
        if head.map(|head| head.position) != new.expected {
            return Ok(Answer::Conflict { head: head.map(|head| head.position) });
        }
        if new.rests_on > heads.findings {
            return Err(JournalError::RestsOnMissing { rests_on: new.rests_on, head: heads.findings });
        }
        let position = heads.decisions.next();
        let (stored, link) = self.stored(&state, &new, head, position);
        state.decisions.push(stored);
        state.heads.set(new.migration, DecisionHead { position, link, rests_on: new.rests_on });
        self.heads.send_modify(|heads| heads.decisions = position);
        match fault {
            Some(MemoryFault::UnknownCommitted) => Ok(Answer::Unknown { why }),
            Some(MemoryFault::UnknownAbsent | MemoryFault::Stop) | None => {
                Ok(Answer::Appended { position, link })
            }
        }
    }

    fn stored(
        &self,
        state: &State,
        new: &NewDecision,
        head: Option<DecisionHead>,
        position: Position,
    ) -> (Stored, Sha256) {
        let chain =
            last_chain(&state.decisions).unwrap_or_else(|| chain::genesis(&self.identity, Set::Decisions));
        let previous = head.as_ref().map(|head| (head.position, &head.link));
        let part = DecisionPart { migration: &new.migration, previous, rests_on: new.rests_on };
        let (chain, link) = frame::encode(&mut Vec::new(), &chain, position, 0, &new.record, Some(&part));
        let link = link.expect("a decision part always makes a link");
        let decision = Some(DecisionFrame {
            migration: new.migration.clone(),
            previous: head.map(|head| head.position),
            rests_on: new.rests_on,
            link,
        });
        (Stored { position, in_group: 0, record: new.record.clone(), decision, chain }, link)
    }
}

fn last_chain(records: &[Stored]) -> Option<Sha256> {
    records.last().map(|stored| stored.chain)
}

impl Store for MemoryJournal {
    fn submit_in_lane(&self, lane: Lane, record: Record) -> BoxFuture<'_, Result<Pending, JournalError>> {
        Box::pin(async move {
            let (reply, pending) = oneshot::channel();
            let _ = reply.send(self.finding(&lane, record));
            Ok(Pending { reply: pending })
        })
    }

    fn append_decision(&self, new: NewDecision) -> BoxFuture<'_, Result<Answer, JournalError>> {
        Box::pin(async move { self.decide(new) })
    }

    fn read_findings(&self, from: Position) -> Reader {
        let state = self.lock();
        let from = from.max(Position::new(1));
        if from < state.oldest {
            return Reader::refused(ReadError::Dropped { asked: from, floor: state.oldest });
        }
        Reader::memory(state.findings.iter().filter(|stored| stored.position >= from).cloned())
    }

    fn read_decisions(&self, from: Position) -> Reader {
        Reader::memory(self.lock().decisions.iter().filter(|stored| stored.position >= from).cloned())
    }

    fn heads(&self) -> Heads {
        *self.heads.borrow()
    }

    fn oldest_findings(&self) -> Position {
        self.lock().oldest
    }

    fn decision_head(&self, migration: &Name) -> Option<DecisionHead> {
        self.lock().heads.get(migration)
    }

    fn migrations(&self) -> Vec<Name> {
        self.lock().heads.all().keys().cloned().collect()
    }

    fn subscribe(&self) -> watch::Receiver<Heads> {
        self.heads.subscribe()
    }

    fn failed(&self) -> watch::Receiver<Option<Failure>> {
        self.failed.subscribe()
    }

    fn identity(&self) -> [u8; 16] {
        self.identity
    }
}
