//! A batch as it was received: its bytes, and a hash of each finding's.
//!
//! What was received is what is journaled, compared, and shown again later. To make the bytes anew
//! would cost more than everything else that is done with them, and nobody could be sure that they
//! are the same.

use std::sync::Arc;

use prost::bytes::Bytes;
use prost::encoding::{
    DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field,
};
use prost::{DecodeError, Message as _};
use tidelock_model::{FindingBatch, mutated};
use tidelock_proto::{Limits, batch_to_wire};

use crate::secret;

/// 128 bits of the SHA-256 of one finding's bytes as they were received.
pub type FindingHash = [u8; 16];

/// Fields by their numbers in the `.proto` files; a test compares them with the generated code.
const BATCH_IN_REQUEST: u32 = 2;
const BATCH_IN_RECORD: u32 = 4;
const FINDING_IN_BATCH: u32 = 3;
const CHECK_IN_FINDING: u32 = 1;

/// One batch of findings, or a gap, as it was received. Clones share the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    bytes: Bytes,
    hashes: Arc<[FindingHash]>,
}

impl Received {
    /// Takes the bytes of a batch; says why they are none.
    pub(crate) fn new(bytes: Bytes) -> Result<Received, DecodeError> {
        let hashes = parts(&bytes, FINDING_IN_BATCH).map(|finding| finding.map(hash));
        let hashes = hashes.collect::<Result<Arc<[_]>, _>>()?;
        Ok(Received { bytes, hashes })
    }

    /// The batch of a whole request in bytes of its own, where the request has nothing else.
    pub(crate) fn of_request(mut request: &[u8]) -> Option<Bytes> {
        let batch = next_part(&mut request, BATCH_IN_REQUEST)?.ok()?;
        request.is_empty().then(|| Bytes::copy_from_slice(batch))
    }

    /// Whether the batches in a request have no more findings than are taken. Asked before anything is
    /// decoded: an empty finding is two bytes here, and hundreds in memory.
    pub(crate) fn few_in_request(request: &[u8]) -> bool {
        let batches = parts(request, BATCH_IN_REQUEST).filter_map(Result::ok);
        let findings = batches.flat_map(|batch| parts(batch, FINDING_IN_BATCH));
        findings.take(Limits::BATCH_FINDINGS + 1).count() <= Limits::BATCH_FINDINGS
            || mutated("findings-are-counted-first")
    }

    /// The batch of a record of the journal; none when the record is of something else.
    pub(crate) fn of_record(record: &[u8]) -> Result<Option<Received>, DecodeError> {
        let batch = parts(record, BATCH_IN_RECORD).last().transpose()?;
        // A copy: what keeps it must not keep the record alive as well.
        batch.map(|batch| Received::new(Bytes::copy_from_slice(batch))).transpose()
    }

    /// The same in memory of its own.
    pub(crate) fn copied(&self) -> Received {
        Received { bytes: Bytes::copy_from_slice(&self.bytes), hashes: self.hashes.as_ref().into() }
    }

    /// Adds the batch to a record, behind what the record has already.
    pub(crate) fn put_into_record(&self, record: &mut Vec<u8>) {
        record.reserve(self.bytes.len() + 16);
        put(record, BATCH_IN_RECORD, &self.bytes);
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One hash a finding, in order; none for a gap.
    pub(crate) fn hashes(&self) -> &[FindingHash] {
        &self.hashes
    }

    /// The same, shared.
    pub(crate) fn shared_hashes(&self) -> Arc<[FindingHash]> {
        self.hashes.clone()
    }

    /// Each finding's bytes, in order.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &[u8]> {
        // They could all be read when it was made.
        parts(&self.bytes, FINDING_IN_BATCH).filter_map(Result::ok)
    }

    /// The rest of the batch, where its first findings are known; `rest` is that rest, checked.
    pub(crate) fn rest(&self, known: usize, rest: &FindingBatch) -> Received {
        let head = FindingBatch {
            agent: rest.agent.clone(),
            spool_epoch: rest.spool_epoch,
            first_seq: rest.first_seq,
            findings: Vec::new(),
            gap: rest.gap.clone(),
        };
        let mut bytes = batch_to_wire(head).encode_to_vec();
        for finding in self.findings().skip(known) {
            put(&mut bytes, FINDING_IN_BATCH, finding);
        }
        Received { bytes: bytes.into(), hashes: self.hashes.get(known..).unwrap_or_default().into() }
    }
}

/// A finding's bytes may be of this check: they name it.
pub(crate) fn names(finding: &[u8], check: &str) -> bool {
    parts(finding, CHECK_IN_FINDING).any(|name| name.is_ok_and(|name| name == check.as_bytes()))
}

fn hash(finding: &[u8]) -> FindingHash {
    let mut hash = FindingHash::default();
    hash.copy_from_slice(&secret::sha256(finding).as_bytes()[..16]);
    hash
}

/// The values of one field, in order, each as it stands in the message.
fn parts(mut message: &[u8], field: u32) -> impl Iterator<Item = Result<&[u8], DecodeError>> {
    std::iter::from_fn(move || {
        let part = next_part(&mut message, field)?;
        if part.is_err() {
            message = &[];
        }
        Some(part)
    })
}

/// The next value of one field, and the message behind it.
fn next_part<'a>(message: &mut &'a [u8], field: u32) -> Option<Result<&'a [u8], DecodeError>> {
    while !message.is_empty() {
        match one(message, field) {
            Ok(None) => {}
            Ok(Some(part)) => return Some(Ok(part)),
            Err(error) => return Some(Err(error)),
        }
    }
    None
}

/// Reads over one field; gives its value when it is the wanted one.
fn one<'a>(message: &mut &'a [u8], field: u32) -> Result<Option<&'a [u8]>, DecodeError> {
    let (number, kind) = decode_key(message)?;
    if (number, kind) != (field, WireType::LengthDelimited) {
        return skip_field(kind, number, message, DecodeContext::default()).map(|()| None);
    }
    let whole = *message;
    skip_field(kind, number, message, DecodeContext::default())?;
    let mut value = &whole[..whole.len() - message.len()];
    // The length was right, or it could not have been read over.
    decode_varint(&mut value)?;
    Ok(Some(value))
}

fn put(message: &mut Vec<u8>, field: u32, value: &[u8]) {
    encode_key(field, WireType::LengthDelimited, message);
    encode_varint(value.len() as u64, message);
    message.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use tidelock_model::{AgentKey, Gap, Name, Side};
    use tidelock_proto::{batch_from_wire, v1};

    use super::*;

    fn wire(findings: u64) -> v1::FindingBatch {
        let finding = |round| v1::Finding {
            check: "login".to_owned(),
            plan_hash: vec![1; 32],
            component_sha256: vec![2; 32],
            round,
            due_unix_ms: 5,
            outcome: v1::Outcome::Pass.into(),
            trace_ids: vec!["a".to_owned(); 3],
            ..v1::Finding::default()
        };
        let findings = (1..=findings).map(finding).collect();
        v1::FindingBatch { spool_epoch: vec![3; 16], first_seq: 2, findings, gap: None }
    }

    fn agent() -> AgentKey {
        AgentKey { side: Side::Source, name: Name::new("a").unwrap() }
    }

    #[test]
    fn the_fields_are_those_of_the_protocol() {
        let batch = wire(3);
        let message = Some(v1::session_request::Message::Batch(batch.clone()));
        let request = v1::SessionRequest { message }.encode_to_vec();
        let bytes = Received::of_request(&request).unwrap();
        assert_eq!(bytes, batch.encode_to_vec());
        let received = Received::new(bytes).unwrap();
        let findings: Vec<_> = batch.findings.iter().map(|finding| finding.encode_to_vec()).collect();
        assert_eq!(received.findings().collect::<Vec<_>>(), findings);
        assert_eq!(received.hashes().len(), 3);
        assert!(findings.iter().all(|finding| names(finding, "login") && !names(finding, "log")));
        let body = Some(v1::finding_record::Body::Batch(batch));
        let record = v1::FindingRecord { agent: "a".to_owned(), body, ..Default::default() };
        assert_eq!(Received::of_record(&record.encode_to_vec()).unwrap(), Some(received));
    }

    #[test]
    fn what_is_no_single_batch_is_left_to_the_decoder() {
        let beat = Some(v1::session_request::Message::Heartbeat(v1::Heartbeat::default()));
        let mut request = v1::SessionRequest { message: beat }.encode_to_vec();
        assert_eq!(Received::of_request(&request), None);
        assert_eq!(Received::of_request(b""), None);
        let message = Some(v1::session_request::Message::Batch(wire(1)));
        v1::SessionRequest { message }.encode(&mut request).unwrap();
        request.extend_from_slice(b"\x28");
        assert_eq!(Received::of_request(&request), None);
        for broken in [&b"\x1a\x05abc"[..], b"\x1a", b"\xff", b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
        {
            assert!(Received::new(Bytes::copy_from_slice(broken)).is_err(), "{broken:?} was taken");
        }
    }

    #[test]
    fn findings_are_counted_before_they_are_decoded() {
        let empty = |findings: usize| {
            let mut request = Vec::new();
            put(&mut request, BATCH_IN_REQUEST, &[0x1a, 0].repeat(findings));
            request
        };
        let most = empty(Limits::BATCH_FINDINGS);
        assert!(Received::few_in_request(&most) && Received::few_in_request(b""));
        assert!(!Received::few_in_request(&empty(Limits::BATCH_FINDINGS + 1)));
        // Two batches in one request are one to the decoder.
        assert!(!Received::few_in_request(&[most, empty(1)].concat()));
    }

    #[test]
    fn the_rest_is_what_was_received_without_its_head() {
        let all = Received::new(wire(3).encode_to_vec().into()).unwrap();
        let mut batch = batch_from_wire(agent(), wire(3)).unwrap();
        batch.findings.remove(0);
        batch.first_seq += 1;
        let rest = all.rest(1, &batch);
        assert_eq!(rest, Received::new(batch_to_wire(batch).encode_to_vec().into()).unwrap());
        assert_eq!(rest.hashes(), &all.hashes()[1..]);
        let gap = Gap { from: 4, to: 9, counts: Default::default(), reason: "full".to_owned() };
        let gap = FindingBatch {
            agent: agent(),
            spool_epoch: tidelock_model::SpoolEpoch(1),
            first_seq: 4,
            findings: Vec::new(),
            gap: Some(gap),
        };
        let whole = Received::new(batch_to_wire(gap.clone()).encode_to_vec().into()).unwrap();
        assert_eq!(whole.rest(2, &gap), whole);
    }
}
