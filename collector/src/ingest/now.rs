//! Runs that people ask for, and that prove nothing: who is still to answer.
//!
//! An answer is believed of the agent that was asked alone, for the check that it was asked for, and once. It goes
//! to whoever asked and nowhere else: neither to the journal nor to the board.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidelock_model::{AgentKey, Finding, Name};
use tidelock_proto::{Limits, batch_from_wire, v1};
use tokio::sync::oneshot;

use crate::secret;

/// Asks that are not answered yet, of all migrations.
const MOST: usize = 256;

/// What an agent answered: what it found, or why it did not look.
pub type Answer = Result<Box<Finding>, String>;

/// Who was asked for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The migration.
    pub migration: Name,
    /// The agent.
    pub agent: AgentKey,
    /// The check.
    pub check: Name,
    /// It is run with other settings than the plan's.
    pub other_settings: bool,
}

#[derive(Debug)]
struct Open {
    asked: Asked,
    answer: oneshot::Sender<Answer>,
}

/// All that is asked and not answered. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct RunsNow(Arc<Mutex<BTreeMap<u64, Open>>>);

/// One ask; nobody waits for it any more when this is dropped.
#[derive(Debug)]
pub struct Awaited {
    runs: RunsNow,
    /// The number of the ask.
    pub number: u64,
    answer: oneshot::Receiver<Answer>,
}

impl Awaited {
    /// What the agent answers; none when it never will.
    pub async fn answer(&mut self) -> Option<Answer> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.runs.open().remove(&self.number);
    }
}

impl RunsNow {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an ask.
    ///
    /// # Errors
    /// When it is asked already, or too much is.
    pub fn ask(&self, asked: Asked) -> Result<Awaited, String> {
        let random = secret::random::<8>().map_err(|error| error.to_string())?;
        let number = Limits::FIRST_ASKED + u64::from_be_bytes(random) % Limits::FIRST_ASKED;
        let (answer, answered) = oneshot::channel();
        let mut open = self.open();
        let same = |one: &Asked| {
            (&one.migration, &one.agent, &one.check) == (&asked.migration, &asked.agent, &asked.check)
        };
        if open.values().any(|one| same(&one.asked)) {
            return Err(format!("a run of {} that somebody asked for is still going", asked.check));
        }
        if open.len() >= MOST || open.contains_key(&number) {
            return Err(format!("{MOST} runs are asked for already; try again"));
        }
        open.insert(number, Open { asked, answer });
        Ok(Awaited { runs: self.clone(), number, answer: answered })
    }

    /// Takes what an agent answers; what nobody waits for is nothing.
    pub fn answered(&self, migration: &Name, agent: &AgentKey, wire: v1::RunAnswer) {
        let mut open = self.open();
        let of = open.get(&wire.number).map(|one| &one.asked);
        if !of.is_some_and(|asked| asked.migration == *migration && asked.agent == *agent) {
            return;
        }
        let Some(Open { asked, answer }) = open.remove(&wire.number) else { return };
        drop(open);
        // Whoever asked may have gone.
        let _ = answer.send(read(&asked, wire));
    }
}

/// Through the door that every finding comes through.
fn read(asked: &Asked, wire: v1::RunAnswer) -> Answer {
    let number = wire.number;
    let Some(finding) = wire.finding else {
        let why: String = tidelock_model::fit(&wire.refused).chars().take(500).collect();
        return Err(if why.is_empty() { "it did not say why".to_owned() } else { why });
    };
    if asked.other_settings != wire.other_settings {
        return Err("it is of an earlier release, which knows no other settings than the plan's".to_owned());
    }
    let batch = v1::FindingBatch {
        spool_epoch: vec![0; 16],
        first_seq: 1,
        findings: vec![*finding],
        ..v1::FindingBatch::default()
    };
    let batch = batch_from_wire(asked.agent.clone(), batch);
    let batch = batch.map_err(|error| format!("its answer cannot be read: {error}"))?;
    match batch.findings.into_iter().next() {
        Some(finding) if finding.check == asked.check && finding.round == number => Ok(Box::new(finding)),
        Some(_) | None => Err("its answer is about another run".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Side;

    use super::*;

    fn asked(agent: &str) -> Asked {
        let agent = AgentKey { side: Side::Source, name: Name::new(agent).unwrap() };
        Asked {
            migration: Name::new("shop").unwrap(),
            agent,
            check: Name::new("login").unwrap(),
            other_settings: false,
        }
    }

    fn refused(number: u64) -> v1::RunAnswer {
        v1::RunAnswer { number, refused: "busy".to_owned(), ..v1::RunAnswer::default() }
    }

    #[tokio::test]
    async fn an_answer_is_taken_of_the_agent_that_was_asked_and_once() {
        let runs = RunsNow::default();
        let ours = asked("a");
        let mut awaited = runs.ask(ours.clone()).unwrap();
        assert!(awaited.number >= Limits::FIRST_ASKED, "no round of a grid has this number");
        assert!(runs.ask(ours.clone()).is_err(), "it is going already");
        runs.answered(&ours.migration, &asked("b").agent, refused(awaited.number));
        runs.answered(&Name::new("other").unwrap(), &ours.agent, refused(awaited.number));
        assert_eq!(runs.open().len(), 1, "nobody else can answer it");
        runs.answered(&ours.migration, &ours.agent, refused(awaited.number));
        runs.answered(&ours.migration, &ours.agent, refused(awaited.number));
        assert_eq!(awaited.answer().await, Some(Err("busy".to_owned())));
        drop(awaited);
        drop(runs.ask(ours.clone()).unwrap());
        assert!(runs.open().is_empty(), "what nobody waits for is forgotten");
    }

    #[tokio::test]
    async fn what_cannot_be_read_or_is_of_another_run_is_no_finding() {
        let runs = RunsNow::default();
        let ours = asked("a");
        let mut awaited = runs.ask(ours.clone()).unwrap();
        let finding = v1::Finding { check: "login".to_owned(), ..v1::Finding::default() };
        let finding = Some(Box::new(finding));
        let wire = |number| v1::RunAnswer { number, finding: finding.clone(), ..v1::RunAnswer::default() };
        runs.answered(&ours.migration, &ours.agent, wire(awaited.number));
        let told = awaited.answer().await.unwrap().unwrap_err();
        assert!(told.contains("cannot be read"), "{told}");
        // Run with the plan's settings where others were asked for, it is no answer.
        let mut awaited = runs.ask(Asked { other_settings: true, ..ours.clone() }).unwrap();
        assert!(runs.ask(ours.clone()).is_err(), "with whichever settings, it is going");
        runs.answered(&ours.migration, &ours.agent, wire(awaited.number));
        let told = awaited.answer().await.unwrap().unwrap_err();
        assert!(told.contains("earlier release"), "{told}");
    }

    #[test]
    fn so_many_and_no_more_are_asked_for() {
        let runs = RunsNow::default();
        let all: Vec<_> = (0..MOST).map(|n| runs.ask(asked(&format!("a{n}"))).unwrap()).collect();
        assert!(runs.ask(asked("last")).unwrap_err().contains("try again"));
        drop(all);
        assert!(runs.ask(asked("last")).is_ok());
    }
}
