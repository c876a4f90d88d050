//! Signs callers in, before anything else sees the request, and remembers whom it or anything behind it refused.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{Extensions, HeaderMap, StatusCode, header};
use tidelock_model::{Name, Timestamp, mutated};
use tonic::{Code, Status};

use super::caller::Caller;
use super::{Api, errors, http as plain};
use crate::audit::{self, RefusedAsk};
use crate::clock;
use crate::net::Peer;
use crate::pace::Pace;

/// Calls that need no token: health, and joining with a token of its own.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", JOIN];
const JOIN: &str = "/tidelock.v1.EnrolService/";
/// The one call for which nobody waits: it shuts every gate.
const HOLD: &str = "/tidelock.v1.OrderService/Hold";
/// Wrong tokens of one address at once, and then one in this time.
const WRONG_AT_ONCE: u64 = 20;
const WRONG_ONE_IN: Duration = Duration::from_secs(3);
/// Calls of one identity at once, and then one in this time.
const CALLS_AT_ONCE: u64 = 20_000;
const CALLS_ONE_IN: Duration = Duration::from_millis(1);

/// Orders of one person at once, and then one in this time: what is decided is kept for ever.
const ORDERS_AT_ONCE: u64 = 200;
const ORDERS_ONE_IN: Duration = Duration::from_secs(1);
/// Checks that one person has run at once, and then one in this time.
const RUNS_AT_ONCE: u64 = 20;
const RUNS_ONE_IN: Duration = Duration::from_secs(3);

/// How often one may be wrong, and how often one may ask.
#[derive(Debug, Clone)]
pub struct Limits {
    wrong: Pace<IpAddr>,
    calls: Pace<String>,
    orders: Pace<Name>,
    runs: Pace<Name>,
}

impl Limits {
    /// Whether this identity asks too often. Nobody waits to press hold.
    fn too_often(&self, identity: String, path: &str, now: Timestamp) -> bool {
        path != HOLD && !self.calls.take(identity, now) && !mutated("calls-are-counted")
    }

    /// Counts a wrong token of that address, of a person or to join with; says so where there were too many.
    pub(super) fn too_wrong(&self, from: Option<IpAddr>, now: Timestamp) -> Option<Status> {
        let many = from.is_some_and(|from| !self.wrong.take(network(from), now));
        let words = "too many wrong tokens came from this address; wait a minute";
        (many && !mutated("wrong-tokens-are-few")).then(|| errors::too_many(words))
    }

    /// Counts an order of this person, whatever access they show.
    ///
    /// # Errors
    /// Where there were too many.
    pub(super) fn order(&self, who: &Caller) -> Result<(), Status> {
        let words =
            "too many orders of one person, and each is kept for ever; wait a few seconds, and ask again";
        paced(&self.orders, who, words)
    }

    /// Counts a check that this person has run now.
    ///
    /// # Errors
    /// Where there were too many.
    pub(super) fn run_check(&self, who: &Caller) -> Result<(), Status> {
        let words = "too many checks that one person has run, and each is kept for ever; wait a few seconds, and ask again";
        paced(&self.runs, who, words)
    }
}

fn paced(pace: &Pace<Name>, who: &Caller, words: &str) -> Result<(), Status> {
    match pace.take(who.subject().clone(), clock::wall()) || mutated("orders-have-a-pace") {
        true => Ok(()),
        false => Err(errors::too_many(words)),
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            wrong: Pace::new(WRONG_AT_ONCE, WRONG_ONE_IN),
            calls: Pace::new(CALLS_AT_ONCE, CALLS_ONE_IN),
            orders: Pace::new(ORDERS_AT_ONCE, ORDERS_ONE_IN),
            runs: Pace::new(RUNS_AT_ONCE, RUNS_ONE_IN),
        }
    }
}

/// Lets nobody through without a live token, but for the two services above.
pub(super) async fn sign_in(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if OPEN.iter().any(|open| path.starts_with(open)) {
        let from = from(request.extensions());
        let response = next.run(request).await;
        if let Some(status) = refused(&response).filter(|_| path.starts_with(JOIN)) {
            tell(&api, None, from, &path, &status);
        }
        return response;
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let from = from(request.extensions());
    let who = match admit(&api, token(request.headers()).unwrap_or_default(), &path, from) {
        Ok(who) => who,
        Err(status) => return refuse(status, grpc),
    };
    request.extensions_mut().insert(who.clone());
    let response = next.run(request).await;
    if let Some(status) = refused(&response) {
        tell(&api, Some(&who), from, &path, &status);
    }
    response
}

/// The caller of a token, where this call is theirs to make. A token that is right is never held up by wrong ones
/// of its address: whoever shares it with an attacker must be able to press hold. So each is looked up before its
/// address is counted, which costs the same however many grants there are.
pub(super) fn admit(api: &Api, token: &str, path: &str, from: Option<IpAddr>) -> Result<Caller, Status> {
    let now = clock::wall();
    let Some(grant) = api.access.find(token, now) else {
        let status = api.limits.too_wrong(from, now).unwrap_or_else(errors::not_signed_in);
        tell(api, None, from, "sign in", &status);
        return Err(status);
    };
    let (who, id) = (Caller::new(grant.clone()), grant.id);
    let may = match api.limits.too_often(id, path, now) {
        true => {
            Err(errors::too_many("this access asks too often; ask for changes with a wait, and less often"))
        }
        false => who.may_call(path),
    };
    may.inspect_err(|status| tell(api, Some(&who), from, path, status))?;
    Ok(who)
}

/// Remembers a refused ask.
pub(super) fn tell(api: &Api, who: Option<&Caller>, from: Option<IpAddr>, what: &str, why: &Status) {
    let (subject, role, grant, migration) = match who {
        Some(who) => (who.subject().to_string(), who.role().word(), who.grant_id(), who.bound_to()),
        None => (String::new(), "", "", None),
    };
    api.audit.tell(RefusedAsk {
        unix_ms: clock::wall().max(Timestamp::ZERO).as_millis(),
        subject,
        role: role.to_owned(),
        grant: grant.to_owned(),
        migration: migration.map(ToString::to_string).unwrap_or_default(),
        address: audit::address(from),
        what: what.rsplit_once("tidelock.v1.").map_or(what, |(_, call)| call).to_owned(),
        why: why.message().to_owned(),
        times: 1,
    });
}

/// What the answer says, where it is a refusal of somebody who is known.
fn refused(response: &Response) -> Option<Status> {
    let status = match response.extensions().get::<plain::Why>() {
        Some(plain::Why(status)) => status.clone(),
        None => Status::from_header_map(response.headers())?,
    };
    told(status.code()).then_some(status)
}

/// A refusal: not a mistake in the question, and no trouble of the collector.
pub(super) fn told(code: Code) -> bool {
    match code {
        Code::PermissionDenied | Code::Unauthenticated | Code::NotFound => true,
        Code::FailedPrecondition | Code::Aborted | Code::ResourceExhausted => true,
        Code::Ok | Code::Cancelled | Code::Unknown | Code::InvalidArgument | Code::DeadlineExceeded => false,
        Code::AlreadyExists | Code::OutOfRange | Code::Unimplemented | Code::Internal => false,
        Code::Unavailable | Code::DataLoss => false,
    }
}

/// Where a request comes from.
pub(super) fn from(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.address.ip())
}

/// One host of IPv6 has a network of 64 bits to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four @ IpAddr::V4(_) => four,
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn refuse(status: Status, grpc: bool) -> Response {
    if grpc {
        return status.into_http::<Body>();
    }
    if status.code() != Code::Unauthenticated {
        return plain::Refused::from(status).into_response();
    }
    let headers = [(header::WWW_AUTHENTICATE, "Bearer realm=\"tidelock\"")];
    (StatusCode::UNAUTHORIZED, headers, "no or wrong token; ask an operator for access\n").into_response()
}

/// The caller of a gRPC request.
pub(super) fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().cloned().ok_or_else(errors::not_signed_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_identity_are_so_many_at_once_and_hold_is_none_of_them() {
        const GATE: &str = "/tidelock.v1.GateService/GetGate";
        let (limits, now) = (Limits::default(), Timestamp::from_millis(1_000_000));
        let too_often = |who: &str, path: &str| limits.too_often(who.to_owned(), path, now);
        assert!((0..CALLS_AT_ONCE).all(|_| !too_often("ci", GATE)));
        assert!(too_often("ci", GATE), "one more is too many");
        assert!(!too_often("ci", HOLD), "nobody waits to press hold");
        assert!(!too_often("olga", GATE), "each for itself");
    }
}
