//! Records of what the report rests on: what agents said, and what findings told over a whole migration.

use std::time::Duration;

use tidelock_core::{
    About, Account, AgentLost, AgentState, EvidenceState, Filed, Lasted, OverrideStatus, Remark, ReportSpan,
};
use tidelock_model::{Name, Timestamp};
use tidelock_proto::{side_to_wire, v1};

use super::decision::{agent, name, phase};
use super::{BadRecord, bad};

pub(super) fn to_wire(filed: &Filed) -> v1::Filed {
    match filed {
        Filed::Said { remarks, cut } => {
            let remarks = remarks.iter().map(remark_to_wire).collect();
            v1::Filed { remarks, cut: *cut, account: None }
        }
        Filed::Account(account) => {
            let account = Some(account_to_wire(account));
            v1::Filed { account, ..v1::Filed::default() }
        }
    }
}

pub(super) fn from_wire(wire: v1::Filed) -> Result<Filed, BadRecord> {
    if let Some(account) = wire.account {
        return Ok(Filed::Account(Box::new(account_from_wire(account)?)));
    }
    let remarks: Vec<Remark> = wire.remarks.into_iter().map(remark_from_wire).collect::<Result<_, _>>()?;
    Ok(Filed::Said { remarks, cut: wire.cut })
}

fn remark_to_wire(remark: &Remark) -> v1::FiledRemark {
    let text = remark.text.clone();
    match &remark.about {
        About::Check(check) => {
            v1::FiledRemark { check: check.to_string(), text, ..v1::FiledRemark::default() }
        }
        About::Agent(agent) => v1::FiledRemark {
            check: String::new(),
            side: side_to_wire(agent.side).into(),
            agent: agent.name.to_string(),
            text,
        },
    }
}

fn remark_from_wire(wire: v1::FiledRemark) -> Result<Remark, BadRecord> {
    let about = match wire.check.as_str() {
        "" => About::Agent(agent(wire.side, &wire.agent)?),
        check => About::Check(name("check that cannot see", check)?),
    };
    Ok(Remark { about, text: wire.text })
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn account_to_wire(account: &Account) -> v1::Account {
    let span = |span: &ReportSpan| v1::AccountSpan {
        phase: span.phase.word().to_owned(),
        state: span.state.word().to_owned(),
        ms: millis(span.time),
    };
    let scenario = |lasted: &Lasted| v1::AccountScenario {
        name: lasted.name.to_string(),
        spans: lasted.spans.iter().map(span).collect(),
        longest_hold_ms: millis(lasted.longest_hold),
    };
    let lost = |lost: &AgentLost| v1::AccountLost {
        side: side_to_wire(lost.agent.side).into(),
        agent: lost.agent.name.to_string(),
        what: lost.what.word().to_owned(),
        since_unix_ms: lost.since.as_millis(),
        until_unix_ms: lost.until.map(Timestamp::as_millis),
        text: lost.text.clone(),
    };
    v1::Account {
        scenarios: account.scenarios.iter().map(scenario).collect(),
        overrides: account.overrides.iter().map(over_to_wire).collect(),
        agents_lost: account.agents_lost.iter().map(lost).collect(),
        agents_lost_cut: account.agents_lost_cut,
        recovered_unix_ms: account.recovered.map(Timestamp::as_millis),
        cut: account.cut,
    }
}

fn account_from_wire(wire: v1::Account) -> Result<Account, BadRecord> {
    let lost = |wire: v1::AccountLost| -> Result<AgentLost, BadRecord> {
        Ok(AgentLost {
            agent: agent(wire.side, &wire.agent)?,
            what: lost_as(&wire.what)?,
            since: Timestamp::from_millis(wire.since_unix_ms),
            until: wire.until_unix_ms.map(Timestamp::from_millis),
            text: wire.text,
        })
    };
    Ok(Account {
        scenarios: wire.scenarios.into_iter().map(lasted).collect::<Result<_, _>>()?,
        overrides: wire.overrides.into_iter().map(over_from_wire).collect::<Result<_, _>>()?,
        agents_lost: wire.agents_lost.into_iter().map(lost).collect::<Result<_, _>>()?,
        agents_lost_cut: wire.agents_lost_cut,
        recovered: wire.recovered_unix_ms.map(Timestamp::from_millis),
        cut: wire.cut,
    })
}

fn lasted(wire: v1::AccountScenario) -> Result<Lasted, BadRecord> {
    let span = |wire: v1::AccountSpan| -> Result<ReportSpan, BadRecord> {
        let (phase, state) = (phase(&wire.phase)?, state(&wire.state)?);
        Ok(ReportSpan { phase, state, time: Duration::from_millis(wire.ms) })
    };
    Ok(Lasted {
        name: name("scenario of an account", &wire.name)?,
        spans: wire.spans.into_iter().map(span).collect::<Result<_, _>>()?,
        longest_hold: Duration::from_millis(wire.longest_hold_ms),
    })
}

fn over_to_wire(over: &OverrideStatus) -> v1::AccountOverride {
    v1::AccountOverride {
        gate: over.gate.word().to_owned(),
        checks: over.checks.iter().map(Name::to_string).collect(),
        by: over.by.iter().map(Name::to_string).collect(),
        reason: over.reason.clone(),
        at_unix_ms: over.at.as_millis(),
        complete: over.complete,
        one_hand: over.one_hand.clone(),
        until_unix_ms: over.until.map(Timestamp::as_millis),
        was: over.was.clone(),
        outgrown: over.outgrown.clone(),
    }
}

fn over_from_wire(wire: v1::AccountOverride) -> Result<OverrideStatus, BadRecord> {
    let names = |what, all: &[String]| -> Result<Vec<Name>, BadRecord> {
        all.iter().map(|one| name(what, one)).collect()
    };
    Ok(OverrideStatus {
        gate: phase(&wire.gate)?,
        checks: names("overridden check", &wire.checks)?,
        by: names("voice of an override", &wire.by)?,
        reason: wire.reason,
        at: Timestamp::from_millis(wire.at_unix_ms),
        complete: wire.complete,
        one_hand: wire.one_hand,
        until: wire.until_unix_ms.map(Timestamp::from_millis),
        was: wire.was,
        outgrown: wire.outgrown,
    })
}

fn state(word: &str) -> Result<EvidenceState, BadRecord> {
    use EvidenceState::{Missing, Proved, Refuted, Stale, Undecided};
    let found = [Proved, Refuted, Undecided, Stale, Missing].into_iter().find(|state| state.word() == word);
    found.map_or_else(|| bad("state of a scenario", format!("{word:?} is none")), Ok)
}

fn lost_as(word: &str) -> Result<AgentState, BadRecord> {
    let all = [AgentState::Silent, AgentState::Suspended, AgentState::Revoked];
    let found = all.into_iter().find(|state| state.word() == word);
    found.map_or_else(|| bad("what became of an agent", format!("{word:?} is nothing that it can be")), Ok)
}

#[cfg(test)]
pub(super) mod tests {
    use tidelock_core::record::EventKind;
    use tidelock_model::{AgentKey, Phase, Side};

    use super::*;

    fn named(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn account() -> Account {
        let agent = AgentKey { side: Side::Target, name: named("t1") };
        let at = Timestamp::from_millis(7_000);
        let span = |phase, state, ms| ReportSpan { phase, state, time: Duration::from_millis(ms) };
        let spans = vec![
            span(Phase::Sync, EvidenceState::Missing, 5_000),
            span(Phase::RollingBack, EvidenceState::Proved, 7),
        ];
        let lost =
            |what, until| AgentLost { agent: agent.clone(), what, since: at, until, text: "why".into() };
        Account {
            scenarios: vec![Lasted { name: named("login"), spans, longest_hold: Duration::from_millis(1) }],
            overrides: vec![OverrideStatus {
                gate: Phase::Ready,
                checks: vec![named("login")],
                by: vec![named("ana"), named("olga")],
                reason: "the vendor is away".to_owned(),
                at,
                complete: true,
                one_hand: Some("one hand".to_owned()),
                until: Some(at),
                was: vec!["login stale on target".to_owned()],
                outgrown: Some("login refuted on target".to_owned()),
            }],
            agents_lost: vec![lost(AgentState::Silent, Some(at)), lost(AgentState::Revoked, None)],
            agents_lost_cut: 3,
            recovered: Some(at),
            cut: 2,
        }
    }

    /// One of each.
    pub(in crate::records) fn kinds() -> Vec<EventKind> {
        let agent = AgentKey { side: Side::Target, name: named("t1") };
        let remarks = vec![
            Remark::new(About::Check(named("login")), "what a browser draws"),
            Remark::new(About::Agent(agent), "UNSIGNED components are let run here"),
        ];
        let said = Filed::Said { remarks, cut: true };
        let accounts = [account(), Account::default()].map(|account| Filed::Account(Box::new(account)));
        [said].into_iter().chain(accounts).map(EventKind::Filed).collect()
    }

    #[test]
    fn a_word_that_nobody_knows_is_refused_with_its_place() {
        let told = |account: v1::Account| {
            from_wire(v1::Filed { account: Some(account), ..v1::Filed::default() }).unwrap_err().to_string()
        };
        let mut wrong = account_to_wire(&account());
        wrong.scenarios[0].spans[0].state = "fine".to_owned();
        assert_eq!(told(wrong), "state of a scenario: \"fine\" is none");
        let mut wrong = account_to_wire(&account());
        wrong.agents_lost[0].what = "online".to_owned();
        assert!(told(wrong).starts_with("what became of an agent: \"online\" is"));
    }
}
