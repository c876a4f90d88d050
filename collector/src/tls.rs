//! The TLS settings of both listeners: 1.3 only, one provider, nothing remembered between sessions.
//!
//! A resumed session would bring its old client certificate back for a day after it was revoked, so
//! there are no tickets and no session store.

use std::sync::Arc;

use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WantsServerCert};
use rustls::{ConfigBuilder, ServerConfig, version};

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
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
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
