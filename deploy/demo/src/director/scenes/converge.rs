//! Scenes 1 and 2: alive is not converged.

use super::{Play, course};
use crate::Side;
use crate::director::stage::Stage;
use crate::director::{Expected, Left, look};

/// Scene 1: the orders lag and the queue is full, and a probe sees nothing of it.
pub(crate) async fn hold(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    play.talk.scene(1, "Both shops answer. Are they level?")?;
    play.talk.say(
        "Customers buy. Orders reach the new shop a minute late, and nobody works off the order queue.",
    )?;
    play.wait_for(stage, Expected::LagHolds, |status| match look::hold_of(status, "orders-replicated") {
        Some(hold) if hold["state"] == "refuted" && look::names_a_count(look::reason(hold)) => Ok(()),
        Some(_) | None => Err(look::summary(status)),
    })
    .await?;
    play.wait_for(stage, Expected::QueueHolds, |status| match look::hold_of(status, "order-queue") {
        Some(hold) if hold["state"] == "refuted" && look::remaining(hold) > 0 => Ok(()),
        Some(_) | None => Err(look::summary(status)),
    })
    .await?;
    let operator = stage.operator.clone();
    stage.console.show(&operator, &["status"]).await?;
    stage.console.show(&operator, &["why", "order-queue"]).await?;
    probe(play, stage).await?;
    play.see(Expected::ProbeIsGreen).await
}

/// What a naive probe says beside all of it; it must be green, or the demo shows nothing.
pub(crate) async fn probe(play: &Play<'_>, stage: &Stage) -> anyhow::Result<()> {
    for side in Side::BOTH {
        anyhow::ensure!(stage.hands().healthz(side).await, "the naive probe of the {side} is not green");
    }
    play.talk.say("A naive probe meanwhile: GET /healthz → source 200, target 200. All green.")
}

/// Scene 2: both are fixed, and the evidence opens the gate by itself.
pub(crate) async fn open(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    play.talk.scene(2, "The causes are fixed")?;
    let operator = stage.operator.clone();
    let folder = stage.folder()?.to_owned();
    if play.options.stop_agent {
        let name = stage.lose_agent().await?;
        play.talk.say(&format!("On purpose: the agent {name} is stopped."))?;
    }
    stage.console.show(&operator, &["demo", "fix", "lag", "--folder", &folder]).await?.good("fix lag")?;
    if play.options.left == Some(Left::Queue) {
        play.talk.say("On purpose: the queue is left as it is.")?;
    } else {
        let words = ["demo", "fix", "queue", "--side", "source", "--folder", &folder];
        stage.console.show(&operator, &words).await?.good("fix queue")?;
    }
    play.talk
        .say("Nobody presses anything now. That the login is no worse is not believed, it is proved:")?;
    course::proved(play, stage, "login", Expected::LoginProved).await?;
    stage.console.show(&operator, &["why", "login"]).await?;
    stage.console.show(&operator, &["evidence", "show", "login"]).await?;
    play.talk.say("`ready` opens on evidence from both sides, held for 4 s.")?;
    play.must_open(stage, &operator, "ready", Expected::ReadyOpens).await?;
    Ok(())
}
