//! A collector for tests of the walk: it knows one run, says what is next as the real one does, and
//! writes down what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tidelock_proto::v1::run_service_server::{RunService, RunServiceServer};
use tidelock_proto::{json, v1};
use tokio::sync::watch;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::{TcpListenerStream, WatchStream};
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::client::Client;

/// What it knows and what it was asked.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) run: v1::Run,
    /// `begin fence`, `end fence done`, `pass`, `leave`, …
    pub(super) log: Vec<String>,
    /// The ids of the beginnings, in order.
    pub(super) ids: Vec<String>,
    /// What the next beginnings, and the point of no return, are answered with before any is taken.
    pub(super) trouble: VecDeque<Status>,
    pub(super) refuse_renewal: bool,
    /// The end of a command that was killed or failed is settled by a person.
    pub(super) settles: bool,
    /// What the asks for a run are answered with, before one is begun.
    pub(super) not_begun: VecDeque<Status>,
    /// It asks again for an undo that failed, as if nothing had been.
    pub(super) insists: bool,
    output: Vec<String>,
    pictures: u64,
}

pub(super) struct Fake {
    known: Mutex<Known>,
    changed: watch::Sender<v1::Run>,
}

impl Fake {
    /// Serves this run, and gives a client of it.
    pub(super) async fn serve(run: v1::Run) -> (Arc<Fake>, Client) {
        let known = Mutex::new(Known { run: run.clone(), ..Known::default() });
        let fake = Arc::new(Fake { known, changed: watch::channel(run).0 });
        fake.change(|_| ());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let service = RunServiceServer::from_arc(Arc::clone(&fake));
        tokio::spawn(
            Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
        );
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
        (fake, Client::of_test(endpoint.connect_lazy(), "shop"))
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no test panics while it holds this")
    }

    /// What was asked, in order.
    pub(super) fn log(&self) -> Vec<String> {
        self.known().log.clone()
    }

    /// What the commands said, as it was journaled.
    pub(super) fn output(&self) -> String {
        self.known().output.concat()
    }

    /// Waits until this was asked.
    pub(super) async fn until_asked(&self, what: &str) {
        for _ in 0..500 {
            if self.log().iter().any(|line| line == what) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what} was never asked: {:?}", self.log());
    }

    /// Changes what is known, and tells it.
    pub(super) fn change(&self, change: impl FnOnce(&mut Known)) -> Option<v1::Run> {
        let mut known = self.known();
        change(&mut known);
        known.pictures += 1;
        known.run.as_of_time = Some(json::wire_time(1_000_000 + known.pictures));
        known.go_on();
        self.changed.send_replace(known.run.clone());
        Some(known.run.clone())
    }
}

impl Known {
    fn part(&mut self, part: u32) -> &mut v1::RunPart {
        self.run.parts.iter_mut().find(|found| found.part == part).expect("the part is there")
    }

    /// Says what is next.
    fn go_on(&mut self) {
        let is = |state: &str| self.run.parts.iter().find(|part| part.state == state).map(|part| part.part);
        let insists = self.insists;
        let takes_back = |part: &&v1::RunPart| match part.state.as_str() {
            "done" | "failed" | "ambiguous" => true,
            "undo_failed" => insists,
            _ => false,
        };
        let undone = self.run.parts.iter().rev().find(takes_back);
        let turned = self.run.state == "undoing";
        let (next, part, undo) = if let Some(part) = is("ambiguous").filter(|_| !turned) {
            ("settle", part, false)
        } else if let Some(part) = is("undo_ambiguous") {
            ("settle", part, true)
        } else if let Some(part) = is("begun").or(is("undoing")) {
            ("wait", part, false)
        } else if turned {
            undone.map_or(("over", 0, false), |part| ("undo", part.part, true))
        } else {
            match self.run.parts.iter().find(|part| part.state == "pending") {
                None => ("over", 0, false),
                Some(part) if part.kind == "point-of-no-return" => ("pass_no_return", part.part, false),
                Some(part) if part.kind == "manual" => ("confirm", part.part, false),
                Some(part) => ("carry", part.part, false),
            }
        };
        (self.run.next, self.run.next_part, self.run.next_undo) = (next.to_owned(), part, undo);
        if next == "over" {
            let word = if self.run.state == "undoing" { "undone" } else { "completed" };
            self.run.state = word.to_owned();
            self.run.ended_time = self.run.as_of_time;
        }
    }

    fn ended(&mut self, ask: &v1::EndStepRequest) {
        let settles = self.settles;
        let part = self.part(ask.part);
        part.state = match (ask.undo, ask.outcome.as_str()) {
            (false, "done") => "done",
            (true, "done") => "undone",
            (false, "unknown") if settles => "ambiguous",
            (true, "unknown") if settles => "undo_ambiguous",
            (true, _) => "undo_failed",
            (false, _) => "failed",
        }
        .to_owned();
        part.outcome.clone_from(&ask.outcome);
        part.durable_mutation = ask.durable_mutation;
        let turned = !ask.undo && ask.outcome == "failed";
        let label = super::parts::label(self.part(ask.part));
        let undo = if ask.undo { "undo " } else { "" };
        let durable = if ask.durable_mutation { " durable" } else { "" };
        self.log.push(format!("end {undo}{label} {}{durable}", ask.outcome));
        self.output.push(ask.output.clone());
        if turned {
            self.run.state = "undoing".to_owned();
            self.run.why = format!("{label} failed");
        }
    }
}

#[tonic::async_trait]
impl RunService for Fake {
    type WatchRunStream =
        std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::WatchRunResponse, Status>> + Send>>;

    async fn begin_run(
        &self,
        request: Request<v1::BeginRunRequest>,
    ) -> Result<Response<v1::BeginRunResponse>, Status> {
        self.known().ids.push(request.into_inner().request_id);
        if let Some(status) = self.known().not_begun.pop_front() {
            return Err(status);
        }
        Ok(Response::new(v1::BeginRunResponse { run: self.change(|known| known.log.push("run".to_owned())) }))
    }

    async fn take_run(
        &self,
        _: Request<v1::TakeRunRequest>,
    ) -> Result<Response<v1::TakeRunResponse>, Status> {
        Err(Status::unimplemented("these tests begin with a run"))
    }

    async fn renew_run(
        &self,
        request: Request<v1::RenewRunRequest>,
    ) -> Result<Response<v1::RenewRunResponse>, Status> {
        if request.get_ref().run == 0 {
            self.known().log.push("stands by".to_owned());
        }
        match self.known().refuse_renewal {
            true => Err(Status::failed_precondition("ben walks it now")),
            false => Ok(Response::new(v1::RenewRunResponse::default())),
        }
    }

    async fn leave_run(
        &self,
        _: Request<v1::LeaveRunRequest>,
    ) -> Result<Response<v1::LeaveRunResponse>, Status> {
        let run = self.change(|known| {
            known.log.push("leave".to_owned());
            known.run.operator.clear();
        });
        Ok(Response::new(v1::LeaveRunResponse { run }))
    }

    async fn get_run(&self, _: Request<v1::GetRunRequest>) -> Result<Response<v1::GetRunResponse>, Status> {
        Ok(Response::new(v1::GetRunResponse { run: Some(self.known().run.clone()) }))
    }

    async fn watch_run(
        &self,
        _: Request<v1::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let runs = WatchStream::new(self.changed.subscribe());
        Ok(Response::new(Box::pin(runs.map(|run| Ok(v1::WatchRunResponse { run: Some(run) })))))
    }

    async fn begin_step(
        &self,
        request: Request<v1::BeginStepRequest>,
    ) -> Result<Response<v1::BeginStepResponse>, Status> {
        let ask = request.into_inner();
        if let Some(status) = {
            let mut known = self.known();
            known.ids.push(ask.request_id.clone());
            known.trouble.pop_front()
        } {
            return Err(status);
        }
        let run = self.change(|known| {
            let part = known.part(ask.part);
            part.state = if ask.undo { "undoing" } else { "begun" }.to_owned();
            let label = super::parts::label(part);
            known.log.push(format!("begin {}{label}", if ask.undo { "undo " } else { "" }));
        });
        Ok(Response::new(v1::BeginStepResponse { run }))
    }

    async fn end_step(
        &self,
        request: Request<v1::EndStepRequest>,
    ) -> Result<Response<v1::EndStepResponse>, Status> {
        let ask = request.into_inner();
        let run = self.change(|known| known.ended(&ask));
        Ok(Response::new(v1::EndStepResponse { run }))
    }

    async fn confirm_step(
        &self,
        _: Request<v1::ConfirmStepRequest>,
    ) -> Result<Response<v1::ConfirmStepResponse>, Status> {
        Err(Status::unimplemented("nobody types in these tests"))
    }

    async fn settle_step(
        &self,
        _: Request<v1::SettleStepRequest>,
    ) -> Result<Response<v1::SettleStepResponse>, Status> {
        Err(Status::unimplemented("nobody settles in these tests"))
    }

    async fn pass_no_return(
        &self,
        request: Request<v1::PassNoReturnRequest>,
    ) -> Result<Response<v1::PassNoReturnResponse>, Status> {
        let ask = request.into_inner();
        let refused = self.known().trouble.pop_front();
        if let Some(status) = refused {
            return Err(status);
        }
        let run = self.change(|known| {
            known.part(ask.part).state = "done".to_owned();
            known.log.push("pass".to_owned());
        });
        Ok(Response::new(v1::PassNoReturnResponse { run }))
    }

    async fn turn_run(
        &self,
        _: Request<v1::TurnRunRequest>,
    ) -> Result<Response<v1::TurnRunResponse>, Status> {
        Err(Status::unimplemented("nobody turns back in these tests"))
    }
}
