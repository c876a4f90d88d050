//! Scene 6: a check of the team's own joins in the middle of the night.

use anyhow::Context as _;

use super::Play;
use crate::director::command::{Done, Who};
use crate::director::stage::{BUILD_LIMIT, Plugin, Stage, TEAM_KEY, path_text};
use crate::director::{Expected, look};

const CHECK: &str = "stock";

/// Built, pushed, named in the plan: it counts on both sides, and no agent was started anew.
pub(crate) async fn joins(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    play.talk.scene(6, "A check of the team's own, twenty lines, in the middle of the night")?;
    let agents = stage.agent_pids();
    let operator = stage.operator.clone();
    let pin = push(stage, &operator, Plugin::Stock).await?;
    stage.plan.add(&scenario(&pin))?;
    stage.apply("the stock is watched too").await?;
    let status = play
        .wait_for(stage, Expected::PluginJoins, |status| {
            if look::proved_on(status, CHECK, &["source", "target"]) {
                Ok(())
            } else {
                Err(saw(status, CHECK))
            }
        })
        .await?;
    anyhow::ensure!(agents == stage.agent_pids(), "an agent was started anew");
    anyhow::ensure!(
        status["agents"]
            .as_array()
            .is_some_and(|agents| agents.iter().all(|agent| agent["state"] == "online")),
        "not every agent is online: {}",
        status["agents"]
    );
    stage.console.show(&operator, &["check", "ls"]).await?;
    play.talk.say("The same four agent processes as at the beginning; none was restarted.")
}

/// Builds and pushes a plugin; gives back the line that pins it.
pub(crate) async fn push(stage: &Stage, who: &Who, plugin: Plugin) -> anyhow::Result<String> {
    let (source, file) = (plugin.source(), stage.at(plugin.file()));
    let words = ["plugin", "build", path_text(&source)?, "--out", path_text(&file)?];
    // It is compiled already, but somebody else may build at this moment, and they wait for each other.
    stage.console.show_within(who, &words, BUILD_LIMIT).await?.good("tidelock plugin build")?;
    let key = stage.at(TEAM_KEY);
    let words = ["plugin", "sign", path_text(&file)?, "--key", path_text(&key)?];
    stage.console.show(who, &words).await?.good("tidelock plugin sign")?;
    let pushed = stage.console.show(who, &["plugin", "push", path_text(&file)?]).await?;
    let Done { out, .. } = pushed.good("tidelock plugin push")?;
    let pin = out.lines().find(|line| line.starts_with("plugin: sha256:"));
    pin.map(str::to_owned).with_context(|| format!("tidelock plugin push gave no pin: {out}"))
}

/// What is known of a check, for the case that it is not what was expected.
pub(crate) fn saw(status: &serde_json::Value, check: &str) -> String {
    match look::scenario(status, check) {
        Some(scenario) => format!("{check}: {}", scenario["sides"]),
        None => format!("no scenario {check}; {}", look::summary(status)),
    }
}

fn scenario(pin: &str) -> String {
    format!(
        "  {CHECK}:
    kind: flow
    title: Nothing is sold that is not there
    if_broken: Customers buy what cannot be delivered
    level: important
    {pin}
    run_on: both
    phases: [watch]
    with: {{ target: shop }}
    claims: {{ passes: {{ in_a_row: 2 }} }}
"
    )
}
