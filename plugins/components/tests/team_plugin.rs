//! A team's own plugin, outside this workspace, becomes a component of the contract; and no component tells of the
//! machine that built it.

use std::path::{Path, PathBuf};

use tidelock_components::{FIRST_PARTY, Profile, build, builtin, foreign_imports, imports, sha256_hex};

/// Where cargo keeps its downloads on this machine.
fn cargo_home() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME").unwrap_or_else(|| set("HOME").expect("there is a home").join(".cargo"))
}

/// What stands after this folder's name in the bytes, where it is named.
fn named(bytes: &[u8], folder: &Path) -> Option<String> {
    let name = folder.to_str().expect("a folder's name is text").as_bytes();
    let at = bytes.windows(name.len()).position(|window| window == name)?;
    Some(String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 120)]).into_owned())
}

#[test]
fn no_component_of_the_release_holds_a_folder_of_the_machine_that_built_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    for plugin in FIRST_PARTY {
        let component = builtin(plugin).unwrap();
        let bytes = std::fs::read(&component).unwrap();
        for folder in [root.clone(), cargo_home()] {
            let told = named(&bytes, &folder);
            assert_eq!(told, None, "{}: build it anew with `make plugins`", component.display());
        }
        // What other machines would tell: the downloads have one name alone.
        let elsewhere = "/registry/src/".as_bytes();
        let others = (bytes.windows(elsewhere.len()).enumerate())
            .filter(|(at, window)| *window == elsewhere && !bytes[..*at].ends_with(b"/cargo"));
        assert_eq!(others.count(), 0, "{}", component.display());
    }
}

#[test]
fn the_example_of_twenty_lines_is_built_and_reaches_nothing_but_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/plugin-20-lines");
    let built = build(&folder, Profile::Dev).unwrap();
    let bytes = std::fs::read(&built.path).unwrap();
    for place in [folder.canonicalize().unwrap(), cargo_home()] {
        assert_eq!(named(&bytes, &place), None);
    }
    assert_eq!((built.name.as_str(), built.sha256), ("stock", sha256_hex(&bytes)));
    assert!(foreign_imports(&bytes).unwrap().is_empty());
    let imports = imports(&bytes).unwrap();
    assert!(imports.iter().any(|name| name == "tidelock:check/http@1.0.0"), "{imports:?}");
    let unused = ["tidelock:check/sql@1.0.0", "tidelock:check/state@1.0.0"];
    assert!(unused.iter().all(|name| !imports.iter().any(|import| import == name)), "{imports:?}");
}
