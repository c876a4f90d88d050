//! What goes out: the plugin's request, checked, with the host's own words and credentials in it.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::Full;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::redirect::Step;
use crate::bindings::tidelock::check::http::Request;
use crate::cache::hex;
use crate::grants::{HttpTarget, Place};
use crate::host::{CallError, RunState};
use crate::limits::MAX_REQUEST_BODY_BYTES;
use crate::protocol::Connect;
use crate::secret::{self, Fill, base64, form_decode, form_encode, wipe};

/// Headers that a plugin may send.
const MAX_HEADERS: usize = 64;
/// Their size together.
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Headers that are the host's: they say who is calling, and how the message is framed.
const RESERVED: [HeaderName; 10] = [
    HOST,
    USER_AGENT,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    ACCEPT_ENCODING,
];
const RESERVED_WORDS: [&str; 5] =
    ["traceparent", "tracestate", "keep-alive", "proxy-authorization", "proxy-connection"];

/// A request with its secrets in it, ready to be sent and sent again after a redirect.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Outgoing {
    /// Checks a plugin's request and fills in its handles.
    pub(super) fn new(
        run: &mut RunState,
        http: &HttpTarget,
        request: Request,
    ) -> Result<Outgoing, CallError> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| {
            CallError::Denied(format!("{:?} is no HTTP method", crate::report::clean(&request.method, 32)))
        })?;
        if request.body.len() > MAX_REQUEST_BODY_BYTES {
            return Err(CallError::Budget(format!("a body has at most {MAX_REQUEST_BODY_BYTES} bytes")));
        }
        let RunState { secrets, scrubber, .. } = run;
        let fill = Fill { secrets, host: &http.origin.host, port: http.origin.port };
        let path = fill.text(&request.path, secret::Place::Path, scrubber).map_err(CallError::Denied)?;
        super::check_grant(http, &method, &path).map_err(CallError::Denied)?;
        let mut headers = HeaderMap::new();
        check_size(&request.headers)?;
        for (name, value) in &request.headers {
            let name = check_name(name, http)?;
            let value = fill.text(value, secret::Place::Header, scrubber).map_err(CallError::Denied)?;
            let value = HeaderValue::from_str(&value).map_err(|_| {
                CallError::Denied(format!("header {name} has a value with control characters"))
            })?;
            headers.append(name, value);
        }
        let place = secret::Place::of_content_type(content_type(&headers));
        let body = match String::from_utf8(request.body) {
            Ok(text) => fill.text(&text, place, scrubber).map_err(CallError::Denied)?.into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        let mut outgoing = Outgoing { method, path, headers, body: body.into() };
        outgoing.credential(&fill, http)?;
        Ok(outgoing)
    }

    /// Adds the target's credential.
    fn credential(&mut self, fill: &Fill<'_>, http: &HttpTarget) -> Result<(), CallError> {
        let Some((place, name)) = &http.credential else {
            return Ok(());
        };
        let value = fill.value(name).map_err(CallError::Denied)?;
        let header = |text: String| {
            let mut bytes = text.into_bytes();
            let header = HeaderValue::from_bytes(&bytes);
            wipe(&mut bytes);
            let unfit = || CallError::Denied(format!("secret:{name} does not fit into a header"));
            header.map_err(|_| unfit()).map(|mut header| {
                header.set_sensitive(true);
                header
            })
        };
        match place {
            Place::Bearer => self.headers.insert(AUTHORIZATION, header(format!("Bearer {value}"))?),
            Place::Basic => {
                self.headers.insert(AUTHORIZATION, header(format!("Basic {}", base64(value.as_bytes())))?)
            }
            Place::Header(name) => self.headers.insert(name.clone(), header(value.to_owned())?),
            Place::FormField(field) => {
                if secret::Place::of_content_type(content_type(&self.headers)) == secret::Place::Form {
                    self.body = with_field(&self.body, field, value).into();
                }
                None
            }
        };
        Ok(())
    }

    /// The message for one connection.
    pub(super) fn request(
        &self,
        run: &RunState,
        http: &HttpTarget,
    ) -> Result<http::Request<Full<Bytes>>, CallError> {
        let internal = |error: http::Error| CallError::Denied(format!("the request cannot be sent: {error}"));
        let mut request = http::Request::builder()
            .method(self.method.clone())
            .uri(self.path.as_str())
            .body(Full::new(self.body.clone()))
            .map_err(internal)?;
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        let agent = format!("tidelock/{} (check {})", env!("CARGO_PKG_VERSION"), run.check);
        for (name, text) in [
            (HOST, http.origin.authority()),
            (USER_AGENT, agent),
            (ACCEPT_ENCODING, "identity".to_owned()),
            (
                HeaderName::from_static("traceparent"),
                traceparent(&run.trace_id, run.parent_span_id.as_deref())?,
            ),
        ] {
            headers.insert(name, HeaderValue::from_str(&text).map_err(|error| internal(error.into()))?);
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        if http.connect == Connect::New {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(request)
    }

    /// Takes the turn that a redirect asks for.
    pub(super) fn redirect(&mut self, step: Step) {
        self.path = step.path;
        if step.drop_body {
            self.body = Bytes::new();
            self.headers.remove(CONTENT_TYPE);
            self.headers.remove(CONTENT_ENCODING);
        }
        self.method = step.method;
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn check_size(headers: &[(String, String)]) -> Result<(), CallError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(CallError::Denied(format!(
            "a request has at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes together"
        )));
    }
    Ok(())
}

fn check_name(name: &str, http: &HttpTarget) -> Result<HeaderName, CallError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| CallError::Denied(format!("{:?} is no header name", crate::report::clean(name, 64))))?;
    let credential = match &http.credential {
        Some((Place::Bearer | Place::Basic, _)) => Some(&AUTHORIZATION),
        Some((Place::Header(header), _)) => Some(header),
        Some((Place::FormField(_), _)) | None => None,
    };
    if RESERVED.contains(&parsed) || RESERVED_WORDS.contains(&parsed.as_str()) || credential == Some(&parsed)
    {
        return Err(CallError::Denied(format!("header {parsed} is the host's")));
    }
    Ok(parsed)
}

/// A form with one field of this name, whatever it had before.
fn with_field(form: &[u8], field: &str, value: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(form);
    let others = text.split('&').filter(|pair| {
        let key = pair.split('=').next().unwrap_or("");
        !pair.is_empty() && form_decode(key) != field
    });
    let mut pairs: Vec<String> = others.map(str::to_owned).collect();
    pairs.push(format!("{}={}", form_encode(field), form_encode(value)));
    pairs.join("&").into_bytes()
}

/// A trace context of this run: below its span, or below a new one where nobody is told of that.
fn traceparent(trace_id: &str, parent: Option<&str>) -> Result<String, CallError> {
    if let Some(parent) = parent {
        return Ok(format!("00-{trace_id}-{parent}-01"));
    }
    let mut span = [0; 8];
    let filled = SystemRandom::new().fill(&mut span);
    filled.map_err(|_| CallError::Denied("the system gives no random bytes".to_owned()))?;
    span[0] |= 1; // An all-zero span is not valid.
    Ok(format!("00-{trace_id}-{}-01", hex(&span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_field_of_the_credential_cannot_be_sent_twice() {
        let form = |text: &str| String::from_utf8(with_field(text.as_bytes(), "api key", "a&b")).unwrap();
        assert_eq!(form(""), "api+key=a%26b");
        assert_eq!(form("x=1&api+key=mine&api%20key=2"), "x=1&api+key=a%26b");
    }
}
