//! `tidelock report --verify`: whether a file is the report that the collector signed, word by word. Nobody is asked.
//!
//! The file holds what was signed. Its signature must fit, its key must be one that somebody here knows, and what is
//! printed from it must be the file, byte by byte: so nothing of the page can be other than what was signed, and
//! nothing can stand beside it.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::json;
use tidelock_model::mutated;
use tidelock_proto::signed_report::{Signed, check};

use super::trust::Trust;
use super::{content, print, seal};
use crate::client::clean;
use crate::cmd::Call;
use crate::exit::{Exit, Trouble, While as _};
use crate::files::{Place, write_whole};
use crate::out;

/// A larger file is no report: what is signed fits into one message, and no form of it takes ten times as much.
const MAX_BYTES: u64 = 64 << 20;
/// Characters of a line that are shown before the place where it differs, and all that are shown.
const BEFORE: usize = 30;
const SHOWN: usize = 100;

/// `again` is where what was signed is printed anew.
pub(super) fn run(
    call: &Call,
    file: &Path,
    key: Option<&str>,
    again: Option<&Path>,
) -> Result<Exit, Trouble> {
    let (name, bytes) = (file.display().to_string(), read(file)?);
    let trust = Trust::of(&call.flags, key)?;
    let signed = open(&name, &bytes, &trust, call.flags.migration.as_deref())?;
    if let Some(again) = again {
        write_whole(again, print::signed(&signed)?.as_bytes(), Place::Over)?;
        out::say(&format!("tidelock: what was signed is in {}", again.display()));
    }
    compare(&name, &bytes, &signed)?;
    tell(call, &name, &signed, &trust)?;
    Ok(Exit::Done)
}

/// The whole file, if it can be one.
fn read(file: &Path) -> Result<Vec<u8>, Trouble> {
    let name = file.display().to_string();
    let none = |why: &str| Trouble::usage(format!("{name} {why}")).at(name.clone());
    let data = fs::metadata(file).map_err(|error| none(&format!("cannot be read: {error}")))?;
    // A pipe might never end.
    if !data.is_file() {
        return Err(none("is not a file"));
    }
    let too_large = || none(&format!("has more than {} MiB: no report has", MAX_BYTES >> 20));
    if data.len() > MAX_BYTES {
        return Err(too_large());
    }
    let open = fs::File::open(file).map_err(|error| none(&format!("cannot be read: {error}")))?;
    let mut bytes = Vec::new();
    let length = open.take(MAX_BYTES + 1).read_to_end(&mut bytes).while_doing(format_args!("read {name}"))?;
    if length as u64 > MAX_BYTES { Err(too_large()) } else { Ok(bytes) }
}

/// What was signed, by a key that somebody here knows; `meant` is the migration that somebody named.
fn open(name: &str, bytes: &[u8], trust: &Trust, meant: Option<&str>) -> Result<Signed, Trouble> {
    let refused = |why: &str| Trouble::failed(format!("{name} is not what was signed: {why}")).at(name);
    let text = std::str::from_utf8(bytes).map_err(|_| refused("it is no text"))?;
    let wire = seal::find(text).map_err(|why| refused(&why))?;
    check(&wire).map_err(|error| refused(&error.to_string()))?;
    trust.knows(name, &wire.key)?;
    let key = wire.key.clone();
    let signed = Signed::read(wire).map_err(|error| refused(&error.to_string()))?;
    let migration = &signed.report().migration;
    trust.is_of(name, &key, migration)?;
    if meant.is_some_and(|meant| meant != migration) {
        let message = format!("{name} is a report of {}, and another is meant", clean(migration));
        return Err(Trouble::failed(message).at("--migration").hint("leave -m out, or name that one"));
    }
    Ok(signed)
}

/// Whether the file is what is printed from what was signed.
fn compare(name: &str, bytes: &[u8], signed: &Signed) -> Result<(), Trouble> {
    let printed = print::signed(signed)?;
    if bytes == printed.as_bytes() || mutated("a-report-reads-as-signed") {
        return Ok(());
    }
    let file = String::from_utf8_lossy(bytes);
    let (line, is, was) = first_difference(&file, &printed);
    let release = signed.report().edition.as_ref().map(|edition| clean(&edition.release)).unwrap_or_default();
    let trouble = if release == print::RELEASE {
        Trouble::failed(format!("{name} is not what was signed: line {line} differs"))
    } else {
        // Another release may have other words for the same: then nobody can say.
        let message = format!(
            "{name} was printed by tidelock {release}, and this is {}: line {line} differs, by its words or by \
             somebody's hand",
            print::RELEASE
        );
        Trouble::new(Exit::Unknown, message).hint(format!("check it with tidelock {release}"))
    };
    Err(trouble
        .at(format!("{name}:{line}"))
        .hint(format!("the file:  {is}"))
        .hint(format!("as signed: {was}"))
        .hint(format!("print what was signed: tidelock report --verify {name} --out AGAIN")))
}

/// The first line that differs, by its number, and what both say there.
fn first_difference(file: &str, printed: &str) -> (usize, String, String) {
    let (mut theirs, mut ours) = (file.split('\n'), printed.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        let (is, was) = (theirs.next(), ours.next());
        if is != was || is.is_none() {
            let same = is.unwrap_or_default().chars().zip(was.unwrap_or_default().chars());
            let same = same.take_while(|(is, was)| is == was).count();
            let show = |line: Option<&str>| {
                line.map_or("(nothing: it has ended)".to_owned(), |line| part(line, same))
            };
            return (number, show(is), show(was));
        }
    }
}

/// A line around this character.
fn part(line: &str, at: usize) -> String {
    let (skip, length) = (at.saturating_sub(BEFORE), line.chars().count());
    let (before, after) = (if skip > 0 { "…" } else { "" }, if skip + SHOWN < length { "…" } else { "" });
    format!("{before}{}{after}", clean(&line.chars().skip(skip).take(SHOWN).collect::<String>()))
}

fn tell(call: &Call, name: &str, signed: &Signed, trust: &Trust) -> Result<(), Trouble> {
    let (report, key) = (signed.report(), seal::key_text(&signed.wire().key));
    let edition = report.edition.clone().unwrap_or_default();
    let known = trust.said();
    if call.manner.json() {
        let value = tidelock_proto::json::report(report);
        let value = json!({
            "schema": "tidelock.report-verify/v1", "file": name, "ok": true, "migration": report.migration,
            "phase": report.phase, "as_of": value["as_of"], "head": value["head"], "part": value["part"],
            "form": edition.form, "release": edition.release, "key": key, "known": known,
        });
        return out::print_json(call.manner.format, &value);
    }
    out::print(&format!(
        "✔ {name} is what the collector signed of {}: phase {} at {}, up to decision {}",
        clean(&report.migration),
        clean(&report.phase),
        content::when(report, report.as_of_time.as_ref()),
        report.head_sequence
    ))?;
    if !edition.from.is_empty() || !edition.to.is_empty() {
        out::say("it is a part of the report, and says which");
    }
    out::say(&format!("its key {key} is {known}"));
    Ok(())
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
