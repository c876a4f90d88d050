//! Which build of a side answered: one response header, as the run's own targets told it.
//!
//! A new build is a new thing to prove, so nobody may be able to mix two up: values are never joined, the
//! first of a run stays, and that another one came is said. The session that a run makes on the other side
//! goes through a target of that side; its build is not this side's.

use http::header::{HeaderMap, HeaderName, SET_COOKIE};

use crate::grants::Target;
use crate::protocol::wire::WireRevision;
use crate::report::printable;
use crate::result::MAX_REVISION_BYTES;
use crate::secret::Scrubber;

/// The longest name of a header.
const MAX_HEADER_BYTES: usize = 64;

/// What the answers of one run said of their revision so far.
#[derive(Debug)]
pub(crate) struct Revision {
    header: HeaderName,
    /// The target through which a session of the other side is made.
    not_of: Option<String>,
    first: Option<String>,
    /// The first value that was another one.
    other: Option<String>,
}

impl Revision {
    /// Looks out for a header in a run with these settings.
    ///
    /// # Errors
    /// When the name is none that a revision can be told by.
    pub(crate) fn new(name: &str, settings: &str) -> Result<Revision, String> {
        let header = Some(name).filter(|name| name.len() <= MAX_HEADER_BYTES);
        let header = header.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        // A finding is no place for a session.
        let header = header.filter(|header| *header != SET_COOKIE).ok_or_else(|| {
            format!(
                "the header of the revision is {:?}, which can't be one",
                printable(name, MAX_HEADER_BYTES)
            )
        })?;
        let settings: serde_json::Value =
            serde_json::from_str(settings).map_err(|error| format!("settings are no JSON: {error}"))?;
        let not_of = settings["session_from_other_side"].as_str().map(str::to_owned);
        Ok(Revision { header, not_of, first: None, other: None })
    }

    /// Looks at one answer of a target, whatever its status.
    pub(super) fn look(&mut self, target: &Target, headers: &HeaderMap, scrubber: &Scrubber) {
        if !target.own || self.not_of.as_ref() == Some(&target.name) {
            return;
        }
        for value in headers.get_all(&self.header) {
            let whole = scrubber.text(String::from_utf8_lossy(value.as_bytes()).into_owned());
            let value = printable(&whole, MAX_REVISION_BYTES);
            match &self.first {
                _ if value.is_empty() => {}
                None => self.first = Some(value),
                Some(first) if *first != value => {
                    self.other.get_or_insert(value);
                }
                Some(_) => {}
            }
        }
    }

    /// All that was said.
    pub(crate) fn told(self) -> WireRevision {
        let value = self.first.unwrap_or_default();
        let note = self.other.map(|other| {
            format!("header {} said {value:?} and then {other:?} in one run: the first counts", self.header)
        });
        WireRevision { value, note: note.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::{parse, plain};
    use crate::protocol::{Grant, TargetGrant};

    const SETTINGS: &str = r#"{"target":"shop","session_from_other_side":"old-shop"}"#;

    /// What is told of these answers: the target, whether it is the run's own, and the header's value.
    fn told(answers: &[(&str, bool, &str)]) -> WireRevision {
        let mut revision = Revision::new("X-Build", SETTINGS).unwrap();
        let mut scrubber = Scrubber::default();
        scrubber.learn("token", "hunter22");
        for (name, own, value) in answers {
            let mut headers = HeaderMap::new();
            headers.insert("x-other", "build-0".parse().unwrap());
            if !value.is_empty() {
                let bytes = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.insert("x-build", bytes);
            }
            revision.look(&target(name, *own), &headers, &scrubber);
        }
        revision.told()
    }

    fn target(name: &str, own: bool) -> std::sync::Arc<Target> {
        let grant = Grant::Http(plain("https://shop.example"));
        parse(&[TargetGrant { name: name.to_owned(), own, grant }]).unwrap()[name].clone()
    }

    fn value(answers: &[(&str, bool, &str)]) -> String {
        let told = told(answers);
        assert_eq!(told.note, "", "{told:?}");
        told.value
    }

    #[test]
    fn the_first_answer_that_tells_one_counts() {
        assert_eq!(value(&[]), "");
        assert_eq!(value(&[("shop", true, ""), ("shop", true, " ")]), "");
        assert_eq!(value(&[("shop", true, ""), ("shop", true, "b-7"), ("api", true, "b-7")]), "b-7");
    }

    #[test]
    fn the_other_side_tells_nothing_of_this_one() {
        assert_eq!(value(&[("other", false, "b-6"), ("old-shop", true, "b-6")]), "");
        assert_eq!(value(&[("old-shop", true, "b-6"), ("shop", true, "b-7")]), "b-7");
    }

    #[test]
    fn two_values_are_not_joined_and_it_is_said() {
        let two = told(&[("shop", true, "b-7"), ("shop", true, "b-8"), ("shop", true, "b-9")]);
        assert_eq!(two.value, "b-7");
        assert_eq!(two.note, r#"header x-build said "b-7" and then "b-8" in one run: the first counts"#);

        let mut revision = Revision::new("x-build", "{}").unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-build", "b-7".parse().unwrap());
        headers.append("x-build", "b-8".parse().unwrap());
        revision.look(&target("shop", true), &headers, &Scrubber::default());
        assert_eq!(revision.told().value, "b-7");
    }

    #[test]
    fn a_value_is_short_plain_and_without_secrets() {
        assert_eq!(value(&[("shop", true, &"b".repeat(5000))]), "b".repeat(128));
        assert_eq!(value(&[("shop", true, "b\u{fc}\t7")]), "b??7");
        assert_eq!(value(&[("shop", true, "v1 hunter22")]), "v1 [secret:token]");
    }

    #[test]
    fn a_name_that_no_header_has_is_refused() {
        for name in ["", "X Build", "x\n", "Set-Cookie", &"x".repeat(65)] {
            assert!(Revision::new(name, "{}").is_err(), "{name:?}");
        }
        assert!(Revision::new(&"x".repeat(64), "{}").is_ok());
    }
}
