//! A small HTTP client for the demo's own calls: bounded in time and size, follows nothing, keeps
//! cookies only where asked.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(5);
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A call before it is sent.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// A call without a body.
    pub fn new(method: Method, url: impl Into<String>) -> Call {
        Call { method, url: url.into(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Call {
        Call::new(Method::GET, url)
    }

    /// A POST without a body.
    pub fn post(url: impl Into<String>) -> Call {
        Call::new(Method::POST, url)
    }

    /// Adds a header; a value that no header may hold is left out, and the server then refuses.
    pub fn header(mut self, name: &'static str, value: &str) -> Call {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Sends `value` as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Call {
        self.body = serde_json::to_vec(value).expect("the demo's own types serialise").into();
        self.header("content-type", "application/json")
    }

    /// Sends `fields` as a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Call {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.body = pairs.join("&").into();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most 4 MiB.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `null` where it is none, which no reader takes for a number.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Itself when the status is a success, otherwise an error with the first words of the body.
    pub fn good(self) -> anyhow::Result<Answer> {
        anyhow::ensure!(
            self.status.is_success(),
            "answered {}: {}",
            self.status,
            self.text().chars().take(200).collect::<String>()
        );
        Ok(self)
    }
}

/// The client; clones share their connections.
#[derive(Clone, Debug)]
pub struct Http {
    inner: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Http {
    fn default() -> Http {
        Http::new()
    }
}

impl Http {
    /// A client with no connection yet.
    pub fn new() -> Http {
        Http { inner: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends one call and reads its whole answer, within five seconds.
    pub async fn send(&self, call: Call) -> anyhow::Result<Answer> {
        let place = format!("{} {}", call.method, call.url);
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = call.url.parse().with_context(|| format!("bad URL in {place}"))?;
        *request.headers_mut() = call.headers;
        let exchange = async {
            let answer = self.inner.request(request).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, BODY_LIMIT)
                .collect()
                .await
                .map_err(|error| anyhow::anyhow!("read the answer: {error}"))?
                .to_bytes();
            anyhow::Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .with_context(|| format!("{place}: no answer in {TIMEOUT:?}"))?
            .with_context(|| place)
    }
}

/// The cookies of one visitor of one origin.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<(String, String)>,
}

impl Jar {
    /// Puts the cookies into a call.
    pub fn fill(&self, mut call: Call) -> Call {
        let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if let Ok(value) = HeaderValue::from_str(&line.join("; "))
            && !line.is_empty()
        {
            call.headers.insert(COOKIE, value);
        }
        call
    }

    /// Keeps what an answer sets, and drops what it empties.
    pub fn keep(&mut self, answer: &Answer) {
        for header in answer.headers.get_all(SET_COOKIE) {
            let Some((name, value)) = header
                .to_str()
                .ok()
                .and_then(|text| text.split(';').next())
                .and_then(|pair| pair.split_once('='))
            else {
                continue;
            };
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of one cookie.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}
