//! The way back, what would be lost, and what people overrode, as the wire has them.
//!
//! What nobody knows stays unset: a count that is not there is never told as zero.

use tidelock_core::{
    Asset, BackLimitStatus, FirstMinutesState, FirstMinutesStatus, Leftover, Loss, OverrideStatus,
    RollbackStatus,
};
use tidelock_model::{Name, Timestamp};
use tidelock_proto::v1;

use super::views::side;
use super::views_gate::{remaining, time};
use crate::driver::View;
use crate::text;

pub(super) fn rollback(status: &RollbackStatus) -> v1::RollbackView {
    let lost = match &status.asset {
        Asset::Lossy { lost } => lost.as_slice(),
        Asset::Lossless | Asset::Closed { .. } => &[],
    };
    let reason = match &status.asset {
        Asset::Closed { why } if status.reason.is_empty() => why.clone(),
        Asset::Closed { .. } | Asset::Lossless | Asset::Lossy { .. } => status.reason.clone(),
    };
    v1::RollbackView {
        applicable: status.applicable,
        possible: status.possible,
        recommended: status.recommended,
        until_time: status.until.and_then(time),
        reason,
        asset: status.asset.word().to_owned(),
        lost: (lost.iter())
            .map(|(what, count, unit)| v1::Lost { what: what.clone(), count: *count, unit: unit.clone() })
            .collect(),
        limits: status.limits.iter().map(limit).collect(),
        one_way: (status.one_way.iter())
            .map(|(what, count)| v1::Lost { what: what.clone(), count: *count, unit: String::new() })
            .collect(),
        under_way: status.under_way,
    }
}

fn limit(status: &BackLimitStatus) -> v1::BackLimit {
    v1::BackLimit {
        name: status.name.clone(),
        value: status.value.filter(|value| value.is_finite()),
        limit: status.limit,
        unit: status.unit.clone(),
    }
}

pub(super) fn loss(loss: &Loss) -> v1::Loss {
    v1::Loss {
        check: loss.check.to_string(),
        known: loss.remaining.is_some(),
        remaining: remaining(loss.remaining.as_deref().unwrap_or_default()),
    }
}

pub(super) fn overridden(status: &OverrideStatus) -> v1::OverrideView {
    v1::OverrideView {
        gate: status.gate.word().to_owned(),
        checks: status.checks.iter().map(Name::to_string).collect(),
        by: status.by.iter().map(Name::to_string).collect(),
        reason: status.reason.clone(),
        at_time: time(status.at),
        complete: status.complete,
        until_time: status.until.and_then(time),
        was: status.was.clone(),
        outgrown: status.outgrown.clone().unwrap_or_default(),
    }
}

pub(super) fn leftover(row: &Leftover) -> v1::Leftover {
    v1::Leftover {
        key: row.key.clone(),
        made_time: row.made.and_then(time),
        check: row.check.to_string(),
        side: side(row.side),
        owner: row.owner.as_ref().map(Name::to_string).unwrap_or_default(),
        disposition: row.disposition.clone().unwrap_or_default(),
    }
}

/// The first minutes after the switch in a sentence; empty outside of them.
pub(super) fn first_minutes(view: &View) -> String {
    let zone = view.plan.as_ref().map(|plan| plan.plan.timezone.as_str());
    view.first_minutes.as_ref().map(|status| turbulence(status, zone)).unwrap_or_default()
}

fn turbulence(status: &FirstMinutesStatus, zone: Option<&str>) -> String {
    let clock = |at: Timestamp| text::clock(at, zone);
    match &status.state {
        FirstMinutesState::Inside { until } => format!("inside expected turbulence until {}", clock(*until)),
        FirstMinutesState::Outside { since, which, value, limit } => {
            let is = match value {
                Some(value) => format!("{which} is at {value:.2}, normal is {limit}"),
                None => format!("most runs of {which} do not pass, or nothing is known of them"),
            };
            format!("outside expected turbulence since {}: {is}", clock(*since))
        }
        FirstMinutesState::Broken { since, which } => {
            format!("no turbulence: {which} does not work on target since {}", clock(*since))
        }
        FirstMinutesState::Over => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turbulence_is_told_by_people_s_clocks_and_what_is_not_known_is_not_good() {
        let at = Timestamp::from_millis(1_795_352_770_250);
        let told =
            |state, zone| turbulence(&FirstMinutesStatus { state, until: at, metrics: Vec::new() }, zone);
        let inside = FirstMinutesState::Inside { until: at };
        assert_eq!(told(inside.clone(), Some("Europe/Berlin")), "inside expected turbulence until 14:06");
        assert_eq!(told(inside, None), "inside expected turbulence until 13:06 UTC");
        let which = Name::new("checkout").unwrap();
        let outside =
            |value| FirstMinutesState::Outside { since: at, which: which.clone(), value, limit: 1.5 };
        let zone = Some("Europe/Berlin");
        assert_eq!(
            told(outside(Some(2.25)), zone),
            "outside expected turbulence since 14:06: checkout is at 2.25, normal is 1.5"
        );
        assert!(told(outside(None), zone).ends_with("do not pass, or nothing is known of them"));
        assert_eq!(
            told(FirstMinutesState::Broken { since: at, which }, zone),
            "no turbulence: checkout does not work on target since 14:06"
        );
        assert_eq!(told(FirstMinutesState::Over, zone), "");
    }
}
