//! What the watch after the switch has to say to the gates: an alarm, and what was not seen.

use tidelock_model::{Name, Phase, Side, Timestamp};

use crate::joint::{AfterSwitch, AlarmSeen};
use crate::migration::Migration;
use crate::plan::Plan;
use crate::proof::Blame;
use crate::verdict::{Asset, EvidenceState, Hold, HoldCode};
use crate::words::span;

impl Migration {
    /// The alarm of the watch, while somebody may still go back.
    pub(crate) fn alarm(&self) -> Option<AlarmSeen<'_>> {
        self.after.as_ref().filter(|_| self.alarm_phase())?.alarm()
    }

    /// A phase in which the watch after the switch may call.
    pub(crate) fn alarm_phase(&self) -> bool {
        matches!(self.phase, Phase::Cutover | Phase::Watch)
    }

    /// An alarm holds whatever would call the move complete.
    pub(crate) fn alarm_hold(&self, gate: Phase, now: Timestamp) -> Option<Hold> {
        let alarm = self.alarm().filter(|_| matches!(gate, Phase::Watch | Phase::Committed))?;
        let conflict = self.conflict(now).is_some();
        let back = self.rollback_status(now);
        let closed = match &back.asset {
            Asset::Closed { why } => Some(why.as_str()),
            Asset::Lossless | Asset::Lossy { .. } => None,
        };
        let next = match alarm.blame {
            _ if closed.is_some() => format!("tidelock why {}", alarm.check),
            Blame::Rollback => "tidelock decide rollback --go".to_owned(),
            Blame::Incident | Blame::SourceSilent => "tidelock brief".to_owned(),
        };
        let mut hold = Hold::new(HoldCode::Alarm, alarm.since, told(&alarm, conflict, closed), next);
        (hold.check, hold.state) = (Some(alarm.check.clone()), Some(EvidenceState::Refuted));
        hold.remaining = self.left_of(alarm.check, Side::Target, now);
        Some(hold)
    }

    /// A plan came into force. While the watch runs, what it asks for besides is asked from now on, also where the plan
    /// that people switched with had nothing to watch.
    pub(crate) fn watch_by(&mut self, at: Timestamp, plan: &Plan) {
        let begins = self.traffic.switched.is_some() && self.traffic.back.is_none() && self.alarm_phase();
        match &mut self.after {
            Some(after) => after.replan(at, plan),
            None if begins => self.after = AfterSwitch::begin(plan, at),
            None => {}
        }
    }

    /// A scenario by which both sides hold data that the other lacks, so that going back may lose some.
    pub(crate) fn conflict(&self, now: Timestamp) -> Option<&Name> {
        self.joints
            .conflict(self.plan()?, now)
            .filter(|_| matches!(self.phase, Phase::Cutover | Phase::Watch))
    }

    /// Another build than the one that people switched to: nothing that was seen is about it.
    pub(crate) fn rebuilt_hold(&self, gate: Phase) -> Option<Hold> {
        let since = self.after.as_ref().filter(|_| gate == Phase::Committed)?.rebuilt()?;
        let reason = "target runs another build than the one that traffic was switched to: it is proved anew, \
                      or people decide whether to go back";
        Some(Hold::new(HoldCode::Watch, since, reason, "tidelock rollback"))
    }

    /// The watch must be over, and must have seen enough, before the move is called complete.
    pub(crate) fn watch_hold(&self, gate: Phase, now: Timestamp) -> Option<Hold> {
        let after = self.after.as_ref().filter(|_| gate == Phase::Committed)?;
        let hold = |since, reason: String| Some(Hold::new(HoldCode::Watch, since, reason, "tidelock status"));
        if let Some(blind) = after.blind(now) {
            let reason = format!("the watch is blind: nothing is known of {blind} at present");
            let mut hold = hold(after.begun, reason)?;
            (hold.check, hold.state) = (Some(blind.clone()), Some(EvidenceState::Stale));
            hold.remaining = self.left_of(blind, Side::Target, now);
            return Some(hold);
        }
        if now < after.ends() {
            return hold(after.begun, format!("the watch after the switch lasts {}", span(after.length)));
        }
        let (check, percent) = after.seen_too_little()?;
        hold(after.ends(), format!("only {percent} % of the slots of {check} were evidence, 90 % must be"))
    }
}

/// What happened, and whether going back helps.
fn told(alarm: &AlarmSeen<'_>, conflict: bool, closed: Option<&str>) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let (target, fail) = (percent(alarm.failed.0), if alarm.lasts { "fail" } else { "failed" });
    let over = if alarm.lasts { "" } else { ", and it passes again" };
    match (alarm.blame, alarm.failed.1) {
        (Blame::Rollback | Blame::SourceSilent, _) if let Some(why) = closed => {
            let source =
                alarm.failed.1.map_or(String::new(), |source| format!(", {} on source", percent(source)));
            format!(
                "{target} of it {fail} on target{source}{over}: fix forward, for there is no way back: {why}"
            )
        }
        (Blame::Rollback, Some(source)) => {
            let advice = match conflict {
                true => "going back would help and may lose data: a person must decide",
                false => "going back is recommended",
            };
            format!("{target} of it {fail} on target, {} on source{over}: {advice}", percent(source))
        }
        (Blame::Incident, Some(source)) => format!(
            "{target} of it {fail} on target and {} on source{over}: both suffer, so going back does not help",
            percent(source)
        ),
        (Blame::Rollback | Blame::Incident | Blame::SourceSilent, _) => format!(
            "{target} of it {fail} on target{over}, and source is silent or shut: a person must judge \
             whether going back helps"
        ),
    }
}
