//! Everything that runs: the world, a collector, two agents on each side.
//!
//! It is set up the way an operator sets up the real thing: keys by `pki init`, agents by a token and
//! `join`, secrets in files that only the agents read.

mod agents;
mod collector;
mod plugins;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::RunOptions;
use super::cast::Actor;
use super::command::{Console, Who};
use super::folder::Folder;
use super::plan_file::PlanFile;
use super::talk::Talk;
use crate::Side;
use crate::shop::Fault;
use crate::world::{Hands, World, WorldOptions};
use std::time::Duration;

pub(crate) use agents::TEAM_KEY;
pub(crate) use plugins::{BUILD_LIMIT, Plugin, prepare};

/// What the replicator holds each change back for, before it is fixed.
const LAG: Duration = Duration::from_secs(60);

/// The running stage.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) console: Console,
    pub(crate) operator: Who,
    pub(crate) plan: PlanFile,
    folder: Folder,
    world: World,
    collector: Actor,
    agents: Vec<Actor>,
}

impl Stage {
    /// Starts all of it; both faults of scene 1 are there from the beginning.
    pub(crate) async fn open(options: &RunOptions, folder: &Folder, talk: &Talk) -> anyhow::Result<Stage> {
        let bin = programs(&options.program)?;
        talk.scene(0, "The stage")?;
        if !options.interactive {
            talk.say("Two plugins of the team are compiled first (a minute the first time, then at once).")?;
            prepare(&bin, folder).await?;
        }
        talk.say("The world: an old shop with the traffic, a new shop, a replicator, a switch, customers.")?;
        let world = WorldOptions { lag: LAG, ..WorldOptions::new(folder.path(), &options.program) };
        let world = World::start(&world).await?;
        let furnished = furnish(options, folder, talk, &world, bin).await;
        let (console, operator, plan, collector, agents) = match furnished {
            Ok(parts) => parts,
            Err(trouble) => {
                // Why it failed matters more than how the rest ended.
                let _ = world.stop().await;
                return Err(trouble);
            }
        };
        Ok(Stage { console, operator, plan, folder: folder.clone(), world, collector, agents })
    }

    /// Applies the plan as it lies there, and shows it.
    pub(crate) async fn apply(&self, reason: &str) -> anyhow::Result<()> {
        apply(&self.console, &self.operator, &self.plan, reason).await
    }

    /// Applies a plan that makes a gate easier to open: one person proposes it, and another confirms it.
    pub(crate) async fn apply_looser(&self, reason: &str, second: &Who) -> anyhow::Result<()> {
        let file = path_text(self.plan.path())?;
        let words = ["plan", "apply", file, "--yes", "--reason", reason];
        let done = self.console.show(&self.operator, &words).await?;
        anyhow::ensure!(
            done.code == 3,
            "one person's looser plan ended with {}: {}{}",
            done.code,
            done.out,
            done.err
        );
        let told = done.out.split_once("proposed as ").and_then(|(_, rest)| rest.split_once(','));
        let (name, _) = told.context("one person alone made a gate easier to open")?;
        let words = ["plan", "apply", file, "--confirm", name, "--reason", "I have looked at it"];
        self.console.show(second, &words).await?.good("tidelock plan apply --confirm")?;
        Ok(())
    }

    /// The status as a program reads it.
    pub(crate) async fn status(&self) -> anyhow::Result<Value> {
        self.console.read(&self.operator, &["status"]).await
    }

    /// An error that names what has ended by itself.
    pub(crate) fn intact(&mut self) -> anyhow::Result<()> {
        self.world.intact()?;
        self.collector.intact()?;
        self.agents.iter_mut().try_for_each(Actor::intact)
    }

    /// Where the demo lies, as an argument.
    pub(crate) fn folder(&self) -> anyhow::Result<&str> {
        path_text(self.folder.path())
    }

    /// A file in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.at(name)
    }

    /// Writes a file that only its owner reads.
    pub(crate) fn put_private(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        self.folder.put_private(name, text)
    }

    /// The hands on the world.
    pub(crate) fn hands(&self) -> &Hands {
        self.world.hands()
    }

    /// The processes of the agents, to show that none was started anew.
    pub(crate) fn agent_pids(&self) -> Vec<Option<u32>> {
        self.agents.iter().map(Actor::pid).collect()
    }

    /// Ends one agent for good.
    pub(crate) async fn lose_agent(&mut self) -> anyhow::Result<String> {
        anyhow::ensure!(!self.agents.is_empty(), "there is no agent to stop");
        let agent = self.agents.remove(0);
        let name = agent.name.clone();
        agent.stop().await?;
        Ok(name)
    }

    /// Ends everything, those first who still have something to hand over.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let mut ended = Ok(());
        let agents: Vec<_> = self.agents.into_iter().map(|agent| tokio::spawn(agent.stop())).collect();
        for agent in agents {
            ended = ended.and(agent.await.context("end an agent")?);
        }
        ended = ended.and(self.collector.stop().await);
        ended.and(self.world.stop().await)
    }
}

/// Everything of Tidelock's own, around a world that runs.
async fn furnish(
    options: &RunOptions,
    folder: &Folder,
    talk: &Talk,
    world: &World,
    bin: PathBuf,
) -> anyhow::Result<(Console, Who, PlanFile, Actor, Vec<Actor>)> {
    world.hands().break_it(Side::Source, Fault::Queue).await?;
    let plan = PlanFile::make(folder, world.map(), options.without.as_deref())?;
    talk.say("A collector with keys of its own; access only with a token:")?;
    let (console, operator, collector) = collector::start(options, folder, talk, bin).await?;
    apply(&console, &operator, &plan, "the first plan").await?;
    talk.say("Two agents on each side. Each makes its own key and joins with a token:")?;
    let agents = agents::start(options, folder, &console, &operator).await?;
    Ok((console, operator, plan, collector, agents))
}

async fn apply(console: &Console, operator: &Who, plan: &PlanFile, reason: &str) -> anyhow::Result<()> {
    let words = ["plan", "apply", path_text(plan.path())?, "--yes", "--reason", reason];
    console.show(operator, &words).await?.good("tidelock plan apply")?;
    Ok(())
}

/// The folder of this release's programs; all of them must be there.
fn programs(program: &Path) -> anyhow::Result<PathBuf> {
    let bin = program.parent().context("this program lies in no folder")?;
    for name in ["tidelock", "tidelock-agent", "tidelock-collector"] {
        anyhow::ensure!(
            bin.join(name).is_file(),
            "{name} does not lie beside tidelock-demo in {}: run `make build`",
            bin.display()
        );
    }
    Ok(bin.to_path_buf())
}

/// A path as an argument.
pub(crate) fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is no text", path.display()))
}
