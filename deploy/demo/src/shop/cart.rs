//! Goods and carts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::random;
use crate::shop::answer::Failure;
use crate::shop::db::Tx;
use crate::shop::rows::{CartRow, Row, writer};
use crate::shop::{Shop, auth};

/// What a customer wants.
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    product: String,
    quantity: i64,
}

pub(crate) async fn products(State(shop): State<Arc<Shop>>) -> Result<Json<Value>, Failure> {
    let rows: Vec<(String, String, i64, i64)> =
        sqlx::query_as("SELECT id, name, price_cents, stock FROM products ORDER BY id")
            .fetch_all(&shop.db.read)
            .await?;
    let products: Vec<Value> = rows
        .into_iter()
        .map(|(id, name, price, stock)| json!({ "id": id, "name": name, "price_cents": price, "stock": stock }))
        .collect();
    Ok(Json(Value::Array(products)))
}

pub(crate) async fn fill(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(wish): Json<Wish>,
) -> Result<Json<Value>, Failure> {
    let user = auth::customer(&shop, &headers).await?;
    let mut tx = shop.db.begin().await?;
    let total_cents = price(&mut tx, &wish.product, wish.quantity).await?;
    let cart = CartRow {
        id: random::token(),
        user,
        product: wish.product,
        quantity: wish.quantity,
        total_cents,
        state: "open".to_owned(),
        made_at_ms: now_ms(),
    };
    let answer = json!({ "cart_id": &cart.id, "total_cents": total_cents });
    let by = writer(&cart.user);
    Row::Cart(cart).put(&mut tx, by).await?;
    tx.commit().await?;
    Ok(Json(answer))
}

/// What so many of a product cost, or why they cannot be had.
pub(crate) async fn price(tx: &mut Tx, product: &str, quantity: i64) -> Result<i64, Failure> {
    if !(1..=20).contains(&quantity) {
        return Err(Failure::bad("quantity is 1 to 20"));
    }
    let found: Option<(i64, i64)> = sqlx::query_as("SELECT price_cents, stock FROM products WHERE id = ?")
        .bind(product)
        .fetch_optional(&mut **tx)
        .await?;
    let (price, stock) = found.ok_or_else(|| Failure::not_found("product"))?;
    if stock < quantity {
        return Err(Failure::new(StatusCode::CONFLICT, format!("only {stock} are left")));
    }
    Ok(price * quantity)
}
