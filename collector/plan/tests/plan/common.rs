//! Plans from the repository, with everything that they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tidelock_model::Sha256;
use tidelock_plan::{Source, named_components, named_files};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A plan file as `plan check` would send it, with a made-up digest for each built-in plugin.
pub(crate) fn load(path: &str) -> Source {
    let file = root().join(path);
    let yaml = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    let beside = file.parent().expect("a file lies in a folder");
    let files = (named_files(&yaml).into_iter())
        .filter_map(|name| Some((name.clone(), std::fs::read_to_string(beside.join(name)).ok()?)))
        .collect();
    source(path, yaml, files)
}

/// A plan with these files.
pub(crate) fn source(path: &str, yaml: String, files: BTreeMap<String, String>) -> Source {
    let components = (named_components(&yaml).into_iter())
        .filter(|word| word.starts_with("builtin:"))
        .map(|word| (word, Sha256::from_bytes([7; 32])))
        .collect();
    Source { path: path.into(), yaml, files, components }
}
