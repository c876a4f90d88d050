//! The way back, what would be lost, and what people overrode, as the wire has them.
//!
//! What nobody knows stays unset: a count that is not there is never told as zero.

use tidelock_core::{Asset, BackLimitStatus, Leftover, Loss, OverrideStatus, RollbackStatus};
use tidelock_model::Name;
use tidelock_proto::v1;

use super::views::side;
use super::views_gate::{remaining, time};

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
