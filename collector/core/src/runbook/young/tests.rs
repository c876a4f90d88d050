use tidelock_model::Side::{Source, Target};

use super::*;
use crate::plan::{Joint, Parity, Silence};
use crate::runbook::stand::*;
use crate::verdict::{EvidenceState, HoldCode};
use std::time::Duration;

fn passing() -> Vec<crate::plan::ClaimKind> {
    vec![crate::plan::ClaimKind::Passes { in_a_row: 9 }]
}

fn route(after: &[&str], bake: u64) -> Step {
    step("traffic", StepKind::Route { weights: vec![100] }, after, bake)
}

fn login(bake: u64) -> Stand {
    let plan = plan(vec![("login", scenario(&[Source, Target], passing()))], vec![route(&["login"], bake)]);
    Stand::new(plan, &["s1", "t1", "t2"])
}

const BOTH: [(&str, &str); 2] = [("t1", "login"), ("t2", "login")];

fn both(says: &Says) -> Vec<(&'static str, &'static str, Says)> {
    BOTH.map(|(who, check)| (who, check, says.clone())).to_vec()
}

#[test]
fn three_fresh_rounds_from_each_agent_prove_a_step() {
    let mut stand = login(0);
    stand.rounds(5, &both(&passes()));
    stand.acts(0);
    let acted = stand.now;
    assert_eq!(
        stand.lines(0, acted),
        [
            "missing login on target by t1: 0 of 3 fresh rounds from t1",
            "missing login on target by t2: 0 of 3 fresh rounds from t2"
        ],
        "what passed before says nothing of the step"
    );
    stand.rounds(2, &both(&passes()));
    stand.rounds(1, &[("t1", "login", passes())]);
    assert_eq!(stand.lines(0, acted), ["claim_undecided login on target by t2: 2 of 3 fresh rounds from t2"]);
    stand.finds("t2", "login", &passes());
    assert_eq!(stand.holds(0, acted), []);
    assert!(stand.replays());
    stand.wait(30);
    assert_eq!(stand.holds(0, acted)[0].code, HoldCode::Stale, "time alone makes nothing better");
}

#[test]
fn a_step_waits_for_as_many_agents_as_its_check_asks_for() {
    let mut login = scenario(&[Source, Target], passing());
    login.agents_at_least.insert(Target, 3);
    let mut stand = Stand::new(plan(vec![("login", login)], vec![route(&["login"], 0)]), &["s1", "t1", "t2"]);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(3, &both(&passes()));
    assert_eq!(
        stand.lines(0, acted),
        ["missing login on target: 2 of at least 3 agents on target told of login"]
    );
}

#[test]
fn a_late_finding_of_a_round_before_the_step_does_not_count() {
    let mut stand = login(0);
    stand.wait(7);
    stand.acts(0);
    let acted = stand.now;
    stand.wait(1);
    for ago in [3, 2, 1] {
        stand.finds_late("t1", "login", &passes(), ago);
        stand.finds_late("t2", "login", &fails("before the step"), ago);
    }
    assert_eq!(stand.holds(0, acted).len(), 2);
    assert!(stand.lines(0, acted)[1].ends_with("0 of 3 fresh rounds from t2"), "nor does a failure of then");
}

#[test]
fn a_clock_that_runs_ahead_does_not_make_a_run_younger() {
    let mut stand = login(0);
    stand.wait(9);
    // Due in three seconds as its agent says, and received just before the step was carried out.
    let due = stand.now.plus(secs(3));
    let current = stand.migration.current.clone().unwrap();
    let mut batch = sent(&stand, due);
    batch.round = due.since(BEGIN).as_secs() / EVERY;
    assert!(began(stand.now, &batch, &current, 5) < stand.now, "a run does not begin after its receipt");
    batch.due = stand.now.plus(secs(60));
    let later = stand.now.plus(secs(3_600));
    let limit = BEGIN.plus(secs((batch.round + 2) * EVERY));
    assert!(began(later, &batch, &current, 0) <= limit, "nor long after its round on the grid");
    assert!(began(later, &batch, &current, 250) <= limit.minus(Duration::from_millis(250)));
    stand.acts(0);
    assert_eq!(stand.holds(0, stand.now).len(), 2);
}

fn sent(stand: &Stand, due: Timestamp) -> Finding {
    let mut other = Stand::new(stand.migration.plan().unwrap().clone(), &["t1"]);
    other.now = due;
    other.made("login", &passes())
}

#[test]
fn one_failure_starts_the_rounds_and_the_time_over() {
    let mut stand = login(12);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(2, &both(&passes()));
    stand.rounds(1, &[("t1", "login", passes()), ("t2", "login", fails("sign-in refused"))]);
    let holds = stand.holds(0, acted);
    assert_eq!(holds.len(), 1, "t1 passed for 15 s");
    assert_eq!((holds[0].code, holds[0].state), (HoldCode::ClaimRefuted, Some(EvidenceState::Refuted)));
    assert_eq!(holds[0].reason, "t2 fails: sign-in refused");
    stand.rounds(2, &both(&passes()));
    assert_eq!(stand.lines(0, acted), ["claim_undecided login on target by t2: 2 of 3 fresh rounds from t2"]);
    stand.rounds(1, &both(&passes()));
    assert_eq!(stand.lines(0, acted), [] as [&str; 0], "15 s after the failure");
    stand.loses("t1");
    assert!(stand.lines(0, acted)[0].contains("0 of 3 fresh rounds from t1"), "what is lost may have failed");
}

#[test]
fn a_step_bakes_for_its_time() {
    let mut stand = login(30);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(5, &both(&passes()));
    assert!(stand.lines(0, acted)[0].ends_with("passed, 30 s without a break is asked"));
    stand.rounds(1, &both(&passes()));
    assert_eq!(stand.holds(0, acted), []);
}

#[test]
fn an_agent_that_comes_later_owes_rounds_as_well() {
    let mut stand = login(0);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(3, &both(&passes()));
    assert_eq!(stand.holds(0, acted), []);
    let (agent, certificate_ends) = (agent("t3"), BEGIN.plus(secs(86_400)));
    stand.decide(EventKind::AgentEnrolled { agent: agent.clone(), certificate_ends });
    assert!(stand.lines(0, acted)[0].ends_with("0 of 3 fresh rounds from t3"));
    stand.decide(EventKind::AgentRevoked { agent });
    assert_eq!(stand.holds(0, acted).len(), 2, "who chooses the witnesses hears them all anew");
}

#[test]
fn a_renewed_certificate_takes_no_round_away() {
    let mut stand = login(0);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(3, &both(&passes()));
    let renew = |stand: &mut Stand, days: u64| {
        let certificate_ends = stand.now.plus(secs(days * 86_400));
        stand.decide(EventKind::AgentEnrolled { agent: agent("t1"), certificate_ends });
    };
    renew(&mut stand, 1);
    assert_eq!(stand.holds(0, acted), [], "a fleet that renews may not hold a step");
    stand.now = stand.now.plus(secs(2 * 86_400));
    renew(&mut stand, 1);
    assert!(stand.lines(0, acted)[0].contains("from t1"), "whoever was away for long begins anew");
}

#[test]
fn another_step_or_plan_asks_anew() {
    let mut stand = login(0);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(3, &both(&passes()));
    assert_eq!(stand.holds(0, acted.plus(secs(1)))[0].code, HoldCode::Run, "it was carried out once more");
    stand.apply_plan();
    assert_eq!(stand.holds(0, acted).len(), 2);
    stand.decide(EventKind::RunTurned { run: 1, why: "somebody asked".into() });
    assert_eq!(stand.holds(0, acted)[0].code, HoldCode::Run);
}

#[test]
fn a_gauge_is_asked_for_the_steps_own_time() {
    let gauge = crate::plan::Gauge {
        measure: "lag".into(),
        enter: 5.0,
        leave: 10.0,
        held_for: secs(300),
        error_rate: 0.05,
    };
    let claims = vec![crate::plan::ClaimKind::Joint(Joint::Gauge(gauge))];
    let steps = vec![step("catch-up", StepKind::CatchUp, &["feed"], 10)];
    let mut stand = Stand::new(plan(vec![("feed", scenario(&[Target], claims))], steps), &["s1", "t1"]);
    stand.rounds(9, &[("t1", "feed", counts(&[("lag", 0.0)]))]);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(1, &[("t1", "feed", counts(&[("lag", 8.0)]))]);
    assert!(stand.lines(0, acted).iter().any(|line| line.contains("lag has not come down to 5")));
    // It never reaches 0, and need not: what copies writes something of its own.
    stand.rounds(3, &[("t1", "feed", counts(&[("lag", 3.0)]))]);
    assert_eq!(stand.lines(0, acted), [] as [&str; 0], "10 s instead of 5 min");
}

#[test]
fn rows_that_stood_still_while_the_source_went_on_prove_nothing() {
    let parity = Parity { tolerate_lag: secs(5), matches: 2, rows_at_least: 1 };
    let claims = vec![crate::plan::ClaimKind::Joint(Joint::Parity(parity))];
    let steps = vec![step("catch-up", StepKind::CatchUp, &["rows"], 0)];
    let plan = plan(vec![("rows", scenario(&[Source, Target], claims))], steps);
    let mut stand = Stand::new(plan, &["s1", "t1"]);
    let shows = |hash| Says { digests: vec![("orders", hash, 10)], ..passes() };
    stand.rounds(6, &[("s1", "rows", shows("a")), ("t1", "rows", shows("a"))]);
    stand.acts(0);
    let acted = stand.now;
    // The target answers from a secondary that stands still.
    for hash in ["b", "c", "d", "e"] {
        stand.rounds(1, &[("s1", "rows", shows(hash)), ("t1", "rows", shows("a"))]);
    }
    assert!(!stand.holds(0, acted).is_empty(), "matches of before the step do not count");
    stand.rounds(6, &[("s1", "rows", shows("e")), ("t1", "rows", shows("e"))]);
    assert_eq!(stand.lines(0, acted), [] as [&str; 0]);
}

#[test]
fn writes_of_before_the_step_are_not_held_against_it() {
    let silence = Silence { held_for: secs(3_600), error_rate: 0.05, more_than_per_hour: 0.0 };
    let claims = vec![crate::plan::ClaimKind::Joint(Joint::Silent(silence))];
    let steps = vec![step("stop-jobs", StepKind::Command, &["quiet"], 5)];
    let mut stand = Stand::new(plan(vec![("quiet", scenario(&[Source], claims))], steps), &["s1", "t1"]);
    stand.rounds(2, &[("s1", "quiet", counts(&[("writes", 4.0)]))]);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(1, &[("s1", "quiet", counts(&[("writes", 4.0)]))]);
    stand.rounds(2, &[("s1", "quiet", counts(&[("writes", 0.0)]))]);
    assert_eq!(stand.lines(0, acted), [] as [&str; 0], "the first look counts since the one before the step");
    stand.rounds(1, &[("s1", "quiet", counts(&[("writes", 1.0)]))]);
    assert_eq!(stand.holds(0, acted)[0].code, HoldCode::ClaimRefuted);
}

#[test]
fn a_side_whose_writes_are_shut_is_not_asked_what_it_cannot_do() {
    let steps = vec![step("prepare", StepKind::Command, &["login"], 0), route(&["login"], 0)];
    let plan = plan(vec![("login", scenario(&[Source, Target], passing()))], steps);
    let mut stand = Stand::new(plan, &["s1", "t1"]);
    stand.acts(0);
    let acted = stand.now;
    stand.rounds(3, &[("t1", "login", passes())]);
    assert_eq!(stand.lines(0, acted), ["missing login on source by s1: 0 of 3 fresh rounds from s1"]);
    stand.acts(1);
    let acted = stand.now;
    stand.rounds(3, &[("t1", "login", passes()), ("s1", "login", fails("read only"))]);
    assert_eq!(stand.holds(1, acted), []);
}

#[test]
fn nobody_to_ask_is_no_proof() {
    let mut stand = login(0);
    stand.decide(EventKind::AgentRevoked { agent: agent("t1") });
    stand.decide(EventKind::AgentRevoked { agent: agent("t2") });
    stand.acts(0);
    let lines = stand.lines(0, stand.now);
    assert!(lines.iter().any(|line| line.ends_with("no agent on target reports it")), "{lines:?}");
}

/// What happens in one round of five seconds.
#[derive(Debug, Clone, Copy)]
enum Round {
    Passes,
    Fails,
    Missed,
    Lost,
    Late,
}

proptest::proptest! {
    #[test]
    fn a_step_is_proved_by_nothing_but_fresh_rounds_that_all_passed(
        before in 0_u64..4,
        rounds in proptest::collection::vec(0_u8..14, 0..14),
        bake in 0_u64..26,
    ) {
        let mut stand = login(bake);
        stand.rounds(before, &both(&passes()));
        stand.acts(0);
        let acted = stand.now;
        // Passes in a row, since when, and the newest.
        let (mut row, mut since, mut newest) = (0, acted, None);
        for number in rounds {
            let round = match number {
                0..=8 => Round::Passes,
                9 => Round::Fails,
                10 | 11 => Round::Missed,
                12 => Round::Lost,
                _ => Round::Late,
            };
            stand.wait(EVERY);
            stand.finds("t2", "login", &passes());
            // A run takes at most 3 s, its finding 2 s more, and it is fresh for 13 s.
            let silent = newest.is_some_and(|newest: Timestamp| stand.now > newest.plus(secs(13)));
            if silent && matches!(round, Round::Passes | Round::Fails) {
                (row, since) = (0, stand.now);
            }
            match round {
                Round::Passes => {
                    stand.finds("t1", "login", &passes());
                    (row, newest) = (row + 1, Some(stand.now));
                }
                Round::Fails => {
                    stand.finds("t1", "login", &fails("down"));
                    (row, since, newest) = (0, stand.now, Some(stand.now));
                }
                Round::Missed => {}
                Round::Lost => {
                    stand.loses("t1");
                    if newest.is_some() {
                        (row, since) = (0, stand.now);
                    }
                }
                // Due before the step: whatever it says, it says nothing of it.
                Round::Late => {
                    let ago = stand.now.since(acted).as_secs();
                    stand.finds_late("t1", "login", &passes(), ago + 1);
                }
            }
            let fresh = newest.is_some_and(|newest| stand.now <= newest.plus(secs(13)));
            let long = newest.is_some_and(|newest| newest.since(since) >= secs(bake));
            let of_t1 = |hold: &&crate::verdict::Hold| hold.agent == Some(name("t1"));
            let held = stand.holds(0, acted).iter().filter(of_t1).count();
            proptest::prop_assert_eq!(held == 0, fresh && long && row >= 3, "{:?}", stand.lines(0, acted));
        }
        proptest::prop_assert!(stand.replays());
    }
}

/// A fence, a catch-up, the feed of the way back and the point of no return.
fn walked() -> Stand {
    let over = scenario(&[Source], passing());
    let login = scenario(&[Source, Target], passing());
    let steps = vec![
        step("fence", StepKind::Fence { two_readings: secs(0) }, &[], 0),
        step("catch-up", StepKind::CatchUp, &["login", "over"], 0),
        step("feed", StepKind::Reverse, &[], 0),
        step("no-return", StepKind::PointOfNoReturn, &[], 0),
        step("open", StepKind::Open, &[], 0),
    ];
    let mut stand = Stand::new(plan(vec![("login", login), ("over", over)], steps), &["s1", "t1"]);
    stand.acts(0);
    stand.decide(EventKind::StepProved { run: 1, part: 0 });
    stand.acts(1);
    stand.rounds(3, &told(&passes(), &passes()));
    stand.decide(EventKind::StepProved { run: 1, part: 1 });
    stand
}

fn told(over: &Says, login: &Says) -> Vec<(&'static str, &'static str, Says)> {
    let writes_are_shut = fails("shut");
    vec![("s1", "over", over.clone()), ("s1", "login", writes_are_shut), ("t1", "login", login.clone())]
}

fn stood(stand: &Stand) -> Vec<String> {
    let run = stand.migration.runs.newest.as_ref().unwrap();
    stand.migration.stood_holds(run, stand.now).iter().map(crate::verdict::Hold::line).collect()
}

#[test]
fn what_proved_a_step_is_asked_until_a_later_step_changes_it() {
    let mut stand = walked();
    assert_eq!(stood(&stand), [] as [&str; 0], "source may fail behind its fence");
    stand.rounds(1, &told(&fails("rows are missing"), &passes()));
    assert_eq!(stood(&stand), ["claim_refuted over on source by s1: s1 fails: rows are missing"]);
    stand.acts(2);
    stand.decide(EventKind::StepProved { run: 1, part: 2 });
    assert_eq!(
        stood(&stand),
        [] as [&str; 0],
        "nobody sends from source any more, so nobody tells how far it came"
    );
    stand.rounds(1, &told(&fails("receiving"), &fails("no")));
    assert_eq!(
        stood(&stand),
        ["claim_refuted login on target by t1: t1 fails: no"],
        "an earlier step is asked, too"
    );
    stand.rounds(2, &told(&fails("receiving"), &passes()));
    assert_eq!(stood(&stand), ["claim_undecided login on target by t1: 2 of 3 fresh rounds from t1"]);
    stand.rounds(1, &told(&fails("receiving"), &passes()));
    assert_eq!(stood(&stand), [] as [&str; 0]);
    assert!(stand.replays());
    stand.wait(30);
    assert_eq!(stood(&stand).len(), 1, "time alone makes nothing better");
}

#[test]
fn what_a_fence_shuts_on_purpose_is_not_asked_again_behind_it() {
    let over = scenario(&[Source], passing());
    let login = scenario(&[Source, Target], passing());
    let steps = vec![
        step("warm-up", StepKind::Command, &["login", "over"], 0),
        step("fence", StepKind::Fence { two_readings: secs(0) }, &[], 0),
        step("no-return", StepKind::PointOfNoReturn, &[], 0),
        step("open", StepKind::Open, &[], 0),
    ];
    let mut stand = Stand::new(plan(vec![("login", login), ("over", over)], steps), &["s1", "t1"]);
    stand.acts(0);
    stand.rounds(3, &told(&passes(), &passes()));
    assert_eq!(stood(&stand), [] as [&str; 0]);
    stand.rounds(1, &told(&fails("down"), &passes()));
    assert_eq!(stood(&stand), ["claim_refuted over on source by s1: s1 fails: down"]);
    stand.decide(EventKind::StepProved { run: 1, part: 0 });
    stand.acts(1);
    assert_eq!(stood(&stand), [] as [&str; 0], "it runs on source alone, where writes are shut now");
    stand.rounds(1, &told(&fails("shut"), &fails("no")));
    assert_eq!(stood(&stand), ["claim_refuted login on target by t1: t1 fails: no"]);
    assert!(stand.replays());
}

#[test]
fn what_proved_a_step_is_shown_anew_where_findings_are_lost_or_a_side_is_another() {
    let mut stand = walked();
    stand.loses("t1");
    assert_eq!(stood(&stand), ["claim_undecided login on target by t1: 0 of 3 fresh rounds from t1"]);
    stand.rounds(3, &told(&passes(), &passes()));
    assert_eq!(stood(&stand), [] as [&str; 0]);
    stand.acts(2);
    stand.decide(EventKind::RevisionSet { side: Target, revision: "v2".into() });
    assert_eq!(stood(&stand), ["missing login on target by t1: 0 of 3 fresh rounds from t1"]);
}
