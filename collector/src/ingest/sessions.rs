//! Who is connected: one live session an agent, and what is remembered of it between sessions.
//!
//! An agent whose connection died half comes back before the collector has noticed, and takes its own
//! seat again. A certificate in two places looks alike at first; what tells them apart is that the old
//! session goes on speaking after the new one asked, or that both take the seat from each other again
//! and again. Neither of the two is believed then.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidelock_model::{AgentKey, Name, SpoolEpoch, Timestamp, mutated};
use tidelock_proto::v1;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::dedup::Window;

/// Agents that are remembered; each migration's plan bounds its own.
const MAX_AGENTS: usize = 100_000;
/// What was said so long after the new session asked was no longer on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// An old session that says nothing for so long is half dead: two heartbeats and a bit.
const HALF_DEAD: Duration = Duration::from_secs(7);
/// A session that spoke so shortly ago lives.
const LIVELY: Duration = Duration::from_secs(4);
/// Live seats taken over within this time, and how many of them no honest agent brings about.
const FLAPS_WITHIN: Duration = Duration::from_secs(60);
const FLAPS: usize = 10;
/// Asks that wait for a session to tell its agent of them.
const WAITING_ASKS: usize = 8;

/// The process at the other end, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// Its spool.
    pub spool_epoch: SpoolEpoch,
    /// A hash of the boot of its machine.
    pub boot: u64,
    /// Where it connects from.
    pub address: SocketAddr,
}

impl Instance {
    /// The same spool on the same boot of a machine.
    fn same_process(&self, other: &Instance) -> bool {
        (self.spool_epoch, self.boot) == (other.spool_epoch, other.boot)
    }
}

#[derive(Debug)]
struct Live {
    end: CancellationToken,
    instance: Instance,
    /// When the last thing was said that it said of itself.
    spoke: Timestamp,
    asks: mpsc::Sender<v1::RunNow>,
}

#[derive(Debug, Default)]
struct Seat {
    window: Arc<Mutex<Window>>,
    live: Option<Live>,
    /// When a live seat was taken over by what seems to be the same process.
    flaps: VecDeque<Timestamp>,
    /// Its agent may not speak any more: nothing but its numbers is kept.
    at_rest: bool,
}

/// All agents that are or were connected.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    seats: Arc<Mutex<BTreeMap<(Name, AgentKey), Seat>>>,
}

/// Why a session does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEntered {
    /// The seat is taken for now; ask again.
    Taken,
    /// Both are alive: the address of the other one.
    Double(SocketAddr),
    /// More agents than anybody planned for.
    Full,
}

/// Why an agent is not asked for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// It has no live session.
    Away,
    /// It has not taken earlier asks yet.
    Busy,
}

/// A live session; its seat is free again when this is dropped.
#[derive(Debug)]
pub struct Entered {
    sessions: Sessions,
    key: (Name, AgentKey),
    window: Arc<Mutex<Window>>,
    end: CancellationToken,
    asks: mpsc::Receiver<v1::RunNow>,
}

impl Entered {
    /// The next run that somebody asks this agent for.
    pub async fn asked(&mut self) -> v1::RunNow {
        match self.asks.recv().await {
            Some(ask) => ask,
            // The seat is another's by now, and this session about to end.
            None => std::future::pending().await,
        }
    }

    /// The agent's numbers. Only the live session and the replay use them.
    pub fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agent said something at that moment, in collector time.
    pub fn spoke(&self, at: Timestamp) {
        if let Some(live) = self.sessions.seats().get_mut(&self.key).and_then(|seat| seat.live.as_mut()) {
            live.spoke = live.spoke.max(at);
        }
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

    /// Begins a session. One that finds the seat taken asks again with the same `asked`, the moment at
    /// which it asked first.
    ///
    /// # Errors
    /// When the seat is taken, two are alive, or there are too many agents.
    pub fn enter(
        &self,
        (migration, agent): (&Name, &AgentKey),
        instance: Instance,
        (asked, now): (Timestamp, Timestamp),
        stop: &CancellationToken,
    ) -> Result<Entered, NotEntered> {
        let key = (migration.clone(), agent.clone());
        let mut seats = self.seats();
        if seats.len() >= MAX_AGENTS && !seats.contains_key(&key) {
            // Nobody is kept out by those who are gone. The roster of the fold has their numbers, too: what came back
            // would be journaled once more, and not counted.
            let gone = seats.iter().find(|(_, seat)| seat.at_rest).map(|(key, _)| key.clone());
            seats.remove(&gone.ok_or(NotEntered::Full)?);
        }
        let seat = seats.entry(key.clone()).or_default();
        if let Some(live) = &seat.live {
            return Err(contest(live, &mut seat.flaps, &instance, (asked, now)));
        }
        let end = stop.child_token();
        let (sender, asks) = mpsc::channel(WAITING_ASKS);
        seat.at_rest = false;
        seat.live = Some(Live { end: end.clone(), instance, spoke: now, asks: sender });
        Ok(Entered { sessions: self.clone(), key, window: seat.window.clone(), end, asks })
    }

    /// Asks an agent to run a check now.
    ///
    /// # Errors
    /// When it is not there, or does not take what it was asked before.
    pub fn run_now(&self, migration: &Name, agent: &AgentKey, ask: v1::RunNow) -> Result<(), NotAsked> {
        let seats = self.seats();
        let live = seats.get(&(migration.clone(), agent.clone())).and_then(|seat| seat.live.as_ref());
        let live = live.filter(|live| !live.end.is_cancelled()).ok_or(NotAsked::Away)?;
        live.asks.try_send(ask).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotAsked::Busy,
            mpsc::error::TrySendError::Closed(_) => NotAsked::Away,
        })
    }

    /// Ends the session of an agent that may not speak any more.
    pub fn end(&self, migration: &Name, agent: &AgentKey) {
        if let Some(seat) = self.seats().get(&(migration.clone(), agent.clone()))
            && let Some(live) = &seat.live
            && !mutated("a-revoked-session-ends")
        {
            live.end.cancel();
        }
    }

    /// The agent's live session is over this connection, which its peer's address names as long as it is there.
    pub fn is_over(&self, migration: &Name, agent: &AgentKey, address: SocketAddr) -> bool {
        let seats = self.seats();
        let live = seats.get(&(migration.clone(), agent.clone())).and_then(|seat| seat.live.as_ref());
        live.is_some_and(|live| live.instance.address == address && !live.end.is_cancelled())
    }

    /// Frees what is kept of agents that are not there and may not speak any more. Their numbers stay: what is old is
    /// not new to whoever comes back under the name.
    pub fn rest(&self, may_speak: impl Fn(&Name, &AgentKey) -> bool) {
        for ((migration, agent), seat) in self.seats().iter_mut() {
            if seat.at_rest || seat.live.is_some() || may_speak(migration, agent) {
                continue;
            }
            seat.window.lock().unwrap_or_else(PoisonError::into_inner).rest();
            (seat.flaps, seat.at_rest) = (VecDeque::new(), true);
        }
    }

    /// The numbers of an agent, for a replay of the journal.
    pub fn window(&self, migration: &Name, agent: &AgentKey) -> Arc<Mutex<Window>> {
        self.seats().entry((migration.clone(), agent.clone())).or_default().window.clone()
    }
}

/// Whose seat it is: the old session's, the new one's, or nobody's.
fn contest(
    live: &Live,
    flaps: &mut VecDeque<Timestamp>,
    new: &Instance,
    (asked, now): (Timestamp, Timestamp),
) -> NotEntered {
    if live.end.is_cancelled() {
        return NotEntered::Taken;
    }
    if live.instance.same_process(new) {
        if now.since(live.spoke) <= LIVELY {
            flaps.retain(|at| now.since(*at) < FLAPS_WITHIN);
            flaps.push_back(now);
        }
        if flaps.len() > FLAPS {
            flaps.clear();
            return NotEntered::Double(live.instance.address);
        }
        live.end.cancel();
    } else if asked.plus(ON_ITS_WAY) < live.spoke && !mutated("two-live-sessions-are-seen") {
        return NotEntered::Double(live.instance.address);
    } else if asked.plus(HALF_DEAD) <= now {
        live.end.cancel();
    }
    NotEntered::Taken
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::super::dedup::Judged;
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + ms)
    }

    fn instance(spool: u128, boot: u64) -> Instance {
        Instance { spool_epoch: SpoolEpoch(spool), boot, address: "127.0.0.1:1000".parse().unwrap() }
    }

    struct Rig {
        sessions: Sessions,
        key: (Name, AgentKey),
        stop: CancellationToken,
    }

    impl Rig {
        fn new() -> Rig {
            let agent = AgentKey { side: Side::Source, name: Name::new("a").unwrap() };
            let key = (Name::new("shop").unwrap(), agent);
            Rig { sessions: Sessions::default(), key, stop: CancellationToken::new() }
        }

        fn ask(&self, instance: Instance, asked: u64, now: u64) -> Result<Entered, NotEntered> {
            self.sessions.enter((&self.key.0, &self.key.1), instance, (at(asked), at(now)), &self.stop)
        }
    }

    #[test]
    fn one_seat_an_agent_and_free_again() {
        let rig = Rig::new();
        let first = rig.ask(instance(1, 1), 0, 0).unwrap();
        assert_eq!(rig.ask(instance(2, 2), 10, 10).unwrap_err(), NotEntered::Taken);
        let other = Name::new("other").unwrap();
        assert!(rig.sessions.enter((&other, &rig.key.1), instance(1, 1), (at(0), at(0)), &rig.stop).is_ok());
        rig.sessions.end(&rig.key.0, &rig.key.1);
        assert!(first.end().is_cancelled());
        drop(first);
        assert!(rig.ask(instance(2, 2), 10, 20).is_ok());
    }

    #[test]
    fn a_seat_rests_when_its_agent_is_gone_and_may_not_speak_and_keeps_its_numbers() {
        let rig = Rig::new();
        let spool = SpoolEpoch(1);
        let hashes = |first: u8| -> Vec<[u8; 16]> { (first..first + 9).map(|byte| [byte; 16]).collect() };
        let judged = |entered: &Entered| entered.window().judge(spool, 1, 9, &hashes(100));
        let live = rig.ask(instance(1, 1), 0, 0).unwrap();
        live.window().take(spool, 1, 9, &hashes(1));
        rig.sessions.rest(|_, _| false);
        assert_eq!(judged(&live), Judged::Conflict { seq: 1 }, "it is there");
        drop(live);
        rig.sessions.rest(|migration, agent| (migration, agent) == (&rig.key.0, &rig.key.1));
        let live = rig.ask(instance(1, 1), 10, 10).unwrap();
        assert_eq!(judged(&live), Judged::Conflict { seq: 1 }, "it may speak");
        drop(live);
        rig.sessions.rest(|_, _| false);
        let live = rig.ask(instance(1, 1), 20, 20).unwrap();
        assert_eq!((judged(&live), live.window().durable(spool)), (Judged::Known, 9));
        live.window().take(spool, 10, 18, &hashes(1));
        rig.sessions.rest(|_, _| false);
        assert_eq!(live.window().judge(spool, 10, 18, &hashes(100)), Judged::Conflict { seq: 10 });
    }

    #[test]
    fn whoever_is_gone_keeps_nobody_out() {
        let rig = Rig::new();
        let agent = |n: usize| AgentKey { side: Side::Source, name: Name::new(&format!("p{n}")).unwrap() };
        for n in 0..MAX_AGENTS {
            rig.sessions.window(&rig.key.0, &agent(n));
        }
        assert_eq!(rig.ask(instance(1, 1), 0, 0).unwrap_err(), NotEntered::Full);
        rig.sessions.rest(|_, one| *one != agent(7));
        assert!(rig.ask(instance(1, 1), 0, 0).is_ok());
        let seats = rig.sessions.seats();
        assert_eq!(seats.len(), MAX_AGENTS);
        assert!(!seats.contains_key(&(rig.key.0.clone(), agent(7))), "the one that is gone made room");
    }

    #[tokio::test]
    async fn a_run_is_asked_of_the_live_session_alone_and_not_for_ever() {
        let rig = Rig::new();
        let ask = |number| v1::RunNow { number, ..v1::RunNow::default() };
        let told = |number| rig.sessions.run_now(&rig.key.0, &rig.key.1, ask(number));
        assert_eq!(told(1), Err(NotAsked::Away));
        let mut live = rig.ask(instance(1, 1), 0, 0).unwrap();
        for number in 0..WAITING_ASKS as u64 {
            assert_eq!(told(number), Ok(()));
        }
        assert_eq!(told(99), Err(NotAsked::Busy), "it does not take them");
        assert_eq!(live.asked().await.number, 0);
        drop(live);
        assert_eq!(told(100), Err(NotAsked::Away));
    }

    #[test]
    fn an_agent_that_comes_back_takes_its_own_seat() {
        let rig = Rig::new();
        let first = rig.ask(instance(1, 1), 0, 0).unwrap();
        first.spoke(at(2_000));
        assert_eq!(rig.ask(instance(1, 1), 2_100, 2_100).unwrap_err(), NotEntered::Taken);
        assert!(first.end().is_cancelled(), "its old session goes at once");
        drop(first);
        assert!(rig.ask(instance(1, 1), 2_100, 2_200).is_ok());
    }

    #[test]
    fn an_old_session_that_is_silent_gives_way_and_one_that_speaks_is_a_double() {
        let rig = Rig::new();
        let first = rig.ask(instance(1, 1), 0, 0).unwrap();
        // What was on its way when the new one asked says nothing.
        first.spoke(at(10_900));
        assert_eq!(rig.ask(instance(1, 2), 10_000, 16_900).unwrap_err(), NotEntered::Taken);
        assert!(!first.end().is_cancelled());
        assert_eq!(rig.ask(instance(1, 2), 10_000, 17_000).unwrap_err(), NotEntered::Taken);
        assert!(first.end().is_cancelled(), "half dead");
        drop(first);
        let second = rig.ask(instance(1, 2), 10_000, 17_100).unwrap();
        second.spoke(at(21_100));
        let double = rig.ask(instance(9, 2), 20_000, 21_200).unwrap_err();
        assert!(matches!(double, NotEntered::Double(_)), "{double:?}");
    }

    #[test]
    fn two_that_copied_everything_are_known_by_taking_turns() {
        let rig = Rig::new();
        let mut now = 0;
        let mut turns = 0;
        let mut live = rig.ask(instance(1, 1), now, now).unwrap();
        let double = loop {
            now += 3_000;
            live.spoke(at(now));
            match rig.ask(instance(1, 1), now, now).unwrap_err() {
                NotEntered::Taken => drop(live),
                other @ (NotEntered::Double(_) | NotEntered::Full) => break other,
            }
            live = rig.ask(instance(1, 1), now, now + 1).unwrap();
            turns += 1;
            assert!(turns < 50, "nobody noticed");
        };
        assert!(matches!(double, NotEntered::Double(_)));
        assert_eq!(turns, FLAPS);
    }

    #[test]
    fn an_agent_whose_link_breaks_every_ten_seconds_is_no_double() {
        let rig = Rig::new();
        let mut live = rig.ask(instance(1, 1), 0, 0).unwrap();
        for turn in 1..60_u64 {
            let now = turn * 10_000;
            live.spoke(at(now - 9_000));
            assert_eq!(rig.ask(instance(1, 1), now, now).unwrap_err(), NotEntered::Taken);
            drop(live);
            live = rig.ask(instance(1, 1), now, now + 1).unwrap();
        }
    }
}
