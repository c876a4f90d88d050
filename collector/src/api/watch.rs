//! Streams: the state first, then each change. A slow watcher skips what is over and gets the latest.

use std::sync::Arc;
use std::time::Duration;

use tidelock_model::Name;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::caller::{Action, Caller};
use super::{Api, errors};
use crate::clock;
use crate::driver::View;

/// How often a watcher's token is looked at again.
const SIGNED_IN: Duration = Duration::from_secs(5);

/// Follows a migration with what `show` makes of it: a message, and what must differ for the next one.
pub(super) fn follow<M, N>(
    api: &Arc<Api>,
    who: Caller,
    name: Name,
    show: impl Fn(&Caller, &View) -> Result<(M, N), Status> + Send + 'static,
) -> Result<ReceiverStream<Result<M, Status>>, Status>
where
    M: Send + 'static,
    N: PartialEq + Send + 'static,
{
    let mut views = api.driver.follow(&name).ok_or_else(|| errors::no_migration(&name))?;
    // One message: while the watcher has not taken it, nothing newer is made.
    let (send, messages) = mpsc::channel(1);
    let api = api.clone();
    tokio::spawn(async move {
        let mut told: Option<N> = None;
        loop {
            let view = views.borrow_and_update().clone();
            let shown = who.may(Action::Look, Some(&name)).and_then(|()| show(&who, &view));
            match shown {
                Ok((message, news)) => {
                    if told.as_ref() != Some(&news) {
                        if send.send(Ok(message)).await.is_err() {
                            return;
                        }
                        told = Some(news);
                    }
                }
                Err(status) => return drop(send.send(Err(status)).await),
            }
            tokio::select! {
                changed = views.changed() => if changed.is_err() {
                    return drop(send.send(Err(errors::unavailable("the collector stops"))).await);
                },
                () = send.closed() => return,
                () = api.stop.cancelled() => return drop(send.send(Err(errors::unavailable("the collector stops"))).await),
                // The state may go out of date without anybody saying so, and a token may be revoked.
                () = tokio::time::sleep(SIGNED_IN) => {}
            }
            if !still_signed_in(&api, &who) {
                return drop(send.send(Err(errors::not_signed_in())).await);
            }
        }
    });
    Ok(ReceiverStream::new(messages))
}

/// The grant behind a stream is still live.
pub(super) fn still_signed_in(api: &Api, who: &Caller) -> bool {
    let now = clock::wall();
    api.access.list().iter().any(|grant| grant.id == who.grant_id() && !grant.revoked && now < grant.expires)
}
