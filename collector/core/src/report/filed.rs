//! What is filed for the report, because nothing else keeps it: what findings told, before they are dropped, and what
//! agents said of themselves and of their checks.
//!
//! # Invariants
//! - A migration that has ended is accounted for once, from all of its findings. Its account changes no more.
//! - Where findings were dropped before that, nobody can account for it: the report says so in the place of numbers.
//! - What agents say is bounded: none of them fills what is kept for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Timestamp, mutated};

use super::course::Course;
use super::{AgentLost, History, ReportSpan};
use crate::gate::ends;
use crate::migration::Migration;
use crate::record::EventKind;
use crate::verdict::OverrideStatus;

/// Sentences that are kept, of all checks and agents.
const MOST: usize = 1_000;
/// Sentences of one check, or of one agent.
const OF_ONE: usize = 64;
/// Bytes of all sentences.
const SAID_BYTES: usize = 256 << 10;
/// Letters of one sentence.
const LETTERS: usize = 1_000;
/// Bytes of an account, about; a record of the journal has room for more.
const ACCOUNT_BYTES: usize = 2 << 20;
/// Bytes of a name, at most.
const NAME_BYTES: usize = 64;

/// Something that the report rests on, and that no other decision tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Filed {
    /// What agents said, each sentence when it was heard first.
    Said {
        /// The sentences.
        remarks: Vec<Remark>,
        /// More is said than is kept.
        cut: bool,
    },
    /// What findings told over the whole migration, once it has ended.
    Account(Box<Account>),
}

/// What a sentence is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Something that this check cannot see.
    Check(Name),
    /// Something that people must know of this agent: it stands on every screen.
    Agent(AgentKey),
}

/// A sentence for the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// What it is about.
    pub about: About,
    /// In words.
    pub text: String,
}

impl Remark {
    /// The sentence, as much of it as is kept.
    pub fn new(about: About, text: &str) -> Remark {
        let mut kept: String = text.chars().take(LETTERS).collect();
        if kept.len() < text.len() {
            kept.push('…');
        }
        Remark { about, text: kept }
    }
}

/// What findings told over the whole migration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Account {
    /// How long each scenario was in which state.
    pub scenarios: Vec<Lasted>,
    /// Holds that people overrode, and what became of that.
    pub overrides: Vec<OverrideStatus>,
    /// Agents that fell silent, were suspended or revoked.
    pub agents_lost: Vec<AgentLost>,
    /// More of those than are kept.
    pub agents_lost_cut: u64,
    /// When all that the gate after the switch needs was proved for the first time.
    pub recovered: Option<Timestamp>,
    /// Scenarios and overrides for which there was no room.
    pub cut: u64,
}

/// One scenario's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasted {
    /// Its name.
    pub name: Name,
    /// How long it was in which state, by phase.
    pub spans: Vec<ReportSpan>,
    /// The longest time that it held a gate without a break.
    pub longest_hold: Duration,
}

/// What agents said until now.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    known: BTreeMap<About, BTreeMap<String, Timestamp>>,
    number: usize,
    bytes: usize,
    pub(super) cut: bool,
}

impl Said {
    fn knows(&self, remark: &Remark) -> bool {
        self.known.get(&remark.about).is_some_and(|of_one| of_one.contains_key(&remark.text))
    }

    fn has_room(&self, remark: &Remark) -> bool {
        let of_one = self.known.get(&remark.about).map_or(0, BTreeMap::len);
        let number = self.number < MOST || mutated("so-many-sentences-are-filed");
        let of_one = of_one < OF_ONE || mutated("so-many-sentences-of-one-are-filed");
        let bytes = self.bytes + remark.text.len() <= SAID_BYTES || mutated("so-many-bytes-are-filed");
        number && of_one && bytes
    }

    fn take(&mut self, at: Timestamp, remark: &Remark) {
        let of_one = self.known.entry(remark.about.clone()).or_default();
        if of_one.insert(remark.text.clone(), at).is_none() {
            self.number += 1;
            self.bytes += remark.text.len();
        }
    }

    /// Each with the moment at which it was heard first.
    pub(super) fn all(&self) -> Vec<(Remark, Timestamp)> {
        let of_one = |(about, texts): (&About, &BTreeMap<String, Timestamp>)| {
            let remark = |(text, at): (&String, &Timestamp)| {
                (Remark { about: about.clone(), text: text.clone() }, *at)
            };
            texts.iter().map(remark).collect::<Vec<_>>()
        };
        self.known.iter().flat_map(of_one).collect()
    }
}

impl Migration {
    /// To say so would be news for the report, or tell it that more is said than it keeps.
    pub fn is_news(&self, remark: &Remark) -> bool {
        let said = &self.history.said;
        !ends(self.phase) && !said.knows(remark) && (said.has_room(remark) || !said.cut)
    }

    /// What of it is to be filed; nothing where it is known, or the migration has ended.
    pub(crate) fn file_ask(&self, remarks: &[Remark]) -> Option<EventKind> {
        if ends(self.phase) {
            return None;
        }
        let mut after = self.history.said.clone();
        let (mut new, mut cut) = (Vec::new(), false);
        for remark in remarks.iter().collect::<BTreeSet<_>>() {
            match (after.knows(remark), after.has_room(remark)) {
                (true, _) => {}
                (false, true) => {
                    after.take(self.clock, remark);
                    new.push(remark.clone());
                }
                (false, false) => cut = true,
            }
        }
        cut &= !after.cut;
        (cut || !new.is_empty()).then_some(EventKind::Filed(Filed::Said { remarks: new, cut }))
    }

    /// What findings told, once the migration has ended and where all of them are here.
    pub(crate) fn account(&self, now: Timestamp) -> Option<Account> {
        let history = &self.history;
        if !ends(self.phase)
            || history.filed.is_some()
            || history.dropped
            || mutated("an-end-is-accounted-for")
        {
            return None;
        }
        let mut room = ACCOUNT_BYTES;
        let mut account = Account { recovered: history.recovered, ..Account::default() };
        for over in self.overrides(now) {
            let words = over.was.iter().map(String::len).sum::<usize>() + over.reason.len();
            let names = (over.checks.len() + over.by.len()) * NAME_BYTES;
            account.cut += u64::from(!fits(&mut room, words + names, || account.overrides.push(over)));
        }
        for (name, course) in &history.courses {
            let (spans, longest_hold) = (course.spans(now), course.longest_hold(now));
            let bytes = name.as_str().len() + spans.len() * size_of::<ReportSpan>();
            let lasted = Lasted { name: name.clone(), spans, longest_hold };
            account.cut += u64::from(!fits(&mut room, bytes, || account.scenarios.push(lasted)));
        }
        account.agents_lost_cut = history.lost_cut;
        for lost in &history.lost {
            let bytes = lost.agent.name.as_str().len() + lost.text.len();
            let kept = fits(&mut room, bytes, || account.agents_lost.push(lost.clone()));
            account.agents_lost_cut += u64::from(!kept);
        }
        Some(account)
    }

    /// Findings of this migration are not there any more: until it is accounted for, nobody can say what they told.
    pub fn findings_dropped(&mut self) {
        if self.history.filed.is_none() {
            Arc::make_mut(&mut self.history).dropped = true;
        }
    }

    /// What findings told is in the decisions: the report needs none of them any more.
    pub fn is_accounted_for(&self) -> bool {
        self.history.filed.is_some()
    }

    pub(crate) fn filed(&mut self, at: Timestamp, filed: &Filed) -> bool {
        let history = Arc::make_mut(&mut self.history);
        match filed {
            Filed::Said { remarks, cut } => {
                remarks.iter().for_each(|remark| history.said.take(at, remark));
                history.said.cut |= cut;
                true
            }
            Filed::Account(account) => history.rests_on(at, account),
        }
    }
}

/// Does it where there is room for so many bytes and what stands around them.
fn fits(room: &mut usize, bytes: usize, push: impl FnOnce()) -> bool {
    const AROUND: usize = 128;
    let Some(left) = room.checked_sub(bytes + AROUND) else { return false };
    *room = left;
    push();
    true
}

impl History {
    /// From here on the account is what findings told.
    fn rests_on(&mut self, at: Timestamp, account: &Account) -> bool {
        if self.filed.is_some() {
            return false;
        }
        let course = |it: &Lasted| (it.name.clone(), Course::over(&it.spans, it.longest_hold));
        self.courses = account.scenarios.iter().map(course).collect();
        self.overrides.clone_from(&account.overrides);
        (self.lost, self.lost_cut) = (account.agents_lost.clone(), account.agents_lost_cut);
        (self.recovered, self.cut) = (account.recovered, account.cut);
        self.silent = BTreeMap::new();
        (self.filed, self.dropped) = (Some(at), false);
        true
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Phase;

    use super::*;
    use crate::record::{Entry, Event, Record};

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn remark(check: &str, text: &str) -> Remark {
        Remark::new(About::Check(name(check)), text)
    }

    fn file(migration: &mut Migration, second: u64, remarks: &[Remark]) -> Option<(usize, bool)> {
        let kind = migration.file_ask(remarks)?;
        let EventKind::Filed(Filed::Said { remarks, cut }) = &kind else { panic!("{kind:?}") };
        let told = (remarks.len(), *cut);
        let at = Timestamp::from_millis(second * 1_000);
        let event: Event = migration.event(at, None, "", "", kind);
        migration.apply(&Entry { at, record: Record::Decided(Box::new(event)) });
        Some(told)
    }

    #[test]
    fn a_sentence_is_filed_once_with_the_moment_of_the_first_time() {
        let mut migration = Migration::new(name("shop"));
        let (one, two) = (remark("login", "no browser"), remark("login", "no mail"));
        assert!(migration.is_news(&one));
        assert_eq!(file(&mut migration, 5, &[one.clone(), one.clone()]), Some((1, false)));
        assert!(!migration.is_news(&one));
        assert_eq!(file(&mut migration, 6, std::slice::from_ref(&one)), None);
        assert_eq!(file(&mut migration, 7, &[two.clone(), one.clone()]), Some((1, false)));
        let told = [(one, Timestamp::from_millis(5_000)), (two, Timestamp::from_millis(7_000))];
        assert_eq!(migration.history.said.all(), told);
    }

    #[test]
    fn whoever_says_something_else_each_time_fills_nothing_and_takes_no_room_of_others() {
        let mut migration = Migration::new(name("shop"));
        let mut filed = 0;
        for second in 0..10 * OF_ONE as u64 {
            let new = [remark("login", &format!("sentence {second}"))];
            filed += u64::from(file(&mut migration, second, &new).is_some());
        }
        assert_eq!(filed, OF_ONE as u64 + 1, "one record each, and one that tells of the rest");
        assert_eq!(file(&mut migration, 9_999, &[remark("mail", "another check")]), Some((1, false)));
        for check in 0..2 * MOST {
            file(&mut migration, 10_000, &[remark(&format!("check-{check}"), &"x".repeat(5 * LETTERS))]);
        }
        let said = &migration.history.said;
        assert!(
            said.cut && said.number <= MOST && said.bytes <= SAID_BYTES,
            "{} {}",
            said.number,
            said.bytes
        );
        assert_eq!(said.all().len(), said.number);
        let longest = said.all().iter().map(|(remark, _)| remark.text.chars().count()).max();
        assert_eq!(longest, Some(LETTERS + 1));
    }

    #[test]
    fn of_short_sentences_so_many_are_filed_and_no_more() {
        let mut migration = Migration::new(name("shop"));
        let short = (0..2 * MOST).map(|check| remark(&format!("check-{check}"), "short"));
        assert_eq!(file(&mut migration, 1, &short.collect::<Vec<_>>()), Some((MOST, true)));
        assert_eq!(migration.history.said.number, MOST);
    }

    #[test]
    fn nothing_is_filed_of_a_migration_that_has_ended() {
        let mut migration = Migration::new(name("shop"));
        migration.phase = Phase::Aborted;
        assert!(!migration.is_news(&remark("login", "no browser")));
        assert_eq!(file(&mut migration, 1, &[remark("login", "no browser")]), None);
    }

    #[test]
    fn an_account_is_given_once_of_all_findings_or_not_at_all() {
        let mut migration = Migration::new(name("shop"));
        let now = Timestamp::from_millis(1_000);
        assert_eq!(migration.account(now), None, "it has not ended");
        migration.phase = Phase::Aborted;
        let account = migration.account(now).expect("it has ended");
        let mut lacking = migration.clone();
        lacking.findings_dropped();
        assert_eq!(lacking.account(now), None, "nobody knows what they told");
        assert!(lacking.report(now).findings_dropped && !lacking.is_accounted_for());
        for migration in [&mut migration, &mut lacking] {
            assert!(migration.filed(now, &Filed::Account(Box::new(account.clone()))));
            assert!(migration.is_accounted_for() && !migration.report(now).findings_dropped);
            assert_eq!(migration.account(now), None);
            assert!(!migration.filed(now, &Filed::Account(Box::default())), "the first one stays");
        }
        assert_eq!(migration.report(now), lacking.report(now));
    }
}
