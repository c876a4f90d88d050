//! The agent's program: see `tidelock_agent::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The two children of the sandbox are this same program; they must not do anything else first.
    match std::env::args_os().nth(1).as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("runner") => tidelock_sandbox::runner_main(),
        Some("compile") => tidelock_sandbox::compile_main(),
        Some(_) | None => tidelock_agent::cli::main(),
    }
}
