//! `tidelock plugin`: a team's own check, from its folder to both sides without an agent's restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tidelock_components::Profile;
use tidelock_model::{Sha256, begins_as_component};
use tidelock_proto::v1;

use super::{Call, plugin_new, plugin_pull, plugin_sign, plugin_test};
use crate::client::{Client, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::files::beside;
use crate::out;
use crate::words::pad;

/// Bytes of a component in one message.
const CHUNK: usize = 256 * 1024;
/// The largest component taken, in bytes.
const COMPONENT_BYTES: u64 = 32 << 20;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum PluginCommand {
    /// Begin a check of your own: a folder that builds as it is, without a network
    New {
        /// Its name, and that of its folder
        name: String,
        /// The folder of Tidelock's plugin library, where it is not found by itself
        #[arg(long, value_name = "DIR")]
        sdk: Option<PathBuf>,
    },
    /// Build a plugin's folder into a component
    Build {
        /// The folder with its Cargo.toml
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Where the component is written
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Play a plugin's cases in the real sandbox: tidelock help plugin-cases
    Test(plugin_test::TestArgs),
    /// Run a component once against real addresses, in the real sandbox, and show all of it
    Try(plugin_test::TryArgs),
    /// Hand a component to the collector and print the line that pins it
    Push {
        /// The component
        file: PathBuf,
    },
    /// Bring a component back from the collector, proved by its digest
    #[command(after_help = plugin_pull::EXAMPLES)]
    Pull(plugin_pull::PullArgs),
    /// Make a key that vouches for components, and print the lines for agent.toml
    Keygen {
        /// Where the private key is written; the public one goes to FILE.pub
        #[arg(default_value = "tidelock-plugin.key")]
        file: PathBuf,
    },
    /// Vouch for a component, in FILE.sig beside it: push takes it along
    Sign {
        /// The component
        file: PathBuf,
        /// The private key
        #[arg(long, default_value = "tidelock-plugin.key", value_name = "FILE")]
        key: PathBuf,
    },
    /// Who vouches for a component
    Verify {
        /// The component
        file: PathBuf,
        /// A key, or the file of one, that must have signed it; one of several is enough
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
    /// What a component says of itself, and what it asks for
    Inspect {
        /// The component
        file: PathBuf,
    },
    /// The components that the collector has
    Ls,
}

pub(crate) async fn run(call: &Call, command: PluginCommand) -> Result<Exit, Trouble> {
    match command {
        PluginCommand::New { name, sdk } => plugin_new::new(call, &name, sdk),
        PluginCommand::Build { dir, out } => build(call, &dir, out),
        PluginCommand::Test(args) => plugin_test::test(call, args),
        PluginCommand::Try(args) => plugin_test::try_one(call, args),
        PluginCommand::Push { file } => push(call, &file).await,
        PluginCommand::Pull(args) => plugin_pull::pull(call, args).await,
        PluginCommand::Keygen { file } => plugin_sign::keygen(call, &file),
        PluginCommand::Sign { file, key } => plugin_sign::sign(call, &file, &key),
        PluginCommand::Verify { file, key } => plugin_sign::verify(call, &file, &key),
        PluginCommand::Inspect { file } => inspect(call, &file),
        PluginCommand::Ls => list(call).await,
    }
}

fn build(call: &Call, dir: &Path, target: Option<PathBuf>) -> Result<Exit, Trouble> {
    let built = tidelock_components::build(dir, Profile::Plugin)
        .map_err(|error| Trouble::failed(format!("{error:#}")))?;
    let path = match target {
        Some(target) => {
            fs::copy(&built.path, &target).while_doing(format_args!("write {}", target.display()))?;
            target
        }
        None => built.path.clone(),
    };
    if call.manner.json() {
        let value = json!({ "name": built.name, "file": path, "sha256": built.sha256 });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("✔ {} → {}", built.name, path.display()))?;
        out::print(&format!("  sha256:{}", built.sha256))?;
    }
    Ok(Exit::Done)
}

async fn push(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    if file.as_os_str().as_encoded_bytes().starts_with(b"oci:") {
        return Err(Trouble::usage(format!(
            "{}: not yet: components from a registry (oci:)",
            file.display()
        ))
        .hint("fetch the component, and push its file: tidelock plugin push FILE"));
    }
    let what = format!("read {}", file.display());
    let size = fs::metadata(file).while_doing(&what)?.len();
    if size > COMPONENT_BYTES {
        return Err(Trouble::usage(format!(
            "{} has {size} bytes, at most {COMPONENT_BYTES} are taken",
            file.display()
        )));
    }
    let bytes = fs::read(file).while_doing(&what)?;
    begins_as_component(&bytes).map_err(|error| Trouble::usage(format!("{} {error}", file.display())))?;
    let digest: Sha256 = (tidelock_components::sha256_hex(&bytes).parse())
        .map_err(|error: tidelock_model::DigestError| Trouble::failed(error.to_string()))?;
    let signature = plugin_sign::to_push(file, &digest.to_string())?;
    let unsigned = signature.is_empty();
    let answer = push_bytes(&call.client()?, digest, &bytes, signature).await?;
    if call.manner.json() {
        let value = json!({ "sha256": digest.to_string(), "size_bytes": answer.size_bytes, "already_there": answer.already_there, "signed": !unsigned });
        out::print_json(call.manner.format, &value)?;
    } else {
        let said = if answer.already_there { "is there already" } else { "is there now" };
        out::say(&format!("✔ {} {said}; name it in the plan with this line:", file.display()));
        out::print(&format!("plugin: sha256:{digest}"))?;
        if unsigned {
            out::say(
                "! nobody has signed it, so no agent runs it by default: tidelock plugin sign, and push again",
            );
        }
    }
    Ok(Exit::Done)
}

/// Hands a component's bytes to the collector.
pub(crate) async fn push_bytes(
    client: &Client,
    digest: Sha256,
    bytes: &[u8],
    signature: String,
) -> Result<v1::PushComponentResponse, Trouble> {
    let sha256 = digest.as_bytes().to_vec();
    let first = v1::PushComponentRequest { sha256, chunk: Vec::new(), signature };
    let chunks = bytes
        .chunks(CHUNK)
        .map(|chunk| v1::PushComponentRequest { chunk: chunk.to_vec(), ..Default::default() });
    let messages: Vec<_> = std::iter::once(first).chain(chunks).collect();
    let answer = client.components().push_component(tokio_stream::iter(messages)).await;
    Ok(answer.map_err(trouble)?.into_inner())
}

/// The sandbox lives in the agent, so the agent is asked.
fn inspect(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    let agent = beside("tidelock-agent");
    let mut asked = Command::new(&agent);
    asked.arg("inspect").arg(file).args(call.manner.json().then_some("--json")).stderr(Stdio::inherit());
    let answer = asked.output().while_doing(format_args!("start {}", agent.display()))?;
    let said = String::from_utf8_lossy(&answer.stdout);
    if !said.is_empty() {
        if call.manner.json() { out::raw(&said)? } else { out::print(&said)? }
    }
    Ok(if answer.status.success() { Exit::Done } else { Exit::Failed })
}

async fn list(call: &Call) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let answer = client.components().list_components(v1::ListComponentsRequest {}).await.map_err(trouble)?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let components = answer.into_inner().components;
    let one = |component: &v1::ComponentView| json!({ "sha256": hex(&component.sha256), "size_bytes": component.size_bytes, "used_by": component.used_by });
    if call.manner.format == out::Format::Json {
        out::print_json(call.manner.format, &components.iter().map(one).collect())?;
        return Ok(Exit::Done);
    }
    for component in components {
        if call.manner.json() {
            out::print_json(out::Format::Ndjson, &one(&component))?;
        } else {
            let size = format!("{} KiB", component.size_bytes.div_ceil(1024));
            out::print(&format!(
                "sha256:{}  {} {}",
                hex(&component.sha256),
                pad(&size, 9),
                component.used_by.join(", ")
            ))?;
        }
    }
    Ok(Exit::Done)
}
