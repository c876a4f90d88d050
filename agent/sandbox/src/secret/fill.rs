//! Puts the value in the place of a handle, on the way out.

use super::encode::{base64, form_decode, form_encode, json_escape, markup_escape, percent_encode};
use super::{Scrubber, may_go_to};
use crate::protocol::Secret;

/// How a handle begins.
const HANDLE: &str = "secret:";

/// Where a value goes, which decides how it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Path and query of a request.
    Path,
    /// A header's value.
    Header,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// JSON.
    Json,
    /// XML or HTML.
    Markup,
    /// Other text, and the parts of a multipart form.
    Text,
    /// Something that is not text: handles in it are left alone.
    Other,
}

impl Place {
    /// The place that a body of this content type is.
    pub(crate) fn of_content_type(content_type: &str) -> Place {
        let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Place::Form,
            "text/html" | "application/xml" | "text/xml" => Place::Markup,
            "multipart/form-data" => Place::Text,
            json if json == "application/json" || json.ends_with("+json") => Place::Json,
            xml if xml.ends_with("+xml") => Place::Markup,
            text if text.starts_with("text/") => Place::Text,
            _ => Place::Other,
        }
    }
}

/// The handles in a text, by name and place.
pub(crate) fn handles(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(HANDLE) {
        let begin = from + at + HANDLE.len();
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = text[begin..].find(|c| !inner(c)).map_or(text.len(), |length| begin + length);
        // A full stop at the end belongs to the sentence around the handle.
        let name = text[begin..end].trim_end_matches('.');
        if !name.is_empty() {
            found.push((from + at, name));
        }
        from = begin;
    }
    found
}

/// Puts secrets into one call to one host.
pub(crate) struct Fill<'a> {
    pub(crate) secrets: &'a [Secret],
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

impl<'a> Fill<'a> {
    /// The value of a secret that may go to this host.
    pub(crate) fn value(&self, name: &str) -> Result<&'a str, String> {
        let secret = self.secrets.iter().find(|secret| secret.name == name);
        let secret = secret.ok_or_else(|| format!("secret:{name} is not given to this run"))?;
        if !may_go_to(&secret.hosts, self.host, self.port) {
            return Err(format!("secret:{name} may not go to {}", self.host));
        }
        Ok(secret.value.expose())
    }

    /// Fills in a text that goes to `place`. What is composed here is taught to the scrubber.
    pub(crate) fn text(&self, text: &str, place: Place, scrubber: &mut Scrubber) -> Result<String, String> {
        match place {
            Place::Other => Ok(text.to_owned()),
            Place::Form => self.form(text),
            Place::Path => {
                self.plain(&text.replace("secret%3A", HANDLE).replace("secret%3a", HANDLE), &percent_encode)
            }
            Place::Header => match text.split_once(' ') {
                Some((scheme, inner)) if scheme.eq_ignore_ascii_case("basic") => self.basic(inner, scrubber),
                _ => self.plain(text, &str::to_owned),
            },
            Place::Json => self.plain(text, &json_escape),
            Place::Markup => self.plain(text, &markup_escape),
            Place::Text => self.plain(text, &str::to_owned),
        }
    }

    fn plain(&self, text: &str, spell: &dyn Fn(&str) -> String) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (at, name) in handles(text) {
            out.push_str(&text[from..at]);
            out.push_str(&spell(self.value(name)?));
            from = at + HANDLE.len() + name.len();
        }
        out.push_str(&text[from..]);
        Ok(out)
    }

    fn form(&self, text: &str) -> Result<String, String> {
        let field = |part: &str| -> Result<String, String> {
            let decoded = form_decode(part);
            if handles(&decoded).is_empty() {
                return Ok(part.to_owned());
            }
            Ok(form_encode(&self.plain(&decoded, &str::to_owned)?))
        };
        let pair = |pair: &str| match pair.split_once('=') {
            Some((key, value)) => Ok(format!("{}={}", field(key)?, field(value)?)),
            None => field(pair),
        };
        Ok(text.split('&').map(pair).collect::<Result<Vec<_>, String>>()?.join("&"))
    }

    /// A plugin that logs in by HTTP basic authentication encodes its handles in base64.
    fn basic(&self, inner: &str, scrubber: &mut Scrubber) -> Result<String, String> {
        use base64::Engine as _;
        let decoded = base64::engine::general_purpose::STANDARD.decode(inner.trim());
        let Some(text) = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return self.plain(&format!("Basic {inner}"), &str::to_owned);
        };
        let Some((_, name)) = handles(&text).pop() else {
            return Ok(format!("Basic {inner}"));
        };
        let filled = self.plain(&text, &str::to_owned)?;
        scrubber.learn(name, &filled);
        Ok(format!("Basic {}", base64(filled.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::SecretText;

    fn filled(text: &str, place: Place) -> Result<String, String> {
        let secret = |name: &str, value: &str, host: &str| Secret {
            name: name.to_owned(),
            value: SecretText::new(value),
            hosts: vec![host.to_owned()],
        };
        let secrets = [
            secret("pw", "a&b \"c\"", "shop.example"),
            secret("pw2", "other", "shop.example"),
            secret("far", "faraway", "else.example"),
        ];
        let fill = Fill { secrets: &secrets, host: "shop.example", port: 443 };
        fill.text(text, place, &mut Scrubber::default())
    }

    #[test]
    fn a_value_is_spelled_as_its_place_wants_it() {
        for (text, place, want) in [
            ("user=ann&password=secret%3Apw", Place::Form, "user=ann&password=a%26b+%22c%22"),
            ("user=ann&password=secret:pw", Place::Form, "user=ann&password=a%26b+%22c%22"),
            (r#"{"p":"secret:pw"}"#, Place::Json, r#"{"p":"a&b \"c\""}"#),
            ("<p>secret:pw</p>", Place::Markup, "<p>a&amp;b &quot;c&quot;</p>"),
            ("/login?p=secret:pw&x=1", Place::Path, "/login?p=a%26b%20%22c%22&x=1"),
            ("/login?p=secret%3Apw", Place::Path, "/login?p=a%26b%20%22c%22"),
            ("Bearer secret:pw2", Place::Header, "Bearer other"),
            ("Basic YW5uOnNlY3JldDpwdzI=", Place::Header, "Basic YW5uOm90aGVy"),
            ("secret:pw2.", Place::Text, "other."),
            ("secret:pw", Place::Other, "secret:pw"),
            ("no handle, secret: none", Place::Text, "no handle, secret: none"),
        ] {
            assert_eq!(filled(text, place).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn a_secret_of_another_host_or_run_is_refused() {
        assert_eq!(
            filled("secret:far", Place::Text),
            Err("secret:far may not go to shop.example".to_owned())
        );
        assert_eq!(filled("secret:who", Place::Text), Err("secret:who is not given to this run".to_owned()));
    }
}
