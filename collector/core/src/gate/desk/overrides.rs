//! Break-glass: named people open a gate over named holds, for a while, and it is shown for ever.
//!
//! # Invariants
//! - An override covers the holds that it names and no other, at one gate, in the phase it was given in.
//! - It covers them as they were: what is worse than that is held again, and nobody has passed over it.
//! - What people decide, what the plan forbids and what the watch calls is never overridden.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{Name, Phase, Timestamp, mutated};

use crate::ask::{Asker, AskerKind, Refusal, RefusalCode};
use crate::gate::decide::said;
use crate::gate::people::decides;
use crate::gate::rule::next;
use crate::migration::Migration;
use crate::plan::DecisionRule;
use crate::record::{Event, EventKind};
use crate::verdict::{Hold, HoldCode, OverrideStatus};
use crate::words::{count, list};

use super::Desk;
use super::outgrown::Passed;

/// How long an override counts where its gate does not say how long an approval does.
const VALID_FOR: Duration = Duration::from_secs(30 * 60);

/// More are not kept: whoever overrides this often has another problem than its holds.
const MOST: usize = 256;

/// The decision of the plan that says who may.
const DECISION: &str = "override";

/// The voices for one set of holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Override {
    pub(super) gate: Phase,
    phase: Phase,
    /// Sorted, each once.
    pub(super) checks: Vec<Name>,
    pub(super) voices: BTreeMap<Name, Timestamp>,
    reason: String,
    at: Timestamp,
    pub(super) complete: bool,
    /// Until when it counts, or may still be completed.
    ends: Timestamp,
    /// What held the gate by these names when the last voice came.
    pub(super) was: Vec<Passed>,
    /// Why it counts no longer, where what it is about became worse.
    pub(super) outgrown: Option<String>,
}

impl Override {
    /// It was given in this phase, or for the gate through which this phase was entered.
    pub(super) fn is_of(&self, phase: Phase) -> bool {
        self.phase == phase || self.gate == phase
    }

    /// It counts, or may still be completed.
    pub(super) fn lives(&self, phase: Phase, now: Timestamp) -> bool {
        self.is_of(phase) && now < self.ends
    }

    pub(super) fn outgrown(&mut self, at: Timestamp, why: String) {
        (self.ends, self.outgrown) = (self.ends.min(at), Some(why));
    }

    fn waits(&self, (gate, phase, checks): (Phase, Phase, &[Name]), now: Timestamp) -> bool {
        !self.complete && (self.gate, self.phase) == (gate, phase) && self.checks == checks && now < self.ends
    }
}

/// The holds of a gate that count no longer, and until when.
#[derive(Debug, Clone, Default)]
pub(crate) struct InForce<'a> {
    names: Vec<&'a Name>,
    ends: Option<Timestamp>,
}

impl InForce<'_> {
    /// A hold about this is overridden.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|it| it.as_str() == name)
    }

    /// The check is overridden. One that has the word of a hold for its name never is: the word means that hold.
    pub(crate) fn covers_check(&self, check: &Name) -> bool {
        self.covers(check.as_str()) && names_check(check)
    }

    /// When the first of them counts no longer; none where there are none.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        self.ends
    }

    /// What they are about.
    pub(crate) fn names(&self) -> &[&Name] {
        &self.names
    }

    /// The hold does not count.
    pub(crate) fn takes(&self, hold: &Hold) -> bool {
        !self.names.is_empty() && key(hold).is_some_and(|key| self.covers(key.as_str()))
    }
}

/// What a hold is named by in an override; none where it may never be overridden. Only what lacks evidence goes by
/// its check: whoever passes over a check has not passed over what else is held about it.
pub(super) fn key(hold: &Hold) -> Option<Name> {
    match hold.code {
        HoldCode::Operator | HoldCode::Phase | HoldCode::Plan | HoldCode::Decision | HoldCode::Lease => None,
        HoldCode::Switch | HoldCode::Run | HoldCode::Agents | HoldCode::Disabled | HoldCode::Alarm => None,
        HoldCode::Assertion | HoldCode::Deadline | HoldCode::Degraded | HoldCode::Canary => None,
        // Zero of zero proves nothing, and nobody can say what was overridden.
        HoldCode::Unchecked => of_check(hold),
        HoldCode::ClaimRefuted
        | HoldCode::ClaimUndecided
        | HoldCode::Stale
        | HoldCode::Missing
        | HoldCode::BadDigest
        | HoldCode::Refused
        | HoldCode::Conflict
        | HoldCode::Clock
        | HoldCode::Nonce
        | HoldCode::UnknownCheck
        | HoldCode::Manual => of_check(hold),
        HoldCode::Stable
        | HoldCode::Watch
        | HoldCode::Rehearsal
        | HoldCode::Dip
        | HoldCode::Ownership
        | HoldCode::Automatic
        | HoldCode::Leftovers
        | HoldCode::Turbulence
        | HoldCode::Unseen
        | HoldCode::NotRemoved => Name::new(hold.code.word()).ok(),
    }
}

/// The check that a hold is about, where that is no word of a hold. A plan has no such check since that is refused, and
/// the plan of an older journal may have one: it cannot be overridden, so that one name never passes over two things.
fn of_check(hold: &Hold) -> Option<Name> {
    hold.check.clone().filter(names_check)
}

/// The name is a check's, and no word of a hold.
pub(super) fn names_check(name: &Name) -> bool {
    HoldCode::of_word(name.as_str()).is_none() || mutated("a-word-of-a-hold-is-no-check")
}

/// Voices that an override takes.
fn voices_of(rule: &DecisionRule) -> u32 {
    if mutated("an-override-has-its-quorum") { 1 } else { rule.approvals.max(1) }
}

impl Desk {
    pub(super) fn leave_overrides(&mut self, at: Timestamp, which: impl Fn(&Override) -> bool) {
        for over in self.overrides.iter_mut().filter(|over| which(over)) {
            over.ends = over.ends.min(at);
        }
    }
}

impl Migration {
    /// The holds that people overrode, the newest last.
    pub fn overrides(&self, _now: Timestamp) -> Vec<OverrideStatus> {
        let told = |over: &Override| OverrideStatus {
            gate: over.gate,
            checks: over.checks.clone(),
            by: over.voices.keys().cloned().collect(),
            reason: over.reason.clone(),
            at: over.at,
            complete: over.complete,
            one_hand: self.one_hand(over),
            until: Some(over.ends),
            was: over.was.iter().map(|was| was.words().to_owned()).collect(),
            outgrown: over.outgrown.clone(),
        };
        self.desk.overrides.iter().map(told).collect()
    }

    fn one_hand(&self, over: &Override) -> Option<String> {
        let rule = self.plan()?.decisions.get(DECISION)?;
        let voices: Vec<(Name, Timestamp)> =
            over.voices.iter().map(|(voice, at)| (voice.clone(), *at)).collect();
        let needed = usize::try_from(rule.approvals.max(1)).unwrap_or(usize::MAX);
        self.handed.one_hand(&format!("override at gate {}", over.gate), &voices, needed)
    }

    /// What is overridden at the gate now.
    pub(crate) fn in_force(&self, gate: Phase, now: Timestamp) -> InForce<'_> {
        let mut all = InForce::default();
        for over in self.counting(gate, now) {
            all.names.extend(&over.checks);
            all.ends = Some(all.ends.map_or(over.ends, |ends| ends.min(over.ends)));
        }
        all.names.sort_unstable();
        all.names.dedup();
        all
    }

    fn counting(&self, gate: Phase, now: Timestamp) -> impl Iterator<Item = &Override> {
        let counts = move |over: &&Override| over.complete && over.gate == gate && over.is_of(self.phase);
        self.desk.overrides.iter().filter(counts).filter(move |over| now < over.ends)
    }

    /// `login overridden by olga and ben`; none where nothing is: what people passed over is not proved.
    pub(crate) fn passed_by(&self, gate: Phase, now: Timestamp) -> Option<String> {
        let told = |over: &Override| {
            let checks: Vec<&str> = over.checks.iter().map(Name::as_str).collect();
            let by: Vec<&str> = over.voices.keys().map(Name::as_str).collect();
            format!("{} overridden by {}", list(&checks), list(&by))
        };
        let each: Vec<String> = self.counting(gate, now).map(told).collect();
        (!each.is_empty()).then(|| each.join(", "))
    }

    /// When overrides end.
    pub(crate) fn overrides_end_at(&self) -> impl Iterator<Item = Timestamp> {
        self.desk.overrides.iter().map(|over| over.ends)
    }

    /// The way out of a hold that no evidence ends: words, and the command.
    pub(crate) fn way_over(&self, code: HoldCode) -> (String, String) {
        let (word, plan) = (code.word(), self.plan());
        match plan.is_some_and(|plan| plan.decisions.contains_key(DECISION)) {
            true => (
                format!("may override {word} by name"),
                format!("tidelock decide override --go --override {word} --reason TEXT"),
            ),
            false => (
                format!("may override {word} once the plan has a decision override"),
                "tidelock plan apply FILE".to_owned(),
            ),
        }
    }

    fn override_lasts(&self, gate: Phase) -> Duration {
        if mutated("an-override-ends") {
            return Duration::from_secs(365 * 24 * 3600);
        }
        self.sheet(gate).and_then(|sheet| sheet.rule.valid_for).unwrap_or(VALID_FOR)
    }

    /// A person's voice to open the gate over what they name.
    pub(super) fn override_ask(
        &self,
        now: Timestamp,
        gate: Phase,
        checks: &[Name],
        (by, reason): (&Asker, &str),
    ) -> Result<EventKind, Refusal> {
        let rule = self.who_overrides(by)?;
        said(reason, "an override")?;
        if next(self.phase) != Some(gate) || self.sheet(gate).is_none() {
            let message =
                format!("the migration is in {}; only the gate that stands next is overridden", self.phase);
            return Err(Refusal::new(RefusalCode::WrongPhase, message));
        }
        if self.desk.overrides.len() >= MOST {
            let message = format!("{MOST} overrides were given; change the plan instead");
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        let checks = set_of(checks);
        self.all_hold(now, gate, &checks)?;
        let waiting =
            self.desk.overrides.iter().rev().find(|over| over.waits((gate, self.phase, &checks), now));
        let counts = |(person, at): &(&Name, &Timestamp)| {
            **person != by.name && decides(rule, person) && now < at.plus(self.override_lasts(gate))
        };
        let others = waiting.map_or(0, |over| over.voices.iter().filter(counts).count());
        let complete = others + 1 >= usize::try_from(voices_of(rule)).unwrap_or(usize::MAX);
        Ok(EventKind::Overridden { gate, checks, complete })
    }

    fn who_overrides(&self, by: &Asker) -> Result<&DecisionRule, Refusal> {
        let Some(rule) = self.must_have_plan()?.decisions.get(DECISION) else {
            let message = "the plan names nobody who may override: it needs a decision override";
            return Err(Refusal::new(RefusalCode::UnknownDecision, message));
        };
        if by.kind == AskerKind::Pipeline || !decides(rule, &by.name) {
            let who: Vec<&str> = rule.who.iter().chain(&rule.deputies).map(Name::as_str).collect();
            let message = format!("{} may not override a hold; ask {}", by.name, who.join(" or "));
            return Err(Refusal::new(RefusalCode::NotYours, message));
        }
        Ok(rule)
    }

    /// Every name is of a hold that is there and may be overridden.
    fn all_hold(&self, now: Timestamp, gate: Phase, checks: &[Name]) -> Result<(), Refusal> {
        if checks.is_empty() {
            let message = "an override names each hold that it is for: name them";
            return Err(Refusal::new(RefusalCode::Incomplete, message));
        }
        let holds = self.obstacles(gate, now);
        let mut keys: Vec<Name> = holds.iter().filter_map(key).collect();
        // It is no hold yet while something is not proved, and it will be the next one.
        let rule = self.sheet(gate).map(|sheet| sheet.rule.stable_for).unwrap_or_default();
        let steady = self.gates.steady.get(&gate).map_or(now, |steady| steady.since);
        keys.extend((now.since(steady) < rule).then(|| Name::new(HoldCode::Stable.word()).ok()).flatten());
        let about = |hold: &Hold, check: &Name| {
            hold.check.as_ref() == Some(check) || check.as_str() == hold.code.word()
        };
        let named = |check: &&Name| holds.iter().any(|hold| key(hold).is_none() && about(hold, check));
        let missing: Vec<&Name> = checks.iter().filter(|check| !keys.contains(check)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (never, nothing): (Vec<&Name>, Vec<&Name>) = missing.into_iter().partition(named);
        let joined = |names: &[&Name]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        if !nothing.is_empty() {
            parts.push(format!("nothing at gate {gate} is held by {}", joined(&nothing)));
        }
        if !never.is_empty() {
            parts.push(format!("{} is never overridden", joined(&never)));
        }
        keys.sort_unstable();
        keys.dedup();
        let there =
            if keys.is_empty() { "nothing".to_owned() } else { joined(&keys.iter().collect::<Vec<_>>()) };
        let message = format!("{}; what may be overridden: {there}", parts.join(", and "));
        Err(Refusal { holds, ..Refusal::new(RefusalCode::Incomplete, message) })
    }

    /// A voice came.
    pub(super) fn overridden_by(
        &mut self,
        at: Timestamp,
        event: &Event,
        (gate, checks, complete): (Phase, &[Name], bool),
    ) -> bool {
        let Some(by) = event.by.clone() else { return false };
        let (phase, ends) = (self.phase, at.plus(self.override_lasts(gate)));
        let was = self.held_by_name(gate, checks, at);
        let alone =
            self.plan().and_then(|plan| plan.decisions.get(DECISION)).is_some_and(|it| voices_of(it) <= 1);
        let overrides = &mut self.desk.overrides;
        let place = overrides.iter().rposition(|over| over.waits((gate, phase, checks), at));
        let mut over = match place {
            Some(place) => overrides.remove(place),
            None => Override {
                gate,
                phase,
                checks: checks.to_vec(),
                voices: BTreeMap::new(),
                reason: String::new(),
                at,
                complete: false,
                ends,
                was: Vec::new(),
                outgrown: None,
            },
        };
        // What became worse since the others spoke was passed over by this voice alone.
        let complete = complete && (place.is_some() || alone);
        over.voices.insert(by, at);
        (over.reason, over.at, over.complete, over.was) = (event.reason.clone(), at, complete, was);
        if complete {
            over.ends = ends;
            self.gates.new_epoch();
        }
        self.desk.overrides.push(over);
        true
    }

    /// `, over 1 overridden hold (login)`; nothing where none is in force.
    pub(crate) fn over_what(&self, gate: Phase, now: Timestamp) -> String {
        let over = self.in_force(gate, now);
        let names: Vec<&str> = over.names().iter().map(|name| name.as_str()).collect();
        let what = count(names.len() as u64, "overridden hold", "overridden holds");
        match over.ends() {
            None => String::new(),
            Some(_) => format!(" over {what} ({})", names.join(", ")),
        }
    }
}

/// As people may write it: in any order, a name twice.
pub(crate) fn set_of(checks: &[Name]) -> Vec<Name> {
    let mut set = checks.to_vec();
    set.sort_unstable();
    set.dedup();
    set
}
