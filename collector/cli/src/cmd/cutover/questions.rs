//! What a walk asks the person in front of it. A question stands for as long as the run asks it: when
//! somebody else answers, or the run goes back, it is dropped.

use tidelock_proto::v1;

use super::parts::{Next, at, label, next, writes_shut};
use super::walk::{LAST_WORDS, Walk};
use crate::client::clean;
use crate::cmd::decide::names;
use crate::exit::Trouble;
use crate::files::request_id;

/// How often a wrong name may be typed.
const TRIES: u32 = 3;

impl Walk {
    /// Asks once and waits for the answer. None when the run asks for something else by now, somebody
    /// wished to stop, the lease is lost, or nobody can type any more.
    async fn typed(&mut self, question: &str) -> Result<Option<String>, Trouble> {
        let asked = next(&self.run);
        self.screen.line("");
        self.typed.ask(question);
        loop {
            tokio::select! {
                line = self.typed.line() => match line {
                    Some(line) => return Ok(Some(line)),
                    None => return Err(self.unwanted("nobody can answer: the terminal is gone")),
                },
                news = self.feed.news() => {
                    if let Some(status) = news.refused {
                        return Err(self.trouble(status));
                    }
                    self.tell_away(news.away);
                    self.take(news.run);
                    if next(&self.run) != asked {
                        self.screen.line("tidelock: that is not asked any more");
                        return Ok(None);
                    }
                }
                () = self.lease.until_lost() => return Ok(None),
                () = self.stop.until(1) => return Ok(None),
            }
        }
    }

    /// With `--yes-each`: may this part be begun? The picture is looked at anew where it may not.
    pub(super) async fn may_begin(&mut self, part: u32, undo: bool) -> Result<bool, Trouble> {
        let name = label(at(&self.run, part)?);
        let what = if undo { "Take back" } else { "Carry out" };
        match self.typed(&format!("{what} {name}? [yes/no] ")).await? {
            None => Ok(false),
            Some(answer) if is_yes(&answer) => Ok(true),
            Some(_) => Err(self.unwanted(&format!("{name} was not wanted"))),
        }
    }

    /// The migration's name, typed before the point of no return. False where it is not asked any more.
    pub(super) async fn named(&mut self, part: u32) -> Result<bool, Trouble> {
        let migration = self.run.migration.clone();
        let name = label(at(&self.run, part)?);
        for _ in 0..TRIES {
            // The line that counts would draw over what is being typed, so the clock stands in the question.
            let shut = writes_shut(&self.run, 0).map(|shut| format!(" Now {shut}.")).unwrap_or_default();
            let question = format!(
                "{name} is the point of no return: after it there is no undo.{shut}\nType the migration's name to pass it: {}\n> ",
                clean(&migration)
            );
            match self.typed(&question).await? {
                None => return Ok(false),
                Some(typed) if names(&typed, &migration) => return Ok(true),
                Some(typed) => self.screen.line(&format!("{:?} is not {migration:?}", clean(&typed))),
            }
        }
        Err(self.unwanted("the point of no return was not passed"))
    }

    /// A step that its owner confirms: asked here where the owner is here, else told and waited for.
    pub(super) async fn confirm(&mut self, part: u32) -> Result<(), Trouble> {
        let found = at(&self.run, part)?.clone();
        let (name, way) = (label(&found), self.run.direction.clone());
        if found.owner != self.me || !self.manner.ask {
            if self.asked.replace(part) != Some(part) {
                let owner = clean(&found.owner);
                self.screen.line(&format!("            {name} waits for {owner}, who says what is so:"));
                self.screen.line(&format!("              tidelock {way} confirm {name} --reason TEXT"));
                self.screen
                    .line(&format!("              tidelock {way} confirm {name} --failed --reason TEXT"));
            }
            return self.pause().await;
        }
        let answer = self.typed(&format!("{name} is yours. Is it done? [yes/no, and why] ")).await?;
        let Some(answer) = answer else { return Ok(()) };
        let (word, reason) = answer.split_once(char::is_whitespace).unwrap_or((&answer, ""));
        let done = is_yes(word);
        if !done && !is_no(word) {
            self.screen.line("say yes or no, and why: yes the orders of the last minute are there");
            return Ok(());
        }
        let said = if reason.trim().is_empty() { "said on the terminal" } else { reason.trim() };
        let request = v1::ConfirmStepRequest {
            migration: self.run.migration.clone(),
            part,
            done,
            reason: said.to_owned(),
            request_id: request_id()?,
        };
        let client = self.client.clone();
        let ask = || {
            let (client, request) = (client.clone(), request.clone());
            async move { client.runs().confirm_step(request).await }
        };
        match self.answered(ask, LAST_WORDS).await {
            Ok(answer) => {
                self.take(answer.run);
                // A picture that still asks is an older one.
                if next(&self.run) == (Next::Confirm { part }) { self.refresh().await } else { Ok(()) }
            }
            Err(status) => self.look_again(status).await,
        }
    }
}

fn is_yes(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "y" | "yes")
}

fn is_no(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "n" | "no" | "failed")
}
