//! Who runs what, what no step may break, and undos that failed, as the wire has them.

use tidelock_core::plan::AssertionRule;
use tidelock_core::{AssertionStatus, FailedUndo, OwnershipStatus};
use tidelock_model::Name;
use tidelock_proto::v1;

use super::views::side;
use super::views_gate::time;
use crate::driver::View;

/// Everything of the switch itself that stands beside a gate.
pub(super) fn switch(view: &View) -> v1::SwitchView {
    v1::SwitchView {
        owners: view.owners.iter().map(owner).collect(),
        assertions: view.assertions.iter().map(assertion).collect(),
        failed_undos: view.failed_undos.iter().map(failed).collect(),
    }
}

fn owner(status: &OwnershipStatus) -> v1::OwnershipView {
    v1::OwnershipView {
        name: status.name.to_string(),
        kind: status.kind.clone(),
        owner: side(status.owner),
        state: status.state.word().to_owned(),
        reason: status.reason.clone(),
        seen_by: status.seen_by.to_string(),
        source_ran_time: status.ran_on_source.and_then(time),
        target_ran_time: status.ran_on_target.and_then(time),
    }
}

fn assertion(status: &AssertionStatus) -> v1::AssertionView {
    let rule = match status.rule {
        AssertionRule::ExactlyOneSideAcceptsWrites => "exactly_one_side_accepts_writes",
        AssertionRule::AtLeastOneSideServes => "at_least_one_side_serves",
    };
    v1::AssertionView {
        about: status.about.clone(),
        rule: rule.to_owned(),
        state: status.state.word().to_owned(),
        is: status.is.clone(),
        until_time: status.until.and_then(time),
    }
}

pub(super) fn failed(undo: &FailedUndo) -> v1::FailedUndo {
    let settled = undo.settled.as_ref();
    v1::FailedUndo {
        run: undo.run,
        direction: undo.direction.word().to_owned(),
        step: undo.step.clone(),
        time: time(undo.at),
        output: undo.output.clone(),
        settled_time: settled.and_then(|settled| time(settled.at)),
        settled_by: settled.and_then(|it| it.by.as_ref()).map(Name::to_string).unwrap_or_default(),
        settled_reason: settled.map(|settled| settled.reason.clone()).unwrap_or_default(),
    }
}

/// What a watcher waits for: that a job ran as it does all the time is none.
pub(super) fn news(switch: &v1::SwitchView) -> v1::SwitchView {
    let mut news = switch.clone();
    for owner in &mut news.owners {
        (owner.source_ran_time, owner.target_ran_time) = (None, None);
    }
    news
}
