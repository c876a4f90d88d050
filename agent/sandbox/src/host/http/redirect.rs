//! Redirects: followed inside a target, and handed to the plugin when they leave it.

use http::Method;
use http::header::LOCATION;
use tidelock_model::mutated;

use super::exchange::Answer;
use super::outgoing::Outgoing;
use crate::grants::HttpTarget;
use crate::grants::origin::Origin;

/// Where a redirect leads inside the target.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) drop_body: bool,
}

/// The step that an answer asks for: none when it is no redirect, an error when it may not be taken.
pub(super) fn next(answer: &Answer, sent: &Outgoing, http: &HttpTarget) -> Option<Result<Step, String>> {
    let (method, drop_body) = match answer.status {
        301 | 302 if sent.method == Method::POST => (Method::GET, true),
        303 if sent.method != Method::HEAD => (Method::GET, true),
        301 | 302 | 303 | 307 | 308 => (sent.method.clone(), false),
        _ => return None,
    };
    let location = answer.headers.get(LOCATION)?;
    Some(step(location.as_bytes(), &sent.path, http).and_then(|path| {
        super::check_grant(http, &method, &path).map_err(|why| format!("redirect not followed: {why}"))?;
        Ok(Step { method, path, drop_body })
    }))
}

fn step(location: &[u8], from: &str, http: &HttpTarget) -> Result<String, String> {
    let location = ascii(location);
    let absolute = if location.starts_with("//") {
        let scheme = if http.origin.tls { "https:" } else { "http:" };
        Some(format!("{scheme}{location}"))
    } else {
        let scheme = location.split(['/', '?', '#']).next().unwrap_or("");
        scheme.contains(':').then(|| location.clone())
    };
    let Some(url) = absolute else {
        return Ok(join(from, &location));
    };
    match Origin::parse_url(&url) {
        Some((origin, path)) if origin == http.origin || mutated("a-redirect-stays-inside") => {
            Ok(normal(&path))
        }
        Some((origin, _)) => Err(format!("redirect to {origin} leaves the target, not followed")),
        None => Err("redirect to something that is no URL, not followed".to_owned()),
    }
}

/// Percent-encodes what servers write into `Location` though it is not ASCII.
fn ascii(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_graphic() {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Resolves a relative reference against the path that was asked for.
fn join(from: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or("");
    let path = from.split('?').next().unwrap_or("/");
    if reference.is_empty() {
        return from.to_owned();
    }
    if reference.starts_with('?') {
        return format!("{path}{reference}");
    }
    if reference.starts_with('/') {
        return normal(reference);
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    normal(&format!("{folder}/{reference}"))
}

/// Takes the dots out of a path, as every client does with a redirect.
fn normal(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let mut out: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    out.pop();
                }
                if last {
                    out.push("");
                }
            }
            segment => out.push(segment),
        }
    }
    let path = format!("/{}", out.join("/"));
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::{Kind, parse, plain};
    use crate::protocol::{Grant, TargetGrant};

    #[test]
    fn a_location_leads_inside_the_target_or_is_refused() {
        let grant = Grant::Http(plain("https://shop.example"));
        let targets = parse(&[TargetGrant { name: "shop".to_owned(), own: true, grant }]).unwrap();
        let Kind::Http(http) = &targets["shop"].kind else { panic!("it is HTTP") };
        for (location, want) in [
            ("/account", Some("/account")),
            ("https://shop.example/account?x=1#top", Some("/account?x=1")),
            ("https://SHOP.example:443/", Some("/")),
            ("//shop.example/x", Some("/x")),
            ("next", Some("/a/next")),
            ("../up", Some("/up")),
            ("../../../up/./x/..", Some("/up/")),
            ("?page=2", Some("/a/b?page=2")),
            ("", Some("/a/b?q=1")),
            ("/caf\u{e9}", Some("/caf%C3%A9")),
            ("http://shop.example/", None),
            ("https://evil.example/", None),
            ("//evil.example/", None),
            ("https://shop.example@evil.example/", None),
            ("https://shop.example:8443/", None),
            ("javascript:alert(1)", None),
            ("\\\\evil.example\\", Some("/a/\\\\evil.example\\")),
        ] {
            let found = step(location.as_bytes(), "/a/b?q=1", http);
            assert_eq!(found.ok().as_deref(), want, "{location}");
        }
    }
}
