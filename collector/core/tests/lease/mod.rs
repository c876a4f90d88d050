//! The gate's own lease, from GO to the first command: every order in which time, a collector that is away, evidence
//! that breaks, a hold and two operators can meet there.
//!
//! The other model begins when a run begins; this one ends there. It drives the core itself, with the journal's
//! compare-and-set between what was decided and what is appended. The search goes on until nothing is new; then it
//! must find each of the seeded bugs.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use tidelock_core::plan::Direction;
use tidelock_core::record::{Event, EventKind, Record};
use tidelock_core::{Ask, RunAsk};
use tidelock_model::{Outcome, Phase, Side, Timestamp};

use crate::world::agents::Behaviour;
use crate::world::{World, agent_key, asker, name, plans};

const OPERATORS: [&str; 2] = ["ben", "carla"];
/// Time goes by in steps, each a little longer than a renewal takes.
const STEP: u64 = 4;
const STEPS: u8 = 4;
/// The time that a lease lasts, as the contract has it.
const LEASE_MILLIS: u64 = 10_000;
/// More would be no model that anybody runs.
const MOST: usize = 60_000;

/// A mistake that somebody could make around the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    /// Whoever confirms is taken at the newest opening, whatever token they hold.
    IgnoresTheToken,
    /// The journal appends a confirmation whoever came in between.
    NoCompareAndSet,
    /// An operator begins on an `open` that was read, and confirms nothing.
    BelievesARead,
}

/// What an operator is at.
#[derive(Debug, Clone, Hash)]
enum At {
    Idle,
    /// It read `open`, with this token.
    Token(u64),
    /// Its confirmation is decided and not appended yet. What came in between makes it stale.
    Asked {
        token: u64,
        stale: bool,
    },
    Confirmed,
    /// It holds the run's lease.
    Walks(u64),
    /// Its first command runs.
    Commands,
    Refused,
}

#[derive(Clone)]
struct State {
    world: World,
    operators: [At; 2],
    asked: [Option<Event>; 2],
    steps: u8,
    mishaps: u8,
    held: bool,
    /// When the gate was last answered `open` by the collector that looked.
    open: Timestamp,
    /// The newest opening.
    epoch: u64,
    confirmed: u8,
    broken: Option<&'static str>,
}

impl State {
    /// GO was said a moment ago, and the gate is open.
    fn begin() -> State {
        let mut plan = plans::empty();
        for line in [
            "scenario login, critical, both: 1 pass in a row",
            "gate ready: all",
            "gate cutover: decision cutover",
            "step fence, command, ben: run, undo",
            "step no-return, point-of-no-return, olga",
            "step open, open, ben: run",
        ] {
            plans::line(&mut plan, line);
        }
        let mut world = World::new();
        world.apply_plan(plan, "olga").unwrap();
        for key in [agent_key(Side::Source, "s1"), agent_key(Side::Target, "t1")] {
            world.enrol(&key).unwrap();
            world.agents.get_mut(&key).unwrap().behaviours.insert(name("login"), Behaviour::Passes);
        }
        let open = world.now;
        let operators = [At::Idle, At::Idle];
        let mut state = State {
            world,
            operators,
            asked: [None, None],
            steps: STEPS,
            mishaps: 1,
            held: false,
            open,
            epoch: 0,
            confirmed: 0,
            broken: None,
        };
        for _ in 0..8 {
            state.second();
        }
        state.decides(&Ask::Decide {
            decision: name("cutover"),
            go: true,
            by: asker("olga"),
            reason: "as agreed".into(),
            evidence_sequence: None,
            request_id: "go".into(),
        });
        state.weigh();
        assert!(state.world.token(Phase::Cutover).is_some(), "the gate is open at first");
        state
    }

    fn second(&mut self) {
        self.world.second();
        for (who, at) in self.operators.clone().iter().enumerate() {
            let (At::Walks(_) | At::Commands, Some(run)) =
                (at, self.world.migration.run_status(self.world.now))
            else {
                continue;
            };
            let by = asker(OPERATORS[who]);
            if let Ok(renewal) = self.world.migration.run_renewal(self.world.now, run.run, run.lease, &by) {
                self.world.see(renewal);
            }
        }
        self.weigh();
    }

    /// What the collector decides by itself.
    fn weigh(&mut self) {
        let events = self.world.weigh();
        self.recorded(&events);
        if self.world.token(Phase::Cutover).is_some() {
            self.open = self.world.now;
        }
    }

    /// A record makes stale what was decided before it and is not appended yet.
    fn recorded(&mut self, events: &[Event]) {
        for event in events {
            if let EventKind::LeaseGranted { gate: Phase::Cutover, epoch, .. } = event.kind {
                self.epoch = epoch;
            }
            for at in &mut self.operators {
                if let At::Asked { stale, .. } = at {
                    *stale = true;
                }
            }
        }
        self.world.journal.clear();
    }

    /// Decided and appended in one go. Gives back whether it was.
    fn decides(&mut self, ask: &Ask) -> bool {
        let events = self.world.ask(ask);
        self.recorded(events.as_deref().unwrap_or_default());
        events.is_ok()
    }

    fn breaks(&mut self, what: &'static str) {
        self.broken.get_or_insert(what);
    }

    fn key(&self) -> u64 {
        let mut out = Digest(DefaultHasher::new());
        let State { world, operators, asked, steps, mishaps, held, open, epoch, confirmed, broken } = self;
        let failing: Vec<_> =
            world.agents.values().map(|agent| (&agent.behaviours, agent.sent.len())).collect();
        write!(out, "{:?} {failing:?} {asked:?} {open:?} {:?}", world.migration, world.now).unwrap();
        (operators, steps, mishaps, held, epoch, confirmed, broken).hash(&mut out.0);
        out.0.finish()
    }

    /// Everything that can happen next.
    fn nexts(&self, bug: Option<Bug>) -> Vec<(String, State)> {
        let mut found = Vec::new();
        let mut push = |what: String, how: &dyn Fn(&mut State)| {
            let mut next = self.clone();
            how(&mut next);
            found.push((what, next));
        };
        for (who, operator) in OPERATORS.iter().enumerate() {
            let what = format!("{} goes on from {:?}", operator, self.operators[who]);
            if !matches!(self.operators[who], At::Commands | At::Refused) {
                push(what, &|next| next.operator(who, bug));
            }
        }
        // No time goes by between a decision and its record.
        if self.steps == 0 || self.operators.iter().any(|at| matches!(at, At::Asked { .. })) {
            return found;
        }
        push("time goes by".into(), &|next| {
            next.steps -= 1;
            (0..STEP).for_each(|_| next.second());
        });
        if self.held {
            push("olga lets go".into(), &|next| {
                next.held = false;
                let (by, reason) = (asker("olga"), "as agreed".to_owned());
                assert!(next.decides(&Ask::Release { by, of: None, reason, request_id: "release".into() }));
                next.weigh();
            });
        }
        if self.mishaps == 0 {
            return found;
        }
        push("the collector is away".into(), &|next| {
            (next.steps, next.mishaps) = (next.steps - 1, 0);
            next.world.away(3 * STEP);
        });
        push("the target fails, and passes again later".into(), &|next| {
            next.mishaps = 0;
            let behave = |world: &mut World, how| {
                let agent = world.agents.get_mut(&agent_key(Side::Target, "t1")).unwrap();
                agent.behaviours.insert(name("login"), how);
            };
            behave(&mut next.world, Behaviour::Fails("refused".into()));
            (0..5).for_each(|_| next.second());
            behave(&mut next.world, Behaviour::Passes);
        });
        push("olga presses hold".into(), &|next| {
            (next.mishaps, next.held) = (0, true);
            let (by, reason) = (asker("olga"), "wait".to_owned());
            assert!(next.decides(&Ask::Hold { by, reason, request_id: "hold".into() }));
        });
        found
    }

    fn operator(&mut self, who: usize, bug: Option<Bug>) {
        let by = asker(OPERATORS[who]);
        let run = |ask, id: &str| Ask::Run { ask, by: by.clone(), request_id: format!("{id} by {who}") };
        let confirm =
            |epoch| Ask::Confirm { by: by.clone(), epoch, request_id: format!("confirm {epoch} by {who}") };
        self.operators[who] = match self.operators[who].clone() {
            At::Idle => match self.world.token(Phase::Cutover) {
                Some(token) => At::Token(token),
                // Somebody else confirmed: whoever is asked to may begin.
                None if self.world.migration.phase() == Phase::Cutover => At::Confirmed,
                None => At::Idle,
            },
            At::Token(_) if bug == Some(Bug::BelievesARead) => {
                self.commands(who);
                At::Commands
            }
            At::Token(token) => {
                let asked = if bug == Some(Bug::IgnoresTheToken) { self.epoch } else { token };
                match self.world.migration.decide(self.world.now, &confirm(asked)) {
                    Ok(events) => {
                        self.asked[who] = events.into_iter().next();
                        At::Asked { token, stale: false }
                    }
                    Err(_) => At::Refused,
                }
            }
            At::Asked { token, stale } => {
                let asked = self.asked[who].take().unwrap();
                let anew = stale && bug != Some(Bug::NoCompareAndSet);
                let found = match anew {
                    true => self.world.migration.decide(self.world.now, &confirm(token)).ok(),
                    false => Some(vec![asked]),
                };
                match found {
                    Some(events) => {
                        self.confirms(token);
                        for event in &events {
                            self.world.append(Record::Decided(Box::new(event.clone())));
                        }
                        self.recorded(&events);
                        self.weigh();
                        At::Confirmed
                    }
                    None => At::Refused,
                }
            }
            At::Confirmed => {
                let begin = RunAsk::Begin { direction: Direction::Cutover, rehearsal: false };
                match self.decides(&run(begin, "begin")) {
                    true => At::Walks(self.world.migration.run_status(self.world.now).unwrap().lease),
                    false => At::Refused,
                }
            }
            At::Walks(lease) => {
                let first = RunAsk::BeginStep { lease, part: 0, undo: false };
                match self.decides(&run(first, "first")) {
                    true => {
                        self.commands(who);
                        At::Commands
                    }
                    false => At::Refused,
                }
            }
            at @ (At::Commands | At::Refused) => at,
        };
    }

    /// A confirmation is about to be appended, and its operator will believe it.
    fn confirms(&mut self, token: u64) {
        self.confirmed += 1;
        let heard = |side: Side| {
            let agent = self.world.agents.iter().find(|(key, _)| key.side == side).unwrap().1;
            agent.sent.last().and_then(|batch| batch.findings.last()).map(|finding| finding.outcome)
        };
        let passes = Side::BOTH.iter().all(|side| heard(*side).is_none_or(|it| it == Outcome::Pass));
        let idle = self.world.now.since(self.open).as_millis();
        if self.confirmed > 1 {
            self.breaks("one GO was confirmed twice");
        } else if token != self.epoch {
            self.breaks("a token of an earlier opening was taken");
        } else if self.held {
            self.breaks("it was confirmed over a hold");
        } else if !passes {
            self.breaks("it was confirmed while the target fails");
        } else if idle >= u128::from(LEASE_MILLIS) {
            self.breaks("it was confirmed on a lease that nobody renewed");
        }
    }

    /// The first command begins.
    fn commands(&mut self, who: usize) {
        let other = &self.operators[1 - who];
        let run = self.world.migration.run_status(self.world.now);
        let its = run.and_then(|run| run.operator).is_some_and(|by| by.as_str() == OPERATORS[who]);
        if matches!(other, At::Commands) {
            self.breaks("two operators carry out commands");
        } else if self.world.migration.phase() != Phase::Cutover || !its {
            self.breaks("a command began that nobody confirmed");
        } else if self.held {
            self.breaks("a command began over a hold");
        }
    }
}

struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

struct Found {
    states: usize,
    commands: usize,
    wrong: Option<String>,
}

fn explore(bug: Option<Bug>) -> Found {
    let first = State::begin();
    let mut known = HashSet::from([first.key()]);
    let mut open = VecDeque::from([(first, Vec::<String>::new())]);
    let mut found = Found { states: 0, commands: 0, wrong: None };
    while let Some((state, way)) = open.pop_front() {
        found.commands += usize::from(state.operators.iter().any(|at| matches!(at, At::Commands)));
        if let Some(wrong) = state.broken {
            found.wrong = Some(format!("{wrong}:\n  {}", way.join("\n  ")));
            break;
        }
        for (what, next) in state.nexts(bug) {
            if known.insert(next.key()) {
                let way = way.iter().cloned().chain([what]).collect();
                open.push_back((next, way));
            }
        }
        assert!(known.len() <= MOST, "the search does not close");
    }
    found.states = known.len();
    found
}

#[test]
fn the_gates_lease_keeps_its_promises_from_go_to_the_first_command() {
    let found = explore(None);
    println!("{} states, {} with a command", found.states, found.commands);
    assert!(found.wrong.is_none(), "{}", found.wrong.unwrap_or_default());
    assert!(found.commands > 0, "somebody must come to the first command");
}

#[test]
fn every_bug_seeded_around_the_gates_lease_is_found() {
    for bug in [Bug::IgnoresTheToken, Bug::NoCompareAndSet, Bug::BelievesARead] {
        assert!(explore(Some(bug)).wrong.is_some(), "{bug:?} is not found");
    }
}
