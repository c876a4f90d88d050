//! What the watch after the switch has to say to the gates: an alarm, and what was not seen.

use tidelock_model::{Phase, Timestamp};

use crate::joint::AlarmSeen;
use crate::migration::Migration;
use crate::proof::Blame;
use crate::verdict::{EvidenceState, Hold, HoldCode};
use crate::words::span;

impl Migration {
    /// The alarm of the watch, while somebody may still go back.
    pub(crate) fn alarm(&self) -> Option<AlarmSeen<'_>> {
        let open = matches!(self.phase, Phase::Cutover | Phase::Watch);
        self.after.as_ref().filter(|_| open)?.alarm()
    }

    /// An alarm holds whatever would call the move complete.
    pub(crate) fn alarm_hold(&self, gate: Phase) -> Option<Hold> {
        let alarm = self.alarm().filter(|_| matches!(gate, Phase::Watch | Phase::Committed))?;
        let next = match alarm.blame {
            Blame::Rollback => "tidelock decide rollback --go",
            Blame::Incident | Blame::SourceSilent => "tidelock brief",
        };
        let mut hold = Hold::new(HoldCode::Alarm, alarm.since, told(&alarm), next);
        (hold.check, hold.state) = (Some(alarm.check.clone()), Some(EvidenceState::Refuted));
        Some(hold)
    }

    /// The watch must be over, and must have seen enough, before the move is called complete.
    pub(crate) fn watch_hold(&self, gate: Phase, now: Timestamp) -> Option<Hold> {
        let after = self.after.as_ref().filter(|_| gate == Phase::Committed)?;
        let hold = |since, reason: String| Some(Hold::new(HoldCode::Watch, since, reason, "tidelock status"));
        if now < after.ends() {
            return hold(after.begun, format!("the watch after the switch lasts {}", span(after.length)));
        }
        if let Some(blind) = after.blind().next() {
            let mut hold = hold(after.ends(), format!("nothing is known of {blind} at present"))?;
            (hold.check, hold.state) = (Some(blind.clone()), Some(EvidenceState::Stale));
            return Some(hold);
        }
        let (check, percent) = after.seen_too_little()?;
        hold(after.ends(), format!("only {percent} % of the slots of {check} were evidence, 90 % must be"))
    }
}

/// What happened, and whether going back helps.
pub(crate) fn told(alarm: &AlarmSeen<'_>) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let target = percent(alarm.failed.0);
    match (alarm.blame, alarm.failed.1) {
        (Blame::Rollback, Some(source)) => {
            format!("{target} of it fail on target, {} on source: going back is recommended", percent(source))
        }
        (Blame::Incident, Some(source)) => format!(
            "{target} of it fail on target and {} on source: both suffer, so going back does not help",
            percent(source)
        ),
        (Blame::Rollback | Blame::Incident | Blame::SourceSilent, _) => format!(
            "{target} of it fail on target, and source is silent: a person must judge whether going back helps"
        ),
    }
}
