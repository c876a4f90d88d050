//! `tidelock pki`: a collector's first folder, made by the collector of the same release, and named here so that
//! the next commands find it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

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

pub(crate) fn run(call: &Call, command: PkiCommand) -> Result<Exit, Trouble> {
    let PkiCommand::Init { dir, agents_listen, api_listen, host } = command;
    let program = beside("tidelock-collector");
    let mut init = Command::new(&program);
    init.arg("init").arg("--dir").arg(&dir);
    init.args(["--agents-listen", &agents_listen, "--api-listen", &api_listen]);
    for name in &host {
        init.args(["--host", name]);
    }
    if call.manner.json() {
        // Its words are for people; the answer is below.
        init.stdout(Stdio::null());
    }
    let status = init.status().while_doing(format_args!("start {}", program.display()))?;
    if !status.success() {
        return Err(Trouble::failed(format!("{} init ended with {status}", program.display())));
    }
    let mut context = None;
    let port = api_listen.rsplit(':').next().unwrap_or_default();
    // A port that is chosen at each start cannot be remembered.
    if port != "0" {
        context = Some(remember(
            &dir,
            &format!("https://{}:{port}", host.first().map_or("localhost", String::as_str)),
        )?);
    }
    if call.manner.json() {
        let dir = std::path::absolute(&dir).while_doing("find the folder")?;
        let value = json!({
            "schema": "tidelock.pki/v1", "dir": dir, "config": dir.join("collector.toml"),
            "ca_file": dir.join("ca.pem"), "token_file": dir.join("operator.token"), "current_context": context.flatten(),
        });
        out::print_json(call.manner.format, &value)?;
    }
    Ok(Exit::Done)
}

/// Names the new collector in the context file, so that the next commands find it by themselves; which one they
/// use.
fn remember(dir: &Path, server: &str) -> Result<Option<String>, Trouble> {
    let dir = std::path::absolute(dir).while_doing("find the folder")?;
    let name =
        dir.file_name().map_or_else(|| "collector".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut contexts = Contexts::load()?;
    let (ca_file, token_file) = (Some(dir.join("ca.pem")), Some(dir.join("operator.token")));
    let new = Context { server: server.to_owned(), ca_file, token_file, migration: None };
    out::say(&noted(&mut contexts, &name, new));
    contexts.save()?;
    Ok(contexts.current)
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
