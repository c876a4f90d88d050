//! The folded state of one migration, and the one door through which it changes.
//!
//! # Invariants
//! - `apply` is total: a record that does not fit is counted and changes nothing.
//! - Time alone makes no evidence better, so what is proved now has been proved since the last entry.
//! - Everything else is a question: it borrows the state and takes `now`.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidelock_model::{AgentKey, FindingBatch, Name, Phase, Sha256, Side, Timestamp, mutated};

use crate::access::Handed;
use crate::board::{Board, NotCounted, Place, build_of};
use crate::canary::is_canary;
use crate::challenge::Challenge;
use crate::first_minutes::Minutes;
use crate::gate::{Desk, Gates, Requests, Sheet};
use crate::joint::{AfterSwitch, Joints};
use crate::ledger::Ledger;
use crate::plan::{Plan, Scenario};
use crate::record::{Entry, Event, Observation, Record};
use crate::report::History;
use crate::rollback::Back;
use crate::roster::{AgentStanding, Roster};
use crate::runbook::{Heard, Runs, Young, began};

/// What an entry may have made better or worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Nothing,
    /// The scenarios that were touched.
    Scenarios,
    Everything,
}

impl From<bool> for Moved {
    fn from(moved: bool) -> Moved {
        if moved { Moved::Everything } else { Moved::Nothing }
    }
}

/// The plan revision in force.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Current {
    pub(crate) plan: Arc<Plan>,
    pub(crate) revision: u64,
    pub(crate) hash: Sha256,
    pub(crate) grid_origin: Timestamp,
    /// When the migration's first plan was applied.
    pub(crate) first_applied: Timestamp,
    /// What each gate needs, resolved from the plan.
    pub(crate) sheets: Arc<BTreeMap<Phase, Sheet>>,
}

/// A manual check that was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ManualDone {
    pub(crate) at: Timestamp,
    pub(crate) by: Option<Name>,
    pub(crate) evidence: String,
    pub(crate) failed: bool,
}

/// Where traffic is, as far as somebody reported it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Traffic {
    /// Since when the target may take writes: it was opened, or took the first share of traffic.
    pub(crate) opened: Option<Timestamp>,
    /// When it was moved to the target.
    pub(crate) switched: Option<Timestamp>,
    /// When it was moved back.
    pub(crate) back: Option<Timestamp>,
}

/// One planned move, folded from its journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    pub(crate) name: Name,
    pub(crate) current: Option<Current>,
    pub(crate) hashes: BTreeMap<u64, Sha256>,
    pub(crate) phase: Phase,
    pub(crate) phase_since: Timestamp,
    pub(crate) clock: Timestamp,
    pub(crate) position: u64,
    pub(crate) roster: Roster,
    pub(crate) challenge: Challenge,
    pub(crate) board: Board,
    pub(crate) joints: Joints,
    /// The watch of the switch to the target.
    pub(crate) after: Option<AfterSwitch>,
    pub(crate) gates: Gates,
    pub(crate) manual: BTreeMap<Name, ManualDone>,
    pub(crate) traffic: Traffic,
    pub(crate) builds: BTreeMap<Side, String>,
    pub(crate) requests: Requests,
    /// The runs of the runbooks, real and rehearsed.
    pub(crate) runs: Runs,
    /// What the way back is judged on.
    pub(crate) back: Arc<Back>,
    /// What was seen since the step under way was carried out.
    pub(crate) young: Young,
    /// Who ran what the plan gives an owner.
    pub(crate) ledger: Ledger,
    /// The first minutes after the switch.
    pub(crate) minutes: Arc<Minutes>,
    /// What the report is made of.
    pub(crate) history: Arc<History>,
    /// What people were told, said, switched and overrode beside the gates' ballots.
    pub(crate) desk: Desk,
    /// Who was given access since the first plan, and by whom.
    pub(crate) handed: Handed,
}

impl Migration {
    /// A migration before its first plan: every gate is shut.
    pub fn new(name: Name) -> Migration {
        Migration {
            name,
            current: None,
            hashes: BTreeMap::new(),
            phase: Phase::Prepare,
            phase_since: Timestamp::ZERO,
            clock: Timestamp::ZERO,
            position: 0,
            roster: Roster::default(),
            challenge: Challenge::default(),
            board: Board::default(),
            joints: Joints::default(),
            after: None,
            gates: Gates::default(),
            manual: BTreeMap::new(),
            traffic: Traffic::default(),
            builds: BTreeMap::new(),
            requests: Requests::default(),
            runs: Runs::default(),
            back: Arc::default(),
            young: Young::default(),
            ledger: Ledger::default(),
            minutes: Arc::default(),
            history: Arc::default(),
            desk: Desk::default(),
            handed: Handed::default(),
        }
    }

    /// Takes the journal's next entry. A clock that goes back is held still.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.record {
            Record::Seen(position, observation) => self.observed(entry.at, *position, observation),
            Record::Decided(event) => self.happened(entry.at, event),
        }
    }

    /// Takes an observation, which is the next entry.
    pub fn observed(&mut self, at: Timestamp, position: u64, observation: &Observation) {
        let (at, closed) = self.went_by(at);
        self.position = self.position.max(position);
        let moved = self.observe(at, observation);
        self.weigh_again(at, moved, closed);
        if matches!(observation, Observation::Tick) {
            self.remember_tick(at);
        }
    }

    fn happened(&mut self, at: Timestamp, event: &Event) {
        let (at, closed) = self.went_by(at);
        // A migration begins where the journal is; later on it knows that place already.
        self.position = self.position.max(event.findings_position);
        self.decided(at, event);
        self.young_event(at, &event.kind);
        self.weigh_again(at, Moved::Everything, closed);
        self.remember(at, event);
    }

    /// What time alone did until now comes first: evidence may have become stale in between. Gives back the moment,
    /// and whether a slot closed.
    fn went_by(&mut self, at: Timestamp) -> (Timestamp, bool) {
        let at = if mutated("time-turns-nothing-back") { at } else { at.max(self.clock) };
        self.settle_before(at);
        let closed = self.close_slots(at);
        self.desk.heard_time(self.clock, at);
        self.clock = at;
        (at, closed)
    }

    fn weigh_again(&mut self, at: Timestamp, moved: Moved, closed: bool) {
        let staffed = self.staff(at);
        if moved == Moved::Everything || closed || staffed {
            self.gates.kept.forget();
        }
        if moved != Moved::Nothing || closed || staffed {
            self.settle(at);
        }
    }

    /// Time went by: slots whose time has come close, in their order, before anything else is believed.
    fn close_slots(&mut self, at: Timestamp) -> bool {
        let staffed = self.staff(at);
        let after = &mut self.after;
        let closed = self.joints.advance(self.clock, at, &mut |name, closed| {
            after.iter_mut().for_each(|after| after.slot(at, name, closed));
        });
        staffed || closed
    }

    /// Who owes findings now. Gives back whether it changed.
    fn staff(&mut self, at: Timestamp) -> bool {
        let Some(current) = &self.current else { return false };
        let changed = self.joints.staff(&self.roster, current, at);
        if changed {
            self.young.staffed(&self.joints);
        }
        changed
    }

    /// Gives back what of the evidence may be better or worse than before.
    fn observe(&mut self, at: Timestamp, observation: &Observation) -> Moved {
        let fits = match observation {
            Observation::Findings(batch) => return self.findings(at, batch),
            Observation::Tick => return Moved::Nothing,
            Observation::Agent(seen) => {
                self.joints.heard(at, &seen.agent);
                match self.roster.seen(at, seen) {
                    Some(back) => return back.into(),
                    None => false,
                }
            }
            Observation::SignedOff(agent) => self.roster.sign_off(agent),
            Observation::Refused(agent, refusal) => self.roster.refused(at, agent, refusal),
            Observation::LeaseRenewed { gate, epoch, valid_until } => {
                self.renewed(at, *gate, *epoch, *valid_until);
                return Moved::Nothing;
            }
            Observation::RunRenewed { run, lease, until } => {
                self.run_renewed(at, *run, *lease, *until);
                return Moved::Nothing;
            }
        };
        if !fits {
            self.board.skip(NotCounted::UnknownAgent, 1);
        }
        fits.into()
    }

    fn findings(&mut self, at: Timestamp, batch: &FindingBatch) -> Moved {
        let number = batch.findings.len() as u64;
        let (Some(read), Some(member)) = (self.roster.read(at, batch), self.roster.get(&batch.agent)) else {
            self.board.skip(NotCounted::UnknownAgent, number);
            return Moved::Nothing;
        };
        if read.hole {
            // The collector lets no hole into its journal. What is missing may say otherwise than the rest.
            self.gap(at, batch, true);
            self.board.skip(NotCounted::Unfitting, number.max(1));
            return Moved::Everything;
        }
        let skipped = read.skip.min(batch.findings.len());
        self.board.skip(NotCounted::Duplicate, skipped as u64);
        let reason = match &self.current {
            _ if member.revoked || at >= member.certificate_ends => Some(NotCounted::UnknownAgent),
            _ if member.suspended.is_some() => Some(NotCounted::Suspended),
            None => Some(NotCounted::NoPlan),
            Some(_) => None,
        };
        let (None, Some(current)) = (reason, self.current.clone()) else {
            self.board.skip(reason.unwrap_or(NotCounted::NoPlan), number - skipped as u64);
            return Moved::Nothing;
        };
        let mut more = read.other_spool || batch.gap.is_some();
        if read.other_spool {
            self.gap(at, batch, true);
        }
        if batch.gap.is_some() && read.skip == 0 {
            self.gap(at, batch, false);
        }
        self.joints.heard(at, &batch.agent);
        for (index, finding) in batch.findings.iter().enumerate().skip(skipped) {
            let seq = batch.first_seq.saturating_add(index as u64);
            let place = Place { at, spool: batch.spool_epoch, seq };
            if is_canary(&finding.check) {
                self.canary(at, &current, &batch.agent, finding);
                more = true;
                continue;
            }
            self.gates.kept.touch(&finding.check);
            let believed = self.believed(at, &batch.agent);
            let known = self.hashes.get(&finding.plan_revision) == Some(&finding.plan_hash);
            let asked = self.board.asks(batch.agent.side, &finding.check);
            let counted = match known {
                _ if !believed => Err(NotCounted::Canary),
                true if asked && !self.challenge.answered_by(&batch.agent, finding) => {
                    Err(self.board.unanswered(at, &batch.agent, &finding.check))
                }
                true => self.board.take(place, &current.plan, current.revision, &batch.agent, finding),
                false => Err(NotCounted::OtherPlan),
            };
            let seen = self.roster.get(&batch.agent).and_then(|member| member.seen.as_ref());
            let (offset, error_ms) = seen.map_or((0, 0), |seen| (seen.offset_ms, seen.error_ms));
            let build = build_of(&current.plan, batch.agent.side, finding);
            let (agent, offset_ms) = (&batch.agent, offset);
            let began = began(at, finding, &current, error_ms);
            self.young_finding(&current, &Heard { at, agent, finding, counted, offset_ms, began, build });
            if self.joints.take(at, &batch.agent, finding, (counted, offset, build)) {
                let only = |name: &Name, _: &Scenario| *name == finding.check;
                self.joints.begin(at, &current, (&self.traffic, self.phase), only);
                self.rebuilt(at, batch.agent.side);
                more = true;
            }
            self.back_seen(at, &current, &batch.agent, (finding, counted, began));
            self.minutes_seen(at, &current, &batch.agent, (finding, counted));
            match counted {
                Ok(()) => {
                    self.roster.carries_out(&batch.agent, &finding.check);
                    if !finding.report.remaining.is_empty() {
                        self.desk.counted(&finding.check);
                    }
                }
                Err(reason) => self.board.skip(reason, 1),
            }
        }
        match skipped < batch.findings.len() {
            _ if more => Moved::Everything,
            true => Moved::Scenarios,
            false => Moved::Nothing,
        }
    }

    /// The agent's canary speaks for what it finds.
    fn believed(&self, at: Timestamp, agent: &AgentKey) -> bool {
        self.roster.get(agent).is_some_and(|member| member.not_believed(agent, at).is_none())
    }

    /// Findings are lost: of the checks that the batch names, or of any.
    fn gap(&mut self, at: Timestamp, batch: &FindingBatch, any: bool) {
        let lost = batch.gap.as_ref().filter(|_| !any);
        self.board.gap(at, &batch.agent, lost);
        let named = lost.map(|gap| &gap.counts).filter(|counts| !counts.is_empty());
        let of = |check: &Name| named.is_none_or(|named| named.contains_key(check));
        self.joints.gap(at, &batch.agent, of);
        self.young.gap(at, &batch.agent, of);
        self.ledger.gap(at, &batch.agent, of);
    }

    /// Findings must answer the challenges of their rounds, which follow from this seed. It is fixed with the first
    /// plan that has one; while the journal has none, no finding counts.
    pub fn challenge(&mut self, seed: &[u8]) {
        if !self.challenge.fixed() {
            self.challenge = Challenge::new(seed.to_vec());
        }
    }

    /// The migration's name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The plan in force.
    pub fn plan(&self) -> Option<&Plan> {
        self.current.as_ref().map(|current| &*current.plan)
    }

    /// The revision of the plan in force; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.revision)
    }

    /// The hash of the plan in force.
    pub fn plan_hash(&self) -> Option<Sha256> {
        self.current.as_ref().map(|current| current.hash)
    }

    /// The origin of the migration's grid, fixed by its first plan.
    pub fn grid_origin(&self) -> Option<Timestamp> {
        self.current.as_ref().map(|current| current.grid_origin)
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when it is in that phase.
    pub fn phase_since(&self) -> Timestamp {
        self.phase_since
    }

    /// The last position of the findings.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// When the last entry was appended.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// What the agent's word is worth.
    pub fn expects(&self, agent: &AgentKey) -> AgentStanding {
        self.roster.standing(agent)
    }

    /// The agent is one of ours, and its certificate has not ended.
    pub fn may_speak(&self, agent: &AgentKey, now: Timestamp) -> bool {
        let certified = self.roster.get(agent).is_some_and(|member| now < member.certificate_ends);
        certified && self.expects(agent) == AgentStanding::Enrolled
    }

    /// Findings and records that did not count, by reason.
    pub fn not_counted(&self) -> &BTreeMap<NotCounted, u64> {
        &self.board.not_counted
    }

    /// The side that traffic is on, as far as somebody reported it.
    pub fn traffic(&self) -> Side {
        match (self.traffic.switched, self.traffic.back) {
            (Some(_), None) => Side::Target,
            (Some(_) | None, _) => Side::Source,
        }
    }

    /// When traffic was moved to the target.
    pub fn switched_at(&self) -> Option<Timestamp> {
        self.traffic.switched
    }

    /// The revision that was set for an environment.
    pub fn declared_revision(&self, side: Side) -> Option<&str> {
        self.builds.get(&side).map(String::as_str)
    }

    /// The collector said that it cannot keep findings.
    pub fn degraded(&self) -> bool {
        self.gates.degraded.is_some()
    }
}
