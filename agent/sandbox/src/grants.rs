//! What a run may reach: the plan's grants, parsed and strict.
//!
//! A grant that cannot be read grants nothing: the run does not begin, and says which grant it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderName, Method};

use crate::protocol::{
    Connect, CredentialKind, Grant, HttpGrant, PostgresGrant, Rate, SqliteGrant, TargetGrant,
};

pub(crate) mod address;
pub(crate) mod network;
pub(crate) mod origin;
pub(crate) mod path;

use network::Network;
use origin::Origin;

/// Targets that one run may have.
const MAX_TARGETS: usize = 64;

/// The targets of one run, by the name that the plugin uses.
pub(crate) type Targets = BTreeMap<String, Arc<Target>>;

/// A target as it may be used.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) own: bool,
    pub(crate) kind: Kind,
    /// Tells targets apart that share connections and caps: name and grant as they were written.
    pub(crate) fingerprint: String,
}

/// What is behind a target.
#[derive(Debug)]
pub(crate) enum Kind {
    Http(HttpTarget),
    Postgres(PostgresTarget),
    Sqlite(SqliteTarget),
}

/// An HTTP origin and what may be called there.
#[derive(Debug)]
pub(crate) struct HttpTarget {
    pub(crate) origin: Origin,
    pub(crate) methods: Vec<Method>,
    pub(crate) paths: Vec<String>,
    pub(crate) ca: Option<String>,
    pub(crate) tls_name: String,
    pub(crate) credential: Option<(Place, String)>,
    pub(crate) connect: Connect,
    pub(crate) rate: Option<Rate>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) addresses: Vec<Network>,
}

/// Where the host puts a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Bearer,
    Basic,
    Header(HeaderName),
    FormField(String),
}

/// A database on a PostgreSQL server.
#[derive(Debug)]
pub(crate) struct PostgresTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) ca: Option<String>,
    pub(crate) tls_name: String,
    pub(crate) addresses: Vec<Network>,
    pub(crate) write: bool,
}

/// An SQLite file.
#[derive(Debug)]
pub(crate) struct SqliteTarget {
    pub(crate) path: PathBuf,
    pub(crate) write: bool,
}

/// Reads all grants of a run.
///
/// # Errors
/// Names the target and what is wrong with its grant.
pub(crate) fn parse(grants: &[TargetGrant]) -> Result<Targets, String> {
    if grants.len() > MAX_TARGETS {
        return Err(format!("a run has at most {MAX_TARGETS} targets, this one has {}", grants.len()));
    }
    let mut targets = Targets::new();
    for grant in grants {
        let target = parse_one(grant).map_err(|why| format!("target {}: {why}", grant.name))?;
        if targets.insert(grant.name.clone(), Arc::new(target)).is_some() {
            return Err(format!("target {} is granted twice", grant.name));
        }
    }
    Ok(targets)
}

fn parse_one(grant: &TargetGrant) -> Result<Target, String> {
    let kind = match &grant.grant {
        Grant::Http(http) => Kind::Http(parse_http(http)?),
        Grant::Postgres(postgres) => Kind::Postgres(parse_postgres(postgres)?),
        Grant::Sqlite(sqlite) => Kind::Sqlite(parse_sqlite(sqlite)?),
    };
    let fingerprint = serde_json::to_string(grant).map_err(|error| error.to_string())?;
    Ok(Target { name: grant.name.clone(), own: grant.own, kind, fingerprint })
}

fn parse_http(grant: &HttpGrant) -> Result<HttpTarget, String> {
    let origin = Origin::parse_target(&grant.url)?;
    let methods = grant.methods.iter().map(|method| parse_method(method)).collect::<Result<Vec<_>, _>>()?;
    if methods.is_empty() {
        return Err("no method is granted".to_owned());
    }
    if grant.paths.is_empty() {
        return Err("no path is granted".to_owned());
    }
    if let Some(bad) = grant.paths.iter().find(|prefix| path::check_prefix(prefix).is_err()) {
        return Err(format!("path {bad:?} is no plain prefix such as /api/"));
    }
    if grant.rate.is_some_and(|rate| rate.calls == 0 || rate.per_ms == 0) || grant.concurrency == Some(0) {
        return Err("a cap of zero calls allows none; leave the target out instead".to_owned());
    }
    let credential = grant.credential.as_ref();
    let credential =
        credential.map(|c| parse_place(&c.kind).map(|place| (place, c.secret.clone()))).transpose()?;
    Ok(HttpTarget {
        tls_name: grant.tls_name.clone().unwrap_or_else(|| origin.host.clone()),
        origin,
        methods,
        paths: grant.paths.clone(),
        ca: grant.ca.clone(),
        credential,
        connect: grant.connect,
        rate: grant.rate,
        concurrency: grant.concurrency,
        addresses: parse_networks(&grant.addresses)?,
    })
}

fn parse_method(method: &str) -> Result<Method, String> {
    let parsed =
        Method::from_bytes(method.as_bytes()).map_err(|_| format!("{method:?} is no HTTP method"))?;
    if parsed == Method::CONNECT || parsed == Method::TRACE {
        return Err(format!("method {method} is never granted"));
    }
    Ok(parsed)
}

fn parse_place(kind: &CredentialKind) -> Result<Place, String> {
    Ok(match kind {
        CredentialKind::Bearer => Place::Bearer,
        CredentialKind::Basic => Place::Basic,
        CredentialKind::Header(name) => Place::Header(
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?,
        ),
        CredentialKind::FormField(name) if name.is_empty() => {
            return Err("the form field of the credential has no name".to_owned());
        }
        CredentialKind::FormField(name) => Place::FormField(name.clone()),
    })
}

fn parse_networks(texts: &[String]) -> Result<Vec<Network>, String> {
    texts.iter().map(|text| text.parse()).collect()
}

fn parse_postgres(grant: &PostgresGrant) -> Result<PostgresTarget, String> {
    let shape = || format!("address {:?} is not host:port/database", grant.address);
    let (place, database) = grant.address.split_once('/').ok_or_else(shape)?;
    let (host, port) = origin::split_authority(place).ok_or_else(shape)?;
    let port = port.unwrap_or(5432);
    if database.is_empty() || grant.user.is_empty() {
        return Err("the database and the user must be named".to_owned());
    }
    Ok(PostgresTarget {
        tls_name: grant.tls_name.clone().unwrap_or_else(|| host.clone()),
        host,
        port,
        database: database.to_owned(),
        user: grant.user.clone(),
        password: grant.password.clone(),
        ca: grant.ca.clone(),
        addresses: parse_networks(&grant.addresses)?,
        write: grant.write,
    })
}

fn parse_sqlite(grant: &SqliteGrant) -> Result<SqliteTarget, String> {
    let path = PathBuf::from(&grant.path);
    if !path.is_absolute() {
        return Err(format!("the file {:?} must be named by its absolute path", grant.path));
    }
    Ok(SqliteTarget { path, write: grant.write })
}

/// The target that an absolute URL belongs to, with the path and query in it. Where several targets
/// share an origin the one that grants the path is meant.
pub(crate) fn target_of(targets: &Targets, url: &str) -> Option<(String, String)> {
    let (origin, path) = Origin::parse_url(url)?;
    let mut same = targets.values().filter_map(|target| match &target.kind {
        Kind::Http(http) if http.origin == origin => Some((target, http)),
        Kind::Http(_) | Kind::Postgres(_) | Kind::Sqlite(_) => None,
    });
    let first = same.next()?;
    let granted = |(_, http): &(&Arc<Target>, &HttpTarget)| path::allowed(&path, &http.paths).is_ok();
    let chosen = if granted(&first) { first } else { same.find(granted).unwrap_or(first) };
    Some((chosen.0.name.clone(), path))
}

/// A grant as tests need one: GET on every path.
#[cfg(test)]
pub(crate) fn plain(url: &str) -> HttpGrant {
    HttpGrant { methods: vec!["GET".to_owned()], paths: vec!["/".to_owned()], ..HttpGrant::closed(url) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, http: HttpGrant) -> TargetGrant {
        TargetGrant { name: name.to_owned(), own: true, grant: Grant::Http(http) }
    }

    #[test]
    fn a_grant_that_cannot_be_read_names_its_target() {
        type Change = fn(&mut HttpGrant);
        let cases: [(&str, Change); 9] = [
            ("must be an origin", |g| g.url = "https://shop.example/app".to_owned()),
            ("http or https", |g| g.url = "ftp://shop.example".to_owned()),
            ("no method", |g| g.methods.clear()),
            ("no method", |g| *g = HttpGrant::closed(g.url.clone())),
            ("never granted", |g| g.methods = vec!["TRACE".to_owned()]),
            ("no path", |g| g.paths.clear()),
            ("plain prefix", |g| g.paths = vec!["/a/../b".to_owned()]),
            ("zero calls", |g| g.concurrency = Some(0)),
            ("not a network", |g| g.addresses = vec!["10.0.0.0/33".to_owned()]),
        ];
        for (want, change) in cases {
            let mut http = plain("https://shop.example");
            change(&mut http);
            let error = parse(&[named("shop", http)]).unwrap_err();
            assert!(error.starts_with("target shop: ") && error.contains(want), "{error}");
        }
    }

    #[test]
    fn an_absolute_link_belongs_to_the_target_that_grants_its_path() {
        let narrow = HttpGrant { paths: vec!["/admin/".to_owned()], ..plain("https://shop.example:443") };
        let wide = plain("https://shop.example");
        let targets = parse(&[named("a", narrow), named("b", wide), named("c", plain("http://x.example"))]);
        let targets = targets.unwrap();
        let of = |url: &str| target_of(&targets, url);
        assert_eq!(of("https://shop.example/admin/x"), Some(("a".into(), "/admin/x".into())));
        assert_eq!(of("https://SHOP.example/cart?x=1#y"), Some(("b".into(), "/cart?x=1".into())));
        assert_eq!(of("http://shop.example/"), None);
        assert_eq!(of("https://shop.example@evil.example/"), None);
    }

    #[test]
    fn a_database_address_is_taken_apart() {
        let grant = |address: &str| PostgresGrant {
            address: address.to_owned(),
            user: "u".to_owned(),
            password: None,
            ca: None,
            tls_name: None,
            addresses: Vec::new(),
            write: false,
        };
        let parsed = parse_postgres(&grant("[::1]:5433/shop")).unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port, parsed.database.as_str()), ("::1", 5433, "shop"));
        assert!(parse_postgres(&grant("host:5432")).is_err());
        assert!(parse_postgres(&grant("host:none/shop")).is_err());
    }
}
