//! Turns a core module into a component, and refuses one that reaches outside the contract.

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::WorldItem;

/// What every import of a plugin begins with.
const CONTRACT: &str = "tidelock:check/";
/// The major version of the contract that is spoken.
const MAJOR: &str = "1.";

/// What every plugin exports.
const EXPORTS: [&str; 2] = ["describe", "run"];

/// Encodes a core module, as the compiler leaves it, into a component of the contract.
///
/// # Errors
/// The module is no plugin, or it imports what the contract does not name.
pub fn encode(core_module: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true);
    encoder.module(core_module).context("read the core module")?;
    let component = encoder.encode().context("encode the component")?;
    let faces = faces(&component)?;
    if let Some(missing) = EXPORTS.iter().find(|name| !faces.exports.iter().any(|export| export == **name)) {
        bail!("the component does not export `{missing}`: does the plugin call `tidelock_plugin::export!`?");
    }
    let foreign: Vec<_> = faces.imports.into_iter().filter(|name| !ours(name)).collect();
    if !foreign.is_empty() {
        bail!(
            "the component imports {}, which is not part of {CONTRACT}*@{MAJOR}x: a plugin has no WASI, files, \
             sockets or environment",
            foreign.join(", ")
        );
    }
    Ok(component)
}

/// The interfaces and bare functions that a component imports, with their versions.
///
/// # Errors
/// The bytes are no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>> {
    Ok(faces(component)?.imports)
}

/// The imports that are not of the contract, in a version that this release speaks.
///
/// # Errors
/// The bytes are no component.
pub fn foreign_imports(component: &[u8]) -> Result<Vec<String>> {
    Ok(imports(component)?.into_iter().filter(|name| !ours(name)).collect())
}

fn ours(name: &str) -> bool {
    let rest = name.strip_prefix(CONTRACT);
    rest.and_then(|rest| rest.split_once('@')).is_some_and(|(_, version)| version.starts_with(MAJOR))
}

/// What a component asks for and offers.
struct Faces {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn faces(component: &[u8]) -> Result<Faces> {
    let DecodedWasm::Component(resolve, world) =
        wit_component::decode(component).context("these bytes are no component")?
    else {
        bail!("these bytes are a WIT package, not a component");
    };
    let world = &resolve.worlds[world];
    // A type that the world uses is listed as an import too; it reaches nothing.
    let reaching = world.imports.iter().filter(|(_, item)| !matches!(item, WorldItem::Type { .. }));
    Ok(Faces {
        imports: reaching.map(|(key, _)| resolve.name_world_key(key)).collect(),
        exports: world.exports.keys().map(|key| resolve.name_world_key(key)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_no_plugin() {
        assert!(encode(b"").is_err());
        assert!(encode(b"\0asm\x01\0\0\0").is_err(), "an empty module exports nothing of the contract");
        assert!(imports(b"nonsense").is_err());
    }
}
