//! Small plans in a line a thing: `scenario login, critical, both: 2 passes in a row`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_core::plan::{
    Canary, Claim, ClaimKind, DecisionRule, Environment, EvidenceRule, GateRule, HttpTarget, IfSilent,
    ManualCheck, Person, Plan, Recommend, Rehearsed, RollbackRule, Scenario, Switch, Target,
};
use tidelock_model::{Level, Name, Phase, Sha256, Side};

use super::{after, claims, name, owners, people, runbooks};

/// A plan that declares people and decisions, and nothing to check yet.
pub(crate) fn empty() -> Plan {
    let environment = |title: &str| Environment {
        title: title.into(),
        agents_at_least: 1,
        agents_at_most: 4,
        agents_named: BTreeSet::new(),
        targets: BTreeMap::new(),
        revision: None,
    };
    let person = |who: &str| {
        (name(who), Person { name: who.into(), role: "one of the team".into(), reach: String::new() })
    };
    Plan {
        name: name("shop"),
        summary: "Move the shop".into(),
        timezone: "UTC".into(),
        rehearsal_scale: false,
        source: environment("the old house"),
        target: environment("the new house"),
        people: ["olga", "ben", "carla", "dmitri"].map(person).into(),
        decisions: [
            (name("cutover"), decision("olga", "ben", 1)),
            (name("rollback"), decision("olga ben", "carla", 1)),
            (name("commit"), decision("olga carla", "ben", 2)),
        ]
        .into(),
        scenarios: BTreeMap::new(),
        evidence: EvidenceRule::default(),
        manual_checks: BTreeMap::new(),
        gates: BTreeMap::new(),
        rollback: RollbackRule {
            window: Some(secs(120)),
            warn_before: Some(secs(30)),
            no_return: Vec::new(),
            recommend: Recommend::default(),
            ..RollbackRule::default()
        },
        switch: Switch::default(),
        canary: None,
        links: BTreeMap::new(),
    }
}

fn names(text: &str) -> Vec<Name> {
    text.split_whitespace().map(name).collect()
}

fn decision(who: &str, deputies: &str, approvals: u32) -> DecisionRule {
    DecisionRule {
        who: names(who),
        deputies: names(deputies),
        approvals,
        answer_within: None,
        if_silent: IfSilent::Shut,
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Takes one line of a plan.
pub(crate) fn line(plan: &mut Plan, text: &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "scenario" => scenario(plan, rest),
        "gate" => gate(plan, rest),
        "manual" => manual(plan, rest),
        "target" => target(plan, rest),
        "decision" => {
            let parts: Vec<&str> = rest.split([':', ',']).map(str::trim).collect();
            plan.decisions
                .insert(name(parts[0].trim_end_matches(" by")), decision(parts[1], "", number(parts[2])));
        }
        "step" => runbooks::step(plan.switch.runbook.get_or_insert_default(), rest),
        "back" => runbooks::step(plan.rollback.runbook.get_or_insert_default(), rest),
        "observe" => plan.evidence.observe_at_least = secs(number(rest)),
        "watch" => plan.rollback.recommend.watch = secs(number(rest)),
        "window" => plan.rollback.window = (rest != "none").then(|| secs(number(rest))),
        "agents" if rest.contains(" are ") => {
            let (side, agents) = rest.split_once(" are ").expect("agents of SIDE are NAMES");
            let environment = if side == "of source" { &mut plan.source } else { &mut plan.target };
            environment.agents_named = names(agents).into_iter().collect();
        }
        "canary" => {
            let component = Sha256::from_bytes([0xca; 32]);
            plan.canary = Some(Canary { plugin: "builtin:canary".into(), component });
        }
        "agents" => {
            let least = number(rest.trim_start_matches("at least "));
            (plan.source.agents_at_least, plan.target.agents_at_least) = (least, least);
        }
        _ if after::line(plan, word, rest) => {}
        _ if owners::line(plan, word, rest) => {}
        _ => assert!(people::line(plan, word, rest), "{text:?} is no line of a plan"),
    }
}

/// The first number in a text.
pub(crate) fn number<T: TryFrom<u64>>(text: &str) -> T {
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().unwrap_or_else(|_| panic!("no number in {text:?}"));
    T::try_from(number).unwrap_or_else(|_| panic!("{number} is too large"))
}

/// `login, critical, both: 2 passes in a row; visible at most 0 for 10 s`; with `, during sync watch` it runs in those phases
/// alone, with `, agents at least 2` or `, target agents at least 2` so many of a side must tell of it.
fn scenario(plan: &mut Plan, text: &str) {
    let (head, claims) = text.split_once(':').unwrap_or((text, ""));
    let head: Vec<&str> = head.split(',').map(str::trim).collect();
    let check = name(head[0]);
    let sides: BTreeSet<Side> = match head[2] {
        "both" => Side::BOTH.into(),
        side => [side.parse().unwrap()].into(),
    };
    let asked = |side: &Side| {
        let own = format!("{side} agents at least ");
        let mut parts = head.iter().copied();
        let part = parts.find(|part| part.starts_with(&own) || part.starts_with("agents at least "))?;
        Some((*side, number(part)))
    };
    let agents_at_least = sides.iter().filter_map(asked).collect();
    let claims: Vec<Claim> =
        claims.split(';').map(str::trim).filter(|claim| !claim.is_empty()).map(claim).collect();
    let component = check.as_str().bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let scenario = Scenario {
        title: format!("{check} works"),
        if_broken: format!("{check} breaks"),
        kind: "flow".into(),
        level: head[1].parse::<Level>().unwrap(),
        may_dip: head.iter().find(|part| part.starts_with("may dip")).map(|part| secs(number(part))),
        writes: head.contains(&"writes"),
        plugin: format!("builtin:{check}"),
        component: Sha256::from_bytes([component; 32]),
        sides,
        agents_at_least,
        phases: match head.iter().find_map(|part| part.strip_prefix("during ")) {
            Some(phases) => phases.split_whitespace().map(|phase| phase.parse().unwrap()).collect(),
            None => Phase::ALL.iter().copied().collect(),
        },
        every: secs(5),
        timeout: secs(3),
        fresh_for: secs(13),
        settings: "{}".into(),
        targets: BTreeSet::new(),
        secrets: BTreeSet::new(),
        slot: claims.iter().any(in_slots).then(|| secs(10)),
        claims,
    };
    plan.scenarios.insert(check, scenario);
}

fn in_slots(claim: &Claim) -> bool {
    matches!(&claim.kind, ClaimKind::Joint(joint) if joint.needs_slots())
}

fn claim(text: &str) -> Claim {
    if text.contains("in a row") {
        return Claim { name: "passes".into(), kind: ClaimKind::Passes { in_a_row: number(text) } };
    }
    if let Some(joint) = claims::joint(text) {
        let name = text.split_whitespace().next().unwrap().to_owned();
        return Claim { name, kind: ClaimKind::Joint(joint) };
    }
    let measure = text.split_whitespace().next().unwrap().to_owned();
    let limit = |word: &str| text.split_once(word).map(|(_, rest)| f64::from(number::<u32>(rest)));
    let held_for = text.split_once(" for ").map(|(_, rest)| secs(number(rest))).unwrap_or_default();
    let kind = ClaimKind::Measure {
        measure: measure.clone(),
        at_most: limit("at most"),
        at_least: limit("at least"),
        held_for,
    };
    Claim { name: measure, kind }
}

/// `ready: all, refund, stable for 10 s, decision commit, valid for 30 s, deadline 60 s`
fn gate(plan: &mut Plan, text: &str) {
    let (gate, parts) = text.split_once(':').unwrap_or((text, ""));
    let mut rule = GateRule::default();
    for part in parts.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_whitespace().next().unwrap() {
            "all" => rule.needs_all = true,
            "stable" => rule.stable_for = secs(number(part)),
            "decision" => rule.decision = Some(name(part.trim_start_matches("decision "))),
            "valid" => rule.valid_for = Some(secs(number(part))),
            "deadline" => rule.deadline = Some(secs(number(part))),
            "rehearsed" => {
                let within = secs(number(part));
                rule.rehearsed = Some(Rehearsed { within, rollback: part.ends_with("both ways") });
            }
            _ => {
                rule.needs.insert(name(part));
            }
        }
    }
    plan.gates.insert(gate.parse().unwrap(), rule);
}

/// `refund, carla, watch, evidence`
fn manual(plan: &mut Plan, text: &str) {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let check = ManualCheck {
        title: format!("{} was made", parts[0]),
        owner: name(parts[1]),
        phase: Some(parts[2].parse().unwrap()),
        evidence_required: parts.contains(&"evidence"),
        within: None,
        valid_for: None,
    };
    plan.manual_checks.insert(name(parts[0]), check);
}

/// `cdn of source: https://old-cdn.example`
fn target(plan: &mut Plan, text: &str) {
    let (head, url) = text.split_once(": ").unwrap();
    let (target, side) = head.split_once(" of ").unwrap();
    let http = HttpTarget {
        url: url.into(),
        methods: BTreeSet::new(),
        paths: Vec::new(),
        ca_pem: None,
        tls_name: None,
        credential: None,
        reuse_connection: false,
        rate_per_second: 10.0,
        concurrency: 4,
        addresses: Vec::new(),
    };
    let environment = if side == "source" { &mut plan.source } else { &mut plan.target };
    environment.targets.insert(name(target), Target::Http(http));
}
