//! `tidelock check`: the checks, and their newest findings as they came.

use tidelock_proto::{json, v1};

use super::{Call, check_run, get_status};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::words::{clock, pad, state};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum CheckCommand {
    /// All checks of the plan
    Ls,
    /// Run it once, now, on its agents; it counts as no evidence
    Run(check_run::RunArgs),
    /// One check's newest findings
    Show {
        /// Which
        check: String,
        /// How many, at most 100
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        last: u32,
    },
}

pub(crate) async fn run(call: &Call, command: CheckCommand) -> Result<Exit, Trouble> {
    let (check, recent) = match command {
        CheckCommand::Run(args) => return check_run::run(call, args).await,
        CheckCommand::Ls => return list(call, &get_status(&call.client()?).await?),
        CheckCommand::Show { check, last } => (check, last),
    };
    let client = call.client()?;
    let status = get_status(&client).await?;
    let request = v1::ExplainCheckRequest { migration: status.migration.clone(), check, recent };
    let answer = client.migrations().explain_check(request).await.map_err(trouble)?.into_inner();
    match call.manner.format {
        Format::Json => out::print_json(Format::Json, &answer.recent.iter().map(json::finding).collect())?,
        Format::Ndjson => {
            answer.recent.iter().try_for_each(|f| out::print_json(Format::Ndjson, &json::finding(f)))?
        }
        Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
            call.loud(&status)?;
            for recent in &answer.recent {
                one(recent, &status.timezone)?;
            }
            if answer.recent.is_empty() {
                out::print("no finding yet")?;
            }
        }
    }
    Ok(Exit::Done)
}

fn list(call: &Call, status: &v1::Status) -> Result<Exit, Trouble> {
    if call.manner.json() {
        out::print_json(call.manner.format, &status.scenarios.iter().map(json::scenario).collect())?;
        return Ok(Exit::Done);
    }
    call.loud(status)?;
    for scenario in &status.scenarios {
        let sides: Vec<_> = scenario.sides.iter().map(|side| json::side_word(side.side)).collect();
        let sign = pad(&state(call.manner, scenario.state), 12);
        let place = pad(&sides.join("+"), 14);
        out::print(&format!("{sign} {} {place} {}", pad(&scenario.name, 20), clean(&scenario.title)))?;
    }
    Ok(Exit::Done)
}

/// A finding with its steps, measures and refused calls.
pub(super) fn one(recent: &v1::RecentFinding, zone: &str) -> Result<(), Trouble> {
    let agent = recent.agent.clone().unwrap_or_default();
    let finding = recent.finding.clone().unwrap_or_default();
    let cause = if finding.cause.is_empty() { String::new() } else { format!(" ({})", finding.cause) };
    let at = clock(recent.received_time.as_ref(), zone);
    let who = format!("{}/{}", json::side_word(agent.side), agent.name);
    let ms = finding.duration_ns / 1_000_000;
    let outcome = json::outcome_word(finding.outcome);
    out::print(&format!(
        "{at}  {} round {:<6} {outcome}{cause}, {ms} ms. {}",
        pad(&who, 18),
        finding.round,
        // A log stands below its sentence.
        clean(&finding.note).replace('\n', "\n            ")
    ))?;
    for step in &finding.steps {
        let ms = step.duration_us / 1000;
        let word = json::outcome_word(step.outcome);
        out::print(&format!(
            "            {} {word:<8} {ms:>6} ms  {}",
            pad(&step.name, 26),
            clean(&step.note)
        ))?;
    }
    for measure in &finding.measures {
        out::print(&format!("            {} {} {}", pad(&measure.name, 26), measure.value, measure.unit))?;
    }
    for call in &finding.refused_calls {
        out::print(&format!("            refused: {} {}", clean(&call.target), clean(&call.reason)))?;
    }
    Ok(())
}
