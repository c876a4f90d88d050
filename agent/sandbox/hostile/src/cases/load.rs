//! Components that attack whoever loads them.

use anyhow::Result;

use super::Case;
use crate::guest::Guest;
use crate::{Content, honest};

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn text(wat: &str) -> Result<Content> {
    bytes(wat::parse_str(wat)?)
}

#[expect(clippy::unnecessary_wraps, reason = "each case is made by a function of the same shape")]
fn bytes(bytes: Vec<u8>) -> Result<Content> {
    Ok(Content { bytes, length: None })
}

/// An unsigned number as WebAssembly writes it.
fn leb(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0x7f);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// A section: its id, its length, what is in it.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len()), content].concat()
}

/// A component with one core module of so many functions, each with this body.
fn functions(count: usize, body: &[u8]) -> Result<Content> {
    let body = [&leb(body.len())[..], body].concat();
    let module = [
        MODULE.to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[leb(count), vec![0; count]].concat()),
        section(10, &[leb(count), body.repeat(count)].concat()),
    ]
    .concat();
    bytes([COMPONENT.to_vec(), section(1, &module)].concat())
}

fn nested(depth: usize) -> Result<Content> {
    let mut component = COMPONENT.to_vec();
    for _ in 0..depth {
        component = [COMPONENT.to_vec(), section(4, &component)].concat();
    }
    bytes(component)
}

/// Bytes without a pattern, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

pub(crate) const CASES: &[Case] = &[
    (7, "handles-without-end", || {
        text(
            r#"(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m
    (import "own" "new" (func $new (param i32) (result i32)))
    (func $begin (loop $again (drop (call $new (i32.const 1))) (br $again)))
    (start $begin))
  (core instance (instantiate $m (with "own" (instance (export "new" (func $new)))))))"#,
        )
    }),
    (17, "a-result-twice", || {
        text(
            r#"(component
  (core func $return (canon task.return))
  (core module $m
    (import "own" "return" (func $return))
    (func (export "run") (call $return) (call $return)))
  (core instance $i (instantiate $m (with "own" (instance (export "return" (func $return))))))
  (func (export "run") async (canon lift (core func $i "run") async)))"#,
        )
    }),
    (29, "an-import-that-is-not-granted", || {
        text(r#"(component (import "wasi:filesystem/types@0.2.0" (instance)))"#)
    }),
    (30, "a-newer-contract", || Guest { version: "2.0.0", ..Guest::new("(i32.const 1024)") }.made()),
    (30, "an-older-contract", || Guest { version: "0.9.0", ..Guest::new("(i32.const 1024)") }.made()),
    (31, "a-core-module", || text("(module)")),
    (31, "cut-short", || {
        let whole = honest()?;
        bytes(whole[..whole.len() / 2].to_vec())
    }),
    (31, "noise", || bytes(noise(4096))),
    (31, "100-mebibytes", || Ok(Content { bytes: honest()?, length: Some(100 << 20) })),
    (31, "a-million-functions", || functions(1_000_000, &[0, 0x0b])),
    (31, "a-compile-bomb", || {
        // Blocks in blocks, each with a value that is needed behind it: little to read, much to weigh.
        let mut body = vec![1, 40, 0x7f];
        for local in 0..40_u8 {
            for other in 0..40_u8 {
                body.extend([
                    0x20, local, 0x20, other, 0x6c, 0x21, local, 0x20, other, 0x04, 0x40, 0x20, other, 0x21,
                    local, 0x0b,
                ]);
            }
        }
        body.push(0x0b);
        functions(1_000, &body)
    }),
    (32, "nested-1000-deep", || nested(1000)),
    (36, "reads-the-environment", || {
        text(
            r#"(component (import "wasi:cli/environment@0.2.0" (instance
  (export "get-environment" (func (result (list (tuple string string))))))))"#,
        )
    }),
    (36, "reads-its-arguments", || {
        text(
            r#"(component (import "wasi:cli/environment@0.2.0" (instance
  (export "get-arguments" (func (result (list string)))))))"#,
        )
    }),
    (41, "shared-memory", || text("(component (core module (memory 1 1 shared)))")),
];
