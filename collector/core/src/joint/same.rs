//! Both sides give the same answers: a report brings one digest a field, the source asks twice.
//!
//! Answers are paired by slot, never by arrival. What a run did not compare is no difference and no match.

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Finding, Name, Outcome, Side};

use crate::proof::slots::OPEN_SLOTS;
use crate::proof::{
    AGENTS_PER_SIDE, FieldDigests, Persist, SameResponse, ScenarioVerdict, SourceAnswers, StateWriter,
};

/// The position of a field's digest in the answer to the same question, asked again.
const AGAIN: &str = "again";
/// Answers kept of a side in one slot: the earliest rounds of every agent, in whatever order they come.
const ANSWERS: usize = 4 * AGENTS_PER_SIDE;

/// The evidence for one claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Same {
    pub(crate) engine: SameResponse,
    waiting: BTreeMap<u64, Answers>,
    compared: bool,
    /// ln E before the last slot.
    before: f64,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Answers {
    source: BTreeMap<(u64, Name), SourceAnswers>,
    target: BTreeMap<(u64, Name), FieldDigests>,
}

/// Keeps the first ones by their round, whichever came first.
fn keep<T>(answers: &mut BTreeMap<(u64, Name), T>, key: (u64, Name), answer: T) {
    answers.insert(key, answer);
    if answers.len() > ANSWERS {
        let _ = answers.pop_last();
    }
}

impl Same {
    pub(crate) fn new(margin: f64, error_rate: f64, compared: bool) -> Option<Same> {
        let engine = SameResponse::new(margin, error_rate, [])?;
        Some(Same { engine, waiting: BTreeMap::new(), compared, before: 0.0 })
    }

    /// Keeps the answers of a run until its slot closes.
    pub(crate) fn take(&mut self, slot: u64, agent: &AgentKey, finding: &Finding) {
        let digests = &finding.report.digests;
        if finding.outcome != Outcome::Pass || digests.is_empty() || !self.compared {
            return;
        }
        if !self.waiting.contains_key(&slot) && self.waiting.len() as u64 >= OPEN_SLOTS {
            return;
        }
        let mut answers = SourceAnswers::default();
        for digest in digests {
            let field = if digest.position == AGAIN { &mut answers.again } else { &mut answers.first };
            field.insert(digest.key.clone(), digest.hash.clone());
        }
        let waiting = self.waiting.entry(slot).or_default();
        let key = (finding.round, agent.name.clone());
        match agent.side {
            Side::Source => keep(&mut waiting.source, key, answers),
            Side::Target => keep(&mut waiting.target, key, answers.first),
        }
    }

    /// A slot closed; a void one is no evidence.
    pub(crate) fn close(&mut self, slot: u64, void: bool) {
        let later = self.waiting.split_off(&slot.saturating_add(1));
        let mut closed = std::mem::replace(&mut self.waiting, later);
        let answers = closed.remove(&slot).filter(|_| !void).unwrap_or_default();
        let source: Vec<SourceAnswers> = answers.source.into_values().collect();
        let target: Vec<FieldDigests> = answers.target.into_values().collect();
        self.before = self.engine.ln_e();
        self.engine.slot(&source, &target);
    }

    /// There is nothing to compare with: only what came lately can speak.
    pub(crate) fn rests_on_nothing(&self) -> bool {
        !self.compared
    }

    pub(crate) fn verdict(&self) -> ScenarioVerdict {
        if self.compared { self.engine.verdict() } else { ScenarioVerdict::Pass }
    }

    pub(crate) fn percent(&self) -> u8 {
        if self.verdict() == ScenarioVerdict::Pass {
            return 100;
        }
        (self.engine.ln_e().max(0.0) / self.engine.threshold() * 100.0).min(99.0) as u8
    }

    /// Slots still needed at the mean pace; none where it does not come closer.
    pub(crate) fn eta_slots(&self) -> Option<f64> {
        if self.engine.ln_e() < self.before {
            return None;
        }
        let (ln_e, slots) = (self.engine.ln_e(), self.engine.slots() as f64);
        (ln_e > 0.0 && slots > 0.0).then(|| (self.engine.threshold() - ln_e).max(0.0) * slots / ln_e)
    }

    /// Everything that the claim rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.engine.write(out);
        out.number(self.waiting.len() as u64);
    }
}
