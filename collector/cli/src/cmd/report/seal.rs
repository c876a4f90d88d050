//! The signature at the end of a printed report, and how it is found there again.
//!
//! It holds everything that was signed, so that the page can be printed again from it: a comment behind a page of
//! Markdown or HTML, a field of a JSON document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tidelock_proto::v1;

/// How the comment begins, and how it ends with the file.
const OPEN: &str = "<!-- tidelock-report-signature/1\n";
const CLOSE: &str = "-->\n";
/// The same of a JSON document.
const SCHEMA: &str = "tidelock.report-signature/v1";
const KIND: &str = "ed25519:";
/// Bytes of what was signed in one line.
const LINE_BYTES: usize = 75;
const KEY_BYTES: usize = 32;

/// A key as people compare it.
pub(super) fn key_text(key: &[u8]) -> String {
    format!("{KIND}{}", STANDARD.encode(key))
}

/// A key as people give it, with or without its kind.
pub(super) fn read_key(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let key = STANDARD.decode(text.strip_prefix(KIND).unwrap_or(text)).ok()?;
    (key.len() == KEY_BYTES).then_some(key)
}

/// Behind a page.
pub(super) fn comment(wire: &v1::SignedReport) -> String {
    let (key, signature) = (key_text(&wire.key), STANDARD.encode(&wire.signature));
    let mut text = format!("{OPEN}key: {key}\nsignature: {signature}\nreport:\n");
    for line in wire.report.chunks(LINE_BYTES) {
        text.push_str(&STANDARD.encode(line));
        text.push('\n');
    }
    text.push_str(CLOSE);
    text
}

/// In a document.
pub(super) fn value(wire: &v1::SignedReport) -> Value {
    json!({
        "schema": SCHEMA, "key": key_text(&wire.key), "signature": STANDARD.encode(&wire.signature),
        "report": STANDARD.encode(&wire.report),
    })
}

#[derive(Deserialize)]
struct Document {
    signature: Option<Written>,
}

#[derive(Deserialize)]
struct Written {
    schema: String,
    key: String,
    signature: String,
    report: String,
}

/// What a file says was signed; whether it was is not looked at.
///
/// # Errors
/// There is no signature, or it is damaged.
pub(super) fn find(text: &str) -> Result<v1::SignedReport, String> {
    let found = if text.starts_with('{') { in_document(text)? } else { in_comment(text)? };
    let bytes = |text: &str, what| STANDARD.decode(text).map_err(|_| format!("its {what} is damaged"));
    Ok(v1::SignedReport {
        report: bytes(&found.report, "signed report")?,
        key: read_key(&found.key).ok_or("its key is damaged")?,
        signature: bytes(&found.signature, "signature")?,
    })
}

fn in_document(text: &str) -> Result<Written, String> {
    let document: Document = serde_json::from_str(text).map_err(|error| format!("it is damaged: {error}"))?;
    document.signature.filter(|found| found.schema == SCHEMA).ok_or_else(unsigned)
}

fn in_comment(text: &str) -> Result<Written, String> {
    let (_, block) = text.rsplit_once(OPEN).ok_or_else(unsigned)?;
    let damaged = || "its signature is cut off, or something stands behind it".to_owned();
    let mut lines = block.strip_suffix(CLOSE).ok_or_else(damaged)?.lines();
    let mut field = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).ok_or_else(damaged);
    let (key, signature) = (field("key: ")?.to_owned(), field("signature: ")?.to_owned());
    let _ = field("report:")?;
    Ok(Written { schema: SCHEMA.to_owned(), key, signature, report: lines.collect() })
}

fn unsigned() -> String {
    "it has no signature that this release knows".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::SignedReport {
        v1::SignedReport { report: (0..=255).collect(), key: vec![7; KEY_BYTES], signature: vec![9; 64] }
    }

    #[test]
    fn what_is_written_is_found() {
        assert_eq!(find(&format!("# Report\n\n{}", comment(&wire()))), Ok(wire()));
        let document = json!({ "schema": "tidelock.report/v1", "signature": value(&wire()) });
        assert_eq!(find(&format!("{document:#}\n")), Ok(wire()));
        assert_eq!(find(&format!("{document}\n")), Ok(wire()));
        assert!(comment(&wire()).lines().all(|line| line.len() <= 120), "{}", comment(&wire()));
    }

    #[test]
    fn what_is_missing_or_damaged_is_named() {
        for unsigned in ["", "# Report\n", "{}", r#"{ "signature": null }"#] {
            assert_eq!(find(unsigned), Err("it has no signature that this release knows".to_owned()));
        }
        let whole = comment(&wire());
        let cut = &whole[..whole.len() - 5];
        for bad in [cut, &format!("{whole}x"), &whole.replace("key: ", "kee: "), OPEN] {
            assert!(find(bad).unwrap_err().contains("cut off"), "{bad}");
        }
        let damaged = find(&whole.replace("signature: CQkJ", "signature: CQk!")).unwrap_err();
        assert_eq!(damaged, "its signature is damaged");
        assert!(find("{").unwrap_err().starts_with("it is damaged"));
    }

    #[test]
    fn a_key_is_given_with_or_without_its_kind() {
        let text = key_text(&[7; KEY_BYTES]);
        assert_eq!(read_key(&format!("{text}\n")), Some(vec![7; KEY_BYTES]));
        assert_eq!(read_key(text.trim_start_matches(KIND)), Some(vec![7; KEY_BYTES]));
        for bad in ["", "ed25519:", "ed25519:AAAA", "heads.json", "rsa:AAAA"] {
            assert_eq!(read_key(bad), None, "{bad}");
        }
    }
}
