//! Scene 4: a pipeline carries the switch out, behind the gate.

use anyhow::Context as _;

use super::{Play, decide};
use crate::Side;
use crate::director::stage::{Stage, path_text};
use crate::director::{Expected, look};
use crate::shop::Fault;

/// The switch, by one line of a pipeline. One job on the old side is not on anybody's list.
pub(crate) async fn switch(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    play.talk.scene(4, "The switch")?;
    play.talk.say("A pipeline waits for the gate, takes its token once, and runs the team's own steps:")?;
    play.talk
        .say("shut writes, let the copy catch up, turn it round, move traffic and jobs, open writes.")?;
    let pipeline = decide::access(play, stage, "pipeline", "pipeline").await?;
    // Somebody once started this by hand on the old machine.
    stage.hands().break_it(Side::Source, Fault::Cron).await?;
    let demo = stage.console.program("tidelock-demo");
    let folder = stage.folder()?.to_owned();
    let limit = play.options.limit_of(Expected::Switched);
    let patience = format!("{}s", limit.as_secs());
    let words = [
        &["gate", "exec", "cutover", "--timeout", &patience, "--"][..],
        &[path_text(&demo)?, "do", "--folder", &folder, "over"][..],
    ]
    .concat();
    let done = stage.console.show_within(&pipeline, &words, limit * 2).await?;
    if done.code != 0 {
        play.talk.say(&format!("The pipeline ended with {}.", done.code))?;
    }
    play.wait_for(stage, Expected::Switched, |status| {
        if look::phase(status) == "watch" && status["traffic"] == "target" {
            Ok(())
        } else {
            Err(format!("{} (the pipeline: {})", look::summary(status), done.last_words()))
        }
    })
    .await?;
    let traffic = stage.hands().traffic().await.context("ask the switch")?;
    play.talk
        .say(&format!("The switch itself says: traffic is on the {}.", traffic["to"].as_str().unwrap_or("?")))
}
