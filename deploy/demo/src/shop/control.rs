//! The hands of the demo on a shop: faults on and off, jobs owned or not. Behind the world's token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::shop::answer::Failure;
use crate::shop::{Fault, JOBS, Shop, jobs};

#[derive(Debug, Deserialize)]
pub(crate) struct Own {
    /// One job, or all of them when it is left out.
    job: Option<String>,
    enabled: bool,
}

pub(crate) fn allowed(shop: &Shop, headers: &HeaderMap) -> Result<(), Failure> {
    crate::serve::allowed(headers, &shop.token)
        .then_some(())
        .ok_or_else(|| Failure::new(StatusCode::FORBIDDEN, "this needs the token of the demo's world"))
}

pub(crate) async fn faults(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    allowed(&shop, &headers)?;
    Ok(Json(json!({ "side": shop.side, "faults": shop.faults.names() })))
}

pub(crate) async fn break_it(
    state: State<Arc<Shop>>,
    headers: HeaderMap,
    Path(word): Path<String>,
) -> Result<Json<Value>, Failure> {
    set(state, headers, &word, true).await
}

pub(crate) async fn fix(
    state: State<Arc<Shop>>,
    headers: HeaderMap,
    Path(word): Path<String>,
) -> Result<Json<Value>, Failure> {
    set(state, headers, &word, false).await
}

pub(crate) async fn fix_all(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failure> {
    allowed(&shop, &headers)?;
    for fault in Fault::ALL {
        shop.faults.set(fault, false);
    }
    faults(State(shop), headers).await
}

async fn set(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    word: &str,
    on: bool,
) -> Result<Json<Value>, Failure> {
    allowed(&shop, &headers)?;
    let fault: Fault = word.parse().map_err(|why: String| Failure::new(StatusCode::NOT_FOUND, why))?;
    shop.faults.set(fault, on);
    faults(State(shop), headers).await
}

pub(crate) async fn jobs(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    allowed(&shop, &headers)?;
    let mut told = Map::new();
    for job in JOBS {
        told.insert(job.to_owned(), Value::Bool(jobs::owned(&shop, job).await?));
    }
    Ok(Json(Value::Object(told)))
}

pub(crate) async fn own_jobs(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(own): Json<Own>,
) -> Result<Json<Value>, Failure> {
    allowed(&shop, &headers)?;
    if own.job.as_deref().is_some_and(|job| !JOBS.contains(&job)) {
        return Err(Failure::not_found("job"));
    }
    let mut tx = shop.db.begin().await?;
    sqlx::query("UPDATE job_owners SET enabled = ?1 WHERE ?2 IS NULL OR job = ?2")
        .bind(own.enabled)
        .bind(&own.job)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    jobs(State(shop), headers).await
}
