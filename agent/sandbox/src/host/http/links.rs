//! Finds absolute URLs in a text, whatever kind of text it is.
//!
//! A page names another place in many tongues: an attribute, JSON, a script, a style sheet, a parameter of
//! another link. Instead of reading each of them, every spelling of `https://` that one of them uses is
//! looked for. One pass, no going back further than one match: a hostile page costs no more than its length.
//! What no text spells out, a script that puts a name together, is not seen.

/// The longest authority that is read.
const MAX_AUTHORITY_BYTES: usize = 300;
/// The longest path that is kept.
const MAX_PATH_BYTES: usize = 400;

const COLON: [&[u8]; 7] = [b":", b"%3a", b"&#58;", b"&#x3a;", b"\\u003a", b"\\x3a", b"&colon;"];
const SLASH: [&[u8]; 8] = [b"/", b"\\/", b"%2f", b"&#47;", b"&#x2f;", b"\\u002f", b"\\x2f", b"&sol;"];

/// An absolute URL as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Lower case; an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Without user, query and fragment.
    pub(super) url: String,
}

/// The absolute URLs of a text, in order. `tls` says how a link without a scheme is meant.
pub(super) struct Links<'t> {
    text: &'t [u8],
    at: usize,
    tls: bool,
}

impl<'t> Links<'t> {
    pub(super) fn new(text: &'t [u8], tls: bool) -> Links<'t> {
        Links { text, at: 0, tls }
    }
}

impl Iterator for Links<'_> {
    type Item = Link;

    fn next(&mut self) -> Option<Link> {
        while let Some(byte) = self.text.get(self.at) {
            let here = &self.text[self.at..];
            let found = match byte {
                b'h' | b'H' | b'w' | b'W' => scheme(here),
                // Without a scheme it is a link only where a value begins.
                b'"' | b'\'' | b'(' | b'=' => slashes(&here[1..]).map(|length| (1 + length, self.tls)),
                _ => None,
            };
            self.at += found.map_or(1, |(length, _)| length);
            if let Some((length, tls)) = found
                && let Some((link, used)) = link(&here[length..], tls)
            {
                self.at += used;
                return Some(link);
            }
        }
        None
    }
}

/// The length of `https://` or `wss://` in any spelling, and whether it is the safe one of its kind.
fn scheme(text: &[u8]) -> Option<(usize, bool)> {
    let words: [(&[u8], bool); 4] = [(b"https", true), (b"http", false), (b"wss", true), (b"ws", false)];
    let (word, tls) = words.into_iter().find(|(word, _)| begins(text, word))?;
    let colon = eat(&text[word.len()..], &COLON)?;
    let begun = word.len() + colon;
    Some((begun + slashes(&text[begun..])?, tls))
}

fn slashes(text: &[u8]) -> Option<usize> {
    let first = eat(text, &SLASH)?;
    Some(first + eat(&text[first..], &SLASH)?)
}

fn eat(text: &[u8], spellings: &[&[u8]]) -> Option<usize> {
    spellings.iter().find(|spelling| begins(text, spelling)).map(|spelling| spelling.len())
}

fn begins(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

/// The link whose authority begins here, and how much of the text it takes.
fn link(text: &[u8], tls: bool) -> Option<(Link, usize)> {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_~:@[]".contains(byte) || *byte >= 0x80;
    let length = text.iter().take(MAX_AUTHORITY_BYTES).take_while(|byte| inside(byte)).count();
    let authority = String::from_utf8_lossy(&text[..length]).to_lowercase();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = split(place)?;
    let usual = if tls { 443 } else { 80 };
    let port = port.unwrap_or(usual);
    let (path, used) = path(&text[length..]);
    let scheme = if tls { "https" } else { "http" };
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let number = if port == usual { String::new() } else { format!(":{port}") };
    let url = format!("{scheme}://{shown}{number}{path}");
    Some((Link { host, port, url }, length + used))
}

fn split(place: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = place.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let address: std::net::Ipv6Addr = inside.parse().ok()?;
        return Some((address.to_string(), after.strip_prefix(':').and_then(|port| port.parse().ok())));
    }
    let (host, port) = place.split_once(':').unwrap_or((place, ""));
    let host = host.trim_end_matches(['.', '-', '_', '~']);
    let begins = host.chars().next().is_some_and(char::is_alphanumeric);
    let sound = begins && host.len() <= 253 && !host.contains(['[', ']', '~', '\u{fffd}']);
    sound.then(|| (host.to_owned(), port.parse().ok()))
}

/// The path as far as it is plain; nothing of query and fragment, where secrets travel.
fn path(text: &[u8]) -> (String, usize) {
    let mut out = String::new();
    let mut at = 0;
    while out.len() < MAX_PATH_BYTES {
        match text.get(at..) {
            Some([b'\\', b'/', ..]) => {
                out.push('/');
                at += 2;
            }
            Some([b'/', ..]) => {
                out.push('/');
                at += 1;
            }
            Some([byte, ..])
                if !out.is_empty() && (byte.is_ascii_alphanumeric() || b"-._~%!$*+,:@=".contains(byte)) =>
            {
                out.push(char::from(*byte));
                at += 1;
            }
            Some(_) | None => break,
        }
    }
    (out, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str) -> Vec<String> {
        Links::new(text.as_bytes(), true).map(|link| link.url).collect()
    }

    #[test]
    fn a_link_is_found_in_every_tongue() {
        for text in [
            r#"<a href="https://old.example/a?x=1#y">"#,
            "<a href=https://old.example/a>",
            r#"<a href="//old.example/a">"#,
            r#"<form action='HTTPS://OLD.example:443/a'>"#,
            "url(https://old.example/a)",
            "url(//old.example/a)",
            r#"{"url":"https:\/\/old.example\/a"}"#,
            r#"{"url":"\/\/old.example\/a"}"#,
            r#"{"url":"https:\u002F\u002Fold.example/a"}"#,
            "<a href=\"https:&#x2F;&#x2F;old.example/a\">",
            "<https://old.example/a>; rel=preload",
            "0; url=https://old.example/a",
            "https://user:pw@old.example/a",
            "wss://old.example/a",
            "https://old.example/a, and more",
        ] {
            let found = urls(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].trim_end_matches(','), "https://old.example/a", "{text}");
        }
        assert_eq!(urls("?next=https%3A%2F%2Fold.example%2Fa"), ["https://old.example"]);
        assert_eq!(
            urls("http://10.0.0.7:8080/x http://[2001:DB8::1]/y"),
            ["http://10.0.0.7:8080/x", "http://[2001:db8::1]/y"]
        );
        assert_eq!(urls("see https://old.example."), ["https://old.example"]);
        assert_eq!(urls("http://b\u{fc}cher.example/"), ["http://b\u{fc}cher.example/"]);
    }

    #[test]
    fn what_is_no_link_is_not_found() {
        for text in [
            "",
            "http",
            "https:/",
            "https://",
            "https:///x",
            "https://${host}/",
            "a // comment",
            "\"/path//x\"",
            "http:relative",
            "https://[::1",
            "'//'",
        ] {
            assert_eq!(urls(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_hostile_text_costs_its_length() {
        for text in ["https://".repeat(100_000), "\"".repeat(1 << 20), "https%3a%2".repeat(80_000)] {
            assert!(Links::new(text.as_bytes(), true).count() <= 100_000);
        }
        let long = format!("https://a.example/{}", "x".repeat(1 << 16));
        assert!(urls(&long)[0].len() < 512);
    }
}
