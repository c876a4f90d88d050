//! `tidelock gate wait`: one line a change, a sign of life in between, and an end that is never
//! mistaken. A collector that restarts is waited for, and said to be away; where it is away at the end, nothing is
//! known of the gate, and that is another end than a shut gate.

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
/// How long the first answer may take, however short the wait is: whoever does not want to wait asks once.
const FIRST: Duration = Duration::from_secs(5);

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
    Ok(ended(args, exit, &gate))
}

/// Only a gate that is known to hold has a soft end: what nobody knows is never good.
fn ended(args: &WaitArgs, exit: Exit, gate: &v1::Gate) -> Exit {
    let held = json::verdict_word(gate.verdict) == "hold";
    if args.soft && exit == Exit::Pending && held { Exit::Done } else { exit }
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
    let began = Instant::now();
    let end = began + args.timeout.unwrap_or(Duration::from_secs(10 * 365 * 86_400));
    let mut teller = Teller {
        call,
        args,
        last: String::new(),
        beside: Vec::new(),
        said: began,
        end,
        bounded: args.timeout.is_some(),
    };
    let mut heard = Heard {
        gate: v1::Gate { gate: args.gate.clone(), ..v1::Gate::default() },
        here: false,
        until: end.max(began + FIRST),
        away_since: None,
    };
    loop {
        let problem = match follow(&client, &mut teller, &mut heard).await {
            Ok(exit) => return finish(&mut teller, exit, heard.gate),
            Err(problem) if problem.exit != Exit::Unreachable => return Err(problem),
            Err(problem) => problem,
        };
        client.look_again();
        heard.here = false;
        if Instant::now() >= end {
            return Err(unheard(args, problem));
        }
        let since = *heard.away_since.get_or_insert_with(|| {
            out::say(&format!("tidelock: {problem}; still waiting"));
            Instant::now()
        });
        if since.elapsed() >= args.connect_patience {
            return Err(problem);
        }
        sleep(RETRY.min(end.saturating_duration_since(Instant::now()))).await;
    }
}

/// What was heard of the gate.
struct Heard {
    /// As it was heard of last.
    gate: v1::Gate,
    /// That was on the connection that is there now.
    here: bool,
    /// How long the next word may take.
    until: Instant,
    away_since: Option<Instant>,
}

/// The time is over, and the collector is away: what was heard before says nothing of the gate any more.
fn unheard(args: &WaitArgs, problem: Trouble) -> Trouble {
    let message = format!("{}; the time to wait for gate {} is over", problem.message, args.gate);
    Trouble { message, ..problem }
}

async fn watch(
    client: &Client,
    gate: &str,
    until: Instant,
) -> Result<Streaming<v1::WatchGateResponse>, Trouble> {
    let ask = async {
        let request = v1::WatchGateRequest { migration: client.migration().await?, gate: gate.to_owned() };
        Ok(client.gates().watch_gate(request).await.map_err(trouble)?.into_inner())
    };
    match timeout_at(until, ask).await {
        Ok(answer) => answer,
        Err(_) => Err(Trouble::new(Exit::Unreachable, "the collector has not answered")),
    }
}

/// Follows one stream to the end of the wait. Unreachable means that a new one is needed.
async fn follow(client: &Client, teller: &mut Teller<'_>, heard: &mut Heard) -> Result<Exit, Trouble> {
    let away = |what: &str| Err(Trouble::new(Exit::Unreachable, what));
    let mut changes = watch(client, &teller.args.gate, heard.until).await?;
    loop {
        let next_sign = (teller.said + teller.args.quiet_every).min(heard.until);
        match timeout_at(next_sign, changes.next()).await {
            Err(_) if Instant::now() < heard.until => teller.alive(&heard.gate)?,
            Err(_) if heard.here => return Ok(Exit::Pending),
            Err(_) => return away("the collector has not said how the gate is"),
            Ok(Some(Ok(change))) => {
                let Some(gate) = change.gate else { continue };
                if heard.away_since.take().is_some() {
                    out::say("tidelock: the collector is back");
                }
                (heard.gate, heard.here, heard.until) = (gate, true, teller.end);
                match json::verdict_word(heard.gate.verdict) {
                    "open" => return Ok(Exit::Done),
                    "rollback" => return Ok(Exit::Rollback),
                    _ if heard.gate.never_opens => return Ok(Exit::Rollback),
                    _ => teller.change(&heard.gate)?,
                }
            }
            Ok(Some(Err(status))) => return Err(trouble(status)),
            Ok(None) => return away("the collector ended the answer"),
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
                let back = json::verdict_word(gate.verdict) == "rollback";
                let word = if back { "ROLLBACK" } else { "ENDED" };
                self.line(word, &format!("{text}. Waiting longer cannot help"), gate, Some(exit))
            }
            Exit::Pending => {
                let waited =
                    self.args.timeout.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX));
                let exit = ended(self.args, exit, gate);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn args(soft: bool) -> WaitArgs {
        WaitArgs {
            gate: "ready".to_owned(),
            timeout: Some(Duration::ZERO),
            connect_patience: Duration::from_secs(120),
            quiet_every: Duration::from_secs(60),
            soft,
        }
    }

    #[test]
    fn a_soft_end_is_one_of_a_gate_that_is_known_to_hold() {
        let gate = |verdict: v1::Verdict| v1::Gate { verdict: verdict.into(), ..v1::Gate::default() };
        let of = |soft, exit, verdict| ended(&args(soft), exit, &gate(verdict));
        assert_eq!(of(true, Exit::Pending, v1::Verdict::Hold), Exit::Done);
        assert_eq!(of(false, Exit::Pending, v1::Verdict::Hold), Exit::Pending);
        for verdict in [v1::Verdict::Unknown, v1::Verdict::Unspecified] {
            assert_eq!(of(true, Exit::Pending, verdict), Exit::Pending, "{verdict:?}");
        }
        assert_eq!(of(true, Exit::Rollback, v1::Verdict::Rollback), Exit::Rollback);
    }
}
