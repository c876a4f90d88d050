//! No page of a side still takes something from the other.
//!
//! What belongs to the other side is what the plan in force declares there, and does not declare here: hosts of its
//! targets, and the networks that it grants. A plan that declares another place begins the evidence anew, for a page
//! that was looked at before was not asked for it.

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_model::{AgentKey, Finding, Side, Timestamp, Via as Way, mutated};

use super::Staff;
use crate::plan::{Plan, Scenario};
use crate::proof::{Dependencies, DependencyState, OtherSide, Persist, Shown, StateWriter, Via};
use crate::verdict::EvidenceState;

/// The pages of one check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PagesEvidence {
    side: Side,
    max_age: Duration,
    dependencies: Dependencies,
    /// When a page was looked at last.
    last: Option<Timestamp>,
    /// The agents whose last look showed more than could be told.
    cut: BTreeSet<AgentKey>,
    /// The agents whose last look is lost, until they look again.
    lost: BTreeSet<AgentKey>,
}

impl PagesEvidence {
    /// `other` is the side that nothing may come from.
    pub(crate) fn new(other: Side, plan: &Plan, max_age: Duration) -> PagesEvidence {
        let side = match other {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        };
        let (mut owned, places) = (OtherSide::default(), plan.places_of(other));
        places.hosts.iter().for_each(|host| owned.host(host));
        places.networks.iter().for_each(|(network, prefix)| owned.network(*network, *prefix));
        let max_age_ms = u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX);
        let dependencies = Dependencies::new(owned, max_age_ms);
        let (cut, lost) = (BTreeSet::new(), BTreeSet::new());
        PagesEvidence { side, max_age, dependencies, last: None, cut, lost }
    }

    /// The side whose pages are looked at.
    pub(crate) fn side(&self) -> Side {
        self.side
    }

    pub(crate) fn take(&mut self, at: Timestamp, agent: &AgentKey, finding: &Finding) {
        if agent.side != self.side {
            return;
        }
        let pages = &finding.pages;
        for page in &pages.seen {
            let of_page = pages.shown.iter().filter(|shown| shown.page == *page);
            let shown: Vec<Shown<'_>> = of_page
                .map(|shown| Shown { url: &shown.url, host: &shown.host, via: via(shown.via) })
                .collect();
            self.dependencies.look(at.as_millis(), page, &shown);
            self.last = Some(at);
        }
        if !pages.seen.is_empty() {
            self.lost.remove(agent);
        }
        if pages.cut {
            self.cut.insert(agent.clone());
        } else if !pages.seen.is_empty() {
            self.cut.remove(agent);
        }
    }

    /// The agent is gone, or begins anew.
    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        self.cut.remove(agent);
        self.lost.remove(agent);
    }

    /// What the agent saw last is lost. Names and addresses are not the same for each, so its own look is waited for.
    pub(crate) fn lose(&mut self, agent: &AgentKey) {
        if agent.side == self.side {
            self.lost.insert(agent.clone());
        }
    }

    /// Takes over who owes findings.
    pub(crate) fn staffed(&mut self, staff: &Staff) {
        let side = self.side;
        self.cut.retain(|agent| staff.has(agent, side));
        self.lost.retain(|agent| staff.has(agent, side));
    }

    pub(crate) fn state(&self, staff: &Staff, now: Timestamp) -> (EvidenceState, Timestamp) {
        let unseen = self.cut.iter().chain(&self.lost).any(|agent| staff.has(agent, self.side));
        let until = self.last.map_or(now, |last| last.plus(self.max_age));
        let state = match self.dependencies.state(now.as_millis()) {
            DependencyState::Depends => EvidenceState::Refuted,
            DependencyState::NoData => EvidenceState::Missing,
            DependencyState::Stale => EvidenceState::Stale,
            DependencyState::Pass if unseen => EvidenceState::Undecided,
            DependencyState::Pass => EvidenceState::Proved,
        };
        (state, until)
    }

    /// In one sentence.
    pub(crate) fn told(&self, state: EvidenceState) -> String {
        match (state, self.dependencies.finds().next()) {
            (EvidenceState::Refuted, Some((page, (url, host, way)))) => {
                let more = self.dependencies.finds().count() - 1;
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                format!("{page} still comes from {host} ({} {url}){more}", way.word())
            }
            (EvidenceState::Undecided, _) if let Some(agent) = self.lost.first() => {
                format!("what {} saw last is lost, and it has not looked since", agent.name)
            }
            (EvidenceState::Undecided, _) => "the pages show more than could be looked through".to_owned(),
            (EvidenceState::Stale, _) => "a page was not looked at for too long".to_owned(),
            (EvidenceState::Proved, _) => "no page shows anything of the other side".to_owned(),
            (EvidenceState::Missing, _) if self.dependencies.overflown() => {
                "more pages were seen, or more places of the other side are declared, than can be kept"
                    .to_owned()
            }
            (EvidenceState::Missing | EvidenceState::Refuted, _) => "no page was looked at yet".to_owned(),
        }
    }

    pub(crate) fn write(&self, out: &mut StateWriter) {
        self.dependencies.write(out);
        out.number(self.cut.len() as u64);
        out.number(self.lost.len() as u64);
    }
}

fn via(way: Way) -> Via {
    match way {
        Way::Link => Via::Link,
        Way::Redirect => Via::Redirect,
        Way::Alias => Via::Alias,
        Way::Address => Via::Address,
    }
}

/// The sides of which the plan declares other places than the one before, where pages must not come from them.
pub(crate) fn moved_places(old: &Plan, new: &Plan) -> Vec<Side> {
    let asked = |side: &Side| {
        new.scenarios.values().flat_map(Scenario::must_not_come_from).any(|other| other == *side)
    };
    let moved = |side: &Side| {
        old.places_of(*side) != new.places_of(*side) && !mutated("pages-are-judged-by-the-plan-in-force")
    };
    Side::BOTH.into_iter().filter(|side| asked(side) && moved(side)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ClaimKind, Joint};
    use crate::runbook::stand::{Stand, agent, passes, plan, scenario, secs};

    #[test]
    fn what_an_agent_saw_and_lost_is_not_clean_before_that_agent_looked_again() {
        let claim = ClaimKind::Joint(Joint::NoDependencyOn(Side::Source));
        let plan = plan(vec![("shop", scenario(&[Side::Target], vec![claim]))], Vec::new());
        let stand = Stand::new(plan.clone(), &["s1", "t1", "t2"]);
        let staff = Staff::of(&stand.migration.roster, &plan, &BTreeSet::new(), stand.now);
        let mut look = stand.made("shop", &passes());
        look.pages.seen = vec!["shop.example/".into()];
        let (t1, t2) = (agent("t1"), agent("t2"));
        let mut pages = PagesEvidence::new(Side::Source, &plan, secs(60));
        let state = |pages: &PagesEvidence| pages.state(&staff, stand.now).0;
        pages.take(stand.now, &t1, &look);
        pages.lose(&agent("s1"));
        assert_eq!(state(&pages), EvidenceState::Proved, "source looks at no page");
        pages.lose(&t1);
        pages.take(stand.now, &t2, &look);
        assert_eq!(state(&pages), EvidenceState::Undecided);
        let words = "what t1 saw last is lost, and it has not looked since";
        assert_eq!(pages.told(EvidenceState::Undecided), words);
        pages.take(stand.now, &t1, &look);
        assert_eq!(state(&pages), EvidenceState::Proved);
        pages.lose(&t2);
        pages.staffed(&Staff::default());
        assert_eq!(state(&pages), EvidenceState::Proved, "nobody waits for one that is gone");
    }
}
