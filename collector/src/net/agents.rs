//! The connections of agents: few of each, and none for long of one that may not speak any more.
//!
//! Behind one address there may be a thousand agents, so whoever has shown who they are is counted by name. Whoever
//! comes once more than they may takes the place of an older connection, never of the one with the live session: who
//! has copied a key cannot keep its owner out, and once both are there the seat shows it. Whoever was revoked or
//! suspended, and whose certificate has ended, hears so and is let go.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tidelock_core::AgentStanding;
use tidelock_model::{AgentKey, Name, Timestamp, mutated};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::clock;
use crate::driver::Driver;
use crate::ingest::Sessions;
use crate::pki::AgentId;
use crate::seldom::Seldom;

/// Connections of one agent: that of its session, one that only the collector takes for alive, one with its next
/// certificate, and one to spare.
const EACH: usize = 4;
/// How often it is looked whether they may stay.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks that find one which may not and leave it: time to be told why.
const LAST_WORDS: u8 = 1;

/// Who a connection is counted for.
type Who = (Name, AgentKey);

/// The agents of a listener. Clones count together.
#[derive(Debug, Clone)]
pub struct Agents {
    domain: Arc<str>,
    driver: Driver,
    sessions: Sessions,
    places: Places,
    seldom: Seldom,
}

impl Agents {
    /// Those of this trust domain, as the driver knows them.
    pub fn new(domain: Arc<str>, driver: Driver, sessions: Sessions) -> Agents {
        let (places, seldom) = (Places::default(), Seldom::default());
        Agents { domain, driver, sessions, places, seldom }
    }

    /// The trust domain of their certificates.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// A place for a connection of this agent, in the place of an older one where it has enough.
    pub(super) fn enter(&self, who: &AgentId, address: SocketAddr) -> Place {
        let seated = |at| self.sessions.is_over(&who.migration, &who.agent, at);
        let (place, closed) = self.places.enter(who, address, seated);
        if let Some(closed) = closed
            && self.seldom.may_tell(&format!("places of {} {}", who.migration, who.agent))
        {
            tracing::warn!(migration = %who.migration, agent = %who.agent, %address, %closed, limit = EACH, "more connections than an agent may have; an older one is closed");
        }
        place
    }

    /// It is one of ours, and has a certificate until then.
    pub(super) fn may_stay(&self, (migration, agent): (&Name, &AgentKey), ends: Timestamp) -> bool {
        clock::wall() < ends && self.driver.standing(migration, agent) == AgentStanding::Enrolled
    }

    /// Looks again and again who may not stay, until `stop`.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => self.places.look(|(migration, agent), ends| {
                    self.may_stay((migration, agent), ends)
                }),
            }
        }
    }
}

/// Every connection that is there.
#[derive(Debug, Clone, Default)]
struct Places {
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    each: BTreeMap<Who, Vec<One>>,
    /// The number of the last one.
    last: u64,
}

#[derive(Debug)]
struct One {
    number: u64,
    address: SocketAddr,
    /// When the certificate that it was made with ends.
    ends: Timestamp,
    /// Looks in a row that found that it may not stay.
    unwanted: u8,
    end: CancellationToken,
}

/// The place of one connection; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Places,
    who: Who,
    number: u64,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Place {
    /// Ready when the connection is to be closed.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.over.as_mut().poll(cx)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.of.all();
        if let Some(ones) = all.each.get_mut(&self.who) {
            ones.retain(|one| one.number != self.number);
            if ones.is_empty() {
                all.each.remove(&self.who);
            }
        }
    }
}

impl Places {
    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, and the address of the connection that is closed for it.
    fn enter(
        &self,
        who: &AgentId,
        address: SocketAddr,
        seated: impl Fn(SocketAddr) -> bool,
    ) -> (Place, Option<SocketAddr>) {
        let (end, ends) = (CancellationToken::new(), who.ends);
        let over = Box::pin(end.clone().cancelled_owned());
        let who = (who.migration.clone(), who.agent.clone());
        let mut all = self.all();
        all.last += 1;
        let number = all.last;
        let ones = all.each.entry(who.clone()).or_default();
        let full = ones.len() >= EACH && !mutated("an-agent-has-few-places");
        let closed = full.then(|| {
            let oldest = gives_way(ones, address.ip(), seated);
            ones.remove(oldest)
        });
        if let Some(closed) = &closed {
            closed.end.cancel();
        }
        ones.push(One { number, address, ends, unwanted: 0, end });
        (Place { of: self.clone(), who, number, over }, closed.map(|closed| closed.address))
    }

    /// Closes what was found unwanted often enough.
    fn look(&self, may_stay: impl Fn(&Who, Timestamp) -> bool) {
        for (who, ones) in &mut self.all().each {
            for one in ones {
                one.unwanted = if may_stay(who, one.ends) { 0 } else { one.unwanted.saturating_add(1) };
                if one.unwanted > LAST_WORDS && !mutated("a-revoked-connection-ends") {
                    one.end.cancel();
                }
            }
        }
    }
}

/// Which one is closed for a new one from there: the oldest of the address that has most of them, and never the one with
/// the live session. Whoever opens many pushes out their own.
fn gives_way(ones: &[One], new: IpAddr, seated: impl Fn(SocketAddr) -> bool) -> usize {
    let of_address =
        |ip: IpAddr| ones.iter().filter(|one| one.address.ip() == ip).count() + usize::from(ip == new);
    let others = ones.iter().enumerate().filter(|(_, one)| !seated(one.address));
    // Of equals the last one is taken, so the newest comes first.
    let chosen = others.rev().max_by_key(|(_, one)| of_address(one.address.ip()));
    chosen.map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tidelock_model::Side;

    use super::*;

    fn agent(name: &str) -> AgentId {
        let agent = AgentKey { side: Side::Source, name: Name::new(name).unwrap() };
        let (begins, ends) = (Timestamp::from_millis(1_000), Timestamp::from_millis(9_000));
        AgentId { migration: Name::new("shop").unwrap(), agent, begins, ends }
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn nobody(_: SocketAddr) -> bool {
        false
    }

    fn is_over(place: &mut Place) -> bool {
        place.poll_over(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// The numbers of those that go on.
    fn alive(places: &mut [Place]) -> Vec<u64> {
        let alive = places.iter_mut().filter_map(|place| (!is_over(place)).then_some(place.number));
        alive.collect()
    }

    #[test]
    fn an_agent_has_few_places_by_its_name_and_not_by_its_address() {
        let places = Places::default();
        let address = |port: u16| SocketAddr::from(([10, 0, 0, 1], port));
        let mut many: Vec<_> =
            (0..12).map(|port| places.enter(&agent("a"), address(port), nobody).0).collect();
        assert_eq!(alive(&mut many), [9, 10, 11, 12], "the newest, so that the owner gets in");
        let names: Vec<_> = (0..500).map(|n| agent(&format!("pod-{n}"))).collect();
        let mut others: Vec<_> = names.iter().map(|who| places.enter(who, address(1), nobody).0).collect();
        assert_eq!(alive(&mut others).len(), 500, "all of them from one address");
        assert_eq!(alive(&mut many).len(), EACH);
        drop((many, others));
        assert!(places.all().each.is_empty(), "nobody is remembered who left");
    }

    #[test]
    fn the_one_with_the_session_stays_and_who_opens_many_pushes_out_their_own() {
        let places = Places::default();
        let seated = |address: SocketAddr| address == at("10.0.0.1:1");
        let from = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "10.0.0.1:3", "10.0.0.1:4", "10.0.0.1:5"];
        let mut all: Vec<_> =
            from.iter().map(|address| places.enter(&agent("a"), at(address), seated).0).collect();
        assert_eq!(alive(&mut all), [1, 3, 5, 6], "the seated one, the other address, and the two newest");
    }

    #[test]
    fn who_may_not_stay_has_time_to_hear_why_and_is_closed() {
        let places = Places::default();
        let mut revoked = places.enter(&agent("a"), at("10.0.0.1:1"), nobody).0;
        let mut other = places.enter(&agent("b"), at("10.0.0.1:2"), nobody).0;
        let look = |place: &mut Place, may: bool, now: u64| {
            let a = Name::new("a").unwrap();
            places.look(|(_, key), ends| Timestamp::from_millis(now) < ends && (may || key.name != a));
            is_over(place)
        };
        assert!(!look(&mut revoked, false, 2_000), "it is told first");
        assert!(!look(&mut revoked, true, 2_000), "and stays when it may again");
        assert!(!look(&mut revoked, false, 2_000));
        assert!(look(&mut revoked, false, 2_000), "then it is closed");
        assert!(!look(&mut other, false, 8_999), "and nobody else");
        assert!(!look(&mut other, true, 9_000));
        assert!(look(&mut other, true, 9_000), "until the certificate has ended");
    }
}
