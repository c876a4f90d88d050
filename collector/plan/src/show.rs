//! A checked plan written out in full: what `plan show` prints.
//!
//! Nothing is left to a default here, and it reads back as the same plan: that is how a person can
//! be sure that the collector obeys what is on the screen.

use std::fmt::Display;
use std::time::Duration;

use serde_json::Value;
use tidelock_core::plan::{
    Credential, DecisionRule, Environment, GateRule, HttpTarget, IfSilent, ManualCheck, Plan, RevisionFrom,
    Scenario, SqlTarget, Target,
};

use crate::tree::{Plain, meaning};
use crate::units;

mod claims;
mod switch;

pub(crate) use switch::rule_word;

/// A piece of the page.
enum Doc {
    /// One line, already quoted.
    Line(String),
    Map(Vec<(String, Doc)>),
    List(Vec<Doc>),
}

/// The whole plan as YAML, with every shorthand and default written out, below how long it takes at best.
pub fn expanded(plan: &Plan) -> String {
    let sides = [("source", &plan.source), ("target", &plan.target)];
    let mut page = Page::default();
    page.put("tidelock", word("plan/v1"));
    page.put("name", word(&plan.name));
    page.text("summary", &plan.summary);
    page.put("timezone", word(&plan.timezone));
    page.put("rehearsal_scale", Doc::Line(plan.rehearsal_scale.to_string()));
    page.put("environments", Doc::Map(sides.map(|(side, e)| (side.into(), environment(e))).into()));
    page.named("people", &plan.people, |p| {
        let mut page = Page::default();
        page.text("name", &p.name);
        page.text("role", &p.role);
        page.text("reach", &p.reach);
        page.doc()
    });
    page.named("decisions", &plan.decisions, decision);
    page.put("evidence", claims::evidence(plan));
    page.named("scenarios", &plan.scenarios, scenario);
    if let Some(canary) = &plan.canary {
        let sha256 = ("sha256".into(), word(canary.component));
        page.put("canary", Doc::Map(vec![("plugin".into(), word(&canary.plugin)), sha256]));
    }
    page.named("manual_checks", &plan.manual_checks, manual);
    page.named("gates", &plan.gates, gate);
    switch::switch(plan, &mut page);
    page.put("rollback", switch::rollback(plan));
    switch::notify(plan, &mut page);
    page.named("links", &plan.links, |url| word(url));
    let mut out = crate::timeline::summary(plan);
    write_doc(&page.doc(), 0, &mut out);
    out
}

#[derive(Default)]
struct Page(Vec<(String, Doc)>);

impl Page {
    fn put(&mut self, key: &str, doc: Doc) {
        self.0.push((key.into(), doc));
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.put(key, word(text));
        }
    }

    fn time(&mut self, key: &str, time: Option<Duration>) {
        if let Some(time) = time {
            self.put(key, Doc::Line(units::show(time)));
        }
    }

    fn words<T: Display>(&mut self, key: &str, words: impl IntoIterator<Item = T>) {
        self.put(key, Doc::List(words.into_iter().map(word).collect()));
    }

    fn named<'a, K: Display + 'a, V: 'a>(
        &mut self,
        key: &str,
        map: impl IntoIterator<Item = (&'a K, &'a V)>,
        doc: impl Fn(&V) -> Doc,
    ) {
        let entries: Vec<_> = map.into_iter().map(|(name, value)| (name.to_string(), doc(value))).collect();
        if !entries.is_empty() {
            self.put(key, Doc::Map(entries));
        }
    }

    fn doc(self) -> Doc {
        Doc::Map(self.0)
    }
}

fn environment(environment: &Environment) -> Doc {
    let mut page = Page::default();
    page.text("title", &environment.title);
    let count = |n: u32| Doc::Line(n.to_string());
    let mut agents = vec![
        ("at_least".into(), count(environment.agents_at_least)),
        ("at_most".into(), count(environment.agents_at_most)),
    ];
    if !environment.agents_named.is_empty() {
        agents.push(("names".into(), Doc::List(environment.agents_named.iter().map(word).collect())));
    }
    page.put("agents", Doc::Map(agents));
    if let Some(revision) = &environment.revision {
        let from = match revision {
            RevisionFrom::Declared => "declared".into(),
            RevisionFrom::Header(name) => format!("header {name}"),
        };
        page.put("revision", Doc::Map(vec![("from".into(), word(from))]));
    }
    page.named("targets", &environment.targets, |target| match target {
        Target::Http(http_target) => http(http_target),
        Target::Sql(sql_target) => sql(sql_target),
    });
    if environment.targets.is_empty() {
        page.put("targets", Doc::Map(Vec::new()));
    }
    page.doc()
}

fn http(http: &HttpTarget) -> Doc {
    let mut page = Page::default();
    page.text("url", &http.url);
    page.words("methods", &http.methods);
    page.words("paths", &http.paths);
    page.text("ca", http.ca_pem.as_deref().unwrap_or_default());
    page.text("tls_name", http.tls_name.as_deref().unwrap_or_default());
    if let Some(credential) = &http.credential {
        let secret =
            |way: &str, name: &tidelock_model::Name| (way.to_owned(), word(format!("secret:{name}")));
        page.put(
            "credential",
            Doc::Map(match credential {
                Credential::Bearer(name) => vec![secret("bearer", name)],
                Credential::Basic(name) => vec![secret("basic", name)],
                Credential::Header(header, name) => {
                    vec![secret("header", name), ("name".into(), word(header))]
                }
                Credential::Form(field, name) => vec![secret("form", name), ("name".into(), word(field))],
            }),
        );
    }
    page.put("connect", word(if http.reuse_connection { "reuse" } else { "new" }));
    page.put("rate", Doc::Line(units::show_rate(http.rate_per_second)));
    page.put("concurrency", Doc::Line(http.concurrency.to_string()));
    page.words("addresses", &http.addresses);
    page.doc()
}

fn sql(sql: &SqlTarget) -> Doc {
    let mut page = Page::default();
    page.text("sql", sql.dialect.word());
    page.text("address", &sql.address);
    page.text("user", &sql.user);
    if let Some(password) = &sql.password {
        page.put("password", word(format!("secret:{password}")));
    }
    page.text("ca", sql.ca_pem.as_deref().unwrap_or_default());
    page.text("tls_name", sql.tls_name.as_deref().unwrap_or_default());
    page.put("write", Doc::Line(sql.write.to_string()));
    page.words("addresses", &sql.addresses);
    page.doc()
}

fn decision(rule: &DecisionRule) -> Doc {
    let mut page = Page::default();
    page.words("who", &rule.who);
    page.words("deputies", &rule.deputies);
    page.put("approvals", Doc::Line(rule.approvals.to_string()));
    page.time("answer_within", rule.answer_within);
    page.put(
        "if_silent",
        word(match rule.if_silent {
            IfSilent::Shut => "shut",
            IfSilent::AskDeputies => "ask_deputies",
        }),
    );
    page.doc()
}

fn scenario(scenario: &Scenario) -> Doc {
    let mut page = Page::default();
    page.text("kind", &scenario.kind);
    page.text("title", &scenario.title);
    page.text("if_broken", &scenario.if_broken);
    page.time("may_dip", scenario.may_dip);
    page.put("writes", Doc::Line(scenario.writes.to_string()));
    page.put("level", word(scenario.level));
    page.text("plugin", &scenario.plugin);
    page.put("sha256", Doc::Line(scenario.component.to_string()));
    let side = scenario.sides.first().filter(|_| scenario.sides.len() == 1);
    page.put("run_on", side.map_or_else(|| word("both"), word));
    let asked = scenario.agents_at_least.iter();
    let asked: Vec<_> = asked.map(|(side, least)| (side.to_string(), Doc::Line(least.to_string()))).collect();
    if !asked.is_empty() {
        page.put("agents", Doc::Map(asked));
    }
    page.words("phases", &scenario.phases);
    page.time("every", Some(scenario.every));
    page.time("timeout", Some(scenario.timeout));
    page.time("fresh_for", Some(scenario.fresh_for));
    let settings: Value = serde_json::from_str(&scenario.settings).unwrap_or(Value::Null);
    page.put("with", value(&settings));
    page.put("claims", claims::claims(scenario));
    page.doc()
}

fn manual(check: &ManualCheck) -> Doc {
    let mut page = Page::default();
    page.text("title", &check.title);
    page.put("owner", word(&check.owner));
    if let Some(phase) = check.phase {
        page.put("phase", word(phase));
    }
    page.time("within", check.within);
    page.time("valid_for", check.valid_for);
    page.put("evidence", word(if check.evidence_required { "required" } else { "optional" }));
    page.doc()
}

fn gate(gate: &GateRule) -> Doc {
    let mut page = Page::default();
    let all = gate.needs_all.then(|| "all".to_owned());
    page.words("needs", all.into_iter().chain(gate.needs.iter().map(ToString::to_string)));
    if let Some(rehearsed) = gate.rehearsed {
        let mut page_of = Page::default();
        page_of.time("within", Some(rehearsed.within));
        page_of.put("rollback", Doc::Line(rehearsed.rollback.to_string()));
        page.put("rehearsed", page_of.doc());
    }
    page.time("stable_for", Some(gate.stable_for));
    if let Some(decision) = &gate.decision {
        page.put("decision", word(decision));
    }
    page.time("valid_for", gate.valid_for);
    page.time("deadline", gate.deadline);
    page.doc()
}

fn value(json: &Value) -> Doc {
    match json {
        Value::Object(map) => Doc::Map(map.iter().map(|(k, v)| (k.clone(), value(v))).collect()),
        Value::Array(items) => Doc::List(items.iter().map(value).collect()),
        Value::String(text) => word(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => Doc::Line(json.to_string()),
    }
}

/// Text, in quotes where YAML might read something else.
fn word(text: impl Display) -> Doc {
    let text = text.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | ' ');
    let safe = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && text.chars().all(plain)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && meaning(&text) == Plain::Text;
    Doc::Line(if safe { text } else { Value::from(text).to_string() })
}

fn write_doc(doc: &Doc, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match doc {
        Doc::Line(line) => out.push_str(&format!("{pad}{line}\n")),
        Doc::Map(entries) => {
            for (key, doc) in entries {
                let key = match word(key) {
                    Doc::Line(key) => key,
                    Doc::Map(_) | Doc::List(_) => continue,
                };
                match inline(doc) {
                    Some(line) => out.push_str(&format!("{pad}{key}: {line}\n")),
                    None => {
                        out.push_str(&format!("{pad}{key}:\n"));
                        write_doc(doc, indent + 2, out);
                    }
                }
            }
        }
        Doc::List(items) => {
            for item in items {
                match inline(item) {
                    Some(line) => out.push_str(&format!("{pad}- {line}\n")),
                    None => {
                        let mut block = String::new();
                        write_doc(item, indent + 2, &mut block);
                        out.push_str(&format!("{pad}- {}", &block[indent + 2..]));
                    }
                }
            }
        }
    }
}

/// What fits on one line.
fn inline(doc: &Doc) -> Option<String> {
    match doc {
        Doc::Line(line) => Some(line.clone()),
        Doc::Map(entries) if entries.is_empty() => Some("{}".into()),
        Doc::Map(_) => None,
        Doc::List(items) => {
            let words: Option<Vec<String>> = (items.iter())
                .map(|item| match item {
                    Doc::Line(line) => Some(line.clone()),
                    Doc::Map(_) | Doc::List(_) => None,
                })
                .collect();
            words.map(|words| format!("[{}]", words.join(", "))).filter(|line| line.len() < 400)
        }
    }
}
