//! `tidelock status`: where the migration stands. It only looks, so it ends well whatever it sees,
//! unless `--fail` asks otherwise.

use serde_json::Value;
use tidelock_proto::{json, v1};
use tokio_stream::StreamExt as _;

use super::cutover::newest;
use super::orders::SideArg;
use super::{Call, get_status, status_text};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::{shown, words};

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Print it anew at each change
    #[arg(long)]
    watch: bool,
    /// Show the scenarios that pass as well
    #[arg(long)]
    all: bool,
    /// Of scenarios and agents only those of this side; what holds the gate stands there all the same
    #[arg(long, value_enum)]
    side: Option<SideArg>,
    /// End with 3, 5 or 6 when the next gate is not open
    #[arg(long)]
    fail: bool,
}

pub(crate) async fn run(call: &Call, args: StatusArgs) -> Result<Exit, Trouble> {
    if args.side.is_some() && matches!(call.manner.format, Format::Short | Format::Nagios) {
        return Err(Trouble::usage("this form of -o tells of the gate alone, which is of both sides")
            .hint("leave --side or -o out"));
    }
    let client = call.client()?;
    if !args.watch {
        let status = get_status(&client).await?;
        let run = newest(&client, &status.migration).await;
        return show(call, &status, &run, &args);
    }
    let request = v1::WatchStatusRequest { migration: client.migration().await? };
    let mut changes = client.migrations().watch_status(request).await.map_err(trouble)?.into_inner();
    let mut exit = Exit::Done;
    while let Some(change) = changes.next().await {
        if let Some(status) = change.map_err(trouble)?.status {
            let run = newest(&client, &status.migration).await;
            exit = show(call, &status, &run, &args)?;
        }
        if out::reader_left() {
            break;
        }
    }
    Ok(exit)
}

/// What of a status is of one side. The verdict and its holds are of both, and stay.
fn on_side(status: &v1::Status, side: SideArg) -> v1::Status {
    let mut status = status.clone();
    status.agents.retain(|agent| agent.side == side.wire());
    for scenario in &mut status.scenarios {
        scenario.sides.retain(|view| view.side == side.wire());
    }
    status.scenarios.retain(|scenario| !scenario.sides.is_empty());
    status
}

/// The newest run; an error is no word that there is none.
pub(super) type NewestRun = Result<Option<v1::Run>, Trouble>;

fn show(call: &Call, status: &v1::Status, run: &NewestRun, args: &StatusArgs) -> Result<Exit, Trouble> {
    let side = args.side.map(|side| json::side_word(side.wire()));
    let part = args.side.map(|side| on_side(status, side));
    let status = part.as_ref().unwrap_or(status);
    match call.manner.format {
        Format::Json | Format::Ndjson => {
            let mut value = json::status(status);
            if let Some(side) = side {
                value["side"] = side.into();
            }
            value["run"] = run.as_ref().ok().and_then(Option::as_ref).map_or(Value::Null, json::run);
            value["run_known"] = run.is_ok().into();
            out::print_json(call.manner.format, &value)?;
        }
        Format::Text | Format::Csv | Format::Md | Format::Html => {
            out::print(&status_text::long(call.manner, status, run, args.all, side))?
        }
        Format::Short => out::raw(&status_text::short(status, run))?,
        Format::Nagios => {
            let (line, exit) = status_text::nagios(status);
            out::raw(&line)?;
            return Ok(exit);
        }
    }
    Ok(if args.fail { failing(status) } else { Exit::Done })
}

/// What `--fail` ends with: the next gate's word or, where none is left, how the migration ended.
fn failing(status: &v1::Status) -> Exit {
    match (&status.next_gate, status.phase.as_str()) {
        (Some(gate), _) => Exit::of_gate(gate),
        (None, "committed" | "retired") => Exit::Done,
        (None, "rolled-back" | "aborted") => Exit::Rollback,
        // A word of a later release must not be read as anything good.
        (None, _) => Exit::Unknown,
    }
}

/// `tidelock rollback`: is going back still possible, until when, at what cost.
pub(crate) async fn rollback(call: &Call) -> Result<Exit, Trouble> {
    let status = get_status(&call.client()?).await?;
    let (value, line, exit) = way_back(&status)?;
    if call.manner.json() {
        out::print_json(call.manner.format, &value)?;
    } else {
        call.loud(&status)?;
        out::print(&line)?;
    }
    Ok(exit)
}

/// The way back as JSON, as a line, and the exit that it means.
fn way_back(status: &v1::Status) -> Result<(Value, String, Exit), Trouble> {
    // Whether or not a gate still stands before it: where a migration has ended there is no way back.
    let ended = matches!(status.phase.as_str(), "rolled-back" | "aborted" | "committed" | "retired");
    let Some(gate) = status.next_gate.as_ref().filter(|_| !ended) else {
        let reason = format!("the migration is {}", clean(&status.phase));
        let value = serde_json::json!({ "applicable": false, "possible": false, "reason": reason });
        let line = match status.phase.as_str() {
            "rolled-back" => "it went back: traffic is on the source again".to_owned(),
            _ => format!("going back is not possible: {reason}"),
        };
        return Ok((value, line, Exit::Rollback));
    };
    let Some(view) = &gate.rollback else {
        return Err(Trouble::new(Exit::Unknown, "the collector did not say whether going back is possible"));
    };
    let now = gate.as_of_time.as_ref();
    let line = match (view.applicable, view.asset.is_empty()) {
        (false, _) if view.reason.is_empty() => {
            "nothing to go back from: traffic was not switched".to_owned()
        }
        (false, _) => clean(&view.reason),
        (true, _) if view.under_way => clean(&view.reason),
        (true, true) => plain(view, &status.timezone),
        (true, false) => format!("going back is {}", shown::way_back(view, now, &status.timezone)),
    };
    let line = [Some(line), shown::one_way(view)].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let exit = if view.applicable && !view.possible { Exit::Rollback } else { Exit::Done };
    Ok((json::gate(gate)["rollback"].clone(), line, exit))
}

/// Where the collector says nothing of the cost.
fn plain(view: &v1::RollbackView, zone: &str) -> String {
    let until = match &view.until_time {
        Some(until) => format!(", until {}", words::clock_and_zone(Some(until), zone)),
        None => String::new(),
    };
    let said = if view.possible { format!("possible{until}") } else { "no longer possible".to_owned() };
    let reason = clean(&view.reason);
    format!("going back is {said}{}{reason}", if reason.is_empty() { "" } else { ": " })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(phase: &str, rollback: Option<v1::RollbackView>, gate: bool) -> v1::Status {
        let gate = gate.then(|| v1::Gate { rollback, ..v1::Gate::default() });
        v1::Status { phase: phase.to_owned(), next_gate: gate, ..v1::Status::default() }
    }

    fn view(applicable: bool, possible: bool, reason: &str) -> Option<v1::RollbackView> {
        Some(v1::RollbackView {
            applicable,
            possible,
            reason: reason.to_owned(),
            ..v1::RollbackView::default()
        })
    }

    #[test]
    fn one_side_shows_its_own_scenarios_and_agents_and_every_hold() {
        let (source, target) = (SideArg::Source.wire(), SideArg::Target.wire());
        let scenario = |name: &str, sides: &[i32]| {
            let view = |side: &i32| v1::SideView { side: *side, ..v1::SideView::default() };
            let sides = sides.iter().map(view).collect();
            v1::ScenarioView { name: name.to_owned(), sides, active: true, ..v1::ScenarioView::default() }
        };
        let agent =
            |name: &str, side| v1::AgentView { name: name.to_owned(), side, ..v1::AgentView::default() };
        let hold = v1::Hold { check: "drained".to_owned(), ..v1::Hold::default() };
        let status = v1::Status {
            next_gate: Some(v1::Gate { holds: vec![hold], ..v1::Gate::default() }),
            scenarios: vec![scenario("login", &[source, target]), scenario("drained", &[source])],
            agents: vec![agent("a-1", source), agent("b-1", target)],
            ..v1::Status::default()
        };
        let part = on_side(&status, SideArg::Target);
        assert_eq!((part.scenarios.len(), part.scenarios[0].sides.len(), part.agents.len()), (1, 1, 1));
        let manner = crate::out::Manner { format: Format::Text, color: false, ask: false, quiet: false };
        let screen = status_text::long(manner, &part, &Ok(None), true, Some("target"));
        assert!(screen.contains("TARGET") && !screen.contains("SOURCE"), "{screen}");
        assert!(screen.contains("0 of 1 online on target") && screen.contains("b-1"), "{screen}");
        assert!(screen.contains("drained") && !screen.contains("a-1"), "a hold is not shown:\n{screen}");
        let both = status_text::long(manner, &status, &Ok(None), true, None);
        assert!(both.contains("SOURCE") && both.contains("0 of 2 online, worst"), "{both}");
    }

    #[test]
    fn a_status_that_may_fail_does_not_where_the_move_is_complete() {
        let ended = ["committed", "retired", "rolled-back", "aborted", "sync", "a-later-word", ""];
        let said = ended.map(|phase| failing(&status(phase, None, false)).number());
        assert_eq!(said, [0, 0, 5, 5, 6, 6, 6]);
        let mut held = status("committed", None, true);
        held.next_gate.as_mut().unwrap().verdict = v1::Verdict::Hold.into();
        assert_eq!(failing(&held).number(), 3, "the gate retired still stands before it");
    }

    #[test]
    fn no_end_reads_as_a_way_back_or_as_traffic_that_never_moved() {
        for phase in ["rolled-back", "aborted", "committed", "retired"] {
            // Before `committed` the gate `retired` may still stand, with a view of its own.
            for gate in [false, true] {
                let status = status(phase, view(false, false, "anything"), gate);
                let (value, line, exit) = way_back(&status).unwrap();
                assert_eq!(exit, Exit::Rollback, "{line}");
                let said = match phase {
                    "rolled-back" => "it went back: traffic is on the source again".to_owned(),
                    _ => format!("going back is not possible: the migration is {phase}"),
                };
                assert_eq!(line, said);
                assert_eq!((&value["applicable"], &value["possible"]), (&false.into(), &false.into()));
                assert!(value["reason"].as_str().unwrap().contains(phase), "{value}");
            }
        }
        let (_, line, exit) = way_back(&status("a-later-word", None, false)).unwrap();
        assert_eq!((line.contains("not possible"), exit), (true, Exit::Rollback), "{line}");
    }

    #[test]
    fn the_words_of_a_way_back_and_its_exit_agree() {
        let said = |phase: &str, view| {
            let (value, line, exit) = way_back(&status(phase, view, true)).unwrap();
            (line, exit.number(), value["possible"].as_bool())
        };
        let line = "going back is possible: for 1 h".to_owned();
        assert_eq!(said("watch", view(true, true, "for 1 h")), (line, 0, Some(true)));
        let line = "going back is no longer possible: too late".to_owned();
        assert_eq!(said("watch", view(true, false, "too late")), (line, 5, Some(false)));
        let line = "it is being done".to_owned();
        let taken = view(true, false, &line).map(|view| v1::RollbackView { under_way: true, ..view });
        assert_eq!(said("rolling-back", taken), (line, 5, Some(false)));
        assert_eq!(said("sync", view(false, false, "not moved")), ("not moved".to_owned(), 0, Some(false)));
        let (line, exit, _) = said("sync", view(false, false, ""));
        assert_eq!((line.contains("traffic was not switched"), exit), (true, 0), "{line}");
        let silent = way_back(&status("watch", None, true)).unwrap_err();
        assert_eq!(silent.exit, Exit::Unknown, "a gate without a word about the way back was believed");
    }
}
