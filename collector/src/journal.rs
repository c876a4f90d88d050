//! The journal: the only truth that the collector has.
//!
//! An agent forgets a finding once it is acknowledged, and a person acts on a decision once it is
//! shown. So both are on disk before anybody hears of them, nothing is ever rewritten, and whatever
//! cannot be read back exactly stops the start instead of being skipped. Everything else on the
//! disk (the index) is a cache of what lies here and may be thrown away.
//!
//! # Invariants
//! - A position is told (acked, read, subscribed) only after its group's `fdatasync` returned.
//! - A decision reaches the disk after the findings that it rests on.
//! - A failed write or sync is never tried again: the journal refuses everything from then on.
//! - What one sender queues is journaled in its order, and nothing of it behind a refusal.
//! - One process at a time has a folder open for writing.

mod ballast;
mod catalog;
mod chain;
mod components;
mod damage;
mod decisions;
mod disk;
mod error;
mod files;
mod floor;
mod frame;
mod header;
mod identity;
mod index;
mod lane;
mod layout;
mod memory;
mod read;
mod recover;
mod scan;
mod segments;
mod settings;
mod small;
mod store;
mod torn;
mod types;
mod verify;
mod walk;
mod witness;
mod writer;

pub use ballast::Space;
pub use components::{ComponentError, ComponentReader, Components};
pub use damage::{Damage, Torn};
pub use disk::{Disk, RealDisk};
pub use error::{Failure, JournalError, OpenError, ReadError};
pub use files::{Dropped, Journal};
pub(crate) use frame::bodies as frame_bodies;
pub use index::{
    Batch, Cursor, Entry, Event, HistoryItem, HistoryLine, Index, IndexError, IndexSettings, IndexStart,
    Seen, SledIndex,
};
pub use lane::Lane;
pub use memory::{MemoryFault, MemoryJournal};
pub use read::{Reader, read_decisions_offline, read_findings_offline};
pub use recover::Recovery;
pub use settings::Settings;
pub use store::{Pending, Store};
pub use types::{Answer, DecisionFrame, DecisionHead, Heads, NewDecision, Position, Record, Set, Stored};
pub use verify::{SetReport, VerifyReport, verify};
