//! The list of expected verdicts as it is ticked off.

use std::fmt;
use std::time::Duration;

use super::Expected;

/// A verdict that did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What should have been seen.
    pub(crate) expected: Expected,
    /// What was seen instead.
    pub(crate) saw: String,
    /// How long it was waited for.
    pub(crate) after: Duration,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { expected, saw, after } = self;
        write!(f, "expected \"{expected}\", saw \"{saw}\", after {} s", after.as_secs())
    }
}

impl std::error::Error for Missing {}

/// Which verdicts were seen, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckList {
    seen: Vec<Expected>,
}

impl CheckList {
    /// Ticks one off. Out of order it is an error, and so it is when it comes twice.
    pub(crate) fn see(&mut self, verdict: Expected) -> anyhow::Result<()> {
        let next = Expected::ALL.get(self.seen.len()).copied();
        anyhow::ensure!(
            next == Some(verdict),
            "saw \"{verdict}\" out of order: next would be \"{}\"",
            next.map_or_else(|| "nothing".to_owned(), |next| next.to_string())
        );
        self.seen.push(verdict);
        Ok(())
    }

    /// Whether it was seen.
    pub(crate) fn has(&self, verdict: Expected) -> bool {
        self.seen.contains(&verdict)
    }

    /// Whether all that were asked for were seen.
    pub(crate) fn complete(&self, asked: &[Expected]) -> bool {
        self.seen == asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_count_in_their_order_alone() {
        let mut list = CheckList::default();
        assert!(list.see(Expected::ReadyOpens).is_err());
        list.see(Expected::LagHolds).unwrap();
        assert!(list.see(Expected::LagHolds).is_err());
        assert!(!list.complete(&Expected::FIRST));
        for verdict in &Expected::FIRST[1..] {
            list.see(*verdict).unwrap();
        }
        assert!(list.complete(&Expected::FIRST) && !list.complete(&Expected::ALL));
    }

    #[test]
    fn a_missing_verdict_is_named_with_what_was_seen() {
        let missing = Missing {
            expected: Expected::ReadyOpens,
            saw: "hold: 14 visible".to_owned(),
            after: Duration::from_secs(40),
        };
        let text = missing.to_string();
        assert_eq!(
            text,
            "expected \"OPEN: ready, once both are fixed\", saw \"hold: 14 visible\", after 40 s"
        );
    }

    #[test]
    fn the_first_are_the_first_of_all() {
        assert!(Expected::ALL.starts_with(&Expected::FIRST));
    }
}
