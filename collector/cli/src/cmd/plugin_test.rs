//! `tidelock plugin test` and `try`: an author's own machine instead of a migration.
//!
//! The sandbox lives in the agent, so the agent beside this program is asked: what passes here passes the
//! same limits, grants and doors as in production.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tidelock_components::Profile;
use tidelock_model::{Side, write_span};

use super::{Call, duration};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::beside;
use crate::out;

#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// The plugin's folder, with its Cargo.toml and its cases
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Only this case, by the name of its file
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Where the cases are, when not in DIR/cases
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Test this component, and build nothing
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Write what the plugin gives now into the cases that do not hold, and show what changed
    #[arg(long)]
    update: bool,
    /// Count what each case does in fuel, and fail one that uses more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 60))]
    fuel: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TryArgs {
    /// The component: its file, or builtin:NAME
    component: OsString,
    /// A setting; the value is JSON, or text, or @FILE for what a YAML file holds
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<OsString>,
    /// A YAML or JSON file with all settings
    #[arg(long, value_name = "FILE")]
    with_file: Option<PathBuf>,
    /// A target: NAME=https://host, NAME=sqlite:/file, NAME=postgres://user@host:port/database
    #[arg(long, value_name = "NAME=URL")]
    target: Vec<OsString>,
    /// A secret: NAME=FILE
    #[arg(long, value_name = "NAME=FILE")]
    secret: Vec<OsString>,
    /// The side that the component is told: source or target
    #[arg(long, default_value = "source", value_name = "SIDE")]
    side: Side,
    /// How long the run may take, such as 10s; 10m at most
    #[arg(long, default_value = "10s", value_name = "SPAN", value_parser = of_run)]
    timeout: Duration,
}

/// What the agent takes, too.
fn of_run(text: &str) -> Result<Duration, String> {
    let span = duration(text)?;
    let fits = (Duration::from_secs(1)..=Duration::from_secs(600)).contains(&span);
    if fits { Ok(span) } else { Err("a run takes from 1s to 10m".to_owned()) }
}

/// Builds the plugin and plays its cases.
pub(super) fn test(call: &Call, args: TestArgs) -> Result<Exit, Trouble> {
    let cases = args.cases.unwrap_or_else(|| args.dir.join("cases"));
    if !cases.exists() {
        return Err(Trouble::usage(format!("there are no cases at {}", cases.display()))
            .hint("write cases/NAME.yaml beside the plugin's Cargo.toml: tidelock help plugin-cases"));
    }
    let component = match args.component {
        Some(component) => component,
        None => {
            let built = tidelock_components::build(&args.dir, Profile::Plugin);
            built.map_err(|error| Trouble::failed(format!("{error:#}")))?.path
        }
    };
    let agent = beside("tidelock-agent");
    let mut command = Command::new(&agent);
    command.arg("test").arg(&component).arg("--cases").arg(&cases);
    if let Some(case) = &args.case {
        command.args(["--case", case]);
    }
    if args.update {
        command.arg("--update");
    }
    if let Some(fuel) = args.fuel {
        command.args(["--fuel", &fuel.to_string()]);
    }
    let status = command.args(call.manner.json().then_some("--json")).status();
    let status = status.while_doing(format_args!("start {}", agent.display()))?;
    // What became of the cases is told by the agent; why they could not be played is not.
    if matches!(status.code(), Some(0 | 1)) {
        out::answered_elsewhere();
    }
    Ok(match status.code() {
        Some(0) => Exit::Done,
        Some(2) => Exit::Usage,
        Some(_) | None => Exit::Failed,
    })
}

/// Becomes the agent's `try`, so that signals and exit codes are its own.
pub(super) fn try_one(call: &Call, args: TryArgs) -> Result<Exit, Trouble> {
    let agent = beside("tidelock-agent");
    let mut command = Command::new(&agent);
    command.args(["try", "--side", args.side.word(), "--timeout", &write_span(args.timeout)]);
    command.args(call.manner.json().then_some("--json"));
    for (flag, values) in [("--with", args.with), ("--target", args.target), ("--secret", args.secret)] {
        for value in &values {
            command.arg(flag).arg(value);
        }
    }
    if let Some(file) = &args.with_file {
        command.arg("--with-file").arg(file);
    }
    // A component may be called anything.
    let error = command.arg("--").arg(&args.component).exec();
    Err(Trouble::failed(format!("start {}: {error}", agent.display()))
        .hint("tidelock-agent of the same release must lie beside tidelock, or in the search path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_given_a_span_as_everything_else_is() {
        assert_eq!(of_run("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(of_run("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(of_run("1500ms"), Ok(Duration::from_millis(1500)));
        assert!(of_run("10").is_err_and(|why| why.contains("write 10s")));
        for wrong in ["0s", "999ms", "11m", "600001ms"] {
            assert!(of_run(wrong).is_err_and(|why| why.contains("1s to 10m")), "{wrong}");
        }
    }
}
