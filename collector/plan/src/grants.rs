//! What each check may reach, in words: what whoever signs a plan agrees to, without reading its targets' keys.
//!
//! Only these are granted: a plugin that asks for anything else is refused by the host.

use tidelock_core::plan::{Credential, HttpTarget, Plan, RevisionFrom, Scenario, SqlTarget, Target};
use tidelock_model::{Name, Side};

/// What one check may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// The check.
    pub check: Name,
    /// A sentence for each target and side.
    pub may: Vec<String>,
}

/// What every check of the plan may do, by its name.
pub fn grants(plan: &Plan) -> Vec<Grants> {
    let one =
        |(check, scenario): (&Name, &Scenario)| Grants { check: check.clone(), may: may(plan, scenario) };
    plan.scenarios.iter().map(one).collect()
}

fn may(plan: &Plan, scenario: &Scenario) -> Vec<String> {
    let mut told = Vec::new();
    for side in scenario.sides.iter().copied() {
        for name in &scenario.targets {
            let Some(target) = plan.environment(side).targets.get(name) else { continue };
            let what = match target {
                Target::Http(http) => over_http(http),
                Target::Sql(sql) => in_sql(sql),
            };
            told.push(format!("on the {side}, as {name}, may {what}"));
        }
        told.extend(looks_at(plan, side));
    }
    let own = |secret: &&Name| !in_targets(plan, scenario, secret);
    let secrets: Vec<&str> = scenario.secrets.iter().filter(own).map(Name::as_str).collect();
    match secrets.len() {
        0 => {}
        1 => told.push(format!("is given the secret {} in its settings", secrets[0])),
        _ => told.push(format!("is given the secrets {} in its settings", secrets.join(", "))),
    }
    if told.is_empty() {
        told.push("may reach nothing".to_owned());
    }
    told
}

/// The host reads one header of the answers; the plugin does not ask for it.
fn looks_at(plan: &Plan, side: Side) -> Option<String> {
    match &plan.environment(side).revision {
        Some(RevisionFrom::Header(header)) => {
            Some(format!("on the {side}, the header {header} of its answers tells the revision"))
        }
        Some(RevisionFrom::Declared) | None => None,
    }
}

/// Secrets of targets are put in by the host, and never given to the plugin.
fn in_targets(plan: &Plan, scenario: &Scenario, secret: &Name) -> bool {
    let of = |target: &Target| match target {
        Target::Http(http) => http.credential.as_ref().is_some_and(|one| secret_of(one) == secret),
        Target::Sql(sql) => sql.password.as_ref() == Some(secret),
    };
    let targets =
        |side| scenario.targets.iter().filter_map(move |name| plan.environment(side).targets.get(name));
    scenario.sides.iter().copied().flat_map(targets).any(of)
}

fn secret_of(credential: &Credential) -> &Name {
    match credential {
        Credential::Bearer(secret)
        | Credential::Basic(secret)
        | Credential::Header(_, secret)
        | Credential::Form(_, secret) => secret,
    }
}

fn over_http(target: &HttpTarget) -> String {
    let methods: Vec<&str> = target.methods.iter().map(String::as_str).collect();
    let mut text = format!("{} {}", listed(&methods, "or"), target.url);
    let paths: Vec<&str> = target.paths.iter().map(String::as_str).collect();
    if paths != ["/"] {
        text.push_str(&format!(" below {}", listed(&paths, "or")));
    }
    if let Some(credential) = &target.credential {
        let secret = secret_of(credential);
        text.push_str(&match credential {
            Credential::Bearer(_) => format!(" with the bearer token {secret}"),
            Credential::Basic(_) => format!(" as the user of {secret}"),
            Credential::Header(header, _) => format!(" with {secret} in the header {header}"),
            Credential::Form(field, _) => format!(" with {secret} in the form field {field}"),
        });
    }
    text.push_str(&format!(
        ", {} times a second and {} at once at most",
        target.rate_per_second, target.concurrency
    ));
    trusted(&mut text, target.ca_pem.is_some(), target.tls_name.as_deref());
    internal(&mut text, &target.addresses);
    text
}

fn in_sql(target: &SqlTarget) -> String {
    let what = if target.write { "read and CHANGE" } else { "read" };
    let mut text = format!("{what} the {} database {}", target.dialect.word(), target.address);
    if !target.user.is_empty() {
        text.push_str(&format!(" as {}", target.user));
    }
    if let Some(password) = &target.password {
        text.push_str(&format!(" with the password {password}"));
    }
    trusted(&mut text, target.ca_pem.is_some(), target.tls_name.as_deref());
    internal(&mut text, &target.addresses);
    text
}

fn trusted(text: &mut String, own_authority: bool, name: Option<&str>) {
    if own_authority {
        text.push_str(", trusting an authority of its own");
    }
    if let Some(name) = name {
        text.push_str(&format!(", where the certificate is of {name}"));
    }
}

/// A grant of what is not public is the part that a reviewer looks for.
fn internal(text: &mut String, addresses: &[String]) {
    if !addresses.is_empty() {
        text.push_str(&format!("; also at the internal addresses {}", addresses.join(", ")));
    }
}

/// `GET`, `GET or POST`, `GET, HEAD or POST`.
fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => "nothing of".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}
