//! One part: its beginning is journaled, its command runs, its outcome is journaled.

use tidelock_proto::v1;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, sleep_until};

use super::command::{Ended, Order, run};
use super::parts::{at, label, place};
use super::walk::{LAST_WORDS, Walk, reason};
use crate::client::clean;
use crate::exit::{Exit, Trouble};
use crate::files::request_id;

/// Lines of a command that may wait for the screen.
const WAITING_LINES: usize = 256;
/// How often in a row the point of no return is asked for, a second apart, while what it rests on is not so.
const SHOWN_AGAIN: u32 = 20;
/// How long a beginning is asked for; the lease would be over by then.
const BEGIN_PATIENCE: Duration = tidelock_core::RUN_LEASE;

impl Walk {
    /// Carries a part out, or takes it back.
    pub(super) async fn carry(&mut self, part: u32, undo: bool) -> Result<(), Trouble> {
        if self.unwell.contains(&(part, undo)) {
            let name = label(at(&self.run, part)?);
            return Err(Trouble::failed(format!("{name} did not end well and is asked for again"))
                .hint("find out why before it is run once more")
                .hint(self.resume_hint()));
        }
        if self.choice.yes_each && !self.may_begin(part, undo).await? {
            return Ok(());
        }
        let request = v1::BeginStepRequest {
            migration: self.run.migration.clone(),
            lease: self.given,
            part,
            undo,
            request_id: request_id()?,
        };
        let client = self.client.clone();
        let ask = || {
            let (client, request) = (client.clone(), request.clone());
            async move { client.runs().begin_step(request).await }
        };
        match self.answered(ask, BEGIN_PATIENCE).await {
            Ok(begun) => self.take(begun.run),
            Err(status) => return self.look_again(status).await,
        }
        self.overtaken = 0;
        self.screen.show(&self.run);
        // An answer that was long on its way may tell of a beginning that is over: then somebody else goes on.
        let begun = if undo { "undoing" } else { "begun" };
        if self.run.lease != request.lease || at(&self.run, part)?.state != begun {
            return Ok(());
        }
        let ended = match self.lease.lost() {
            // It was journaled a while ago; whoever has the lease now may have gone on since.
            Some(lost) => Ended::not_started(format!("the lease was lost before it began: {}", lost.why)),
            None => self.carry_out(part, undo).await?,
        };
        if ended.outcome != "done" {
            self.unwell.insert((part, undo));
            let name = label(at(&self.run, part)?);
            self.screen.line(&format!("            {name}: {}", clean(&ended.why)));
        }
        self.end(part, undo, ended).await
    }

    /// Runs what there is to run.
    async fn carry_out(&mut self, part: u32, undo: bool) -> Result<Ended, Trouble> {
        let found = at(&self.run, part)?;
        let command = match (undo, self.run.rehearsal) {
            (false, _) => found.command.as_ref(),
            // What a rehearsal only recorded must never be taken back for real.
            (true, true) => None,
            (true, false) => found.undo.as_ref(),
        };
        let Some(command) = command else {
            if self.run.rehearsal && !undo {
                let would = self.choice.would_run.get(&label(found));
                let line = match would {
                    Some(would) => format!("            would run: {}", clean(would)),
                    None => format!("            {}: nothing to run, only recorded", label(found)),
                };
                self.screen.line(&line);
            }
            return Ok(Ended::nothing());
        };
        let what = if undo { "taking back" } else { "running" };
        let line = format!("            {what}: {}", clean(&command.argv.join(" ")));
        let order = Order::new(&self.run, (found, undo), command, &self.choice.dir);
        let mut order = match order {
            Ok(order) => order,
            Err(why) => return Ok(Ended::not_started(why)),
        };
        if !self.choice.keep {
            order.keeper.clear();
        }
        self.screen.line(&line);
        Ok(self.run_shown(order, undo).await)
    }

    /// Runs a command, shows what it says, and goes on following the run meanwhile.
    async fn run_shown(&mut self, order: Order, undo: bool) -> Ended {
        let (said, mut lines) = mpsc::channel(WAITING_LINES);
        let (kill, killed) = oneshot::channel();
        let mut running = tokio::spawn(run(order, said, killed));
        let mut kill = Some(kill);
        let (mut told, mut heard_all, mut told_lost) = (false, false, false);
        let ended = loop {
            tokio::select! {
                line = lines.recv(), if !heard_all => match line {
                    Some(line) => self.screen.said(&line),
                    None => heard_all = true,
                },
                ended = &mut running => break ended,
                news = self.feed.news() => {
                    self.tell_away(news.away);
                    self.take(news.run);
                    self.screen.show(&self.run);
                    // The run goes back, or another way: what was under way must not hold that up.
                    let gone = self.run.lease != self.given || !undo && self.run.state != "forward";
                    if gone && kill.is_some() {
                        self.screen.line("tidelock: the run goes another way: the command is killed");
                        let _ = kill.take().map(|kill| kill.send(()));
                    }
                }
                () = self.stop.until(1), if !told => {
                    told = true;
                    self.screen.line("tidelock: stopping after this command; once more kills it");
                }
                () = self.stop.until(2), if kill.is_some() => {
                    // Where it has ended by itself meanwhile there is nothing to kill.
                    let _ = kill.take().map(|kill| kill.send(()));
                }
                () = self.lease.until_lost(), if !told_lost => {
                    told_lost = true;
                    // From here on the run may be taken back by somebody else: what still runs must not come
                    // to its effect after that.
                    self.screen.line("tidelock: the lease is lost: the command is killed, and nothing more is begun");
                    let _ = kill.take().map(|kill| kill.send(()));
                }
                () = sleep_until(self.screen.due()) => self.screen.count(&self.run, true),
            }
        };
        while let Ok(line) = lines.try_recv() {
            self.screen.said(&line);
        }
        ended.unwrap_or_else(|_| Ended {
            outcome: "unknown",
            durable: false,
            output: String::new(),
            why: "whoever watched it broke down".to_owned(),
        })
    }

    /// Says what became of it, also after a wish to stop: what is not said is left ambiguous.
    async fn end(&mut self, part: u32, undo: bool, ended: Ended) -> Result<(), Trouble> {
        let request = v1::EndStepRequest {
            migration: self.run.migration.clone(),
            lease: self.given,
            part,
            undo,
            outcome: ended.outcome.to_owned(),
            durable_mutation: ended.durable,
            output: ended.output,
            request_id: request_id()?,
        };
        let client = self.client.clone();
        let ask = || {
            let (client, request) = (client.clone(), request.clone());
            async move { client.runs().end_step(request).await }
        };
        match self.answered(ask, LAST_WORDS).await {
            Ok(answer) => {
                self.take(answer.run);
                Ok(())
            }
            Err(status) => {
                let name = at(&self.run, part).map(|found| place(&self.run, found)).unwrap_or_default();
                // On the way back what was begun is taken back, whatever became of it.
                let then = match self.run.state == "undoing" && !undo {
                    true => "resume takes it back",
                    false => "a person will be asked",
                };
                Err(self.trouble(status).hint(format!(
                    "step {name} ended here as {:?}, and that is not recorded: {then}",
                    ended.outcome
                )))
            }
        }
    }

    /// Passes the point of no return, once a person typed the migration's name.
    pub(super) async fn pass_no_return(&mut self, part: u32) -> Result<(), Trouble> {
        let asked = self.choice.yes || self.run.rehearsal || self.passing == Some(part);
        if !asked && !self.named(part).await? {
            return Ok(());
        }
        let request = v1::PassNoReturnRequest {
            migration: self.run.migration.clone(),
            lease: self.given,
            part,
            request_id: request_id()?,
        };
        let client = self.client.clone();
        let ask = || {
            let (client, request) = (client.clone(), request.clone());
            async move { client.runs().pass_no_return(request).await }
        };
        match self.answered(ask, BEGIN_PATIENCE).await {
            Ok(answer) => {
                (self.overtaken, self.passing) = (0, None);
                self.take(answer.run);
                self.screen.line(match self.run.rehearsal {
                    true => "            here the point of no return would be passed",
                    false => "            the point of no return is passed: from here on forward only",
                });
                Ok(())
            }
            // What it rests on has to be so at that moment, and fresh rounds may be on their way.
            Err(status) if reason(&status) == "GATE_SHUT" && self.overtaken < SHOWN_AGAIN => {
                if self.passing.replace(part) != Some(part) {
                    let why = clean(status.message());
                    self.screen.line(&format!("            not passed yet, asked again each second: {why}"));
                }
                self.overtaken += 1;
                self.second().await;
                Ok(())
            }
            Err(status) => self.look_again(status).await,
        }
    }

    /// Stops here without a fault: the person did not want to go on.
    pub(super) fn unwanted(&self, what: &str) -> Trouble {
        Trouble::new(Exit::Hold, what.to_owned()).hint(self.resume_hint())
    }
}
