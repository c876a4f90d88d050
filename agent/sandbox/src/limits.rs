//! What one run may use up.
//!
//! The plan may lower a limit and the operator may raise it; here they only hold. Each one that is
//! reached becomes `not run` with its own cause: it says something about the plugin or the plan,
//! never about the environment that is being looked at.

use serde::{Deserialize, Serialize};
use tidelock_model::{Cause, mutated};
use wasmtime::ResourceLimiter;

use crate::protocol::Refusal;

/// Core instances that one component may have.
pub(crate) const MAX_INSTANCES: usize = 8;
/// Tables that one component may have.
pub(crate) const MAX_TABLES: usize = 4;
/// Elements that one table may have.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 4096;
/// Bytes that may be copied out of a plugin in one call, in either direction of the contract.
pub(crate) const HOSTCALL_BYTES: usize = 2 << 20;
/// The largest body that a plugin may send.
pub(crate) const MAX_REQUEST_BODY_BYTES: usize = 1 << 20;
/// The largest settings.
pub(crate) const MAX_SETTINGS_BYTES: usize = 256 << 10;

/// The limits of one run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Limits {
    /// Memory of the plugin. The operator's cap on the engine bounds it as well.
    pub memory_bytes: u64,
    /// Processor time of the plugin, and of the host on its behalf.
    pub cpu_ms: u64,
    /// The report as a whole.
    pub report_bytes: u64,
    /// All log lines together.
    pub log_bytes: u64,
    /// Log lines.
    pub log_lines: u32,
    /// The body of one answer.
    pub body_bytes: u64,
    /// The bodies of all answers together.
    pub total_body_bytes: u64,
    /// Calls to targets; each redirect that is followed is one.
    pub calls: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 64 << 20,
            cpu_ms: 2_000,
            report_bytes: 256 << 10,
            log_bytes: 64 << 10,
            log_lines: 256,
            body_bytes: 4 << 20,
            total_body_bytes: 64 << 20,
            calls: 256,
        }
    }
}

/// Holds the memory and tables of one store, and remembers what was refused.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    /// The most memory that was granted.
    pub(crate) peak_bytes: usize,
    /// Set when something was refused.
    pub(crate) refused: Option<Refusal>,
}

impl Limiter {
    pub(crate) fn new(memory_bytes: u64) -> Limiter {
        let memory_bytes = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
        Limiter { memory_bytes, peak_bytes: 0, refused: None }
    }

    fn refuse(&mut self, detail: String) -> wasmtime::Error {
        let refusal = Refusal::new(Cause::Memory, detail);
        self.refused = Some(refusal.clone());
        wasmtime::Error::new(refusal)
    }
}

impl ResourceLimiter for Limiter {
    /// A refusal ends the run at once instead of telling the plugin: most allocators answer with a
    /// trap whose words would hide the cause.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.memory_bytes && !mutated("memory-has-a-bound") {
            let limit = self.memory_bytes;
            return Err(self.refuse(format!("asked for {desired} bytes of memory, {limit} are allowed")));
        }
        self.peak_bytes = self.peak_bytes.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            return Err(
                self.refuse(format!("asked for {desired} table elements, {MAX_TABLE_ELEMENTS} are allowed"))
            );
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_up_to_the_limit_is_given_and_the_next_byte_is_not() {
        let mut limiter = Limiter::new(1 << 20);
        assert!(limiter.memory_growing(0, 1 << 20, None).unwrap());
        assert_eq!(limiter.peak_bytes, 1 << 20);
        assert!(limiter.memory_growing(1 << 20, (1 << 20) + 1, None).is_err());
        assert_eq!(limiter.refused.unwrap().cause, Cause::Memory);
    }

    #[test]
    fn a_table_has_a_bound() {
        let mut limiter = Limiter::new(1 << 20);
        assert!(limiter.table_growing(0, MAX_TABLE_ELEMENTS, None).unwrap());
        assert!(limiter.table_growing(0, MAX_TABLE_ELEMENTS + 1, None).is_err());
    }
}
