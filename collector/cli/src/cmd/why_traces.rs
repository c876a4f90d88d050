//! The newest trace of each side, and where the plan says that it can be looked at: from a failing step to
//! the shop's own spans in one click.

use prost_types::Timestamp;
use serde_json::Value;
use tidelock_model::Side;
use tidelock_proto::{json, v1};

use crate::client::clean;
use crate::words::when;

/// The newest finding of a side that has a trace.
fn newest(answer: &v1::ExplainCheckResponse, side: Side) -> Option<(&v1::RecentFinding, &str)> {
    let of_side = answer.recent.iter().filter(|recent| {
        recent.agent.as_ref().is_some_and(|agent| json::side_word(agent.side) == side.word())
    });
    let traced =
        of_side.filter_map(|recent| Some((recent, recent.finding.as_ref()?.trace_ids.first()?.as_str())));
    traced.max_by_key(|(recent, _)| recent.received_time.map(|time| (time.seconds, time.nanos)))
}

/// Ids come from agents; what is no id makes no address.
pub(super) fn url(link: &str, id: &str) -> Option<String> {
    let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id && !link.is_empty()).then(|| link.replace("{trace_id}", id))
}

fn address(answer: &v1::ExplainCheckResponse, id: &str) -> Option<String> {
    url(&answer.trace_link, id)
}

/// A line for each side that has one.
pub(super) fn lines(answer: &v1::ExplainCheckResponse, now: Option<&Timestamp>, zone: &str) -> Vec<String> {
    let found = Side::BOTH.into_iter().filter_map(|side| Some((side, newest(answer, side)?)));
    found
        .map(|(side, (recent, id))| {
            let link = address(answer, id).map(|link| format!("  {}", clean(&link))).unwrap_or_default();
            format!("{side} {} ({}){link}", clean(id), when(recent.received_time.as_ref(), now, zone))
        })
        .collect()
}

/// The same for programs.
pub(super) fn json(answer: &v1::ExplainCheckResponse) -> Value {
    let found = Side::BOTH.into_iter().filter_map(|side| Some((side, newest(answer, side)?)));
    found
        .map(|(side, (_, id))| {
            serde_json::json!({ "side": side.word(), "trace_id": id, "url": address(answer, id) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(side: v1::Side, second: i64, id: &str) -> v1::RecentFinding {
        let finding = v1::Finding { trace_ids: vec![id.to_owned()], ..v1::Finding::default() };
        v1::RecentFinding {
            agent: Some(v1::AgentRef { side: side.into(), name: "a".to_owned() }),
            received_time: Some(Timestamp { seconds: second, nanos: 0 }),
            finding: Some(finding),
        }
    }

    #[test]
    fn each_side_shows_its_newest_trace_and_no_stranger_makes_an_address() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let mut answer = v1::ExplainCheckResponse {
            recent: vec![
                recent(v1::Side::Source, 5, &old),
                recent(v1::Side::Source, 8, &new),
                recent(v1::Side::Target, 9, "../../admin"),
            ],
            trace_link: "https://traces.example/{trace_id}".to_owned(),
            ..v1::ExplainCheckResponse::default()
        };
        let now = Timestamp { seconds: 10, nanos: 0 };
        let told = lines(&answer, Some(&now), "UTC");
        assert_eq!(told[0], format!("source {new} (2 s ago)  https://traces.example/{new}"));
        assert_eq!(told[1], "target ../../admin (1 s ago)");
        answer.trace_link.clear();
        assert_eq!(lines(&answer, Some(&now), "UTC")[0], format!("source {new} (2 s ago)"));
    }
}
