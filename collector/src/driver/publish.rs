//! What the driver tells: one picture for people, one for agents, each replaced whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tidelock_core::plan::Plan;
use tidelock_core::{
    AgentStanding, AgentState, AgentStatus, AssertionStatus, FailedUndo, FirstMinutesStatus, ManualStatus,
    OwnershipStatus, RehearsalStatus, RunStatus, ScenarioStatus, Verdict,
};
use tidelock_model::{AgentKey, Name, Phase, Sha256, Side, Timestamp};
use tokio::sync::watch;

use crate::fold::{Events, Folding};

/// The plan in force, as agents need it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanInForce {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its revision.
    pub revision: u64,
    /// Its hash.
    pub hash: Sha256,
    /// The grid's origin.
    pub grid_origin: Timestamp,
    /// What nonces are derived from.
    pub nonce_seed: Vec<u8>,
}

/// What agents are told of a migration. Replaced only when something in it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The plan, once there is one.
    pub plan: Option<PlanInForce>,
    /// The phase.
    pub phase: Phase,
    /// Both sides' agents, for the shares of an interval.
    pub roster: Vec<AgentKey>,
    /// What each agent's word is worth.
    pub standing: BTreeMap<AgentKey, AgentStanding>,
}

/// What people are shown of a migration.
#[derive(Debug, Clone)]
pub struct View {
    /// When it was made.
    pub as_of: Timestamp,
    /// The migration.
    pub migration: Name,
    /// Every gate of the plan.
    pub gates: Vec<Verdict>,
    /// The next gate.
    pub next: Option<Phase>,
    /// The phase.
    pub phase: Phase,
    /// Since when.
    pub phase_since: Timestamp,
    /// Scenarios.
    pub scenarios: Vec<ScenarioStatus>,
    /// Agents.
    pub agents: Vec<AgentStatus>,
    /// Manual checks.
    pub manual: Vec<ManualStatus>,
    /// Where traffic is.
    pub traffic: Side,
    /// When it was moved.
    pub switched: Option<Timestamp>,
    /// The plan.
    pub plan: Option<PlanInForce>,
    /// The first minutes after the switch, while they are of interest.
    pub first_minutes: Option<FirstMinutesStatus>,
    /// The newest run of a runbook.
    pub run: Option<RunSeen>,
    /// The newest rehearsal of each way.
    pub rehearsals: Vec<RehearsalStatus>,
    /// Who runs what.
    pub owners: Vec<OwnershipStatus>,
    /// What no step may break.
    pub assertions: Vec<AssertionStatus>,
    /// Steps that could not be taken back.
    pub failed_undos: Vec<FailedUndo>,
    /// The last event.
    pub last_event: u64,
    /// When it was last held for decisions that are missing.
    pub lost: Option<Timestamp>,
}

/// A run, and what it walks.
#[derive(Debug, Clone)]
pub struct RunSeen {
    /// How it stands.
    pub status: RunStatus,
    /// The plan that it walks.
    pub plan: Option<Arc<Plan>>,
}

/// One migration as everybody but the driver sees it.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) told: watch::Sender<Arc<Told>>,
    pub(crate) view: watch::Sender<Arc<View>>,
    pub(crate) events: Events,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Boards {
    boards: Arc<ArcSwap<BTreeMap<Name, Arc<Board>>>>,
}

impl Boards {
    pub(crate) fn get(&self, migration: &Name) -> Option<Arc<Board>> {
        self.boards.load().get(migration).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Board>> {
        self.boards.load().values().cloned().collect()
    }

    /// Publishes how a migration stands now.
    pub(crate) fn publish(&self, folding: &Folding, now: Timestamp) {
        let name = folding.core.name();
        match self.get(name) {
            Some(board) if board.events.same(&folding.events) => {
                let plan = board.view.borrow().plan.clone();
                let view = view(folding, now, plan);
                let told = told(folding, &view);
                board.view.send_replace(Arc::new(view));
                board.told.send_if_modified(|old| {
                    let changed = **old != told;
                    if changed {
                        *old = Arc::new(told);
                    }
                    changed
                });
            }
            // A new migration, or one that was folded anew: whoever follows the old one begins again.
            Some(_) | None => {
                let view = view(folding, now, None);
                let told = told(folding, &view);
                let board = Arc::new(Board {
                    told: watch::channel(Arc::new(told)).0,
                    view: watch::channel(Arc::new(view)).0,
                    events: folding.events.clone(),
                });
                let mut boards = BTreeMap::clone(&self.boards.load());
                boards.insert(name.clone(), board);
                self.boards.store(Arc::new(boards));
            }
        }
    }
}

fn plan_in_force(folding: &Folding, before: Option<PlanInForce>) -> Option<PlanInForce> {
    let core = &folding.core;
    let (plan, hash, grid_origin) = (core.plan()?, core.plan_hash()?, core.grid_origin()?);
    if let Some(before) = before
        && (before.revision, before.hash) == (core.revision(), hash)
    {
        return Some(before);
    }
    // The first seed, as the core takes it, serves the migration for its life: rounds do not begin anew.
    let mut seeds = folding.revisions.iter().map(|revision| &revision.extras.nonce_seed);
    let nonce_seed = seeds.find(|seed| !seed.is_empty()).cloned().unwrap_or_default();
    Some(PlanInForce {
        plan: Arc::new(plan.clone()),
        revision: core.revision(),
        hash,
        grid_origin,
        nonce_seed,
    })
}

fn view(folding: &Folding, now: Timestamp, before: Option<PlanInForce>) -> View {
    let core = &folding.core;
    let plan = plan_in_force(folding, before);
    View {
        as_of: now,
        migration: core.name().clone(),
        gates: gates(folding).into_iter().map(|gate| core.verdict(gate, now)).collect(),
        next: core.next_gate(),
        phase: core.phase(),
        phase_since: core.phase_since(),
        scenarios: core.scenarios(now),
        agents: core.agents(now),
        manual: core.manual_checks(),
        traffic: core.traffic(),
        switched: core.switched_at(),
        plan,
        first_minutes: core.first_minutes(now),
        run: core.run_status(now).map(|status| RunSeen { status, plan: folding.runs.walked().cloned() }),
        rehearsals: core.rehearsals(),
        owners: core.ownership(now),
        assertions: core.assertions(now),
        failed_undos: core.failed_undos().to_vec(),
        last_event: folding.head.map_or(0, |head| head.number()),
        lost: folding.lost,
    }
}

/// The plan's gates, and the one that stands next although no plan names it.
fn gates(folding: &Folding) -> BTreeSet<Phase> {
    let core = &folding.core;
    let planned = core.plan().into_iter().flat_map(|plan| plan.gates.keys().copied());
    let ended = (core.phase() == Phase::RolledBack).then_some(Phase::RolledBack);
    planned.chain(core.next_gate()).chain(ended).collect()
}

fn told(folding: &Folding, view: &View) -> Told {
    let standing = (view.agents.iter())
        .map(|status| (status.agent.clone(), folding.core.expects(&status.agent)))
        .collect();
    let ours = view.agents.iter().filter(|status| match status.state {
        AgentState::Online
        | AgentState::Silent
        | AgentState::SignedOff
        | AgentState::Suspended
        | AgentState::NeverSeen => true,
        AgentState::Revoked | AgentState::Expired => false,
    });
    Told {
        plan: view.plan.clone(),
        phase: view.phase,
        roster: ours.map(|status| status.agent.clone()).collect(),
        standing,
    }
}
