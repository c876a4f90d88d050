//! The last scene: nobody needs to believe the collector.

use tokio::time::Instant;

use super::Play;
use crate::director::Expected;
use crate::director::check_list::Missing;
use crate::director::command::{Console, Who};

/// With everything ended, a new process computes each decision again from the journal.
pub(crate) async fn replay(play: &mut Play<'_>, console: &Console, who: &Who) -> anyhow::Result<()> {
    play.talk.scene(9, "Every answer can be computed again")?;
    play.talk.say("Collector and agents are ended. A new process reads the journal and nothing else:")?;
    let folder = who.token_file.parent().unwrap_or(&who.token_file).to_string_lossy().into_owned();
    let verdict = Expected::Replayed;
    let (started, limit) = (Instant::now(), play.options.limit_of(verdict));
    for word in ["verify", "replay"] {
        let done = console.show_within(who, &["journal", word, &folder], limit).await?;
        if done.code != 0 {
            let saw = format!("exit {}: {}", done.code, done.last_words());
            return Err(Missing { expected: verdict, saw, after: started.elapsed() }.into());
        }
    }
    play.see(verdict).await
}
