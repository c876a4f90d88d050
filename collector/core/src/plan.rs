//! The plan as checked: what a migration promises to watch, who decides, and what each gate needs.
//!
//! Made by `tidelock-plan` from the file as written, and by tests. It holds only what a decision or
//! an assignment needs; whoever builds one has checked that names resolve and that gates can open.

mod claims;
mod places;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidelock_model::{Level, Name, Phase, Sha256, Side, mutated};

pub use claims::{
    Claim, ClaimKind, EvidenceRule, Gauge, Joint, LatencyClaim, Parity, Quantile, Silence, Strength,
    SuccessClaim,
};
pub use places::Places;
pub use switch::{
    Assertion, AssertionRule, BackLimit, Command, Direction, FirstMinutes, IfSilent, OneWay, OwnedThing,
    Part, Receiver, ReceiverKind, Rehearsed, Runbook, Step, StepKind, Switch, Turbulence,
};

/// One revision of a migration's plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The migration's name.
    pub name: Name,
    /// What it is about, in one sentence.
    pub summary: String,
    /// An IANA time zone for people's screens.
    pub timezone: String,
    /// Values below the usual scale are in force: shown on every screen.
    pub rehearsal_scale: bool,
    /// Both sides.
    pub source: Environment,
    /// Both sides.
    pub target: Environment,
    /// The people who may decide, by name.
    pub people: BTreeMap<Name, Person>,
    /// Decisions by name: `cutover`, `rollback`, `commit`.
    pub decisions: BTreeMap<Name, DecisionRule>,
    /// Scenarios by name; each is one check of the same name.
    pub scenarios: BTreeMap<Name, Scenario>,
    /// How evidence is gathered.
    pub evidence: EvidenceRule,
    /// Checks that a person makes.
    pub manual_checks: BTreeMap<Name, ManualCheck>,
    /// The gate before each phase that has one. A phase without an entry has no gate of its own.
    pub gates: BTreeMap<Phase, GateRule>,
    /// The way back.
    pub rollback: RollbackRule,
    /// The switch itself.
    pub switch: Switch,
    /// The check that must fail on every agent, where the plan asks for one.
    pub canary: Option<Canary>,
    /// For people: where to look and whom to call, by word.
    pub links: BTreeMap<String, String>,
}

impl Plan {
    /// The environment of a side.
    pub fn environment(&self, side: Side) -> &Environment {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// How many agents of the side must have told of the scenario: its own number, or the side's.
    pub fn quorum(&self, scenario: &Scenario, side: Side) -> u32 {
        scenario.quorum(side).unwrap_or(self.environment(side).agents_at_least).max(1)
    }

    /// Every component that agents run, with the words of the plan.
    pub fn components(&self) -> impl Iterator<Item = (&str, &Sha256)> {
        let scenarios = self.scenarios.values().map(|scenario| (&*scenario.plugin, &scenario.component));
        scenarios.chain(self.canary.iter().map(|canary| (&*canary.plugin, &canary.component)))
    }

    /// How long the watch after the switch lasts; nothing where no scenario gives it anything to see.
    pub fn watch(&self) -> Duration {
        let watched = self.scenarios.values().any(Scenario::is_watched);
        if watched { self.rollback.recommend.watch } else { Duration::ZERO }
    }

    /// The runbook of a direction.
    pub fn runbook(&self, direction: Direction) -> Option<&Runbook> {
        match direction {
            Direction::Cutover => self.switch.runbook.as_ref(),
            Direction::Rollback => self.rollback.runbook.as_ref(),
        }
    }

    /// How long writes may be shut: the shortest time that a scenario which writes may be away.
    pub fn dip_budget(&self) -> Option<(&Name, Duration)> {
        let writing = self.scenarios.iter().filter(|(_, scenario)| scenario.writes);
        writing.filter_map(|(name, scenario)| Some((name, scenario.may_dip?))).min_by_key(|(_, dip)| *dip)
    }

    /// The scenarios that the gate before `phase` needs: the named ones and, for `needs: [all]`,
    /// every scenario that runs in the phase before the gate.
    pub fn needed(&self, phase: Phase) -> Vec<(&Name, &Scenario)> {
        let Some(gate) = self.gates.get(&phase) else {
            return Vec::new();
        };
        let before = before(phase);
        (self.scenarios.iter())
            .filter(|(name, scenario)| {
                gate.needs.contains(*name)
                    || gate.needs_all && before.is_some_and(|b| scenario.phases.contains(&b))
            })
            .collect()
    }
}

/// The phase whose end the gate before `phase` guards.
pub fn before(phase: Phase) -> Option<Phase> {
    match phase {
        Phase::Sync => Some(Phase::Prepare),
        Phase::Ready => Some(Phase::Sync),
        Phase::Cutover => Some(Phase::Ready),
        Phase::Watch => Some(Phase::Cutover),
        Phase::Committed => Some(Phase::Watch),
        Phase::Retired => Some(Phase::Committed),
        Phase::RolledBack => Some(Phase::RollingBack),
        Phase::Prepare | Phase::RollingBack | Phase::Aborted => None,
    }
}

/// One side of the migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// What people call it.
    pub title: String,
    /// Fewer agents than this online on the side hold every gate that needs evidence of it.
    pub agents_at_least: u32,
    /// More than this may not enrol.
    pub agents_at_most: u32,
    /// The agents that are expected, by name; where there are none any names will do.
    pub agents_named: BTreeSet<Name>,
    /// What plugins on this side may reach, by the name they use.
    pub targets: BTreeMap<Name, Target>,
    /// How the environment's revision is known, where the plan says it.
    pub revision: Option<RevisionFrom>,
}

/// The component of the check that must fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// As the plan names it.
    pub plugin: String,
    /// What it is.
    pub component: Sha256,
}

/// How the revision of an environment is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionFrom {
    /// From this response header of its scenarios' targets.
    Header(String),
    /// From `tidelock revision set`.
    Declared,
}

/// A granted target.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Reached over HTTP.
    Http(HttpTarget),
    /// A database.
    Sql(SqlTarget),
}

/// What a plugin may do over HTTP under one name.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpTarget {
    /// Scheme, host and port, without a path.
    pub url: String,
    /// Upper-case methods.
    pub methods: BTreeSet<String>,
    /// Path prefixes.
    pub paths: Vec<String>,
    /// A private authority, PEM.
    pub ca_pem: Option<String>,
    /// The name that the certificate must have, where it is not the URL's host.
    pub tls_name: Option<String>,
    /// What the host adds to each request.
    pub credential: Option<Credential>,
    /// Keep connections from run to run.
    pub reuse_connection: bool,
    /// Requests a second.
    pub rate_per_second: f64,
    /// Requests in flight.
    pub concurrency: u32,
    /// Address ranges granted literally.
    pub addresses: Vec<String>,
}

/// How a credential is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(Name),
    /// `Authorization: Basic …`; the secret is `user:password`.
    Basic(Name),
    /// A header of this name.
    Header(String, Name),
    /// A form field of this name.
    Form(String, Name),
}

/// A database dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// The word in the plan and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
        }
    }
}

/// What a plugin may do with a database under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTarget {
    /// Which database it is.
    pub dialect: Dialect,
    /// PostgreSQL: `host:port/database`. SQLite: the file's path on the agent's machine.
    pub address: String,
    /// The role.
    pub user: String,
    /// The secret that holds the password.
    pub password: Option<Name>,
    /// A private authority, PEM.
    pub ca_pem: Option<String>,
    /// The name that the certificate must have, where it is not the address's host.
    pub tls_name: Option<String>,
    /// Statements that change data are allowed.
    pub write: bool,
    /// Address ranges granted literally.
    pub addresses: Vec<String>,
}

/// Somebody who may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The full name.
    pub name: String,
    /// The role in the migration.
    pub role: String,
    /// How to reach them.
    pub reach: String,
}

/// Who gives a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRule {
    /// Who decides.
    pub who: Vec<Name>,
    /// Who may decide in their place.
    pub deputies: Vec<Name>,
    /// How many different people must agree.
    pub approvals: u32,
    /// How long an answer may take before the deputies are asked.
    pub answer_within: Option<Duration>,
    /// What happens then.
    pub if_silent: IfSilent,
}

/// A business function that must not degrade.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// For people.
    pub title: String,
    /// What breaks when it does, in business words.
    pub if_broken: String,
    /// `flow`, `auth`, `payment`, `background`, `integration` or `data`.
    pub kind: String,
    /// How much it matters.
    pub level: Level,
    /// How long it may be away during the switch.
    pub may_dip: Option<Duration>,
    /// It writes, so it is away while writes are shut.
    pub writes: bool,
    /// The component, as the plan names it.
    pub plugin: String,
    /// The component's digest.
    pub component: Sha256,
    /// The sides it runs on.
    pub sides: BTreeSet<Side>,
    /// How many agents of a side must have told of it, where that is another number than the side's own.
    pub agents_at_least: BTreeMap<Side, u32>,
    /// The phases it runs in.
    pub phases: BTreeSet<Phase>,
    /// How often.
    pub every: Duration,
    /// How long a run may take.
    pub timeout: Duration,
    /// A finding older than this is stale.
    pub fresh_for: Duration,
    /// The plugin's settings: canonical JSON of one object.
    pub settings: String,
    /// The targets named in the settings; only these are granted.
    pub targets: BTreeSet<Name>,
    /// The secrets named in the settings and in those targets.
    pub secrets: BTreeSet<Name>,
    /// What is claimed about it; never empty.
    pub claims: Vec<Claim>,
    /// The unit of its statistical evidence: a whole multiple of `every`. None where nothing is claimed
    /// that needs one.
    pub slot: Option<Duration>,
}

impl Scenario {
    /// How many agents of the side must have told of it, where the plan says so for this check.
    pub fn quorum(&self, side: Side) -> Option<u32> {
        let own = self.agents_at_least.get(&side).copied();
        own.filter(|_| !mutated("a-check-has-its-quorum"))
    }

    /// It proves that the target succeeds, so the watch after the switch can see it fail.
    pub fn is_watched(&self) -> bool {
        let success = |kind: &ClaimKind| matches!(kind, ClaimKind::Joint(Joint::Success(_)));
        let runs = self.sides.contains(&Side::Target) && self.phases.contains(&Phase::Watch);
        runs && self.claims.iter().any(|claim| success(&claim.kind))
    }
}

/// A check that a person makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualCheck {
    /// What is to be checked.
    pub title: String,
    /// Who makes it.
    pub owner: Name,
    /// The phase in which it is made.
    pub phase: Option<Phase>,
    /// Evidence must be given with it.
    pub evidence_required: bool,
    /// How long after its phase began it must be done.
    pub within: Option<Duration>,
    /// After this it must be made again.
    pub valid_for: Option<Duration>,
}

/// What a gate needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateRule {
    /// Scenarios and manual checks by name.
    pub needs: BTreeSet<Name>,
    /// Every scenario that runs in the phase before the gate.
    pub needs_all: bool,
    /// How long all of it must be proved without a break.
    pub stable_for: Duration,
    /// The decision that must be given.
    pub decision: Option<Name>,
    /// How long that decision is valid.
    pub valid_for: Option<Duration>,
    /// How long after the phase before it began the gate must have opened.
    pub deadline: Option<Duration>,
    /// A rehearsal of the plan as it is must have succeeded.
    pub rehearsed: Option<Rehearsed>,
}

/// The way back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollbackRule {
    /// Counted from the traffic switch; none means that going back is not planned for.
    pub window: Option<Duration>,
    /// How long before its end people are warned.
    pub warn_before: Option<Duration>,
    /// Facts after which there is no way back.
    pub no_return: Vec<String>,
    /// When going back is recommended.
    pub recommend: Recommend,
    /// A recommendation decides by itself; otherwise a person does.
    pub automatic: bool,
    /// What limits the way back beside time.
    pub possible_while: Vec<BackLimit>,
    /// Effects that it does not take back.
    pub one_way: Vec<OneWay>,
    /// The steps of the way back; none means that somebody's own script goes back.
    pub runbook: Option<Runbook>,
}

/// When the watch after the switch recommends to go back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recommend {
    /// How often a healthy target may be called failing: a share, for the whole watch and all scenarios.
    pub false_alarm: f64,
    /// How long the watch lasts; nothing is called complete before.
    pub watch: Duration,
}

impl Default for Recommend {
    fn default() -> Recommend {
        Recommend { false_alarm: 0.01, watch: Duration::from_secs(3600) }
    }
}
