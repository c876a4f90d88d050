//! How a walk begins: the gate's token and a new run, or the lease of the run that is under way.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tidelock_core::plan::{Direction, Runbook};
use tidelock_proto::{json, v1};

use super::ends::{ending, over_exit};
use super::parts::{Next, label, next};
use super::person::Stop;
use super::screen::table;
use super::standby::decided;
use super::walk::{Choice, Walk, reason};
use super::{CutoverRunArgs, ResumeArgs, RollbackRunArgs, Way, of_way};
use crate::client::{Client, clean, trouble};
use crate::cmd::gate::{WaitArgs, confirm_with, get_with};
use crate::cmd::{Call, gate_wait};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::request_id;
use crate::out;

/// How long the collector may be away while a gate is waited for.
const CONNECT_PATIENCE: Duration = Duration::from_secs(120);
/// How soon somebody who stands by tries again to begin.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a wait gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

pub(super) async fn cutover(call: &Call, args: CutoverRunArgs) -> Result<Exit, Trouble> {
    if !args.rehearse {
        can_pass(call, &args.how)?;
    }
    let choice = choice(call, &args.how, args.rehearse.then_some(Direction::Cutover)).await?;
    let client = call.client()?;
    let stop = Stop::listen()?;
    let mut confirmed = false;
    if !args.rehearse {
        // Asked with the connection that is used at the switch, so that it is up by then.
        let mut gate = get_with(&client, "cutover").await?;
        // A run that was undone, or never began, leaves the gate behind: its token is taken.
        if gate.phase != "cutover" {
            if let Some(timeout) = args.timeout {
                let patience = wait_for(timeout);
                let wait = tokio::select! {
                    waited = gate_wait::wait(call, &patience) => waited,
                    () = stop.until(1) => return Ok(stop.wished().unwrap_or(Exit::Interrupted)),
                };
                let (exit, open) = wait?;
                if exit != Exit::Done {
                    return Ok(exit);
                }
                gate = open;
            }
            // Confirming is the last thing before the walk: what holds in between refuses it.
            confirm_with(&client, token(gate)?).await?;
            confirmed = true;
        }
    }
    let begun = begin(&client, "cutover", args.rehearse, &request_id()?).await;
    let begun = begun.map_err(|not| match confirmed {
        true => {
            let hint = "the gate is confirmed, and nothing was run: tidelock cutover run goes on from here";
            not.trouble.hint(hint)
        }
        false => not.trouble,
    })?;
    Walk::new(&client, call.manner, choice, stop, begun).walk().await
}

pub(super) async fn rollback(call: &Call, args: RollbackRunArgs) -> Result<Exit, Trouble> {
    let choice = choice(call, &args.how, args.rehearse.then_some(Direction::Rollback)).await?;
    let client = call.client()?;
    let stop = Stop::listen()?;
    if args.when_decided {
        let waited = tokio::select! {
            waited = decided(call, &client) => waited?,
            () = stop.until(1) => return Ok(stop.wished().unwrap_or(Exit::Interrupted)),
        };
        if let Some(exit) = waited {
            return Ok(exit);
        }
    }
    let begun = match args.when_decided {
        true => tokio::select! {
            begun = begin_when_free(&client) => begun?,
            () = stop.until(1) => return Ok(stop.wished().unwrap_or(Exit::Interrupted)),
        },
        false => begin(&client, "rollback", args.rehearse, &request_id()?).await?,
    };
    Walk::new(&client, call.manner, choice, stop, begun).walk().await
}

pub(super) async fn resume(call: &Call, args: ResumeArgs, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let stop = Stop::listen()?;
    let run = of_way(&client, way).await?;
    if next(&run) == Next::Over {
        out::say(&format!("tidelock: run {} is over, nothing is left to resume", run.run));
        out::print(&ending(&run))?;
        return Ok(over_exit(&run));
    }
    let ahead = run.parts.iter().any(|part| part.kind == "point-of-no-return" && part.state != "done");
    if ahead && !run.rehearsal && run.state == "forward" {
        can_pass(call, &args)?;
    }
    let direction = match way {
        Way::Cutover => Direction::Cutover,
        Way::Rollback => Direction::Rollback,
    };
    let choice = choice(call, &args, run.rehearsal.then_some(direction)).await?;
    let request = v1::TakeRunRequest { migration: run.migration, request_id: request_id()? };
    let taken = some(client.runs().take_run(request).await.map_err(trouble)?.into_inner().run)?;
    if !call.manner.json() {
        out::print(&table(call.manner, &taken))?;
    }
    let mut walk = Walk::new(&client, call.manner, choice, stop, taken);
    walk.screen = walk.screen.stands(&walk.run);
    walk.walk().await
}

/// A person can type the name at the point of no return, or said beforehand that nobody need.
fn can_pass(call: &Call, how: &ResumeArgs) -> Result<(), Trouble> {
    if call.manner.ask || how.yes {
        return Ok(());
    }
    Err(Trouble::usage("no terminal is there to ask at the point of no return, so say it now: --yes")
        .hint("nothing was begun"))
}

fn wait_for(timeout: Duration) -> WaitArgs {
    WaitArgs {
        gate: "cutover".to_owned(),
        timeout: Some(timeout),
        connect_patience: CONNECT_PATIENCE,
        quiet_every: SIGN_OF_LIFE,
        soft: false,
    }
}

/// The token of an open gate, or why there is none.
fn token(gate: v1::Gate) -> Result<String, Trouble> {
    let word = json::verdict_word(gate.verdict);
    if word != "open" {
        let mut shut = Trouble::new(
            Exit::of_verdict(word),
            format!("gate cutover is not open: {}", clean(&gate.summary)),
        );
        for hold in gate.holds.iter().take(20) {
            let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
            shut = shut.hint(format!("{}: {}", clean(name), clean(&hold.reason)));
        }
        return Err(shut.hint("wait for it with --timeout 30m; see why: tidelock why --gate cutover"));
    }
    if gate.token.is_empty() {
        return Err(Trouble::new(Exit::Auth, "gate cutover is open, but your access may not confirm it")
            .hint("it needs the role pipeline or operator, or a person who decides the cutover"));
    }
    Ok(gate.token)
}

/// Whoever stands by does not leave because the operator of the cutover is still there, or the collector is away.
async fn begin_when_free(client: &Client) -> Result<v1::Run, Trouble> {
    let id = request_id()?;
    let mut told = false;
    loop {
        let trouble = match begin(client, "rollback", false, &id).await {
            Ok(begun) => return Ok(begun),
            Err(NotBegun { trouble, leased }) if leased || trouble.exit == Exit::Unreachable => trouble,
            Err(not) => return Err(not.trouble),
        };
        if !std::mem::replace(&mut told, true) {
            out::say(&format!("tidelock: {trouble}; still standing by"));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Why no run began.
struct NotBegun {
    trouble: Trouble,
    /// Somebody else walks one.
    leased: bool,
}

impl From<Trouble> for NotBegun {
    fn from(trouble: Trouble) -> NotBegun {
        NotBegun { trouble, leased: false }
    }
}

impl From<NotBegun> for Trouble {
    fn from(not: NotBegun) -> Trouble {
        not.trouble
    }
}

async fn begin(client: &Client, direction: &str, rehearsal: bool, id: &str) -> Result<v1::Run, NotBegun> {
    let request = v1::BeginRunRequest {
        migration: client.migration().await?,
        direction: direction.to_owned(),
        rehearsal,
        request_id: id.to_owned(),
    };
    let begun = client.runs().begin_run(request).await.map_err(|status| {
        let leased = reason(&status) == "LEASED";
        let refused = trouble(status);
        let trouble =
            if leased { refused.hint(format!("see it: tidelock {direction} show")) } else { refused };
        NotBegun { trouble, leased }
    })?;
    let run = some(begun.into_inner().run)?;
    // A real run where a rehearsal was meant, or the other way round, must not be walked.
    if run.rehearsal != rehearsal || run.direction != direction {
        let other = Trouble::new(Exit::Unknown, "the collector began another run than was asked for");
        return Err(other.hint(format!("nothing was run; see: tidelock {direction} show")).into());
    }
    Ok(run)
}

fn some(run: Option<v1::Run>) -> Result<v1::Run, Trouble> {
    run.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector did not say which run it began"))
}

async fn choice(call: &Call, how: &ResumeArgs, rehearsed: Option<Direction>) -> Result<Choice, Trouble> {
    let dir = std::path::absolute(&how.dir).while_doing("find the folder")?;
    if !Path::new(&dir).is_dir() {
        return Err(Trouble::usage(format!("{} is no folder to run commands in", dir.display())));
    }
    let would_run = match rehearsed {
        Some(direction) => would_run(call, direction).await,
        None => BTreeMap::new(),
    };
    Ok(Choice { dir, yes: how.yes, yes_each: how.yes_each, would_run })
}

/// What a real walk would run, by the parts' labels. A rehearsal shows it where it can, and needs it for nothing.
async fn would_run(call: &Call, direction: Direction) -> BTreeMap<String, String> {
    let Ok((source, _)) = crate::cmd::plan::present(call).await else { return BTreeMap::new() };
    let Ok(checked) = tidelock_plan::check(&source) else { return BTreeMap::new() };
    checked.plan.runbook(direction).map(words).unwrap_or_default()
}

fn words(runbook: &Runbook) -> BTreeMap<String, String> {
    let parts = runbook.parts();
    let found = parts.iter().filter_map(|part| {
        let step = runbook.steps.get(part.step)?;
        let argv = step.run.as_ref()?.argv.join(" ");
        let weight = part.weight.map(|weight| weight.to_string()).unwrap_or_default();
        let shown =
            v1::RunPart { name: step.name.to_string(), weight: part.weight, ..v1::RunPart::default() };
        Some((label(&shown), argv.replace("{weight}", &weight)))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_is_not_open_gives_no_token_and_says_why() {
        let gate = |verdict: v1::Verdict, token: &str| v1::Gate {
            verdict: verdict.into(),
            token: token.to_owned(),
            holds: vec![v1::Hold {
                check: "login".to_owned(),
                reason: "refuted".to_owned(),
                ..v1::Hold::default()
            }],
            ..v1::Gate::default()
        };
        assert_eq!(token(gate(v1::Verdict::Open, "t")).unwrap(), "t");
        let exits =
            [v1::Verdict::Hold, v1::Verdict::Unknown, v1::Verdict::Rollback, v1::Verdict::Unspecified]
                .map(|verdict| token(gate(verdict, "t")).unwrap_err().exit.number());
        assert_eq!(exits, [3, 6, 5, 6]);
        assert_eq!(token(gate(v1::Verdict::Open, "")).unwrap_err().exit, Exit::Auth);
        assert!(token(gate(v1::Verdict::Hold, "t")).unwrap_err().hints[0].contains("login: refuted"));
    }
}
