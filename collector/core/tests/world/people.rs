//! Lines of a plan about people: clocks of questions, who overrides, facts, manual checks.

use tidelock_core::plan::{DecisionRule, IfSilent, Plan};

use super::name;
use super::plans::{number, secs};

/// Takes the line, if it is about people.
pub(crate) fn line(plan: &mut Plan, word: &str, rest: &str) -> bool {
    match word {
        // `answer cutover: within 60 s, ask deputies`
        "answer" => {
            let (decision, rule) = rest.split_once(": ").unwrap();
            let decision = plan.decisions.get_mut(&name(decision)).unwrap();
            decision.answer_within = Some(secs(number(rule)));
            decision.if_silent =
                if rule.ends_with("ask deputies") { IfSilent::AskDeputies } else { IfSilent::Shut };
        }
        // `voices cutover: 2`
        "voices" => {
            let (decision, needed) = rest.split_once(": ").unwrap();
            plan.decisions.get_mut(&name(decision)).unwrap().approvals = number(needed);
        }
        // `override by olga carla, 2`
        "override" => {
            let (who, approvals) = rest.trim_start_matches("by ").split_once(", ").unwrap();
            let rule = DecisionRule {
                who: who.split_whitespace().map(name).collect(),
                deputies: Vec::new(),
                approvals: number(approvals),
                answer_within: None,
                if_silent: IfSilent::Shut,
            };
            plan.decisions.insert(name("override"), rule);
        }
        // `nobody decides cutover`
        "nobody" => {
            plan.decisions.remove(&name(rest.trim_start_matches("decides ")));
        }
        // `fact the old house is let`
        "fact" => plan.rollback.no_return.push(rest.to_owned()),
        "automatic" => plan.rollback.automatic = true,
        // `made refund: within 30 s, valid for 60 s`
        "made" => {
            let (check, rule) = rest.split_once(": ").unwrap();
            let check = plan.manual_checks.get_mut(&name(check)).unwrap();
            for part in rule.split(", ") {
                match part.starts_with("within") {
                    true => check.within = Some(secs(number(part))),
                    false => check.valid_for = Some(secs(number(part))),
                }
            }
        }
        _ => return false,
    }
    true
}
