//! What stays after the night: what the core remembers, with what the journal says was decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use tidelock_core::plan::Plan;
use tidelock_core::record::EventKind;
use tidelock_model::{Name, is_unfit};
use tidelock_proto::v1;
use tidelock_proto::v1::report_service_server::ReportService;
use tonic::{Request, Response, Status};

use super::access::blocking;
use super::auth::caller;
use super::caller::Action;
use super::gate::migration;
use super::steps::Steps;
use super::views_gate::time;
use super::{Api, errors, views, views_report};
use crate::fold::EventLine;
use crate::past::decided_after;

/// Bytes of the decisions in one report; the whole must fit into one message.
const DECISION_BYTES: usize = 2 << 20;
/// Holds of one decision.
const HOLDS: usize = 50;
/// What is loud of a plan that is for development alone.
const REHEARSAL_SCALE: &str = "rehearsal scale: spans are too short for a real move";
/// Each word of how a report is to be printed.
const EDITION_BYTES: usize = 64;

/// The service.
pub(super) struct Reports(pub(super) Arc<Api>);

impl Reports {
    /// Everything that was decided, oldest first: from memory where that has all of it.
    async fn decided(&self, name: &Name) -> Result<Vec<Arc<EventLine>>, Status> {
        let kept = self.0.driver.events(name).ok_or_else(|| errors::no_migration(name))?;
        if kept.reach_back_to(0) {
            return Ok(kept.latest(usize::MAX));
        }
        let (store, name) = (self.0.store.clone(), name.clone());
        let read = blocking(move || decided_after(&*store, &name, 0, usize::MAX)).await?;
        read.map_err(|error| errors::internal(&error))
    }
}

#[tonic::async_trait]
impl ReportService for Reports {
    async fn get_report(
        &self,
        request: Request<v1::GetReportRequest>,
    ) -> Result<Response<v1::GetReportResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        let edition = ask.edition.map(edition).transpose()?;
        let view = self.0.view(&who, Action::Look, &name)?;
        let reported = self.0.driver.report(&name).await.ok_or_else(|| errors::no_migration(&name))?;
        let lines = self.decided(&name).await?;
        let mut report = views_report::report(&reported, &name);
        if let Some(head) = self.0.store.decision_head(&name) {
            (report.head_sequence, report.head_hash) =
                (head.position.number(), head.link.as_bytes().to_vec());
        }
        if view.plan.as_ref().is_some_and(|plan| plan.plan.rehearsal_scale) {
            report.loud.insert(0, REHEARSAL_SCALE.to_owned());
        }
        let told = blocking(move || (revisions(&lines), decisions(&lines))).await?;
        (report.revisions, (report.decisions, report.decisions_cut)) = told;
        let steps = Steps::of(&reported.runs);
        for decision in &mut report.decisions {
            decision.event = decision.event.take().map(|event| steps.named(event));
        }
        if edition.is_none() {
            return Ok(Response::new(v1::GetReportResponse { report: Some(report), signed: None }));
        }
        report.edition = edition;
        let heads = self.0.heads.clone();
        let signed = blocking(move || heads.vouch(&report)).await?;
        Ok(Response::new(v1::GetReportResponse { report: None, signed: Some(signed) }))
    }
}

/// It is signed with the report: nothing is that has no end, or that no page shows.
fn edition(asked: v1::ReportEdition) -> Result<v1::ReportEdition, Status> {
    let v1::ReportEdition { release, form, from, to } = &asked;
    for (field, text) in [("release", release), ("form", form), ("from", from), ("to", to)] {
        if text.len() > EDITION_BYTES || text.chars().any(is_unfit) {
            let why = format!("has more than {EDITION_BYTES} bytes, or a character that no page shows");
            return Err(errors::invalid(field, why));
        }
    }
    Ok(asked)
}

/// Who put which plan in force, and what it loosened.
fn revisions(lines: &[Arc<EventLine>]) -> Vec<v1::ReportRevision> {
    let mut before: Option<&Plan> = None;
    let mut revisions = Vec::new();
    for line in lines {
        let EventKind::PlanApplied { revision, hash, plan, .. } = &line.event.kind else { continue };
        let changes = before.map(|before| tidelock_plan::diff(before, plan)).unwrap_or_default();
        revisions.push(v1::ReportRevision {
            revision: *revision,
            hash: hash.as_bytes().to_vec(),
            time: time(line.at),
            by: line.event.by.as_ref().map(Name::to_string).unwrap_or_default(),
            reason: line.event.reason.clone(),
            looser: changes.into_iter().filter(|change| change.looser).map(|change| change.text).collect(),
        });
        before = Some(plan);
    }
    revisions
}

/// What people decided and were told, each with what was not fine then; the newest where not all fit, and
/// how many older ones are left out.
fn decisions(lines: &[Arc<EventLine>]) -> (Vec<v1::ReportDecision>, u64) {
    let rehearsals = rehearsals(lines);
    let mut room = DECISION_BYTES;
    let (mut told, mut cut) = (Vec::new(), 0);
    for line in lines.iter().rev().filter(|line| is_decision(&line.event.kind)) {
        let mut holds: Vec<String> = line.event.holds.iter().take(HOLDS).cloned().collect();
        if line.event.holds.len() > HOLDS {
            holds.push(format!("and {} more", line.event.holds.len() - HOLDS));
        }
        let mut event = views::event(line);
        if run_of(&line.event.kind).is_some_and(|run| rehearsals.contains(&run)) {
            event.text = format!("rehearsed only: {}", event.text);
        }
        let decision = v1::ReportDecision { event: Some(event), holds };
        match room.checked_sub(decision.encoded_len()) {
            Some(left) if cut == 0 => {
                room = left;
                told.push(decision);
            }
            Some(_) | None => cut += 1,
        }
    }
    told.reverse();
    (told, cut)
}

/// The runs in which nothing was really done: whoever reads later must not take them for the night.
fn rehearsals(lines: &[Arc<EventLine>]) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for line in lines {
        if let EventKind::RunBegun { run, rehearsal: true, .. } = line.event.kind {
            found.insert(run);
        }
    }
    found
}

/// The run that a decision belongs to.
fn run_of(kind: &EventKind) -> Option<u64> {
    if let EventKind::RunTurned { run, .. }
    | EventKind::StepSettled { run, .. }
    | EventKind::NoReturnPassed { run, .. } = kind
    {
        return Some(*run);
    }
    None
}

/// Somebody decided it, or was told it; what evidence, agents and operators' machines do stands elsewhere.
fn is_decision(kind: &EventKind) -> bool {
    match kind {
        EventKind::Decided { .. }
        | EventKind::HoldSet
        | EventKind::HoldReleased { .. }
        | EventKind::Degraded { .. }
        | EventKind::CutoverConfirmed { .. }
        | EventKind::Switched { .. }
        | EventKind::RunTurned { .. }
        | EventKind::StepSettled { .. }
        | EventKind::NoReturnPassed { .. }
        | EventKind::PlanProposed { .. }
        | EventKind::CutoversSet { .. }
        | EventKind::FactSet { .. }
        | EventKind::Overridden { .. }
        | EventKind::LeftoverSettled { .. }
        | EventKind::PhaseChanged { .. }
        | EventKind::Noticed(_) => true,
        EventKind::PlanApplied { .. }
        | EventKind::AccessChanged(_)
        | EventKind::CheckRun { .. }
        | EventKind::Filed(_)
        | EventKind::ManualCheckDone { .. }
        | EventKind::LeaseGranted { .. }
        | EventKind::LeaseRevoked { .. }
        | EventKind::AgentEnrolled { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::ConflictFound { .. }
        | EventKind::RevisionSet { .. }
        | EventKind::RunBegun { .. }
        | EventKind::RunTaken { .. }
        | EventKind::RunLeft { .. }
        | EventKind::StepBegun { .. }
        | EventKind::StepEnded { .. }
        | EventKind::StepProved { .. }
        | EventKind::RunEnded { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use tidelock_core::plan::Direction;
    use tidelock_core::record::Event;
    use tidelock_model::{Sha256, Timestamp};

    use super::*;

    fn line(sequence: u64, kind: EventKind, holds: Vec<String>) -> Arc<EventLine> {
        let event = Event {
            by: None,
            reason: String::new(),
            request_id: String::new(),
            findings_position: 0,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds,
            kind,
        };
        Arc::new(EventLine { sequence, at: Timestamp::from_millis(sequence), event })
    }

    #[test]
    fn what_was_only_rehearsed_does_not_read_as_the_night() {
        let begun = |run, rehearsal| {
            let (direction, until) = (Direction::Cutover, Timestamp::from_millis(1));
            EventKind::RunBegun { run, direction, rehearsal, lease: run, until }
        };
        let passed = |run| EventKind::NoReturnPassed { run, lease: run, part: 1 };
        let kinds = [begun(1, true), passed(1), begun(2, false), passed(2)];
        let lines: Vec<_> = (1..).zip(kinds).map(|(number, kind)| line(number, kind, Vec::new())).collect();
        let (told, _) = decisions(&lines);
        let texts: Vec<_> = told.iter().map(|it| it.event.as_ref().unwrap().text.clone()).collect();
        let past = "is past its point of no return, part 1";
        assert_eq!(texts, [format!("rehearsed only: run 1 {past}"), format!("run 2 {past}")]);
    }

    #[test]
    fn nothing_is_signed_that_has_no_end_or_that_no_page_shows() {
        let of = |from: &str| v1::ReportEdition { from: from.to_owned(), ..v1::ReportEdition::default() };
        assert_eq!(edition(of("2026-11-22T01:00")).unwrap(), of("2026-11-22T01:00"));
        assert!(edition(of(&"1".repeat(EDITION_BYTES))).is_ok());
        for bad in ["1".repeat(EDITION_BYTES + 1), "1\n2".to_owned(), "\u{202e}1".to_owned()] {
            let refused = edition(of(&bad)).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{bad:?}");
            assert!(refused.message().starts_with("from: "), "{refused:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_newest_stay() {
        let holds = || vec!["x".repeat(10_000); 60];
        let lines: Vec<_> = (1..=100).map(|number| line(number, EventKind::HoldSet, holds())).collect();
        let (told, cut) = decisions(&lines);
        assert_eq!(told.len() as u64 + cut, 100);
        assert!(cut > 0);
        assert_eq!(told.last().unwrap().event.as_ref().unwrap().sequence, 100);
        assert_eq!(told[0].holds.len(), HOLDS + 1);
        assert_eq!(told[0].holds.last().unwrap(), "and 10 more");
    }
}
