//! Brings a journal's two sets back into the one order in which they were believed.
//!
//! Each decision names the last finding that it rests on. Whatever was seen up to there comes before
//! it, and nothing later: that is how it was live.

use tidelock_model::Timestamp;
use tidelock_proto::v1;

use super::Fold;
use super::decode::decoded;
use crate::journal::{Position, ReadError, Stored};
use crate::records::{BadRecord, DECISION_KIND, Decision, FINDING_KIND, Seen, decision_from_bytes, seen_and};

/// Why a journal cannot be folded. No gate opens then.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A record cannot be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is not what it must be.
    #[error("record {position} of {set}: {why}")]
    Record {
        /// Which set.
        set: &'static str,
        /// Where in it.
        position: Position,
        /// What is wrong.
        why: String,
    },
}

/// Folds a journal. `before` sees each decision and the fold that it met.
///
/// # Errors
/// The first record that cannot be read.
pub fn replay(
    findings: impl Iterator<Item = Result<Stored, ReadError>> + Send,
    decisions: impl Iterator<Item = Result<Stored, ReadError>>,
    before: impl FnMut(&Fold, Position, &Decision),
) -> Result<Fold, ReplayError> {
    replay_heard(findings, decisions, |_| (), |_, ()| {}, before)
}

/// The same for one who also wants to hear each thing seen: `look` makes something of it as it was
/// written, on any thread and in any order, and `heard` gets that in the order of the journal.
///
/// # Errors
/// The first record that cannot be read.
pub(crate) fn replay_heard<T: Send>(
    findings: impl Iterator<Item = Result<Stored, ReadError>> + Send,
    decisions: impl Iterator<Item = Result<Stored, ReadError>>,
    look: impl Fn(&v1::FindingRecord) -> T + Sync,
    heard: impl FnMut(&Seen, T),
    before: impl FnMut(&Fold, Position, &Decision),
) -> Result<Fold, ReplayError> {
    let decode = |stored| heard_of(stored, &look);
    std::thread::scope(|scope| join(decoded(scope, findings, decode), decisions, heard, before))
}

/// One thing seen.
struct Heard<T> {
    position: Position,
    at: Timestamp,
    seen: Seen,
    looked: T,
}

fn join<T>(
    findings: impl Iterator<Item = Result<Heard<T>, ReplayError>>,
    decisions: impl Iterator<Item = Result<Stored, ReadError>>,
    mut heard: impl FnMut(&Seen, T),
    mut before: impl FnMut(&Fold, Position, &Decision),
) -> Result<Fold, ReplayError> {
    let mut fold = Fold::default();
    let mut findings = findings.peekable();
    let mut believe_up_to = |fold: &mut Fold, up_to: Position| -> Result<(), ReplayError> {
        let due = |next: &Result<Heard<T>, ReplayError>| match next {
            Ok(next) => next.position <= up_to,
            Err(_) => true,
        };
        while let Some(next) = findings.next_if(due) {
            let Heard { position, at, seen, looked } = next?;
            heard(&seen, looked);
            fold.seen(position, at, seen);
        }
        Ok(())
    };
    for stored in decisions {
        let stored = stored?;
        let (position, decision) = decision(&stored)?;
        let rests_on = stored.decision.as_ref().map_or(Position::START, |frame| frame.rests_on);
        if rests_on.number() != decision.event.findings_position {
            let why =
                format!("its frame rests on {rests_on}, its body on {}", decision.event.findings_position);
            return Err(ReplayError::Record { set: "decisions", position, why });
        }
        believe_up_to(&mut fold, rests_on)?;
        before(&fold, position, &decision);
        fold.decided(position, decision);
    }
    believe_up_to(&mut fold, Position::new(u64::MAX))?;
    Ok(fold)
}

fn heard_of<T>(stored: Stored, look: &impl Fn(&v1::FindingRecord) -> T) -> Result<Heard<T>, ReplayError> {
    let at = Timestamp::from_millis(stored.record.at_unix_ms);
    let wrong = |why: String| ReplayError::Record { set: "findings", position: stored.position, why };
    if stored.record.kind != FINDING_KIND {
        return Err(wrong(format!(
            "its kind is {}, this collector knows {FINDING_KIND}",
            stored.record.kind
        )));
    }
    let read = seen_and(&stored.record.body, look);
    let (seen, looked) = read.map_err(|error: BadRecord| wrong(error.to_string()))?;
    Ok(Heard { position: stored.position, at, seen, looked })
}

fn decision(stored: &Stored) -> Result<(Position, Decision), ReplayError> {
    let wrong = |why: String| ReplayError::Record { set: "decisions", position: stored.position, why };
    if stored.record.kind != DECISION_KIND {
        return Err(wrong(format!(
            "its kind is {}, this collector knows {DECISION_KIND}",
            stored.record.kind
        )));
    }
    let decision = decision_from_bytes(&stored.record.body).map_err(|error| wrong(error.to_string()))?;
    if stored.decision.as_ref().is_some_and(|frame| frame.migration != decision.migration) {
        return Err(wrong("its frame and its body name different migrations".to_owned()));
    }
    Ok((stored.position, decision))
}
