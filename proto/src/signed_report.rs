//! A report that the collector vouches for, so that a page which somebody files can be checked years later.
//!
//! What is signed are the bytes of the report as they were sent, and with them how it was asked to be printed:
//! everything that a printed page depends on. Whoever has the page's bytes needs no collector to print it again.

use prost::Message as _;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use tidelock_model::mutated;

use crate::v1;

/// The same key signs heads of decisions: neither is ever taken for the other.
const CONTEXT: &[u8] = b"tidelock report v1\n";

/// Why a report cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReport {
    /// It is not what was signed, or not by this key.
    #[error("its signature does not fit")]
    Signature,
    /// It was signed, and is none.
    #[error("what was signed cannot be read: {0}")]
    Unreadable(String),
}

/// A report whose signature fits. Made by [`Signed::read`] alone. Whose key it is, is for the caller to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    report: v1::Report,
    wire: v1::SignedReport,
}

impl Signed {
    /// Vouches for a report.
    pub fn sign(key: &Ed25519KeyPair, report: &v1::Report) -> v1::SignedReport {
        let report = report.encode_to_vec();
        let signature = key.sign(&text(&report)).as_ref().to_vec();
        v1::SignedReport { report, key: key.public_key().as_ref().to_vec(), signature }
    }

    /// Checks the signature and reads the report.
    ///
    /// # Errors
    /// It is not what was signed.
    pub fn read(wire: v1::SignedReport) -> Result<Signed, BadReport> {
        check(&wire)?;
        let report = v1::Report::decode(wire.report.as_slice());
        let report = report.map_err(|error| BadReport::Unreadable(error.to_string()))?;
        Ok(Signed { report, wire })
    }

    /// What it says.
    pub fn report(&self) -> &v1::Report {
        &self.report
    }

    /// As it was signed.
    pub fn wire(&self) -> &v1::SignedReport {
        &self.wire
    }
}

/// Checks the signature alone: what a stranger wrote is not read before somebody knows the key.
///
/// # Errors
/// It does not fit.
pub fn check(wire: &v1::SignedReport) -> Result<(), BadReport> {
    let checked = UnparsedPublicKey::new(&ED25519, &wire.key).verify(&text(&wire.report), &wire.signature);
    match checked {
        Ok(()) => Ok(()),
        Err(_) if mutated("a-report-is-signed") => Ok(()),
        Err(_) => Err(BadReport::Signature),
    }
}

fn text(report: &[u8]) -> Vec<u8> {
    [CONTEXT, report].concat()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use tidelock_model::{Name, Sha256};

    use super::*;
    use crate::head::Head;

    fn key() -> Ed25519KeyPair {
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref())
            .unwrap()
    }

    fn report() -> v1::Report {
        let edition =
            v1::ReportEdition { release: "1.2.3".to_owned(), form: "md".to_owned(), ..Default::default() };
        v1::Report { migration: "shop".to_owned(), edition: Some(edition), ..v1::Report::default() }
    }

    #[test]
    fn a_signed_report_is_read_back_and_any_change_is_seen() {
        let wire = Signed::sign(&key(), &report());
        let read = Signed::read(wire.clone()).unwrap();
        assert_eq!((read.report(), read.wire()), (&report(), &wire));
        let changes: [fn(&mut v1::SignedReport) -> &mut Vec<u8>; 3] =
            [|wire| &mut wire.report, |wire| &mut wire.key, |wire| &mut wire.signature];
        for change in changes {
            for at in 0..change(&mut wire.clone()).len() {
                for bit in 0..8 {
                    let mut changed = wire.clone();
                    change(&mut changed)[at] ^= 1 << bit;
                    assert_eq!(Signed::read(changed), Err(BadReport::Signature), "byte {at}, bit {bit}");
                }
            }
            let mut shorter = wire.clone();
            change(&mut shorter).pop();
            assert_eq!(Signed::read(shorter), Err(BadReport::Signature));
            let mut longer = wire.clone();
            change(&mut longer).push(0);
            assert_eq!(Signed::read(longer), Err(BadReport::Signature));
        }
        assert_eq!(Signed::read(v1::SignedReport::default()), Err(BadReport::Signature));
        let stolen = v1::SignedReport { key: key().public_key().as_ref().to_vec(), ..wire };
        assert_eq!(Signed::read(stolen), Err(BadReport::Signature), "another key");
    }

    #[test]
    fn what_the_same_key_signed_of_a_head_is_no_report_and_the_other_way_round() {
        let key = key();
        let at = (7, Sha256::from_bytes([3; 32]));
        let head = Head::sign(&key, [9; 16], Name::new("shop").unwrap(), at, 1).to_wire();
        let v1::SignedHead { key: public, signature, .. } = head.clone();
        for bytes in [report().encode_to_vec(), head.encode_to_vec()] {
            let wire = v1::SignedReport { report: bytes, key: public.clone(), signature: signature.clone() };
            assert_eq!(Signed::read(wire), Err(BadReport::Signature));
        }
        let signed = Signed::sign(&key, &report());
        assert!(Head::read(&v1::SignedHead { signature: signed.signature, ..head }).is_err());
    }

    #[test]
    fn what_was_signed_and_is_no_report_is_refused() {
        let key = key();
        let report = vec![0xff; 3];
        let signature = key.sign(&text(&report)).as_ref().to_vec();
        let wire = v1::SignedReport { report, key: key.public_key().as_ref().to_vec(), signature };
        assert_eq!(check(&wire), Ok(()));
        assert!(matches!(Signed::read(wire), Err(BadReport::Unreadable(_))));
    }
}
