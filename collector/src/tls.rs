//! The TLS settings of both listeners: 1.3 only, one provider, nothing remembered between sessions.
//!
//! A resumed session would bring its old client certificate back for a day after it was revoked, so
//! there are no tickets and no session store.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WantsServerCert};
use rustls::{ConfigBuilder, ServerConfig, version};
use tidelock_model::mutated;

use crate::ingest::AgentVerifier;
use crate::pki::{AgentAuthorities, PkiError, ServerIdentity};

fn builder(
    authorities: &AgentAuthorities,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, PkiError> {
    let builder = ServerConfig::builder_with_provider(authorities.provider().clone())
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| wrong(&error))?;
    Ok(match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    })
}

fn wrong(error: &rustls::Error) -> PkiError {
    PkiError::Certificate { what: "the listeners' certificate".to_owned(), why: error.to_string() }
}

fn finish(
    builder: ConfigBuilder<ServerConfig, WantsServerCert>,
    identity: &ServerIdentity,
    alpn: &[&[u8]],
) -> Result<ServerConfig, PkiError> {
    let mut config = builder
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|error| wrong(&error))?;
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    if !mutated("a-session-of-tls-is-not-resumed") {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config.max_early_data_size = 0;
    Ok(config)
}

/// For agents: a client certificate is a must.
///
/// # Errors
/// When the certificate and its key are no pair.
pub fn for_agents(
    authorities: &AgentAuthorities,
    verifier: AgentVerifier,
    identity: &ServerIdentity,
) -> Result<ServerConfig, PkiError> {
    finish(builder(authorities, Some(Arc::new(verifier)))?, identity, &[b"h2"])
}

/// For people and pipelines: gRPC and plain HTTP, known by their tokens.
///
/// # Errors
/// When the certificate and its key are no pair.
pub fn for_api(authorities: &AgentAuthorities, identity: &ServerIdentity) -> Result<ServerConfig, PkiError> {
    finish(builder(authorities, None)?, identity, &[b"h2", b"http/1.1"])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::{
        ClientConfig, ClientConnection, Connection, HandshakeKind, RootCertStore, ServerConnection,
    };
    use rustls_pki_types::pem::PemObject as _;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use tidelock_model::{AgentKey, Name, Side};

    use super::*;
    use crate::clock;
    use crate::ingest::Refused;
    use crate::pki::Pki;

    fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
    }

    /// An agent that keeps whatever it could come back with.
    fn agent(pki: &Pki) -> Arc<ClientConfig> {
        let (shop, life) = (Name::new("shop").unwrap(), Duration::from_secs(3600));
        let agent = AgentKey { side: Side::Source, name: Name::new("a").unwrap() };
        let key = KeyPair::generate().unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let (pem, _) = pki.sign_agent(&shop, &agent, &csr, clock::wall(), life).unwrap();
        let mut roots = RootCertStore::empty();
        for authority in certificates(&pki.api_ca_pem()) {
            roots.add(authority).unwrap();
        }
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ClientConfig::builder_with_provider(pki.agents().provider().clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(certificates(&pem), key);
        Arc::new(config.unwrap())
    }

    fn carry(from: &mut Connection, to: &mut Connection) {
        let mut bytes = Vec::new();
        while from.wants_write() {
            from.write_tls(&mut bytes).unwrap();
        }
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            to.read_tls(&mut left).unwrap();
            to.process_new_packets().unwrap();
        }
    }

    /// Connects and hears all that there is to hear; tells how the connection came about.
    fn visit(agent: &Arc<ClientConfig>, listener: &Arc<ServerConfig>) -> Option<HandshakeKind> {
        let name = ServerName::try_from("localhost").unwrap();
        let mut ours = Connection::from(ClientConnection::new(agent.clone(), name).unwrap());
        let mut theirs = Connection::from(ServerConnection::new(listener.clone()).unwrap());
        while ours.wants_write() || theirs.wants_write() {
            carry(&mut ours, &mut theirs);
            carry(&mut theirs, &mut ours);
        }
        assert!(!ours.is_handshaking() && !theirs.is_handshaking(), "they are through");
        theirs.handshake_kind()
    }

    #[test]
    fn nobody_comes_back_to_a_session_of_before() {
        let dir = tempfile::tempdir().unwrap();
        let now = clock::wall();
        let pki = Pki::open(dir.path(), "shop.internal", now).unwrap();
        let identity = pki.server_identity(&["localhost".to_owned()], now).unwrap();
        let verifier = AgentVerifier::new(pki.agents().clone(), pki.domain().into(), Refused::default());
        let agents = for_agents(pki.agents(), verifier, &identity).unwrap();
        for listener in [agents, for_api(pki.agents(), &identity).unwrap()] {
            let (agent, listener) = (agent(&pki), Arc::new(listener));
            for time in ["first", "second"] {
                assert_eq!(visit(&agent, &listener), Some(HandshakeKind::Full), "the {time} time");
            }
        }
    }
}
