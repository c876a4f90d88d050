//! What is told once about the way back: that its end is near, that it ended, that the watch calls.

use std::time::Duration;

use tidelock_model::{Name, Timestamp};

use crate::joint::AlarmSeen;
use crate::migration::Migration;
use crate::proof::Blame;
use crate::record::{EventKind, Notice};
use crate::verdict::Asset;

/// An alarm must have lasted so many slots, and the newest so many must have failed, before the plan goes back by
/// itself: one that comes and goes is for people.
const SLOTS_BEFORE_AUTOMATIC: u32 = 2;

/// Which occasions people were told of, each named by the moment that makes it another one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Told {
    /// The end that was told to be near.
    closing: Option<Timestamp>,
    /// The switch whose way back was told to have ended.
    closed: Option<Timestamp>,
    /// The alarm that was told with advice to go back.
    recommended: Option<Timestamp>,
    /// The alarm that was told with no way back.
    forward: Option<Timestamp>,
}

impl Told {
    pub(super) fn take(&mut self, notice: &Notice, alarm: Option<Timestamp>, switched: Option<Timestamp>) {
        match notice {
            Notice::WindowClosing { until } => self.closing = Some(*until),
            Notice::WindowClosed { .. } => self.closed = switched,
            Notice::RollbackRecommended { .. } => self.recommended = alarm,
            Notice::FixForward { .. } => self.forward = alarm,
            Notice::Asked { .. } | Notice::DeputiesAsked { .. } | Notice::Unanswered { .. } => {}
        }
    }
}

impl Migration {
    /// Why nobody can go back any more, where there was something to go back from.
    pub(crate) fn no_way_back(&self, now: Timestamp) -> Option<String> {
        let status = self.rollback_status(now);
        match status.asset {
            Asset::Closed { why } => Some(why),
            Asset::Lossless | Asset::Lossy { .. } => (!status.possible).then_some(status.reason),
        }
    }

    /// The end of the window, while traffic is on the target and nobody went back or called it complete.
    fn window_end(&self) -> Option<Timestamp> {
        let window = self.plan()?.rollback.window?;
        Some(self.traffic.switched.filter(|_| self.watched())?.plus(window))
    }

    fn watched(&self) -> bool {
        self.alarm_phase() && !self.going_back()
    }

    /// Tells once that the way back ends soon, and once that it has ended for good. A limit that is
    /// exceeded for a while ends nothing.
    pub(super) fn window_notice(&self, now: Timestamp) -> Option<Notice> {
        let (until, switched) = (self.window_end()?, self.traffic.switched);
        let over = now > until || self.fact().is_some();
        if over && self.desk.told.closed != switched {
            let why = self.no_way_back(now).unwrap_or_else(|| "its time is over".to_owned());
            return Some(Notice::WindowClosed { why });
        }
        let warn = self.plan()?.rollback.warn_before?;
        let near = !over && now >= until.minus(warn) && self.desk.told.closing != Some(until);
        near.then_some(Notice::WindowClosing { until })
    }

    /// Tells once what an alarm of the watch means: go back, or forward only.
    pub(super) fn alarm_notice(&self, now: Timestamp) -> Option<Notice> {
        let alarm = self.alarm().filter(|alarm| alarm.blame == Blame::Rollback && self.watched())?;
        let (told, check) = (&self.desk.told, alarm.check.clone());
        if let Some(why) = self.no_way_back(now) {
            return (told.forward != Some(alarm.since)).then_some(Notice::FixForward { check, why });
        }
        let recommended = self.rollback_status(now).recommended && told.recommended != Some(alarm.since);
        recommended.then_some(Notice::RollbackRecommended { check })
    }

    /// When the plan goes back by itself if the alarm still lasts then.
    pub(crate) fn automatic_at(&self) -> Option<Timestamp> {
        let plan = self.plan().filter(|plan| plan.rollback.automatic)?;
        let lasts = |alarm: &AlarmSeen<'_>| alarm.lasts && alarm.failing_run >= SLOTS_BEFORE_AUTOMATIC;
        let alarm = self.alarm().filter(|alarm| alarm.blame == Blame::Rollback && lasts(alarm))?;
        let slot = plan.scenarios.get(alarm.check).and_then(|scenario| scenario.slot);
        Some(alarm.since.plus(slot.unwrap_or(Duration::ZERO) * SLOTS_BEFORE_AUTOMATIC))
    }

    /// The plan decides to go back, where it says so: an alarm that lasts, data that does not differ, and
    /// a way back that is open and whose price is known: what nobody can count a person weighs. Whoever says no to going back settles the alarm, and with it this.
    pub(super) fn automatic_rollback(&self, now: Timestamp) -> Option<EventKind> {
        let due = self.automatic_at().filter(|at| now >= *at && self.watched()).is_some();
        let status = self.rollback_status(now);
        let counted = match &status.asset {
            Asset::Lossless => true,
            Asset::Lossy { lost } => lost.iter().all(|(_, number, _)| number.is_some()),
            Asset::Closed { .. } => false,
        };
        if !due || self.no_way_back(now).is_some() || !status.recommended || !counted {
            return None;
        }
        let decision = Name::new("rollback").ok()?;
        let evidence_sequence = self.position;
        Some(EventKind::Decided { decision, go: true, evidence_sequence, complete: true })
    }
}
