//! `tidelock-agent inspect`: what a component says of itself, asked in the real sandbox.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use tidelock_sandbox::protocol::{Manifest, NeedKind};

use crate::local;
use crate::out::Out;

/// The component is none that this agent runs.
const EXIT_REFUSED: u8 = 1;

/// Compiles the component, asks it for its manifest and prints that.
///
/// # Errors
/// When the file cannot be read or the sandbox does not start.
pub async fn inspect(plugin: &str, as_json: bool, out: &mut Out<'_>) -> Result<ExitCode> {
    let (path, component) = local::component(plugin)?;
    let runner = local::runner()?;
    let manifest = match runner.prepare(&path, component).await {
        Ok(_) => runner.describe(component).await,
        Err(refusal) => Err(refusal),
    };
    let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(refusal) => {
            out.talk(format!("{} is refused: {}", path.display(), refusal.cause))?;
            out.talk(format!("  {}", refusal.detail))?;
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    let imports = tidelock_components::imports(&bytes)?;
    if as_json {
        let value = json!({
            "schema": "tidelock.plugin/v1",
            "sha256": component.to_string(),
            "size_bytes": bytes.len(),
            "imports": imports,
            "manifest": manifest,
        });
        out.line(format!("{value:#}"))?;
    } else {
        text(&manifest, out)?;
        for import in &imports {
            out.line(format!("imports    {import}{}", means(import)))?;
        }
        out.line("may        nothing by itself: the plan's targets say where, and agent.toml what at most")?;
        out.line(format!("pin        plugin: sha256:{component}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What an interface of the contract lets a plugin do, in words.
fn means(import: &str) -> &'static str {
    let name = import.split('@').next().unwrap_or_default();
    match name.rsplit('/').next().unwrap_or_default() {
        "http" => ": asks granted HTTP targets",
        "sql" => ": asks granted databases",
        "state" => ": keeps a little for its next run",
        "host" => ": reads the clock, draws chance, sleeps, logs",
        _ => "",
    }
}

fn text(manifest: &Manifest, out: &mut Out<'_>) -> Result<()> {
    out.line(format!("{} {}", manifest.name, manifest.version))?;
    out.line(format!("proves     {}", manifest.proves))?;
    for blind in &manifest.blind_spots {
        out.line(format!("cannot see {blind}"))?;
    }
    for need in &manifest.needs {
        let kind = match need.kind {
            NeedKind::Http => "http",
            NeedKind::Sql => "sql",
        };
        let must = if need.required { "required" } else { "optional" };
        out.line(format!("needs      {kind} target named by with.{} ({must})", need.setting))?;
    }
    if !manifest.measures.is_empty() {
        out.line(format!("measures   {}", manifest.measures.join(", ")))?;
    }
    Ok(())
}
