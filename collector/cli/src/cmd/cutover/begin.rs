//! How a walk begins: the gate's token and a new run, or the lease of the run that is under way.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tidelock_core::plan::{Direction, Runbook};
use tidelock_proto::{json, v1};
use tokio::time::Instant;

use super::ends::{ending, over_exit};
use super::parts::{Next, label, next};
use super::person::Stop;
use super::screen::table;
use super::standby::{decided, present};
use super::walk::{Choice, Walk, reason};
use super::{CutoverRunArgs, ResumeArgs, RollbackRunArgs, Way, of_way};
use crate::client::{Client, clean, passes, trouble};
use crate::cmd::gate::{WaitArgs, confirm_with, get_with};
use crate::cmd::gate_exec::somebody_reads;
use crate::cmd::{Call, gate_wait};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::request_id;
use crate::out;
use crate::shown::loud;
use crate::words::span;

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
    let gate = match args.rehearse {
        true => {
            call.loudly(&client).await;
            None
        }
        // Asked with the connection that is used at the switch, so that it is up by then.
        false => Some(get_with(&client, "cutover").await?),
    };
    // What was only asked so far ends with a Ctrl-C by itself.
    let stop = Stop::listen()?;
    let mut confirmed = false;
    if let Some(mut gate) = gate {
        // A run that was undone, or never began, leaves the gate behind: its token is taken.
        let waits = args.timeout.filter(|_| gate.phase != "cutover");
        if waits.is_none() && !call.manner.json() {
            loud(&gate).iter().try_for_each(|line| out::print(&call.manner.paint("1;33", line)))?;
        }
        if gate.phase != "cutover" {
            if let Some(timeout) = waits {
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
            somebody_reads()?;
            // Whoever was stopped meanwhile spends no GO.
            if let Some(exit) = stop.wished() {
                return Ok(exit);
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
    call.loudly(&client).await;
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
            begun = begin_when_free(call, &client) => begun?,
            () = stop.until(1) => return Ok(stop.wished().unwrap_or(Exit::Interrupted)),
        },
        false => begin(&client, "rollback", args.rehearse, &request_id()?).await?,
    };
    Walk::new(&client, call.manner, choice, stop, begun).walk().await
}

pub(super) async fn resume(call: &Call, args: ResumeArgs, way: Way) -> Result<Exit, Trouble> {
    let client = call.client()?;
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
    call.loudly(&client).await;
    let stop = Stop::listen()?;
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
        let mut shut =
            Trouble::new(Exit::of_gate(&gate), format!("gate cutover is not open: {}", clean(&gate.summary)));
        for hold in gate.holds.iter().take(20) {
            let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
            shut = shut.hint(format!("{}: {}", clean(name), clean(&hold.reason)));
        }
        return Err(shut.hint(match word {
            _ if gate.never_opens => "waiting longer cannot help; see: tidelock report",
            "rollback" => "waiting longer cannot help; see: tidelock status",
            _ => "wait for it with --timeout 30m; see why: tidelock why --gate cutover",
        }));
    }
    if gate.token.is_empty() {
        return Err(Trouble::new(Exit::Auth, "gate cutover is open, but your access may not confirm it")
            .hint("it needs the role pipeline or operator, or a person who decides the cutover"));
    }
    Ok(gate.token)
}

/// Whoever stands by does not leave because the operator of the cutover is still there, or the collector is away:
/// they go on saying that they are here, and show each minute that they are.
async fn begin_when_free(call: &Call, client: &Client) -> Result<v1::Run, Trouble> {
    let migration = client.migration().await?;
    tokio::select! {
        begun = tried_until_free(call, client) => begun,
        refused = present(client, &migration) => Err(refused),
    }
}

async fn tried_until_free(call: &Call, client: &Client) -> Result<v1::Run, Trouble> {
    let id = request_id()?;
    let (since, mut said_at, mut said) = (Instant::now(), None, String::new());
    loop {
        let trouble = match begin(client, "rollback", false, &id).await {
            Ok(begun) => return Ok(begun),
            Err(NotBegun { trouble, waits: true }) => trouble,
            Err(not) => return Err(not.trouble),
        };
        // Something else in the way is news; the same is a sign of life.
        let due = said_at.is_none_or(|at: Instant| at.elapsed() >= SIGN_OF_LIFE);
        if trouble.message != said || due && !call.manner.quiet {
            let waited = match since.elapsed() {
                waited if waited < SIGN_OF_LIFE => String::new(),
                waited => format!(" for {}", span(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX))),
            };
            out::say(&format!("tidelock: {trouble}; still standing by{waited}"));
            (said_at, said) = (Some(Instant::now()), trouble.message);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Why no run began.
struct NotBegun {
    trouble: Trouble,
    /// Somebody else walks one, or the collector is away: who stands by tries again.
    waits: bool,
}

impl From<Trouble> for NotBegun {
    fn from(trouble: Trouble) -> NotBegun {
        NotBegun { trouble, waits: false }
    }
}

impl From<NotBegun> for Trouble {
    fn from(not: NotBegun) -> Trouble {
        not.trouble
    }
}

async fn begin(client: &Client, direction: &str, rehearsal: bool, id: &str) -> Result<v1::Run, NotBegun> {
    let migration = match client.migration().await {
        Ok(migration) => migration,
        Err(trouble) => {
            let waits = trouble.exit == Exit::Unreachable;
            return Err(NotBegun { trouble, waits });
        }
    };
    let request = v1::BeginRunRequest {
        migration,
        direction: direction.to_owned(),
        rehearsal,
        request_id: id.to_owned(),
    };
    let begun = client.runs().begin_run(request).await.map_err(|status| {
        let word = reason(&status);
        let waits = word == "LEASED" || passes(&status);
        let refused = trouble(status);
        let trouble = match word.as_str() {
            "LEASED" => refused.hint(format!("see it: tidelock {direction} show")),
            "NOT_DECIDED" => {
                refused.hint("see what it costs: tidelock rollback; decide: tidelock decide rollback --go")
            }
            _ => refused,
        };
        NotBegun { trouble, waits }
    })?;
    let run = some(begun.into_inner().run)?;
    // A real run where a rehearsal was meant, or the other way round, must not be walked.
    if run.rehearsal != rehearsal || run.direction != direction {
        let other = Trouble::new(Exit::Unknown, "the collector began another run than was asked for");
        return Err(other.hint(format!("nothing was run; see: tidelock {direction} show")).into());
    }
    Ok(run)
}

/// The run with the lease that was given. Without one nothing may be done: the number 0 is a person's word.
fn some(run: Option<v1::Run>) -> Result<v1::Run, Trouble> {
    let run =
        run.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector did not say which run it began"))?;
    let over = next(&run) == Next::Over;
    if !over && (run.lease == 0 || run.operator.is_empty() || run.lease_until_time.is_none()) {
        return Err(Trouble::new(Exit::Unknown, format!("the collector gave no lease for run {}", run.run))
            .hint("nothing was run; see whether it speaks the same release: tidelock version"));
    }
    Ok(run)
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
    Ok(Choice { dir, yes: how.yes, yes_each: how.yes_each, keep: true, would_run })
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
    use super::super::fake::Fake;
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

    fn call() -> Call {
        let manner = out::Manner { format: out::Format::Text, color: false, ask: false, quiet: true };
        Call { flags: crate::context::Flags::default(), manner, safer: false }
    }

    fn back() -> v1::Run {
        v1::Run {
            run: 4,
            direction: "rollback".to_owned(),
            lease: 1,
            operator: "olga".to_owned(),
            lease_until_time: Some(json::wire_time(1_015_000)),
            parts: vec![v1::RunPart { state: "pending".to_owned(), ..v1::RunPart::default() }],
            ..v1::Run::default()
        }
    }

    fn refused(word: &str, message: &str) -> tonic::Status {
        use tonic_types::StatusExt as _;
        let mut details = tonic_types::ErrorDetails::new();
        details.set_error_info(word, "tidelock.dev", std::collections::HashMap::new());
        tonic::Status::with_error_details(tonic::Code::FailedPrecondition, message, details)
    }

    #[tokio::test]
    async fn what_to_do_hangs_on_the_reason_and_not_on_its_words() {
        let (fake, client) = Fake::serve(back()).await;
        for (word, hint) in [
            ("NOT_DECIDED", Some("tidelock decide rollback --go")),
            ("LEASED", Some("tidelock rollback show")),
            ("WRONG_PHASE", None),
        ] {
            fake.known().not_begun.push_back(refused(word, "once it is decided"));
            let not = begin(&client, "rollback", false, "1").await.expect_err("it is refused");
            let said = not.trouble.hints.concat();
            assert_eq!(hint.is_some(), !said.is_empty(), "{word}: {said}");
            assert!(hint.is_none_or(|hint| said.contains(hint)), "{word}: {said}");
            assert_eq!(not.waits, word == "LEASED", "{word}");
        }
    }

    #[tokio::test]
    async fn who_stands_by_stays_and_says_so_while_another_is_in_the_way() {
        let (fake, client) = Fake::serve(back()).await;
        let leased = refused("LEASED", "ben walks it");
        fake.known().not_begun.extend([leased, tonic::Status::unavailable("restarting")]);
        let begun = begin_when_free(&call(), &client).await.expect("it begins in the end");
        assert_eq!(begun.run, 4);
        let log = fake.log();
        assert!(log.contains(&"stands by".to_owned()), "nobody was told that somebody is there: {log:?}");
        let ids = fake.known().ids.clone();
        assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        fake.known().not_begun.push_back(tonic::Status::failed_precondition("no way back"));
        assert_eq!(begin_when_free(&call(), &client).await.unwrap_err().exit, Exit::Hold);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_waited_for_whatever_code_it_comes_under() {
        // A server that closes each connection without a word: tonic calls that unknown.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).expect("a URL");
        let client = Client::of_test(endpoint.connect_lazy(), "shop");
        let not = begin(&client, "rollback", false, "1").await.expect_err("nobody answers");
        assert!(not.waits, "{}", not.trouble);
    }

    #[test]
    fn a_run_without_a_lease_is_not_walked() {
        assert_eq!(some(Some(back())).expect("it is whole").lease, 1);
        for broken in [
            v1::Run { lease: 0, ..back() },
            v1::Run { operator: String::new(), ..back() },
            v1::Run { lease_until_time: None, ..back() },
        ] {
            assert_eq!(some(Some(broken)).unwrap_err().exit, Exit::Unknown);
        }
        assert_eq!(some(None).unwrap_err().exit, Exit::Unknown);
    }
}
