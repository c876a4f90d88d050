//! What a gate answers: one word, and every named reason why it is shut.

use std::time::Duration;

use tidelock_model::{AgentKey, Level, Name, Phase, Remaining, Sha256, Side, Timestamp, VerdictWord};

/// What findings prove about a claim at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceState {
    /// Shown, by fresh findings of every agent that owes some.
    Proved,
    /// Shown to be wrong.
    Refuted,
    /// Not shown yet, either way.
    Undecided,
    /// It was shown once; the findings are too old now.
    Stale,
    /// Nothing was ever heard.
    Missing,
}

impl EvidenceState {
    /// The word on every screen.
    pub fn word(self) -> &'static str {
        match self {
            EvidenceState::Proved => "proved",
            EvidenceState::Refuted => "refuted",
            EvidenceState::Undecided => "undecided",
            EvidenceState::Stale => "stale",
            EvidenceState::Missing => "missing",
        }
    }

    /// Worse first: what a person must know before anything else.
    pub(crate) fn rank(self) -> u8 {
        match self {
            EvidenceState::Refuted => 0,
            EvidenceState::Undecided => 1,
            EvidenceState::Missing => 2,
            EvidenceState::Stale => 3,
            EvidenceState::Proved => 5,
        }
    }

    /// The worse of two.
    pub(crate) fn worse(self, other: EvidenceState) -> EvidenceState {
        if other.rank() < self.rank() { other } else { self }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        /// Why a gate is shut: a stable word for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HoldCode { $($(#[$doc])* $variant,)+ }

        impl HoldCode {
            /// Every code there is.
            pub const ALL: &'static [HoldCode] = &[$(HoldCode::$variant),+];

            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self { $(HoldCode::$variant => $word),+ }
            }

            /// The code of that word. No check may have one for its name: an override names holds by these words, and
            /// checks by their names.
            pub fn of_word(word: &str) -> Option<HoldCode> {
                HoldCode::ALL.iter().copied().find(|code| code.word() == word)
            }
        }
    };
}

codes! {
    /// A claim is shown to be wrong.
    ClaimRefuted = "claim_refuted",
    /// A claim is not shown yet.
    ClaimUndecided = "claim_undecided",
    /// Findings are too old.
    Stale = "stale",
    /// Nothing was ever heard, or not of as many agents as must tell.
    Missing = "missing",
    /// Fewer agents than the plan asks for are online.
    Agents = "agents",
    /// Another component than the plan's ran.
    BadDigest = "bad_digest",
    /// An agent does not carry the check out.
    Refused = "refused",
    /// An agent contradicted itself.
    Conflict = "conflict",
    /// An agent's clock is not believed.
    Clock = "clock",
    /// A finding does not answer the challenge of its round.
    Nonce = "nonce",
    /// An agent's canary passed, did not come, or is awaited.
    Canary = "canary",
    /// The gate needs something that the plan does not declare.
    UnknownCheck = "unknown_check",
    /// Nothing, or not everything critical, is checked.
    Unchecked = "unchecked",
    /// A manual check is open or failed.
    Manual = "manual",
    /// Everything is proved, not for long enough yet.
    Stable = "stable",
    /// Somebody pressed hold.
    Operator = "operator",
    /// The collector cannot keep what it is told.
    Degraded = "degraded",
    /// A decision is not given.
    Decision = "decision",
    /// Nobody reported where traffic is.
    Switch = "switch",
    /// The gate is not the next one.
    Phase = "phase",
    /// There is no plan.
    Plan = "plan",
    /// Nothing holds it any more; the lease is being written.
    Lease = "lease",
    /// The gate should have opened by now.
    Deadline = "deadline",
    /// The watch after the switch calls: the target fails.
    Alarm = "alarm",
    /// The watch after the switch is not over, or has seen too little.
    Watch = "watch",
    /// No rehearsal of the plan as it is.
    Rehearsal = "rehearsal",
    /// Writes would be shut for longer than a scenario may be away.
    Dip = "dip",
    /// A runbook is not walked to its end, or goes back.
    Run = "run",
    /// Two sides own the same thing, or none does.
    Ownership = "ownership",
    /// A step would break what the plan says must always hold.
    Assertion = "assertion",
    /// Cutovers are switched off.
    Disabled = "disabled",
    /// Nobody is there who would carry out what may be decided automatically.
    Automatic = "automatic",
    /// Rows that only the target has, without an owner.
    Leftovers = "leftovers",
    /// Turbulence after the switch is larger than normal.
    Turbulence = "turbulence",
    /// Nobody is left on the side that the move leaves who could see what it still does.
    Unseen = "unseen",
    /// Something of the migration is still there that must be removed.
    NotRemoved = "not_removed",
}

/// One named reason why a gate is shut.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// For programs.
    pub code: HoldCode,
    /// The check, manual check or decision it is about.
    pub check: Option<Name>,
    /// The scenario's level, where it is about one.
    pub level: Option<Level>,
    /// The side it is about.
    pub side: Option<Side>,
    /// The evidence behind it, where it is about evidence.
    pub state: Option<EvidenceState>,
    /// In plain words; says nothing that changes by the second.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When the newest finding behind it was received.
    pub seen: Option<Timestamp>,
    /// The agent it is about.
    pub agent: Option<Name>,
    /// What to do next: a command, or a sentence that ends with one.
    pub next: String,
    /// What would be lost.
    pub remaining: Vec<Remaining>,
}

impl Hold {
    pub(crate) fn new(
        code: HoldCode,
        since: Timestamp,
        reason: impl Into<String>,
        next: impl Into<String>,
    ) -> Hold {
        Hold {
            code,
            check: None,
            level: None,
            side: None,
            state: None,
            reason: reason.into(),
            since,
            seen: None,
            agent: None,
            next: next.into(),
            remaining: Vec::new(),
        }
    }

    /// The line that the journal keeps with a decision.
    pub fn line(&self) -> String {
        let mut line = self.code.word().to_owned();
        if let Some(check) = &self.check {
            line = format!("{line} {check}");
        }
        if let Some(side) = self.side {
            line = format!("{line} on {side}");
        }
        if let Some(agent) = &self.agent {
            line = format!("{line} by {agent}");
        }
        format!("{line}: {}", self.reason)
    }

    /// Refuted, undecided, missing, stale, people; then the longest.
    pub(crate) fn order(&self) -> (u8, Timestamp, HoldCode) {
        (self.state.map_or(4, EvidenceState::rank), self.since, self.code)
    }
}

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionState {
    /// Something else holds the gate; nobody is asked yet.
    NotAsked,
    /// Only the decision is missing.
    Asked,
    /// Enough voices, and still valid.
    Given,
    /// Somebody said no.
    Refused,
    /// It was given, too long ago.
    Expired,
    /// It was given on evidence that changed since.
    Void,
}

impl DecisionState {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            DecisionState::NotAsked => "not_asked",
            DecisionState::Asked => "asked",
            DecisionState::Given => "given",
            DecisionState::Refused => "refused",
            DecisionState::Expired => "expired",
            DecisionState::Void => "void",
        }
    }
}

/// A decision that a gate asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionStatus {
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub state: DecisionState,
    /// Since when it stands there.
    pub since: Timestamp,
    /// The people whose voice counts now.
    pub given_by: Vec<Name>,
    /// How many voices there are.
    pub given: u32,
    /// How many there must be.
    pub needed: u32,
    /// Who decides.
    pub who: Vec<Name>,
    /// Who may decide in their place.
    pub deputies: Vec<Name>,
    /// From when on they are asked, while nobody answers; none where they never are.
    pub deputies_from: Option<Timestamp>,
    /// Where one operator may be several of the voices: who, in words.
    pub one_hand: Option<String>,
    /// Until when it is valid, once given.
    pub valid_until: Option<Timestamp>,
}

/// Whether going back is still possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackStatus {
    /// There is something to go back from.
    pub applicable: bool,
    /// It can be decided now.
    pub possible: bool,
    /// It is being carried out: the question whether it can be decided is over.
    pub under_way: bool,
    /// A detector recommends it. No simple claim ever does.
    pub recommended: bool,
    /// Until when it is possible.
    pub until: Option<Timestamp>,
    /// Its end is near.
    pub closing: bool,
    /// In words.
    pub reason: String,
    /// What it would cost.
    pub asset: Asset,
    /// Each limit with its present value.
    pub limits: Vec<BackLimitStatus>,
    /// Effects that it would not take back: how many, of what. None in the count means nobody knows.
    pub one_way: Vec<(String, Option<u64>)>,
}

/// What going back would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asset {
    /// Nothing would be lost.
    Lossless,
    /// So much would be lost; none in the count means that nobody knows how much.
    Lossy {
        /// What, how many, and in which unit.
        lost: Vec<(String, Option<u64>, String)>,
    },
    /// There is no way back.
    Closed {
        /// Why.
        why: String,
    },
}

impl Asset {
    /// The word on every screen and on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Asset::Lossless => "lossless",
            Asset::Lossy { .. } => "lossy",
            Asset::Closed { .. } => "closed",
        }
    }
}

/// A limit of the way back, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct BackLimitStatus {
    /// As the plan names it.
    pub name: String,
    /// What was measured last; none where nothing is known.
    pub value: Option<f64>,
    /// What it must not exceed.
    pub limit: f64,
    /// The unit.
    pub unit: String,
}

impl Eq for BackLimitStatus {}

/// What would be lost by switching now, of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// The scenario.
    pub check: Name,
    /// What is left, by its unit. None means that nothing is known of it: never read as zero.
    pub remaining: Option<Vec<Remaining>>,
}

/// Holds that named people decided to override: shown for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideStatus {
    /// The gate before this phase.
    pub gate: Phase,
    /// What each overridden hold is about.
    pub checks: Vec<Name>,
    /// Whose voices.
    pub by: Vec<Name>,
    /// Why, as the last of them said.
    pub reason: String,
    /// When the last voice came.
    pub at: Timestamp,
    /// Enough voices are together.
    pub complete: bool,
    /// Where one operator may be several of the voices: who, in words.
    pub one_hand: Option<String>,
    /// Until when it counts.
    pub until: Option<Timestamp>,
    /// What held the gate when it was given: `login stale on target`.
    pub was: Vec<String>,
    /// Why it counts no longer, where what it is about became worse since.
    pub outgrown: Option<String>,
}

/// What a gate answers at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The gate before this phase.
    pub gate: Phase,
    /// The phase that the migration is in.
    pub phase: Phase,
    /// The word.
    pub word: VerdictWord,
    /// Every reason why it is shut; empty when it is open.
    pub holds: Vec<Hold>,
    /// It can never open any more: the migration has ended, and not through this gate.
    pub never_opens: bool,
    /// Since when it is open, or the longest hold lasts.
    pub since: Timestamp,
    /// How long all that it needs has been proved without a break.
    pub stable_for: Duration,
    /// How long it must be.
    pub stable_needed: Duration,
    /// Until when `open` may be believed; always there when it is open.
    pub valid_until: Option<Timestamp>,
    /// When it must have opened.
    pub deadline: Option<Timestamp>,
    /// The epoch of the lease when it is open, else 0.
    pub epoch: u64,
    /// The decision that it asks for.
    pub decision: Option<DecisionStatus>,
    /// The way back.
    pub rollback: RollbackStatus,
    /// Agents that owe findings and are not heard.
    pub unreachable: Vec<AgentKey>,
    /// The plan revision it is judged by.
    pub revision: u64,
    /// The last position of the findings that it rests on.
    pub evidence_sequence: u64,
    /// Names the evidence exactly.
    pub evidence_hash: Sha256,
    /// What would be lost by switching now; none when nothing is known, empty when nothing would be.
    pub remaining: Option<Vec<Remaining>>,
    /// The same for each scenario.
    pub losses: Vec<Loss>,
    /// Holds that people overrode, on this gate or an earlier one.
    pub overrides: Vec<OverrideStatus>,
    /// Values below the usual scale are in force.
    pub rehearsal_scale: bool,
    /// One sentence.
    pub summary: String,
    /// When it was asked.
    pub as_of: Timestamp,
}

impl Verdict {
    /// The gate is open now.
    pub fn open(&self) -> bool {
        self.word == VerdictWord::Open
    }
}
