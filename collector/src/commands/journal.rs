//! `journal`: looks at a journal without a collector, without a lock and without sled.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ring::digest;
use tidelock_core::Migration;
use tidelock_model::Sha256;

use super::say;
use crate::fold::{Fold, replay as fold};
use crate::journal::{Position, read_decisions_offline, read_findings_offline, verify as prove};
use crate::records::Decision;

/// Mismatches that are printed; the rest is counted.
const PRINTED: usize = 20;

/// The data folder, also where the collector's own folder was given.
fn data_dir(dir: &Path) -> PathBuf {
    let inner = dir.join("data");
    if dir.join("collector.toml").is_file() && inner.is_dir() { inner } else { dir.to_path_buf() }
}

pub(super) fn verify(dir: &Path) -> anyhow::Result<ExitCode> {
    let dir = data_dir(dir);
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
        say(&mut out, &format!("torn       {torn:?}"));
    }
    for note in &report.notes {
        say(&mut out, &format!("note       {note}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a replay found.
struct Compared {
    decisions: u64,
    mismatches: Vec<String>,
    digest: digest::Context,
}

impl Compared {
    /// Computes the evidence and the holds of a decision again, from the state that it met.
    fn compare(&mut self, fold: &Fold, position: Position, decision: &Decision) {
        let event = &decision.event;
        let unborn = Migration::new(decision.migration.clone());
        let core = fold.migrations.get(&decision.migration).map_or(&unborn, |folding| &folding.core);
        let (hash, holds) = core.evidence_of(&event.kind, decision.at);
        self.decisions += 1;
        self.digest.update(&position.number().to_be_bytes());
        self.digest.update(hash.as_bytes());
        for line in &holds {
            self.digest.update(&(line.len() as u64).to_be_bytes());
            self.digest.update(line.as_bytes());
        }
        let of = format!("decision {position} of {}", decision.migration);
        if hash != event.evidence_hash {
            self.mismatches.push(format!("{of}: evidence {hash}, recorded {}", event.evidence_hash));
        }
        if holds != event.holds {
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
    prove(&dir).with_context(|| format!("verify {}", dir.display()))?;
    let first = Position::new(1);
    let findings = read_findings_offline(&dir, first)?;
    let decisions = read_decisions_offline(&dir, first)?;
    let mut compared =
        Compared { decisions: 0, mismatches: Vec::new(), digest: digest::Context::new(&digest::SHA256) };
    let folded = fold(findings, decisions, |fold, position, decision| {
        compared.compare(fold, position, decision);
    })
    .with_context(|| format!("replay {}", dir.display()))?;
    let Compared { decisions, mismatches, digest } = compared;
    let found = Sha256::try_from(digest.finish().as_ref()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut out = std::io::stdout();
    for line in mismatches.iter().take(PRINTED) {
        say(&mut out, &format!("MISMATCH  {line}"));
    }
    for (name, folding) in &folded.migrations {
        let core = &folding.core;
        say(&mut out, &format!("{name}: phase {}, plan revision {}", core.phase(), core.revision()));
    }
    let wrong = mismatches.len();
    say(&mut out, &format!("{decisions} decisions replayed, {wrong} mismatches, digest {found}"));
    if expect.is_some_and(|expected| expected != found) {
        say(&mut out, "MISMATCH  the digest is not the expected one");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
