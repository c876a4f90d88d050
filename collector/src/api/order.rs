//! Orders: what people and pipelines want of a migration. The core says whether they may have it.

use std::sync::Arc;

use tidelock_core::{Ask, Asker};
use tidelock_model::{Name, Phase};
use tidelock_proto::v1::order_service_server::OrderService;
use tidelock_proto::{side_from_wire, v1};
use tonic::{Request, Response, Status};

use super::auth::caller;
use super::caller::{Action, Caller};
use super::gate::{migration, request_id, words};
use super::{Api, errors, views};
use crate::driver::{Asked, View};

/// The service.
pub(super) struct Orders(pub(super) Arc<Api>);

/// Who asks, in the words of the plan in force.
pub(super) fn asker(who: &Caller, view: &View) -> Asker {
    who.asker(|name| view.plan.as_ref().is_some_and(|plan| plan.plan.people.contains_key(name)))
}

impl Orders {
    /// Lets the call through and says who asks of what.
    fn begin<T>(
        &self,
        request: &Request<T>,
        action: Action,
        name: &str,
    ) -> Result<(Caller, Name, Asker), Status> {
        let who = caller(request)?;
        let name = migration(name)?;
        let view = self.0.view(&who, action, &name)?;
        let by = asker(&who, &view);
        Ok((who, name, by))
    }

    async fn ask(&self, name: &Name, ask: Ask) -> Result<Option<v1::Event>, Status> {
        let asked = self.0.driver.ask(name, ask).await.map_err(errors::asked)?;
        Ok(asked.events.first().map(views::event))
    }
}

/// The gate that a decision opens.
fn gate_of(view: &View, decision: &Name) -> Option<Phase> {
    let plan = view.plan.as_ref()?;
    let found = plan.plan.gates.iter().find(|(_, rule)| rule.decision.as_ref() == Some(decision));
    found.map(|(gate, _)| *gate).or(view.next)
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
        let event = self.ask(&name, Ask::Hold { by, reason, request_id }).await?;
        Ok(Response::new(v1::HoldResponse { event }))
    }

    async fn release(
        &self,
        request: Request<v1::ReleaseRequest>,
    ) -> Result<Response<v1::ReleaseResponse>, Status> {
        let (_, name, by) = self.begin(&request, Action::Release, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let (reason, request_id) = (words("reason", ask.reason)?, request_id(ask.request_id)?);
        let event = self.ask(&name, Ask::Release { by, reason, request_id }).await?;
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
}
