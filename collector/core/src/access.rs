//! Who was given access to the migration by whom, and what that means for a quorum.
//!
//! A decision counts voices, and a voice is whoever shows a person's access. Whoever hands out access can speak for
//! each person whom they gave some, so a quorum is told to rest on one operator where that could be so.
//!
//! # Invariants
//! - Access that somebody had before the migration's first plan is not in its journal, and says nothing here.
//! - What was given counts for voices between its beginning and its end alone.
//! - Nothing here opens or shuts a gate: it is told on every screen.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_model::{Name, Phase, Side, Timestamp, mutated};

use crate::ask::Asker;
use crate::migration::Migration;
use crate::record::{Event, EventKind};

/// What is remembered; the collector has at most 10 000 at a time.
const MOST: usize = 20_000;

/// Access was given, or taken back. The secret is never in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Names the grant.
    pub grant: String,
    /// Who has it; of a join token the agent that it names, or the side.
    pub subject: Name,
    /// What it makes them: `viewer`, `pipeline`, `person` or `operator`; `agent` of a join token.
    pub role: Name,
    /// The one gate that it is for; none for all.
    pub gate: Option<Phase>,
    /// It is for every migration.
    pub everywhere: bool,
    /// When it ends; none where it is taken back now.
    pub ends: Option<Timestamp>,
    /// It is a join token, and lets agents in.
    pub joins: Option<Joins>,
}

/// Whom a join token lets in from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joins {
    /// The side that they speak for.
    pub side: Side,
    /// How many.
    pub agents: u32,
}

/// Access that somebody has, or had.
#[derive(Debug, Clone, PartialEq)]
struct Given {
    to: Name,
    by: Option<Name>,
    from: Timestamp,
    until: Timestamp,
    taken: bool,
    /// It lets its holder speak as a person.
    speaks: bool,
}

/// The access that was given since the migration's first plan, by the grants' names.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Handed(BTreeMap<String, Given>);

impl Handed {
    /// The journal says this of the grant already.
    fn knows(&self, change: &AccessChange) -> bool {
        self.0.get(&change.grant).is_some_and(|given| match change.ends {
            None => given.taken,
            Some(until) => {
                let speaks = speaks(&change.role);
                !given.taken && (&given.to, given.until, given.speaks) == (&change.subject, until, speaks)
            }
        })
    }

    fn take(&mut self, at: Timestamp, by: Option<&Name>, change: &AccessChange) {
        let (until, taken) = (change.ends.unwrap_or(at), change.ends.is_none());
        if let Some(given) = self.0.get_mut(&change.grant).filter(|_| taken) {
            (given.until, given.taken) = (given.until.min(until), true);
            return;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, given| at < given.until);
        }
        if self.0.len() < MOST {
            let (to, by, from) = (change.subject.clone(), by.cloned(), at);
            let speaks = speaks(&change.role);
            self.0.insert(change.grant.clone(), Given { to, by, from, until, taken, speaks });
        }
    }

    /// Whoever else gave the speaker the access that they could speak with at that moment; none is whoever wrote it
    /// into the collector's file.
    fn hands<'a>(&'a self, voice: &'a Name, at: Timestamp) -> impl Iterator<Item = Option<&'a Name>> {
        let serves =
            move |given: &&Given| given.speaks && given.to == *voice && given.from <= at && at < given.until;
        self.0.values().filter(serves).map(|given| given.by.as_ref()).filter(move |by| *by != Some(voice))
    }

    /// What to tell of these voices, where they are no longer enough once one operator's count as one.
    pub(crate) fn one_hand(&self, what: &str, voices: &[(Name, Timestamp)], needed: usize) -> Option<String> {
        if voices.len() < 2 || needed < 2 || mutated("one-hand-is-told") {
            return None;
        }
        let mut of: BTreeMap<Option<&Name>, BTreeSet<&Name>> = BTreeMap::new();
        for (voice, at) in voices {
            for by in self.hands(voice, *at) {
                of.entry(by).or_default().insert(voice);
            }
        }
        for (by, whom) in &mut of {
            whom.extend(voices.iter().map(|(voice, _)| voice).filter(|voice| Some(*voice) == *by));
        }
        let (by, whom) = of.into_iter().max_by_key(|(_, whom)| whom.len())?;
        let people = voices.len() - whom.len() + 1;
        if whom.len() < 2 || people >= needed.min(voices.len()) {
            return None;
        }
        let too = if by.is_some_and(|by| whom.contains(by)) { " and speaks too" } else { "" };
        let others: Vec<&str> = whom.iter().filter(|one| Some(**one) != by).map(|one| one.as_str()).collect();
        let by = by.map_or("whoever wrote the access file", Name::as_str);
        Some(format!(
            "{what}: {by} gave {} access since the plan is in force{too}: {} of {} voices may be one person",
            others.join(" and "),
            whom.len(),
            voices.len()
        ))
    }

    /// Whoever proposed gave the one who confirms their access.
    pub(crate) fn gave(&self, by: &Name, to: &Name, at: Timestamp) -> bool {
        self.hands(to, at).any(|hand| hand == Some(by))
    }
}

/// It lets its holder decide, where the plan names them.
fn speaks(role: &Name) -> bool {
    matches!(role.as_str(), "person" | "operator")
}

impl Migration {
    /// What the journal is to say of access that was given or taken back; nothing where it says so already.
    pub(crate) fn access_ask(
        &self,
        now: Timestamp,
        change: &AccessChange,
        by: Option<&Asker>,
        reason: &str,
    ) -> Vec<Event> {
        if self.handed.knows(change) {
            return Vec::new();
        }
        let kind = EventKind::AccessChanged(change.clone());
        vec![self.event(now, by.map(|by| by.name.clone()), reason, "", kind)]
    }

    pub(crate) fn access_changed(&mut self, at: Timestamp, event: &Event, change: &AccessChange) -> bool {
        self.handed.take(at, event.by.as_ref(), change);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn given(handed: &mut Handed, second: u64, by: &str, to: &str, ends: Option<u64>) {
        let change = AccessChange {
            grant: format!("{to}-of-{by}"),
            subject: name(to),
            role: name("person"),
            gate: None,
            everywhere: false,
            ends: ends.map(at),
            joins: None,
        };
        handed.take(at(second), Some(&name(by)), &change);
    }

    fn told(handed: &Handed, voices: &[(&str, u64)], needed: usize) -> Option<String> {
        let voices: Vec<_> = voices.iter().map(|(voice, second)| (name(voice), at(*second))).collect();
        handed.one_hand("decision cutover", &voices, needed)
    }

    #[test]
    fn voices_that_one_operator_handed_out_are_told_where_they_make_the_quorum() {
        let mut handed = Handed::default();
        given(&mut handed, 10, "omar", "ana", Some(100));
        given(&mut handed, 10, "pat", "ben", Some(100));
        assert_eq!(told(&handed, &[("ana", 20), ("ben", 21)], 2), None, "two operators, two people");
        let own = told(&handed, &[("ana", 20), ("omar", 21)], 2).unwrap();
        assert!(own.contains("omar gave ana access since the plan is in force and speaks too"), "{own}");
        given(&mut handed, 11, "omar", "ben", Some(100));
        let both = told(&handed, &[("ana", 20), ("ben", 21)], 2).unwrap();
        assert!(both.contains("omar gave ana and ben access") && both.contains("2 of 2 voices"), "{both}");
        assert_eq!(told(&handed, &[("ana", 20), ("ben", 21), ("carla", 22)], 2), None, "carla is another");
        assert!(told(&handed, &[("ana", 20), ("ben", 21), ("carla", 22)], 3).is_some());
        assert_eq!(told(&handed, &[("ana", 20)], 1), None);
    }

    #[test]
    fn access_counts_from_its_beginning_to_its_end_and_not_when_it_is_ones_own() {
        let mut handed = Handed::default();
        given(&mut handed, 10, "omar", "ana", Some(100));
        given(&mut handed, 10, "omar", "ben", Some(100));
        given(&mut handed, 10, "omar", "omar", Some(100));
        assert_eq!(told(&handed, &[("ana", 9), ("ben", 9)], 2), None, "they spoke before");
        assert_eq!(told(&handed, &[("ana", 20), ("ben", 100)], 2), None, "ben's had ended");
        given(&mut handed, 30, "omar", "ana", None);
        assert!(told(&handed, &[("ana", 29), ("ben", 29)], 2).is_some());
        assert_eq!(told(&handed, &[("ana", 30), ("ben", 30)], 2), None, "ana's was taken back");
        assert!(handed.gave(&name("omar"), &name("ben"), at(30)));
        assert!(!handed.gave(&name("omar"), &name("omar"), at(30)));
    }

    #[test]
    fn access_that_was_written_into_the_file_has_a_hand_too() {
        let mut handed = Handed::default();
        for who in ["ana", "ben"] {
            let change = AccessChange {
                grant: who.to_owned(),
                subject: name(who),
                role: name("operator"),
                gate: None,
                everywhere: true,
                ends: Some(at(100)),
                joins: None,
            };
            handed.take(at(10), None, &change);
        }
        let both = told(&handed, &[("ana", 20), ("ben", 21)], 2).unwrap();
        assert!(both.contains("whoever wrote the access file gave ana and ben access"), "{both}");
    }

    #[test]
    fn a_join_token_is_known_again_and_gives_nobody_a_voice() {
        let mut handed = Handed::default();
        let token = |agents, ends| AccessChange {
            grant: "0a1b".to_owned(),
            subject: name("target"),
            role: name("agent"),
            gate: None,
            everywhere: false,
            ends,
            joins: Some(Joins { side: Side::Target, agents }),
        };
        handed.take(at(1), Some(&name("omar")), &token(3, Some(at(100))));
        assert!(handed.knows(&token(3, Some(at(100)))) && !handed.knows(&token(2, None)));
        assert!(!handed.gave(&name("omar"), &name("target"), at(2)), "who joins decides nothing");
        handed.take(at(3), Some(&name("omar")), &token(2, None));
        assert!(handed.knows(&token(2, None)) && !handed.knows(&token(3, Some(at(100)))));
    }

    #[test]
    fn the_same_again_is_known_and_what_is_remembered_has_a_bound() {
        let mut handed = Handed::default();
        let change = |number: usize, ends| AccessChange {
            grant: number.to_string(),
            subject: name("ana"),
            role: name("viewer"),
            gate: None,
            everywhere: true,
            ends,
            joins: None,
        };
        handed.take(at(1), None, &change(0, Some(at(5))));
        assert!(handed.knows(&change(0, Some(at(5)))) && !handed.knows(&change(0, None)));
        assert!(!handed.knows(&change(0, Some(at(6)))), "it lasts longer: somebody wrote another end");
        handed.take(at(2), None, &change(0, None));
        assert!(handed.knows(&change(0, None)) && !handed.knows(&change(0, Some(at(5)))));
        (1..MOST + 50).for_each(|number| handed.take(at(3), None, &change(number, Some(at(5)))));
        assert_eq!(handed.0.len(), MOST);
        handed.take(at(6), None, &change(3 * MOST, Some(at(9))));
        assert_eq!(handed.0.len(), 1, "what has ended makes room");
    }
}
