//! What a handler answers when it cannot do what was asked.

use std::io::Write as _;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// A refusal or a fault, told as JSON.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    why: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Failure {
        Failure { status, why: why.into() }
    }

    /// Says in the process's log what a worker could not do; the next round tries again.
    pub(crate) fn complain(&self, what: &str) {
        // A log that cannot be written has nobody to be told to.
        let _ = writeln!(std::io::stderr(), "{what}: {}", self.why);
    }

    pub(crate) fn not_found(what: &str) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    pub(crate) fn bad(why: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, why)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.why }))).into_response()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the database failed: {error}"))
    }
}
