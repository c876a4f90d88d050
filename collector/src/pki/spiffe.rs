//! The one name in an agent's certificate: `spiffe://<domain>/tidelock/<migration>/<side>/agent/<name>`.
//!
//! Libraries have accepted wrong names before, so the rules are checked here as well: exactly one
//! subject alternative name, a URI of this very shape; no authority, made for signing only.

use tidelock_model::{AgentKey, Name, Side, Timestamp};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Longest URI taken, as SPIFFE says.
const MAX_URI_BYTES: usize = 2048;

/// An agent of a migration, as its certificate says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentId {
    /// The migration.
    pub migration: Name,
    /// Side and name.
    pub agent: AgentKey,
    /// When the certificate begins, by the wall clock.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// Why a certificate names no agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// It is an authority's.
    #[error("the certificate is one of an authority, agents have leaf certificates")]
    IsAuthority,
    /// It is not for signing handshakes.
    #[error("the certificate is not made for digital signatures alone")]
    Usage,
    /// It has no name, or more than one.
    #[error("the certificate has {0} alternative names, it must have exactly one, a URI")]
    Names(usize),
    /// Its name is none of ours.
    #[error("{0:?} is not spiffe://<domain>/tidelock/<migration>/<side>/agent/<name>")]
    Uri(String),
    /// Its name belongs to somebody else.
    #[error("the trust domain {0:?} is not ours")]
    Domain(String),
}

/// The URI of an agent.
pub fn agent_uri(domain: &str, migration: &Name, agent: &AgentKey) -> String {
    format!("spiffe://{domain}/tidelock/{migration}/{}/agent/{}", agent.side, agent.name)
}

/// Reads who a leaf certificate speaks for. Says nothing about who signed it.
///
/// # Errors
/// Names the first rule that it breaks.
pub fn identity_of(leaf: &[u8], domain: &str) -> Result<AgentId, BadIdentity> {
    let (rest, certificate) = X509Certificate::from_der(leaf).map_err(|_| BadIdentity::Unreadable)?;
    if !rest.is_empty() {
        return Err(BadIdentity::Unreadable);
    }
    if let Some(constraints) = certificate.basic_constraints().map_err(|_| BadIdentity::Unreadable)?
        && constraints.value.ca
    {
        return Err(BadIdentity::IsAuthority);
    }
    let usage = certificate.key_usage().map_err(|_| BadIdentity::Unreadable)?;
    match usage {
        Some(usage) if usage.value.digital_signature() && !usage.value.key_cert_sign() => {}
        Some(_) | None => return Err(BadIdentity::Usage),
    }
    let names = certificate.subject_alternative_name().map_err(|_| BadIdentity::Unreadable)?;
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    let uri = match names {
        [GeneralName::URI(uri)] => *uri,
        _ => return Err(BadIdentity::Names(names.len())),
    };
    let (migration, agent) = parse(uri, domain)?;
    let at = |seconds: i64| Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000));
    let validity = certificate.validity();
    let (begins, ends) = (at(validity.not_before.timestamp()), at(validity.not_after.timestamp()));
    Ok(AgentId { migration, agent, begins, ends })
}

fn parse(uri: &str, domain: &str) -> Result<(Name, AgentKey), BadIdentity> {
    let shown: String = uri.chars().filter(|c| !c.is_control()).take(200).collect();
    let wrong = || BadIdentity::Uri(shown.clone());
    if uri.len() > MAX_URI_BYTES {
        return Err(wrong());
    }
    let (theirs, path) =
        uri.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let parts: Vec<&str> = path.split('/').collect();
    let ["tidelock", migration, side, "agent", name] = parts[..] else {
        return Err(wrong());
    };
    if theirs != domain {
        return Err(BadIdentity::Domain(theirs.chars().take(100).collect()));
    }
    let migration = Name::new(migration).map_err(|_| wrong())?;
    let side: Side = side.parse().map_err(|_| wrong())?;
    Ok((migration, AgentKey { side, name: Name::new(name).map_err(|_| wrong())? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_reads_back() {
        let migration = Name::new("shop").unwrap();
        let agent = AgentKey { side: Side::Target, name: Name::new("hz-1").unwrap() };
        let uri = agent_uri("acme.example", &migration, &agent);
        assert_eq!(uri, "spiffe://acme.example/tidelock/shop/target/agent/hz-1");
        assert_eq!(parse(&uri, "acme.example").unwrap(), (migration, agent));
    }

    #[test]
    fn anything_near_it_is_refused() {
        for bad in [
            "",
            "https://acme.example/tidelock/shop/target/agent/a",
            "spiffe://other.example/tidelock/shop/target/agent/a",
            "spiffe://ACME.example/tidelock/shop/target/agent/a",
            "spiffe://acme.example:1/tidelock/shop/target/agent/a",
            "spiffe://acme.example/tidelock/shop/target/agent/a/",
            "spiffe://acme.example/tidelock/shop/target/agent/",
            "spiffe://acme.example/tidelock/shop/Target/agent/a",
            "spiffe://acme.example/tidelock/shop/both/agent/a",
            "spiffe://acme.example/tidelock/../target/agent/a",
            "spiffe://acme.example//tidelock/shop/target/agent/a",
            "spiffe://acme.example/tidelock/shop/target/agent/%61",
        ] {
            assert!(parse(bad, "acme.example").is_err(), "{bad:?} was taken");
        }
    }
}
