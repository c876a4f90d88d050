//! Who is asking: sessions by cookie or bearer token, shared by both sides through the replicator.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::random;
use crate::shop::answer::Failure;
use crate::shop::rows::{Row, SessionRow, UserRow, writer};
use crate::shop::{Fault, PARTNER_TOKEN, Shop, password};

/// How long a session lives: longer than any demo.
const SESSION_MS: i64 = 6 * 60 * 60 * 1_000;

/// The name and password of somebody who wants in.
#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

pub(crate) async fn api_login(
    State(shop): State<Arc<Shop>>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Value>, Failure> {
    if !known(&shop, &credentials).await? {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "wrong user or password"));
    }
    let token = open(&shop, &credentials.user).await?;
    Ok(Json(json!({ "token": token })))
}

pub(crate) async fn register(
    State(shop): State<Arc<Shop>>,
    Json(credentials): Json<Credentials>,
) -> Result<StatusCode, Failure> {
    let fits = |text: &str| (3..=64).contains(&text.len());
    if !fits(&credentials.user) || !fits(&credentials.password) {
        return Err(Failure::bad("user and password have 3 to 64 bytes"));
    }
    let row = password::user(&credentials.user, &credentials.password);
    let mut tx = shop.db.begin().await?;
    let (taken,): (bool,) = sqlx::query_as("SELECT EXISTS (SELECT 1 FROM users WHERE name = ?)")
        .bind(&row.name)
        .fetch_one(&mut *tx)
        .await?;
    if taken {
        return Err(Failure::new(StatusCode::CONFLICT, "this name is taken"));
    }
    Row::User(row).put(&mut tx, "shop").await?;
    tx.commit().await?;
    Ok(StatusCode::CREATED)
}

/// Whether name and password belong together.
pub(crate) async fn known(shop: &Shop, credentials: &Credentials) -> Result<bool, Failure> {
    if shop.faults.has(Fault::Login) {
        return Ok(true);
    }
    let found: Option<(String, String, String)> =
        sqlx::query_as("SELECT name, salt, hash FROM users WHERE name = ?")
            .bind(&credentials.user)
            .fetch_optional(&shop.db.read)
            .await?;
    Ok(found.is_some_and(|(name, salt, hash)| {
        password::matches(&UserRow { name, salt, hash }, &credentials.password)
    }))
}

/// Opens a session and gives its token, which is kept nowhere here.
pub(crate) async fn open(shop: &Shop, user: &str) -> Result<String, Failure> {
    let token = random::token();
    let row = SessionRow {
        id: random::digest(&token),
        user: user.to_owned(),
        made_on: shop.side.to_string(),
        made_at_ms: now_ms(),
        ended_at_ms: None,
    };
    let mut tx = shop.db.begin().await?;
    Row::Session(row).put(&mut tx, writer(user)).await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends the session of this request on both sides; none is no error.
pub(crate) async fn close(shop: &Shop, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(row) = session(shop, headers).await? else {
        return Ok(());
    };
    if shop.faults.has(Fault::Logout) {
        return Ok(());
    }
    let by = writer(&row.user);
    let mut tx = shop.db.begin().await?;
    Row::Session(SessionRow { ended_at_ms: Some(now_ms()), ..row }).put(&mut tx, by).await?;
    tx.commit().await?;
    Ok(())
}

/// The customer of this request.
pub(crate) async fn who(shop: &Shop, headers: &HeaderMap) -> Result<Option<String>, Failure> {
    Ok(session(shop, headers).await?.map(|row| row.user))
}

/// The customer of this request, or 401.
pub(crate) async fn customer(shop: &Shop, headers: &HeaderMap) -> Result<String, Failure> {
    if bearer(headers) == Some(PARTNER_TOKEN) {
        return Ok("partner".to_owned());
    }
    who(shop, headers).await?.ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "log in first"))
}

/// The bearer token of this request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// One cookie of this request.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

async fn session(shop: &Shop, headers: &HeaderMap) -> Result<Option<SessionRow>, Failure> {
    let Some(token) = bearer(headers).or_else(|| cookie(headers, "session")) else {
        return Ok(None);
    };
    if shop.faults.has(Fault::Session) {
        return Ok(None);
    }
    let found: Option<(String, String, String, i64)> = sqlx::query_as(
        "SELECT id, user, made_on, made_at_ms FROM sessions \
         WHERE id = ? AND ended_at_ms IS NULL AND made_at_ms > ?",
    )
    .bind(random::digest(token))
    .bind(now_ms() - SESSION_MS)
    .fetch_optional(&shop.db.read)
    .await?;
    Ok(found.map(|(id, user, made_on, made_at_ms)| SessionRow {
        id,
        user,
        made_on,
        made_at_ms,
        ended_at_ms: None,
    }))
}
