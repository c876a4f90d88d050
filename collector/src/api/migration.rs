//! Migrations: how they stand, why, and what happened.

use std::sync::Arc;

use tidelock_core::plan::Plan;
use tidelock_model::{Name, Timestamp};
use tidelock_proto::v1;
use tidelock_proto::v1::migration_service_server::MigrationService;
use tidelock_proto::{batch_to_wire, side_to_wire};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::auth::caller;
use super::caller::Action;
use super::gate::migration;
use super::steps::Steps;
use super::views::Depth;
use super::views_gate::{hold, news, plan_ref, time};
use super::watch::{follow, still_signed_in};
use super::{Api, check, errors, views, views_proof};
use crate::driver::View;
use crate::fold::RecentFinding;
use crate::journal::Position;
use crate::text::{self, EVENT_KINDS};

/// Findings of a check that are given back at most.
const MAX_RECENT: u32 = 100;
/// Events in one answer.
const PAGE: usize = 1000;

/// The service.
pub(super) struct Migrations(pub(super) Arc<Api>);

/// Where the plan says that a trace can be looked at; empty where it does not.
fn trace_link(view: &View) -> String {
    let plan = view.plan.as_ref().map(|force| &force.plan);
    plan.and_then(|plan| plan.links.get("trace")).cloned().unwrap_or_default()
}

fn status_news(status: &v1::Status) -> v1::Status {
    let mut status = status.clone();
    status.as_of_time = None;
    status.next_gate = status.next_gate.as_ref().map(news);
    status.switch = status.switch.as_ref().map(super::views_owners::news);
    for side in status.scenarios.iter_mut().flat_map(|scenario| &mut scenario.sides) {
        side.seen_time = None;
    }
    for agent in &mut status.agents {
        agent.seen_time = None;
        (agent.clock_offset_ms, agent.clock_error_ms, agent.spool_findings, agent.starved_permille) =
            (0, 0, 0, 0);
    }
    if let Some(collector) = &mut status.collector {
        (collector.journal_free_bytes, collector.clock_ahead_ms) = (0, 0);
    }
    status
}

pub(super) fn recent(recent: &RecentFinding) -> v1::RecentFinding {
    let batch = batch_to_wire(tidelock_model::FindingBatch {
        agent: recent.agent.clone(),
        spool_epoch: tidelock_model::SpoolEpoch(0),
        first_seq: 1,
        findings: vec![recent.finding.clone()],
        gap: None,
    });
    v1::RecentFinding {
        agent: Some(v1::AgentRef {
            side: side_to_wire(recent.agent.side).into(),
            name: recent.agent.name.to_string(),
        }),
        received_time: time(recent.received),
        finding: batch.findings.into_iter().next(),
    }
}

fn wanted(event: &v1::Event, kind: &str, since: Option<Timestamp>) -> bool {
    let at = |time: &prost_types::Timestamp| (time.seconds, time.nanos);
    let since = since.and_then(text::time_to_wire);
    (kind.is_empty() || event.kind == kind)
        && since.is_none_or(|since| event.time.as_ref().is_some_and(|time| at(time) >= at(&since)))
}

/// Some events, and where the next ones begin.
struct Page {
    events: Vec<v1::Event>,
    next: Option<u64>,
}

impl Migrations {
    /// The next events after this one: from memory as far as it reaches, the older ones from the index.
    async fn page(
        &self,
        name: &Name,
        mut after: u64,
        size: usize,
        wanted: impl Fn(&v1::Event) -> bool,
    ) -> Result<Page, Status> {
        let kept = self.0.driver.events(name).ok_or_else(|| errors::no_migration(name))?;
        let mut events = Vec::new();
        loop {
            let lines = if kept.reach_back_to(after) {
                kept.after(after, PAGE).iter().map(|line| views::event(line)).collect()
            } else {
                self.older(name, after).await?
            };
            let read = lines.len();
            for event in lines {
                if events.len() == size {
                    return Ok(Page { events, next: Some(after) });
                }
                after = event.sequence;
                if wanted(&event) {
                    events.push(event);
                }
            }
            if read < PAGE {
                return Ok(Page { events, next: None });
            }
        }
    }

    async fn older(&self, name: &Name, after: u64) -> Result<Vec<v1::Event>, Status> {
        let lookup = self.0.lookup.get().cloned();
        let lookup = lookup.ok_or_else(|| errors::unavailable("the index of old events is not open"))?;
        let name = name.clone();
        let found = super::access::blocking(move || lookup.events_after(&name, after, PAGE)).await?;
        found.map_err(|error| errors::internal(&error))
    }

    /// What the index knows of a check before this position; nothing where it cannot say.
    async fn history(
        &self,
        name: &Name,
        check: &Name,
        before: Position,
        at_most: usize,
    ) -> Vec<v1::RecentFinding> {
        let Some(lookup) = self.0.lookup.get().cloned().filter(|_| at_most > 0) else {
            return Vec::new();
        };
        let (name, check) = (name.clone(), check.clone());
        let found = super::access::blocking(move || lookup.history(&name, &check, before, at_most)).await;
        match found {
            Ok(Ok(lines)) => lines,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the history of a check cannot be looked up");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }
}

pub(super) fn no_check(migration: &Name, check: &Name, plan: Option<&Plan>) -> Status {
    let known: Vec<&str> = plan.iter().flat_map(|plan| plan.scenarios.keys()).map(Name::as_str).collect();
    let instead = errors::instead(check.as_str(), &known);
    errors::not_found(format!("the plan of {migration} has no check {check}{instead}"))
}

/// The plan in force, as it is shown.
fn plan_of(view: &View) -> Option<&Plan> {
    view.plan.as_ref().map(|force| &*force.plan)
}

fn since(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}

#[tonic::async_trait]
impl MigrationService for Migrations {
    type WatchStatusStream = ReceiverStream<Result<v1::WatchStatusResponse, Status>>;
    type RunCheckStream = ReceiverStream<Result<v1::RunCheckResponse, Status>>;
    type WatchEventsStream = ReceiverStream<Result<v1::WatchEventsResponse, Status>>;

    async fn list_migrations(
        &self,
        request: Request<v1::ListMigrationsRequest>,
    ) -> Result<Response<v1::ListMigrationsResponse>, Status> {
        let who = caller(&request)?;
        if !self.0.driver.ready() {
            return Err(errors::unavailable("the collector replays its journal"));
        }
        let views = self.0.driver.views();
        let seen = views.iter().filter(|view| who.sees(&view.migration)).map(|view| v1::MigrationSummary {
            migration: view.migration.to_string(),
            phase: view.phase.word().to_owned(),
            plan: plan_ref(view),
        });
        Ok(Response::new(v1::ListMigrationsResponse { migrations: seen.collect() }))
    }

    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let who = caller(&request)?;
        let view = self.0.view(&who, Action::Look, &migration(&request.get_ref().migration)?)?;
        Ok(Response::new(v1::GetStatusResponse { status: Some(views::status(&self.0, &who, &view)) }))
    }

    async fn watch_status(
        &self,
        request: Request<v1::WatchStatusRequest>,
    ) -> Result<Response<Self::WatchStatusStream>, Status> {
        let who = caller(&request)?;
        let name = migration(&request.get_ref().migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let api = self.0.clone();
        let stream = follow(&self.0, who, name, move |who, view| {
            let status = views::status(&api, who, view);
            let news = status_news(&status);
            Ok((v1::WatchStatusResponse { status: Some(status) }, news))
        })?;
        Ok(Response::new(stream))
    }

    async fn explain_check(
        &self,
        request: Request<v1::ExplainCheckRequest>,
    ) -> Result<Response<v1::ExplainCheckResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        let view = self.0.view(&who, Action::Look, &name)?;
        let check = Name::new(&ask.check).map_err(|error| errors::invalid("check", error))?;
        let wanted = ask.recent.min(MAX_RECENT) as usize;
        let explained = self.0.driver.explain(&name, &check, wanted).await;
        let explained = explained.ok_or_else(|| no_check(&name, &check, plan_of(&view)))?;
        let mut found: Vec<_> = explained.recent.iter().map(recent).collect();
        let missing = wanted - found.len().min(wanted);
        found.extend(self.history(&name, &check, explained.recent_from, missing).await);
        Ok(Response::new(v1::ExplainCheckResponse {
            scenario: Some(views::scenario(&explained.explanation.scenario, Depth::Proofs)),
            holds: explained.explanation.holds.iter().map(hold).collect(),
            recent: found,
            blind_spots: self.0.blind_spots.get(&name, &check),
            trace_link: trace_link(&view),
        }))
    }

    async fn run_check(
        &self,
        request: Request<v1::RunCheckRequest>,
    ) -> Result<Response<Self::RunCheckStream>, Status> {
        let who = caller(&request)?;
        Ok(Response::new(check::run(&self.0, &who, request.into_inner()).await?))
    }

    async fn get_evidence(
        &self,
        request: Request<v1::GetEvidenceRequest>,
    ) -> Result<Response<v1::GetEvidenceResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        let view = self.0.view(&who, Action::Look, &name)?;
        let check = Name::new(&ask.check).map_err(|error| errors::invalid("check", error))?;
        let seen = self.0.driver.course(&name, &check).await;
        let seen = seen.ok_or_else(|| no_check(&name, &check, plan_of(&view)))?;
        let no_slots =
            || format!("{check} claims nothing that is weighed slot by slot; see: tidelock why {check}");
        let course = seen.course.as_ref().ok_or_else(|| errors::not_found(no_slots()))?;
        let last = (ask.last_ms > 0).then_some(ask.last_ms);
        let evidence = v1::Evidence {
            migration: name.to_string(),
            check: check.to_string(),
            timezone: view.plan.as_ref().map(|plan| plan.plan.timezone.clone()).unwrap_or_default(),
            ..views_proof::evidence(&seen, course, last)
        };
        Ok(Response::new(v1::GetEvidenceResponse { evidence: Some(evidence) }))
    }

    async fn get_head(
        &self,
        request: Request<v1::GetHeadRequest>,
    ) -> Result<Response<v1::GetHeadResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let answered = self.0.heads.answer(&name, ask.remembered.as_ref()).await;
        let answered = answered.map_err(|error| errors::internal(&error))?;
        // Whoever may only look holds nothing by what nobody can read.
        if let Some(why) = answered.unreadable {
            return Err(errors::invalid("remembered", why));
        }
        if let Some(missing) = &answered.missing {
            let held = self.0.heads.hold(&name, who.subject().as_str(), missing).await;
            held.map_err(|error| errors::asked(*error))?;
        }
        Ok(Response::new(v1::GetHeadResponse { head: answered.head, remembered: answered.remembered }))
    }

    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let after = match ask.page_token.as_str() {
            "" => 0,
            text => text.parse().map_err(|_| errors::invalid("page_token", "is none of ours"))?,
        };
        if !ask.kind.is_empty() && !EVENT_KINDS.contains(&ask.kind.as_str()) {
            // Nothing found would read as if nothing had happened.
            let known = format!("no event is of that kind; they are {}", EVENT_KINDS.join(", "));
            return Err(errors::invalid("type", known));
        }
        let size = match ask.page_size {
            0 => PAGE,
            size => (size as usize).min(PAGE),
        };
        let since = since(ask.since_time);
        let mut page = self.page(&name, after, size, |event| wanted(event, &ask.kind, since)).await?;
        if page.events.iter().any(|event| event.part.is_some()) {
            let steps = Steps::of_migration(&self.0, &name).await;
            page.events = page.events.into_iter().map(|event| steps.named(event)).collect();
        }
        let next_page_token = page.next.map(|sequence| sequence.to_string()).unwrap_or_default();
        Ok(Response::new(v1::ListEventsResponse { events: page.events, next_page_token }))
    }

    async fn watch_events(
        &self,
        request: Request<v1::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let gone = || errors::no_migration(&name);
        let mut views = self.0.driver.follow(&name).ok_or_else(gone)?;
        let events = self.0.driver.events(&name).ok_or_else(gone)?;
        let (send, messages) = mpsc::channel(16);
        let api = self.0.clone();
        tokio::spawn(async move {
            let (mut after, mut steps) = (ask.after_sequence, Steps::default());
            loop {
                for line in events.after(after, PAGE) {
                    after = line.sequence;
                    let event = views::event(&line);
                    if steps.lack(&event) {
                        steps = Steps::of_migration(&api, &name).await;
                    }
                    let response = v1::WatchEventsResponse { event: Some(steps.named(event)) };
                    if send.send(Ok(response)).await.is_err() {
                        return;
                    }
                }
                let last = views.borrow_and_update().last_event;
                if last > after && !events.after(after, 1).is_empty() {
                    continue;
                }
                tokio::select! {
                    changed = views.changed() => if changed.is_err() { return },
                    () = send.closed() => return,
                    () = api.stop.cancelled() => return drop(send.send(Err(errors::unavailable("the collector stops"))).await),
                }
                if !still_signed_in(&api, &who) {
                    return drop(send.send(Err(errors::not_signed_in())).await);
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}
