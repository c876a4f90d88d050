//! The plan of a comparison: what was just seen by one observer, asked of two sides for good.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tidelock_model::Name;
use tidelock_sandbox::protocol::{Grant, TargetGrant};

use super::{Compare, TARGET};

/// Writes the plan, and the flow beside it: a plan names files inside its own folder.
pub(super) fn save(path: &Path, ask: &Compare, sides: &[TargetGrant; 2]) -> Result<()> {
    ensure!(!path.exists(), "{} is there already; a plan is not overwritten", path.display());
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(file_name) = ask.flow.file_name().and_then(|name| name.to_str()) else {
        bail!("{} is not a file", ask.flow.display());
    };
    let beside = dir.join(file_name);
    let same = fs::canonicalize(&beside)
        .is_ok_and(|beside| fs::canonicalize(&ask.flow).is_ok_and(|flow| flow == beside));
    if !same {
        ensure!(!beside.exists(), "{} is there already and is another flow", beside.display());
        fs::copy(&ask.flow, &beside).with_context(|| format!("copy the flow to {}", beside.display()))?;
    }
    let text = text(file_name, ask, sides)?;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn text(flow: &str, ask: &Compare, sides: &[TargetGrant; 2]) -> Result<String> {
    let stem: String = flow.split('.').next().unwrap_or_default().to_lowercase();
    let scenario = Name::new(&stem).map_or("scenario".to_owned(), |name| name.to_string());
    let mut with = format!("flow: {}, target: {TARGET}", quote(flow));
    for setting in &ask.with {
        let (key, value) = setting.split_once('=').context("--with")?;
        let value: Value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        with.push_str(&format!(", {key}: {value}"));
    }
    let [source, target] = [target(&sides[0])?, target(&sides[1])?];
    Ok(format!(
        "# Written by `tidelock-agent compare --save`. Say who decides, and what breaks when it breaks; then\n\
         # `tidelock plan check` and `tidelock plan apply`.\n\
         tidelock: plan/v1\n\
         name: {scenario}-moves\n\
         environments:\n\
         \x20 source: {{ targets: {{ {TARGET}: {source} }} }}\n\
         \x20 target: {{ targets: {{ {TARGET}: {target} }} }}\n\
         people: {{ first: The person who decides, second: Their deputy }}\n\
         scenarios:\n\
         \x20 {scenario}:\n\
         \x20   if_broken: Customers cannot go through {scenario}\n\
         \x20   level: critical\n\
         \x20   plugin: builtin:http-flow\n\
         \x20   with: {{ {with} }}\n\
         \x20   claims: {{ passes: {{ in_a_row: 5 }} }}\n\
         rollback: {{ window: 6h }}\n"
    ))
}

/// A target in the plan's words. Addresses that are not public must be granted there as well.
fn target(target: &TargetGrant) -> Result<String> {
    let Grant::Http(http) = &target.grant else { bail!("{} is not called over HTTP", target.name) };
    let private: Vec<String> = (http.addresses.iter())
        .filter(|address| address.parse().is_ok_and(is_private))
        .map(|address| quote(address))
        .collect();
    let methods = http.methods.join(", ");
    let addresses = match private.is_empty() {
        true => String::new(),
        false => format!(", addresses: [{}]", private.join(", ")),
    };
    Ok(format!("{{ url: {}, methods: [{methods}]{addresses} }}", quote(&http.url)))
}

/// Not reachable from the whole world.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            let mapped = v6.to_ipv4_mapped().is_some_and(|v4| is_private(v4.into()));
            mapped || v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
    }
}

fn quote(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
