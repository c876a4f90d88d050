//! The plan's head, its two sides, its people, and what they do.

use std::time::Duration;

use tidelock_core::plan::{
    Canary, Credential, DecisionRule, Dialect, Environment, GateRule, HttpTarget, IfSilent, ManualCheck,
    Person, Rehearsed, RevisionFrom, SqlTarget, Target,
};
use tidelock_model::{Phase, Sha256};

use super::{ANY, FACT, LESS, MORE, Plan, Row, name, row};

pub(super) fn rows() -> Vec<Row> {
    [head(), environment(), http(), sql(), people(), manual(), gates()].into_iter().flatten().collect()
}

fn source(plan: &mut Plan) -> &mut Environment {
    &mut plan.source
}

fn shop(plan: &mut Plan) -> &mut HttpTarget {
    match plan.source.targets.get_mut("shop") {
        Some(Target::Http(http)) => http,
        Some(Target::Sql(_)) | None => panic!("the shop is reached over HTTP"),
    }
}

fn db(plan: &mut Plan) -> &mut SqlTarget {
    match plan.source.targets.get_mut("db") {
        Some(Target::Sql(sql)) => sql,
        Some(Target::Http(_)) | None => panic!("the database is one"),
    }
}

fn of(url: &str, plan: &mut Plan) -> Target {
    Target::Http(HttpTarget { url: url.into(), ..shop(plan).clone() })
}

fn canary(plan: &mut Plan) -> &mut Canary {
    plan.canary.as_mut().expect("it has one")
}

fn olga(plan: &mut Plan) -> &mut Person {
    plan.people.get_mut("olga").expect("she is in it")
}

fn rule<'p>(plan: &'p mut Plan, decision: &str) -> &'p mut DecisionRule {
    plan.decisions.get_mut(decision).expect("it is decided")
}

fn restore(plan: &mut Plan) -> &mut ManualCheck {
    plan.manual_checks.get_mut("restore-tested").expect("it has one")
}

fn gate(plan: &mut Plan, phase: Phase) -> &mut GateRule {
    plan.gates.get_mut(&phase).expect("it has one")
}

fn rehearsed(plan: &mut Plan) -> &mut Rehearsed {
    gate(plan, Phase::Ready).rehearsed.as_mut().expect("it asks for one")
}

fn head() -> Vec<Row> {
    vec![
        row("Plan.name", FACT, |p| p.name = name("another")),
        row("Plan.summary", FACT, |p| p.summary.push('!')),
        row("Plan.timezone", FACT, |p| p.timezone = "UTC".into()),
        row("Plan.rehearsal_scale", LESS, |p| p.rehearsal_scale = true),
        row("Plan.source", FACT, |p| p.source.title.push('!')),
        row("Plan.target", FACT, |p| p.target.title.push('!')),
        row("Plan.people", FACT, |p| {
            let olga = olga(p).clone();
            p.people.insert(name("dmitri"), olga);
        }),
        row("Plan.decisions", LESS, |p| {
            p.decisions.remove("rollback");
        }),
        row("Plan.decisions", MORE, |p| {
            p.decisions.remove("override");
        }),
        row("Plan.scenarios", LESS, |p| {
            p.scenarios.remove("login");
        }),
        row("Plan.evidence", LESS, |p| p.evidence.observe_at_least /= 2),
        row("Plan.manual_checks", LESS, |p| {
            p.manual_checks.remove("restore-tested");
        }),
        row("Plan.gates", LESS, |p| {
            p.gates.remove(&Phase::Sync);
        }),
        row("Plan.rollback", LESS, |p| p.rollback.runbook = None),
        row("Plan.switch", LESS, |p| p.switch.runbook = None),
        row("Plan.canary", LESS, |p| p.canary = None),
        row("Plan.links", FACT, |p| p.links.clear()),
        row("Canary.plugin", ANY, |p| canary(p).plugin = "builtin:login".into()),
        row("Canary.component", ANY, |p| canary(p).component = Sha256::from_bytes([8; 32])),
        row("EvidenceRule.grace", ANY, |p| p.evidence.grace = Some(Duration::ZERO)),
        row("EvidenceRule.grace", ANY, |p| p.evidence.grace = Some(Duration::from_secs(9))),
        row("EvidenceRule.observe_at_least", LESS, |p| p.evidence.observe_at_least = Duration::ZERO),
    ]
}

fn environment() -> Vec<Row> {
    vec![
        row("Environment.title", FACT, |p| source(p).title.push('!')),
        row("Environment.agents_at_least", LESS, |p| source(p).agents_at_least = 1),
        row("Environment.agents_at_most", LESS, |p| source(p).agents_at_most = 4),
        row("Environment.agents_named", MORE, |p| source(p).agents_named = [name("s1"), name("s2")].into()),
        // What pages must not come from: one more place of the source, and one that the target calls its own.
        row("Environment.targets", MORE, |p| {
            let cdn = of("https://old-cdn.example", p);
            p.source.targets.insert(name("cdn"), cdn);
        }),
        row("Environment.targets", LESS, |p| {
            let cdn = of("https://shop.example", p);
            p.target.targets.insert(name("cdn"), cdn);
        }),
        row("Environment.targets", FACT, |p| {
            let cdn = of("https://new-cdn.example", p);
            p.target.targets.insert(name("cdn"), cdn);
        }),
        row("Environment.revision", MORE, |p| source(p).revision = Some(RevisionFrom::Declared)),
        row("Environment.revision", MORE, |p| source(p).revision = Some(RevisionFrom::Header("x".into()))),
    ]
}

fn http() -> Vec<Row> {
    vec![
        row("HttpTarget.url", ANY, |p| shop(p).url = "https://other.example".into()),
        row("HttpTarget.methods", ANY, |p| {
            shop(p).methods.insert("DELETE".into());
        }),
        row("HttpTarget.paths", ANY, |p| shop(p).paths.push("/more/".into())),
        row("HttpTarget.ca_pem", ANY, |p| shop(p).ca_pem = Some("another".into())),
        row("HttpTarget.tls_name", ANY, |p| shop(p).tls_name = Some("other.example".into())),
        row("HttpTarget.credential", ANY, |p| shop(p).credential = Some(Credential::Bearer(name("x")))),
        row("HttpTarget.reuse_connection", ANY, |p| shop(p).reuse_connection = true),
        row("HttpTarget.rate_per_second", ANY, |p| shop(p).rate_per_second = 1.0),
        row("HttpTarget.concurrency", ANY, |p| shop(p).concurrency = 1),
        row("HttpTarget.addresses", ANY, |p| shop(p).addresses.push("10.0.0.0/8".into())),
    ]
}

fn sql() -> Vec<Row> {
    vec![
        row("SqlTarget.dialect", ANY, |p| db(p).dialect = Dialect::Sqlite),
        row("SqlTarget.address", ANY, |p| db(p).address = "db.other.example:5432/shop".into()),
        row("SqlTarget.user", ANY, |p| db(p).user.push('2')),
        row("SqlTarget.password", ANY, |p| db(p).password = None),
        row("SqlTarget.ca_pem", ANY, |p| db(p).ca_pem = Some("another".into())),
        row("SqlTarget.tls_name", ANY, |p| db(p).tls_name = Some("other.example".into())),
        row("SqlTarget.write", ANY, |p| db(p).write = true),
        row("SqlTarget.addresses", ANY, |p| db(p).addresses.push("10.0.0.0/8".into())),
    ]
}

fn people() -> Vec<Row> {
    vec![
        row("Person.name", FACT, |p| olga(p).name.push('!')),
        row("Person.role", FACT, |p| olga(p).role.push('!')),
        row("Person.reach", FACT, |p| olga(p).reach.push('!')),
        row("DecisionRule.who", LESS, |p| rule(p, "cutover").who.push(name("carla"))),
        row("DecisionRule.deputies", LESS, |p| rule(p, "cutover").deputies.push(name("carla"))),
        row("DecisionRule.approvals", LESS, |p| rule(p, "commit").approvals = 1),
        row("DecisionRule.answer_within", FACT, |p| rule(p, "cutover").answer_within = None),
        row("DecisionRule.if_silent", FACT, |p| rule(p, "rollback").if_silent = IfSilent::Shut),
    ]
}

fn manual() -> Vec<Row> {
    vec![
        row("ManualCheck.title", ANY, |p| restore(p).title = "Nothing".into()),
        row("ManualCheck.owner", ANY, |p| restore(p).owner = name("olga")),
        row("ManualCheck.phase", ANY, |p| restore(p).phase = None),
        row("ManualCheck.evidence_required", LESS, |p| restore(p).evidence_required = false),
        row("ManualCheck.within", MORE, |p| restore(p).within = Some(Duration::from_secs(60))),
        row("ManualCheck.valid_for", LESS, |p| restore(p).valid_for = None),
    ]
}

fn gates() -> Vec<Row> {
    vec![
        row("GateRule.needs", LESS, |p| {
            gate(p, Phase::Ready).needs.remove("login");
        }),
        row("GateRule.needs_all", LESS, |p| gate(p, Phase::Cutover).needs_all = false),
        row("GateRule.stable_for", LESS, |p| gate(p, Phase::Ready).stable_for /= 2),
        row("GateRule.decision", ANY, |p| gate(p, Phase::Cutover).decision = Some(name("commit"))),
        row("GateRule.valid_for", LESS, |p| gate(p, Phase::Cutover).valid_for = None),
        row("GateRule.deadline", LESS, |p| gate(p, Phase::Watch).deadline = None),
        row("GateRule.rehearsed", LESS, |p| gate(p, Phase::Ready).rehearsed = None),
        row("Rehearsed.within", LESS, |p| rehearsed(p).within *= 2),
        row("Rehearsed.rollback", LESS, |p| rehearsed(p).rollback = false),
    ]
}
