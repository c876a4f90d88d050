//! The child's side: reads requests, runs components, writes answers.
//!
//! Two threads of their own read and write the socket, so that guests that keep every worker busy can
//! neither hide the agent's end nor delay an answer. When the agent is gone, so is this process.

use std::io::{self, BufReader};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use rustix::process::getppid;
use tidelock_model::Cause;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

use crate::cache::Cache;
use crate::confine::{self, Child};
use crate::engine;
use crate::library::{Library, NotReady};
use crate::protocol::made_up::MadeUp;
use crate::protocol::message::{Answer, FromRunner, Start, ToRunner};
use crate::protocol::{Refusal, RunRequest, frame};
use crate::run::{Stage, not_begun};
use crate::ticker::Ticker;

/// Answers that wait to be written. A run's answer waits here, and with it the run's permit.
const MAX_WAITING_ANSWERS: usize = 64;
/// Threads that wait for the system's resolver.
const MAX_BLOCKING: usize = 64;
/// Threads that run guests.
const MAX_WORKERS: usize = 4;

/// The entry point of `tidelock-agent runner`: speaks with the agent over the socket on its standard
/// input until that is closed. Not for people.
pub fn runner_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the runner cannot go on");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> anyhow::Result<()> {
    let closed = confine::close_inherited();
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut writer = socket;
    let Some(ToRunner::Start(start)) = frame::read(&mut reader)? else {
        anyhow::bail!("the first message is not the start");
    };
    // The files that say how many there are for this process are out of its reach afterwards.
    let workers = thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    let kept = confine(&start, closed)?;
    // A guest that computes holds a worker for a whole epoch at a time. Between two of them the worker
    // must look at what else there is to do, or others would wait for dozens of epochs.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MAX_BLOCKING)
        .global_queue_interval(2)
        .event_interval(2)
        .enable_all()
        .build()?;
    let (runner, warning) = match Runner::new(start) {
        Ok(made) => made,
        Err(error) => {
            let reason = format!("{error:#}");
            return Ok(frame::write(&mut writer, &FromRunner::Unable { reason })?);
        }
    };
    frame::write(&mut writer, &FromRunner::Ready { warning, kept })?;
    let (answers, waiting) = mpsc::channel(MAX_WAITING_ANSWERS);
    let writing =
        thread::Builder::new().name("answers".to_owned()).spawn(move || write_answers(writer, waiting))?;
    if let Err(error) = read_requests(&mut reader, &Arc::new(runner), runtime.handle(), &answers) {
        // The agent has the log, so it must be told why this process ends.
        let reason = format!("read a request: {error}");
        if answers.blocking_send(FromRunner::Unable { reason }).is_ok() {
            let _ = writing.join();
        }
        std::process::exit(1);
    }
    // Guests may still be running; there is nobody left who wants to know.
    std::process::exit(0);
}

/// Makes sure that this process does not outlive the agent, and gives up what it does not need. What could
/// not be given up is told.
fn confine(start: &Start, closed: Result<(), String>) -> anyhow::Result<Vec<String>> {
    let places = confine::of_runner(&start.cache_dir, &start.folders);
    let mut kept = confine::give_up(Child::Runner, &places);
    if getppid().map(|parent| parent.as_raw_nonzero().get()) != Some(start.parent_pid) {
        anyhow::bail!("the agent is gone");
    }
    kept.extend(closed.err().map(|why| format!("the agent's open files: {why}")));
    Ok(kept)
}

fn write_answers(mut writer: UnixStream, mut waiting: mpsc::Receiver<FromRunner>) {
    while let Some(answer) = waiting.blocking_recv() {
        let written = frame::write(&mut writer, &answer).or_else(|error| match &answer {
            // One answer that is too long must not cost the other runs their runner.
            FromRunner::Answer { id, .. } if error.kind() == io::ErrorKind::InvalidData => {
                let refusal = Refusal::new(Cause::Output, error.to_string());
                frame::write(&mut writer, &FromRunner::Answer { id: *id, answer: Answer::Refused(refusal) })
            }
            FromRunner::Answer { .. } | FromRunner::Ready { .. } | FromRunner::Unable { .. } => Err(error),
        });
        if written.is_err() {
            // The agent is gone.
            std::process::exit(0);
        }
        if matches!(answer, FromRunner::Unable { .. }) {
            return;
        }
    }
}

fn read_requests(
    reader: &mut BufReader<UnixStream>,
    runner: &Arc<Runner>,
    handle: &Handle,
    answers: &mpsc::Sender<FromRunner>,
) -> io::Result<()> {
    while let Some(request) = frame::read::<ToRunner>(reader)? {
        let (runner, answers) = (Arc::clone(runner), answers.clone());
        handle.spawn(async move {
            if let Some((id, answer)) = runner.answer(request).await {
                // Without a writer the process is about to end.
                let _ = answers.send(FromRunner::Answer { id, answer }).await;
            }
        });
    }
    Ok(())
}

struct Runner {
    stage: Stage,
    library: Library,
    permits: Semaphore,
}

impl Runner {
    fn new(start: Start) -> anyhow::Result<(Runner, Option<String>)> {
        let built = engine::build(&start.engine)?;
        let cache = Cache::with_key(&start.cache_dir, start.cache_key);
        let library = Library::new(&built.engine, cache, start.engine.memory_cap_bytes)?;
        let stage = Stage {
            ticker: Ticker::start(&built.engine)?,
            engine: built.engine,
            settings: start.engine,
            shared: Arc::default(),
        };
        let permits = Semaphore::new(usize::try_from(start.engine.max_runs)?);
        Ok((Runner { stage, library, permits }, built.warning))
    }

    async fn answer(&self, request: ToRunner) -> Option<(u64, Answer)> {
        match request {
            ToRunner::Start(_) => None,
            ToRunner::Prepare { id, component } => {
                let ready = self.library.get(component);
                Some((id, ready.map_or_else(not_ready, |_| Answer::Prepared)))
            }
            ToRunner::Describe { id, component } => Some((
                id,
                match self.library.get(component) {
                    Ok(ready) => match self.stage.describe(&ready).await {
                        Ok(manifest) => Answer::Described(Box::new(manifest)),
                        Err(refusal) => Answer::Refused(refusal),
                    },
                    Err(not) => not_ready(not),
                },
            )),
            ToRunner::Run { id, request, made_up } => {
                Some((id, self.run(*request, made_up.map(|world| *world)).await))
            }
        }
    }

    async fn run(&self, request: RunRequest, made_up: Option<MadeUp>) -> Answer {
        let Ok(_permit) = self.permits.try_acquire() else {
            let most = self.stage.settings.max_runs;
            let why = format!("{most} runs are in flight, which is as many as the agent allows");
            return Answer::Done(Box::new(not_begun(Refusal::new(Cause::Saturated, why))));
        };
        match self.library.get(request.component) {
            Ok(ready) => Answer::Done(Box::new(self.stage.run(&ready, request, made_up).await)),
            Err(not) => not_ready(not),
        }
    }
}

fn not_ready(not: NotReady) -> Answer {
    match not {
        NotReady::NotCompiled => Answer::NotCompiled,
        NotReady::Refused(refusal) => Answer::Refused(refusal),
    }
}
