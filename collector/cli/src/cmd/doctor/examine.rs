//! What is seen, judged line by line. Each line that is not good says what to do.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::Timestamp;
use tidelock_model::{Name, Side};
use tidelock_plan::Plan;
use tidelock_proto::{json, v1};

use super::seen::Seen;
use crate::client::clean;
use crate::exit::{Exit, Trouble};
use crate::shown;
use crate::words::span;

/// A clock that is further away makes latency across machines untrue.
const CLOCK_MS: u64 = 1_000;
/// What an agent finds whose clock is further away is not counted.
const BELIEVED_MS: u64 = 30_000;
/// Access that ends sooner may end during the night.
const ACCESS_MS: i64 = 3 * 24 * 3_600_000;
/// Less room than this is soon none.
const LOW_BYTES: u64 = 2 << 30;

/// How good a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Warning,
    Failure,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) section: &'static str,
    pub(super) state: State,
    pub(super) text: String,
    pub(super) hint: String,
}

struct Lines {
    section: &'static str,
    found: Vec<Finding>,
}

impl Lines {
    fn put(&mut self, state: State, text: impl AsRef<str>, hint: impl AsRef<str>) {
        let (text, hint) = (clean(text.as_ref()), clean(hint.as_ref()));
        self.found.push(Finding { section: self.section, state, text, hint });
    }

    fn good(&mut self, text: impl AsRef<str>) {
        self.put(State::Good, text, "");
    }

    fn trouble(&mut self, what: &str, trouble: &Trouble, otherwise: &str) {
        let hint = trouble.hints.first().map_or(otherwise, String::as_str);
        self.put(State::Failure, format!("{what}: {}", trouble.message), hint);
    }
}

/// Judges everything.
pub(super) fn examine(seen: &Seen) -> Vec<Finding> {
    let mut lines = Lines { section: "collector", found: Vec::new() };
    collector(seen, &mut lines);
    let Ok(status) = &seen.status else { return lines.found };
    let plan = seen.plan.as_ref().ok().map(|(checked, _)| &checked.plan);
    let now = json::as_of(status).copied();
    lines.section = "agents";
    agents(status, plan, now, &mut lines);
    lines.section = "plan";
    the_plan(seen, &mut lines);
    checks(seen, status, &mut lines);
    lines.section = "access";
    access(seen, plan, now, &mut lines);
    lines.section = "messages";
    for failing in &status.failing_receivers {
        let hint = "look at the receiver's address and secret; events wait for it and come later";
        lines.put(State::Failure, failing, hint);
    }
    lines.section = "rehearsal";
    rehearsal(seen, &mut lines);
    lines.found
}

fn collector(seen: &Seen, lines: &mut Lines) {
    let status = match &seen.status {
        Ok(status) => status,
        Err(error) => {
            let otherwise = "is it running, and is this its address? curl its ops listener: /readyz";
            return lines.trouble(&format!("no status from {}", seen.server), error, otherwise);
        }
    };
    let view = status.collector.clone().unwrap_or_default();
    let version = if view.version.is_empty() { "unknown" } else { &view.version };
    lines.good(format!("answers at {} in {} ms, version {version}", seen.server, seen.took.as_millis()));
    if version != env!("CARGO_PKG_VERSION") {
        let text = format!("this command is version {}, the collector {version}", env!("CARGO_PKG_VERSION"));
        lines.put(State::Warning, text, "use the command of the collector's release");
    }
    let free = format!("{} MiB free", view.journal_free_bytes >> 20);
    if status.collector.is_none() {
        let text = "it does not tell whether its journal is writable";
        lines.put(State::Failure, text, "the collector is of an earlier release: curl its /readyz");
    } else if !view.not_ready.is_empty() {
        lines.put(State::Failure, view.not_ready, "every gate holds until that is over");
    } else if view.journal_free_bytes < LOW_BYTES {
        let text = format!("its journal is writable, but only {free}");
        lines.put(State::Warning, text, "make room on the journal's disk");
    } else {
        lines.good(format!("its journal is writable, {free}"));
    }
    its_clock(view.clock_ahead_ms, lines);
}

/// Collector time never runs back: what a wrong clock made of it once stays until real time has caught up.
fn its_clock(ahead_ms: i64, lines: &mut Lines) {
    let (off, way) = (ahead_ms.unsigned_abs(), if ahead_ms > 0 { "ahead of" } else { "behind" });
    if off <= CLOCK_MS {
        return;
    }
    let state = if off > BELIEVED_MS { State::Failure } else { State::Warning };
    let hint = match ahead_ms > 0 {
        true => {
            "the machine's clock was ahead when it started once, and its time never runs back: agents with right \
            clocks seem to be behind until real time has caught up. Check chrony; OPERATING.md says what else helps"
        }
        false => {
            "the machine's clock was set forward since it started: check chrony, then restart the collector"
        }
    };
    lines.put(state, format!("its time is {} {way} its machine's clock", span(off)), hint);
}

/// Milliseconds from `now` to `then`.
fn left_ms(then: Option<&Timestamp>, now: Option<Timestamp>) -> Option<i64> {
    let (then, now) = (then?, now?);
    Some((then.seconds - now.seconds) * 1_000 + i64::from((then.nanos - now.nanos) / 1_000_000))
}

fn in_words(ms: i64) -> String {
    span(u64::try_from(ms).unwrap_or(0))
}

fn agents(status: &v1::Status, plan: Option<&Plan>, now: Option<Timestamp>, lines: &mut Lines) {
    for side in Side::BOTH {
        let of_side = |agent: &&v1::AgentView| json::side_word(agent.side) == side.word();
        let online = status.agents.iter().filter(of_side).filter(|agent| agent.state == "online").count();
        let online = u32::try_from(online).unwrap_or(u32::MAX);
        let Some(plan) = plan else { continue };
        let needed = plan.environment(side).agents_at_least;
        let text = format!("{side}: {online} of at least {needed} online");
        if online >= needed {
            lines.good(text);
        } else {
            let hint = format!("tidelock agent ls; one more: tidelock agent token --side {side}");
            lines.put(State::Failure, text, hint);
        }
        asked_for(plan, (side, online), lines);
    }
    for agent in &status.agents {
        let name = format!("{}/{}", json::side_word(agent.side), agent.name);
        match agent.state.as_str() {
            "online" => online(agent, &name, now, lines),
            "revoked" | "signed off" | "expired" => {}
            other => {
                let hint = "its log says why; one that is gone for good: tidelock agent revoke";
                lines.put(State::Failure, format!("{name} is {other}"), hint);
            }
        }
    }
    ended(status, lines);
}

/// A check that asks for more agents than its side, and for more than there are, is never known.
fn asked_for(plan: &Plan, (side, online): (Side, u32), lines: &mut Lines) {
    let of_side = plan.environment(side).agents_at_least;
    for (name, scenario) in &plan.scenarios {
        let more = scenario.quorum(side).filter(|asked| *asked > of_side && *asked > online);
        let Some(asked) = more else { continue };
        let text = format!("{name} on {side}: {online} of at least {asked} agents online that it asks for");
        let one_more = format!("tidelock agent ls; one more: tidelock agent token --side {side}");
        let hint = format!("{one_more}; or let {name} ask for fewer in the plan (agents)");
        lines.put(State::Failure, text, hint);
    }
}

/// Pods end with their certificates and owe nothing any more: one line, however many came and went.
fn ended(status: &v1::Status, lines: &mut Lines) {
    let of_state = status.agents.iter().filter(|agent| agent.state == "expired");
    let names: Vec<String> =
        of_state.map(|agent| format!("{}/{}", json::side_word(agent.side), agent.name)).collect();
    let text = match &names[..] {
        [] => return,
        [one] => format!("the certificate of {one} has ended, and it owes nothing"),
        [one, rest @ ..] => {
            format!("the certificates of {one} and {} more have ended, and they owe nothing", rest.len())
        }
    };
    lines.put(State::Warning, text, "pods that were replaced; any other joins again: tidelock agent token");
}

fn online(agent: &v1::AgentView, name: &str, now: Option<Timestamp>, lines: &mut Lines) {
    let off = agent.clock_offset_ms.unsigned_abs();
    let sure = off.saturating_sub(agent.clock_error_ms);
    // Agent time + offset = collector time.
    let way = if agent.clock_offset_ms > 0 { "behind" } else { "ahead" };
    let text = format!("clock of {name} is {} {way}", span(off));
    if sure > BELIEVED_MS {
        let hint = "what it finds is not counted. Check chrony, there and where the collector runs";
        lines.put(State::Failure, text, hint);
    } else if sure > CLOCK_MS {
        let hint = "results are ordered by the collector, but latency limits get wrong. Check chrony";
        lines.put(State::Warning, text, hint);
    }
    match left_ms(agent.certificate_ends_time.as_ref(), now) {
        Some(left) if left <= 0 => {
            let hint = "let it join again: tidelock agent token";
            lines.put(State::Failure, format!("the certificate of {name} has ended"), hint);
        }
        Some(left) if agent.renewal_overdue => {
            let text = format!("the certificate of {name} ends in {}", in_words(left));
            lines.put(State::Warning, text, "the agent renews it by itself; its log says why it did not");
        }
        Some(_) | None => {}
    }
    for warning in &agent.warnings {
        lines.put(State::Warning, format!("{name}: {warning}"), of_warning(name, warning));
    }
    for refused in &agent.refused {
        let text = format!("{name} does not run {}: {} ({})", refused.check, refused.reason, refused.cause);
        lines.put(
            State::Failure,
            text,
            "the agent's own agent.toml is the ceiling; see its [allow] and [secrets]",
        );
    }
}

/// What to do about it. That an agent comes from another address is seen by the collector: its file and log say nothing.
fn of_warning(name: &str, warning: &str) -> String {
    if !warning.starts_with("it connects from ") {
        return "see agent.toml and the log of that agent, and mend it before the night".to_owned();
    }
    format!(
        "where you moved it, there is nothing to do: the line goes within an hour. Otherwise put it out, and let it join \
         with a new key: tidelock agent revoke {name} --reason TEXT, then tidelock agent token"
    )
}

fn the_plan(seen: &Seen, lines: &mut Lines) {
    let (checked, revision) = match &seen.plan {
        Ok((checked, revision)) => (checked, revision),
        Err(error) => {
            return lines.trouble("there is no plan in force", error, "tidelock plan apply plan.yaml");
        }
    };
    match &seen.file {
        None => lines.good(format!("revision {revision} is in force")),
        Some((file, Ok(here))) if here.hash == checked.hash => {
            lines.good(format!("revision {revision} is {}", file.display()));
        }
        Some((file, Ok(_))) => {
            let text = format!("{} is not revision {revision}, which is in force", file.display());
            let hint = format!("see what differs: tidelock plan diff {}", file.display());
            lines.put(State::Failure, text, hint);
        }
        Some((file, Err(error))) => {
            lines.trouble(&file.display().to_string(), error, "name the right one with --plan");
        }
    }
    if checked.plan.canary.is_none() {
        let text = "no canary shows that an agent tells a failure";
        lines.put(State::Warning, text, "add it to the plan: canary: { plugin: builtin:canary }");
    }
    if checked.plan.rehearsal_scale {
        let text = "values below the usual scale are in force (rehearsal_scale)";
        lines.put(State::Warning, text, "take it out of the plan before the real night");
    }
}

/// A run that did not come about is a result, but none that says anything of a side.
fn not_run(name: &str, recent: &[v1::RecentFinding], lines: &mut Lines) -> usize {
    let mut newest = BTreeMap::<(&str, &str), &v1::RecentFinding>::new();
    for one in recent {
        let Some(agent) = &one.agent else { continue };
        let kept = newest.entry((json::side_word(agent.side), &agent.name)).or_insert(one);
        if json::unix_ms(one.received_time.as_ref()) > json::unix_ms(kept.received_time.as_ref()) {
            *kept = one;
        }
    }
    let mut void = 0;
    for ((side, agent), one) in newest {
        let Some(finding) = one.finding.as_ref().filter(|it| it.outcome() == v1::Outcome::NotRun) else {
            continue;
        };
        void += 1;
        let why = if finding.cause.is_empty() { "no cause" } else { &finding.cause };
        let text = format!("{name} does not really run at {side}/{agent}: not run ({why})");
        lines.put(State::Failure, text, format!("tidelock why {name}"));
    }
    void
}

fn checks(seen: &Seen, status: &v1::Status, lines: &mut Lines) {
    let (mut silent, mut running) = (0, 0);
    for (name, recent) in &seen.recent {
        match recent {
            Ok(recent) => silent += not_run(name, recent, lines),
            Err(error) => {
                silent += 1;
                lines.trouble(&format!("the newest findings of {name}"), error, "try again");
            }
        }
    }
    for scenario in status.scenarios.iter().filter(|scenario| scenario.active) {
        running += 1;
        for side in scenario.sides.iter().filter(|side| side.seen_time.is_none()) {
            silent += 1;
            let text = format!("{} on {} has no result yet", scenario.name, json::side_word(side.side));
            lines.put(State::Failure, text, format!("tidelock why {}", scenario.name));
        }
    }
    if silent == 0 && running > 0 {
        lines.good(match running {
            1 => "the one check of this phase has results on every side".to_owned(),
            _ => format!("all {running} checks of this phase have results on every side"),
        });
    }
}

/// Whether a person can decide with it in this migration. The plan says what.
fn decides(grant: &v1::AccessGrant, migration: &str) -> bool {
    let role = matches!(grant.role.as_str(), "person" | "operator");
    role && grant.gate.is_empty() && (grant.migration.is_empty() || grant.migration == migration)
}

/// What it is good for, in words.
fn of_grant(grant: &v1::AccessGrant) -> String {
    let place = if grant.migration.is_empty() { "all migrations" } else { &grant.migration };
    let gate = if grant.gate.is_empty() { String::new() } else { format!(", gate {} alone", grant.gate) };
    format!("a {} of {place}{gate}", grant.role)
}

fn access(seen: &Seen, plan: Option<&Plan>, now: Option<Timestamp>, lines: &mut Lines) {
    let grants = match &seen.grants {
        Ok(grants) => grants,
        Err(error) if error.exit == Exit::Auth => {
            let hint = "ask an operator of the collector to run this";
            return lines.put(State::Warning, "you may not see who has access", hint);
        }
        Err(error) => return lines.trouble("who has access", error, "try again"),
    };
    match &seen.unreadable {
        Ok(0) => {}
        Ok(lines_lost) => {
            let text = format!("{lines_lost} lines of refused asks cannot be read");
            lines.put(
                State::Warning,
                text,
                "look at refused.jsonl in the collector's data folder, and who may write there",
            );
        }
        Err(error) => lines.trouble("who was refused", error, "try again"),
    }
    for line in seen.status.iter().flat_map(|status| &status.next_gate).flat_map(shown::beside_agents) {
        lines.put(State::Warning, line, "ask those people whether it was they who spoke: tidelock events");
    }
    let live = |grant: &&v1::AccessGrant| {
        !grant.revoked && left_ms(grant.expires_time.as_ref(), now).is_none_or(|left| left > 0)
    };
    let ours = seen.status.as_ref().map(|status| status.migration.as_str()).unwrap_or_default();
    let (mut named, empty) = (BTreeSet::<&Name>::new(), Default::default());
    let decisions = plan.map_or(&empty, |plan| &plan.decisions);
    for (decision, rule) in decisions {
        for person in rule.who.iter().chain(&rule.deputies) {
            if !named.insert(person) {
                continue;
            }
            let theirs = || grants.iter().filter(live).filter(move |grant| grant.subject == person.as_str());
            let deciding = theirs().filter(|grant| decides(grant, ours));
            let longest = deciding.map(|grant| left_ms(grant.expires_time.as_ref(), now)).max();
            match longest {
                None => {
                    let has = match theirs().next() {
                        None => "no access".to_owned(),
                        Some(other) => format!("no access that decides ({})", of_grant(other)),
                    };
                    let text = format!("{person} has {has}, and is asked for {decision}");
                    lines.put(State::Failure, text, format!("tidelock access issue {person}"));
                }
                Some(Some(left)) if left < ACCESS_MS => {
                    let text = format!("the access of {person} ends in {}", in_words(left));
                    lines.put(State::Warning, text, format!("tidelock access issue {person}"));
                }
                Some(_) => lines.good(format!("{person} can answer {decision}")),
            }
        }
    }
    for grant in
        grants.iter().filter(live).filter(|grant| !named.iter().any(|name| name.as_str() == grant.subject))
    {
        if let Some(left) = left_ms(grant.expires_time.as_ref(), now).filter(|left| *left < ACCESS_MS) {
            let text = format!("the access of {} ({}) ends in {}", grant.subject, grant.role, in_words(left));
            let hint = format!("tidelock access issue {} --role {}", grant.subject, grant.role);
            lines.put(State::Warning, text, hint);
        }
    }
}

fn rehearsal(seen: &Seen, lines: &mut Lines) {
    let revision = seen.plan.as_ref().ok().map(|(_, revision)| *revision);
    match &seen.run {
        None => {}
        Some(Err(error)) => lines.trouble("the newest run of a runbook", error, "try again"),
        Some(Ok(Some(run)))
            if run.rehearsal && Some(run.plan_revision) == revision && run.state == "completed" =>
        {
            lines.good(format!(
                "run {} rehearsed {} on revision {}",
                run.run, run.direction, run.plan_revision
            ));
        }
        Some(Ok(_)) => {
            let revision =
                revision.map(|revision| format!(" for plan revision {revision}")).unwrap_or_default();
            let text = format!("the newest run of a runbook is no complete rehearsal{revision}");
            lines.put(State::Failure, text, "tidelock cutover run --rehearse");
        }
    }
}
