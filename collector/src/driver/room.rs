//! A disk that is full shuts every gate by a decision, and one that has room again lets it go by itself.
//!
//! What agents find is refused then, so what is proved would soon be the past; people read why in one
//! line instead of in ten stale checks. Room that comes and goes must not fill the set of decisions with
//! it: it counts as back only after a while.

use std::time::Duration;

use tidelock_core::Ask;
use tidelock_model::{Name, Timestamp, mutated};
use tokio::sync::watch;

use crate::fold::Fold;
use crate::health;
use crate::journal::Space;

/// Room must be there for so long before it counts as back.
const BACK_AFTER: Duration = Duration::from_secs(5);

/// The room on the journal's disk.
pub(super) struct Room {
    space: watch::Receiver<Space>,
    enough_since: Option<Timestamp>,
}

/// How it stands.
pub(super) struct Judged {
    /// Why findings are refused.
    pub(super) low: Option<String>,
    /// There is room, and has been for a while.
    back: bool,
}

impl Room {
    pub(super) fn new(space: watch::Receiver<Space>) -> Room {
        Room { space, enough_since: None }
    }

    pub(super) fn look(&mut self, now: Timestamp) -> Judged {
        let low = health::low(*self.space.borrow());
        if low.is_some() {
            self.enough_since = None;
        } else {
            self.enough_since.get_or_insert(now);
        }
        Judged { low, back: self.enough_since.is_some_and(|since| now.since(since) >= BACK_AFTER) }
    }
}

/// What is to be recorded of the migrations that do not know it yet.
pub(super) fn asks(fold: &Fold, judged: &Judged) -> Vec<(Name, Ask)> {
    let wanted = |degraded: bool| match &judged.low {
        Some(why) if !degraded && !mutated("a-full-disk-shuts-gates") => {
            Some(Ask::SetDegraded { degraded: true, reason: why.clone() })
        }
        None if degraded && judged.back => {
            let reason = "the journal's disk has room again".to_owned();
            Some(Ask::SetDegraded { degraded: false, reason })
        }
        Some(_) | None => None,
    };
    let each = fold.migrations.iter();
    each.filter_map(|(name, folding)| Some((name.clone(), wanted(folding.core.degraded())?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_counts_as_back_only_after_a_while() {
        let at = |secs: u64| Timestamp::from_millis(secs * 1000);
        let (told, space) = watch::channel(Space::Low { free_bytes: 1, need_bytes: 2 });
        let mut room = Room::new(space);
        assert!(room.look(at(1)).low.is_some());
        told.send_replace(Space::Enough);
        assert!(!room.look(at(2)).back);
        told.send_replace(Space::Low { free_bytes: 1, need_bytes: 2 });
        assert!(!room.look(at(6)).back);
        told.send_replace(Space::Enough);
        assert!(!room.look(at(8)).back, "it begins anew");
        assert!(room.look(at(13)).back);
    }
}
