//! Whether a path lies under a granted prefix, however a server may read it.
//!
//! A prefix is worth what the strangest server makes of a path. So there is one rule: the path as it
//! is written and the path as it is decoded must both lie under the same prefix, and none of the
//! readings may contain a segment that goes up. An encoded slash alone is let through, because
//! RabbitMQ names its default host that way.

use crate::secret::percent_decode;

/// The longest path with query.
const MAX_PATH_BYTES: usize = 8 << 10;
/// Layers of encoding that are undone; a path with more is refused.
const MAX_LAYERS: usize = 3;

/// Whether a prefix of the plan is one that can be compared with.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'%' | b'\\' | b'?' | b'#' | b';');
    if !prefix.bytes().all(plain) {
        return Err("a prefix has no escapes and no query".to_owned());
    }
    check_shape(prefix)
}

/// Whether `path` (with its query) may be called under one of the granted prefixes.
///
/// # Errors
/// Says which rule refuses it.
pub(crate) fn allowed(path: &str, prefixes: &[String]) -> Result<(), String> {
    if path.len() > MAX_PATH_BYTES {
        return Err(format!("a path has at most {MAX_PATH_BYTES} bytes"));
    }
    if !path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#') {
        return Err("a path has no spaces, backslashes, fragments or characters outside ASCII".to_owned());
    }
    let raw = path.split('?').next().unwrap_or("");
    check_shape(raw)?;
    let readings = readings(raw)?;
    let under = |prefix: &String| readings.iter().all(|reading| is_under(reading, prefix.as_bytes()));
    if prefixes.iter().any(under) {
        return Ok(());
    }
    Err(format!("path {raw} is not under {}", prefixes.join(", ")))
}

fn check_shape(raw: &str) -> Result<(), String> {
    if !raw.starts_with('/') {
        return Err("a path begins with /".to_owned());
    }
    if raw.contains("//") {
        return Err("a path has no empty segments".to_owned());
    }
    check_segments(raw.as_bytes())
}

/// The path as written, and as it is after each layer of decoding.
fn readings(raw: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut readings = vec![raw.as_bytes().to_vec()];
    for _ in 0..MAX_LAYERS {
        let last = readings.last().map_or(&[][..], Vec::as_slice);
        let decoded = percent_decode(last);
        if decoded == last {
            return Ok(readings);
        }
        check_segments(&decoded)?;
        readings.push(decoded);
    }
    Err(format!("a path is encoded at most {} times", MAX_LAYERS - 1))
}

fn check_segments(path: &[u8]) -> Result<(), String> {
    if path.iter().any(|b| b.is_ascii_control()) {
        return Err("a path has no control characters, encoded or not".to_owned());
    }
    // Some servers cut parameters (`..;x`) off before they look, and read a backslash as a slash.
    let goes_up = |segment: &[u8]| {
        let name = segment.split(|b| *b == b';').next().unwrap_or(&[]);
        name == b"." || name == b".."
    };
    if path.split(|b| *b == b'/' || *b == b'\\').any(goes_up) {
        return Err("a path has no segment . or .., encoded or not".to_owned());
    }
    Ok(())
}

fn is_under(path: &[u8], prefix: &[u8]) -> bool {
    match path.strip_prefix(prefix) {
        Some(rest) => prefix.ends_with(b"/") || rest.is_empty() || rest.starts_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(path: &str, prefix: &str) -> bool {
        allowed(path, &[prefix.to_owned()]).is_ok()
    }

    #[test]
    fn a_path_lies_under_its_prefix_at_a_segment() {
        for (path, prefix, inside) in [
            ("/", "/", true),
            ("/cart?x=/../y", "/", true),
            ("/api", "/api", true),
            ("/api/x", "/api", true),
            ("/api?x", "/api", true),
            ("/apix", "/api", false),
            ("/api", "/api/", false),
            ("/api/", "/api/", true),
            ("/API/", "/api/", false),
            ("/api/queues/%2F/orders", "/api/", true),
            ("/api/a%20b", "/api/", true),
            ("/other", "/api/", false),
            ("/%61pi/x", "/api/", false),
        ] {
            assert_eq!(under(path, prefix), inside, "{path} under {prefix}");
        }
    }

    #[test]
    fn no_reading_of_a_path_leaves_its_prefix() {
        for path in [
            "/api/../admin",
            "/api/./x",
            "/api/..",
            "/api/.",
            "/api/%2e%2e/admin",
            "/api/%2E./admin",
            "/api/.%2e/admin",
            "/api/%2e%2e%2fadmin",
            "/api/..%2fadmin",
            "/api/%252e%252e/admin",
            "/api/%25252e%25252e/x",
            "/api/%2525252e/x",
            "/api\\..\\admin",
            "/api/..%5cadmin",
            "/api/%5c..%5cadmin",
            "/api/..;/admin",
            "/api/..;x=1/admin",
            "/api/%2e%2e;/admin",
            "/api//x",
            "//evil.example/x",
            "api/x",
            "",
            "?x",
            "http://evil.example/api/",
            "/api/%00",
            "/api/%0d%0aHost:%20x",
            "/api/x y",
            "/api/x\r\n",
            "/api/ä",
            "/api/x#y",
            "*",
        ] {
            assert!(!under(path, "/api/"), "{path:?} was let through");
            assert!(!under(path, "/"), "{path:?} was let through under /");
        }
    }
}
