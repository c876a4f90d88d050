//! One certificate authority: a key and a self-signed certificate in two files.
//!
//! Behind its own certificate the file may have others: authorities that are believed and do not sign. So one
//! takes the place of another while both are known.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tidelock_model::{Timestamp, mutated};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::private_file;
use crate::secret;

/// An authority lives for ten years; migrations do not.
const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Certificates begin a little before now, for clocks that are behind: five minutes, or a tenth of a short life.
const BACKDATE: Duration = Duration::from_secs(300);

/// For how long a certificate was given that is valid for so long.
pub fn given_for(valid: Duration) -> Duration {
    valid.saturating_sub(BACKDATE).max(valid * 10 / 11)
}
/// A certificate request has a few hundred bytes.
const MAX_CSR_BYTES: usize = 16 * 1024;

/// What went wrong with keys and certificates.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("{doing} {}", path.display())]
    File {
        /// Reading or writing.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate or key cannot be made or understood.
    #[error("{what}: {why}")]
    Certificate {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// The request of an agent cannot be signed.
    #[error("the certificate request is not taken: {0}")]
    Request(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] secret::NoRandomness),
}

pub(super) fn file_error(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PkiError {
    let path = path.to_path_buf();
    move |source| PkiError::File { doing, path, source }
}

/// An authority that can sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    certificate: CertificateDer<'static>,
    /// Others that are believed as it is.
    others: Vec<CertificateDer<'static>>,
    pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Reads the authority `<stem>.pem` and `<stem>.key`, or makes it where neither is there.
    ///
    /// # Errors
    /// Names the file; one without the other is an error.
    pub fn open_or_make(dir: &Path, stem: &str, title: &str, now: Timestamp) -> Result<Authority, PkiError> {
        let (pem_path, key_path) = (dir.join(format!("{stem}.pem")), dir.join(format!("{stem}.key")));
        if !pem_path.exists() && !key_path.exists() {
            make(dir, &pem_path, &key_path, title, now)?;
        }
        Authority::open(dir, stem)
    }

    /// Reads the authority `<stem>.pem` and `<stem>.key`.
    ///
    /// # Errors
    /// Names the file that is missing, cannot be understood, or is not of the other one.
    pub fn open(dir: &Path, stem: &str) -> Result<Authority, PkiError> {
        let (pem_path, key_path) = (dir.join(format!("{stem}.pem")), dir.join(format!("{stem}.key")));
        let pem = std::fs::read_to_string(&pem_path).map_err(file_error("read", &pem_path))?;
        let key = std::fs::read_to_string(&key_path).map_err(file_error("read", &key_path))?;
        let wrong = |why: String| PkiError::Certificate { what: pem_path.display().to_string(), why };
        let key = KeyPair::from_pem(&key).map_err(|error| wrong(error.to_string()))?;
        let all: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(error.to_string()))?;
        let [certificate, others @ ..] = &all[..] else {
            return Err(wrong("it has no certificate in it".to_owned()));
        };
        let of_key = X509Certificate::from_der(certificate)
            .is_ok_and(|(_, parsed)| *parsed.public_key().subject_public_key.data == *key.public_key_raw());
        if !of_key && !mutated("unusable-authorities-replace-nothing") {
            return Err(wrong(format!("its first certificate is not of the key in {}", key_path.display())));
        }
        let issuer = Issuer::from_ca_cert_der(certificate, key).map_err(|error| wrong(error.to_string()))?;
        Ok(Authority { issuer, certificate: certificate.clone(), others: others.to_vec(), pem })
    }

    /// The authority's certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's certificate, DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificates that are believed: its own, and those that come before or after it.
    pub fn believed(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        std::iter::once(&self.certificate).chain(&self.others)
    }

    /// Signs a server certificate for these names. Gives certificate and key, PEM.
    ///
    /// # Errors
    /// When a name is none.
    pub fn server(
        &self,
        hosts: &[String],
        now: Timestamp,
        life: Duration,
    ) -> Result<(String, String), PkiError> {
        let wrong =
            |error: rcgen::Error| PkiError::Certificate { what: hosts.join(", "), why: error.to_string() };
        let key = KeyPair::generate().map_err(wrong)?;
        let mut params = CertificateParams::new(hosts.to_vec()).map_err(wrong)?;
        params.distinguished_name.push(DnType::CommonName, "tidelock collector");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf(&mut params, now, life)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(wrong)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Signs the key of a request under the one URI. Nothing else of the request is taken over.
    ///
    /// # Errors
    /// When the request is none, or its key did not sign it.
    pub fn client(
        &self,
        csr_pem: &str,
        uri: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<String, PkiError> {
        if csr_pem.len() > MAX_CSR_BYTES {
            return Err(PkiError::Request(format!("it has more than {MAX_CSR_BYTES} bytes")));
        }
        let wrong = |error: rcgen::Error| PkiError::Request(error.to_string());
        let request = CertificateSigningRequestParams::from_pem(csr_pem).map_err(wrong)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "tidelock agent");
        params.subject_alt_names = vec![SanType::URI(uri.try_into().map_err(wrong)?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf(&mut params, now, life)?;
        let certificate = params.signed_by(&request.public_key, &self.issuer).map_err(wrong)?;
        Ok(certificate.pem())
    }
}

fn leaf(params: &mut CertificateParams, now: Timestamp, life: Duration) -> Result<(), PkiError> {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    valid(params, now, life)
}

fn valid(params: &mut CertificateParams, now: Timestamp, life: Duration) -> Result<(), PkiError> {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |time: Timestamp| epoch + Duration::from_secs(time.as_millis() / 1000);
    params.not_before = at(now.minus(BACKDATE.min(life / 10)));
    params.not_after = at(now.plus(life));
    params.serial_number = Some(SerialNumber::from_slice(&secret::random::<16>()?));
    Ok(())
}

fn make(dir: &Path, pem_path: &Path, key_path: &Path, title: &str, now: Timestamp) -> Result<(), PkiError> {
    private_file::make_dir(dir).map_err(file_error("make", dir))?;
    let wrong =
        |error: rcgen::Error| PkiError::Certificate { what: title.to_owned(), why: error.to_string() };
    let key = KeyPair::generate().map_err(wrong)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, title);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, now, AUTHORITY_LIFE)?;
    let certificate = params.self_signed(&key).map_err(wrong)?;
    // The key last: a crash in between leaves a certificate without a key, which is told, not used.
    private_file::replace(pem_path, certificate.pem().as_bytes()).map_err(file_error("write", pem_path))?;
    private_file::replace(key_path, key.serialize_pem().as_bytes()).map_err(file_error("write", key_path))
}
