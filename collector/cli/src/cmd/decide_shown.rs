//! What a person sees before a decision is theirs: what is not fine, and what is lost either way.

use tidelock_core::plan::Direction;
use tidelock_plan::Plan;
use tidelock_proto::v1;

use super::Call;
use crate::client::clean;
use crate::shown;
use crate::words::{clock, loss, loss_lines, span};

/// That there is nothing to decide any more.
pub(super) fn ended(status: &v1::Status) -> String {
    format!("{} has ended: it is {}, and no gate stands before it", status.migration, clean(&status.phase))
}

/// All of it, a line each.
pub(super) fn lines(status: &v1::Status, decision: &str, plan: Option<&Plan>) -> Vec<String> {
    let Some(gate) = &status.next_gate else { return vec![ended(status)] };
    let zone = &status.timezone;
    let at = clock(gate.as_of_time.as_ref(), zone);
    let mut lines = vec![
        format!(
            "{} · phase {} · gate {} · evidence {} of {at}",
            status.migration, status.phase, gate.gate, gate.evidence_sequence
        ),
        format!("  {}", clean(&status.summary)),
    ];
    lines.extend(shown::loud_of(status).into_iter().map(|line| format!("  {line}")));
    for hold in gate.holds.iter().filter(|hold| hold.code != "decision") {
        let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
        lines.push(format!("  ! {name}: {}", clean(&hold.reason)));
    }
    lines.extend(gate.overrides.iter().map(|view| format!("  {}", shown::overridden(view, zone))));
    if let Some(question) = gate.decision.as_ref().and_then(|asked| shown::question(asked, zone)) {
        lines.push(format!("  {question}"));
    }
    if !status.first_minutes.is_empty() {
        lines.push(format!("  {}", clean(&status.first_minutes)));
    }
    lines.push(format!("  {}", loss(gate)));
    lines.extend(loss_lines(gate).into_iter().map(|line| format!("    {line}")));
    if let Some(back) = &gate.rollback {
        if back.applicable || !back.reason.is_empty() {
            let line = shown::way_back(back, gate.as_of_time.as_ref(), zone);
            lines.push(format!("  Going back: {line}"));
        }
        lines.extend(shown::one_way(back).map(|line| format!("    {line}")));
    }
    if decision == "cutover" {
        lines.extend(plan.map(after).unwrap_or_default());
    }
    lines
}

/// What the plan promises of the time after the switch.
fn after(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let window = plan.rollback.window.map(|window| {
        let ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        format!("rollback stays possible for {} at most", span(ms))
    });
    lines.push(format!(
        "  After this: {}",
        window.unwrap_or_else(|| "the plan names no time in which going back is possible".to_owned())
    ));
    if !plan.rollback.no_return.is_empty() {
        lines.push(format!("  Not possible after: {}", plan.rollback.no_return.join(", ")));
    }
    if let Some(shut) = plan.runbook(Direction::Cutover).and_then(|runbook| runbook.planned_writes_shut()) {
        let ms = u64::try_from(shut.as_millis()).unwrap_or(u64::MAX);
        lines.push(format!("  Writes are shut for {}, as planned", span(ms)));
    }
    lines
}

/// The plan in force, where it can be had: a decision does not wait for it.
pub(super) async fn plan(call: &Call) -> Option<Plan> {
    let (source, _) = super::plan::present(call).await.ok()?;
    tidelock_plan::check(&source).ok().map(|checked| checked.plan)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tidelock_proto::json;

    use super::*;

    #[test]
    fn what_is_lost_either_way_stands_before_the_question() {
        let left = |count, unit: &str| v1::Remaining { count, unit: unit.to_owned(), what: String::new() };
        let gate = v1::Gate {
            gate: "cutover".to_owned(),
            phase: "ready".to_owned(),
            evidence_sequence: 47902,
            as_of_time: Some(json::wire_time(1_000_000)),
            losses: vec![
                v1::Loss { check: "orders".to_owned(), known: true, remaining: vec![left(1204, "orders")] },
                v1::Loss { check: "db-parity".to_owned(), ..v1::Loss::default() },
            ],
            rollback: Some(v1::RollbackView {
                applicable: true,
                possible: true,
                asset: "lossy".to_owned(),
                lost: vec![v1::Lost { what: "orders".to_owned(), count: Some(131), unit: String::new() }],
                one_way: vec![v1::Lost { what: "mails".to_owned(), count: None, unit: String::new() }],
                ..v1::RollbackView::default()
            }),
            ..v1::Gate::default()
        };
        let status = v1::Status {
            migration: "shop".to_owned(),
            phase: "ready".to_owned(),
            summary: "level".to_owned(),
            next_gate: Some(gate),
            ..v1::Status::default()
        };
        expect![[r#"
            shop · phase ready · gate cutover · evidence 47902 of 00:16:40
              level
              Switching now loses 1,204 orders; nothing known of db-parity
                orders: 1,204 orders
                db-parity: nothing known
              Going back: lossy: 131 orders, possible
                Going back does not take back an unknown number of mails"#]]
        .assert_eq(&lines(&status, "cutover", None).join("\n"));
    }

    #[test]
    fn an_ended_migration_shows_no_gate_and_no_loss() {
        let status =
            v1::Status { migration: "shop".to_owned(), phase: "aborted".to_owned(), ..v1::Status::default() };
        let said = "shop has ended: it is aborted, and no gate stands before it";
        assert_eq!(lines(&status, "cutover", None), [said]);
    }
}
