//! Who this agent is: read from its certificate, never from its configuration.
//!
//! Key and certificate are read anew for every session, so that a renewed certificate needs no restart. A
//! renewed pair is one file, the key behind the certificate; what `join` writes is two.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use sha2::{Digest as _, Sha256};
use tidelock_model::{AgentKey, Name, Side, Timestamp};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config::Config;
use crate::tls;

/// Who the agent's certificate says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The migration.
    pub migration: Name,
    /// Its side and its name there.
    pub agent: AgentKey,
    /// When the certificate begins.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// Why the agent has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read as what it should be.
    #[error("{}: {what}; `tidelock-agent join` writes it", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The certificate is not an agent's.
    #[error("{}: {what}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Reads key, certificate and authority.
///
/// # Errors
/// Names the file that cannot be used.
pub fn load(config: &Config) -> Result<(Identity, ClientConfig), IdentityError> {
    let chain = certificates(&config.certificate)?;
    let identity = match chain.first() {
        Some(leaf) => identity_of(leaf)
            .map_err(|what| IdentityError::Certificate { path: config.certificate.clone(), what })?,
        None => return Err(file(&config.certificate, "has no certificate in it")),
    };
    let key = PrivateKeyDer::from_pem_file(&config.certificate)
        .or_else(|_| PrivateKeyDer::from_pem_file(&config.key))
        .map_err(|error| file(&config.key, error))?;
    let tls = trusted(config, chain, key)?;
    Ok((identity, tls))
}

/// Who a certificate and its key, PEM, speak for; checked as if they were on disk.
///
/// # Errors
/// When they cannot be used.
pub(crate) fn of_pair(config: &Config, pair: &str) -> Result<Identity, IdentityError> {
    let wrong = |what: String| IdentityError::Certificate { path: config.certificate.clone(), what };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pair.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    let leaf = chain.first().ok_or_else(|| wrong("there is no certificate".to_owned()))?;
    let identity = identity_of(leaf).map_err(wrong)?;
    let key = PrivateKeyDer::from_pem_slice(pair.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    trusted(config, chain, key)?;
    Ok(identity)
}

/// What lies on disk, to see whether it changed; none where it cannot be read.
pub(crate) fn fingerprint(config: &Config) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    for path in [&config.certificate, &config.key, &config.ca] {
        let content = std::fs::read(path).ok()?;
        hasher.update((content.len() as u64).to_be_bytes());
        hasher.update(&content);
    }
    Some(hasher.finalize().into())
}

fn trusted(
    config: &Config,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, IdentityError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&config.ca)? {
        roots.add(certificate).map_err(|error| file(&config.ca, error))?;
    }
    if roots.is_empty() {
        return Err(file(&config.ca, "has no certificate in it"));
    }
    tls::mutual(roots, chain, key).map_err(|error| file(&config.key, error))
}

/// The certificates in a PEM file.
///
/// # Errors
/// When it cannot be read.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| file(path, error))
}

fn file(path: &Path, what: impl std::fmt::Display) -> IdentityError {
    IdentityError::File { path: path.to_path_buf(), what: what.to_string() }
}

/// Reads `spiffe://<domain>/tidelock/<migration>/<side>/agent/<name>` from a leaf.
fn identity_of(leaf: &[u8]) -> Result<Identity, String> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| "cannot be read".to_owned())?;
    let names = certificate.subject_alternative_name().map_err(|error| error.to_string())?;
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    let [GeneralName::URI(uri)] = names else {
        return Err("does not have exactly one name, a URI: it is not an agent's certificate".to_owned());
    };
    let at = |seconds: i64| Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000));
    let validity = certificate.validity();
    let (begins, ends) = (at(validity.not_before.timestamp()), at(validity.not_after.timestamp()));
    let (migration, agent) = parse(uri).ok_or_else(|| format!("{uri:?} is not an agent's name"))?;
    Ok(Identity { migration, agent, begins, ends })
}

fn parse(uri: &str) -> Option<(Name, AgentKey)> {
    let (_, path) = uri.strip_prefix("spiffe://")?.split_once('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    let ["tidelock", migration, side, "agent", name] = parts[..] else { return None };
    let side: Side = side.parse().ok()?;
    Some((Name::new(migration).ok()?, AgentKey { side, name: Name::new(name).ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_says_who_the_agent_is() {
        let (migration, agent) = parse("spiffe://acme.example/tidelock/shop/target/agent/hz-1").unwrap();
        assert_eq!((migration.as_str(), agent.to_string().as_str()), ("shop", "target/hz-1"));
        for bad in ["", "spiffe://a/tidelock/shop/both/agent/x", "spiffe://a/tidelock/shop/target/agent/x/y"]
        {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
