//! Compiles plugin crates to WebAssembly and makes components of them.
//!
//! The compiler works in a target folder of its own, so that building plugins never waits for a build of
//! the host's binaries, nor they for it. The folders of this machine are called by other names in what it makes: a
//! component is named by its digest, and the same source is to have the same one wherever it is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{encode, sha256_hex, write_if_changed};

const TRIPLE: &str = "wasm32-unknown-unknown";
/// 64 KiB of stack: a guest's image stays at three pages.
const FLAGS: &str = "-C link-arg=-zstack-size=65536";
const FLAGS_VARIABLE: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
/// What the folder of the plugins' workspace is called in a component.
const WORKSPACE: &str = "/build";
/// What the folder of cargo's downloads is called there.
const CARGO_HOME: &str = "/cargo";

/// How a plugin is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Small and without unwinding: what is shipped. A workspace that has no profile `plugin` is given it.
    Plugin,
    /// Quick to compile, large.
    Dev,
}

/// A component that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The plugin's short name: its package's without `tidelock-`.
    pub name: String,
    /// Where the component lies.
    pub path: PathBuf,
    /// The component's name.
    pub sha256: String,
    /// Whether the file on disk has changed.
    pub changed: bool,
}

/// Builds the plugin of one package folder, a team's own or one of ours. The component lies in the
/// package's `target/plugins`.
///
/// # Errors
/// The compiler's refusal, or what makes the result no plugin.
pub fn build(package_dir: &Path, profile: Profile) -> Result<Built> {
    // Cargo is started in that folder, and must not read our paths from there.
    let package_dir = &std::path::absolute(package_dir).context("find the plugin's folder")?;
    let manifest = package_dir.join("Cargo.toml");
    let package = package_name(&manifest)?;
    let built = build_packages(package_dir, &[package], profile, &package_dir.join("target/plugins"))?;
    built.into_iter().next().context("nothing was built")
}

/// Builds several packages of one workspace with one call of cargo, and writes their components to `out`.
///
/// # Errors
/// The compiler's refusal, or what makes a result no plugin.
pub fn build_packages(
    workspace_dir: &Path,
    packages: &[String],
    profile: Profile,
    out: &Path,
) -> Result<Vec<Built>> {
    let target = workspace_dir.join("target/wasm");
    compile(workspace_dir, packages, profile, &target)?;
    let folder = target.join(TRIPLE).join(if profile == Profile::Plugin { "plugin" } else { "debug" });
    packages.iter().map(|package| component(package, &folder, out)).collect()
}

fn compile(workspace_dir: &Path, packages: &[String], profile: Profile, target: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace_dir).args(["build", "--lib", "--target", TRIPLE]);
    if profile == Profile::Plugin {
        command.args(["--profile", "plugin"]);
        for setting in [
            "inherits=\"release\"",
            "opt-level=\"s\"",
            "lto=true",
            "codegen-units=1",
            "panic=\"abort\"",
            // The names of functions stay: a trap that says where it broke is worth their bytes.
            "strip=\"debuginfo\"",
        ] {
            command.arg("--config").arg(format!("profile.plugin.{setting}"));
        }
    }
    for package in packages {
        command.args(["-p", package]);
    }
    // Cargo asks the system where it is, which tells no links.
    let here = workspace_dir.canonicalize().context("find the folder of the plugins")?;
    let home = cargo_home(std::env::var_os("CARGO_HOME"), std::env::var_os("HOME"));
    let home = home.map(|home| here.join(home));
    let given = std::env::var(FLAGS_VARIABLE).unwrap_or_default();
    let flags = flags(&given, &here, home.as_deref());
    // Flags meant for the host's own build, such as those of a coverage run, do not fit WebAssembly.
    command.env(FLAGS_VARIABLE, flags).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.env("CARGO_TARGET_DIR", target);
    let status = command.status().context("start cargo; is Rust installed?")?;
    if !status.success() {
        bail!(
            "cargo could not build {} for {TRIPLE} ({status}); if the target is missing: rustup target add {TRIPLE}",
            packages.join(", ")
        );
    }
    Ok(())
}

/// Those that are given, ours, and the names for the folders of this machine.
fn flags(given: &str, workspace: &Path, cargo_home: Option<&Path>) -> String {
    let mut flags = Vec::new();
    // The last name that fits is taken: the downloads may lie in the workspace, and whoever gives names means them.
    for (folder, name) in [(Some(workspace), WORKSPACE), (cargo_home, CARGO_HOME)] {
        // Cargo cuts flags at each blank: a folder with one in its name keeps it.
        let folder = folder.and_then(Path::to_str).filter(|folder| !folder.contains(char::is_whitespace));
        flags.extend(folder.map(|folder| format!("--remap-path-prefix={folder}={name}")));
    }
    flags.extend(given.split_whitespace().map(str::to_owned));
    flags.push(FLAGS.to_owned());
    flags.join(" ")
}

/// Where cargo keeps what it downloads.
fn cargo_home(set: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let folder = |set: Option<OsString>| set.filter(|value| !value.is_empty()).map(PathBuf::from);
    folder(set).or_else(|| Some(folder(home)?.join(".cargo")))
}

fn component(package: &str, folder: &Path, out: &Path) -> Result<Built> {
    let module = folder.join(format!("{}.wasm", package.replace('-', "_")));
    let core = std::fs::read(&module).with_context(|| {
        format!("read {}: does {package} have `[lib] crate-type = [\"cdylib\"]`?", module.display())
    })?;
    let bytes = encode(&core).with_context(|| format!("make a component of {package}"))?;
    let name = package.strip_prefix("tidelock-").unwrap_or(package).to_owned();
    let path = out.join(format!("{name}.wasm"));
    let changed = write_if_changed(&path, &bytes)?;
    Ok(Built { name, path, sha256: sha256_hex(&bytes), changed })
}

/// The package's name, as its own file says it.
fn package_name(manifest: &Path) -> Result<String> {
    let text = std::fs::read_to_string(manifest).with_context(|| format!("read {}", manifest.display()))?;
    let mut in_package = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_package = line == "[package]";
        } else if in_package
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
        {
            return Ok(value.trim().trim_matches('"').to_owned());
        }
    }
    bail!("{} names no package", manifest.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        std::fs::write(&manifest, "[lib]\nname = \"x\"\n[package]\nname = \"stock\"\n").unwrap();
        assert_eq!(package_name(&manifest).unwrap(), "stock");
        std::fs::write(&manifest, "[workspace]\n").unwrap();
        assert!(package_name(&manifest).is_err());
    }

    #[test]
    fn the_machines_folders_get_other_names_and_no_given_flag_is_dropped() {
        let of = |given, home: Option<&str>| flags(given, Path::new("/home/ann/shop"), home.map(Path::new));
        let shop = "--remap-path-prefix=/home/ann/shop=/build";
        assert_eq!(of("", None), format!("{shop} {FLAGS}"));
        let both = format!("{shop} --remap-path-prefix=/home/ann/.cargo=/cargo");
        assert_eq!(
            of(" -C debuginfo=1  -g ", Some("/home/ann/.cargo")),
            format!("{both} -C debuginfo=1 -g {FLAGS}")
        );
        assert_eq!(
            of("-g", Some("/home/ann b/.cargo")),
            format!("{shop} -g {FLAGS}"),
            "it would be two flags"
        );
    }

    #[test]
    fn the_downloads_lie_where_the_variable_says_or_below_the_home() {
        let of = |set: Option<&str>, home: Option<&str>| {
            cargo_home(set.map(OsString::from), home.map(OsString::from))
        };
        assert_eq!(of(Some("/c"), Some("/h")), Some(PathBuf::from("/c")));
        assert_eq!(of(Some(""), Some("/h")), Some(PathBuf::from("/h/.cargo")));
        assert_eq!([of(None, None), of(None, Some(""))], [None, None]);
    }
}
