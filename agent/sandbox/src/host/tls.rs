//! TLS towards targets: the public roots, or the one authority that the plan names instead.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::CallError;

/// Certificates that one authority file may have.
const MAX_ROOTS: usize = 64;

/// Makes the client's side for a target. Nothing is resumed: each connection shows a whole handshake.
pub(crate) fn connector(ca: Option<&str>, alpn: &[&[u8]]) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).take(MAX_ROOTS) {
                let certificate = certificate.map_err(|error| format!("`ca` is no PEM: {error}"))?;
                roots.add(certificate).map_err(|error| format!("`ca`: {error}"))?;
            }
            if roots.is_empty() {
                return Err("`ca` holds no certificate".to_owned());
            }
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Shakes hands over a connection.
pub(crate) async fn shake(
    connector: &TlsConnector,
    name: &str,
    stream: TcpStream,
    deadline: Instant,
) -> Result<(TlsStream<TcpStream>, Duration), CallError> {
    let begun = Instant::now();
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| CallError::Tls(format!("{name} is no name that a certificate can have")))?;
    match timeout_at(deadline, connector.connect(server, stream)).await {
        Ok(Ok(stream)) => Ok((stream, begun.elapsed())),
        Ok(Err(error)) => Err(CallError::Tls(format!("{name}: {error}"))),
        Err(_) => Err(CallError::Timeout(format!("{name}: no TLS handshake in time"))),
    }
}
