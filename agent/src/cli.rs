//! The commands of `tidelock-agent`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tidelock_model::{Name, Side};
use tidelock_ops::service;
use tidelock_sandbox::{RunnerClient, RunnerConfig};
use tokio::signal::unix::{SignalKind, signal};

use crate::cases;
use crate::compare::{self, Compare};
use crate::config::Config;
use crate::join::{self, Join};
use crate::out::Out;
use crate::try_one::{self, Try};
use crate::{agent, beside, connect, inspect, private_file, telemetry};

/// Wrong usage, a wrong file, or something that is not there.
const EXIT_USAGE: u8 = 2;

/// Runs a team's own checks on one side of a migration.
#[derive(Debug, Parser)]
#[command(name = "tidelock-agent", version, disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run as the agent of one migration and side, until SIGTERM
    Run {
        /// The configuration that `join` wrote
        #[arg(long, default_value = "/etc/tidelock/agent.toml", value_name = "FILE")]
        config: PathBuf,
    },
    /// Get a certificate with a token, and write a configuration that can start
    Join {
        /// The collector's API, https://host:port
        url: String,
        /// What `tidelock agent token` printed
        token: String,
        /// A name, where the token leaves it open
        #[arg(long)]
        name: Option<Name>,
        /// Where key, certificates and agent.toml are written
        #[arg(long, default_value = ".", value_name = "DIR")]
        dir: PathBuf,
        /// Trust this authority instead of the one that the token names
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
        /// Change nothing, and fail not, where an agent lies in DIR already
        #[arg(long)]
        if_missing: bool,
        /// A new key and name for the agent in DIR, which was revoked or whose certificate has ended; agent.toml stays
        #[arg(long, conflicts_with = "if_missing")]
        again: bool,
        /// Go on as `run` does
        #[arg(long)]
        run: bool,
    },
    /// Run one component once, in the real sandbox, and show all of it
    Try(TryArgs),
    /// What a component says of itself, and what it asks for
    Inspect {
        /// `builtin:NAME`, or a component's file
        plugin: String,
        /// As one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Play a component's cases in the real sandbox, with made-up targets and a made-up clock
    Test {
        /// `builtin:NAME`, or a component's file
        plugin: String,
        /// The folder with the cases, or one of them
        #[arg(long, default_value = "cases", value_name = "DIR")]
        cases: PathBuf,
        /// Only this case
        #[arg(long, value_name = "NAME")]
        case: Option<String>,
        /// Write what the component gives now into the cases that do not hold, and show what changed
        #[arg(long)]
        update: bool,
        /// Count what each case does in fuel, and end one that uses more
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=cases::MAX_FUEL))]
        fuel: Option<u64>,
        /// As one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Run one flow against an old and a new address and print both side by side
    Compare(CompareArgs),
    /// The process that holds the sandbox; started by the agent itself
    #[command(hide = true)]
    Runner,
    /// The process that compiles one component; started by the agent itself
    #[command(hide = true)]
    Compile,
}

#[derive(Debug, clap::Args)]
struct TryArgs {
    /// `builtin:NAME`, or a component's file
    plugin: String,
    /// A setting; the value is JSON, or text, or @FILE for what a YAML file holds
    #[arg(long = "with", value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// A YAML or JSON file with all settings
    #[arg(long, value_name = "FILE")]
    with_file: Option<PathBuf>,
    /// A target: NAME=https://host, NAME=sqlite:/file, NAME=postgres://user@host:port/database
    #[arg(long = "target", value_name = "NAME=URL")]
    targets: Vec<String>,
    /// A secret: NAME=FILE
    #[arg(long = "secret", value_name = "NAME=FILE")]
    secrets: Vec<String>,
    /// The side that the component is told
    #[arg(long, default_value = "source")]
    side: Side,
    /// How long the run may take, such as 10s; 10m at most
    #[arg(long, default_value = "10s", value_name = "SPAN", value_parser = of_run)]
    timeout: Duration,
    /// As one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct CompareArgs {
    /// The flow, as a scenario of `builtin:http-flow` has it
    #[arg(long, value_name = "FILE")]
    flow: PathBuf,
    /// The address of the old side
    old: String,
    /// The address of the new side
    new: String,
    /// How long, such as 60s or 5m
    #[arg(long = "for", default_value = "60s", value_parser = duration)]
    how_long: Duration,
    /// How often, such as 1s
    #[arg(long, default_value = "1s", value_parser = duration)]
    every: Duration,
    /// A value for the flow's templates
    #[arg(long = "with", value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// A secret: NAME=FILE
    #[arg(long = "secret", value_name = "NAME=FILE")]
    secrets: Vec<String>,
    /// Write the plan of it, as `tidelock plan check` takes it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let args = Args::parse();
    // Libraries that make their own TLS use this one; an error means that it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let mut out = Out::new(&mut stdout, &mut stderr);
    // The key and secrets lie in its memory: no image of it is written, and no process of the same user looks into it.
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable).context("keep its memory to itself");
    // One thread: the agent waits, it does not compute, and what waits for a disk has threads of its own.
    // Every further one would be woken for nothing, again and again.
    let runtime =
        hidden.and_then(|()| Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?));
    let done = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(args.command, &mut out)),
        Err(error) => Err(error),
    };
    match done {
        Ok(code) => code,
        Err(error) if closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = out.talk(format!("tidelock-agent: {}", connect::chain(error.as_ref())));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn dispatch(command: Command, out: &mut Out<'_>) -> Result<ExitCode> {
    match command {
        Command::Run { config } => run(config).await,
        Command::Join { url, token, name, dir, ca_file, if_missing, again, run: go_on } => {
            let config = dir.join("agent.toml");
            join::join(Join { url, token, name, dir, if_missing, again, starts: go_on, ca_file }, out)
                .await?;
            if go_on { run(config).await } else { Ok(ExitCode::SUCCESS) }
        }
        Command::Try(args) => {
            let TryArgs { plugin, with, with_file, targets, secrets, side, timeout, json } = args;
            try_one::try_one(Try { plugin, with, with_file, targets, secrets, side, timeout, json }, out)
                .await
        }
        Command::Compare(args) => {
            let CompareArgs { flow, old, new, how_long, every, with, secrets, save } = args;
            compare::compare(Compare { flow, old, new, how_long, every, with, secrets, save }, out).await
        }
        Command::Inspect { plugin, json } => inspect::inspect(&plugin, json, out).await,
        Command::Test { plugin, cases, case, update, fuel, json } => {
            cases::test(cases::Test { plugin, cases, only: case, update, fuel, json }, out).await
        }
        // `main` has taken these before.
        Command::Runner => Ok(tidelock_sandbox::runner_main()),
        Command::Compile => Ok(tidelock_sandbox::compile_main()),
    }
}

async fn run(config_file: PathBuf) -> Result<ExitCode> {
    let config = Config::read(&config_file)?;
    let listen = config.ops;
    let telemetry = telemetry::begin(&config.log_level, config.log_format)?;
    let mut runner = RunnerConfig::this_program(&config.compiled_dir)?;
    runner.engine.max_runs = u32::try_from(config.runs_in_flight).unwrap_or(u32::MAX);
    runner.engine.memory_cap_bytes = config.limits.memory_bytes;
    runner.keep_out = config.secrets.values().map(|secret| secret.file.clone()).collect();
    runner.keep_out.push(config.key.clone());
    private_file::make_dir(&config.cache_dir).context("make the cache folder")?;
    let sandbox = RunnerClient::start(runner).context("start the runner")?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        service::stopping();
    };
    let beside = |ops, keys, pulse| beside::beside(&config_file, listen, &telemetry, (ops, keys, pulse));
    let code = match agent::run_beside(config, sandbox, shutdown, beside).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %connect::chain(error.as_ref()), "the agent stops");
            ExitCode::FAILURE
        }
    };
    // It waits for the last spans to be sent, which this thread does.
    let _ = tokio::task::spawn_blocking(move || drop(telemetry)).await;
    Ok(code)
}

/// A span that an agent waits for: above nothing, at most a day.
fn duration(text: &str) -> Result<Duration, String> {
    let span = tidelock_model::read_span(text)?;
    match (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&span) {
        true => Ok(span),
        false => Err(format!("{text} is not between 1ms and 24h")),
    }
}

/// A span that one run may take.
fn of_run(text: &str) -> Result<Duration, String> {
    let span = tidelock_model::read_span(text)?;
    match (Duration::from_secs(1)..=Duration::from_secs(600)).contains(&span) {
        true => Ok(span),
        false => Err("a run takes from 1s to 10m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_make_sense() {
        Args::command().debug_assert();
    }

    #[test]
    fn times_have_a_unit_and_bounds() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "5", "s", "0s", "25h", "5 m", "-1s", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_run_is_given_a_span_as_everything_else_is() {
        let of = |text: &str| -> Result<Duration, String> {
            let words = ["tidelock-agent", "try", "builtin:login", "--timeout", text];
            let args = Args::try_parse_from(words).map_err(|error| error.to_string())?;
            let Command::Try(args) = args.command else { panic!("no try") };
            Ok(args.timeout)
        };
        assert_eq!(of("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(of("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(of("10m"), Ok(Duration::from_secs(600)));
        assert!(of("10").is_err_and(|why| why.contains("write 10s")));
        for wrong in ["0s", "999ms", "11m", "600001ms"] {
            assert!(of(wrong).is_err_and(|why| why.contains("1s to 10m")), "{wrong}");
        }
    }
}
