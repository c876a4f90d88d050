//! Bounds of what is taken from a peer, in one place.

/// The bounds of one message. Everything above one is refused whole, with its place named.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// Findings in one batch.
    pub const BATCH_FINDINGS: usize = 512;
    /// Bytes of one encoded message, either way.
    pub const MESSAGE_BYTES: usize = 4 << 20;
    /// Steps, measures, marks or remaining counts in one finding, each.
    pub const PARTS: usize = 256;
    /// Digests in one finding: 256 fields of an answer, and the same again.
    pub const DIGESTS: usize = 512;
    /// Pages in one finding, and things shown by them, each.
    pub const SHOWN: usize = 64;
    /// Bytes of an address of a page, or of what it shows.
    pub const URL_BYTES: usize = 512;
    /// Latency buckets in one finding.
    pub const BUCKETS: usize = 512;
    /// Requests that one count of real traffic may stand for.
    pub const COUNTED: u64 = 1 << 40;
    /// Refused calls or trace ids in one finding, each.
    pub const CALLS: usize = 256;
    /// Bytes of a name inside a finding.
    pub const NAME_BYTES: usize = 128;
    /// Bytes of a sentence for people.
    pub const TEXT_BYTES: usize = 4096;
    /// Bytes of a hash or a nonce.
    pub const HASH_BYTES: usize = 64;
    /// The latest moment taken: the end of the year 9999, in milliseconds.
    pub const LAST_UNIX_MS: u64 = 253_402_300_799_999;
    /// Runs that a person asks for are numbered from here on; no round of a grid ever reaches this number.
    pub const FIRST_ASKED: u64 = 1 << 48;
}
