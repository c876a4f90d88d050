//! A sandbox without a collector, for the commands that a person runs to try something out.
//!
//! It is the real one: the same runner, limits and grants. What the person names on the command line is
//! granted, private addresses included, and nothing else.

use std::collections::BTreeMap;
use std::env;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};
use tidelock_model::{Name, Sha256};
use tidelock_sandbox::protocol::{Grant, HttpGrant, PostgresGrant, Secret, SqliteGrant, TargetGrant};
use tidelock_sandbox::{RunnerClient, RunnerConfig};

use crate::runs::read_secret;
use crate::{ceiling, components, private_file};

/// Methods that a flow may need.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Starts a runner of our own.
pub(crate) fn runner() -> Result<RunnerClient> {
    runner_with(false)
}

/// The same; with `fuel` it counts what plugins do.
pub(crate) fn runner_with(fuel: bool) -> Result<RunnerClient> {
    let dir = tidelock_components::user_cache().unwrap_or_else(|| env::temp_dir().join("tidelock-agent"));
    private_file::make_dir(&dir).with_context(|| format!("make {}", dir.display()))?;
    let mut config = RunnerConfig::this_program(dir.join("compiled")).context("find this program")?;
    config.engine.fuel = fuel;
    RunnerClient::start(config).context("start the runner")
}

/// The component that the person names, and its digest.
pub(crate) fn component(plugin: &str) -> Result<(PathBuf, Sha256)> {
    let path = match plugin.strip_prefix("builtin:") {
        Some(name) => tidelock_components::builtin(name)?,
        None => PathBuf::from(plugin),
    };
    let bytes = std::fs::read(&path).with_context(|| format!("read the component {}", path.display()))?;
    ensure!(
        bytes.starts_with(b"\0asm"),
        "{} is no WebAssembly component: tidelock plugin build makes one of a plugin's folder",
        path.display()
    );
    Ok((path, components::digest(&bytes)))
}

/// What a YAML or JSON file holds.
pub(crate) fn yaml(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("read {} as YAML", path.display()))
}

/// Adds `KEY=VALUE` to settings. The value is JSON, or `@FILE`, or a text.
pub(crate) fn set(settings: &mut Map<String, Value>, setting: &str) -> Result<()> {
    let (key, value) = pair(setting, "--with", "KEY=VALUE")?;
    let value = match value.strip_prefix('@') {
        Some(path) => yaml(Path::new(path))?,
        None => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())),
    };
    ensure!(settings.insert(key.to_owned(), value).is_none(), "--with {key} is given twice");
    Ok(())
}

fn pair<'a>(text: &'a str, flag: &str, shape: &str) -> Result<(&'a str, &'a str)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        Some(_) | None => bail!("{flag} {text}: write {shape}"),
    }
}

/// Reads `NAME=FILE`; such a secret may go to every host among the targets.
pub(crate) fn secrets(
    given: &[String],
    targets: &[TargetGrant],
) -> Result<BTreeMap<String, (PathBuf, Vec<String>)>> {
    let hosts: Vec<String> = targets.iter().filter_map(|target| host_of(&target.grant)).collect();
    let mut secrets = BTreeMap::new();
    for secret in given {
        let (name, file) = pair(secret, "--secret", "NAME=FILE")?;
        let name = Name::new(name).with_context(|| format!("--secret {name}"))?;
        secrets.insert(name.to_string(), (PathBuf::from(file), hosts.clone()));
    }
    Ok(secrets)
}

/// Reads the values for one run.
pub(crate) fn reveal(secrets: &BTreeMap<String, (PathBuf, Vec<String>)>) -> Result<Vec<Secret>> {
    let one = |(name, (file, hosts)): (&String, &(PathBuf, Vec<String>))| {
        let value =
            read_secret(file).with_context(|| format!("read secret {name} from {}", file.display()))?;
        Ok(Secret { name: name.clone(), value, hosts: hosts.clone() })
    };
    secrets.iter().map(one).collect()
}

fn host_of(grant: &Grant) -> Option<String> {
    match grant {
        Grant::Http(http) => ceiling::http_host(&http.url).map(|(host, _)| host),
        Grant::Postgres(postgres) => postgres.address.rsplit_once(':').map(|(host, _)| host.to_owned()),
        Grant::Sqlite(_) => None,
    }
}

/// Reads `NAME=URL`.
pub(crate) async fn target(given: &str) -> Result<TargetGrant> {
    let (name, url) = pair(given, "--target", "NAME=URL")?;
    let name = Name::new(name).with_context(|| format!("--target {name}"))?.to_string();
    let grant = if let Some(path) = url.strip_prefix("sqlite:") {
        let path = std::fs::canonicalize(path).with_context(|| format!("--target {name}: find {path}"))?;
        Grant::Sqlite(SqliteGrant { path: path.display().to_string(), write: false })
    } else if let Some(rest) = url.strip_prefix("postgres://") {
        postgres(&name, rest).await?
    } else {
        Grant::Http(http(url).await.with_context(|| format!("--target {name}"))?)
    };
    Ok(TargetGrant { own: name != "other", name, grant })
}

async fn postgres(name: &str, rest: &str) -> Result<Grant> {
    let Some((user, address)) = rest.split_once('@').filter(|(user, _)| !user.contains(':')) else {
        bail!(
            "--target {name}: write postgres://user@host:port/database, and the password as --secret {name}-password=FILE"
        );
    };
    let server = address.split_once('/').map_or(address, |(server, _)| server);
    let addresses = resolve(server).await.with_context(|| format!("--target {name}"))?;
    let password = Some(format!("{name}-password"));
    Ok(Grant::Postgres(PostgresGrant {
        address: address.to_owned(),
        user: user.to_owned(),
        password,
        ca: None,
        tls_name: None,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        write: false,
    }))
}

/// Grants one origin with the addresses that its name has now.
pub(crate) async fn http(url: &str) -> Result<HttpGrant> {
    let origin = url.strip_suffix('/').unwrap_or(url);
    let behind_scheme = origin.split_once("://").map_or("", |(_, rest)| rest);
    let Some((host, port)) =
        ceiling::http_host(origin).filter(|_| !behind_scheme.contains(['/', '?', '@', '#']))
    else {
        bail!("{url:?} is not http://host[:port] or https://host[:port]; the path belongs into the flow");
    };
    let server = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let addresses = resolve(&server).await?;
    Ok(HttpGrant {
        methods: METHODS.map(str::to_owned).to_vec(),
        paths: vec!["/".to_owned()],
        addresses: addresses.iter().map(ToString::to_string).collect(),
        ..HttpGrant::closed(origin)
    })
}

async fn resolve(server: &str) -> Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host(server).await.with_context(|| format!("resolve {server}"))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_json_or_text() {
        let mut settings = Map::new();
        for setting in ["n=5", "b=true", "t=shop", "q=\"5\"", "j={\"a\":[1]}", "empty="] {
            set(&mut settings, setting).unwrap();
        }
        let expected = r#"{"b":true,"empty":"","j":{"a":[1]},"n":5,"q":"5","t":"shop"}"#;
        assert_eq!(Value::Object(settings.clone()).to_string(), expected);
        assert!(set(&mut settings, "n=6").is_err());
        assert!(set(&mut settings, "nothing").is_err());
    }

    #[tokio::test]
    async fn what_is_named_is_granted_with_its_addresses() {
        let grant = http("http://127.0.0.1:8080/").await.unwrap();
        assert_eq!(
            (grant.url.as_str(), grant.addresses),
            ("http://127.0.0.1:8080", vec!["127.0.0.1".to_owned()])
        );
        for bad in
            ["127.0.0.1:8080", "ftp://127.0.0.1", "http://127.0.0.1/login", "http://u@127.0.0.1", "http://"]
        {
            assert!(http(bad).await.is_err(), "{bad}");
        }
    }
}
