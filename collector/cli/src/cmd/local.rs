//! Commands that are carried out by a program of the same release beside this one: keys and
//! certificates, the journal, the demo. The CLI links neither the sandbox nor the store.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Call;
use crate::context::{Context, Contexts};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::beside;
use crate::out;

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
        /// Signed heads that were kept elsewhere: a copy of the collector's pki/heads.json
        #[arg(long)]
        heads: Option<PathBuf>,
    },
    /// Folds the journal anew and compares each decision's evidence and holds with what was recorded
    Replay {
        /// The collector's data folder
        dir: PathBuf,
    },
    /// Writes every record as a line of JSON to stdout
    Export {
        /// The collector's data folder
        dir: PathBuf,
        /// One set alone: findings or decisions
        #[arg(long, value_parser = ["findings", "decisions"])]
        only: Option<String>,
    },
    /// Says whether two journals are the same, one goes on from the other, or they took different courses
    Compare {
        /// A collector's data folder
        one: PathBuf,
        /// Another
        other: PathBuf,
    },
    /// Believes the collector's journal as it is now, after it was refused here
    Accept,
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
    let program = beside("tidelock-collector");
    let mut init = Command::new(&program);
    init.arg("init").arg("--dir").arg(&dir);
    init.args(["--agents-listen", &agents_listen, "--api-listen", &api_listen]);
    for name in &host {
        init.args(["--host", name]);
    }
    let status = init.status().while_doing(format_args!("start {}", program.display()))?;
    if !status.success() {
        return Err(Trouble::failed(format!("{} init ended with {status}", program.display())));
    }
    let port = api_listen.rsplit(':').next().unwrap_or_default();
    // A port that is chosen at each start cannot be remembered.
    if port != "0" {
        remember(&dir, &format!("https://{}:{port}", host.first().map_or("localhost", String::as_str)))?;
    }
    Ok(Exit::Done)
}

/// Names the new collector in the context file, so that the next commands find it by themselves.
fn remember(dir: &Path, server: &str) -> Result<(), Trouble> {
    let dir = std::path::absolute(dir).while_doing("find the folder")?;
    let name =
        dir.file_name().map_or_else(|| "collector".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut contexts = Contexts::load()?;
    let (ca_file, token_file) = (Some(dir.join("ca.pem")), Some(dir.join("operator.token")));
    let new = Context { server: server.to_owned(), ca_file, token_file, migration: None };
    out::say(&noted(&mut contexts, &name, new));
    contexts.save()
}

/// Notes a context, and says what the next commands will use.
fn noted(contexts: &mut Contexts, name: &str, new: Context) -> String {
    if let Some(old) = contexts.contexts.get(name) {
        if old.server == new.server && old.ca_file == new.ca_file {
            return format!("context          {name} (as before)");
        }
        let files = match (&new.ca_file, &new.token_file) {
            (Some(ca), Some(token)) => {
                format!(" --ca-file {} --token-file {}", ca.display(), token.display())
            }
            (Some(_) | None, _) => String::new(),
        };
        return format!(
            "context          none noted: {name} is another collector, {}, and stays\n  \
             name this one yourself: tidelock context set NAME --server {}{files}",
            old.server, new.server
        );
    }
    contexts.contexts.insert(name.to_owned(), new);
    match &contexts.current {
        Some(current) if current != name => {
            format!(
                "context          {name} (noted; current stays {current}; switch: tidelock context use {name})"
            )
        }
        Some(_) | None => {
            contexts.current = Some(name.to_owned());
            format!("context          {name} (used by tidelock from here on: tidelock context ls)")
        }
    }
}

pub(crate) async fn journal(call: &Call, command: JournalCommand) -> Result<Exit, Trouble> {
    let mut arguments: Vec<std::ffi::OsString> = vec!["journal".into()];
    match command {
        JournalCommand::Verify { dir, heads } => {
            arguments.extend(["verify".into(), dir.into_os_string()]);
            if let Some(heads) = heads {
                arguments.extend(["--heads".into(), heads.into_os_string()]);
            }
        }
        JournalCommand::Replay { dir } => arguments.extend(["replay".into(), dir.into_os_string()]),
        JournalCommand::Export { dir, only } => {
            arguments.extend(["export".into(), dir.into_os_string()]);
            if let Some(only) = only {
                arguments.extend(["--only".into(), only.into()]);
            }
        }
        JournalCommand::Compare { one, other } => {
            arguments.extend(["compare".into(), one.into_os_string(), other.into_os_string()]);
        }
        JournalCommand::Accept => return accept(call).await,
    }
    become_program("tidelock-collector", arguments)
}

async fn accept(call: &Call) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.meant().await?;
    let migration = migration.ok_or_else(|| Trouble::usage("the collector has no migration"))?;
    let (before, now) = client.accept(&migration).await?;
    let (decision, before) = (now.map(|head| head.decision()), before.map(|head| head.decision()));
    if call.manner.json() {
        let value = serde_json::json!({
            "schema": "tidelock.head/v1", "migration": migration, "decision": decision, "before": before,
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    let before = before.map_or_else(|| "nothing".to_owned(), |decision| format!("decision {decision}"));
    let Some(decision) = decision else {
        out::print(&format!("✔ {migration} is not there, and remembered no more; remembered was {before}"))?;
        return Ok(Exit::Done);
    };
    out::print(&format!(
        "✔ {migration} is believed as it is now, at decision {decision}; remembered was {before}"
    ))?;
    out::say("what holds it there is released by itself alone: tidelock why, then tidelock release");
    Ok(Exit::Done)
}

pub(crate) fn demo(args: DemoArgs) -> Result<Exit, Trouble> {
    let arguments = std::iter::once("run".into()).chain(args.arguments.into_iter().map(Into::into));
    become_program("tidelock-demo", arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(place: &str) -> Context {
        let file = |name: &str| Some(PathBuf::from(format!("{place}/{name}")));
        let (ca_file, token_file) = (file("ca.pem"), file("operator.token"));
        Context { server: "https://localhost:7480".to_owned(), ca_file, token_file, migration: None }
    }

    #[test]
    fn a_new_collector_is_said_to_be_used_only_where_it_is() {
        let mut contexts = Contexts::default();
        let said = noted(&mut contexts, "lab", context("/a/lab"));
        assert!(said.contains("used by tidelock from here on"), "{said}");
        let said = noted(&mut contexts, "night", context("/a/night"));
        assert!(said.contains("current stays lab; switch: tidelock context use night"), "{said}");
        assert_eq!(contexts.current.as_deref(), Some("lab"));
        let said = noted(&mut contexts, "lab", context("/b/lab"));
        assert!(said.contains("none noted") && said.contains("context set NAME"), "{said}");
        assert!(said.contains("/b/lab/operator.token"), "{said}");
        assert_eq!(contexts.contexts["lab"].ca_file, context("/a/lab").ca_file);
        let said = noted(&mut contexts, "lab", context("/a/lab"));
        assert!(said.contains("as before"), "{said}");
    }
}
