//! The boards as numbers: what alerts and dashboards look at.
//!
//! # Invariants
//! - Silence never looks good: a gate counts as open only while its lease lasts, by the clock of the
//!   scrape and not by that of the board.
//! - What is not asked has no series: nobody is woken for a check that rests, or for a move that is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidelock_core::{AgentState, DecisionState, EvidenceState, Verdict};
use tidelock_model::{AgentKey, Name, Phase, Timestamp, VerdictWord};
use tidelock_ops::Family;

use crate::driver::View;

const STATES: [EvidenceState; 5] = [
    EvidenceState::Proved,
    EvidenceState::Refuted,
    EvidenceState::Undecided,
    EvidenceState::Stale,
    EvidenceState::Missing,
];
const WORDS: [VerdictWord; 4] =
    [VerdictWord::Open, VerdictWord::Hold, VerdictWord::Unknown, VerdictWord::Rollback];

fn truth(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit into 53 bits")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// Every board's numbers at `now`.
pub(super) fn families<'a>(views: impl IntoIterator<Item = &'a View>, now: Timestamp) -> Vec<Family> {
    let mut gates = Gates::new();
    let mut scenarios = Scenarios::new();
    let mut agents = Agents::new();
    for view in views {
        gates.take(view, now);
        scenarios.take(view);
        agents.take(view);
    }
    let Gates { open, verdict, window, pending } = gates;
    let Scenarios { state, last } = scenarios;
    let Agents { up, skew, ends, overdue, waiting } = agents;
    vec![open, verdict, window, pending, state, last, up, skew, ends, overdue, waiting]
}

/// The agents that have series of their own.
pub(super) fn watched(views: &[Arc<View>]) -> Vec<(&Name, &AgentKey)> {
    let agents = views.iter().flat_map(|view| view.agents.iter().map(move |agent| (&view.migration, agent)));
    agents
        .filter(|(_, agent)| !gone(agent.state))
        .map(|(migration, agent)| (migration, &agent.agent))
        .collect()
}

/// It owes nothing; and pods that come and go would be more and more series.
fn gone(state: AgentState) -> bool {
    match state {
        AgentState::Revoked | AgentState::SignedOff | AgentState::Expired => true,
        AgentState::Online | AgentState::Silent | AgentState::Suspended | AgentState::NeverSeen => false,
    }
}

/// The word of the gate that stands next. On the way back it is `rollback`: the gate of its end is no good news when it
/// opens. None once the migration has ended, however it did, and where no gate is left: nobody can do anything any more.
fn present(phase: Phase, next: Option<&Verdict>, leased: impl Fn(&Verdict) -> bool) -> Option<VerdictWord> {
    let lapsed = |gate: &Verdict| gate.open() && !leased(gate);
    let word = || next.map(|gate| if lapsed(gate) { VerdictWord::Unknown } else { gate.word });
    match phase {
        Phase::RollingBack => Some(VerdictWord::Rollback),
        Phase::RolledBack | Phase::Aborted | Phase::Retired => None,
        Phase::Prepare | Phase::Sync | Phase::Ready | Phase::Cutover => word(),
        Phase::Watch | Phase::Committed => word(),
    }
}

struct Gates {
    open: Family,
    verdict: Family,
    window: Family,
    pending: Family,
}

impl Gates {
    fn new() -> Gates {
        Gates {
            open: Family::gauge("tidelock_gate_open", "1 while the gate is open and its lease lasts."),
            verdict: Family::gauge(
                "tidelock_verdict",
                "The verdict of the next gate: 1 for the present word; none once the migration has ended.",
            ),
            window: Family::gauge(
                "tidelock_rollback_window_remaining_seconds",
                "How long going back is still possible; 0 when it is not.",
            ),
            pending: Family::gauge(
                "tidelock_decision_pending_seconds",
                "How long people have been asked for a decision without an answer.",
            ),
        }
    }

    fn take(&mut self, view: &View, now: Timestamp) {
        let migration = view.migration.as_str();
        let leased = |gate: &Verdict| gate.open() && gate.valid_until.is_some_and(|until| until > now);
        for gate in &view.gates {
            let labels = [("migration", migration), ("gate", gate.gate.word())];
            self.open.push(&labels, truth(leased(gate)));
        }
        let next = view.gates.iter().find(|gate| Some(gate.gate) == view.next);
        if let Some(told) = present(view.phase, next, leased) {
            for word in WORDS {
                self.verdict.push(&[("migration", migration), ("verdict", word.word())], truth(word == told));
            }
        }
        // Each gate tells of the way back, also one that was passed.
        if let Some(gate) = next.or(view.gates.last()) {
            self.window(migration, gate, now);
        }
        let mut asked: BTreeMap<&str, f64> = BTreeMap::new();
        for decision in view.gates.iter().filter_map(|gate| gate.decision.as_ref()) {
            let since = match decision.state {
                DecisionState::Asked => now.since(decision.since).as_secs_f64(),
                DecisionState::NotAsked
                | DecisionState::Given
                | DecisionState::Refused
                | DecisionState::Expired
                | DecisionState::Void => 0.0,
            };
            let longest = asked.entry(decision.name.as_str()).or_default();
            *longest = longest.max(since);
        }
        for (decision, since) in asked {
            self.pending.push(&[("migration", migration), ("decision", decision)], since);
        }
    }

    fn window(&mut self, migration: &str, gate: &Verdict, now: Timestamp) {
        let back = &gate.rollback;
        if !back.applicable {
            return;
        }
        let left =
            if back.possible { back.until.map(|until| until.since(now).as_secs_f64()) } else { Some(0.0) };
        // A window without an end has no number.
        if let Some(left) = left {
            self.window.push(&[("migration", migration)], left);
        }
    }
}

struct Scenarios {
    state: Family,
    last: Family,
}

impl Scenarios {
    fn new() -> Scenarios {
        Scenarios {
            state: Family::gauge(
                "tidelock_scenario_state",
                "What the findings prove: 1 for the present state; of what this phase asks.",
            ),
            last: Family::gauge(
                "tidelock_scenario_last_result_timestamp_seconds",
                "When the newest finding of what this phase asks was received, in seconds since 1970; 0 for none.",
            ),
        }
    }

    fn take(&mut self, view: &View) {
        let migration = view.migration.as_str();
        for scenario in view.scenarios.iter().filter(|scenario| scenario.asked) {
            for side in &scenario.sides {
                let labels = [
                    ("migration", migration),
                    ("scenario", scenario.name.as_str()),
                    ("side", side.side.word()),
                ];
                self.last.push(&labels, side.seen.map_or(0.0, |seen| seconds(seen.as_millis())));
                for state in STATES {
                    let [migration, scenario, on] = labels;
                    let labels = [migration, scenario, on, ("state", state.word())];
                    self.state.push(&labels, truth(state == side.state));
                }
            }
        }
    }
}

struct Agents {
    up: Family,
    skew: Family,
    ends: Family,
    overdue: Family,
    waiting: Family,
}

impl Agents {
    fn new() -> Agents {
        Agents {
            up: Family::gauge("tidelock_agent_up", "1 while the agent is heard."),
            skew: Family::gauge(
                "tidelock_agent_clock_skew_seconds",
                "How far the agent's clock is behind the collector's.",
            ),
            ends: Family::gauge(
                "tidelock_agent_certificate_expiry_timestamp_seconds",
                "When the agent's certificate ends, in seconds since 1970.",
            ),
            overdue: Family::gauge(
                "tidelock_agent_certificate_renewal_overdue",
                "1 when the agent should have renewed its certificate by now.",
            ),
            waiting: Family::gauge(
                "tidelock_agent_spool_findings",
                "Findings that wait in the agent's spool, as it told last.",
            ),
        }
    }

    fn take(&mut self, view: &View) {
        for agent in &view.agents {
            if gone(agent.state) {
                continue;
            }
            let labels = [
                ("migration", view.migration.as_str()),
                ("side", agent.agent.side.word()),
                ("agent", agent.agent.name.as_str()),
            ];
            self.up.push(&labels, truth(agent.state == AgentState::Online));
            self.ends.push(&labels, seconds(agent.certificate_ends.as_millis()));
            self.overdue.push(&labels, truth(agent.renewal_overdue));
            if agent.seen.is_some() {
                #[expect(clippy::cast_precision_loss, reason = "an offset and a spool are far below 2^53")]
                let (offset, waiting) = (agent.offset_ms as f64, agent.spool_findings as f64);
                self.skew.push(&labels, offset / 1000.0);
                self.waiting.push(&labels, waiting);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelock_core::Migration;

    use super::*;

    #[test]
    fn going_back_is_told_while_it_is_under_way_and_a_migration_that_has_ended_has_no_verdict() {
        let migration = Migration::new(Name::new("shop").expect("a name"));
        let gate = migration.verdict(Phase::Sync, Timestamp::from_millis(1_800_000_000_000));
        let open = Verdict { word: VerdictWord::Open, ..gate };
        for next in [None, Some(&open)] {
            let of = |phase| present(phase, next, |_| true);
            assert_eq!(of(Phase::RollingBack), Some(VerdictWord::Rollback), "an open gate is no good news");
            for end in [Phase::RolledBack, Phase::Aborted, Phase::Retired] {
                assert_eq!(of(end), None, "somebody is called for ever: {end}");
            }
        }
        assert_eq!(
            present(Phase::Committed, None, |_| true),
            None,
            "no gate stands in for one that is not there"
        );
    }

    #[test]
    fn a_gate_that_stands_next_tells_its_word_and_an_open_one_only_while_its_lease_lasts() {
        let migration = Migration::new(Name::new("shop").expect("a name"));
        let gate = migration.verdict(Phase::Sync, Timestamp::from_millis(1_800_000_000_000));
        let of = |gate: &Verdict, leased: bool| present(Phase::Prepare, Some(gate), |_| leased);
        assert_eq!(of(&gate, false), Some(gate.word));
        let open = Verdict { word: VerdictWord::Open, ..gate };
        assert_eq!(of(&open, true), Some(VerdictWord::Open));
        assert_eq!(of(&open, false), Some(VerdictWord::Unknown));
    }
}
