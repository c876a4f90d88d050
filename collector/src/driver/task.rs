//! The one task that owns the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tidelock_core::Ask;
use tidelock_core::record::{Event, EventKind, Observation};
use tidelock_model::{Name, Timestamp};
use tidelock_ops::service::{self, Heart};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::filing::Said;
use super::handle::{AskError, Asked, Command, CourseSeen, Driver, Explained, Reported};
use super::own::{Own, submit_own};
use super::publish::{Boards, RunSeen};
use super::renew;
use super::room::{self, Room};
use crate::clock::Clock;
use crate::fold::{EventLine, Fold, Folding};
use crate::heads::Lost;
use crate::ingest::Sessions;
use crate::intake::{Durable, Intake};
use crate::journal::{Answer, NewDecision, Position, Record, Space, Store};
use crate::lookup::Lookup;
use crate::records::{DECISION_KIND, Decision, PlanExtras, Seen, decision_to_bytes};

mod anew;
mod lost;

/// Asks that wait.
const COMMANDS: usize = 256;
/// Observations of the driver's own that wait for the journal.
const OUTBOX: usize = 256;
/// Records believed before the migrations are weighed again.
const AT_ONCE: usize = 256;
/// Decisions that evidence alone makes in one go; more is a loop and stops the collector.
const WEIGHINGS: usize = 32;
/// A renewal that was asked for is not asked for again within this time.
const RENEW_AGAIN: Duration = Duration::from_secs(1);
/// Time goes by at least this often.
const TICK: Duration = Duration::from_secs(1);

/// The journal took another course than the driver; nobody may rely on it any more.
#[derive(Debug, thiserror::Error)]
#[error("the driver stops: {0}")]
pub(crate) struct Stopped(String);

/// What the driver is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) fold: Fold,
    pub(crate) clock: Clock,
    pub(crate) intake: Intake,
    pub(crate) believed: mpsc::Receiver<Durable>,
    pub(crate) sessions: Sessions,
    pub(crate) lookup: Option<Lookup>,
    pub(crate) space: watch::Receiver<Space>,
    pub(crate) said: Said,
    /// Migrations that lost decisions: they are held before anything else.
    pub(crate) older: Lost,
}

struct Task {
    store: Arc<dyn Store>,
    fold: Fold,
    clock: Clock,
    outbox: mpsc::Sender<Own>,
    boards: Boards,
    sessions: Sessions,
    lookup: Option<Lookup>,
    room: Room,
    said: Said,
    /// When each migration's leases were last renewed: the journal needs a moment to say so.
    renewed: BTreeMap<Name, Timestamp>,
    /// When time alone may change an answer.
    wakes: BTreeMap<Name, Option<Timestamp>>,
    /// Migrations that lost decisions and are not held yet.
    older: Lost,
    heart: Heart,
}

/// The driver before it has a state: asks may come in already, and are told to wait.
pub(crate) struct Inbox {
    asked: mpsc::Receiver<Command>,
    boards: Boards,
    ready: watch::Sender<bool>,
    heart: Heart,
}

/// Makes the handle that everybody holds, and what the driver reads.
pub(crate) fn prepare() -> (Driver, Inbox) {
    let (commands, asked) = mpsc::channel(COMMANDS);
    let (ready, is_ready) = watch::channel(false);
    let (boards, (pulse, heart)) = (Boards::default(), service::pulse());
    let driver = Driver { commands, boards: boards.clone(), ready: is_ready, pulse };
    (driver, Inbox { asked, boards, ready, heart })
}

impl Inbox {
    /// Drives until every handle is gone, or until the reason to stop.
    pub(crate) async fn run(self, parts: Parts) -> Result<(), Stopped> {
        let Parts { store, fold, clock, intake, believed, sessions, lookup, space, said, older } = parts;
        let (outbox, own) = mpsc::channel(OUTBOX);
        tokio::spawn(submit_own(intake, own));
        let Inbox { asked, boards, ready, heart } = self;
        let (renewed, wakes, room) = (BTreeMap::new(), BTreeMap::new(), Room::new(space));
        let before = older.clone();
        let mut task = Task {
            store,
            fold,
            clock,
            outbox,
            boards,
            sessions,
            lookup,
            renewed,
            wakes,
            room,
            said,
            older,
            heart,
        };
        task.hold_the_older(&before).await?;
        task.run(asked, believed, ready).await
    }
}

impl Task {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<Command>,
        mut believed: mpsc::Receiver<Durable>,
        ready: watch::Sender<bool>,
    ) -> Result<(), Stopped> {
        self.settle_all().await?;
        ready.send_replace(true);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let wakes_at = self.wakes_at();
            tokio::select! {
                command = asked.recv() => match command {
                    Some(command) => {
                        // An answer rests on all that is durable: a failure that was acked holds it. What only shuts
                        // gates rests on nothing, and waits for none of it.
                        let mut owed = if command.shuts() { 0 } else { believed.len() };
                        while let Some(first) = (owed > 0).then(|| believed.try_recv().ok()).flatten() {
                            owed = owed.saturating_sub(AT_ONCE);
                            self.believe(first, &mut believed).await?;
                        }
                        self.command(command).await?;
                    }
                    None => return Ok(()),
                },
                first = believed.recv() => match first {
                    Some(first) => self.believe(first, &mut believed).await?,
                    None => return Err(Stopped("the journal takes nothing any more".to_owned())),
                },
                _ = tick.tick() => self.tick().await?,
                () = self.heart.beat() => {}
                () = tokio::time::sleep_until(wakes_at) => self.wake().await?,
            }
        }
    }

    /// The next moment at which time alone may change an answer; within a tick, where there is none.
    fn wakes_at(&self) -> Instant {
        let now = self.clock.now();
        let next = self.wakes.values().flatten().min().map_or(TICK, |at| at.since(now));
        Instant::now() + next.min(TICK)
    }

    async fn wake(&mut self) -> Result<(), Stopped> {
        let now = self.clock.now();
        let due = |at: &Option<Timestamp>| at.is_some_and(|at| at <= now);
        let names: Vec<Name> =
            self.wakes.iter().filter(|(_, at)| due(at)).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.settle(&name).await?;
        }
        Ok(())
    }

    async fn tick(&mut self) -> Result<(), Stopped> {
        let now = self.clock.now();
        self.sessions.rest(|name, agent| {
            self.fold.migrations.get(name).is_some_and(|folding| folding.core.may_speak(agent, now))
        });
        let judged = self.room.look(now);
        // The writer looks at its disk when it has something to write: a tick asks it whether there is room.
        if !self.fold.migrations.is_empty() || judged.low.is_some() {
            self.send(Seen { migration: None, observation: Observation::Tick, boot_id: String::new() });
        }
        let mut asks = room::asks(&self.fold, &judged);
        // What room there is on a full disk is for what people decide.
        if judged.low.is_none() {
            asks.extend(self.said.asks(&self.fold));
        }
        for (name, ask) in asks {
            if let Err(error) = self.ask(&name, &ask, None, false).await? {
                tracing::error!(migration = %name, %error, "what the collector has seen was not recorded");
            }
            self.settle(&name).await?;
        }
        Ok(())
    }

    fn send(&self, seen: Seen) {
        // A full outbox means that the journal is stuck; ticks and renewals are made again.
        if self.outbox.try_send(Own { seen, told: None }).is_err() {
            tracing::warn!("the journal is slow; an observation of the collector waits for the next tick");
        }
    }

    async fn believe(&mut self, first: Durable, more: &mut mpsc::Receiver<Durable>) -> Result<(), Stopped> {
        let mut touched = BTreeSet::new();
        let mut everybody = false;
        let mut next = Some(first);
        for left in (0..AT_ONCE).rev() {
            let Some(Durable { position, at, seen, received, spans }) = next else {
                break;
            };
            match &seen.migration {
                Some(name) if touched.contains(name) => {}
                Some(name) => drop(touched.insert(name.clone())),
                None => everybody = true,
            }
            if let Some(lookup) = &self.lookup {
                lookup.seen(position, at, &seen, received.as_ref());
            }
            let folding: Vec<tracing::Span> =
                spans.iter().map(|kept| tracing::info_span!(parent: kept, "finding.fold")).collect();
            self.fold.seen(position, at, &seen, received.as_ref());
            drop((folding, spans));
            next = if left == 0 { None } else { more.try_recv().ok() };
        }
        if everybody {
            return self.settle_all().await;
        }
        for name in touched {
            self.settle(&name).await?;
        }
        Ok(())
    }

    async fn settle_all(&mut self) -> Result<(), Stopped> {
        let names: Vec<Name> = self.fold.migrations.keys().cloned().collect();
        for name in names {
            self.settle(&name).await?;
        }
        Ok(())
    }

    /// Records what evidence alone decides, renews what is open, and tells everybody.
    async fn settle(&mut self, name: &Name) -> Result<(), Stopped> {
        for turn in 0.. {
            let now = self.clock.now();
            let Some(folding) = self.fold.migrations.get(name) else {
                return Ok(());
            };
            let events = folding.core.weigh(now);
            if events.is_empty() {
                break;
            }
            if turn == WEIGHINGS {
                return Err(Stopped(format!("{name} decides the same again and again")));
            }
            for event in events {
                if self.record(name, now, event, None).await?.is_none() {
                    break;
                }
            }
        }
        let now = self.clock.now();
        let Some(folding) = self.fold.migrations.get(name) else {
            return Ok(());
        };
        self.boards.publish(folding, now);
        self.wakes.insert(name.clone(), folding.core.wake_at(now));
        let renewals = folding.core.renewals(now);
        let asked = self.renewed.get(name).is_some_and(|last| now.since(*last) < RENEW_AGAIN);
        if renewals.is_empty() || asked {
            return Ok(());
        }
        self.renewed.insert(name.clone(), now);
        for observation in renewals {
            self.send(Seen { migration: Some(name.clone()), observation, boot_id: String::new() });
        }
        Ok(())
    }

    /// Durable first, then believed. None when the journal went on without us: then the state is
    /// folded anew and whoever asked must ask again.
    #[tracing::instrument(name = "decide", skip_all, fields(tidelock.migration.name = %name))]
    async fn record(
        &mut self,
        name: &Name,
        at: Timestamp,
        event: Event,
        extras: Option<PlanExtras>,
    ) -> Result<Option<EventLine>, Stopped> {
        let expected = self.fold.migrations.get(name).and_then(|folding| folding.head);
        let decision = Decision { migration: name.clone(), at, event, extras };
        let record =
            Record { kind: DECISION_KIND, at_unix_ms: at.as_millis(), body: decision_to_bytes(&decision) };
        let rests_on = Position::new(decision.event.findings_position);
        let new = NewDecision { migration: name.clone(), expected, rests_on, record };
        let answer = self.store.append_decision(new).await;
        match answer.map_err(|error| Stopped(error.to_string()))? {
            Answer::Appended { position, link: _ } => {
                let line = EventLine { sequence: position.number(), at, event: decision.event.clone() };
                tracing::info!(migration = %name, sequence = line.sequence, event = %kind_word(&line.event.kind), "decided");
                self.end_sessions(name, &line.event.kind);
                if let Some(lookup) = &self.lookup {
                    lookup.decided(position, &decision);
                }
                self.fold.decided(position, decision);
                Ok(Some(line))
            }
            Answer::Conflict { head } => {
                tracing::error!(migration = %name, ?head, "somebody else decided; folding the journal anew");
                self.fold_anew().await?;
                Ok(None)
            }
            Answer::Unknown { why } => {
                Err(Stopped(format!("nobody knows whether a decision was recorded: {why}")))
            }
        }
    }

    fn end_sessions(&self, name: &Name, kind: &EventKind) {
        if let EventKind::AgentRevoked { agent } | EventKind::ConflictFound { agent, .. } = kind {
            self.sessions.end(name, agent);
        }
    }

    async fn command(&mut self, command: Command) -> Result<(), Stopped> {
        match command {
            Command::Ask { migration, ask, extras, dry_run, reply } => {
                let answer = self.ask(&migration, &ask, extras, dry_run).await?;
                self.hold_what_was_made_anew(&migration).await?;
                self.settle(&migration).await?;
                // Whoever asked may have gone; what was recorded stays.
                let _ = reply.send(answer);
            }
            Command::Explain { migration, check, recent, reply } => {
                let now = self.clock.now();
                let explained = self.fold.migrations.get(&migration).and_then(|folding| {
                    let explanation = folding.core.explain(&check, now)?;
                    let (recent, recent_from) = (folding.recent.of(&check, recent), folding.recent.first());
                    Some(Explained { explanation, recent, recent_from })
                });
                let _ = reply.send(explained);
            }
            Command::Course { migration, check, reply } => {
                let as_of = self.clock.now();
                let seen = self.fold.migrations.get(&migration).and_then(|folding| {
                    let explanation = folding.core.explain(&check, as_of)?;
                    Some(CourseSeen { as_of, explanation, course: folding.core.course(&check) })
                });
                let _ = reply.send(seen);
            }
            Command::Renew { asked, reply } => {
                let now = self.clock.now();
                let folding = self.fold.migrations.get(&asked.migration);
                let core = folding.map(|folding| &folding.core);
                let _ = reply.send(renew::queue(&self.outbox, &asked, core, now));
            }
            Command::Leftovers { migration, reply } => {
                let now = self.clock.now();
                let found = self.fold.migrations.get(&migration).map(|folding| folding.core.leftovers(now));
                let _ = reply.send(found);
            }
            Command::Report { migration, reply } => {
                let now = self.clock.now();
                let _ =
                    reply.send(self.fold.migrations.get(&migration).map(|folding| reported(folding, now)));
            }
            Command::Source { migration, revision, reply } => {
                let found = self.fold.migrations.get(&migration).and_then(|folding| match revision {
                    0 => folding.revisions.last().cloned(),
                    _ => folding.revisions.iter().find(|known| known.revision == revision).cloned(),
                });
                let _ = reply.send(found);
            }
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        name: &Name,
        ask: &Ask,
        extras: Option<PlanExtras>,
        dry_run: bool,
    ) -> Result<Result<Asked, AskError>, Stopped> {
        let now = self.clock.now();
        let unborn = Folding::new(name.clone());
        let folding = match (self.fold.migrations.get(name), ask) {
            (Some(folding), _) => folding,
            (None, Ask::ApplyPlan { .. }) => &unborn,
            (None, _) => return Ok(Err(AskError::NoMigration(name.clone()))),
        };
        let mut events = match folding.core.decide(now, ask) {
            Ok(events) if events.is_empty() => return Ok(Ok(known(folding, ask))),
            Ok(events) => events,
            Err(refusal) => return Ok(Err(AskError::Refused(Box::new(refusal)))),
        };
        if folding.head.is_none() {
            // What was seen before a migration began is nothing to it: it may go while this one is open.
            let begin = self.fold.position.number();
            events.iter_mut().for_each(|event| event.findings_position = event.findings_position.max(begin));
        }
        if dry_run {
            let events = events.into_iter().map(|event| EventLine { sequence: 0, at: now, event }).collect();
            return Ok(Ok(Asked { events, recorded: false }));
        }
        let mut lines = Vec::new();
        for event in events {
            let of_plan = matches!(event.kind, EventKind::PlanApplied { .. });
            let extras = extras.clone().filter(|_| of_plan);
            match self.record(name, now, event, extras).await? {
                Some(line) => lines.push(line),
                None => {
                    let why = "another decision came first; ask again".to_owned();
                    return Ok(Err(AskError::Unavailable(why)));
                }
            }
        }
        Ok(Ok(Asked { events: lines, recorded: true }))
    }
}

/// The event that this ask made when it was asked first.
fn known(folding: &Folding, ask: &Ask) -> Asked {
    let found = ask.request().and_then(|(by, id)| folding.events.of_request(&by.name, id));
    let events: Vec<EventLine> = found.iter().map(|line| EventLine::clone(line)).collect();
    Asked { recorded: !events.is_empty(), events }
}

fn reported(folding: &Folding, now: Timestamp) -> Reported {
    let over = folding.runs.over().map(|(status, plan)| (status.clone(), plan.clone()));
    let newest = folding.core.run_status(now).map(|status| (status, folding.runs.walked().cloned()));
    let runs = over.chain(newest).map(|(status, plan)| RunSeen { status, plan }).collect();
    Reported { report: folding.core.report(now), runs }
}

fn kind_word(kind: &EventKind) -> &'static str {
    crate::text::event_kind(kind)
}
