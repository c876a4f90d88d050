//! What Tidelock decides, as plain functions of state, input and time.
//!
//! No I/O, no clock, no randomness, no async: a replay of the journal computes the same answers.
//! One [`Migration`] is the folded state of one move. Its journal entries go in through `apply`,
//! which cannot fail; answers come out of `verdict`, `decide` and `weigh`, which change nothing.

mod access;
mod ask;
mod board;
mod canary;
pub mod challenge;
mod evidence;
mod explain;
mod first_minutes;
mod gate;
mod hash;
mod inventory;
mod joint;
mod ledger;
mod migration;
pub mod plan;
pub mod proof;
pub mod record;
mod remedy;
mod report;
mod rollback;
mod roster;
mod runbook;
mod status;
mod verdict;
mod words;

pub use access::{AccessChange, Joins};
pub use ask::{Ask, Asker, AskerKind, COLLECTOR, Looser, Refusal, RefusalCode, RunAsk};
pub use board::NotCounted;
pub use canary::{CANARY_CHECK, CANARY_EVERY, CANARY_TIMEOUT};
pub use first_minutes::{FirstMinutesState, FirstMinutesStatus, MetricStatus};
pub use gate::{MAX_REQUESTS, QuestionStatus, RENEW_AFTER, losses_line};
pub use joint::{Point, SidePoint};
pub use ledger::{OwnershipState, OwnershipStatus};
pub use migration::Migration;
pub use report::{About, Account, AgentLost, Filed, Lasted, Remark};
pub use report::{Report, ReportPhase, ReportRevision, ReportScenario, ReportSpan};
pub use rollback::Leftover;
pub use roster::{AgentStanding, ONLINE_FOR};
pub use runbook::machine;
pub use runbook::{
    AssertionState, AssertionStatus, FailedUndo, NextAction, PartState, PartStatus, RUN_LEASE, RunState,
    RunStatus, Settled, runbook_breach,
};
pub use status::{
    AgentState, AgentStatus, ClaimStatus, Explanation, ManualState, ManualStatus, ProofStatus,
    RehearsalStatus, ScenarioStatus, SideStatus, SlotCourse,
};
pub use verdict::{
    Asset, BackLimitStatus, DecisionState, DecisionStatus, EvidenceState, Hold, HoldCode, Loss,
    OverrideStatus, RollbackStatus, Verdict,
};
