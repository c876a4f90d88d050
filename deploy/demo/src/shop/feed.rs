//! The shop's side of the replication: what it wrote, and what it takes over.
//!
//! The side that receives keeps the position, in the transaction that applies the rows: a replicator
//! that dies between two calls loses nothing and applies nothing twice.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Query, State};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::Side;
use crate::clock::now_ms;
use crate::shop::Shop;
use crate::shop::answer::Failure;
use crate::shop::control::allowed;
use crate::shop::rows::{FEED, Row};

/// The largest body of one apply.
pub(crate) const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The most changes in one batch.
pub(crate) const BATCH: i64 = 500;

/// One change as it travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) seq: i64,
    pub(crate) at_ms: i64,
    pub(crate) row: serde_json::Value,
}

/// What a side has to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) pending: i64,
    pub(crate) oldest_at_ms: Option<i64>,
    pub(crate) changes: Vec<Change>,
}

/// What a side takes over, with how much is still behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Apply {
    pub(crate) from: Side,
    pub(crate) stream: String,
    pub(crate) pending: i64,
    pub(crate) oldest_at_ms: Option<i64>,
    pub(crate) changes: Vec<Change>,
}

/// How far a side has come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) position: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct After {
    stream: String,
    after: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Of {
    from: Side,
    stream: String,
}

/// What this side heard of the data feed last, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard {
    /// Somebody fetched our changes and has all up to `confirmed`.
    Sending { confirmed: i64, at_ms: i64 },
    /// Somebody brought us changes.
    Receiving { position: i64, pending: i64, oldest_at_ms: Option<i64>, at_ms: i64 },
}

/// The last word of each stream, for `/api/replication`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Words {
    /// Of the data, in the one direction that it has.
    pub(crate) data: Option<Heard>,
    /// Of the sessions that this side sends: confirmed up to, heard at.
    pub(crate) sessions: Option<(i64, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Words>);

impl Seen {
    fn hear(&self, heard: Heard) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).data = Some(heard);
    }

    fn fetched(&self, stream: &str, confirmed: i64) {
        let at_ms = now_ms();
        match stream {
            "data" => self.hear(Heard::Sending { confirmed, at_ms }),
            _ => self.0.lock().unwrap_or_else(PoisonError::into_inner).sessions = Some((confirmed, at_ms)),
        }
    }

    pub(crate) fn last(&self) -> Words {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn changes(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Query(query): Query<After>,
) -> Result<Json<Batch>, Failure> {
    allowed(&shop, &headers)?;
    known(&query.stream)?;
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT seq, at_ms, body FROM changes WHERE stream = ? AND seq > ? AND writer <> 'feed' \
         ORDER BY seq LIMIT ?",
    )
    .bind(&query.stream)
    .bind(query.after)
    .bind(BATCH)
    .fetch_all(&shop.db.read)
    .await?;
    let (pending, oldest_at_ms) = behind(&shop, &query.stream, query.after).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for (seq, at_ms, body) in rows {
        let row = serde_json::from_str(&body).map_err(|error| unreadable(seq, &error))?;
        changes.push(Change { seq, at_ms, row });
    }
    shop.feeds.fetched(&query.stream, query.after);
    Ok(Json(Batch { pending, oldest_at_ms, changes }))
}

/// How many changes lie behind a position, and since when the oldest waits.
pub(crate) async fn behind(shop: &Shop, stream: &str, after: i64) -> Result<(i64, Option<i64>), Failure> {
    Ok(sqlx::query_as(
        "SELECT count(*), min(at_ms) FROM changes WHERE stream = ? AND seq > ? AND writer <> 'feed'",
    )
    .bind(stream)
    .bind(after)
    .fetch_one(&shop.db.read)
    .await?)
}

pub(crate) async fn position(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Query(query): Query<Of>,
) -> Result<Json<Position>, Failure> {
    allowed(&shop, &headers)?;
    let found: Option<(i64,)> =
        sqlx::query_as("SELECT position FROM feed_positions WHERE origin = ? AND stream = ?")
            .bind(query.from.as_str())
            .bind(&query.stream)
            .fetch_optional(&shop.db.read)
            .await?;
    Ok(Json(Position { position: found.map_or(0, |(position,)| position) }))
}

pub(crate) async fn apply(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(sent): Json<Apply>,
) -> Result<Json<Position>, Failure> {
    allowed(&shop, &headers)?;
    known(&sent.stream)?;
    if sent.from == shop.side {
        return Err(Failure::bad("these are this side's own changes"));
    }
    let mut tx = shop.db.begin().await?;
    let known: Option<(i64,)> =
        sqlx::query_as("SELECT position FROM feed_positions WHERE origin = ? AND stream = ?")
            .bind(sent.from.as_str())
            .bind(&sent.stream)
            .fetch_optional(&mut *tx)
            .await?;
    let mut position = known.map_or(0, |(position,)| position);
    for change in sent.changes.iter().filter(|change| change.seq > position) {
        let row = Row::deserialize(&change.row).map_err(|error| unreadable(change.seq, &error))?;
        row.put(&mut tx, FEED).await?;
    }
    position = sent.changes.iter().map(|change| change.seq).fold(position, i64::max);
    sqlx::query(
        "INSERT INTO feed_positions (origin, stream, position) VALUES (?, ?, ?) \
         ON CONFLICT (origin, stream) DO UPDATE SET position = excluded.position",
    )
    .bind(sent.from.as_str())
    .bind(&sent.stream)
    .bind(position)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    if sent.stream == "data" {
        let Apply { pending, oldest_at_ms, .. } = sent;
        shop.feeds.hear(Heard::Receiving { position, pending, oldest_at_ms, at_ms: now_ms() });
    }
    Ok(Json(Position { position }))
}

fn known(stream: &str) -> Result<(), Failure> {
    if ["data", "sessions"].contains(&stream) { Ok(()) } else { Err(Failure::not_found("stream")) }
}

fn unreadable(seq: i64, error: &serde_json::Error) -> Failure {
    Failure::bad(format!("change {seq} is unreadable: {error}"))
}
