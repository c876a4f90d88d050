//! `tidelock-demo`: the parts of the demo's world, one subcommand a process.

mod args;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use serde_json::{Value, json};

use args::{Cli, Command, Frame, Hand, Movement, Part, What};
use tidelock_demo::director::{self, Ended, RunOptions, default_folder};
use tidelock_demo::replicator::{Mode, ReplicatorOptions};
use tidelock_demo::serve::{Listen, Running};
use tidelock_demo::shop::ShopOptions;
use tidelock_demo::shoppers::ShopperOptions;
use tidelock_demo::switch::SwitchOptions;
use tidelock_demo::world::{Hands, Map, World, WorldOptions, move_to};
use tidelock_demo::{Side, TOKEN_VARIABLE, lifetime, replicator, shop, shoppers, switch};

/// The time to read after each verdict of the demo.
const PACE: Duration = Duration::from_secs(5);
/// The exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;
/// What `break lag` holds each change back for.
const BROKEN_LAG_MS: u32 = 60_000;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Run(asked) => run(asked).await,
        Command::Keep { command } => director::keep(&command).map(|()| ExitCode::SUCCESS),
        Command::Part(part) => play_part(part).await.map(|()| ExitCode::SUCCESS),
    }
}

/// Plays the demo, or is a hand on one that runs.
async fn run(asked: args::Run) -> anyhow::Result<ExitCode> {
    match asked.hand {
        Some(Hand::Break(what)) => tell(&change(what, true).await?)?,
        Some(Hand::Fix(what)) => tell(&change(what, false).await?)?,
        None => {
            let read = std::io::stdout().is_terminal() && !asked.swift;
            let options = RunOptions {
                pace: if read { PACE } else { Duration::ZERO },
                folder: asked.folder.unwrap_or_else(default_folder),
                program: std::env::current_exe().context("find this binary")?,
                interactive: asked.interactive,
                stay: asked.stay,
                limit: asked.limit,
                left: asked.leave_fault,
                without: asked.remove_check,
                stop_agent: asked.stop_agent,
            };
            return Ok(match director::run(options).await? {
                Ended::Seen => ExitCode::SUCCESS,
                Ended::Missing => ExitCode::FAILURE,
                Ended::Stopped => ExitCode::from(INTERRUPTED),
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn play_part(part: Part) -> anyhow::Result<()> {
    match part {
        Part::Shop(asked) => {
            let options = ShopOptions {
                side: asked.name,
                listen: listen(&asked.frame),
                db: asked.db,
                build: asked.build.unwrap_or_else(|| format!("shop-1.4.0+{}", asked.name)),
                token: token(&asked.frame)?,
                job_every: Duration::from_millis(asked.job_every_ms),
            };
            stay(shop::start(options).await?, &asked.frame).await
        }
        Part::Replicate(asked) => {
            let options = ReplicatorOptions {
                listen: listen(&asked.frame),
                source: asked.both.source,
                target: asked.both.target,
                token: token(&asked.frame)?,
                lag_ms: asked.lag_ms,
            };
            stay(replicator::start(options).await?, &asked.frame).await
        }
        Part::Switch(asked) => {
            let options = SwitchOptions {
                listen: listen(&asked.frame),
                source: asked.both.source,
                target: asked.both.target,
                to: asked.to,
                token: token(&asked.frame)?,
            };
            stay(switch::start(options).await?, &asked.frame).await
        }
        Part::Shoppers(asked) => {
            let options = ShopperOptions { listen: listen(&asked.frame), via: asked.via, rate: asked.rate };
            stay(shoppers::start(options).await?, &asked.frame).await
        }
        Part::World(asked) => world(asked).await,
        Part::Break(asked) => tell(&change(asked, true).await?),
        Part::Fix(asked) => tell(&change(asked, false).await?),
        Part::Do(asked) => tell(&movement(asked).await?),
    }
}

fn listen(frame: &Frame) -> Listen {
    Listen { address: frame.listen, port_file: frame.port_file.clone() }
}

fn token(frame: &Frame) -> anyhow::Result<String> {
    frame
        .token
        .clone()
        .filter(|token| !token.is_empty())
        .with_context(|| format!("no token: set {TOKEN_VARIABLE} to what control calls must carry"))
}

async fn stay(running: Running, frame: &Frame) -> anyhow::Result<()> {
    running.until(lifetime::until_told(frame.with_parent)).await
}

async fn world(asked: args::World) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("find this binary")?;
    let options = WorldOptions {
        lag: Duration::from_millis(u64::from(asked.lag_ms)),
        orders_per_second: asked.rate,
        ..WorldOptions::new(asked.folder, program)
    };
    let mut world = World::start(&options).await?;
    tell(&json!({
        "switch": world.map().switch,
        "source": world.map().source.url,
        "target": world.map().target.url,
        "replicator": world.map().replicator,
    }))?;
    let told = lifetime::until_told(asked.with_parent);
    tokio::pin!(told);
    let ended = loop {
        tokio::select! {
            told = &mut told => break told,
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                if let Err(gone) = world.intact() {
                    break Err(gone);
                }
            }
        }
    };
    world.stop().await?;
    ended
}

async fn change(asked: args::Change, broken: bool) -> anyhow::Result<Value> {
    let folder = asked.folder.unwrap_or_else(default_folder);
    let hands = Hands::new(Map::read(&folder)?);
    match asked.what {
        What::Lag => hands.lag(if broken { BROKEN_LAG_MS } else { 0 }).await,
        What::Feed => hands.pause(broken).await,
        What::Of(fault) if broken => hands.break_it(asked.side, fault).await,
        What::Of(fault) => hands.fix(asked.side, fault).await,
    }
}

async fn movement(asked: args::Do) -> anyhow::Result<Value> {
    let hands = Hands::new(Map::read(&asked.folder)?);
    match asked.movement {
        Movement::Switch { to } => hands.switch(to).await,
        Movement::Fence => hands.fence(true).await,
        Movement::Unfence => hands.fence(false).await,
        Movement::Forward => hands.direction(Mode::Forward).await,
        Movement::Reverse => hands.direction(Mode::Reverse).await,
        Movement::Off => hands.direction(Mode::Off).await,
        Movement::Lag { ms } => hands.lag(ms).await,
        Movement::Jobs { side } => {
            // Taken away first: two sides that run a job for a moment are what the demo warns of.
            hands.jobs(side.other(), None, false).await?;
            hands.jobs(side, None, true).await
        }
        Movement::NoJobs => {
            hands.jobs(Side::Source, None, false).await?;
            hands.jobs(Side::Target, None, false).await
        }
        Movement::Over => move_to(&hands, Side::Target).await,
        Movement::Back => move_to(&hands, Side::Source).await,
        Movement::Show => Ok(json!({
            "traffic": hands.traffic().await?,
            "replication": hands.replication().await?,
            "source": hands.stats(Side::Source).await?,
            "target": hands.stats(Side::Target).await?,
        })),
    }
}

fn tell(value: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value:#}")?;
    out.flush()?;
    Ok(())
}
