//! Whether the data is the same: digests of partitions, compared where both sides stood at the same place.
//!
//! Exact comparison, no error rate: two digests at one watermark are equal or they are not. So replication
//! lag never looks like a difference, and it is judged apart, by how far the source has gone since the last
//! match. Every partition must pass; of many, a random sample bounds the diverged share (`bounds`).
//! (`docs/DECISION.md`, section 7. Units: watermarks in log bytes, or in ms where the watermark is a time;
//! moments in milliseconds.) Where there is no watermark, see [`LagDigests`].

mod lag;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use tidelock_model::Side;

pub use lag::{LagDigests, LagSettings};

use super::state::{BadState, Persist, StateReader, StateWriter};

/// Watermarks, or sightings, kept of a side.
pub const DIGESTS_PER_SIDE: usize = 64;
/// Partitions kept; one more than these makes the answer blind for good.
pub const PARTITIONS_KEPT: usize = 4_096;
/// Bytes of a digest that are kept.
const DIGEST_BYTES: usize = 64;

/// How data stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DigestState {
    /// It differs where it must not.
    Mismatch,
    /// One side gave two digests at one watermark: the digest or the watermark is wrong.
    Unstable,
    /// It was never compared.
    NoData,
    /// The last match is too old.
    Stale,
    /// The source has gone too far since the last match.
    Lagging,
    /// It matched, but not often enough.
    Dwelling,
    /// It matches.
    Pass,
}

impl DigestState {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            DigestState::Mismatch => "MISMATCH",
            DigestState::Unstable => "UNSTABLE",
            DigestState::NoData => "NO_DATA",
            DigestState::Stale => "STALE",
            DigestState::Lagging => "LAGGING",
            DigestState::Dwelling => "DWELLING",
            DigestState::Pass => "PASS",
        }
    }
}

/// What is asked of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestSettings {
    /// Matches at different watermarks; 3.
    pub matches: u32,
    /// How far the source may be ahead of the last match, in units of the watermark.
    pub max_lag: u64,
    /// How old the last match may be.
    pub max_age_ms: u64,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Partition {
    /// Source first: watermark to digest.
    sides: [BTreeMap<u64, Vec<u8>>; 2],
    source_head: u64,
    mismatch: bool,
    unstable: bool,
    matches: u32,
    /// When the last match was known, and at which watermark.
    last: Option<(u64, u64)>,
}

impl Partition {
    fn put(&mut self, at_ms: u64, side: Side, watermark: u64, digest: &[u8]) {
        let (own, other) = match side {
            Side::Source => (0, 1),
            Side::Target => (1, 0),
        };
        if side == Side::Source {
            self.source_head = self.source_head.max(watermark);
        }
        if let Some(first) = self.sides[own].get(&watermark) {
            self.unstable |= first != digest;
            return;
        }
        self.sides[own].insert(watermark, digest.to_vec());
        if let Some(theirs) = self.sides[other].get(&watermark) {
            if theirs == digest {
                self.matches = self.matches.saturating_add(1);
                self.last = Some((at_ms, watermark));
            } else {
                self.mismatch = true;
            }
        }
        if DIGESTS_PER_SIDE < self.sides[own].len() {
            self.sides[own].pop_first();
        }
    }

    fn state(&self, settings: &DigestSettings, now_ms: u64) -> DigestState {
        if self.mismatch {
            return DigestState::Mismatch;
        }
        if self.unstable {
            return DigestState::Unstable;
        }
        let Some((at_ms, watermark)) = self.last else { return DigestState::NoData };
        if settings.max_age_ms < now_ms.saturating_sub(at_ms) {
            DigestState::Stale
        } else if settings.max_lag < self.source_head.saturating_sub(watermark) {
            DigestState::Lagging
        } else if self.matches < settings.matches {
            DigestState::Dwelling
        } else {
            DigestState::Pass
        }
    }
}

/// The digests of all partitions, in one data epoch.
///
/// # Invariants
/// - A difference, and a digest that contradicts itself, stay until an operator opens a new data epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    settings: DigestSettings,
    partitions: BTreeMap<String, Partition>,
    overflown: bool,
}

impl Digests {
    /// A data epoch in which nothing was compared yet.
    pub fn new<P: Into<String>>(
        partitions: impl IntoIterator<Item = P>,
        settings: DigestSettings,
    ) -> Digests {
        let partitions: BTreeMap<_, _> = partitions
            .into_iter()
            .map(|name| (name.into(), Partition::default()))
            .take(PARTITIONS_KEPT + 1)
            .collect();
        let overflown = PARTITIONS_KEPT < partitions.len();
        Digests { settings, partitions, overflown }
    }

    /// Takes a side's digest of a partition at a watermark. One that is too long is refused as unstable; a
    /// partition that nobody named counts from now on.
    pub fn put(&mut self, at_ms: u64, partition: &str, side: Side, watermark: u64, digest: &[u8]) {
        if !self.partitions.contains_key(partition) {
            if self.partitions.len() == PARTITIONS_KEPT {
                self.overflown = true;
                return;
            }
            self.partitions.insert(partition.to_owned(), Partition::default());
        }
        let Some(partition) = self.partitions.get_mut(partition) else { return };
        if DIGEST_BYTES < digest.len() {
            partition.unstable = true;
            return;
        }
        partition.put(at_ms, side, watermark, digest);
    }

    /// An operator opened a new data epoch: what differed before is told no more.
    pub fn new_data_epoch(&mut self) {
        self.partitions.values_mut().for_each(|partition| *partition = Partition::default());
    }

    /// How each partition stands.
    pub fn partitions(&self, now_ms: u64) -> impl Iterator<Item = (&str, DigestState)> {
        self.partitions
            .iter()
            .map(move |(name, partition)| (&**name, partition.state(&self.settings, now_ms)))
    }

    /// The worst of all; with no partition there is no data.
    pub fn state(&self, now_ms: u64) -> DigestState {
        let blind = self.overflown.then_some(DigestState::NoData);
        let worst = self.partitions(now_ms).map(|(_, state)| state).chain(blind).min();
        worst.unwrap_or(DigestState::NoData)
    }
}

impl Persist for Digests {
    fn write(&self, out: &mut StateWriter) {
        out.number(u64::from(self.settings.matches));
        out.number(self.settings.max_lag);
        out.number(self.settings.max_age_ms);
        out.flag(self.overflown);
        out.list(self.partitions.iter(), |(name, partition), out| {
            out.text(name);
            for side in &partition.sides {
                out.list(side.iter(), |(watermark, digest), out| {
                    out.number(*watermark);
                    write_digest(digest, out);
                });
            }
            out.number(partition.source_head);
            out.flag(partition.mismatch);
            out.flag(partition.unstable);
            out.number(u64::from(partition.matches));
            out.option(partition.last.as_ref(), |(at, watermark), out| {
                out.number(*at);
                out.number(*watermark);
            });
        });
    }

    fn read(from: &mut StateReader<'_>) -> Result<Digests, BadState> {
        let matches = read_u32(from)?;
        let settings = DigestSettings { matches, max_lag: from.number()?, max_age_ms: from.number()? };
        let overflown = from.flag()?;
        let partitions = from.map(PARTITIONS_KEPT + 1, |from| {
            let name = from.text()?;
            let mut side = || from.map(DIGESTS_PER_SIDE, |from| Ok((from.number()?, read_digest(from)?)));
            let sides = [side()?, side()?];
            let source_head = from.number()?;
            let (mismatch, unstable) = (from.flag()?, from.flag()?);
            let matches = read_u32(from)?;
            let last = from.option(|from| Ok((from.number()?, from.number()?)))?;
            Ok((name, Partition { sides, source_head, mismatch, unstable, matches, last }))
        })?;
        Ok(Digests { settings, partitions, overflown })
    }
}

fn read_u32(from: &mut StateReader<'_>) -> Result<u32, BadState> {
    u32::try_from(from.number()?).map_err(|_| from.bad("a small number"))
}

fn write_digest(digest: &[u8], out: &mut StateWriter) {
    out.number(digest.len() as u64);
    for chunk in digest.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        out.number(u64::from_be_bytes(word));
    }
}

fn read_digest(from: &mut StateReader<'_>) -> Result<Vec<u8>, BadState> {
    let length = from.count(DIGEST_BYTES)?;
    let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
    while bytes.len() < length {
        bytes.extend_from_slice(&from.number()?.to_be_bytes());
    }
    bytes.truncate(length);
    Ok(bytes)
}
