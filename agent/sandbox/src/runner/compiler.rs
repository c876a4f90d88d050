//! The agent's side of the compile child: start, one question, one answer, gone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, Sha256, mutated};
use tokio::time::timeout;

use super::client::RunnerConfig;
use super::process;
use crate::cache::Cache;
use crate::protocol::message::{Compile, Compiled};
use crate::protocol::{Refusal, frame};

/// What one compilation may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileBounds {
    /// Wall time.
    pub time: Duration,
    /// Processor time in whole seconds; the system enforces it.
    pub cpu_secs: u64,
    /// Address space in bytes; the system enforces it.
    pub memory_bytes: u64,
}

impl Default for CompileBounds {
    /// A component of a scripting language takes half a gigabyte.
    fn default() -> CompileBounds {
        CompileBounds { time: Duration::from_secs(180), cpu_secs: 120, memory_bytes: 4 << 30 }
    }
}

/// What the agent and its runner need beside a compilation, of the memory that the system leaves them.
const BESIDE_BYTES: u64 = 128 << 20;

impl CompileBounds {
    /// The same, within what the system leaves the agent: a compilation that needs more fails, and the agent lives on.
    #[must_use]
    pub fn within(self, limit: Option<u64>) -> CompileBounds {
        let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(BESIDE_BYTES).max(limit / 2));
        CompileBounds { memory_bytes: self.memory_bytes.min(left), ..self }
    }
}

/// The largest component.
const MAX_WASM_BYTES: u64 = 64 << 20;

/// Compiles a component into the cache.
pub(super) async fn compile(
    config: &RunnerConfig,
    cache: &Arc<Cache>,
    wasm: &Path,
    component: Sha256,
) -> Result<(), Refusal> {
    let unkept = |error: &dyn std::fmt::Display| {
        Refusal::new(Cause::UnknownPlugin, format!("keep compiled code of {component}: {error}"))
    };
    let ours = Arc::clone(cache);
    let output = tokio::task::spawn_blocking(move || ours.make_scratch(component)).await;
    let output = output.map_err(|error| unkept(&error))?.map_err(|error| unkept(&error))?;
    let compiled = ask(config, wasm, component, &output).await;
    let ours = Arc::clone(cache);
    let adopted = tokio::task::spawn_blocking(move || {
        let adopted = compiled.map(|fingerprint| ours.adopt(component, &fingerprint, &output));
        // It is copied or useless.
        let _ = std::fs::remove_file(&output);
        adopted
    });
    adopted.await.map_err(|error| unkept(&error))??.map_err(|error| unkept(&error))
}

async fn ask(config: &RunnerConfig, wasm: &Path, component: Sha256, output: &Path) -> Compiled {
    let lost = |why: String| Refusal::new(Cause::UnknownPlugin, format!("compile {}: {why}", wasm.display()));
    let bounds = config.compile;
    let request = Compile {
        engine: config.engine,
        wasm: wasm.to_owned(),
        component,
        output: output.to_owned(),
        max_wasm_bytes: MAX_WASM_BYTES,
        max_memory_bytes: bounds.memory_bytes,
        max_cpu_secs: bounds.cpu_secs,
    };
    let started = process::start(config.program.clone(), config.compile_args.clone()).await;
    let mut child = started.map_err(|error| lost(format!("start the compiler: {error}")))?;
    let talk = async {
        frame::write_async(&mut child.socket, &request).await?;
        frame::read_async::<Compiled>(&mut child.socket).await
    };
    let time = if mutated("compiling-has-a-deadline") { Duration::MAX } else { bounds.time };
    let answered = timeout(time, talk).await;
    child.killer.kill();
    match answered {
        Ok(Ok(Some(compiled))) => compiled,
        Ok(Ok(None)) => Err(lost(format!(
            "the compiler ended without an answer; it may take {} MiB of memory and {} s of processor time",
            bounds.memory_bytes >> 20,
            bounds.cpu_secs
        ))),
        Ok(Err(error)) => Err(lost(error.to_string())),
        Err(_) => Err(lost(format!("the compiler did not end within {} s", bounds.time.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compilation_leaves_the_agent_room_to_live() {
        let bounds = |limit| CompileBounds::default().within(limit).memory_bytes >> 20;
        assert_eq!(bounds(None), 4096);
        assert_eq!(bounds(Some(16 << 30)), 4096, "no more than ever");
        assert_eq!(bounds(Some(512 << 20)), 384, "as the unit and the pod have it");
        assert_eq!(bounds(Some(64 << 20)), 32, "too little is shared");
    }
}
