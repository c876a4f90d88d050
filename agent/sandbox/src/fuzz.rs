//! The doors that a plugin's bytes come through, for `make fuzz` alone.
//!
//! Nothing of the agent calls them.

use tidelock_model::{Outcome, Report};
use wasmtime::component::Component;

use crate::protocol::wire::WireReport;
use crate::{EngineSettings, admission, engine, library, report};

/// What a report may have in bytes.
const MAX_REPORT_BYTES: u64 = 256 * 1024;

/// A report as it comes over the runner's pipe; none when the door does not let it in.
pub fn report(bytes: &[u8]) -> Option<(Outcome, Report)> {
    let wire: WireReport = serde_json::from_slice(bytes).ok()?;
    report::check(wire, MAX_REPORT_BYTES).ok()
}

/// Loads components, as the compile child does.
pub struct Loader {
    engine: wasmtime::Engine,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loader")
    }
}

impl Default for Loader {
    fn default() -> Loader {
        Loader { engine: engine::on_demand(&EngineSettings::default()).expect("an engine can be made") }
    }
}

impl Loader {
    /// Compiles, judges and links a component, and runs nothing of it; whether it may be run.
    pub fn load(&self, bytes: &[u8]) -> bool {
        let Ok(component) = Component::new(&self.engine, bytes) else {
            return false;
        };
        let cap = EngineSettings::default().memory_cap_bytes;
        admission::admit(&self.engine, &component, cap).is_ok()
            && library::link(&self.engine).is_ok_and(|linker| linker.instantiate_pre(&component).is_ok())
    }
}
