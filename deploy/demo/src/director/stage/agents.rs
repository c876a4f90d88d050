//! Two agents on each side: joined by a token, given their secrets, started.

use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::super::RunOptions;
use super::super::cast::Actor;
use super::super::command::{Console, Who, line};
use super::super::folder::Folder;
use super::path_text;
use crate::Side;
use crate::shop::TEST_CARD;

/// The file of the key that vouches for the team's plugins.
pub(crate) const TEAM_KEY: &str = "team.key";
const EACH_SIDE: [&str; 2] = ["a", "b"];
const JOIN_LIMIT: Duration = Duration::from_secs(30);

/// The secrets that the plan names. All of them are made up.
const SECRETS: [(&str, &str); 3] = [
    ("probe-password", "probe-secret"),
    ("rabbit-monitor", "monitor:monitor-secret"),
    ("test-card", TEST_CARD),
];

/// Joins and starts all of them.
pub(crate) async fn start(
    options: &RunOptions,
    folder: &Folder,
    console: &Console,
    operator: &Who,
) -> anyhow::Result<Vec<Actor>> {
    let secrets = format!("{}{}", trusted(folder, console, operator).await?, secrets(folder)?);
    let mut agents = Vec::with_capacity(4);
    for side in Side::BOTH {
        let words = ["agent", "token", "--side", side.as_str(), "--count", "2"];
        console.talk.typed(operator.name, &format!("tidelock {}", line(&words)))?;
        let answer = console.read(operator, &words).await?;
        let token = answer["token"].as_str().context("tidelock agent token gave no token")?;
        console.talk.answer("(a token, shown once)")?;
        for which in EACH_SIDE {
            let name = format!("{side}-{which}");
            let dir = folder.at(&name);
            join(console, &name, &dir, token).await?;
            share_compiled(&dir.join("agent.toml"))?;
            add_secrets(&dir.join("agent.toml"), &secrets)?;
            let config = dir.join("agent.toml");
            let words = ["run", "--config", path_text(&config)?];
            let program = console.program("tidelock-agent");
            agents.push(Actor::start(&name, &options.program, &program, &words, folder.path())?);
        }
    }
    Ok(agents)
}

async fn join(console: &Console, name: &str, dir: &Path, token: &str) -> anyhow::Result<()> {
    let server = console.environment.iter().find(|(key, _)| *key == "TIDELOCK_SERVER");
    let url = server.and_then(|(_, url)| url.to_str()).context("the collector's URL is not known")?;
    let dir = path_text(dir)?;
    console.talk.typed(
        name,
        &format!("tidelock-agent {}", line(&["join", url, "TOKEN", "--name", name, "--dir", dir])),
    )?;
    let words = ["join", url, token, "--name", name, "--dir", dir];
    let done = console.call("tidelock-agent", None, &words, JOIN_LIMIT, Some(&console.talk)).await?;
    // Not with `good`: its error would repeat the token.
    anyhow::ensure!(done.code == 0, "{name} could not join: {}", done.last_words());
    Ok(())
}

/// Makes the key that the team signs its plugins with, and the lines that make agents trust it.
async fn trusted(folder: &Folder, console: &Console, operator: &Who) -> anyhow::Result<String> {
    let key = folder.at(TEAM_KEY);
    let made = console.show(operator, &["plugin", "keygen", path_text(&key)?]).await?;
    made.good("tidelock plugin keygen")?;
    let public =
        std::fs::read_to_string(folder.at(&format!("{TEAM_KEY}.pub"))).context("read the team's key")?;
    Ok(format!("\n[plugins]\ntrusted_keys = [{}]\n", toml_text(public.trim())))
}

/// Writes each secret into a file of its own.
fn secrets(folder: &Folder) -> anyhow::Result<String> {
    let mut text = String::new();
    for (name, value) in SECRETS {
        let file = folder.put_private(&format!("secret-{name}"), value)?;
        let file = toml_text(path_text(&file)?);
        text.push_str(&format!("\n[secrets.{name}]\nfile = {file}\nhosts = [\"127.0.0.1\"]\n"));
    }
    Ok(text)
}

/// Lets the four agents, and those of the next demo, compile each component once between them.
fn share_compiled(config: &Path) -> anyhow::Result<()> {
    let Some(shared) = tidelock_components::user_cache() else { return Ok(()) };
    // Who has no home that can be written keeps it in the demo's folder.
    if std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&shared).is_err() {
        return Ok(());
    }
    let place = || format!("set the cache in {}", config.display());
    let text = std::fs::read_to_string(config).with_context(place)?;
    let compiled = toml_text(path_text(&shared.join("compiled"))?);
    let table = format!("[cache]\ncompiled = {compiled}\n");
    std::fs::write(config, text.replace("[cache]\n", &table)).with_context(place)
}

fn add_secrets(config: &Path, secrets: &str) -> anyhow::Result<()> {
    let place = || format!("add the secrets to {}", config.display());
    let mut file = std::fs::OpenOptions::new().append(true).open(config).with_context(place)?;
    file.write_all(secrets.as_bytes()).with_context(place)
}

/// A TOML string; a path on this machine has at most quotes and backslashes to be minded.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
