//! Hosts, address ranges and what a plan must grant literally.
//!
//! An address inside somebody's own network is reached only when the plan says so in numbers: a name
//! in a public zone may point anywhere, and the metadata service answers whoever asks.

use std::net::IpAddr;

use crate::problem::Sink;
use crate::tree::Span;

/// A host and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// Lower case, without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

type Refused = (&'static str, &'static str, &'static str);

/// Takes a URL that is a scheme, a host and perhaps a port.
pub(crate) fn origin(url: &str) -> Result<String, Refused> {
    let shape = "write the scheme, host and port: https://shop.example:8443";
    let (scheme, rest) = url.split_once("://").ok_or(("E022", "it has no scheme", shape))?;
    if !matches!(scheme, "https" | "http") {
        return Err(("E022", "the scheme is neither https nor http", shape));
    }
    if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
        let help = "keep logins out of the plan: `credential: { basic: secret:NAME }`";
        return Err(("E024", "it holds a login", help));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '\\']) {
        return Err((
            "E022",
            "it has a path",
            "a target is an origin: put the path into `paths` and into the scenario",
        ));
    }
    match host(rest, if scheme == "https" { 443 } else { 80 }) {
        Some(_) => Ok(format!("{scheme}://{}", rest.to_ascii_lowercase())),
        None => Err(("E022", "its host or port can't be read", shape)),
    }
}

/// The URL without what stands before `@`, so that no message repeats it.
pub(crate) fn without_login(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}…{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

/// The host of an origin.
pub(crate) fn host_of(origin: &str) -> Option<Host> {
    let (scheme, rest) = origin.split_once("://")?;
    host(rest, if scheme == "https" { 443 } else { 80 })
}

/// Reads `host:port/database`.
pub(crate) fn postgres(address: &str) -> Result<Host, &'static str> {
    let (place, database) = address.split_once('/').ok_or("it names no database")?;
    if database.is_empty() || database.contains(['/', '?', '#', ' ']) {
        return Err("the database's name can't be read");
    }
    if place.contains('@') {
        return Err("it holds a login; `user` and `password` have fields of their own");
    }
    host(place, 5432).ok_or("its host or port can't be read")
}

fn host(text: &str, usual_port: u16) -> Option<Host> {
    let (name, port) = if let Some(rest) = text.strip_prefix('[') {
        let (name, port) = rest.split_once(']')?;
        name.parse::<std::net::Ipv6Addr>().ok()?;
        (name, port.strip_prefix(':'))
    } else {
        match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        Some(port) => port.parse::<u16>().ok().filter(|p| *p > 0)?,
        None if text.starts_with('[') && !text.ends_with(']') => return None,
        None => usual_port,
    };
    let name = name.to_ascii_lowercase();
    (name.parse::<IpAddr>().is_ok() || is_host_name(&name)).then_some(Host { name, port })
}

/// ASCII labels with dots between them.
pub(crate) fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        !label.is_empty() && label.len() <= 63 && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    // A host that ends in a number is an address, in one of the many ways to write one: 0xa9fea9fe is
    // the metadata service.
    let number = |last: &str| match last.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => last.bytes().all(|b| b.is_ascii_digit()),
    };
    let numbers = name.rsplit('.').next().is_some_and(number);
    name.len() <= 253 && name.split('.').all(label) && !numbers
}

/// A range of addresses: `10.0.0.0/16`, or one address.
pub(crate) fn range(text: &str) -> Result<(IpAddr, u8), String> {
    let shape = || "write a range in numbers: 10.0.0.0/16, 127.0.0.1/32, fd00::/8".to_owned();
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    let address: IpAddr = address.parse().map_err(|_| shape())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse::<u8>().ok().filter(|b| *b <= width).ok_or_else(shape)?,
        None => width,
    };
    if bits == 0 {
        return Err("this grants every address there is: name the ranges that the target has".into());
    }
    let network = masked(address, bits);
    if network != address {
        return Err(format!("the range of that length begins at {network}/{bits}"));
    }
    Ok((address, bits))
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

fn inside(address: IpAddr, (network, bits): (IpAddr, u8)) -> bool {
    address.is_ipv4() == network.is_ipv4() && masked(address, bits) == network
}

/// Refuses an origin whose host is a private address that no range grants.
pub(crate) fn granted(origin: &str, ranges: &[String], span: Span, place: &str, sink: &mut Sink) {
    if let Some(host) = host_of(origin) {
        granted_host(&host, ranges, span, place, sink);
    }
}

/// As [`granted`], for a host.
pub(crate) fn granted_host(host: &Host, ranges: &[String], span: Span, place: &str, sink: &mut Sink) {
    let local_name = host.name == "localhost" || host.name.ends_with(".localhost");
    let address = match host.name.parse::<IpAddr>() {
        Ok(address) => address.to_canonical(),
        Err(_) if local_name && ranges.is_empty() => {
            sink.say(
                "E023",
                span,
                format!("{place} is at {}, which is this machine, and grants no address", host.name),
            )
            .help("say so literally: addresses: [127.0.0.1/32]");
            return;
        }
        Err(_) => return,
    };
    let covered = ranges.iter().filter_map(|r| range(r).ok()).any(|r| inside(address, r));
    if is_own(address) && !covered {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        sink.say("E023", span, format!("{place} is at {address}, a private address that no range grants"))
            .help(format!("grant it literally: addresses: [{address}/{bits}]"));
    }
}

/// An address or a name that means something else on every machine or network.
pub(crate) fn is_private(host: &Host) -> bool {
    host.name == "localhost" || host.name.ends_with(".localhost") || host.name.parse().is_ok_and(is_own)
}

/// Not reachable from the whole world: private, loopback, link-local, shared or unspecified.
fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || a == 0 || shared || a >= 224
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for good in ["https://shop.example", "http://127.0.0.1:8080", "https://[::1]:8443", "https://a.b/"] {
            assert!(origin(good).is_ok(), "{good} was refused");
        }
        for bad in [
            "shop.example",
            "ftp://shop.example",
            "https://",
            "https://a b",
            "https://shop.example/x",
            "https://h:0",
            "https://h:99999",
            "https://u:p@h",
            "https://1.2.3",
            "https://[::1",
            "https://h?x",
            "https://[::1]x",
        ] {
            assert!(origin(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn a_range_begins_where_it_says() {
        for good in ["10.0.0.0/16", "127.0.0.1", "127.0.0.1/32", "fd00::/8", "::1"] {
            assert!(range(good).is_ok(), "{good} was refused");
        }
        for bad in ["10.0.0.1/16", "0.0.0.0/0", "10.0.0.0/33", "shop", "", "10.0.0.0/", "::/0"] {
            assert!(range(bad).is_err(), "{bad} was taken");
        }
    }
}
