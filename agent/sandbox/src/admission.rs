//! Whether a component may be run at all, decided before any of its code is.
//!
//! A component that asks for another world fails here, at load time, with the name of what it asks
//! for: a plugin author must learn it from this sentence, and not from a trap at night.

use tidelock_model::Cause;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::limits::MAX_TABLES;
use crate::protocol::Refusal;

/// The package that this agent speaks.
const PACKAGE: &str = "tidelock:check";
/// The major version that this agent speaks, and the newest minor that it knows.
const MAJOR: u64 = 1;
/// As it is printed.
pub(crate) const SPEAKS: &str = "tidelock:check@1.0";
/// The interfaces of that version.
const INTERFACES: [&str; 5] = ["types", "http", "sql", "state", "host"];

/// Judges what a component imports and what it needs to begin.
///
/// # Errors
/// `interface` when it is built for another contract, `memory` when it needs more than there is.
pub(crate) fn admit(engine: &Engine, component: &Component, memory_cap: u64) -> Result<(), Refusal> {
    for (name, _) in component.component_type().imports(engine) {
        judge_import(name).map_err(|why| Refusal::new(Cause::Interface, why))?;
    }
    let Some(needs) = component.resources_required() else {
        return Err(Refusal::new(Cause::Interface, "the component imports modules or components"));
    };
    let refuse = |why: String| Err(Refusal::new(Cause::Memory, why));
    if needs.num_memories > 1 {
        return refuse(format!("the component has {} memories, one is allowed", needs.num_memories));
    }
    if usize::try_from(needs.num_tables).unwrap_or(usize::MAX) > MAX_TABLES {
        return refuse(format!("the component has {} tables, {MAX_TABLES} are allowed", needs.num_tables));
    }
    let begins_with = needs.max_initial_memory_size.unwrap_or(0);
    if begins_with > memory_cap {
        return refuse(format!("the component begins with {begins_with} bytes, {memory_cap} are allowed"));
    }
    Ok(())
}

fn judge_import(name: &str) -> Result<(), String> {
    let foreign = || {
        let wasi = if name.starts_with("wasi:") {
            "; there is no WASI here: build for wasm32-unknown-unknown"
        } else {
            ""
        };
        format!("the component imports {name}, this agent speaks {SPEAKS} and nothing else{wasi}")
    };
    let (path, version) = name.split_once('@').ok_or_else(foreign)?;
    let (package, interface) = path.split_once('/').ok_or_else(foreign)?;
    if package != PACKAGE {
        return Err(foreign());
    }
    let built_for = || {
        format!("the component is built for {PACKAGE}@{version} (import {name}), this agent speaks {SPEAKS}")
    };
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    // A pre-release links with nothing but itself.
    if major != Some(MAJOR) || version.contains('-') || !INTERFACES.contains(&interface) {
        return Err(built_for());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contract_of_this_agent_is_admitted() {
        for (name, want) in [
            ("tidelock:check/http@1.0.0", Ok(())),
            ("tidelock:check/sql@1.7.2", Ok(())),
            ("tidelock:check/http@2.0.0", Err("built for tidelock:check@2.0.0")),
            ("tidelock:check/http@0.9.0", Err("built for tidelock:check@0.9.0")),
            ("tidelock:check/http@1.0.0-rc.1", Err("built for tidelock:check@1.0.0-rc.1")),
            ("tidelock:check/redis@1.1.0", Err("import tidelock:check/redis@1.1.0")),
            ("wasi:filesystem/types@0.2.0", Err("there is no WASI here")),
            ("evil:check/http@1.0.0", Err("imports evil:check/http@1.0.0")),
            ("tidelock:check/http", Err("imports tidelock:check/http")),
            ("env", Err("imports env")),
        ] {
            match (judge_import(name), want) {
                (Ok(()), Ok(())) => {}
                (Err(found), Err(want)) => assert!(found.contains(want), "{found}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }
}
