//! The doors that bytes of strangers come through, for `make fuzz` alone.
//!
//! Each takes any bytes, says whether they were let in, and checks what must hold of whatever it lets in.
//! Nothing of the collector calls them.

use ring::hmac;
use tidelock_model::{AgentKey, Name, Side, Timestamp};
use tidelock_proto::{batch_from_wire, batch_to_wire, v1};

use crate::journal::frame_bodies;
use crate::records::{Received, decision_from_bytes, seen_from_bytes};

/// A message of a session, as the agents' door reads it.
///
/// # Panics
/// When a batch that was let in does not come back as it was.
pub fn session(bytes: &[u8]) -> bool {
    use prost::Message as _;
    if !Received::few_in_request(bytes) {
        return false;
    }
    let Some(batch) = Received::of_request(bytes) else {
        return v1::SessionRequest::decode(bytes).is_ok();
    };
    let Ok(wire) = v1::FindingBatch::decode(&*batch) else {
        return false;
    };
    let name = Name::new("agent").expect("a name");
    let agent = AgentKey { side: Side::Target, name };
    let Ok(model) = batch_from_wire(agent.clone(), wire) else {
        return false;
    };
    let received = Received::new(batch).expect("what was decoded can be read over");
    assert_eq!(received.hashes().len(), model.findings.len(), "each finding has its hash");
    let again = batch_from_wire(agent, batch_to_wire(model.clone()));
    assert_eq!(again, Ok(model), "what goes out comes in as it was");
    true
}

/// A frame of the journal, of both sets, and the record in it.
pub fn journal(bytes: &[u8]) -> bool {
    let records = frame_bodies(bytes);
    let body = |body: &[u8]| {
        let seen = seen_from_bytes(body).is_ok();
        let whole = Received::of_record(body).is_ok();
        let decision = decision_from_bytes(body).is_ok();
        (seen && whole) || decision
    };
    body(bytes) | records.iter().any(|record| body(record))
}

/// The token of an open gate. One that is let in was made with this key, which nobody has.
///
/// # Panics
/// When a token was let in.
pub fn gate_token(text: &str) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let migration = Name::new("shop").expect("a name");
    let read = crate::api::gate_token_epoch(&key, &migration, text, Timestamp::from_millis(1));
    assert_eq!(read, None, "a token of nobody opened a gate");
}
