//! The gates: which one stands next, what it needs, who decides, and for how long `open` is true.
//!
//! `decide` and `weigh` say what would be recorded and change nothing; `apply` takes what was.
//!
//! # Invariants
//! - `cutover` is entered by a confirmed token alone, behind a decision of named people.
//! - `open` is a lease: it ends by itself, and a new epoch makes older tokens void.
//! - `retired`, `rolled-back` and `aborted` are left by nothing, `committed` only to `retired`.

mod answer;
mod apply;
mod decide;
mod desk;
mod holds;
mod kept;
mod lease;
mod left;
mod loss;
mod manual;
mod members;
mod needs;
mod orders;
mod people;
mod requests;
mod retire;
mod rule;
mod second;
mod wake;
mod watching;
mod weigh;

use std::collections::BTreeMap;

use tidelock_model::{Name, Phase, Timestamp};

pub(crate) use decide::said;
pub(crate) use desk::Desk;
pub use desk::QuestionStatus;
pub(crate) use kept::Kept;
pub use lease::RENEW_AFTER;
pub(crate) use lease::{Lease, MOMENT};
pub use loss::losses_line;
pub(crate) use needs::{Sheet, Steady};
pub(crate) use people::{Ballot, decides};
pub use requests::MAX_REQUESTS;
pub(crate) use requests::Requests;
pub(crate) use rule::{ends, gates_of};

/// Reasons of one hold that are recorded. Gates are shut by the first one; the set of decisions is kept for ever.
const MOST_REASONS: u32 = 20;

/// Who shut every gate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OperatorHold {
    pub(crate) at: Timestamp,
    pub(crate) by: Option<Name>,
    pub(crate) reason: String,
    /// How many reasons were given for it since it stands.
    pub(crate) reasons: u32,
}

impl OperatorHold {
    /// To press it once more for that reason is nothing new, or is pressed for another reason once too often.
    fn stands(&self, reason: &str) -> bool {
        self.reason == reason || self.reasons >= MOST_REASONS
    }

    /// Who holds, in a word.
    fn holder(&self) -> &str {
        self.by.as_ref().map_or("somebody", Name::as_str)
    }

    /// Who holds, and why.
    pub(crate) fn line(&self) -> String {
        format!("{} pressed hold: {}", self.holder(), self.reason)
    }
}

/// What the gates remember.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Gates {
    /// Grows with every lease and whenever older tokens must die.
    pub(crate) epoch: u64,
    pub(crate) leases: BTreeMap<Phase, Lease>,
    /// Since when all that a gate needs is proved without a break.
    pub(crate) steady: BTreeMap<Phase, Steady>,
    pub(crate) ballots: BTreeMap<Name, Ballot>,
    /// Who holds, and why: one hold each.
    pub(crate) operator: BTreeMap<Option<Name>, OperatorHold>,
    /// The collector cannot keep what it is told.
    pub(crate) degraded: Option<OperatorHold>,
    /// What was weighed already.
    pub(crate) kept: Kept,
    /// When all that `retired` needs had been proved for long enough.
    pub(crate) proved_to_retire: Option<Timestamp>,
}

impl Gates {
    /// Every token given out so far is void.
    pub(crate) fn new_epoch(&mut self) {
        self.epoch += 1;
        self.leases.clear();
    }
}
