//! How many components are on their way to agents: few to each, and so many in all.
//!
//! Each costs an open file and a piece of the component in memory for as long as its agent takes it. An agent fetches
//! one after the other; whoever asks for more at once is told to ask again, and takes nothing from the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidelock_model::{AgentKey, Name, Timestamp, mutated};

use crate::pki::AgentId;

/// Components on their way to one agent: the one that it takes, and one of a connection that broke half.
const OF_ONE: usize = 2;
/// Components on their way in all.
const IN_ALL: usize = 64;
/// How long an agent may take for one; after that it has given up itself.
const WITHIN: Duration = Duration::from_secs(60);

type Who = (Name, AgentKey);

/// The components that are on their way. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fetches {
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    /// Who has each, and until when it counts against all others.
    taken: BTreeMap<u64, (Who, Timestamp)>,
}

/// Why a component is not sent now. It passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMany {
    /// They go to the same agent.
    #[error("{OF_ONE} components are on their way to this agent; ask again once it has one of them")]
    OfOne,
    /// They go to others.
    #[error("{IN_ALL} components are on their way to agents; ask again in a moment")]
    InAll,
}

/// The place of one component on its way; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Fetches,
    number: u64,
    ends: Timestamp,
}

impl Fetches {
    /// A place for one more to this agent.
    pub(super) fn begin(&self, who: &AgentId, now: Timestamp) -> Result<Place, TooMany> {
        let key = (who.migration.clone(), who.agent.clone());
        let mut places = self.places();
        let own = places.taken.values().filter(|(who, _)| *who == key).count();
        if own >= OF_ONE && !mutated("few-components-go-at-once") {
            return Err(TooMany::OfOne);
        }
        // Whoever never takes theirs keeps a place of their own, and none of the others'.
        if places.taken.values().filter(|(_, ends)| now < *ends).count() >= IN_ALL {
            return Err(TooMany::InAll);
        }
        let (number, ends) = (places.next, now.plus(WITHIN));
        places.next += 1;
        places.taken.insert(number, (key, ends));
        Ok(Place { of: self.clone(), number, ends })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The time is up.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.ends <= now
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.places().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn agent(number: usize) -> AgentId {
        let name = Name::new(&format!("a{number}")).unwrap();
        AgentId {
            migration: Name::new("shop").unwrap(),
            agent: AgentKey { side: Side::Source, name },
            begins: Timestamp::ZERO,
            ends: NOW.plus(WITHIN),
        }
    }

    #[test]
    fn few_go_to_one_agent_and_a_place_is_free_once_it_is_given_back() {
        let fetches = Fetches::default();
        let mut own: Vec<Place> = (0..OF_ONE).map(|_| fetches.begin(&agent(1), NOW).unwrap()).collect();
        assert_eq!(fetches.begin(&agent(1), NOW).unwrap_err(), TooMany::OfOne);
        let late = NOW.plus(2 * WITHIN);
        assert_eq!(fetches.begin(&agent(1), late).unwrap_err(), TooMany::OfOne, "it still has them");
        // Another certificate is the same agent; another side is another one.
        assert!(fetches.begin(&AgentId { begins: NOW, ..agent(1) }, NOW).is_err());
        let mut other = agent(1);
        other.agent.side = Side::Target;
        assert!(fetches.begin(&other, NOW).is_ok());
        own.pop();
        assert!(fetches.begin(&agent(1), NOW).is_ok());
        drop(own);
        assert!(fetches.places().taken.is_empty(), "nobody is remembered who has none");
    }

    #[test]
    fn so_many_go_in_all_and_who_does_not_take_theirs_keeps_no_place_of_the_others() {
        let fetches = Fetches::default();
        let all: Vec<Place> = (0..IN_ALL).map(|who| fetches.begin(&agent(who), NOW).unwrap()).collect();
        let just = NOW.plus(WITHIN).minus(Duration::from_millis(1));
        assert_eq!(fetches.begin(&agent(IN_ALL), just).unwrap_err(), TooMany::InAll);
        assert!(!all[0].is_over(just));
        let late = NOW.plus(WITHIN);
        assert!(all[0].is_over(late));
        assert!(fetches.begin(&agent(IN_ALL), late).is_ok());
        drop(all);
        assert!(fetches.begin(&agent(IN_ALL), NOW).is_ok());
    }
}
