//! `tidelock plugin pull`: a component from the collector back into a file, with its signatures.
//!
//! What is written has the digest that was asked for, or that a good signature of the asked name and version
//! names; anything else is no file at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tidelock_components::{Signature, sha256_hex};
use tidelock_model::{Name, Sha256};
use tidelock_proto::v1;
use tokio::time::timeout;

use super::Call;
use super::plugin_sign::signature_path;
use crate::client::{Client, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::{Place, write_whole};
use crate::out;

/// What stands below the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  tidelock plugin pull stock@0.1.0
  tidelock plugin pull sha256:DIGITS --out stock.wasm
  tidelock plugin verify stock.wasm --key team.key.pub

The digests that are there: tidelock plugin ls. A name and a version are those of a signature;
what nobody has signed is pulled by its digest.";

/// The largest component that is taken.
const MAX_BYTES: u64 = 64 << 20;
/// How long one may take to come.
const WITHIN: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(crate) struct PullArgs {
    /// Its digest, as a plan pins it, or NAME@VERSION as somebody has signed it
    #[arg(value_name = "COMPONENT")]
    what: String,
    /// Where it is written, and its signatures to FILE.sig; NAME.wasm without it, or the first digits of the
    /// digest
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

/// Which component is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Digest(Sha256),
    Name { name: String, version: String },
}

impl What {
    fn read(text: &str) -> Result<What, Trouble> {
        if let Ok(digest) = text.parse::<Sha256>() {
            return Ok(What::Digest(digest));
        }
        match text.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                Ok(What::Name { name: name.to_owned(), version: version.to_owned() })
            }
            Some(_) | None => {
                Err(Trouble::usage(format!("{text:?} is neither sha256: with 64 digits nor NAME@VERSION"))
                    .hint("the digests that the collector has: tidelock plugin ls"))
            }
        }
    }

    /// Where it goes if nobody says.
    fn file(&self) -> Result<PathBuf, Trouble> {
        match self {
            What::Digest(digest) => Ok(PathBuf::from(format!("{}.wasm", digest.short()))),
            What::Name { name, .. } => match Name::new(name) {
                Ok(name) => Ok(PathBuf::from(format!("{name}.wasm"))),
                Err(_) => {
                    Err(Trouble::usage(format!("{name:?} is no name for a file: say where with --out")))
                }
            },
        }
    }

    fn request(&self) -> v1::PullComponentRequest {
        match self {
            What::Digest(digest) => {
                v1::PullComponentRequest { sha256: digest.as_bytes().to_vec(), ..Default::default() }
            }
            What::Name { name, version } => {
                v1::PullComponentRequest { sha256: Vec::new(), name: name.clone(), version: version.clone() }
            }
        }
    }
}

/// A component whose digest is the one that was asked for.
#[derive(Debug)]
struct Pulled {
    digest: Sha256,
    bytes: Vec<u8>,
    /// Good signatures of these bytes.
    signed: Vec<Signature>,
    /// What came as a signature and is none of these bytes.
    bad: usize,
}

/// Pulls a component into a file.
pub(super) async fn pull(call: &Call, args: PullArgs) -> Result<Exit, Trouble> {
    let what = What::read(&args.what)?;
    let file = match args.out {
        Some(file) => file,
        None => what.file()?,
    };
    // Said before 64 MiB have come for nothing.
    let place = free(&file, args.force)?;
    let late = || Trouble::new(Exit::Unreachable, "the component did not come within 10 minutes");
    let pulled = timeout(WITHIN, fetch(&call.client()?, &what)).await.map_err(|_| late())??;
    keep(&file, &pulled, place)?;
    tell(call, &file, &pulled)?;
    Ok(Exit::Done)
}

/// A component and its signatures are one: neither comes to lie beside what was there.
fn free(file: &Path, force: bool) -> Result<Place, Trouble> {
    for path in [file, &signature_path(file)] {
        if path.exists() && !path.is_file() {
            return Err(Trouble::usage(format!("{} is no file to write over", path.display())));
        }
        if path.exists() && !force {
            return Err(Trouble::usage(format!("{} is there already", path.display()))
                .hint("write over it with --force, or name another file with --out"));
        }
    }
    Ok(if force { Place::Over } else { Place::New })
}

fn bad(why: impl std::fmt::Display) -> Trouble {
    Trouble::failed(format!("what came is not what was asked for, and nothing is written: {why}"))
}

/// Takes it all in, and proves it.
async fn fetch(client: &Client, what: &What) -> Result<Pulled, Trouble> {
    let answer = client.components().pull_component(what.request()).await.map_err(trouble)?;
    let mut stream = answer.into_inner();
    let first = stream.message().await.map_err(trouble)?.ok_or_else(|| bad("it is empty"))?;
    let digest = Sha256::try_from(first.sha256.as_slice()).map_err(bad)?;
    if matches!(what, What::Digest(wanted) if *wanted != digest) {
        return Err(bad(format_args!("it is component {digest}")));
    }
    let size = first.size_bytes;
    if size > MAX_BYTES {
        return Err(bad(format_args!("it has {size} bytes, at most {MAX_BYTES} are taken")));
    }
    let mut bytes = first.chunk;
    while let Some(part) = stream.message().await.map_err(trouble)? {
        if bytes.len() as u64 + part.chunk.len() as u64 > size {
            return Err(bad(format_args!("there are more than the {size} bytes that were told")));
        }
        bytes.extend_from_slice(&part.chunk);
    }
    let got = sha256_hex(&bytes);
    if got != digest.to_string() {
        return Err(bad(format_args!("{} of {size} bytes came, and their digest is {got}", bytes.len())));
    }
    let (signed, wrong) = signatures(&first.signatures, &got);
    if let What::Name { name, version } = what
        && !signed.iter().any(|signature| signature.name == *name && signature.version == *version)
    {
        return Err(bad(format_args!("no good signature of it says {name} {version}")));
    }
    Ok(Pulled { digest, bytes, signed, bad: wrong })
}

/// The good ones of this digest, and how many are none.
fn signatures(text: &str, digest: &str) -> (Vec<Signature>, usize) {
    let all = Signature::read_all(text);
    let count = all.len();
    let good: Vec<Signature> =
        all.into_iter().flatten().filter(|signature| signature.sha256 == digest).collect();
    let wrong = count - good.len();
    (good, wrong)
}

/// The signatures first: where the component lies, all of it and of them does.
fn keep(file: &Path, pulled: &Pulled, place: Place) -> Result<(), Trouble> {
    let beside = signature_path(file);
    let texts: Vec<String> = pulled.signed.iter().map(ToString::to_string).collect();
    if !texts.is_empty() {
        write_whole(&beside, texts.join("\n").as_bytes(), place)?;
    }
    let kept = write_whole(file, &pulled.bytes, place);
    // Nothing of ours stays beside a component that is not there, and nothing old beside a new one.
    let alone = if kept.is_ok() { texts.is_empty() } else { !texts.is_empty() && place == Place::New };
    if alone {
        let _ = fs::remove_file(&beside);
    }
    kept
}

fn tell(call: &Call, file: &Path, pulled: &Pulled) -> Result<(), Trouble> {
    let Pulled { digest, bytes, signed, bad } = pulled;
    if *bad > 0 {
        out::say(&format!(
            "! {bad} of the signatures that came are none of this component, and are left out"
        ));
    }
    if call.manner.json() {
        let one = |signature: &Signature| json!({ "name": signature.name, "version": signature.version, "key": signature.key.to_string() });
        let value = json!({
            "schema": "tidelock.plugin-pull/v1",
            "sha256": digest.to_string(),
            "size_bytes": bytes.len(),
            "file": file.display().to_string(),
            "signature_file": (!signed.is_empty()).then(|| signature_path(file).display().to_string()),
            "signed": signed.iter().map(one).collect::<Vec<_>>(),
        });
        return out::print_json(call.manner.format, &value);
    }
    out::say(&format!(
        "✔ {} has {} KiB, and the digest is right",
        file.display(),
        bytes.len().div_ceil(1024)
    ));
    for Signature { name, version, key, .. } in signed {
        out::say(&format!("  it is {name} {version}, signed by {key}"));
    }
    if signed.is_empty() {
        out::say("! nobody has signed it, so no agent runs it by default");
    }
    out::print(&format!("plugin: sha256:{digest}"))
}

#[cfg(test)]
#[path = "plugin_pull_tests.rs"]
mod tests;
