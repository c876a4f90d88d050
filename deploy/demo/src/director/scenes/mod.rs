//! The scenes, in their order.

mod back;
mod converge;
mod course;
mod cron;
mod decide;
mod hostile;
mod plugin;
mod replay;
mod switch;

use super::interactive;
use super::stage::Stage;

pub(crate) use super::wait::Play;
pub(crate) use replay::replay;

/// Plays all of them, or the first two and then whatever the visitor likes.
pub(crate) async fn play(play: &mut Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    converge::hold(play, stage).await?;
    converge::open(play, stage).await?;
    if play.options.interactive {
        return interactive::stay(play, stage).await;
    }
    let olga = decide::go(play, stage).await?;
    switch::switch(play, stage, &olga).await?;
    cron::forgotten(play, stage).await?;
    plugin::joins(play, stage).await?;
    hostile::contained(play, stage, &olga).await?;
    back::back(play, stage, &olga).await
}
