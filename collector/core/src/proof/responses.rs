//! The same question asked on both sides must get the same answer, but for what changes by itself.
//!
//! A response comes as one digest a field. The source is asked twice in one run: what differs between its own
//! two answers is its noise. Per slot, d_T is the share of fields in which the target's answer differs from
//! the source's first one, d_N the share in which the source's second one does, each in the mean over pairs.
//!
//! Null: E[d_T − d_N | past] ≥ m, the target's answers differ in m more of the fields than the source's own
//! do. z = d_N + m − d_T lies in [−(1−m), 1+m] and has mean ≤ 0 under it, so a betting e-process with
//! c = 1 − m rejects it at level α once ln E ≥ θ_1 = −ln(α·w₁), however often one looks. Unit: slots.
//! (Formula: arXiv 2010.09686; the pairing is our own.)
//!
//! A field that differed between the source's own answers in two slots is *volatile* and left out of later
//! slots. That is decided by the source's past alone, so nothing is selected by the target's answers; the
//! fields left out are listed, for a claim about the rest says nothing about them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::attempts::attempt_threshold;
use super::constants::{CAP, FRESH_SLOTS};
use super::eprocess::Betting;
use super::scenario::ScenarioVerdict;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// Fields of a response, and fields that are left out.
const FIELDS: usize = 256;
/// Slots in which a field must differ from itself to be volatile.
const VOLATILE_AFTER: u64 = 2;
/// Differing fields that are named.
const NAMED: usize = 32;

/// One answer: a digest for each path of a field.
pub type FieldDigests = BTreeMap<String, Vec<u8>>;

/// The source's two answers of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceAnswers {
    /// The first answer.
    pub first: FieldDigests,
    /// The answer to the same question, asked again.
    pub again: FieldDigests,
}

/// How much differed in a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Differences {
    /// d_T: the target from the source.
    pub target: f64,
    /// d_N: the source from itself.
    pub noise: f64,
    /// Fields compared in the pair that had the fewest.
    pub fields: usize,
}

/// What the answers of one check have proved.
#[derive(Debug, Clone, PartialEq)]
pub struct SameResponse {
    margin: f64,
    alpha: f64,
    betting: Betting,
    ignored: BTreeSet<String>,
    /// In how many slots a field differed from itself.
    restless: BTreeMap<String, u64>,
    slots: u64,
    void_in_row: u32,
    differing: BTreeSet<String>,
}

impl SameResponse {
    /// Nothing was compared yet; `ignored` fields never are. None where the numbers mean nothing.
    pub fn new(margin: f64, alpha: f64, ignored: impl IntoIterator<Item = String>) -> Option<SameResponse> {
        let share = |value: f64| (f64::MIN_POSITIVE..1.0).contains(&value);
        (share(margin) && share(alpha)).then(|| SameResponse {
            margin,
            alpha,
            betting: Betting::new(),
            ignored: ignored.into_iter().take(FIELDS).collect(),
            restless: BTreeMap::new(),
            slots: 0,
            void_in_row: 0,
            differing: BTreeSet::new(),
        })
    }

    /// Takes the answers of a closed slot, each side in the order of its keys. None where the slot is void:
    /// a side is silent, an answer has too many fields, or nothing is left to compare.
    pub fn slot(&mut self, source: &[SourceAnswers], target: &[FieldDigests]) -> Option<Differences> {
        let mut differing = BTreeSet::new();
        let differences = self.compare(source, target, &mut differing);
        self.learn(source);
        match differences {
            Some(differences) => {
                let z = differences.noise + self.margin - differences.target;
                self.betting.step(z, 1.0 - self.margin, self.threshold() + CAP);
                self.slots += 1;
                self.void_in_row = 0;
                self.differing = differing;
            }
            None => self.void_in_row = self.void_in_row.saturating_add(1),
        }
        differences
    }

    fn compare(
        &self,
        source: &[SourceAnswers],
        target: &[FieldDigests],
        differing: &mut BTreeSet<String>,
    ) -> Option<Differences> {
        let (mut noise, mut apart, mut fields) = (0.0, 0.0, usize::MAX);
        for answers in source {
            let (share, compared) = self.differ(&answers.first, &answers.again, |_| ())?;
            noise += share;
            fields = fields.min(compared);
        }
        for (answer, answers) in target.iter().zip(source.iter().cycle()) {
            let (share, compared) = self.differ(&answers.first, answer, |path| {
                if differing.len() < NAMED {
                    differing.insert(path.to_owned());
                }
            })?;
            apart += share;
            fields = fields.min(compared);
        }
        let both = !source.is_empty() && !target.is_empty();
        both.then(|| Differences {
            target: apart / target.len() as f64,
            noise: noise / source.len() as f64,
            fields,
        })
    }

    /// The share of fields in which two answers differ, and of how many; a field that one of them has not
    /// differs.
    fn differ(
        &self,
        one: &FieldDigests,
        other: &FieldDigests,
        mut differs: impl FnMut(&str),
    ) -> Option<(f64, usize)> {
        if FIELDS < one.len() || FIELDS < other.len() {
            return None;
        }
        let paths: BTreeSet<&str> =
            one.keys().chain(other.keys()).map(|path| &**path).filter(|path| !self.left_out(path)).collect();
        let apart = paths.iter().filter(|path| one.get(**path) != other.get(**path));
        let apart = apart.inspect(|path| differs(path)).count();
        (!paths.is_empty()).then(|| (apart as f64 / paths.len() as f64, paths.len()))
    }

    /// Remembers which fields the source changes by itself, for the slots to come.
    fn learn(&mut self, source: &[SourceAnswers]) {
        let sound = source.iter().filter(|answers| answers.first.len().max(answers.again.len()) <= FIELDS);
        let restless: BTreeSet<&str> = sound
            .flat_map(|answers| {
                let paths = answers.first.keys().chain(answers.again.keys());
                paths.filter(|path| answers.first.get(*path) != answers.again.get(*path))
            })
            .map(|path| &**path)
            .collect();
        for path in restless {
            if let Some(slots) = self.restless.get_mut(path) {
                *slots = slots.saturating_add(1);
            } else if self.restless.len() < FIELDS {
                self.restless.insert(path.to_owned(), 1);
            }
        }
    }

    fn left_out(&self, path: &str) -> bool {
        self.ignored.contains(path) || self.restless.get(path).is_some_and(|slots| VOLATILE_AFTER <= *slots)
    }

    /// Fields that are left out because the source changes them by itself.
    pub fn volatile(&self) -> impl Iterator<Item = &str> {
        self.restless.iter().filter(|(_, slots)| VOLATILE_AFTER <= **slots).map(|(path, _)| &**path)
    }

    /// Fields that are left out because the plan says so.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        self.ignored.iter().map(|path| &**path)
    }

    /// Fields in which the target differed in the last slot that was compared.
    pub fn differing(&self) -> impl Iterator<Item = &str> {
        self.differing.iter().map(|path| &**path)
    }

    /// Slots that were compared.
    pub fn slots(&self) -> u64 {
        self.slots
    }

    /// The evidence against the null.
    pub fn ln_e(&self) -> f64 {
        self.betting.ln_e()
    }

    /// θ: what rejects it.
    pub fn threshold(&self) -> f64 {
        attempt_threshold(self.alpha, 1)
    }

    /// No data, undecided or proved.
    pub fn verdict(&self) -> ScenarioVerdict {
        if self.slots == 0 || FRESH_SLOTS <= self.void_in_row {
            ScenarioVerdict::NoData
        } else if self.threshold() <= self.ln_e() {
            ScenarioVerdict::Pass
        } else {
            ScenarioVerdict::Undecided
        }
    }
}

impl Persist for SameResponse {
    fn write(&self, out: &mut StateWriter) {
        out.fraction(self.margin);
        out.fraction(self.alpha);
        self.betting.write(out);
        out.list(self.ignored.iter(), |path, out| out.text(path));
        out.list(self.restless.iter(), |(path, slots), out| {
            out.text(path);
            out.number(*slots);
        });
        out.number(self.slots);
        out.number(u64::from(self.void_in_row));
        out.list(self.differing.iter(), |path, out| out.text(path));
    }

    fn read(from: &mut StateReader<'_>) -> Result<SameResponse, BadState> {
        let (margin, alpha) = (from.fraction()?, from.fraction()?);
        let betting = Betting::read(from)?;
        let ignored = from.list(FIELDS, |from| from.text())?;
        let empty = SameResponse::new(margin, alpha, ignored);
        let empty = empty.ok_or_else(|| from.bad("the settings of a comparison"))?;
        let restless = from.map(FIELDS, |from| Ok((from.text()?, from.number()?)))?;
        let slots = from.number()?;
        let void_in_row = u32::try_from(from.number()?).map_err(|_| from.bad("a number of slots"))?;
        let differing = from.list(NAMED, |from| from.text())?.into_iter().collect();
        Ok(SameResponse { betting, restless, slots, void_in_row, differing, ..empty })
    }
}
