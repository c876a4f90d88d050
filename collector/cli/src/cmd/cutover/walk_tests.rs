//! The walk against a collector that only knows one run: what is asked, in which order, and what stops it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tidelock_proto::{json, v1};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::fake::Fake;
use super::person::Stop;
use super::walk::{Choice, Walk};
use crate::client::Client;
use crate::exit::{Exit, Trouble};
use crate::out::{Format, Manner};

fn sh(script: &str) -> Option<v1::RunCommand> {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    Some(v1::RunCommand { argv, env: Vec::new(), timeout_ms: 20_000 })
}

fn part(kind: &str, command: Option<v1::RunCommand>, undo: Option<v1::RunCommand>) -> v1::RunPart {
    v1::RunPart {
        name: kind.to_owned(),
        kind: kind.to_owned(),
        owner: "ben".to_owned(),
        state: "pending".to_owned(),
        command,
        undo,
        ..v1::RunPart::default()
    }
}

fn run(parts: Vec<v1::RunPart>) -> v1::Run {
    let numbered = (0..).zip(parts).map(|(number, part)| v1::RunPart { part: number, ..part });
    v1::Run {
        run: 3,
        migration: "shop".to_owned(),
        direction: "cutover".to_owned(),
        state: "forward".to_owned(),
        operator: "olga".to_owned(),
        lease: 1,
        // The pictures of these tests are of the second 1000.
        lease_until_time: Some(json::wire_time(1_015_000)),
        parts: numbered.collect(),
        ..v1::Run::default()
    }
}

fn walk_of(fake: &Fake, client: &Client, stop: Stop) -> Walk {
    let manner = Manner { format: Format::Text, color: false, ask: false, quiet: false };
    let dir = PathBuf::from("/");
    let choice = Choice { dir, yes: true, yes_each: false, keep: false, would_run: BTreeMap::new() };
    Walk::new(client, manner, choice, stop, fake.known().run.clone())
}

/// Walks it to where it ends by itself.
async fn walked(run: v1::Run, prepare: impl FnOnce(&Fake)) -> (std::sync::Arc<Fake>, Result<Exit, Trouble>) {
    let (fake, client) = Fake::serve(run).await;
    prepare(&fake);
    let (stop, _press) = Stop::of_test();
    let walk = walk_of(&fake, &client, stop).walk();
    let ended = tokio::time::timeout(Duration::from_secs(30), walk).await.expect("it ends");
    (fake, ended)
}

#[tokio::test]
async fn each_part_begins_in_the_journal_runs_and_ends_there() {
    let parts = vec![
        part("fence", sh("echo shut $TIDELOCK_STEP $TIDELOCK_RUN"), None),
        part("catch-up", None, None),
        part("point-of-no-return", None, None),
        part("open", sh("echo opened; echo 'tidelock: durable'"), None),
    ];
    let (fake, ended) = walked(run(parts), |_| ()).await;
    assert_eq!(ended.expect("it completes"), Exit::Done);
    assert_eq!(
        fake.log(),
        [
            "begin fence",
            "end fence done",
            "begin catch-up",
            "end catch-up done",
            "pass",
            "begin open",
            "end open done durable"
        ]
    );
    assert_eq!(fake.output(), "shut fence 3\nopened\ntidelock: durable\n");
}

#[tokio::test]
async fn a_failure_takes_back_what_was_done_and_ends_with_three() {
    let parts = vec![
        part("reverse", sh("true"), sh("echo taken back")),
        part("fence", sh("echo no; exit 9"), sh("echo also taken back")),
        part("open", sh("echo never"), None),
    ];
    let (fake, ended) = walked(run(parts), |_| ()).await;
    assert_eq!(ended.expect("it ends in good order"), Exit::Hold);
    let wanted = [
        "begin reverse",
        "end reverse done",
        "begin fence",
        "end fence failed",
        "begin undo fence",
        "end undo fence done",
        "begin undo reverse",
        "end undo reverse done",
    ];
    assert_eq!(fake.log(), wanted);
    assert_eq!(fake.output(), "no\ntidelock: it ended with 9\nalso taken back\ntaken back\n");
}

#[tokio::test]
async fn a_rehearsal_takes_nothing_back_for_real() {
    let parts =
        vec![part("reverse", None, sh("echo real")), part("fence", sh("exit 1"), sh("echo real as well"))];
    let rehearsal = v1::Run { rehearsal: true, ..run(parts) };
    let (fake, ended) = walked(rehearsal, |_| ()).await;
    assert_eq!(ended.expect("it ends in good order"), Exit::Hold);
    assert!(fake.log().contains(&"end undo reverse done".to_owned()), "{:?}", fake.log());
    assert!(!fake.output().contains("real"), "{}", fake.output());
}

#[tokio::test]
async fn what_nobody_can_know_is_left_to_a_person_with_the_words_to_say() {
    let mut open = part("open", sh("true"), None);
    open.state = "ambiguous".to_owned();
    let (fake, ended) = walked(run(vec![open]), |_| ()).await;
    let trouble = ended.expect_err("a person must say");
    assert_eq!((trouble.exit, fake.log()), (Exit::Hold, vec!["leave".to_owned()]));
    let said = trouble.to_string();
    for words in
        ["nobody can know whether open was carried out", "settle open --done", "settle open --not-done"]
    {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
}

#[tokio::test]
async fn an_answer_that_did_not_come_is_asked_for_under_the_same_id() {
    let (fake, ended) = walked(run(vec![part("fence", sh("true"), None)]), |fake| {
        let away = || Status::unavailable("restarting");
        fake.known().trouble.extend([away(), away()]);
    })
    .await;
    assert_eq!(ended.expect("it completes"), Exit::Done);
    let ids = fake.known().ids.clone();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0] && !id.is_empty()), "{ids:?}");
}

fn refused(reason: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, "tidelock.dev", std::collections::HashMap::new());
    Status::with_error_details(Code::FailedPrecondition, "refused", details)
}

#[tokio::test]
async fn a_picture_that_was_overtaken_is_looked_at_again_and_any_other_refusal_ends_the_walk() {
    let parts = || vec![part("fence", sh("true"), None)];
    let (_, ended) = walked(run(parts()), |fake| fake.known().trouble.push_back(refused("NOT_NEXT"))).await;
    assert_eq!(ended.expect("it completes"), Exit::Done);
    for reason in ["OLD_LEASE", "ASSERTION", "DISABLED"] {
        let (fake, ended) =
            walked(run(parts()), |fake| fake.known().trouble.push_back(refused(reason))).await;
        let trouble = ended.expect_err(reason);
        assert_eq!((trouble.exit, fake.log()), (Exit::Hold, vec!["leave".to_owned()]), "{reason}");
        assert!(trouble.to_string().contains("tidelock cutover resume"), "{trouble}");
    }
}

#[tokio::test]
async fn the_point_of_no_return_waits_a_moment_for_evidence_that_is_on_its_way() {
    let parts = || vec![part("point-of-no-return", None, None), part("open", sh("true"), None)];
    let shut = |fake: &Fake| fake.known().trouble.push_back(refused("GATE_SHUT"));
    let (fake, ended) = walked(run(parts()), shut).await;
    assert_eq!(ended.expect("it completes"), Exit::Done);
    assert_eq!(fake.log(), ["pass", "begin open", "end open done"], "it was asked for again");
    let off = |fake: &Fake| fake.known().trouble.push_back(refused("DISABLED"));
    let (fake, ended) = walked(run(parts()), off).await;
    assert_eq!(ended.expect_err("nobody waits for that").exit, Exit::Hold);
    assert_eq!(fake.log(), ["leave"]);
}

#[tokio::test]
async fn after_a_lost_lease_the_command_is_killed_and_nothing_is_begun() {
    let parts = vec![part("fence", sh("sleep 60; echo done"), None), part("open", sh("echo never"), None)];
    // So short that it is renewed while the first command runs.
    let short = v1::Run { lease_until_time: Some(json::wire_time(1_000_500)), ..run(parts) };
    let (fake, ended) = walked(short, |fake| fake.known().refuse_renewal = true).await;
    let trouble = ended.expect_err("the lease is lost");
    assert_eq!(trouble.exit, Exit::Hold);
    assert!(trouble.to_string().contains("ben walks it now"), "{trouble}");
    assert_eq!(fake.log(), ["begin fence", "end fence unknown"], "the outcome is said, and nothing is begun");
}

#[tokio::test]
async fn the_first_wish_to_stop_leaves_after_the_command_and_the_second_kills_it() {
    for (times, outcome) in [(1, "done"), (2, "unknown")] {
        let parts = vec![part("fence", sh("sleep 0.6"), None), part("open", sh("echo never"), None)];
        let (fake, client) = Fake::serve(run(parts)).await;
        fake.known().settles = true;
        let (stop, press) = Stop::of_test();
        let walk = tokio::spawn(walk_of(&fake, &client, stop).walk());
        fake.until_asked("begin fence").await;
        for _ in 0..times {
            press();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ended = walk.await.expect("it does not break down").expect("it ends in good order");
        assert_eq!(ended, Exit::Interrupted);
        assert_eq!(
            fake.log(),
            ["begin fence".to_owned(), format!("end fence {outcome}"), "leave".to_owned()]
        );
    }
}

#[tokio::test]
async fn what_did_not_end_well_is_not_run_again_by_itself() {
    let parts = vec![part("fence", sh("exit 1"), sh("echo stuck; exit 1"))];
    let (fake, ended) = walked(run(parts), |fake| fake.known().insists = true).await;
    let trouble = ended.expect_err("a person must look");
    assert_eq!(trouble.exit, Exit::Failed, "{trouble}");
    assert!(trouble.to_string().contains("did not end well and is asked for again"), "{trouble}");
    assert_eq!(fake.log()[2..], ["begin undo fence", "end undo fence failed", "leave"]);
}

#[tokio::test]
async fn a_command_that_the_turn_ended_is_taken_back_without_a_question() {
    let parts =
        vec![part("fence", sh("sleep 60"), sh("echo taken back")), part("open", sh("echo never"), None)];
    let (fake, client) = Fake::serve(run(parts)).await;
    fake.known().settles = true;
    let (stop, _press) = Stop::of_test();
    let walk = tokio::spawn(walk_of(&fake, &client, stop).walk());
    fake.until_asked("begin fence").await;
    // The collector turns the run while its command runs, as a hold or the dip's limit makes it.
    fake.change(|known| known.run.state = "undoing".to_owned());
    let ended = tokio::time::timeout(Duration::from_secs(60), walk).await.expect("it ends");
    assert_eq!(ended.expect("it does not break down").expect("it ends in good order"), Exit::Hold);
    assert_eq!(
        fake.log(),
        ["begin fence", "end fence unknown", "begin undo fence", "end undo fence done"],
        "what nobody can know is taken back all the same, and nobody is asked"
    );
}

#[tokio::test]
async fn a_run_that_somebody_else_took_over_is_left_alone() {
    let parts = vec![part("manual", None, None), part("open", sh("echo never"), None)];
    let (fake, client) = Fake::serve(run(parts)).await;
    let (stop, _press) = Stop::of_test();
    let walk = tokio::spawn(walk_of(&fake, &client, stop).walk());
    fake.change(|known| (known.run.lease, known.run.operator) = (2, "ben".to_owned()));
    let ended = tokio::time::timeout(Duration::from_secs(60), walk).await.expect("it ends");
    let trouble = ended.expect("it does not break down").expect_err("it is not its run any more");
    assert!(trouble.exit == Exit::Hold && trouble.message.contains("ben took the run over"), "{trouble}");
    assert_eq!(fake.log(), [""; 0], "neither begun nor left in another's name");
}
