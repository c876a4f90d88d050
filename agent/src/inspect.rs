//! `tidelock-agent inspect`: what a component says of itself, asked in the real sandbox.

use std::process::ExitCode;

use anyhow::Result;
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
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(refusal) => {
            out.talk(format!("{} is refused: {}", path.display(), refusal.cause))?;
            out.talk(format!("  {}", refusal.detail))?;
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
    };
    if as_json {
        let value =
            json!({ "schema": "tidelock.plugin/v1", "sha256": component.to_string(), "manifest": manifest });
        out.line(format!("{value:#}"))?;
    } else {
        text(&manifest, out)?;
        out.line(format!("pin        plugin: sha256:{component}"))?;
    }
    Ok(ExitCode::SUCCESS)
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
