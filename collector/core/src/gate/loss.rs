//! What switching now would lose, scenario by scenario, and in one line.
//!
//! Where nobody looked, nothing is known: that is told as such, and never as zero.

use std::collections::BTreeMap;

use tidelock_model::{Name, Remaining, Side, Timestamp};

use crate::evidence::remaining;
use crate::migration::Migration;
use crate::plan::{ClaimKind, Joint, Scenario};
use crate::verdict::Loss;
use crate::words::{grouped, list};

impl Migration {
    /// What is left of every scenario that could tell. One whose sides were not all heard just now is known
    /// only by what somebody counted.
    pub(crate) fn losses(&self, now: Timestamp) -> Vec<Loss> {
        let scenarios = self.plan().map(|plan| &plan.scenarios);
        scenarios
            .into_iter()
            .flatten()
            .filter_map(|(name, scenario)| self.loss(name, scenario, now))
            .collect()
    }

    fn loss(&self, name: &Name, scenario: &Scenario, now: Timestamp) -> Option<Loss> {
        let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut all_heard = !scenario.sides.is_empty();
        for side in &scenario.sides {
            let (left, heard) = remaining(&self.roster, &self.board, name, *side, now);
            all_heard &= heard;
            for Remaining { count, unit, what } in left {
                let sum = sums.entry((what, unit)).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let left: Vec<Remaining> = (sums.into_iter())
            .filter(|(_, count)| *count > 0)
            .map(|((what, unit), count)| Remaining { count, unit, what })
            .collect();
        // One that does not run now and told nothing is not asked.
        let asked = scenario.phases.contains(&self.phase);
        let counts = self.desk.counts(name) || scenario.claims.iter().any(|claim| counting(&claim.kind));
        if left.is_empty() && !(asked && counts) {
            return None;
        }
        let known = !left.is_empty() || all_heard;
        Some(Loss { check: name.clone(), remaining: known.then_some(left) })
    }

    /// What of a check is left on a side, for a hold about it.
    pub(crate) fn left_of(&self, check: &Name, side: Side, now: Timestamp) -> Vec<Remaining> {
        remaining(&self.roster, &self.board, check, side, now).0
    }
}

/// Its plugins count what is still on its way.
fn counting(kind: &ClaimKind) -> bool {
    match kind {
        ClaimKind::Joint(joint) => match joint {
            Joint::Gauge(_) | Joint::Drained(_) | Joint::Silent(_) | Joint::Parity(_) => true,
            Joint::Marks { .. } => true,
            Joint::Success(_) | Joint::Latency(_) | Joint::Owner { .. } => false,
            Joint::SameResponse { .. } | Joint::NoDependencyOn(_) => false,
        },
        ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => false,
    }
}

/// Such as `1,204 orders not yet on the target, 14 messages on queue mail; nothing known of db-parity`. Empty
/// where no scenario could tell, and `nothing` where all could and nothing is left.
pub fn losses_line(losses: &[Loss]) -> String {
    let mut sums: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for left in losses.iter().filter_map(|loss| loss.remaining.as_ref()).flatten() {
        let sum = sums.entry((&left.what, &left.unit)).or_default();
        *sum = sum.saturating_add(left.count);
    }
    let mut left: Vec<_> = sums.into_iter().filter(|(_, count)| *count > 0).collect();
    left.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
    let told: Vec<String> =
        left.into_iter().map(|((what, unit), count)| left_behind(count, unit, what)).collect();
    let unknown: Vec<&str> =
        losses.iter().filter(|loss| loss.remaining.is_none()).map(|loss| loss.check.as_str()).collect();
    match (told.is_empty(), unknown.is_empty()) {
        (true, true) if losses.is_empty() => String::new(),
        (true, true) => "nothing that the checks can see".to_owned(),
        (true, false) => format!("nothing known of {}", list(&unknown)),
        (false, true) => told.join(", "),
        (false, false) => format!("{}; nothing known of {}", told.join(", "), list(&unknown)),
    }
}

/// `14 messages on queue orders`; `1,204 orders not yet on the target`; `4 rows of invoices`.
fn left_behind(count: u64, unit: &str, what: &str) -> String {
    let number = grouped(count);
    match (unit.is_empty(), what.is_empty(), what.strip_prefix(unit)) {
        (_, true, _) => format!("{number} {unit}").trim_end().to_owned(),
        (true, false, _) => format!("{number} {what}"),
        (false, false, Some(rest)) => format!("{number} {unit}{rest}"),
        (false, false, None) if describes(what) => format!("{number} {unit} {what}"),
        (false, false, None) => format!("{number} {unit} of {what}"),
    }
}

/// It says where or how they are, rather than of what.
fn describes(what: &str) -> bool {
    const HOW: [&str; 8] = ["in", "on", "not", "still", "waiting", "without", "only", "behind"];
    what.split(' ').next().is_some_and(|word| HOW.contains(&word)) && what.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(check: &str, left: Option<&[(u64, &str, &str)]>) -> Loss {
        let told = |(count, unit, what): &(u64, &str, &str)| Remaining {
            count: *count,
            unit: (*unit).to_owned(),
            what: (*what).to_owned(),
        };
        let check = Name::new(check).expect("a name");
        Loss { check, remaining: left.map(|left| left.iter().map(told).collect()) }
    }

    #[test]
    fn what_is_not_known_is_said_and_is_no_zero() {
        let orders = loss("orders", Some(&[(1204, "orders", "not yet on the target")]));
        let queue = loss("queue", Some(&[(14, "messages", "messages in flight")]));
        let (parity, quiet) = (loss("db-parity", None), loss("mail", Some(&[])));
        let cases = [
            (vec![], ""),
            (vec![quiet.clone()], "nothing that the checks can see"),
            (vec![parity.clone(), quiet.clone()], "nothing known of db-parity"),
            (vec![queue.clone(), quiet], "14 messages in flight"),
            (
                vec![parity, orders, queue],
                "1,204 orders not yet on the target, 14 messages in flight; nothing known of db-parity",
            ),
        ];
        for (losses, line) in cases {
            assert_eq!(losses_line(&losses), line);
        }
    }

    #[test]
    fn the_same_thing_seen_by_two_checks_is_one_sum() {
        let losses =
            [loss("a", Some(&[(2, "rows", "invoices")])), loss("b", Some(&[(3, "rows", "invoices")]))];
        assert_eq!(losses_line(&losses), "5 rows of invoices");
    }
}
