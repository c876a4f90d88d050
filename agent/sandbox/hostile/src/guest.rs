//! From a few lines of WebAssembly text to a component of the contract.

use anyhow::Result;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::Content;
use crate::image::{Image, MANIFEST, Report, Says};

/// The contract, as the agent has it.
const WIT: &str = include_str!("../../../../plugins/wit/check.wit");

/// How strings cross the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    Utf8,
    Utf16,
}

/// A component whose `run` is written by hand.
///
/// Its code may call `$log`, `$sleep`, `$random`, `$now`, `$clock`, `$set` and `$send`, and says `{0}`,
/// `{1}`, … for address and length of its texts. What it gives back is the address of a result; the one
/// at 1024 says what `says` says.
pub(crate) struct Guest<'a> {
    /// The body of `run`.
    pub(crate) run: String,
    /// More fields of the module.
    pub(crate) more: &'a str,
    /// What the host calls to get memory.
    pub(crate) realloc: &'a str,
    pub(crate) says: Says,
    pub(crate) texts: Vec<&'a [u8]>,
    pub(crate) strings: Strings,
    /// The version of the contract that it is built for.
    pub(crate) version: &'a str,
    /// Whether it has a `run` at all.
    pub(crate) runs: bool,
}

impl<'a> Guest<'a> {
    pub(crate) fn new(run: &str) -> Guest<'a> {
        Guest {
            run: run.to_owned(),
            more: "",
            realloc: "(call $alloc (local.get 3))",
            says: Says::Report(Report::default()),
            texts: Vec::new(),
            strings: Strings::Utf8,
            version: "1.0.0",
            runs: true,
        }
    }

    /// Gives back this report.
    pub(crate) fn report(self, report: Report) -> Guest<'a> {
        Guest { says: Says::Report(report), ..self }
    }

    pub(crate) fn texts(self, texts: &[&'a [u8]]) -> Guest<'a> {
        Guest { texts: texts.to_vec(), ..self }
    }

    pub(crate) fn made(&self) -> Result<Content> {
        Ok(Content { bytes: self.component()?, length: None })
    }

    pub(crate) fn component(&self) -> Result<Vec<u8>> {
        let mut module = wat::parse_str(self.module())?;
        let mut wit = WIT.replace("@1.0.0", &format!("@{}", self.version));
        if !self.runs {
            wit = wit.lines().filter(|line| !line.contains("export run")).collect::<Vec<_>>().join("\n");
        }
        let mut resolve = Resolve::default();
        let package = resolve.push_str("check.wit", &wit)?;
        let world = resolve.select_world(&[package], Some("check"))?;
        let strings = match self.strings {
            Strings::Utf8 => StringEncoding::UTF8,
            Strings::Utf16 => StringEncoding::UTF16,
        };
        embed_component_metadata(&mut module, &resolve, world, strings)?;
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module)?;
        encoder.encode()
    }

    fn module(&self) -> String {
        let mut image = Image::default();
        image.manifest();
        image.says(&self.says);
        let mut run = self.run.clone();
        for (index, text) in (0..).zip(&self.texts) {
            run = run.replace(&format!("{{{index}}}"), &image.text(index, text));
        }
        let (more, realloc, version) = (self.more, self.realloc, self.version);
        let run = if self.runs {
            format!("(func (export \"run\") {CONTEXT} (result i32)\n{run})")
        } else {
            String::new()
        };
        let data = image.into_text();
        format!(
            r#"(module
  (import "tidelock:check/host@{version}" "log" (func $log (param i32 i32 i32)))
  (import "tidelock:check/host@{version}" "sleep-ms" (func $sleep (param i32)))
  (import "tidelock:check/host@{version}" "random" (func $random (param i32 i32)))
  (import "tidelock:check/host@{version}" "now-unix-ms" (func $now (result i64)))
  (import "tidelock:check/host@{version}" "monotonic-us" (func $clock (result i64)))
  (import "tidelock:check/state@{version}" "set" (func $set (param i32 i32 i32 i32 i32)))
  (import "tidelock:check/http@{version}" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 65536))
  (global $armed (mut i32) (i32.const 0))
{data}
  (func $alloc (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get $bytes)))
    (block $enough
      (loop $more
        (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (drop (memory.grow (i32.const 16)))
        (br $more)))
    (local.get $at))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
  (func (export "describe") (result i32) (i32.const {MANIFEST}))
  {more}
  {run})"#
        )
    }
}

/// The context of a run, flat.
const CONTEXT: &str = "(param $side i32) (param $check i32) (param $check-len i32) (param $round i64) \
    (param $nonce i32) (param $nonce-len i32) (param $deadline i64) (param $settings i32) \
    (param $settings-len i32)";

#[cfg(test)]
mod tests {
    use super::*;

    /// Number 7: whoever lends resources keeps a table of handles for each guest, and has to bound it. The contract
    /// lends none, and a component with resources of its own is refused, so there is no such table on the host.
    #[test]
    fn the_contract_lends_no_resource_so_the_host_has_no_table_of_handles_to_fill() {
        let mut resolve = Resolve::default();
        resolve.push_str("check.wit", WIT).unwrap();
        let kinds: Vec<&str> = resolve.types.iter().map(|(_, of)| of.kind.as_str()).collect();
        assert!(kinds.contains(&"record") && kinds.contains(&"variant"), "{kinds:?}");
        let handles = ["resource", "own", "borrow", "future", "stream"];
        assert!(kinds.iter().all(|kind| !handles.contains(kind)), "{kinds:?}");
    }
}
