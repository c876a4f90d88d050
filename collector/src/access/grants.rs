//! The grants as they are believed, found by what is kept of their tokens.
//!
//! Whoever guesses makes the collector look, so looking costs the same however many grants there are.

use std::collections::HashMap;
use std::sync::Arc;

use tidelock_model::Sha256;

use super::Grant;
use crate::secret::{self, Names};

/// All grants.
#[derive(Debug)]
pub(super) struct Grants {
    list: Arc<Vec<Grant>>,
    /// Where each stands in the list. What a search in it tells is told in [`Names`].
    places: HashMap<[u8; 32], usize>,
}

impl Grants {
    pub(super) fn new(list: Vec<Grant>, names: &Names) -> Grants {
        let mut places = HashMap::with_capacity(list.len());
        for (place, grant) in list.iter().enumerate() {
            // Of two rows with one token the first counts, revoked or not.
            places.entry(names.of(&grant.hash)).or_insert(place);
        }
        Grants { list: Arc::new(list), places }
    }

    /// The grant of a token.
    pub(super) fn find(&self, hash: &Sha256, names: &Names) -> Option<&Grant> {
        let found = self.list.get(*self.places.get(&names.of(hash))?)?;
        secret::same(&found.hash, hash).then_some(found)
    }

    pub(super) fn list(&self) -> Arc<Vec<Grant>> {
        self.list.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tidelock_model::{Name, Timestamp};

    use super::*;
    use crate::access::{Access, Role};

    const NOW: Timestamp = Timestamp::ZERO;

    fn grant(number: usize) -> (Grant, String) {
        let name = Name::new(&format!("person-{number}")).unwrap();
        Access::prepare(name, Role::Viewer, (None, None), None, NOW).unwrap()
    }

    /// How long it takes to look for so many tokens that nobody has, at best.
    #[expect(clippy::disallowed_methods, reason = "what it costs is what is asked here")]
    fn looking(among: &Grants, names: &Names, guesses: &[Sha256]) -> Duration {
        let round = |_| {
            let begun = Instant::now();
            assert!(guesses.iter().all(|guess| among.find(guess, names).is_none()));
            begun.elapsed()
        };
        (0..5).map(round).min().unwrap()
    }

    #[test]
    fn a_wrong_token_costs_no_more_among_ten_thousand_grants_than_among_ten() {
        let names = Names::new().unwrap();
        let of = |count: usize| Grants::new((0..count).map(|number| grant(number).0).collect(), &names);
        let (few, many) = (of(10), of(10_000));
        let guesses: Vec<Sha256> = (0..500_u32).map(|guess| secret::sha256(&guess.to_be_bytes())).collect();
        let (few, many) = (looking(&few, &names, &guesses), looking(&many, &names, &guesses));
        assert!(many < few * 20, "{many:?} among many, {few:?} among few");
    }

    #[test]
    fn a_token_is_found_wherever_its_grant_stands_and_the_first_of_two_rows_counts() {
        let names = Names::new().unwrap();
        let made: Vec<_> = (0..100).map(grant).collect();
        let mut list: Vec<Grant> = made.iter().map(|(grant, _)| grant.clone()).collect();
        let again = Grant { revoked: true, ..list[7].clone() };
        list.push(again);
        let grants = Grants::new(list, &names);
        for (grant, token) in &made {
            assert_eq!(grants.find(&secret::sha256(token.as_bytes()), &names), Some(grant));
        }
        assert_eq!(grants.find(&secret::sha256(b"tlk1.another"), &names), None);
        assert_eq!(grants.list().len(), 101);
    }
}
