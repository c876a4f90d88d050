//! `tidelock gate wait`: one line a change, a sign of life in between, and an end that is never
//! mistaken. A collector that restarts is waited for, and said to be away.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::{Value, json};
use tidelock_proto::{json, v1};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::StreamExt as _;
use tonic::Streaming;

use super::Call;
use super::gate::{WaitArgs, beside, zone};
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::out::{self, Format};
use crate::words::{clock, span};

/// How long to pause between two tries to reach the collector.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) async fn run(call: &Call, args: &WaitArgs) -> Result<Exit, Trouble> {
    let listen = |kind| signal(kind).while_doing("listen to signals");
    let (mut interrupt, mut end) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let waited = tokio::select! {
        waited = wait(call, args) => waited,
        _ = interrupt.recv() => return Err(stopped(args, Exit::Interrupted)),
        _ = end.recv() => return Err(stopped(args, Exit::Terminated)),
    };
    let (exit, gate) = waited?;
    pipeline_outputs(&gate, exit)?;
    Ok(if exit == Exit::Pending && args.soft { Exit::Done } else { exit })
}

/// Somebody ended the waiting: that says nothing of the gate.
pub(super) fn stopped(args: &WaitArgs, exit: Exit) -> Trouble {
    let number = exit.number();
    Trouble::new(exit, format!("stopped waiting; gate {} did not open. Exit {number}.", args.gate))
}

/// Waits until the gate is open, going back is decided, or the time is over.
pub(crate) async fn wait(call: &Call, args: &WaitArgs) -> Result<(Exit, v1::Gate), Trouble> {
    if args.timeout.is_none() && !std::io::stdout().is_terminal() {
        return Err(Trouble::usage("no terminal is there, so say how long to wait: --timeout 3h"));
    }
    let client = call.client()?;
    let far = Instant::now() + Duration::from_secs(10 * 365 * 86_400);
    let end = args.timeout.map_or(far, |span| Instant::now() + span);
    let mut teller = Teller {
        call,
        args,
        last: String::new(),
        beside: Vec::new(),
        said: Instant::now(),
        end,
        bounded: args.timeout.is_some(),
    };
    let mut away_since: Option<Instant> = None;
    let mut known = v1::Gate { gate: args.gate.clone(), ..v1::Gate::default() };
    loop {
        let problem = match watch(&client, &args.gate, end).await {
            Ok(mut changes) => {
                match follow(&mut changes, &mut teller, &mut known, &mut away_since, end).await? {
                    Some(exit) => return finish(&mut teller, exit, known),
                    None => Trouble::new(Exit::Unreachable, "the collector ended the answer"),
                }
            }
            Err(problem) => problem,
        };
        if problem.exit != Exit::Unreachable {
            return Err(problem);
        }
        client.look_again();
        if Instant::now() >= end {
            return finish(&mut teller, Exit::Pending, known);
        }
        let since = *away_since.get_or_insert_with(|| {
            out::say(&format!("tidelock: {problem}; still waiting"));
            Instant::now()
        });
        if since.elapsed() >= args.connect_patience {
            return Err(problem);
        }
        sleep(RETRY.min(end.saturating_duration_since(Instant::now()))).await;
    }
}

async fn watch(
    client: &Client,
    gate: &str,
    end: Instant,
) -> Result<Streaming<v1::WatchGateResponse>, Trouble> {
    let ask = async {
        let request = v1::WatchGateRequest { migration: client.migration().await?, gate: gate.to_owned() };
        Ok(client.gates().watch_gate(request).await.map_err(trouble)?.into_inner())
    };
    match timeout_at(end, ask).await {
        Ok(answer) => answer,
        Err(_) => Err(Trouble::new(Exit::Unreachable, "the time to wait is over")),
    }
}

/// Follows one stream. `None` means that it ended and a new one is needed.
async fn follow(
    changes: &mut Streaming<v1::WatchGateResponse>,
    teller: &mut Teller<'_>,
    known: &mut v1::Gate,
    away_since: &mut Option<Instant>,
    end: Instant,
) -> Result<Option<Exit>, Trouble> {
    loop {
        let next_sign = (teller.said + teller.args.quiet_every).min(end);
        match timeout_at(next_sign, changes.next()).await {
            Err(_) if Instant::now() >= end => return Ok(Some(Exit::Pending)),
            Err(_) => teller.alive(known)?,
            Ok(Some(Ok(change))) => {
                if away_since.take().is_some() {
                    out::say("tidelock: the collector is back");
                }
                let Some(gate) = change.gate else { continue };
                *known = gate;
                let exit = match json::verdict_word(known.verdict) {
                    "open" => Some(Exit::Done),
                    "rollback" => Some(Exit::Rollback),
                    _ => None,
                };
                if exit.is_some() {
                    return Ok(exit);
                }
                teller.change(known)?;
            }
            Ok(Some(Err(status))) => {
                let problem = trouble(status);
                if problem.exit == Exit::Unreachable {
                    return Ok(None);
                }
                return Err(problem);
            }
            Ok(None) => return Ok(None),
        }
    }
}

fn finish(teller: &mut Teller<'_>, exit: Exit, gate: v1::Gate) -> Result<(Exit, v1::Gate), Trouble> {
    teller.last_word(exit, &gate)?;
    Ok((exit, gate))
}

/// Says what changed, once.
struct Teller<'a> {
    call: &'a Call,
    args: &'a WaitArgs,
    last: String,
    /// What was said beside the gate's word.
    beside: Vec<String>,
    said: Instant,
    end: Instant,
    bounded: bool,
}

impl Teller<'_> {
    fn change(&mut self, gate: &v1::Gate) -> Result<(), Trouble> {
        let word = json::verdict_word(gate.verdict).to_uppercase();
        let line = format!("{}{}", word, gate.summary);
        if line == self.last {
            return Ok(());
        }
        self.last = line;
        self.line(&word, &clean(&gate.summary), gate, None)
    }

    fn alive(&mut self, gate: &v1::Gate) -> Result<(), Trouble> {
        self.said = Instant::now();
        if self.call.manner.quiet || self.call.manner.json() {
            return Ok(());
        }
        let word = json::verdict_word(gate.verdict).to_uppercase();
        let left = match self.bounded {
            true => format!(", {} left", span(self.left_ms())),
            false => String::new(),
        };
        out::print(&format!("{}  …        still {word}{left}", now_clock(gate)))
    }

    fn left_ms(&self) -> u64 {
        u64::try_from(self.end.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX)
    }

    fn last_word(&mut self, exit: Exit, gate: &v1::Gate) -> Result<(), Trouble> {
        let text = clean(&gate.summary);
        match exit {
            Exit::Done => {
                let line = format!("{}: {text}, evidence {}", gate.gate, gate.evidence_sequence);
                self.line("OPEN", &line, gate, Some(exit))
            }
            Exit::Rollback => {
                self.line("ROLLBACK", &format!("{text}. Waiting longer cannot help"), gate, Some(exit))
            }
            Exit::Pending => {
                let waited =
                    self.args.timeout.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX));
                let line = format!("not open after {}: {text}. Exit {}.", span(waited), exit.number());
                self.line("PENDING", &line, gate, Some(exit))
            }
            Exit::Failed | Exit::Usage | Exit::Hold | Exit::Auth | Exit::Unknown | Exit::Unreachable => {
                Ok(())
            }
            Exit::Interrupted | Exit::Terminated => Ok(()),
        }
    }

    /// What was opened over, who is asked and the way back: each once, and again when it changes.
    fn beside(&mut self, gate: &v1::Gate) -> Result<(), Trouble> {
        // What moves by the second is no news.
        let mut still = gate.clone();
        if let Some(back) = &mut still.rollback {
            (back.until_time, back.limits) = (None, Vec::new());
        }
        let now = beside(&still);
        for line in now.iter().filter(|line| !self.beside.contains(line)) {
            out::print(&format!("          {line}"))?;
        }
        self.beside = now;
        Ok(())
    }

    fn line(&mut self, word: &str, text: &str, gate: &v1::Gate, last: Option<Exit>) -> Result<(), Trouble> {
        self.said = Instant::now();
        match self.call.manner.format {
            Format::Ndjson => out::print_json(Format::Ndjson, &event(gate, last)),
            Format::Json if last.is_some() => {
                let mut value = json::gate(gate);
                value["token"] = Value::String(gate.token.clone());
                value["exit_code"] = json!(last.map(Exit::number));
                out::print_json(Format::Json, &value)
            }
            Format::Json => Ok(()),
            Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
                if self.call.manner.quiet && last.is_none() {
                    return Ok(());
                }
                out::print(&format!("{}  {word:<8} {text}", now_clock(gate)))?;
                self.beside(gate)
            }
        }
    }
}

/// One change for a program: schema `tidelock.gate-event/v1`.
fn event(gate: &v1::Gate, last: Option<Exit>) -> Value {
    let full = json::gate(gate);
    let mut value = json!({
        "schema": "tidelock.gate-event/v1", "time": full["evidence"]["as_of"], "gate": gate.gate,
        "verdict": full["verdict"], "summary": gate.summary, "holds": full["holds"], "stable": full["stable"],
        "evidence": full["evidence"], "final": last.is_some(),
    });
    if let Some(exit) = last {
        value["exit_code"] = json!(exit.number());
        value["token"] = Value::String(gate.token.clone());
    }
    value
}

fn now_clock(gate: &v1::Gate) -> String {
    let now = jiff::Timestamp::now();
    let wire = prost_types::Timestamp { seconds: now.as_second(), nanos: 0 };
    clock(Some(&wire), &zone(gate))
}

/// Under GitHub Actions: an output to branch on, a summary, and one error a hold.
fn pipeline_outputs(gate: &v1::Gate, exit: Exit) -> Result<(), Trouble> {
    if std::env::var("GITHUB_ACTIONS").as_deref() != Ok("true") {
        return Ok(());
    }
    let verdict = json::verdict_word(gate.verdict);
    append("GITHUB_OUTPUT", &format!("verdict={verdict}\n"))?;
    let mut table = format!("### Tidelock gate {}: {verdict}\n\n", gate.gate);
    for hold in &gate.holds {
        let line = clean(&hold.reason).replace(['|', '\n'], " ");
        table.push_str(&format!("| {} | {} | {line} |\n", hold.check, hold.side));
        if exit != Exit::Done {
            out::raw(&format!("::error title=tidelock {}::{line}", hold.check))?;
        }
    }
    append("GITHUB_STEP_SUMMARY", &table)
}

fn append(variable: &str, text: &str) -> Result<(), Trouble> {
    use std::io::Write as _;
    let Some(path) = std::env::var_os(variable) else {
        return Ok(());
    };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).while_doing(format_args!("write to {variable}"))
}
