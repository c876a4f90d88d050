//! The run as the collector sees it, followed for as long as it is walked. A collector that restarts
//! is waited for; the lease says for how long.

use std::time::Duration;

use tidelock_proto::{json, v1};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_stream::StreamExt as _;
use tonic::Status;

use crate::client::{Client, passes};

/// How soon a stream that ended is asked for again.
const AGAIN: Duration = Duration::from_millis(250);

/// What was heard last.
#[derive(Debug, Clone, Default)]
pub(super) struct News {
    pub(super) run: Option<v1::Run>,
    /// The collector does not answer at the moment.
    pub(super) away: bool,
    /// Following is refused; nothing more will come.
    pub(super) refused: Option<Status>,
}

/// The task that follows the run.
pub(super) struct Feed {
    news: watch::Receiver<News>,
    task: JoinHandle<()>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    pub(super) fn follow(client: &Client, migration: &str) -> Feed {
        let (tell, news) = watch::channel(News::default());
        let (client, migration) = (client.clone(), migration.to_owned());
        let task = tokio::spawn(async move {
            loop {
                let request = v1::WatchRunRequest { migration: migration.clone() };
                let ended = match client.runs().watch_run(request).await {
                    Ok(answer) => listen(answer.into_inner(), &tell).await,
                    Err(status) => status,
                };
                let over = !passes(&ended);
                tell.send_modify(|news| {
                    news.away = true;
                    news.refused = over.then_some(ended);
                });
                if over {
                    return;
                }
                sleep(AGAIN).await;
            }
        });
        Feed { news, task }
    }

    /// Waits for news, and takes them.
    pub(super) async fn news(&mut self) -> News {
        if self.news.changed().await.is_err() {
            // The last news said why the task ended; there will be no more.
            std::future::pending::<()>().await;
        }
        self.news.borrow_and_update().clone()
    }
}

async fn listen(mut changes: tonic::Streaming<v1::WatchRunResponse>, tell: &watch::Sender<News>) -> Status {
    while let Some(change) = changes.next().await {
        match change {
            Ok(change) => tell.send_modify(|news| {
                news.run = change.run.or(news.run.take());
                news.away = false;
            }),
            Err(status) => return status,
        }
    }
    Status::unavailable("the collector ended the answer")
}

/// The newer of two pictures: answers and changes come by two ways, and may overtake each other.
pub(super) fn newer(known: &v1::Run, heard: &v1::Run) -> bool {
    let when = |run: &v1::Run| (run.run, json::unix_ms(run.as_of_time.as_ref()));
    when(heard) >= when(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_picture_never_takes_the_place_of_a_newer_one() {
        let run = |run, at| v1::Run { run, as_of_time: Some(json::wire_time(at)), ..v1::Run::default() };
        assert!(newer(&run(3, 100), &run(3, 101)) && newer(&run(3, 100), &run(4, 50)));
        assert!(!newer(&run(3, 100), &run(3, 99)) && !newer(&run(3, 100), &run(2, 101)));
    }
}
