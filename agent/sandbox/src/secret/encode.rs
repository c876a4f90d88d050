//! The spellings in which a value goes out, and may come back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 with padding, as HTTP basic authentication wants it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Percent-encodes all but letters, digits and `-._~`.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

/// As a form field: percent-encoded, with `+` for a space.
pub(crate) fn form_encode(text: &str) -> String {
    percent_encode(text).replace("%20", "+")
}

/// Reads a form field. Broken escapes stay as they are.
pub(crate) fn form_decode(text: &str) -> String {
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    String::from_utf8_lossy(&percent_decode(&bytes)).into_owned()
}

/// Undoes percent-encoding once. Broken escapes stay as they are.
pub(crate) fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, _) => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// As the inside of a JSON string.
pub(crate) fn json_escape(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As text in HTML or XML.
pub(crate) fn markup_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_back_as_they_went_out() {
        for text in ["", "a b&c=d", "päß/?%+", "secret:x"] {
            assert_eq!(form_decode(&form_encode(text)), text);
        }
    }

    #[test]
    fn broken_escapes_are_left_alone() {
        assert_eq!(form_decode("100%&%zz%4"), "100%&%zz%4");
    }
}
