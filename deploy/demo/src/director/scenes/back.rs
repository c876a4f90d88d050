//! Scene 8: the new side breaks; going back is recommended, decided, carried out and proved.

use std::time::Duration;

use serde_json::Value;

use super::Play;
use super::converge::probe;
use super::decide::recorded;
use crate::Side;
use crate::director::check_list::Missing;
use crate::director::command::Who;
use crate::director::plan_file::MIGRATION;
use crate::director::stage::Stage;
use crate::director::wait::Saw;
use crate::director::{Expected, Left, look};
use crate::shop::Fault;

const CHECK: &str = "checkout";

/// The checkout breaks, the detector calls, a person decides, the team goes back, the old side is proved
/// to work.
pub(crate) async fn back(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    play.talk.scene(8, "The new shop takes orders and keeps none")?;
    let operator = stage.operator.clone();
    let folder = stage.folder()?.to_owned();
    calm(&stage.status().await?)?;
    let words = ["demo", "break", "checkout", "--side", "target", "--folder", &folder];
    stage.console.show(&operator, &words).await?.good("break checkout")?;
    if play.options.left == Some(Left::Checkout) {
        play.talk.say("On purpose: the old shop's checkout breaks too. Going back would not help.")?;
        stage.hands().break_it(Side::Source, Fault::Checkout).await?;
    }
    play.wait_for(stage, Expected::CheckoutHolds, |status| match look::hold_on(status, CHECK, "target") {
        Some(hold) if hold["state"] == "refuted" => Ok(()),
        Some(_) | None => Err(look::summary(status)),
    })
    .await?;
    play.talk
        .say("One bad moment is no reason to go back. The watch over all checks calls when it is sure:")?;
    // Whose fault it is, is settled when the watch calls.
    let recommended = |status: &Value| match look::back_recommended(status, CHECK) {
        true => Ok(()),
        false => Err(Saw { what: look::summary(status), stays: look::alarm(status).is_some() }),
    };
    play.wait_while_it_may(stage, Expected::BackRecommended, recommended).await?;
    stage.console.show(&operator, &["status"]).await?;
    stage.console.show(&operator, &["why", CHECK]).await?;
    probe(play, stage).await?;
    stage.console.show(&operator, &["rollback"]).await?;
    decided(play, stage, olga).await?;
    play.talk.say("The way back has a runbook of its own:")?;
    let limit = play.options.limit_of(Expected::RolledBack);
    let done = stage.console.show_within(&operator, &["rollback", "run", "--yes"], limit).await?;
    done.good("tidelock rollback run")?;
    stage.console.show(&operator, &["rollback", "show"]).await?;
    play.wait_for(stage, Expected::RolledBack, |status| {
        if look::phase(status) == "rolled-back" && status["traffic"] == "source" {
            Ok(())
        } else {
            Err(look::summary(status))
        }
    })
    .await?;
    stage.console.show(&operator, &["status"]).await?;
    stage.console.show(&operator, &["events", "--since", "10m"]).await?;
    Ok(())
}

/// Nothing has called so far, or the call below would prove nothing.
fn calm(status: &Value) -> anyhow::Result<()> {
    match look::alarm(status) {
        None => Ok(()),
        Some(hold) => Err(Missing {
            expected: Expected::BackRecommended,
            saw: format!("an alarm before anything broke: {}", look::reason(hold)),
            after: Duration::ZERO,
        }
        .into()),
    }
}

async fn decided(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    let reason = "orders are lost on the new side";
    let words = ["decide", "rollback", "--go", "--reason", reason, "--confirm", MIGRATION];
    play.talk.say("Tidelock never goes back by itself. Olga decides:")?;
    stage.console.show(olga, &words).await?;
    recorded(play, stage, "rollback", Expected::RollbackDecided).await
}
