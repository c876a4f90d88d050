//! The way back as an asset that decays: what it would cost now, until when it is there, and what is left behind
//! on the target when somebody takes it.
//!
//! # Invariants
//! - What nobody measures is never called lossless, and a limit of which nothing is known is not met.
//! - A row is listed until the source reports the same one; who stays without an owner holds `rolled-back`.

mod asset;
mod effects;
mod limits;
mod rows;

use std::sync::Arc;

use tidelock_model::{AgentKey, Finding, Name, Outcome, Phase, Remaining, Side, Timestamp};

use rows::REST;
pub(crate) use rows::is_row;

use effects::Effects;
use rows::{Look, Rows};

use crate::ask::{Ask, AskerKind, Refusal, RefusalCode};
use crate::board::NotCounted;
use crate::migration::{Current, Migration};
use crate::plan::{Direction, StepKind};
use crate::proof::StateWriter;
use crate::record::{Event, EventKind};
use crate::verdict::{Hold, HoldCode};
use crate::words::count;

/// The longest text that says what becomes of a row, in bytes.
const DISPOSITION_BYTES: usize = 1_000;

/// A row that only the target has, since it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its key, as the scenario reports it: `orders/4711`.
    pub key: String,
    /// When it was made, as far as that is known.
    pub made: Option<Timestamp>,
    /// The scenario that saw it.
    pub check: Name,
    /// The side that has it, or has it so: always the target, for nothing else is listed.
    pub side: Side,
    /// Who answers for it.
    pub owner: Option<Name>,
    /// What becomes of it.
    pub disposition: Option<String>,
}

/// What the way back is judged on, beside evidence: rows and effects since the target was opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Back {
    pub(crate) rows: Rows,
    effects: Effects,
}

impl Migration {
    /// Rows that only the target has since it was opened, oldest first, and whether more are there than are kept.
    pub fn leftovers(&self, _now: Timestamp) -> (Vec<Leftover>, bool) {
        (self.back.rows.list(), self.back.rows.cut())
    }

    /// The target takes writes from the moment at which a real cutover begins to open it, at whatever weight.
    pub(crate) fn open_by(&mut self, at: Timestamp, event: &Event, fits: bool) {
        let Some(run) = self.runs.newest.as_ref() else { return };
        if !fits || run.rehearsal || run.direction != Direction::Cutover {
            return;
        }
        let opens = |part: u32| {
            let step = usize::try_from(part).ok().and_then(|part| run.step(part));
            step.is_some_and(|step| matches!(step.kind, StepKind::Open | StepKind::Route { .. }))
        };
        let begun = matches!(event.kind, EventKind::StepBegun { part, undo: false, .. } if opens(part));
        if begun || matches!(event.kind, EventKind::NoReturnPassed { .. }) {
            self.traffic.opened.get_or_insert(at);
        }
    }

    /// Where no runbook says when the target is opened, it may be as soon as the cutover begins.
    pub(crate) fn open_unwalked(&mut self, at: Timestamp) {
        if self.plan().is_some_and(|plan| plan.runbook(Direction::Cutover).is_none()) {
            self.traffic.opened.get_or_insert(at);
        }
    }

    /// Takes what a finding tells of rows and of effects that going back does not take back.
    pub(crate) fn back_seen(
        &mut self,
        at: Timestamp,
        current: &Current,
        agent: &AgentKey,
        (finding, counted, began): (&Finding, Result<(), NotCounted>, Timestamp),
    ) {
        let one_way = &current.plan.rollback.one_way;
        if counted.is_ok() && one_way.iter().any(|effect| effect.from == finding.check) {
            let back = Arc::make_mut(&mut self.back);
            back.effects.take(one_way, self.traffic.opened, agent, finding);
        }
        let Some(opened) = self.traffic.opened else { return };
        let collects = match agent.side {
            Side::Target => matches!(self.phase, Phase::Cutover | Phase::Watch | Phase::RollingBack),
            // What comes over later is no leftover any more, whoever waits for it.
            Side::Source => {
                matches!(self.phase, Phase::Cutover | Phase::Watch | Phase::RollingBack | Phase::Committed)
            }
        };
        let believed = match (counted, agent.side) {
            (Ok(()), _) => true,
            // What is late cannot help; it can still hurt.
            (Err(NotCounted::Late | NotCounted::SameRound), Side::Target) => true,
            (Err(_), _) => false,
        };
        let rows = finding.report.digests.iter().any(|it| is_row(&it.position));
        if !collects || !believed || !rows && !self.back.rows.any() {
            return;
        }
        let whole = counted.is_ok() && finding.outcome == Outcome::Pass;
        let look = Look { at, began, whole, side: agent.side, finding };
        Arc::make_mut(&mut self.back).rows.take(opened, &look);
    }

    pub(crate) fn leftover_ask(&self, _now: Timestamp, ask: &Ask) -> Result<EventKind, Refusal> {
        let Ask::SettleLeftover { key, owner, disposition, by, .. } = ask else {
            return Err(Refusal::new(RefusalCode::WrongPhase, "this is no ask about a row"));
        };
        let plan = self.must_have_plan()?;
        if by.kind != AskerKind::Person || !plan.people.contains_key(&by.name) {
            let message =
                format!("{} is not in the plan; people of the plan say what becomes of a row", by.name);
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        if crate::gate::ends(self.phase) {
            return Err(Refusal::new(RefusalCode::WrongPhase, format!("the migration is {}", self.phase)));
        }
        if !self.back.rows.has(key) {
            let message = format!("no row {key} is listed: look at tidelock rollback leftovers");
            return Err(Refusal::new(RefusalCode::UnknownLeftover, message));
        }
        if !plan.people.contains_key(owner) {
            let message = format!("{owner} is not in the plan: a row is left to somebody of the plan");
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        if disposition.trim().is_empty() || disposition.len() > DISPOSITION_BYTES {
            let message = format!("say in 1 to {DISPOSITION_BYTES} bytes what becomes of {key}");
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        let (key, owner, disposition) = (key.clone(), owner.clone(), disposition.clone());
        Ok(EventKind::LeftoverSettled { key, owner, disposition })
    }

    pub(crate) fn leftover_event(&mut self, _at: Timestamp, event: &Event) -> bool {
        let EventKind::LeftoverSettled { key, owner, disposition } = &event.kind else { return false };
        if !self.back.rows.has(key) {
            return false;
        }
        Arc::make_mut(&mut self.back).rows.settle(key, owner, disposition);
        true
    }

    /// Going back is complete only when somebody answers for each row that stays behind.
    pub(crate) fn leftover_hold(&self, gate: Phase) -> Option<Hold> {
        let (code, why) = match gate {
            Phase::RolledBack => (HoldCode::Leftovers, "going back leaves"),
            Phase::Retired => (HoldCode::NotRemoved, "the target alone has"),
            Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover | Phase::Watch => return None,
            Phase::Committed | Phase::RollingBack | Phase::Aborted => return None,
        };
        let rows = &self.back.rows;
        let (open, rest) = (rows.open(), rows.rest_open());
        if open == 0 && rest == 0 {
            return None;
        }
        let number = |open: usize| count(open as u64, "row", "rows");
        let reason = match (open, rest) {
            (_, 0) => format!("{why} {} without an owner and a disposition", number(open)),
            (0, _) => format!(
                "{why} {} at least that are not listed, without an owner and a disposition: settle them as {REST}",
                number(rest)
            ),
            (_, _) => format!(
                "{why} {} without an owner and a disposition, and {rest} at least that are not listed: settle those as \
                 {REST}",
                number(open)
            ),
        };
        let since = rows.since().unwrap_or(self.phase_since);
        let mut hold = Hold::new(code, since, reason, "tidelock rollback leftovers -o csv");
        hold.check = rows.first_check().cloned();
        hold.side = Some(Side::Target);
        let (what, unit) = ("rows without a disposition".to_owned(), "rows".to_owned());
        hold.remaining = vec![Remaining { count: (open + rest) as u64, unit, what }];
        Some(hold)
    }

    /// What a gate rests on beside evidence, where there is any of it.
    pub(crate) fn back_words(&self, gate: Phase, out: &mut StateWriter) {
        let asks = matches!(gate, Phase::RolledBack | Phase::Retired);
        if asks && *self.back != Back::default() {
            self.back.rows.write(out);
        }
        if gate == Phase::Retired {
            out.option(self.gates.proved_to_retire.as_ref(), |at, out| out.number(at.as_millis()));
        }
    }
}
