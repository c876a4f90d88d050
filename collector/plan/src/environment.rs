//! The two sides: their agents and what plugins may reach there.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_core::plan::{Dialect, Environment, HttpTarget, RevisionFrom, Scenario, SqlTarget, Target};
use tidelock_core::proof::AGENTS_PER_SIDE;
use tidelock_model::{Name, Side};

use crate::Source;
use crate::address::{self, Host};
use crate::fields::{Fields, text, word};
use crate::keys;
use crate::problem::{Sink, listed, quote};
use crate::secret;
use crate::tree::{Entry, Node};

/// How many agents a side may have at most: as many as the proof hears.
pub(crate) const MAX_AGENTS: u32 = AGENTS_PER_SIDE as u32;
/// The longest name of the header that tells a revision.
const MAX_HEADER_BYTES: usize = 64;

/// Reads one side.
pub(crate) fn environment(sides: &Fields<'_>, side: Side, source: &Source, sink: &mut Sink) -> Environment {
    let mut environment = Environment {
        title: side.word().into(),
        agents_at_least: 2,
        agents_at_most: 6,
        agents_named: BTreeSet::new(),
        targets: BTreeMap::new(),
        revision: None,
    };
    let place = format!("environment {:?}", side.word());
    let help = "both sides are needed: environments: { source: {…}, target: {…} }";
    let read = sides.need(side.word(), help, sink);
    let Some(fields) = read.and_then(|n| Fields::of(n, &keys::ENVIRONMENT, &place, n.span, sink)) else {
        return environment;
    };
    if let Some(title) = fields.text("title", sink) {
        environment.title = title;
    }
    agents(&fields, &mut environment, sink);
    if let Some(node) = fields.get("revision")
        && let Some(revision) = Fields::of(node, &keys::REVISION, &fields.what("revision"), node.span, sink)
    {
        environment.revision = revision_from(&revision, sink);
    }
    if fields
        .need("targets", "name what plugins may reach: targets: { shop: \"https://shop.example\" }", sink)
        .is_some()
    {
        for (name, entry) in fields.named("targets", sink) {
            if let Some(target) = target(entry, side, source, sink) {
                environment.targets.insert(name, target);
            }
        }
    }
    environment
}

fn agents(fields: &Fields<'_>, environment: &mut Environment, sink: &mut Sink) {
    let Some(node) = fields.get("agents") else { return };
    let Some(agents) = Fields::of(node, &keys::AGENTS, &fields.what("agents"), node.span, sink) else {
        return;
    };
    let at_least = agents.count("at_least", 1, MAX_AGENTS, sink);
    let at_most = agents.count("at_most", 1, MAX_AGENTS, sink);
    if let (Some(least), Some(most)) = (at_least, at_most)
        && least > most
    {
        sink.say(
            "E028",
            node.span,
            format!("{} needs at least {least} and allows at most {most}", agents.place),
        )
        .help("the gates would wait for agents that may not enrol");
    }
    environment.agents_named = agents.names("names", sink).into_iter().map(|(name, _)| name).collect();
    let named = u32::try_from(environment.agents_named.len()).unwrap_or(u32::MAX);
    if named == 0 {
        environment.agents_at_least = at_least.unwrap_or_else(|| at_most.unwrap_or(2).min(2));
        environment.agents_at_most = at_most.unwrap_or(6).max(environment.agents_at_least);
        return;
    }
    // Who is named is all that there is, unless fewer of them online are enough.
    (environment.agents_at_least, environment.agents_at_most) = (at_least.unwrap_or(named), named);
    if let Some(said) = [at_least.filter(|least| *least > named), at_most.filter(|most| *most != named)]
        .into_iter()
        .flatten()
        .next()
    {
        sink.say("E028", node.span, format!("{} names {named} agents and says {said}", agents.place))
            .help("take at_most out where there are names, and ask for no more than are named");
    }
}

fn revision_from(fields: &Fields<'_>, sink: &mut Sink) -> Option<RevisionFrom> {
    let node = fields.need("from", "write `from: declared` or `from: \"header X-Build\"`", sink)?;
    let what = fields.what("from");
    let from = text(node, &what, sink)?;
    let Some(name) = from.strip_prefix("header ") else {
        return word(node, &what, &["declared", "header NAME"], sink).map(|_| RevisionFrom::Declared);
    };
    let sign = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > MAX_HEADER_BYTES || !name.bytes().all(sign) {
        sink.say("E011", node.span, format!("{what} names the header {}", quote(name)))
            .label("no header has this name")
            .help(format!(
                "a header's name has letters, digits and dashes, at most {MAX_HEADER_BYTES}: \"header X-Build\""
            ));
        return None;
    }
    // Each answer has another one, and a finding is no place for a session.
    if name.eq_ignore_ascii_case("set-cookie") {
        sink.say("E011", node.span, format!("{what} names the header {}, which holds sessions", quote(name)))
            .help("name a header that says the same until something new is installed");
        return None;
    }
    Some(RevisionFrom::Header(name.to_owned()))
}

fn target(entry: &Entry, side: Side, source: &Source, sink: &mut Sink) -> Option<Target> {
    let place = format!("target {:?} of {side}", entry.key);
    let node = &entry.value;
    if node.scalar().is_some_and(|t| !t.is_empty()) {
        let url = text(node, &place, sink)?;
        let mut http = plain_http();
        http.url = origin(&url, node, &place, sink).unwrap_or_default();
        address::granted(&http.url, &[], node.span, &place, sink);
        return Some(Target::Http(http));
    }
    if node.entry("sql").is_some() {
        let fields = Fields::of(node, &keys::SQL, &place, entry.key_span, sink)?;
        return sql(&fields, source, sink).map(Target::Sql);
    }
    let fields = Fields::of(node, &keys::HTTP, &place, entry.key_span, sink)?;
    Some(Target::Http(http(&fields, source, sink)))
}

/// What a target may do when the plan gives nothing but its URL.
fn plain_http() -> HttpTarget {
    HttpTarget {
        url: String::new(),
        methods: BTreeSet::from(["GET".into(), "POST".into()]),
        paths: vec!["/".into()],
        ca_pem: None,
        tls_name: None,
        credential: None,
        reuse_connection: false,
        rate_per_second: 10.0,
        concurrency: 4,
        addresses: Vec::new(),
    }
}

fn http(fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> HttpTarget {
    let mut http = plain_http();
    http.addresses = addresses(fields, sink);
    if let Some(node) = fields.need("url", "write the scheme, host and port: https://shop.example", sink) {
        let what = fields.what("url");
        // A URL that can't be read stays empty: the target is there, and one error is enough.
        http.url =
            text(node, &what, sink).and_then(|url| origin(&url, node, &what, sink)).unwrap_or_default();
        address::granted(&http.url, &http.addresses, node.span, &fields.place, sink);
    }
    if fields.has("methods") {
        let list = fields.list("methods", sink);
        let what = format!("a method of {}", fields.place);
        http.methods =
            list.iter().filter_map(|n| word(n, &what, &keys::METHODS, sink)).map(String::from).collect();
        some_of(list, "methods", fields, sink);
    }
    if fields.has("paths") {
        http.paths = paths(fields, sink);
    }
    http.ca_pem = ca(fields, source, sink);
    http.tls_name = tls_name(fields, sink);
    if let Some(node) = fields.get("credential") {
        http.credential = secret::credential(node, &fields.place, sink);
    }
    http.reuse_connection = fields.word("connect", &["new", "reuse"], sink) == Some("reuse");
    http.rate_per_second = fields.rate("rate", sink).unwrap_or(http.rate_per_second);
    http.concurrency = fields.count("concurrency", 1, 64, sink).unwrap_or(http.concurrency);
    http
}

fn some_of(list: &[Node], key: &str, fields: &Fields<'_>, sink: &mut Sink) {
    if list.is_empty()
        && let Some(node) = fields.get(key)
    {
        sink.say("E013", node.span, format!("{} is empty", fields.what(key)))
            .help("a target that allows nothing is never reached: name at least one, or take the line out");
    }
}

fn paths(fields: &Fields<'_>, sink: &mut Sink) -> Vec<String> {
    let mut paths = Vec::new();
    let list = fields.list("paths", sink);
    for node in list {
        let Some(path) = text(node, &format!("a path of {}", fields.place), sink) else {
            continue;
        };
        let odd =
            path.split('/').any(|part| part == ".." || part == ".") || path.contains(['?', '#', '\\', ' ']);
        if !path.starts_with('/') || odd || !path.is_ascii() {
            sink.say("E022", node.span, format!("{} is no path prefix", quote(&path)))
                .help("a prefix begins with `/` and has no `..`, blank, query or fragment: /v1/");
        } else {
            paths.push(path);
        }
    }
    some_of(list, "paths", fields, sink);
    paths
}

/// The scheme, host and port of a URL that has nothing else.
fn origin(url: &str, node: &Node, what: &str, sink: &mut Sink) -> Option<String> {
    match address::origin(url) {
        Ok(origin) => Some(origin),
        Err((code, message, help)) => {
            sink.say(
                code,
                node.span,
                format!("{what} is {}: {message}", quote(&address::without_login(url))),
            )
            .help(help);
            None
        }
    }
}

fn addresses(fields: &Fields<'_>, sink: &mut Sink) -> Vec<String> {
    let mut ranges = Vec::new();
    for node in fields.list("addresses", sink) {
        let found = node.scalar().unwrap_or_default();
        match address::range(found) {
            Ok(_) => ranges.push(found.to_owned()),
            Err(help) => {
                sink.say(
                    "E022",
                    node.span,
                    format!("{} is no address range of {}", quote(found), fields.place),
                )
                .help(help);
            }
        }
    }
    ranges
}

fn ca(fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> Option<String> {
    let node = fields.get("ca")?;
    let found = node.scalar().unwrap_or_default();
    let pem = if found.contains("-----BEGIN") {
        found.to_owned()
    } else {
        crate::files::named(
            &text(node, &fields.what("ca"), sink)?,
            node.span,
            &fields.what("ca"),
            source,
            sink,
        )?
    };
    if !pem.contains("-----BEGIN CERTIFICATE-----") || pem.contains("PRIVATE KEY") {
        sink.say(
            "E035",
            node.span,
            format!("{} is not a certificate in PEM, or holds a key too", fields.what("ca")),
        )
        .help("give the authority's certificate alone; keys never belong near a plan");
        return None;
    }
    Some(pem)
}

fn tls_name(fields: &Fields<'_>, sink: &mut Sink) -> Option<String> {
    let name = fields.text("tls_name", sink)?;
    if !address::is_host_name(&name) {
        let node = fields.get("tls_name")?;
        sink.say(
            "E022",
            node.span,
            format!("{} is {}, not a host name", fields.what("tls_name"), quote(&name)),
        );
        return None;
    }
    Some(name)
}

fn sql(fields: &Fields<'_>, source: &Source, sink: &mut Sink) -> Option<SqlTarget> {
    let dialect = match fields.word("sql", &["postgres", "sqlite"], sink)? {
        "postgres" => Dialect::Postgres,
        _ => Dialect::Sqlite,
    };
    let addresses = addresses(fields, sink);
    let help = "PostgreSQL: host:5432/database. SQLite: the file's path on the agent's machine";
    let node = fields.need("address", help, sink);
    let address = fields.text("address", sink).unwrap_or_default();
    if let (Dialect::Postgres, Some(node)) = (dialect, node)
        && !address.is_empty()
    {
        match address::postgres(&address) {
            Ok(host) => address::granted_host(&host, &addresses, node.span, &fields.place, sink),
            Err(why) => {
                let code = if address.contains('@') { "E024" } else { "E022" };
                sink.say(code, node.span, format!("{} can't be used: {why}", fields.what("address")))
                    .help(help);
            }
        }
    }
    if dialect == Dialect::Postgres {
        fields.need("user", "name the role; it needs to read only", sink);
    }
    let password =
        fields.get("password").and_then(|node| secret::reference(node, &fields.what("password"), sink));
    Some(SqlTarget {
        dialect,
        address,
        user: fields.text("user", sink).unwrap_or_default(),
        password,
        ca_pem: ca(fields, source, sink),
        tls_name: tls_name(fields, sink),
        write: fields.bool("write", sink).unwrap_or(false),
        addresses,
    })
}

/// Refuses two sides that are the same place, and says which targets nobody uses.
pub(crate) fn compare(plan: &tidelock_core::plan::Plan, root: &Node, sink: &mut Sink) {
    for (name, target) in &plan.target.targets {
        let Some(other) = plan.source.targets.get(name) else {
            continue;
        };
        let (Some(here), Some(there)) = (place_of(target), place_of(other)) else {
            continue;
        };
        if here != there {
            continue;
        }
        // Behind a private address each side may have something else of its own.
        let (code, sure) = if address::is_private(&here) { ("W010", "seems to be") } else { ("E027", "is") };
        let entry = root.at(&["environments", "target", "targets", name.as_str()]);
        let text = format!(
            "target {:?} {sure} the same place on both sides: {}:{}",
            name.as_str(),
            here.name,
            here.port
        );
        sink.say(code, entry.map(|e| e.key_span), text)
            .label("the same as on source")
            .help("a side compared with itself always agrees");
    }
    for side in Side::BOTH {
        // A target that says what pages must not come from needs no check of its own.
        if plan.scenarios.values().flat_map(Scenario::must_not_come_from).any(|other| other == side) {
            continue;
        }
        let used: BTreeSet<&Name> =
            plan.scenarios.values().filter(|s| s.sides.contains(&side)).flat_map(|s| &s.targets).collect();
        for name in plan.environment(side).targets.keys().filter(|name| !used.contains(name)) {
            let entry = root.at(&["environments", side.word(), "targets", name.as_str()]);
            sink.say(
                "W003",
                entry.map(|e| e.key_span),
                format!("no scenario on {side} names the target {:?}", name.as_str()),
            )
            .label("unused")
            .help("take it out, or name it in a scenario's `with`");
        }
    }
}

/// Where a target is; a file is on each agent's own machine.
fn place_of(target: &Target) -> Option<Host> {
    match target {
        Target::Http(http) => address::host_of(&http.url),
        Target::Sql(sql) => match sql.dialect {
            Dialect::Postgres => address::postgres(&sql.address).ok(),
            Dialect::Sqlite => None,
        },
    }
}

/// The certificate files that the targets of one side name.
pub(crate) fn ca_files(environment: &Node) -> impl Iterator<Item = &str> {
    let targets = environment.entry("targets").map_or(&[][..], |e| e.value.entries());
    (targets.iter())
        .filter_map(|t| t.value.entry("ca")?.value.scalar())
        .filter(|ca| !ca.contains("-----BEGIN"))
}

/// Says which names of a mapping there are; used in messages about targets.
pub(crate) fn known_targets(environment: &Environment) -> String {
    listed(environment.targets.keys())
}
