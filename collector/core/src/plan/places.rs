//! What belongs to one side alone: where pages of the other must not come from.
//!
//! Those are the hosts of the side's targets and the networks that it grants, but for what the other side declares
//! as its own, too.

use core::net::IpAddr;
use std::collections::BTreeSet;

use tidelock_model::Side;

use super::{ClaimKind, Joint, Plan, Scenario, Target};

/// Hosts and networks that a plan declares on one side and not on the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// In lower case, without a port.
    pub hosts: BTreeSet<String>,
    /// Each with the number of bits that its addresses begin with.
    pub networks: BTreeSet<(IpAddr, u8)>,
}

impl Plan {
    /// What belongs to the side, and not to the other.
    pub fn places_of(&self, side: Side) -> Places {
        let other = match side {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        };
        let (own, theirs) = (declared(self, side), declared(self, other));
        Places {
            hosts: own.hosts.difference(&theirs.hosts).cloned().collect(),
            networks: own.networks.difference(&theirs.networks).copied().collect(),
        }
    }
}

impl Scenario {
    /// The sides that no page of it may come from.
    pub fn must_not_come_from(&self) -> impl Iterator<Item = Side> {
        self.claims.iter().filter_map(|claim| match &claim.kind {
            ClaimKind::Joint(Joint::NoDependencyOn(side)) => Some(*side),
            ClaimKind::Joint(_) | ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
        })
    }
}

/// What a side declares. A target through which sessions of the other side are used is the other side's, on purpose.
fn declared(plan: &Plan, side: Side) -> Places {
    let crossing: Vec<&str> = plan.scenarios.values().filter_map(|it| crossing(&it.settings)).collect();
    let mut declared = Places::default();
    for (name, target) in &plan.environment(side).targets {
        if crossing.contains(&name.as_str()) {
            continue;
        }
        let (place, addresses) = match target {
            Target::Http(http) => (host(&http.url), &http.addresses),
            Target::Sql(sql) => (host(&sql.address), &sql.addresses),
        };
        declared.hosts.extend(place);
        declared.networks.extend(addresses.iter().filter_map(|text| network(text)));
    }
    declared
}

/// The target that a scenario's settings name for sessions of the other side; the settings are canonical.
fn crossing(settings: &str) -> Option<&str> {
    let (_, rest) = settings.split_once("\"session_from_other_side\":\"")?;
    rest.split('"').next()
}

/// The host of a URL or of `host:port/database`.
fn host(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "128"));
    Some((address.parse().ok()?, prefix.parse().ok()?))
}
