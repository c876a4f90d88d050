//! Keys that vouch for components, and what they sign.
//!
//! The private key stays with the team's build; agents know the public half. What a component is called
//! and which version it has is asked of the component itself, in the sandbox, and not of a person.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tidelock_components::{
    MAX_SIGNATURE_BYTES, PublicKey, Signature, SignatureError, SigningKey, sha256_hex,
};

use super::Call;
use crate::exit::{Exit, Trouble, While as _};
use crate::files::{beside, write_private};
use crate::out;

/// The file that holds a component's signatures.
pub(super) fn signature_path(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

fn told(error: SignatureError) -> Trouble {
    Trouble::usage(error.to_string())
}

/// Makes a key: the private half in a file of its owner alone, the public one beside it.
pub(super) fn keygen(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    let mut public_file = file.as_os_str().to_owned();
    public_file.push(".pub");
    let public_file = PathBuf::from(public_file);
    if let Some(there) = [file, &public_file].into_iter().find(|path| path.exists()) {
        return Err(Trouble::usage(format!(
            "{} is there already, and a key is not replaced",
            there.display()
        ))
        .hint("name another file"));
    }
    let (key, private) = SigningKey::make().map_err(told)?;
    write_private(file, private.as_bytes())?;
    let public = key.public().to_string();
    fs::write(&public_file, format!("{public}\n"))
        .while_doing(format_args!("write {}", public_file.display()))?;
    if call.manner.json() {
        out::print_json(
            call.manner.format,
            &json!({ "key": public, "file": file, "public_file": public_file }),
        )?;
    } else {
        out::say(&format!("✔ {} signs; keep it where components are built. In agent.toml:", file.display()));
        out::print(&format!("[plugins]\ntrusted_keys = [\"{public}\"]"))?;
    }
    Ok(Exit::Done)
}

/// Vouches for a component, in a file beside it.
pub(super) fn sign(call: &Call, file: &Path, key: &Path) -> Result<Exit, Trouble> {
    let make =
        || format!("make a key with tidelock plugin keygen {}, or name another: --key FILE", key.display());
    let text = fs::read_to_string(key).while_doing(format_args!("read {}", key.display()));
    let key = SigningKey::read(&text.map_err(|trouble| trouble.hint(make()))?).map_err(told)?;
    let bytes = fs::read(file).while_doing(format_args!("read {}", file.display()))?;
    let (name, version, described) = describe(file)?;
    let digest = sha256_hex(&bytes);
    if described != digest {
        return Err(Trouble::failed(format!("{} changed while it was looked at", file.display())));
    }
    let signature = key.sign(&name, &version, &digest).map_err(told)?;
    let path = signature_path(file);
    fs::write(&path, signature.to_string()).while_doing(format_args!("write {}", path.display()))?;
    if call.manner.json() {
        let value = json!({ "name": name, "version": version, "sha256": digest, "key": key.public().to_string(), "file": path });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("✔ {name} {version} is signed by {}: {}", key.public(), path.display()))?;
    }
    Ok(Exit::Done)
}

/// What a component calls itself, its version, and the digest of what was asked.
fn describe(file: &Path) -> Result<(String, String, String), Trouble> {
    let agent = beside("tidelock-agent");
    let asked = Command::new(&agent).arg("inspect").arg(file).arg("--json").output();
    let asked = asked.while_doing(format_args!("start {}", agent.display()))?;
    if !asked.status.success() {
        let why = String::from_utf8_lossy(&asked.stderr);
        return Err(Trouble::failed(format!("{} is no component to sign: {}", file.display(), why.trim())));
    }
    let value: serde_json::Value = serde_json::from_slice(&asked.stdout).while_doing("read the manifest")?;
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok((word(&value["manifest"]["name"]), word(&value["manifest"]["version"]), word(&value["sha256"])))
}

/// Says who vouches for a component; with keys, whether one of them does.
pub(super) fn verify(call: &Call, file: &Path, keys: &[String]) -> Result<Exit, Trouble> {
    let keys = keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
    let bytes = fs::read(file).while_doing(format_args!("read {}", file.display()))?;
    let all = good(file, &sha256_hex(&bytes))?;
    let asked = |signature: &&Signature| keys.is_empty() || keys.contains(&signature.key);
    let Some(signature) = all.iter().find(asked) else {
        let signers: Vec<String> = all.iter().map(|signature| signature.key.to_string()).collect();
        return Err(Trouble::failed(format!(
            "{} is signed by {}, and by none of the given keys",
            file.display(),
            signers.join(" and ")
        )));
    };
    let Signature { name, version, key, .. } = signature;
    if call.manner.json() {
        let value = json!({ "name": name, "version": version, "sha256": signature.sha256, "key": key.to_string(), "asked_for": !keys.is_empty() });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(&format!("✔ {} is {name} {version}, signed by {key}", file.display()))?;
        for other in all.iter().filter(|other| other.key != *key) {
            let Signature { name, version, key, .. } = other;
            out::print(&format!("  and as {name} {version} by {key}"))?;
        }
        if keys.is_empty() {
            out::say("whether that key is trusted is for each agent to say: give --key to ask for one");
        }
    }
    Ok(Exit::Done)
}

/// A key as text, or the file of one.
fn public_key(text: &str) -> Result<PublicKey, Trouble> {
    if text.starts_with("ed25519:") {
        return text.parse().map_err(told);
    }
    let read = fs::read_to_string(text).while_doing(format_args!("read {text}"))?;
    read.parse().map_err(told)
}

/// The signatures beside a component, at least one, all of which must be of this very component.
fn good(file: &Path, digest: &str) -> Result<Vec<Signature>, Trouble> {
    let path = signature_path(file);
    let text = fs::read_to_string(&path).while_doing(format_args!("read {}", path.display()));
    let text = text.map_err(|trouble| {
        let sign = format!("tidelock plugin sign {}", file.display());
        trouble.hint(format!(
            "its signature lies beside it: bring it along, or sign it with your own key: {sign}"
        ))
    })?;
    let wrong = |why: String| Trouble::failed(format!("{}: {why}", path.display()));
    let all = Signature::read_all(&text).into_iter().collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() {
        return Err(wrong("it holds no signature".to_owned()));
    }
    if let Some(Signature { name, version, .. }) = all.iter().find(|signature| signature.sha256 != digest) {
        return Err(wrong(format!("it is of another file, {name} {version}"))
            .hint("sign again: tidelock plugin sign"));
    }
    Ok(all)
}

/// The signature to be pushed with a component; empty where nobody has signed it. A wrong one is not pushed.
pub(super) fn to_push(file: &Path, digest: &str) -> Result<String, Trouble> {
    if !signature_path(file).exists() {
        return Ok(String::new());
    }
    let all = good(file, digest)?;
    let [one] = all.as_slice() else {
        let path = signature_path(file);
        return Err(Trouble::usage(format!("{} holds several signatures", path.display()))
            .hint("one is pushed at a time: keep one in it and push, then the next"));
    };
    let text = one.to_string();
    if text.len() > MAX_SIGNATURE_BYTES {
        return Err(Trouble::usage(format!("a signature has at most {MAX_SIGNATURE_BYTES} bytes")));
    }
    Ok(text)
}
