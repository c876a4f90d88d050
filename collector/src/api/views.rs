//! Status, scenarios, agents and events as the wire has them.

use tidelock_core::record::EventKind;
use tidelock_core::{AgentStatus, ManualStatus, RehearsalStatus, ScenarioStatus, SideStatus};
use tidelock_model::{Name, Side};
use tidelock_proto::{side_to_wire, v1};

use super::Api;
use super::caller::Caller;
use super::steps::Steps;
use super::views_gate::{evidence_now, gate, remaining, time};
use super::views_owners::switch;
use super::views_proof::claim;
use super::views_switch::{first_minutes, overridden};
use crate::driver::View;

/// Events in a status.
const RECENT: usize = 20;

pub(super) fn side(of: Side) -> i32 {
    side_to_wire(of).into()
}

/// How much is told of a scenario's claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What must be, and what is.
    Claims,
    /// How each proof came about, too.
    Proofs,
}

fn side_view(status: &SideStatus, asked: bool, depth: Depth) -> v1::SideView {
    v1::SideView {
        side: side(status.side),
        state: evidence_now(status.state, asked),
        value: status.value.clone(),
        seen_time: status.seen.and_then(time),
        agent: status.agent.as_ref().map(Name::to_string).unwrap_or_default(),
        remaining: remaining(&status.remaining),
        claims: status.claims.iter().map(|one| claim(one, asked, depth)).collect(),
    }
}

pub(super) fn scenario(status: &ScenarioStatus, depth: Depth) -> v1::ScenarioView {
    v1::ScenarioView {
        name: status.name.to_string(),
        title: status.title.clone(),
        level: status.level.word().to_owned(),
        if_broken: status.if_broken.clone(),
        state: evidence_now(status.state, status.asked),
        since_time: time(status.since),
        sides: status.sides.iter().map(|side| side_view(side, status.asked, depth)).collect(),
        gates: status.gates.iter().map(|gate| gate.word().to_owned()).collect(),
        active: status.active,
        phases: status.phases.iter().map(|phase| phase.word().to_owned()).collect(),
    }
}

fn agent(api: &Api, migration: &Name, status: &AgentStatus) -> v1::AgentView {
    let refused = status.refused.iter().map(|refusal| v1::AssignmentStatusView {
        check: refusal.check.to_string(),
        cause: refusal.cause.clone(),
        reason: refusal.reason.clone(),
    });
    v1::AgentView {
        name: status.agent.name.to_string(),
        side: side(status.agent.side),
        state: status.state.word().to_owned(),
        seen_time: status.seen.and_then(time),
        clock_offset_ms: status.offset_ms,
        clock_error_ms: status.error_ms,
        version: status.version.clone(),
        spool_findings: status.spool_findings,
        starved_permille: status.starved_permille,
        refused: refused.collect(),
        certificate_ends_time: time(status.certificate_ends),
        warnings: api.warnings.of(migration, &status.agent),
        renewal_overdue: status.renewal_overdue,
    }
}

pub(super) fn manual(status: &ManualStatus) -> v1::ManualCheckView {
    v1::ManualCheckView {
        name: status.name.to_string(),
        title: status.title.clone(),
        owner: status.owner.to_string(),
        state: status.state.word().to_owned(),
        done_by: status.done_by.as_ref().map(Name::to_string).unwrap_or_default(),
        evidence: status.evidence.clone(),
        done_time: status.done.and_then(time),
        phase: status.phase.map(|phase| phase.word().to_owned()).unwrap_or_default(),
        due_time: status.due.and_then(time),
        expires_time: status.expires.and_then(time),
    }
}

pub(super) use crate::text::event_to_wire as event;

fn collector(api: &Api) -> v1::CollectorView {
    v1::CollectorView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        not_ready: api.health.ready().err().unwrap_or_default(),
        journal_free_bytes: crate::health::free_bytes(&api.components_dir).unwrap_or(0),
        clock_ahead_ms: api.clock.ahead_ms(),
    }
}

/// Who was not let in. Not journaled, so without a number.
fn refused(api: &Api, migration: &Name) -> Vec<v1::Event> {
    (api.refused.of(migration).into_iter())
        .map(|line| v1::Event {
            time: time(line.at),
            kind: "refused".to_owned(),
            text: match line.times {
                1 => line.text,
                times => format!("{} ({times} times)", line.text),
            },
            ..v1::Event::default()
        })
        .collect()
}

/// The components that the plan names, and the checks that run them.
pub(super) fn components(api: &Api, view: &View) -> Vec<v1::ComponentView> {
    let Some(plan) = &view.plan else { return Vec::new() };
    let mut used: std::collections::BTreeMap<_, Vec<String>> = std::collections::BTreeMap::new();
    for (name, scenario) in &plan.plan.scenarios {
        used.entry(scenario.component).or_default().push(name.to_string());
    }
    (used.into_iter())
        .map(|(digest, used_by)| v1::ComponentView {
            sha256: digest.as_bytes().to_vec(),
            size_bytes: super::component::size(&api.components_dir, &digest),
            used_by,
        })
        .collect()
}

/// `the cutover was rehearsed at 2026-11-22 14:07, plan revision 3: it succeeded`.
fn rehearsal(view: &View, status: &RehearsalStatus) -> String {
    let zone = view.plan.as_ref().map(|plan| plan.plan.timezone.as_str());
    let outcome = if status.succeeded { "it succeeded" } else { "it failed" };
    let at = crate::text::local(status.at, zone, "%Y-%m-%d %H:%M");
    let (way, revision) = (status.direction.word(), status.revision);
    format!("the {way} was rehearsed at {at}, plan revision {revision}: {outcome}")
}

/// A migration as it stands.
pub(super) fn status(api: &Api, caller: &Caller, view: &View) -> v1::Status {
    let next = view.next.and_then(|next| view.gates.iter().find(|verdict| verdict.gate == next));
    let next_gate = next.map(|verdict| gate(api, caller, view, verdict));
    // Each gate tells all of them, also one that was passed.
    let told = next.or(view.gates.last());
    let summary = match &next_gate {
        Some(gate) => gate.summary.clone(),
        None => format!("the migration is {}", view.phase),
    };
    let events = api.driver.events(&view.migration).map(|events| events.latest(RECENT)).unwrap_or_default();
    let steps = Steps::of(&view.run);
    // What is filed for the report stands there, and among all events.
    let shown = events.iter().filter(|line| !matches!(line.event.kind, EventKind::Filed(_)));
    let mut recent_events: Vec<_> = shown.map(|line| steps.named(event(line))).collect();
    recent_events.extend(refused(api, &view.migration));
    let title =
        |of: Side| view.plan.as_ref().map(|plan| plan.plan.environment(of).title.clone()).unwrap_or_default();
    v1::Status {
        migration: view.migration.to_string(),
        summary,
        phase: view.phase.word().to_owned(),
        phase_since_time: time(view.phase_since),
        next_gate,
        scenarios: view.scenarios.iter().map(|one| scenario(one, Depth::Claims)).collect(),
        agents: view.agents.iter().map(|one| agent(api, &view.migration, one)).collect(),
        manual_checks: view.manual.iter().map(manual).collect(),
        recent_events,
        source_title: title(Side::Source),
        target_title: title(Side::Target),
        traffic: side(view.traffic),
        switched_time: view.switched.and_then(time),
        components: components(api, view),
        timezone: view.plan.as_ref().map(|plan| plan.plan.timezone.clone()).unwrap_or_default(),
        first_minutes: first_minutes(view),
        failing_receivers: api.failing.of(&view.migration),
        collector: Some(collector(api)),
        rehearsals: view.rehearsals.iter().map(|it| rehearsal(view, it)).collect(),
        switch: Some(switch(view)),
        overrides: told.into_iter().flat_map(|verdict| &verdict.overrides).map(overridden).collect(),
        rehearsal_scale: view.plan.as_ref().is_some_and(|plan| plan.plan.rehearsal_scale),
        as_of_time: time(view.as_of),
    }
}
