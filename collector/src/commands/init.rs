//! `init`: everything that a collector needs before its first start.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tidelock_model::Name;

use super::{InitArgs, say};
use crate::access::{Access, Role};
use crate::config::{self, Config};
use crate::pki::Pki;
use crate::{clock, private_file};

/// The first operator's token lives for three months.
const TOKEN_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

pub(super) fn init(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let operator = Name::new(&args.operator).map_err(|error| anyhow::anyhow!("--operator: {error}"))?;
    let path = args.dir.join("collector.toml");
    if args.if_missing && path.exists() {
        say(&mut std::io::stdout(), &format!("{} is there already; nothing was changed", path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::ensure!(!path.exists(), "{} is there already; nothing was changed", path.display());
    private_file::make_dir(&args.dir).with_context(|| format!("make {}", args.dir.display()))?;
    // Free ports for one mean free ports for all: several collectors on one machine.
    let ops_port = if args.api_listen.port() == 0 { 0 } else { 7490 };
    let ops = args.ops_listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], ops_port)));
    let text = config::first(&args.host, args.agents_listen, args.api_listen, ops)?;
    write(&path, &text)?;
    let config = Config::read(&path)?;
    let now = clock::wall();
    let pki = Pki::open(&config.pki_dir, &config.trust_domain, now)?;
    pki.server_identity(&config.hosts, now)?;
    pki.gate_key()?;
    let ca = args.dir.join("ca.pem");
    write(&ca, &pki.api_ca_pem())?;
    let access = Access::open(&config.access_file)?;
    let (_, token) = access.issue(operator, Role::Operator, (None, None), Some(TOKEN_LIFE), now)?;
    let token_file = args.dir.join("operator.token");
    write(&token_file, &format!("{token}\n"))?;
    let mut out = std::io::stdout();
    say(&mut out, &format!("configuration    {}", path.display()));
    say(&mut out, &format!("authority        {}", ca.display()));
    say(
        &mut out,
        &format!("operator token   {} (valid 90 days, readable by you alone)", token_file.display()),
    );
    for warning in unreachable(&args.host, args.agents_listen, args.api_listen) {
        say(&mut std::io::stderr(), &warning);
    }
    say(&mut out, &format!("next             tidelock-collector run --config {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// What nobody elsewhere would reach, although the collector is to be known there by a name.
fn unreachable(hosts: &[String], agents: SocketAddr, api: SocketAddr) -> Vec<String> {
    let local = |host: &String| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    let Some(host) = hosts.iter().find(|host| !local(host)) else { return Vec::new() };
    let listeners = [("agents", "--agents-listen", agents), ("people and pipelines", "--api-listen", api)];
    let shut = listeners.into_iter().filter(|(_, _, address)| address.ip().is_loopback());
    shut.map(|(whom, flag, address)| {
        format!(
            "warning          {whom} cannot reach {host}: it listens on {address}, this machine alone; \
             {flag} 0.0.0.0:{}",
            address.port()
        )
    })
    .collect()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    private_file::replace(path, text.as_bytes()).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_others_use_needs_a_listener_that_others_reach() {
        let hosts = |host: &str| vec!["localhost".to_owned(), host.to_owned()];
        let (shut, open) = (SocketAddr::from(([127, 0, 0, 1], 7443)), SocketAddr::from(([0, 0, 0, 0], 7480)));
        let said = unreachable(&hosts("gate.example"), shut, open);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("agents cannot reach gate.example"), "{said:?}");
        assert!(said[0].contains("--agents-listen 0.0.0.0:7443"), "{said:?}");
        assert_eq!(unreachable(&hosts("gate.example"), open, open), Vec::<String>::new());
        for local in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(unreachable(&hosts(local), shut, shut), Vec::<String>::new(), "{local}");
        }
    }
}
