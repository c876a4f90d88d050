//! Loads, grants, limits and runs one component, contained.
//!
//! A check is code that somebody else wrote, and it is run next to databases and with secrets in
//! reach. This crate is what makes that a calm thing to do. The agent keeps a [`RunnerClient`]; behind
//! it stands a child process, the runner, that holds the WebAssembly engine, the targets and the
//! secrets of the runs in flight, and nothing else of the agent's. Compiling happens in yet another
//! child that lives for one component.
//!
//! ```no_run
//! # async fn example(request: tidelock_sandbox::protocol::RunRequest) -> Result<(), Box<dyn std::error::Error>> {
//! use tidelock_sandbox::{RunnerClient, RunnerConfig};
//!
//! let client = RunnerClient::start(RunnerConfig::this_program("/var/lib/tidelock/compiled")?)?;
//! client.prepare("login.wasm".as_ref(), request.component).await?;
//! let result = client.run(request).await;
//! println!("{} {}", result.outcome, result.detail);
//! # Ok(()) }
//! ```
//!
//! The program that calls this must have two more entry points: its argument `runner` calls
//! [`runner_main`], its argument `compile` calls [`compile_main`], both before it does anything else.
//!
//! # What a result means
//! - `pass` and `fail` are the plugin's word, after its report went through the door in `report`.
//! - A limit that was reached, or a call that was not let through, makes the run `not run` with its
//!   cause, whatever the plugin says afterwards.
//! - When the scenario's own target gave no answer, and the plugin could not look or time was up, the
//!   run is `fail`: silence of what is being looked at is an answer.
//! - State changes are there only after a run that reported; a run that did not end leaves no trace.

mod admission;
mod bindings;
mod cache;
mod clock;
mod compile;
mod confine;
mod engine;
#[doc(hidden)]
pub mod fuzz;
mod grants;
mod host;
mod library;
mod limits;
mod meter;
mod prepare;
pub mod protocol;
mod report;
mod result;
mod run;
mod runner;
mod secret;
mod shape;
mod ticker;

pub use compile::compile_main;
pub use engine::{Allocation, EngineSettings};
pub use runner::{CompileBounds, Prepared, RunnerClient, RunnerConfig, runner_main};
