//! What the journal says: the only input of the fold.
//!
//! The shell turns the journal's bytes into these and back; nothing else ever changes the state of a
//! migration. The order of entries is the order of the journal.

use tidelock_model::{AgentKey, FindingBatch, Name, Phase, Sha256, Side, Timestamp};

use crate::access::AccessChange;
use crate::plan::{Direction, Plan};
use crate::report::Filed;
use std::time::Duration;

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
    /// Whoever walks a runbook is still there.
    RunRenewed {
        /// The run.
        run: u64,
        /// The operator's lease.
        lease: u64,
        /// Until when nobody else may walk it.
        until: Timestamp,
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
    /// A plan revision that makes a gate easier to open waits for a second person.
    PlanProposed {
        /// The revision in force that it was compared with.
        base: u64,
        /// The hash of what is proposed.
        hash: Sha256,
        /// What it loosens, a line each.
        looser: Vec<String>,
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
    HoldReleased {
        /// Whose hold; none is every one, in records of before holds had names.
        of: Option<Name>,
    },
    /// The collector cannot keep what it is told, or can again. The reason says which.
    Degraded {
        /// It can again.
        ended: bool,
    },
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
    /// A runbook is walked from here on, by one operator.
    RunBegun {
        /// Counts from 1, over all runs of the migration.
        run: u64,
        /// Which runbook.
        direction: Direction,
        /// Nothing is really done, but for what the plan says is run in a rehearsal.
        rehearsal: bool,
        /// The operator's lease; a new number each time it changes hands.
        lease: u64,
        /// Until when nobody else may walk it.
        until: Timestamp,
    },
    /// The operator's lease was taken again: after a crash, or by somebody else after it ended.
    RunTaken {
        /// The run.
        run: u64,
        /// The new lease.
        lease: u64,
        /// Until when nobody else may walk it.
        until: Timestamp,
    },
    /// The operator's lease ended: it was let go, or nobody renewed it.
    RunLeft {
        /// The run.
        run: u64,
        /// The lease that ended.
        lease: u64,
    },
    /// A part of a runbook is about to be carried out. Written before anything is done.
    StepBegun {
        /// The run.
        run: u64,
        /// The operator's lease.
        lease: u64,
        /// Its place among the runbook's parts.
        part: u32,
        /// It is taken back.
        undo: bool,
    },
    /// What became of it, as the operator or its owner says.
    StepEnded {
        /// The run.
        run: u64,
        /// The operator's lease; 0 where a person confirmed it.
        lease: u64,
        /// Its place among the runbook's parts.
        part: u32,
        /// It was taken back.
        undo: bool,
        /// How it ended.
        outcome: StepOutcome,
        /// Something durable happened, whatever the outcome.
        durable: bool,
        /// The end of what the command said.
        output: String,
    },
    /// A part's postcondition is proved on evidence younger than its beginning.
    StepProved {
        /// The run.
        run: u64,
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// Nobody could know whether a part was carried out: a person says.
    StepSettled {
        /// The run.
        run: u64,
        /// Its place among the runbook's parts.
        part: u32,
        /// It is about taking it back.
        undo: bool,
        /// It was carried out.
        done: bool,
    },
    /// From here on the run goes back: what was done is undone, the last first.
    RunTurned {
        /// The run.
        run: u64,
        /// Why.
        why: String,
    },
    /// The point of no return.
    NoReturnPassed {
        /// The run.
        run: u64,
        /// The operator's lease.
        lease: u64,
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// A run is over.
    RunEnded {
        /// The run.
        run: u64,
        /// How.
        outcome: RunOutcome,
        /// How long nobody could write, where somebody could not.
        writes_shut: Option<Duration>,
    },
    /// The master switch: no cutover begins while it is off.
    CutoversSet {
        /// They may begin.
        enabled: bool,
    },
    /// A fact of the plan after which there is no way back became true.
    FactSet {
        /// As the plan words it.
        fact: String,
    },
    /// A person's voice to open a gate over named holds.
    Overridden {
        /// The gate before this phase.
        gate: Phase,
        /// What each hold is about that is overridden.
        checks: Vec<Name>,
        /// Enough voices are together with this one.
        complete: bool,
    },
    /// Somebody said what becomes of a row that only the target has.
    LeftoverSettled {
        /// The row, as it is listed.
        key: String,
        /// Who answers for it.
        owner: Name,
        /// What becomes of it.
        disposition: String,
    },
    /// Somebody was given access, or it was taken from them.
    AccessChanged(AccessChange),
    /// Something that people must be told at once.
    Noticed(Notice),
    /// Something that the report rests on, and that no other decision tells.
    Filed(Filed),
    /// A person had a check run once, beside its rounds. What it found is no evidence.
    CheckRun {
        /// Which.
        check: Name,
        /// How many agents were asked.
        agents: u32,
        /// It was run with other settings than the plan's.
        other_settings: bool,
    },
}

/// How a part of a runbook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepOutcome {
    /// It was carried out.
    Done,
    /// It was not, or not wholly.
    Failed,
    /// Nobody can know.
    Unknown,
}

impl StepOutcome {
    /// The word on every screen and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            StepOutcome::Done => "done",
            StepOutcome::Failed => "failed",
            StepOutcome::Unknown => "unknown",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunOutcome {
    /// Every step is done and proved.
    Completed,
    /// Everything that was done was undone.
    Undone,
    /// Past its point of no return people decided to go back: another runbook does that.
    Abandoned,
}

impl RunOutcome {
    /// The word on every screen and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            RunOutcome::Completed => "completed",
            RunOutcome::Undone => "undone",
            RunOutcome::Abandoned => "abandoned",
        }
    }
}

/// What people must be told at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// A decision waits for nothing but people.
    Asked {
        /// Which.
        decision: Name,
        /// The gate before this phase; none for going back.
        gate: Option<Phase>,
    },
    /// Nobody answered in time: it is the deputies' turn.
    DeputiesAsked {
        /// Which.
        decision: Name,
    },
    /// Nobody answered, and nobody is next.
    Unanswered {
        /// Which.
        decision: Name,
    },
    /// The way back ends soon.
    WindowClosing {
        /// When.
        until: Timestamp,
    },
    /// The way back has ended.
    WindowClosed {
        /// Why.
        why: String,
    },
    /// The watch after the switch calls.
    RollbackRecommended {
        /// The scenario that called first.
        check: Name,
    },
    /// An agent that owes findings is not heard any more.
    AgentLost {
        /// Which.
        agent: AgentKey,
    },
    /// An agent that was told to be lost is heard again.
    AgentBack {
        /// Which.
        agent: AgentKey,
    },
    /// The watch called, and there is no way back any more.
    FixForward {
        /// The scenario that called first.
        check: Name,
        /// Why there is none.
        why: String,
    },
}
