//! Which components this agent runs: those of its release, and those that somebody vouches for whom the
//! operator of this machine has named.
//!
//! A digest in the plan says which bytes are meant; it does not say who made them. Whoever can push a
//! component and apply a plan could otherwise bring any code onto every machine with an agent.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tidelock_components::{FIRST_PARTY, PublicKey, Signature, builtin};
use tidelock_model::{Cause, Sha256, mutated};
use tidelock_sandbox::protocol::Refusal;
use tokio::sync::watch;

use crate::components::digest;
use crate::private_file;

/// Names with versions that are remembered.
const MAX_ACCEPTED: usize = 4096;
/// What is said on every screen while the switch is on.
pub const LOUD: &str =
    "UNSIGNED components are let run here (allow_unsigned = true in agent.toml): for development alone";

/// What the operator of this machine has said of plugins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// Who may vouch for a component.
    pub trusted: BTreeSet<PublicKey>,
    /// Who may not any more. What they have signed is not run, whatever else is allowed.
    pub revoked: BTreeSet<PublicKey>,
    /// Components that nobody vouches for are run, and every screen says so.
    pub allow_unsigned: bool,
}

/// Why a component may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It came with this release.
    OfTheRelease,
    /// A trusted key vouches for it.
    Signed(Box<Signature>),
    /// Nobody does, and that is allowed here.
    Unsigned,
}

/// What this agent trusts, and what it has accepted so far.
#[derive(Debug)]
pub struct Trust {
    /// As agent.toml says now: it may be read anew.
    keys: watch::Sender<Keys>,
    release: BTreeSet<Sha256>,
    path: PathBuf,
    /// The digest by name and version.
    accepted: Mutex<BTreeMap<String, String>>,
}

impl Trust {
    /// Reads the release's own components and what was accepted before.
    ///
    /// # Errors
    /// What was accepted cannot be read; it is not guessed.
    pub fn open(keys: Keys, dir: &Path) -> io::Result<Trust> {
        let files = FIRST_PARTY.iter().filter_map(|name| builtin(name).ok());
        let release = files.filter_map(|path| std::fs::read(path).ok()).map(|bytes| digest(&bytes)).collect();
        let path = dir.join("accepted-components.json");
        let accepted = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                let why = format!("{} is damaged ({error}); find out why, then remove it", path.display());
                io::Error::new(io::ErrorKind::InvalidData, why)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Trust { keys: watch::Sender::new(keys), release, path, accepted: Mutex::new(accepted) })
    }

    /// What the operator says of plugins: whoever reads agent.toml anew sends it here.
    pub fn keys(&self) -> watch::Sender<Keys> {
        self.keys.clone()
    }

    /// What people must know on every screen, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        if self.keys.borrow().allow_unsigned { vec![LOUD.to_owned()] } else { Vec::new() }
    }

    /// Judges a component by its digest and what lies beside it, before anything of it is compiled.
    ///
    /// # Errors
    /// `unsigned`, with what is missing or wrong and what to do.
    pub fn judge(&self, component: Sha256, signatures: &str) -> Result<Standing, Refusal> {
        if self.release.contains(&component) {
            return Ok(Standing::OfTheRelease);
        }
        // Of several the first good one counts, and where there is none the first one says why.
        let mut first: Option<(String, bool)> = None;
        for signature in Signature::read_all(signatures) {
            match signature.map_err(|error| (error.to_string(), true)).and_then(|s| self.weigh(component, s))
            {
                Ok(signature) => return Ok(Standing::Signed(Box::new(signature))),
                Err(why) => drop(first.get_or_insert(why)),
            }
        }
        let (why, wrong) = first.unwrap_or_else(|| ("nobody has signed it".to_owned(), false));
        if self.keys.borrow().allow_unsigned && !wrong {
            return Ok(Standing::Unsigned);
        }
        let why = format!(
            "component {} is not run: {why}; sign it with `tidelock plugin sign` and push it again",
            component.short()
        );
        Err(Refusal { cause: Cause::Unsigned, detail: why })
    }

    /// Whether one signature is good for this component here; otherwise why not, and whether that is more
    /// than that nobody whom we know has signed.
    fn weigh(&self, component: Sha256, signature: Signature) -> Result<Signature, (String, bool)> {
        let Signature { name, version, sha256, key, .. } = &signature;
        if *sha256 != component.to_string() && !mutated("a-signature-is-of-its-file") {
            let short = sha256.get(..12).unwrap_or(sha256);
            return Err((
                format!("the signature beside it is of another file, {name} {version} ({short})"),
                true,
            ));
        }
        if self.keys.borrow().revoked.contains(key) && !mutated("a-revoked-key-vouches-no-more") {
            return Err((
                format!("it is signed by {key}, which [plugins] revoked_keys of agent.toml names"),
                true,
            ));
        }
        if !self.keys.borrow().trusted.contains(key) && !mutated("a-key-is-trusted-by-name") {
            let why =
                format!("it is signed by {key}, which [plugins] trusted_keys of agent.toml does not name");
            return Err((why, false));
        }
        Ok(signature)
    }

    /// Compares what a signature says with what the component says of itself, and remembers it.
    ///
    /// # Errors
    /// `unsigned` where the two differ, or where another component had this name and version before.
    pub fn confirm(&self, component: Sha256, standing: &Standing, said: (&str, &str)) -> Result<(), Refusal> {
        let Standing::Signed(signature) = standing else { return Ok(()) };
        let refuse = |detail: String| Err(Refusal { cause: Cause::Unsigned, detail });
        let (name, version) = (signature.name.as_str(), signature.version.as_str());
        if (name, version) != said && !mutated("a-component-is-what-was-signed") {
            let (says, its) = said;
            return refuse(format!(
                "the component is signed as {name} {version}, and says it is {says} {its}"
            ));
        }
        let (key, digest) = (format!("{name} {version}"), component.to_string());
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        match accepted.get(&key) {
            Some(known) if *known == digest || mutated("a-version-is-one-component") => return Ok(()),
            Some(known) => {
                let known = known.get(..12).unwrap_or(known);
                return refuse(format!(
                    "{key} was another component on this agent ({known}), this one is {}: give a new build a new version",
                    component.short()
                ));
            }
            None if accepted.len() >= MAX_ACCEPTED => {
                return refuse(format!("{} names {MAX_ACCEPTED} components already", self.path.display()));
            }
            None => {}
        }
        accepted.insert(key.clone(), digest);
        let written = serde_json::to_vec(&*accepted).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|text| private_file::replace(&self.path, &text)) {
            accepted.remove(&key);
            return refuse(format!("write {}: {error}", self.path.display()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tidelock_components::SigningKey;

    use super::*;

    struct Bed {
        dir: tempfile::TempDir,
        key: SigningKey,
        keys: Keys,
        component: Sha256,
    }

    fn bed() -> Bed {
        let (key, _) = SigningKey::make().unwrap();
        let keys = Keys { trusted: [key.public()].into(), ..Keys::default() };
        Bed { dir: tempfile::tempdir().unwrap(), key, keys, component: Sha256::from_bytes([7; 32]) }
    }

    impl Bed {
        fn trust(&self) -> Trust {
            Trust::open(self.keys.clone(), self.dir.path()).unwrap()
        }

        fn signed(&self, component: Sha256) -> String {
            self.key.sign("stock", "0.1.0", &component.to_string()).unwrap().to_string()
        }

        #[track_caller]
        fn refused(&self, signatures: &str, word: &str) {
            let refusal = self.trust().judge(self.component, signatures).unwrap_err();
            assert_eq!(refusal.cause, Cause::Unsigned);
            assert!(refusal.detail.contains(word), "{word:?} is not in {:?}", refusal.detail);
        }
    }

    #[test]
    fn what_nobody_trusted_has_signed_is_refused_by_default() {
        let bed = bed();
        bed.refused("", "nobody has signed it");
        let (other, _) = SigningKey::make().unwrap();
        let by_other = other.sign("stock", "0.1.0", &bed.component.to_string()).unwrap().to_string();
        bed.refused(&by_other, "trusted_keys of agent.toml does not name");
        let both = format!("{by_other}\n{}", bed.signed(bed.component));
        let standing = bed.trust().judge(bed.component, &both).unwrap();
        assert!(matches!(standing, Standing::Signed(signature) if signature.key == bed.key.public()));
    }

    #[test]
    fn the_switch_lets_in_what_is_unsigned_and_nothing_that_is_wrong_and_is_loud() {
        let mut bed = bed();
        assert_eq!(bed.trust().warnings(), Vec::<String>::new());
        bed.keys.allow_unsigned = true;
        assert_eq!(bed.trust().judge(bed.component, ""), Ok(Standing::Unsigned));
        assert!(bed.trust().warnings()[0].contains("UNSIGNED"));
        bed.refused(&bed.signed(Sha256::from_bytes([8; 32])), "of another file, stock 0.1.0 (080808080808)");
        bed.refused(&bed.signed(bed.component).replace("0.1.0", "0.1.1"), "was not made by key");
        bed.keys.revoked = [bed.key.public()].into();
        bed.refused(&bed.signed(bed.component), "revoked_keys of agent.toml names");
    }

    /// The collector keeps signatures without a look at them: this is where a damaged one is seen.
    #[test]
    fn a_signature_with_any_bit_flipped_or_any_end_cut_lets_nothing_else_in() {
        let bed = bed();
        let trust = bed.trust();
        let whole = bed.signed(bed.component);
        let good = trust.judge(bed.component, &whole).unwrap();
        let flipped = (0..whole.len() * 8).map(|bit| {
            let mut broken = whole.clone().into_bytes();
            broken[bit / 8] ^= 1 << (bit % 8);
            broken
        });
        let cut = (0..whole.len()).map(|length| whole.as_bytes()[..length].to_vec());
        let mut refused = 0;
        for broken in flipped.chain(cut) {
            // What is no text at all does not come this far: the collector names the file.
            let Ok(text) = String::from_utf8(broken) else { continue };
            match trust.judge(bed.component, &text) {
                // A blank at an end of a line carries nothing.
                Ok(standing) => assert_eq!(standing, good, "{text}"),
                Err(refusal) => {
                    assert_eq!(refusal.cause, Cause::Unsigned, "{text}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 7 * whole.len(), "only {refused} were refused");
    }

    #[test]
    fn a_name_and_version_stand_for_one_component_also_after_a_restart() {
        let bed = bed();
        let other = Sha256::from_bytes([9; 32]);
        let confirm = |component: Sha256, said| {
            let trust = bed.trust();
            let standing = trust.judge(component, &bed.signed(component)).unwrap();
            trust.confirm(component, &standing, said)
        };
        let wrong = confirm(bed.component, ("login", "0.1.0")).unwrap_err();
        assert!(
            wrong.detail.contains("signed as stock 0.1.0, and says it is login 0.1.0"),
            "{}",
            wrong.detail
        );
        assert_eq!(confirm(bed.component, ("stock", "0.1.0")), Ok(()));
        assert_eq!(confirm(bed.component, ("stock", "0.1.0")), Ok(()));
        let wrong = confirm(other, ("stock", "0.1.0")).unwrap_err();
        assert!(
            wrong.detail.contains("was another component on this agent (070707070707)"),
            "{}",
            wrong.detail
        );
        std::fs::write(bed.dir.path().join("accepted-components.json"), "{").unwrap();
        assert!(Trust::open(bed.keys.clone(), bed.dir.path()).is_err());
    }
}
