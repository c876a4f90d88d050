//! Lines that a stranger can cause: told, but never so many that they fill a disk.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tidelock_model::Timestamp;

use crate::clock;

/// Different lines a second. The same one is told once.
const A_SECOND: usize = 20;

/// Remembers the lines of the present second. Clones remember together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seldom {
    now: Arc<Mutex<Second>>,
}

#[derive(Debug, Default)]
struct Second {
    second: u64,
    told: BTreeSet<String>,
    left_out: u64,
}

impl Seldom {
    /// Whether this line may be told now. When some were left out in an earlier second, says how many.
    pub(crate) fn may_tell(&self, line: &str) -> bool {
        let (may, left_out) = self.ask(clock::wall(), line);
        if left_out > 0 {
            tracing::warn!(left_out, "more connections were refused than are named here");
        }
        may
    }

    fn ask(&self, at: Timestamp, line: &str) -> (bool, u64) {
        let second = at.as_millis() / 1000;
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left_out = 0;
        if now.second != second {
            left_out = now.left_out;
            *now = Second { second, ..Second::default() };
        }
        let may = now.told.len() < A_SECOND && now.told.insert(line.to_owned());
        now.left_out += u64::from(!may);
        (may, left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_few_lines_and_its_size() {
        let (seldom, at) = (Seldom::default(), Timestamp::from_millis(5_000));
        let told = (0..1000).filter(|i| seldom.ask(at, &format!("line {}", i % 3)).0).count();
        assert_eq!(told, 3, "each once");
        assert_eq!(seldom.ask(at, "another"), (true, 0), "one that floods hides no other");
        let told = (0..1000).filter(|i| seldom.ask(at, &format!("stranger {i}")).0).count();
        assert_eq!(told, A_SECOND - 4);
        let next = Timestamp::from_millis(6_000);
        assert_eq!(seldom.clone().ask(next, "line 1"), (true, 997 + 984));
        assert_eq!(seldom.ask(next, "line 2"), (true, 0));
    }
}
