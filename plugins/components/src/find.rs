//! Finds the release's own components on disk, and the place for what is compiled of any.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::FIRST_PARTY;

/// The environment variable that names the folder of first-party components.
const VARIABLE: &str = "TIDELOCK_PLUGINS";

/// The component of the first-party plugin of that name.
///
/// # Errors
/// Lists where it was looked for, or the names that there are.
pub fn builtin(name: &str) -> Result<PathBuf> {
    builtin_in(name, &folders())
}

/// The same in given folders; the first that has it wins.
///
/// # Errors
/// Lists where it was looked for, or the names that there are.
pub fn builtin_in(name: &str, folders: &[PathBuf]) -> Result<PathBuf> {
    if !FIRST_PARTY.contains(&name) {
        bail!("no plugin builtin:{name} in this release; there are {}", FIRST_PARTY.join(", "));
    }
    let looked: Vec<PathBuf> = folders.iter().map(|folder| folder.join(format!("{name}.wasm"))).collect();
    if let Some(found) = looked.iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let places: Vec<_> = looked.iter().map(|path| path.display().to_string()).collect();
    bail!("builtin:{name} is in none of {}; run `make plugins` or set {VARIABLE}", places.join(", "))
}

/// Where first-party components may lie: the environment's folder, then places beside this program.
pub fn folders() -> Vec<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let program = std::env::current_exe().ok();
    let home = program.as_deref().and_then(Path::parent);
    named.into_iter().chain(home.map(beside).into_iter().flatten()).collect()
}

/// The places beside a program in `home`: a release's archive, a target folder (also from its `deps`), a package.
fn beside(home: &Path) -> Vec<PathBuf> {
    let mut places = vec![home.join("plugins")];
    if let Some(above) = home.parent() {
        places.push(above.join("plugins"));
        places.push(above.join("share/tidelock/plugins"));
        if home.ends_with("deps")
            && let Some(target) = above.parent()
        {
            places.push(target.join("plugins"));
        }
    }
    places
}

/// The folder of the user's cache for compiled components: agents and commands of one user share it. None where the
/// user has no home.
pub fn user_cache() -> Option<PathBuf> {
    user_cache_of(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))
}

fn user_cache_of(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let folder = |set: Option<OsString>| set.filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = folder(cache).or_else(|| Some(folder(home)?.join(".cache")))?;
    Some(cache.join("tidelock-agent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_that_has_it_wins() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        for place in [&one, &two] {
            std::fs::create_dir(place).unwrap();
        }
        std::fs::write(two.join("login.wasm"), b"x").unwrap();
        let places = [one.clone(), two.clone()];
        assert_eq!(builtin_in("login", &places).unwrap(), two.join("login.wasm"));
        std::fs::write(one.join("login.wasm"), b"x").unwrap();
        assert_eq!(builtin_in("login", &places).unwrap(), one.join("login.wasm"));
    }

    #[test]
    fn the_error_says_where_it_was_looked_for() {
        let why = builtin_in("login", &[PathBuf::from("/nowhere")]).unwrap_err().to_string();
        assert!(why.contains("/nowhere/login.wasm") && why.contains("make plugins"), "{why}");
        let why = builtin_in("../../etc/passwd", &[]).unwrap_err().to_string();
        assert!(why.contains("there are ") && why.contains("checkout"), "{why}");
    }

    #[test]
    fn the_cache_is_where_the_user_says_or_below_their_home_and_nowhere_else() {
        let of = |cache: Option<&str>, home: Option<&str>| {
            user_cache_of(cache.map(OsString::from), home.map(OsString::from))
        };
        let at = |path: &str| Some(PathBuf::from(path));
        assert_eq!(of(Some("/c"), Some("/h")), at("/c/tidelock-agent"));
        assert_eq!(of(Some(""), Some("/h")), at("/h/.cache/tidelock-agent"));
        assert_eq!(of(None, Some("/h")), at("/h/.cache/tidelock-agent"));
        assert_eq!([of(None, None), of(None, Some(""))], [None, None]);
    }

    #[test]
    fn the_target_folder_is_found_from_a_test_too() {
        let places = beside(Path::new("/x/target/debug/deps"));
        assert!(places.contains(&PathBuf::from("/x/target/plugins")), "{places:?}");
    }
}
