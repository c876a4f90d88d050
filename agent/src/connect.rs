//! One HTTP/2 connection over our own TLS.
//!
//! tonic fixes its certificate when it starts; this connector is made anew for every session, with the
//! certificate that lies on disk at that moment.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

/// How long a connection with its handshake may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a quiet connection is asked whether it is still there, and how long it may take to answer.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("{address:?} is not host:port or https://host:port")]
    Address {
        /// As it was given.
        address: String,
    },
    /// The name to verify the server by is none.
    #[error("{name:?} is no name that a certificate can have")]
    ServerName {
        /// As it was given.
        name: String,
    },
    /// Whoever answers there shows a certificate that nobody has signed whom this agent trusts.
    #[error("connect to {address}: {why}")]
    Untrusted {
        /// Where to.
        address: String,
        /// What is wrong with the certificate.
        why: String,
    },
    /// It did not come about.
    #[error("connect to {address}: {why}")]
    Connect {
        /// Where to.
        address: String,
        /// What happened, innermost cause last.
        why: String,
    },
}

/// Takes `https://host:port`, with or without a path of `/`, or `host:port`; gives `host:port`.
///
/// # Errors
/// When it is none of these.
pub fn host_port(address: &str) -> Result<String, ConnectError> {
    let wrong = || ConnectError::Address { address: address.to_owned() };
    let bare = address.strip_prefix("https://").unwrap_or(address);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let uri: Uri = format!("https://{bare}").parse().map_err(|_| wrong())?;
    let plain =
        uri.path() == "/" && uri.query().is_none() && uri.authority().is_some_and(|a| a.as_str() == bare);
    match (uri.host(), uri.port_u16()) {
        (Some(host), Some(port)) if plain && port != 0 && !bare.contains('@') => Ok(format!("{host}:{port}")),
        (Some(_) | None, Some(_) | None) => Err(wrong()),
    }
}

/// The host of a `host:port`, without the brackets of an IPv6 address.
pub fn host_of(host_port: &str) -> &str {
    let host = host_port.rsplit_once(':').map_or(host_port, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Connects, verifies the server by `server_name`, and gives a channel that never connects again by
/// itself: a lost session is the uplink's business.
///
/// # Errors
/// Says what happened.
pub async fn connect(address: &str, server_name: &str, tls: ClientConfig) -> Result<Channel, ConnectError> {
    let name = ServerName::try_from(server_name.to_owned())
        .map_err(|_| ConnectError::ServerName { name: server_name.to_owned() })?;
    let failed = |why: String| ConnectError::Connect { address: address.to_owned(), why };
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|error| failed(chain(&error)))?
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true);
    let connector = Connector { address: address.to_owned(), name, tls: TlsConnector::from(Arc::new(tls)) };
    match timeout(2 * CONNECT_TIMEOUT, endpoint.connect_with_connector(connector)).await {
        Ok(Ok(channel)) => Ok(channel),
        Ok(Err(error)) if untrusted(&error) => {
            Err(ConnectError::Untrusted { address: address.to_owned(), why: chain(&error) })
        }
        Ok(Err(error)) => Err(failed(chain(&error))),
        Err(_) => Err(failed("no answer in time".to_owned())),
    }
}

/// Whether this is about the authority of the other side's certificate. One with the name of an authority that is
/// trusted and another key is found by its signature.
fn untrusted(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    // TLS tells its own error inside one of the system's.
    let of_tls = |cause: &(dyn std::error::Error + 'static)| {
        let inner = cause.downcast_ref::<io::Error>()?.get_ref()?;
        inner.downcast_ref::<rustls::Error>().cloned()
    };
    let of_authority = [CertificateError::UnknownIssuer, CertificateError::BadSignature];
    let mut tls = causes.filter_map(of_tls);
    tls.any(|error| matches!(error, rustls::Error::InvalidCertificate(why) if of_authority.contains(&why)))
}

/// An error with all of its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}

#[derive(Clone)]
struct Connector {
    address: String,
    name: ServerName<'static>,
    tls: TlsConnector,
}

impl Connector {
    async fn dial(self) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        let stream = self.tls.connect(self.name, tcp).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the server does not speak HTTP/2"));
        }
        Ok(TokioIo::new(stream))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dial = self.clone().dial();
        Box::pin(async move {
            match timeout(CONNECT_TIMEOUT, dial).await {
                Ok(stream) => stream,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port_and_nothing_else() {
        for (given, taken) in [
            ("https://c.example:7443", "c.example:7443"),
            ("https://c.example:7443/", "c.example:7443"),
            ("c.example:7443", "c.example:7443"),
            ("[::1]:7443", "[::1]:7443"),
        ] {
            assert_eq!(host_port(given).unwrap(), taken);
        }
        for bad in
            ["", "c.example", "http://c:1", "https://c:1/x", "c:1?x", "u@c:1", "c:0", "c:99999", "a b:1"]
        {
            assert!(host_port(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!((host_of("[::1]:7443"), host_of("c:1")), ("::1", "c"));
    }
}
