//! The cookies of one visitor, a jar for each target.
//!
//! A plugin never sees a scheme or a host, so a cookie belongs to the target that set it; `Domain` and
//! `Secure` are not looked at. Path, `Max-Age` and `Expires` are.

use std::collections::BTreeMap;

use crate::date;

/// A jar holds at most this many cookies; more are not kept.
const MAX_COOKIES: usize = 64;
/// A longer cookie is not kept.
const MAX_COOKIE_BYTES: usize = 4096;

/// All jars of one visitor, by target.
pub(crate) type Jars = BTreeMap<String, Jar>;

/// The cookies that one target has set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug, Clone, PartialEq)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

impl Jar {
    /// Takes one `Set-Cookie` header that came from `request_path`.
    pub fn take(&mut self, header: &str, request_path: &str, now_unix_ms: u64) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.is_empty() || header.len() > MAX_COOKIE_BYTES {
            return;
        }
        let mut path = default_path(request_path);
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => path = value.to_owned(),
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => expires = date::unix_s(value),
                _ => {}
            }
        }
        let now_s = i64::try_from(now_unix_ms / 1000).unwrap_or(i64::MAX);
        let ended = max_age.map_or_else(|| expires.is_some_and(|at| at <= now_s), |seconds| seconds <= 0);
        self.cookies.retain(|cookie| cookie.name != name || cookie.path != path);
        if !ended && self.cookies.len() < MAX_COOKIES {
            self.cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
        }
    }

    /// The `Cookie` header for a request, longest path first; nothing when no cookie fits.
    pub fn header(&self, request_path: &str) -> Option<String> {
        let path = bare_path(request_path);
        let mut fitting: Vec<&Cookie> =
            self.cookies.iter().filter(|cookie| fits(&cookie.path, path)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> =
            fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of a cookie.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// Whether no cookie is held.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }
}

fn bare_path(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or("/")
}

/// The folder of the path that set the cookie.
fn default_path(request_path: &str) -> String {
    match bare_path(request_path).rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

fn fits(cookie: &str, request: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn jar(headers: &[&str]) -> Jar {
        let mut jar = Jar::default();
        for header in headers {
            jar.take(header, "/login", NOW_MS);
        }
        jar
    }

    #[test]
    fn a_cookie_is_kept_and_sent_back() {
        let jar = jar(&["session=abc; HttpOnly; Path=/", "lang=de"]);
        assert_eq!(jar.header("/account?x=1").as_deref(), Some("session=abc; lang=de"));
        assert_eq!(jar.get("session"), Some("abc"));
    }

    #[test]
    fn a_cookie_stays_in_its_path() {
        let jar = jar(&["cart=1; Path=/shop"]);
        assert_eq!(jar.header("/shop/cart").as_deref(), Some("cart=1"));
        assert_eq!(jar.header("/shopping"), None);
    }

    #[test]
    fn an_ended_cookie_is_taken_out() {
        for end in ["s=; Max-Age=0; Path=/", "s=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"] {
            assert!(jar(&["s=1; Path=/", end]).is_empty(), "{end}");
        }
        assert!(!jar(&["s=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT"]).is_empty());
    }

    #[test]
    fn a_jar_has_a_bound() {
        let mut jar = Jar::default();
        for number in 0..1000 {
            jar.take(&format!("c{number}=1"), "/", NOW_MS);
        }
        jar.take(&format!("big={}", "x".repeat(5000)), "/", NOW_MS);
        assert_eq!(jar.cookies.len(), MAX_COOKIES);
    }
}
