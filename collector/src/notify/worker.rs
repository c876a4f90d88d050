//! Serves one receiver: what is next for it, sent until it is taken, then the cursor.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tidelock_core::plan::ReceiverKind;
use tidelock_model::Timestamp;
use tokio::time::Instant;

use super::cursor::Cursor;
use super::lines::PAGE;
use super::pace::{Pace, URGENT};
use super::receiver::{Address, secret};
use super::{Shared, message, retry_after, slack, told};
use crate::clock;
use crate::fold::EventLine;

/// Older news is no news, and is not sent any more.
const TOO_OLD: Duration = Duration::from_secs(24 * 3600);
/// Slack takes about one message a second.
const SLACK_EVERY: Duration = Duration::from_secs(1);
/// A message that its receiver refuses as a message is given up after so many attempts.
const REFUSALS: u32 = 5;
/// Nothing new is looked for again after this, should nobody say that there is.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why something was not taken.
enum Failure {
    /// The receiver is gone for good.
    Gone,
    /// It refuses this message.
    Refused(String),
    /// It takes nothing now; it may have said for how long.
    Down(String, Option<Duration>),
}

/// One receiver, and how far it is.
struct Worker {
    shared: Arc<Shared>,
    to: Address,
    cursor: Cursor,
    pace: Pace,
    /// The cursor on disk.
    written: Cursor,
}

/// Serves a receiver until it is aborted.
pub(super) async fn work(shared: Arc<Shared>, to: Address) {
    let cursor = begin(&shared, &to).await;
    let mut worker = Worker { shared, to, cursor, pace: Pace::default(), written: cursor };
    loop {
        match worker.next().await {
            Ok(lines) if lines.is_empty() => worker.idle().await,
            Ok(lines) => worker.serve(&lines).await,
            Err(why) => {
                let wait = worker.pace.failed(None);
                worker.fails(&format!("the journal cannot be read: {why}"));
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Where it stands. A cursor beyond the journal is from another one.
async fn begin(shared: &Shared, to: &Address) -> Cursor {
    let head = shared.store.heads().decisions.number();
    let known = shared.cursors.read(&to.migration, &to.key).await;
    let begins = || shared.begins(&to.migration, &to.receiver.kind);
    known
        .filter(|cursor| cursor.sequence <= head)
        .unwrap_or_else(|| Cursor { sequence: begins(), gone: None })
}

impl Worker {
    /// What it has not heard; nothing while it is gone.
    async fn next(&mut self) -> Result<Vec<Arc<EventLine>>, String> {
        let view = self.shared.driver.view(&self.to.migration);
        let revision = view.and_then(|view| view.plan.as_ref().map(|plan| plan.revision));
        if self.cursor.gone.is_some() && self.cursor.gone == revision {
            self.fails("it said 410 Gone, so nothing is sent to it until another plan revision names it");
            return Ok(Vec::new());
        }
        self.cursor.gone = None;
        self.shared.lines(&self.to.migration, self.cursor.sequence).await
    }

    /// Waits for news.
    async fn idle(&mut self) {
        let followed = self.shared.driver.follow(&self.to.migration);
        let Some(mut views) = followed else { return tokio::time::sleep(LOOK_AGAIN).await };
        let after = self.cursor.sequence;
        let gone = self.cursor.gone.is_some();
        let replaced = async { views.wait_for(|view| !gone && view.last_event > after).await.is_err() };
        // A board that was replaced says nothing more; whoever waits looks at the new one.
        if tokio::time::timeout(LOOK_AGAIN, replaced).await == Ok(true) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends what it wants of these events, and moves the cursor over each that is behind it.
    async fn serve(&mut self, lines: &[Arc<EventLine>]) {
        let mut left = lines;
        while let Some(first) = left.first() {
            let now = self.shared.clock.now();
            if !self.wants(first) || self.is_old(first, now) {
                self.cursor.sequence = first.sequence;
                left = &left[1..];
                continue;
            }
            let batch = self.together(left);
            let Some(last) = batch.last().map(|line| line.sequence) else { return };
            match self.send(&batch).await {
                Ok(()) => {
                    self.pace.taken();
                    if self.shared.failing.well(&self.to.migration, &self.to.key) {
                        tracing::info!(migration = %self.to.migration, receiver = %self.to.shown(), "a receiver takes messages again");
                    }
                    self.reached(last).await;
                    left = &left[left.iter().take_while(|line| line.sequence <= last).count()..];
                }
                Err(failure) => return self.failed(failure, last).await,
            }
        }
        // What was none for it is not read again after a restart; now and then is enough.
        if self.cursor.sequence.saturating_sub(self.written.sequence) >= PAGE as u64 {
            self.write().await;
        }
    }

    fn wants(&self, line: &EventLine) -> bool {
        self.to.wants(told::of(&line.event.kind, None).word)
    }

    fn is_old(&self, line: &EventLine, now: Timestamp) -> bool {
        let old = now.since(line.at) > TOO_OLD;
        if old {
            tracing::error!(
                migration = %self.to.migration, receiver = %self.to.shown(), sequence = line.sequence,
                "a message was not taken within a day and is given up"
            );
        }
        old
    }

    /// What goes in one message: in Slack, all that waits.
    fn together<'a>(&self, left: &'a [Arc<EventLine>]) -> Vec<&'a EventLine> {
        let at_most = match &self.to.receiver.kind {
            ReceiverKind::Slack { .. } => slack::TOGETHER,
            ReceiverKind::CloudEvents { .. } => 1,
        };
        left.iter().map(|line| &**line).filter(|line| self.wants(line)).take(at_most).collect()
    }

    async fn send(&self, batch: &[&EventLine]) -> Result<(), Failure> {
        let down = |why| Failure::Down(why, None);
        let (url, headers, body) = self.message(batch).await.map_err(down)?;
        let began = Instant::now();
        let answer = self.shared.post.send(&url, headers, body).await.map_err(down)?;
        if let ReceiverKind::Slack { .. } = self.to.receiver.kind {
            tokio::time::sleep_until(began + SLACK_EVERY).await;
        }
        let asked = answer.retry_after.and_then(|value| retry_after::read(&value, clock::wall()));
        let said = format!("it answered {}", answer.status);
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Failure::Gone),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Failure::Down(said, asked))
            }
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Err(Failure::Refused(said)),
            // Among them every redirect: a message goes where the plan says or nowhere.
            _ => Err(Failure::Down(said, None)),
        }
    }

    async fn message(&self, batch: &[&EventLine]) -> Result<(String, HeaderMap, Bytes), String> {
        let (shared, name) = (&self.shared, &self.to.migration);
        let view = shared.driver.view(name).ok_or_else(|| format!("there is no migration {name}"))?;
        match &self.to.receiver.kind {
            ReceiverKind::Slack { url } => {
                let url = secret(&shared.secrets.load_full(), url).await?;
                let mut headers = HeaderMap::new();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
                Ok((url.trim().to_owned(), headers, Bytes::from(slack::payload(&view, batch).to_string())))
            }
            ReceiverKind::CloudEvents { url, secret: key } => {
                let line = batch.first().ok_or_else(|| "there is nothing to send".to_owned())?;
                let key = match key {
                    Some(key) => Some(secret(&shared.secrets.load_full(), key).await?),
                    None => None,
                };
                let plan = view.plan.as_ref().map(|plan| &*plan.plan);
                let body = message::body(name, line, plan);
                let seconds = clock::wall().as_millis() / 1000;
                let headers = message::headers(name, line.sequence, seconds, key.as_deref(), &body)?;
                Ok((url.clone(), headers, body))
            }
        }
    }

    /// It was not taken: says so, and waits.
    async fn failed(&mut self, failure: Failure, last: u64) {
        let (why, asked) = match failure {
            Failure::Gone => {
                let view = self.shared.driver.view(&self.to.migration);
                let revision = view.and_then(|view| view.plan.as_ref().map(|plan| plan.revision));
                self.cursor.gone = revision;
                return self.write().await;
            }
            Failure::Refused(why) if self.pace.failures() + 1 >= REFUSALS => {
                self.fails(&format!("{why} to event {last}, which was given up"));
                self.pace.taken();
                return self.reached(last).await;
            }
            Failure::Refused(why) => (why, None),
            Failure::Down(why, asked) => (why, asked),
        };
        self.fails(&why);
        let wait = self.pace.failed(asked);
        self.wait(wait, asked.is_some()).await;
    }

    /// Waits, but not while people must hear something at once, where the receiver did not ask for it.
    async fn wait(&self, wait: Duration, asked: bool) {
        let over = Instant::now() + wait;
        if asked || wait <= URGENT {
            return tokio::time::sleep_until(over).await;
        }
        let known = self.shared.driver.view(&self.to.migration).map_or(0, |view| view.last_event);
        tokio::time::sleep(URGENT).await;
        while Instant::now() < over {
            let events = self.shared.driver.events(&self.to.migration);
            let newer = events.map(|events| events.after(known, PAGE)).unwrap_or_default();
            if newer.iter().any(|line| told::is_urgent(&line.event.kind)) {
                return;
            }
            tokio::time::sleep_until(over.min(Instant::now() + Duration::from_secs(1))).await;
        }
    }

    fn fails(&self, why: &str) {
        let (migration, shown) = (&self.to.migration, self.to.shown());
        if self.shared.failing.fails(migration, &self.to.key, format!("{shown}: {why}")) {
            tracing::error!(%migration, receiver = %shown, %why, "a receiver does not get its messages");
        }
    }

    async fn reached(&mut self, sequence: u64) {
        self.cursor.sequence = sequence;
        self.write().await;
    }

    async fn write(&mut self) {
        self.written = self.cursor;
        self.shared.cursors.write(&self.to.migration, &self.to.key, self.cursor).await;
    }
}
