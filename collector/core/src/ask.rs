//! What somebody wants of a migration, and why they do not get it.

use tidelock_model::{AgentKey, Name, Phase, Sha256, Side, Timestamp};

use crate::access::AccessChange;
use crate::plan::{Direction, Plan};
use crate::record::StepOutcome;
use crate::report::Remark;
use crate::verdict::Hold;

/// What kind of asker it is, as their access says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AskerKind {
    /// A person of the plan.
    Person,
    /// A pipeline: it may confirm a cutover and report where traffic is, and decides nothing.
    Pipeline,
    /// Whoever runs the collector. May hold, change plans and agents; decides nothing by that alone.
    Operator,
}

/// The name in which a collector itself asks: nobody else has it.
pub const COLLECTOR: &str = "collector";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The name in the plan, or the pipeline's or operator's own.
    pub name: Name,
    /// What their access makes them.
    pub kind: AskerKind,
}

/// What a plan revision makes easier than the one that it was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looser {
    /// The hash of the plan that it was compared with; none where none was in force.
    pub against: Option<Sha256>,
    /// What gets easier, a line each.
    pub lines: Vec<String>,
}

/// What somebody wants. The same asker and request id again is the same ask, recorded once; an empty
/// id is never the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// To give (`go`) or refuse a decision of the plan.
    Decide {
        /// `cutover`, `rollback`, `commit`, or another name of the plan.
        decision: Name,
        /// Given, or refused.
        go: bool,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// The evidence that they saw; none or zero for "whatever is there".
        evidence_sequence: Option<u64>,
        /// Names the ask.
        request_id: String,
    },
    /// To shut every gate at once.
    Hold {
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To take a hold back.
    Release {
        /// Who asks.
        by: Asker,
        /// Whose hold; none is one's own, or else the only one.
        of: Option<Name>,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To begin the switch, with the epoch of the token of the open gate `cutover`.
    Confirm {
        /// Who asks.
        by: Asker,
        /// The epoch in the token.
        epoch: u64,
        /// Names the ask.
        request_id: String,
    },
    /// To report on which side traffic is now.
    Switched {
        /// The side.
        to: Side,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To report a manual check.
    ManualDone {
        /// Which.
        check: Name,
        /// Who asks.
        by: Asker,
        /// A text or URL.
        evidence: String,
        /// It was not as it must be.
        failed: bool,
        /// Names the ask.
        request_id: String,
    },
    /// To give the migration up before its point of no return.
    Abort {
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To say that an environment is on another revision: its evidence starts anew.
    SetRevision {
        /// Which environment.
        side: Side,
        /// The revision.
        revision: String,
        /// Who asks.
        by: Asker,
        /// Names the ask.
        request_id: String,
    },
    /// To take an agent's right to speak away.
    RevokeAgent {
        /// Which.
        agent: AgentKey,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
    },
    /// To put a plan revision in force. The same revision again changes nothing.
    ApplyPlan {
        /// The revision.
        plan: Box<Plan>,
        /// Its hash.
        hash: Sha256,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Only if this revision is in force now; 0 means none is.
        if_revision: Option<u64>,
        /// The grid's origin, taken for the first revision alone.
        grid_origin: Timestamp,
        /// What it makes easier, beside which revision.
        looser: Looser,
        /// It is the second person's word on what another proposed.
        confirm: bool,
    },
    /// An agent with a valid token wants to join, or has a new certificate.
    Enrol {
        /// Which.
        agent: AgentKey,
        /// When its certificate ends.
        certificate_ends: Timestamp,
        /// Nobody may have the name yet: it is the agent's own choice, or chance, and not the token's.
        must_be_new: bool,
        /// With whose token it came in; empty for another certificate of one that is in.
        reason: String,
    },
    /// Two different findings came under one number: the agent contradicts itself, or somebody speaks
    /// in its name.
    ReportConflict {
        /// Which.
        agent: AgentKey,
        /// What was found.
        text: String,
    },
    /// The collector itself: it cannot keep findings, or can again.
    SetDegraded {
        /// It cannot.
        degraded: bool,
        /// Why.
        reason: String,
    },
    /// To walk a runbook, or to be its operator again.
    Run {
        /// What of it.
        ask: RunAsk,
        /// Who asks.
        by: Asker,
        /// Names the ask.
        request_id: String,
    },
    /// Access was given or is taken back; the collector has checked that the asker may.
    Access {
        /// What of it.
        change: AccessChange,
        /// Who gave or takes it; none where somebody changed the file of the grants.
        by: Option<Asker>,
        /// In words.
        reason: String,
    },
    /// To switch cutovers on or off.
    SetCutovers {
        /// They may begin.
        enabled: bool,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To say that a fact of the plan after which there is no way back is true now.
    SetFact {
        /// As the plan words it.
        fact: String,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To open a gate over named holds.
    Override {
        /// The gate before this phase.
        gate: Phase,
        /// What each hold is about.
        checks: Vec<Name>,
        /// Who asks.
        by: Asker,
        /// In their words.
        reason: String,
        /// Names the ask.
        request_id: String,
    },
    /// To say what becomes of a row that only the target has.
    SettleLeftover {
        /// The row, as it is listed.
        key: String,
        /// Who answers for it.
        owner: Name,
        /// What becomes of it.
        disposition: String,
        /// Who asks.
        by: Asker,
        /// Names the ask.
        request_id: String,
    },
    /// To have a check run once, beside its rounds; the collector has checked that the asker may.
    RunCheck {
        /// Which.
        check: Name,
        /// How many agents are asked.
        agents: u32,
        /// It is run with other settings than the plan's.
        other_settings: bool,
        /// Who asks.
        by: Asker,
    },
    /// To file for the report what agents say; the collector itself asks.
    File {
        /// The sentences, each as its agent says it now.
        remarks: Vec<Remark>,
    },
}

/// What the operator of a runbook asks.
#[derive(Debug, Clone, PartialEq)]
pub enum RunAsk {
    /// To begin a run.
    Begin {
        /// Which runbook.
        direction: Direction,
        /// Nothing is really done.
        rehearsal: bool,
    },
    /// To take the lease of the run that is under way.
    Take,
    /// To let the lease go.
    Leave {
        /// The lease that the asker has.
        lease: u64,
    },
    /// To carry out the part that is next. Asked before anything is done.
    BeginStep {
        /// The lease that the asker has.
        lease: u64,
        /// Its place among the runbook's parts.
        part: u32,
        /// To take it back.
        undo: bool,
    },
    /// To say what became of it.
    EndStep {
        /// The lease that the asker has.
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
    /// A person says that a step of theirs is done, or that it failed.
    ConfirmStep {
        /// Its place among the runbook's parts.
        part: u32,
        /// It is done.
        done: bool,
        /// In their words.
        reason: String,
    },
    /// A person says whether a part was carried out of which nobody could know.
    SettleStep {
        /// Its place among the runbook's parts.
        part: u32,
        /// It is about taking it back.
        undo: bool,
        /// It was carried out.
        done: bool,
        /// In their words.
        reason: String,
    },
    /// To pass the point of no return.
    PassNoReturn {
        /// The lease that the asker has.
        lease: u64,
        /// Its place among the runbook's parts.
        part: u32,
    },
    /// To go back: undo what was done.
    Turn {
        /// In their words.
        reason: String,
    },
}

/// Why an ask is refused: a stable word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalCode {
    /// The migration is not in a phase in which this can be asked.
    WrongPhase,
    /// This asker may not ask it.
    NotYours,
    /// Newer evidence than the asker saw holds the gate.
    EvidenceChanged,
    /// The gate is shut.
    GateShut,
    /// The token is of an earlier epoch of the gate.
    OldToken,
    /// The plan has no such decision.
    UnknownDecision,
    /// The plan has no such manual check.
    UnknownCheck,
    /// No such agent is enrolled.
    UnknownAgent,
    /// The plan is at another revision.
    Revision,
    /// There is no plan yet.
    NoPlan,
    /// Something that must be said is missing or makes no sense.
    Incomplete,
    /// Evidence must be given with it.
    NeedsEvidence,
    /// It waits for a decision that was not given.
    NotDecided,
    /// As many agents as the plan allows are there.
    TooManyAgents,
    /// Another agent has, or had, the name.
    NameTaken,
    /// The way back is closed.
    TooLate,
    /// Somebody else walks the runbook.
    Leased,
    /// The asker's lease ended, or is another's.
    OldLease,
    /// The runbook's next part is another one.
    NotNext,
    /// The plan has no such runbook.
    NoRunbook,
    /// A step would break what the plan says must always hold.
    Assertion,
    /// Cutovers are switched off.
    Disabled,
    /// The plan has no such fact.
    UnknownFact,
    /// No such row is listed.
    UnknownLeftover,
}

impl RefusalCode {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            RefusalCode::WrongPhase => "WRONG_PHASE",
            RefusalCode::NotYours => "NOT_YOURS",
            RefusalCode::EvidenceChanged => "EVIDENCE_CHANGED",
            RefusalCode::GateShut => "GATE_SHUT",
            RefusalCode::OldToken => "OLD_TOKEN",
            RefusalCode::UnknownDecision => "UNKNOWN_DECISION",
            RefusalCode::UnknownCheck => "UNKNOWN_CHECK",
            RefusalCode::UnknownAgent => "UNKNOWN_AGENT",
            RefusalCode::Revision => "REVISION",
            RefusalCode::NoPlan => "NO_PLAN",
            RefusalCode::Incomplete => "INCOMPLETE",
            RefusalCode::NeedsEvidence => "NEEDS_EVIDENCE",
            RefusalCode::NotDecided => "NOT_DECIDED",
            RefusalCode::TooManyAgents => "TOO_MANY_AGENTS",
            RefusalCode::NameTaken => "NAME_TAKEN",
            RefusalCode::TooLate => "TOO_LATE",
            RefusalCode::Leased => "LEASED",
            RefusalCode::OldLease => "OLD_LEASE",
            RefusalCode::NotNext => "NOT_NEXT",
            RefusalCode::NoRunbook => "NO_RUNBOOK",
            RefusalCode::Assertion => "ASSERTION",
            RefusalCode::Disabled => "DISABLED",
            RefusalCode::UnknownFact => "UNKNOWN_FACT",
            RefusalCode::UnknownLeftover => "UNKNOWN_LEFTOVER",
        }
    }
}

/// A refused ask. Nothing was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// What holds the gate, where that is the reason.
    pub holds: Vec<Hold>,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), holds: Vec::new() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
