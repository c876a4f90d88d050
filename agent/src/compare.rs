//! `tidelock-agent compare`: the shortest path from a login flow and two addresses to an answer.
//!
//! One process, no plan, no certificates, but the real sandbox. It is one observer that looks for a
//! minute, so it proves little and says so: it opens no gate.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};
use tidelock_model::{Outcome, Sha256, Side};
use tidelock_sandbox::RunnerClient;
use tidelock_sandbox::protocol::{Grant, Limits, RunRequest, RunResult, TargetGrant};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::out::Out;
use crate::{chance, local};

mod plan;
mod tally;

use tally::Tally;

/// The name of the one target.
const TARGET: &str = "shop";
/// How long one run may take.
const RUN_TIMEOUT: Duration = Duration::from_secs(10);
/// What a flow's check says of a template that nobody gave a value.
const NO_VALUE: &str = "nothing gives `{{";
/// The last line, always.
const ONE_OBSERVER: &str = "one observer: this opens no gate";

/// What the person asks for.
#[derive(Debug, Clone)]
pub struct Compare {
    /// The flow's file.
    pub flow: PathBuf,
    /// The old address.
    pub old: String,
    /// The new address.
    pub new: String,
    /// How long.
    pub how_long: Duration,
    /// How often.
    pub every: Duration,
    /// Values for the flow's templates.
    pub with: Vec<String>,
    /// `NAME=FILE`.
    pub secrets: Vec<String>,
    /// Where the plan of it goes.
    pub save: Option<PathBuf>,
}

/// Runs both sides in turn and prints them side by side. The exit code is 0 when every run of both
/// passed, 1 otherwise.
///
/// # Errors
/// When it could not even be begun.
pub async fn compare(ask: Compare, out: &mut Out<'_>) -> Result<ExitCode> {
    let (path, component) = local::component("builtin:http-flow")?;
    let settings = settings(&ask)?;
    let sides = [target(&ask.old).await?, target(&ask.new).await?];
    if let Some(save) = &ask.save {
        // First, so that a minute is not spent in vain.
        plan::save(save, &ask, &sides)?;
        out.talk(format!("plan written to {}", save.display()))?;
    }
    let runner = local::runner()?;
    if let Err(refusal) = runner.prepare(&path, component).await {
        bail!("builtin:http-flow cannot be run: {refusal}");
    }
    let observer = Observer { runner, component, settings, sides, secrets: ask.secrets.clone() };
    out.talk(format!("old {} and new {} for {} s", ask.old, ask.new, ask.how_long.as_secs_f64()))?;
    let mut tally = Tally::default();
    let mut turns = interval(ask.every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ends = Instant::now() + ask.how_long;
    for round in 0_u64.. {
        turns.tick().await;
        if round > 0 && Instant::now() >= ends {
            break;
        }
        // Each goes first every other time, so that neither is always the one that finds a cold cache.
        let (old, new) = if round % 2 == 0 {
            let old = observer.look(Side::Source, round).await?;
            (old, observer.look(Side::Target, round).await?)
        } else {
            let new = observer.look(Side::Target, round).await?;
            (observer.look(Side::Source, round).await?, new)
        };
        if let Some(trouble) = [&old, &new].into_iter().find(|result| bad_settings(result)) {
            bail!("the flow is wrong: {}{}", trouble.detail, value_hint(&trouble.detail));
        }
        tally.add(round, &old, &new);
    }
    for line in tally.lines() {
        out.line(line)?;
    }
    out.line(ONE_OBSERVER)?;
    Ok(if tally.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bad_settings(result: &RunResult) -> bool {
    result.outcome == Outcome::NotRun && result.cause == Some(tidelock_model::Cause::BadSettings)
}

/// What to do where the flow's template has no value: most often nobody said that it has templates.
fn value_hint(detail: &str) -> &'static str {
    match detail.contains(NO_VALUE) {
        true => "; give it with --with KEY=VALUE, or --with KEY=secret:NAME --secret NAME=FILE",
        false => "",
    }
}

fn settings(ask: &Compare) -> Result<String> {
    let mut settings = Map::new();
    for setting in &ask.with {
        local::set(&mut settings, setting)?;
    }
    for own in ["flow", "target"] {
        ensure!(!settings.contains_key(own), "--with {own} is set by compare itself");
    }
    settings.insert("flow".to_owned(), local::yaml(&ask.flow)?);
    settings.insert("target".to_owned(), TARGET.into());
    Ok(Value::Object(settings).to_string())
}

async fn target(url: &str) -> Result<TargetGrant> {
    Ok(TargetGrant { name: TARGET.to_owned(), own: true, grant: Grant::Http(local::http(url).await?) })
}

struct Observer {
    runner: RunnerClient,
    component: Sha256,
    settings: String,
    /// Old, new.
    sides: [TargetGrant; 2],
    secrets: Vec<String>,
}

impl Observer {
    async fn look(&self, side: Side, round: u64) -> Result<RunResult> {
        let target = match side {
            Side::Source => &self.sides[0],
            Side::Target => &self.sides[1],
        };
        let targets = vec![target.clone()];
        let secrets = local::reveal(&local::secrets(&self.secrets, &targets)?)?;
        let request = RunRequest {
            component: self.component,
            check: "compare".to_owned(),
            side,
            round,
            nonce: chance::bytes::<32>()?.to_vec(),
            settings: self.settings.clone(),
            timeout_ms: u64::try_from(RUN_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
            limits: Limits::default(),
            targets,
            secrets,
            state: std::collections::BTreeMap::new(),
            trace_id: None,
            parent_span_id: None,
            notes_shown: false,
            revision_header: None,
        };
        Ok(self.runner.run(request).await)
    }
}
