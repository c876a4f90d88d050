//! What an agent is to run: the plan's checks of its side in the present phase, each at its moment.
//!
//! The moment is a hash of the check's name, the same on both sides and after every restart, so that
//! a thousand checks do not fire together; the agents of a side share the interval evenly.

use tidelock_core::challenge::told_seed;
use tidelock_core::plan::{
    ClaimKind, Credential, HttpTarget, Joint, Plan, RevisionFrom, Scenario, SqlTarget, Target,
};
use tidelock_core::{CANARY_CHECK, CANARY_EVERY, CANARY_TIMEOUT};
use tidelock_model::{AgentKey, Name};
use tidelock_proto::v1;

use crate::driver::{PlanInForce, Told};
use crate::secret;

/// Everything this agent is to run now, and what it is to be ready for.
pub fn assignments(told: &Told, agent: &AgentKey) -> v1::Assignments {
    let Some(plan) = &told.plan else {
        return v1::Assignments::default();
    };
    let rank = told.roster.iter().filter(|other| other.side == agent.side && other.name < agent.name).count();
    let agents = told.roster.iter().filter(|other| other.side == agent.side).count().max(1);
    let ours = plan.plan.scenarios.iter().filter(|(_, scenario)| scenario.sides.contains(&agent.side));
    let (checks, later): (Vec<_>, Vec<_>) =
        ours.partition(|(_, scenario)| scenario.phases.contains(&told.phase));
    let of = |(check, scenario): (&Name, &Scenario)| v1::Assignment {
        id: format!("{}.{}.{check}", plan.revision, plan.hash.short()),
        check: check.to_string(),
        component_sha256: scenario.component.as_bytes().to_vec(),
        settings: scenario.settings.clone(),
        every_ms: millis(scenario.every),
        timeout_ms: millis(scenario.timeout),
        grid_origin_unix_ms: plan.grid_origin.as_millis(),
        phase_ms: phase_ms(check, millis(scenario.every), rank as u64, agents as u64),
        limits: None,
        grants: grants(&plan.plan, scenario, agent),
        secrets: scenario.secrets.iter().map(Name::to_string).collect(),
        nonce_seed: told_seed(&plan.nonce_seed, agent, check),
        notes_shown: notes_shown(scenario, agent),
        revision_header: revision_header(&plan.plan, agent),
        at_once: false,
    };
    let mut now: Vec<v1::Assignment> = checks.into_iter().map(of).collect();
    now.extend(canary(plan, agent, (rank as u64, agents as u64)));
    v1::Assignments {
        plan_revision: plan.revision,
        plan_hash: plan.hash.as_bytes().to_vec(),
        assignments: now,
        later: later.into_iter().map(of).collect(),
    }
}

/// The check that must fail, in every phase.
fn canary(force: &PlanInForce, agent: &AgentKey, (rank, agents): (u64, u64)) -> Option<v1::Assignment> {
    let canary = force.plan.canary.as_ref()?;
    let check = Name::new(CANARY_CHECK).ok()?;
    Some(v1::Assignment {
        id: format!("{}.{}.{check}", force.revision, force.hash.short()),
        component_sha256: canary.component.as_bytes().to_vec(),
        settings: "{}".to_owned(),
        every_ms: millis(CANARY_EVERY),
        timeout_ms: millis(CANARY_TIMEOUT),
        grid_origin_unix_ms: force.grid_origin.as_millis(),
        phase_ms: phase_ms(&check, millis(CANARY_EVERY), rank, agents),
        nonce_seed: told_seed(&force.nonce_seed, agent, &check),
        check: check.to_string(),
        at_once: true,
        ..v1::Assignment::default()
    })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whether what the pages of this side show is a claim's business.
fn notes_shown(scenario: &Scenario, agent: &AgentKey) -> bool {
    let asks = |kind: &ClaimKind| matches!(kind, ClaimKind::Joint(Joint::NoDependencyOn(other)) if *other != agent.side);
    scenario.claims.iter().any(|claim| asks(&claim.kind))
}

/// The header that tells the revision of this side, where the plan names one.
fn revision_header(plan: &Plan, agent: &AgentKey) -> String {
    match &plan.environment(agent.side).revision {
        Some(RevisionFrom::Header(name)) => name.clone(),
        Some(RevisionFrom::Declared) | None => String::new(),
    }
}

/// `hash(check) mod every + rank * every / agents`, kept inside one interval.
fn phase_ms(check: &Name, every_ms: u64, rank: u64, agents: u64) -> u64 {
    let every_ms = every_ms.max(1);
    let hash = secret::sha256(check.as_str().as_bytes());
    let head = hash.as_bytes()[..8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let share = u128::from(rank) * u128::from(every_ms) / u128::from(agents);
    let share = u64::try_from(share).unwrap_or(0);
    (head % every_ms).wrapping_add(share) % every_ms
}

fn grants(plan: &Plan, scenario: &Scenario, agent: &AgentKey) -> Vec<v1::Grant> {
    let targets = &plan.environment(agent.side).targets;
    let granted = scenario.targets.iter().filter_map(|name| Some((name, targets.get(name)?)));
    granted
        .map(|(name, target)| {
            let kind = match target {
                Target::Http(http) => v1::grant::Kind::Http(http_grant(http)),
                Target::Sql(sql) => v1::grant::Kind::Sql(sql_grant(sql)),
            };
            v1::Grant { target: name.to_string(), kind: Some(kind) }
        })
        .collect()
}

fn http_grant(target: &HttpTarget) -> v1::HttpGrant {
    v1::HttpGrant {
        url: target.url.clone(),
        methods: target.methods.iter().cloned().collect(),
        paths: target.paths.clone(),
        ca_pem: target.ca_pem.clone().unwrap_or_default(),
        tls_name: target.tls_name.clone().unwrap_or_default(),
        credential: target.credential.as_ref().map(credential),
        reuse_connection: target.reuse_connection,
        rate_per_second: target.rate_per_second,
        concurrency: target.concurrency,
        addresses: target.addresses.clone(),
    }
}

fn credential(credential: &Credential) -> v1::Credential {
    let (kind, name, secret) = match credential {
        Credential::Bearer(secret) => ("bearer", "", secret),
        Credential::Basic(secret) => ("basic", "", secret),
        Credential::Header(name, secret) => ("header", name.as_str(), secret),
        Credential::Form(name, secret) => ("form", name.as_str(), secret),
    };
    v1::Credential { kind: kind.to_owned(), name: name.to_owned(), secret: secret.to_string() }
}

fn sql_grant(target: &SqlTarget) -> v1::SqlGrant {
    v1::SqlGrant {
        dialect: target.dialect.word().to_owned(),
        address: target.address.clone(),
        user: target.user.clone(),
        password_secret: target.password.as_ref().map(Name::to_string).unwrap_or_default(),
        ca_pem: target.ca_pem.clone().unwrap_or_default(),
        write: target.write,
        addresses: target.addresses.clone(),
        tls_name: target.tls_name.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_share_an_interval_and_checks_spread_over_it() {
        let login = Name::new("login").unwrap();
        let first = phase_ms(&login, 5_000, 0, 2);
        assert_eq!(phase_ms(&login, 5_000, 0, 1), first);
        assert_eq!((phase_ms(&login, 5_000, 1, 2) + 5_000 - first) % 5_000, 2_500);
        let phases = (0..1000).map(|i| phase_ms(&Name::new(&format!("check-{i}")).unwrap(), 5_000, 0, 1));
        let early = phases.filter(|phase| *phase < 500).count();
        assert!((50..200).contains(&early), "{early} of 1000 checks fire in the first tenth");
    }

    #[test]
    fn an_interval_of_nothing_does_no_harm() {
        assert_eq!(phase_ms(&Name::new("a").unwrap(), 0, 3, 4), 0);
    }
}
