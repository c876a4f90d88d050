//! The collector: its folder, its keys, its first access.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep};

use super::super::cast::Actor;
use super::super::command::{Console, Who};
use super::super::folder::Folder;
use super::super::plan_file::MIGRATION;
use super::super::talk::Talk;
use super::super::{RunOptions, command};
use super::path_text;
use crate::FOLDER_VARIABLE;
use crate::client::{Call, Http};

const READY_LIMIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// Makes the collector's folder and starts it on free ports.
pub(crate) async fn start(
    options: &RunOptions,
    folder: &Folder,
    talk: &Talk,
    bin: PathBuf,
) -> anyhow::Result<(Console, Who, Actor)> {
    let dir = folder.at("collector");
    // Nothing of the visitor's own contexts may reach the demo.
    let contexts = folder.at("contexts.toml").into_os_string();
    // The steps of the runbook find the programs of this release, and the demo that they belong to.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&path)));
    let environment = vec![
        ("TIDELOCK_CONFIG", contexts),
        ("TIDELOCK_MIGRATION", MIGRATION.into()),
        ("PATH", path.context("this release lies in a folder that PATH cannot hold")?),
        (FOLDER_VARIABLE, folder.path().as_os_str().to_owned()),
    ];
    let mut console = Console { bin, environment, talk: talk.clone() };
    let operator = Who { name: "operator", token_file: dir.join("operator.token") };
    let any = "127.0.0.1:0";
    let words = [
        "pki",
        "init",
        "--dir",
        path_text(&dir)?,
        "--agents-listen",
        any,
        "--api-listen",
        any,
        "--host",
        "localhost",
    ];
    talk.typed(operator.name, &format!("tidelock {}", command::line(&words)))?;
    let limit = Duration::from_secs(30);
    console.call("tidelock", None, &words, limit, Some(talk)).await?.good("tidelock pki init")?;
    let config = dir.join("collector.toml");
    let ports = folder.at("collector.ports");
    let words = ["run", "--config", path_text(&config)?, "--port-file", path_text(&ports)?];
    let program = console.program("tidelock-collector");
    let mut collector = Actor::start("collector", &options.program, &program, &words, folder.path())?;
    let told = collector.tells(&ports).await?;
    let place = || format!("read {}: {told:?}", ports.display());
    let (api, ops) = addresses(&told).with_context(place)?;
    ready(&mut collector, ops).await?;
    let server = format!("https://localhost:{}", api.port());
    console.environment.push(("TIDELOCK_SERVER", server.into()));
    console.environment.push(("TIDELOCK_CA_FILE", dir.join("ca.pem").into_os_string()));
    Ok((console, operator, collector))
}

/// Waits until it has read its journal: before that it answers nobody.
async fn ready(collector: &mut Actor, ops: SocketAddr) -> anyhow::Result<()> {
    let http = Http::new();
    let until = Instant::now() + READY_LIMIT;
    loop {
        let answer = http.send(Call::get(format!("http://{ops}/readyz"))).await;
        if answer.is_ok_and(|answer| answer.status.is_success()) {
            return Ok(());
        }
        collector.intact()?;
        anyhow::ensure!(Instant::now() < until, "the collector is not ready after {READY_LIMIT:?}");
        sleep(LOOK).await;
    }
}

/// Where the API and the health answers are, as the port file has it.
fn addresses(told: &str) -> Option<(SocketAddr, SocketAddr)> {
    let addresses: serde_json::Value = serde_json::from_str(told).ok()?;
    let address = |name: &str| addresses[name].as_str()?.parse().ok();
    Some((address("api")?, address("ops")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_addresses_must_be_there() {
        let told = r#"{ "agents": "127.0.0.1:1", "api": "127.0.0.1:2", "ops": "127.0.0.1:3" }"#;
        let ports = addresses(told).map(|(api, ops)| (api.port(), ops.port()));
        assert_eq!(ports, Some((2, 3)));
        assert_eq!(addresses(r#"{ "api": "127.0.0.1:2" }"#), None);
    }
}
