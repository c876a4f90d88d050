//! The asks of people: decisions, the way back, manual checks, revisions.

use tidelock_model::{Name, Phase, Side, Timestamp, mutated};

use super::decide::said;
use super::desk::of_people;
use super::ends;
use super::people::decides;
use crate::ask::{Asker, AskerKind, Refusal, RefusalCode};
use crate::migration::Migration;
use crate::plan::{Direction, Plan, before};
use crate::record::EventKind;
use crate::runbook::GIVEN_UP;
use crate::verdict::Hold;

/// The longest evidence of a manual check.
const MAX_EVIDENCE_BYTES: usize = 4096;

impl Migration {
    pub(crate) fn must_have_plan(&self) -> Result<&Plan, Refusal> {
        self.plan()
            .ok_or_else(|| Refusal::new(RefusalCode::NoPlan, "no plan was applied yet: apply one first"))
    }

    /// A named person gives or refuses a decision.
    pub(crate) fn give(
        &self,
        now: Timestamp,
        decision: &Name,
        go: bool,
        by: &Asker,
        reason: &str,
        seen: Option<u64>,
    ) -> Result<EventKind, Refusal> {
        let plan = self.must_have_plan()?;
        let Some(rule) = plan.decisions.get(decision) else {
            let known: Vec<&str> = plan.decisions.keys().map(Name::as_str).collect();
            let message = format!("the plan has no decision {decision}; it has {}", known.join(", "));
            return Err(Refusal::new(RefusalCode::UnknownDecision, message));
        };
        if by.kind == AskerKind::Pipeline || !decides(rule, &by.name) {
            let who: Vec<&str> = rule.who.iter().chain(&rule.deputies).map(Name::as_str).collect();
            let message = format!("{} does not decide {decision}; ask {}", by.name, who.join(" or "));
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        said(reason, "a decision")?;
        if seen.is_some_and(|seen| seen > self.position) {
            let message = format!("there is no evidence of that number; the newest is {}", self.position);
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        let gate = if decision == "rollback" { None } else { self.gate_asking(decision) };
        let complete = match gate {
            Some(gate) => self.may_open(now, decision, gate, go, by, seen)?,
            None if decision == "rollback" => {
                self.may_go_back(now, go)?;
                let voices = self.gates.ballots.get(decision).map(|ballot| &ballot.voices);
                let others =
                    voices.map_or(0, |voices| voices.keys().filter(|person| **person != by.name).count());
                others + 1 >= usize::try_from(rule.approvals.max(1)).unwrap_or(usize::MAX)
            }
            None => {
                let message = format!("no gate of the plan asks for {decision}");
                return Err(Refusal::new(RefusalCode::UnknownDecision, message));
            }
        };
        let evidence_sequence = seen.unwrap_or(self.position);
        Ok(EventKind::Decided { decision: decision.clone(), go, evidence_sequence, complete: go && complete })
    }

    /// A go is taken only where nothing but people holds the gate.
    fn may_open(
        &self,
        now: Timestamp,
        decision: &Name,
        gate: Phase,
        go: bool,
        by: &Asker,
        seen: Option<u64>,
    ) -> Result<bool, Refusal> {
        if ends(self.phase) {
            let message =
                format!("the migration is {}: it has ended, and nothing is left to decide", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        // Evidence that broke took the migration back to sync: what broke is the reason, not the phase.
        let back = (gate, self.phase) == (Phase::Cutover, Phase::Sync);
        if before(gate) != Some(self.phase) && !back {
            let holds = self.obstacles(gate, now);
            let message = format!("the migration is in {}; {decision} is decided at gate {gate}", self.phase);
            return Err(Refusal { holds, ..Refusal::new(RefusalCode::WrongPhase, message) });
        }
        let holds: Vec<Hold> =
            self.obstacles(gate, now).into_iter().filter(|hold| !of_people(hold)).collect();
        if let (true, Some(first)) = (go, holds.first()) {
            let newer = seen.is_some_and(|seen| seen < self.position);
            let (code, head) = match newer {
                true => (RefusalCode::EvidenceChanged, "a new hold came after the evidence you saw"),
                false => (RefusalCode::GateShut, "the gate is held"),
            };
            let message = format!("{head}: {}. Nothing was recorded", first.line());
            return Err(Refusal { holds, ..Refusal::new(code, message) });
        }
        let proved = self.gates.steady.get(&gate).map_or(0, |steady| steady.position);
        if let (true, Some(seen)) = (go, seen.filter(|seen| *seen < proved)) {
            let message = format!(
                "what gate {gate} needs was proved anew at evidence {proved}, after the {seen} that you saw: look at it \
                 again. Nothing was recorded"
            );
            return Err(Refusal::new(RefusalCode::EvidenceChanged, message));
        }
        let status = self.decision_status(gate, now);
        let needed = status.as_ref().map_or(1, |status| status.needed);
        let others =
            status.map_or(0, |status| status.given_by.iter().filter(|person| **person != by.name).count());
        Ok(others + 1 >= usize::try_from(needed).unwrap_or(usize::MAX))
    }

    /// Going back is decided while there is something to go back from, and nothing blocks it but time.
    fn may_go_back(&self, now: Timestamp, go: bool) -> Result<(), Refusal> {
        let status = self.rollback_status(now);
        if !matches!(self.phase, Phase::Cutover | Phase::Watch) {
            return Err(Refusal::new(RefusalCode::WrongPhase, status.reason));
        }
        if let Some(why) = self.no_way_back(now).filter(|_| go && !mutated("a-closed-way-back-is-shut")) {
            return Err(Refusal::new(RefusalCode::TooLate, why));
        }
        Ok(())
    }

    pub(crate) fn abort(&self, by: &Asker, reason: &str) -> Result<EventKind, Refusal> {
        let plan = self.must_have_plan()?;
        let may = ["cutover", "rollback"].iter().filter_map(|name| plan.decisions.get(*name));
        let may = may.into_iter().any(|rule| decides(rule, &by.name));
        if by.kind == AskerKind::Pipeline || !may {
            let message = format!("{} may not abort; whoever decides cutover or rollback may", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        said(reason, "an abort")?;
        if let Some(run) =
            self.real_run(Direction::Cutover).filter(|run| self.reversible() && run.under_way())
        {
            let why = GIVEN_UP.to_owned();
            return Ok(EventKind::RunTurned { run: run.number, why });
        }
        if !matches!(self.phase, Phase::Prepare | Phase::Sync | Phase::Ready) && !self.reversible() {
            let message = format!(
                "the migration is in {}; it is past its point of no return: decide rollback",
                self.phase
            );
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        Ok(EventKind::PhaseChanged { from: self.phase, to: Phase::Aborted })
    }

    pub(crate) fn manual_done(
        &self,
        name: &Name,
        by: &Asker,
        evidence: &str,
        failed: bool,
    ) -> Result<EventKind, Refusal> {
        let plan = self.must_have_plan()?;
        let Some(check) = plan.manual_checks.get(name) else {
            return Err(Refusal::new(
                RefusalCode::UnknownCheck,
                format!("the plan has no manual check {name}"),
            ));
        };
        if by.kind == AskerKind::Pipeline || by.name != check.owner {
            let message = format!("{name} is made by {}, not by {}", check.owner, by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        is_evidence(name, evidence, check.evidence_required)?;
        if ends(self.phase) || check.phase.is_some_and(|phase| self.phase < phase) {
            let phase = check.phase.map(Phase::word).unwrap_or("time");
            let message = format!("the migration is in {}; {name} is made in {phase}", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        Ok(EventKind::ManualCheckDone { check: name.clone(), evidence: evidence.to_owned(), failed })
    }

    pub(crate) fn set_revision(&self, side: Side, revision: &str, by: &Asker) -> Result<EventKind, Refusal> {
        self.must_have_plan()?;
        if by.kind == AskerKind::Person && !self.is_of_plan(by) {
            return Err(Refusal::new(RefusalCode::NotYours, format!("{} is not in the plan", by.name)));
        }
        if revision.trim().is_empty() {
            return Err(Refusal::new(RefusalCode::Incomplete, "a revision needs a name"));
        }
        if ends(self.phase) {
            return Err(Refusal::new(RefusalCode::WrongPhase, format!("the migration is {}", self.phase)));
        }
        Ok(EventKind::RevisionSet { side, revision: revision.to_owned() })
    }
}

/// A text, a URL, or the hash of a file, and not more than a page of it: it is kept for ever.
fn is_evidence(name: &Name, evidence: &str, required: bool) -> Result<(), Refusal> {
    let incomplete = |message: String| Err(Refusal::new(RefusalCode::Incomplete, message));
    let evidence = evidence.trim();
    if evidence.is_empty() && required {
        let message = format!("{name} needs evidence: a text, a URL, or a file's sha256:HASH");
        return Err(Refusal::new(RefusalCode::NeedsEvidence, message));
    }
    if evidence.len() > MAX_EVIDENCE_BYTES {
        return incomplete(format!(
            "the evidence of {name} has {} bytes and may have {MAX_EVIDENCE_BYTES}: give a URL or a file's hash",
            evidence.len()
        ));
    }
    let hash = evidence.strip_prefix("sha256:");
    if hash.is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return incomplete(format!(
            "{evidence:?} is no file's hash: it has 64 hexadecimal digits after sha256:"
        ));
    }
    Ok(())
}
