//! `journal`: looks at a journal without a collector, without a lock and without sled.

mod compare;
mod export;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ring::digest;
use tidelock_core::Migration;
use tidelock_model::{Name, Sha256};

pub(super) use compare::compare;
pub(super) use export::export;

use super::say;
use crate::fold::{Fold, replay as fold};
use crate::heads::{self, Course};
use crate::journal::{
    Position, VerifyReport, read_decisions_offline, read_findings_offline, verify as prove,
};
use crate::records::Decision;

/// Mismatches that are printed; the rest is counted.
const PRINTED: usize = 20;

/// The data folder, also where the collector's own folder was given.
fn data_dir(dir: &Path) -> PathBuf {
    let inner = dir.join("data");
    if dir.join("collector.toml").is_file() && inner.is_dir() { inner } else { dir.to_path_buf() }
}

/// The same, which must exist: where nothing is, nothing is damaged.
fn there(dir: &Path) -> anyhow::Result<PathBuf> {
    let dir = data_dir(dir);
    let found = std::fs::read_dir(&dir);
    // What cannot be read at all is told by who reads it.
    let empty = match found {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    anyhow::ensure!(!empty, "no journal in {}: name the collector's data folder", dir.display());
    Ok(dir)
}

pub(super) fn verify(dir: &Path, heads: Option<&Path>) -> anyhow::Result<ExitCode> {
    let dir = there(dir)?;
    let report = prove(&dir).with_context(|| format!("verify {}", dir.display()))?;
    let mut out = std::io::stdout();
    for (set, found) in [("findings", &report.findings), ("decisions", &report.decisions)] {
        let line = format!(
            "{set:<10} {} records in {} segments, {} to {}, chain {}",
            found.records,
            found.segments,
            found.oldest,
            found.head,
            found.chain.short()
        );
        say(&mut out, &line);
    }
    for (migration, head) in &report.migrations {
        say(
            &mut out,
            &format!("migration  {migration}: decision {}, chain {}", head.position, head.link.short()),
        );
    }
    for torn in &report.torn {
        say(&mut out, &format!("torn       {torn}"));
    }
    for note in &report.notes {
        say(&mut out, &format!("note       {note}"));
    }
    match heads {
        Some(path) => against(&dir, &report, path),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Holds a journal that was proved against heads that somebody kept.
fn against(dir: &Path, report: &VerifyReport, path: &Path) -> anyhow::Result<ExitCode> {
    let Some((known, key)) = heads::read(path)? else {
        anyhow::bail!("read {}: it is missing", path.display())
    };
    let at_hand: BTreeMap<_, _> =
        report.migrations.iter().map(|(name, head)| (name.clone(), head.position)).collect();
    let course = heads::compare(path, &known, report.identity, &at_hand, |position| {
        let mut reader =
            read_decisions_offline(dir, position).map_err(|error| crate::journal::ReadError::Io {
                doing: "read decisions of",
                path: dir.to_path_buf(),
                source: std::io::Error::other(error),
            })?;
        let stored = reader.next().transpose()?;
        Ok(stored.and_then(|stored| stored.decision).map(|frame| (frame.migration, frame.link)))
    })?;
    let mut out = std::io::stdout();
    let signer = Sha256::try_from(digest::digest(&digest::SHA256, &key).as_ref())
        .map_or_else(|error| error.to_string(), |found| found.short());
    match course {
        Course::Whole => {
            let count = known.migrations.len();
            say(&mut out, &format!("heads      {count} remembered, all are there; signed by key {signer}"));
            Ok(ExitCode::SUCCESS)
        }
        Course::Older(older) => {
            for (migration, missing) in older {
                say(&mut out, &format!("OLDER      {migration}: {}", missing.why));
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What a release may not change: the code of a hold, and what it is about. The words behind it are for
/// people, and get better.
fn codes(holds: &[String]) -> Vec<&str> {
    holds.iter().map(|line| line.split_once(": ").map_or(line.as_str(), |(code, _)| code)).collect()
}

/// What a replay found.
struct Compared {
    decisions: u64,
    mismatches: Vec<String>,
    digest: digest::Context,
    /// The oldest findings that are kept.
    oldest: Position,
    /// The last finding before the first decision of each migration.
    begins: BTreeMap<Name, Position>,
    /// Decisions whose findings were dropped after their retention.
    unproved: u64,
}

impl Compared {
    /// Computes the evidence and the holds of a decision again, from the state that it met.
    fn compare(&mut self, fold: &Fold, position: Position, decision: &Decision) {
        let event = &decision.event;
        let rests_on = Position::new(event.findings_position);
        let begin = *self.begins.entry(decision.migration.clone()).or_insert(rests_on);
        if begin.next() < self.oldest {
            self.unproved += 1;
            return;
        }
        let unborn = Migration::new(decision.migration.clone());
        let core = fold.migrations.get(&decision.migration).map_or(&unborn, |folding| &folding.core);
        let (hash, holds) = core.evidence_of(&event.kind, decision.at);
        self.decisions += 1;
        self.digest.update(&position.number().to_be_bytes());
        self.digest.update(hash.as_bytes());
        for line in codes(&holds) {
            self.digest.update(&(line.len() as u64).to_be_bytes());
            self.digest.update(line.as_bytes());
        }
        let of = format!("decision {position} of {}", decision.migration);
        if hash != event.evidence_hash {
            self.mismatches.push(format!("{of}: evidence {hash}, recorded {}", event.evidence_hash));
        }
        if codes(&holds) != codes(&event.holds) {
            self.mismatches.push(format!("{of}: holds {holds:?}, recorded {:?}", event.holds));
        }
    }
}

pub(super) fn replay(dir: &Path, expect: Option<&str>) -> anyhow::Result<ExitCode> {
    let dir = data_dir(dir);
    let expect: Option<Sha256> = match expect {
        Some(text) => Some(text.parse().map_err(|error| anyhow::anyhow!("--expect: {error}"))?),
        None => None,
    };
    // Every byte first: a replay of something that was changed proves nothing.
    let report = prove(&dir).with_context(|| format!("verify {}", dir.display()))?;
    let oldest = report.findings.oldest;
    let findings = read_findings_offline(&dir, oldest)?;
    let decisions = read_decisions_offline(&dir, Position::new(1))?;
    let digest = digest::Context::new(&digest::SHA256);
    let (begins, mismatches) = (BTreeMap::new(), Vec::new());
    let mut compared = Compared { decisions: 0, mismatches, digest, oldest, begins, unproved: 0 };
    let folded = fold(findings, decisions, |fold, position, decision| {
        compared.compare(fold, position, decision);
    })
    .with_context(|| format!("replay {}", dir.display()))?;
    let Compared { decisions, mismatches, digest, oldest: _, begins: _, unproved } = compared;
    let found = Sha256::try_from(digest.finish().as_ref()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut out = std::io::stdout();
    for line in mismatches.iter().take(PRINTED) {
        say(&mut out, &format!("MISMATCH  {line}"));
    }
    for (name, folding) in &folded.migrations {
        let core = &folding.core;
        say(&mut out, &format!("{name}: phase {}, plan revision {}", core.phase(), core.revision()));
    }
    if unproved > 0 {
        let line = format!("{unproved} decisions rest on findings that were dropped after their retention");
        say(&mut out, &line);
    }
    let wrong = mismatches.len();
    say(&mut out, &format!("{decisions} decisions replayed, {wrong} mismatches, digest {found}"));
    if expect.is_some_and(|expected| expected != found) {
        say(&mut out, "MISMATCH  the digest is not the expected one");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_nothing_is_damaged() {
        let dir = std::env::temp_dir().join(format!("tidelock-no-journal-{}", std::process::id()));
        let missing = verify(&dir, None).unwrap_err();
        std::fs::create_dir(&dir).unwrap();
        let empty = verify(&dir, None).unwrap_err();
        // A folder with something else in it may be a journal that lost its identity.
        std::fs::write(dir.join("decisions"), "x").unwrap();
        let damaged = verify(&dir, None).unwrap_err();
        std::fs::remove_dir_all(&dir).unwrap();
        for error in [missing, empty] {
            let said = format!("{error:#}");
            assert!(said.starts_with("no journal in ") && said.contains("data folder"), "{said}");
        }
        assert!(format!("{damaged:#}").contains("damaged"), "{damaged:#}");
    }
}
