//! What people are told and say beside their decisions, in a story's words.

use tidelock_core::record::Notice;
use tidelock_core::{AccessChange, Ask, Asker, losses_line};

use super::Tale;
use crate::world::name;

/// A notice in words.
pub(crate) fn notice(tale: &mut Tale, notice: &Notice) {
    let second = |at: tidelock_model::Timestamp| at.since(crate::world::BEGIN).as_secs();
    let text = match notice {
        Notice::Asked { decision, gate: Some(gate) } => format!("asked: {decision}, for gate {gate}"),
        Notice::Asked { decision, gate: None } => format!("asked: {decision}"),
        Notice::DeputiesAsked { decision } => format!("asked: {decision}, of the deputies"),
        Notice::Unanswered { decision } => format!("nobody answered: {decision}"),
        Notice::WindowClosing { until } => {
            let second = second(*until);
            format!("told: the way back ends at {}:{:02}", second / 60, second % 60)
        }
        Notice::WindowClosed { why } => format!("told: the way back is closed: {why}"),
        Notice::RollbackRecommended { check } => format!("told: going back is recommended, for {check}"),
        Notice::AgentLost { agent } => format!("told: {agent} is lost"),
        Notice::AgentBack { agent } => format!("told: {agent} is back"),
        Notice::FixForward { check, why } => format!("told: fix {check} forward: {why}"),
    };
    tale.tell(text);
}

/// `switches cutovers off`, `states FACT`, `overrides login stable at ready`. None where it is something else.
pub(crate) fn ask(by: Asker, verb: &str, rest: &str, reason: String, request_id: String) -> Option<Ask> {
    Some(match verb {
        "switches" => Ask::SetCutovers { enabled: rest.ends_with("on"), by, reason, request_id },
        // `gives ana access`, `takes access of ana`.
        "gives" | "takes" => {
            let subject = name(rest.split(' ').find(|word| !matches!(*word, "access" | "of")).unwrap());
            let ends = (verb == "gives").then_some(tidelock_model::Timestamp::from_millis(u64::MAX));
            let (grant, role) = (format!("{subject}-of-{}", by.name), name("person"));
            let change =
                AccessChange { grant, subject, role, gate: None, everywhere: false, ends, joins: None };
            Ask::Access { change, by: Some(by), reason: String::new() }
        }
        "states" => Ask::SetFact { fact: rest.to_owned(), by, reason, request_id },
        "overrides" => {
            let (checks, gate) = rest.split_once(" at ").unwrap_or(("", rest.trim_start_matches("at ")));
            let (gate, checks) = (gate.parse().unwrap(), checks.split_whitespace().map(name).collect());
            Ask::Override { gate, checks, by, reason, request_id }
        }
        _ => return None,
    })
}

impl Tale {
    /// `the questions are told`, `the losses are told`, `the overrides are told`, `the manual checks are told`.
    pub(crate) fn tell_of_people(&mut self, rest: &str) -> bool {
        let (core, now) = (&self.world.migration, self.world.now);
        let time = |at: tidelock_model::Timestamp| {
            let second = at.since(crate::world::BEGIN).as_secs();
            format!("{}:{:02}", second / 60, second % 60)
        };
        let names = |names: &[tidelock_model::Name]| {
            names.iter().map(tidelock_model::Name::as_str).collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = match rest {
            "questions are told" => (core.question(now).iter())
                .map(|it| {
                    let then = it.then_at.map(|at| format!(", then [{}] at {}", names(&it.then), time(at)));
                    let silent = it.unanswered.map(|at| format!(", unanswered at {}", time(at)));
                    format!(
                        "{} since {}: asked are [{}], {} of {} said yes{}{}",
                        it.decision,
                        time(it.asked),
                        names(&it.who),
                        it.given_by.len(),
                        it.needed,
                        then.unwrap_or_default(),
                        silent.unwrap_or_default()
                    )
                })
                .collect(),
            "voices are told" => {
                let verdict = core.verdict(core.next_gate().unwrap_or(core.phase()), now);
                let over = verdict.overrides.iter().filter_map(|it| it.one_hand.clone());
                verdict.decision.iter().filter_map(|it| it.one_hand.clone()).chain(over).collect()
            }
            "losses are told" => {
                let gate = core.next_gate().unwrap_or(core.phase());
                vec![format!("switching now loses: {}", losses_line(&core.verdict(gate, now).losses))]
            }
            "overrides are told" => (core.overrides(now).iter())
                .map(|it| {
                    let (checks, by) = (names(&it.checks), names(&it.by));
                    let until = it.until.map(time).unwrap_or_default();
                    let kind = if it.complete { "overridden" } else { "not complete" };
                    let ended = it.outgrown.as_ref().map(|why| format!("; no longer: {why}"));
                    format!(
                        "gate {}: {checks} {kind} by {by} until {until}: {} ({}{})",
                        it.gate,
                        it.reason,
                        it.was.join(", "),
                        ended.unwrap_or_default()
                    )
                })
                .collect(),
            "manual checks are told" => (core.manual_checks().iter())
                .map(|it| {
                    let due = it.due.map(|at| format!(", due {}", time(at))).unwrap_or_default();
                    let expires = it.expires.map(|at| format!(", expires {}", time(at))).unwrap_or_default();
                    format!("{} of {} is {}{due}{expires}", it.name, it.owner, it.state.word())
                })
                .collect(),
            _ => return false,
        };
        if lines.is_empty() {
            self.tell("none");
        }
        lines.into_iter().for_each(|line| self.tell(line));
        true
    }
}
