//! The few encodings that a visitor of a web shop needs.

use std::fmt::Write as _;

/// Whether a text is a secret's handle, which the host replaces on the way out.
pub fn is_secret(text: &str) -> bool {
    text.strip_prefix("secret:").is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    })
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Percent-encodes everything but unreserved characters.
pub fn percent(text: &str) -> String {
    encode(text, |c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~'))
}

/// Percent-encodes only what cannot stand in a path and query at all, so that what is encoded already stays.
pub(crate) fn path_safe(text: &str) -> String {
    encode(text, |c| {
        c.is_ascii_graphic() && !matches!(c, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    })
}

fn encode(text: &str, keep: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// An `application/x-www-form-urlencoded` body. A secret's handle stays as it is: the host puts the value
/// in, and encodes it.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (key, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&percent(key));
        out.push('=');
        out.push_str(&if is_secret(value) { value.to_owned() } else { percent(value).replace("%20", "+") });
    }
    out
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                out.push(char::from(DIGITS[(group >> (18 - 6 * digit) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_form_is_encoded_and_a_secret_is_left_to_the_host() {
        let body = form([("user", "ana b"), ("password", "secret:shop-pw"), ("x&y", "ä=1")]);
        assert_eq!(body, "user=ana+b&password=secret:shop-pw&x%26y=%C3%A4%3D1");
    }

    #[test]
    fn a_text_that_only_begins_like_a_secret_is_encoded() {
        assert_eq!(form([("a", "secret:no such")]), "a=secret%3Ano+such");
    }

    #[test]
    fn a_path_keeps_its_own_escapes() {
        assert_eq!(path_safe("/a b/%2F?q={x}"), "/a%20b/%2F?q=%7Bx%7D");
    }

    #[test]
    fn hex_is_lower_case() {
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
