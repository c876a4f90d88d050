//! The director of `make demo`: starts the world, plays the scenes, and checks itself.
//!
//! A demo that only talks proves nothing. This one has an ordered list of verdicts that must be seen
//! (`Expected`), waits for each with a limit, and ends badly when one is missing, whatever else went
//! well. What a person or a pipeline would do is done with the real command line, in a process of its
//! own, and shown as it was typed.

mod cast;
mod check_list;
mod command;
mod expected;
mod folder;
mod interactive;
mod keep;
mod look;
mod options;
mod plan_file;
mod scenes;
mod stage;
mod talk;
mod wait;

use std::time::Duration;

use anyhow::Context as _;

pub use expected::Expected;
pub use folder::{default_folder, running_in};
pub use keep::keep;
pub use options::{Left, RunOptions};

use crate::lifetime;
use check_list::{CheckList, Missing};
use folder::Folder;
use scenes::Play;
use stage::Stage;
use talk::Talk;

/// How long everything may take to end after the last word.
const CURTAIN: Duration = Duration::from_secs(30);

/// How a demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every expected verdict was seen, in order.
    Seen,
    /// One is missing.
    Missing,
    /// Somebody ended it before.
    Stopped,
}

/// Plays the demo.
///
/// # Errors
/// What kept the demo from being played at all: a missing program, a part that ended by itself.
pub async fn run(options: RunOptions) -> anyhow::Result<Ended> {
    let talk = Talk::new();
    let told = lifetime::until_told(false);
    tokio::pin!(told);
    let folder = Folder::make(&options.folder)?;
    talk.title(&options)?;
    let mut stage = tokio::select! {
        stage = Stage::open(&options, &folder, &talk) => stage?,
        told = &mut told => return told.map(|()| Ended::Stopped),
    };
    let mut play = Play::new(&options, talk.clone());
    let mut ended = tokio::select! {
        ended = scenes::play(&mut play, &mut stage) => Some(ended),
        told = &mut told => told.map(|()| None)?,
    };
    let (console, operator) = (stage.console.clone(), stage.operator.clone());
    tokio::time::timeout(CURTAIN, stage.close())
        .await
        .context("the demo's processes did not end in time")??;
    if matches!(ended, Some(Ok(()))) && !options.interactive {
        ended = tokio::select! {
            ended = scenes::replay(&mut play, &console, &operator) => Some(ended),
            told = &mut told => told.map(|()| None)?,
        };
    }
    match ended {
        None => {
            talk.say("Stopped. Everything that was started is ended.")?;
            // A visitor leaves when they like.
            let left = options.interactive && play.list.complete(options.asked());
            Ok(if left { Ended::Seen } else { Ended::Stopped })
        }
        Some(ended) => verdict(&talk, &options, &play.list, ended),
    }
}

fn verdict(
    talk: &Talk,
    options: &RunOptions,
    list: &CheckList,
    ended: anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    let asked = options.asked();
    talk.list(list, asked)?;
    match ended {
        Ok(()) if list.complete(asked) => {
            talk.say(&format!("✔ all {} expected verdicts were seen, in order.", asked.len()))?;
            Ok(Ended::Seen)
        }
        Ok(()) => {
            talk.complain(
                "✖ the scenes are over and a verdict was not asked for; this is a fault of the demo",
            )?;
            Ok(Ended::Missing)
        }
        Err(error) => match error.downcast_ref::<Missing>() {
            Some(missing) => {
                talk.complain(&format!("✖ {missing}"))?;
                talk.complain(&format!("  what every part said: {}", options.folder.join("logs").display()))?;
                Ok(Ended::Missing)
            }
            None => Err(error),
        },
    }
}
