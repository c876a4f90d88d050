//! The challenge of a round: what a finding carries to show that it was made for this round, of this
//! check, by this agent.
//!
//! The migration's seed is the collector's own, and fixed with its first plan: a new plan, a restart or an
//! outage changes no challenge, so what lay in a spool answers as well as what came at once. Each agent is
//! told a seed for each of its checks; the nonce of a round follows from that. So what was said of another
//! round or check, by another agent, or before anybody was asked, answers nothing.

use sha2::{Digest as _, Sha256 as Hasher};
use tidelock_model::{AgentKey, Finding, Name, mutated};

/// The seed of a migration; without one nothing was ever asked and nothing is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Challenge {
    seed: Option<Vec<u8>>,
}

impl Challenge {
    pub(crate) fn new(seed: Vec<u8>) -> Challenge {
        Challenge { seed: Some(seed).filter(|seed| !seed.is_empty()) }
    }

    /// The finding of this agent answers the challenge of its round.
    pub(crate) fn answered_by(&self, agent: &AgentKey, finding: &Finding) -> bool {
        let nonce = |seed: &Vec<u8>| nonce(&told_seed(seed, agent, &finding.check), finding.round);
        self.seed.as_ref().is_none_or(|seed| nonce(seed).as_slice() == finding.nonce)
            || mutated("a-challenge-is-answered")
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
