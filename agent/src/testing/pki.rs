use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tidelock_model::Sha256;

use crate::config::Config;
use crate::tls;

/// One authority, and what it signs.
pub(crate) struct Pki {
    ca: CertificateDer<'static>,
    pub(crate) ca_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Pki {
    pub(crate) fn new() -> Pki {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).unwrap();
        let ca = certificate.der().clone();
        let issuer = Issuer::from_ca_cert_der(&ca, key).unwrap();
        Pki { ca, ca_pem: certificate.pem(), issuer }
    }

    pub(crate) fn fingerprint(&self) -> Sha256 {
        tls::fingerprint(&self.ca)
    }

    fn server_identity(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![leaf.der().clone(), self.ca.clone()];
        (chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// A server that takes clients of `clients` only.
    pub(crate) fn mutual_server(&self, clients: &Pki) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots.add(clients.ca.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), tls::provider());
        let (chain, key) = self.server_identity();
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(chain, key);
        h2(config.unwrap())
    }

    /// A server that takes anybody.
    pub(crate) fn open_server(&self) -> ServerConfig {
        let (chain, key) = self.server_identity();
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        h2(config.unwrap())
    }

    /// Signs the key of a request under an agent's name.
    pub(crate) fn sign(&self, csr_pem: &str, uri: &str) -> String {
        let request = rcgen::CertificateSigningRequestParams::from_pem(csr_pem).unwrap();
        agent_params(uri).signed_by(&request.public_key, &self.issuer).unwrap().pem()
    }

    /// Writes what `join` would write, and gives the folder's configuration.
    pub(crate) fn enrol(&self, dir: &Path, server_ca: &Pki, collector: &str, more: &str) -> Config {
        self.enrol_for(dir, None);
        fs::write(dir.join("ca.pem"), &server_ca.ca_pem).unwrap();
        agent_config(dir, collector, more)
    }

    /// Writes key and certificate, valid from so many seconds after 1970 to so many.
    pub(crate) fn enrol_for(&self, dir: &Path, valid: Option<(u64, u64)>) {
        let key = KeyPair::generate().unwrap();
        let mut params = agent_params("spiffe://test.example/tidelock/shop/target/agent/hz-1");
        if let Some((from, to)) = valid {
            let at = |seconds| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds);
            (params.not_before, params.not_after) = (at(from), at(to));
        }
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(dir.join("agent.pem"), leaf.pem()).unwrap();
        fs::write(dir.join("agent.key"), key.serialize_pem()).unwrap();
    }
}

fn h2(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn agent_params(uri: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

/// The configuration of an agent in `dir`.
pub(crate) fn agent_config(dir: &Path, collector: &str, more: &str) -> Config {
    let text = format!(
        "collector = \"{collector}\"\nserver_name = \"localhost\"\nca = \"ca.pem\"\ncertificate = \"agent.pem\"\n\
         key = \"agent.key\"\n{more}"
    );
    Config::parse(&dir.join("agent.toml"), &text).unwrap()
}
