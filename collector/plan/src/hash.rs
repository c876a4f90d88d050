//! The hash of a revision: the same plan has it on every machine, another plan has another.

use std::collections::BTreeMap;

use sha2::Digest;
use tidelock_core::plan::Plan;
use tidelock_model::Sha256;

use crate::Source;
use crate::pins::named_files;

/// Over the text (without a byte order mark, with plain line ends), over exactly those files that the
/// text names, and over the components that were resolved: what else lies in `source` changes nothing.
pub(crate) fn of(source: &Source, plan: &Plan) -> Sha256 {
    let mut hash = sha2::Sha256::new();
    hash.update(b"tidelock plan/v1\n");
    part(&mut hash, "plan", plain(&source.yaml).as_bytes());
    for path in named_files(&source.yaml) {
        if let Some(text) = source.files.get(&path) {
            part(&mut hash, &path, plain(text).as_bytes());
        }
    }
    let scenarios = plan.scenarios.values().map(|s| (&s.plugin, s.component));
    let canary = plan.canary.iter().map(|canary| (&canary.plugin, canary.component));
    let components: BTreeMap<_, _> = scenarios.chain(canary).collect();
    for (word, digest) in components {
        part(&mut hash, word, digest.as_bytes());
    }
    Sha256::from_bytes(hash.finalize().into())
}

/// Lengths go first, so that no two different lists of parts are the same bytes.
fn part(hash: &mut sha2::Sha256, name: &str, content: &[u8]) {
    for bytes in [name.as_bytes(), content] {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    }
}

fn plain(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}
