//! No page of a side still takes something from the other.
//!
//! What belongs to the other side is what the plan declares there, and does not declare here: hosts of its
//! targets, and the networks that it grants.

use core::net::IpAddr;
use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Side, Timestamp, Via as Way};

use crate::plan::{Plan, Target};
use crate::proof::{Dependencies, DependencyState, OtherSide, Persist, Shown, StateWriter, Via};
use crate::verdict::EvidenceState;

/// The pages of one check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PagesEvidence {
    side: Side,
    max_age: Duration,
    dependencies: Dependencies,
    /// When a page was looked at last.
    last: Option<Timestamp>,
    /// The agents whose last look showed more than could be told.
    cut: BTreeSet<AgentKey>,
}

impl PagesEvidence {
    /// `other` is the side that nothing may come from.
    pub(crate) fn new(other: Side, plan: &Plan, max_age: Duration) -> PagesEvidence {
        let side = match other {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        };
        let mut owned = OtherSide::default();
        let (theirs, ours) = (declared(plan, other), declared(plan, side));
        for host in theirs.hosts.iter().filter(|host| !ours.hosts.contains(host)) {
            owned.host(host);
        }
        for (network, prefix) in theirs.networks.iter().filter(|network| !ours.networks.contains(network)) {
            owned.network(*network, *prefix);
        }
        let max_age_ms = u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX);
        let dependencies = Dependencies::new(owned, max_age_ms);
        PagesEvidence { side, max_age, dependencies, last: None, cut: BTreeSet::new() }
    }

    /// The side whose pages are looked at.
    pub(crate) fn side(&self) -> Side {
        self.side
    }

    pub(crate) fn take(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding) {
        if agent.side != self.side {
            return;
        }
        let pages = &finding.pages;
        for page in &pages.seen {
            let of_page = pages.shown.iter().filter(|shown| shown.page == *page);
            let shown: Vec<Shown<'_>> = of_page
                .map(|shown| Shown { url: &shown.url, host: &shown.host, via: via(shown.via) })
                .collect();
            self.dependencies.look(at.as_millis(), page, &shown);
            self.last = Some(at);
        }
        if pages.cut {
            self.cut.insert(agent.clone());
        } else if !pages.seen.is_empty() {
            self.cut.remove(agent);
        }
    }

    /// The agent is gone, or begins anew.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        self.cut.remove(agent);
    }

    pub(crate) fn state(&self, now: Timestamp) -> (EvidenceState, Timestamp) {
        let until = self.last.map_or(now, |last| last.plus(self.max_age));
        let state = match self.dependencies.state(now.as_millis()) {
            DependencyState::Depends => EvidenceState::Refuted,
            DependencyState::NoData => EvidenceState::Missing,
            DependencyState::Stale => EvidenceState::Stale,
            DependencyState::Pass if !self.cut.is_empty() => EvidenceState::Undecided,
            DependencyState::Pass => EvidenceState::Proved,
        };
        (state, until)
    }

    /// In one sentence.
    pub(crate) fn told(&self, state: EvidenceState) -> String {
        match (state, self.dependencies.finds().next()) {
            (EvidenceState::Refuted, Some((page, (url, host, way)))) => {
                let more = self.dependencies.finds().count() - 1;
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                format!("{page} still comes from {host} ({} {url}){more}", way.word())
            }
            (EvidenceState::Undecided, _) => "the pages show more than could be looked through".to_owned(),
            (EvidenceState::Stale, _) => "a page was not looked at for too long".to_owned(),
            (EvidenceState::Proved, _) => "no page shows anything of the other side".to_owned(),
            (EvidenceState::Missing | EvidenceState::Refuted, _) => "no page was looked at yet".to_owned(),
        }
    }

    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.dependencies.write(out);
        out.number(self.cut.len() as u64);
    }
}

fn via(way: Way) -> Via {
    match way {
        Way::Link => Via::Link,
        Way::Redirect => Via::Redirect,
        Way::Alias => Via::Alias,
        Way::Address => Via::Address,
    }
}

/// What a side declares as its own.
#[derive(Default)]
struct Declared {
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

/// A target through which sessions of the other side are used is the other side's, on purpose.
fn declared(plan: &Plan, side: Side) -> Declared {
    let crossing: Vec<&str> = plan.scenarios.values().filter_map(|it| crossing(&it.settings)).collect();
    let mut declared = Declared::default();
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
