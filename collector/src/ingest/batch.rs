//! One batch on its way in: checked, compared, journaled.

use prost::Message as _;
use tidelock_core::record::Observation;
use tidelock_model::FindingBatch;
use tidelock_proto::v1;

use super::dedup::FindingHash;
use crate::secret;

/// One hash a finding, over its canonical bytes; none for a gap.
///
/// Prost encodes fields in the order of their numbers, so equal findings have equal bytes.
pub(crate) fn hashes(findings: &[v1::Finding]) -> Vec<FindingHash> {
    let mut bytes = Vec::new();
    (findings.iter())
        .map(|finding| {
            bytes.clear();
            // A Vec takes whatever is encoded into it.
            finding.encode_raw(&mut bytes);
            let mut hash = FindingHash::default();
            hash.copy_from_slice(&secret::sha256(&bytes).as_bytes()[..16]);
            hash
        })
        .collect()
}

/// The batch without its first `known` findings, as an observation.
pub(super) fn rest(mut batch: FindingBatch, known: usize) -> Observation {
    if let Some(gap) = &mut batch.gap {
        // A gap that reaches over numbers that are known stands for the others alone.
        gap.from = gap.from.saturating_add(known as u64);
        batch.first_seq = gap.from;
    } else {
        batch.findings.drain(..known.min(batch.findings.len()));
        batch.first_seq = batch.first_seq.saturating_add(known as u64);
    }
    Observation::Findings(batch)
}
