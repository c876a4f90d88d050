//! The command line of `tidelock-demo`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tidelock_demo::Side;
use tidelock_demo::director::Left;
use tidelock_demo::shop::Fault;

/// Two small shops, a replicator, a traffic switch and customers, to show Tidelock against.
#[derive(Debug, Parser)]
#[command(name = "tidelock-demo", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A part of the world, or a hand on it.
    #[command(flatten)]
    Part(Part),
    /// Play the demo: what `tidelock demo` runs.
    Run(Run),
    /// Run a program that ends with this one's parent.
    #[command(hide = true)]
    Keep {
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Run one shop.
    Shop(Shop),
    /// Run the replicator between two shops.
    Replicate(Replicate),
    /// Run the traffic switch in front of two shops.
    Switch(Switch),
    /// Run customers who buy through the switch.
    Shoppers(Shoppers),
    /// Start all of it and stay.
    World(World),
    /// Break something in a running world.
    Break(Change),
    /// Fix it again.
    Fix(Change),
    /// Move something in a running world, as a runbook's step does.
    Do(Do),
}

#[derive(Debug, Args)]
pub(crate) struct Frame {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Write the address here once connections are accepted.
    #[arg(long)]
    pub(crate) port_file: Option<PathBuf>,
    /// End when standard input ends, and so with the parent.
    #[arg(long)]
    pub(crate) with_parent: bool,
    /// What control calls must carry; better in the environment than in the arguments.
    #[arg(long, env = tidelock_demo::TOKEN_VARIABLE, hide_env_values = true)]
    pub(crate) token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Shop {
    /// Which side it is: source or target.
    #[arg(long)]
    pub(crate) name: Side,
    /// Its SQLite file.
    #[arg(long)]
    pub(crate) db: PathBuf,
    /// What the header X-Build says.
    #[arg(long)]
    pub(crate) build: Option<String>,
    /// How often each job runs.
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    pub(crate) job_every_ms: u64,
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Args)]
pub(crate) struct Both {
    /// The source shop's URL.
    #[arg(long)]
    pub(crate) source: String,
    /// The target shop's URL.
    #[arg(long)]
    pub(crate) target: String,
}

#[derive(Debug, Args)]
pub(crate) struct Replicate {
    #[command(flatten)]
    pub(crate) both: Both,
    /// How long each change is held back.
    #[arg(long, default_value_t = 0)]
    pub(crate) lag_ms: u32,
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Args)]
pub(crate) struct Switch {
    #[command(flatten)]
    pub(crate) both: Both,
    /// The side that has the traffic at first.
    #[arg(long, default_value = "source")]
    pub(crate) to: Side,
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Args)]
pub(crate) struct Shoppers {
    /// The switch's URL.
    #[arg(long)]
    pub(crate) via: String,
    /// Orders a second, of all customers together.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Args)]
pub(crate) struct World {
    /// Holds the databases, the logs and the map.
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// How long each change is held back at first.
    #[arg(long, default_value_t = 0)]
    pub(crate) lag_ms: u32,
    /// Orders a second; 0 makes a world without customers.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) rate: f64,
    /// End when standard input ends.
    #[arg(long)]
    pub(crate) with_parent: bool,
}

/// What can be broken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Lag,
    Feed,
    Of(Fault),
}

fn what(word: &str) -> Result<What, String> {
    match word {
        "lag" => Ok(What::Lag),
        "feed" => Ok(What::Feed),
        word => word.parse().map(What::Of).map_err(|why: String| format!("{why}, lag, feed")),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Change {
    /// A fault of a shop, or `lag` or `feed` for the replicator.
    #[arg(value_parser = what)]
    pub(crate) what: What,
    /// The shop.
    #[arg(long, default_value = "target")]
    pub(crate) side: Side,
    /// The folder of the running world; the demo's usual one without it.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Do {
    /// The folder of the running world.
    #[arg(long, env = tidelock_demo::FOLDER_VARIABLE)]
    pub(crate) folder: PathBuf,
    #[command(subcommand)]
    pub(crate) movement: Movement,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Movement {
    /// Give the traffic to a side.
    Switch {
        /// source or target
        to: Side,
    },
    /// Shut writes.
    Fence,
    /// Open writes again.
    Unfence,
    /// Replicate from the source to the target.
    Forward,
    /// Replicate from the target to the source.
    Reverse,
    /// Replicate nothing.
    Off,
    /// Hold each change back for so many milliseconds.
    Lag {
        /// Milliseconds.
        ms: u32,
    },
    /// Give every job to one side and take it from the other.
    Jobs {
        /// source or target
        side: Side,
    },
    /// Take every job from both sides.
    NoJobs,
    /// All the way to the new side: writes shut, copy caught up and turned round, traffic and jobs moved.
    Over,
    /// The same way back to the old side.
    Back,
    /// Print where the traffic is and how far the replication is behind.
    Show,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Run {
    #[command(subcommand)]
    pub(crate) hand: Option<Hand>,
    /// Holds everything that the demo writes; emptied at the start.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Stay after the second scene, and leave it to you.
    #[arg(long)]
    pub(crate) interactive: bool,
    /// How long an interactive demo stays, such as 15m; until Ctrl-C without it.
    #[arg(long = "for", value_name = "SPAN", value_parser = span, requires = "interactive")]
    pub(crate) stay: Option<Duration>,
    /// Leave no time to read; so it is anyway where no terminal is.
    #[arg(long)]
    pub(crate) swift: bool,
    /// Wait no longer than this, such as 20s: for the verdict that will be missing on purpose, or for any.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) limit: Option<Duration>,
    /// Leave a fault unfixed: queue, cron or checkout. The demo must then end badly.
    #[arg(long, value_name = "FAULT")]
    pub(crate) leave_fault: Option<Left>,
    /// Take a check out of the plan. The demo must then end badly.
    #[arg(long, value_name = "CHECK")]
    pub(crate) remove_check: Option<String>,
    /// Stop one agent before the second scene. The demo must then end badly.
    #[arg(long)]
    pub(crate) stop_agent: bool,
}

/// A hand on a running demo.
#[derive(Debug, Subcommand)]
pub(crate) enum Hand {
    /// Break something.
    Break(Change),
    /// Fix it again.
    Fix(Change),
}

/// A number and a unit: `90s`, `15m`, `1h`.
fn span(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number = digits.parse::<u64>().ok().filter(|number| (1..=100_000).contains(number));
    match (number, seconds) {
        (Some(number), Some(seconds)) => Ok(Duration::from_secs(number * seconds)),
        _ => Err("write a number and s, m or h: 15m".to_owned()),
    }
}
