//! One digest a field of an answer, so that both sides can be compared without an answer leaving either.
//!
//! Every compared request is made twice in a run, on both sides, so that both sides do the same work and a
//! page that breaks when it is loaded again breaks either. What differs between the source's own two answers
//! is its noise, so the source reports both; of the target's, the first counts. A run that did not pass
//! compares nothing: half an answer would read as a difference, or as noise.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::fields::{Fields, fields};
use super::shape::{Flow, FlowStep};
use crate::encode::hex;
use crate::{Browser, Reply, Scenario, Side};

/// Fields of all compared answers of a run.
const MAX_FIELDS: usize = 256;
/// Bytes kept of a hash.
const HASH_BYTES: usize = 16;
/// The longest key that the contract takes.
const KEY_BYTES: usize = 128;
/// Patterns of fields that are left out, and headers that are compared.
const MAX_NAMES: usize = 64;
/// The position of the first answer.
const FIRST: &str = "first";
/// The position of the answer to the same request, made again.
const AGAIN: &str = "again";

/// What of an answer is compared with the other side's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameResponse {
    /// Fields that may differ, as they are told: `body/items/*/updated_at`. `*` is any one part; everything
    /// below a field is left out with it.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Headers that are compared beside the content type.
    #[serde(default)]
    pub headers: Vec<String>,
}

impl SameResponse {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.ignore.len() > MAX_NAMES || self.headers.len() > MAX_NAMES {
            return Err(format!("at most {MAX_NAMES} entries of each kind"));
        }
        for pattern in &self.ignore {
            let root = pattern.split('/').next().unwrap_or_default();
            if !matches!(root, "body" | "header" | "status") {
                return Err(format!(
                    "ignore: `{pattern}` begins with none of `body`, `header/NAME`, `status`"
                ));
            }
        }
        match self.headers.iter().find(|name| name.is_empty()) {
            Some(_) => Err("headers: a name is empty".to_owned()),
            None => Ok(()),
        }
    }

    fn leaves_out(&self, path: &str) -> bool {
        self.ignore.iter().any(|pattern| {
            let mut parts = path.split('/');
            pattern.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
        })
    }
}

/// The digests of one run.
pub(crate) struct Comparison {
    side: Side,
    /// Fields that each compared step may have.
    share: usize,
    digests: Vec<(String, Vec<u8>, &'static str)>,
}

impl Comparison {
    pub(crate) fn new(side: Side, flow: &Flow) -> Comparison {
        let steps = flow.steps.iter().filter(|step| step.same_response.is_some()).count();
        Comparison { side, share: MAX_FIELDS / steps.max(1), digests: Vec::new() }
    }

    /// Takes the two answers to the request of a step.
    pub(crate) fn take(&mut self, step: &FlowStep, browser: &Browser, first: &Reply, again: &Reply) {
        let Some(same) = &step.same_response else { return };
        let mut answers = vec![(first, FIRST)];
        // The noise is the source's own.
        if self.side == Side::Source {
            answers.push((again, AGAIN));
        }
        for (reply, position) in answers {
            for (path, hash) in bounded(fields(reply, same, browser), same, self.share) {
                self.digests.push((key(&step.name, &path), hash, position));
            }
        }
    }

    /// Puts the digests into the report.
    pub(crate) fn report(self, run: &mut Scenario) {
        for (key, hash, position) in self.digests {
            run.digest(&key, &hash, 1, position);
        }
    }
}

/// At most `most` fields: those after them become one, so that a difference in them is still one.
fn bounded(fields: Fields, same: &SameResponse, most: usize) -> BTreeMap<String, Vec<u8>> {
    let Fields { known, rest } = fields;
    let mut taken = BTreeMap::new();
    let mut others = rest.unwrap_or_default();
    let mut over = !others.is_empty();
    let kept = known.into_iter().filter(|(path, _)| !same.leaves_out(path));
    for (at, (path, value)) in kept.enumerate() {
        if at + 1 < most {
            taken.insert(path, hash(value.as_bytes()));
        } else {
            over = true;
            others = format!("{others}{path}={}\n", hex(&hash(value.as_bytes())));
            others = hex(&hash(others.as_bytes()));
        }
    }
    if over {
        taken.insert("rest".to_owned(), hash(others.as_bytes()));
    }
    taken
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes)[..HASH_BYTES].to_vec()
}

/// The field's name in the report: readable, and always one that the contract takes.
fn key(step: &str, path: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    let key = format!("{step}/{path}");
    if key.len() <= KEY_BYTES && key.chars().all(plain) {
        return key;
    }
    let head: String = key.chars().filter(|c| plain(*c)).take(KEY_BYTES - 20).collect();
    format!("{head}~{}", &hex(&hash(path.as_bytes()))[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_leaves_out_a_field_and_all_below_it() {
        let same = SameResponse {
            ignore: ["body/items/*/at", "header/date"].map(str::to_owned).to_vec(),
            headers: vec![],
        };
        for (path, out) in [
            ("body/items/0/at", true),
            ("body/items/0/at/zone", true),
            ("body/items/0/atx", false),
            ("body/items/0", false),
            ("header/date", true),
            ("status", false),
        ] {
            assert_eq!(same.leaves_out(path), out, "{path}");
        }
        let wrong = SameResponse { ignore: vec!["/items".to_owned()], headers: vec![] };
        assert!(wrong.check().unwrap_err().contains("begins with none of"));
    }

    #[test]
    fn fields_that_do_not_fit_become_one_that_still_differs() {
        let many = |changed: usize| Fields {
            known: (0..10).map(|n| (format!("body/{n}"), (n == changed).to_string())).collect(),
            rest: None,
        };
        let same = SameResponse::default();
        let (one, other) = (bounded(many(99), &same, 4), bounded(many(9), &same, 4));
        assert_eq!(
            one.keys().map(String::as_str).collect::<Vec<_>>(),
            ["body/0", "body/1", "body/2", "rest"]
        );
        assert_eq!(one["body/0"], other["body/0"]);
        assert_ne!(one["rest"], other["rest"]);
        assert_eq!(bounded(many(99), &same, 99).len(), 10);
    }

    #[test]
    fn a_key_is_readable_short_and_its_own() {
        assert_eq!(key("list", "body/0/name"), "list/body/0/name");
        let (a, b) =
            (key("list", &format!("body/{}a", "x".repeat(200))), key("list", &"y\u{202e}".repeat(99)));
        let c = key("list", &format!("body/{}b", "x".repeat(200)));
        assert!(a != c && [&a, &b, &c].iter().all(|key| key.len() <= KEY_BYTES && key.is_ascii()), "{a} {b}");
    }
}
