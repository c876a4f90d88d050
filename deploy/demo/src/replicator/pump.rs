//! One stream of changes in one direction.
//!
//! The receiving side keeps the position; the pump only remembers it between calls, and asks again
//! after any error, so that a restart on either end neither loses a change nor applies one twice.

use crate::Side;
use crate::client::{Call, Http};
use crate::clock::now_ms;
use crate::shop::feed::{Apply, BATCH, Batch, Position};

/// What one round found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind {
    /// Changes that the other side does not have yet.
    pub(crate) pending: i64,
    /// When the oldest of them was written.
    pub(crate) oldest_at_ms: Option<i64>,
    /// Whether more can be brought over at once.
    pub(crate) more: bool,
}

#[derive(Debug)]
pub(crate) struct Pump {
    from: Side,
    stream: &'static str,
    from_url: String,
    to_url: String,
    token: String,
    http: Http,
    position: Option<i64>,
    told_at_ms: i64,
}

/// Without anything to bring over, the receiver is told so this often.
const TELL_EVERY_MS: i64 = 500;

impl Pump {
    pub(crate) fn new(from: (Side, &str), to_url: &str, stream: &'static str, token: &str) -> Pump {
        Pump {
            from: from.0,
            stream,
            from_url: from.1.to_owned(),
            to_url: to_url.to_owned(),
            token: token.to_owned(),
            http: Http::new(),
            position: None,
            told_at_ms: 0,
        }
    }

    /// Brings over what was written more than `lag_ms` ago; `None` brings nothing and still reports.
    pub(crate) async fn round(&mut self, lag_ms: Option<i64>) -> anyhow::Result<Behind> {
        let done = self.try_round(lag_ms).await;
        if done.is_err() {
            self.position = None;
        }
        done
    }

    async fn try_round(&mut self, lag_ms: Option<i64>) -> anyhow::Result<Behind> {
        let after = match self.position {
            Some(position) => position,
            None => self.ask_position().await?,
        };
        let url = format!("{}/_feed/changes?stream={}&after={after}", self.from_url, self.stream);
        let answer = self.send(Call::get(url)).await?;
        let batch: Batch = serde_json::from_slice(&answer)?;
        let now = now_ms();
        let ripe = lag_ms.map_or(0, |lag| {
            batch.changes.iter().take_while(|change| change.at_ms.saturating_add(lag) <= now).count()
        });
        let mut changes = batch.changes;
        let fetched = changes.len();
        let waiting = changes.split_off(ripe);
        let behind = Behind {
            pending: batch.pending - i64::try_from(ripe).unwrap_or(i64::MAX),
            // A full batch that is ripe to its end hides what comes next: its last change is the bound.
            oldest_at_ms: waiting
                .first()
                .or(if batch.pending > i64::try_from(fetched).unwrap_or(i64::MAX) {
                    changes.last()
                } else {
                    None
                })
                .map(|change| change.at_ms),
            more: waiting.is_empty() && i64::try_from(fetched).is_ok_and(|fetched| fetched == BATCH),
        };
        if changes.is_empty() && now - self.told_at_ms < TELL_EVERY_MS {
            self.position = Some(after);
            return Ok(behind);
        }
        let apply = Apply {
            from: self.from,
            stream: self.stream.to_owned(),
            pending: behind.pending,
            oldest_at_ms: behind.oldest_at_ms,
            changes,
        };
        let answer = self.send(Call::post(format!("{}/_feed/apply", self.to_url)).json(&apply)).await?;
        self.position = Some(serde_json::from_slice::<Position>(&answer)?.position);
        self.told_at_ms = now;
        Ok(behind)
    }

    async fn ask_position(&self) -> anyhow::Result<i64> {
        let url = format!("{}/_feed/position?from={}&stream={}", self.to_url, self.from, self.stream);
        let answer = self.send(Call::get(url)).await?;
        Ok(serde_json::from_slice::<Position>(&answer)?.position)
    }

    async fn send(&self, call: Call) -> anyhow::Result<bytes::Bytes> {
        Ok(self.http.send(call.header(crate::TOKEN_HEADER, &self.token)).await?.good()?.body)
    }
}
