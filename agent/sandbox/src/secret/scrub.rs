//! Takes secrets out of everything that comes back.
//!
//! A target that echoes what it was sent would hand the value to the plugin, and the plugin could
//! write it into a report. So each spelling that a value may come back in is replaced by
//! `[secret:NAME]`. A value that is transformed in some other way is not seen; that is why a secret
//! may only go to hosts that its owner named.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use tidelock_model::mutated;

use super::encode::{form_encode, json_escape, markup_escape, percent_encode};
use super::{MIN_SECRET_BYTES, wipe};

/// Knows the spellings of a run's secrets.
#[derive(Default)]
pub(crate) struct Scrubber {
    /// What to look for, longest first, and what to write instead.
    patterns: Vec<(Vec<u8>, String)>,
}

impl Scrubber {
    /// Learns a secret's value in all its spellings. The password of `user:password` counts as well.
    pub(crate) fn learn(&mut self, name: &str, value: &str) {
        let mut values = vec![value];
        if let Some((_, password)) = value.split_once(':') {
            values.push(password);
        }
        for value in values {
            for spelling in spellings(value) {
                self.add(name, spelling);
            }
        }
        self.patterns.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    }

    fn add(&mut self, name: &str, spelling: String) {
        let bytes = spelling.into_bytes();
        let known = self.patterns.iter().any(|(known, _)| *known == bytes);
        if bytes.len() >= MIN_SECRET_BYTES && !known && !mutated("a-secret-is-taken-out") {
            self.patterns.push((bytes, format!("[secret:{name}]")));
        }
    }

    /// Takes secrets out of bytes.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut bytes = bytes;
        for (pattern, mark) in &self.patterns {
            if let Cow::Owned(clean) = replace(&bytes, pattern, mark.as_bytes()) {
                bytes = clean;
            }
        }
        bytes
    }

    /// Takes secrets out of text.
    pub(crate) fn text(&self, text: String) -> String {
        if self.patterns.is_empty() {
            return text;
        }
        let bytes = self.bytes(text.into_bytes());
        // Patterns and marks are UTF-8, so cutting one out of UTF-8 leaves UTF-8.
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Scrubber {
    fn drop(&mut self) {
        for (pattern, _) in &mut self.patterns {
            wipe(pattern);
        }
    }
}

fn spellings(value: &str) -> Vec<String> {
    let percent = percent_encode(value);
    let form = form_encode(value);
    vec![
        value.to_owned(),
        json_escape(value),
        markup_escape(value),
        percent.to_ascii_lowercase(),
        form.to_ascii_lowercase(),
        percent,
        form,
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ]
}

fn replace<'a>(bytes: &'a [u8], pattern: &[u8], mark: &[u8]) -> Cow<'a, [u8]> {
    let Some(first) = find(bytes, pattern) else {
        return Cow::Borrowed(bytes);
    };
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut next) = (bytes, Some(first));
    while let Some(at) = next {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(mark);
        rest = &rest[at + pattern.len()..];
        next = find(rest, pattern);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    let (first, others) = pattern.split_first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        if bytes[from + at + 1..].starts_with(others) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(name: &str, value: &str, text: &str) -> String {
        let mut scrubber = Scrubber::default();
        scrubber.learn(name, value);
        scrubber.text(text.to_owned())
    }

    #[test]
    fn every_spelling_is_taken_out() {
        let value = "p&s w\"rd/é";
        for spelling in spellings(value) {
            assert_eq!(scrubbed("pw", value, &format!("<{spelling}>")), "<[secret:pw]>", "{spelling}");
        }
    }

    #[test]
    fn both_halves_of_a_basic_credential_are_covered() {
        assert_eq!(scrubbed("rabbit", "guest:hunter22", "it is hunter22"), "it is [secret:rabbit]");
        assert_eq!(
            scrubbed("rabbit", "guest:hunter22", "Basic Z3Vlc3Q6aHVudGVyMjI="),
            "Basic [secret:rabbit]"
        );
    }

    #[test]
    fn overlapping_and_repeated_values_are_taken_out_whole() {
        let mut scrubber = Scrubber::default();
        scrubber.learn("short", "abcd");
        scrubber.learn("long", "abcdefgh");
        assert_eq!(scrubber.text("abcdefgh abcd abcdabcd".to_owned()), {
            "[secret:long] [secret:short] [secret:short][secret:short]"
        });
    }

    #[test]
    fn bytes_that_are_no_text_are_scrubbed_too() {
        let mut scrubber = Scrubber::default();
        scrubber.learn("pw", "hunter22");
        assert_eq!(scrubber.bytes(b"\xff\x00hunter22\xfe".to_vec()), b"\xff\x00[secret:pw]\xfe");
    }
}
