//! What the journal was told of who has access, and what it is still to be told: in a file beside it.
//!
//! A start compares it with the access file, so that no change is missing in the journal because the collector was
//! stopped or killed while it waited, or did not run when somebody wrote it. The file ages with the journal that it
//! lies beside: where an older copy of both is put back, what that journal does not know is told it again.
//!
//! # Invariants
//! - What it calls known is in the journal. What is in the journal may be missing here after a crash: it is told
//!   again, and the journal does not say the same twice.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tidelock_model::Timestamp;

use super::untold::Change;
use super::{AccessError, Grant, Row, grant_of, row_of};
use crate::private_file;

/// The grants that let in as the journal was told, and the changes that wait for it, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    pub(super) grants: BTreeSet<Grant>,
    pub(super) waiting: VecDeque<Change>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    known: Vec<Row>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waits>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waits {
    given: bool,
    grant: Row,
}

impl Known {
    /// What was kept; nothing where nothing was.
    ///
    /// # Errors
    /// It is there and cannot be read or understood.
    pub(super) fn read(path: &Path) -> Result<Option<Known>, AccessError> {
        let wrong = |why: String| AccessError::File {
            doing: "read",
            path: path.to_path_buf(),
            why: format!("{why}; put its backup back, or remove it: the access file counts as told then"),
        };
        let file = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str::<File>(&text).map_err(|error| wrong(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let grants = file.known.into_iter().map(grant_of).collect::<Result<BTreeSet<_>, _>>();
        let change = |waits: Waits| -> Result<Change, String> {
            Ok(Change { grant: grant_of(waits.grant)?, given: waits.given })
        };
        let waiting = file.waiting.into_iter().map(change).collect::<Result<VecDeque<_>, _>>();
        let (grants, waiting) = (grants.map_err(wrong)?, waiting.map_err(wrong)?);
        Ok(Some(Known { grants, waiting }))
    }

    /// Keeps it. Blocks on the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), AccessError> {
        let wrong = |why: String| AccessError::File { doing: "write", path: path.to_path_buf(), why };
        let waits = |change: &Change| Waits { given: change.given, grant: row_of(&change.grant) };
        let known = self.grants.iter().map(row_of).collect();
        let file = File { known, waiting: self.waiting.iter().map(waits).collect() };
        let text = toml::to_string_pretty(&file).map_err(|error| wrong(error.to_string()))?;
        private_file::replace(path, text.as_bytes()).map_err(|error| wrong(error.to_string()))
    }

    /// The journal says this now.
    pub(super) fn note(&mut self, change: &Change) {
        let grant = Grant { revoked: false, ..change.grant.clone() };
        if change.given {
            self.grants.insert(grant);
        } else {
            self.grants.remove(&grant);
        }
    }

    /// What has ended by itself is no news, and is not remembered.
    pub(super) fn forget_ended(&mut self, now: Timestamp) {
        self.grants.retain(|grant| now < grant.expires);
    }

    /// Lets wait, behind what waits already, what must be told for the journal to know that these let in and no others.
    pub(super) fn compare(&mut self, live: &BTreeSet<Grant>, now: Timestamp) {
        let mut then = self.clone();
        self.waiting.iter().for_each(|change| then.note(change));
        then.forget_ended(now);
        let change = |grant: &Grant, given| Change { grant: grant.clone(), given };
        self.waiting.extend(then.grants.difference(live).map(|grant| change(grant, false)));
        self.waiting.extend(live.difference(&then.grants).map(|grant| change(grant, true)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};
    use crate::clock;
    use tidelock_model::{Name, Phase};

    fn grant(name: &str, gate: Option<Phase>) -> Grant {
        let (migration, name) = (gate.map(|_| Name::new("shop").unwrap()), Name::new(name).unwrap());
        Access::prepare(name, Role::Viewer, (migration, gate), None, clock::wall()).unwrap().0
    }

    #[test]
    fn what_is_kept_is_read_back_as_it_was_and_what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access-told.toml");
        assert_eq!(Known::read(&path).unwrap(), None);
        let change = |name, given| Change { grant: grant(name, None), given };
        let (ana, ben) = (grant("ana", None), grant("ben", Some(Phase::Ready)));
        for known in [
            Known::default(),
            Known { grants: [ana.clone(), ben.clone()].into(), waiting: VecDeque::new() },
            Known { grants: BTreeSet::new(), waiting: [change("eve", true)].into() },
            Known { grants: [ana, ben].into(), waiting: [change("eve", true), change("zoe", false)].into() },
        ] {
            known.write(&path).unwrap();
            assert_eq!(Known::read(&path).unwrap(), Some(known));
        }
        std::fs::write(&path, "[[known]]\nid = 7\n").unwrap();
        let error = Known::read(&path).unwrap_err().to_string();
        assert!(error.contains("access-told.toml") && error.contains("or remove it"), "{error}");
    }

    /// It carries no checksum, and needs none: what it says wrongly is told the journal anew.
    #[test]
    fn any_flipped_bit_or_cut_end_is_named_or_told_anew_and_is_no_lost_grant() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access-told.toml");
        let now = clock::wall();
        let [ana, ben, eve, zoe] = ["ana", "ben", "eve", "zoe"].map(|name| grant(name, None));
        let waits = |grant: &Grant, given| Change { grant: grant.clone(), given };
        let waiting = VecDeque::from([waits(&eve, true), waits(&ben, false)]);
        let whole = Known { grants: [ana.clone(), ben, zoe.clone()].into(), waiting };
        whole.write(&path).unwrap();
        let live = BTreeSet::from([ana, eve, zoe]);
        let bytes = std::fs::read(&path).unwrap();
        let flipped = (0..bytes.len()).map(|at| {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << (at % 8);
            broken
        });
        let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
        let (mut named, mut told) = (0, 0);
        for broken in flipped.chain(cut) {
            std::fs::write(&path, &broken).unwrap();
            let text = String::from_utf8_lossy(&broken).into_owned();
            match Known::read(&path) {
                Err(error) => {
                    let error = error.to_string();
                    let said = error.contains("access-told.toml") && error.contains("or remove it");
                    assert!(said, "{error} of {text}");
                    named += 1;
                }
                Ok(known) => {
                    let mut known = known.expect("it is there");
                    told += usize::from(known != whole);
                    known.compare(&live, now);
                    let mut then = known.clone();
                    known.waiting.iter().for_each(|change| then.note(change));
                    then.forget_ended(now);
                    assert_eq!(then.grants, live, "the journal would believe another file than {text}");
                }
            }
        }
        assert!(named > 50 && told > 20, "{named} named, {told} told anew");
    }

    #[test]
    fn what_has_ended_is_no_change_and_what_waits_is_none_twice() {
        let now = clock::wall();
        let [ana, eve, zoe] = ["ana", "eve", "zoe"].map(|name| grant(name, None));
        let old = Grant { expires: now, ..grant("old", None) };
        let waits = |grant: &Grant, given| Change { grant: grant.clone(), given };
        let waiting = VecDeque::from([waits(&eve, true), waits(&ana, false)]);
        let mut known = Known { grants: [ana, old].into(), waiting: waiting.clone() };
        known.compare(&[eve.clone()].into(), now);
        assert_eq!(known.waiting, waiting, "it is as the file says once that is told");
        known.compare(&[zoe.clone()].into(), now);
        assert_eq!(
            known.waiting.range(2..).cloned().collect::<Vec<_>>(),
            [waits(&eve, false), waits(&zoe, true)]
        );
    }
}
