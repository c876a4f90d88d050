//! `tidelock context`: named collectors, so that a night's commands stay short.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Call;
use crate::client::is_address;
use crate::context::{Context, Contexts, no_context, path};
use crate::exit::{Exit, Trouble, While as _};
use crate::out;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ContextCommand {
    /// All named collectors
    Ls,
    /// Name a collector, with --server, --ca-file, --token-file and --migration
    Set {
        /// The name
        name: String,
    },
    /// Make one the current one
    Use {
        /// The name
        name: String,
    },
    /// Forget one
    Rm {
        /// The name
        name: String,
    },
}

pub(crate) fn run(call: &Call, command: ContextCommand) -> Result<Exit, Trouble> {
    let mut contexts = Contexts::load()?;
    match command {
        ContextCommand::Ls if call.manner.json() => {
            out::print_json(call.manner.format, &listed(&contexts))?;
            return Ok(Exit::Done);
        }
        ContextCommand::Ls => {
            for (name, context) in &contexts.contexts {
                let mark = if contexts.current.as_ref() == Some(name) { "*" } else { " " };
                let migration = context.migration.as_deref().unwrap_or("");
                out::print(&format!("{mark} {name:<16} {} {migration}", context.server))?;
            }
            return Ok(Exit::Done);
        }
        ContextCommand::Set { name } => {
            let before = contexts.contexts.remove(&name).unwrap_or_default();
            let flags = &call.flags;
            let context = Context {
                server: flags.server.clone().unwrap_or(before.server),
                ca_file: absolute(flags.ca_file.clone())?.or(before.ca_file),
                token_file: absolute(flags.token_file.clone())?.or(before.token_file),
                migration: flags.migration.clone().or(before.migration),
            };
            if context.server.is_empty() {
                return Err(Trouble::usage("a context needs a collector: --server URL"));
            }
            is_address(&context.server)?;
            contexts.contexts.insert(name.clone(), context);
            contexts.current.get_or_insert(name);
        }
        ContextCommand::Use { name } => {
            if !contexts.contexts.contains_key(&name) {
                return Err(no_context(&name, &contexts));
            }
            contexts.current = Some(name);
        }
        ContextCommand::Rm { name } => {
            if contexts.contexts.remove(&name).is_none() {
                return Err(no_context(&name, &contexts));
            }
            contexts.current = contexts.current.filter(|current| *current != name);
        }
    }
    contexts.save()?;
    if call.manner.json() {
        out::print_json(call.manner.format, &listed(&contexts))?;
    }
    out::say(&format!("written to {}", path()?.display()));
    Ok(Exit::Done)
}

/// All of them, and which is the current one. Tokens are named by their files, and never shown.
fn listed(contexts: &Contexts) -> Value {
    let one = |(name, context): (&String, &Context)| {
        json!({
            "name": name, "current": contexts.current.as_ref() == Some(name), "server": context.server,
            "ca_file": context.ca_file, "token_file": context.token_file, "migration": context.migration,
        })
    };
    let all: Vec<Value> = contexts.contexts.iter().map(one).collect();
    json!({ "schema": "tidelock.contexts/v1", "current": contexts.current, "contexts": all })
}

/// A context is used from any folder, so its files are named in full.
fn absolute(file: Option<PathBuf>) -> Result<Option<PathBuf>, Trouble> {
    file.map(|file| std::path::absolute(&file).while_doing(format_args!("find {}", file.display())))
        .transpose()
}
