//! The shop's cron: three jobs, each of which must run on exactly one side.
//!
//! A job runs where `job_owners` says so. Each run leaves a row in `job_runs` and writes real tables
//! under its own name, which is what makes a forgotten one visible.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::now_ms;
use crate::shop::answer::Failure;
use crate::shop::db::{FULL_STOCK, Tx};
use crate::shop::rows::{CartRow, InvoiceRow, Row, StockRow};
use crate::shop::{Fault, Shop};

/// Every job of a shop.
pub const JOBS: [&str; 3] = ["invoice-nightly", "stock-sync", "abandoned-cart"];

/// A cart that nobody paid for so long is abandoned.
const ABANDONED_AFTER_MS: i64 = 60_000;

/// Runs the jobs that this side owns, until the shop ends.
pub(crate) async fn run(shop: Arc<Shop>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        for job in JOBS {
            // A failed run leaves no row in `job_runs`: its absence is the sign.
            if let Err(failure) = run_one(&shop, job).await {
                failure.complain(job);
            }
        }
    }
}

/// Whether a job may run on this side now.
pub(crate) async fn owned(shop: &Shop, job: &str) -> Result<bool, Failure> {
    let found: Option<(bool,)> = sqlx::query_as("SELECT enabled FROM job_owners WHERE job = ?")
        .bind(job)
        .fetch_optional(&shop.db.read)
        .await?;
    Ok(found.is_some_and(|(enabled,)| enabled))
}

async fn run_one(shop: &Shop, job: &str) -> Result<(), Failure> {
    let left_running = job == "invoice-nightly" && shop.faults.has(Fault::Cron);
    if !left_running && !owned(shop, job).await? {
        return Ok(());
    }
    let mut tx = shop.db.begin().await?;
    sqlx::query("INSERT INTO job_runs (job, started_at_ms, host, pid) VALUES (?, ?, ?, ?)")
        .bind(job)
        .bind(now_ms())
        .bind(format!("shop-{}", shop.side))
        .bind(i64::from(std::process::id()))
        .execute(&mut *tx)
        .await?;
    let writer = format!("job:{job}");
    match job {
        "invoice-nightly" => invoice(shop, &mut tx, &writer).await?,
        "stock-sync" => refill(&mut tx, &writer).await?,
        "abandoned-cart" => abandon(&mut tx, &writer).await?,
        other => return Err(Failure::not_found(&format!("job {other}"))),
    }
    tx.commit().await?;
    Ok(())
}

async fn invoice(shop: &Shop, tx: &mut Tx, writer: &str) -> Result<(), Failure> {
    let due: Vec<(String,)> = sqlx::query_as(
        "SELECT id FROM orders WHERE state = 'confirmed' AND synthetic = 0 \
         AND id NOT IN (SELECT order_id FROM invoices) ORDER BY made_at_ms LIMIT 100",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (order_id,) in due {
        let made_on = shop.side.to_string();
        Row::Invoice(InvoiceRow { order_id, made_on, made_at_ms: now_ms() }).put(tx, writer).await?;
    }
    Ok(())
}

async fn refill(tx: &mut Tx, writer: &str) -> Result<(), Failure> {
    let products: Vec<(String, i64)> =
        sqlx::query_as("SELECT id, stock FROM products ORDER BY id").fetch_all(&mut **tx).await?;
    for (id, stock) in products {
        let stock = if stock < FULL_STOCK / 2 { FULL_STOCK } else { stock };
        Row::Stock(StockRow { id, stock, synced_at_ms: now_ms() }).put(tx, writer).await?;
    }
    Ok(())
}

async fn abandon(tx: &mut Tx, writer: &str) -> Result<(), Failure> {
    let left: Vec<(String, String, String, i64, i64, i64)> = sqlx::query_as(
        "SELECT id, user, product, quantity, total_cents, made_at_ms FROM carts \
         WHERE state = 'open' AND made_at_ms < ? LIMIT 100",
    )
    .bind(now_ms() - ABANDONED_AFTER_MS)
    .fetch_all(&mut **tx)
    .await?;
    for (id, user, product, quantity, total_cents, made_at_ms) in left {
        let state = "abandoned".to_owned();
        Row::Cart(CartRow { id, user, product, quantity, total_cents, state, made_at_ms })
            .put(tx, writer)
            .await?;
    }
    Ok(())
}
