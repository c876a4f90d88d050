//! Brings a journal's two sets back into the one order in which they were believed.
//!
//! Each decision names the last finding that it rests on. Whatever was seen up to there comes before
//! it, and nothing later: that is how it was live.

use tidelock_model::Timestamp;

use super::Fold;
use super::decode::{Decoded, decoded};
use crate::journal::{Position, ReadError, Stored};
use crate::records::{
    DECISION_KIND, Decision, FINDING_KIND, Received, Seen, decision_from_bytes, seen_and_received,
};

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
    replay_heard(findings, decisions, |_| (), |_, &()| {}, before)
}

/// The same for one who also wants to hear each thing seen, in the order of the journal. `prepare` makes of it what
/// `heard` is given, side by side and in no order.
///
/// # Errors
/// The first record that cannot be read.
pub(crate) fn replay_heard<T: Send + Sync>(
    findings: impl Iterator<Item = Result<Stored, ReadError>> + Send,
    decisions: impl Iterator<Item = Result<Stored, ReadError>>,
    prepare: impl Fn(&Heard) -> T + Sync,
    heard: impl FnMut(&Heard, &T),
    before: impl FnMut(&Fold, Position, &Decision),
) -> Result<Fold, ReplayError> {
    let prepare = &prepare;
    let read = move |stored: &Stored| {
        let heard = heard_of(stored)?;
        let prepared = prepare(&heard);
        Ok((heard, prepared))
    };
    std::thread::scope(|scope| join(decoded(scope, findings, read), decisions, heard, before))
}

/// One thing seen; a batch as it was received as well.
pub(crate) struct Heard {
    pub(crate) position: Position,
    pub(crate) at: Timestamp,
    pub(crate) seen: Seen,
    pub(crate) received: Option<Received>,
}

fn join<T>(
    mut findings: Decoded<(Heard, T)>,
    decisions: impl Iterator<Item = Result<Stored, ReadError>>,
    mut heard: impl FnMut(&Heard, &T),
    mut before: impl FnMut(&Fold, Position, &Decision),
) -> Result<Fold, ReplayError> {
    let mut fold = Fold::default();
    let mut believe_up_to = |fold: &mut Fold, up_to: Position| -> Result<(), ReplayError> {
        while let Some((next, prepared)) = findings.next_if(|(next, _)| next.position <= up_to)? {
            heard(next, prepared);
            // The fold keeps a batch for long, the thread that read it does not.
            let received = next.received.as_ref().map(Received::copied);
            fold.seen(next.position, next.at, &next.seen, received.as_ref());
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

fn heard_of(stored: &Stored) -> Result<Heard, ReplayError> {
    let at = Timestamp::from_millis(stored.record.at_unix_ms);
    let wrong = |why: String| ReplayError::Record { set: "findings", position: stored.position, why };
    if stored.record.kind != FINDING_KIND {
        return Err(wrong(format!(
            "its kind is {}, this collector knows {FINDING_KIND}",
            stored.record.kind
        )));
    }
    let read = seen_and_received(&stored.record.body);
    let (seen, received) = read.map_err(|error| wrong(error.to_string()))?;
    Ok(Heard { position: stored.position, at, seen, received })
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
