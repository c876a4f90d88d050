//! The queues, told in the shape of RabbitMQ's management API, so that a check needs no second dialect.
//!
//! As the broker does, `message_stats` is absent from a queue that never saw a message, and an account
//! without rights sees an empty list and 404s, not an error.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::shop::answer::Failure;
use crate::shop::{Fault, MONITOR, QUEUES, Shop, queue};

/// Both names of the one virtual host: a plan may say either.
const VHOSTS: [&str; 2] = ["/", "shop"];

/// That this broker counts what is published: without it an absent counter would not be zero.
pub(crate) async fn overview(headers: HeaderMap) -> Result<Json<Value>, Failure> {
    may_look(&headers)?;
    Ok(Json(json!({ "rates_mode": "basic", "disable_stats": false })))
}

pub(crate) async fn all(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    list(&shop, &headers, "/").await
}

pub(crate) async fn of_vhost(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Path(vhost): Path<String>,
) -> Result<Json<Value>, Failure> {
    list(&shop, &headers, &vhost).await
}

pub(crate) async fn one(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Path((vhost, queue)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    may_look(&headers)?;
    let seen = VHOSTS.contains(&vhost.as_str()) && QUEUES.contains(&queue.as_str());
    if !seen || shop.faults.has(Fault::Blind) {
        return Err(Failure::not_found("queue"));
    }
    Ok(Json(describe(&shop, &vhost, &queue).await?))
}

async fn list(shop: &Shop, headers: &HeaderMap, vhost: &str) -> Result<Json<Value>, Failure> {
    may_look(headers)?;
    if !VHOSTS.contains(&vhost) {
        return Err(Failure::not_found("virtual host"));
    }
    let mut queues = Vec::new();
    if !shop.faults.has(Fault::Blind) {
        for queue in QUEUES {
            queues.push(describe(shop, vhost, queue).await?);
        }
    }
    Ok(Json(Value::Array(queues)))
}

fn may_look(headers: &HeaderMap) -> Result<(), Failure> {
    let expected = format!("{}:{}", MONITOR.0, MONITOR.1);
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .filter(|sent| sent == expected.as_bytes())
        .map(|_| ())
        .ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "not authorised"))
}

async fn describe(shop: &Shop, vhost: &str, queue: &str) -> Result<Value, Failure> {
    let (all, unacknowledged, oldest): (i64, i64, Option<i64>) = sqlx::query_as(
        "SELECT count(*), coalesce(sum(delivered), 0), min(published_at_ms) FROM messages WHERE queue = ?",
    )
    .bind(queue)
    .fetch_one(&shop.db.read)
    .await?;
    let (published, delivered, acked): (i64, i64, i64) =
        sqlx::query_as("SELECT published, delivered, acked FROM queue_stats WHERE queue = ?")
            .bind(queue)
            .fetch_one(&shop.db.read)
            .await?;
    let mut told = json!({
        "name": queue,
        "vhost": vhost,
        "type": "classic",
        "state": "running",
        "durable": true,
        "auto_delete": false,
        "exclusive": false,
        "node": format!("rabbit@shop-{}", shop.side),
        "arguments": {},
        "messages": all,
        "messages_ready": all - unacknowledged,
        "messages_unacknowledged": unacknowledged,
        "consumers": queue::consumers(shop, queue),
        "head_message_timestamp": oldest.map(|ms| ms / 1_000),
    });
    if published > 0 {
        told["message_stats"] = json!({
            "publish": published, "deliver_get": delivered, "deliver": delivered, "ack": acked,
        });
    }
    Ok(told)
}
