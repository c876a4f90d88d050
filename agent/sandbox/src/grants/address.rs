//! Which addresses a target may turn out to have.
//!
//! A name is resolved once, every address that comes back is judged, and the judged address is the
//! one that is connected to: a name that changes its mind in between gains nothing. An address that
//! is not public needs a grant that names it. Cloud metadata needs a grant of exactly that address;
//! some addresses are never a target. An IPv4 address in an IPv6 coat is judged by the inner one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tidelock_model::mutated;

use super::network::Network;

/// What kind of address it is, for the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Public,
    /// Needs a grant that contains it.
    Private(&'static str),
    /// Needs a grant of exactly this address.
    Metadata,
    Never(&'static str),
}

const METADATA: [Network; 8] = [
    Network::v4(169, 254, 169, 254, 32),
    Network::v4(169, 254, 170, 2, 32),
    Network::v4(169, 254, 170, 23, 32),
    Network::v4(100, 100, 100, 200, 32),
    Network::v4(168, 63, 129, 16, 32),
    Network::v4(192, 0, 0, 192, 32),
    Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128),
    Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128),
];

const NEVER: [(Network, &str); 4] = [
    (Network::v4(255, 255, 255, 255, 32), "broadcast"),
    (Network::v4(0, 0, 0, 0, 8), "unspecified"),
    (Network::v4(224, 0, 0, 0, 4), "multicast"),
    (Network::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

const PRIVATE: [(Network, &str); 22] = [
    (Network::v4(127, 0, 0, 0, 8), "loopback"),
    (Network::v4(10, 0, 0, 0, 8), "private"),
    (Network::v4(172, 16, 0, 0, 12), "private"),
    (Network::v4(192, 168, 0, 0, 16), "private"),
    (Network::v4(169, 254, 0, 0, 16), "link-local"),
    (Network::v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (Network::v4(192, 0, 0, 0, 24), "protocol assignments"),
    (Network::v4(192, 0, 2, 0, 24), "documentation"),
    (Network::v4(198, 51, 100, 0, 24), "documentation"),
    (Network::v4(203, 0, 113, 0, 24), "documentation"),
    (Network::v4(198, 18, 0, 0, 15), "benchmarking"),
    (Network::v4(240, 0, 0, 0, 4), "reserved"),
    (Network::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (Network::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local"),
    (Network::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    (Network::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local"),
    (Network::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "local NAT64"),
    (Network::v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard"),
    (Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo"),
    (Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    (Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    (Network::v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "segment routing"),
];

/// The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 or 6to4.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, _, _, _, _, _] => Some(v4(high, low)),
        _ => None,
    }
}

fn class(address: IpAddr) -> Class {
    if METADATA.iter().any(|network| network.contains(address)) {
        return Class::Metadata;
    }
    if address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        return Class::Never("unspecified");
    }
    if let Some((_, what)) = NEVER.iter().find(|(network, _)| network.contains(address)) {
        return Class::Never(what);
    }
    match PRIVATE.iter().find(|(network, _)| network.contains(address)) {
        Some((_, what)) => Class::Private(what),
        None => Class::Public,
    }
}

/// Judges one address.
///
/// # Errors
/// Says why it may not be called, and what would allow it.
pub(crate) fn judge(address: IpAddr, granted: &[Network]) -> Result<(), String> {
    let embedded = match address {
        IpAddr::V6(v6) => inner(v6).map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    let judged = embedded.unwrap_or(address);
    let exactly = || granted.iter().any(|g| g.is_just(judged) || g.is_just(address));
    let within = || granted.iter().any(|g| g.contains(judged) || (embedded.is_none() && g.contains(address)));
    match class(judged) {
        Class::Public => Ok(()),
        Class::Private(_) if within() || mutated("a-private-address-is-granted") => Ok(()),
        Class::Metadata if exactly() || mutated("metadata-is-granted-by-itself") => Ok(()),
        Class::Private(what) => Err(format!("{address} is a {what} address; `addresses` does not name it")),
        Class::Metadata => Err(format!(
            "{address} is a metadata address; only `addresses: [{judged}]`, exactly that, allows it"
        )),
        Class::Never(what) => Err(format!("{address} is {what}: never a target")),
    }
}

/// Judges all addresses of a name and chooses the one to connect to: the first one of IPv4, or else
/// the first. One address and no second try, so that a half-moved name is seen.
///
/// # Errors
/// Says which address may not be called: one is enough.
pub(crate) fn choose(addresses: &[SocketAddr], granted: &[Network]) -> Result<SocketAddr, String> {
    for address in addresses {
        judge(address.ip(), granted)?;
    }
    let first = addresses.iter().find(|address| address.is_ipv4()).or_else(|| addresses.first());
    first.copied().ok_or_else(|| "the name has no address".to_owned())
}

/// Whether the connection cannot leave this machine.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(address: &str, granted: &[&str]) -> Result<(), String> {
        let granted: Vec<Network> = granted.iter().map(|text| text.parse().unwrap()).collect();
        judge(address.parse().unwrap(), &granted)
    }

    #[test]
    fn public_addresses_need_no_grant() {
        for public in
            ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"]
        {
            assert_eq!(judged(public, &[]), Ok(()), "{public}");
        }
    }

    #[test]
    fn all_others_are_refused_without_a_grant() {
        for closed in [
            "127.0.0.1",
            "127.255.0.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "169.254.170.2",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fdff::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "100::1",
        ] {
            assert!(judged(closed, &[]).is_err(), "{closed} was let through");
        }
    }

    #[test]
    fn a_grant_opens_what_it_names_and_no_more() {
        for (address, granted, open) in [
            ("10.1.2.3", "10.1.0.0/16", true),
            ("10.2.2.3", "10.1.0.0/16", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.0.0/0", true),
            ("::1", "::1", true),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
            ("::ffff:127.0.0.1", "::/0", false),
            ("64:ff9b::a00:1", "10.0.0.0/8", true),
            ("169.254.169.254", "169.254.0.0/16", false),
            ("169.254.169.254", "0.0.0.0/0", false),
            ("169.254.169.254", "169.254.169.254", true),
            ("::ffff:169.254.169.254", "169.254.169.254/32", true),
            ("fd00:ec2::254", "fd00::/8", false),
            ("fd00:ec2::254", "fd00:ec2::254", true),
            ("0.0.0.0", "0.0.0.0/0", false),
            ("224.0.0.1", "224.0.0.1", false),
            ("::", "::/0", false),
        ] {
            assert_eq!(judged(address, &[granted]).is_ok(), open, "{address} under {granted}");
        }
    }

    #[test]
    fn one_bad_address_among_good_ones_refuses_the_name() {
        let addresses = ["8.8.8.8:443".parse().unwrap(), "169.254.169.254:443".parse().unwrap()];
        assert!(choose(&addresses, &[]).is_err());
        assert_eq!(choose(&addresses[..1], &[]), Ok(addresses[0]));
        assert!(choose(&[], &[]).is_err());
    }
}
