//! Digests without a watermark: the target must show what the source showed a tolerated lag ago, or since.
//!
//! The source is seen with a digest at moments. A digest of the target at t *matches* where the source was
//! seen with it inside [t − lag, t + lag]; the second half is for a source that is looked at less often than
//! it changes. It *differs* where all sightings of the source from t − lag (the one before it included) to
//! one at or after t agree with each other and not with the target: then the source stood still for longer
//! than the lag, so no replication that keeps to it explains the difference. Anything else is not settled and
//! counts for nothing, so a table that never rests goes stale and not wrong. (Own; unit: milliseconds.)
//!
//! What it assumes: between two equal sightings the source was not elsewhere. A difference is taken back by
//! the matches that are asked for in a row: replication that was late can catch up.

use std::collections::BTreeMap;

use tidelock_model::Side;

use super::{DIGEST_BYTES, DIGESTS_PER_SIDE, DigestState, read_digest, read_u32, write_digest};
use crate::proof::{BadState, Persist, StateReader, StateWriter};

/// What is asked of digests without a watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LagSettings {
    /// The lag that is tolerated.
    pub lag_ms: u64,
    /// Matches in a row; 3.
    pub matches: u32,
    /// How old the last match may be.
    pub max_age_ms: u64,
    /// Rows that a digest must cover to count as a match: nothing equals nothing.
    pub rows_at_least: u64,
}

/// What is known of one sighting of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    No,
    Equal,
    Different,
}

/// A digest at a moment, and how many rows it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sighting {
    digest: Vec<u8>,
    rows: u64,
}

/// The digests of one partition, or of one table as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LagDigests {
    settings: LagSettings,
    source: BTreeMap<u64, Sighting>,
    /// Sightings of the target that are not settled.
    open: BTreeMap<u64, Sighting>,
    /// The moment of the newest settled sighting of the target; older ones are not taken.
    settled_to: Option<u64>,
    matches: u32,
    last_match_ms: Option<u64>,
    different: bool,
    unstable: bool,
}

impl LagDigests {
    /// Nothing was seen yet.
    pub fn new(settings: LagSettings) -> LagDigests {
        LagDigests {
            settings,
            source: BTreeMap::new(),
            open: BTreeMap::new(),
            settled_to: None,
            matches: 0,
            last_match_ms: None,
            different: false,
            unstable: false,
        }
    }

    /// A side was seen with a digest at a moment of collector time.
    pub fn put(&mut self, at_ms: u64, side: Side, digest: &[u8], rows: u64) {
        if DIGEST_BYTES < digest.len() {
            self.unstable = true;
            return;
        }
        let sightings = match side {
            Side::Source => &mut self.source,
            Side::Target if self.settled_to.is_some_and(|to| at_ms <= to) => return,
            Side::Target => &mut self.open,
        };
        sightings.entry(at_ms).or_insert_with(|| Sighting { digest: digest.to_vec(), rows });
        if DIGESTS_PER_SIDE < sightings.len() {
            sightings.pop_first();
        }
        self.settle();
    }

    /// What was seen is not all that there was to see: the matches in a row begin again, a difference stays.
    pub fn restart(&mut self) {
        self.matches = 0;
    }

    /// Settles what can be, in the order of the target's moments; what waited longer than a newer one that
    /// is settled never will be.
    fn settle(&mut self) {
        let answers: Vec<_> = self.open.iter().map(|(at, seen)| (*at, self.compare(*at, seen))).collect();
        for (at_ms, settled) in answers {
            match settled {
                Settled::No => continue,
                Settled::Equal => {
                    self.matches = self.matches.saturating_add(1);
                    self.last_match_ms = Some(at_ms);
                    self.different &= self.matches < self.settings.matches;
                }
                Settled::Different => {
                    self.matches = 0;
                    self.different = true;
                }
            }
            self.settled_to = Some(at_ms);
            self.open.retain(|open, _| at_ms < *open);
        }
    }

    fn compare(&self, at_ms: u64, seen: &Sighting) -> Settled {
        let from = at_ms.saturating_sub(self.settings.lag_ms);
        let to = at_ms.saturating_add(self.settings.lag_ms);
        if self.source.range(from..=to).any(|(_, source)| source.digest == seen.digest) {
            let enough = self.settings.rows_at_least <= seen.rows;
            return if enough { Settled::Equal } else { Settled::No };
        }
        let before = self.source.range(..=from).next_back();
        let after = self.source.range(at_ms..).next();
        let (Some((before, first)), Some((after, _))) = (before, after) else { return Settled::No };
        let rested = self.source.range(*before..=*after).all(|(_, source)| source.digest == first.digest);
        if rested && first.digest != seen.digest { Settled::Different } else { Settled::No }
    }

    /// How it stands.
    pub fn state(&self, now_ms: u64) -> DigestState {
        if self.different {
            return DigestState::Mismatch;
        }
        if self.unstable {
            return DigestState::Unstable;
        }
        let Some(last) = self.last_match_ms else { return DigestState::NoData };
        if self.settings.max_age_ms < now_ms.saturating_sub(last) {
            DigestState::Stale
        } else if self.matches < self.settings.matches {
            DigestState::Dwelling
        } else {
            DigestState::Pass
        }
    }

    /// Until when the last match is young enough, in milliseconds; none before the first.
    pub fn good_until(&self) -> Option<u64> {
        self.last_match_ms.map(|last| last.saturating_add(self.settings.max_age_ms))
    }

    /// Matches in a row so far.
    pub fn matches(&self) -> u32 {
        self.matches
    }
}

impl Persist for LagDigests {
    fn write(&self, out: &mut StateWriter) {
        let settings = &self.settings;
        out.number(settings.lag_ms);
        out.number(u64::from(settings.matches));
        out.number(settings.max_age_ms);
        out.number(settings.rows_at_least);
        for sightings in [&self.source, &self.open] {
            out.list(sightings.iter(), |(at, sighting), out| {
                out.number(*at);
                write_digest(&sighting.digest, out);
                out.number(sighting.rows);
            });
        }
        out.option(self.settled_to.as_ref(), |ms, out| out.number(*ms));
        out.number(u64::from(self.matches));
        out.option(self.last_match_ms.as_ref(), |ms, out| out.number(*ms));
        out.flag(self.different);
        out.flag(self.unstable);
    }

    fn read(from: &mut StateReader<'_>) -> Result<LagDigests, BadState> {
        let lag_ms = from.number()?;
        let matches = read_u32(from)?;
        let (max_age_ms, rows_at_least) = (from.number()?, from.number()?);
        let mut sightings = || {
            from.map(DIGESTS_PER_SIDE, |from| {
                Ok((from.number()?, Sighting { digest: read_digest(from)?, rows: from.number()? }))
            })
        };
        let (source, open) = (sightings()?, sightings()?);
        Ok(LagDigests {
            settings: LagSettings { lag_ms, matches, max_age_ms, rows_at_least },
            source,
            open,
            settled_to: from.option(|from| from.number())?,
            matches: read_u32(from)?,
            last_match_ms: from.option(|from| from.number())?,
            different: from.flag()?,
            unstable: from.flag()?,
        })
    }
}
