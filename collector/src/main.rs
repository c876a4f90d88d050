//! The collector's binary.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    tidelock_collector::commands::main(tidelock_collector::commands::Cli::parse())
}
