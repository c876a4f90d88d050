//! Orders: what people and pipelines want of a migration. The core says whether they may have it.

use std::sync::Arc;

use tidelock_core::record::{Event, EventKind};
use tidelock_core::{Ask, Asker};
use tidelock_model::{Name, Phase};
use tidelock_proto::v1::order_service_server::OrderService;
use tidelock_proto::{side_from_wire, v1};
use tonic::{Request, Response, Status};

use super::access::blocking;
use super::auth::caller;
use super::caller::{Action, Caller};
use super::gate::{migration, request_id, words};
use super::{Api, errors, views, views_switch};
use crate::driver::{Asked, View};
use crate::past;

/// Holds that one ask names.
const MAX_NAMED: usize = 256;

/// The service.
pub(super) struct Orders(pub(super) Arc<Api>);

/// Who asks, in the words of the plan in force.
pub(super) fn asker(who: &Caller, view: &View) -> Asker {
    who.asker(|name| view.plan.as_ref().is_some_and(|plan| plan.plan.people.contains_key(name)))
}

impl Orders {
    /// Lets the call through and says who asks of what. Whatever is asked may be kept for ever, so nobody asks without
    /// end; but nobody waits to press hold.
    fn begin<T>(
        &self,
        request: &Request<T>,
        action: Action,
        name: &str,
    ) -> Result<(Caller, Name, Asker), Status> {
        let who = caller(request)?;
        let name = migration(name)?;
        let view = self.0.view(&who, action, &name)?;
        if !matches!(action, Action::Look | Action::Hold) {
            self.0.limits.order(&who)?;
        }
        let by = asker(&who, &view);
        Ok((who, name, by))
    }

    async fn ask(&self, name: &Name, ask: Ask) -> Result<Option<v1::Event>, Status> {
        let asked = self.0.driver.ask(name, ask).await.map_err(errors::asked)?;
        Ok(asked.events.first().map(views::event))
    }

    /// The same for what may be so already, and whether it is: then the event is the one that made it so.
    async fn ask_once(
        &self,
        name: &Name,
        ask: Ask,
        made: impl Fn(&Event) -> bool + Send + 'static,
    ) -> Result<(Option<v1::Event>, bool), Status> {
        if let Some(event) = self.ask(name, ask).await? {
            return Ok((Some(event), false));
        }
        Ok((self.newest(name, made).await?, true))
    }

    /// The newest event like that: from memory, and from the journal where that does not reach back so far.
    async fn newest(
        &self,
        name: &Name,
        fits: impl Fn(&Event) -> bool + Send + 'static,
    ) -> Result<Option<v1::Event>, Status> {
        let events = self.0.driver.events(name).ok_or_else(|| errors::no_migration(name))?;
        let here = events.newest(&fits);
        if here.is_some() || events.reach_back_to(0) {
            return Ok(here.map(|line| views::event(&line)));
        }
        let (store, name) = (self.0.store.clone(), name.clone());
        let read = blocking(move || past::newest(&*store, &name, fits)).await?;
        Ok(read.map_err(|error| errors::internal(&error))?.map(|line| views::event(&line)))
    }
}

/// The gate that a decision opens.
fn gate_of(view: &View, decision: &Name) -> Option<Phase> {
    let plan = view.plan.as_ref()?;
    let found = plan.plan.gates.iter().find(|(_, rule)| rule.decision.as_ref() == Some(decision));
    found.map(|(gate, _)| *gate).or(view.next)
}

/// What an ask names, each a name of the plan or a hold's code.
fn names(field: &str, texts: &[String]) -> Result<Vec<Name>, Status> {
    if texts.len() > MAX_NAMED {
        let why = format!("has {} entries, at most {MAX_NAMED} are taken", texts.len());
        return Err(errors::invalid(field, why));
    }
    texts.iter().map(|text| Name::new(text).map_err(|error| errors::invalid(field, error))).collect()
}

fn side(value: i32, field: &str) -> Result<tidelock_model::Side, Status> {
    side_from_wire(value).map_err(|error| errors::invalid(field, error))
}

#[tonic::async_trait]
impl OrderService for Orders {
    async fn decide(
        &self,
        request: Request<v1::DecideRequest>,
    ) -> Result<Response<v1::DecideResponse>, Status> {
        let (who, name, by) = self.begin(&request, Action::Decide, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let decision = Name::new(&ask.decision).map_err(|error| errors::invalid("decision", error))?;
        let wanted = Ask::Decide {
            decision: decision.clone(),
            go: ask.go,
            by,
            reason: words("reason", ask.reason)?,
            evidence_sequence: (ask.evidence_sequence > 0).then_some(ask.evidence_sequence),
            request_id: request_id(ask.request_id)?,
        };
        let Asked { events, recorded } = match ask.dry_run {
            true => self.0.driver.dry_run(&name, wanted).await,
            false => self.0.driver.ask(&name, wanted).await,
        }
        .map_err(errors::asked)?;
        let view = self.0.view(&who, Action::Look, &name)?;
        let gate = gate_of(&view, &decision).and_then(|gate| self.0.gate(&who, &view, gate.word()).ok());
        Ok(Response::new(v1::DecideResponse { event: events.first().map(views::event), gate, recorded }))
    }

    async fn hold(&self, request: Request<v1::HoldRequest>) -> Result<Response<v1::HoldResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::Hold, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let holder = by.name.clone();
        let made =
            move |event: &Event| event.kind == EventKind::HoldSet && event.by.as_ref() == Some(&holder);
        let (event, _) = self.ask_once(&name, Ask::Hold { by, reason, request_id }, made).await?;
        Ok(Response::new(v1::HoldResponse { event }))
    }

    async fn release(
        &self,
        request: Request<v1::ReleaseRequest>,
    ) -> Result<Response<v1::ReleaseResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::Release, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let of = match ask.of.as_str() {
            "" => None,
            of => Some(Name::new(of).map_err(|error| errors::invalid("of", error))?),
        };
        let event = self.ask(&name, Ask::Release { by, of, reason, request_id }).await?;
        Ok(Response::new(v1::ReleaseResponse { event }))
    }

    async fn report_switched(
        &self,
        request: Request<v1::ReportSwitchedRequest>,
    ) -> Result<Response<v1::ReportSwitchedResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::ReportSwitch, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let ask = Ask::Switched { to: side(ask.to, "to")?, by, reason, request_id };
        let event = self.ask(&name, ask).await?;
        Ok(Response::new(v1::ReportSwitchedResponse { event }))
    }

    async fn complete_manual_check(
        &self,
        request: Request<v1::CompleteManualCheckRequest>,
    ) -> Result<Response<v1::CompleteManualCheckResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::Manual, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let ask = Ask::ManualDone {
            check: Name::new(&ask.check).map_err(|error| errors::invalid("check", error))?,
            by,
            evidence: words("evidence", ask.evidence)?,
            failed: ask.failed,
            request_id: request_id(ask.request_id)?,
        };
        let event = self.ask(&name, ask).await?;
        Ok(Response::new(v1::CompleteManualCheckResponse { event }))
    }

    async fn abort(&self, request: Request<v1::AbortRequest>) -> Result<Response<v1::AbortResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::Abort, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let event = self.ask(&name, Ask::Abort { by, reason, request_id }).await?;
        Ok(Response::new(v1::AbortResponse { event }))
    }

    async fn set_revision(
        &self,
        request: Request<v1::SetRevisionRequest>,
    ) -> Result<Response<v1::SetRevisionResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::SetRevision, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (revision, request_id) = (words("revision", ask.revision)?, request_id(ask.request_id)?);
        let ask = Ask::SetRevision { side: side(ask.side, "side")?, revision, by, request_id };
        let event = self.ask(&name, ask).await?;
        Ok(Response::new(v1::SetRevisionResponse { event }))
    }

    async fn set_cutovers(
        &self,
        request: Request<v1::SetCutoversRequest>,
    ) -> Result<Response<v1::SetCutoversResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::SetCutovers, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let wanted = ask.enabled;
        let made = move |event: &Event| event.kind == EventKind::CutoversSet { enabled: wanted };
        let ask = Ask::SetCutovers { enabled: wanted, by, reason, request_id };
        let (event, already) = self.ask_once(&name, ask, made).await?;
        Ok(Response::new(v1::SetCutoversResponse { event, already }))
    }

    async fn set_fact(
        &self,
        request: Request<v1::SetFactRequest>,
    ) -> Result<Response<v1::SetFactResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::SetFact, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (fact, reason) = (words("fact", ask.fact)?, words("reason", ask.reason)?);
        let wanted = EventKind::FactSet { fact: fact.clone() };
        let made = move |event: &Event| event.kind == wanted;
        let ask = Ask::SetFact { fact, by, reason, request_id: request_id(ask.request_id)? };
        let (event, already) = self.ask_once(&name, ask, made).await?;
        Ok(Response::new(v1::SetFactResponse { event, already }))
    }

    async fn override_holds(
        &self,
        request: Request<v1::OverrideHoldsRequest>,
    ) -> Result<Response<v1::OverrideHoldsResponse>, Status> {
        let (who, name, by) = self.begin(&request, Action::Override, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let gate: Phase = ask.gate.parse().map_err(|_| errors::no_gate(&ask.gate))?;
        let ask = Ask::Override {
            gate,
            checks: names("checks", &ask.checks)?,
            by,
            reason: words("reason", ask.reason)?,
            request_id: request_id(ask.request_id)?,
        };
        let event = self.ask(&name, ask).await?;
        let view = self.0.view(&who, Action::Look, &name)?;
        let gate = self.0.gate(&who, &view, gate.word()).ok();
        Ok(Response::new(v1::OverrideHoldsResponse { event, gate }))
    }

    async fn list_leftovers(
        &self,
        request: Request<v1::ListLeftoversRequest>,
    ) -> Result<Response<v1::ListLeftoversResponse>, Status> {
        let (_, name, _) = self.begin(&request, Action::Look, &request.get_ref().migration)?;
        let (rows, cut) = self.0.driver.leftovers(&name).await.ok_or_else(|| errors::no_migration(&name))?;
        let leftovers = rows.iter().map(views_switch::leftover).collect();
        Ok(Response::new(v1::ListLeftoversResponse { leftovers, cut }))
    }

    async fn settle_leftover(
        &self,
        request: Request<v1::SettleLeftoverRequest>,
    ) -> Result<Response<v1::SettleLeftoverResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::SettleLeftover, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let ask = Ask::SettleLeftover {
            key: words("key", ask.key)?,
            owner: Name::new(&ask.owner).map_err(|error| errors::invalid("owner", error))?,
            disposition: words("disposition", ask.disposition)?,
            by,
            request_id: request_id(ask.request_id)?,
        };
        Ok(Response::new(v1::SettleLeftoverResponse { event: self.ask(&name, ask).await? }))
    }
}
