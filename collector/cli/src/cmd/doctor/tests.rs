use std::path::PathBuf;
use std::time::Duration;

use expect_test::{Expect, expect};
use prost_types::Timestamp;
use tidelock_model::Side;
use tidelock_plan::{Checked, Source};
use tidelock_proto::v1;

use super::examine::{State, examine};
use super::seen::Seen;
use super::show;
use crate::exit::{Exit, Trouble};
use crate::out::{Color, Format, Manner};

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: NOW + seconds, nanos: 0 })
}

fn plan(more: &str) -> Checked {
    let yaml = include_str!("../../../../../deploy/examples/minimal.yaml");
    let digest = "sha256:".to_owned() + &"a".repeat(64);
    let digest = digest.parse().or_else(|_| "a".repeat(64).parse()).expect("a digest");
    let components = tidelock_plan::named_components(yaml).into_iter().map(|word| (word, digest)).collect();
    let source = Source {
        path: "plan.yaml".to_owned(),
        yaml: format!("{yaml}{more}"),
        components,
        ..Source::default()
    };
    tidelock_plan::check(&source).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn agent(side: v1::Side, name: &str) -> v1::AgentView {
    v1::AgentView {
        name: name.to_owned(),
        side: side.into(),
        state: "online".to_owned(),
        certificate_ends_time: at(20 * 3600),
        ..v1::AgentView::default()
    }
}

/// All is in order.
fn good() -> Seen {
    let checked = plan("");
    let mut people: Vec<String> = Vec::new();
    for rule in checked.plan.decisions.values() {
        people.extend(rule.who.iter().chain(&rule.deputies).map(ToString::to_string));
    }
    let grant = |subject: String| v1::AccessGrant {
        role: "person".to_owned(),
        expires_time: at(30 * 86_400),
        subject,
        ..Default::default()
    };
    let agents = [
        (v1::Side::Source, checked.plan.source.agents_at_least),
        (v1::Side::Target, checked.plan.target.agents_at_least),
    ];
    let agents =
        agents.into_iter().flat_map(|(side, count)| (0..count).map(move |n| agent(side, &format!("a-{n}"))));
    let side = |side: v1::Side| v1::SideView { side: side.into(), seen_time: at(-2), ..Default::default() };
    let status = v1::Status {
        migration: "shop".to_owned(),
        next_gate: Some(v1::Gate { as_of_time: at(0), ..Default::default() }),
        agents: agents.collect(),
        scenarios: vec![v1::ScenarioView {
            name: "login".to_owned(),
            active: true,
            sides: vec![side(v1::Side::Source), side(v1::Side::Target)],
            ..Default::default()
        }],
        collector: Some(v1::CollectorView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            not_ready: String::new(),
            journal_free_bytes: 18 << 30,
            clock_ahead_ms: 3,
        }),
        ..v1::Status::default()
    };
    Seen {
        server: "https://c.example:7480".to_owned(),
        took: Duration::from_millis(12),
        recent: vec![("login".to_owned(), Ok(Vec::new()))],
        status: Ok(status),
        plan: Ok((checked.clone(), 7)),
        file: Some((PathBuf::from("plan.yaml"), Ok(checked))),
        grants: Ok(people.into_iter().map(grant).collect()),
        unreadable: Ok(0),
        run: None,
    }
}

fn check(seen: &Seen, expected: Expect) {
    let manner = Manner::new(Format::Text, Color::Never, true, false);
    let text = show::long(manner, &examine(seen)).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    expected.assert_eq(&text);
}

#[test]
fn nothing_is_wrong() {
    check(
        &good(),
        expect![[r#"
        collector
          ✔ answers at https://c.example:7480 in 12 ms, version VERSION
          ✔ its journal is writable, 18432 MiB free
        agents
          ✔ source: 2 of at least 2 online
          ✔ target: 2 of at least 2 online
        plan
          ✔ revision 7 is plan.yaml
          ✔ the one check of this phase has results on every side
        access
          ✔ ben can answer commit
          ✔ olga can answer commit
        0 failures, 0 warnings. Exit 0."#]],
    );
}

#[test]
fn a_collector_that_is_ahead_is_named_before_the_agents_that_seem_behind() {
    let mut seen = good();
    let status = seen.status.as_mut().expect("it is good");
    status.collector.as_mut().expect("it is told").clock_ahead_ms = 7_200_000;
    status.agents[0].clock_offset_ms = 7_200_010;
    let said: Vec<_> = examine(&seen).into_iter().filter(|line| line.state != State::Good).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|line| line.state == State::Failure), "{said:?}");
    assert_eq!(said[0].text, "its time is 2 h ahead of its machine's clock");
    assert_eq!(said[1].text, "clock of source/a-0 is 2 h behind");
    assert!(said[1].hint.contains("not counted") && said[1].hint.contains("collector"), "{said:?}");
    let status = seen.status.as_mut().expect("it is good");
    status.collector.as_mut().expect("it is told").clock_ahead_ms = -20_000;
    status.agents[0].clock_offset_ms = 0;
    let said: Vec<_> = examine(&seen).into_iter().filter(|line| line.state != State::Good).collect();
    assert!(said.len() == 1 && said[0].state == State::Warning, "{said:?}");
    assert_eq!(said[0].text, "its time is 20 s behind its machine's clock");
}

#[test]
fn what_ends_is_told_also_where_no_gate_is_left_to_tell_the_time() {
    let mut seen = good();
    let status = seen.status.as_mut().expect("it is good");
    (status.next_gate, status.as_of_time) = (None, at(0));
    status.agents[0].certificate_ends_time = at(-1);
    let grants = seen.grants.as_mut().expect("they are known").iter_mut();
    grants.filter(|grant| grant.subject == "ben").for_each(|grant| grant.expires_time = at(3600));
    let said: Vec<_> = examine(&seen).into_iter().filter(|line| line.state != State::Good).collect();
    let texts: Vec<&str> = said.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["the certificate of source/a-0 has ended", "the access of ben ends in 1 h"]);
}

#[test]
fn an_agent_that_comes_from_elsewhere_is_moved_or_put_out_and_its_file_says_nothing() {
    let mut seen = good();
    let moved = "it connects from 10.0.0.9, and came from 10.0.0.5 before: who is it?";
    seen.status.as_mut().expect("it is good").agents[0].warnings.push(moved.to_owned());
    let said: Vec<_> = examine(&seen).into_iter().filter(|line| line.state != State::Good).collect();
    assert!(said.len() == 1 && said[0].state == State::Warning, "{said:?}");
    assert_eq!(said[0].text, format!("source/a-0: {moved}"));
    let hint = &said[0].hint;
    assert!(hint.contains("where you moved it") && !hint.contains("agent.toml"), "{hint}");
    assert!(hint.contains("tidelock agent revoke source/a-0 --reason TEXT"), "{hint}");
}

#[test]
fn a_plan_without_a_canary_is_a_warning() {
    let mut seen = good();
    let (checked, _) = seen.plan.as_mut().expect("it is known");
    checked.plan.canary = None;
    let lines = examine(&seen);
    let said: Vec<_> = lines.iter().filter(|line| line.state == State::Warning).collect();
    assert!(said.len() == 1 && said[0].text.contains("no canary"), "{said:?}");
    assert!(said[0].hint.contains("builtin:canary"), "{said:?}");
}

#[test]
fn each_thing_that_is_wrong_has_its_line_and_what_to_do() {
    let mut seen = good();
    let status = seen.status.as_mut().expect("it is good");
    status.collector.as_mut().expect("it is told").not_ready =
        "the journal's disk has 3 MiB left and needs 64 MiB; make room on it".to_owned();
    status.agents[0].clock_offset_ms = -2_100;
    status.agents[0].certificate_ends_time = at(600);
    status.agents[0].renewal_overdue = true;
    // A pod's lives for an hour: that it ends soon is no news.
    status.agents[1].certificate_ends_time = at(600);
    status.agents[0].warnings.push("UNSIGNED components are let run here".to_owned());
    status.agents[0].refused.push(v1::AssignmentStatusView {
        check: "login".to_owned(),
        cause: "above ceiling".to_owned(),
        reason: "host shop.example is not allowed".to_owned(),
    });
    status.agents.last_mut().expect("an agent").state = "silent".to_owned();
    for pod in ["target-0a", "target-0b", "target-0c"] {
        status.agents.push(v1::AgentView { state: "expired".to_owned(), ..agent(v1::Side::Target, pod) });
    }
    status.scenarios[0].sides[1].seen_time = None;
    status.failing_receivers.push("slack (secret chat): it answered 500".to_owned());
    seen.file = Some((PathBuf::from("plan.yaml"), Ok(plan("# another\n"))));
    let grants = seen.grants.as_mut().expect("they are known");
    grants[0].expires_time = at(3600);
    grants.truncate(1);
    seen.unreadable = Ok(3);
    let gate = seen.status.as_mut().ok().and_then(|status| status.next_gate.as_mut()).expect("it is good");
    gate.warnings = vec!["decision cutover: one hand".to_owned(), "agent a: told above".to_owned()];
    seen.run = Some(Ok(None));
    check(
        &seen,
        expect![[r#"
        collector
          ✔ answers at https://c.example:7480 in 12 ms, version VERSION
          ✖ the journal's disk has 3 MiB left and needs 64 MiB; make room on it
              hint: every gate holds until that is over
        agents
          ✔ source: 2 of at least 2 online
          ✖ target: 1 of at least 2 online
              hint: tidelock agent ls; one more: tidelock agent token --side target
          ‼ clock of source/a-0 is 2 s ahead
              hint: results are ordered by the collector, but latency limits get wrong. Check chrony
          ‼ the certificate of source/a-0 ends in 10 min
              hint: the agent renews it by itself; its log says why it did not
          ‼ source/a-0: UNSIGNED components are let run here
              hint: see agent.toml and the log of that agent, and mend it before the night
          ✖ source/a-0 does not run login: host shop.example is not allowed (above ceiling)
              hint: the agent's own agent.toml is the ceiling; see its [allow] and [secrets]
          ✖ target/a-1 is silent
              hint: its log says why; one that is gone for good: tidelock agent revoke
          ‼ the certificates of target/target-0a and 2 more have ended, and they owe nothing
              hint: pods that were replaced; any other joins again: tidelock agent token
        plan
          ✖ plan.yaml is not revision 7, which is in force
              hint: see what differs: tidelock plan diff plan.yaml
          ✖ login on target has no result yet
              hint: tidelock why login
        access
          ‼ 3 lines of refused asks cannot be read
              hint: look at refused.jsonl in the collector's data folder, and who may write there
          ‼ decision cutover: one hand
              hint: ask those people whether it was they who spoke: tidelock events
          ‼ the access of ben ends in 1 h
              hint: tidelock access issue ben
          ✖ olga has no access, and is asked for commit
              hint: tidelock access issue olga
        messages
          ✖ slack (secret chat): it answered 500
              hint: look at the receiver's address and secret; events wait for it and come later
        rehearsal
          ✖ the newest run of a runbook is no complete rehearsal for plan revision 7
              hint: tidelock cutover run --rehearse
        9 failures, 7 warnings. Exit 1."#]],
    );
    assert!(show::short(&examine(&seen)).ends_with("Exit 1."));
    assert_eq!(show::json(&examine(&seen))["schema"], "tidelock.doctor/v1");
}

#[test]
fn a_collector_that_does_not_answer_is_a_failure_and_nothing_else_is_guessed() {
    let mut seen = good();
    seen.status = Err(Trouble::new(Exit::Unreachable, "the collector does not answer: refused"));
    check(
        &seen,
        expect![[r#"
        collector
          ✖ no status from https://c.example:7480: the collector does not answer: refused
              hint: is it running, and is this its address? curl its ops listener: /readyz
        1 failure, 0 warnings. Exit 1."#]],
    );
}

#[test]
fn what_may_not_be_seen_is_a_warning_and_what_is_not_known_a_failure() {
    let mut seen = good();
    seen.grants = Err(Trouble::new(Exit::Auth, "no"));
    seen.plan = Err(Trouble::new(Exit::Usage, "there is none"));
    seen.run = Some(Err(Trouble::failed("it broke")));
    check(
        &seen,
        expect![[r#"
        collector
          ✔ answers at https://c.example:7480 in 12 ms, version VERSION
          ✔ its journal is writable, 18432 MiB free
        plan
          ✖ there is no plan in force: there is none
              hint: tidelock plan apply plan.yaml
          ✔ the one check of this phase has results on every side
        access
          ‼ you may not see who has access
              hint: ask an operator of the collector to run this
        rehearsal
          ✖ the newest run of a runbook: it broke
              hint: try again
        2 failures, 1 warning. Exit 1."#]],
    );
}

#[test]
fn a_check_that_asks_for_more_agents_than_are_online_is_a_failure_where_it_asks() {
    let asks = |source: u32, target: u32, online: u32| {
        let mut seen = good();
        let (checked, _) = seen.plan.as_mut().expect("it is known");
        checked.plan.target.agents_at_least = 1;
        let login = checked.plan.scenarios.values_mut().next().expect("a check");
        login.agents_at_least = [(Side::Source, source), (Side::Target, target)].into();
        let status = seen.status.as_mut().expect("it is good");
        // One more that is there and silent owes findings, and tells none.
        let silent = agent(v1::Side::Target, "a-9");
        status.agents.push(v1::AgentView { state: "silent".to_owned(), ..silent });
        status.agents.extend((2..online).map(|n| agent(v1::Side::Target, &format!("a-{n}"))));
        let lines = examine(&seen).into_iter();
        let lines = lines.filter(|line| line.text.starts_with("login on") && line.section == "agents");
        lines.map(|line| (line.state, line.text, line.hint)).collect::<Vec<_>>()
    };
    let text = "login on target: 2 of at least 3 agents online that it asks for".to_owned();
    let hint = "tidelock agent ls; one more: tidelock agent token --side target; \
                or let login ask for fewer in the plan (agents)";
    assert_eq!(asks(2, 3, 2), [(State::Failure, text, hint.to_owned())]);
    assert!(asks(2, 3, 3).is_empty(), "enough came");
    assert_eq!(asks(3, 3, 2).len(), 2, "a line for each side");
    assert!(asks(1, 2, 2).is_empty(), "there are as many, or it asks for fewer");
}

#[test]
fn only_access_that_decides_in_this_migration_answers_a_decision() {
    let said = |change: fn(&mut v1::AccessGrant)| {
        let mut seen = good();
        let grants = seen.grants.as_mut().expect("they are known").iter_mut();
        grants.filter(|grant| grant.subject == "olga").for_each(change);
        let lines = examine(&seen).into_iter().filter(|line| line.text.starts_with("olga "));
        lines.map(|line| (line.state, line.text)).collect::<Vec<_>>()
    };
    let fine = [(State::Good, "olga can answer commit".to_owned())];
    assert_eq!(said(|grant| grant.role = "operator".to_owned()), fine);
    assert_eq!(said(|grant| grant.migration = "shop".to_owned()), fine);
    let other = said(|grant| grant.migration = "bank".to_owned());
    let text = "olga has no access that decides (a person of bank), and is asked for commit";
    assert_eq!(other, [(State::Failure, text.to_owned())]);
    let gone = said(|grant| grant.expires_time = at(-1));
    assert_eq!(gone, [(State::Failure, "olga has no access, and is asked for commit".to_owned())]);
    let changes: [fn(&mut v1::AccessGrant); 4] = [
        |grant| grant.role = "viewer".to_owned(),
        |grant| grant.role = "pipeline".to_owned(),
        |grant| grant.gate = "ready".to_owned(),
        |grant| grant.revoked = true,
    ];
    for change in changes {
        let lines = said(change);
        assert!(lines.len() == 1 && lines[0].0 == State::Failure, "{lines:?}");
    }
}

#[test]
fn a_monitor_gets_critical_for_a_failure_and_warning_for_a_warning() {
    let of = |seen: &Seen| show::nagios(&examine(seen));
    let (line, exit) = of(&good());
    assert_eq!(
        (line.as_str(), exit.number()),
        ("TIDELOCK OK - doctor: 0 failures, 0 warnings | failures=0 warnings=0", 0)
    );
    let mut seen = good();
    seen.status.as_mut().expect("it is good").agents[0].clock_offset_ms = 5_000;
    let (line, exit) = of(&seen);
    assert!(
        exit.number() == 1
            && line.starts_with("TIDELOCK WARNING - doctor: 0 failures, 1 warning; agents: clock of"),
        "{line}"
    );
    seen.grants = Ok(Vec::new());
    let (line, exit) = of(&seen);
    assert!(
        exit.number() == 2 && line.starts_with("TIDELOCK CRITICAL - doctor: 2 failures, 1 warning; access: "),
        "{line}"
    );
    assert!(line.ends_with(" | failures=2 warnings=1") && line.lines().count() == 1, "{line}");
}

fn found(name: &str, seconds: i64, outcome: v1::Outcome, cause: &str) -> v1::RecentFinding {
    let finding = v1::Finding { outcome: outcome.into(), cause: cause.to_owned(), ..Default::default() };
    v1::RecentFinding {
        agent: Some(v1::AgentRef { side: v1::Side::Target.into(), name: name.to_owned() }),
        received_time: at(seconds),
        finding: Some(finding),
    }
}

#[test]
fn a_check_that_never_really_runs_is_no_result() {
    let mut seen = good();
    let recent = vec![
        found("a-0", -9, v1::Outcome::Pass, ""),
        found("a-0", -2, v1::Outcome::NotRun, "secret_missing"),
        // It ran since.
        found("a-1", -9, v1::Outcome::NotRun, "timeout"),
        found("a-1", -2, v1::Outcome::Fail, ""),
    ];
    seen.recent = vec![("login".to_owned(), Ok(recent))];
    let lines = examine(&seen);
    let said: Vec<&str> =
        lines.iter().filter(|line| line.section == "plan").map(|line| line.text.as_str()).collect();
    assert_eq!(
        said,
        ["revision 7 is plan.yaml", "login does not really run at target/a-0: not run (secret_missing)"]
    );
    assert!(show::long(Manner::new(Format::Text, Color::Never, true, false), &lines).contains("1 failure"));
    seen.recent = vec![("login".to_owned(), Err(Trouble::failed("it broke")))];
    assert!(examine(&seen).iter().any(|line| line.text == "the newest findings of login: it broke"));
}
