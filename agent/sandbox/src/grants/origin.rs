//! Origins: scheme, host and port, and nothing else of a URL.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Where an HTTP target lives. Two URLs belong together when their origins are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) tls: bool,
    /// Lower case; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// Reads a target's URL, which must be an origin.
    pub(crate) fn parse_target(url: &str) -> Result<Origin, String> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(format!("url {url:?} must begin with http or https://"));
        }
        match Origin::parse_url(url) {
            Some((origin, path)) if path == "/" && !url.contains(['?', '#']) => Ok(origin),
            _ => Err(format!(
                "url {url:?} must be an origin such as https://shop.example; put the path into `paths`"
            )),
        }
    }

    /// Reads an absolute URL into its origin and its path with query. A user before the host, a
    /// space or a control character make it no URL: what parsers disagree about is not followed.
    pub(crate) fn parse_url(url: &str) -> Option<(Origin, String)> {
        if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = split_authority(authority)?;
        let path = path.split('#').next().unwrap_or("");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        Some((Origin { tls, host, port }, path))
    }

    /// The host when it is an address.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        let host = match self.literal() {
            Some(IpAddr::V6(v6)) => format!("[{v6}]"),
            Some(IpAddr::V4(_)) | None => self.host.clone(),
        };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

/// Takes `host`, `host:port`, `[v6]` or `[v6]:port` apart. Numbers that only some resolvers read as
/// an address (`127.1`, `0x7f000001`, `2130706433`) are no host.
pub(crate) fn split_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let address: Ipv6Addr = inside.parse().ok()?;
            (address.to_string(), if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_ascii_lowercase(), Some(port)),
            None => (authority.to_ascii_lowercase(), None),
        },
    };
    let port = match port {
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok().filter(|p| *p > 0)?),
        Some(_) => return None,
        None => None,
    };
    is_host(&host).then_some((host, port))
}

fn is_host(host: &str) -> bool {
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(inner)
    };
    let last = name.rsplit('.').next().unwrap_or("");
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    !name.is_empty() && name.len() <= 253 && name.split('.').all(label) && !number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_an_origin_and_a_path() {
        for (url, origin, path) in [
            ("https://shop.example", "https://shop.example", "/"),
            ("HTTPS://Shop.Example:443/a?b#c", "https://shop.example", "/a?b"),
            ("http://[::1]:8080/x", "http://[::1]:8080", "/x"),
            ("http://127.0.0.1?q", "http://127.0.0.1", "/?q"),
        ] {
            let (found, rest) = Origin::parse_url(url).unwrap();
            assert_eq!((found.to_string().as_str(), rest.as_str()), (origin, path), "{url}");
        }
    }

    #[test]
    fn what_parsers_disagree_about_is_no_url() {
        for bad in [
            "https://a@b.example/",
            "https://a.example\\@b.example/",
            "https:///x",
            "//b.example/x",
            "/x",
            "https://a b/",
            "https://a.example:99999/",
            "https://a.example:0/",
            "https://[::1/",
            "file:///etc",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://a..b/",
            "http://a:b:c/",
            "http://a\n.example/",
            "http://[::1%25eth0]/",
            "http://a.example:+80/",
            "http://%31/",
        ] {
            assert_eq!(Origin::parse_url(bad), None, "{bad:?} was taken");
        }
    }
}
