//! Where keys and authorities lie, and the authorities that agents are judged by.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tidelock_model::{AgentKey, Name, Sha256, Side, Timestamp};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::authority::{Authority, PkiError, file_error};
use super::spiffe::agent_uri;
use crate::{private_file, secret};

/// A server certificate lives for 90 days and is made anew at a start in its last 30.
const SERVER_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
const SERVER_RENEW: Duration = Duration::from_secs(30 * 24 * 3600);

/// The certificate chain and key of both listeners.
#[derive(Debug)]
pub struct ServerIdentity {
    /// The leaf.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

type Authorities = BTreeMap<(Name, Side), Arc<Authority>>;
type Verifiers = BTreeMap<(Name, Side), Arc<dyn ClientCertVerifier>>;

/// The verifiers of agents: one for each migration and side, each trusting one authority alone.
#[derive(Debug, Clone)]
pub struct AgentAuthorities {
    verifiers: Arc<ArcSwap<Verifiers>>,
    provider: Arc<CryptoProvider>,
}

impl AgentAuthorities {
    fn new() -> AgentAuthorities {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        AgentAuthorities { verifiers: Arc::new(ArcSwap::from_pointee(BTreeMap::new())), provider }
    }

    /// The verifier of a migration's side, where there is one.
    pub fn verifier(&self, migration: &Name, side: Side) -> Option<Arc<dyn ClientCertVerifier>> {
        self.verifiers.load().get(&(migration.clone(), side)).cloned()
    }

    /// The cryptography used everywhere.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    fn add(&self, migration: &Name, side: Side, authority: &Authority) -> Result<(), PkiError> {
        let wrong =
            |why: String| PkiError::Certificate { what: format!("authority of {migration} {side}"), why };
        let mut roots = RootCertStore::empty();
        for certificate in authority.believed() {
            roots.add(certificate.clone()).map_err(|error| wrong(error.to_string()))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        self.verifiers.rcu(|verifiers| {
            let mut verifiers = BTreeMap::clone(verifiers);
            verifiers.insert((migration.clone(), side), verifier.clone());
            verifiers
        });
        Ok(())
    }
}

/// The folder of keys and authorities.
#[derive(Debug)]
pub struct Pki {
    dir: PathBuf,
    domain: String,
    api: ArcSwap<Authority>,
    agents: AgentAuthorities,
    /// Held while an authority is made, so that two callers never make it twice.
    making: Mutex<Authorities>,
}

impl Pki {
    /// Opens the folder, making what is missing, and loads every agents' authority in it.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn open(dir: &Path, domain: &str, now: Timestamp) -> Result<Pki, PkiError> {
        private_file::make_dir(dir).map_err(file_error("make", dir))?;
        let api = Authority::open_or_make(dir, "api-ca", "tidelock API authority", now)?;
        let pki = Pki {
            dir: dir.to_path_buf(),
            domain: domain.to_owned(),
            api: ArcSwap::from_pointee(api),
            agents: AgentAuthorities::new(),
            making: Mutex::default(),
        };
        for migration in folders(&dir.join("agents"))? {
            let Ok(name) = Name::new(&migration) else { continue };
            for side in Side::BOTH {
                if pki.side_dir(&name, side).join("ca.pem").exists() {
                    pki.authority(&name, side, now)?;
                }
            }
        }
        Ok(pki)
    }

    /// The same folder as it lies there now. Nothing is made: what is known and gone is a mistake.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn read_anew(&self) -> Result<Pki, PkiError> {
        let fresh = Pki {
            dir: self.dir.clone(),
            domain: self.domain.clone(),
            api: ArcSwap::from_pointee(Authority::open(&self.dir, "api-ca")?),
            agents: AgentAuthorities::new(),
            making: Mutex::default(),
        };
        let known: Vec<_> = self.made().keys().cloned().collect();
        for (migration, side) in known {
            let authority = Arc::new(Authority::open(&self.side_dir(&migration, side), "ca")?);
            fresh.agents.add(&migration, side, &authority)?;
            fresh.made().insert((migration, side), authority);
        }
        Ok(fresh)
    }

    /// Believes what was read anew, in the place of what was there. What was made meanwhile stays.
    pub fn take(&self, fresh: &Pki) {
        let mut made = self.made();
        self.api.store(fresh.api.load_full());
        self.agents.verifiers.rcu(|verifiers| {
            let mut verifiers = BTreeMap::clone(verifiers);
            verifiers.extend(fresh.agents.verifiers.load().iter().map(|(of, one)| (of.clone(), one.clone())));
            verifiers
        });
        made.extend(fresh.made().iter().map(|(of, one)| (of.clone(), one.clone())));
    }

    fn made(&self) -> MutexGuard<'_, Authorities> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The authorities that both listeners are verified against, PEM.
    pub fn api_ca_pem(&self) -> String {
        self.api.load().pem().to_owned()
    }

    /// The SHA-256 of that authority's certificate: what a join token pins.
    pub fn api_ca_fingerprint(&self) -> Sha256 {
        secret::sha256(self.api.load().certificate())
    }

    /// The domain of the agents' names.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The verifiers of agents.
    pub fn agents(&self) -> &AgentAuthorities {
        &self.agents
    }

    fn side_dir(&self, migration: &Name, side: Side) -> PathBuf {
        self.dir.join("agents").join(migration.as_str()).join(side.word())
    }

    /// The authority of a migration's side, made when it is first needed.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn authority(
        &self,
        migration: &Name,
        side: Side,
        now: Timestamp,
    ) -> Result<Arc<Authority>, PkiError> {
        let mut made = self.made();
        if let Some(authority) = made.get(&(migration.clone(), side)) {
            return Ok(authority.clone());
        }
        let title = format!("tidelock agents of {migration} {side}");
        let authority =
            Arc::new(Authority::open_or_make(&self.side_dir(migration, side), "ca", &title, now)?);
        self.agents.add(migration, side, &authority)?;
        made.insert((migration.clone(), side), authority.clone());
        Ok(authority)
    }

    /// Signs an agent's own key under its name. Gives the certificate and when it ends.
    ///
    /// # Errors
    /// When the request is not one that can be signed.
    pub fn sign_agent(
        &self,
        migration: &Name,
        agent: &AgentKey,
        csr_pem: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<(String, Timestamp), PkiError> {
        let authority = self.authority(migration, agent.side, now)?;
        let pem = authority.client(csr_pem, &agent_uri(&self.domain, migration, agent), now, life)?;
        Ok((pem, now.plus(life)))
    }

    /// The listeners' certificate; made when it is missing, ends soon or names other hosts.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn server_identity(&self, hosts: &[String], now: Timestamp) -> Result<ServerIdentity, PkiError> {
        let (pem_path, key_path) = (self.dir.join("server.pem"), self.dir.join("server.key"));
        let hosts_path = self.dir.join("server.hosts");
        let listed = hosts.join("\n");
        if !self.server_is_good(&pem_path, &key_path, &hosts_path, &listed, now) {
            let (pem, key) = self.api.load().server(hosts, now, SERVER_LIFE)?;
            for (path, content) in [(&key_path, &key), (&pem_path, &pem), (&hosts_path, &listed)] {
                private_file::replace(path, content.as_bytes()).map_err(file_error("write", path))?;
            }
        }
        let wrong = |why: String| PkiError::Certificate { what: pem_path.display().to_string(), why };
        let mut chain = CertificateDer::pem_file_iter(&pem_path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(error.to_string()))?;
        // An agent that joins knows the authority by its fingerprint alone, so it must be shown.
        let api = self.api.load();
        if !chain.contains(api.certificate()) {
            chain.push(api.certificate().clone());
        }
        let key = PrivateKeyDer::from_pem_file(&key_path).map_err(|error| wrong(error.to_string()))?;
        Ok(ServerIdentity { chain, key })
    }

    fn server_is_good(&self, pem: &Path, key: &Path, hosts: &Path, listed: &str, now: Timestamp) -> bool {
        let same_hosts = std::fs::read_to_string(hosts).is_ok_and(|text| text == listed);
        let lasts = CertificateDer::from_pem_file(pem).is_ok_and(|der| {
            X509Certificate::from_der(&der).is_ok_and(|(_, certificate)| {
                let ends = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
                let ours = X509Certificate::from_der(self.api.load().certificate())
                    .is_ok_and(|(_, ca)| certificate.verify_signature(Some(ca.public_key())).is_ok());
                ours && ends > now.plus(SERVER_RENEW).as_millis() / 1000
            })
        });
        same_hosts && lasts && key.exists()
    }

    /// The key that gate tokens are signed with; made when it is missing.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn gate_key(&self) -> Result<Vec<u8>, PkiError> {
        let path = self.dir.join("gate.key");
        if !path.exists() {
            let key = secret::random::<32>()?;
            private_file::create(&path, &key).map_err(file_error("write", &path))?;
        }
        let key = std::fs::read(&path).map_err(file_error("read", &path))?;
        match key.len() {
            32 => Ok(key),
            n => Err(PkiError::Certificate {
                what: path.display().to_string(),
                why: format!("it has {n} bytes instead of 32; remove it and a new one is made"),
            }),
        }
    }
}

fn folders(dir: &Path) -> Result<Vec<String>, PkiError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error("read", dir)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(file_error("read", dir))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}
