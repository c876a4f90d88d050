//! One value of a plan as it is compared: what people read of it, what it is exactly, and which way it gets looser.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use super::Change;
use crate::units::show;

/// In which direction a value gets looser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// A smaller value is looser, and none at all.
    Least(f64),
    /// A larger value is looser, and none at all.
    Most(f64),
    /// Taking it out is looser, and another one.
    Must,
    /// Putting it in is looser.
    May,
    /// Nobody can say which way another one goes: that, and none at all, counts as looser. What may be absent and looser
    /// by coming is put down as a value of its own, such as `none`.
    Any,
    /// Neither: no gate, no way back and nobody's voice depends on it.
    Fact,
}

impl Way {
    /// What another value is: looser, stricter.
    fn changed(self, to: Way) -> (bool, bool) {
        match (self, to) {
            (Way::Least(before), Way::Least(after)) => (after < before, after > before),
            (Way::Most(before), Way::Most(after)) => (after > before, after < before),
            (Way::Any, _) | (_, Way::Any) | (Way::Must, Way::Must) => (true, false),
            (Way::Least(_) | Way::Most(_) | Way::Must | Way::May | Way::Fact, _) => (false, false),
        }
    }

    /// What it is that there is none any more.
    fn removed(self) -> (bool, bool) {
        match self {
            Way::Least(_) | Way::Most(_) | Way::Must | Way::Any => (true, false),
            Way::May => (false, true),
            Way::Fact => (false, false),
        }
    }

    /// What it is that there is one now.
    fn added(self) -> (bool, bool) {
        match self {
            Way::Least(_) | Way::Most(_) | Way::Must => (false, true),
            Way::May => (true, false),
            Way::Any | Way::Fact => (false, false),
        }
    }
}

struct Fact {
    shown: String,
    /// The whole of it, where people read less.
    exact: String,
    way: Way,
}

impl Fact {
    /// They are one value, and not two that are only shown alike.
    fn is(&self, other: &Fact) -> bool {
        let number = match (self.way, other.way) {
            (Way::Least(one), Way::Least(two)) | (Way::Most(one), Way::Most(two)) => one == two,
            _ => true,
        };
        number && self.shown == other.shown && self.exact == other.exact
    }
}

/// The values of one thing, by the word for each.
#[derive(Default)]
pub(super) struct Facts(BTreeMap<String, Fact>);

impl Facts {
    pub(super) fn put(&mut self, key: impl Into<String>, shown: impl Display, way: Way) {
        let shown = shown.to_string();
        self.0.insert(key.into(), Fact { exact: shown.clone(), shown, way });
    }

    /// A value of which people read less than it is: two that look alike are two.
    pub(super) fn pin(
        &mut self,
        key: impl Into<String>,
        shown: impl Display,
        exact: impl Into<String>,
        way: Way,
    ) {
        let (shown, exact) = (shown.to_string(), exact.into());
        self.0.insert(key.into(), Fact { shown, exact, way });
    }

    pub(super) fn time(&mut self, key: &str, time: Option<Duration>, way: fn(f64) -> Way) {
        if let Some(time) = time.filter(|time| !time.is_zero()) {
            self.put(key, show(time), way(time.as_secs_f64()));
        }
    }

    /// Compares them with those of the newer plan, a line each.
    pub(super) fn compare(&self, newer: &Facts, item: &str, changes: &mut Vec<Change>) {
        let mut keys: Vec<&String> = self.0.keys().chain(newer.0.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let path = if item.is_empty() { key.clone() } else { format!("{item}.{key}") };
            let (text, (looser, stricter)) = match (self.0.get(key), newer.0.get(key)) {
                (Some(before), Some(after)) if !before.is(after) => {
                    let text = format!("~ {path:<44} {} -> {}", before.shown, after.shown);
                    (text, before.way.changed(after.way))
                }
                (Some(before), None) => {
                    (format!("- {path:<44} {} removed", before.shown), before.way.removed())
                }
                (None, Some(after)) => {
                    (format!("+ {path:<44} {}", after.shown).trim_end().to_owned(), after.way.added())
                }
                (Some(_), Some(_)) | (None, None) => continue,
            };
            changes.push(Change { text, looser, stricter });
        }
    }
}

/// Something with a name, compared value by value when both plans have it.
pub(super) struct Item {
    /// What is said when it is new.
    pub(super) new: String,
    /// Taking it out makes a gate easier to open.
    pub(super) guards: bool,
    /// Putting it in makes a gate easier to open.
    pub(super) allows: bool,
    pub(super) facts: Facts,
}

impl Item {
    /// Something that a gate is better guarded with.
    pub(super) fn guard(new: impl Into<String>, facts: Facts) -> Item {
        Item { new: new.into(), guards: true, allows: false, facts }
    }

    /// Something that by itself neither guards nor opens anything.
    pub(super) fn plain(new: impl Into<String>, facts: Facts) -> Item {
        Item { new: new.into(), guards: false, allows: false, facts }
    }
}
