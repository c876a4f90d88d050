//! How a proof came about: everything that somebody who doubts it asks for.

use tidelock_model::{Name, Side};

use super::must::{null, rules_out};
use super::told::void;
use crate::joint::{JointEvidence, SlotClaim, SlotEvidence};
use crate::plan::Joint;
use crate::status::ProofStatus;

pub(crate) fn proof(evidence: &JointEvidence, (index, joint): (usize, &Joint)) -> Option<ProofStatus> {
    let slots = evidence.slots.as_ref()?;
    let gate = slots.claims.get(&index)?;
    let mut status = ProofStatus {
        null: null(joint, evidence.stage.compared),
        rules_out: rules_out(joint),
        ln_e: Vec::new(),
        threshold: 0.0,
        // Numbers that suffice early still wait for the time of observation.
        eta: gate.eta_slots().map(|eta| {
            let observe = slots.observe_at_least().saturating_sub(slots.observed());
            slots.slot().mul_f64(eta.clamp(0.0, 1e6)).max(observe)
        }),
        results: 0,
        slots: 0,
        slot: slots.slot(),
        excluded: excluded(slots),
        incidents: 0,
        last_incidents: slots.incidents().to_vec(),
        attempt: gate.attempt(),
        agents: evidence.agents().cloned().collect(),
        begun: slots.since(),
        notes: notes(evidence, slots, gate),
    };
    match gate {
        SlotClaim::Success(gate) => {
            let course = gate.course();
            let parts = course.ln_e.ni.map(|ni| ("no worse than the source", ni)).into_iter();
            status.ln_e =
                parts.chain([("often enough", course.ln_e.slo), ("no outages", course.ln_e.clock)]).collect();
            status.threshold = course.threshold;
            (status.results, status.slots) = (course.results, u64::from(course.slots));
            status.incidents = u64::from(course.incidents);
            if course.source_down_slots > 0 {
                status.excluded.push(("the source was down".to_owned(), u64::from(course.source_down_slots)));
            }
        }
        SlotClaim::Latency(latency) => {
            let course = latency.gate.course();
            status.ln_e = vec![("no slower than the source", course.ln_e)];
            status.threshold = course.threshold;
            (status.results, status.slots) = (course.results, u64::from(course.slots));
            if let (Some(source), Some(limit)) = (course.source_ms, course.limit_ms) {
                status
                    .notes
                    .push(format!("source {source:.0} ms, so the target must answer within {limit:.0} ms"));
            } else {
                let known = course.source_known;
                status.notes.push(format!("{known} of 200 results of the source are there to compare with"));
            }
        }
        SlotClaim::Same(_) => {}
    }
    if let SlotClaim::Same(same) = gate {
        let engine = &same.engine;
        status.ln_e = vec![("no more differing fields than noise", engine.ln_e())];
        status.threshold = engine.threshold();
        status.slots = engine.slots();
        let list = |title: &str, fields: Vec<&str>| {
            (!fields.is_empty()).then(|| format!("{title}: {}", fields.join(", ")))
        };
        status
            .notes
            .extend(list("fields left out because they change by themselves", engine.volatile().collect()));
        status.notes.extend(list("fields that differed in the last slot", engine.differing().collect()));
    }
    Some(status)
}

fn excluded(slots: &SlotEvidence) -> Vec<(String, u64)> {
    let tally = slots.slots.tally();
    let slots_of = slots.voids.iter().map(|(why, count)| (format!("slots void: {}", void(*why)), *count));
    let results = [
        ("results too late", tally.late),
        ("results kept back by a broken link", slots.cut_off()),
        ("results sent twice", tally.duplicates),
        ("results that contradict an earlier one", tally.conflicts),
        ("results of agents that do not count", tally.unknown),
        ("results out of place", tally.unused),
    ];
    slots_of
        .chain(results.into_iter().map(|(what, count)| (what.to_owned(), count)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn notes(evidence: &JointEvidence, slots: &SlotEvidence, gate: &SlotClaim) -> Vec<String> {
    let mut notes = Vec::new();
    if !evidence.stage.compared {
        notes.push(format!("absolute only: {} is judged by itself", evidence.stage.subject));
    }
    if let SlotClaim::Latency(latency) = gate
        && latency.below_load()
    {
        notes.push("not proved under load: the target bore less than half of the source\u{2019}s".to_owned());
    }
    for side in Side::BOTH {
        let doubted = evidence.doubted(side);
        if !doubted.is_empty() {
            let names = doubted.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
            notes.push(format!("results of {names} on {side} are not counted: the clock is not believed"));
        }
    }
    if slots.mostly_late() {
        notes.push("more than 5 % of the results of the last ten minutes came too late".to_owned());
    }
    notes
}
