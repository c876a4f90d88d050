//! Makes a plan file complete for the collector: flows and certificates inlined, components by digest.
//!
//! This happens on the operator's machine; paths are relative to the plan file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tidelock_model::{Sha256, begins_as_component};
use tidelock_plan::{Source, named_components, named_files};

use super::plugin_sign;
use crate::exit::{Exit, Trouble, While as _};

/// The largest plan or flow file taken, in bytes.
const FILE_BYTES: u64 = 1 << 20;
/// The largest component taken, in bytes.
const COMPONENT_BYTES: u64 = 32 << 20;

/// A plan with everything that it names, and the components' bytes to be uploaded.
pub(crate) struct Loaded {
    pub(crate) source: Source,
    /// Bytes of the components that lie on this machine, and their signatures, by digest.
    pub(crate) components: BTreeMap<Sha256, (Vec<u8>, String)>,
    /// Why a component of this release was not found, by the plan's word for it.
    pub(crate) missing: BTreeMap<String, String>,
}

/// Reads the plan and what it names.
pub(crate) fn load(file: &Path) -> Result<Loaded, Trouble> {
    let yaml = read_text(file)?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let mut files = BTreeMap::new();
    for name in named_files(&yaml) {
        // What is missing or outside is left out here; the plan's check names it with its line.
        if let Some(path) = inside(&folder, &name).filter(|path| path.is_file()) {
            files.insert(name, read_text(&path)?);
        }
    }
    let mut digests = BTreeMap::new();
    let (mut components, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for word in named_components(&yaml) {
        let path = component_path(&folder, &word).unwrap_or_else(|why| {
            missing.insert(word.clone(), why);
            None
        });
        if let Some(path) = path {
            let bytes = read_bytes(&path, COMPONENT_BYTES)?;
            begins_as_component(&bytes)
                .map_err(|error| Trouble::usage(format!("{} {error}", path.display())).at(&word))?;
            let digest = tidelock_components::sha256_hex(&bytes).parse::<Sha256>();
            let digest = digest.map_err(|error| Trouble::failed(error.to_string()))?;
            digests.insert(word, digest);
            let signature = plugin_sign::to_push(&path, &digest.to_string())?;
            components.insert(digest, (bytes, signature));
        } else if let Ok(digest) = word.parse::<Sha256>() {
            digests.insert(word, digest);
        }
    }
    let source = Source { path: file.display().to_string(), yaml, files, components: digests };
    Ok(Loaded { source, components, missing })
}

/// Where a component lies; none for one that is named by its content alone.
fn component_path(folder: &Path, word: &str) -> Result<Option<PathBuf>, String> {
    if let Some(name) = word.strip_prefix("builtin:") {
        return tidelock_components::builtin(name).map(Some).map_err(|error| error.to_string());
    }
    if word.starts_with("sha256:") || word.starts_with("oci:") {
        return Ok(None);
    }
    let path = folder.join(word.strip_prefix("file:").unwrap_or(word));
    if path.is_file() { Ok(Some(path)) } else { Err(format!("{} is no file", path.display())) }
}

/// The path below the plan's folder; none for one that leaves it.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name);
    let plain = relative
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    let path = plain.then(|| folder.join(relative))?;
    // A link may lead out of the folder although its name does not.
    let home = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok()?;
    fs::canonicalize(&path).ok()?.starts_with(home).then_some(path)
}

fn read_text(path: &Path) -> Result<String, Trouble> {
    let bytes = read_bytes(path, FILE_BYTES)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Trouble::usage(format!("{} is not UTF-8 text from byte {at} on", path.display()))
    })
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Trouble> {
    let what = format!("read {}", path.display());
    let about = fs::metadata(path).map_err(|error| Trouble::new(Exit::Usage, format!("{what}: {error}")))?;
    if !about.is_file() {
        return Err(Trouble::usage(format!("{} is not a file", path.display())));
    }
    if about.len() > limit {
        return Err(Trouble::usage(format!(
            "{} has {} bytes, at most {limit} are taken",
            path.display(),
            about.len()
        )));
    }
    fs::read(path).while_doing(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_is_not_found_is_kept_with_its_reason() {
        let folder = Path::new("/nowhere");
        let gone = component_path(folder, "file:mine.wasm").unwrap_err();
        assert!(gone.contains("/nowhere/mine.wasm is no file"), "{gone}");
        let unknown = component_path(folder, "builtin:logn").unwrap_err();
        assert!(unknown.contains("builtin:logn"), "{unknown}");
        assert_eq!(component_path(folder, &format!("sha256:{}", "a".repeat(64))), Ok(None));
    }

    #[test]
    fn a_plan_takes_files_of_its_own_folder_alone() {
        let folder = std::env::temp_dir().join(format!("tidelock-plan-source-{}", std::process::id()));
        fs::create_dir_all(folder.join("flows")).unwrap();
        fs::write(folder.join("flows/login.yaml"), "steps: []").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("flows/out.yaml")).unwrap();
        let taken =
            ["flows/login.yaml", "./flows/login.yaml", "flows/out.yaml", "../x", "/etc/passwd", "gone.yaml"]
                .map(|name| inside(&folder, name).is_some());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(taken, [true, true, false, false, false, false]);
    }
}
