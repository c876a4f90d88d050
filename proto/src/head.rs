//! A signed head of a migration's decisions, and how what is shown stands to what is remembered.
//!
//! A restored backup is a whole journal, and its own memory may be restored with it. Agents and command
//! lines remember for themselves: each keeps the newest head that it was shown, asks for that decision
//! when it comes again, and knows an older journal, or another course, by the answer.

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use tidelock_model::{Name, Sha256, mutated};

use crate::v1;

/// What was signed is not taken for anything else that this key may sign one day.
const CONTEXT: &str = "tidelock decision head v1";
/// Hexadecimal digits of a head that is kept as text; more is none.
const MAX_DIGITS: usize = 2048;

/// Why a head is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the head of the decisions cannot be believed: {0}")]
pub struct BadHead(String);

/// A head whose signature fits. Made by [`Head::read`] and [`Head::sign`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    journal: [u8; 16],
    migration: Name,
    decision: u64,
    chain: Sha256,
    signed_unix_ms: u64,
    key: Vec<u8>,
    signature: Vec<u8>,
}

impl Head {
    /// Vouches for one decision.
    pub fn sign(
        key: &Ed25519KeyPair,
        journal: [u8; 16],
        migration: Name,
        (decision, chain): (u64, Sha256),
        signed_unix_ms: u64,
    ) -> Head {
        let mut head = Head {
            journal,
            migration,
            decision,
            chain,
            signed_unix_ms,
            key: key.public_key().as_ref().to_vec(),
            signature: Vec::new(),
        };
        head.signature = key.sign(head.text().as_bytes()).as_ref().to_vec();
        head
    }

    /// Reads one and checks its signature. Whose key it is, is for the caller to know.
    ///
    /// # Errors
    /// It is not what was signed.
    pub fn read(wire: &v1::SignedHead) -> Result<Head, BadHead> {
        let journal = wire.journal.as_slice().try_into();
        let journal = journal.map_err(|_| BadHead("its journal has no 16 bytes".to_owned()))?;
        let migration = Name::new(&wire.migration).map_err(|error| BadHead(error.to_string()))?;
        let chain = Sha256::try_from(wire.chain.as_slice()).map_err(|error| BadHead(error.to_string()))?;
        let head = Head {
            journal,
            migration,
            decision: wire.decision,
            chain,
            signed_unix_ms: wire.signed_unix_ms,
            key: wire.key.clone(),
            signature: wire.signature.clone(),
        };
        UnparsedPublicKey::new(&ED25519, &head.key)
            .verify(head.text().as_bytes(), &head.signature)
            .map_err(|_| BadHead("its signature does not fit".to_owned()))?;
        Ok(head)
    }

    /// As it goes over the wire.
    pub fn to_wire(&self) -> v1::SignedHead {
        v1::SignedHead {
            journal: self.journal.to_vec(),
            migration: self.migration.to_string(),
            decision: self.decision,
            chain: self.chain.as_bytes().to_vec(),
            signed_unix_ms: self.signed_unix_ms,
            key: self.key.clone(),
            signature: self.signature.clone(),
        }
    }

    /// As it is kept in a file: hexadecimal digits.
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;

        use prost::Message as _;
        self.to_wire().encode_to_vec().iter().fold(String::new(), |mut text, byte| {
            // Writing into a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// It is damaged.
    pub fn from_text(text: &str) -> Result<Head, BadHead> {
        use prost::Message as _;
        let bad = |why: &str| BadHead(why.to_owned());
        if text.len() > MAX_DIGITS || !text.len().is_multiple_of(2) || !text.is_ascii() {
            return Err(bad("it is no text of a head"));
        }
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2).unwrap_or("-"), 16);
        let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(byte).collect();
        let bytes = bytes.map_err(|_| bad("it has other characters than hexadecimal digits"))?;
        let wire = v1::SignedHead::decode(bytes.as_slice()).map_err(|error| bad(&error.to_string()))?;
        Head::read(&wire)
    }

    fn text(&self) -> String {
        let journal = u128::from_be_bytes(self.journal);
        let Head { migration, decision, chain, signed_unix_ms, .. } = self;
        format!("{CONTEXT}\n{journal:032x}\n{migration}\n{decision}\n{chain}\n{signed_unix_ms}\n")
    }

    /// Which journal.
    pub fn journal(&self) -> [u8; 16] {
        self.journal
    }

    /// Whose decisions.
    pub fn migration(&self) -> &Name {
        &self.migration
    }

    /// Up to which decision.
    pub fn decision(&self) -> u64 {
        self.decision
    }

    /// The chain up to it.
    pub fn chain(&self) -> Sha256 {
        self.chain
    }

    /// When it was signed, in collector time.
    pub fn signed_unix_ms(&self) -> u64 {
        self.signed_unix_ms
    }

    /// Who signed it.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

/// How what is shown differs from what is remembered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Differs {
    /// Another collector, or one whose keys were made anew.
    #[error("it signs with another key than the one that was remembered")]
    OtherKey,
    /// Another journal altogether.
    #[error(
        "it has another journal: decision {known} of {migration}, which it had shown, is not in this one"
    )]
    OtherJournal {
        /// Whose.
        migration: Name,
        /// What was remembered.
        known: u64,
    },
    /// An older copy.
    #[error("its journal of {migration} ends at decision {at} and had reached {known}: it is an older copy")]
    Older {
        /// Whose.
        migration: Name,
        /// Where it ends.
        at: u64,
        /// What was remembered.
        known: u64,
    },
    /// Another course from some decision on.
    #[error(
        "its journal took another course: decision {known} of {migration} is not the one that it had shown"
    )]
    Forked {
        /// Whose.
        migration: Name,
        /// What was remembered.
        known: u64,
    },
    /// It shows nothing, or nothing that can be believed.
    #[error("it does not show the head of the decisions of {migration}, as it had: {why}")]
    NotShown {
        /// Whose.
        migration: Name,
        /// What it showed instead.
        why: String,
    },
}

/// Judges what a collector shows: its newest head, and the head at the decision that is remembered. Gives the
/// head to remember from now on.
///
/// # Errors
/// It is not the course that is remembered; then nothing of it is to be remembered.
pub fn judge(
    migration: &Name,
    known: Option<&Head>,
    newest: Option<&v1::SignedHead>,
    then: Option<&v1::SignedHead>,
) -> Result<Option<Head>, Differs> {
    let not_shown = |why: String| Differs::NotShown { migration: migration.clone(), why };
    let read = |wire: &v1::SignedHead| match Head::read(wire) {
        Ok(head) if head.migration == *migration => Ok(head),
        Ok(head) => Err(not_shown(format!("this one is of {}", head.migration))),
        Err(error) => Err(not_shown(error.to_string())),
    };
    let newest = newest.map(read).transpose()?;
    let Some(known) = known else { return Ok(newest) };
    let newest = newest.ok_or_else(|| not_shown("it shows none".to_owned()))?;
    let (migration, decision) = (migration.clone(), known.decision);
    if newest.key != known.key {
        return Err(Differs::OtherKey);
    }
    if newest.journal != known.journal {
        return Err(Differs::OtherJournal { migration, known: decision });
    }
    if newest.decision < decision && !mutated("an-older-head-is-refused") {
        return Err(Differs::Older { migration, at: newest.decision, known: decision });
    }
    let same = |head: &Head| (head.decision, head.chain) == (decision, known.chain);
    // A later head proves nothing by itself: it must be shown that it goes on from the one that is known.
    let fits = match then {
        _ if newest.decision == decision => same(&newest),
        Some(then) => {
            let then = read(then)?;
            same(&then) && then.key == known.key && then.journal == known.journal
        }
        None => mutated("a-forked-head-is-refused"),
    };
    if fits { Ok(Some(newest)) } else { Err(Differs::Forked { migration, known: decision }) }
}

/// A later head of a session whose course was judged: the head to remember from now on.
///
/// # Errors
/// It is not the same collector, journal and migration, or goes back.
pub fn goes_on(known: &Head, later: &v1::SignedHead) -> Result<Head, Differs> {
    let migration = known.migration.clone();
    let head = Head::read(later);
    let head =
        head.map_err(|error| Differs::NotShown { migration: migration.clone(), why: error.to_string() })?;
    let of = |head: &Head| (head.key.clone(), head.journal, head.migration.clone());
    if of(&head) != of(known) {
        return Err(Differs::NotShown { migration, why: "this one is of another journal".to_owned() });
    }
    if head.decision < known.decision {
        return Err(Differs::Older { migration, at: head.decision, known: known.decision });
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    fn key() -> Ed25519KeyPair {
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref())
            .unwrap()
    }

    fn shop() -> Name {
        Name::new("shop").unwrap()
    }

    fn head(key: &Ed25519KeyPair, decision: u64, chain: u8) -> Head {
        Head::sign(key, [9; 16], shop(), (decision, Sha256::from_bytes([chain; 32])), 1000 + decision)
    }

    #[test]
    fn a_head_is_read_back_and_any_change_is_seen() {
        let head = head(&key(), 7, 3);
        assert_eq!(Head::read(&head.to_wire()).as_ref(), Ok(&head));
        assert_eq!(Head::from_text(&head.to_text()).as_ref(), Ok(&head));
        let changes: [fn(&mut v1::SignedHead); 6] = [
            |wire| wire.decision -= 1,
            |wire| wire.chain[5] ^= 1,
            |wire| wire.journal[15] ^= 1,
            |wire| wire.migration = "bank".to_owned(),
            |wire| wire.signed_unix_ms += 1,
            |wire| wire.signature[0] ^= 1,
        ];
        for change in changes {
            let mut wire = head.to_wire();
            change(&mut wire);
            assert_eq!(Head::read(&wire), Err(BadHead("its signature does not fit".to_owned())), "{wire:?}");
        }
        let text = head.to_text();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            assert!(Head::from_text(std::str::from_utf8(&bytes).unwrap()).is_err(), "digit {at}");
        }
        for bad in ["", "0", "zz", "é9", &text[2..], &"00".repeat(2000)] {
            assert!(Head::from_text(bad).is_err(), "{bad:?}");
        }
    }

    #[track_caller]
    fn check(known: &Head, newest: Option<&Head>, then: Option<&Head>, expected: Result<u64, &str>) {
        let wire = |head: Option<&Head>| head.map(Head::to_wire);
        let judged = judge(&shop(), Some(known), wire(newest).as_ref(), wire(then).as_ref());
        match (judged, expected) {
            (Ok(head), Ok(decision)) => assert_eq!(head.map(|head| head.decision()), Some(decision)),
            (Err(why), Err(word)) => assert!(why.to_string().contains(word), "{why}"),
            (judged, expected) => panic!("{judged:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn only_what_goes_on_from_the_remembered_head_is_believed() {
        let (ours, theirs) = (key(), key());
        let known = head(&ours, 7, 3);
        check(&known, Some(&known), None, Ok(7));
        check(&known, Some(&head(&ours, 9, 5)), Some(&known), Ok(9));
        check(&known, Some(&head(&ours, 6, 2)), None, Err("ends at decision 6 and had reached 7"));
        check(&known, Some(&head(&ours, 7, 4)), None, Err("took another course: decision 7"));
        check(&known, Some(&head(&ours, 9, 5)), None, Err("took another course: decision 7"));
        check(&known, Some(&head(&ours, 9, 5)), Some(&head(&ours, 7, 4)), Err("took another course"));
        check(&known, Some(&head(&ours, 9, 5)), Some(&head(&ours, 8, 3)), Err("took another course"));
        check(&known, Some(&head(&ours, 9, 5)), Some(&head(&theirs, 7, 3)), Err("took another course"));
        check(&known, Some(&head(&theirs, 9, 5)), Some(&head(&theirs, 7, 3)), Err("another key"));
        check(&known, None, None, Err("it shows none"));
        let other = Head::sign(&ours, [8; 16], shop(), (9, Sha256::from_bytes([5; 32])), 0);
        check(&known, Some(&other), Some(&known), Err("another journal"));
        let bank = Name::new("bank").unwrap();
        let other = Head::sign(&ours, [9; 16], bank, (9, Sha256::from_bytes([5; 32])), 0);
        check(&known, Some(&other), Some(&known), Err("this one is of bank"));
        assert_eq!(goes_on(&known, &head(&ours, 9, 5).to_wire()).map(|head| head.decision()), Ok(9));
        assert!(goes_on(&known, &head(&ours, 6, 5).to_wire()).is_err(), "it goes back");
        assert!(goes_on(&known, &head(&theirs, 9, 5).to_wire()).is_err(), "another key");
        // Nothing is remembered yet: what is shown is believed.
        assert_eq!(judge(&shop(), None, Some(&known.to_wire()), None), Ok(Some(known)));
        assert_eq!(judge(&shop(), None, None, None), Ok(None));
    }
}
