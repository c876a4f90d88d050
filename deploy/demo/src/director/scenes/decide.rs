//! Scene 3: a named person decides.

use anyhow::Context as _;

use super::Play;
use crate::director::Expected;
use crate::director::command::Who;
use crate::director::plan_file::MIGRATION;
use crate::director::stage::Stage;

/// Olga gets her own access, sees what her decision rests on, and gives her GO.
pub(crate) async fn go(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<Who> {
    play.talk.scene(3, "A person decides")?;
    play.talk.say("Ready is not permission. Olga leads the migration; her token is hers alone.")?;
    let olga = access(play, stage, "olga", "person").await?;
    let reason = "both sides level, queue empty, team on call";
    let words = ["decide", "cutover", "--go", "--reason", reason, "--confirm", MIGRATION];
    play.must(stage, &olga, &words, Expected::GoRecorded).await?;
    let operator = stage.operator.clone();
    play.must_open(stage, &operator, "cutover", Expected::CutoverOpens).await?;
    Ok(olga)
}

/// Gives somebody access and keeps the token in a file of theirs.
pub(crate) async fn access(
    play: &Play<'_>,
    stage: &Stage,
    name: &'static str,
    role: &'static str,
) -> anyhow::Result<Who> {
    let words = ["access", "issue", name, "--role", role];
    play.talk.typed(stage.operator.name, &format!("tidelock access issue {name} --role {role} > {name}.token"))?;
    let answer = stage.console.read(&stage.operator, &words).await?;
    let token = answer["token"].as_str().context("tidelock access issue gave no token")?;
    let token_file = stage.put_private(&format!("{name}.token"), token)?;
    Ok(Who { name, token_file })
}
