//! What the binary does, one command a file.

mod init;
mod journal;
mod run;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Journals what agents find, weighs it over the plan, and keeps the gates.
#[derive(Debug, Parser)]
#[command(name = "tidelock-collector", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the collector until it is told to stop
    Run(RunArgs),
    /// Make a folder with keys, a configuration and the first operator's token
    Init(InitArgs),
    /// Look at a journal without a collector
    #[command(subcommand)]
    Journal(JournalCommand),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The configuration
    #[arg(long, default_value = "/etc/tidelock/collector.toml")]
    config: PathBuf,
    /// Write the addresses that it listens on into this file, as JSON
    #[arg(long)]
    port_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct InitArgs {
    /// The folder; made when missing
    #[arg(long)]
    dir: PathBuf,
    /// Change nothing, and fail not, where a configuration lies there already
    #[arg(long)]
    if_missing: bool,
    /// Where agents connect
    #[arg(long, default_value = "127.0.0.1:7443")]
    agents_listen: SocketAddr,
    /// Where people and pipelines connect
    #[arg(long, default_value = "127.0.0.1:7480")]
    api_listen: SocketAddr,
    /// Liveness and readiness, plain [default: 127.0.0.1:7490]
    #[arg(long)]
    ops_listen: Option<SocketAddr>,
    /// A name or address that the collector is reached by; may be given several times
    #[arg(long)]
    host: Vec<String>,
    /// The name of the first operator; a name of the plan's people lets them decide, too
    #[arg(long, default_value = "operator")]
    operator: String,
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Prove every record of a journal, byte for byte
    Verify {
        /// The data folder
        dir: PathBuf,
        /// Signed heads that were kept elsewhere: a copy of pki/heads.json
        #[arg(long)]
        heads: Option<PathBuf>,
    },
    /// Fold a journal again and compare each decision with what was recorded
    Replay {
        /// The data folder
        dir: PathBuf,
        /// The digest that an earlier replay printed
        #[arg(long)]
        expect: Option<String>,
    },
    /// Write every record as a line of JSON to stdout
    Export {
        /// The data folder
        dir: PathBuf,
        /// One set alone: findings or decisions
        #[arg(long, value_enum)]
        only: Option<Only>,
    },
    /// Say whether two journals are the same, one goes on from the other, or they took different courses
    Compare {
        /// A data folder
        one: PathBuf,
        /// Another
        other: PathBuf,
    },
}

/// One of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    /// What was found
    Findings,
    /// What was decided
    Decisions,
}

/// Does what the command line says.
pub fn main(cli: Cli) -> ExitCode {
    // Its authorities' keys lie in its memory: no image of it is written, and no process of its user looks into it.
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable).context("keep its memory to itself");
    let outcome = hidden.and_then(|()| match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Init(args) => init::init(&args),
        Command::Journal(JournalCommand::Verify { dir, heads }) => journal::verify(&dir, heads.as_deref()),
        Command::Journal(JournalCommand::Export { dir, only }) => journal::export(&dir, only),
        Command::Journal(JournalCommand::Compare { one, other }) => journal::compare(&one, &other),
        Command::Journal(JournalCommand::Replay { dir, expect }) => journal::replay(&dir, expect.as_deref()),
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say(&mut std::io::stderr(), &format!("tidelock-collector: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// One line; a reader that is gone needs none.
fn say(to: &mut dyn std::io::Write, line: &str) {
    let _ = writeln!(to, "{line}");
}
