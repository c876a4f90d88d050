//! The engine, hardened: what it can run is kept small, and what it costs is bounded before it runs.
//!
//! Proposals that first-party guests do not need are off, because most holes of recent years were in
//! them. Memory is reserved by the slot, so that a pool fits into a container. Compiled code fits the
//! settings it was made with, so the compile child and the runner build their engines here, both.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::{MAX_INSTANCES, MAX_TABLE_ELEMENTS, MAX_TABLES};

/// How instances get their memory.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// From slots made beforehand: fast, and bounded. Falls back to `OnDemand` with a warning where
    /// the address space does not allow it.
    #[default]
    Pooling,
    /// From the system for each run.
    OnDemand,
}

/// What an operator may set about the engine.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
pub struct EngineSettings {
    /// Runs at once.
    pub max_runs: u32,
    /// The most memory that any plugin may have, in bytes; the size of a slot.
    pub memory_cap_bytes: u64,
    /// Where memory comes from.
    pub allocation: Allocation,
    /// Count what plugins do in fuel, which is the same on every machine. It makes them slower, so it is for
    /// people who try a plugin out, and bounds nothing in production.
    pub fuel: bool,
}

impl Default for EngineSettings {
    fn default() -> EngineSettings {
        EngineSettings {
            max_runs: 64,
            memory_cap_bytes: 64 << 20,
            allocation: Allocation::Pooling,
            fuel: false,
        }
    }
}

/// An engine, and what is not as it was asked for.
pub(crate) struct Built {
    pub(crate) engine: Engine,
    pub(crate) warning: Option<String>,
}

/// Builds the runner's engine.
pub(crate) fn build(settings: &EngineSettings) -> anyhow::Result<Built> {
    if settings.allocation == Allocation::OnDemand {
        return Ok(Built { engine: on_demand(settings)?, warning: None });
    }
    let mut config = base(settings);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)?));
    match Engine::new(&config) {
        Ok(engine) => Ok(Built { engine, warning: None }),
        Err(error) => {
            let warning = format!(
                "no pool of {} slots of {} bytes ({error:#}); runs take memory on demand, which is slower",
                settings.max_runs, settings.memory_cap_bytes
            );
            Ok(Built { engine: on_demand(settings)?, warning: Some(warning) })
        }
    }
}

/// An engine without slots: the compile child's, and the way out where there is no pool.
pub(crate) fn on_demand(settings: &EngineSettings) -> anyhow::Result<Engine> {
    let mut config = base(settings);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config).map_err(anyhow::Error::from).context("make a WebAssembly engine")
}

/// Everything that decides what compiled code looks like, and what it may do.
fn base(settings: &EngineSettings) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(settings.fuel)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16))
        .concurrency_support(false)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_branch_hinting(false)
        .max_wasm_stack(256 << 10)
        .async_stack_size(1 << 20)
        .async_stack_zeroing(true)
        .native_unwind_info(false)
        .memory_reservation(settings.memory_cap_bytes)
        .memory_guard_size(64 << 10)
        .memory_reservation_for_growth(0);
    config
}

fn pool(settings: &EngineSettings) -> anyhow::Result<PoolingAllocationConfig> {
    let runs = settings.max_runs;
    let memory = usize::try_from(settings.memory_cap_bytes).context("memory cap in bytes")?;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(runs)
        .total_core_instances(runs.saturating_mul(4))
        .total_memories(runs)
        .total_tables(runs.saturating_mul(2))
        .total_stacks(runs)
        .max_core_instances_per_component(u32::try_from(MAX_INSTANCES).context("instances")?)
        .max_memories_per_component(1)
        .max_tables_per_component(u32::try_from(MAX_TABLES).context("tables")?)
        .max_memory_size(memory)
        .table_elements(MAX_TABLE_ELEMENTS)
        .linear_memory_keep_resident(192 << 10)
        .table_keep_resident(4 << 10)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(runs.min(32));
    Ok(pool)
}

/// Names the engine's version and settings: compiled code fits engines of the same name alone.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut feed);
    feed.0.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compile_child_and_the_runner_agree_on_what_fits() {
        let settings = EngineSettings { max_runs: 2, ..EngineSettings::default() };
        let pooled = build(&settings).unwrap();
        assert_eq!(pooled.warning, None);
        assert_eq!(fingerprint(&pooled.engine), fingerprint(&on_demand(&settings).unwrap()));
    }

    #[test]
    fn code_for_another_memory_cap_does_not_fit() {
        let small = EngineSettings { memory_cap_bytes: 16 << 20, ..EngineSettings::default() };
        let large = EngineSettings::default();
        assert_ne!(fingerprint(&on_demand(&small).unwrap()), fingerprint(&on_demand(&large).unwrap()));
    }

    #[test]
    fn a_pool_that_does_not_fit_falls_back_and_says_so() {
        let settings =
            EngineSettings { max_runs: 1_000_000, memory_cap_bytes: 4 << 30, ..EngineSettings::default() };
        let built = build(&settings).unwrap();
        assert!(built.warning.unwrap().contains("on demand"));
    }
}
