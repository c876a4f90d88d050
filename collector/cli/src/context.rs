//! Which collector, with which access, about which migration: flags, then the environment, then the
//! context file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Trouble, While as _};
use crate::told;

/// What a command needs to reach a collector.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    pub(crate) server: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) token: Option<String>,
    pub(crate) migration: Option<String>,
    /// How long one answer may take, where somebody said so.
    pub(crate) call_timeout: Option<Duration>,
    /// Whom each ask goes to, in words, where somebody wants it said.
    pub(crate) whom: Option<String>,
}

/// The context file: named collectors, one of them current.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contexts {
    pub(crate) current: Option<String>,
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
}

/// One named collector.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    pub(crate) server: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) migration: Option<String>,
}

/// The flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Flags {
    /// The migration (needed only where more than one is visible)
    #[arg(
        short,
        long,
        global = true,
        env = "TIDELOCK_MIGRATION",
        value_name = "NAME",
        help_heading = "Global"
    )]
    pub(crate) migration: Option<String>,
    /// The collector, such as https://collector.example:7480
    #[arg(long, global = true, env = "TIDELOCK_SERVER", value_name = "URL", help_heading = "Global")]
    pub(crate) server: Option<String>,
    /// A named collector of the context file
    #[arg(long, global = true, env = "TIDELOCK_CONTEXT", value_name = "NAME", help_heading = "Global")]
    pub(crate) context: Option<String>,
    /// The file that holds the access token
    #[arg(long, global = true, env = "TIDELOCK_TOKEN_FILE", value_name = "FILE", help_heading = "Global")]
    pub(crate) token_file: Option<PathBuf>,
    /// The authority that the collector's certificate is verified against
    #[arg(long, global = true, env = "TIDELOCK_CA_FILE", value_name = "FILE", help_heading = "Global")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How long the collector may take to answer one call, such as 30s; 10s without it
    #[arg(long, global = true, value_parser = call_span, value_name = "SPAN", help_heading = "Global")]
    pub(crate) call_timeout: Option<Duration>,
    /// Say on standard error whom each call goes to and how long its answer takes
    #[arg(short, long, global = true, help_heading = "Global")]
    pub(crate) verbose: bool,
}

/// Within no time at all nothing is answered.
fn call_span(text: &str) -> Result<Duration, String> {
    let span = tidelock_model::read_span(text)?;
    if span.is_zero() { Err("no call is answered in no time".to_owned()) } else { Ok(span) }
}

/// Where the context file lies.
pub(crate) fn path() -> Result<PathBuf, Trouble> {
    if let Some(path) = env::var_os("TIDELOCK_CONFIG") {
        return Ok(PathBuf::from(path));
    }
    let base = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    match base {
        Some(base) => Ok(base.join("tidelock").join("contexts.toml")),
        None => {
            Err(Trouble::usage("no home folder to look for contexts in")
                .hint("set TIDELOCK_CONFIG to a file"))
        }
    }
}

impl Contexts {
    /// Reads the context file; a missing one is empty.
    pub(crate) fn load() -> Result<Contexts, Trouble> {
        let path = path()?;
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                Trouble::usage(format!("{} is not a context file: {}", path.display(), error.message()))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Contexts::default()),
            Err(error) => Err(Trouble::failed(format!("read {}: {error}", path.display()))),
        }
    }

    /// Writes the context file.
    pub(crate) fn save(&self) -> Result<(), Trouble> {
        let path = path()?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).while_doing(format_args!("create {}", folder.display()))?;
        }
        let text = toml::to_string_pretty(self).while_doing("write the context file")?;
        crate::files::write_private(&path, text.as_bytes())
    }
}

/// A flag, the environment or the context file names a collector.
pub(crate) fn is_named(flags: &Flags) -> Result<bool, Trouble> {
    if flags.server.is_some() || flags.context.is_some() {
        return Ok(true);
    }
    // Without a home folder there is no context file.
    path().map_or(Ok(false), |_| Ok(Contexts::load()?.current.is_some()))
}

/// Puts flags, environment and context file together.
pub(crate) fn resolve(flags: &Flags) -> Result<Connection, Trouble> {
    let (connection, token_file) = without_token(flags)?;
    let token = token_file.as_ref().map(read_token).transpose()?;
    Ok(Connection { token, ..connection })
}

/// The same for one who asks nobody: where the token lies, and no look at it.
pub(crate) fn without_token(flags: &Flags) -> Result<(Connection, Option<PathBuf>), Trouble> {
    // An unset variable of a script: nobody may be sent to another migration than the one that was meant.
    for (flag, variable, value) in [
        ("--migration", "TIDELOCK_MIGRATION", &flags.migration),
        ("--server", "TIDELOCK_SERVER", &flags.server),
        ("--context", "TIDELOCK_CONTEXT", &flags.context),
    ] {
        if value.as_deref().is_some_and(str::is_empty) {
            let hint = format!("leave {flag} out, or unset {variable}, where none is meant");
            return Err(Trouble::usage(format!("{flag} is empty")).hint(hint));
        }
    }
    let contexts = Contexts::load()?;
    let named = flags.context.as_ref().or(contexts.current.as_ref());
    let context = match named {
        Some(name) => match contexts.contexts.get(name) {
            Some(context) => context.clone(),
            None if flags.server.is_some() => Context::default(),
            None => {
                let known: Vec<_> = contexts.contexts.keys().map(String::as_str).collect();
                return Err(Trouble::usage(format!("there is no context {name:?}")).hint(format!(
                    "known contexts: {}",
                    if known.is_empty() { "none".into() } else { known.join(", ") }
                )));
            }
        },
        None => Context::default(),
    };
    let read = named.filter(|name| contexts.contexts.contains_key(name.as_str()));
    let server = flags.server.clone().unwrap_or(context.server);
    if server.is_empty() {
        return Err(Trouble::usage("no collector is named").hint(
            "give --server URL, set TIDELOCK_SERVER, or run: tidelock context set NAME --server URL …",
        ));
    }
    let token_file = flags.token_file.clone().or(context.token_file);
    let whom = flags.verbose.then(|| told::whom(&server, read.map(String::as_str)));
    let connection = Connection {
        server,
        whom,
        call_timeout: flags.call_timeout,
        ca_file: flags.ca_file.clone().or(context.ca_file),
        token: None,
        migration: flags.migration.clone().or(context.migration),
    };
    Ok((connection, token_file))
}

fn read_token(file: &PathBuf) -> Result<String, Trouble> {
    let text = fs::read_to_string(file).map_err(|error| {
        Trouble::new(Exit::Auth, format!("read the access token from {}: {error}", file.display()))
    })?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Trouble::new(Exit::Auth, format!("{} holds no access token", file.display())));
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gets_some_time() {
        assert_eq!(call_span("30s"), Ok(Duration::from_secs(30)));
        assert!(call_span("0s").is_err() && call_span("30").is_err());
    }
}
