//! The corpus of hostile components, each in the real runner process beside an honest one: contained in
//! time and memory, worth nothing, and named.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, helpers included")]

mod rebind;
mod rig;

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use tidelock_hostile::{Ends, Hostile, Server, corpus};
use tidelock_model::{Cause, Outcome, Sha256};
use tidelock_sandbox::protocol::RunResult;
use tokio::time::Instant;

use rig::{COMPILE, DEADLINE, RUNS, Rig, children, compilers, digest, resident};

/// What a runner may grow by, the component's own memory included.
const GROWTH_BYTES: u64 = 32 << 20;
/// What compiling may have in memory at most, in a process of its own that is gone before anything runs. A compiler
/// takes more than a runner grows by: 24 MiB for an honest component, and 80 for the bomb until its time is up.
const COMPILE_BYTES: u64 = 256 << 20;

/// So many runs at once, of which each makes 256 connections when it is let, are 10 000 of them.
const CROWD: usize = 40;

/// How long a bound holds what it bounds.
fn at_most(bound: Duration) -> Duration {
    bound + bound / 2
}

#[tokio::test]
async fn hostile_components_1_to_11_are_contained_in_time_and_memory_and_named() {
    contain_all(1..=11).await;
}

#[tokio::test]
async fn hostile_components_12_to_22_are_contained_in_time_and_memory_and_named() {
    contain_all(12..=22).await;
}

#[tokio::test]
async fn hostile_components_23_to_30_are_contained_in_time_and_memory_and_named() {
    contain_all(23..=30).await;
}

#[tokio::test]
async fn hostile_components_31_to_44_are_contained_in_time_and_memory_and_named() {
    contain_all(31..=44).await;
}

async fn contain_all(numbers: RangeInclusive<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let forbidden = Server::start(None).unwrap();
    let server = Server::start(Some(forbidden.address)).unwrap();
    let (mut wrong, mut compiling) = (Vec::new(), 0);
    for hostile in corpus().unwrap().into_iter().filter(|hostile| numbers.contains(&hostile.number)) {
        match contain(folder.path(), &server, &hostile, hostile.ends().unwrap()).await {
            Ok(most) => compiling = most.max(compiling),
            Err(why) => wrong.push(format!("{}: {why}", hostile.file_name())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compiling > 0, "the compiler's memory cannot be read");
    assert_eq!(forbidden.connections(), 0, "somebody was called whom nobody granted");
}

/// One component in a runner of its own, so that its growth is its own. Gives what compiling it had in memory at most.
async fn contain(folder: &Path, server: &Server, hostile: &Hostile, ends: Ends) -> Result<u64, String> {
    let rig = Rig::new(folder, server).await;
    let runner = alone().await?;
    let (before, _) = resident(runner);
    assert!(before > 0, "the runner's memory cannot be read");
    let path = hostile.write(folder).map_err(|error| format!("{error:#}"))?;
    let component = digest(&path);
    let begun = Instant::now();
    let (loaded, compiling) = watched(load(&rig, &path, component)).await;
    let bound = at_most(COMPILE.time);
    if begun.elapsed() > bound {
        return Err(format!("loading took {:?}", begun.elapsed()));
    }
    if compiling > COMPILE_BYTES {
        return Err(format!("compiling it took {compiling} bytes"));
    }
    match (ends, loaded) {
        (Ends::Refused(cause, word), Err((found, detail))) => named((cause, word), found, &detail)?,
        (Ends::Refused(..), Ok(())) => return Err("it was loaded".to_owned()),
        (_, Err((cause, detail))) => return Err(format!("it was not loaded: {cause}: {detail}")),
        (_, Ok(())) => run(&rig, server, component, ends).await?,
    }
    std::fs::remove_file(&path).map_err(|error| error.to_string())?;
    rig.is_well(hostile.name).await;
    // A compile child that is done may still be on its way out.
    if !children().contains(&runner) {
        return Err("it cost the runner its life".to_owned());
    }
    let grown = resident(runner).1.saturating_sub(before);
    if grown > GROWTH_BYTES {
        return Err(format!("the runner has grown by {grown} bytes"));
    }
    drop(rig);
    wait_for("its runner does not end", || children().is_empty()).await?;
    Ok(compiling)
}

/// Waits for a component to be loaded, and gives what a compiler had in memory at most, as far as it was seen.
async fn watched<T>(loading: impl Future<Output = T>) -> (T, u64) {
    let mut loading = std::pin::pin!(loading);
    let mut most = 0;
    loop {
        tokio::select! {
            loaded = &mut loading => return (loaded, most),
            () = tokio::time::sleep(Duration::from_millis(5)) => {
                most = compilers().into_iter().map(|pid| resident(pid).1).fold(most, u64::max);
            }
        }
    }
}

/// The runner, once the compile child of the honest component is gone.
async fn alone() -> Result<i32, String> {
    wait_for("there is more than one child", || children().len() == 1).await?;
    children().first().copied().ok_or_else(|| "there is no runner".to_owned())
}

async fn wait_for(what: &str, done: impl Fn() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err(what.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// As the agent does it: made ready, and asked what it is.
async fn load(rig: &Rig, path: &Path, component: Sha256) -> Result<(), (Cause, String)> {
    let told = |refusal: tidelock_sandbox::protocol::Refusal| (refusal.cause, refusal.detail);
    rig.client.prepare(path, component).await.map_err(told)?;
    rig.client.describe(component).await.map(drop).map_err(told)
}

async fn run(rig: &Rig, server: &Server, component: Sha256, ends: Ends) -> Result<(), String> {
    match ends {
        Ends::Refused(..) => Err("it was loaded".to_owned()),
        Ends::NotRun(cause, word) => worth_nothing(&timed(rig, component, 0).await?, (cause, word)),
        Ends::Crowd(cause, word) => {
            worth_nothing(&timed(rig, component, 0).await?, (cause, word))?;
            crowd(rig, server, component, (cause, word)).await
        }
        Ends::Fails(word) => {
            for round in 0..2 {
                fails(&timed(rig, component, round).await?, word)?;
            }
            Ok(())
        }
        Ends::Turns(cause, word) => {
            for round in 0..5 {
                let result = timed(rig, component, round).await?;
                if result.outcome != Outcome::Pass {
                    return Err(format!("round {round}: {}: {}", result.outcome, result.detail));
                }
            }
            worth_nothing(&timed(rig, component, 5).await?, (cause, word))
        }
        // What has something against these is not here: tests/e2e/hostile has it.
        Ends::Unvouched(by) | Ends::Canary(by) | Ends::Passes(by) => {
            let result = timed(rig, component, 0).await?;
            if result.outcome != Outcome::Pass {
                return Err(format!("{} here, so nobody need say of it: {by}", result.outcome));
            }
            Ok(())
        }
    }
}

/// All that the runner is asked for at once: as many calls go on as runs may, and not one more.
async fn crowd(rig: &Rig, server: &Server, component: Sha256, why: (Cause, &str)) -> Result<(), String> {
    server.gather(RUNS);
    let results = join_all((0..CROWD).map(|_| timed(rig, component, 0))).await;
    let most = server.most_at_once();
    server.gather(0);
    for result in results {
        let result = result?;
        let full = (Cause::Saturated, "as many as the agent allows");
        worth_nothing(&result, if result.cause == Some(full.0) { full } else { why })?;
    }
    if most == RUNS { Ok(()) } else { Err(format!("{most} calls went on at once, {RUNS} runs may")) }
}

/// It failed, and what is told of it says why.
fn fails(result: &RunResult, word: &str) -> Result<(), String> {
    let report = &result.report;
    let mut told = vec![report.note.as_str(), result.detail.as_str()];
    told.extend(report.steps.iter().map(|step| step.name.as_str()));
    told.extend(result.refused_calls.iter().map(|call| call.reason.as_str()));
    if result.outcome == Outcome::Fail && told.iter().any(|text| text.contains(word)) {
        return Ok(());
    }
    Err(format!("{}: {:?}: {word:?} is not in {told:?}", result.outcome, result.cause))
}

async fn timed(rig: &Rig, component: Sha256, round: u64) -> Result<RunResult, String> {
    let begun = Instant::now();
    let result = rig.run(component, round).await;
    let (took, bound) = (begun.elapsed(), at_most(DEADLINE));
    if took > bound {
        return Err(format!("it held its runner for {took:?}, {bound:?} are allowed: {}", result.detail));
    }
    Ok(result)
}

/// Not run, with this cause; nothing it left behind is kept, and nothing in it paints.
fn worth_nothing(result: &RunResult, (cause, word): (Cause, &str)) -> Result<(), String> {
    let Some(found) = result.cause.filter(|_| result.outcome == Outcome::NotRun) else {
        return Err(format!("it counts as {}: {}", result.outcome, result.detail));
    };
    named((cause, word), found, &result.detail)?;
    if !result.state_changes.is_empty() {
        return Err("its state was kept".to_owned());
    }
    let paints = |text: &str| text.chars().any(|c| c.is_control() || c == '\u{202e}');
    if paints(&result.detail) || result.log.iter().any(|line| paints(&line.message)) {
        return Err(format!("it paints: {:?} {:?}", result.detail, result.log));
    }
    Ok(())
}

fn named((cause, word): (Cause, &str), found: Cause, detail: &str) -> Result<(), String> {
    // On a busy machine the wall clock may be there before the processor time is used up.
    if (found, cause) == (Cause::Timeout, Cause::Cpu) && detail.contains("time is up") {
        return Ok(());
    }
    if found == cause && detail.to_lowercase().contains(&word.to_lowercase()) {
        return Ok(());
    }
    Err(format!("it ends with {found}: {detail:?}, not with {cause}: {word:?}"))
}
