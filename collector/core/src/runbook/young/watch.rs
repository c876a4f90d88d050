//! The watch of one step: what its scenarios showed since it was carried out.

use std::collections::BTreeMap;

use tidelock_model::{AgentKey, Name, Outcome, Side, Timestamp};

use super::Heard;
use super::row::{Bad, Newest, Row, judge};
use crate::board::{NotCounted, fresh_until};
use crate::joint::{JointEvidence, Joints};
use crate::migration::Traffic;
use crate::plan::{Plan, Scenario, Step};
use crate::proof::StateWriter;
use crate::verdict::{EvidenceState, HoldCode};

/// One scenario of the postcondition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Young {
    pub(crate) rows: BTreeMap<AgentKey, Row>,
    /// What is counted or compared exactly, on fresh findings alone; none where nothing is.
    pub(crate) exact: Option<JointEvidence>,
    /// The build that each side runs, where findings tell one.
    builds: BTreeMap<Side, String>,
}

/// What the scenarios of a step's postcondition showed since it was carried out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) step: Step,
    /// Only runs that began after this count.
    pub(crate) since: Timestamp,
    pub(crate) checks: BTreeMap<Name, Young>,
}

impl Watch {
    pub(crate) fn begin(
        at: Timestamp,
        step: Step,
        (plan, traffic): (&Plan, &Traffic),
        joints: &Joints,
    ) -> Watch {
        let young = |name: &Name| {
            let scenario = plan.scenarios.get(name)?;
            let exact = joints.young(at, (plan, scenario), traffic, step.bake);
            Some((name.clone(), Young { rows: BTreeMap::new(), exact, builds: BTreeMap::new() }))
        };
        let checks = step.after.iter().filter_map(young).collect();
        Watch { step, since: at, checks }
    }

    /// Takes a finding. Gives back whether it tells of another build than before, so that all begins anew.
    pub(crate) fn take(&mut self, heard: &Heard<'_>, scenario: &Scenario) -> bool {
        let since = self.since;
        let Some(young) = self.checks.get_mut(&heard.finding.check).filter(|_| heard.began > since) else {
            return false;
        };
        let looked = match heard.counted {
            Ok(()) | Err(NotCounted::Late | NotCounted::SameRound) => true,
            Err(NotCounted::Starved | NotCounted::BadDigest) => false,
            Err(NotCounted::NoPlan | NotCounted::UnknownAgent | NotCounted::Suspended) => return false,
            Err(NotCounted::UnknownCheck | NotCounted::WrongSide | NotCounted::OtherPlan) => return false,
            Err(NotCounted::Canary) => return false,
            Err(NotCounted::Ahead | NotCounted::Duplicate | NotCounted::Unfitting) => return false,
            Err(NotCounted::Nonce) => return false,
        };
        young.row(heard, scenario, since);
        if let Some(exact) = &mut young.exact {
            exact.take_exactly(heard.at, heard.agent, heard.finding, (heard.counted, heard.offset_ms));
        }
        looked && young.other_build(heard.agent.side, heard.build)
    }

    /// What it rests on.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.text(self.step.name.as_str());
        out.number(self.since.as_millis());
        for (name, young) in &self.checks {
            out.text(name.as_str());
            for (agent, row) in &young.rows {
                out.text(&agent.to_string());
                row.write(out);
            }
            let words = young.exact.as_ref().map(JointEvidence::words).unwrap_or_default();
            out.list(words.iter(), |word, out| out.number(*word));
        }
    }

    /// Takes over who owes findings.
    pub(crate) fn staffed(&mut self, joints: &Joints) {
        let exact = self.checks.values_mut().filter_map(|young| young.exact.as_mut());
        exact.for_each(|exact| exact.staffed(joints.staff_now()));
    }

    pub(crate) fn gap(&mut self, at: Timestamp, agent: &AgentKey, lost: &impl Fn(&Name) -> bool) {
        for (_, young) in self.checks.iter_mut().filter(|(name, _)| lost(name)) {
            if let Some(row) = young.rows.get_mut(agent) {
                row.broken(at);
            }
            if let Some(exact) = &mut young.exact {
                exact.lose(at, agent);
            }
        }
    }

    pub(crate) fn forget(&mut self, agent: &AgentKey) {
        for young in self.checks.values_mut() {
            young.rows.remove(agent);
            if let Some(exact) = &mut young.exact {
                exact.forget_agent(agent);
            }
        }
    }
}

impl Young {
    /// Takes the finding into its agent's row.
    fn row(&mut self, heard: &Heard<'_>, scenario: &Scenario, since: Timestamp) {
        let (at, finding) = (heard.at, heard.finding);
        let found = match heard.counted {
            Ok(()) => judge(at, scenario, finding),
            Err(NotCounted::Late) if finding.outcome != Outcome::Pass => judge(at, scenario, finding),
            Err(NotCounted::BadDigest) => Err(Bad {
                at,
                code: HoldCode::BadDigest,
                state: EvidenceState::Undecided,
                why: format!("ran component {}, not the plan\u{2019}s", finding.component.short()),
            }),
            Err(_) => return,
        };
        let row = self.rows.entry(heard.agent.clone()).or_insert_with(|| Row::new(since));
        let until = fresh_until(at, scenario, finding);
        row.seen(Newest { at, round: finding.round, until }, found);
    }

    /// The side runs another build than it did; remembers the new one.
    fn other_build(&mut self, side: Side, build: &str) -> bool {
        if build.is_empty() {
            return false;
        }
        let before = self.builds.insert(side, build.to_owned());
        before.is_some_and(|before| before != build)
    }
}
