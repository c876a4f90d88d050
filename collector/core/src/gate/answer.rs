//! The answer of one gate at a moment: one word, its holds, and all that people need beside it.

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Name, Phase, Remaining, Side, Timestamp, VerdictWord};

use super::{Lease, ends};
use crate::evidence::remaining;
use crate::migration::Migration;
use crate::verdict::{DecisionState, EvidenceState, Hold, HoldCode, Verdict};
use crate::words::count;

impl Migration {
    /// What the gate before the phase `gate` answers at `now`.
    pub fn verdict(&self, gate: Phase, now: Timestamp) -> Verdict {
        let lease = self.gates.leases.get(&gate).copied();
        let proved = self.evidence_until(gate, now).is_some();
        let holds = self.holds(gate, lease, proved, now);
        let word = self.word(gate, &holds);
        let open = word == VerdictWord::Open;
        let rule = self.sheet(gate).map(|sheet| sheet.rule.clone()).unwrap_or_default();
        let steady = self.gates.steady.get(&gate).filter(|_| proved);
        let granted = lease.map_or(self.phase_since, |lease| lease.granted);
        let longest = holds.iter().map(|hold| hold.since).min().unwrap_or(self.phase_since);
        let over = if open { self.over_what(gate, now) } else { String::new() };
        let asked = |state| state == DecisionState::NotAsked && self.only_people(&holds);
        let decision = self.decision_status(gate, now).map(|mut status| {
            if asked(status.state) {
                status.state = DecisionState::Asked;
                status.since = self.known_since(&status.name, gate, now).unwrap_or(status.since);
            }
            status
        });
        Verdict {
            gate,
            phase: self.phase,
            word,
            never_opens: self.never_opens(gate),
            since: if open { granted } else { longest },
            stable_for: steady.map(|steady| now.since(steady.since)).unwrap_or_default(),
            stable_needed: rule.stable_for,
            valid_until: open.then(|| lease.map_or(now.plus(super::RENEW_AFTER), |lease| lease.valid_until)),
            deadline: rule
                .deadline
                .map(|limit| self.phase_since.plus(limit))
                .filter(|_| self.stands_next(gate)),
            epoch: lease.filter(|_| open).map_or(0, |lease| lease.epoch),
            decision,
            rollback: self.rollback_status(now),
            unreachable: self.unreachable(now),
            revision: self.revision(),
            evidence_sequence: self.position,
            evidence_hash: self.evidence_hash(gate, now),
            remaining: self.remaining(now),
            losses: self.losses(now),
            overrides: self.overrides(now),
            rehearsal_scale: self.plan().is_some_and(|plan| plan.rehearsal_scale),
            summary: self.summary(gate, word, &holds, now) + &over,
            holds,
            as_of: now,
        }
    }

    /// The gate that stands before the next phase; none at an end.
    pub fn next_gate(&self) -> Option<Phase> {
        let next = super::rule::next(self.phase)?;
        // The end that nobody has to reach needs a gate of its own to be one.
        (next != Phase::Retired || self.sheet(next).is_some()).then_some(next)
    }

    fn stands_next(&self, gate: Phase) -> bool {
        crate::plan::before(gate) == Some(self.phase)
    }

    /// The migration ended through this gate: that is a fact, and needs no lease any more.
    fn passed_for_ever(&self, gate: Phase) -> bool {
        gate == self.phase && (ends(gate) || gate == Phase::Committed) && gate != Phase::Aborted
            || (gate, self.phase) == (Phase::Committed, Phase::Retired)
    }

    /// The migration has ended, and neither through this gate nor with it still before it: whoever waits for it waits
    /// in vain.
    pub(crate) fn never_opens(&self, gate: Phase) -> bool {
        let ended = ends(self.phase) || self.phase == Phase::Committed;
        ended && !self.passed_for_ever(gate) && super::rule::next(self.phase) != Some(gate)
    }

    fn holds(&self, gate: Phase, lease: Option<Lease>, proved: bool, now: Timestamp) -> Vec<Hold> {
        if self.passed_for_ever(gate) {
            return Vec::new();
        }
        let mut holds = self.obstacles_where(gate, now, || proved);
        if holds.is_empty() && !lease.is_some_and(|lease| lease.valid(now)) {
            let reason = "nothing holds the gate any more; it opens once that is written down";
            let next = format!("tidelock gate wait {gate}");
            holds.push(Hold::new(HoldCode::Lease, self.clock.max(self.phase_since), reason, next));
        }
        holds
    }

    fn word(&self, gate: Phase, holds: &[Hold]) -> VerdictWord {
        let back = matches!(self.phase, Phase::RollingBack | Phase::RolledBack | Phase::Aborted);
        let going =
            matches!(self.phase, Phase::Cutover | Phase::Watch) && self.going_back() && !self.reversible();
        let any = |states: &[EvidenceState]| {
            holds.iter().filter_map(|hold| hold.state).any(|s| states.contains(&s))
        };
        if (back || going) && gate != Phase::RolledBack || self.phase == Phase::Aborted {
            VerdictWord::Rollback
        } else if holds.is_empty() {
            VerdictWord::Open
        } else if any(&[EvidenceState::Refuted]) {
            VerdictWord::Hold
        } else if any(&[EvidenceState::Stale, EvidenceState::Missing]) {
            VerdictWord::Unknown
        } else {
            VerdictWord::Hold
        }
    }

    fn only_people(&self, holds: &[Hold]) -> bool {
        holds.iter().all(super::desk::of_people)
    }

    fn summary(&self, gate: Phase, word: VerdictWord, holds: &[Hold], now: Timestamp) -> String {
        let over = self.in_force(gate, now);
        let counts = |(name, _): &&(Name, Vec<Side>)| !over.covers_check(name);
        let needed = self.sheet(gate).map_or(0, |sheet| sheet.scenarios.iter().filter(counts).count() as u64);
        let mut held: Vec<_> =
            holds.iter().filter(|hold| hold.state.is_some()).filter_map(|h| h.check.as_ref()).collect();
        held.sort_unstable();
        held.dedup();
        let first = holds.first().map(|hold| hold.reason.as_str()).unwrap_or_default();
        match word {
            VerdictWord::Open if self.passed_for_ever(gate) => format!("the migration is {gate}"),
            VerdictWord::Open => {
                format!("{} proved: gate {gate} is open", count(needed, "scenario is", "scenarios are"))
            }
            VerdictWord::Rollback => match self.phase {
                Phase::Aborted => "the migration was given up before the switch".to_owned(),
                Phase::RolledBack => "the migration went back: traffic is on the source again".to_owned(),
                Phase::RollingBack | Phase::Cutover | Phase::Watch => {
                    "going back is decided and under way".to_owned()
                }
                Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Committed | Phase::Retired => {
                    String::new()
                }
            },
            VerdictWord::Hold | VerdictWord::Unknown if held.is_empty() => first.to_owned(),
            VerdictWord::Hold | VerdictWord::Unknown => {
                let hold = if held.len() == 1 { "holds" } else { "hold" };
                let checks = if needed == 1 { "check" } else { "checks" };
                // The holds are sorted, the worst first; its name and its reason belong together.
                let worst = holds.iter().find(|hold| hold.state.is_some() && hold.check.is_some());
                let (check, why) = worst
                    .and_then(|hold| Some((hold.check.as_ref()?, hold.reason.as_str())))
                    .unwrap_or((held[0], first));
                format!("{} of {needed} needed {checks} {hold} gate {gate}: {check}: {why}", held.len(),)
            }
        }
    }

    fn unreachable(&self, now: Timestamp) -> Vec<AgentKey> {
        let silent = self.roster.iter().filter(|(_, member)| member.owes(now) && !member.online(now));
        silent.map(|(agent, _)| agent.clone()).collect()
    }

    /// What would be lost by switching now, over every scenario. None when nobody can say: nobody counts
    /// anything, or what is counted is nothing and somebody who should be looking is not heard.
    fn remaining(&self, now: Timestamp) -> Option<Vec<Remaining>> {
        let plan = self.plan()?;
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut blind = false;
        for (name, scenario) in &plan.scenarios {
            for side in &scenario.sides {
                let (left, all_heard) = remaining(&self.roster, &self.board, name, *side, now);
                blind |= !all_heard && scenario.phases.contains(&self.phase);
                for Remaining { count, unit, what } in left {
                    let sum = sums.entry((what, unit)).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
        }
        let nothing = sums.values().all(|count| *count == 0);
        if sums.is_empty() || nothing && blind {
            return None;
        }
        let told = |((what, unit), count)| Remaining { count, unit, what };
        Some(sums.into_iter().filter(|(_, count)| *count > 0).map(told).collect())
    }
}
