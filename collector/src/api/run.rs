//! Runbooks: one operator walks one. The core says what is next and judges; here it is only carried over.

use std::sync::Arc;

use tidelock_core::{Ask, Asker, RunAsk};
use tidelock_model::Name;
use tidelock_proto::v1;
use tidelock_proto::v1::run_service_server::RunService;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::auth::caller;
use super::caller::{Action, Caller};
use super::gate::{migration, request_id, words};
use super::order::asker;
use super::views_gate::time;
use super::views_run::{news, output, run};
use super::watch::follow;
use super::{Api, errors};
use crate::driver::Renewal;
use crate::records::{direction, outcome};

/// The service.
pub(super) struct Runs(pub(super) Arc<Api>);

/// Somebody who may ask this of this migration.
struct Asking {
    who: Caller,
    name: Name,
    by: Asker,
}

impl Runs {
    fn begin<T>(&self, request: &Request<T>, action: Action, name: &str) -> Result<Asking, Status> {
        let who = caller(request)?;
        let name = migration(name)?;
        let view = self.0.view(&who, action, &name)?;
        let by = asker(&who, &view);
        Ok(Asking { who, name, by })
    }

    /// Asks, and gives the run back as it stands after it.
    async fn ask(&self, asking: Asking, ask: RunAsk, id: String) -> Result<Option<v1::Run>, Status> {
        let Asking { who, name, by } = asking;
        let ask = Ask::Run { ask, by, request_id: request_id(id)? };
        self.0.driver.ask(&name, ask).await.map_err(errors::asked)?;
        let view = self.0.view(&who, Action::Look, &name)?;
        Ok(run(&view))
    }
}

#[tonic::async_trait]
impl RunService for Runs {
    type WatchRunStream = ReceiverStream<Result<v1::WatchRunResponse, Status>>;

    async fn begin_run(
        &self,
        request: Request<v1::BeginRunRequest>,
    ) -> Result<Response<v1::BeginRunResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let way = direction(&ask.direction).map_err(|error| errors::invalid("direction", error.why))?;
        let begin = RunAsk::Begin { direction: way, rehearsal: ask.rehearsal };
        let run = self.ask(asking, begin, ask.request_id).await?;
        Ok(Response::new(v1::BeginRunResponse { run }))
    }

    async fn take_run(
        &self,
        request: Request<v1::TakeRunRequest>,
    ) -> Result<Response<v1::TakeRunResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let run = self.ask(asking, RunAsk::Take, request.into_inner().request_id).await?;
        Ok(Response::new(v1::TakeRunResponse { run }))
    }

    async fn renew_run(
        &self,
        request: Request<v1::RenewRunRequest>,
    ) -> Result<Response<v1::RenewRunResponse>, Status> {
        let Asking { name, by, .. } = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let renewal = Renewal { migration: name, by, run: ask.run, lease: ask.lease };
        let until = self.0.driver.renew_run(renewal).await.map_err(errors::asked)?;
        Ok(Response::new(v1::RenewRunResponse { lease_until_time: time(until) }))
    }

    async fn leave_run(
        &self,
        request: Request<v1::LeaveRunRequest>,
    ) -> Result<Response<v1::LeaveRunResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let run = self.ask(asking, RunAsk::Leave { lease: ask.lease }, ask.request_id).await?;
        Ok(Response::new(v1::LeaveRunResponse { run }))
    }

    async fn get_run(
        &self,
        request: Request<v1::GetRunRequest>,
    ) -> Result<Response<v1::GetRunResponse>, Status> {
        let who = caller(&request)?;
        let view = self.0.view(&who, Action::Look, &migration(&request.get_ref().migration)?)?;
        Ok(Response::new(v1::GetRunResponse { run: run(&view) }))
    }

    async fn watch_run(
        &self,
        request: Request<v1::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let who = caller(&request)?;
        let name = migration(&request.get_ref().migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let stream = follow(&self.0, who, name, |_, view| {
            let run = run(view);
            let news = run.as_ref().map(news);
            Ok((v1::WatchRunResponse { run }, news))
        })?;
        Ok(Response::new(stream))
    }

    async fn begin_step(
        &self,
        request: Request<v1::BeginStepRequest>,
    ) -> Result<Response<v1::BeginStepResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let begin = RunAsk::BeginStep { lease: ask.lease, part: ask.part, undo: ask.undo };
        let run = self.ask(asking, begin, ask.request_id).await?;
        Ok(Response::new(v1::BeginStepResponse { run }))
    }

    async fn end_step(
        &self,
        request: Request<v1::EndStepRequest>,
    ) -> Result<Response<v1::EndStepResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let end = RunAsk::EndStep {
            lease: ask.lease,
            part: ask.part,
            undo: ask.undo,
            outcome: outcome(&ask.outcome).map_err(|error| errors::invalid("outcome", error.why))?,
            durable: ask.durable_mutation,
            output: output(&ask.output),
        };
        let run = self.ask(asking, end, ask.request_id).await?;
        Ok(Response::new(v1::EndStepResponse { run }))
    }

    async fn confirm_step(
        &self,
        request: Request<v1::ConfirmStepRequest>,
    ) -> Result<Response<v1::ConfirmStepResponse>, Status> {
        let asking = self.begin(&request, Action::SayOfStep, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let reason = words("reason", ask.reason)?;
        let confirm = RunAsk::ConfirmStep { part: ask.part, done: ask.done, reason };
        let run = self.ask(asking, confirm, ask.request_id).await?;
        Ok(Response::new(v1::ConfirmStepResponse { run }))
    }

    async fn settle_step(
        &self,
        request: Request<v1::SettleStepRequest>,
    ) -> Result<Response<v1::SettleStepResponse>, Status> {
        let asking = self.begin(&request, Action::SayOfStep, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let reason = words("reason", ask.reason)?;
        let settle = RunAsk::SettleStep { part: ask.part, undo: ask.undo, done: ask.done, reason };
        let run = self.ask(asking, settle, ask.request_id).await?;
        Ok(Response::new(v1::SettleStepResponse { run }))
    }

    async fn pass_no_return(
        &self,
        request: Request<v1::PassNoReturnRequest>,
    ) -> Result<Response<v1::PassNoReturnResponse>, Status> {
        let asking = self.begin(&request, Action::Run, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let pass = RunAsk::PassNoReturn { lease: ask.lease, part: ask.part };
        let run = self.ask(asking, pass, ask.request_id).await?;
        Ok(Response::new(v1::PassNoReturnResponse { run }))
    }

    async fn turn_run(
        &self,
        request: Request<v1::TurnRunRequest>,
    ) -> Result<Response<v1::TurnRunResponse>, Status> {
        let asking = self.begin(&request, Action::SayOfStep, &request.get_ref().migration)?;
        let ask = request.into_inner();
        let turn = RunAsk::Turn { reason: words("reason", ask.reason)? };
        let run = self.ask(asking, turn, ask.request_id).await?;
        Ok(Response::new(v1::TurnRunResponse { run }))
    }
}
