//! The corpus of hostile components, each in the real runner process beside an honest one: contained in
//! time and memory, worth nothing, and named.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, helpers included")]

mod rig;
mod server;
mod table;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use tidelock_hostile::{Hostile, corpus};
use tidelock_model::{Cause, Outcome, Sha256};
use tidelock_sandbox::protocol::RunResult;
use tokio::time::Instant;

use rig::{COMPILE, DEADLINE, Rig, children, digest, resident};
use server::Server;
use table::{Ends, TABLE};

/// What a runner may grow by, the component's own memory included.
const GROWTH_BYTES: u64 = 32 << 20;

/// How long a bound holds what it bounds.
fn at_most(bound: Duration) -> Duration {
    bound + bound / 2
}

#[test]
fn the_table_and_the_corpus_have_the_same_numbers_and_names() {
    let corpus = corpus().unwrap();
    let made: BTreeSet<(u8, &str)> = corpus.iter().map(|hostile| (hostile.number, hostile.name)).collect();
    let told: BTreeSet<(u8, &str)> = TABLE.iter().map(|(number, name, _)| (*number, *name)).collect();
    assert_eq!(made, told);
    assert_eq!(told.len(), TABLE.len());
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
    let forbidden = Server::start(None);
    let server = Server::start(Some(forbidden.address));
    let mut wrong = Vec::new();
    for hostile in corpus().unwrap().into_iter().filter(|hostile| numbers.contains(&hostile.number)) {
        let (_, _, ends) = TABLE.iter().find(|(_, name, _)| *name == hostile.name).unwrap();
        if let Err(why) = contain(folder.path(), &server, &hostile, *ends).await {
            wrong.push(format!("{}: {why}", hostile.file_name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(forbidden.requests(), 0, "somebody was called whom nobody granted");
}

/// One component in a runner of its own, so that its growth is its own.
async fn contain(folder: &Path, server: &Server, hostile: &Hostile, ends: Ends) -> Result<(), String> {
    let rig = Rig::new(folder, server).await;
    let runner = alone().await?;
    let (before, _) = resident(runner);
    assert!(before > 0, "the runner's memory cannot be read");
    let path = hostile.write(folder).map_err(|error| format!("{error:#}"))?;
    let component = digest(&path);
    let begun = Instant::now();
    let loaded = load(&rig, &path, component).await;
    let bound = at_most(COMPILE.time);
    if begun.elapsed() > bound {
        return Err(format!("loading took {:?}", begun.elapsed()));
    }
    match (ends, loaded) {
        (Ends::Refused(cause, word), Err((found, detail))) => named((cause, word), found, &detail)?,
        (Ends::Refused(..), Ok(())) => return Err("it was loaded".to_owned()),
        (_, Err((cause, detail))) => return Err(format!("it was not loaded: {cause}: {detail}")),
        (_, Ok(())) => run(&rig, component, ends).await?,
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
    wait_for("its runner does not end", || children().is_empty()).await
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

async fn run(rig: &Rig, component: Sha256, ends: Ends) -> Result<(), String> {
    match ends {
        Ends::Refused(..) => Err("it was loaded".to_owned()),
        Ends::NotRun(cause, word) => worth_nothing(&timed(rig, component, 0).await?, (cause, word)),
        Ends::Fails => {
            for round in 0..2 {
                let result = timed(rig, component, round).await?;
                if result.outcome != Outcome::Fail {
                    return Err(format!("{}: {:?} {}", result.outcome, result.cause, result.detail));
                }
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
        Ends::NotHere(by) => {
            let result = timed(rig, component, 0).await?;
            if result.outcome != Outcome::Pass {
                return Err(format!("{} here, so it need not wait for {by}", result.outcome));
            }
            Ok(())
        }
    }
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
