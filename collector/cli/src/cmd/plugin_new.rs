//! `tidelock plugin new`: the folder of a check that builds as it is.
//!
//! The template is part of this program and nothing is fetched for it: what a newcomer sees first must
//! work beside a machine without a network as well.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tidelock_model::Name;

use super::Call;
use crate::exit::{Exit, Trouble, While as _};
use crate::out;

const CARGO: &str = include_str!("../../templates/Cargo.toml.in");
const CODE: &str = include_str!("../../templates/lib.rs.in");
/// The versions that this release was built with.
const LOCK: &str = include_str!("../../../../deploy/examples/plugin-20-lines/Cargo.lock");
/// Its first cases, by the names of their files.
const CASES: [(&str, &str); 4] = [
    ("cases/says-it.yaml", include_str!("../../templates/cases/says-it.yaml")),
    ("cases/says-something-else.yaml", include_str!("../../templates/cases/says-something-else.yaml")),
    ("cases/silent.yaml", include_str!("../../templates/cases/silent.yaml")),
    ("cases/misspelt.yaml", include_str!("../../templates/cases/misspelt.yaml")),
];
const IGNORED: &str = "/target\n*.key\n";

/// Writes the folder; one that is there already is left alone.
pub(super) fn new(call: &Call, name: &str, sdk: Option<PathBuf>) -> Result<Exit, Trouble> {
    let name =
        Name::new(name).map_err(|error| Trouble::usage(format!("{name:?} names no plugin: {error}")))?;
    let name = name.to_string();
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(Trouble::usage(format!("{name:?} names no plugin: begin with a letter")));
    }
    let folder = PathBuf::from(&name);
    if folder.exists() {
        return Err(Trouble::usage(format!("{name} is there already, and nothing in it is changed")));
    }
    let sdk = dependency(sdk)?;
    let fill = |text: &str| {
        text.replace("{{name}}", &name).replace("{{type}}", &type_name(&name)).replace("{{sdk}}", &sdk)
    };
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::write(&path, text).while_doing(format_args!("write {}", path.display()))
    };
    for part in ["src", "cases"] {
        fs::create_dir_all(folder.join(part)).while_doing(format_args!("make {name}/{part}"))?;
    }
    write("Cargo.toml", &fill(CARGO))?;
    write("src/lib.rs", &fill(CODE))?;
    write(".gitignore", IGNORED)?;
    for (file, text) in CASES {
        write(file, text)?;
    }
    if sdk.contains("path") {
        write("Cargo.lock", &LOCK.replace("name = \"stock\"", &format!("name = \"{name}\"")))?;
    }
    if call.manner.json() {
        out::print_json(call.manner.format, &json!({ "name": name, "folder": folder }))?;
    } else {
        out::print(&format!("✔ {name}/src/lib.rs is a check of 30 lines"))?;
        out::print(&format!("✔ {name}/cases has {} cases for it", CASES.len()))?;
        out::say(&format!("  next: tidelock plugin test {name}"));
    }
    Ok(Exit::Done)
}

/// `sold-out` becomes `SoldOut`.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(['-', '_']).map(word).collect()
}

/// How the new crate finds the library: in the checkout that is given or around here, or as this release.
fn dependency(given: Option<PathBuf>) -> Result<String, Trouble> {
    let is_sdk = |folder: &Path| folder.join("Cargo.toml").is_file() && folder.join("src/lib.rs").is_file();
    let found = match given {
        Some(folder) if is_sdk(&folder) => Some(folder),
        Some(folder) => {
            return Err(Trouble::usage(format!(
                "{} is not the plugin library: name plugins/sdk",
                folder.display()
            )));
        }
        None => {
            let here = [env::current_dir().ok(), env::current_exe().ok()];
            let above = here.iter().flatten().flat_map(|place| place.ancestors());
            above.map(|place| place.join("plugins/sdk")).find(|folder| is_sdk(folder))
        }
    };
    let Some(folder) = found else { return Ok(format!("{:?}", env!("CARGO_PKG_VERSION"))) };
    let folder = fs::canonicalize(&folder).while_doing(format_args!("find {}", folder.display()))?;
    let text = folder.to_str().ok_or_else(|| Trouble::usage(format!("{} is no text", folder.display())))?;
    Ok(format!("{{ path = {text:?} }}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_type() {
        assert_eq!(type_name("sold-out"), "SoldOut");
        assert_eq!(type_name("stock"), "Stock");
        assert_eq!(type_name("two_words-3"), "TwoWords3");
    }

    #[test]
    fn the_library_is_taken_from_the_checkout_or_named_by_version() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/sdk");
        let found = dependency(Some(checkout)).unwrap();
        assert!(found.starts_with("{ path = \"/") && found.contains("plugins/sdk"), "{found}");
        assert!(dependency(Some("/nowhere".into())).is_err());
    }
}
