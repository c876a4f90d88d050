//! Gates: looking, waiting, and taking an open one.

use std::sync::Arc;

use prost::Message as _;
use tidelock_core::{Ask, ScenarioStatus};
use tidelock_model::{Name, Phase};
use tidelock_proto::v1;
use tidelock_proto::v1::gate_service_server::GateService;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::auth::caller;
use super::caller::{Action, Caller};
use super::views::{Depth, scenario};
use super::views_gate::{gate, news, time};
use super::watch::follow;
use super::{Api, errors, token};
use crate::driver::View;

/// Longest id of a request.
const MAX_ID_BYTES: usize = 128;
/// Longest text that a caller gives.
const MAX_TEXT_BYTES: usize = 4096;
/// Bytes of the proofs in one gate's answer; `why CHECK` has each whole.
const PROOF_BYTES: usize = 1 << 20;

pub(super) fn migration(text: &str) -> Result<Name, Status> {
    Name::new(text).map_err(|error| errors::invalid("migration", error))
}

pub(super) fn request_id(text: String) -> Result<String, Status> {
    match text.len() {
        0..=MAX_ID_BYTES => Ok(text),
        n => Err(errors::invalid("request_id", format!("has {n} bytes, at most {MAX_ID_BYTES} are taken"))),
    }
}

/// A text for the record: bounded, and without what could play tricks on a screen.
pub(super) fn words(field: &str, text: String) -> Result<String, Status> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(errors::invalid(
            field,
            format!("has {} bytes, at most {MAX_TEXT_BYTES} are taken", text.len()),
        ));
    }
    if text.chars().any(|c| tidelock_model::is_unfit(c) && c != '\n') {
        return Err(errors::invalid(
            field,
            "has a control character, or one that hides or turns the line around",
        ));
    }
    Ok(text)
}

/// Scenarios with their proofs, as far as there is room: no answer about a gate fails for what explains it.
fn explained<'a>(needed: impl Iterator<Item = &'a ScenarioStatus>) -> Vec<v1::ScenarioView> {
    let mut room = PROOF_BYTES;
    let one = |status: &ScenarioStatus| {
        let whole = scenario(status, Depth::Proofs);
        match room.checked_sub(whole.encoded_len()) {
            Some(left) => {
                room = left;
                whole
            }
            None => scenario(status, Depth::Claims),
        }
    };
    needed.map(one).collect()
}

impl Api {
    /// The picture of a migration that the caller may do this with.
    pub(super) fn view(&self, caller: &Caller, action: Action, name: &Name) -> Result<Arc<View>, Status> {
        if !self.driver.ready() {
            return Err(errors::unavailable("the collector replays its journal"));
        }
        caller.may(action, Some(name))?;
        self.driver.view(name).ok_or_else(|| {
            let views = self.driver.views();
            let known = views.iter().map(|view| &view.migration).filter(|known| caller.sees(known));
            errors::none_of(name, &known.map(Name::as_str).collect::<Vec<_>>())
        })
    }

    /// One gate as the caller may believe it now.
    pub(super) fn gate(&self, caller: &Caller, view: &View, name: &str) -> Result<v1::Gate, Status> {
        let unknown = || {
            let known: Vec<&str> = view.gates.iter().map(|verdict| verdict.gate.word()).collect();
            errors::no_gate_of(name, &known)
        };
        let phase: Phase = name.parse().map_err(|_| unknown())?;
        caller.may_ask(phase)?;
        let verdict = view.gates.iter().find(|verdict| verdict.gate == phase);
        let mut shown = gate(self, caller, view, verdict.ok_or_else(unknown)?);
        let needed = view.scenarios.iter().filter(|scenario| scenario.gates.contains(&phase));
        shown.scenarios = explained(needed);
        Ok(shown)
    }
}

/// The service.
pub(super) struct Gates(pub(super) Arc<Api>);

#[tonic::async_trait]
impl GateService for Gates {
    type WatchGateStream = ReceiverStream<Result<v1::WatchGateResponse, Status>>;

    async fn get_gate(
        &self,
        request: Request<v1::GetGateRequest>,
    ) -> Result<Response<v1::GetGateResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let view = self.0.view(&who, Action::Look, &migration(&ask.migration)?)?;
        Ok(Response::new(v1::GetGateResponse { gate: Some(self.0.gate(&who, &view, &ask.gate)?) }))
    }

    async fn list_gates(
        &self,
        request: Request<v1::ListGatesRequest>,
    ) -> Result<Response<v1::ListGatesResponse>, Status> {
        let who = caller(&request)?;
        let view = self.0.view(&who, Action::Look, &migration(&request.get_ref().migration)?)?;
        let gates = view.gates.iter().map(|verdict| gate(&self.0, &who, &view, verdict)).collect();
        Ok(Response::new(v1::ListGatesResponse { gates }))
    }

    async fn watch_gate(
        &self,
        request: Request<v1::WatchGateRequest>,
    ) -> Result<Response<Self::WatchGateStream>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        let view = self.0.view(&who, Action::Look, &name)?;
        // An unknown gate is told at once, not as a stream that never says anything.
        self.0.gate(&who, &view, &ask.gate)?;
        let api = self.0.clone();
        let stream = follow(&self.0, who, name, move |who, view| {
            let gate = api.gate(who, view, &ask.gate)?;
            let news = news(&gate);
            Ok((v1::WatchGateResponse { gate: Some(gate) }, news))
        })?;
        Ok(Response::new(stream))
    }

    async fn confirm_cutover(
        &self,
        request: Request<v1::ConfirmCutoverRequest>,
    ) -> Result<Response<v1::ConfirmCutoverResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        who.may_ask(Phase::Cutover)?;
        let view = self.0.view(&who, Action::Confirm, &name)?;
        let epoch = token::read(&self.0.gate_key, &name, &ask.token, self.0.clock.now())
            .map_err(|error| errors::precondition("BAD_TOKEN", error.to_string()))?;
        let by = super::order::asker(&who, &view);
        let ask = Ask::Confirm { by, epoch, request_id: request_id(ask.request_id)? };
        let asked = self.0.driver.ask(&name, ask).await.map_err(errors::asked)?;
        let line = asked.events.first().ok_or_else(|| errors::internal(&"a confirmation made no event"))?;
        Ok(Response::new(v1::ConfirmCutoverResponse {
            decision: line.sequence,
            confirmed_time: time(line.at),
        }))
    }
}
