//! What `-v` says: whom this program asks what, and how long the answer takes. Never a token, and nothing of
//! what is asked or answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::transport::Channel;

use crate::client::clean;
use crate::out;

/// A channel that says what goes over it, where somebody wants to know.
#[derive(Clone)]
pub(crate) struct Told {
    channel: Channel,
    /// Whom it leads to, in words; nothing is said without.
    whom: Option<Arc<str>>,
}

impl Told {
    pub(crate) fn new(channel: Channel, whom: Option<String>) -> Told {
        Told { channel, whom: whom.map(Arc::from) }
    }
}

impl Service<http::Request<Body>> for Told {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        <Channel as Service<http::Request<Body>>>::poll_ready(&mut self.channel, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let name = name(request.uri().path());
        let answer = <Channel as Service<http::Request<Body>>>::call(&mut self.channel, request);
        let Some(whom) = &self.whom else { return Box::pin(answer) };
        out::say(&format!("tidelock: asks {whom} for {name}"));
        let begun = Instant::now();
        Box::pin(async move {
            let answer = answer.await;
            out::say(&format!("tidelock: {name} {}", ending(&answer, begun.elapsed())));
            answer
        })
    }
}

/// A collector in words: its address without what may be a password, and the context that was read for it.
pub(crate) fn whom(server: &str, context: Option<&str>) -> String {
    let address = match server.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("https", |(scheme, _)| scheme);
            format!("{scheme}://{host}")
        }
        None => server.to_owned(),
    };
    let context = context.map_or_else(|| "no context".to_owned(), |name| format!("context {name}"));
    clean(&format!("{address} ({context})"))
}

/// `GateService.GetGate` of `/tidelock.v1.GateService/GetGate`.
fn name(path: &str) -> String {
    path.trim_start_matches('/').trim_start_matches("tidelock.v1.").replace('/', ".")
}

/// What became of it. A stream goes on after its answer began, so how it ends is not told here.
fn ending<B, E>(answer: &Result<http::Response<B>, E>, took: Duration) -> String {
    let took = format!("{} ms", took.as_millis());
    let Ok(answer) = answer else { return format!("has no answer after {took}") };
    if answer.status() != http::StatusCode::OK {
        return format!("is answered in {took}, and not by a collector: HTTP {}", answer.status().as_u16());
    }
    match answer.headers().get("grpc-status").map(|code| Code::from_bytes(code.as_bytes())) {
        None | Some(Code::Ok) => format!("is answered in {took}"),
        Some(code) => format!("is refused in {took}: {code:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_said_with_its_collector_and_its_end_and_never_with_a_password() {
        assert_eq!(name("/tidelock.v1.GateService/GetGate"), "GateService.GetGate");
        assert_eq!(whom("https://a.example:7480", Some("night")), "https://a.example:7480 (context night)");
        assert_eq!(whom("https://olga:secret@a.example:7480", None), "https://a.example:7480 (no context)");
        let said = |status: u16, code: Option<&str>| {
            let answer = http::Response::builder().status(status);
            let answer = code.iter().fold(answer, |answer, code| answer.header("grpc-status", *code));
            ending(&answer.body(()), Duration::from_millis(12))
        };
        assert_eq!(said(200, None), "is answered in 12 ms");
        assert_eq!(said(200, Some("0")), "is answered in 12 ms");
        assert_eq!(said(200, Some("7")), "is refused in 12 ms: PermissionDenied");
        assert_eq!(said(502, None), "is answered in 12 ms, and not by a collector: HTTP 502");
        let none: Result<http::Response<()>, ()> = Err(());
        assert_eq!(ending(&none, Duration::from_secs(10)), "has no answer after 10000 ms");
    }
}
