//! What a hostile component has in its memory before it runs: its manifest and its report, laid out as
//! the canonical ABI wants them.

use std::fmt::Write as _;

/// The manifest.
pub(crate) const MANIFEST: u32 = 64;
/// What `run` gives back.
pub(crate) const RESULT: u32 = 1024;
const STEPS: u32 = 1152;
const MEASURES: u32 = 1216;
const WORDS: u32 = 1280;
/// The texts that code refers to, one every 512 bytes.
const TEXTS: u32 = 4096;
const TEXT_EVERY: u32 = 512;

/// What the component says when it is let.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Report(Report),
    /// It could not look.
    Trouble(&'static str),
}

/// A report with at most one step and one measure.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// 0 pass, 1 fail, 2 not run.
    pub(crate) outcome: u8,
    pub(crate) step: Option<&'static str>,
    pub(crate) measure: Option<f64>,
    /// Successful requests and all.
    pub(crate) counts: Option<(u64, u64)>,
    /// Where the note lies, and its length.
    pub(crate) note: (u32, u32),
}

impl Default for Report {
    fn default() -> Report {
        Report { outcome: 0, step: Some("taken"), measure: None, counts: None, note: (0, 0) }
    }
}

/// The data segments of a module, as text.
#[derive(Default)]
pub(crate) struct Image {
    segments: String,
    words: u32,
}

impl Image {
    fn put(&mut self, at: u32, bytes: &[u8]) {
        let mut text = String::new();
        for byte in bytes {
            let _ = write!(text, "\\{byte:02x}");
        }
        let _ = writeln!(self.segments, "  (data (i32.const {at}) \"{text}\")");
    }

    /// Lays a word down; gives its address and length, in the order of memory.
    fn word(&mut self, text: &str) -> [u8; 8] {
        let at = WORDS + self.words;
        self.put(at, text.as_bytes());
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.words += length;
        pair(at, length)
    }

    pub(crate) fn manifest(&mut self) {
        let strings = ["hostile", "1.0.0", "nothing"].map(|text| self.word(text));
        self.put(MANIFEST, &strings.concat());
    }

    /// Lays a text down for code and gives the two instructions that name it.
    pub(crate) fn text(&mut self, index: u32, bytes: &[u8]) -> String {
        let at = TEXTS + index * TEXT_EVERY;
        self.put(at, bytes);
        format!("(i32.const {at}) (i32.const {})", bytes.len())
    }

    pub(crate) fn says(&mut self, says: &Says) {
        let mut result = [0; 96];
        let mut put = |at: usize, bytes: &[u8]| result[at..at + bytes.len()].copy_from_slice(bytes);
        match says {
            Says::Trouble(why) => {
                put(0, &[1]);
                put(8, &[1]);
                put(12, &self.word(why));
            }
            Says::Report(report) => {
                put(8, &[report.outcome]);
                if let Some(name) = report.step {
                    put(12, &pair(STEPS, 1));
                    let mut step = [0; 32];
                    step[..8].copy_from_slice(&self.word(name));
                    step[8] = report.outcome;
                    self.put(STEPS, &step);
                }
                if let Some(value) = report.measure {
                    put(20, &pair(MEASURES, 1));
                    let measure = [self.word("answer"), value.to_le_bytes()].concat();
                    self.put(MEASURES, &measure);
                }
                if let Some((ok, total)) = report.counts {
                    put(56, &[1]);
                    put(64, &ok.to_le_bytes());
                    put(72, &total.to_le_bytes());
                }
                put(88, &pair(report.note.0, report.note.1));
            }
        }
        self.put(RESULT, &result);
    }

    pub(crate) fn into_text(self) -> String {
        self.segments
    }
}

fn pair(at: u32, length: u32) -> [u8; 8] {
    let mut pair = [0; 8];
    pair[..4].copy_from_slice(&at.to_le_bytes());
    pair[4..].copy_from_slice(&length.to_le_bytes());
    pair
}
