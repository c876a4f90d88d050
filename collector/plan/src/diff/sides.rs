//! What changes about the two sides: their agents, and what plugins meet behind each target.

use std::collections::BTreeMap;

use tidelock_core::plan::{Credential, Environment, HttpTarget, RevisionFrom, SqlTarget, Target};
use tidelock_model::{Name, Side};

use super::scenarios::short_hash;
use super::{Facts, Item, Way};
use crate::units::show_rate;

/// Puts down one side.
pub(super) fn environment(environment: &Environment, side: Side, items: &mut BTreeMap<String, Item>) {
    let Environment { title, agents_at_least, agents_at_most, agents_named, targets, revision } = environment;
    let mut facts = Facts::default();
    facts.put("title", title, Way::Fact);
    facts.put("agents.at_least", agents_at_least, Way::Least(f64::from(*agents_at_least)));
    // Where agents are named their number is that of the names, which have lines of their own.
    let most = if agents_named.is_empty() { Way::Most(f64::from(*agents_at_most)) } else { Way::Fact };
    facts.put("agents.at_most", agents_at_most, most);
    agents_named.iter().for_each(|name| facts.put(format!("agents.names {name}"), "", Way::Must));
    match revision {
        Some(RevisionFrom::Declared) => facts.put("revision", "declared", Way::Must),
        Some(RevisionFrom::Header(name)) => facts.put("revision", format!("header {name}"), Way::Must),
        None => {}
    }
    items.insert(format!("environments.{side}"), Item::guard("", facts));
    for (name, target) in targets {
        let facts = self::target(target);
        items.insert(format!("environments.{side}.targets.{name}"), Item::plain("new grant", facts));
    }
}

/// What a check finds behind a target depends on all of it: another address, role or path may answer more kindly, and
/// a slower or narrower source makes the target look as good. What belongs to a side has lines of its own.
fn target(target: &Target) -> Facts {
    let mut facts = Facts::default();
    match target {
        Target::Http(http) => self::http(http, &mut facts),
        Target::Sql(sql) => self::sql(sql, &mut facts),
    }
    facts
}

fn http(target: &HttpTarget, facts: &mut Facts) {
    let HttpTarget {
        url,
        methods,
        paths,
        ca_pem,
        tls_name,
        credential,
        reuse_connection,
        rate_per_second,
        concurrency,
        addresses,
    } = target;
    facts.put("url", url, Way::Any);
    facts.put("methods", listed(methods), Way::Any);
    facts.put("paths", listed(paths), Way::Any);
    tls(facts, ca_pem.as_deref(), tls_name.as_deref());
    facts.put("credential", self::credential(credential.as_ref()), Way::Any);
    facts.put("connect", if *reuse_connection { "reuse" } else { "new" }, Way::Any);
    facts.pin("rate", show_rate(*rate_per_second), rate_per_second.to_string(), Way::Any);
    facts.put("concurrency", concurrency, Way::Any);
    facts.put("addresses", listed(addresses), Way::Any);
}

fn sql(target: &SqlTarget, facts: &mut Facts) {
    let SqlTarget { dialect, address, user, password, ca_pem, tls_name, write, addresses } = target;
    facts.put("sql", dialect.word(), Way::Any);
    facts.put("address", address, Way::Any);
    facts.put("user", user, Way::Any);
    facts.put("password", secret(password.as_ref()), Way::Any);
    tls(facts, ca_pem.as_deref(), tls_name.as_deref());
    facts.put("write", write, Way::Any);
    facts.put("addresses", listed(addresses), Way::Any);
}

fn listed<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let texts: Vec<&str> = texts.into_iter().map(String::as_str).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn secret(name: Option<&Name>) -> String {
    name.map_or_else(|| "none".to_owned(), |name| format!("secret:{name}"))
}

fn credential(credential: Option<&Credential>) -> String {
    match credential {
        None => "none".into(),
        Some(Credential::Bearer(secret)) => format!("bearer secret:{secret}"),
        Some(Credential::Basic(secret)) => format!("basic secret:{secret}"),
        Some(Credential::Header(name, secret)) => format!("header {name} secret:{secret}"),
        Some(Credential::Form(name, secret)) => format!("form {name} secret:{secret}"),
    }
}

/// Whose word is taken that the place is the right one.
fn tls(facts: &mut Facts, ca: Option<&str>, name: Option<&str>) {
    let shown = ca.map_or_else(|| "public".to_owned(), |ca| format!("{:016x}", short_hash(ca)));
    facts.pin("ca", shown, ca.unwrap_or_default(), Way::Any);
    facts.put("tls_name", name.unwrap_or("as the address"), Way::Any);
}
