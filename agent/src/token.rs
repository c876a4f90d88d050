//! The token that lets an agent join: made by `tidelock agent token`, used once or a counted number of
//! times.
//!
//! It carries the fingerprint of the collector's authority, so that the very first connection is made
//! to the right collector and the token is shown to nobody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tidelock_model::Sha256;

const PREFIX: &str = "tlj1.";
const MAX_BYTES: usize = 4096;

/// A token as the operator gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// The whole token, as it goes to the collector.
    pub text: String,
    /// Where the collector's API listens, when the token says so.
    pub url: Option<String>,
    /// The SHA-256 of the certificate of the authority that the collector's API is verified against.
    pub authority: Sha256,
}

impl std::fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinToken").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// Why a text is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a join token ({0}); copy all of what `tidelock agent token` printed")]
pub struct BadToken(&'static str);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    u: Option<String>,
    f: String,
    s: String,
}

impl JoinToken {
    /// Reads a token.
    ///
    /// # Errors
    /// Says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<JoinToken, BadToken> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(BadToken("it is too long"));
        }
        let body = text.strip_prefix(PREFIX).ok_or(BadToken("it does not begin with tlj1."))?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| BadToken("it is cut or changed"))?;
        let body: Body = serde_json::from_slice(&body).map_err(|_| BadToken("it is cut or changed"))?;
        let authority = body.f.parse().map_err(|_| BadToken("its fingerprint is none"))?;
        if body.s.is_empty() {
            return Err(BadToken("it has no secret"));
        }
        Ok(JoinToken { text: text.to_owned(), url: body.u.filter(|url| !url.is_empty()), authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(json: &str) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }

    #[test]
    fn a_token_names_the_authority_and_hides_its_secret() {
        let text = token(&format!(r#"{{"u":"https://c:7480","f":"{}","s":"hunter22"}}"#, "ab".repeat(32)));
        let token = JoinToken::parse(&format!(" {text}\n")).unwrap();
        assert_eq!((token.url.as_deref(), token.text.as_str()), (Some("https://c:7480"), text.as_str()));
        assert!(!format!("{token:?}").contains("hunter22"));
    }

    #[test]
    fn what_is_cut_or_changed_is_refused() {
        let good = token(&format!(r#"{{"f":"{}","s":"x"}}"#, "ab".repeat(32)));
        assert!(JoinToken::parse(&good).is_ok());
        let no_secret = token(&format!(r#"{{"f":"{}","s":""}}"#, "ab".repeat(32)));
        for bad in
            ["", "tlj1.", "tlj2.e30", &good[..good.len() - 4], &token("{}"), &no_secret, &"x".repeat(5000)]
        {
            assert!(JoinToken::parse(bad).is_err(), "{bad:?} was taken");
        }
    }
}
