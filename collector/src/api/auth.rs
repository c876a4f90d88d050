//! Signs callers in, before anything else sees the request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use tonic::Status;

use super::caller::Caller;
use super::{Api, errors};
use crate::clock;

/// Calls that need no token: health, and joining with a token of its own.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", "/tidelock.v1.EnrolService/"];

/// Lets nobody through without a live token, but for the two services above.
pub(super) async fn sign_in(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if OPEN.iter().any(|open| path.starts_with(open)) {
        return next.run(request).await;
    }
    let grpc = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let Some(grant) = token(request.headers()).and_then(|token| api.access.find(token, clock::wall())) else {
        return not_signed_in(grpc);
    };
    request.extensions_mut().insert(Caller::new(grant));
    next.run(request).await
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn not_signed_in(grpc: bool) -> Response {
    if grpc {
        return errors::not_signed_in().into_http::<Body>();
    }
    let headers = [(header::WWW_AUTHENTICATE, "Bearer realm=\"tidelock\"")];
    (StatusCode::UNAUTHORIZED, headers, "no or wrong token; ask an operator for access\n").into_response()
}

/// The caller of a gRPC request.
pub(super) fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().cloned().ok_or_else(errors::not_signed_in)
}
