//! The runner: the child process that holds the engine, and the agent's hold on it.
//!
//! A plugin that breaks out of its sandbox finds itself in a process that has neither the agent's key
//! nor its connection, knows only the secrets of the runs in flight, and is killed when it does not
//! answer. When it dies, the runs in it are `not run: runner_lost`, and another one is started.

mod backoff;
mod child;
mod client;
mod compiler;
mod process;
mod reach;
mod room;
mod session;
mod supervisor;

pub use child::runner_main;
pub use client::{Prepared, RunnerClient, RunnerConfig};
pub use compiler::CompileBounds;
