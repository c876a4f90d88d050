//! Judges an agent's certificate: first whom it names, then whether that side's authority says so.
//!
//! The order matters. A verifier that trusts all authorities at once and reads the name afterwards
//! would let the source side's authority sign a name of the target side.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::refused::Refused;
use crate::pki::{AgentAuthorities, AgentId, identity_of};
use crate::seldom::Seldom;

/// The verifier of the agents' listener.
#[derive(Debug, Clone)]
pub struct AgentVerifier {
    authorities: AgentAuthorities,
    domain: Arc<str>,
    refused: Refused,
    seldom: Seldom,
}

impl AgentVerifier {
    /// Judges by these authorities, for this trust domain, and tells `refused` what it did not take.
    pub fn new(authorities: AgentAuthorities, domain: Arc<str>, refused: Refused) -> AgentVerifier {
        AgentVerifier { authorities, domain, refused, seldom: Seldom::default() }
    }

    fn judge(
        &self,
        named: &AgentId,
        leaf: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verifier = self
            .authorities
            .verifier(&named.migration, named.agent.side)
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        if tidelock_model::mutated("the-authority-is-asked") {
            return Ok(ClientCertVerified::assertion());
        }
        // Agents' certificates are signed by the authority itself; nothing in between is listened to.
        let judged = verifier.verify_client_cert(leaf, &[], now);
        if tidelock_model::mutated("an-authority-is-of-one-side")
            && let Some(other) = self.authorities.verifier(&named.migration, named.agent.side.other())
        {
            return judged.or_else(|_| other.verify_client_cert(leaf, &[], now));
        }
        judged
    }
}

impl ClientCertVerifier for AgentVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let named = identity_of(end_entity, &self.domain).map_err(|why| {
            if self.seldom.may_tell(&why.to_string()) {
                tracing::warn!(%why, "a certificate names no agent; the connection is refused");
            }
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
        })?;
        self.judge(&named, end_entity, now).inspect_err(|why| {
            if self.seldom.may_tell(&format!("{} {}: {why}", named.migration, named.agent)) {
                tracing::warn!(migration = %named.migration, agent = %named.agent, %why, "an agent is refused");
            }
            // The name is only a claim here: shown to people, believed by nobody.
            if self.authorities.verifier(&named.migration, named.agent.side).is_some() {
                let text = format!("somebody showed a certificate in the name of {}: {why}", named.agent);
                self.refused.tell(&named.migration, text);
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.authorities.provider().signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.authorities.provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.provider().signature_verification_algorithms.supported_schemes()
    }
}
