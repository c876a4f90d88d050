//! The collector's binary.

use std::process::ExitCode;

use clap::Parser as _;

/// What one thread reads and another one drops is most of what a collector allocates, and costs it least with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tidelock_collector::commands::main(tidelock_collector::commands::Cli::parse())
}
