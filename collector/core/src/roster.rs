//! Who owes findings, and who may speak.
//!
//! An agent owes from the moment it has a certificate until it signs off, is revoked, or the
//! certificate ends. One that vanishes stays owed: its silence holds the gate.

use std::collections::BTreeMap;
use std::time::Duration;

use tidelock_model::{AgentKey, FindingBatch, Name, Sha256, Side, SpoolEpoch, Timestamp};

use crate::canary::Canary;
use crate::proof::{AgentClock, Offset};
use crate::record::{AgentSeen, Refusal};

/// An agent that was heard within this time is online.
pub const ONLINE_FOR: Duration = Duration::from_secs(10);

/// Checks that are not weighed slot by slot need a clock that is right within this, as a slot would.
const COARSE_MS: u64 = 30_000;

/// How many spools of one agent are remembered; the oldest is forgotten first. What an older spool
/// repeats is late by then and proves nothing.
const MAX_SPOOLS: usize = 16;

/// What an agent's word is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentStanding {
    /// It is one of ours.
    Enrolled,
    /// It was one of ours.
    Revoked,
    /// It contradicted itself; what it says is kept and counts for nothing.
    Suspended,
    /// It never was one of ours.
    Unknown,
}

/// One agent, as far as the journal tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) enrolled: Timestamp,
    certificate_given: Timestamp,
    pub(crate) certificate_ends: Timestamp,
    pub(crate) revoked: bool,
    pub(crate) suspended: Option<(Timestamp, String)>,
    pub(crate) signed_off: bool,
    pub(crate) heard: Option<Timestamp>,
    pub(crate) seen: Option<AgentSeen>,
    clock: AgentClock,
    /// Since when its clock is believed for no check at all.
    pub(crate) doubted_since: Option<Timestamp>,
    pub(crate) refused: BTreeMap<Name, (Timestamp, Refusal)>,
    pub(crate) canary: Canary,
    spools: BTreeMap<SpoolEpoch, Spool>,
}

/// What of a batch was read before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Read {
    /// So many findings at its head; `usize::MAX` for all of them and a gap likewise.
    pub(crate) skip: usize,
    /// It is of another spool than any before: what waited in those may be lost.
    pub(crate) other_spool: bool,
    /// Numbers in front of it are missing, and no gap record stands for them; nothing of it was read.
    pub(crate) hole: bool,
}

/// How far one spool was read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spool {
    next: u64,
    opened: u64,
}

impl Member {
    fn new(at: Timestamp, certificate_ends: Timestamp) -> Member {
        Member {
            enrolled: at,
            certificate_given: at,
            certificate_ends,
            revoked: false,
            suspended: None,
            signed_off: false,
            heard: None,
            seen: None,
            clock: AgentClock::default(),
            doubted_since: None,
            refused: BTreeMap::new(),
            canary: Canary::default(),
            spools: BTreeMap::new(),
        }
    }

    /// It owes findings at `now`. One that is suspended owes until a person has revoked it: neither time
    /// nor leaving makes good what it said.
    pub(crate) fn owes(&self, now: Timestamp) -> bool {
        let here = !self.signed_off && now < self.certificate_ends;
        !self.revoked && (here || self.suspended.is_some())
    }

    /// Agents renew at two thirds of a certificate's life and a bit; at five sixths something is wrong.
    pub(crate) fn renewal_overdue(&self, now: Timestamp) -> bool {
        let life = self.certificate_ends.since(self.certificate_given);
        self.owes(now) && now.since(self.certificate_given) > life * 5 / 6
    }

    /// It owes findings and was heard just now.
    pub(crate) fn online(&self, now: Timestamp) -> bool {
        self.owes(now) && self.heard.is_some_and(|heard| now.since(heard) <= ONLINE_FOR)
    }

    /// Its clock is not believed for slots of that length: its results may lie in the wrong ones. Before
    /// its first heartbeat nothing speaks against it.
    pub(crate) fn doubted(&self, slot_ms: u64) -> bool {
        self.seen.is_some() && self.clock.standing(slot_ms).quarantined()
    }

    /// Numbers between what was read and the batch are missing. A spool that is new begins anywhere.
    fn hole(&self, batch: &FindingBatch) -> bool {
        self.spools.get(&batch.spool_epoch).is_some_and(|spool| batch.first_seq > spool.next)
    }

    /// How many findings at the head of the batch were read before; all of them and a gap likewise.
    fn skip(&mut self, batch: &FindingBatch) -> usize {
        let opened = self.spools.values().map(|spool| spool.opened).max().map_or(0, |last| last + 1);
        if !self.spools.contains_key(&batch.spool_epoch) && self.spools.len() >= MAX_SPOOLS {
            let oldest = self.spools.iter().min_by_key(|(_, spool)| spool.opened).map(|(epoch, _)| *epoch);
            oldest.map(|epoch| self.spools.remove(&epoch));
        }
        let spool = self.spools.entry(batch.spool_epoch).or_insert(Spool { next: 0, opened });
        let read = spool.next.saturating_sub(batch.first_seq);
        spool.next = spool.next.max(batch.last_seq().saturating_add(1));
        usize::try_from(read).unwrap_or(usize::MAX)
    }
}

/// The agents of one migration.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Roster {
    members: BTreeMap<AgentKey, Member>,
    /// Grows with whatever may change who owes findings, or whose clocks are believed.
    changes: u64,
}

impl Roster {
    pub(crate) fn get(&self, agent: &AgentKey) -> Option<&Member> {
        self.members.get(agent)
    }

    pub(crate) fn get_mut(&mut self, agent: &AgentKey) -> Option<&mut Member> {
        self.members.get_mut(agent)
    }

    /// As long as this is the same, time alone changes who owes findings.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// When the next certificate ends of an agent that owes findings.
    pub(crate) fn next_end(&self, now: Timestamp) -> Timestamp {
        let owing = self.members.values().filter(|member| member.owes(now) && member.suspended.is_none());
        owing.map(|member| member.certificate_ends).min().unwrap_or(Timestamp::from_millis(u64::MAX))
    }

    /// The plan asks every agent for this canary, or for none.
    pub(crate) fn ask_canary(&mut self, at: Timestamp, component: Option<Sha256>) {
        self.members.values_mut().for_each(|member| member.canary.ask(at, component));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AgentKey, &Member)> {
        self.members.iter()
    }

    /// The agents of a side that owe findings at `now`.
    pub(crate) fn owing(&self, side: Side, now: Timestamp) -> impl Iterator<Item = (&AgentKey, &Member)> {
        self.members.iter().filter(move |(key, member)| key.side == side && member.owes(now))
    }

    /// What the agent's word is worth.
    pub(crate) fn standing(&self, agent: &AgentKey) -> AgentStanding {
        match self.members.get(agent) {
            None => AgentStanding::Unknown,
            Some(member) if member.revoked => AgentStanding::Revoked,
            Some(member) if member.suspended.is_some() => AgentStanding::Suspended,
            Some(_) => AgentStanding::Enrolled,
        }
    }

    /// A certificate was given: to a new agent, to one that renews it, or to one that comes back. It
    /// lifts no suspension, and a revoked name stays revoked. None where it does not fit; otherwise
    /// whether the agent starts with nothing proved.
    pub(crate) fn enrol(
        &mut self,
        at: Timestamp,
        agent: &AgentKey,
        certificate_ends: Timestamp,
    ) -> Option<bool> {
        self.changes += 1;
        let member = self.members.entry(agent.clone()).or_insert_with(|| Member::new(at, certificate_ends));
        if member.revoked {
            return None;
        }
        (member.certificate_given, member.certificate_ends) = (at, certificate_ends);
        let back = std::mem::take(&mut member.signed_off);
        if back {
            (member.enrolled, member.heard) = (at, None);
            member.canary.begin(at);
        }
        Some(back)
    }

    pub(crate) fn revoke(&mut self, agent: &AgentKey) -> bool {
        self.changes += 1;
        self.members.get_mut(agent).map(|member| member.revoked = true).is_some()
    }

    pub(crate) fn suspend(&mut self, at: Timestamp, agent: &AgentKey, text: &str) -> bool {
        self.changes += 1;
        let Some(member) = self.members.get_mut(agent) else {
            return false;
        };
        member.suspended.get_or_insert_with(|| (at, text.to_owned()));
        true
    }

    pub(crate) fn sign_off(&mut self, agent: &AgentKey) -> bool {
        self.changes += 1;
        self.members.get_mut(agent).map(|member| member.signed_off = true).is_some()
    }

    /// A heartbeat. Gives back whether the agent was not online before.
    pub(crate) fn seen(&mut self, at: Timestamp, seen: &AgentSeen) -> Option<bool> {
        self.changes += 1;
        let member = self.members.get_mut(&seen.agent)?;
        let was_online = member.online(at);
        member.seen = Some(seen.clone());
        member.clock.told(Offset { theta_ms: seen.offset_ms as f64, epsilon_ms: seen.error_ms as f64 });
        let before = member.doubted_since;
        member.doubted_since = member.doubted(COARSE_MS).then(|| before.unwrap_or(at));
        Self::hear(member, at);
        Some(!was_online || before != member.doubted_since)
    }

    pub(crate) fn refused(&mut self, at: Timestamp, agent: &AgentKey, refusal: &Refusal) -> bool {
        let Some(member) = self.members.get_mut(agent) else {
            return false;
        };
        if refusal.refused {
            member.refused.insert(refusal.check.clone(), (at, refusal.clone()));
        } else {
            member.refused.remove(&refusal.check);
        }
        true
    }

    /// The agent carries the check out: it said otherwise before.
    pub(crate) fn carries_out(&mut self, agent: &AgentKey, check: &Name) {
        if let Some(member) = self.members.get_mut(agent) {
            member.refused.remove(check);
        }
    }

    /// How many findings at the head of the batch were read before; none where the agent is unknown.
    pub(crate) fn read(&mut self, at: Timestamp, batch: &FindingBatch) -> Option<Read> {
        let member = self.members.get_mut(&batch.agent)?;
        if member.hole(batch) {
            // Read further on, what is missing would be taken for read whenever it comes.
            return Some(Read { skip: usize::MAX, other_spool: false, hole: true });
        }
        let other_spool = !member.spools.is_empty() && !member.spools.contains_key(&batch.spool_epoch);
        let skip = member.skip(batch);
        let new = if batch.gap.is_some() { skip == 0 } else { skip < batch.findings.len() };
        if new {
            self.changes += u64::from(member.signed_off);
            Self::hear(member, at);
        }
        let skip = if new { skip } else { usize::MAX };
        Some(Read { skip, other_spool, hole: false })
    }

    /// Whoever is heard again after signing off is back.
    fn hear(member: &mut Member, at: Timestamp) {
        member.heard = Some(at);
        member.signed_off = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_time_nor_leaving_frees_a_suspended_agent_of_what_it_owes() {
        let (mut roster, at) = (Roster::default(), Timestamp::from_millis);
        let agent = AgentKey { side: Side::Target, name: Name::new("t1").expect("a name") };
        roster.enrol(at(0), &agent, at(1_000));
        assert!(roster.get(&agent).is_some_and(|member| member.owes(at(999)) && !member.owes(at(1_000))));
        roster.suspend(at(10), &agent, "two live sessions");
        roster.sign_off(&agent);
        assert!(roster.get(&agent).is_some_and(|member| member.owes(at(5_000))), "its certificate has ended");
        roster.revoke(&agent);
        assert!(roster.get(&agent).is_some_and(|member| !member.owes(at(10))));
    }
}
