//! A scenario on one side: what every agent that owes findings says, and the worst of them.

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Name, Outcome, Phase, Remaining, Side, Timestamp};

use super::joint::{JointWord, Seen, joint_words};
use super::tell::{is, must, progress, sentence};
use super::voices::{Voices, voices};
use super::{claim_since, claim_state, lane_state};
use crate::board::{Board, Lane};
use crate::joint::has_simple;
use crate::plan::{ClaimKind, Scenario};
use crate::record::Refusal;
use crate::roster::{Member, Roster};
use crate::status::{ClaimStatus, SideStatus};
use crate::verdict::{EvidenceState, HoldCode};
use crate::words::{count, span};

/// What is known of a scenario on one side.
pub(crate) struct SideEvidence {
    pub(crate) status: SideStatus,
    pub(crate) code: HoldCode,
    pub(crate) since: Timestamp,
}

impl SideEvidence {
    /// The worst of what was known and a joint claim; `known` says whether anything was.
    fn take(&mut self, word: &JointWord, known: bool, seen: Option<Timestamp>) {
        let (status, claim) = (&mut self.status, &word.status);
        let better = (status.state.rank(), self.since) <= (claim.state.rank(), claim.since);
        if known && better {
            return;
        }
        if !known && self.code == HoldCode::BadDigest && claim.state != EvidenceState::Refuted {
            // Who ran something else says more than that the sides did not run the same.
            status.state = claim.state;
            return;
        }
        (status.state, status.value, status.seen) = (claim.state, claim.is.clone(), seen);
        (status.agent, self.code, self.since) = (None, word.code, claim.since);
    }

    /// Too few agents told of it, so what the others say is not enough to know anything. What is shown to be wrong
    /// stays so, and what holds an agent by its name is told as it is.
    fn too_few(&mut self, voices: &Voices, name: &Name, begun: Timestamp) {
        let status = &mut self.status;
        let proved = status.state == EvidenceState::Proved;
        let silent = matches!(self.code, HoldCode::Missing | HoldCode::Stale);
        let by_name = !silent && self.code != HoldCode::ClaimUndecided;
        if status.state == EvidenceState::Refuted || by_name && !proved {
            return;
        }
        let told = voices.words(name, status.side);
        match proved && !by_name {
            true => (status.value, status.agent) = (told, None),
            false => status.value = format!("{}; {told}", status.value),
        }
        if !silent {
            // They were enough once, or never.
            (status.state, self.since) = match voices.since {
                Some(since) => (EvidenceState::Stale, since),
                None => (EvidenceState::Missing, begun),
            };
        }
        if !silent && !by_name {
            self.code = if voices.since.is_some() { HoldCode::Stale } else { HoldCode::Missing };
        }
    }
}

/// One agent's word.
struct Word<'a> {
    agent: &'a AgentKey,
    lane: Option<&'a Lane>,
    state: EvidenceState,
    code: HoldCode,
    since: Timestamp,
    value: String,
}

/// Weighs a scenario on one side. `begun` is when evidence could first be given at all.
pub(crate) fn side_evidence(
    seen: Seen<'_>,
    (name, scenario): (&Name, &Scenario),
    (side, gate): (Side, Phase),
    begun: Timestamp,
    now: Timestamp,
) -> SideEvidence {
    let begun = begun.max(seen.board.counts_from(name, side).unwrap_or(begun));
    let mut found = said(seen, (name, scenario), (side, gate), begun, now);
    let voices = voices(seen, (name, scenario), side, now);
    if let Some(voices) = voices.filter(|voices| voices.until.is_none()) {
        found.too_few(&voices, name, begun);
    }
    found
}

/// What the agents say, however few they are.
fn said(
    Seen { roster, board, joints, .. }: Seen<'_>,
    (name, scenario): (&Name, &Scenario),
    (side, gate): (Side, Phase),
    begun: Timestamp,
    now: Timestamp,
) -> SideEvidence {
    let mut words: Vec<Word<'_>> = (roster.owing(side, now))
        .map(|(agent, member)| word(board.lane(name, agent), (agent, member), (name, scenario), begun, now))
        .collect();
    let joint = joint_words(joints.get(name), scenario, (side, gate), now);
    words.sort_by_key(|word| (word.state.rank(), word.since));
    let (remaining, _) = remaining(roster, board, name, side, now);
    // Where claims rest on all agents together, one that ran something else says most.
    let other = words.iter().find(|word| word.code == HoldCode::BadDigest && !has_simple(scenario));
    let Some(worst) = other.or(words.first()) else {
        return nobody(scenario, side, begun);
    };
    let like_it = |word: &&Word<'_>| match other {
        Some(_) => word.code == HoldCode::BadDigest,
        None => word.state != EvidenceState::Proved,
    };
    let alike = words.iter().filter(like_it).count();
    let mut value = worst.value.clone();
    if alike > 1 {
        value = format!("{value} (and {} like it)", count(alike as u64 - 1, "agent", "agents"));
    }
    let newest =
        |word: &Word<'_>| word.lane.and_then(|lane| lane.newest.as_ref()).map(|newest| newest.place.at);
    let mut joint = joint.into_iter();
    let mut found = SideEvidence {
        status: SideStatus {
            side,
            state: worst.state,
            value,
            seen: newest(worst),
            agent: Some(worst.agent.name.clone()),
            remaining,
            claims: Vec::new(),
        },
        code: worst.code,
        since: worst.since,
    };
    let kept_from = |code| matches!(code, HoldCode::Conflict | HoldCode::Refused | HoldCode::Canary);
    let kept = words.iter().any(|word| kept_from(word.code));
    let mut simple = kept || has_simple(scenario);
    for (index, claim) in scenario.claims.iter().enumerate() {
        let status =
            match (&claim.kind, matches!(claim.kind, ClaimKind::Joint(_)).then(|| joint.next()).flatten()) {
                (ClaimKind::Joint(_), Some(word)) => {
                    let seen = words.iter().filter_map(newest).max();
                    found.take(&word, simple, seen);
                    simple = true;
                    word.status
                }
                (ClaimKind::Passes { .. } | ClaimKind::Measure { .. } | ClaimKind::Joint(_), _) => {
                    claim_status(&words, scenario, index, begun, now)
                }
            };
        found.status.claims.push(status);
    }
    found
}

fn word<'a>(
    lane: Option<&'a Lane>,
    (agent, member): (&'a AgentKey, &Member),
    (name, scenario): (&Name, &Scenario),
    begun: Timestamp,
    now: Timestamp,
) -> Word<'a> {
    let state = lane_state(lane, scenario, now);
    let told = |state, code, since, value| Word { agent, lane, state, code, since, value };
    if let Some((code, since, value)) = kept_from(agent, member, name, now) {
        return told(EvidenceState::Undecided, code, since, value);
    }
    if let Some(since) = member.doubted_since.filter(|_| has_simple(scenario)) {
        let value = format!(
            "the clock of {} is not believed: it is off by more than 30 s, jumps, or nobody knows how far off it is",
            agent.name
        );
        return told(EvidenceState::Undecided, HoldCode::Clock, since, value);
    }
    let missing = || {
        let value = format!("{} has not reported it", agent.name);
        told(EvidenceState::Missing, HoldCode::Missing, begun.max(member.enrolled), value)
    };
    let Some(lane) = lane else { return missing() };
    if let Some((since, component)) = lane.wrong {
        let value = format!("{} ran component {}, not the plan's", agent.name, component.short());
        return told(EvidenceState::Undecided, HoldCode::BadDigest, since, value);
    }
    if let Some(since) = lane.unanswered {
        let value = format!(
            "{} sent what does not answer its round's challenge: old, replayed or not its own",
            agent.name
        );
        return told(EvidenceState::Undecided, HoldCode::Nonce, since, value);
    }
    let Some(newest) = &lane.newest else {
        return missing();
    };
    let worst = (scenario.claims.iter().enumerate())
        .map(|(index, claim)| (claim_state(lane, index, claim), index, claim))
        .min_by_key(|(state, ..)| state.rank());
    let since = worst.map_or(lane.since, |(state, index, claim)| claim_since(lane, index, claim, state));
    let code = match state {
        EvidenceState::Stale => {
            let limit = span(scenario.fresh_for);
            let value = format!("{} has not reported it for more than {limit}", agent.name);
            return told(state, HoldCode::Stale, newest.fresh_until, value);
        }
        EvidenceState::Missing => return missing(),
        EvidenceState::Refuted => HoldCode::ClaimRefuted,
        EvidenceState::Undecided if scenario.claims.is_empty() => HoldCode::Unchecked,
        EvidenceState::Undecided | EvidenceState::Proved => HoldCode::ClaimUndecided,
    };
    told(state, code, since, sentence(lane, newest, scenario))
}

/// Why an agent's findings of a check are not asked at all.
fn kept_from(
    agent: &AgentKey,
    member: &Member,
    name: &Name,
    now: Timestamp,
) -> Option<(HoldCode, Timestamp, String)> {
    if let Some((since, text)) = &member.suspended {
        return Some((HoldCode::Conflict, *since, format!("{agent} is suspended: {text}")));
    }
    if let Some((since, text)) = member.not_believed(agent, now) {
        return Some((HoldCode::Canary, since, text));
    }
    let (since, Refusal { cause, reason, .. }) = member.refused.get(name)?;
    let value = format!("{agent} does not carry it out: {cause}: {reason}");
    Some((HoldCode::Refused, *since, value))
}

/// No agent of the side owes anything: silence, not consent.
fn nobody(scenario: &Scenario, side: Side, begun: Timestamp) -> SideEvidence {
    let value = format!("no agent on {side} reports it");
    let claims = scenario.claims.iter().map(|claim| unheard(claim, begun)).collect();
    let (state, remaining) = (EvidenceState::Missing, Vec::new());
    let status = SideStatus { side, state, value, seen: None, agent: None, remaining, claims };
    SideEvidence { status, code: HoldCode::Missing, since: begun }
}

fn claim_status(
    words: &[Word<'_>],
    scenario: &Scenario,
    index: usize,
    begun: Timestamp,
    now: Timestamp,
) -> ClaimStatus {
    let claim = &scenario.claims[index];
    let of = |word: &Word<'_>| -> ClaimStatus {
        let Some((lane, newest)) = word.lane.and_then(|lane| Some((lane, lane.newest.as_ref()?))) else {
            return unheard(claim, begun);
        };
        // What holds the whole lane (silence, a conflict, a refusal) holds each of its claims.
        let fresh = lane_state(Some(lane), scenario, now) == word.state
            && !matches!(
                word.code,
                HoldCode::BadDigest
                    | HoldCode::Refused
                    | HoldCode::Conflict
                    | HoldCode::Canary
                    | HoldCode::Clock
                    | HoldCode::Nonce
            )
            && word.state != EvidenceState::Stale;
        let state = if fresh { claim_state(lane, index, claim) } else { word.state };
        let progress =
            if state == EvidenceState::Proved { 100 } else { progress(lane, newest, index, claim) };
        let told = if fresh { is(lane, newest, index, claim) } else { word.value.clone() };
        let since = if fresh { claim_since(lane, index, claim, state) } else { word.since };
        ClaimStatus {
            name: claim.name.clone(),
            must: must(claim),
            is: told,
            state,
            progress_percent: progress,
            since,
            proof: None,
        }
    };
    let worst = words.iter().map(of).min_by_key(|status| (status.state.rank(), status.since));
    worst.unwrap_or_else(|| unheard(claim, begun))
}

fn unheard(claim: &crate::plan::Claim, begun: Timestamp) -> ClaimStatus {
    ClaimStatus {
        name: claim.name.clone(),
        must: must(claim),
        is: "nothing was reported".to_owned(),
        state: EvidenceState::Missing,
        progress_percent: 0,
        since: begun,
        proof: None,
    }
}

/// What would be lost, as the agent that sees most of it says: agents of a side look at the same things.
/// And whether all of them were heard of it just now.
pub(crate) fn remaining(
    roster: &Roster,
    board: &Board,
    name: &Name,
    side: Side,
    now: Timestamp,
) -> (Vec<Remaining>, bool) {
    let mut most: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let (mut owing, mut heard) = (0_usize, 0);
    for (agent, _) in roster.owing(side, now) {
        owing += 1;
        let newest = board.lane(name, agent).and_then(|lane| lane.newest.as_ref());
        let Some(newest) = newest.filter(|newest| now <= newest.fresh_until) else {
            continue;
        };
        // A run that did not pass and counted nothing did not see what is left.
        heard += usize::from(newest.outcome == Outcome::Pass || !newest.remaining.is_empty());
        for left in &newest.remaining {
            let count = most.entry((&left.what, &left.unit)).or_default();
            *count = left.count.max(*count);
        }
    }
    let told = |((what, unit), count): ((&str, &str), u64)| Remaining {
        count,
        unit: unit.into(),
        what: what.into(),
    };
    (most.into_iter().map(told).collect(), owing > 0 && heard == owing)
}
