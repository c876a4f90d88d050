//! The queues of the shop and their consumers.
//!
//! A broker in two tables: a message is ready, then delivered and unacknowledged, then gone. The order
//! consumer confirms the order, takes the goods from the stock and queues the customer's mail.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::clock::now_ms;
use crate::shop::answer::Failure;
use crate::shop::db::Tx;
use crate::shop::rows::{OrderRow, Row, StockRow};
use crate::shop::{Fault, Shop};

/// Every queue of a shop.
pub const QUEUES: [&str; 3] = ["mail", "orders", "orders-dlq"];

/// What a queue holds at most; a checkout beyond it is refused instead of half taken.
const QUEUE_LIMIT: i64 = 50_000;
const PAUSE: Duration = Duration::from_millis(150);
const WORK: Duration = Duration::from_millis(30);
const WRITER: &str = "worker:orders";

/// Puts a message into a queue, in the caller's transaction.
pub(crate) async fn publish(tx: &mut Tx, queue: &str, body: &str) -> Result<(), Failure> {
    let (held,): (i64,) = sqlx::query_as("SELECT count(*) FROM messages WHERE queue = ?")
        .bind(queue)
        .fetch_one(&mut **tx)
        .await?;
    if held >= QUEUE_LIMIT {
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, format!("the queue {queue} is full")));
    }
    sqlx::query("INSERT INTO messages (queue, body, published_at_ms) VALUES (?, ?, ?)")
        .bind(queue)
        .bind(body)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE queue_stats SET published = published + 1 WHERE queue = ?")
        .bind(queue)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// How many consumers a queue has now.
pub(crate) fn consumers(shop: &Shop, queue: &str) -> u32 {
    if queue == "orders-dlq" || shop.faults.has(Fault::Queue) { 0 } else { 1 }
}

/// Consumes `orders` and `mail` until the shop ends.
pub(crate) async fn consume(shop: Arc<Shop>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if shop.faults.has(Fault::Queue) || shop.faults.has(Fault::Down) {
            continue;
        }
        for queue in ["orders", "mail"] {
            // A failed round leaves its messages unacknowledged, which the next round takes up again
            // and every check can see.
            if let Err(failure) = round(&shop, queue).await {
                failure.complain(queue);
            }
        }
    }
}

async fn round(shop: &Shop, queue: &str) -> Result<(), Failure> {
    let taken = take(shop, queue).await?;
    if taken.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(WORK).await;
    let mut tx = shop.db.begin().await?;
    for (id, body) in &taken {
        if queue == "orders" {
            if shop.faults.has(Fault::DeadLetter) {
                publish(&mut tx, "orders-dlq", body).await?;
            } else {
                confirm(&mut tx, body).await?;
            }
        }
        sqlx::query("DELETE FROM messages WHERE id = ?").bind(id).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE queue_stats SET acked = acked + ? WHERE queue = ?")
        .bind(i64::try_from(taken.len()).unwrap_or(i64::MAX))
        .bind(queue)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn take(shop: &Shop, queue: &str) -> Result<Vec<(i64, String)>, Failure> {
    let (waiting,): (bool,) = sqlx::query_as("SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ?)")
        .bind(queue)
        .fetch_one(&shop.db.read)
        .await?;
    if !waiting {
        return Ok(Vec::new());
    }
    let mut tx = shop.db.begin().await?;
    let taken: Vec<(i64, String)> =
        sqlx::query_as("SELECT id, body FROM messages WHERE queue = ? ORDER BY id LIMIT 50")
            .bind(queue)
            .fetch_all(&mut *tx)
            .await?;
    for (id, _) in &taken {
        sqlx::query("UPDATE messages SET delivered = 1 WHERE id = ?").bind(id).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE queue_stats SET delivered = delivered + ? WHERE queue = ?")
        .bind(i64::try_from(taken.len()).unwrap_or(i64::MAX))
        .bind(queue)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(taken)
}

/// Confirms a real order; the message of one that is gone is done.
async fn confirm(tx: &mut Tx, id: &str) -> Result<(), Failure> {
    let found: Option<OrderRow> =
        sqlx::query_as("SELECT * FROM orders WHERE id = ?").bind(id).fetch_optional(&mut **tx).await?;
    let Some(order) = found else { return Ok(()) };
    let (stock, synced_at_ms): (i64, i64) =
        sqlx::query_as("SELECT stock, synced_at_ms FROM products WHERE id = ?")
            .bind(&order.product)
            .fetch_one(&mut **tx)
            .await?;
    let stock = (stock - order.quantity).max(0);
    Row::Stock(StockRow { id: order.product.clone(), stock, synced_at_ms }).put(tx, WRITER).await?;
    publish(tx, "mail", id).await?;
    Row::Order(OrderRow { state: "confirmed".to_owned(), ..order }).put(tx, WRITER).await?;
    Ok(())
}
