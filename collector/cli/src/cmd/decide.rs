//! `tidelock decide`: a named person gives or refuses a decision, seeing what it rests on.

use tidelock_model::mutated;
use tidelock_proto::{json, v1};

use super::{Call, decide_override, decide_shown, get_status, orders};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out;

/// The word with which the collector refuses what is asked of an ended migration.
const ENDED: &str = "WRONG_PHASE";

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("word").required(true).args(["go", "no"])))]
pub(crate) struct DecideArgs {
    /// The decision: cutover, rollback or commit
    decision: String,
    /// Give it
    #[arg(long)]
    go: bool,
    /// Refuse it
    #[arg(long)]
    no: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The migration's name, typed in place of the question
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// The evidence you saw; newer evidence that holds refuses it
    #[arg(long, value_name = "NUMBER")]
    evidence: Option<u64>,
    /// The same id again is the same decision
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Say what would happen and record nothing
    #[arg(long, conflicts_with = "over")]
    dry_run: bool,
    /// Open the next gate over these holds, each by its name: needs the plan's decision override
    #[arg(long = "override", value_name = "CHECK", num_args = 1.., conflicts_with = "no")]
    over: Vec<String>,
}

impl DecideArgs {
    /// It is about going back.
    pub(crate) fn goes_back(&self) -> bool {
        self.decision == "rollback"
    }
}

pub(crate) async fn run(call: &Call, args: DecideArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let status = get_status(&client).await?;
    // The same id again is the same decision, also where that one ended the migration.
    if args.request_id.is_none() {
        next_gate(&status)?;
    }
    let shown = status.next_gate.clone().unwrap_or_default();
    if !call.manner.quiet && !call.manner.json() {
        let plan = if args.decision == "cutover" { decide_shown::plan(call).await } else { None };
        let lines = decide_shown::lines(&status, &args.decision, plan.as_ref());
        lines.iter().chain(&decide_override::shows(&shown, &args.over)).for_each(|line| out::say(line));
    }
    let alone = args.decision == decide_override::DECISION;
    if alone && args.over.is_empty() {
        return Err(Trouble::usage("an override names each hold that it is for: --override CHECK…"));
    }
    let reason = reason(call, &args)?;
    if args.go && !args.dry_run {
        confirmed(call, &args, &status.migration)?;
    }
    if !args.over.is_empty() {
        let complete = decide_override::give(call, &client, &status, (&args.over, &reason)).await?;
        if alone {
            return Ok(Exit::Done);
        }
        if !complete || !stands_next(&shown, &args.decision) {
            return Err(Trouble::new(
                Exit::Hold,
                format!("the voice for the override is recorded, {} is not", args.decision),
            )
            .hint("give it once the gate holds by nothing else: tidelock status"));
        }
    }
    let request = v1::DecideRequest {
        migration: status.migration.clone(),
        decision: args.decision.clone(),
        go: args.go,
        reason,
        evidence_sequence: match args.evidence {
            Some(seen) => seen,
            // The override itself is newer than what was shown, and is what the person decides on.
            None if !args.over.is_empty() => 0,
            None => shown.evidence_sequence,
        },
        request_id: match args.request_id {
            Some(id) => id,
            None => request_id()?,
        },
        dry_run: args.dry_run,
    };
    let answer = client.orders().decide(request).await.map_err(trouble)?.into_inner();
    let event = recorded(&answer, args.dry_run)?;
    if call.manner.json() {
        let value = serde_json::json!({
            "schema": "tidelock.decided/v1", "recorded": answer.recorded, "event": json::event(&event),
            "gate": answer.gate.as_ref().map(json::gate),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    tell(&answer, &event)?;
    if args.go && args.decision == "cutover" {
        out::say("If a needed check holds before the switch, this GO is void.");
    }
    if let Some(next) = answer.gate.as_ref().filter(|_| answer.recorded && args.go).and_then(walks_next) {
        out::print(&format!("Next: {next}"))?;
    }
    Ok(Exit::Done)
}

/// What was recorded, or would be, and the gate after it.
fn tell(answer: &v1::DecideResponse, event: &v1::Event) -> Result<(), Trouble> {
    let mark = if answer.recorded { "✔" } else { "–" };
    let said = if answer.recorded { "recorded" } else { "would be recorded" };
    // What is not recorded has no number.
    let number = if answer.recorded { format!(", decision {}", event.sequence) } else { String::new() };
    out::print(&format!("{mark} {} {said}{number}", clean(&event.text)))?;
    if let Some(gate) = &answer.gate {
        out::print(&format!("gate {}: {}", gate.gate, clean(&gate.summary)))?;
    }
    Ok(())
}

/// The gate that stands next. At an end there is none, and nobody is asked for a reason first.
pub(super) fn next_gate(status: &v1::Status) -> Result<&v1::Gate, Trouble> {
    status.next_gate.as_ref().ok_or_else(|| {
        let mut ended =
            Trouble::new(Exit::Hold, format!("{}; nothing was recorded", decide_shown::ended(status)));
        ended.code = Some(ENDED.to_owned());
        ended.hint("what was decided, and by whom: tidelock report")
    })
}

/// The runbook that begins, or goes on, with this decision.
fn walks_next(gate: &v1::Gate) -> Option<String> {
    let run = gate.holds.iter().find(|hold| hold.code == "run" && gate.phase == "rolling-back");
    run.map(|hold| clean(&hold.next)).filter(|next| !next.is_empty())
}

/// The event of a decision that counts, or of one that was only tried.
fn recorded(answer: &v1::DecideResponse, dry_run: bool) -> Result<v1::Event, Trouble> {
    let event = orders::recorded(answer.event.clone())?;
    if answer.recorded || dry_run {
        return Ok(event);
    }
    Err(Trouble::new(Exit::Unknown, "the collector did not say that it recorded the decision"))
}

/// The gate that was overridden is the one that this decision opens.
fn stands_next(gate: &v1::Gate, decision: &str) -> bool {
    gate.decision.as_ref().is_some_and(|asked| asked.name == decision)
}

fn reason(call: &Call, args: &DecideArgs) -> Result<String, Trouble> {
    let reason = match &args.reason {
        Some(reason) => reason.trim().to_owned(),
        None if call.manner.ask => out::ask("Reason (kept for the record): ")?,
        None => String::new(),
    };
    if reason.is_empty() {
        return Err(Trouble::usage("a decision needs a reason").hint("give it with --reason TEXT"));
    }
    Ok(reason)
}

fn confirmed(call: &Call, args: &DecideArgs, migration: &str) -> Result<(), Trouble> {
    let typed = match &args.confirm {
        Some(typed) => typed.clone(),
        None if call.manner.ask => {
            out::ask(&format!("Type the migration's name to give your GO: {migration}\n> "))?
        }
        None => {
            let message = format!("a GO without a terminal names the migration: --confirm {migration}");
            return Err(Trouble::usage(message));
        }
    };
    if !names(&typed, migration) {
        return Err(Trouble::usage(format!("{typed:?} is not {migration:?}: nothing was recorded")));
    }
    Ok(())
}

/// Whoever gives a GO, or passes the point of no return, has typed what it is for.
pub(super) fn names(typed: &str, migration: &str) -> bool {
    typed == migration || mutated("a-go-is-typed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_is_given_by_the_name_of_its_migration_alone() {
        assert!(names("shop", "shop"));
        for typed in ["", "y", "yes", "Shop", "shop ", "shop-2"] {
            assert!(!names(typed, "shop"), "{typed:?}");
        }
    }

    #[test]
    fn a_decision_counts_only_where_the_collector_says_that_it_recorded_it() {
        let answer = |recorded, event: bool| v1::DecideResponse {
            event: event.then(v1::Event::default),
            recorded,
            ..v1::DecideResponse::default()
        };
        for (is, dry_run, good) in [
            (answer(true, true), false, true),
            (answer(false, true), true, true),
            (answer(false, true), false, false),
            (answer(true, false), false, false),
            (answer(false, false), false, false),
            (answer(false, false), true, false),
        ] {
            let said = recorded(&is, dry_run);
            assert_eq!(said.is_ok(), good, "{is:?}, a dry run: {dry_run}");
            assert!(said.is_ok() || said.is_err_and(|trouble| trouble.exit == Exit::Unknown));
        }
    }
}
