//! How a proof came about, for people: no statistics, but everything that somebody who doubts it asks for.

use prost_types::Timestamp;
use tidelock_proto::{json, v1};

use crate::client::clean;
use crate::words::{clock, grouped, span};

/// What a line says, and the line.
type Line = (&'static str, String);

/// The lines of one claim's proof; none where it has no proof.
pub(crate) fn lines(claim: &v1::ClaimView, zone: &str) -> Vec<Line> {
    let Some(proof) = &claim.proof else { return Vec::new() };
    let mut lines = vec![("Must refute", clean(&proof.null_hypothesis))];
    if !proof.rules_out.is_empty() {
        lines.push(("Strength", clean(&proof.rules_out)));
    }
    lines.push(("How far", how_far(claim, proof)));
    lines.push(("Counted", counted(proof, zone)));
    if !proof.not_counted.is_empty() {
        lines.push(("Left out", left_out(&proof.not_counted)));
    }
    lines.push(("Incidents", incidents(proof.incidents, &proof.last_incident_times, zone)));
    if proof.attempt > 1 {
        let text = format!("{}; each asks for more than the one before", proof.attempt);
        lines.push(("Attempts", text));
    }
    if !proof.agents.is_empty() {
        lines.push(("Agents", agents(&proof.agents)));
    }
    lines.extend(proof.notes.iter().map(|note| ("Note", clean(note))));
    lines
}

/// Percent and minutes, or that it does not come closer. A proof that stands has nothing left, and a pace of
/// the past would promise what nobody sees now.
fn how_far(claim: &v1::ClaimView, proof: &v1::ProofView) -> String {
    let percent = claim.progress_percent;
    match (json::state_word(claim.state), proof.eta_ms) {
        ("proved", _) => "proved".to_owned(),
        ("undecided", Some(eta)) => {
            format!("{percent} % of the way, {} left at this pace", minutes_left(eta))
        }
        ("undecided", None) => format!("{percent} % of the way, not getting closer"),
        _ => format!("{percent} % of the way"),
    }
}

/// Rounded up, so that it is never promised too early.
pub(crate) fn minutes_left(ms: u64) -> String {
    match ms {
        0..60_000 => "less than a minute".to_owned(),
        ms => format!("about {}", span(ms.div_ceil(60_000).saturating_mul(60_000))),
    }
}

fn counted(proof: &v1::ProofView, zone: &str) -> String {
    let since = clock(proof.begun_time.as_ref(), zone);
    let (results, slots) = (grouped(proof.results), grouped(proof.slots));
    format!("{results} results in {slots} slots of {}, since {since}", seconds(proof.slot_ms))
}

/// The length of a slot: whole seconds, or milliseconds where it is none.
pub(crate) fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}

fn left_out(not_counted: &[v1::NotCounted]) -> String {
    let one = |left: &v1::NotCounted| format!("{} {}", grouped(left.count), clean(&left.why));
    not_counted.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// How many, and when the ones that are remembered began.
pub(crate) fn incidents(count: u64, times: &[Timestamp], zone: &str) -> String {
    let at: Vec<String> = times.iter().map(|time| clock(Some(time), zone)).collect();
    match (count, at.is_empty()) {
        (0, _) => "none".to_owned(),
        (count, true) => grouped(count),
        (count, false) if count > at.len() as u64 => {
            format!("{}, the last at {}", grouped(count), at.join(", "))
        }
        (count, false) => format!("{}: {}", grouped(count), at.join(", ")),
    }
}

/// `source/aws-1, aws-2; target/hz-1`.
fn agents(agents: &[v1::AgentRef]) -> String {
    let names: Vec<String> = agents
        .iter()
        .map(|agent| format!("{}/{}", json::side_word(agent.side), clean(&agent.name)))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> v1::ProofView {
        v1::ProofView {
            null_hypothesis: "the target succeeds less often than the source by 5 points or more".into(),
            rules_out: "standard: rules out 6 outages an hour or more".into(),
            parts: vec![v1::ProofPart { name: "often enough".into(), ln_e: 1.25 }],
            threshold: 3.352,
            eta_ms: Some(1_261_000),
            results: 2408,
            slots: 301,
            slot_ms: 10_000,
            not_counted: vec![
                v1::NotCounted { why: "slots void: nothing was heard of source".into(), count: 12 },
                v1::NotCounted { why: "results too late".into(), count: 3 },
            ],
            incidents: 1,
            last_incident_times: vec![json::wire_time(1_795_352_770_000)],
            attempt: 2,
            agents: vec![v1::AgentRef { side: v1::Side::Target.into(), name: "hz-1".into() }],
            begun_time: Some(json::wire_time(1_795_352_000_000)),
            notes: vec!["absolute only: target is judged by itself".into()],
        }
    }

    fn said(state: v1::EvidenceState, proof: v1::ProofView) -> String {
        let claim = v1::ClaimView {
            state: state.into(),
            progress_percent: 37,
            proof: Some(proof),
            ..v1::ClaimView::default()
        };
        let lines = lines(&claim, "UTC").into_iter().map(|(name, text)| format!("{name}: {text}\n"));
        lines.collect()
    }

    #[test]
    fn a_proof_says_everything_but_its_statistics() {
        let text = said(v1::EvidenceState::Undecided, proof());
        expect_test::expect![[r"
            Must refute: the target succeeds less often than the source by 5 points or more
            Strength: standard: rules out 6 outages an hour or more
            How far: 37 % of the way, about 22 min left at this pace
            Counted: 2,408 results in 301 slots of 10 s, since 12:53:20
            Left out: 12 slots void: nothing was heard of source; 3 results too late
            Incidents: 1: 13:06:10
            Attempts: 2; each asks for more than the one before
            Agents: target/hz-1
            Note: absolute only: target is judged by itself
        "]]
        .assert_eq(&text);
        assert!(!text.contains("1.25") && !text.contains("3.35"), "{text}");
    }

    #[test]
    fn no_pace_is_no_promise() {
        let still = v1::ProofView { eta_ms: None, ..proof() };
        assert!(said(v1::EvidenceState::Undecided, still).contains("37 % of the way, not getting closer"));
        for state in [v1::EvidenceState::Stale, v1::EvidenceState::Refuted, v1::EvidenceState::Missing] {
            assert!(!said(state, proof()).contains(" left at this pace"), "{state:?} promises a time");
        }
        assert_eq!([minutes_left(0), minutes_left(60_001)], ["less than a minute", "about 2 min"]);
    }
}
