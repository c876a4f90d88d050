//! A team's own plugin, outside this workspace, becomes a component of the contract.

use std::path::Path;

use tidelock_components::{Profile, build, foreign_imports, imports, sha256_hex};

#[test]
fn the_example_of_twenty_lines_is_built_and_reaches_nothing_but_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/plugin-20-lines");
    let built = build(&folder, Profile::Dev).unwrap();
    let bytes = std::fs::read(&built.path).unwrap();
    assert_eq!((built.name.as_str(), built.sha256), ("stock", sha256_hex(&bytes)));
    assert!(foreign_imports(&bytes).unwrap().is_empty());
    let imports = imports(&bytes).unwrap();
    assert!(imports.iter().any(|name| name == "tidelock:check/http@1.0.0"), "{imports:?}");
    let unused = ["tidelock:check/sql@1.0.0", "tidelock:check/state@1.0.0"];
    assert!(unused.iter().all(|name| !imports.iter().any(|import| import == name)), "{imports:?}");
}
