//! What the journal says: the only input of the fold.
//!
//! The shell turns the journal's bytes into these and back; nothing else ever changes the state of a
//! migration. The order of entries is the order of the journal.

use tidelock_model::{AgentKey, FindingBatch, Name, Phase, Sha256, Side, Timestamp};

use crate::plan::Plan;

/// One record of the journal, at its place and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was appended, by the collector's clock.
    pub at: Timestamp,
    /// What it says.
    pub record: Record,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Something of the set `findings`, with its position there.
    Seen(u64, Observation),
    /// Something of the set `decisions`.
    Decided(Box<Event>),
}

/// What was seen or heard. Kept for a while.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Findings, as received.
    Findings(FindingBatch),
    /// An agent is there.
    Agent(AgentSeen),
    /// An agent left in good order.
    SignedOff(AgentKey),
    /// An agent does not carry a check out (or does so again).
    Refused(AgentKey, Refusal),
    /// Time went by.
    Tick,
    /// An open gate's lease was renewed.
    LeaseRenewed {
        /// The gate before this phase.
        gate: Phase,
        /// The gate's epoch.
        epoch: u64,
        /// Until when `open` may be believed.
        valid_until: Timestamp,
    },
}

/// What a heartbeat told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSeen {
    /// Who.
    pub agent: AgentKey,
    /// Agent time + offset = collector time, in milliseconds.
    pub offset_ms: i64,
    /// The offset's error bound, in milliseconds.
    pub error_ms: u64,
    /// The share of time without a processor, in permille.
    pub starved_permille: u32,
    /// Findings that wait in the agent's spool.
    pub spool_findings: u64,
    /// The agent's version.
    pub version: String,
}

/// Why an agent does not carry a check out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The check.
    pub check: Name,
    /// The cause's word.
    pub cause: String,
    /// In words.
    pub reason: String,
    /// False when it is taken back.
    pub refused: bool,
}

/// Something decided. Kept for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The person, pipeline or agent that asked; none when evidence alone did.
    pub by: Option<Name>,
    /// In the asker's words.
    pub reason: String,
    /// The same id again is the same ask.
    pub request_id: String,
    /// The last position of the findings that it rests on.
    pub findings_position: u64,
    /// The hash of the evidence at that moment.
    pub evidence_hash: Sha256,
    /// The holds at that moment, as they were shown.
    pub holds: Vec<String>,
    /// What was decided.
    pub kind: EventKind,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A plan revision is in force.
    PlanApplied {
        /// Counts from 1.
        revision: u64,
        /// The revision's hash.
        hash: Sha256,
        /// The revision.
        plan: Box<Plan>,
        /// The origin of the migration's grid; fixed by the first revision.
        grid_origin: Timestamp,
    },
    /// The migration is in another phase.
    PhaseChanged {
        /// The phase it left.
        from: Phase,
        /// The phase it is in.
        to: Phase,
    },
    /// A person gave or refused a decision.
    Decided {
        /// `cutover`, `rollback` or `commit`.
        decision: Name,
        /// Given, or refused.
        go: bool,
        /// The evidence that the person saw.
        evidence_sequence: u64,
        /// Enough voices are together with this one.
        complete: bool,
    },
    /// Somebody shut every gate.
    HoldSet,
    /// Somebody took that back.
    HoldReleased,
    /// A person made a manual check.
    ManualCheckDone {
        /// Which.
        check: Name,
        /// A text or URL.
        evidence: String,
        /// It was not as it must be.
        failed: bool,
    },
    /// A gate opened.
    LeaseGranted {
        /// The gate before this phase.
        gate: Phase,
        /// A new one each time.
        epoch: u64,
        /// Until when `open` may be believed.
        valid_until: Timestamp,
    },
    /// A gate shut again.
    LeaseRevoked {
        /// The gate before this phase.
        gate: Phase,
        /// The epoch that ends.
        epoch: u64,
    },
    /// The token of an open cutover gate was taken: the switch begins.
    CutoverConfirmed {
        /// The gate's epoch.
        epoch: u64,
    },
    /// Traffic was moved.
    Switched {
        /// The side it is on now.
        to: Side,
    },
    /// An agent got a certificate.
    AgentEnrolled {
        /// Who.
        agent: AgentKey,
        /// When it ends.
        certificate_ends: Timestamp,
    },
    /// An agent is no longer one of ours.
    AgentRevoked {
        /// Who.
        agent: AgentKey,
    },
    /// An agent contradicted itself, or somebody speaks in its name.
    ConflictFound {
        /// Who.
        agent: AgentKey,
        /// What was found.
        text: String,
    },
    /// An environment is on another revision: its evidence starts anew.
    RevisionSet {
        /// Which.
        side: Side,
        /// The revision.
        revision: String,
    },
}
