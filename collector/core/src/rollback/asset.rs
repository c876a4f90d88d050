//! Whether going back is possible now, until when, and what it would cost.

use tidelock_model::{Phase, Timestamp};

use super::limits::{Limit, Met};
use crate::migration::Migration;
use crate::plan::Direction;
use crate::proof::Blame;
use crate::verdict::{Asset, RollbackStatus};
use crate::words::span;

/// What is lost, how much of it where that is known, and in which unit.
type Lost = Vec<(String, Option<u64>, String)>;

/// What is lost where nobody counts it.
const SINCE: &str = "what was written since the switch";

/// What is known of the way back at a moment, before its limits are looked at.
struct Outline {
    applicable: bool,
    until: Option<Timestamp>,
    closing: bool,
    reason: String,
    state: State,
}

/// Whether its limits and losses matter.
enum State {
    /// There is nothing to lose yet.
    Free,
    /// It is there, as far as its limits allow.
    Open,
    /// It is taken: what it costs is told, and cannot be changed.
    Taken,
    /// It is closed, for good.
    Closed,
}

impl Migration {
    /// The way back: whether it can be decided now, until when, and what it would cost.
    pub fn rollback_status(&self, now: Timestamp) -> RollbackStatus {
        let mut outline = self.outline(now);
        let limits = match outline.state {
            State::Open | State::Taken => self.back_limits(now),
            State::Free | State::Closed => Vec::new(),
        };
        let one_way = match outline.state {
            State::Open | State::Taken => self.one_way(now),
            State::Free | State::Closed => Vec::new(),
        };
        let asset = match outline.state {
            State::Free => Asset::Lossless,
            State::Closed => Asset::Closed { why: outline.reason.clone() },
            State::Open => match limits.iter().find_map(Limit::broken) {
                Some(why) => Asset::Closed { why: format!("closed as long as this lasts: {why}") },
                None => self.cost(&limits, &one_way, now),
            },
            State::Taken => self.cost(&limits, &one_way, now),
        };
        match (&outline.state, &asset) {
            (State::Open, Asset::Closed { why }) => {
                outline.reason.clone_from(why);
                outline.closing = false;
            }
            (State::Open, Asset::Lossy { lost }) => {
                let unknown: Vec<&str> = limits.iter().filter_map(Limit::unknown).collect();
                let why =
                    if unknown.is_empty() { String::new() } else { format!(" ({})", unknown.join("; ")) };
                outline.reason = format!("{}; it would lose {}{why}", outline.reason, told(lost));
            }
            (State::Free | State::Open | State::Taken | State::Closed, _) => {}
        }
        let open = matches!(outline.state, State::Free | State::Open) && outline.applicable;
        let possible = open && !matches!(asset, Asset::Closed { .. });
        let alarm = self.alarm().filter(|alarm| alarm.blame == Blame::Rollback).is_some();
        RollbackStatus {
            applicable: outline.applicable,
            possible,
            under_way: matches!(outline.state, State::Taken),
            // Where going back may lose what nobody can name, a person must weigh that first.
            recommended: alarm && possible && self.conflict(now).is_none(),
            until: outline.until,
            closing: outline.closing,
            reason: outline.reason,
            asset,
            limits: limits.into_iter().map(|limit| limit.status).collect(),
            one_way,
        }
    }

    fn outline(&self, now: Timestamp) -> Outline {
        let told = |applicable, state, reason: &str| Outline {
            applicable,
            until: None,
            closing: false,
            reason: reason.to_owned(),
            state,
        };
        match (self.phase, self.traffic.switched) {
            (Phase::Prepare | Phase::Sync | Phase::Ready, _) => Outline {
                applicable: false,
                ..told(false, State::Free, "traffic was not moved: there is nothing to go back from")
            },
            (Phase::RollingBack, _) => told(true, State::Taken, "going back is under way"),
            (Phase::RolledBack | Phase::Aborted | Phase::Committed | Phase::Retired, _) => {
                told(false, State::Closed, &format!("the migration is {}", self.phase))
            }
            (Phase::Cutover | Phase::Watch, _) if let Some((_, fact)) = self.fact() => {
                let reason = format!("{fact} is true, and after that there is no way back");
                Outline { until: self.window_ends(), ..told(true, State::Closed, &reason) }
            }
            (Phase::Cutover | Phase::Watch, None) if !self.past_no_return(now) => {
                told(true, State::Free, "traffic is not on the target yet")
            }
            (Phase::Cutover | Phase::Watch, switched) => self.after_switch(switched, now),
        }
    }

    /// From the point of no return on: the window and the facts of the plan.
    fn after_switch(&self, switched: Option<Timestamp>, now: Timestamp) -> Outline {
        let rule = self.plan().map(|plan| plan.rollback.clone()).unwrap_or_default();
        let told =
            |state, until, closing, reason| Outline { applicable: true, until, closing, reason, state };
        let Some(window) = rule.window else {
            return told(State::Closed, None, false, "the plan has no rollback window".to_owned());
        };
        let Some(switched) = switched else {
            let reason = "the point of no return is passed, and traffic is not reported on the target yet";
            return told(State::Open, None, false, reason.to_owned());
        };
        let until = switched.plus(window);
        let closing = rule.warn_before.is_some_and(|warn| now >= until.minus(warn));
        let window = span(window);
        if now > until {
            let reason = format!("too late: the way back was open for {window} after the switch");
            return told(State::Closed, Some(until), false, reason);
        }
        told(State::Open, Some(until), closing, format!("possible for {window} after the switch"))
    }

    /// When the window ends that began with the switch.
    fn window_ends(&self) -> Option<Timestamp> {
        Some(self.traffic.switched?.plus(self.plan()?.rollback.window?))
    }

    /// The run of the cutover is past its point of no return.
    fn past_no_return(&self, now: Timestamp) -> bool {
        let run = self.run_status(now);
        let real = run.filter(|run| run.direction == Direction::Cutover && !run.rehearsal);
        real.is_some_and(|run| run.no_return.is_some())
    }

    /// What going back would lose.
    fn cost(&self, limits: &[Limit], one_way: &[(String, Option<u64>)], now: Timestamp) -> Asset {
        let mut lost: Lost = limits.iter().filter_map(Limit::lost).collect();
        let rows = &self.back.rows;
        if rows.left() > 0 || rows.cut() {
            let number = (!rows.cut()).then_some(rows.left() as u64);
            lost.push(("rows that only the target has".to_owned(), number, "rows".to_owned()));
        }
        if let Some(check) = self.conflict(now) {
            lost.push((
                format!("data that each side has without the other, by {check}"),
                None,
                String::new(),
            ));
        }
        if limits.is_empty() {
            // Nobody measures it: that is not the same as nothing.
            lost.push((SINCE.to_owned(), None, String::new()));
        }
        lost.sort_by_key(|(what, number, _)| (what == SINCE, number.is_none()));
        lost.dedup();
        let counted = one_way.iter().filter(|(_, number)| *number != Some(0));
        lost.extend(counted.map(|(what, number)| (what.clone(), *number, String::new())));
        if lost.is_empty() { Asset::Lossless } else { Asset::Lossy { lost } }
    }
}

impl Limit {
    fn broken(&self) -> Option<&str> {
        match &self.met {
            Met::No(why) => Some(why),
            Met::Kept | Met::Lost(_) | Met::Unknown(_) => None,
        }
    }

    /// Why nothing is known of it.
    fn unknown(&self) -> Option<&str> {
        match &self.met {
            Met::Unknown(why) => Some(why),
            Met::Kept | Met::Lost(_) | Met::No(_) => None,
        }
    }

    fn lost(&self) -> Option<(String, Option<u64>, String)> {
        let told = |number| Some((self.status.name.clone(), number, self.status.unit.clone()));
        match &self.met {
            Met::Lost(number) => told(Some(*number)),
            Met::No(_) | Met::Unknown(_) if self.counts_loss => told(None),
            Met::No(_) | Met::Unknown(_) => Some((SINCE.to_owned(), None, String::new())),
            Met::Kept => None,
        }
    }
}

/// `12 target-only orders, an unknown amount of mails sent`.
fn told(lost: &Lost) -> String {
    let one = |(what, number, unit): &(String, Option<u64>, String)| match (number, unit.as_str()) {
        (None, _) => format!("an unknown amount of {what}"),
        (Some(1), "rows") => "1 row that only the target has".to_owned(),
        (Some(number), unit) if what.contains(unit) => format!("{number} {what}"),
        (Some(number), unit) => format!("{number} {unit} of {what}"),
    };
    lost.iter().map(one).collect::<Vec<_>>().join(", ")
}
