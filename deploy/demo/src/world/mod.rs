//! The whole world in one folder: every part a process of its own, on a free loopback port.
//!
//! A world ends with whoever started it. A process of it that ends before is an error that names it.

mod child;
mod hands;
mod map;
mod runbook;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

pub use hands::Hands;
pub use map::{Map, ShopPlace};
pub use runbook::move_to;

use crate::{Side, random};
use child::{Job, Process};

/// The databases' own folder: what reads one reaches all that lies beside it, and keys lie in the folder around.
const DATABASES: &str = "shops";

/// How a world is made.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Holds the databases, logs and the map; made when it is missing.
    pub folder: PathBuf,
    /// The binary `tidelock-demo`.
    pub program: PathBuf,
    /// How often each job runs.
    pub job_every: Duration,
    /// How long each change is held back at first.
    pub lag: Duration,
    /// Orders a second of the customers; 0 makes a world without any.
    pub orders_per_second: f64,
}

impl WorldOptions {
    /// A usual world: jobs every 1.5 s, no lag, three orders a second.
    pub fn new(folder: impl Into<PathBuf>, program: impl Into<PathBuf>) -> WorldOptions {
        WorldOptions {
            folder: folder.into(),
            program: program.into(),
            job_every: Duration::from_millis(1_500),
            lag: Duration::ZERO,
            orders_per_second: 3.0,
        }
    }
}

/// A running world.
#[derive(Debug)]
pub struct World {
    folder: PathBuf,
    hands: Hands,
    processes: Vec<Process>,
}

impl World {
    /// Starts both shops, the replicator, the switch and the customers, in this order.
    pub async fn start(options: &WorldOptions) -> anyhow::Result<World> {
        let folder = &options.folder;
        for part in ["logs", DATABASES] {
            std::fs::create_dir_all(folder.join(part))
                .with_context(|| format!("make {}", folder.display()))?;
        }
        let token = random::token();
        let start = async |name, arguments: Vec<String>| {
            let job = Job { name, program: options.program.clone(), arguments, token: token.clone() };
            Process::start(folder, &job).await
        };
        let mut processes = Vec::with_capacity(5);
        let source = start("source", shop(options, Side::Source)).await?;
        let target = start("target", shop(options, Side::Target)).await?;
        let both = ["--source", &source.url, "--target", &target.url].map(str::to_owned);
        let mut replicate =
            vec!["replicate".to_owned(), "--lag-ms".to_owned(), options.lag.as_millis().to_string()];
        replicate.extend(both.clone());
        let replicator = start("replicator", replicate).await?;
        let mut turn = vec!["switch".to_owned(), "--to".to_owned(), "source".to_owned()];
        turn.extend(both);
        let switch = start("switch", turn).await?;
        let mut shoppers = None;
        if options.orders_per_second > 0.0 {
            let rate = options.orders_per_second.to_string();
            let buy = ["shoppers", "--via", &switch.url, "--rate", &rate].map(str::to_owned).to_vec();
            let process = start("shoppers", buy).await?;
            shoppers = Some(process.url.clone());
            processes.push(process);
        }
        let place = |side: Side, process: &Process| ShopPlace {
            url: process.url.clone(),
            db: database(folder, side),
            pid: process.pid,
        };
        let map = Map {
            source: place(Side::Source, &source),
            target: place(Side::Target, &target),
            replicator: replicator.url.clone(),
            switch: switch.url.clone(),
            shoppers,
            token: token.clone(),
        };
        map.write(folder)?;
        // The end goes the other way: nobody buys from a shop that is closing.
        processes.extend([switch, replicator, target, source]);
        Ok(World { folder: folder.clone(), hands: Hands::new(map), processes })
    }

    /// Where everything is.
    pub fn map(&self) -> &Map {
        self.hands.map()
    }

    /// The hands on it.
    pub fn hands(&self) -> &Hands {
        &self.hands
    }

    /// An error that names the first process that is gone.
    pub fn intact(&mut self) -> anyhow::Result<()> {
        for process in &mut self.processes {
            anyhow::ensure!(
                process.alive(),
                "{} ended by itself: see {}",
                process.name(),
                self.folder.join("logs").join(format!("{}.log", process.name())).display()
            );
        }
        Ok(())
    }

    /// Ends every process; the databases and logs stay.
    pub async fn stop(self) -> anyhow::Result<()> {
        Map::remove(&self.folder);
        for process in self.processes {
            process.stop().await?;
        }
        Ok(())
    }
}

fn database(folder: &Path, side: Side) -> PathBuf {
    folder.join(DATABASES).join(format!("{side}.db"))
}

fn shop(options: &WorldOptions, side: Side) -> Vec<String> {
    let db = database(&options.folder, side).display().to_string();
    let every = options.job_every.as_millis().to_string();
    ["shop", "--name", side.as_str(), "--db", &db, "--job-every-ms", &every].map(str::to_owned).to_vec()
}
