//! The plugins of the team: sources beside the demo, compiled before the curtain rises.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::Command;

use super::super::folder::Folder;
use super::path_text;

pub(crate) const BUILD_LIMIT: Duration = Duration::from_secs(600);

/// A plugin with its source in this repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// What a team writes in twenty lines.
    Stock,
    /// One that never comes back.
    Hostile,
}

impl Plugin {
    /// Its folder.
    pub(crate) fn source(self) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        match self {
            Plugin::Stock => here.with_file_name("examples").join("plugin-20-lines"),
            Plugin::Hostile => here.join("hostile"),
        }
    }

    /// Its file in the demo's folder.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Plugin::Stock => "stock.wasm",
            Plugin::Hostile => "hostile.wasm",
        }
    }
}

/// Compiles both, so that their scenes do not wait for a compiler.
pub(crate) async fn prepare(bin: &Path, folder: &Folder) -> anyhow::Result<()> {
    for plugin in [Plugin::Stock, Plugin::Hostile] {
        let source = plugin.source();
        let file = folder.at(plugin.file());
        let log = std::fs::File::create(folder.at("logs").join(format!("build-{}.log", plugin.file())))?;
        let mut command = Command::new(bin.join("tidelock"));
        command.args(["plugin", "build", path_text(&source)?, "--out", path_text(&file)?]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let status = tokio::time::timeout(BUILD_LIMIT, command.status())
            .await
            .with_context(|| format!("compile {} within {BUILD_LIMIT:?}", source.display()))?
            .context("start tidelock")?;
        anyhow::ensure!(
            status.success(),
            "{} could not be compiled: see {}",
            source.display(),
            folder.at("logs").display()
        );
    }
    Ok(())
}
