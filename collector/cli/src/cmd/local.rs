//! Commands that are carried out by a program of the same release beside this one: keys and
//! certificates, the journal, the demo. The CLI links neither the sandbox nor the store.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::Call;
use crate::exit::{Exit, Trouble};
use crate::files::beside;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum PkiCommand {
    /// Make a collector's folder: authority, server certificate, first access, configuration
    Init {
        /// The folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Where agents connect
        #[arg(long, default_value = "0.0.0.0:7443", value_name = "ADDRESS")]
        agents_listen: String,
        /// Where people and pipelines connect
        #[arg(long, default_value = "0.0.0.0:7480", value_name = "ADDRESS")]
        api_listen: String,
        /// A name or address that the collector is reached by; may be given more than once
        #[arg(long, default_value = "localhost", value_name = "NAME")]
        host: Vec<String>,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum JournalCommand {
    /// Reads every record and its chain; any damage is named
    Verify {
        /// The collector's data folder
        dir: PathBuf,
    },
    /// Folds the journal anew and compares each decision's evidence and holds with what was recorded
    Replay {
        /// The collector's data folder
        dir: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Arguments of the demo, such as --interactive, or break X and fix X
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Becomes the other program, so that signals and exit codes are its own.
fn become_program(
    program: &str,
    arguments: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Exit, Trouble> {
    let path = beside(program);
    let error = Command::new(&path).args(arguments).exec();
    Err(Trouble::failed(format!("start {}: {error}", path.display()))
        .hint(format!("{program} of the same release must lie beside tidelock, or in the search path")))
}

pub(crate) fn pki(_call: &Call, command: PkiCommand) -> Result<Exit, Trouble> {
    let PkiCommand::Init { dir, agents_listen, api_listen, host } = command;
    let mut arguments = vec!["init".into(), "--dir".into(), dir.into_os_string()];
    arguments.extend([
        "--agents-listen".into(),
        agents_listen.into(),
        "--api-listen".into(),
        api_listen.into(),
    ]);
    for name in host {
        arguments.extend(["--host".into(), name.into()]);
    }
    become_program("tidelock-collector", arguments)
}

pub(crate) fn journal(command: JournalCommand) -> Result<Exit, Trouble> {
    let (word, dir) = match command {
        JournalCommand::Verify { dir } => ("verify", dir),
        JournalCommand::Replay { dir } => ("replay", dir),
    };
    become_program("tidelock-collector", ["journal".into(), word.into(), dir.into_os_string()])
}

pub(crate) fn demo(args: DemoArgs) -> Result<Exit, Trouble> {
    let arguments = std::iter::once("run".into()).chain(args.arguments.into_iter().map(Into::into));
    become_program("tidelock-demo", arguments)
}
