//! An event as CloudEvents 1.0 have it, in structured mode, signed as a Standard Webhook.
//!
//! It is made of the record and the plan alone, so that the same event is the same message however often
//! it is sent.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tidelock_core::plan::Plan;
use tidelock_model::Name;
use tidelock_proto::json as told_json;

use super::{sign, told};
use crate::fold::EventLine;
use crate::text;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// The most of an output or a hold that one message carries.
const HOLDS: usize = 50;

/// The message's body.
pub(super) fn body(migration: &Name, line: &EventLine, plan: Option<&Plan>) -> Bytes {
    let told = told::of(&line.event.kind, plan);
    let mut data = told.facts;
    let event = told_json::event(&text::event_to_wire(line));
    for (key, value) in [
        ("migration", json!(migration.as_str())),
        ("event", event),
        ("holds", json!(line.event.holds.iter().take(HOLDS).collect::<Vec<_>>())),
        ("evidence_hash", json!(line.event.evidence_hash.to_string())),
    ] {
        data[key] = value;
    }
    let mut body = json!({
        "specversion": "1.0",
        "id": line.sequence.to_string(),
        "source": format!("/migrations/{migration}"),
        "type": format!("dev.tidelock.{}.v1", told.kind),
        "time": told_json::time(text::time_to_wire(line.at).as_ref()),
        "datacontenttype": "application/json",
        "data": data,
    });
    if let Some(subject) = told.subject {
        body["subject"] = json!(subject);
    }
    Bytes::from(body.to_string())
}

/// Its headers, signed where there is a secret.
pub(super) fn headers(
    migration: &Name,
    sequence: u64,
    unix_seconds: u64,
    secret: Option<&str>,
    body: &[u8],
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cloudevents+json; charset=utf-8"));
    // A receiver of more than one collector or migration sees one id a message.
    let id = format!("{migration}-{sequence}");
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| "a header cannot be sent".to_owned());
    headers.insert(WEBHOOK_ID, value(&id)?);
    headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::from(unix_seconds));
    if let Some(secret) = secret {
        headers.insert(WEBHOOK_SIGNATURE, value(&sign::signature(secret, &id, unix_seconds, body)?)?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tidelock_core::record::{Event, EventKind, Notice};
    use tidelock_model::{Phase, Sha256, Timestamp};

    use super::*;

    fn line(kind: EventKind) -> EventLine {
        let event = Event {
            by: None,
            reason: String::new(),
            request_id: String::new(),
            findings_position: 0,
            evidence_hash: Sha256::from_bytes([0; 32]),
            holds: vec!["stale login: nothing for 10 s".to_owned()],
            kind,
        };
        EventLine { sequence: 41, at: Timestamp::from_millis(1_795_352_770_250), event }
    }

    #[test]
    fn a_message_names_itself_and_what_it_is_about() {
        let name = Name::new("shop").unwrap();
        let line = line(EventKind::PhaseChanged { from: Phase::Ready, to: Phase::Cutover });
        let value: Value = serde_json::from_slice(&body(&name, &line, None)).unwrap();
        assert_eq!(value["type"], "dev.tidelock.phase.changed.v1");
        assert_eq!((&value["id"], &value["source"]), (&json!("41"), &json!("/migrations/shop")));
        assert_eq!(
            (&value["subject"], &value["time"]),
            (&json!("cutover"), &json!("2026-11-22T13:06:10.250Z"))
        );
        assert_eq!((&value["data"]["from"], &value["data"]["to"]), (&json!("ready"), &json!("cutover")));
        assert_eq!(value["data"]["holds"][0], "stale login: nothing for 10 s");
        assert_eq!(value["data"]["event"]["sequence"], 41);
    }

    #[test]
    fn a_message_about_nothing_in_particular_has_no_subject_and_none_is_signed_without_a_secret() {
        let name = Name::new("shop").unwrap();
        let closed = Notice::WindowClosed { why: "the old database is gone".to_owned() };
        let body = body(&name, &line(EventKind::Noticed(closed)), None);
        let value: Value = serde_json::from_slice(&body).unwrap();
        assert!(value.get("subject").is_none());
        assert_eq!(value["data"]["why"], "the old database is gone");
        let plain = headers(&name, 41, 5, None, &body).unwrap();
        assert_eq!(
            (plain["webhook-id"].to_str().unwrap(), plain.get("webhook-signature")),
            ("shop-41", None)
        );
        let signed = headers(&name, 41, 5, Some("abc"), &body).unwrap();
        assert!(signed["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    }
}
