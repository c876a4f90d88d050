//! Scene 5: the job that nobody remembered.

use super::Play;
use super::converge::probe;
use crate::director::stage::Stage;
use crate::director::{Expected, Left, look};

const CHECK: &str = "old-side-quiet";
const JOB: &str = "invoice-nightly";

/// The forgotten job is named with its rows and its writer; stopped, its hold goes.
pub(crate) async fn forgotten(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    play.talk.scene(5, "All green, and something still writes to the old side")?;
    probe(play, stage).await?;
    play.wait_for(stage, Expected::JobNamed, |status| match look::hold_of(status, CHECK) {
        Some(hold) if names_the_job(look::reason(hold)) => Ok(()),
        Some(_) | None => Err(look::summary(status)),
    })
    .await?;
    let operator = stage.operator.clone();
    stage.console.show(&operator, &["why", CHECK]).await?;
    let refused = stage.console.show(&operator, &["gate", "check", "committed"]).await?;
    anyhow::ensure!(refused.code != 0, "gate committed is open although {CHECK} holds it");
    play.talk
        .say("Nobody can declare this migration complete. Somebody looks at the old machine's crontab.")?;
    if play.options.left == Some(Left::Cron) {
        play.talk.say("On purpose: the job is left running.")?;
    } else {
        let folder = stage.folder()?.to_owned();
        let words = ["demo", "fix", "cron", "--side", "source", "--folder", &folder];
        stage.console.show(&operator, &words).await?.good("fix cron")?;
    }
    play.wait_for(stage, Expected::JobHoldGoes, |status| {
        if look::hold_of(status, CHECK).is_none() && look::proved_on(status, CHECK, &["source"]) {
            Ok(())
        } else {
            Err(look::summary(status))
        }
    })
    .await?;
    Ok(())
}

/// Job, a count and the writer.
fn names_the_job(reason: &str) -> bool {
    reason.contains(JOB) && reason.contains("shop-source") && look::names_a_count(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_without_the_job_is_not_enough() {
        assert!(names_the_job("job invoice-nightly ran 2 times by shop-source"));
        assert!(!names_the_job("did not run: first look, nothing to compare with"));
        assert!(!names_the_job("invoice: 3 rows by job:stock-sync"));
    }
}
