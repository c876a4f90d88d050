//! The collector: its folder, its keys, its first access.

use std::path::PathBuf;

use anyhow::Context as _;

use super::super::cast::Actor;
use super::super::command::{Console, Who};
use super::super::folder::Folder;
use super::super::plan_file::MIGRATION;
use super::super::talk::Talk;
use super::super::{RunOptions, command};
use super::path_text;

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
    let environment = vec![("TIDELOCK_CONFIG", contexts), ("TIDELOCK_MIGRATION", MIGRATION.into())];
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
    let limit = std::time::Duration::from_secs(30);
    console.call("tidelock", None, &words, limit, Some(talk)).await?.good("tidelock pki init")?;
    let config = dir.join("collector.toml");
    let ports = folder.at("collector.ports");
    let words = ["run", "--config", path_text(&config)?, "--port-file", path_text(&ports)?];
    let program = console.program("tidelock-collector");
    let mut collector = Actor::start("collector", &options.program, &program, &words, folder.path())?;
    let told = collector.tells(&ports).await?;
    let api = api_port(&told).with_context(|| format!("no API address in {}: {told:?}", ports.display()))?;
    console.environment.push(("TIDELOCK_SERVER", format!("https://localhost:{api}").into()));
    console.environment.push(("TIDELOCK_CA_FILE", dir.join("ca.pem").into_os_string()));
    Ok((console, operator, collector))
}

/// The API's port, as the port file has it.
fn api_port(told: &str) -> Option<u16> {
    let addresses: serde_json::Value = serde_json::from_str(told).ok()?;
    let address: std::net::SocketAddr = addresses["api"].as_str()?.parse().ok()?;
    Some(address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_one_of_the_api() {
        let told = r#"{ "agents": "127.0.0.1:1", "api": "127.0.0.1:2", "ops": "127.0.0.1:3" }"#;
        assert_eq!(api_port(told), Some(2));
        assert_eq!(api_port("{}"), None);
    }
}
