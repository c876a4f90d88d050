//! `tidelock cutover` and `tidelock rollback run`: the plan's runbook, walked from here. The collector
//! says what is next and judges; this process carries it out, and says what became of it.

mod begin;
mod carry;
mod command;
mod ends;
#[cfg(test)]
mod fake;
mod feed;
pub(crate) mod keep;
mod lease;
mod output;
pub(crate) mod parts;
mod person;
mod questions;
mod screen;
mod standby;
mod walk;
#[cfg(test)]
mod walk_tests;

use std::path::PathBuf;
use std::time::Duration;

use tidelock_proto::{json, v1};

use self::parts::{Next, label, named, next};
use super::{Call, duration, status};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out;

/// What both runbooks understand.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum CutoverCommand {
    /// Take the open gate's token, and walk the runbook from here
    Run(CutoverRunArgs),
    /// Go on with the run that is under way: after a crash, or in somebody's place
    Resume(ResumeArgs),
    /// Its newest run, step by step
    Show,
    /// Let the operator's lease go, so that somebody else can go on at once
    Leave,
    /// Say that a step of yours is done, or that it failed
    Confirm(ConfirmArgs),
    /// Say what became of a step of which nobody can know
    Settle(SettleArgs),
    /// Go back from here: undo what was done, the last first
    Back {
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    #[command(subcommand)]
    command: Option<RollbackCommand>,
}

impl RollbackArgs {
    /// It is about the rows that only the target has.
    pub(crate) fn leftovers(&self) -> bool {
        matches!(self.command, Some(RollbackCommand::Leftovers(_)))
    }
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum RollbackCommand {
    /// Walk the way back from here, once going back is decided
    Run(RollbackRunArgs),
    /// Go on with the run that is under way: after a crash, or in somebody's place
    Resume(ResumeArgs),
    /// Its newest run, step by step
    Show,
    /// Let the operator's lease go, so that somebody else can go on at once
    Leave,
    /// Say that a step of yours is done, or that it failed
    Confirm(ConfirmArgs),
    /// Say what became of a step of which nobody can know
    Settle(SettleArgs),
    /// Rows that only the target has since the switch
    Leftovers(super::leftovers::LeftoversArgs),
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ResumeArgs {
    /// Where the commands are run
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Pass the point of no return without typing the migration's name
    #[arg(long)]
    yes: bool,
    /// Ask before each step
    #[arg(long)]
    yes_each: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CutoverRunArgs {
    /// Walk it without doing anything; only a step's rehearsal command is run
    #[arg(long)]
    rehearse: bool,
    /// Wait so long for the gate to open, such as 3h; without it the gate must be open now
    #[arg(long, value_parser = duration, value_name = "SPAN", conflicts_with = "rehearse")]
    timeout: Option<Duration>,
    #[command(flatten)]
    how: ResumeArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RollbackRunArgs {
    /// Walk it without doing anything; only a step's rehearsal command is run
    #[arg(long)]
    rehearse: bool,
    /// Stand by until going back is decided, then walk at once
    #[arg(long, conflicts_with = "rehearse")]
    when_decided: bool,
    #[command(flatten)]
    how: ResumeArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// The step, such as confirm or traffic@10%, or its number
    step: String,
    /// It is not as it must be
    #[arg(long)]
    failed: bool,
    /// What shows it, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SettleArgs {
    /// The step, such as fence or traffic@10%, or its number
    step: String,
    /// It was carried out
    #[arg(long, conflicts_with = "not_done", required_unless_present_any = ["not_done", "unproved"])]
    done: bool,
    /// It was carried out, and passes though nothing proves it: the side is dead
    #[arg(long, conflicts_with_all = ["done", "not_done", "undo"])]
    unproved: bool,
    /// It was not carried out
    #[arg(long)]
    not_done: bool,
    /// It is about taking the step back
    #[arg(long)]
    undo: bool,
    /// What shows it, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which runbook a command speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Cutover,
    Rollback,
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Way::Cutover => "cutover",
            Way::Rollback => "rollback",
        }
    }
}

pub(crate) async fn run(call: &Call, command: CutoverCommand) -> Result<Exit, Trouble> {
    let way = Way::Cutover;
    match command {
        CutoverCommand::Run(args) => begin::cutover(call, args).await,
        CutoverCommand::Resume(args) => begin::resume(call, args, way).await,
        CutoverCommand::Show => show(call, way).await,
        CutoverCommand::Leave => leave(call, way).await,
        CutoverCommand::Confirm(args) => confirm(call, args, way).await,
        CutoverCommand::Settle(args) => settle(call, args, way).await,
        CutoverCommand::Back { reason } => back(call, reason, way).await,
    }
}

pub(crate) async fn rollback(call: &Call, args: RollbackArgs) -> Result<Exit, Trouble> {
    let way = Way::Rollback;
    match args.command {
        None => status::rollback(call).await,
        Some(RollbackCommand::Run(args)) => begin::rollback(call, args).await,
        Some(RollbackCommand::Resume(args)) => begin::resume(call, args, way).await,
        Some(RollbackCommand::Show) => show(call, way).await,
        Some(RollbackCommand::Leave) => leave(call, way).await,
        Some(RollbackCommand::Confirm(args)) => confirm(call, args, way).await,
        Some(RollbackCommand::Settle(args)) => settle(call, args, way).await,
        Some(RollbackCommand::Leftovers(args)) => super::leftovers::run(call, args).await,
    }
}

/// The newest run, if there ever was one.
pub(crate) async fn newest(client: &Client, migration: &str) -> Result<Option<v1::Run>, Trouble> {
    let request = v1::GetRunRequest { migration: migration.to_owned() };
    Ok(client.runs().get_run(request).await.map_err(trouble)?.into_inner().run)
}

/// The newest run, which must be of this runbook.
async fn of_way(client: &Client, way: Way) -> Result<v1::Run, Trouble> {
    let migration = client.migration().await?;
    let run = newest(client, &migration).await?.ok_or_else(|| none_yet(way))?;
    if run.direction != way.word() {
        let (number, other) = (run.run, crate::client::clean(&run.direction));
        return Err(Trouble::usage(format!("the newest run, {number}, is a {other}"))
            .hint(format!("see it: tidelock {other} show")));
    }
    Ok(run)
}

/// What an ask about a run came to.
fn shown(call: &Call, run: Option<v1::Run>, said: &str) -> Result<Exit, Trouble> {
    let run = run.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector did not say what it recorded"))?;
    if call.manner.json() {
        out::print_json(call.manner.format, &json::run(&run))?;
    } else {
        out::print(&format!("✔ {said}"))?;
        out::print(&what_next(&run))?;
    }
    Ok(Exit::Done)
}

/// What has to happen now, in a line.
fn what_next(run: &v1::Run) -> String {
    let way = crate::client::clean(&run.direction);
    let name = |part: u32| parts::at(run, part).map(label).unwrap_or_default();
    match next(run) {
        Next::Over => ends::ending(run),
        Next::Settle { part, undo } => {
            let more = if undo { " --undo" } else { "" };
            format!("next: tidelock {way} settle {} --done|--not-done{more} --reason TEXT", name(part))
        }
        Next::Confirm { part } => format!("next: tidelock {way} confirm {} --reason TEXT", name(part)),
        Next::Carry { .. } | Next::PassNoReturn { .. } | Next::Wait if run.operator.is_empty() => {
            format!("nobody walks it: tidelock {way} resume")
        }
        Next::Carry { part, undo } => {
            let what = if undo { "takes back" } else { "carries out" };
            format!("next: {} {what} {}", crate::client::clean(&run.operator), name(part))
        }
        Next::PassNoReturn { .. } => "next: the point of no return".to_owned(),
        Next::Wait => match parts::present(run) {
            Some(part) if part.state == "acted" => format!("next: fresh evidence proves {}", label(part)),
            Some(part) => format!("next: {} ends", label(part)),
            None => "next: the collector weighs it".to_owned(),
        },
        Next::Unheard => "next: something that this release does not know".to_owned(),
    }
}

async fn show(call: &Call, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let run = newest_of(&client, way).await?;
    if call.manner.json() {
        out::print_json(call.manner.format, &json::run(&run))?;
    } else {
        call.loudly(&client).await;
        out::print(&screen::table(call.manner, &run))?;
        out::print(&what_next(&run))?;
    }
    Ok(Exit::Done)
}

/// The newest run of this runbook, also where another was walked after it: nobody acts on that one any more, but
/// whoever asks what was done finds it.
async fn newest_of(client: &Client, way: Way) -> Result<v1::Run, Trouble> {
    let migration = client.migration().await?;
    let newest = newest(client, &migration).await?;
    if newest.as_ref().is_none_or(|run| run.direction == way.word()) {
        return newest.ok_or_else(|| none_yet(way));
    }
    let request = v1::GetReportRequest { migration, edition: None };
    let report = client.reports().get_report(request).await.map_err(trouble)?.into_inner().report;
    let runs = report.unwrap_or_default().runs.into_iter();
    runs.filter(|run| run.direction == way.word()).max_by_key(|run| run.run).ok_or_else(|| none_yet(way))
}

fn none_yet(way: Way) -> Trouble {
    let way = way.word();
    Trouble::usage(format!("the runbook of the {way} was never walked"))
        .hint(format!("begin: tidelock {way} run"))
}

async fn leave(call: &Call, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let run = of_way(&client, way).await?;
    let request =
        v1::LeaveRunRequest { migration: run.migration, lease: run.lease, request_id: request_id()? };
    let answer = client.runs().leave_run(request).await.map_err(trouble)?.into_inner();
    shown(call, answer.run, "left; somebody else can go on at once")
}

async fn confirm(call: &Call, args: ConfirmArgs, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let run = of_way(&client, way).await?;
    let part = named(&run, &args.step)?;
    let word = if args.failed { "failed" } else { "done" };
    let said = format!("{} is {word}", label(part));
    let request = v1::ConfirmStepRequest {
        migration: run.migration.clone(),
        part: part.part,
        done: !args.failed,
        reason: args.reason,
        request_id: request_id()?,
    };
    let answer = client.runs().confirm_step(request).await.map_err(trouble)?.into_inner();
    shown(call, answer.run, &said)
}

async fn settle(call: &Call, args: SettleArgs, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let run = of_way(&client, way).await?;
    let part = named(&run, &args.step)?;
    let what = if args.undo { "taken back" } else { "carried out" };
    let not = if args.not_done { "not " } else { "" };
    let said = match args.unproved {
        true => format!("{} passes unproved", label(part)),
        false => format!("{} was {not}{what}", label(part)),
    };
    // Said twice by mistake, "it was done" must not read as "nobody needs to prove it".
    if !args.undo && (part.state == "acted") != args.unproved && !args.not_done {
        let why = match args.unproved {
            true => format!("{} is not waiting for its proof, it is {}", label(part), clean(&part.state)),
            false => {
                format!("{} is carried out, and waits for its proof: nothing is to be settled", label(part))
            }
        };
        let hint =
            "--unproved lets it pass without one, where the side is dead; whoever decides this way may";
        return Err(Trouble::new(Exit::Hold, why).hint(hint));
    }
    let request = v1::SettleStepRequest {
        migration: run.migration.clone(),
        part: part.part,
        undo: args.undo,
        done: args.done || args.unproved,
        reason: args.reason,
        request_id: request_id()?,
    };
    let answer = client.runs().settle_step(request).await.map_err(trouble)?.into_inner();
    shown(call, answer.run, &said)
}

async fn back(call: &Call, reason: String, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let run = of_way(&client, way).await?;
    let request = v1::TurnRunRequest { migration: run.migration, reason, request_id: request_id()? };
    let answer = client.runs().turn_run(request).await.map_err(trouble)?.into_inner();
    shown(call, answer.run, "from here on it goes back")
}

#[cfg(test)]
mod tests {
    use super::parts::tests::run;
    use super::*;

    #[test]
    fn what_is_next_names_the_command_and_who_runs_it() {
        let said = |next: &str, undo: bool, operator: &str| {
            what_next(&v1::Run {
                next: next.to_owned(),
                next_part: 1,
                next_undo: undo,
                operator: operator.to_owned(),
                ..run()
            })
        };
        assert_eq!(said("carry", false, "olga"), "next: olga carries out traffic@10%");
        assert_eq!(said("undo", true, "olga"), "next: olga takes back traffic@10%");
        assert_eq!(said("carry", false, ""), "nobody walks it: tidelock cutover resume");
        assert_eq!(said("confirm", false, ""), "next: tidelock cutover confirm traffic@10% --reason TEXT");
        assert_eq!(
            said("settle", true, "olga"),
            "next: tidelock cutover settle traffic@10% --done|--not-done --undo --reason TEXT"
        );
        assert!(said("leap", false, "olga").contains("does not know"));
    }

    #[test]
    fn an_answer_without_a_run_is_never_done() {
        let manner = out::Manner { format: out::Format::Text, color: false, ask: false, quiet: false };
        let call = Call { flags: crate::context::Flags::default(), manner, safer: false };
        assert_eq!(shown(&call, None, "x").unwrap_err().exit, Exit::Unknown);
    }
}
