//! Commands that are carried out by a program of the same release beside this one. The CLI links neither the
//! sandbox nor the store.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::exit::{Exit, Trouble};
use crate::files::beside;

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Arguments of the demo, such as --interactive, or break X and fix X
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Becomes the other program, so that signals and exit codes are its own.
pub(super) fn become_program(
    program: &str,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Exit, Trouble> {
    let path = beside(program);
    let error = Command::new(&path).args(arguments).exec();
    Err(Trouble::failed(format!("start {}: {error}", path.display()))
        .hint(format!("{program} of the same release must lie beside tidelock, or in the search path")))
}

pub(crate) fn demo(args: DemoArgs) -> Result<Exit, Trouble> {
    let arguments = std::iter::once("run".into()).chain(args.arguments.into_iter().map(Into::into));
    become_program("tidelock-demo", arguments)
}
