//! What the target still takes from the source: links, redirects, names and addresses that its pages show.
//!
//! Exact, no error rate, and no wider than what was looked at: the claim `no_dependency_on` passes where no
//! page of the flows, each looked at of late, shows anything that belongs to a declared host of the other
//! side. A find stays until the same page was looked at again without it. (`docs/DECISION.md` on what is not
//! promised: a page that no flow visits is not covered. Unit: milliseconds.)

#[cfg(test)]
mod tests;

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

use super::combine::Standing;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Pages kept; one more than these makes the answer blind for good.
const PAGES: usize = 256;
/// Finds kept of a page: enough to name, one is enough to hold.
const FINDS_PER_PAGE: usize = 32;
/// Declared hosts, and as many networks; one more than these makes the answer blind for good.
const DECLARED: usize = 256;

/// How something of the other side was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// The page names it.
    Link,
    /// An answer sends there.
    Redirect,
    /// A name is an alias of it.
    Alias,
    /// A name resolves to an address of it.
    Address,
}

impl Via {
    const ALL: [Via; 4] = [Via::Link, Via::Redirect, Via::Alias, Via::Address];

    /// The word on every screen.
    pub fn word(self) -> &'static str {
        match self {
            Via::Link => "link",
            Via::Redirect => "redirect",
            Via::Alias => "alias",
            Via::Address => "address",
        }
    }
}

/// One thing that a page showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The URL as it was shown.
    pub url: &'a str,
    /// The host it names, the alias, or the address in words.
    pub host: &'a str,
    /// How it was reached.
    pub via: Via,
}

/// What belongs to the other side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherSide {
    hosts: BTreeSet<String>,
    networks: BTreeSet<(IpAddr, u8)>,
    /// More was declared than is kept.
    cut: bool,
}

impl OtherSide {
    /// Adds a host: `shop.example`, or `*.shop.example` for every name below it.
    pub fn host(&mut self, host: &str) {
        if self.hosts.len() < DECLARED {
            self.hosts.insert(plain(host));
        } else {
            self.cut = true;
        }
    }

    /// Adds an address, or the network of its first `prefix` bits.
    pub fn network(&mut self, address: IpAddr, prefix: u8) {
        if self.networks.len() < DECLARED {
            self.networks.insert((address.to_canonical(), prefix));
        } else {
            self.cut = true;
        }
    }

    /// Whether a host or an address in words belongs to it.
    pub fn owns(&self, host: &str) -> bool {
        let host = plain(host);
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            let address = address.to_canonical();
            return self.networks.iter().any(|(network, prefix)| within(address, *network, *prefix))
                || self.hosts.contains(&host);
        }
        let above = host.match_indices('.').map(|(dot, _)| format!("*{}", &host[dot..]));
        self.hosts.contains(&host) || above.into_iter().any(|pattern| self.hosts.contains(&pattern))
    }
}

/// A host as it is compared: no upper case, no root dot.
fn plain(host: &str) -> String {
    host.trim().trim_end_matches('.').to_ascii_lowercase()
}

fn within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (address, network, bits) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()) << 96, u128::from(network.to_bits()) << 96, 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let prefix = u32::from(prefix.min(bits));
    prefix == 0 || (address ^ network) >> (128 - prefix) == 0
}

/// How the pages stand, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyState {
    /// A page still shows something of the other side.
    Depends,
    /// No page was looked at, or more than are kept.
    NoData,
    /// A page was not looked at of late.
    Stale,
    /// No page shows anything of the other side.
    Pass,
}

impl DependencyState {
    /// The word, as the specification's other components use it.
    pub fn word(self) -> &'static str {
        match self {
            DependencyState::Depends => "VIOLATION",
            DependencyState::NoData => "NO_DATA",
            DependencyState::Stale => "STALE",
            DependencyState::Pass => "PASS",
        }
    }
}

impl From<DependencyState> for Standing {
    fn from(state: DependencyState) -> Standing {
        Standing::of_word(state.word())
    }
}

/// What a page shows of the other side: URL, host and way.
pub type Find = (String, String, Via);

/// A page as it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Page {
    at_ms: u64,
    finds: BTreeSet<Find>,
}

/// The pages of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependencies {
    other: OtherSide,
    max_age_ms: u64,
    pages: BTreeMap<String, Page>,
    overflown: bool,
}

impl Dependencies {
    /// No page was looked at yet. Where more belongs to the other side than is kept, nothing is ever clean.
    pub fn new(mut other: OtherSide, max_age_ms: u64) -> Dependencies {
        let overflown = std::mem::take(&mut other.cut);
        Dependencies { other, max_age_ms, pages: BTreeMap::new(), overflown }
    }

    /// There is more to look at, or to look for, than is kept.
    pub fn overflown(&self) -> bool {
        self.overflown
    }

    /// A page was looked at: this is all that it showed. Of two looks at one moment both count.
    pub fn look(&mut self, at_ms: u64, page: &str, shown: &[Shown<'_>]) {
        if !self.pages.contains_key(page) && self.pages.len() == PAGES {
            self.overflown = true;
            return;
        }
        let known = self.pages.entry(page.to_owned()).or_default();
        if at_ms < known.at_ms {
            return;
        }
        if known.at_ms < at_ms {
            known.finds.clear();
        }
        known.at_ms = at_ms;
        let others = shown.iter().filter(|shown| self.other.owns(shown.host));
        known.finds.extend(others.map(|shown| (shown.url.to_owned(), plain(shown.host), shown.via)));
        while FINDS_PER_PAGE < known.finds.len() {
            known.finds.pop_last();
        }
    }

    /// What still comes from the other side, by page.
    pub fn finds(&self) -> impl Iterator<Item = (&str, &Find)> {
        self.pages.iter().flat_map(|(name, page)| page.finds.iter().map(|find| (&**name, find)))
    }

    /// How the pages stand.
    pub fn state(&self, now_ms: u64) -> DependencyState {
        if self.finds().next().is_some() {
            return DependencyState::Depends;
        }
        let old = |page: &Page| self.max_age_ms < now_ms.saturating_sub(page.at_ms);
        if self.pages.is_empty() || self.overflown {
            DependencyState::NoData
        } else if self.pages.values().any(old) {
            DependencyState::Stale
        } else {
            DependencyState::Pass
        }
    }
}

impl Persist for Dependencies {
    fn write(&self, out: &mut StateWriter) {
        out.list(self.other.hosts.iter(), |host, out| out.text(host));
        out.list(self.other.networks.iter(), |(address, prefix), out| {
            out.text(&address.to_string());
            out.number(u64::from(*prefix));
        });
        out.number(self.max_age_ms);
        out.flag(self.overflown);
        out.list(self.pages.iter(), |(name, page), out| {
            out.text(name);
            out.number(page.at_ms);
            out.list(page.finds.iter(), |(url, host, via), out| {
                out.text(url);
                out.text(host);
                out.number(Via::ALL.iter().position(|other| other == via).map_or(0, |at| at as u64));
            });
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Dependencies, BadState> {
        let hosts = from.list(DECLARED, |from| from.text())?.into_iter().collect();
        let networks = from.list(DECLARED, |from| {
            let address = from.text()?.parse().map_err(|_| from.bad("an address"))?;
            let prefix = u8::try_from(from.number()?).map_err(|_| from.bad("a prefix"))?;
            Ok((address, prefix))
        })?;
        let other = OtherSide { hosts, networks: networks.into_iter().collect(), cut: false };
        let (max_age_ms, overflown) = (from.number()?, from.flag()?);
        let pages = from.map(PAGES, |from| {
            let (name, at_ms) = (from.text()?, from.number()?);
            let finds = from.list(FINDS_PER_PAGE, |from| {
                let (url, host) = (from.text()?, from.text()?);
                let via = from.count(Via::ALL.len() - 1)?;
                Ok((url, host, Via::ALL[via]))
            })?;
            Ok((name, Page { at_ms, finds: finds.into_iter().collect() }))
        })?;
        Ok(Dependencies { other, max_age_ms, pages, overflown })
    }
}
