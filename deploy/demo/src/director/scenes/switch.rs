//! Scene 4: the plan's runbook is walked, behind the gate.

use anyhow::Context as _;
use serde_json::Value;

use super::{Play, decide};
use crate::Side;
use crate::director::command::{Done, Who};
use crate::director::stage::Stage;
use crate::director::{Expected, look};
use crate::shop::Fault;

/// How a command ends that waited for a gate until its limit.
const NOT_OPEN: i32 = 8;

/// The switch, step by step.
pub(crate) async fn switch(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    play.talk.scene(4, "The switch")?;
    play.talk
        .say("The plan's runbook is walked from here: each step runs one of the team's own commands,")?;
    play.talk.say("and the next one waits until fresh evidence proves it. Before the point of no return")?;
    play.talk
        .say("whatever fails is undone, the last first; the fence is read twice before it is believed.")?;
    let pipeline = decide::access(play, stage, "pipeline", "pipeline").await?;
    let limit = play.options.limit_of(Expected::Walked);
    let patience = format!("{}s", limit.as_secs());
    let words = ["cutover", "run", "--yes", "--timeout", &patience];
    let mut done = stage.console.show_within(&pipeline, &words, limit * 2).await?;
    if done.code == NOT_OPEN {
        // A machine that is busy with other things starves its agents, and a GO dies with what it rested on.
        play.talk.say("What the GO rested on broke before the switch, so Olga looks again.")?;
        decide::again(stage, olga, limit).await?;
        done = stage.console.show_within(&pipeline, &words, limit * 2).await?;
    }
    if done.code != 0 {
        play.talk.say(&format!("The pipeline ended with {}.", done.code))?;
    }
    let operator = stage.operator.clone();
    stage.console.show(&operator, &["cutover", "show"]).await?;
    let run = stage.console.read(&operator, &["cutover", "show"]).await;
    play.wait_for(stage, Expected::Walked, |_| walked(&run, &done)).await?;
    play.wait_for(stage, Expected::Switched, |status| {
        if look::phase(status) == "watch" && status["traffic"] == "target" {
            Ok(())
        } else {
            Err(format!("{} (the pipeline: {})", look::summary(status), done.last_words()))
        }
    })
    .await?;
    let traffic = stage.hands().traffic().await.context("ask the switch")?;
    play.talk.say(&format!(
        "The switch itself says: traffic is on the {}.",
        traffic["to"].as_str().unwrap_or("?")
    ))?;
    // Somebody starts this by hand on the old machine, where it always ran.
    stage.hands().break_it(Side::Source, Fault::Cron).await?;
    Ok(())
}

/// The run is completed, each part is done, and writes were shut no longer than the plan allows.
fn walked(run: &anyhow::Result<Value>, done: &Done) -> Result<(), String> {
    let run = run.as_ref().map_err(|trouble| format!("{trouble:#} (the pipeline: {})", done.last_words()))?;
    let parts = run["parts"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(part) = parts.iter().find(|part| part["state"] != "done") {
        return Err(format!("{} is {}: {}", part["name"], part["state"], run["why"]));
    }
    let shut = &run["writes_shut"];
    match (shut["seconds"].as_f64(), shut["limit_seconds"].as_f64()) {
        (Some(shut), Some(limit)) if run["state"] == "completed" && !parts.is_empty() && shut <= limit => {
            Ok(())
        }
        _ => Err(format!("run {}, writes shut: {shut}", run["state"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(state: &str, part: &str, seconds: Value) -> bool {
        let run = json!({ "state": state, "why": "", "parts": [{ "name": "fence", "state": part }],
            "writes_shut": { "seconds": seconds, "limit_seconds": 30.0 } });
        walked(&Ok(run), &Done { code: 0, out: String::new(), err: String::new() }).is_ok()
    }

    #[test]
    fn a_run_counts_when_all_of_it_is_proved_in_time() {
        assert!(seen("completed", "done", json!(4.2)));
        assert!(!seen("undone", "done", json!(4.2)) && !seen("completed", "acted", json!(4.2)));
        assert!(!seen("completed", "done", json!(31.0)) && !seen("completed", "done", Value::Null));
    }
}
