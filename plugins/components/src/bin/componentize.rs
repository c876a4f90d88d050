//! Builds plugins of this workspace and writes them as components: `componentize --all --out target/plugins`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tidelock_components::{FIRST_PARTY, Profile, build_packages};

const USAGE: &str = "usage: componentize [--all] [--out FOLDER] [--dev] [PACKAGE…]

  --all         every first-party plugin
  --out FOLDER  where the components go (default: target/plugins)
  --dev         quick to compile, large: for work on a plugin
  PACKAGE       a plugin's folder name (login) or its package's (tidelock-test-guest)";

struct Asked {
    packages: Vec<String>,
    out: PathBuf,
    profile: Profile,
}

fn main() -> Result<()> {
    let workspace = workspace()?;
    let Some(asked) = read(std::env::args().skip(1), &workspace)? else {
        tell(USAGE);
        return Ok(());
    };
    for built in build_packages(&workspace, &asked.packages, asked.profile, &asked.out)? {
        let news = if built.changed { "written" } else { "unchanged" };
        tell(&format!("{}  {} ({news})", built.sha256, built.path.display()));
    }
    Ok(())
}

fn read(mut words: impl Iterator<Item = String>, workspace: &std::path::Path) -> Result<Option<Asked>> {
    let mut asked =
        Asked { packages: Vec::new(), out: workspace.join("target/plugins"), profile: Profile::Plugin };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--all" => asked.packages.extend(FIRST_PARTY.iter().map(|name| package(name))),
            "--dev" => asked.profile = Profile::Dev,
            "--out" => asked.out = PathBuf::from(words.next().context("--out needs a folder")?),
            word if word.starts_with('-') => bail!("unknown option {word}\n{USAGE}"),
            word => asked.packages.push(package(word)),
        }
    }
    if asked.out.is_relative() {
        asked.out = std::env::current_dir().context("find the current folder")?.join(&asked.out);
    }
    asked.packages.sort();
    asked.packages.dedup();
    if asked.packages.is_empty() {
        bail!("name a plugin, or --all\n{USAGE}");
    }
    Ok(Some(asked))
}

fn package(word: &str) -> String {
    if FIRST_PARTY.contains(&word) { format!("tidelock-{word}") } else { word.to_owned() }
}

/// The nearest folder upwards that holds the plugins' workspace.
fn workspace() -> Result<PathBuf> {
    let here = std::env::current_dir().context("find the current folder")?;
    let found = here.ancestors().find(|folder| folder.join("plugins/wit/check.wit").is_file());
    found.map(PathBuf::from).with_context(|| format!("{} lies in no checkout of Tidelock", here.display()))
}

#[expect(clippy::print_stdout, reason = "a program's own output")]
fn tell(line: &str) {
    println!("{line}");
}
