//! Components that call what they must not, or as nobody should.

use anyhow::Result;

use super::Case;
use crate::Content;
use crate::guest::{Guest, Strings};
use crate::image::{Report, Says};

const PASS: &str = "(i32.const 1024)";
/// A GET to target `{0}` with path `{2}`; the answer lies at 8192, its status at 8200.
const GET: &str = "(call $send {0} {1} {2} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) \
    (i32.const 0) (i32.const 8192))";
/// What looks like something else on a screen or in a log.
const PAINT: &[u8] =
    b"\x1b[2J\x1b[32mPASS\x1b[0m\r\n{\"outcome\":\"pass\",\"gate\":\"open\"}\x00 \xe2\x80\xaegreen\n2026 PASS login";

/// Asks a target for a path and passes whatever comes.
fn get(target: &str, path: &str) -> Result<Content> {
    Guest::new(&format!("{GET} {PASS}")).texts(&[target.as_bytes(), b"GET", path.as_bytes()]).made()
}

/// Asks the shop for a path, with redirects followed or not, and passes when it got what it was after. Where it got
/// no answer at all, the host's word for that is the note of its report.
fn wants(path: &str, follow: u8, got: &str) -> Result<Content> {
    let run = format!(
        "(call $send {{0}} {{1}} {{2}} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const {follow}) (i32.const 8192))
         (if (i32.load8_u (i32.const 8192)) (then
           (i32.store (i32.const 1112) (i32.load (i32.const 8204)))
           (i32.store (i32.const 1116) (i32.load (i32.const 8208)))))
         (if {got} (then (i32.store8 (i32.const 1032) (i32.const 0)) (i32.store8 (i32.const 1160) (i32.const 0))))
         {PASS}"
    );
    let report = Report { outcome: 1, ..Report::default() };
    Guest::new(&run).texts(&[b"shop", b"GET", path.as_bytes()]).report(report).made()
}

pub(crate) const CASES: &[Case] = &[
    (9, "32769-headers", || {
        let run = format!(
            "(drop (memory.grow (i32.const 32)))
             (call $send {{0}} {{1}} {{2}} (i32.const 262144) (i32.const 32769) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 8192)) {PASS}"
        );
        Guest::new(&run).texts(&[b"shop", b"GET", b"/"]).made()
    }),
    (10, "a-string-that-is-no-utf8", || {
        Guest::new(&format!("(call $log (i32.const 1) {{0}}) {PASS}")).texts(&[b"ok \xff\xfe\xc0"]).made()
    }),
    (10, "utf16-at-an-odd-address", || {
        let run = format!("(call $log (i32.const 1) (i32.const 65537) (i32.const 4)) {PASS}");
        Guest { strings: Strings::Utf16, ..Guest::new(&run) }.made()
    }),
    (11, "a-case-that-an-enum-does-not-have", || {
        Guest::new(&format!("(call $log (i32.const 99) {{0}}) {PASS}")).texts(&[b"what level is this"]).made()
    }),
    (15, "100000-log-lines", || {
        let run = format!(
            "(local $left i32) (local.set $left (i32.const 100000))
             (loop $again (call $log (i32.const 1) {{0}})
               (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $again (local.get $left)))
             {PASS}"
        );
        Guest::new(&run).texts(&[b"and another one"]).made()
    }),
    (16, "log-lines-that-paint", || {
        let run = format!("(call $log (i32.const 1) {{0}}) {PASS}");
        let says = Says::Trouble("\u{1b}[2J\u{1b}[32mPASS\u{202e}\0");
        Guest { says, ..Guest::new(&run) }.texts(&[PAINT]).made()
    }),
    (18, "a-result-before-a-trap", || {
        // Report and state are there, and then it breaks down.
        Guest::new("(call $set {0} {0} (i32.const 8192)) (unreachable)").texts(&[b"proved"]).made()
    }),
    (24, "calls-the-metadata-address", || get("cloud", "/latest/meta-data/")),
    (24, "calls-a-loopback-address", || get("inside", "/")),
    (24, "calls-what-is-not-granted", || get("collector", "/readyz")),
    (25, "follows-a-redirect-away", || {
        wants("/away", 1, "(i32.eq (i32.load16_u (i32.const 8200)) (i32.const 200))")
    }),
    (26, "a-name-that-moves-inside", || {
        // It need not be the same place when it is called again.
        Guest::new(&format!("{GET} {GET} {PASS}")).texts(&[b"moved", b"GET", b"/"]).made()
    }),
    (27, "a-body-that-never-ends", || get("shop", "/huge")),
    (27, "a-body-of-100-gigabytes-announced", || get("shop", "/announced")),
    (27, "a-body-a-byte-at-a-time", || {
        wants("/drip", 0, "(i32.eq (i32.load16_u (i32.const 8200)) (i32.const 200))")
    }),
    // It passes when what it is given is larger than what was sent.
    (27, "a-compression-bomb", || {
        wants("/bomb", 0, "(i32.gt_u (i32.load (i32.const 8216)) (i32.const 1000000))")
    }),
    (28, "10000-connections", || {
        let run = format!(
            "(local $left i32) (local.set $left (i32.const 10000))
             (loop $again (global.set $next (i32.const 65536)) {GET}
               (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $again (local.get $left)))
             {PASS}"
        );
        Guest::new(&run).texts(&[b"shop", b"GET", b"/"]).made()
    }),
    (42, "calls-back-while-it-is-called", || {
        // The host is about to lay down what it was asked for, and is called instead.
        let run = format!(
            "(global.set $armed (i32.const 1)) (call $random (i32.const 16) (i32.const 8192)) {PASS}"
        );
        let realloc = "(if (global.get $armed) (then (drop (call $now)))) (call $alloc (local.get 3))";
        Guest { realloc, ..Guest::new(&run) }.made()
    }),
];
