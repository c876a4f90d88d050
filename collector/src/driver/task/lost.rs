//! Migrations that lost decisions are held before anything else, until a person has looked.

use std::sync::PoisonError;

use tidelock_core::{Ask, RefusalCode};
use tidelock_model::{Name, mutated};

use super::{AskError, Stopped, Task};
use crate::heads::{Lost, Missing, hold_for};

impl Task {
    /// A journal that lost decisions knows nothing of what was decided since. A migration of which nothing
    /// is left cannot be held: it is remembered, and held as soon as somebody makes it anew.
    pub(super) async fn hold_the_older(&mut self, older: &Lost) -> Result<(), Stopped> {
        let known = older.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, missing) in known {
            if mutated("lost-decisions-hold") {
                continue;
            }
            if !self.fold.migrations.contains_key(&name) {
                tracing::error!(migration = %name, why = %missing.why, "it is lost; it is held when a plan makes it anew");
                continue;
            }
            self.hold_the_lost(&name, &missing).await?;
            forget(older, &name);
        }
        Ok(())
    }

    /// A migration that was made anew in the place of a lost one is held before anybody is answered.
    pub(super) async fn hold_what_was_made_anew(&mut self, name: &Name) -> Result<(), Stopped> {
        let missing = self.older.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let Some(missing) = missing.filter(|_| self.fold.migrations.contains_key(name)) else {
            return Ok(());
        };
        self.hold_the_lost(name, &missing).await?;
        forget(&self.older, name);
        Ok(())
    }

    async fn hold_the_lost(&mut self, name: &Name, missing: &Missing) -> Result<(), Stopped> {
        let ask: Ask = hold_for(missing.why.clone(), missing);
        match self.ask(name, &ask, None, false).await? {
            Ok(_) => Ok(()),
            // It has ended: nothing is left to hold.
            Err(AskError::Refused(refusal)) if refusal.code == RefusalCode::WrongPhase => Ok(()),
            // Served without the hold, what was lost would be forgotten with the next head that is kept.
            Err(error) => Err(Stopped(format!("{name} lost decisions and cannot be held: {error}"))),
        }
    }
}

fn forget(older: &Lost, name: &Name) {
    older.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
}
