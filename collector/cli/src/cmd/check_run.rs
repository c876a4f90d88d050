//! `tidelock check run`: what a check finds now, on each of its agents. It is no evidence, and says so.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tidelock_proto::{json as wire, v1};
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt as _;

use super::check::one;
use super::orders::SideArg;
use super::{Call, duration, get_status, why_traces};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::words::pad;

/// What a setting's file may have.
const FILE_BYTES: u64 = 64 << 10;

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
    /// A setting in place of the plan's, for this run alone: JSON, @FILE of YAML, or a text; for operators
    #[arg(long = "with", value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// The trace of each run, and where the plan says that it can be looked at
    #[arg(long)]
    trace: bool,
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
        settings_json: settings(&args.with)?,
    };
    let link = match args.trace {
        true => Some(trace_link(&client, &status.migration, &args.check).await?),
        false => None,
    };
    call.loud(&status)?;
    let end = Instant::now() + args.timeout;
    let mut answers = client.migrations().run_check(request).await.map_err(trouble)?.into_inner();
    let (mut all, mut tally, mut of) = (Vec::new(), Tally::default(), 1);
    while u32::try_from(all.len()).unwrap_or(u32::MAX) < of {
        match timeout_at(end, answers.next()).await {
            Ok(Some(answer)) => {
                let answer = answer.map_err(trouble)?;
                of = answer.of;
                tally.count(&answer);
                tell(call, (&answer, link.as_deref()), &status)?;
                all.push(answer);
            }
            // What has not answered says nothing, and so nothing good.
            Ok(None) | Err(_) => break,
        }
    }
    let missing = of.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
    tally.unknown += missing;
    if call.manner.format == Format::Json {
        let mut value = document(&args.check, &all, tally, link.as_deref());
        value["with"] = args.with.clone().into();
        out::print_json(Format::Json, &value)?;
    } else if !call.manner.json() {
        if missing > 0 {
            out::say(&format!("tidelock: {missing} did not answer in time"));
        }
        out::print(&tally.words())?;
    }
    Ok(tally.exit())
}

/// `KEY=VALUE` as one JSON object; nothing where there is none. The value is JSON, what a file holds, or a text.
fn settings(with: &[String]) -> Result<String, Trouble> {
    let mut settings = Map::new();
    for pair in with {
        let wrong = || Trouble::usage(format!("--with {pair}: write KEY=VALUE")).at("--with");
        let (key, value) = pair.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(wrong)?;
        let value = match value.strip_prefix('@') {
            Some(file) => from_file(Path::new(file))?,
            None => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())),
        };
        if settings.insert(key.to_owned(), value).is_some() {
            return Err(Trouble::usage(format!("--with {key} is given twice")).at("--with"));
        }
    }
    Ok(if settings.is_empty() { String::new() } else { Value::Object(settings).to_string() })
}

fn from_file(file: &Path) -> Result<Value, Trouble> {
    let wrong = |why: String| Trouble::usage(format!("read {}: {why}", file.display())).at("--with");
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|open| open.take(FILE_BYTES + 1).read_to_string(&mut text));
    match read.map_err(|error| wrong(error.to_string()))? as u64 {
        0..=FILE_BYTES => serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string())),
        _ => Err(wrong(format!("it has more than {FILE_BYTES} bytes"))),
    }
}

/// The plan's `links.trace`; empty where it has none.
async fn trace_link(client: &Client, migration: &str, check: &str) -> Result<String, Trouble> {
    let (migration, check) = (migration.to_owned(), check.to_owned());
    let request = v1::ExplainCheckRequest { migration, check, recent: 0 };
    Ok(client.migrations().explain_check(request).await.map_err(trouble)?.into_inner().trace_link)
}

/// The run's trace, and its address.
fn traced(answer: &v1::RunCheckResponse, link: &str) -> Option<(String, Option<String>)> {
    let id = answer.found.as_ref()?.finding.as_ref()?.trace_ids.first()?;
    Some((clean(id), why_traces::url(link, id)))
}

fn tell(
    call: &Call,
    (answer, link): (&v1::RunCheckResponse, Option<&str>),
    status: &v1::Status,
) -> Result<(), Trouble> {
    match call.manner.format {
        Format::Json => Ok(()),
        Format::Ndjson => out::print_json(Format::Ndjson, &in_json(answer, link)),
        Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
            if let Some(found) = &answer.found {
                one(found, &status.timezone)?;
                return match link.map(|link| traced(answer, link)) {
                    None => Ok(()),
                    Some(None) => out::print("            trace: it has none"),
                    Some(Some((id, url))) => {
                        let url = url.map(|url| format!("  {}", clean(&url))).unwrap_or_default();
                        out::print(&format!("            trace: {id}{url}"))
                    }
                };
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

fn in_json(answer: &v1::RunCheckResponse, link: Option<&str>) -> Value {
    let refused = Some(&answer.refused).filter(|_| answer.found.is_none());
    let trace = link.and_then(|link| traced(answer, link)).map(|(id, url)| json!({ "id": id, "url": url }));
    json!({
        "agent": who(answer), "found": answer.found.as_ref().map(wire::finding), "refused": refused,
        "trace": trace,
    })
}

fn document(check: &str, all: &[v1::RunCheckResponse], tally: Tally, link: Option<&str>) -> Value {
    json!({
        "schema": "tidelock.check-run/v1", "check": check, "counts": false,
        "pass": tally.pass, "fail": tally.fail, "unknown": tally.unknown,
        "answers": all.iter().map(|answer| in_json(answer, link)).collect::<Vec<_>>(), "exit_code": tally.exit().number(),
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
    fn a_setting_is_json_a_file_or_a_text_and_is_given_once() {
        let of = |with: &[&str]| settings(&with.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]).unwrap(), "", "the plan's own");
        assert_eq!(of(&["tries=3", "user=ana"]).unwrap(), r#"{"tries":3,"user":"ana"}"#);
        assert_eq!(of(&["query=a=b"]).unwrap(), r#"{"query":"a=b"}"#);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "steps: [{ name: home }]").unwrap();
        let at = format!("flow=@{}", file.path().display());
        assert_eq!(of(&[&at]).unwrap(), r#"{"flow":{"steps":[{"name":"home"}]}}"#);
        for (with, why) in [
            (&["user"][..], "write KEY=VALUE"),
            (&["=x"], "write KEY=VALUE"),
            (&["a=1", "a=2"], "given twice"),
            (&["a=@/no/such/file"], "/no/such/file"),
        ] {
            assert!(of(with).unwrap_err().message.contains(why), "{with:?}");
        }
        file.as_file().set_len(1 << 30).unwrap();
        let large = of(&[&at]).unwrap_err();
        assert!(large.message.contains("it has more than 65536 bytes"), "{}", large.message);
    }

    #[test]
    fn a_trace_has_an_address_only_where_the_plan_gives_one() {
        let id = "a".repeat(32);
        let mut answer = answer(Some(v1::Outcome::Pass));
        assert_eq!(traced(&answer, "https://traces.example/{trace_id}"), None);
        answer.found.as_mut().unwrap().finding.as_mut().unwrap().trace_ids = vec![id.clone()];
        let url = Some(format!("https://traces.example/{id}"));
        assert_eq!(traced(&answer, "https://traces.example/{trace_id}"), Some((id.clone(), url)));
        assert_eq!(traced(&answer, ""), Some((id, None)));
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
