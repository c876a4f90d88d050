//! Scene 8: the new side breaks, and going back is decided, carried out and proved.

use super::Play;
use super::converge::probe;
use super::decide::recorded;
use crate::Side;
use crate::director::command::Who;
use crate::director::plan_file::MIGRATION;
use crate::director::stage::Stage;
use crate::director::{Expected, Left, look};
use crate::shop::Fault;

/// The checkout breaks, a person decides, the team goes back, the old side is proved to work.
pub(crate) async fn back(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    play.talk.scene(8, "The new shop takes orders and keeps none")?;
    let operator = stage.operator.clone();
    let folder = stage.folder()?.to_owned();
    let words = ["demo", "break", "checkout", "--side", "target", "--folder", &folder];
    stage.console.show(&operator, &words).await?.good("break checkout")?;
    play.wait_for(stage, Expected::CheckoutHolds, |status| match look::hold_of(status, "checkout-live") {
        Some(hold) if hold["state"] == "refuted" && hold["side"] == "target" => Ok(()),
        Some(_) | None => Err(look::summary(status)),
    })
    .await?;
    stage.console.show(&operator, &["why", "checkout-live"]).await?;
    probe(play, stage).await?;
    stage.console.show(&operator, &["rollback"]).await?;
    decided(play, stage, olga).await?;
    if play.options.left == Some(Left::Checkout) {
        play.talk.say("On purpose: the old shop's checkout is broken too.")?;
        stage.hands().break_it(Side::Source, Fault::Checkout).await?;
    }
    play.talk.say("The team carries it out, the same steps the other way round, and says so:")?;
    let line = format!("tidelock-demo do --folder {folder} back");
    play.talk.typed(operator.name, &line)?;
    let limit = play.options.limit_of(Expected::RolledBack);
    let words = ["do", "--folder", &folder, "back"];
    let done = stage.console.call("tidelock-demo", None, &words, limit, Some(&play.talk)).await?;
    done.good("tidelock-demo do back")?;
    let words = ["switched", "--to", "source", "--reason", "traffic, jobs and the copy are back"];
    stage.console.show(&operator, &words).await?.good("tidelock switched")?;
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

async fn decided(play: &mut Play<'_>, stage: &mut Stage, olga: &Who) -> anyhow::Result<()> {
    let reason = "orders are lost on the new side";
    let words = ["decide", "rollback", "--go", "--reason", reason, "--confirm", MIGRATION];
    play.talk.say("Tidelock never goes back by itself. Olga decides:")?;
    stage.console.show(olga, &words).await?;
    recorded(play, stage, "rollback", Expected::RollbackDecided).await
}
