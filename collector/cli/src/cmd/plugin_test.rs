//! `tidelock plugin test` and `try`: an author's own machine instead of a migration.
//!
//! The sandbox lives in the agent, so the agent beside this program is asked: what passes here passes the
//! same limits, grants and doors as in production.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use tidelock_components::Profile;

use super::Call;
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
}

#[derive(Debug, clap::Args)]
pub(crate) struct TryArgs {
    /// The component, then what tidelock-agent try takes: --target shop=https://…, --with key=value
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    arguments: Vec<OsString>,
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
pub(super) fn try_one(args: TryArgs) -> Result<Exit, Trouble> {
    let agent = beside("tidelock-agent");
    let error = Command::new(&agent).arg("try").args(args.arguments).exec();
    Err(Trouble::failed(format!("start {}: {error}", agent.display()))
        .hint("tidelock-agent of the same release must lie beside tidelock, or in the search path"))
}
