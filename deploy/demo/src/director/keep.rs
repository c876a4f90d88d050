//! Ties a program that knows nothing of the demo to the demo's life.
//!
//! A collector or an agent that outlives a killed demo keeps its folder locked and confuses the next
//! one. The kernel is asked to end the process with its parent; that wish survives the `exec`.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

/// Becomes the program. Returns only when that is not possible.
///
/// # Errors
/// What the system says.
pub fn keep(command: &[PathBuf]) -> anyhow::Result<()> {
    let Some((program, arguments)) = command.split_first() else {
        anyhow::bail!("no program to keep");
    };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        let parent = getppid();
        set_parent_process_death_signal(Some(Signal::TERM))?;
        anyhow::ensure!(getppid() == parent, "the demo is gone");
    }
    let error = Command::new(program).args(arguments).exec();
    Err(anyhow::Error::new(error).context(format!("start {}", program.display())))
}
