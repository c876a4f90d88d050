//! `tidelock man`: manual pages, made of the same words as the help.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::Call;
use crate::args::Args;
use crate::exit::{Exit, Trouble, While as _};
use crate::out;

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command here, such as man/man1; without it the first page goes to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(call: &Call, args: &ManArgs) -> Result<Exit, Trouble> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = &args.dir else {
        let text = page(&command)?;
        if call.manner.json() {
            let value = serde_json::json!({ "schema": "tidelock.man/v1", "page": text });
            out::print_json(call.manner.format, &value)?;
        } else {
            out::raw(&text)?;
        }
        return Ok(Exit::Done);
    };
    fs::create_dir_all(dir).while_doing(format_args!("create {}", dir.display()))?;
    let mut written = Vec::new();
    pages(&command, "tidelock", dir, &mut written)?;
    if call.manner.json() {
        let value = serde_json::json!({ "schema": "tidelock.man/v1", "files": written });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("✔ {} pages are in {}", written.len(), dir.display()))?;
    }
    Ok(Exit::Done)
}

fn page(command: &Command) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    Man::new(command.clone()).render(&mut bytes).while_doing("write a manual page")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The page of a command and of each below it, but for those that nobody types.
fn pages(command: &Command, name: &str, dir: &Path, written: &mut Vec<String>) -> Result<(), Trouble> {
    let file = format!("{name}.1");
    let path = dir.join(&file);
    let titled = command.clone().name(name.to_owned());
    fs::write(&path, page(&titled)?).while_doing(format_args!("write {}", path.display()))?;
    written.push(file);
    // Each group has a `help` of its own by nature; the one of tidelock itself is a command.
    let typed = |below: &&Command| !below.is_hide_set() && (name == "tidelock" || below.get_name() != "help");
    for below in command.get_subcommands().filter(typed) {
        pages(below, &format!("{name}-{}", below.get_name()), dir, written)?;
    }
    Ok(())
}
