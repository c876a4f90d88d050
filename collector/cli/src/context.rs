//! Which collector, with which access, about which migration: flags, then the environment, then the
//! context file. A context that is typed stands before the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use clap::ArgMatches;
use clap::parser::ValueSource;
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

/// Where access comes from, for whoever has none.
pub(crate) const ACCESS: &str =
    "access comes from: tidelock access issue NAME; give it with --token-file or TIDELOCK_TOKEN_FILE";

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
    /// A named collector of the context file; one that is typed stands before the environment
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

impl Flags {
    /// A context that is typed is meant as a whole: whatever the environment says of a collector is of another one,
    /// and the access of one must not go to the other.
    pub(crate) fn leave_environment(&mut self, matches: &ArgMatches) {
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if !typed("context") {
            return;
        }
        self.migration = self.migration.take().filter(|_| typed("migration"));
        self.server = self.server.take().filter(|_| typed("server"));
        self.token_file = self.token_file.take().filter(|_| typed("token_file"));
        self.ca_file = self.ca_file.take().filter(|_| typed("ca_file"));
    }
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
    let (name, context) = of_file(flags, contexts)?.unzip();
    let context = context.unwrap_or_default();
    let server = flags.server.clone().unwrap_or(context.server);
    if server.is_empty() {
        return Err(Trouble::usage("no collector is named").hint(
            "give --server URL, set TIDELOCK_SERVER, or run: tidelock context set NAME --server URL …",
        ));
    }
    let token_file = flags.token_file.clone().or(context.token_file);
    let whom = flags.verbose.then(|| told::whom(&server, name.as_deref()));
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

/// The context that is meant, with its name. One that nobody named now is of its own collector alone: its access is
/// not sent to another one.
fn of_file(flags: &Flags, mut contexts: Contexts) -> Result<Option<(String, Context)>, Trouble> {
    let Some(name) = flags.context.as_ref().or(contexts.current.as_ref()).cloned() else { return Ok(None) };
    let Some(context) = contexts.contexts.remove(&name) else {
        if flags.context.is_none() && flags.server.is_some() {
            return Ok(None);
        }
        return Err(no_context(&name, &contexts));
    };
    let place = |url: &str| url.trim_end_matches('/').to_owned();
    let other = flags.server.as_ref().is_some_and(|server| place(server) != place(&context.server));
    Ok((flags.context.is_some() || !other).then_some((name, context)))
}

/// There is none of this name; which there are.
pub(crate) fn no_context(name: &str, contexts: &Contexts) -> Trouble {
    let known: Vec<_> = contexts.contexts.keys().map(String::as_str).collect();
    Trouble::usage(format!("there is no context {name:?}"))
        .hint(format!("known contexts: {}", if known.is_empty() { "none".into() } else { known.join(", ") }))
}

fn read_token(file: &PathBuf) -> Result<String, Trouble> {
    let bad = |what: String| {
        let named =
            "it is named by --token-file, by TIDELOCK_TOKEN_FILE or by the context: tidelock context ls";
        Trouble::new(Exit::Auth, what).hint(named).hint(ACCESS)
    };
    let text = fs::read_to_string(file)
        .map_err(|error| bad(format!("read the access token from {}: {error}", file.display())))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(bad(format!("{} holds no access token: one line without blanks", file.display())));
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
