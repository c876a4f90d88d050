//! Scene 7: a plugin that never comes back.

use serde_json::Value;

use super::Play;
use super::plugin::{push, saw};
use crate::director::command::Who;
use crate::director::stage::{Plugin, Stage};
use crate::director::{Expected, look};

const CHECK: &str = "greedy";
/// What may stop a plugin that takes more than it is given.
const CAUSES: [&str; 3] = ["cpu", "memory", "timeout"];

/// It is stopped and named; everybody else goes on; then it is taken out.
pub(crate) async fn contained(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    play.talk.scene(7, "A hostile one")?;
    play.talk.say("This plugin loops for ever. Its sandbox gives it so much time and no more.")?;
    let operator = stage.operator.clone();
    let agents = stage.agent_pids();
    let others = others(&stage.status().await?);
    let pin = push(stage, &operator, Plugin::Hostile).await?;
    stage.plan.add(&scenario(&pin))?;
    stage.apply("see what a bad plugin can do").await?;
    play.wait_for(stage, Expected::HostileContained, |status| {
        let reason = look::hold_of(status, CHECK).map(look::reason).unwrap_or_default();
        let named = CAUSES.iter().any(|cause| reason.contains(&format!("did not run: {cause}")));
        let disturbed = others.iter().find(|name| !undisturbed(status, name));
        match (named, disturbed) {
            (true, None) => Ok(()),
            (true, Some(name)) => Err(format!("disturbed: {}", saw(status, name))),
            (false, _) => Err(saw(status, CHECK)),
        }
    })
    .await?;
    stage.console.show(&operator, &["why", CHECK]).await?;
    stage.console.show(&operator, &["check", "ls"]).await?;
    anyhow::ensure!(agents == stage.agent_pids(), "an agent was started anew");
    play.talk.say(
        "No agent fell, and every other check goes on as before. Out with it. A plan with one check less",
    )?;
    play.talk.say("makes a gate easier to open, so a second person must look:")?;
    stage.plan.take_out(CHECK)?;
    stage.apply_looser("the bad plugin goes", olga).await?;
    play.wait_for(stage, Expected::HostileGoes, |status| {
        if look::scenario(status, CHECK).is_none() && look::hold_of(status, CHECK).is_none() {
            Ok(())
        } else {
            Err(saw(status, CHECK))
        }
    })
    .await?;
    Ok(())
}

/// The scenarios that run now: each must be proved while the hostile one is stopped.
fn others(status: &Value) -> Vec<String> {
    let scenarios = status["scenarios"].as_array().map_or(&[][..], Vec::as_slice);
    let active = scenarios.iter().filter(|scenario| scenario["active"] == true);
    active.filter_map(|scenario| scenario["name"].as_str().map(str::to_owned)).collect()
}

fn undisturbed(status: &Value, name: &str) -> bool {
    look::scenario(status, name).is_some_and(|scenario| scenario["state"] == "proved")
}

fn scenario(pin: &str) -> String {
    format!(
        "  {CHECK}:
    kind: flow
    title: A plugin that takes what it can get
    if_broken: Nothing; it is here to be stopped
    level: minor
    {pin}
    run_on: target
    phases: [watch]
    every: 4s
    timeout: 3s
    with: {{ target: shop, how: loop }}
"
    )
}
