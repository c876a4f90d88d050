//! What each scenario was found to be worth to a gate, until something could have made it another.
//!
//! A start weighs every gate once for each record of the journal, and nearly every record tells of one scenario.
//! So a scenario that nothing was heard of is not weighed again.
//!
//! # Invariants
//! - What is kept is what weighing anew would say: wherever debug assertions are on, every answer is compared.
//! - Findings make their own scenarios forgotten; whatever else may change evidence, everything.
//! - It holds nothing that does not follow from the rest, so two states that differ in it alone are the same.

use std::collections::{BTreeMap, BTreeSet};

use tidelock_model::{Name, Phase, Timestamp};

/// How one scenario was found.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Found {
    /// It has to be weighed.
    #[default]
    Unknown,
    /// It is proved until then if nothing more is heard.
    Until(Timestamp),
    /// It is not proved, and no waiting makes it so.
    Unproved,
}

/// What weighing a scenario came to.
pub(super) struct Weighed {
    /// Until when it is proved if nothing more is heard; none where it is not.
    pub(super) until: Option<Timestamp>,
    /// Time alone may end what keeps it from being proved, so only a proof is kept.
    pub(super) may_recover: bool,
}

/// What was found for one gate, by the scenario's place on the gate's sheet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Vec<Found>);

impl Known {
    /// Until when a scenario is proved as seen at `now`: as it is known, or as `weigh` finds.
    pub(super) fn until(
        &mut self,
        place: usize,
        now: Timestamp,
        weigh: impl FnOnce() -> Weighed,
    ) -> Option<Timestamp> {
        match self.0.get(place) {
            Some(Found::Until(until)) if now <= *until => return Some(*until),
            Some(Found::Unproved) => return None,
            Some(Found::Until(_) | Found::Unknown) | None => {}
        }
        let Weighed { until, may_recover } = weigh();
        if self.0.len() <= place {
            self.0.resize(place + 1, Found::Unknown);
        }
        self.0[place] = match until {
            Some(until) => Found::Until(until),
            None if may_recover => Found::Unknown,
            None => Found::Unproved,
        };
        until
    }
}

/// What was found for every gate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    gates: BTreeMap<Phase, Known>,
    /// Scenarios that findings told of since then.
    touched: BTreeSet<Name>,
}

impl Kept {
    /// Evidence may be another: all of it.
    pub(crate) fn forget(&mut self) {
        self.gates.values_mut().for_each(|known| known.0.clear());
        self.touched.clear();
    }

    /// A finding tells of this scenario, and of no other.
    pub(crate) fn touch(&mut self, check: &Name) {
        if !self.touched.contains(check) {
            self.touched.insert(check.clone());
        }
    }

    /// What is still known for a gate whose sheet has these scenarios, in the order of their names.
    pub(super) fn of<T>(&mut self, gate: Phase, scenarios: &[(Name, T)]) -> &mut Known {
        let known = self.gates.entry(gate).or_default();
        for check in &self.touched {
            let place = scenarios.binary_search_by(|(name, _)| name.cmp(check)).ok();
            if let Some(found) = place.and_then(|place| known.0.get_mut(place)) {
                *found = Found::Unknown;
            }
        }
        known
    }

    /// Every gate that is judged has been: what was touched is known, and the other gates know nothing.
    pub(super) fn settled(&mut self, judged: &[Phase]) {
        self.gates.retain(|gate, _| judged.contains(gate));
        self.touched.clear();
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Kept) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_ends_with_its_time_or_with_a_finding() {
        let at = Timestamp::from_millis;
        let name = |text| Name::new(text).expect("a name");
        let sheet = [(name("cart"), ()), (name("login"), ())];
        let mut kept = Kept::default();
        let ask = |kept: &mut Kept, gate, now, weighed: Option<Weighed>| {
            kept.of(gate, &sheet).until(1, at(now), || weighed.expect("it is not known"))
        };
        let found = |until: u64| Some(Weighed { until: Some(at(until)), may_recover: false });
        let missed = |may_recover| Some(Weighed { until: None, may_recover });
        let (ready, cutover) = (Phase::Ready, Phase::Cutover);
        assert_eq!(ask(&mut kept, ready, 5, found(9)), Some(at(9)));
        assert_eq!(ask(&mut kept, ready, 9, None), Some(at(9)));
        assert_eq!(ask(&mut kept, ready, 10, missed(false)), None, "its time is over");
        assert_eq!(ask(&mut kept, ready, 11, None), None);
        assert_eq!(ask(&mut kept, cutover, 11, found(20)), Some(at(20)));
        kept.touch(&name("cart"));
        assert_eq!(ask(&mut kept, ready, 11, None), None, "it told of another");
        kept.settled(&[ready, cutover]);
        kept.touch(&name("login"));
        assert_eq!(ask(&mut kept, ready, 11, missed(true)), None);
        assert_eq!(ask(&mut kept, ready, 11, found(12)), Some(at(12)), "what may recover is weighed again");
        assert_eq!(ask(&mut kept, cutover, 12, missed(false)), None);
        kept.forget();
        assert_eq!(ask(&mut kept, cutover, 12, found(13)), Some(at(13)));
        kept.settled(&[ready]);
        assert_eq!(ask(&mut kept, cutover, 13, found(14)), Some(at(14)), "nobody kept it");
    }
}
