//! Waiting for a verdict: asked again and again, with a limit, never a pause that is taken for a check.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::check_list::{CheckList, Missing};
use super::command::{Done, Who};
use super::stage::Stage;
use super::talk::Talk;
use super::{Expected, RunOptions, look};

/// Time between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);
/// What a command that waits may take beyond its own limit.
const GRACE: Duration = Duration::from_secs(15);

/// What was seen instead of a verdict.
#[derive(Debug)]
pub(crate) struct Saw {
    pub(crate) what: String,
    /// It stays so: waiting longer cannot help.
    pub(crate) stays: bool,
}

/// A demo under way.
#[derive(Debug)]
pub(crate) struct Play<'o> {
    pub(crate) options: &'o RunOptions,
    pub(crate) talk: Talk,
    pub(crate) list: CheckList,
}

impl<'o> Play<'o> {
    pub(crate) fn new(options: &'o RunOptions, talk: Talk) -> Play<'o> {
        Play { options, talk, list: CheckList::default() }
    }

    /// Ticks a verdict off, and leaves whoever watches the time to read.
    pub(crate) async fn see(&mut self, verdict: Expected) -> anyhow::Result<()> {
        self.list.see(verdict)?;
        self.talk.seen(verdict)?;
        sleep(self.options.pace).await;
        Ok(())
    }

    /// Asks for the status until `judge` sees the verdict in it; `judge` says otherwise what it saw.
    pub(crate) async fn wait_for(
        &mut self,
        stage: &mut Stage,
        verdict: Expected,
        judge: impl Fn(&Value) -> Result<(), String>,
    ) -> anyhow::Result<Value> {
        let judge = |status: &Value| judge(status).map_err(|what| Saw { what, stays: false });
        self.wait_while_it_may(stage, verdict, judge).await
    }

    /// The same, given up at once where what is seen stays so.
    pub(crate) async fn wait_while_it_may(
        &mut self,
        stage: &mut Stage,
        verdict: Expected,
        judge: impl Fn(&Value) -> Result<(), Saw>,
    ) -> anyhow::Result<Value> {
        let limit = self.options.limit_of(verdict);
        let started = Instant::now();
        loop {
            stage.intact()?;
            let saw = match stage.status().await {
                Ok(status) => match judge(&status) {
                    Ok(()) => {
                        self.see(verdict).await?;
                        return Ok(status);
                    }
                    Err(saw) => saw,
                },
                Err(trouble) => Saw { what: format!("{trouble:#}"), stays: false },
            };
            let after = started.elapsed();
            if saw.stays || after >= limit {
                return Err(Missing { expected: verdict, saw: saw.what, after }.into());
            }
            sleep(PAUSE).await;
        }
    }

    /// Runs a command, shown, that must end well; otherwise the verdict is missing.
    pub(crate) async fn must(
        &mut self,
        stage: &Stage,
        who: &Who,
        arguments: &[&str],
        verdict: Expected,
    ) -> anyhow::Result<Done> {
        let started = Instant::now();
        let limit = self.options.limit_of(verdict) + GRACE;
        let done = stage.console.show_within(who, arguments, limit).await?;
        if done.code == 0 {
            self.see(verdict).await?;
            return Ok(done);
        }
        let mut saw = format!("exit {}: {}", done.code, done.last_words());
        if let Ok(status) = stage.status().await {
            saw = format!("{saw} ({})", look::summary(&status));
        }
        Err(Missing { expected: verdict, saw, after: started.elapsed() }.into())
    }

    /// `tidelock gate wait`, as long as the verdict may take.
    pub(crate) async fn must_open(
        &mut self,
        stage: &Stage,
        who: &Who,
        gate: &str,
        verdict: Expected,
    ) -> anyhow::Result<Done> {
        let limit = format!("{}s", self.options.limit_of(verdict).as_secs());
        self.must(stage, who, &["gate", "wait", gate, "--timeout", &limit], verdict).await
    }
}
