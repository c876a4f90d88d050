//! The walk: asks what is next, does it, says what became of it, until nothing is next.
//!
//! # Invariants
//! - Nothing is carried out before the collector journaled its beginning under this lease.
//! - After a wish to stop, or a lease that is lost, nothing is begun any more.
//! - What nobody can know is left to a person.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tidelock_proto::{json, v1};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use super::ends::{ending, over_exit, settle_words};
use super::feed::{Feed, newer};
use super::lease::Lease;
use super::parts::{Next, at, next};
use super::person::{Stop, Typed};
use super::screen::{Screen, event, table};
use crate::client::{Client, clean, passes, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format, Manner};

/// How soon an ask that was not answered is put again, with the same id.
const AGAIN: Duration = Duration::from_millis(200);
/// How long the last words of a walk may take.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(30);
/// How long letting the lease go may take; it ends by itself as well.
const LEAVE_PATIENCE: Duration = Duration::from_secs(3);
/// How soon a run that is about to turn is looked at again.
const TURNING: Duration = Duration::from_millis(50);
/// How often in a row the collector may say that another part is next than it showed.
const OVERTAKEN: u32 = 100;

/// What the operator chose.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) dir: PathBuf,
    pub(super) yes: bool,
    pub(super) yes_each: bool,
    /// Commands die with this process.
    pub(super) keep: bool,
    /// In a rehearsal: what would be run, by the parts' labels.
    pub(super) would_run: std::collections::BTreeMap<String, String>,
}

/// A run that this process walks.
pub(super) struct Walk {
    pub(super) client: Client,
    pub(super) manner: Manner,
    pub(super) choice: Choice,
    pub(super) run: v1::Run,
    /// The lease that this process was given. Another one that a picture shows is somebody else's, even where that
    /// is the same person at another terminal.
    pub(super) given: u64,
    /// Who walks it.
    pub(super) me: String,
    pub(super) feed: Feed,
    pub(super) lease: Lease,
    pub(super) stop: Stop,
    pub(super) typed: Typed,
    pub(super) screen: Screen,
    /// What was begun here and did not end well; the collector never asks for it again by itself.
    pub(super) unwell: BTreeSet<(u32, bool)>,
    /// The question that stands on the screen, by its part.
    pub(super) asked: Option<u32>,
    pub(super) overtaken: u32,
    /// The point of no return that a person has said yes to, by its part.
    pub(super) passing: Option<u32>,
    away: bool,
    left: bool,
}

impl Walk {
    /// Takes over a run whose lease was given to this process.
    pub(super) fn new(client: &Client, manner: Manner, choice: Choice, stop: Stop, run: v1::Run) -> Walk {
        Walk {
            client: client.clone(),
            manner,
            choice,
            given: run.lease,
            me: run.operator.clone(),
            feed: Feed::follow(client, &run.migration),
            lease: Lease::keep(client, &run),
            stop,
            typed: Typed::default(),
            screen: Screen::new(manner),
            unwell: BTreeSet::new(),
            asked: None,
            overtaken: 0,
            passing: None,
            away: false,
            left: false,
            run,
        }
    }

    /// Walks to the end, or to where a person has to go on.
    pub(super) async fn walk(mut self) -> Result<Exit, Trouble> {
        let ended = self.steps().await;
        self.screen.end();
        if let Err(trouble) = &ended {
            // Whoever goes on after this need not wait until the lease has run out.
            let mine = self.lease.lost().is_none() && self.run.lease == self.given;
            if !self.left && mine && next(&self.run) != Next::Over {
                self.leave().await;
            }
            self.last_event(trouble.exit)?;
        }
        ended
    }

    async fn steps(&mut self) -> Result<Exit, Trouble> {
        loop {
            self.screen.show(&self.run);
            if let Some(exit) = self.halted().await? {
                return Ok(exit);
            }
            match next(&self.run) {
                Next::Carry { part, undo } => self.carry(part, undo).await?,
                Next::PassNoReturn { part } => self.pass_no_return(part).await?,
                Next::Confirm { part } => self.confirm(part).await?,
                Next::Wait => self.pause().await?,
                Next::Settle { .. } => {
                    self.refresh().await?;
                    if let Next::Settle { part, undo } = next(&self.run) {
                        self.screen.show(&self.run);
                        return Err(settle_words(&self.run, at(&self.run, part)?, undo));
                    }
                }
                Next::Over => {
                    self.refresh().await?;
                    if next(&self.run) == Next::Over {
                        return self.over();
                    }
                }
                Next::Unheard => {
                    let what = clean(&self.run.next);
                    return Err(Trouble::new(
                        Exit::Unknown,
                        format!("the collector asks for {what:?}, which this release does not know"),
                    )
                    .hint(self.resume_hint()));
                }
            }
        }
    }

    /// Takes a picture in, unless it is older than the one that is known.
    pub(super) fn take(&mut self, run: Option<v1::Run>) {
        if let Some(run) = run.filter(|run| newer(&self.run, run)) {
            self.run = run;
        }
    }

    /// The run as it is now, asked for.
    pub(super) async fn refresh(&mut self) -> Result<(), Trouble> {
        let request = v1::GetRunRequest { migration: self.run.migration.clone() };
        let client = self.client.clone();
        let ask = || {
            let (client, request) = (client.clone(), request.clone());
            async move { client.runs().get_run(request).await }
        };
        let answer = self.answered(ask, LAST_WORDS).await.map_err(|status| self.trouble(status))?;
        match answer.run {
            Some(run) if run.run == self.run.run => {
                self.take(Some(run));
                Ok(())
            }
            Some(run) => Err(Trouble::failed(format!(
                "run {} is not the newest any more, run {} is",
                self.run.run, run.run
            ))),
            None => Err(Trouble::new(Exit::Unknown, "the collector knows of no run any more")),
        }
    }

    /// Puts an ask again, the same one, while the collector is away and the lease may still hold.
    pub(super) async fn answered<T, F>(&self, ask: impl Fn() -> F, patience: Duration) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let end = Instant::now() + patience;
        loop {
            match ask().await {
                Err(status) if passes(&status) && Instant::now() < end => sleep(AGAIN).await,
                answer => return answer.map(Response::into_inner),
            }
        }
    }

    /// The words of a refusal that ends the walk.
    pub(super) fn trouble(&self, status: Status) -> Trouble {
        trouble(status).hint(self.resume_hint())
    }

    pub(super) fn resume_hint(&self) -> String {
        format!("to go on: tidelock {} resume", self.run.direction)
    }

    /// Nothing may be begun any more: somebody wished so, or the lease is lost.
    async fn halted(&mut self) -> Result<Option<Exit>, Trouble> {
        if next(&self.run) == Next::Over {
            return Ok(None);
        }
        if let Some(lost) = self.lease.lost() {
            // A run that is over needs no lease, and its end may be what the refusal was about.
            self.refresh().await?;
            if next(&self.run) == Next::Over {
                return Ok(None);
            }
            let exit = if lost.unanswered { Exit::Unreachable } else { Exit::Hold };
            return Err(Trouble::new(exit, format!("the operator's lease is lost: {}", lost.why))
                .hint("nothing more was begun here")
                .hint(self.resume_hint()));
        }
        if self.run.lease > self.given {
            // A picture told it before the renewal did.
            let who = clean(&self.run.operator);
            return Err(Trouble::new(
                Exit::Hold,
                format!("the operator's lease is lost: {who} took the run over"),
            )
            .hint("nothing more was begun here"));
        }
        let Some(exit) = self.stop.wished() else { return Ok(None) };
        self.leave().await;
        self.last_event(exit)?;
        Ok(Some(exit))
    }

    /// Lets the lease go, so that somebody else need not wait for its end.
    pub(super) async fn leave(&mut self) {
        self.left = true;
        let request = match crate::files::request_id() {
            Ok(request_id) => {
                v1::LeaveRunRequest { migration: self.run.migration.clone(), lease: self.given, request_id }
            }
            Err(_) => return,
        };
        let mut runs = self.client.runs();
        let said = match timeout(LEAVE_PATIENCE, runs.leave_run(request)).await {
            Ok(Ok(answer)) => {
                self.take(answer.into_inner().run);
                "left".to_owned()
            }
            Ok(Err(status)) => {
                format!("left without a word ({}); the lease ends by itself", trouble(status).message)
            }
            Err(_) => "left without a word; the lease ends by itself".to_owned(),
        };
        self.screen.show(&self.run);
        if next(&self.run) == Next::Over || matches!(next(&self.run), Next::Settle { .. }) {
            // What has to be done instead is said beside this.
            return;
        }
        let then = match (self.run.state.as_str(), self.run.no_return_time.is_some()) {
            ("undoing", _) => "resume takes back what was done",
            (_, true) => "the point of no return is passed: resume goes forward",
            (_, false) => "what is done stays done; resume goes on from there, and repeats nothing",
        };
        self.screen.line(&format!("tidelock: {said}. {then}"));
        self.screen.line(&format!("tidelock: {}", self.resume_hint()));
    }

    /// Waits for something new, and counts meanwhile.
    pub(super) async fn pause(&mut self) -> Result<(), Trouble> {
        let tick = self.screen.due();
        tokio::select! {
            news = self.feed.news() => {
                if let Some(status) = news.refused {
                    return Err(self.trouble(status));
                }
                self.tell_away(news.away);
                self.take(news.run);
            }
            () = self.lease.until_lost() => {}
            () = self.stop.until(1) => {}
            () = sleep_until(tick) => self.screen.count(&self.run, true),
        }
        Ok(())
    }

    /// A second goes by, or something happens that must be looked at first.
    pub(super) async fn second(&self) {
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            () = self.lease.until_lost() => {}
            () = self.stop.until(1) => {}
        }
    }

    pub(super) fn tell_away(&mut self, away: bool) {
        if away != self.away {
            self.away = away;
            let said =
                if away { "the collector does not answer; still trying" } else { "the collector is back" };
            self.screen.line(&format!("tidelock: {said}"));
        }
    }

    /// The collector took something else to be next than the picture showed: look again.
    pub(super) async fn look_again(&mut self, status: Status) -> Result<(), Trouble> {
        self.overtaken += 1;
        let passes = matches!(reason(&status).as_str(), "NOT_NEXT" | "TOO_LATE" | "WRONG_PHASE");
        if !passes || self.overtaken > OVERTAKEN {
            // What is another's, or may not be done, does not get better by asking again.
            return Err(self.trouble(status));
        }
        let before = next(&self.run);
        self.refresh().await?;
        if next(&self.run) == before {
            // It is about to turn; whoever weighs it says so at once.
            sleep(TURNING).await;
        }
        Ok(())
    }

    /// The last object of `-o ndjson`.
    fn last_event(&self, exit: Exit) -> Result<(), Trouble> {
        if self.manner.format != Format::Ndjson {
            return Ok(());
        }
        let mut last = event("run", json::run(&self.run));
        last["final"] = true.into();
        last["exit_code"] = exit.number().into();
        out::print_json(Format::Ndjson, &last)
    }

    /// The summary, and the exit that it means.
    fn over(&mut self) -> Result<Exit, Trouble> {
        let exit = over_exit(&self.run);
        match self.manner.format {
            Format::Ndjson => self.last_event(exit)?,
            Format::Json => out::print_json(Format::Json, &json::run(&self.run))?,
            Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
                self.screen.line("");
                out::print(&table(self.manner, &self.run))?;
                out::print(&ending(&self.run))?;
            }
        }
        Ok(exit)
    }
}

/// The stable word of a refusal; empty where there is none.
pub(super) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}
