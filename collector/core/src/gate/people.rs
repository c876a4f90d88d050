//! Named people decide: how many voices a decision has, until when they count, and why they died.

use std::collections::BTreeMap;

use tidelock_model::{Name, Phase, Timestamp, mutated};

use super::rule::next;
use crate::migration::Migration;
use crate::plan::{DecisionRule, Plan};
use crate::verdict::{DecisionState, DecisionStatus, EvidenceState, Hold, HoldCode};

/// The voices of one decision.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ballot {
    /// Who said go, and when.
    pub(crate) voices: BTreeMap<Name, Timestamp>,
    /// Enough voices were together, once.
    pub(crate) complete: bool,
    /// Refused or void, since then, in words; until the next voice.
    pub(crate) ended: Option<(DecisionState, Timestamp, String)>,
}

impl Ballot {
    /// Somebody's yes counts.
    fn lives(&self) -> bool {
        self.complete || !self.voices.is_empty()
    }

    pub(crate) fn end(&mut self, state: DecisionState, at: Timestamp, why: String) {
        self.voices.clear();
        self.complete = false;
        self.ended = Some((state, at, why));
    }
}

/// The person may give this decision.
pub(crate) fn decides(rule: &DecisionRule, person: &Name) -> bool {
    rule.who.contains(person) || rule.deputies.contains(person)
}

impl Migration {
    /// The evidence behind a decision changed: whoever gave it must look again.
    pub(crate) fn void(&mut self, at: Timestamp, decision: &Name, why: &str) {
        if let Some(ballot) = self.gates.ballots.get_mut(decision).filter(|ballot| ballot.lives()) {
            ballot.end(DecisionState::Void, at, why.to_owned());
        }
    }

    /// What no sheet asks for may be shown to be wrong as well, or be known no longer: a job with two owners, a side
    /// that still works, an alarm. Whoever said yes did not know of it.
    pub(crate) fn void_refuted(&mut self, at: Timestamp) {
        let Some(gate) = next(self.phase) else { return };
        let Some(decision) = self.sheet(gate).and_then(|sheet| sheet.rule.decision.clone()) else { return };
        // Weighing it costs something, and most of the time nobody has said anything.
        let lives = self.gates.ballots.get(&decision).is_some_and(Ballot::lives);
        if !lives || mutated("a-go-dies-with-what-it-rests-on") {
            return;
        }
        let ends =
            |hold: &Hold| hold.state == Some(EvidenceState::Refuted) || hold.code == HoldCode::Ownership;
        // What its own scenarios do not show has ended it before.
        let broken = self.obstacles_where(gate, at, || true).into_iter().find(ends);
        if let Some(hold) = broken {
            self.void(at, &decision, &format!("since it was given, {}", hold.reason));
        }
    }

    /// Void all that people said: what they said it about is another thing now.
    pub(crate) fn void_all(&mut self, at: Timestamp, why: &str, which: impl Fn(&Name) -> bool) {
        let names: Vec<Name> = self.gates.ballots.keys().filter(|name| which(name)).cloned().collect();
        names.iter().for_each(|decision| self.void(at, decision, why));
    }

    /// The decision that the gate asks for and the plan describes.
    pub(crate) fn asked_by<'a>(
        &self,
        plan: &'a Plan,
        gate: Phase,
    ) -> Option<(Name, Option<&'a DecisionRule>)> {
        let decision = self.sheet(gate)?.rule.decision.clone()?;
        let described = plan.decisions.get(&decision);
        Some((decision, described))
    }

    /// Until when the gate's approval is valid; none where it is not given, or asks for none, or has
    /// no end.
    pub(crate) fn approved_until(&self, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        self.decision_status(gate, now)?.valid_until
    }

    /// Where the gate's decision stands.
    pub(crate) fn decision_status(&self, gate: Phase, now: Timestamp) -> Option<DecisionStatus> {
        let plan = self.plan()?;
        let (name, described) = self.asked_by(plan, gate)?;
        let needed = described.map_or(1, |rule| rule.approvals.max(1));
        let valid_for = self.sheet(gate)?.rule.valid_for.filter(|_| !mutated("an-approval-ends"));
        let ballot = self.gates.ballots.get(&name);
        let may = |person: &Name| described.is_some_and(|rule| decides(rule, person));
        let mut voices: Vec<(Timestamp, Name)> = (ballot.iter())
            .flat_map(|ballot| &ballot.voices)
            .filter(|(person, _)| may(person))
            .map(|(person, at)| (*at, person.clone()))
            .collect();
        let last = voices.iter().map(|(at, _)| *at).max();
        voices.retain(|(at, _)| valid_for.is_none_or(|valid| now < at.plus(valid)));
        voices.sort_by(|a, b| b.cmp(a));
        let enough = usize::try_from(needed).ok().filter(|needed| voices.len() >= *needed);
        // The newest voices that are enough make it; the oldest of those ends first.
        let made = enough.and_then(|needed| voices.get(needed - 1)).map(|(at, _)| *at);
        let began = voices.last().map(|(at, _)| *at);
        let expired = last.filter(|_| voices.is_empty()).zip(valid_for).map(|(at, valid)| at.plus(valid));
        let (state, since) = match (made, ballot.and_then(|ballot| ballot.ended.as_ref())) {
            (Some(at), _) => (DecisionState::Given, at),
            (None, Some((state, at, _))) => (*state, *at),
            (None, None) if let Some(end) = expired => (DecisionState::Expired, end),
            (None, None) => (DecisionState::NotAsked, began.unwrap_or(self.phase_since)),
        };
        let spoken: Vec<(Name, Timestamp)> =
            voices.iter().map(|(at, person)| (person.clone(), *at)).collect();
        let needs = usize::try_from(needed).unwrap_or(usize::MAX);
        let one_hand = self.handed.one_hand(&format!("decision {name}"), &spoken, needs);
        let deputies_from = self.asked_since(&name, gate).and_then(|(_, deputies)| deputies);
        Some(DecisionStatus {
            name,
            state,
            deputies_from,
            since,
            given: u32::try_from(voices.len()).unwrap_or(u32::MAX),
            given_by: voices.into_iter().map(|(_, person)| person).collect(),
            needed,
            who: described.map(|rule| rule.who.clone()).unwrap_or_default(),
            deputies: described.map(|rule| rule.deputies.clone()).unwrap_or_default(),
            one_hand,
            valid_until: made.and_then(|at| valid_for.map(|valid| at.plus(valid))),
        })
    }

    /// The gate that asks for this decision and stands next.
    pub(crate) fn gate_asking(&self, decision: &Name) -> Option<Phase> {
        let asks = |gate: &Phase| {
            self.sheet(*gate).is_some_and(|sheet| sheet.rule.decision.as_ref() == Some(decision))
        };
        next(self.phase).filter(asks).or_else(|| Phase::ALL.iter().copied().find(asks))
    }
}
