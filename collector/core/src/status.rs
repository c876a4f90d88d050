//! What people look at: scenarios, claims, agents and manual checks, each with its state and since when.

use std::time::Duration;

use tidelock_model::{AgentKey, Level, Name, Phase, Remaining, Side, Timestamp};

use crate::joint::Point;
use crate::plan::{Claim, Direction};
use crate::record::Refusal as AssignmentRefusal;
use crate::verdict::{EvidenceState, Hold};

/// A scenario as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioStatus {
    /// Its name.
    pub name: Name,
    /// For people.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// What breaks when it does.
    pub if_broken: String,
    /// The worst of its sides.
    pub state: EvidenceState,
    /// Since when that is so.
    pub since: Timestamp,
    /// One for each side it runs on.
    pub sides: Vec<SideStatus>,
    /// The gates that need it.
    pub gates: Vec<Phase>,
    /// The phases that run it.
    pub phases: Vec<Phase>,
    /// It runs in the present phase.
    pub active: bool,
    /// The present phase runs it, or the next gate waits for it. Where neither is so, no state of it says anything.
    pub asked: bool,
}

/// A scenario on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct SideStatus {
    /// The side.
    pub side: Side,
    /// The worst of its agents and claims.
    pub state: EvidenceState,
    /// One short sentence.
    pub value: String,
    /// When its newest finding was received.
    pub seen: Option<Timestamp>,
    /// The agent that the sentence is about.
    pub agent: Option<Name>,
    /// What would be lost.
    pub remaining: Vec<Remaining>,
    /// Each claim, as its worst agent sees it.
    pub claims: Vec<ClaimStatus>,
}

/// A claim on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimStatus {
    /// The word in the plan.
    pub name: String,
    /// What must be.
    pub must: String,
    /// What is.
    pub is: String,
    /// What the findings prove.
    pub state: EvidenceState,
    /// How far the proof has come; 100 when proved.
    pub progress_percent: u32,
    /// Since when.
    pub since: Timestamp,
    /// How its proof came about, where it is a proof.
    pub proof: Option<ProofStatus>,
}

/// The course of one claim that is proved on both sides' findings together.
#[derive(Debug, Clone, PartialEq)]
pub struct ProofStatus {
    /// What must be shown to be false before the claim is believed.
    pub null: String,
    /// What the proof rules out.
    pub rules_out: String,
    /// ln E of each of its parts, by the part's word; for programs.
    pub ln_e: Vec<(&'static str, f64)>,
    /// What each part must reach; for programs.
    pub threshold: f64,
    /// How long it still takes at the present pace; none where it does not come closer.
    pub eta: Option<Duration>,
    /// Results that were counted, of both sides.
    pub results: u64,
    /// Slots that were evidence.
    pub slots: u64,
    /// How long a slot is.
    pub slot: Duration,
    /// What was not counted, by reason.
    pub excluded: Vec<(String, u64)>,
    /// How many incidents there were.
    pub incidents: u64,
    /// When the last of them began.
    pub last_incidents: Vec<Timestamp>,
    /// How often the proof was begun; it takes more each time.
    pub attempt: u32,
    /// The agents behind it.
    pub agents: Vec<AgentKey>,
    /// When its evidence began.
    pub begun: Timestamp,
    /// What else a reader must know.
    pub notes: Vec<String>,
}

/// How a check's statistical claims came to what they are: slot by slot.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotCourse {
    /// When its evidence began.
    pub begun: Timestamp,
    /// How long a slot is.
    pub slot: Duration,
    /// A proof takes at least this long, whatever its numbers say.
    pub observe_at_least: Duration,
    /// The side that must be good.
    pub subject: Side,
    /// The source is what it is compared with.
    pub compared: bool,
    /// The claims that are weighed slot by slot.
    pub claims: Vec<Claim>,
    /// The newest slots, oldest first.
    pub points: Vec<Point>,
}

/// How an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Heard just now.
    Online,
    /// Not heard for too long; what it owes holds.
    Silent,
    /// It left in good order.
    SignedOff,
    /// It contradicted itself.
    Suspended,
    /// It is no longer one of ours.
    Revoked,
    /// It has a certificate and was never heard.
    NeverSeen,
    /// Its certificate has ended.
    Expired,
}

impl AgentState {
    /// The word on every screen.
    pub fn word(self) -> &'static str {
        match self {
            AgentState::Online => "online",
            AgentState::Silent => "silent",
            AgentState::SignedOff => "signed off",
            AgentState::Suspended => "suspended",
            AgentState::Revoked => "revoked",
            AgentState::NeverSeen => "never seen",
            AgentState::Expired => "expired",
        }
    }
}

/// An agent as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentStatus {
    /// Which.
    pub agent: AgentKey,
    /// How it stands.
    pub state: AgentState,
    /// When it was heard last.
    pub seen: Option<Timestamp>,
    /// When its certificate ends.
    pub certificate_ends: Timestamp,
    /// It should have renewed it by now.
    pub renewal_overdue: bool,
    /// Agent time + offset = collector time.
    pub offset_ms: i64,
    /// The offset's error bound.
    pub error_ms: u64,
    /// The agent's version; empty when it was never heard.
    pub version: String,
    /// Findings that wait in its spool.
    pub spool_findings: u64,
    /// The share of time without a processor.
    pub starved_permille: u32,
    /// Checks it does not carry out.
    pub refused: Vec<AssignmentRefusal>,
}

/// Where a manual check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManualState {
    /// Not made yet.
    Open,
    /// Not made, and it should have been.
    Overdue,
    /// Made well, too long ago: it has to be made again.
    Expired,
    /// Made, and all was as it must be.
    Done,
    /// Made, and something was wrong.
    Failed,
}

impl ManualState {
    /// The word on every screen.
    pub fn word(self) -> &'static str {
        match self {
            ManualState::Open => "open",
            ManualState::Overdue => "overdue",
            ManualState::Expired => "expired",
            ManualState::Done => "done",
            ManualState::Failed => "failed",
        }
    }
}

/// The newest rehearsal of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RehearsalStatus {
    /// Which way.
    pub direction: Direction,
    /// When it was over.
    pub at: Timestamp,
    /// The revision of the plan that was rehearsed.
    pub revision: u64,
    /// Every step of it was walked and proved.
    pub succeeded: bool,
}

/// A manual check as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualStatus {
    /// Its name.
    pub name: Name,
    /// What is to be checked.
    pub title: String,
    /// Who makes it.
    pub owner: Name,
    /// Where it stands.
    pub state: ManualState,
    /// Who made it.
    pub done_by: Option<Name>,
    /// A text or URL.
    pub evidence: String,
    /// When it was made.
    pub done: Option<Timestamp>,
    /// The phase in which it is made.
    pub phase: Option<Phase>,
    /// When it must be made, where that is known already.
    pub due: Option<Timestamp>,
    /// When it must be made again.
    pub expires: Option<Timestamp>,
}

/// One check in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The scenario as it stands.
    pub scenario: ScenarioStatus,
    /// What of it holds the next gate, or would hold a gate that needs it.
    pub holds: Vec<Hold>,
}
