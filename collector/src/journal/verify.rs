//! Proves a whole journal, byte for byte, without opening it: no lock, no sled, nothing changed.

use std::{collections::BTreeMap, path::Path};

use tidelock_model::{Name, Sha256};

use super::{
    damage::{Damage, Torn},
    decisions::DecisionHeads,
    error::{OpenError, Place},
    layout::Layout,
    read::{known_identity, listed},
    types::{DecisionHead, Position, Set},
    walk::{End, Walk},
    witness::{self, Witness},
};

/// What was proved about one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetReport {
    /// How many segments it has.
    pub segments: u64,
    /// How many records were read.
    pub records: u64,
    /// The first one that is kept.
    pub oldest: Position,
    /// The last one.
    pub head: Position,
    /// The chain up to it.
    pub chain: Sha256,
}

/// What was proved about a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Which journal it is.
    pub identity: [u8; 16],
    /// Its findings.
    pub findings: SetReport,
    /// Its decisions.
    pub decisions: SetReport,
    /// The head of each migration's chain.
    pub migrations: BTreeMap<Name, DecisionHead>,
    /// Unfinished writes at the end; a running collector has one now and then.
    pub torn: Vec<Torn>,
    /// What else is worth saying.
    pub notes: Vec<String>,
}

/// Reads every record of both sets and checks everything that can be checked.
///
/// # Errors
/// The first damage found, or what the disk refused.
pub fn verify(dir: &Path) -> Result<VerifyReport, OpenError> {
    let layout = Layout::new(dir);
    let identity = known_identity(&layout)?;
    let path = layout.witness();
    let vouched = vouched(&path, &identity)?;
    let witness = vouched.ok();
    let moved = || witness::moved(&path, witness);
    // Decisions first: a running collector makes their findings durable before them.
    let mut heads = DecisionHeads::default();
    let mut rests_on = Position::START;
    let (segments, end) = {
        let segments = listed(&layout, Set::Decisions, &identity)?;
        let durable = witness.map(|witness| witness.decisions);
        let walk = Walk {
            layout: &layout,
            set: Set::Decisions,
            journal: &identity,
            segments: &segments,
            all: true,
            durable,
            moved: &moved,
        };
        let end = walk.run(&mut |stored| {
            rests_on = rests_on.max(stored.decision.as_ref().map_or(Position::START, |frame| frame.rests_on));
            heads.follow(stored, Position::new(u64::MAX))
        })?;
        (segments, end)
    };
    let decisions = report(segments.first().map(|first| first.header.first), segments.len(), &end);
    let segments = listed(&layout, Set::Findings, &identity)?;
    let durable = witness.map(|witness| witness.findings);
    let walk = Walk {
        layout: &layout,
        set: Set::Findings,
        journal: &identity,
        segments: &segments,
        all: true,
        durable,
        moved: &moved,
    };
    let findings_end = walk.run(&mut |_| Ok(()))?;
    if findings_end.mark.position < rests_on {
        let what = format!("the findings end here, but a decision rests on finding {rests_on}");
        let path = layout.set(Set::Findings);
        return Err(Damage::new(Set::Findings, &path, 0, findings_end.mark.position.next(), what).into());
    }
    let findings = report(segments.first().map(|first| first.header.first), segments.len(), &findings_end);
    let ends = [findings_end.mark.position, end.mark.position];
    let missed = vouched.err().filter(|why| witness::is_missed(why, ends));
    let note = missed.map(|why| format!("{} vouches for nothing: {why}", path.display()));
    let torn = findings_end.torn.into_iter().chain(end.torn).collect();
    let notes = note.into_iter().collect();
    Ok(VerifyReport { identity, findings, decisions, migrations: heads.all().clone(), torn, notes })
}

/// What the witness says, or why it says nothing.
fn vouched(path: &Path, identity: &[u8; 16]) -> Result<Result<Witness, &'static str>, OpenError> {
    match witness::read(path).at("read", path)? {
        Ok(witness) if witness.journal == *identity => Ok(Ok(witness)),
        Ok(_) => {
            let what = "the witness belongs to another journal: the folder holds parts of two";
            Err(Damage::new(Set::Decisions, path, 0, Position::START, what).into())
        }
        Err(why) => Ok(Err(why)),
    }
}

fn report(oldest: Option<Position>, segments: usize, end: &End) -> SetReport {
    SetReport {
        segments: segments as u64,
        records: end.records,
        oldest: oldest.unwrap_or(Position::new(1)),
        head: end.mark.position,
        chain: end.mark.chain,
    }
}
