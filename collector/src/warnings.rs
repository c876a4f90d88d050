//! What people must know of agents on every screen: what an agent says of itself, such as that it runs components that
//! nobody has signed, and what was seen of it, such as that it connects from elsewhere.
//!
//! Kept in memory: every heartbeat tells it anew, and nothing is decided by it. What was said once is filed for the report
//! (`driver/filing.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidelock_model::{AgentKey, Name, is_unfit, mutated};
use tokio::time::Instant;

/// Agents that are remembered.
const MAX_AGENTS: usize = 4096;
/// Sentences of one agent.
const MAX_WARNINGS: usize = 8;
/// Letters of one sentence.
const MAX_LETTERS: usize = 300;
/// So long it is shown that an agent connects from elsewhere.
const MOVED_FOR: Duration = Duration::from_secs(3600);

/// By migration and agent.
type ByAgent<T> = BTreeMap<(Name, AgentKey), T>;

#[derive(Debug, Default)]
struct Known {
    said: ByAgent<Vec<String>>,
    came: ByAgent<Came>,
}

/// Where an agent's last session came from.
#[derive(Debug)]
struct Came {
    from: IpAddr,
    /// When that was another place than before, and the sentence about it.
    moved: Option<(Instant, String)>,
}

/// The warnings of each migration's agents. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Arc<Mutex<Known>>);

impl Warnings {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what an agent says of itself now.
    pub fn set(&self, migration: &Name, agent: &AgentKey, warnings: &[String]) {
        let mut known = self.known();
        let key = (migration.clone(), agent.clone());
        if warnings.is_empty() {
            known.said.remove(&key);
        } else if has_room(&known.said, &key) {
            let plain = |text: &String| text.chars().filter(|c| !is_unfit(*c)).take(MAX_LETTERS).collect();
            known.said.insert(key, warnings.iter().take(MAX_WARNINGS).map(plain).collect());
        }
    }

    /// Takes where an agent's session comes from. Another place than that of the session before may be a thief's, who
    /// waits until the owner is away.
    pub fn came_from(&self, migration: &Name, agent: &AgentKey, address: IpAddr) {
        self.came(migration, agent, address.to_canonical(), Instant::now());
    }

    fn came(&self, migration: &Name, agent: &AgentKey, from: IpAddr, now: Instant) {
        let mut known = self.known();
        let key = (migration.clone(), agent.clone());
        if !has_room(&known.came, &key) {
            return;
        }
        let came = known.came.entry(key).or_insert(Came { from, moved: None });
        let before = std::mem::replace(&mut came.from, from);
        if place(before) != place(from) && !mutated("another-address-is-told") {
            let text = format!(
                "it connects from {from}, and came from {before} before: where nobody has moved it, somebody else \
                 may have its key (tidelock agent revoke)"
            );
            tracing::warn!(%migration, %agent, warning = text, "an agent connects from elsewhere");
            came.moved = Some((now, text));
        }
    }

    /// What an agent has said last, and what was seen of it.
    pub fn of(&self, migration: &Name, agent: &AgentKey) -> Vec<String> {
        self.told(migration, agent, Instant::now())
    }

    /// The same of every agent of the migration, a sentence each.
    pub(crate) fn all(&self, migration: &Name) -> Vec<(AgentKey, String)> {
        let agents: BTreeSet<AgentKey> = {
            let known = self.known();
            let all = known.said.keys().chain(known.came.keys());
            all.filter(|(of, _)| of == migration).map(|(_, agent)| agent.clone()).collect()
        };
        let of_one =
            |agent: AgentKey| self.of(migration, &agent).into_iter().map(move |text| (agent.clone(), text));
        agents.into_iter().flat_map(of_one).collect()
    }

    fn told(&self, migration: &Name, agent: &AgentKey, now: Instant) -> Vec<String> {
        let (known, key) = (self.known(), (migration.clone(), agent.clone()));
        let moved = known.came.get(&key).and_then(|came| came.moved.as_ref());
        let moved = moved.filter(|(at, _)| now.saturating_duration_since(*at) < MOVED_FOR);
        let said = known.said.get(&key).into_iter().flatten();
        said.chain(moved.map(|(_, text)| text)).cloned().collect()
    }
}

fn has_room<T>(known: &ByAgent<T>, key: &(Name, AgentKey)) -> bool {
    known.len() < MAX_AGENTS || known.contains_key(key)
}

/// A machine changes the lower half of its sixth-version address by itself.
fn place(address: IpAddr) -> [u16; 4] {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets().map(u16::from);
            // None of the other version begins so.
            [0xffff, 0xffff, a << 8 | b, c << 8 | d]
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            [a, b, c, d]
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    fn agent(side: Side) -> AgentKey {
        AgentKey { side, name: Name::new("hz-1").unwrap() }
    }

    #[test]
    fn the_last_word_counts_and_is_bounded_and_plain() {
        let (warnings, shop) = (Warnings::default(), Name::new("shop").unwrap());
        let many = vec!["\u{1b}[2J".to_owned() + &"x".repeat(1000); 20];
        warnings.set(&shop, &agent(Side::Source), &many);
        let told = warnings.of(&shop, &agent(Side::Source));
        assert_eq!((told.len(), told[0].len()), (MAX_WARNINGS, MAX_LETTERS));
        assert!(told[0].starts_with("[2Jx"), "{}", told[0]);
        assert!(warnings.of(&Name::new("bank").unwrap(), &agent(Side::Source)).is_empty());
        assert!(warnings.of(&shop, &agent(Side::Target)).is_empty(), "another agent of the same name");
        warnings.set(&shop, &agent(Side::Target), &[]);
        assert_eq!(warnings.of(&shop, &agent(Side::Source)).len(), MAX_WARNINGS);
        warnings.set(&shop, &agent(Side::Source), &[]);
        assert!(warnings.of(&shop, &agent(Side::Source)).is_empty());
    }

    #[test]
    fn an_agent_that_connects_from_elsewhere_is_told_for_an_hour() {
        let (warnings, shop, begun) = (Warnings::default(), Name::new("shop").unwrap(), Instant::now());
        let after = |secs| begun + Duration::from_secs(secs);
        let came = |address: &str, secs| {
            warnings.came(&shop, &agent(Side::Source), address.parse().unwrap(), after(secs));
        };
        let told = |secs| warnings.told(&shop, &agent(Side::Source), after(secs));
        came("10.0.0.5", 0);
        came("10.0.0.5", 1);
        assert_eq!(told(2), [""; 0], "it comes back from where it was");
        came("10.0.0.9", 3);
        came("10.0.0.9", 4);
        assert!(
            matches!(&told(5)[..], [one] if one.contains("from 10.0.0.9, and came from 10.0.0.5 before"))
        );
        assert!(told(5)[0].len() < MAX_LETTERS, "{:?}", told(5));
        assert_eq!((told(3_602).len(), told(3_603).len()), (1, 0));
        came("2001:db8::1", 4_000);
        assert_eq!(told(4_001).len(), 1);
        came("2001:db8::2", 8_000);
        assert_eq!(told(8_001), [""; 0], "the same network");
        came("2001:db8:1::2", 8_002);
        assert_eq!(told(8_003).len(), 1);
        warnings.set(&shop, &agent(Side::Source), &["UNSIGNED".to_owned()]);
        assert_eq!(told(8_003).len(), 2, "beside what it says of itself");
    }
}
