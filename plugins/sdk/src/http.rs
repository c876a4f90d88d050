//! A visitor of granted targets: requests, cookies, redirects.
//!
//! Redirects are followed here and not by the host, because the answers in between set cookies: most form
//! logins set the session's cookie on the very redirect.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use crate::cookies::{Jar, Jars};
use crate::encode::{base64, form, path_safe};
use crate::host::{BaseHost, HttpHost};
use crate::redirect;
use crate::{HttpRequest, HttpResponse, Stop, Timing};

/// At most this many redirects are followed.
const MAX_HOPS: usize = 5;

/// One visitor with cookies of its own. Clones share them.
#[derive(Clone)]
pub struct Browser {
    http: Rc<dyn HttpHost>,
    base: Rc<dyn BaseHost>,
    jars: Rc<RefCell<Jars>>,
}

/// A granted target, as one visitor sees it.
#[derive(Clone)]
pub struct Target {
    browser: Browser,
    name: String,
}

/// A request being put together.
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    browser: Browser,
    target: String,
    request: HttpRequest,
    follow: bool,
    with_cookies: bool,
}

/// What a target answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The target that answered last.
    pub target: String,
    /// The path that answered last.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The headers as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The last answer's timing, as the host took it.
    pub timing: Timing,
    /// The time of all hops, in microseconds.
    pub total_us: u64,
}

impl Browser {
    pub(crate) fn new(http: Rc<dyn HttpHost>, base: Rc<dyn BaseHost>, jars: Rc<RefCell<Jars>>) -> Browser {
        Browser { http, base, jars }
    }

    /// A granted target.
    pub fn target(&self, name: &str) -> Target {
        Target { browser: self.clone(), name: name.to_owned() }
    }

    /// The cookies that a target has set so far.
    pub fn jar(&self, target: &str) -> Jar {
        self.jars.borrow().get(target).cloned().unwrap_or_default()
    }

    /// Replaces the cookies of a target: brings a session from elsewhere, or an old one back.
    pub fn set_jar(&self, target: &str, jar: Jar) {
        self.jars.borrow_mut().insert(target.to_owned(), jar);
    }

    /// The granted target that an absolute URL belongs to.
    pub(crate) fn target_of(&self, url: &str) -> Option<String> {
        self.http.target_of(url).map(|(target, _)| target)
    }

    fn once(&self, target: &str, mut request: HttpRequest, with_cookies: bool) -> Result<HttpResponse, Stop> {
        if with_cookies && let Some(cookies) = self.jar(target).header(&request.path) {
            request.headers.push(("cookie".to_owned(), cookies));
        }
        let response = self.http.send(target, &request)?;
        if with_cookies {
            let now = self.base.now_unix_ms();
            let mut jars = self.jars.borrow_mut();
            for (name, value) in &response.headers {
                if name.eq_ignore_ascii_case("set-cookie") {
                    jars.entry(target.to_owned()).or_default().take(value, &request.path, now);
                }
            }
        }
        Ok(response)
    }
}

impl Target {
    /// The target's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A request with any method.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call {
            browser: self.browser.clone(),
            target: self.name.clone(),
            request: HttpRequest {
                method: method.to_ascii_uppercase(),
                path: path_safe(path),
                headers: Vec::new(),
                body: Vec::new(),
                follow_redirects: false,
            },
            follow: false,
            with_cookies: true,
        }
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// A POST.
    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Authenticates with a token, or with a secret's handle.
    pub fn bearer(self, token: &str) -> Call {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Authenticates with a name and a password, or with secrets' handles: the host decodes the pair, puts the
    /// values in and encodes it again.
    pub fn basic(self, user: &str, password: &str) -> Call {
        self.header("authorization", &format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))
    }

    /// Sends fields as a form.
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Call {
        self.request.body = form(fields).into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends a JSON value.
    pub fn json(mut self, value: &Value) -> Call {
        self.request.body = value.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Sends bytes.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Call {
        self.request.body = body.into();
        self
    }

    /// Follows redirects into granted targets, at most five.
    pub fn follow(mut self, follow: bool) -> Call {
        self.follow = follow;
        self
    }

    /// Sends no cookie and keeps none.
    pub fn without_cookies(mut self) -> Call {
        self.with_cookies = false;
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    /// [`Stop::Wrong`] when the target does not answer, [`Stop::Trouble`] when the call was not allowed.
    pub fn send(self) -> Result<Reply, Stop> {
        let Call { browser, mut target, mut request, follow, with_cookies } = self;
        let mut total_us = 0u64;
        for hop in 0..=MAX_HOPS {
            let response = browser.once(&target, request.clone(), with_cookies)?;
            total_us = total_us.saturating_add(response.timing.total_us);
            let next =
                if follow { redirect::next(&*browser.http, &target, &request, &response)? } else { None };
            let Some((to, path, redirected)) = next else {
                return Ok(Reply::new(target, request.path, response, total_us));
            };
            if hop == MAX_HOPS {
                break;
            }
            request = redirected;
            (target, request.path) = (to, path_safe(&path));
        }
        Err(Stop::Wrong(format!("more than {MAX_HOPS} redirects, the last one to {}", request.path)))
    }
}

impl Reply {
    fn new(target: String, path: String, response: HttpResponse, total_us: u64) -> Reply {
        let path = if response.final_path.is_empty() { path } else { response.final_path };
        let HttpResponse { status, headers, body, timing, .. } = response;
        Reply { target, path, status, headers, body, timing, total_us }
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Stop::Wrong`] when it is not JSON.
    pub fn json(&self) -> Result<Value, Stop> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Stop::Wrong(format!("{} answered {} without JSON: {error}", self.path, self.status))
        })
    }

    /// The reply itself when its status is 200 to 299.
    ///
    /// # Errors
    /// [`Stop::Wrong`] with the status.
    pub fn ok(self) -> Result<Reply, Stop> {
        if self.is_ok() {
            return Ok(self);
        }
        Err(Stop::Wrong(format!("{} answered {}", self.path, self.status)))
    }

    /// Whether the status is 200 to 299.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the status sends the visitor elsewhere.
    pub fn is_redirect(&self) -> bool {
        redirect::is(self.status) && self.header("location").is_some()
    }
}
