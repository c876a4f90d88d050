//! The two sides in the schema: their agents, their targets and how credentials are put in.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// The name of a secret that the agents hold. A plan never holds a secret.
#[derive(JsonSchema)]
pub(super) struct Secret(
    #[schemars(regex(pattern = r"^secret:[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"))] String,
);

/// The two sides of the migration.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Environments {
    /// The environment that is left.
    source: Environment,
    /// The environment that is moved to.
    target: Environment,
}

/// One side.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Environment {
    /// What people call it.
    title: Option<String>,
    /// How many agents must be online, and how many may enrol; 2 and 6 when left out.
    agents: Option<Agents>,
    /// What plugins may reach on this side, by the name they use.
    targets: BTreeMap<String, AnyTarget>,
    /// How the environment's revision is known.
    revision: Option<Revision>,
}

/// How many agents a side has.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Agents {
    /// Fewer than this online hold every gate.
    #[schemars(range(min = 1, max = 100))]
    at_least: Option<u32>,
    /// More than this may not enrol.
    #[schemars(range(min = 1, max = 100))]
    at_most: Option<u32>,
    /// The agents that are expected: each one that is missing, and each other one, holds every gate.
    names: Option<Vec<String>>,
}

/// How the environment's revision is known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Revision {
    /// `declared`: from `tidelock revision set`. `header NAME`: from this header of what the targets answer.
    from: RevisionFrom,
}

/// Where a revision comes from.
#[derive(JsonSchema)]
struct RevisionFrom(
    #[schemars(regex(pattern = r"^(declared|header [!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})$"))] String,
);

/// A URL alone grants GET and POST on that origin.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum AnyTarget {
    Url(String),
    Sql(SqlTarget),
    Http(HttpTarget),
}

/// What a plugin may do over HTTP under one name.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct HttpTarget {
    /// Scheme, host and port, without a path.
    url: String,
    /// GET and POST when left out.
    methods: Option<Vec<Method>>,
    /// Path prefixes; everything when left out.
    paths: Option<Vec<String>>,
    /// A private authority: a PEM file beside the plan.
    ca: Option<String>,
    /// The name that the certificate must have, where it is not the URL's host.
    tls_name: Option<String>,
    /// What the host adds to each request.
    credential: Option<Credential>,
    /// A new connection for every run, or the last one again; `new` when left out.
    connect: Option<Connect>,
    /// The most requests: 10/s when left out.
    #[schemars(regex(pattern = r"^[0-9]+/(s|m|h)$"))]
    rate: Option<String>,
    /// The most requests in flight: 4 when left out.
    #[schemars(range(min = 1, max = 64))]
    concurrency: Option<u32>,
    /// Address ranges granted literally: what a private, loopback or link-local address needs.
    addresses: Option<Vec<String>>,
}

/// An HTTP method.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE")]
enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// A new connection or the last one.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Connect {
    New,
    Reuse,
}

/// How a credential is put in: exactly one of the four.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Credential {
    /// `Authorization: Bearer …`
    bearer: Option<Secret>,
    /// `Authorization: Basic …`; the secret is `user:password`.
    basic: Option<Secret>,
    /// A header of the given `name`.
    header: Option<Secret>,
    /// A form field of the given `name`.
    form: Option<Secret>,
    /// The header's or the form field's name.
    name: Option<String>,
}

/// What a plugin may do with a database under one name.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SqlTarget {
    /// Which database it is.
    sql: Dialect,
    /// PostgreSQL: `host:5432/database`. SQLite: the file's path on the agent's machine.
    address: String,
    /// The role; it needs to read only.
    user: Option<String>,
    /// The secret that holds the password.
    password: Option<Secret>,
    /// A private authority: a PEM file beside the plan.
    ca: Option<String>,
    /// The name that the certificate must have, where it is not the address's host.
    tls_name: Option<String>,
    /// Allows statements that change data.
    write: Option<bool>,
    /// Address ranges granted literally.
    addresses: Option<Vec<String>>,
}

/// A database.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Dialect {
    Postgres,
    Sqlite,
}
