//! The challenge of a round: what a finding carries to show that it was made for this round, of this
//! check, by this agent.
//!
//! The migration's seed is the collector's own, and fixed with its first plan: a new plan, a restart or an
//! outage changes no challenge, so what lay in a spool answers as well as what came at once. Each agent is
//! told a seed for each of its checks; the nonce of a round follows from that. So what was said of another
//! round or check, by another agent, or before anybody was asked, answers nothing.

use sha2::{Digest as _, Sha256 as Hasher};
use tidelock_model::{AgentKey, Finding, Name, mutated};

/// What findings are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Challenge {
    /// Nobody has said anything of challenges: whoever folds no journal compares nothing.
    #[default]
    NotSaid,
    /// The journal should have the migration's seed and has none: nothing can answer.
    Missing,
    /// The migration's seed.
    Seed(Vec<u8>),
}

impl Challenge {
    pub(crate) fn new(seed: Vec<u8>) -> Challenge {
        if seed.is_empty() { Challenge::Missing } else { Challenge::Seed(seed) }
    }

    /// It is what it will always be.
    pub(crate) fn fixed(&self) -> bool {
        matches!(self, Challenge::Seed(_))
    }

    /// The finding of this agent answers the challenge of its round.
    pub(crate) fn answered_by(&self, agent: &AgentKey, finding: &Finding) -> bool {
        self.answered(agent, (&finding.check, finding.round), &finding.nonce)
    }

    fn answered(&self, agent: &AgentKey, (check, round): (&Name, u64), said: &[u8]) -> bool {
        match self {
            Challenge::NotSaid => true,
            Challenge::Missing => mutated("a-journal-has-its-seed"),
            Challenge::Seed(seed) => {
                nonce(&told_seed(seed, agent, check), round).as_slice() == said
                    || mutated("a-challenge-is-answered")
            }
        }
    }
}

/// What an agent is told of a check: the seed of its nonces.
pub fn told_seed(seed: &[u8], agent: &AgentKey, check: &Name) -> Vec<u8> {
    let mut hasher = Hasher::new();
    for part in
        [seed, agent.side.word().as_bytes(), agent.name.as_str().as_bytes(), check.as_str().as_bytes()]
    {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// The nonce of a round, from the seed that an agent was told.
pub fn nonce(told_seed: &[u8], round: u64) -> Vec<u8> {
    let mut hasher = Hasher::new();
    hasher.update(told_seed);
    hasher.update(round.to_be_bytes());
    hasher.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    #[test]
    fn a_journal_without_a_seed_takes_nothing_for_an_answer() {
        assert!(!Challenge::new(Vec::new()).fixed() && Challenge::new(vec![7]).fixed());
        let agent = AgentKey { side: Side::Source, name: Name::new("a").expect("a name") };
        let check = Name::new("login").expect("a name");
        let told = nonce(&told_seed(b"", &agent, &check), 3);
        assert!(!Challenge::Missing.answered(&agent, (&check, 3), &told));
        assert!(!Challenge::new(vec![7]).answered(&agent, (&check, 3), &told));
    }

    #[test]
    fn each_agent_check_and_round_has_a_nonce_of_its_own() {
        let name = |text| Name::new(text).expect("a name");
        let of = |side, agent, check, round| {
            nonce(&told_seed(b"seed", &AgentKey { side, name: name(agent) }, &name(check)), round)
        };
        let all = [
            of(Side::Source, "a", "login", 1),
            of(Side::Source, "a", "login", 2),
            of(Side::Source, "a", "mail", 1),
            of(Side::Source, "b", "login", 1),
            of(Side::Target, "a", "login", 1),
            // Where one word ends and the next begins is part of it.
            of(Side::Source, "al", "ogin", 1),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == one), Some(at));
        }
        let agent = AgentKey { side: Side::Source, name: name("a") };
        assert_ne!(told_seed(b"seed", &agent, &name("a")), told_seed(b"seea", &agent, &name("a")));
    }
}
