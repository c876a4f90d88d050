//! Who is connected: one live session an agent, and what is remembered of it between sessions.
//!
//! A second session under the same name is refused and shown: either a half-dead connection that
//! will time out, or a certificate in two places.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidelock_model::{AgentKey, Name};
use tokio_util::sync::CancellationToken;

use super::dedup::Window;

/// Agents that are remembered; each migration's plan bounds its own.
const MAX_AGENTS: usize = 100_000;

#[derive(Debug, Default)]
struct Seat {
    window: Arc<Mutex<Window>>,
    live: Option<CancellationToken>,
}

/// All agents that are or were connected.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    seats: Arc<Mutex<BTreeMap<(Name, AgentKey), Seat>>>,
}

/// Why a session does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEntered {
    /// The agent has a live session.
    Twice,
    /// More agents than anybody planned for.
    Full,
}

/// A live session; its seat is free again when this is dropped.
#[derive(Debug)]
pub struct Entered {
    sessions: Sessions,
    key: (Name, AgentKey),
    window: Arc<Mutex<Window>>,
    end: CancellationToken,
}

impl Entered {
    /// The agent's numbers. Only the live session and the replay use them.
    pub fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the session must end at once.
    pub fn end(&self) -> &CancellationToken {
        &self.end
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(seat) = self.sessions.seats().get_mut(&self.key) {
            seat.live = None;
        }
    }
}

impl Sessions {
    fn seats(&self) -> MutexGuard<'_, BTreeMap<(Name, AgentKey), Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the agent has one already, or there are too many agents.
    pub fn enter(
        &self,
        migration: &Name,
        agent: &AgentKey,
        stop: &CancellationToken,
    ) -> Result<Entered, NotEntered> {
        let key = (migration.clone(), agent.clone());
        let mut seats = self.seats();
        if seats.len() >= MAX_AGENTS && !seats.contains_key(&key) {
            return Err(NotEntered::Full);
        }
        let seat = seats.entry(key.clone()).or_default();
        if seat.live.is_some() {
            return Err(NotEntered::Twice);
        }
        let end = stop.child_token();
        seat.live = Some(end.clone());
        Ok(Entered { sessions: self.clone(), key, window: seat.window.clone(), end })
    }

    /// Ends the session of an agent that may not speak any more.
    pub fn end(&self, migration: &Name, agent: &AgentKey) {
        if let Some(seat) = self.seats().get(&(migration.clone(), agent.clone()))
            && let Some(end) = &seat.live
        {
            end.cancel();
        }
    }

    /// The numbers of an agent, for a replay of the journal.
    pub fn window(&self, migration: &Name, agent: &AgentKey) -> Arc<Mutex<Window>> {
        self.seats().entry((migration.clone(), agent.clone())).or_default().window.clone()
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    #[test]
    fn one_seat_an_agent_and_free_again() {
        let sessions = Sessions::default();
        let (migration, stop) = (Name::new("shop").unwrap(), CancellationToken::new());
        let agent = AgentKey { side: Side::Source, name: Name::new("a").unwrap() };
        let first = sessions.enter(&migration, &agent, &stop).unwrap();
        assert_eq!(sessions.enter(&migration, &agent, &stop).unwrap_err(), NotEntered::Twice);
        assert!(sessions.enter(&Name::new("other").unwrap(), &agent, &stop).is_ok());
        sessions.end(&migration, &agent);
        assert!(first.end().is_cancelled());
        drop(first);
        assert!(sessions.enter(&migration, &agent, &stop).is_ok());
    }
}
