//! What a check may read in plain JSON: counts of rows, and how far the replication is behind.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::shop::Shop;
use crate::shop::answer::Failure;
use crate::shop::feed::{self, Heard};

/// News of the feed older than this are no news.
const FRESH_MS: i64 = 3_000;

pub(crate) async fn stats(State(shop): State<Arc<Shop>>) -> Result<Json<Value>, Failure> {
    let (orders, real, open_sessions, users, invoices, job_runs): (i64, i64, i64, i64, i64, i64) =
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM orders WHERE synthetic = 0), \
         (SELECT count(*) FROM sessions WHERE ended_at_ms IS NULL), (SELECT count(*) FROM users), \
         (SELECT count(*) FROM invoices), (SELECT count(*) FROM job_runs)",
        )
        .fetch_one(&shop.db.read)
        .await?;
    let last: Option<(String,)> =
        sqlx::query_as("SELECT id FROM orders ORDER BY made_at_ms DESC, id DESC LIMIT 1")
            .fetch_optional(&shop.db.read)
            .await?;
    Ok(Json(json!({
        "side": shop.side,
        "orders": orders,
        "real_orders": real,
        "sessions": open_sessions,
        "users": users,
        "invoices": invoices,
        "job_runs": job_runs,
        "last_order_id": last.map(|(id,)| id),
    })))
}

/// On the sending side `pending` and `sessions_pending` are counted now, not reported: after a fence
/// two zeros mean that the other side has everything.
///
/// The numbers are `null` when no replicator was heard for three seconds: silence is not "no lag".
pub(crate) async fn replication(State(shop): State<Arc<Shop>>) -> Result<Json<Value>, Failure> {
    let now = now_ms();
    let fresh = |at_ms: i64| now - at_ms <= FRESH_MS;
    let lag = |oldest: Option<i64>| oldest.map_or(0, |at_ms| (now - at_ms).max(0));
    let words = shop.feeds.last();
    let sessions_pending = match words.sessions {
        Some((confirmed, at_ms)) if fresh(at_ms) => Some(feed::behind(&shop, "sessions", confirmed).await?.0),
        Some(_) | None => None,
    };
    let mut told = match words.data {
        Some(Heard::Sending { confirmed, at_ms }) if fresh(at_ms) => {
            let (pending, oldest) = feed::behind(&shop, "data", confirmed).await?;
            json!({
                "role": "sending", "pending": pending, "lag_ms": lag(oldest),
                "applied_position": confirmed, "heard_ms_ago": now - at_ms,
            })
        }
        Some(Heard::Receiving { position, pending, oldest_at_ms, at_ms }) if fresh(at_ms) => json!({
            "role": "receiving", "pending": pending, "lag_ms": lag(oldest_at_ms),
            "applied_position": position, "heard_ms_ago": now - at_ms,
        }),
        Some(Heard::Sending { .. } | Heard::Receiving { .. }) | None => json!({
            "role": "none", "pending": null, "lag_ms": null, "applied_position": null, "heard_ms_ago": null,
        }),
    };
    told["sessions_pending"] = json!(sessions_pending);
    Ok(Json(told))
}
