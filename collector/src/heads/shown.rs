//! The heads as they are shown to agents and people, and what those remember held against the journal.
//!
//! Whoever was shown a head that this journal does not have is a witness of a loss that the collector's own
//! memory cannot know, because it was restored with the journal. The head bears the collector's own
//! signature, so nobody can hold a migration by making one up. A loss holds until a person releases it,
//! and heads that were shown before that hold are known to be lost, and hold nothing again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use prost::Message as _;
use ring::signature::KeyPair as _;
use tidelock_core::record::{Event, EventKind};
use tidelock_core::{Ask, Asker, AskerKind};
use tidelock_model::{Name, Sha256, Timestamp};
use tidelock_proto::head::Head;
use tidelock_proto::{signed_report, v1};

use super::{Missing, REQUEST, Signer};
use crate::clock::Clock;
use crate::driver::{AskError, Driver, own_name};
use crate::journal::{Position, Store};

/// Heads that are signed and not signed again while they are asked for.
const MAX_SIGNED: usize = 1024;

type Signed = BTreeMap<(Name, Position), Option<v1::SignedHead>>;

/// Shows heads. Clones share what is signed.
#[derive(Clone)]
pub(crate) struct Shown {
    signer: Arc<Signer>,
    store: Arc<dyn Store>,
    driver: Driver,
    clock: Clock,
    signed: Arc<Mutex<Signed>>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("signer", &self.signer).finish_non_exhaustive()
    }
}

/// What one who remembers is answered.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// The newest head.
    pub(crate) head: Option<v1::SignedHead>,
    /// The head at the decision that was remembered; none where the journal does not have it.
    pub(crate) remembered: Option<v1::SignedHead>,
    /// What is missing here, and nobody has looked at yet.
    pub(crate) missing: Option<Missing>,
    /// Why nobody can read what was remembered.
    pub(crate) unreadable: Option<String>,
}

impl Shown {
    pub(crate) fn new(signer: Arc<Signer>, store: Arc<dyn Store>, driver: Driver, clock: Clock) -> Shown {
        Shown { signer, store, driver, clock, signed: Arc::default() }
    }

    /// Vouches for a report with the key that signs the heads.
    pub(crate) fn vouch(&self, report: &v1::Report) -> v1::SignedReport {
        signed_report::Signed::sign(self.signer.key(), report)
    }

    /// The newest head of a migration, which is durable.
    pub(crate) fn newest(&self, migration: &Name) -> Option<v1::SignedHead> {
        let head = self.store.decision_head(migration)?;
        self.signed(migration, head.position, Some(head.link))
    }

    fn signed(&self, migration: &Name, position: Position, chain: Option<Sha256>) -> Option<v1::SignedHead> {
        let signed_unix_ms = self.clock.now().as_millis();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.len() >= MAX_SIGNED {
            signed.clear();
        }
        let sign = |chain| {
            let at = (position.number(), chain);
            let journal = self.store.identity();
            Head::sign(self.signer.key(), journal, migration.clone(), at, signed_unix_ms).to_wire()
        };
        signed.entry((migration.clone(), position)).or_insert_with(|| chain.map(sign)).clone()
    }

    /// The head at a decision of the past. Blocks where it has to be looked up.
    fn at(&self, migration: &Name, position: Position) -> Result<Option<v1::SignedHead>, String> {
        if let Some(head) = self.store.decision_head(migration).filter(|head| head.position == position) {
            return Ok(self.signed(migration, position, Some(head.link)));
        }
        let known = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&(migration.clone(), position)) {
            return Ok(known.clone());
        }
        drop(known);
        let stored = self.store.read_decisions(position).next().transpose();
        let stored = stored.map_err(|error| error.to_string())?;
        let frame = stored.filter(|stored| stored.position == position).and_then(|stored| stored.decision);
        let chain = frame.filter(|frame| frame.migration == *migration).map(|frame| frame.link);
        Ok(self.signed(migration, position, chain))
    }

    /// Answers one who remembers a head, and says what that means for this journal.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub(crate) async fn answer(
        &self,
        migration: &Name,
        remembered: Option<&v1::SignedHead>,
    ) -> Result<Answered, String> {
        let head = self.newest(migration);
        let known = match remembered.map(|wire| read(wire, migration)).transpose() {
            Ok(known) => known,
            Err(why) => return Ok(Answered { head, unreadable: Some(why), ..Answered::default() }),
        };
        // What this collector has not signed says nothing about its journal.
        let ours = |known: &Head| known.key() == self.signer.key().public_key().as_ref();
        let Some(known) = known.filter(ours) else {
            return Ok(Answered { head, ..Answered::default() });
        };
        let position = Position::new(known.decision());
        let end = self.store.decision_head(migration).map_or(Position::START, |head| head.position);
        if known.journal() != self.store.identity() {
            let why = format!("decision {position}, which was shown, is of another journal than this one");
            return Ok(self.lost(&known, head, None, why));
        }
        if position > end {
            let why = format!(
                "the journal ends at decision {end}, and decision {position} was shown: it is an older copy, such \
                 as a restored backup; look at what happened since"
            );
            return Ok(self.lost(&known, head, None, why));
        }
        let (this, name) = (self.clone(), migration.clone());
        let then = tokio::task::spawn_blocking(move || this.at(&name, position)).await;
        let then = then.map_err(|error| error.to_string())??;
        let same = then.as_ref().is_some_and(|then| then.chain == known.chain().as_bytes());
        if same {
            return Ok(Answered { head, remembered: then, ..Answered::default() });
        }
        let why = format!("the journal took another course than one whose decision {position} was shown");
        Ok(self.lost(&known, head, then, why))
    }

    fn lost(
        &self,
        known: &Head,
        head: Option<v1::SignedHead>,
        remembered: Option<v1::SignedHead>,
        why: String,
    ) -> Answered {
        let held = self.driver.view(known.migration()).and_then(|view| view.lost);
        let shown = Timestamp::from_millis(known.signed_unix_ms());
        let missing = Missing::new(why, (Position::new(known.decision()), known.chain()));
        let missing = Some(missing).filter(|_| held.is_none_or(|held| held < shown));
        Answered { head, remembered, missing, unreadable: None }
    }

    /// Holds the migration for what is missing.
    ///
    /// # Errors
    /// It could not be recorded, and is to be tried again.
    pub(crate) async fn hold(
        &self,
        migration: &Name,
        who: &str,
        missing: &Missing,
    ) -> Result<(), Box<AskError>> {
        let reason = match missing.head {
            Some(_) => format!("{who} remembers more than the journal has: {}", missing.why),
            None => format!("{who}: {}", missing.why),
        };
        tracing::error!(%migration, %reason, "decisions are missing; the migration is held until a person releases it");
        match self.driver.ask(migration, hold_for(reason, missing)).await {
            Ok(_) => Ok(()),
            // It has ended, or is not there: nothing is left to hold.
            Err(AskError::Refused(_) | AskError::NoMigration(_)) => Ok(()),
            Err(error @ AskError::Unavailable(_)) => Err(Box::new(error)),
        }
    }
}

fn read(wire: &v1::SignedHead, migration: &Name) -> Result<Head, String> {
    let head = Head::read(wire).map_err(|error| error.to_string())?;
    match head.migration() == migration {
        true => Ok(head),
        false => Err(format!("it is of {}", head.migration())),
    }
}

/// An agent remembers a head that nobody can read: nobody knows what it has seen. It is no loss that is known, so
/// what was shown before it may still turn out to be missing.
pub(crate) fn unreadable(remembered: &v1::SignedHead, why: &str) -> Missing {
    let digest = crate::secret::sha256(&remembered.encode_to_vec());
    Missing {
        why: format!(
            "the head that it remembers cannot be read ({why}), so what it has seen may be missing here"
        ),
        request_id: format!("unreadable-head {}", digest.short()),
        head: None,
    }
}

/// This hold was set for decisions that are missing.
pub(crate) fn is_of_a_loss(event: &Event) -> bool {
    let ours = event.by.as_ref() == Some(&own_name()) && event.request_id.starts_with(REQUEST);
    ours && event.kind == EventKind::HoldSet
}

/// The hold for decisions that are missing, in the collector's own name.
pub(crate) fn hold_for(reason: String, missing: &Missing) -> Ask {
    let by = Asker { name: own_name(), kind: AskerKind::Operator };
    Ask::Hold { by, reason, request_id: missing.request_id.clone() }
}
