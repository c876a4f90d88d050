//! What is told once: that the end of the way back is near, that it ended, that the watch calls, that an agent is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Timestamp};

use super::Desk;
use crate::gate::ends;
use crate::joint::AlarmSeen;
use crate::migration::Migration;
use crate::proof::Blame;
use crate::record::{EventKind, Notice};
use crate::roster::{Member, ONLINE_FOR};
use crate::verdict::Asset;

/// An alarm must have lasted so many slots, and the newest so many must have failed, before the plan goes back by
/// itself: one that comes and goes is for people.
const SLOTS_BEFORE_AUTOMATIC: u32 = 2;

/// Time is journaled each second; after a longer pause the collector was away.
const AWAY: Duration = Duration::from_secs(5);
/// An agent is not told to be lost again sooner.
const LOST_AGAIN_AFTER: Duration = Duration::from_secs(60);

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
    /// Agents of whom it was told that they are lost, each when, and whether they still are.
    lost: BTreeMap<AgentKey, (Timestamp, bool)>,
    /// Since when the journal goes on without a pause: who was not heard before, nobody listened to.
    listening: Timestamp,
}

impl Told {
    pub(super) fn take_agent(&mut self, at: Timestamp, agent: &AgentKey, lost: bool) {
        let told = self.lost.entry(agent.clone()).or_insert((at, lost));
        // How often it is told is counted from when it was lost: whoever comes and goes rings no bell each time.
        *told = (if lost { at } else { told.0 }, lost);
    }

    pub(super) fn take(&mut self, notice: &Notice, alarm: Option<Timestamp>, switched: Option<Timestamp>) {
        match notice {
            Notice::WindowClosing { until } => self.closing = Some(*until),
            Notice::WindowClosed { .. } => self.closed = switched,
            Notice::RollbackRecommended { .. } => self.recommended = alarm,
            Notice::FixForward { .. } => self.forward = alarm,
            Notice::Asked { .. } | Notice::DeputiesAsked { .. } | Notice::Unanswered { .. } => {}
            Notice::AgentLost { .. } | Notice::AgentBack { .. } => {}
        }
    }
}

impl Desk {
    /// The journal went on.
    pub(crate) fn heard_time(&mut self, before: Timestamp, at: Timestamp) {
        if at.since(before) > AWAY {
            self.told.listening = at;
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

    /// Tells that an agent fell silent, or that it is heard again; the same agent is told to be lost once a minute
    /// at most. One that signs off, is revoked or whose certificate ends went in good order.
    pub(crate) fn agent_notice(&self, now: Timestamp) -> Option<Notice> {
        if ends(self.phase) {
            return None;
        }
        let told = &self.desk.told.lost;
        let listens = now.since(self.clock) <= AWAY && now.since(self.desk.told.listening) > ONLINE_FOR;
        let news = |(agent, member): (&AgentKey, &Member)| {
            let agent = agent.clone();
            match told.get(&agent) {
                Some((_, true)) => member.online(now).then_some(Notice::AgentBack { agent }),
                before => {
                    let again = before.is_none_or(|(at, _)| now >= at.plus(LOST_AGAIN_AFTER));
                    let lost = listens && member.owes(now) && member.heard.is_some() && !member.online(now);
                    (lost && again).then_some(Notice::AgentLost { agent })
                }
            }
        };
        self.roster.iter().find_map(news)
    }

    /// When an agent that comes and goes may be told to be lost again.
    pub(crate) fn agents_told_at(&self) -> impl Iterator<Item = Timestamp> {
        let told = &self.desk.told;
        let again = told.lost.values().filter(|(_, lost)| !lost).map(|(at, _)| at.plus(LOST_AGAIN_AFTER));
        again.chain([told.listening.plus(ONLINE_FOR)])
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
