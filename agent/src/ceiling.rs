//! What the operator of this machine lets a plan do here.
//!
//! The plan comes from elsewhere. A grant above `agent.toml` is refused when it is assigned, told, and
//! holds the gate; it is never cut down to what is allowed, because then a check would run that nobody
//! wrote.

use tidelock_proto::v1;

use crate::config::Config;

/// Whether the configuration allows an assignment.
///
/// # Errors
/// Says which grant is above the ceiling, and what to change.
pub fn check(config: &Config, assignment: &v1::Assignment) -> Result<(), String> {
    for grant in &assignment.grants {
        let target = &grant.target;
        let (host, port) = match &grant.kind {
            Some(v1::grant::Kind::Http(http)) => http_host(&http.url).ok_or_else(|| bad_address(target))?,
            Some(v1::grant::Kind::Sql(sql)) => {
                if sql.write && !config.allow.write_sql {
                    return Err(format!(
                        "target {target} may be written to by the plan, but [allow] write_sql is false in agent.toml"
                    ));
                }
                match sql.dialect.as_str() {
                    // A file on this machine; it is on no host.
                    "sqlite" => continue,
                    _ => sql_host(&sql.address).ok_or_else(|| bad_address(target))?,
                }
            }
            None => return Err(format!("target {target} has no kind that this agent knows")),
        };
        if let Some(hosts) = &config.allow.hosts
            && !hosts.iter().any(|allowed| host_matches(allowed, &host, port))
        {
            return Err(format!("target {target}: {host}:{port} is not in [allow] hosts of agent.toml"));
        }
        if let Some((secret, file)) = secret_of(grant).and_then(|name| config.secrets.get_key_value(name))
            && !file.hosts.iter().any(|allowed| host_matches(allowed, &host, port))
        {
            return Err(format!("target {target}: secret {secret} may not go to {host}:{port}"));
        }
    }
    Ok(())
}

fn bad_address(target: &str) -> String {
    format!("target {target} has an address without a host")
}

fn secret_of(grant: &v1::Grant) -> Option<&str> {
    let name = match grant.kind.as_ref()? {
        v1::grant::Kind::Http(http) => &http.credential.as_ref()?.secret,
        v1::grant::Kind::Sql(sql) => &sql.password_secret,
    };
    Some(name.strip_prefix("secret:").unwrap_or(name)).filter(|name| !name.is_empty())
}

/// Whether `allowed` (`*`, `host`, `host:port` or `*.domain`) names this host and port.
pub fn host_matches(allowed: &str, host: &str, port: u16) -> bool {
    let (allowed, host) = (allowed.to_ascii_lowercase(), host.to_ascii_lowercase());
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.')),
        None => {
            let bare = allowed.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(&allowed);
            allowed == "*"
                || bare == host
                || allowed == format!("{host}:{port}")
                || allowed == format!("[{host}]:{port}")
        }
    }
}

/// The host, without brackets, and the port of `http[s]://host[:port]`.
pub fn http_host(url: &str) -> Option<(String, u16)> {
    let uri: tonic::transport::Uri = url.parse().ok()?;
    let port = uri.port_u16().or(match uri.scheme_str()? {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    })?;
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host.to_owned(), port)).filter(|(host, _)| !host.is_empty())
}

/// The host and port of `host[:port]/database`.
fn sql_host(address: &str) -> Option<(String, u16)> {
    let server = address.split_once('/').map_or(address, |(server, _)| server);
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, port.parse().ok()?),
        Some(_) | None => (server, 5432),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host.to_owned(), port)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(more: &str) -> Config {
        let text = format!("collector = \"c:1\"\nca = \"c\"\ncertificate = \"c\"\nkey = \"k\"\n{more}");
        Config::parse(Path::new("agent.toml"), &text).unwrap()
    }

    fn assignment(kind: v1::grant::Kind) -> v1::Assignment {
        let grants = vec![v1::Grant { target: "shop".to_owned(), kind: Some(kind) }];
        v1::Assignment { grants, ..v1::Assignment::default() }
    }

    fn http(url: &str, secret: &str) -> v1::Assignment {
        let credential = (!secret.is_empty()).then(|| v1::Credential {
            kind: "bearer".to_owned(),
            secret: secret.to_owned(),
            ..v1::Credential::default()
        });
        let grant = v1::HttpGrant { url: url.to_owned(), credential, ..v1::HttpGrant::default() };
        assignment(v1::grant::Kind::Http(grant))
    }

    fn sql(write: bool) -> v1::Assignment {
        assignment(v1::grant::Kind::Sql(v1::SqlGrant {
            dialect: "postgres".to_owned(),
            address: "db.example:5432/shop".to_owned(),
            write,
            ..v1::SqlGrant::default()
        }))
    }

    #[test]
    fn without_a_list_any_host_may_be_granted_and_nothing_be_written() {
        let config = config("");
        assert_eq!(check(&config, &http("https://any.example", "")), Ok(()));
        assert_eq!(check(&config, &sql(false)), Ok(()));
        assert!(check(&config, &sql(true)).unwrap_err().contains("write_sql"));
    }

    #[test]
    fn a_host_outside_the_list_is_refused() {
        let config = config(
            "[allow]\nhosts = [\"shop.example\", \"*.in.example\", \"[::1]:8080\"]\nwrite_sql = true\n",
        );
        for good in
            ["https://shop.example", "http://SHOP.example:8080", "http://a.in.example", "http://[::1]:8080"]
        {
            assert_eq!(check(&config, &http(good, "")), Ok(()), "{good}");
        }
        for bad in [
            "https://in.example",
            "https://evil-shop.example",
            "http://[::1]:8081",
            "ftp://shop.example",
            "x",
        ] {
            assert!(check(&config, &http(bad, "")).is_err(), "{bad}");
        }
        assert!(check(&config, &sql(true)).unwrap_err().contains("db.example:5432 is not in"));
    }

    #[test]
    fn a_secret_goes_to_its_own_hosts_only() {
        let config = config("[secrets.psp]\nfile = \"x\"\nhosts = [\"shop.example\"]\n");
        assert_eq!(check(&config, &http("https://shop.example", "psp")), Ok(()));
        assert!(
            check(&config, &http("https://other.example", "secret:psp"))
                .unwrap_err()
                .contains("psp may not go")
        );
    }
}
