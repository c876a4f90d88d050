//! The names that a name is an alias of.
//!
//! The system's resolver gives addresses and keeps the way to them to itself. A new shop whose name is still
//! an alias of the old load balancer depends on the old side, though no page says so. So the name servers of
//! this machine are asked, outside of everything that is timed. None is "cannot be known", and no answer that
//! cannot be read is taken for "there is no alias".

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::dns::{Reply, question, read};

/// How long all questions about one name may take.
const ASK_FOR: Duration = Duration::from_millis(800);
/// How long one server may take.
const WAIT_FOR: Duration = Duration::from_millis(250);
/// As many as the system's resolver takes.
const MAX_SERVERS: usize = 3;
const MAX_SEARCH: usize = 6;
/// The largest file of the resolver that is read.
const MAX_FILE_BYTES: usize = 1 << 20;
/// The largest answer.
const MAX_ANSWER_BYTES: usize = 4096;

/// Who is asked, and for what else when a name is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Resolver {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    dots: usize,
}

/// The names behind a name, in order; none when it cannot be known.
pub(crate) async fn aliases(host: &str) -> Option<Vec<String>> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") || listed(&file("/etc/hosts").await, &host) {
        return Some(Vec::new());
    }
    let resolver = Resolver::parse(&file("/etc/resolv.conf").await);
    timeout(ASK_FOR, resolver.aliases(&host)).await.ok().flatten()
}

async fn file(path: &str) -> String {
    let text = tokio::fs::read_to_string(path).await.unwrap_or_default();
    if text.len() > MAX_FILE_BYTES { String::new() } else { text }
}

/// Whether the file of hosts has the name: then no server is asked by anybody.
fn listed(hosts: &str, name: &str) -> bool {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split_whitespace().skip(1)).any(|word| word.eq_ignore_ascii_case(name))
}

impl Resolver {
    fn parse(text: &str) -> Resolver {
        let mut resolver = Resolver { servers: Vec::new(), search: Vec::new(), dots: 1 };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    resolver.servers.extend(address.map(|address| SocketAddr::new(address, 53)));
                }
                Some("search" | "domain") => {
                    let domains = words.map(|word| word.trim_matches('.').to_ascii_lowercase());
                    resolver.search = domains.filter(|word| !word.is_empty()).take(MAX_SEARCH).collect();
                }
                Some("options") => {
                    let dots = words.find_map(|word| word.strip_prefix("ndots:")?.parse().ok());
                    resolver.dots = dots.unwrap_or(resolver.dots).min(15);
                }
                Some(_) | None => {}
            }
        }
        resolver.servers.truncate(MAX_SERVERS);
        if resolver.servers.is_empty() {
            resolver.servers.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53));
        }
        resolver
    }

    /// The whole names that a name may stand for, in the order that the system tries them.
    fn names(&self, host: &str) -> Vec<String> {
        let mut names: Vec<String> = self.search.iter().map(|domain| format!("{host}.{domain}")).collect();
        let whole = host.bytes().filter(|byte| *byte == b'.').count() >= self.dots;
        names.insert(if whole { 0 } else { names.len() }, host.to_owned());
        names
    }

    async fn aliases(&self, host: &str) -> Option<Vec<String>> {
        for name in self.names(host) {
            let reply = self.ask(&name).await?;
            if reply.known {
                return Some(reply.aliases);
            }
        }
        // No server knows it: it came from somewhere else, and has no alias there.
        Some(Vec::new())
    }

    /// The first answer that can be read.
    async fn ask(&self, name: &str) -> Option<Reply> {
        for server in &self.servers {
            if let Ok(Some(reply)) = timeout(WAIT_FOR, ask(*server, name)).await {
                return Some(reply);
            }
        }
        None
    }
}

async fn ask(server: SocketAddr, name: &str) -> Option<Reply> {
    let (id, question) = question(name)?;
    let here = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here).await.ok()?;
    // Only what this server sends is received.
    socket.connect(server).await.ok()?;
    socket.send(&question).await.ok()?;
    let mut answer = vec![0; MAX_ANSWER_BYTES];
    loop {
        let length = socket.recv(&mut answer).await.ok()?;
        // What answers another question is an old or a forged one: the right one may still come.
        if answer[..length].starts_with(&id) {
            return read(&answer[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_resolver_is_read() {
        let text = "# x\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nsearch a.Example. b.example\noptions rotate ndots:2\n";
        let resolver = Resolver::parse(text);
        assert_eq!(resolver.servers, ["10.0.0.2:53".parse().unwrap()]);
        assert_eq!(resolver.names("shop"), ["shop.a.example", "shop.b.example", "shop"]);
        assert_eq!(resolver.names("x.shop.example")[0], "x.shop.example");
        assert_eq!(Resolver::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn a_name_in_the_file_of_hosts_is_known() {
        let hosts = "127.0.0.1 localhost\n10.0.0.7  Shop.example www # old.example\n";
        assert!(listed(hosts, "shop.example") && listed(hosts, "www"));
        assert!(!listed(hosts, "old.example") && !listed(hosts, "10.0.0.7"));
    }

    /// A server that answers each question as told: code, and the names of a chain.
    async fn server(answer: impl Fn(&str) -> (u8, Vec<&'static str>) + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let (code, chain) = answer(&super::super::dns::asked(&buffer[..length]));
                let reply = super::super::dns::told(&buffer[..length], code, &chain);
                // An answer to another question first.
                socket.send_to(b"\xff\xff nonsense", from).await.unwrap();
                socket.send_to(&reply, from).await.unwrap();
            }
        });
        address
    }

    fn resolver(servers: Vec<SocketAddr>) -> Resolver {
        Resolver { servers, search: vec!["svc.example".to_owned()], dots: 1 }
    }

    #[tokio::test]
    async fn the_whole_chain_is_told() {
        let server = server(|name| match name {
            "shop.example" => (0, vec!["lb.shop.example", "lb.old.example"]),
            "shop.svc.example" => (0, vec!["outside.example"]),
            "plain.example" => (0, vec![]),
            "broken.example" => (2, vec![]),
            _ => (3, vec![]),
        })
        .await;
        let resolver = resolver(vec![server]);
        let of = async |name: &str| resolver.aliases(name).await;
        let chain = ["lb.shop.example", "lb.old.example"].map(str::to_owned).to_vec();
        assert_eq!(of("shop.example").await, Some(chain));
        assert_eq!(of("shop").await, Some(vec!["outside.example".to_owned()]), "by its search domain");
        assert_eq!(of("plain.example").await, Some(vec![]));
        assert_eq!(of("nowhere.example").await, Some(vec![]));
        assert_eq!(of("broken.example").await, None, "a server that fails says nothing");
    }

    #[tokio::test]
    async fn silence_is_not_known_and_the_next_server_is_asked() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let silent_at = silent.local_addr().unwrap();
        assert_eq!(resolver(vec![silent_at]).aliases("shop.example").await, None);
        let other = server(|_| (0, vec!["lb.example"])).await;
        let found = resolver(vec![silent_at, other]).aliases("shop.example").await;
        assert_eq!(found, Some(vec!["lb.example".to_owned()]));
    }
}
