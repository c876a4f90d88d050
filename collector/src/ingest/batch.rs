//! One batch on its way in, where its first findings are known.

use tidelock_model::FindingBatch;

/// The batch without its first `known` findings.
pub(super) fn rest(mut batch: FindingBatch, known: usize) -> FindingBatch {
    if let Some(gap) = &mut batch.gap {
        // A gap that reaches over numbers that are known stands for the others alone.
        gap.from = gap.from.saturating_add(known as u64);
        batch.first_seq = gap.from;
    } else {
        batch.findings.drain(..known.min(batch.findings.len()));
        batch.first_seq = batch.first_seq.saturating_add(known as u64);
    }
    batch
}
