//! Checkout, and the order API of customers and partners.
//!
//! One idempotency key of one customer makes one order, and a real order and its message are written in
//! one transaction: neither can be there without the other. A synthetic order is kept and never worked on.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::shop::answer::Failure;
use crate::shop::db::Tx;
use crate::shop::rows::{CartRow, OrderRow, Row, writer};
use crate::shop::{Fault, Shop, TEST_CARD, auth, cart, queue};

/// What a customer sends to pay.
#[derive(Debug, Deserialize)]
pub(crate) struct Checkout {
    cart_id: String,
    card: String,
    #[serde(default)]
    synthetic: bool,
}

/// What a partner orders.
#[derive(Debug, Deserialize)]
pub(crate) struct PartnerOrder {
    product: String,
    quantity: i64,
    #[serde(default)]
    synthetic: bool,
}

type Placed = (StatusCode, Json<Value>);

pub(crate) async fn checkout(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(sent): Json<Checkout>,
) -> Result<Placed, Failure> {
    let user = auth::customer(&shop, &headers).await?;
    let key = idempotency_key(&headers)?;
    if shop.faults.has(Fault::Payment) {
        return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the payment provider does not answer"));
    }
    if sent.card != TEST_CARD {
        return Err(Failure::new(StatusCode::PAYMENT_REQUIRED, "only the test card pays here"));
    }
    let mut tx = shop.db.begin().await?;
    if let Some(known) = earlier(&shop, &mut tx, &user, &key).await? {
        return Ok((StatusCode::OK, Json(known)));
    }
    let cart = open_cart(&mut tx, &sent.cart_id, &user).await?;
    let surcharge = if shop.faults.has(Fault::Total) { 100 } else { 0 };
    let order = OrderRow {
        id: number(&shop, &mut tx).await?,
        user,
        product: cart.product.clone(),
        quantity: cart.quantity,
        total_cents: cart.total_cents + surcharge,
        synthetic: sent.synthetic,
        idempotency_key: key,
        state: "placed".to_owned(),
        made_on: shop.side.to_string(),
        made_at_ms: now_ms(),
    };
    if shop.faults.has(Fault::Checkout) {
        // The illusion: a number, a total, a 201, and nothing behind it. The number is spent, so that no
        // later order can be taken for this one.
        tx.commit().await?;
        return Ok((StatusCode::CREATED, Json(told(&order.id, order.total_cents))));
    }
    // Under `double` the same cart must be able to pay again, or the fault would show as an error.
    if !shop.faults.has(Fault::Double) {
        let by = writer(&cart.user);
        Row::Cart(CartRow { state: "ordered".to_owned(), ..cart }).put(&mut tx, by).await?;
    }
    keep(tx, order).await
}

pub(crate) async fn partner(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(sent): Json<PartnerOrder>,
) -> Result<Placed, Failure> {
    if auth::bearer(&headers).is_none() {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "partners send a bearer token"));
    }
    let user = auth::customer(&shop, &headers).await?;
    let key = idempotency_key(&headers)?;
    let mut tx = shop.db.begin().await?;
    if let Some(known) = earlier(&shop, &mut tx, &user, &key).await? {
        return Ok((StatusCode::OK, Json(known)));
    }
    let order = OrderRow {
        total_cents: cart::price(&mut tx, &sent.product, sent.quantity).await?,
        id: number(&shop, &mut tx).await?,
        user,
        product: sent.product,
        quantity: sent.quantity,
        synthetic: sent.synthetic,
        idempotency_key: key,
        state: "placed".to_owned(),
        made_on: shop.side.to_string(),
        made_at_ms: now_ms(),
    };
    keep(tx, order).await
}

pub(crate) async fn read(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let user = auth::customer(&shop, &headers).await?;
    let found: Option<OrderRow> = sqlx::query_as("SELECT * FROM orders WHERE id = ? AND user = ?")
        .bind(&id)
        .bind(&user)
        .fetch_optional(&shop.db.read)
        .await?;
    let order = found.ok_or_else(|| Failure::not_found("order"))?;
    Ok(Json(json!({
        "order_id": order.id,
        "user": order.user,
        "product": order.product,
        "quantity": order.quantity,
        "total_cents": order.total_cents,
        "synthetic": order.synthetic,
        "state": order.state,
        "made_on": order.made_on,
        "made_at_ms": order.made_at_ms,
    })))
}

pub(crate) async fn remove(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let user = auth::customer(&shop, &headers).await?;
    let mut tx = shop.db.begin().await?;
    let found: Option<(bool,)> = sqlx::query_as("SELECT synthetic FROM orders WHERE id = ? AND user = ?")
        .bind(&id)
        .bind(&user)
        .fetch_optional(&mut *tx)
        .await?;
    let (synthetic,) = found.ok_or_else(|| Failure::not_found("order"))?;
    if !synthetic {
        return Err(Failure::new(StatusCode::CONFLICT, "a real order is never deleted"));
    }
    Row::OrderGone { id }.put(&mut tx, writer(&user)).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keep(mut tx: Tx, order: OrderRow) -> Result<Placed, Failure> {
    let answer = told(&order.id, order.total_cents);
    // Nobody packs what nobody wants.
    if !order.synthetic {
        queue::publish(&mut tx, "orders", &order.id).await?;
    }
    let by = writer(&order.user);
    Row::Order(order).put(&mut tx, by).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The order that this key already made.
async fn earlier(shop: &Shop, tx: &mut Tx, user: &str, key: &str) -> Result<Option<Value>, Failure> {
    if shop.faults.has(Fault::Double) {
        return Ok(None);
    }
    let found: Option<(String, i64)> =
        sqlx::query_as("SELECT id, total_cents FROM orders WHERE user = ? AND idempotency_key = ?")
            .bind(user)
            .bind(key)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(found.map(|(id, total_cents)| told(&id, total_cents)))
}

async fn open_cart(tx: &mut Tx, id: &str, user: &str) -> Result<CartRow, Failure> {
    let found: Option<(String, i64, i64, i64)> = sqlx::query_as(
        "SELECT product, quantity, total_cents, made_at_ms FROM carts \
         WHERE id = ? AND user = ? AND state = 'open'",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(&mut **tx)
    .await?;
    let (product, quantity, total_cents, made_at_ms) =
        found.ok_or_else(|| Failure::not_found("open cart"))?;
    Ok(CartRow {
        id: id.to_owned(),
        user: user.to_owned(),
        product,
        quantity,
        total_cents,
        state: "open".to_owned(),
        made_at_ms,
    })
}

/// Numbers of the two sides never meet: each begins with the letter of its side.
async fn number(shop: &Shop, tx: &mut Tx) -> Result<String, Failure> {
    let made = sqlx::query("INSERT INTO order_numbers DEFAULT VALUES").execute(&mut **tx).await?;
    let letter = match shop.side {
        crate::Side::Source => 'S',
        crate::Side::Target => 'T',
    };
    Ok(format!("{letter}-{}", 1_000 + made.last_insert_rowid()))
}

fn told(id: &str, total_cents: i64) -> Value {
    json!({ "order_id": id, "total_cents": total_cents })
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Failure> {
    headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=128).contains(&key.len()))
        .map(str::to_owned)
        .ok_or_else(|| Failure::bad("send a header Idempotency-Key of 1 to 128 characters"))
}
