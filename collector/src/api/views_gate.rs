//! Verdicts as the wire has them.

use std::time::Duration;

use tidelock_core::plan::{IfSilent, Plan};
use tidelock_core::{DecisionState, DecisionStatus, EvidenceState, Hold, Verdict};
use tidelock_model::{AgentKey, Name, Phase, Remaining, Side, Timestamp, VerdictWord};
use tidelock_proto::v1;

use super::caller::{Action, Caller};
use super::views_owners::switch;
use super::views_switch::{loss, overridden, rollback};
use super::{Api, token};
use crate::driver::View;

/// A picture that is older than this is not shown as the present.
const PRESENT_FOR: Duration = Duration::from_secs(5);

pub(super) use crate::text::time_to_wire as time;

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn evidence(state: EvidenceState) -> i32 {
    let state = match state {
        EvidenceState::Proved => v1::EvidenceState::Proved,
        EvidenceState::Refuted => v1::EvidenceState::Refuted,
        EvidenceState::Undecided => v1::EvidenceState::Undecided,
        EvidenceState::Stale => v1::EvidenceState::Stale,
        EvidenceState::Missing => v1::EvidenceState::Missing,
    };
    state.into()
}

/// The same of a check that is asked in this phase; what was found of another before is no word about it.
pub(super) fn evidence_now(state: EvidenceState, asked: bool) -> i32 {
    if asked { evidence(state) } else { v1::EvidenceState::NotNow.into() }
}

pub(super) fn remaining(left: &[Remaining]) -> Vec<v1::Remaining> {
    (left.iter())
        .map(|left| v1::Remaining { count: left.count, unit: left.unit.clone(), what: left.what.clone() })
        .collect()
}

pub(super) fn hold(hold: &Hold) -> v1::Hold {
    v1::Hold {
        code: hold.code.word().to_owned(),
        check: hold.check.as_ref().map(Name::to_string).unwrap_or_default(),
        level: hold.level.map(|level| level.word().to_owned()).unwrap_or_default(),
        side: hold.side.map(|side: Side| side.word().to_owned()).unwrap_or_default(),
        state: hold.state.map(evidence).unwrap_or_default(),
        reason: hold.reason.clone(),
        since_time: time(hold.since),
        seen_time: hold.seen.and_then(time),
        agent: hold.agent.as_ref().map(Name::to_string).unwrap_or_default(),
        next: hold.next.clone(),
        remaining: remaining(&hold.remaining),
    }
}

fn decision(status: &DecisionStatus, plan: Option<&Plan>) -> v1::DecisionView {
    let rule = plan.and_then(|plan| plan.decisions.get(&status.name));
    let asked = matches!(status.state, DecisionState::Asked);
    let next =
        rule.filter(|rule| asked && rule.if_silent == IfSilent::AskDeputies && !rule.deputies.is_empty());
    let names = |names: &[Name]| names.iter().map(Name::to_string).collect();
    v1::DecisionView {
        name: status.name.to_string(),
        state: status.state.word().to_owned(),
        given: status.given,
        needed: status.needed,
        who: names(&status.who),
        deputies: names(&status.deputies),
        valid_until_time: status.valid_until.and_then(time),
        since_time: time(status.since),
        deputies_time: next.and_then(|rule| time(status.since.plus(rule.answer_within?))),
    }
}

fn word(word: VerdictWord) -> v1::Verdict {
    match word {
        VerdictWord::Open => v1::Verdict::Open,
        VerdictWord::Hold => v1::Verdict::Hold,
        VerdictWord::Unknown => v1::Verdict::Unknown,
        VerdictWord::Rollback => v1::Verdict::Rollback,
    }
}

/// The plan in force.
pub(super) fn plan_ref(view: &View) -> Option<v1::PlanRef> {
    let plan = view.plan.as_ref()?;
    Some(v1::PlanRef { revision: plan.revision, hash: plan.hash.as_bytes().to_vec() })
}

/// What people must know of the agents, each sentence with who says it, and of voices that may be one person's.
fn warnings(api: &Api, view: &View, verdict: &Verdict) -> Vec<String> {
    let of = |agent: &AgentKey| {
        let told = api.warnings.of(&view.migration, agent);
        told.into_iter().map(|warning| format!("agent {}: {warning}", agent.name)).collect::<Vec<_>>()
    };
    let agents = view.agents.iter().flat_map(|status| of(&status.agent));
    let asked = verdict.decision.iter().filter_map(|asked| asked.one_hand.clone());
    let over = verdict.overrides.iter().filter_map(|over| over.one_hand.clone());
    agents.chain(asked).chain(over).collect()
}

/// A gate as it may be believed now: an `open` whose lease or picture has ended is `unknown`.
pub(super) fn gate(api: &Api, caller: &Caller, view: &View, verdict: &Verdict) -> v1::Gate {
    let now = api.clock.now();
    let old = now.since(view.as_of) > PRESENT_FOR;
    let ended = verdict.open() && verdict.valid_until.is_none_or(|until| now >= until);
    let believed = !(old || ended);
    let open = believed && verdict.open();
    let plan = view.plan.as_ref().map(|plan| &*plan.plan);
    let mut shown = v1::Gate {
        migration: view.migration.to_string(),
        gate: verdict.gate.word().to_owned(),
        verdict: word(verdict.word).into(),
        summary: verdict.summary.clone(),
        since_time: time(verdict.since),
        valid_until_time: verdict.valid_until.filter(|_| open).and_then(time),
        stable_for_ms: millis(verdict.stable_for),
        stable_needed_ms: millis(verdict.stable_needed),
        holds: verdict.holds.iter().map(hold).collect(),
        decision: verdict.decision.as_ref().map(|asked| decision(asked, plan)),
        rollback: Some(rollback(&verdict.rollback)),
        unreachable: verdict.unreachable.iter().map(ToString::to_string).collect(),
        plan: plan_ref(view),
        evidence_sequence: verdict.evidence_sequence,
        as_of_time: time(view.as_of),
        phase: verdict.phase.word().to_owned(),
        token: String::new(),
        evidence_hash: verdict.evidence_hash.as_bytes().to_vec(),
        remaining: remaining(verdict.remaining.as_deref().unwrap_or_default()),
        loss_known: verdict.remaining.is_some(),
        rehearsal_scale: verdict.rehearsal_scale,
        deadline_time: verdict.deadline.and_then(time),
        scenarios: Vec::new(),
        losses: verdict.losses.iter().map(loss).collect(),
        overrides: verdict.overrides.iter().map(overridden).collect(),
        warnings: warnings(api, view, verdict),
        switch: Some(switch(view)),
        timezone: plan.map(|plan| plan.timezone.clone()).unwrap_or_default(),
        never_opens: verdict.never_opens,
    };
    if !believed {
        not_present(&mut shown, verdict, now);
    }
    if let (true, Phase::Cutover, Some(ends)) = (open, verdict.gate, verdict.valid_until)
        && caller.may(Action::Confirm, Some(&view.migration)).is_ok()
    {
        shown.token = token::make(&api.gate_key, &view.migration, verdict.epoch, ends);
    }
    shown
}

fn not_present(shown: &mut v1::Gate, verdict: &Verdict, now: Timestamp) {
    // A decided rollback stays decided, however old the picture is.
    if verdict.word == VerdictWord::Rollback {
        return;
    }
    shown.verdict = v1::Verdict::Unknown.into();
    shown.summary = format!("gate {} was not weighed just now; nothing can be said", verdict.gate);
    shown.holds.insert(
        0,
        v1::Hold {
            code: "stale".to_owned(),
            reason: "the collector has not weighed this gate just now".to_owned(),
            since_time: time(verdict.as_of),
            seen_time: time(now),
            next: "tidelock status".to_owned(),
            ..v1::Hold::default()
        },
    );
}

/// What a watcher waits for: everything in it but what only says that time goes by.
pub(super) fn news(gate: &v1::Gate) -> v1::Gate {
    v1::Gate {
        as_of_time: None,
        valid_until_time: None,
        stable_for_ms: 0,
        evidence_sequence: 0,
        evidence_hash: Vec::new(),
        // A proof moves with each slot; what it means for the gate stands in the holds.
        scenarios: Vec::new(),
        // A new token of the same lease is no news; a new lease is, by its `since`.
        token: if gate.token.is_empty() { String::new() } else { "some".to_owned() },
        holds: (gate.holds.iter()).map(|hold| v1::Hold { seen_time: None, ..hold.clone() }).collect(),
        switch: gate.switch.as_ref().map(super::views_owners::news),
        ..gate.clone()
    }
}
