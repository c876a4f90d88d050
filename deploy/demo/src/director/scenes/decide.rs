//! Scene 3: a named person decides.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Play;
use crate::director::command::Who;
use crate::director::plan_file::MIGRATION;
use crate::director::stage::Stage;
use crate::director::wait::PAUSE;
use crate::director::{Expected, look};

/// What Olga types.
const GO: [&str; 7] = [
    "decide",
    "cutover",
    "--go",
    "--reason",
    "both sides level, queue empty, team on call",
    "--confirm",
    MIGRATION,
];

/// Olga gets her own access, sees what her decision rests on, and gives her GO.
pub(crate) async fn go(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<Who> {
    play.talk.scene(3, "A person decides")?;
    play.talk.say("Ready is not permission. Olga leads the migration; her token is hers alone.")?;
    let olga = access(play, stage, "olga", "person").await?;
    stage.console.show(&olga, &GO).await?;
    recorded(play, stage, "cutover", Expected::GoRecorded).await?;
    let operator = stage.operator.clone();
    play.must_open(stage, &operator, "cutover", Expected::CutoverOpens).await?;
    Ok(olga)
}

/// Olga gives her GO once more, as soon as she is asked; where it stands already she is not.
pub(crate) async fn again(stage: &Stage, olga: &Who, limit: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + limit;
    while stage.console.quiet(olga, &GO).await?.code != 0 && Instant::now() < until {
        sleep(PAUSE).await;
    }
    Ok(())
}

/// The decision stands in the record under Olga's name.
pub(crate) async fn recorded(
    play: &mut Play<'_>,
    stage: &mut Stage,
    decision: &str,
    verdict: Expected,
) -> anyhow::Result<()> {
    let go = format!("GO for {decision}");
    play.wait_for(stage, verdict, |status| {
        let events = status["timeline"].as_array().map_or(&[][..], Vec::as_slice);
        let decided = |event: &&Value| event["text"].as_str().is_some_and(|text| text.starts_with(&go));
        match events.iter().rfind(decided) {
            Some(event) if event["by"] == "olga" => Ok(()),
            Some(event) => Err(format!("{go} by {}", event["by"])),
            None => Err(look::summary(status)),
        }
    })
    .await?;
    Ok(())
}

/// Gives somebody access and keeps the token in a file of theirs.
pub(crate) async fn access(
    play: &Play<'_>,
    stage: &Stage,
    name: &'static str,
    role: &'static str,
) -> anyhow::Result<Who> {
    let words = ["access", "issue", name, "--role", role];
    play.talk
        .typed(stage.operator.name, &format!("tidelock access issue {name} --role {role} > {name}.token"))?;
    let answer = stage.console.read(&stage.operator, &words).await?;
    let token = answer["token"].as_str().context("tidelock access issue gave no token")?;
    let token_file = stage.put_private(&format!("{name}.token"), token)?;
    Ok(Who { name, token_file })
}
