//! After scene 2 the stage is the visitor's.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::command::line;
use super::scenes::Play;
use super::stage::Stage;

const LOOK: Duration = Duration::from_secs(1);

/// Says what can be tried, and stays until the time is over; Ctrl-C ends it before.
pub(crate) async fn stay(play: &Play<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    invite(play, stage)?;
    let until = play.options.stay.map(|stay| Instant::now() + stay);
    while until.is_none_or(|until| Instant::now() < until) {
        stage.intact()?;
        sleep(LOOK).await;
    }
    play.talk.say("The time is over. Everything that was started is ended.")
}

fn invite(play: &Play<'_>, stage: &Stage) -> anyhow::Result<()> {
    let talk = &play.talk;
    let folder = stage.folder()?;
    talk.scene(0, "It is yours now. In another terminal:")?;
    for (key, value) in &stage.console.environment {
        talk.line(&format!("    export {key}={}", line(&[&value.to_string_lossy()])))?;
    }
    let token = stage.operator.token_file.to_string_lossy();
    talk.line(&format!("    export TIDELOCK_TOKEN_FILE={}", line(&[&token])))?;
    let bin = stage.console.bin.to_string_lossy();
    talk.line(&format!("    export PATH={}:$PATH", line(&[&bin])))?;
    talk.line("")?;
    let at = if folder == super::default_folder().to_string_lossy() { "" } else { " --folder " };
    let at = if at.is_empty() { String::new() } else { format!("{at}{}", line(&[folder])) };
    for words in [
        "tidelock status".to_owned(),
        "tidelock gate wait ready".to_owned(),
        format!("tidelock demo break session --side target{at}"),
        "tidelock why login".to_owned(),
        format!("tidelock demo fix session --side target{at}"),
        format!("tidelock demo break down --side source{at}"),
        "tidelock events --follow".to_owned(),
        "tidelock cutover run --rehearse".to_owned(),
        "(umask 077; tidelock access issue olga > olga.token)".to_owned(),
        "tidelock decide cutover --go --token-file olga.token".to_owned(),
        "tidelock cutover run --token-file olga.token".to_owned(),
        "tidelock decide rollback --go --token-file olga.token".to_owned(),
        "tidelock rollback run --token-file olga.token".to_owned(),
    ] {
        talk.line(&format!("    {words}"))?;
    }
    talk.line("")?;
    let faults: Vec<_> = crate::shop::Fault::ALL.into_iter().map(crate::shop::Fault::as_str).collect();
    talk.say(&format!("What can be broken: {}, lag, feed. Ctrl-C ends it all.", faults.join(", ")))
}
