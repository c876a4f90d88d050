//! After the switch both shops look healthy: a forgotten job writes to the old one, the new one throws
//! customers out, and somebody declares it complete. Then somebody wants to go back, too late.

use std::time::Duration;

use tidelock_tests::{Cli, DemoWorld, eventually, eventually_for};

use super::{Illusion, LOGIN, green, holds, until_free};

const REST: &str = r#"
  login-live:
    kind: auth
    title: A customer logs in to the new shop
    if_broken: Customers cannot log in
    level: critical
    plugin: builtin:login
    run_on: target
    phases: [cutover, watch]
    with: { target: shop, user: probe, password: "secret:probe-password", page_contains: Signed in as }
    claims: { passes: { in_a_row: 2 } }
  old-side-quiet:
    kind: background
    title: Nothing but the feed writes to the old shop any more
    if_broken: Customers get two invoices
    level: critical
    plugin: builtin:job-writes
    run_on: source
    phases: [watch]
    with:
      target: db
      runs_table: job_runs
      columns: { started_at: started_at_ms }
      change_log: { table: changes, of: kind, at: at_ms, writer: writer }
      allowed_writers: [feed]
      must_be_quiet: true
    claims: { passes: { in_a_row: 2 } }
gates:
  ready: { needs: [login] }
  cutover: { decision: cutover }
  watch: { needs: [login-live] }
  committed: { needs: [all], stable_for: 2s, decision: commit }
rollback: { window: 20s }
"#;

const SESSION: Illusion = Illusion::new("session", "target", "login-live", &["step session"]);
const CRON: Illusion =
    Illusion::new("cron", "source", "old-side-quiet", &["job invoice-nightly ran", "by shop-source"]);

/// A decision of a person, with its exit code.
fn go(person: &Cli, decision: &str) -> (i32, String) {
    let words =
        ["decide", decision, "--go", "--reason", "it looks fine", "--confirm", "harbour", "--no-input"];
    let answer = person.run(&words);
    (answer.code, answer.out + &answer.err)
}

/// A decision that nothing but the person's word is missing for.
fn taken(person: &Cli, decision: &str) {
    eventually(&format!("the GO for {decision} is taken"), || {
        let (code, said) = go(person, decision);
        if code == 0 { Ok(()) } else { Err(said) }
    });
}

/// Up to the phase `cutover`, confirmed with a token.
fn until_cutover(demo: &DemoWorld, ana: &Cli) {
    let operator = &demo.world.operator;
    let _ = operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    demo.world.until_phase("ready");
    taken(ana, "cutover");
    let waited = operator.run(&["gate", "wait", "cutover", "--timeout", "30s", "-o", "json"]).good();
    let token = waited.json()["token"].as_str().expect("a token").to_owned();
    let _ = operator.run(&["gate", "confirm", "cutover", "--token", &token]).good();
    demo.world.until_phase("cutover");
}

#[test]
fn nobody_declares_it_complete_too_early_or_goes_back_too_late() {
    // A login writes a session: none is made on the old side once it must be quiet.
    let login = LOGIN.replace("run_on: both", "run_on: both\n    phases: [sync, ready, rolling-back]");
    let demo = DemoWorld::start(&format!("scenarios:{login}{REST}"));
    let operator = &demo.world.operator;
    let (ana, bo) = (demo.world.person("ana"), demo.world.person("bo"));
    until_cutover(&demo, &ana);

    // "We have switched": traffic has, and the new shop throws customers out.
    demo.break_it(CRON.fault, CRON.side);
    demo.over();
    SESSION.fools_the_probe(&demo, "watch");
    let _ = operator.run(&["switched", "--to", "target"]).good();
    let status = demo.world.until_phase("cutover");
    assert_eq!(status["traffic"], "target", "{status}");
    assert_eq!(operator.run(&["gate", "wait", "committed", "--timeout", "1s"]).code, 8, "committed is shut");
    let (code, said) = go(&bo, "commit");
    assert_eq!(code, 3, "it is too early to declare it complete: {said}");
    demo.fix(SESSION.fault, SESSION.side);
    demo.world.until_phase("watch");

    // All green, and the job that nobody remembered goes on writing to the old shop.
    let hold = demo.world.until_hold("committed", |hold| CRON.fits(hold, "source"), CRON.fault);
    green(&demo, CRON.fault);
    let why = operator.run(&["why", "old-side-quiet"]).good();
    let rows = ["invoice", "by job:invoice-nightly"];
    assert!(rows.iter().all(|word| why.out.contains(word)), "rows and writer are named: {}", why.out);
    let (code, said) = go(&bo, "commit");
    assert!(code == 3 && said.contains("invoice-nightly"), "exit {code}: {said}; held by {hold}");
    assert_eq!(operator.run(&["gate", "wait", "committed", "--timeout", "1s"]).code, 8, "committed is shut");
    CRON.goes(&demo, "committed");

    // The new shop breaks in the watch: what was proved at the switch is proved no more.
    SESSION.fools_the_probe(&demo, "committed");
    too_late(&demo, &ana);
    SESSION.goes(&demo, "committed");
    until_free(&demo, "committed", "login-live");
    committed(&demo, &bo);
}

/// The window is over while the new shop is broken: going back is refused, and says why.
fn too_late(demo: &DemoWorld, ana: &Cli) {
    eventually_for(Duration::from_secs(40), "the way back is closed", || {
        let told = demo.world.operator.run(&["rollback"]);
        if told.out.contains("too late") { Ok(()) } else { Err(told.out) }
    });
    green(demo, "a rollback that is asked for too late");
    let (code, said) = go(ana, "rollback");
    assert!(code == 3 && said.contains("too late") && said.contains("20 s"), "exit {code}: {said}");
    let status = demo.world.status().expect("it answers");
    assert_eq!(status["phase"], "watch", "nothing was recorded: {status}");
}

/// With everything good the named person completes it, and not before.
fn committed(demo: &DemoWorld, bo: &Cli) {
    eventually_for(Duration::from_secs(30), "only bo is waited for", || {
        let holds = holds(demo, "committed")?;
        if holds.len() == 1 && holds[0]["code"] == "decision" { Ok(()) } else { Err(format!("{holds:?}")) }
    });
    taken(bo, "commit");
    demo.world.until_phase("committed");
}
