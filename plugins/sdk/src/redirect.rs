//! Where a redirect leads: only into granted targets.

use crate::host::HttpHost;
use crate::{HttpRequest, HttpResponse, Stop};

/// Whether a status is a redirect.
pub(crate) fn is(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The target, path and request of the next hop; nothing when the answer is no redirect.
///
/// # Errors
/// The answer leads to what is no granted target.
pub(crate) fn next(
    host: &dyn HttpHost,
    target: &str,
    request: &HttpRequest,
    response: &HttpResponse,
) -> Result<Option<(String, String, HttpRequest)>, Stop> {
    let location = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let Some((_, location)) = location.filter(|_| is(response.status)) else {
        return Ok(None);
    };
    let (to, path) = resolve(host, target, &request.path, location)?;
    let mut next = request.clone();
    if response.status == 303 || (request.method == "POST" && matches!(response.status, 301 | 302)) {
        next.method = if request.method == "HEAD" { "HEAD" } else { "GET" }.to_owned();
        next.body.clear();
        next.headers.retain(|(name, _)| name != "content-type");
    }
    if to != target {
        next.headers.retain(|(name, _)| name != "authorization");
    }
    Ok(Some((to, path, next)))
}

/// The target and path that a `Location` means, seen from `path` on `target`.
pub(crate) fn resolve(
    host: &dyn HttpHost,
    target: &str,
    path: &str,
    location: &str,
) -> Result<(String, String), Stop> {
    let location = location.split('#').next().unwrap_or_default().trim();
    let absolute = if location.starts_with("//") { format!("https:{location}") } else { location.to_owned() };
    if absolute.contains("://") && !absolute.starts_with('/') {
        return host.target_of(&absolute).ok_or_else(|| {
            Stop::blind(format!("a redirect leads to {absolute}, which is no target of this check: grant it"))
        });
    }
    let bare = path.split('?').next().unwrap_or("/");
    let path = if location.starts_with('/') {
        location.to_owned()
    } else if location.is_empty() || location.starts_with('?') {
        format!("{bare}{location}")
    } else {
        let folder = bare.rsplit_once('/').map_or("", |(folder, _)| folder);
        tidy(&format!("{folder}/{location}"))
    };
    Ok((target.to_owned(), path))
}

/// Takes `.` and `..` out of a path.
fn tidy(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let path = format!("/{}", kept.join("/"));
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    fn resolved(location: &str) -> Result<(String, String), Stop> {
        let host =
            FakeHost::new().origin("https://shop.example", "shop").origin("https://sso.example", "sso");
        resolve(&*host.rc(), "shop", "/a/b?x=1", location)
    }

    #[test]
    fn relative_links_stay_on_the_target() {
        for (location, path) in [
            ("/account", "/account"),
            ("c?d=1", "/a/c?d=1"),
            ("../c", "/c"),
            ("?y=2", "/a/b?y=2"),
            ("#top", "/a/b"),
        ] {
            assert_eq!(resolved(location), Ok(("shop".to_owned(), path.to_owned())), "{location}");
        }
    }

    #[test]
    fn absolute_links_go_to_granted_targets_only() {
        assert_eq!(resolved("https://sso.example/in?x=1"), Ok(("sso".to_owned(), "/in?x=1".to_owned())));
        assert_eq!(resolved("//sso.example/in"), Ok(("sso".to_owned(), "/in".to_owned())));
        assert!(matches!(resolved("http://169.254.169.254/latest"), Err(Stop::Trouble(_))));
    }
}
