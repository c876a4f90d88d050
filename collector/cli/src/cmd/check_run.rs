//! `tidelock check run`: what a check finds now, on each of its agents. It is no evidence, and says so.

use std::time::Duration;

use serde_json::{Value, json};
use tidelock_proto::{json as wire, v1};
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt as _;

use super::check::one;
use super::orders::SideArg;
use super::{Call, duration, get_status};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::words::pad;

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Which
    check: String,
    /// One side alone
    #[arg(long, value_enum)]
    side: Option<SideArg>,
    /// One agent alone, by its name
    #[arg(long, default_value = "", value_name = "NAME")]
    agent: String,
    /// How long to wait for all answers; the collector gives each the check's own timeout and 20 s
    #[arg(long, value_parser = duration, default_value = "5m", value_name = "SPAN")]
    timeout: Duration,
}

/// How many answers say what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    pass: u32,
    fail: u32,
    /// Did not look, did not answer, or was not asked.
    unknown: u32,
}

impl Tally {
    fn count(&mut self, answer: &v1::RunCheckResponse) {
        let outcome = answer.found.as_ref().and_then(|found| found.finding.as_ref()).map(|it| it.outcome);
        match outcome.and_then(|outcome| v1::Outcome::try_from(outcome).ok()) {
            Some(v1::Outcome::Pass) => self.pass += 1,
            Some(v1::Outcome::Fail) => self.fail += 1,
            Some(v1::Outcome::NotRun | v1::Outcome::Unspecified) | None => self.unknown += 1,
        }
    }

    /// One failure is a failure; all must have passed for a pass.
    fn exit(self) -> Exit {
        match self {
            Tally { fail: 1.., .. } => Exit::Failed,
            Tally { unknown: 1.., .. } | Tally { pass: 0, .. } => Exit::Unknown,
            Tally { .. } => Exit::Done,
        }
    }

    fn words(self) -> String {
        let Tally { pass, fail, unknown } = self;
        format!("{pass} pass, {fail} fail, {unknown} did not look. No gate counts this run.")
    }
}

pub(super) async fn run(call: &Call, args: RunArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let status = get_status(&client).await?;
    let request = v1::RunCheckRequest {
        migration: status.migration.clone(),
        check: args.check.clone(),
        side: args.side.map_or(0, SideArg::wire),
        agent: args.agent,
    };
    let end = Instant::now() + args.timeout;
    let mut answers = client.migrations().run_check(request).await.map_err(trouble)?.into_inner();
    let (mut all, mut tally, mut of) = (Vec::new(), Tally::default(), 1);
    while u32::try_from(all.len()).unwrap_or(u32::MAX) < of {
        match timeout_at(end, answers.next()).await {
            Ok(Some(answer)) => {
                let answer = answer.map_err(trouble)?;
                of = answer.of;
                tally.count(&answer);
                tell(call, &answer, &status)?;
                all.push(answer);
            }
            // What has not answered says nothing, and so nothing good.
            Ok(None) | Err(_) => break,
        }
    }
    let missing = of.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
    tally.unknown += missing;
    if call.manner.format == Format::Json {
        out::print_json(Format::Json, &document(&args.check, &all, tally))?;
    } else if !call.manner.json() {
        if missing > 0 {
            out::say(&format!("tidelock: {missing} did not answer in time"));
        }
        out::print(&tally.words())?;
    }
    Ok(tally.exit())
}

fn tell(call: &Call, answer: &v1::RunCheckResponse, status: &v1::Status) -> Result<(), Trouble> {
    match call.manner.format {
        Format::Json => Ok(()),
        Format::Ndjson => out::print_json(Format::Ndjson, &in_json(answer)),
        Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
            if let Some(found) = &answer.found {
                return one(found, &status.timezone);
            }
            out::print(&format!(
                "          {} did not run it: {}",
                pad(&who(answer), 18),
                clean(&answer.refused)
            ))
        }
    }
}

fn who(answer: &v1::RunCheckResponse) -> String {
    let agent = answer.agent.clone().unwrap_or_default();
    format!("{}/{}", wire::side_word(agent.side), clean(&agent.name))
}

fn in_json(answer: &v1::RunCheckResponse) -> Value {
    let refused = Some(&answer.refused).filter(|_| answer.found.is_none());
    json!({ "agent": who(answer), "found": answer.found.as_ref().map(wire::finding), "refused": refused })
}

fn document(check: &str, all: &[v1::RunCheckResponse], tally: Tally) -> Value {
    json!({
        "schema": "tidelock.check-run/v1", "check": check, "counts": false,
        "pass": tally.pass, "fail": tally.fail, "unknown": tally.unknown,
        "answers": all.iter().map(in_json).collect::<Vec<_>>(), "exit_code": tally.exit().number(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(outcome: Option<v1::Outcome>) -> v1::RunCheckResponse {
        let finding =
            outcome.map(|outcome| v1::Finding { outcome: outcome.into(), ..v1::Finding::default() });
        let found = finding
            .map(|finding| v1::RecentFinding { finding: Some(finding), ..v1::RecentFinding::default() });
        v1::RunCheckResponse { found, ..v1::RunCheckResponse::default() }
    }

    #[test]
    fn all_must_have_passed_and_one_failure_is_a_failure() {
        use v1::Outcome::{Fail, NotRun, Pass};
        let of = |answers: &[Option<v1::Outcome>]| {
            let mut tally = Tally::default();
            answers.iter().for_each(|outcome| tally.count(&answer(*outcome)));
            tally.exit()
        };
        assert_eq!(of(&[Some(Pass), Some(Pass)]), Exit::Done);
        assert_eq!(of(&[Some(Pass), Some(Fail), None]), Exit::Failed);
        assert_eq!(of(&[Some(Pass), Some(NotRun)]), Exit::Unknown);
        assert_eq!(of(&[Some(Pass), None]), Exit::Unknown, "an agent that was not there did not pass");
        assert_eq!(of(&[]), Exit::Unknown, "nobody has looked");
    }
}
