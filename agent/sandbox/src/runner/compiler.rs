//! The agent's side of the compile child: start, one question, one answer, gone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, Sha256};
use tokio::time::timeout;

use super::client::RunnerConfig;
use super::process;
use crate::cache::Cache;
use crate::protocol::message::{Compile, Compiled};
use crate::protocol::{Refusal, frame};

/// Wall time of one compilation.
const MAX_TIME: Duration = Duration::from_secs(180);
/// Processor time of one compilation.
const MAX_CPU_SECS: u64 = 120;
/// Address space of one compilation. A component of a scripting language takes half a gigabyte.
const MAX_MEMORY_BYTES: u64 = 4 << 30;
/// The largest component.
const MAX_WASM_BYTES: u64 = 64 << 20;

/// Compiles a component into the cache.
pub(super) async fn compile(
    config: &RunnerConfig,
    cache: &Arc<Cache>,
    wasm: &Path,
    component: Sha256,
) -> Result<(), Refusal> {
    let output = cache.scratch(component);
    let compiled = ask(config, wasm, component, &output).await;
    let (cache, made) = (Arc::clone(cache), output.clone());
    let adopted = tokio::task::spawn_blocking(move || {
        let adopted = compiled.and_then(|fingerprint| {
            cache.adopt(component, &fingerprint, &made).map_err(|error| {
                Refusal::new(Cause::UnknownPlugin, format!("keep compiled code of {component}: {error}"))
            })
        });
        // It is copied or useless.
        let _ = std::fs::remove_file(&made);
        adopted
    });
    adopted.await.unwrap_or_else(|error| {
        Err(Refusal::new(Cause::UnknownPlugin, format!("keep compiled code of {component}: {error}")))
    })
}

async fn ask(config: &RunnerConfig, wasm: &Path, component: Sha256, output: &Path) -> Compiled {
    let lost = |why: String| Refusal::new(Cause::UnknownPlugin, format!("compile {}: {why}", wasm.display()));
    let request = Compile {
        engine: config.engine,
        wasm: wasm.to_owned(),
        component,
        output: output.to_owned(),
        max_wasm_bytes: MAX_WASM_BYTES,
        max_memory_bytes: MAX_MEMORY_BYTES,
        max_cpu_secs: MAX_CPU_SECS,
    };
    let started = process::start(config.program.clone(), config.compile_args.clone()).await;
    let mut child = started.map_err(|error| lost(format!("start the compiler: {error}")))?;
    let talk = async {
        frame::write_async(&mut child.socket, &request).await?;
        frame::read_async::<Compiled>(&mut child.socket).await
    };
    let answered = timeout(MAX_TIME, talk).await;
    child.killer.kill();
    match answered {
        Ok(Ok(Some(compiled))) => compiled,
        Ok(Ok(None)) => Err(lost(format!(
            "the compiler ended without an answer; it has {MAX_MEMORY_BYTES} bytes of memory and {MAX_CPU_SECS} s"
        ))),
        Ok(Err(error)) => Err(lost(error.to_string())),
        Err(_) => Err(lost(format!("the compiler did not end within {} s", MAX_TIME.as_secs()))),
    }
}
