//! A run that a person asks for, between the rounds: the same sandbox, grants and bounds, and nothing of it kept.
//!
//! It is no evidence: its finding goes to whoever asked, not to the spool, and what the check wants to remember is
//! dropped, so that no round ever sees that somebody looked.

use std::sync::Arc;

use tidelock_model::Name;
use tidelock_proto::{Limits, v1};

use super::Agent;
use super::prepare::Readiness;
use crate::runs::{Round, Sandbox};

/// Runs of this kind in flight, beside the rounds.
const MOST: usize = 2;

impl<S: Sandbox> Agent<S> {
    /// Begins a run that somebody asked for, or says why not.
    pub(super) fn run_now(&mut self, ask: &v1::RunNow) {
        if let Err(why) = self.begin_now(ask) {
            self.tell_answer(v1::RunAnswer { number: ask.number, refused: why, ..v1::RunAnswer::default() });
        }
    }

    fn begin_now(&mut self, ask: &v1::RunNow) -> Result<(), String> {
        let check = Name::new(&ask.check).map_err(|error| format!("check: {error}"))?;
        let job = self.jobs.get(&check).or_else(|| self.later.get(&check));
        let job = job.ok_or_else(|| format!("this agent has no check {check}"))?.clone();
        if job.plan_revision != ask.plan_revision {
            return Err(format!("this agent is at plan revision {} still; ask again", job.plan_revision));
        }
        if ask.number < Limits::FIRST_ASKED {
            return Err("it was asked for a round, and rounds are not run for asking".to_owned());
        }
        if self.asked.contains(&check) || self.asked.len() >= MOST {
            return Err(format!("{} runs that were asked for are still going; ask again", self.asked.len()));
        }
        let readiness = match self.ready.get(&job.component) {
            Some(Readiness::Refused(refusal)) => Err(refusal.clone()),
            Some(Readiness::Ready(_)) => Ok(()),
            Some(Readiness::Preparing) | None if job.work.is_err() => Ok(()),
            Some(Readiness::Preparing) | None => {
                return Err(format!("the component of {check} is being made ready; ask again"));
            }
        };
        let other_settings = !ask.settings_json.is_empty();
        let job = match other_settings {
            true => Arc::new(job.with_settings(&ask.settings_json)?),
            false => job,
        };
        let Some(offset) = *self.offset.borrow() else {
            return Err("this agent does not know the collector's time yet; ask again".to_owned());
        };
        let due = offset.to_collector(self.clock.now());
        let at = Round { round: ask.number, due, lateness: std::time::Duration::ZERO };
        let (runs, number) = (self.runs.clone(), ask.number);
        self.asked.insert(check.clone());
        self.answers.spawn(async move {
            let finding = runs.look_once(&job, at, readiness).await;
            let finding = Some(Box::new(finding));
            (check, v1::RunAnswer { number, finding, refused: String::new(), other_settings })
        });
        Ok(())
    }

    /// One of them has ended.
    pub(super) fn answered(&mut self, (check, answer): (Name, v1::RunAnswer)) {
        self.asked.remove(&check);
        self.tell_answer(answer);
    }

    fn tell_answer(&self, answer: v1::RunAnswer) {
        // Without a session nobody can be told.
        let _ = self.shared.answers.send(Arc::new(answer));
    }
}
