//! Grants, from the wire's words to the sandbox's.

use tidelock_proto::v1;
use tidelock_sandbox::protocol::{
    Connect, Credential, CredentialKind, Grant, HttpGrant, PostgresGrant, Rate, SqliteGrant, TargetGrant,
};

/// The target that stands for the opposite side: what it does not answer is no failure of this side.
const OTHER_SIDE: &str = "other";
/// Requests a second where the plan does not say.
const DEFAULT_RATE: f64 = 10.0;
/// Requests in flight where the plan does not say.
const DEFAULT_CONCURRENCY: u32 = 4;

/// One grant.
///
/// # Errors
/// Names what the sandbox of this release does not know.
pub(crate) fn from_wire(wire: &v1::Grant) -> Result<TargetGrant, String> {
    let name = &wire.target;
    let grant = match &wire.kind {
        Some(v1::grant::Kind::Http(http)) => Grant::Http(http_grant(name, http)?),
        Some(v1::grant::Kind::Sql(sql)) => sql_grant(name, sql)?,
        None => return Err(format!("target {name} has no kind that this agent knows")),
    };
    Ok(TargetGrant { name: name.clone(), own: name != OTHER_SIDE, grant })
}

fn http_grant(target: &str, http: &v1::HttpGrant) -> Result<HttpGrant, String> {
    let credential = http.credential.as_ref().filter(|c| !c.kind.is_empty());
    Ok(HttpGrant {
        url: http.url.clone(),
        methods: http.methods.clone(),
        paths: http.paths.clone(),
        ca: given(&http.ca_pem),
        tls_name: given(&http.tls_name),
        credential: credential.map(|credential| credential_of(target, credential)).transpose()?,
        connect: if http.reuse_connection { Connect::Reuse } else { Connect::New },
        rate: Some(rate(http.rate_per_second)),
        concurrency: Some(if http.concurrency == 0 { DEFAULT_CONCURRENCY } else { http.concurrency }),
        addresses: http.addresses.clone(),
    })
}

fn credential_of(target: &str, wire: &v1::Credential) -> Result<Credential, String> {
    let kind = match wire.kind.as_str() {
        "bearer" => CredentialKind::Bearer,
        "basic" => CredentialKind::Basic,
        "header" => CredentialKind::Header(wire.name.clone()),
        "form" => CredentialKind::FormField(wire.name.clone()),
        other => return Err(format!("target {target} has a credential of the unknown kind {other:?}")),
    };
    let secret = wire.secret.strip_prefix("secret:").unwrap_or(&wire.secret).to_owned();
    Ok(Credential { kind, secret })
}

fn sql_grant(target: &str, sql: &v1::SqlGrant) -> Result<Grant, String> {
    match sql.dialect.as_str() {
        "postgres" => Ok(Grant::Postgres(PostgresGrant {
            address: sql.address.clone(),
            user: sql.user.clone(),
            password: given(sql.password_secret.strip_prefix("secret:").unwrap_or(&sql.password_secret)),
            ca: given(&sql.ca_pem),
            tls_name: given(&sql.tls_name),
            addresses: sql.addresses.clone(),
            write: sql.write,
        })),
        "sqlite" => Ok(Grant::Sqlite(SqliteGrant { path: sql.address.clone(), write: sql.write })),
        other => Err(format!("target {target} has the unknown dialect {other:?}")),
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Calls a second as a whole number of calls in a time: 0.5 a second is 1 in 2000 ms.
fn rate(per_second: f64) -> Rate {
    let per_second = if per_second > 0.0 && per_second.is_finite() { per_second } else { DEFAULT_RATE };
    if per_second >= 1.0 {
        // A float to integer cast stops at the largest integer.
        return Rate { calls: per_second.round() as u32, per_ms: 1_000 };
    }
    Rate { calls: 1, per_ms: (1_000.0 / per_second).ceil() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_become_whole_numbers() {
        for (given, calls, per_ms) in
            [(10.0, 10, 1000), (0.5, 1, 2000), (0.0, 10, 1000), (f64::NAN, 10, 1000), (2.4, 2, 1000)]
        {
            assert_eq!(rate(given), Rate { calls, per_ms }, "{given}");
        }
    }

    #[test]
    fn the_other_side_is_not_the_scenarios_own() {
        let grant = |target: &str| v1::Grant {
            target: target.to_owned(),
            kind: Some(v1::grant::Kind::Http(v1::HttpGrant::default())),
        };
        assert!(from_wire(&grant("shop")).unwrap().own);
        assert!(!from_wire(&grant("other")).unwrap().own);
        assert!(from_wire(&v1::Grant { target: "x".to_owned(), kind: None }).is_err());
    }
}
