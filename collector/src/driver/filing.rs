//! What agents say of themselves and of their checks is filed for the report: with each tick, what is new of it.
//!
//! They say it with every session and heartbeat, and it is forgotten when they stop or the collector does: a report of
//! a migration that ran unsigned components for an hour must say so for ever.

use tidelock_core::{About, Ask, Remark};
use tidelock_model::Name;

use crate::blind_spots::BlindSpots;
use crate::fold::{Fold, Folding};
use crate::warnings::Warnings;

/// Sentences in one record; more come with the next tick.
const AT_ONCE: usize = 256;

/// What agents say now.
pub(crate) struct Said {
    pub(crate) blind_spots: BlindSpots,
    pub(crate) warnings: Warnings,
}

impl Said {
    /// What is to be recorded of the migrations that are under way.
    pub(super) fn asks(&self, fold: &Fold) -> Vec<(Name, Ask)> {
        let asks = fold.migrations.iter().filter_map(|(name, folding)| {
            let remarks = self.news(name, folding);
            (!remarks.is_empty()).then(|| (name.clone(), Ask::File { remarks }))
        });
        asks.collect()
    }

    fn news(&self, name: &Name, folding: &Folding) -> Vec<Remark> {
        if folding.core.is_accounted_for() {
            return Vec::new();
        }
        let spots = self.blind_spots.all(name).into_iter();
        let spots = spots.map(|(check, spot)| Remark::new(About::Check(check), &spot));
        let warnings = self.warnings.all(name).into_iter();
        let warnings = warnings.map(|(agent, said)| Remark::new(About::Agent(agent), &said));
        let news = warnings.chain(spots).filter(|remark| folding.core.is_news(remark));
        news.take(AT_ONCE).collect()
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::{AgentKey, Side};

    use super::*;

    #[test]
    fn what_agents_say_is_asked_for_once_for_its_own_migration() {
        let name = |text: &str| Name::new(text).unwrap();
        let (shop, bank) = (name("shop"), name("bank"));
        let said = Said { blind_spots: BlindSpots::default(), warnings: Warnings::default() };
        let agent = AgentKey { side: Side::Target, name: name("t1") };
        said.warnings.set(&shop, &agent, &["UNSIGNED components are let run here".to_owned()]);
        said.blind_spots.set(&shop, &name("login"), vec!["what a browser draws".to_owned()]);
        let mut fold = Fold::default();
        for of in [&shop, &bank] {
            fold.migrations.insert(of.clone(), Folding::new(of.clone()));
        }
        let asks = said.asks(&fold);
        let [(of, Ask::File { remarks })] = &asks[..] else { panic!("{asks:?}") };
        let texts: Vec<&str> = remarks.iter().map(|remark| remark.text.as_str()).collect();
        assert_eq!(
            (of, &texts[..]),
            (&shop, &["UNSIGNED components are let run here", "what a browser draws"][..])
        );
        // It is recorded, and they go on saying it.
        let core = &mut fold.migrations.get_mut(&shop).unwrap().core;
        let now = tidelock_model::Timestamp::from_millis(1_000);
        for event in core.decide(now, &asks[0].1).unwrap() {
            let record = tidelock_core::record::Record::Decided(Box::new(event));
            core.apply(&tidelock_core::record::Entry { at: now, record });
        }
        assert!(said.asks(&fold).is_empty(), "it is known");
    }
}
